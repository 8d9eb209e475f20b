//! Everything the analyzer remembers between pictures: domain, traces, waterfall ring, and where "now" is on its time axis.
//! Knows no DOM, so it is tested without one.

import type { SpectrumFrame, WaterfallFrame } from "../live/frame";
import { overlaps, type Span } from "./axis";
import { JITTER_S, WaterfallRing } from "./history";
import { TraceBuffer } from "./trace";

/** Rows on the screen from top to bottom; the ring holds as many again, so that a paused picture is not eaten up at once. */
export const VISIBLE_ROWS = 600;
const RING_ROWS = 1200;
const MOST_COLUMNS = 4096;
/** Without frames for this long, the waterfall moves on by the clock and shows "not observed". */
const SILENCE_S = 0.6;
/** The server stores about a frame a second; after this long a gap can be asked for. */
const GAP_SETTLES_S = 2.5;
/** What the server may not have stored yet when the first frame comes. */
const NOT_YET_STORED_S = 5;

export class AnalyzerEngine {
  readonly trace = new TraceBuffer();
  ring: WaterfallRing | null = null;
  domain: Span | null = null;
  frame: SpectrumFrame | null = null;
  paused = false;
  private frozenHeadS = 0;
  private lastEndS = 0;
  private gaps: { from: number; to: number; seenAt: number }[] = [];
  private askedAt = 0;
  /** Local clock minus the clock of the frames, smallest seen: transport delay and clock difference together. */
  private clockLagS = Infinity;

  constructor(
    private plan: Span[],
    private spanS: number,
  ) {}

  /** Takes a live frame; true when the domain changed with it. */
  take(frame: SpectrumFrame, nowS: number): boolean {
    this.noteGap(frame, nowS);
    this.clockLagS = Math.min(this.clockLagS + 1e-4, nowS - (frame.startS + frame.durationS));
    if (!this.paused) {
      this.trace.add(frame);
      this.frame = frame;
    }
    const changed = this.fitDomain(frame);
    this.ring?.add(frame, frame.max, frame.startS, frame.durationS, "live");
    return changed;
  }

  /**
   * A stretch without live frames that is old enough for the server to have stored what it has of it. Frames are lossy on their
   * way, so a hole in them does not say yet that nobody listened. A line that keeps losing them is asked about now and then, for
   * all its holes together.
   */
  dueGap(nowS: number): { from: number; to: number } | null {
    if (this.paused || nowS - this.askedAt < GAP_SETTLES_S) return null;
    const due = this.gaps.filter((gap) => nowS - gap.seenAt >= GAP_SETTLES_S);
    if (due.length === 0) return null;
    this.gaps = this.gaps.filter((gap) => !due.includes(gap));
    this.askedAt = nowS;
    return { from: Math.min(...due.map((gap) => gap.from)), to: Math.max(...due.map((gap) => gap.to)) };
  }

  /** Fills in rows that the server kept from before this page was opened. */
  takeHistory(frame: WaterfallFrame): void {
    if (!this.ring) return;
    if (this.paused) {
      // A still picture stays still; what came too late is asked for again afterwards.
      const [first, last] = [frame.rows[0], frame.rows.at(-1)];
      if (first && last) this.gaps.push({ from: first.startS, to: last.startS + frame.durationS, seenAt: 0 });
      return;
    }
    const steps = frame.rows.slice(1).map((row, index) => row.startS - (frame.rows[index]?.startS ?? 0));
    const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? frame.durationS;
    frame.rows.forEach((row, index) => {
      // A row lasts until the next one, unless that is later than usual: then time is missing, and must look it.
      const lasts = Math.max(frame.durationS, Math.min(steps[index] ?? usual, 1.5 * usual));
      this.ring?.add(frame, row.max, row.startS, lasts, "history");
    });
  }

  /** A different stretch of time from top to bottom: what was drawn is kept as far as its rows allow. */
  setSpan(spanS: number): void {
    this.spanS = spanS;
    const old = this.ring;
    this.ring = this.makeRing();
    if (old && this.ring) carryOver(old, this.ring);
  }

  /** Another receiver or plan: nothing of the old one remains. */
  reset(plan: Span[]): void {
    this.plan = plan;
    this.trace.clear();
    this.ring = null;
    this.domain = null;
    this.frame = null;
    this.clockLagS = Infinity;
    this.lastEndS = 0;
    this.gaps = [];
    this.askedAt = 0;
  }

  pause(paused: boolean, nowS: number): void {
    if (paused && !this.paused) this.frozenHeadS = this.headS(nowS);
    this.paused = paused;
    if (this.ring) this.ring.frozen = paused ? this.ring.rowAt(this.frozenHeadS) : -1;
  }

  /** Time at the upper edge of the waterfall, Unix seconds of the receiver's clock. */
  headS(nowS: number): number {
    if (this.paused) return this.frozenHeadS;
    const head = this.ring?.headS ?? 0;
    if (!Number.isFinite(this.clockLagS)) return head;
    return Math.max(head, nowS - this.clockLagS - SILENCE_S);
  }

  private noteGap(frame: SpectrumFrame, nowS: number): void {
    const end = frame.startS + frame.durationS;
    // Stored time ends a moment before live time begins: without asking again, a stripe "not observed" would stay between them.
    const from = this.lastEndS > 0 ? this.lastEndS : frame.startS - NOT_YET_STORED_S;
    if (frame.startS - from > JITTER_S) this.gaps.push({ from, to: frame.startS, seenAt: nowS });
    this.lastEndS = Math.max(this.lastEndS, end);
  }

  private fitDomain(frame: SpectrumFrame): boolean {
    const band = { low: frame.lowHz, high: frame.highHz };
    if (this.domain && band.low >= this.domain.low && band.high <= this.domain.high && this.ring) return false;
    const near = this.plan.filter((part) => overlaps(part, band)).length > 0 ? this.plan : [];
    const parts = [band, ...near, ...this.trace.segments];
    this.domain = { low: Math.min(...parts.map((p) => p.low)), high: Math.max(...parts.map((p) => p.high)) };
    const columns = Math.round(((this.domain.high - this.domain.low) / (band.high - band.low)) * frame.bins);
    this.columns = Math.min(MOST_COLUMNS, Math.max(64, columns));
    this.ring = this.makeRing();
    return true;
  }

  private columns = 1024;

  private makeRing(): WaterfallRing | null {
    return this.domain ? new WaterfallRing(this.spanS / VISIBLE_ROWS, RING_ROWS, this.columns, this.domain) : null;
  }
}

function carryOver(from: WaterfallRing, to: WaterfallRing): void {
  const header = {
    sequence: 0,
    startS: 0,
    durationS: from.rowS,
    receiver: 0,
    lowHz: from.domain.low,
    highHz: from.domain.high,
    bins: from.columns,
    offsetDb: -140,
    stepDb: 0.5,
    floorDbfs: 0,
    floorObserved: true,
    enbwBins: 1,
  };
  for (let slot = 0; slot < from.rows; slot += 1) {
    const number = from.number[slot] ?? -1;
    if (number <= from.newest - from.rows || number < 0) continue;
    const levels = from.data.subarray(slot * from.columns, (slot + 1) * from.columns);
    // The end is a hair early, so that rounding cannot touch the next row.
    to.add(header, levels, number * from.rowS, from.rowS * 0.999, "ring");
  }
}

/** Level range for the spectrum's axis: whole tens around floor and peaks, and no jumping while it still fits. */
export function levelRange(extent: { floor: number; top: number }, before: Span | null): Span {
  const low = Math.floor((extent.floor - 8) / 10) * 10;
  const high = Math.ceil((extent.top + 8) / 10) * 10;
  const wanted = { low, high: Math.max(high, low + 40) };
  if (!before) return wanted;
  const fits = extent.floor - 3 >= before.low && extent.top + 2 <= before.high;
  const roomy = before.high - wanted.high > 25 || wanted.low - before.low > 15;
  return fits && !roomy ? before : wanted;
}

/** Colour range of the waterfall: from just under the floor to the strong end of what is there. */
export function colourRange(ring: WaterfallRing): Span | null {
  const slot = ((ring.newest % ring.rows) + ring.rows) % ring.rows;
  if (ring.newest < 0) return null;
  const row = ring.data.subarray(slot * ring.columns, (slot + 1) * ring.columns).filter((byte) => byte > 0).sort();
  if (row.length < 8) return null;
  const at = (fraction: number) => -140 + 0.5 * (row[Math.min(row.length - 1, Math.floor(row.length * fraction))] ?? 1);
  const low = at(0.3) - 3;
  return { low, high: Math.max(at(0.998) + 2, low + 28) };
}
