//! Frequencies and bandwidths as people in these offices write and read them. Integer hertz inside.

/** Between number and unit stands a space that never breaks (SI brochure 5.4.3). */
export const NBSP = "\u00a0";

/** Megahertz with a fixed number of decimals: columns of it line up. */
export function megahertz(hz: number, decimals = 4): string {
  return (hz / 1e6).toFixed(decimals);
}

/** A frequency in MHz, or in kHz below one; trailing zeros gone; never more digits than whole hertz. */
export function frequency(hz: number): string {
  if (Math.abs(hz) >= 1e6) return `${trim((hz / 1e6).toFixed(6))}${NBSP}MHz`;
  if (Math.abs(hz) >= 1e3) return `${trim((hz / 1e3).toFixed(3))}${NBSP}kHz`;
  return `${Math.round(hz)}${NBSP}Hz`;
}

/** A centre frequency with as many digits as its uncertainty supports. */
export function measuredFrequency(hz: number, uncertaintyHz: number): string {
  const decimals = Math.min(6, Math.max(1, Math.ceil(-Math.log10(Math.max(uncertaintyHz, 1) / 1e6))));
  return `${(hz / 1e6).toFixed(decimals)}${NBSP}MHz`;
}

/** A band with its unit once: `87–108 MHz`, `526.5–1606.5 kHz`. */
export function frequencyRange(lowHz: number, highHz: number): string {
  const [scale, decimals, unit] = Math.abs(highHz) < 10e6 ? [1e3, 3, "kHz"] : [1e6, 6, "MHz"];
  return `${trim((lowHz / scale).toFixed(decimals))}–${trim((highHz / scale).toFixed(decimals))}${NBSP}${unit}`;
}

/** A width: three significant digits in the fitting unit. */
export function bandwidth(hz: number): string {
  const size = Math.abs(hz);
  if (size >= 1e6) return `${significant(hz / 1e6)}${NBSP}MHz`;
  if (size >= 1e3) return `${significant(hz / 1e3)}${NBSP}kHz`;
  return `${Math.round(hz)}${NBSP}Hz`;
}

/** Samples per second, three significant digits: `2.4 MS/s`. */
export function sampleRate(hz: number): string {
  return bandwidth(hz).replace(/Hz$/, "S/s");
}

/** A place to about ten metres: `30.5462° N, 114.4021° E`. */
export function coordinates(latitude: number, longitude: number): string {
  const part = (value: number, hemispheres: string) => `${Math.abs(value).toFixed(4)}°${NBSP}${hemispheres[value < 0 ? 1 : 0]}`;
  return `${part(latitude, "NS")}, ${part(longitude, "EW")}`;
}

/** A signed difference such as an offset. */
export function offset(hz: number): string {
  return (hz > 0 ? "+" : "") + bandwidth(hz).replace("-", "−");
}

function significant(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return trim(value.toFixed(digits));
}

function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * Reads what a person typed: `433.92M`, `433.92 MHz`, `87m`, `2.4G`, `77.5k`, `1090000000`. A bare number below a million is
 * megahertz, because that is what the field's label says; from a million on it can only be hertz.
 */
export function parseFrequency(text: string): number | null {
  const match = /^([+-]?\d+(?:\.\d+)?)\s*(g|m|k|兆|千)?(?:hz|赫)?$/i.exec(text.trim().replaceAll(",", ""));
  if (!match) return null;
  const value = Number(match[1]);
  const scales: Record<string, number> = { g: 1e9, m: 1e6, 兆: 1e6, k: 1e3, 千: 1e3 };
  const unit = match[2]?.toLowerCase();
  const plainHz = /\d\s*hz$/i.test(text.trim());
  const scale = unit ? (scales[unit] ?? 1) : plainHz || Math.abs(value) >= 1e6 ? 1 : 1e6;
  const hz = Math.round(value * scale);
  return Number.isSafeInteger(hz) ? hz : null;
}
