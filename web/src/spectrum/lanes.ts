//! Puts overlapping bands into as few lanes as possible, wide ones above narrow ones, and says nothing about pixels.

import type { Span } from "./axis";

/** Lanes of bands that don't overlap within a lane. Bands that find no room in `most` lanes are left out. */
export function lanesOf<T extends Span>(bands: T[], most: number): T[][] {
  const lanes: T[][] = [];
  const order = [...bands].sort((a, b) => b.high - b.low - (a.high - a.low) || a.low - b.low);
  for (const band of order) {
    const free = lanes.find((lane) => lane.every((other) => other.high <= band.low || band.high <= other.low));
    if (free) free.push(band);
    else if (lanes.length < most) lanes.push([band]);
  }
  return lanes.map((lane) => lane.sort((a, b) => a.low - b.low));
}
