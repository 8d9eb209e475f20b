//! Paints the spectrum plot and the overlay of the waterfall on 2D canvases. Pure painting: everything comes in as a scene.

import { bandwidth, megahertz } from "../format/frequency";
import { minus } from "../format/quantity";
import { decimalsFor, fractionOf, ticks, width, type Span } from "./axis";
import { columnsOf, type TraceName, type TraceSegment } from "./trace";

/** Room for axis labels, CSS pixels. */
export const GUTTER = { left: 66, right: 14, top: 20, axis: 24 };

export interface Palette {
  background: string;
  grid: string;
  text: string;
  faint: string;
  accent: string;
  crosshair: string;
  /** Over the waterfall. */
  over: { crosshair: string };
  font: string;
  traces: Record<TraceName, string>;
}

/** An emission as the plots show it. */
export interface Marker extends Span {
  id: string;
  center: number;
  levelDbfs: number;
  colour: string;
  /** The same verdict on the waterfall, whose background is dark in both themes. */
  overColour: string;
  selected: boolean;
  conflict: boolean;
  open: boolean;
  startS: number;
  stopS: number;
}

export interface SpectrumScene {
  width: number;
  height: number;
  view: Span;
  levels: Span;
  segments: TraceSegment[];
  traces: TraceName[];
  markers: Marker[];
  /** Frequency under the pointer. */
  cursorHz: number | null;
  /** Rubber band of a zoom in progress. */
  selection: Span | null;
  palette: Palette;
  /** Said instead of the picture while there is none. */
  notice: string | null;
}

type Context = CanvasRenderingContext2D;

export function drawSpectrum(ctx: Context, scene: SpectrumScene): void {
  const plot = plotArea(scene.width, scene.height);
  const { palette } = scene;
  ctx.clearRect(0, 0, scene.width, scene.height);
  ctx.fillStyle = palette.background;
  ctx.fillRect(plot.x, 0, plot.w, plot.y + plot.h);
  ctx.font = `11px ${palette.font}`;
  drawLevelAxis(ctx, scene, plot);
  drawFrequencyAxis(ctx, scene, plot);
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x, 0, plot.w, plot.y + plot.h);
  ctx.clip();
  drawMarkers(ctx, scene, plot);
  for (const name of ["floor", "hold", "peak", "mean"] as const) {
    if (scene.traces.includes(name)) drawTrace(ctx, scene, plot, name);
  }
  drawMarkerLabels(ctx, scene, plot);
  drawSelection(ctx, scene, plot);
  drawCursor(ctx, scene.view, scene.cursorHz, palette.crosshair, plot.x, plot.w, plot.y + plot.h);
  ctx.restore();
  if (scene.notice) centred(ctx, scene.notice, plot, palette);
}

interface Area {
  x: number;
  y: number;
  w: number;
  h: number;
}

export function plotArea(w: number, h: number): Area {
  return { x: GUTTER.left, y: GUTTER.top, w: w - GUTTER.left - GUTTER.right, h: h - GUTTER.top - GUTTER.axis };
}

function yOf(plot: Area, levels: Span, db: number): number {
  return plot.y + ((levels.high - db) / width(levels)) * plot.h;
}

function drawLevelAxis(ctx: Context, scene: SpectrumScene, plot: Area): void {
  const { at } = ticks(scene.levels.low, scene.levels.high, Math.max(2, plot.h / 34));
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const db of at) {
    const y = Math.round(yOf(plot, scene.levels, db)) + 0.5;
    line(ctx, plot.x, y, plot.x + plot.w, y, scene.palette.grid);
    ctx.fillStyle = scene.palette.text;
    if (y > plot.y + 6) ctx.fillText(minus(String(db)), plot.x - 8, y);
  }
  ctx.fillStyle = scene.palette.faint;
  ctx.fillText("dBFS", plot.x - 8, 10);
}

function drawFrequencyAxis(ctx: Context, scene: SpectrumScene, plot: Area): void {
  const { at, step } = ticks(scene.view.low, scene.view.high, Math.max(2, plot.w / 110));
  const decimals = decimalsFor(step, 1e6);
  const bottom = plot.y + plot.h;
  ctx.textBaseline = "middle";
  ctx.textAlign = "center";
  for (const hz of at) {
    const x = Math.round(plot.x + fractionOf(scene.view, hz) * plot.w) + 0.5;
    line(ctx, x, 0, x, bottom, scene.palette.grid);
    line(ctx, x, bottom, x, bottom + 4, scene.palette.faint);
    const label = minus(megahertz(hz, decimals));
    const half = ctx.measureText(label).width / 2;
    if (x - half < plot.x - 8 || x + half > plot.x + plot.w + 10) continue;
    ctx.fillStyle = scene.palette.text;
    ctx.fillText(label, x, bottom + 13);
  }
  ctx.textAlign = "right";
  ctx.fillStyle = scene.palette.faint;
  ctx.fillText("MHz", plot.x - 8, bottom + 13);
}

/** Points of a trace in CSS pixels, broken where nothing was observed. Where bins are wider than pixels they are joined at their
 * centres; otherwise each pixel column shows its strongest bin. */
function tracePoints(scene: SpectrumScene, plot: Area, name: TraceName): [number, number][][] {
  const ratio = globalThis.devicePixelRatio || 1;
  const columns = Math.max(1, Math.round(plot.w * ratio));
  const hzPerColumn = width(scene.view) / columns;
  const runs: [number, number][][] = [];
  for (const segment of scene.segments) {
    const binHz = width(segment) / segment.bins;
    const wide = binHz > hzPerColumn * 1.5;
    const [first, step] = wide ? [segment.low + binHz / 2, binHz] : [scene.view.low + hzPerColumn / 2, hzPerColumn];
    const values = wide ? segment[name] : columnsOf([segment], name, scene.view, columns);
    const from = wide ? Math.max(0, Math.floor((scene.view.low - first) / step)) : 0;
    const to = wide ? Math.min(values.length, Math.ceil((scene.view.high - first) / step) + 1) : values.length;
    let run: [number, number][] = [];
    for (let i = from; i < to; i += 1) {
      const db = values[i] ?? NaN;
      if (!Number.isNaN(db)) run.push([plot.x + fractionOf(scene.view, first + i * step) * plot.w, yOf(plot, scene.levels, db)]);
      else if (run.length > 0) run = (runs.push(run), []);
    }
    if (run.length > 0) runs.push(run);
  }
  return runs;
}

function drawTrace(ctx: Context, scene: SpectrumScene, plot: Area, name: TraceName): void {
  const runs = tracePoints(scene, plot, name);
  const path = new Path2D();
  for (const run of runs) run.forEach(([x, y], index) => (index === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
  ctx.strokeStyle = scene.palette.traces[name];
  ctx.lineWidth = name === "mean" ? 1.35 : 1;
  ctx.lineJoin = "round";
  ctx.setLineDash(name === "floor" ? [5, 4] : []);
  ctx.globalAlpha = name === "mean" ? 1 : name === "floor" ? 0.9 : 0.75;
  ctx.stroke(path);
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  if (name === "mean") fillBelow(ctx, scene, plot, runs);
}

function fillBelow(ctx: Context, scene: SpectrumScene, plot: Area, runs: [number, number][][]): void {
  const bottom = plot.y + plot.h;
  const shade = ctx.createLinearGradient(0, plot.y, 0, bottom);
  shade.addColorStop(0, scene.palette.traces.mean);
  shade.addColorStop(1, "transparent");
  ctx.fillStyle = shade;
  ctx.globalAlpha = 0.2;
  for (const run of runs) {
    const [first, last] = [run[0], run.at(-1)];
    if (!first || !last) continue;
    ctx.beginPath();
    ctx.moveTo(first[0], bottom);
    for (const [x, y] of run) ctx.lineTo(x, y);
    ctx.lineTo(last[0], bottom);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/** The band of each emission: a faint column, edges and a cap at its level. */
function drawMarkers(ctx: Context, scene: SpectrumScene, plot: Area): void {
  const bottom = plot.y + plot.h;
  for (const marker of scene.markers) {
    if (!marker.open && !marker.selected) continue;
    const [left, right] = edges(marker, scene.view, plot);
    if (right < plot.x || left > plot.x + plot.w) continue;
    const top = Math.max(plot.y, yOf(plot, scene.levels, marker.levelDbfs) - 7);
    ctx.fillStyle = marker.colour;
    ctx.globalAlpha = marker.selected ? 0.15 : marker.conflict ? 0.11 : 0.07;
    ctx.fillRect(left, marker.selected ? 0 : top, right - left, bottom - (marker.selected ? 0 : top));
    ctx.globalAlpha = marker.selected ? 1 : 0.85;
    ctx.strokeStyle = marker.colour;
    ctx.lineWidth = marker.selected ? 2 : 1.5;
    ctx.beginPath();
    ctx.moveTo(left, top + 6);
    ctx.lineTo(left, top);
    ctx.lineTo(right, top);
    ctx.lineTo(right, top + 6);
    ctx.stroke();
    ctx.globalAlpha = 1;
  }
}

/** Centre frequencies above the caps, the selected and the strongest first, never on top of each other. */
function drawMarkerLabels(ctx: Context, scene: SpectrumScene, plot: Area): void {
  const taken: Area[] = [];
  const order = scene.markers
    .filter((m) => m.open || m.selected)
    .sort((a, b) => Number(b.selected) - Number(a.selected) || Number(b.conflict) - Number(a.conflict) || b.levelDbfs - a.levelDbfs);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const marker of order) {
    const [left, right] = edges(marker, scene.view, plot);
    if (right < plot.x || left > plot.x + plot.w) continue;
    const label = megahertz(marker.center, width(scene.view) < 3e5 ? 4 : 3);
    const w = ctx.measureText(label).width + 10;
    const x = Math.min(Math.max((left + right) / 2, plot.x + w / 2), plot.x + plot.w - w / 2);
    const y = Math.max(9, yOf(plot, scene.levels, marker.levelDbfs) - 17);
    const box = { x: x - w / 2, y: y - 8, w, h: 16 };
    if (taken.some((other) => intersects(other, box))) continue;
    taken.push(box);
    ctx.globalAlpha = 0.86;
    ctx.fillStyle = scene.palette.background;
    roundBox(ctx, box);
    ctx.globalAlpha = 1;
    ctx.fillStyle = marker.colour;
    ctx.fillText(label, x, y + 0.5);
  }
}

function intersects(a: Area, b: Area): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function edges(marker: Span, view: Span, plot: Area): [number, number] {
  const left = plot.x + fractionOf(view, marker.low) * plot.w;
  const right = plot.x + fractionOf(view, marker.high) * plot.w;
  const grow = Math.max(0, 6 - (right - left)) / 2; // never thinner than what a finger or an eye finds
  return [left - grow, right + grow];
}

/** The emission under a point of the spectrum plot or the waterfall; the narrowest wins. */
export function markerAt(markers: Marker[], view: Span, plotWidth: number, x: number): Marker | null {
  const plot = { x: GUTTER.left, y: 0, w: plotWidth, h: 0 };
  let best: Marker | null = null;
  for (const marker of markers) {
    const [left, right] = edges(marker, view, plot);
    if (x < left - 2 || x > right + 2) continue;
    if (!best || width(marker) < width(best)) best = marker;
  }
  return best;
}

function drawSelection(ctx: Context, scene: SpectrumScene, plot: Area): void {
  if (!scene.selection) return;
  const left = plot.x + fractionOf(scene.view, scene.selection.low) * plot.w;
  const right = plot.x + fractionOf(scene.view, scene.selection.high) * plot.w;
  ctx.fillStyle = scene.palette.accent;
  ctx.globalAlpha = 0.16;
  ctx.fillRect(left, 0, right - left, plot.y + plot.h);
  ctx.globalAlpha = 1;
  line(ctx, left, 0, left, plot.y + plot.h, scene.palette.accent);
  line(ctx, right, 0, right, plot.y + plot.h, scene.palette.accent);
  ctx.textAlign = "center";
  ctx.fillText(bandwidth(width(scene.selection)), (left + right) / 2, plot.y + 14);
}

function drawCursor(ctx: Context, view: Span, hz: number | null, colour: string, x0: number, w: number, h: number): void {
  if (hz === null) return;
  const x = Math.round(x0 + fractionOf(view, hz) * w) + 0.5;
  if (x < x0 || x > x0 + w) return;
  ctx.setLineDash([3, 3]);
  line(ctx, x, 0, x, h, colour);
  ctx.setLineDash([]);
}

function centred(ctx: Context, text: string, plot: Area, palette: Palette): void {
  ctx.fillStyle = palette.text;
  ctx.font = `14px ${palette.font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, plot.x + plot.w / 2, plot.y + plot.h / 2);
}

export interface WaterfallScene {
  width: number;
  height: number;
  view: Span;
  /** Time at the upper edge, Unix seconds. */
  headS: number;
  spanS: number;
  markers: Marker[];
  cursorHz: number | null;
  cursorY: number | null;
  palette: Palette;
  clock(timeS: number): string;
}

/** Time axis, boxes around emissions and the crosshair, over the waterfall's picture. */
export function drawWaterfallOverlay(ctx: Context, scene: WaterfallScene): void {
  const plot = { x: GUTTER.left, y: 0, w: scene.width - GUTTER.left - GUTTER.right, h: scene.height };
  ctx.clearRect(0, 0, scene.width, scene.height);
  ctx.font = `11px ${scene.palette.font}`;
  if (scene.headS > 0) drawTimeAxis(ctx, scene, plot);
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x, 0, plot.w, plot.h);
  ctx.clip();
  for (const marker of scene.markers) drawTimeBox(ctx, scene, plot, marker);
  const { crosshair } = scene.palette.over;
  drawCursor(ctx, scene.view, scene.cursorHz, crosshair, plot.x, plot.w, plot.h);
  if (scene.cursorY !== null && scene.cursorHz !== null) {
    ctx.setLineDash([3, 3]);
    line(ctx, plot.x, Math.round(scene.cursorY) + 0.5, plot.x + plot.w, Math.round(scene.cursorY) + 0.5, crosshair);
    ctx.setLineDash([]);
  }
  ctx.restore();
}

const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

function drawTimeAxis(ctx: Context, scene: WaterfallScene, plot: Area): void {
  const most = Math.max(1, plot.h / 44);
  const step = TIME_STEPS_S.find((s) => scene.spanS / s <= most) ?? 3600;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.fillStyle = scene.palette.text;
  const last = scene.headS - scene.spanS;
  for (let time = Math.floor(scene.headS / step) * step; time > last; time -= step) {
    const y = ((scene.headS - time) / scene.spanS) * plot.h;
    line(ctx, plot.x - 4, Math.round(y) + 0.5, plot.x, Math.round(y) + 0.5, scene.palette.faint);
    if (y > 6 && y < plot.h - 6) ctx.fillText(scene.clock(time), plot.x - 7, y);
  }
}

function drawTimeBox(ctx: Context, scene: WaterfallScene, plot: Area, marker: Marker): void {
  const [left, right] = edges(marker, scene.view, plot);
  if (right < plot.x || left > plot.x + plot.w) return;
  const yAt = (timeS: number) => ((scene.headS - timeS) / scene.spanS) * plot.h;
  const top = marker.open ? -4 : yAt(marker.stopS);
  const bottom = yAt(marker.startS);
  if (bottom < 0 || top > plot.h) return;
  ctx.strokeStyle = marker.overColour;
  ctx.lineWidth = marker.selected ? 2 : 1;
  ctx.globalAlpha = marker.selected ? 1 : marker.conflict ? 0.85 : 0.5;
  const pad = marker.selected ? 3 : 2;
  ctx.strokeRect(left - pad, top - 1, right - left + 2 * pad, Math.max(3, bottom - top + 2));
  ctx.globalAlpha = 1;
}

function line(ctx: Context, x0: number, y0: number, x1: number, y1: number, colour: string): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function roundBox(ctx: Context, box: Area): void {
  ctx.beginPath();
  ctx.roundRect(box.x, box.y, box.w, box.h, 3);
  ctx.fill();
}

/** The palette as the style sheet has it now. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    background: of("--plot-bg"),
    grid: of("--grid"),
    text: of("--text-2"),
    faint: of("--text-3"),
    accent: of("--accent"),
    crosshair: of("--crosshair"),
    over: { crosshair: of("--over-crosshair") },
    font: of("--font"),
    traces: { mean: of("--trace-mean"), peak: of("--trace-peak"), hold: of("--trace-hold"), floor: of("--trace-floor") },
  };
}

/** Colours of a verdict, over the spectrum and over the waterfall, as the style sheet has them now. */
export function verdictColours(element: Element, kind: string): { colour: string; overColour: string } {
  const style = getComputedStyle(element);
  return { colour: style.getPropertyValue(`--v-${kind}`).trim(), overColour: style.getPropertyValue(`--over-${kind}`).trim() };
}
