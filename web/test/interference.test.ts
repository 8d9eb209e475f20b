//! The form of a complaint: what is typed is what is sent, and what is corrected loses nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Complaint } from "../src/api/model.ts";
import { complaintOf, draftOf, emptyDraft, ids, isLate } from "../src/interference/form.ts";

const complaint: Complaint = {
  complainant: "示范机场",
  contact: "027-0000",
  assignment: "A-1",
  low_hz: 118e6,
  high_hz: 118.025e6,
  place: { latitude: 30.5, longitude: 114.3, radius_km: 2 },
  address: "塔台",
  began: "2026-11-20T01:02:03Z",
  ended: null,
  symptoms: "广播声",
  channel: "telephone",
};

test("a complaint that is corrected keeps what the fields do not know", () => {
  const draft = draftOf(complaint, "utc");
  assert.equal(draft.began, "2026-11-20T01:02");
  assert.deepEqual(complaintOf(draft, "utc", complaint), complaint, "seconds and radius stay");
  draft.began = "2026-11-20T01:03";
  assert.equal(complaintOf(draft, "utc", complaint)?.began, "2026-11-20T01:03:00.000Z");
});

test("what the browser demands is not sent half", () => {
  assert.equal(complaintOf(emptyDraft(), "utc"), null);
  const draft = { ...draftOf(complaint, "utc"), longitude: null };
  assert.equal(complaintOf(draft, "utc"), null, "a latitude alone is no place");
  const plain = complaintOf({ ...draft, latitude: null, assignment: " " }, "utc");
  assert.deepEqual([plain?.place, plain?.assignment], [null, null]);
});

test("ids are read as people list them", () => {
  assert.deepEqual(ids(" a1\nb2， c3;;d4 "), ["a1", "b2", "c3", "d4"]);
});

test("late is what is past its time", () => {
  const at = (until: string | null) => isLate({ until }, Date.parse("2026-11-20T00:00:00Z"));
  assert.deepEqual([at(null), at("2026-11-20T00:00:01Z"), at("2026-11-19T23:59:59Z")], [false, false, true]);
});
