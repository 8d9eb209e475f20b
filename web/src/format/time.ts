//! Points in time and durations in both languages, in local time or UTC as the user chose.

import { NBSP } from "./frequency";
import { LOCALE, type Lang } from "./quantity";

export type Zone = "local" | "utc";

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(lang: Lang, zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${lang}/${zone}/${JSON.stringify(options)}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(LOCALE[lang], { hourCycle: "h23", ...(zone === "utc" ? { timeZone: "UTC" } : {}), ...options });
    formatters.set(key, found);
  }
  return found;
}

/** `14:03:27`. */
export function clock(time: Date | string | number, lang: Lang, zone: Zone): string {
  const options = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  return formatter(lang, zone, options).format(new Date(time));
}

/** `2026-11-22 14:03:27`: sorts and reads the same in both languages. */
export function dateTime(time: Date | string | number, zone: Zone): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const shifted = zone === "utc" ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19).replace("T", " ");
}

/** The same moment by both clocks, for whoever compares with a colleague's log: `2026-11-22 22:03:27 UTC+08:00`, then UTC. */
export function bothClocks(time: Date | string | number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const east = -date.getTimezoneOffset();
  const pad = (value: number) => String(value).padStart(2, "0");
  const zone = `UTC${east < 0 ? "−" : "+"}${pad(Math.floor(Math.abs(east) / 60))}:${pad(Math.abs(east) % 60)}`;
  return `${dateTime(date, "local")} ${zone}\n${dateTime(date, "utc")} UTC`;
}

/** How long ago, in the largest fitting unit. */
export function ago(time: Date | string | number, now: number, lang: Lang): string {
  const seconds = Math.round((new Date(time).getTime() - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(LOCALE[lang], { numeric: "auto", style: "short" });
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  for (const [unit, size] of units) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return relative.format(Math.min(0, seconds), "second");
}

/** A duration with the two largest units: `3 min 12 s`, `3 分 12 秒`, `38 ms`. */
export function duration(seconds: number, lang: Lang): string {
  const units = lang === "zh" ? { d: "天", h: "小时", m: "分", s: "秒", ms: "毫秒" } : { d: "d", h: "h", m: "min", s: "s", ms: "ms" };
  const join = (value: number | string, unit: string) => `${value}${NBSP}${unit}`;
  if (seconds > 0 && seconds < 0.0005) return `< ${join(1, units.ms)}`;
  if (seconds < 1) return join(Math.max(0, Math.round(seconds * 1000)), units.ms);
  if (seconds < 10) return join(seconds.toFixed(1), units.s);
  const whole = Math.round(seconds);
  const pair = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small > 0 ? `${join(big, bigUnit)} ${join(small, smallUnit)}` : join(big, bigUnit);
  if (whole < 60) return join(whole, units.s);
  if (whole < 3600) return pair(Math.floor(whole / 60), units.m, whole % 60, units.s);
  if (whole < 86_400) return pair(Math.floor(whole / 3600), units.h, Math.floor((whole % 3600) / 60), units.m);
  return pair(Math.floor(whole / 86_400), units.d, Math.floor((whole % 86_400) / 3600), units.h);
}
