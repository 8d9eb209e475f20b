//! Requests as forms, and in words.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Proposal, ReadRequest } from "../src/api/model.ts";
import { emptyForm, formOf, hoursText, minutesOf, proposalOf, withRead, zoneOf } from "../src/coordination/proposal.ts";
import { askedText, bandText, placeText, timeText } from "../src/coordination/words.ts";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

const asked: Proposal = {
  title: "Sports days",
  kind: "event",
  priority: "urgent",
  from_office: "A",
  to_office: "B",
  user: "C",
  purpose: "D",
  asked: { bands: [{ low_hz: 160_000_000, high_hz: 160_012_500 }] },
  designator: "11K0F3E",
  service: "LAND-MOBILE",
  power: { dbw: 10, kind: "eirp" },
  antenna_height_m: 20,
  place: { circle: { latitude: 30.55, longitude: 114.36, radius_km: 5 } },
  time: { from: "2026-12-10T00:00:00.000Z", to: "2026-12-20T00:00:00.000Z" },
};

test("a request comes out of its form as it went in", () => {
  const zone = zoneOf(new Date(asked.time.from));
  const window = { days: 31, from_min: 480, to_min: 1080, zone };
  const others: Proposal[] = [
    asked,
    { ...asked, classification: "秘密", service: null, antenna_height_m: null },
    { ...asked, time: { ...asked.time, windows: [window] } },
    { ...asked, time: { ...asked.time, windows: [window, { ...window, days: 64 }] } },
    { ...asked, place: { shape: { rectangle: { south: 30, west: 114, north: 31, east: 115 } } } as Proposal["place"] },
    {
      ...asked,
      asked: { fit: { bandwidth_hz: 12_500, tuning: { low_hz: 158_000_000, high_hz: 162_000_000 }, raster_hz: 6_250 } },
    },
    { ...asked, asked: { bands: [{ low_hz: 1, high_hz: 4 }, { low_hz: 7, high_hz: 11 }] } },
  ];
  for (const each of others) assert.deepEqual(proposalOf(formOf(each)), each);
});

test("a form with a gap asks for nothing yet", () => {
  const now = new Date("2026-11-22T10:00:00Z");
  assert.equal(proposalOf(emptyForm(now)), null);
  for (const gap of [{ title: " " }, { dbw: null }, { latitude: null }, { from: "" }, { channels: [{ center: 1e6, width: null }] }, { channels: [] }]) {
    assert.equal(proposalOf({ ...formOf(asked), ...gap }), null, JSON.stringify(gap));
  }
  assert.equal(proposalOf({ ...formOf(asked), fit: true }), null);
});

test("hours of the day read back, and a day may end at midnight", () => {
  for (const minutes of [0, 1, 480, 1439]) assert.equal(minutesOf(hoursText(minutes)), minutes);
  assert.equal(hoursText(1440), "00:00");
});

test("a request is put in words", () => {
  assert.equal(plain(bandText({ low_hz: 160_000_000, high_hz: 160_012_500 })), "160.00625 MHz / 12.5 kHz");
  assert.equal(plain(bandText({ low_hz: 160_000_000, high_hz: 164_000_000 })), "160–164 MHz");
  const fit: Proposal["asked"] = {
    fit: { bandwidth_hz: 12_500, tuning: { low_hz: 158_000_000, high_hz: 162_000_000 }, raster_hz: 12_500 },
  };
  assert.equal(plain(askedText(fit, en)), "Anything that fits: 12.5 kHz @ 158–162 MHz");
  assert.match(placeText(asked.place, zh), /30\.5500/);
  const windows = [{ days: 0b110_0000, from_min: 480, to_min: 1440, zone: "UTC" }];
  assert.equal(
    timeText({ ...asked.time, windows }, "utc", en),
    "2026-12-10 00:00 to 2026-12-20 00:00; SaSu 08:00–24:00 UTC",
  );
});

test("a file fills the form and leaves alone what it does not say", () => {
  const read: ReadRequest = {
    sources: ["r.sfaf:1"],
    title: "Sports days",
    user: null,
    purpose: null,
    bands: [{ low_hz: 160_000_000, high_hz: 160_012_500 }],
    designator: "11K0F3E",
    service: null,
    power: { dbw: 12.1, kind: "eirp" },
    antenna_height_m: null,
    place: { circle: { latitude: 30.55, longitude: 114.36, radius_km: 0 } },
    from: "2026-12-10T00:00:00Z",
    to: null,
    windows: [],
    classification: null,
  };
  const before = { ...emptyForm(new Date("2026-12-01T00:00:00Z")), user: "C", height: 20, hours: true, fit: true };
  const after = withRead(before, read);
  assert.deepEqual(after.channels, [{ center: 160_006_250, width: 12_500 }]);
  assert.deepEqual([after.title, after.user, after.height, after.dbw, after.power], ["Sports days", "C", 20, 12.1, "eirp"]);
  assert.deepEqual([after.latitude, after.radius, after.fit, after.hours, after.to], [30.55, 0, false, true, before.to]);
  const zone = zoneOf(new Date("2026-12-10T00:00:00Z"));
  const daily = withRead(before, { ...read, windows: [{ days: 31, from_min: 60, to_min: 120, zone }] });
  assert.deepEqual([daily.hours, daily.days, daily.windows], [true, 31, null]);
  const foreign = withRead(before, { ...read, windows: [{ days: 31, from_min: 60, to_min: 120, zone: "-09:30" }] });
  assert.deepEqual([foreign.hours, foreign.windows?.length], [false, 1]);
  const area = { shape: { rectangle: { south: 30, west: 114, north: 31, east: 115 } } } as Proposal["place"];
  assert.deepEqual(withRead(before, { ...read, place: area }).area, area);
});
