//! An event, a channel and a device as they stand in their forms, and as the server takes and gives them. No browser needed, so it
//! can be tested.

import type { ControlArea, EventContent, EventDeviceContent, EventRowContent, MajorEvent } from "../api/model";
import type { Zone } from "../format/time";
import { fieldTime, instant } from "../orders/form";

/** What the fields of an event hold; days as a `date` field writes them. */
export interface EventDraft {
  nameZh: string;
  nameEn: string;
  about: string;
  latitude: number | null;
  longitude: number | null;
  radius: number | null;
  first: string;
  last: string;
  opens: number;
  closes: number;
  participants: string[];
  /** A rectangle or polygon, which the form cannot show. */
  area: ControlArea | null;
  /** Days with hours of their own, which the form cannot show either. */
  days: EventContent["days"] | null;
}

const DAY_MS = 86_400_000;
/** As the policy has it. */
export const DAYS_MAX = 92;

export function emptyEvent(today: string): EventDraft {
  return {
    nameZh: "",
    nameEn: "",
    about: "",
    latitude: null,
    longitude: null,
    radius: 5,
    first: today,
    last: today,
    opens: 8 * 60,
    closes: 22 * 60,
    participants: [],
    area: null,
    days: null,
  };
}

export function eventDraft(content: EventContent): EventDraft {
  const circle = "circle" in content.area ? content.area.circle : null;
  const [first, last] = [content.days[0], content.days.at(-1)];
  const same = content.days.every((day) => day.opens_min === first?.opens_min && day.closes_min === first.closes_min);
  const running = daysBetween(first?.date ?? "", last?.date ?? "").length === content.days.length;
  return {
    ...emptyEvent(first?.date ?? ""),
    nameZh: content.name.zh,
    nameEn: content.name.en,
    about: content.about ?? "",
    latitude: circle?.latitude ?? null,
    longitude: circle?.longitude ?? null,
    radius: circle?.radius_km ?? null,
    last: last?.date ?? "",
    opens: first?.opens_min ?? 0,
    closes: first?.closes_min ?? 1440,
    participants: [...(content.participants ?? [])],
    area: circle ? null : content.area,
    days: same && running && (first?.closes_min ?? 0) <= 1440 ? null : content.days,
  };
}

/** Every day from one to the other, both included. */
export function daysBetween(first: string, last: string): string[] {
  const [from, to] = [Date.parse(`${first}T00:00:00Z`), Date.parse(`${last}T00:00:00Z`)];
  if (Number.isNaN(from) || Number.isNaN(to) || to < from) return [];
  const count = Math.min((to - from) / DAY_MS + 1, DAYS_MAX + 1);
  return Array.from({ length: count }, (_, n) => new Date(from + n * DAY_MS).toISOString().slice(0, 10));
}

/** What is sent. Null where a field is still empty or makes no sense. */
export function eventContent(draft: EventDraft): EventContent | null {
  const dates = daysBetween(draft.first, draft.last);
  const days = draft.days ?? dates.map((date) => ({ date, opens_min: draft.opens, closes_min: draft.closes }));
  const { latitude, longitude, radius } = draft;
  const circle = latitude === null || longitude === null || radius === null ? null : { circle: { latitude, longitude, radius_km: radius } };
  const area = draft.area ?? circle;
  const named = draft.nameZh.trim() || draft.nameEn.trim();
  if (!area || !named || days.length === 0 || days.length > DAYS_MAX || (!draft.days && draft.closes <= draft.opens)) return null;
  const name = { zh: draft.nameZh.trim(), en: draft.nameEn.trim() };
  return { name, about: draft.about.trim(), area, days, participants: draft.participants };
}

/** What the fields of a channel hold. */
export interface RowDraft {
  channel: string;
  center: number | null;
  width: number | null;
  designator: string;
  user: string;
  site: string;
  latitude: number | null;
  longitude: number | null;
  radius: number | null;
  from: string;
  to: string;
  dbw: number | null;
  kind: "eirp" | "erp";
  key: boolean;
  classification: string;
  note: string;
}

export function emptyRow(): RowDraft {
  return {
    channel: "",
    center: null,
    width: 12_500,
    designator: "11K0F3E",
    user: "",
    site: "",
    latitude: null,
    longitude: null,
    radius: null,
    from: "",
    to: "",
    dbw: null,
    kind: "eirp",
    key: false,
    classification: "",
    note: "",
  };
}

export function rowDraft(row: EventRowContent, zone: Zone): RowDraft {
  return {
    ...emptyRow(),
    channel: row.channel,
    center: row.center_hz,
    width: row.bandwidth_hz,
    designator: row.designator,
    user: row.user,
    site: row.site ?? "",
    latitude: row.place?.latitude ?? null,
    longitude: row.place?.longitude ?? null,
    radius: row.place?.radius_km ?? null,
    from: row.from ? fieldTime(row.from, zone) : "",
    to: row.to ? fieldTime(row.to, zone) : "",
    dbw: row.power.dbw,
    kind: row.power.kind,
    key: row.key ?? false,
    classification: row.classification ?? "",
    note: row.note ?? "",
  };
}

/** What is sent. `kept`: the row that is changed; what the fields do not know stays. */
export function rowContent(draft: RowDraft, zone: Zone, kept: EventRowContent | null = null): EventRowContent | null {
  const { center, width, dbw, latitude, longitude } = draft;
  if (center === null || width === null || dbw === null || !draft.channel.trim() || !draft.user.trim()) return null;
  if ((latitude === null) !== (longitude === null)) return null;
  const time = (field: string, before?: string | null) => (before && fieldTime(before, zone) === field ? before : field ? instant(field, zone) : null);
  return {
    channel: draft.channel.trim(),
    center_hz: center,
    bandwidth_hz: width,
    designator: draft.designator.trim(),
    service: kept?.service ?? null,
    user: draft.user.trim(),
    site: draft.site.trim(),
    place: latitude === null || longitude === null ? null : { latitude, longitude, radius_km: draft.radius ?? 0 },
    from: time(draft.from, kept?.from),
    to: time(draft.to, kept?.to),
    power: { dbw, kind: draft.kind },
    key: draft.key,
    classification: draft.classification || null,
    releasability: draft.classification ? (kept?.releasability ?? []) : [],
    note: draft.note.trim(),
  };
}

/** What the fields of a device hold. */
export interface DeviceDraft {
  kind: string;
  serial: string;
  owner: string;
  approval: string;
  center: number | null;
  width: number | null;
  dbw: number | null;
  power: "eirp" | "erp";
  designator: string;
}

export function deviceDraft(content: EventDeviceContent | null): DeviceDraft {
  return {
    kind: content?.kind ?? "",
    serial: content?.serial ?? "",
    owner: content?.owner ?? "",
    approval: content?.approval ?? "",
    center: content?.center_hz ?? null,
    width: content?.bandwidth_hz ?? null,
    dbw: content?.power.dbw ?? null,
    power: content?.power.kind ?? "eirp",
    designator: content?.designator ?? "",
  };
}

export function deviceContent(draft: DeviceDraft): EventDeviceContent | null {
  const { center, width, dbw } = draft;
  if (center === null || width === null || dbw === null) return null;
  return {
    kind: draft.kind.trim(),
    serial: draft.serial.trim(),
    owner: draft.owner.trim(),
    approval: draft.approval.trim(),
    center_hz: center,
    bandwidth_hz: width,
    power: { dbw, kind: draft.power },
    designator: draft.designator.trim(),
  };
}

/** Today, or the day that is asked about, by the clock of China. */
export function dayInChina(time: Date): string {
  return new Date(time.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** The day whose report is shown first: today where the event has it, else the nearest of its days. */
export function firstDay(event: Pick<MajorEvent, "content">, now: Date): string {
  const today = dayInChina(now);
  const days = event.content.days.map((day) => day.date);
  return days.find((day) => day === today) ?? days.findLast((day) => day < today) ?? days[0] ?? today;
}

/** Minutes of a day as a clock writes them; beyond midnight with the hours going on. */
export function clockText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** `YYYY-MM-DD 08:00–22:00` of the first to the last day. */
export function daysText(content: EventContent): string {
  const [first, last] = [content.days[0], content.days.at(-1)];
  if (!first || !last) return "";
  const hours = `${clockText(first.opens_min)}–${clockText(first.closes_min)}`;
  return first.date === last.date ? `${first.date} ${hours}` : `${first.date} – ${last.date} ${hours}`;
}

/** Share of observed time, never rounded up to all of it. */
export function observedShare(observed: number, asked: number): number {
  if (asked <= 0) return 0;
  const share = observed / asked;
  return share < 1 ? Math.min(share, 0.999) : 1;
}
