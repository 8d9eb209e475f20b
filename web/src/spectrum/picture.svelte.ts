//! Puts the analyzer on its canvases: at most once per display refresh, and only when something asked for it.

import { settings } from "../app/settings.svelte";
import { clock } from "../format/time";
import type { Span } from "./axis";
import { GUTTER, drawSpectrum, drawWaterfallOverlay, readPalette, type Marker, type Palette } from "./draw";
import { VISIBLE_ROWS, colourRange, levelRange, type AnalyzerEngine } from "./engine";
import type { Place } from "./hands.svelte";
import type { TraceName } from "./trace";
import { createRenderer, type WaterfallRenderer } from "./waterfall";

export interface Canvases {
  /** Whose style the palette is read from. */
  root: HTMLElement;
  spectrum: HTMLCanvasElement;
  waterfall: HTMLCanvasElement;
  overlay: HTMLCanvasElement;
}

/** What a picture shows, besides what the engine holds. */
export interface Look {
  view: Span;
  traces: TraceName[];
  markers: Marker[];
  pointer: Place | null;
  cursorHz: number | null;
  selection: Span | null;
  paused: boolean;
}

/** What the newest frame says about itself. */
export interface FrameFacts {
  rbwHz: number;
  durationS: number;
  floorObserved: boolean;
}

export class Picture {
  /** Of the plots, CSS pixels. */
  size = $state.raw({ width: 0, spectrum: 0, waterfall: 0 });
  /** Levels of the coldest and the hottest colour. */
  range = $state.raw<Span>({ low: -110, high: -50 });
  autoRange = $state(true);
  /** There is no WebGL2. */
  fallback = $state(false);
  facts = $state.raw<FrameFacts | null>(null);
  hasFrames = $state(false);
  readonly plotWidth = $derived(Math.max(1, this.size.width - GUTTER.left - GUTTER.right));

  private canvases: Canvases | null = null;
  private renderer: WaterfallRenderer | null = null;
  private palette: Palette | null = null;
  private levels: Span | null = null;
  private pending = 0;
  private lastRangeAt = 0;

  constructor(
    private engine: AnalyzerEngine,
    private look: () => Look,
  ) {}

  /** Draws on these from now on, until the returned function is called. */
  attach(canvases: Canvases): () => void {
    this.canvases = canvases;
    this.makeRenderer(canvases.waterfall);
    const measure = () => {
      const { spectrum, overlay } = canvases;
      this.size = { width: spectrum.clientWidth, spectrum: spectrum.clientHeight, waterfall: overlay.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(canvases.spectrum);
    observer.observe(canvases.overlay);
    measure();
    return () => {
      observer.disconnect();
      this.renderer?.dispose();
      this.renderer = null;
      this.canvases = null;
      cancelAnimationFrame(this.pending);
    };
  }

  /** Another receiver: what was learnt about levels is of no use for it. */
  restart(): void {
    this.levels = null;
    this.hasFrames = false;
    this.facts = null;
    this.schedule();
  }

  /** Theme or colour map have changed. */
  recolour(): void {
    const [map, light] = [settings.colours, settings.theme === "light"];
    this.renderer?.setColours(map, light);
    if (this.canvases) this.palette = readPalette(this.canvases.root);
    this.schedule();
  }

  schedule = (): void => {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      this.draw();
    });
  };

  place(event: MouseEvent): Place | null {
    if (!this.canvases) return null;
    const top = this.canvases.spectrum.getBoundingClientRect();
    const low = this.canvases.overlay.getBoundingClientRect();
    const over = event.clientY < low.top ? "spectrum" : "waterfall";
    return { x: event.clientX - top.left, y: event.clientY - (over === "spectrum" ? top.top : low.top), over };
  }

  /** Time at the upper edge of the waterfall, Unix seconds of the receiver's clock. */
  headS(): number {
    return this.engine.headS(Date.now() / 1000);
  }

  private makeRenderer(canvas: HTMLCanvasElement): void {
    this.renderer = createRenderer(canvas, () => this.makeRenderer(canvas));
    this.fallback = this.renderer.kind === "2d";
    this.renderer.setColours(settings.colours, settings.theme === "light");
    this.schedule();
  }

  private draw(): void {
    if (!this.canvases || this.size.width === 0) return;
    this.palette ??= readPalette(this.canvases.root);
    const [spectrum, overlay] = [fitted(this.canvases.spectrum), fitted(this.canvases.overlay)];
    if (!spectrum || !overlay) return;
    const look = this.look();
    this.updateRanges(look.paused);
    const { palette, size, engine } = this;
    drawSpectrum(spectrum, {
      ...look,
      width: size.width,
      height: size.spectrum,
      levels: this.levels ?? { low: -120, high: -40 },
      segments: engine.trace.segments,
      palette,
      notice: null,
    });
    const head = this.headS();
    this.drawWaterfall(this.canvases.waterfall, look.view, head);
    drawWaterfallOverlay(overlay, {
      ...look,
      width: size.width,
      height: size.waterfall,
      headS: engine.ring ? head : 0,
      spanS: settings.spanS,
      cursorY: look.pointer?.over === "waterfall" ? look.pointer.y : null,
      palette,
      clock: (timeS) => clock(timeS * 1000, settings.lang, settings.zone),
    });
  }

  private drawWaterfall(canvas: HTMLCanvasElement, view: Span, head: number): void {
    const { ring } = this.engine;
    if (!this.renderer || !ring) return;
    fit(canvas, this.renderer.kind === "2d" ? 1 : devicePixelRatio || 1);
    this.renderer.draw(ring, {
      view,
      topRow: ring.rowAt(head - ring.rowS * 0.5),
      rows: VISIBLE_ROWS,
      lowDb: this.range.low,
      highDb: Math.max(this.range.high, this.range.low + 5),
    });
  }

  private updateRanges(paused: boolean): void {
    const now = performance.now();
    if (now - this.lastRangeAt < 500 && this.levels) return;
    this.lastRangeAt = now;
    const { engine } = this;
    const extent = engine.trace.extent();
    if (extent) this.levels = levelRange(extent, this.levels);
    if (this.autoRange && engine.ring && !paused) {
      const next = colourRange(engine.ring);
      // Follow slowly: colours that pump with every burst cannot be read.
      if (next) this.range = this.hasFrames ? blend(this.range, next, 0.15) : next;
    }
    const { frame } = engine;
    if (!frame) return;
    this.hasFrames = true;
    this.facts = {
      rbwHz: (frame.enbwBins * (frame.highHz - frame.lowHz)) / frame.bins,
      durationS: frame.durationS,
      floorObserved: frame.floorObserved,
    };
  }
}

function blend(a: Span, b: Span, weight: number): Span {
  const step = (from: number, to: number) => (Math.abs(to - from) < 0.5 ? from : from + (to - from) * weight);
  return { low: step(a.low, b.low), high: step(a.high, b.high) };
}

/** Gives a canvas as many pixels as the screen has for it. */
function fit(canvas: HTMLCanvasElement, ratio: number): void {
  const [w, h] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
}

function fitted(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
  const ratio = devicePixelRatio || 1;
  fit(canvas, ratio);
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
