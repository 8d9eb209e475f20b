//! From the API's bands to spans of the axis.

import type { Span } from "./axis";

export function spanOf(band: { low_hz: number; high_hz: number }): Span {
  return { low: band.low_hz, high: band.high_hz };
}
