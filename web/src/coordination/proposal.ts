//! What is asked for, as a form and as the server takes it. Frequencies are entered as centre and width, times on the clock of
//! this machine; a place or hours the form cannot show are kept as they are.

import type { Proposal } from "../api/model";

export type Place = Proposal["place"];
export type Window = NonNullable<Proposal["time"]["windows"]>[number];

export interface Channel {
  center: number | null;
  width: number | null;
}

export interface Form {
  title: string;
  kind: Proposal["kind"];
  priority: Proposal["priority"];
  from_office: string;
  to_office: string;
  /** Who decides; null: the offices of the other side. */
  addressee: Proposal["to"] | null;
  user: string;
  purpose: string;
  /** Named channels, or anything that fits. */
  fit: boolean;
  channels: Channel[];
  width: number | null;
  low: number | null;
  high: number | null;
  raster: number | null;
  designator: string;
  service: string;
  dbw: number | null;
  power: Proposal["power"]["kind"];
  height: number | null;
  latitude: number | null;
  longitude: number | null;
  radius: number | null;
  /** An area that is no circle. */
  area: Place | null;
  /** As a `datetime-local` field holds them. */
  from: string;
  to: string;
  /** Only at these hours. */
  hours: boolean;
  /** Monday is bit 0. */
  days: number;
  fromMinutes: number;
  toMinutes: number;
  /** Hours the form cannot show. */
  windows: Window[] | null;
  classification: string;
}

/** A time as a `datetime-local` field holds it, on the clock of this machine. */
export function localTime(time: Date): string {
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** `+08:00`, of this machine. */
export function zoneOf(time: Date): string {
  const east = -time.getTimezoneOffset();
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${east < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(east) / 60))}:${pad(Math.abs(east) % 60)}`;
}

export function emptyForm(now: Date): Form {
  const tomorrow = new Date(now);
  tomorrow.setDate(now.getDate() + 1);
  tomorrow.setHours(0, 0, 0, 0);
  const end = new Date(tomorrow);
  end.setDate(tomorrow.getDate() + 10);
  return {
    title: "",
    kind: "temporary",
    priority: "routine",
    from_office: "",
    to_office: "",
    addressee: null,
    user: "",
    purpose: "",
    fit: false,
    channels: [{ center: null, width: null }],
    width: null,
    low: null,
    high: null,
    raster: null,
    designator: "",
    service: "",
    dbw: null,
    power: "erp",
    height: null,
    latitude: null,
    longitude: null,
    radius: 5,
    area: null,
    from: localTime(tomorrow),
    to: localTime(end),
    hours: false,
    days: 127,
    fromMinutes: 480,
    toMinutes: 1080,
    windows: null,
    classification: "",
  };
}

export function formOf(proposal: Proposal): Form {
  const { asked, place, time } = proposal;
  const form = emptyForm(new Date());
  const zone = zoneOf(new Date(time.from));
  const windows = time.windows ?? [];
  const only = windows.length === 1 && windows[0]?.zone === zone ? windows[0] : null;
  Object.assign(form, {
    title: proposal.title,
    kind: proposal.kind,
    priority: proposal.priority,
    from_office: proposal.from_office,
    to_office: proposal.to_office,
    addressee: proposal.to ?? null,
    user: proposal.user,
    purpose: proposal.purpose,
    designator: proposal.designator,
    service: proposal.service ?? "",
    dbw: proposal.power.dbw,
    power: proposal.power.kind,
    height: proposal.antenna_height_m ?? null,
    from: localTime(new Date(time.from)),
    to: localTime(new Date(time.to)),
    classification: proposal.classification ?? "",
    hours: only !== null,
    windows: windows.length > 0 && !only ? windows : null,
  } satisfies Partial<Form>);
  if (only) Object.assign(form, { days: only.days, fromMinutes: only.from_min, toMinutes: only.to_min });
  if ("bands" in asked) {
    form.channels = asked.bands.map(({ low_hz, high_hz }) => ({ center: (low_hz + high_hz) / 2, width: high_hz - low_hz }));
  } else {
    const { bandwidth_hz, tuning, raster_hz } = asked.fit;
    Object.assign(form, { fit: true, width: bandwidth_hz, low: tuning.low_hz, high: tuning.high_hz, raster: raster_hz });
  }
  if ("circle" in place) {
    Object.assign(form, { latitude: place.circle.latitude, longitude: place.circle.longitude, radius: place.circle.radius_km });
  } else form.area = place;
  return form;
}

/** The band around a centre; an odd width lies half a hertz lower. */
export function bandOf(center: number, width: number): { low_hz: number; high_hz: number } {
  const low_hz = Math.floor(center - width / 2);
  return { low_hz, high_hz: low_hz + width };
}

/** What the form asks for, or nothing while a field that is needed is empty. */
export function proposalOf(form: Form): Proposal | null {
  const place = form.area ?? circle(form);
  const asked = askedOf(form);
  const [from, to] = [new Date(form.from), new Date(form.to)];
  const words = [form.title, form.from_office, form.to_office, form.user, form.purpose, form.designator];
  if (!place || !asked || form.dbw === null || Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return null;
  if (words.some((word) => word.trim() === "")) return null;
  const hours = { days: form.days, from_min: form.fromMinutes, to_min: form.toMinutes, zone: zoneOf(from) };
  const windows = form.windows ?? (form.hours ? [hours] : []);
  return {
    title: form.title.trim(),
    kind: form.kind,
    priority: form.priority,
    from_office: form.from_office.trim(),
    to_office: form.to_office.trim(),
    ...(form.addressee ? { to: form.addressee } : {}),
    user: form.user.trim(),
    purpose: form.purpose.trim(),
    asked,
    designator: form.designator.trim(),
    service: form.service || null,
    power: { dbw: form.dbw, kind: form.power },
    antenna_height_m: form.height,
    place,
    time: { from: from.toISOString(), to: to.toISOString(), ...(windows.length > 0 ? { windows } : {}) },
    ...(form.classification.trim() ? { classification: form.classification.trim() } : {}),
  };
}

function circle(form: Form): Place | null {
  const { latitude, longitude, radius } = form;
  if (latitude === null || longitude === null) return null;
  return { circle: { latitude, longitude, radius_km: radius ?? 0 } };
}

function askedOf(form: Form): Proposal["asked"] | null {
  if (!form.fit) {
    const bands = form.channels.map(({ center, width }) => (center === null || width === null ? null : bandOf(center, width)));
    return bands.length > 0 && bands.every((band) => band !== null) ? { bands } : null;
  }
  const { width, low, high, raster } = form;
  if (width === null || low === null || high === null) return null;
  return { fit: { bandwidth_hz: width, tuning: { low_hz: low, high_hz: high }, raster_hz: raster ?? width } };
}

/** `HH:MM` of minutes after midnight; 1440 is the end of the day. */
export function hoursText(minutes: number): string {
  return `${String(Math.floor(minutes / 60) % 24).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

export function minutesOf(text: string): number {
  const [hours, minutes] = text.split(":").map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}
