//! Requests in words: what they ask for, where and when.

import type { Band, CoordinationRequest, Proposal } from "../api/model";
import { bandwidth, coordinates, frequency, frequencyRange, NBSP } from "../format/frequency";
import { dateTime, type Zone } from "../format/time";
import type { Dictionary } from "../i18n/zh";
import { hoursText } from "./proposal";

/** A narrow band by its centre and width, a wide one by its edges. */
export function bandText({ low_hz, high_hz }: Band): string {
  const width = high_hz - low_hz;
  return width <= 1e6 ? `${frequency((low_hz + high_hz) / 2)} / ${bandwidth(width)}` : frequencyRange(low_hz, high_hz);
}

export function askedText(asked: Proposal["asked"], t: Dictionary): string {
  if ("bands" in asked) return asked.bands.map(bandText).join(t.app.comma);
  const { bandwidth_hz, tuning } = asked.fit;
  return `${t.coordination.mode.fit}: ${bandwidth(bandwidth_hz)} @ ${frequencyRange(tuning.low_hz, tuning.high_hz)}`;
}

export function placeText(place: Proposal["place"], t: Dictionary): string {
  if ("circle" in place) {
    const { latitude, longitude, radius_km } = place.circle;
    const around = radius_km > 0 ? ` ± ${radius_km}${NBSP}km` : "";
    return coordinates(latitude, longitude) + around;
  }
  return t.coordination.areaKept;
}

export function timeText(time: Proposal["time"], zone: Zone, t: Dictionary): string {
  const span = t.app.range(dateTime(time.from, zone).slice(0, 16), dateTime(time.to, zone).slice(0, 16));
  const windows = (time.windows ?? []).map((window) => {
    const days = t.coordination.days.filter((_, day) => (window.days >> day) & 1).join("");
    return `${days} ${hoursText(window.from_min)}–${window.to_min === 1440 ? "24:00" : hoursText(window.to_min)} ${window.zone}`;
  });
  return [span, ...windows].join("; ");
}

/** The colour of a state: what waits, what holds, what is over. */
export function tone(state: CoordinationRequest["state"]): string {
  switch (state) {
    case "in_force":
      return "good";
    case "agreed":
    case "agreed_with_conditions":
    case "temporarily_agreed":
      return "agreed";
    case "submitted":
    case "received":
    case "under_review":
    case "information_requested":
    case "suspended":
      return "waiting";
    case "refused":
    case "revoked":
      return "bad";
    default:
      return "over";
  }
}
