//! Names and values of an assignment's fields as people read them.

import { bandwidth, megahertz } from "../format/frequency";
import { dateTime, type Zone } from "../format/time";
import type { Dictionary } from "../i18n/zh";

/** The name of a field; one without a word of its own keeps the name it has in the interface. */
export function fieldLabel(field: string, words: Dictionary): string {
  const names: Record<string, string> = {
    center_hz: words.field.center,
    necessary_bandwidth_hz: words.field.bandwidth,
    station: words.field.station,
    holder: words.field.holder,
    call_sign: words.field.callSign,
    designator: words.field.designator,
    service: words.field.service,
    eirp_dbm: words.field.eirp,
    status: words.field.status,
    "place.radius_km": words.field.radius,
  };
  return names[field] ?? field;
}

/** A value as text: frequencies in MHz, times by the clock that was chosen, everything else as it stands. */
export function fieldValue(field: string, value: unknown, zone: Zone): string {
  if (value === null || value === undefined) return "—";
  if (typeof value === "number" && field === "center_hz") return `${megahertz(value)} MHz`;
  if (typeof value === "number" && field.endsWith("_hz")) return bandwidth(value);
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT.*Z$/.test(value) ? dateTime(value, zone) : value;
  return JSON.stringify(value);
}

/** The last moment of a day by the clock that was chosen; nothing where it is no day. */
export function endOfDay(day: string | null, zone: Zone): string | null {
  if (!day || !/^\d{4}-\d\d-\d\d$/.test(day)) return null;
  const end = new Date(`${day}T23:59:59.999${zone === "utc" ? "Z" : ""}`);
  return Number.isNaN(end.getTime()) ? null : end.toISOString();
}
