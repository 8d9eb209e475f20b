//! A complaint as it stands in the form, and as the server takes and gives it. No browser needed, so it can be tested.

import type { Complaint, InterferenceReport } from "../api/model";
import type { Zone } from "../format/time";
import { fieldTime, instant } from "../orders/form";

/** What the fields hold; times as a `datetime-local` field writes them. */
export interface Draft {
  complainant: string;
  contact: string;
  assignment: string;
  low: number | null;
  high: number | null;
  latitude: number | null;
  longitude: number | null;
  address: string;
  began: string;
  ended: string;
  symptoms: string;
  channel: Complaint["channel"];
}

export function emptyDraft(): Draft {
  return {
    complainant: "",
    contact: "",
    assignment: "",
    low: null,
    high: null,
    latitude: null,
    longitude: null,
    address: "",
    began: "",
    ended: "",
    symptoms: "",
    channel: "paper",
  };
}

/** A complaint in the form, to be corrected. */
export function draftOf(complaint: Complaint, zone: Zone): Draft {
  return {
    complainant: complaint.complainant,
    contact: complaint.contact,
    assignment: complaint.assignment ?? "",
    low: complaint.low_hz,
    high: complaint.high_hz,
    latitude: complaint.place?.latitude ?? null,
    longitude: complaint.place?.longitude ?? null,
    address: complaint.address ?? "",
    began: fieldTime(complaint.began, zone),
    ended: complaint.ended ? fieldTime(complaint.ended, zone) : "",
    symptoms: complaint.symptoms,
    channel: complaint.channel,
  };
}

/** What is sent. Null where a field the browser demands is still empty. `kept`: the complaint that is corrected; its times stay
 * to the second where the field, which knows minutes, was not touched. */
export function complaintOf(draft: Draft, zone: Zone, kept: Complaint | null = null): Complaint | null {
  const { low, high, latitude, longitude } = draft;
  const time = (field: string, before?: string | null) =>
    before && fieldTime(before, zone) === field ? before : field ? instant(field, zone) : null;
  const began = time(draft.began, kept?.began);
  if (low === null || high === null || began === null || (latitude === null) !== (longitude === null)) return null;
  return {
    complainant: draft.complainant.trim(),
    contact: draft.contact.trim(),
    assignment: draft.assignment.trim() || null,
    low_hz: low,
    high_hz: high,
    place: latitude === null || longitude === null ? null : { latitude, longitude, radius_km: kept?.place?.radius_km ?? 0 },
    address: draft.address.trim(),
    began,
    ended: time(draft.ended, kept?.ended),
    symptoms: draft.symptoms.trim(),
    channel: draft.channel,
  };
}

/** Ids as people list them: one a line, or with commas. */
export function ids(text: string): string[] {
  return text.split(/[\s,，;；]+/).filter(Boolean);
}

/** Whether the time to confirm or settle a report has run out. */
export function isLate(report: Pick<InterferenceReport, "until">, now: number): boolean {
  return report.until != null && Date.parse(report.until) < now;
}
