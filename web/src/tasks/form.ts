//! A measuring task as it stands in the form, and as the server takes and gives it. No browser needed, so it can be tested.

import type { InUse, MeasuringTask, TaskContent, TaskPriority, TaskProduct } from "../api/model";
import { zoneOf, type Window } from "../coordination/proposal";
import { percent } from "../format/quantity";
import type { Zone } from "../format/time";
import { fieldTime, instant } from "../orders/form";

/** What the fields hold; times as a `datetime-local` field writes them. */
export interface Draft {
  title: string;
  purpose: string;
  /** None: any receiver that watches the frequencies. */
  receivers: string[];
  low: number | null;
  high: number | null;
  raster: number | null;
  from: string;
  to: string;
  /** Only at these hours of the week. */
  hours: boolean;
  /** Monday is bit 0. */
  days: number;
  fromMinutes: number;
  toMinutes: number;
  /** Hours the form cannot show; they stay as they are. */
  windows: Window[] | null;
  minutes: number | null;
  products: TaskProduct[];
  priority: TaskPriority;
  reason: string;
  classified: boolean;
}

/** The next full quarter of an hour, and a day later. */
export function emptyDraft(now: Date, zone: Zone): Draft {
  const quarter = 15 * 60_000;
  const begin = Math.ceil((now.getTime() + 60_000) / quarter) * quarter;
  return {
    title: "",
    purpose: "",
    receivers: [],
    low: null,
    high: null,
    raster: null,
    from: fieldTime(new Date(begin).toISOString(), zone),
    to: fieldTime(new Date(begin + 86_400_000).toISOString(), zone),
    hours: false,
    days: 0b001_1111,
    fromMinutes: 8 * 60,
    toMinutes: 18 * 60,
    windows: null,
    minutes: 60,
    products: ["occupancy", "emissions"],
    priority: "routine",
    reason: "",
    classified: false,
  };
}

/** The zone of hours: that of the clock the console shows, at this time. */
function zoneName(field: string, zone: Zone): string {
  return zone === "utc" ? "UTC" : zoneOf(new Date(field || Date.now()));
}

/** A task in the form, to be amended. */
export function draftOf(content: TaskContent, zone: Zone): Draft {
  const from = fieldTime(content.time.from, zone);
  const windows = content.time.windows ?? [];
  const only = windows.length === 1 && windows[0]?.zone === zoneName(from, zone) ? windows[0] : null;
  const empty = emptyDraft(new Date(0), zone);
  return {
    ...empty,
    title: content.title,
    purpose: content.purpose,
    receivers: [...(content.receivers ?? [])],
    low: content.low_hz,
    high: content.high_hz,
    raster: content.raster_hz ?? null,
    from,
    to: fieldTime(content.time.to, zone),
    hours: only !== null,
    days: only?.days ?? empty.days,
    fromMinutes: only?.from_min ?? empty.fromMinutes,
    toMinutes: only?.to_min ?? empty.toMinutes,
    windows: windows.length > 0 && !only ? windows : null,
    minutes: content.minutes,
    products: [...content.products],
    priority: content.priority,
    reason: content.reason ?? "",
    classified: content.classified ?? false,
  };
}

export function needsReason(priority: TaskPriority): boolean {
  return priority === "immediate" || priority === "emergency";
}

/** What is sent. Null where a field the browser demands is still empty. `kept`: the task that is amended; its times stay to the
 * second where the field, which knows minutes, was not touched. */
export function contentOf(draft: Draft, zone: Zone, kept: TaskContent | null = null): TaskContent | null {
  const time = (field: string, before?: string) => (before && fieldTime(before, zone) === field ? before : field ? instant(field, zone) : null);
  const [from, to] = [time(draft.from, kept?.time.from), time(draft.to, kept?.time.to)];
  if (draft.low === null || draft.high === null || draft.minutes === null || from === null || to === null) return null;
  const hours = { days: draft.days, from_min: draft.fromMinutes, to_min: draft.toMinutes, zone: zoneName(draft.from, zone) };
  return {
    title: draft.title.trim(),
    purpose: draft.purpose.trim(),
    receivers: draft.receivers,
    low_hz: draft.low,
    high_hz: draft.high,
    raster_hz: draft.raster,
    time: { from, to, windows: draft.windows ?? (draft.hours ? [hours] : []) },
    minutes: draft.minutes,
    products: draft.products,
    priority: draft.priority,
    reason: needsReason(draft.priority) ? draft.reason.trim() : "",
    classified: draft.classified,
  };
}

/** Share of the wanted time that was observed, 0 to 1. */
export function progress({ coverage }: Pick<MeasuringTask, "coverage">): number {
  return coverage.wanted_s > 0 ? Math.min(1, coverage.observed_s / coverage.wanted_s) : 0;
}

/** A share as it may be claimed, with its interval where both ends were measured. Nothing where it was not observed. */
export function claimed(use: InUse | null | undefined): string | null {
  if (!use) return null;
  if (use.bound === "at_most") return `≤ ${percent(use.high)}`;
  if (use.bound === "at_least") return `≥ ${percent(use.low)}`;
  return `${percent(use.share)} (${percent(use.low)} – ${percent(use.high)})`;
}

/** Whether anything is still to come, so that the list is worth reading again. */
export function isOpen(task: Pick<MeasuringTask, "state">): boolean {
  return ["requested", "accepted", "scheduled", "running"].includes(task.state);
}
