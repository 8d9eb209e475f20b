//! Which part of the received band is on the screen: one state that plots, toolbar, strip, lists and address move and follow.

import { clampView, isWhole, panBy, viewAfter, viewAround, width, zoomAt, type Span } from "./axis";

export class ViewState {
  /** In view; null before the first frame. */
  span = $state.raw<Span | null>(null);
  /** Everything that is received; null before the first frame. */
  domain = $state.raw<Span | null>(null);

  /** Another receiver: nothing is known of it yet. */
  clear(): void {
    this.span = this.domain = null;
  }

  /** What is received is now known, or has grown. `wanted` is the view to begin with. */
  receive(domain: Span, wanted: Span | null): void {
    this.span = viewAfter(this.span, this.domain, domain, wanted);
    this.domain = domain;
  }

  zoom(factor: number, fraction: number): void {
    if (this.span && this.domain) this.span = zoomAt(this.span, this.domain, factor, fraction);
  }

  pan(fraction: number): void {
    if (this.span && this.domain) this.span = panBy(this.span, this.domain, fraction);
  }

  reset(): void {
    this.span = this.domain;
  }

  /** Shows a band with its neighbours. */
  showAround(band: Span): void {
    if (this.domain) this.span = viewAround(band, this.domain);
  }

  /** Shows a band from edge to edge. */
  show(band: Span): void {
    if (this.domain) this.span = clampView(band, this.domain);
  }

  centerOn(hz: number): void {
    if (this.span) this.show(around(hz, width(this.span)));
  }

  widenTo(hz: number): void {
    if (this.span) this.show(around((this.span.low + this.span.high) / 2, hz));
  }

  /** What an address keeps of the view: nothing while everything is shown, and nothing yet before the first frame. */
  get address(): { low_hz: number | null; high_hz: number | null } | null {
    if (!this.span || !this.domain) return null;
    if (isWhole(this.span, this.domain)) return { low_hz: null, high_hz: null };
    return { low_hz: Math.round(this.span.low), high_hz: Math.round(this.span.high) };
  }
}

function around(center: number, wide: number): Span {
  return { low: center - wide / 2, high: center + wide / 2 };
}
