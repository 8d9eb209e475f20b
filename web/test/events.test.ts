//! The forms of major events: what is typed is what is sent, and what is changed loses nothing; days and shares as they may be claimed.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventContent, EventRowContent } from "../src/api/model.ts";
import {
  clockText,
  dayInChina,
  daysBetween,
  deviceContent,
  deviceDraft,
  emptyEvent,
  eventContent,
  eventDraft,
  firstDay,
  observedShare,
  rowContent,
  rowDraft,
} from "../src/events/form.ts";

const content: EventContent = {
  name: { zh: "论坛", en: "" },
  about: "",
  area: { circle: { latitude: 30.5, longitude: 114.3, radius_km: 5 } },
  days: [
    { date: "2026-12-01", opens_min: 480, closes_min: 1320 },
    { date: "2026-12-02", opens_min: 480, closes_min: 1320 },
  ],
  participants: ["military"],
};

test("an event that is changed loses nothing", () => {
  assert.deepEqual(eventContent(eventDraft(content)), content);
  const uneven = { ...content, days: [content.days[0]!, { date: "2026-12-05", opens_min: 0, closes_min: 1600 }] };
  assert.deepEqual(eventContent(eventDraft(uneven)), uneven, "days the form cannot show stay");
  const shape: EventContent = { ...content, area: { shape: { rectangle: { south: 30, west: 114, north: 31, east: 115 } } } as never };
  assert.deepEqual(eventContent(eventDraft(shape)), shape, "an area it cannot show stays");
});

test("what is not yet an event is not sent", () => {
  const draft = { ...emptyEvent("2026-12-01"), nameZh: "论坛", latitude: 30.5, longitude: 114.3 };
  assert.ok(eventContent(draft));
  assert.equal(eventContent({ ...draft, nameZh: " " }), null);
  assert.equal(eventContent({ ...draft, last: "2026-11-30" }), null);
  assert.equal(eventContent({ ...draft, closes: 60 }), null);
  assert.equal(eventContent({ ...draft, latitude: null }), null);
  assert.equal(eventContent({ ...draft, last: "2027-12-01" }), null, "longer than an event may be");
});

test("days run from the first to the last, over the end of a month", () => {
  assert.deepEqual(daysBetween("2026-11-29", "2026-12-01"), ["2026-11-29", "2026-11-30", "2026-12-01"]);
  assert.deepEqual(daysBetween("2026-12-01", "2026-11-01"), []);
  assert.equal(dayInChina(new Date("2026-11-23T17:00:00Z")), "2026-11-24");
  assert.equal(clockText(1600), "26:40");
});

test("the report that is shown first is today's, or of the nearest day", () => {
  assert.equal(firstDay({ content }, new Date("2026-12-02T01:00:00Z")), "2026-12-02");
  assert.equal(firstDay({ content }, new Date("2026-12-09T01:00:00Z")), "2026-12-02");
  assert.equal(firstDay({ content }, new Date("2026-11-01T01:00:00Z")), "2026-12-01");
});

test("a channel that is changed keeps what the fields do not know", () => {
  const row: EventRowContent = {
    channel: "K1",
    center_hz: 410_012_500,
    bandwidth_hz: 12_500,
    designator: "11K0F3E",
    service: "LAND-MOBILE",
    user: "会务组",
    site: "",
    place: { latitude: 30.5, longitude: 114.3, radius_km: 0 },
    from: "2026-12-01T01:02:03Z",
    to: null,
    power: { dbw: 6, kind: "erp" },
    key: true,
    classification: "秘密",
    releasability: ["civil_officer"],
    note: "",
  };
  assert.deepEqual(rowContent(rowDraft(row, "utc"), "utc", row), row);
  assert.equal(rowContent({ ...rowDraft(row, "utc"), longitude: null }, "utc", row), null, "half a place is none");
});

test("a device is declared as it is typed", () => {
  assert.equal(deviceContent(deviceDraft(null)), null);
  const declared = {
    kind: "话筒",
    serial: "SN-1",
    owner: "甲",
    approval: "",
    center_hz: 640e6,
    bandwidth_hz: 200e3,
    power: { dbw: -20, kind: "eirp" as const },
    designator: "200KF3E",
  };
  assert.deepEqual(deviceContent(deviceDraft(declared)), declared);
});

test("a share is never rounded up to all of it", () => {
  assert.equal(observedShare(0, 0), 0);
  assert.equal(observedShare(86_399, 86_400), 0.999);
  assert.equal(observedShare(86_400, 86_400), 1);
});
