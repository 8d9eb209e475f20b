import assert from "node:assert/strict";
import { test } from "node:test";
import type { Emission } from "../src/api/model.ts";
import { clampView, initialView, isWhole, viewAfter } from "../src/spectrum/axis.ts";
import { GUTTER } from "../src/spectrum/draw.ts";
import { bandBetween, beginPinch, dragged, fractionOfPixel, frequencyOfPixel, pinched, wheeled } from "../src/spectrum/gesture.ts";
import { commandOf } from "../src/spectrum/keys.ts";
import { markersOf, neighbour } from "../src/spectrum/markers.ts";

const DOMAIN = { low: 96e6, high: 98.4e6 };
const VIEW = { low: 97e6, high: 98e6 };
/** Pixels of the plot, so that one of them is a kilohertz of `VIEW`. */
const WIDE = 1000;
const x = (fraction: number) => GUTTER.left + fraction * WIDE;
const pixel = (deltaY: number, more = {}) => ({ deltaX: 0, deltaY, deltaMode: 0, shiftKey: false, ...more });

test("pixels and frequencies agree, and beside the plot there is none", () => {
  assert.equal(fractionOfPixel(x(0.25), WIDE), 0.25);
  assert.equal(frequencyOfPixel(x(0.25), WIDE, VIEW), 97.25e6);
  assert.equal(frequencyOfPixel(x(0) - 1, WIDE, VIEW), null);
  assert.equal(frequencyOfPixel(x(1) + 1, WIDE, VIEW), null);
});

test("a dragged picture sticks to the pointer and stops at the edge of the domain", () => {
  assert.deepEqual(dragged(VIEW, DOMAIN, x(0.5), x(0.4), WIDE), { low: 97.1e6, high: 98.1e6 });
  assert.deepEqual(dragged(VIEW, DOMAIN, x(0.5), x(0.5) - 5 * WIDE, WIDE), { low: 97.4e6, high: 98.4e6 });
});

test("a rubber band reads the same from either side and ends at the view", () => {
  const band = bandBetween(x(0.2), x(0.6), WIDE, VIEW);
  assert.deepEqual(band, { low: 97.2e6, high: 97.6e6 });
  assert.deepEqual(bandBetween(x(0.6), x(0.2), WIDE, VIEW), band);
  assert.deepEqual(bandBetween(x(0.9), x(2), WIDE, VIEW), { low: 97.9e6, high: 98e6 });
});

test("a pinch keeps what is between the fingers between them", () => {
  const pinch = beginPinch(x(0.4), x(0.6), WIDE, VIEW);
  const closer = pinched(pinch, x(0.3), x(0.7), DOMAIN);
  assert.equal(closer.high - closer.low, 0.5e6);
  assert.equal((closer.low + closer.high) / 2, 97.5e6);
  // Fingers that meet do not blow the view up.
  const met = pinched(beginPinch(x(0.5), x(0.5), WIDE, VIEW), x(0.5), x(0.5), DOMAIN);
  assert.deepEqual(met, VIEW);
});

test("the wheel zooms at the pointer; sideways or with Shift it moves", () => {
  const closer = wheeled(VIEW, DOMAIN, pixel(-100), x(0.25), WIDE);
  assert.ok(closer.high - closer.low < 1e6);
  assert.equal(Math.round(closer.low + 0.25 * (closer.high - closer.low)), 97.25e6);
  const sideways = wheeled(VIEW, DOMAIN, pixel(0, { deltaX: 100 }), x(0.25), WIDE);
  assert.deepEqual([Math.round(sideways.low), Math.round(sideways.high)], [97.08e6, 98.08e6]);
  assert.deepEqual(wheeled(VIEW, DOMAIN, pixel(100, { shiftKey: true }), x(0.25), WIDE), sideways);
  const lines = wheeled(VIEW, DOMAIN, pixel(-1, { deltaMode: 1 }), x(0.25), WIDE);
  assert.deepEqual(lines, wheeled(VIEW, DOMAIN, pixel(-16), x(0.25), WIDE));
  const wild = wheeled(VIEW, DOMAIN, pixel(-1e6), x(0.25), WIDE);
  assert.ok(wild.high - wild.low > 0.5e6, "one turn of a wild wheel is no plunge");
});

test("who saw the whole band goes on seeing it when it grows; others stay where they were", () => {
  const grown = { low: 87e6, high: 108e6 };
  assert.deepEqual(viewAfter(DOMAIN, DOMAIN, grown, null), grown);
  assert.deepEqual(viewAfter(VIEW, DOMAIN, grown, null), VIEW);
  assert.deepEqual(viewAfter(null, null, DOMAIN, VIEW), VIEW, "the address's view begins");
  assert.deepEqual(viewAfter(null, null, DOMAIN, null), DOMAIN);
  assert.deepEqual(viewAfter(VIEW, DOMAIN, { low: 430e6, high: 432e6 }, null), { low: 430e6, high: 431e6 });
  assert.ok(isWhole(clampView({ low: 96e6 + 100, high: 98.4e6 }, DOMAIN), DOMAIN));
  assert.ok(!isWhole(VIEW, DOMAIN));
  assert.deepEqual(initialView({ low: 98e6, high: 97e6 }, DOMAIN), DOMAIN, "a view the wrong way round");
});

test("keys are commands, chords are the browser's", () => {
  const press = (key: string, more = {}) => commandOf({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
  assert.equal(press("+"), "zoomIn");
  assert.equal(press(" "), "pause");
  assert.equal(press("x"), null);
  assert.equal(press("constructor"), null);
  assert.equal(press("+", { ctrlKey: true }), null);
  assert.equal(press("ArrowLeft", { altKey: true }), null);
});

function emission(id: string, center: number, more: Partial<Emission> = {}): Emission {
  const time = "2026-11-22T18:03:07Z";
  return { id, center_hz: center, low_hz: center - 5e3, high_hz: center + 5e3, open: true, peak_dbfs: -40, start: time, stop: time, ...more } as Emission;
}

test("markers carry their verdict's colours; hidden ones leave the selected one", () => {
  const colours = new Map([["none", { colour: "grey", overColour: "white" }]] as const);
  const [a, b] = markersOf([emission("a", 97e6), emission("b", 98e6)], true, "b", colours);
  assert.deepEqual([a?.colour, a?.selected, b?.selected], ["grey", false, true]);
  assert.equal(b?.startS, Date.parse("2026-11-22T18:03:07Z") / 1000);
  const alone = markersOf([emission("a", 97e6), emission("b", 98e6)], false, "b", new Map());
  assert.deepEqual(alone.map((m) => m.id), ["b"]);
});

test("stepping goes by frequency, round and round, over what is on the air", () => {
  const all = [emission("c", 99e6), emission("a", 97e6), emission("gone", 97.5e6, { open: false }), emission("b", 98e6)];
  const markers = markersOf(all, true, null, new Map());
  const from = (id: string | null, direction: 1 | -1) => neighbour(markers, id, direction)?.id;
  assert.deepEqual([from("a", 1), from("b", 1), from("c", 1)], ["b", "c", "a"]);
  assert.deepEqual([from("a", -1), from("c", -1)], ["c", "b"]);
  assert.deepEqual([from(null, 1), from(null, -1)], ["a", "c"]);
  assert.equal(neighbour([], null, 1), null);
});
