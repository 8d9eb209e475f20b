//! Emissions as the plots mark them, and the way from one to the next.

import type { Emission, VerdictKind } from "../api/model";
import type { Marker } from "./draw";

export type MarkerColours = Pick<Marker, "colour" | "overColour">;
export type MarkerKind = VerdictKind | "none";

export function kindOf(emission: Emission): MarkerKind {
  return emission.verdict?.kind ?? "none";
}

/** A marker for each emission, or for the selected one alone. */
export function markersOf(
  emissions: Emission[],
  all: boolean,
  selected: string | null,
  colours: ReadonlyMap<MarkerKind, MarkerColours>,
): Marker[] {
  return emissions
    .filter((e) => all || e.id === selected)
    .map((e) => ({
      id: e.id,
      low: e.low_hz,
      high: e.high_hz,
      center: e.center_hz,
      levelDbfs: e.peak_dbfs,
      ...(colours.get(kindOf(e)) ?? { colour: "", overColour: "" }),
      selected: e.id === selected,
      conflict: !!e.conflict_id,
      open: e.open,
      startS: Date.parse(e.start) / 1000,
      stopS: Date.parse(e.stop) / 1000,
    }));
}

/** The marker beside the selected one by frequency, round and round; only what is on the air. */
export function neighbour(markers: Marker[], selected: string | null, direction: 1 | -1): Marker | null {
  const order = markers.filter((m) => m.open).sort((a, b) => a.center - b.center);
  const at = order.findIndex((m) => m.id === selected);
  const start = at < 0 && direction < 0 ? 0 : at; // from nowhere: forwards to the first, backwards to the last
  return order[(start + direction + order.length) % order.length] ?? null;
}
