import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../src/api/problem.ts";
import { explain } from "../src/app/failure.ts";
import { coordinates, sampleRate } from "../src/format/frequency.ts";
import { bothClocks, duration } from "../src/format/time.ts";
import { evidenceLabel, evidenceValue } from "../src/app/evidence.ts";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";
import { standingOf } from "../src/registry/standing.ts";
import { serviceName } from "../src/spectrum/service.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

test("a time is told by both clocks", () => {
  const [local, utc] = bothClocks("2026-11-22T18:03:07Z").split("\n");
  assert.equal(utc, "2026-11-22 18:03:07 UTC");
  assert.match(local ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC[+−]\d\d:\d\d$/);
  assert.equal(bothClocks(""), "");
});

test("a burst of less than a millisecond is not nothing", () => {
  assert.equal(plain(duration(0.0004, "zh")), "< 1 毫秒");
  assert.equal(plain(duration(0, "zh")), "0 毫秒");
});

test("rates, places and shares carry their units", () => {
  assert.equal(plain(sampleRate(2_400_000)), "2.4 MS/s");
  assert.equal(plain(coordinates(30.5462, 114.4021)), "30.5462° N, 114.4021° E");
  assert.equal(plain(coordinates(-33.9, -70.1)), "33.9000° S, 70.1000° W");
  assert.equal(plain(evidenceValue("duty_cycle_ratio", 0.002762)), "0.3 %");
  assert.equal(evidenceLabel("some_new_ratio", zh), "some new");
  assert.equal(plain(evidenceValue("center_hz", 98_090_374, 4_820)), "98.090 MHz");
  assert.equal(plain(evidenceValue("center_hz", 98_600_000, 0)), "98.6 MHz", "asked about, not measured");
  assert.equal(plain(evidenceValue("duration_s", 0.000_426_7)), "0.4267 ms");
  assert.equal(plain(evidenceValue("duration_s", 376.4)), "376.4 s");
});

test("an assignment past its last day does not stand, whatever its status says", () => {
  const now = Date.parse("2026-11-22T00:00:00Z");
  const dates = { valid_from: "2020-01-01T00:00:00Z", valid_to: "2025-01-01T00:00:00Z" };
  assert.equal(standingOf({ status: "granted", ...dates }, now), "expired");
  assert.equal(standingOf({ status: "granted", ...dates, valid_to: null }, now), "granted");
  assert.equal(standingOf({ status: "granted", valid_from: "2027-01-01T00:00:00Z", valid_to: null }, now), "pending");
  assert.equal(standingOf({ status: "suspended", ...dates }, now), "suspended");
});

test("services read as words; an unknown code stays", () => {
  assert.equal(serviceName("FIXED+MOBILE", zh.service), "固定 + 移动");
  assert.equal(serviceName("EESS-PASSIVE+RADIOASTRONOMY", en.service), "Earth exploration-satellite (passive) + Radio astronomy");
  assert.equal(serviceName("SOMETHING-NEW", zh.service), "SOMETHING-NEW");
});

test("what the server does not explain is explained here, in the reader's language", () => {
  assert.match(explain(new Problem(418, "I'm a teapot", "", null), zh).text, /418/);
  assert.equal(explain(new TypeError("x is undefined"), zh).text, zh.error.unexpected);
});
