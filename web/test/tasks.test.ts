//! The form of a measuring task: what is typed is what is sent, and what is amended loses nothing; what may be claimed of what was
//! measured.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TaskContent } from "../src/api/model.ts";
import { claimed, contentOf, draftOf, emptyDraft, progress } from "../src/tasks/form.ts";

const content: TaskContent = {
  title: "航空频段监测",
  purpose: "节前保障",
  receivers: ["roof"],
  low_hz: 118e6,
  high_hz: 118.025e6,
  raster_hz: null,
  time: { from: "2026-11-23T01:02:03Z", to: "2026-11-25T00:00:00Z", windows: [{ days: 3, from_min: 60, to_min: 120, zone: "UTC" }] },
  minutes: 90,
  products: ["occupancy"],
  priority: "immediate",
  reason: "干扰",
  classified: true,
};

test("a task that is amended keeps what the fields do not know", () => {
  const draft = draftOf(content, "utc");
  assert.deepEqual([draft.from, draft.hours, draft.days], ["2026-11-23T01:02", true, 3]);
  assert.deepEqual(contentOf(draft, "utc", content), content, "seconds stay");
  const two = { ...content, time: { ...content.time, windows: [...content.time.windows!, ...content.time.windows!] } };
  assert.deepEqual(contentOf(draftOf(two, "utc"), "utc", two), two, "hours the form cannot show stay");
});

test("what the browser demands is not sent half, and a reason only where it is asked for", () => {
  const draft = emptyDraft(new Date("2026-11-23T01:02:00Z"), "utc");
  assert.deepEqual([draft.from, draft.to], ["2026-11-23T01:15", "2026-11-24T01:15"]);
  assert.equal(contentOf(draft, "utc"), null, "no frequencies");
  const full = contentOf({ ...draft, low: 1e6, high: 2e6, reason: "old" }, "utc");
  assert.deepEqual([full?.reason, full?.time.windows], ["", []]);
});

test("nothing is claimed of what was not observed", () => {
  const use = { share: 0.25, low: 0.2, high: 0.3, confidence: 0.95 };
  assert.equal(claimed(null), null);
  assert.match(claimed({ ...use, bound: "interval" })!, /25\s%.*20\s% – 30\s%/u);
  assert.match(claimed({ ...use, bound: "at_most" })!, /^≤ 30/);
  assert.match(claimed({ ...use, bound: "at_least" })!, /^≥ 20/);
  assert.equal(progress({ coverage: { wanted_s: 100, observed_s: 120, slots_s: 0 } }), 1);
  assert.equal(progress({ coverage: { wanted_s: 100, observed_s: 25, slots_s: 100 } }), 0.25);
});
