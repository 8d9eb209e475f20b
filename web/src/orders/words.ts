//! The parts of a control order in words.

import type { ControlOrder } from "../api/model";
import { bandwidth, coordinates } from "../format/frequency";
import type { Dictionary } from "../i18n/zh";
import { CLASSES } from "./form";

/** A classification in the reader's language; one nobody here knows stays as it is. */
export function classText(classification: string, t: Dictionary): string {
  const known = (CLASSES as Record<string, keyof Dictionary["orders"]["classes"]>)[classification];
  return known ? t.orders.classes[known] : classification;
}

export function areaText(area: ControlOrder["area"], t: Dictionary): string {
  if (!area) return t.orders.everywhere;
  if ("circle" in area) {
    const { latitude, longitude, radius_km } = area.circle;
    return t.orders.circleText(coordinates(latitude, longitude), String(radius_km));
  }
  const { shape } = area;
  if ("rectangle" in shape) {
    const { south, west, north, east } = shape.rectangle;
    return t.orders.rectangleText(coordinates(south, west), coordinates(north, east));
  }
  return "polygon" in shape ? t.orders.polygonText(shape.polygon.length) : shape.named;
}

export function effectText(effect: ControlOrder["effect"], t: Dictionary): string {
  if (effect.kind !== "limit") return t.orders.effect[effect.kind];
  const limits: string[] = [];
  if (effect.max_eirp_dbm != null) limits.push(`${t.field.eirp} ≤ ${effect.max_eirp_dbm} dBm`);
  if (effect.max_bandwidth_hz != null) limits.push(`${t.field.bandwidth} ≤ ${bandwidth(effect.max_bandwidth_hz)}`);
  return limits.length > 0 ? t.app.labelled(t.orders.effect.limit, limits.join(t.app.comma)) : t.orders.effect.limit;
}
