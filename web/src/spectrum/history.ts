//! The waterfall's memory: rows of equal time, addressed by their absolute number (time ÷ row length), in a ring.
//! A row that no frame touched stays "not observed"; a frame that covers several rows fills them all; two frames in one row
//! keep the stronger level. So the time axis is true whatever the frame rate, and a gap looks like a gap.

import type { FrameHeader } from "../live/frame";
import type { Span } from "./axis";

/** Levels in the ring use one fixed scale, whatever the frames use: byte 1 is −140 dBFS + 0.5 dB. */
export const RING_OFFSET_DB = -140;
export const RING_STEP_DB = 0.5;

/** Pauses up to this long between two frames are jitter of the line, not missing observation. */
export const JITTER_S = 0.35;

/** Where a row comes from: the line, the server's store, or this ring at another time span. */
export type Origin = "live" | "history" | "ring";

export class WaterfallRing {
  /** `rows × columns` level bytes. */
  readonly data: Uint8Array;
  /** Row number that each slot holds, or −1. */
  readonly number: Float64Array;
  /** Slots that changed since the renderer last asked. */
  readonly dirty = new Set<number>();
  /** Newest row number, or −1 before the first frame. */
  newest = -1;
  /** Live frames leave rows up to this one alone: a paused picture stays as it was. */
  frozen = -1;
  /** Time up to which frames were seen, Unix seconds. */
  private endS = 0;

  constructor(
    readonly rowS: number,
    readonly rows: number,
    readonly columns: number,
    readonly domain: Span,
  ) {
    this.data = new Uint8Array(rows * columns);
    this.number = new Float64Array(rows).fill(-1);
  }

  rowAt(timeS: number): number {
    return Math.floor(timeS / this.rowS);
  }

  /** Time at the upper edge of the newest row. */
  get headS(): number {
    return (this.newest + 1) * this.rowS;
  }

  /**
   * Adds the levels of one frame. Live frames bridge the jitter since the frame before. History fills only what nothing else
   * has covered: its rows are a second long and would smear the finer ones.
   */
  add(header: FrameHeader, levels: Uint8Array, startS: number, durationS: number, origin: Origin): void {
    const live = origin === "live";
    const from = live && this.endS > 0 && startS > this.endS && startS - this.endS < JITTER_S ? this.endS : startS;
    const end = Math.max(startS + durationS, startS + 1e-6);
    if (live && end > this.endS) this.endS = end;
    const first = this.rowAt(from);
    const last = Math.max(first, Math.ceil(end / this.rowS) - 1);
    const cells = this.place(header, levels);
    if (!cells) return;
    const start = Math.max(first, last - this.rows + 1, live ? this.frozen + 1 : first);
    for (let row = start; row <= last; row += 1) this.merge(row, cells, origin === "history");
  }

  private merge(row: number, cells: { at: number; levels: Uint8Array }, onlyGaps: boolean): void {
    if (row <= this.newest - this.rows) return;
    const slot = ((row % this.rows) + this.rows) % this.rows;
    const base = slot * this.columns;
    if (this.number[slot] !== row) {
      this.data.fill(0, base, base + this.columns);
      this.number[slot] = row;
    }
    const { data } = this;
    const { at, levels } = cells;
    for (let i = 0; i < levels.length; i += 1) {
      const value = levels[i] ?? 0;
      const before = data[base + at + i] ?? 0;
      if (onlyGaps ? before === 0 : value > before) data[base + at + i] = value;
    }
    this.dirty.add(slot);
    if (row > this.newest) this.newest = row;
  }

  /** Levels on the columns of the ring: strongest bin of each column, or the nearest bin where bins are wider. */
  private place(header: FrameHeader, levels: Uint8Array): { at: number; levels: Uint8Array } | null {
    const perColumn = (this.domain.high - this.domain.low) / this.columns;
    const first = Math.max(0, Math.floor((header.lowHz - this.domain.low) / perColumn + 1e-6));
    const last = Math.min(this.columns, Math.ceil((header.highHz - this.domain.low) / perColumn - 1e-6));
    if (last <= first) return null;
    const same = header.offsetDb === RING_OFFSET_DB && header.stepDb === RING_STEP_DB;
    if (same && last - first === header.bins && Math.abs(header.lowHz - this.domain.low - first * perColumn) < perColumn / 4) {
      return { at: first, levels };
    }
    return { at: first, levels: resample(header, levels, this.domain.low + first * perColumn, perColumn, last - first) };
  }
}

function resample(header: FrameHeader, levels: Uint8Array, lowHz: number, perColumn: number, count: number): Uint8Array {
  const out = new Uint8Array(count);
  const binHz = (header.highHz - header.lowHz) / header.bins;
  for (let column = 0; column < count; column += 1) {
    const from = (lowHz + column * perColumn - header.lowHz) / binHz;
    const first = Math.min(header.bins - 1, Math.max(0, Math.floor(from + 1e-6)));
    const last = Math.min(header.bins, Math.max(first + 1, Math.ceil(from + perColumn / binHz - 1e-6)));
    let best = 0;
    for (let bin = first; bin < last; bin += 1) best = Math.max(best, levels[bin] ?? 0);
    out[column] = best === 0 ? 0 : toRing(header, best);
  }
  return out;
}

function toRing(header: FrameHeader, byte: number): number {
  const db = header.offsetDb + header.stepDb * byte;
  return Math.min(255, Math.max(1, Math.round((db - RING_OFFSET_DB) / RING_STEP_DB)));
}
