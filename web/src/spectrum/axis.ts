//! The frequency axis that spectrum, waterfall and allocation strip share: which part of the domain is in view,
//! how zoom and pan move it, and where its ticks lie. Pure; hertz in, fractions and ticks out.

/** A half-open stretch of frequency in hertz. */
export interface Span {
  low: number;
  high: number;
}

/** Nothing narrower than this is worth a screen, in hertz. */
export const MIN_SPAN_HZ = 500;

export function width(span: Span): number {
  return span.high - span.low;
}

/** Keeps a view inside the domain without changing its width where that fits. */
export function clampView(view: Span, domain: Span): Span {
  const full = width(domain);
  const wide = Math.min(Math.max(width(view), Math.min(MIN_SPAN_HZ, full)), full);
  const center = (view.low + view.high) / 2;
  const low = Math.min(Math.max(center - wide / 2, domain.low), domain.high - wide);
  return { low, high: low + wide };
}

/** Zooms by `factor` (below 1 narrows) so that the frequency at `fraction` of the view stays where it is. */
export function zoomAt(view: Span, domain: Span, factor: number, fraction: number): Span {
  const anchor = view.low + width(view) * fraction;
  const wide = Math.min(Math.max(width(view) * factor, MIN_SPAN_HZ), width(domain));
  const low = anchor - wide * fraction;
  return clampView({ low, high: low + wide }, domain);
}

/** Moves by a fraction of the view's own width. */
export function panBy(view: Span, domain: Span, fraction: number): Span {
  const step = width(view) * fraction;
  return clampView({ low: view.low + step, high: view.high + step }, domain);
}

/** A view in which `band` fills about a quarter, so that its neighbours can be judged too. */
export function viewAround(band: Span, domain: Span): Span {
  const wide = Math.max(width(band) * 4, width(domain) / 40, MIN_SPAN_HZ * 4);
  const center = (band.low + band.high) / 2;
  return clampView({ low: center - wide / 2, high: center + wide / 2 }, domain);
}

/** Whether a view shows the domain from edge to edge, give or take what rounding does to it. */
export function isWhole(view: Span, domain: Span): boolean {
  return width(view) >= width(domain) * 0.999;
}

/** The address carries a view; it counts only where it overlaps what is received. */
export function initialView(wanted: Span | null, domain: Span): Span {
  if (!wanted || !overlaps(wanted, domain) || wanted.high <= wanted.low) return domain;
  return clampView(wanted, domain);
}

/** The view after the domain has changed: who saw everything goes on seeing everything, others stay where they were. */
export function viewAfter(view: Span | null, before: Span | null, domain: Span, wanted: Span | null): Span {
  if (!view || !before) return initialView(view ?? wanted, domain);
  return isWhole(view, before) ? domain : clampView(view, domain);
}

export function overlaps(a: Span, b: Span): boolean {
  return a.low < b.high && b.low < a.high;
}

/** Position of a frequency in the view, 0 at the left edge and 1 at the right. */
export function fractionOf(view: Span, hz: number): number {
  return (hz - view.low) / width(view);
}

export function frequencyAt(view: Span, fraction: number): number {
  return view.low + width(view) * fraction;
}

/** Steps of 1, 2, 5 × 10^n: the smallest that makes at most `most` ticks. */
export function niceStep(range: number, most: number): number {
  const rough = range / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  for (const digit of [1, 2, 5]) if (digit * power >= rough * 0.999999) return digit * power;
  return 10 * power;
}

export function ticks(low: number, high: number, most: number): { at: number[]; step: number } {
  if (!(high > low)) return { at: [], step: 1 };
  const step = niceStep(high - low, most);
  const at: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) at.push(n * step);
  return { at, step };
}

/** Decimals that tell neighbouring ticks apart when printed in a unit of `unitHz`. */
export function decimalsFor(step: number, unitHz: number): number {
  return Math.max(0, Math.ceil(-Math.log10(step / unitHz) - 1e-9));
}
