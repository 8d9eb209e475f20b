//! What wheel, drag and pinch mean for the view: pixels of the plots in, spans out. Pure.

import { frequencyAt, panBy, zoomAt, type Span } from "./axis";
import { GUTTER } from "./draw";

/** Pixels that a press may wander before it is a drag and no longer a click. */
export const SLACK_PX = 4;
/** Fingers closer than this are taken to be this far apart, or the zoom would jump. */
const LEAST_PINCH_PX = 20;

/** Where a pixel column lies between the plot's edges, 0 to 1 inside. */
export function fractionOfPixel(x: number, plotWidth: number): number {
  return (x - GUTTER.left) / plotWidth;
}

/** The frequency under a pixel column, or nothing beside the plot. */
export function frequencyOfPixel(x: number, plotWidth: number, view: Span): number | null {
  const fraction = fractionOfPixel(x, plotWidth);
  return fraction >= 0 && fraction <= 1 ? frequencyAt(view, fraction) : null;
}

/** The band between two pixel columns, cut off at the edges of the view. */
export function bandBetween(x0: number, x1: number, plotWidth: number, view: Span): Span {
  const at = (x: number) => frequencyAt(view, fractionOfPixel(x, plotWidth));
  return { low: Math.max(at(Math.min(x0, x1)), view.low), high: Math.min(at(Math.max(x0, x1)), view.high) };
}

/** The view when a drag that began at `fromX` with the view `from` has come to `x`: the picture sticks to the pointer. */
export function dragged(from: Span, domain: Span, fromX: number, x: number, plotWidth: number): Span {
  return panBy(from, domain, (fromX - x) / plotWidth);
}

/** Two fingers on the plot: how far apart they began, around which part of which view. */
export interface Pinch {
  distance: number;
  middle: number;
  view: Span;
}

export function beginPinch(a: number, b: number, plotWidth: number, view: Span): Pinch {
  return { distance: Math.max(LEAST_PINCH_PX, Math.abs(a - b)), middle: fractionOfPixel((a + b) / 2, plotWidth), view };
}

export function pinched(pinch: Pinch, a: number, b: number, domain: Span): Span {
  return zoomAt(pinch.view, domain, pinch.distance / Math.max(LEAST_PINCH_PX, Math.abs(a - b)), pinch.middle);
}

/** As much of a wheel event as counts. */
export interface Wheel {
  deltaX: number;
  deltaY: number;
  /** 1: the deltas are lines, otherwise pixels. */
  deltaMode: number;
  shiftKey: boolean;
}

/** Up and down zooms at the pointer; sideways, or with Shift, moves. */
export function wheeled(view: Span, domain: Span, wheel: Wheel, x: number, plotWidth: number): Span {
  const unit = wheel.deltaMode === 1 ? 16 : 1;
  const [dx, dy] = [wheel.deltaX * unit, wheel.deltaY * unit];
  if (wheel.shiftKey || Math.abs(dx) > Math.abs(dy)) return panBy(view, domain, ((dx || dy) / plotWidth) * 0.8);
  const factor = Math.exp(Math.max(-0.6, Math.min(0.6, dy * 0.0022)));
  return zoomAt(view, domain, factor, Math.min(1, Math.max(0, fractionOfPixel(x, plotWidth))));
}
