//! A control order as it stands in the form, and as the server takes and gives it. No browser needed, so it can be tested.

import type { ControlOrder, ControlOrderRequest, OrderPhase } from "../api/model";
import type { Zone } from "../format/time";

/** Classifications of Chinese law, by the names of their words. */
export const CLASSES = { 秘密: "secret", 机密: "confidential", 绝密: "topSecret" } as const;
/** Roles that read no classified record unless it is released to them. */
export const RELEASABLE = ["civil_officer", "field", "viewer"] as const;
export type EffectKind = ControlOrder["effect"]["kind"];

/** What the fields hold; times as a `datetime-local` field writes them. */
export interface Draft {
  number: string;
  titleZh: string;
  titleEn: string;
  issuer: string;
  low: number | null;
  high: number | null;
  where: "everywhere" | "circle" | "kept";
  latitude: number | null;
  longitude: number | null;
  radius: number | null;
  from: string;
  to: string;
  hours: string;
  effect: EffectKind;
  eirp: number | null;
  width: number | null;
  exempt: string;
  classification: string;
  released: string[];
}

export function emptyDraft(): Draft {
  return {
    number: "",
    titleZh: "",
    titleEn: "",
    issuer: "",
    low: null,
    high: null,
    where: "circle",
    latitude: null,
    longitude: null,
    radius: null,
    from: "",
    to: "",
    hours: "",
    effect: "prohibit",
    eirp: null,
    width: null,
    exempt: "",
    classification: "",
    released: [],
  };
}

/** `2026-12-10T08:00` of the field in the zone the console shows, as the instant it is. */
export function instant(field: string, zone: Zone): string | null {
  const time = new Date(zone === "utc" ? `${field}Z` : field);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** An instant as the field writes it. */
export function fieldTime(time: string, zone: Zone): string {
  const date = new Date(time);
  const shifted = zone === "utc" ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** An order in the form: to be changed, or as the pattern of another one, which then has a number and times of its own. */
export function draftOf(order: ControlOrder, zone: Zone, anew = false): Draft {
  const circle = order.area && "circle" in order.area ? order.area.circle : null;
  const limit = order.effect.kind === "limit" ? order.effect : null;
  return {
    number: anew ? "" : order.number,
    titleZh: order.title.zh,
    titleEn: order.title.en === order.title.zh ? "" : order.title.en,
    issuer: order.issuer,
    low: order.low_hz,
    high: order.high_hz,
    where: circle ? "circle" : order.area ? "kept" : "everywhere",
    latitude: circle?.latitude ?? null,
    longitude: circle?.longitude ?? null,
    radius: circle?.radius_km ?? null,
    from: anew ? "" : fieldTime(order.from, zone),
    to: anew ? "" : fieldTime(order.to, zone),
    hours: order.hours,
    effect: order.effect.kind,
    eirp: limit?.max_eirp_dbm ?? null,
    width: limit?.max_bandwidth_hz ?? null,
    exempt: order.exempt.join("\n"),
    classification: order.classification ?? "",
    released: order.releasability,
  };
}

/** What is sent. `kept`: the area that the form cannot show. Null where a field the browser demands is still empty. */
export function requestOf(draft: Draft, zone: Zone, kept: ControlOrder["area"] = null): ControlOrderRequest | null {
  const { low, high, latitude, longitude, radius } = draft;
  const [from, to] = [instant(draft.from, zone), instant(draft.to, zone)];
  if (low === null || high === null || from === null || to === null) return null;
  let area: ControlOrder["area"] = null;
  if (draft.where === "kept") area = kept;
  else if (draft.where === "circle") {
    if (latitude === null || longitude === null || radius === null) return null;
    area = { circle: { latitude, longitude, radius_km: radius } };
  }
  return {
    number: draft.number.trim(),
    title: { zh: draft.titleZh.trim(), en: draft.titleEn.trim() },
    issuer: draft.issuer.trim(),
    low_hz: low,
    high_hz: high,
    area,
    from,
    to,
    hours: draft.hours.trim(),
    effect:
      draft.effect === "limit" ? { kind: "limit", max_eirp_dbm: draft.eirp, max_bandwidth_hz: draft.width } : { kind: draft.effect },
    exempt: draft.exempt
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
    classification: draft.classification || null,
    releasability: draft.classification ? draft.released : [],
  };
}

/** Where an order stands by the clock of now: an order on the screen comes into force without being read again. */
export function phaseAt(order: Pick<ControlOrder, "state" | "from" | "to">, now: number): OrderPhase {
  if (order.state !== "pending" && order.state !== "in_force") return order.state;
  if (now < Date.parse(order.from)) return "pending";
  return now < Date.parse(order.to) ? "in_force" : "expired";
}
