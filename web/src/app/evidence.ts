//! Prints the numbers behind a verdict. The key carries the unit (`offset_hz`, `distance_km`), so unknown keys print right too.

import { decibel, number, percent } from "../format/quantity";
import { bandwidth, frequency, measuredFrequency, NBSP, offset } from "../format/frequency";
import type { Dictionary } from "../i18n/zh";

const UNITS: [suffix: string, unit: string][] = [
  ["_dbfs", "dBFS"],
  ["_dbm", "dBm"],
  ["_db", "dB"],
  ["_km", "km"],
  ["_m", "m"],
  ["_ms", "ms"],
  ["_s", "s"],
  ["_deg", "°"],
  ["_ppm", "ppm"],
];

const ABSOLUTE = new Set(["center_hz", "assigned_hz", "low_hz", "high_hz"]);

export function evidenceLabel(key: string, t: Dictionary): string {
  const known: Record<string, string> = t.evidence;
  return known[key] ?? key.replace(/_(hz|dbfs|dbm|db|km|m|ms|s|deg|ppm|ratio|fraction)$/, "").replaceAll("_", " ");
}

/** `uncertaintyHz` is that of the measured centre, which then shows no digit more than was measured; a centre that was only asked
 * about has none. */
export function evidenceValue(key: string, value: number, uncertaintyHz?: number): string {
  if (key === "center_hz" && uncertaintyHz) return measuredFrequency(value, uncertaintyHz);
  if (ABSOLUTE.has(key)) return frequency(value);
  if (key.endsWith("offset_hz")) return offset(value);
  if (key.endsWith("_hz")) return bandwidth(value);
  if (key.endsWith("_fraction") || key.endsWith("_ratio")) return percent(value);
  if (key.endsWith("_s") && value !== 0 && Math.abs(value) < 1) return `${number(value * 1000)}${NBSP}ms`;
  for (const [suffix, unit] of UNITS) {
    if (!key.endsWith(suffix)) continue;
    return unit.startsWith("dB") ? decibel(value, unit) : `${number(value)}${NBSP}${unit}`;
  }
  return number(value);
}
