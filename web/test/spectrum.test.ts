import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFrame, type SpectrumFrame } from "../src/live/frame.ts";
import { clampView, decimalsFor, initialView, niceStep, panBy, ticks, viewAround, zoomAt } from "../src/spectrum/axis.ts";
import { COLOUR_MAPS, colourTable } from "../src/spectrum/colour.ts";
import { AnalyzerEngine, levelRange } from "../src/spectrum/engine.ts";
import { WaterfallRing } from "../src/spectrum/history.ts";
import { lanesOf } from "../src/spectrum/lanes.ts";
import { TraceBuffer, columnsOf } from "../src/spectrum/trace.ts";
import { frameBytes, type Parts } from "./frames.ts";

const DOMAIN = { low: 96e6, high: 98.4e6 };

function spectrum(parts: Parts): SpectrumFrame {
  const frame = decodeFrame(frameBytes(parts));
  assert.equal(frame.kind, "spectrum");
  return frame as SpectrumFrame;
}

test("zooming keeps the frequency under the pointer where it is", () => {
  const view = zoomAt({ low: 96.5e6, high: 97.5e6 }, DOMAIN, 0.5, 0.25);
  assert.equal(view.low + (view.high - view.low) * 0.25, 96.75e6);
  assert.equal(view.high - view.low, 0.5e6);
});

test("no view leaves the domain or shrinks to nothing", () => {
  assert.deepEqual(clampView({ low: 0, high: 1e9 }, DOMAIN), DOMAIN);
  assert.deepEqual(panBy({ low: 96e6, high: 97e6 }, DOMAIN, -5), { low: 96e6, high: 97e6 });
  let view = DOMAIN;
  for (let i = 0; i < 100; i += 1) view = zoomAt(view, DOMAIN, 0.5, 1);
  assert.ok(view.high - view.low >= 499 && view.high <= DOMAIN.high);
});

test("jumping to an emission shows its surroundings", () => {
  const view = viewAround({ low: 97.0e6, high: 97.2e6 }, DOMAIN);
  assert.deepEqual([Math.round(view.low), Math.round(view.high)], [96_700_000, 97_500_000]);
});

test("ticks are round and labelled with enough digits", () => {
  assert.equal(niceStep(2.4e6, 10), 500_000);
  assert.deepEqual(ticks(96e6, 98.4e6, 6).at, [96e6, 96.5e6, 97e6, 97.5e6, 98e6]);
  assert.equal(decimalsFor(500_000, 1e6), 1);
  assert.equal(decimalsFor(1e6, 1e6), 0);
  assert.equal(decimalsFor(200, 1e6), 4);
});

test("the address's view counts only where something is received", () => {
  assert.deepEqual(initialView({ low: 430e6, high: 440e6 }, DOMAIN), DOMAIN);
  assert.deepEqual(initialView({ low: 97e6, high: 97.5e6 }, DOMAIN), { low: 97e6, high: 97.5e6 });
});

test("rows are true to time: a long gap stays unobserved, jitter does not", () => {
  const ring = new WaterfallRing(0.1, 100, 4, { low: 0, high: 4000 });
  const header = spectrum({ lowHz: 0n, highHz: 4000n });
  const add = (start: number) => ring.add(header, Uint8Array.from([9, 9, 9, 9]), start, 0.1, "live");
  add(10.0);
  add(10.3); // 0.2 s late: the line, not the receiver
  add(12.0); // 1.6 s: a gap
  const seen = (row: number) => ring.number[row % 100] === row;
  assert.deepEqual([100, 101, 102, 103].map(seen), [true, true, true, true]);
  assert.deepEqual([104, 110, 119].map(seen), [false, false, false]);
  assert.equal(seen(120), true);
  assert.equal(ring.newest, 120);
});

test("a slot that is used again forgets its old row", () => {
  const ring = new WaterfallRing(1, 4, 2, { low: 0, high: 2000 });
  const header = spectrum({ lowHz: 0n, highHz: 2000n, bins: 2, body: new Uint8Array(6).fill(1) });
  ring.add(header, Uint8Array.from([200, 200]), 1, 1, "live");
  ring.add(header, Uint8Array.from([5, 0]), 5, 1, "live");
  assert.deepEqual([...ring.data.slice(2, 4)], [5, 0]);
  ring.add(header, Uint8Array.from([99, 99]), 1, 1, "history");
  assert.deepEqual([...ring.data.slice(2, 4)], [5, 0], "history older than the ring is refused");
});

test("history fills holes and leaves what was seen live as it is", () => {
  const ring = new WaterfallRing(1, 8, 2, { low: 0, high: 2000 });
  const header = spectrum({ lowHz: 0n, highHz: 2000n, bins: 2, body: new Uint8Array(6).fill(1) });
  ring.add(header, Uint8Array.from([50, 0]), 2, 1, "live");
  ring.add(header, Uint8Array.from([90, 60]), 1, 2, "history");
  assert.deepEqual([...ring.data.slice(2, 6)], [90, 60, 50, 60]);
});

test("two bands of a plan share a row, each in its place, and a column shows its strongest bin", () => {
  const ring = new WaterfallRing(1, 4, 4, { low: 0, high: 8000 });
  const bins = (low: bigint, high: bigint) => spectrum({ lowHz: low, highHz: high, bins: 4, body: new Uint8Array(12).fill(1) });
  ring.add(bins(0n, 4000n), Uint8Array.from([10, 30, 20, 0]), 1, 0.5, "live");
  ring.add(bins(4000n, 8000n), Uint8Array.from([0, 0, 40, 50]), 1.5, 0.5, "live");
  assert.deepEqual([...ring.data.slice(4, 8)], [30, 20, 0, 50]);
});

test("frames on another level scale are converted", () => {
  const ring = new WaterfallRing(1, 4, 4, { low: 0, high: 4000 });
  ring.add(spectrum({ lowHz: 0n, highHz: 4000n, offsetDb: -100, stepDb: 1 }), Uint8Array.from([0, 10, 20, 30]), 0, 1, "live");
  // −90, −80, −70 dBFS on a scale of −140 + 0.5 n
  assert.deepEqual([...ring.data.slice(0, 4)], [0, 100, 120, 140]);
});

test("the mean is averaged on power, the hold keeps the most, unobserved stays unknown", () => {
  const trace = new TraceBuffer();
  trace.averages = 2;
  const frame = (mean: number, max: number) => spectrum({ bins: 2, body: Uint8Array.from([mean, 0, max, 0, 60, 0]) });
  trace.add(frame(100, 120));
  trace.add(frame(120, 110));
  const expected = 10 * Math.log10((10 ** (-90 / 10) + 10 ** (-80 / 10)) / 2);
  assert.ok(Math.abs((trace.at("mean", 100_000_500) ?? 0) - expected) < 1e-3);
  assert.equal(trace.at("hold", 100_000_500), -80);
  assert.equal(trace.at("peak", 100_000_500), -85);
  assert.equal(trace.at("mean", 100_003_000), null);
  assert.equal(trace.at("mean", 5), null);
  trace.resetHold();
  assert.equal(trace.at("hold", 100_000_500), null);
});

test("a retune replaces the trace it overlaps and keeps the other bands", () => {
  const trace = new TraceBuffer();
  trace.add(spectrum({ lowHz: 0n, highHz: 4000n }));
  trace.add(spectrum({ lowHz: 8000n, highHz: 12000n }));
  trace.add(spectrum({ lowHz: 2000n, highHz: 6000n }));
  assert.deepEqual(trace.segments.map((s) => s.low), [2000, 8000]);
});

test("a narrow signal survives many bins to a pixel", () => {
  const trace = new TraceBuffer();
  const body = new Uint8Array(3 * 1000).fill(60);
  body[777] = 200;
  trace.add(spectrum({ bins: 1000, lowHz: 0n, highHz: 1_000_000n, body }));
  const columns = columnsOf(trace.segments, "mean", { low: 0, high: 1_000_000 }, 50);
  assert.equal(columns[38], -40);
  assert.equal(columns.filter((v) => v === -40).length, 1);
});

test("the engine's clock moves on without frames, and stands still while paused", () => {
  const engine = new AnalyzerEngine([], 30);
  engine.take(spectrum({ startS: 1000, durationS: 0.05, lowHz: 96_000_000n, highHz: 98_400_000n }), 1000.25);
  const head = engine.headS(1000.25);
  assert.ok(Math.abs(head - 1000.05) < 0.06, String(head));
  assert.ok(engine.headS(1010.25) > 1009);
  engine.pause(true, 1010.25);
  assert.equal(engine.headS(1020), engine.headS(1030));
});

test("a paused picture stays as it was while frames go on arriving", () => {
  const engine = new AnalyzerEngine([], 30);
  const frame = (startS: number, level: number) => spectrum({ startS, durationS: 0.05, body: new Uint8Array(12).fill(level) });
  engine.take(frame(1000, 50), 1000.05);
  engine.pause(true, 1000.05);
  const head = engine.headS(1000.05);
  const ring = engine.ring!;
  const before = ring.data.slice();
  engine.take(frame(1000.02, 200), 1000.08);
  const row = ring.rowAt(head - ring.rowS / 2) % ring.rows;
  assert.deepEqual(ring.data.slice(row * ring.columns, (row + 1) * ring.columns), before.slice(row * ring.columns, (row + 1) * ring.columns));
  engine.pause(false, 1000.1);
  engine.take(frame(1000.1, 200), 1000.15);
  assert.ok(ring.newest > ring.rowAt(head));
});

test("a hole in the live frames is asked for once the server can have stored it", () => {
  const engine = new AnalyzerEngine([], 30);
  engine.take(spectrum({ startS: 1000, durationS: 0.0625 }), 1000.1);
  engine.take(spectrum({ startS: 1000.25, durationS: 0.0625 }), 1000.4);
  assert.deepEqual(engine.dueGap(1002.7), { from: 995, to: 1000 }, "what was not stored yet when the first frame came");
  assert.equal(engine.dueGap(1010), null, "a fifth of a second is jitter");
  engine.take(spectrum({ startS: 1003, durationS: 0.0625 }), 1003.1);
  assert.equal(engine.dueGap(1004), null, "too early");
  assert.deepEqual(engine.dueGap(1006), { from: 1000.3125, to: 1003 });
  assert.equal(engine.dueGap(1007), null, "once");
});

test("a line that goes on losing frames is asked about for all its old holes together", () => {
  const engine = new AnalyzerEngine([], 30);
  for (let second = 0; second < 6; second += 1) engine.take(spectrum({ startS: 1000 + second, durationS: 0.5 }), 1000.5 + second);
  assert.deepEqual(engine.dueGap(1005.5), { from: 995, to: 1002 }, "and not for those that the server may not have stored");
  assert.equal(engine.dueGap(1006.5), null, "now and then");
  assert.deepEqual(engine.dueGap(1008.5), { from: 1002.5, to: 1005 });
});

test("stored rows fill their second, and a missing second between them stays missing", () => {
  const engine = new AnalyzerEngine([], 60);
  engine.take(spectrum({ startS: 1000, durationS: 0.05 }), 1000.1);
  const header = { ...spectrum({ durationS: 0.05 }), kind: "waterfall" as const };
  const rows = [980, 981, 982, 986, 987].map((startS) => ({ startS, max: new Uint8Array(4).fill(90) }));
  engine.takeHistory({ ...header, rows });
  const ring = engine.ring!;
  const seen = (time: number) => ring.number[ring.rowAt(time) % ring.rows] === ring.rowAt(time);
  assert.deepEqual([980.5, 982.5, 983.2, 986.5].map(seen), [true, true, true, true]);
  assert.deepEqual([983.9, 985].map(seen), [false, false]);
});

test("another time span keeps what was drawn", () => {
  const engine = new AnalyzerEngine([], 30);
  engine.take(spectrum({ startS: 1000, durationS: 0.05 }), 1000.1);
  engine.setSpan(120);
  assert.equal(engine.ring?.number.some((row) => row >= 0), true);
});

test("the level axis does not jump while the traces still fit", () => {
  const range = levelRange({ floor: -98, top: -50 }, null);
  assert.deepEqual(range, { low: -110, high: -40 });
  assert.equal(levelRange({ floor: -97, top: -47 }, range), range);
  assert.notEqual(levelRange({ floor: -98, top: -30 }, range), range);
});

test("overlapping allocations get lanes of their own", () => {
  const lanes = lanesOf([{ low: 0, high: 10 }, { low: 2, high: 4 }, { low: 5, high: 6 }, { low: 10, high: 12 }], 3);
  assert.deepEqual(lanes.map((lane) => lane.map((band) => band.low)), [[0, 10], [2, 5]]);
});

test("colour maps are opaque, and all but turbo get lighter with level", () => {
  for (const map of COLOUR_MAPS) {
    const table = colourTable(map);
    assert.equal(table.length, 1024);
    const luminance = (i: number) => 0.2126 * (table[4 * i] ?? 0) + 0.7152 * (table[4 * i + 1] ?? 0) + 0.0722 * (table[4 * i + 2] ?? 0);
    for (let i = 0; i < 256; i += 1) assert.equal(table[4 * i + 3], 255);
    if (map === "turbo") continue;
    for (let i = 4; i < 256; i += 4) assert.ok(luminance(i) > luminance(i - 4) - 0.5, `${map} at ${i}`);
  }
});
