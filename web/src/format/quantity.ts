//! Levels, ratios, counts and percentages. A level is dBFS unless a calibration says otherwise, and says so.

import { NBSP } from "./frequency";

export type Lang = "zh" | "en";

export const LOCALE: Record<Lang, string> = { zh: "zh-CN", en: "en" };

/** One decimal, with a true minus sign. */
export function decibel(value: number, unit = "dB"): string {
  return `${minus(value.toFixed(1))}${NBSP}${unit}`;
}

export function dbfs(value: number): string {
  return decibel(value, "dBFS");
}

export function percent(fraction: number): string {
  const value = fraction * 100;
  const digits = value > 0 && value < 0.1 ? 3 : value < 10 && value !== 0 ? 1 : 0;
  return `${value.toFixed(digits)}${NBSP}%`;
}

export function count(value: number, lang: Lang): string {
  return new Intl.NumberFormat(LOCALE[lang]).format(value);
}

/** The size of a file, in the binary multiples that its limit is configured in. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, value > 0 ? Math.floor(Math.log2(value) / 10) : 0);
  return `${(value / 1024 ** power).toFixed(power === 0 ? 0 : 1)}${NBSP}${units[power]}`;
}

/** Large counts such as samples: 1.2亿 or 120M. */
export function compact(value: number, lang: Lang): string {
  return new Intl.NumberFormat(LOCALE[lang], { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

export function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

/** A number from a measurement whose precision is not stated: at most four significant digits. */
export function number(value: number): string {
  if (Number.isInteger(value)) return minus(String(value));
  return minus(String(Number(value.toPrecision(4))));
}
