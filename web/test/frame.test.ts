import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameError, decodeFrame, levelOf } from "../src/live/frame.ts";
import { frameBytes } from "./frames.ts";

test("a spectrum frame is read field by field", () => {
  const body = Uint8Array.from([1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24]);
  const frame = decodeFrame(
    frameBytes({ sequence: 9_007_199_254_740_991n, startS: 1_764_000_000.25, durationS: 0.0625, receiver: 3, lowHz: -12_000n, highHz: 12_000n, body }),
  );
  assert.equal(frame.kind, "spectrum");
  if (frame.kind !== "spectrum") return;
  assert.equal(frame.sequence, 9_007_199_254_740_991);
  assert.equal(frame.startS, 1_764_000_000.25);
  assert.equal(frame.durationS, 0.0625);
  assert.equal(frame.receiver, 3);
  assert.deepEqual([frame.lowHz, frame.highHz, frame.bins], [-12_000, 12_000, 4]);
  assert.deepEqual([frame.offsetDb, frame.stepDb, frame.floorDbfs, frame.enbwBins], [-140, 0.5, -98, 1.5]);
  assert.deepEqual([[...frame.mean], [...frame.max], [...frame.floor]], [[1, 2, 3, 4], [11, 12, 13, 14], [21, 22, 23, 24]]);
  assert.equal(frame.floorObserved, true);
});

test("a span without a visible floor says so", () => {
  assert.equal(decodeFrame(frameBytes({ flags: 0 })).floorObserved, false);
});

test("waterfall rows keep their own times", () => {
  const body = new Uint8Array(2 * (8 + 3));
  const view = new DataView(body.buffer);
  view.setFloat64(0, 10.5, true);
  body.set([1, 2, 3], 8);
  view.setFloat64(11, 11.5, true);
  body.set([0, 5, 6], 19);
  const frame = decodeFrame(frameBytes({ kind: 2, bins: 3, rows: 2, body }));
  assert.equal(frame.kind, "waterfall");
  if (frame.kind !== "waterfall") return;
  assert.deepEqual(frame.rows.map((row) => row.startS), [10.5, 11.5]);
  assert.deepEqual(frame.rows.map((row) => [...row.max]), [[1, 2, 3], [0, 5, 6]]);
});

test("byte 0 is not observed, and not a level", () => {
  const scale = { offsetDb: -140, stepDb: 0.5 };
  assert.equal(levelOf(scale, 0), null);
  assert.equal(levelOf(scale, 1), -139.5);
  assert.equal(levelOf(scale, 255), -12.5);
});

test("broken frames are refused with a reason", () => {
  const cases: [ArrayBuffer, RegExp][] = [
    [new ArrayBuffer(10), /10 bytes/],
    [new ArrayBuffer(80), /not a PSF1/],
    [frameBytes({ kind: 9 }), /kind 9/],
    [frameBytes({ bins: 0, body: new Uint8Array(0) }), /0 bins/],
    [frameBytes({ bins: 400, body: new Uint8Array(12) }), /1272 needed/],
    [frameBytes({ bins: 0xffffffff, body: new Uint8Array(12) }), /bins/],
    [frameBytes({ lowHz: 5n, highHz: 5n }), /empty/],
    [frameBytes({ kind: 2, rows: 1000, bins: 4 }), /needed/],
  ];
  for (const [bytes, why] of cases) assert.throws(() => decodeFrame(bytes), (error) => error instanceof FrameError && why.test(error.message), String(why));
});

test("a longer header of a later version is skipped over", () => {
  const plain = frameBytes({ body: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) });
  const longer = new Uint8Array(plain.byteLength + 8);
  longer.set(new Uint8Array(plain, 0, 72));
  longer.set(new Uint8Array(plain, 72), 80);
  new DataView(longer.buffer).setUint16(4, 80, true);
  const frame = decodeFrame(longer.buffer);
  assert.equal(frame.kind === "spectrum" && frame.mean[0], 1);
});
