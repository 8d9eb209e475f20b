//! The hands on the plots: pointer, fingers and wheel, and what they hold just now.

import { frequencyOfPixel, SLACK_PX, bandBetween, beginPinch, dragged, pinched, wheeled, type Pinch } from "./gesture";
import { GUTTER } from "./draw";
import type { Span } from "./axis";
import type { ViewState } from "./view.svelte";

/** A place on one of the two plots, CSS pixels from its upper left corner. */
export interface Place {
  x: number;
  y: number;
  over: "spectrum" | "waterfall";
}

/** What the hands must know about the plots. */
export interface Plots {
  readonly plotWidth: number;
  readonly size: { spectrum: number };
  place(event: MouseEvent): Place | null;
}

export class Hands {
  /** Where the mouse is; a finger hides what is under it, so it leaves no crosshair. */
  pointer = $state.raw<Place | null>(null);
  /** The rubber band of a zoom in progress. */
  selection = $state.raw<Span | null>(null);
  grabbing = $state(false);
  private fingers = new Map<number, number>();
  private drag: { kind: "select" | "pan"; fromX: number; view: Span; moved: boolean } | null = null;
  private pinch: Pinch | null = null;

  constructor(
    private view: ViewState,
    private plots: Plots,
    /** A press that was no drag, at a pixel column. */
    private click: (x: number) => void,
  ) {}

  /** The frequency under the pointer. */
  get cursorHz(): number | null {
    const { span } = this.view;
    return this.pointer && span ? frequencyOfPixel(this.pointer.x, this.plots.plotWidth, span) : null;
  }

  down = (event: PointerEvent): void => {
    const { span } = this.view;
    if (event.button !== 0 || !span) return;
    const at = this.plots.place(event);
    if (!at) return;
    this.fingers.set(event.pointerId, at.x);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    if (this.fingers.size === 2) {
      const [a, b] = [...this.fingers.values()] as [number, number];
      this.pinch = beginPinch(a, b, this.plots.plotWidth, span);
      this.drag = null;
      this.selection = null;
      return;
    }
    const onAxis = at.over === "spectrum" && at.y > this.plots.size.spectrum - GUTTER.axis;
    const select = at.over === "spectrum" && !onAxis && event.pointerType === "mouse";
    this.drag = { kind: select ? "select" : "pan", fromX: at.x, view: span, moved: false };
  };

  move = (event: PointerEvent): void => {
    const at = this.plots.place(event);
    if (!at) return;
    const { span, domain } = this.view;
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, at.x);
    if (this.pinch && this.fingers.size === 2 && domain) {
      const [a, b] = [...this.fingers.values()] as [number, number];
      this.view.span = pinched(this.pinch, a, b, domain);
      return;
    }
    this.pointer = event.pointerType === "mouse" ? at : null;
    if (!this.drag || !span || !domain) return;
    if (Math.abs(at.x - this.drag.fromX) > SLACK_PX) this.drag.moved = true;
    if (!this.drag.moved) return;
    const { kind, fromX, view } = this.drag;
    if (kind === "pan") {
      this.grabbing = true;
      this.view.span = dragged(view, domain, fromX, at.x, this.plots.plotWidth);
    } else this.selection = bandBetween(fromX, at.x, this.plots.plotWidth, span);
  };

  up = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId);
    if (this.fingers.size < 2) this.pinch = null;
    const at = this.plots.place(event);
    if (this.drag && !this.drag.moved && at && this.view.span) this.click(at.x);
    if (this.drag?.moved && this.selection && this.selection.high > this.selection.low) this.view.show(this.selection);
    this.selection = null;
    this.drag = null;
    this.grabbing = false;
  };

  leave = (): void => {
    this.pointer = null;
  };

  wheel = (event: WheelEvent): void => {
    const { span, domain } = this.view;
    if (!span || !domain) return;
    const at = this.plots.place(event);
    if (!at) return;
    event.preventDefault();
    this.view.span = wheeled(span, domain, event, at.x, this.plots.plotWidth);
  };
}
