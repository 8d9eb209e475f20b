//! The traces of the spectrum plot: newest mean, peak, held maximum and floor of each band that a receiver visits.
//! Averaging is done on power, not on decibels. NaN marks what was not observed.

import type { SpectrumFrame } from "../live/frame";
import { overlaps, type Span } from "./axis";

/** One band as last seen; all arrays ascend in frequency and hold dBFS per bin. */
export interface TraceSegment extends Span {
  bins: number;
  enbwBins: number;
  startS: number;
  mean: Float32Array;
  peak: Float32Array;
  hold: Float32Array;
  floor: Float32Array;
  /** Running mean as power relative to full scale. */
  power: Float32Array;
}

export type TraceName = "mean" | "peak" | "hold" | "floor";

export class TraceBuffer {
  segments: TraceSegment[] = [];
  /** Frames in the running mean: 1 shows each frame as it is. */
  averages = 4;

  add(frame: SpectrumFrame): void {
    const segment = this.segmentFor(frame);
    const table = levelTable(frame);
    const weight = 1 / Math.max(1, this.averages);
    segment.startS = frame.startS;
    for (let i = 0; i < frame.bins; i += 1) {
      const mean = table[frame.mean[i] ?? 0] ?? NaN;
      const peak = table[frame.max[i] ?? 0] ?? NaN;
      segment.peak[i] = peak;
      segment.floor[i] = table[frame.floor[i] ?? 0] ?? NaN;
      const held = segment.hold[i] ?? NaN;
      if (!(held >= peak) && !Number.isNaN(peak)) segment.hold[i] = peak;
      segment.mean[i] = this.average(segment, i, mean, weight);
    }
  }

  /** Forgets the held maxima only. */
  resetHold(): void {
    for (const segment of this.segments) segment.hold.fill(NaN);
  }

  clear(): void {
    this.segments = [];
  }

  /** Level of a trace at a frequency, or nothing where it was not observed. */
  at(name: TraceName, hz: number): number | null {
    const segment = this.segments.find((s) => hz >= s.low && hz < s.high);
    if (!segment) return null;
    const bin = Math.floor(((hz - segment.low) / (segment.high - segment.low)) * segment.bins);
    const value = segment[name][Math.min(segment.bins - 1, bin)] ?? NaN;
    return Number.isNaN(value) ? null : value;
  }

  /** Lowest floor and highest peak of all segments, for the automatic level range. */
  extent(): { floor: number; top: number } | null {
    let [top, sum, count] = [-Infinity, 0, 0];
    for (const segment of this.segments) {
      for (let i = 0; i < segment.bins; i += 1) {
        const [floor, peak] = [segment.floor[i] ?? NaN, segment.peak[i] ?? NaN];
        if (peak > top) top = peak;
        if (!Number.isNaN(floor)) [sum, count] = [sum + floor, count + 1];
      }
    }
    return Number.isFinite(top) ? { floor: count > 0 ? sum / count : top - 60, top } : null;
  }

  private average(segment: TraceSegment, i: number, mean: number, weight: number): number {
    if (Number.isNaN(mean)) {
      segment.power[i] = NaN;
      return NaN;
    }
    const now = 10 ** (mean / 10);
    const before = segment.power[i] ?? NaN;
    const next = Number.isNaN(before) ? now : before + (now - before) * weight;
    segment.power[i] = next;
    return weight === 1 ? mean : 10 * Math.log10(next);
  }

  private segmentFor(frame: SpectrumFrame): TraceSegment {
    const found = this.segments.find((s) => s.low === frame.lowHz && s.high === frame.highHz && s.bins === frame.bins);
    if (found) return found;
    const band = { low: frame.lowHz, high: frame.highHz };
    const blank = () => new Float32Array(frame.bins).fill(NaN);
    const made: TraceSegment = {
      ...band,
      bins: frame.bins,
      enbwBins: frame.enbwBins,
      startS: frame.startS,
      mean: blank(),
      peak: blank(),
      hold: blank(),
      floor: blank(),
      power: blank(),
    };
    // A retune replaces what it overlaps; other bands of a plan stay.
    this.segments = [...this.segments.filter((s) => !overlaps(s, band)), made].sort((a, b) => a.low - b.low);
    return made;
  }
}

/** Byte → dBFS for one frame's scale; index 0 is NaN. */
function levelTable(frame: SpectrumFrame): Float32Array {
  const table = new Float32Array(256);
  for (let byte = 1; byte < 256; byte += 1) table[byte] = frame.offsetDb + frame.stepDb * byte;
  table[0] = NaN;
  return table;
}

/** Strongest value of each pixel column of a view; NaN where nothing was observed. */
export function columnsOf(segments: TraceSegment[], name: TraceName, view: Span, pixels: number): Float32Array {
  const out = new Float32Array(pixels).fill(NaN);
  const hzPerPixel = (view.high - view.low) / pixels;
  for (const segment of segments) {
    if (!overlaps(segment, view)) continue;
    const values = segment[name];
    const binHz = (segment.high - segment.low) / segment.bins;
    const from = Math.max(0, Math.floor((segment.low - view.low) / hzPerPixel));
    const to = Math.min(pixels, Math.ceil((segment.high - view.low) / hzPerPixel));
    for (let x = from; x < to; x += 1) {
      const start = (view.low + x * hzPerPixel - segment.low) / binHz;
      const first = Math.max(0, Math.floor(start));
      const last = Math.min(segment.bins, Math.max(first + 1, Math.floor(start + hzPerPixel / binHz)));
      let best = out[x] ?? NaN;
      for (let bin = first; bin < last; bin += 1) {
        const value = values[bin] ?? NaN;
        if (!(best >= value) && !Number.isNaN(value)) best = value;
      }
      out[x] = best;
    }
  }
  return out;
}
