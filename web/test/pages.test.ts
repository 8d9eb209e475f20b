import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../src/api/problem.ts";
import { explain } from "../src/app/failure.ts";
import { remark } from "../src/app/history.ts";
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

test("the server's remarks in a history are told in the reader's language, a person's are left alone", () => {
  const conflict = { explanation: { zh: "没有相符的指配。", en: "No assignment agrees." } };
  const told = (action: string, actor: string, comment: string) => remark({ time: "2026-11-22T18:03:07Z", action, actor, comment }, conflict, zh, "zh", (time) => `<${time}>`)?.text;
  assert.equal(told("resolved", "civil", "not_reproduced"), "未能复现");
  assert.equal(told("resolved", "civil", "removed: 已停机"), "干扰已消除：已停机");
  assert.equal(told("resolved", "civil", "drove there: nothing"), "drove there: nothing");
  assert.equal(told("reopened", "system", "observed again at 98 MHz, last at 2026-11-22T18:03:07Z"), "在 98 MHz 再次检出，最近一次 <2026-11-22T18:03:07Z>");
  assert.equal(told("reclassified", "system", "No assignment agrees."), "没有相符的指配。");
  assert.equal(told("opened", "system", ""), undefined);
  const then = { time: "2026-11-22T18:03:07Z", action: "opened", actor: "system", comment: "Another reason." };
  assert.deepEqual([remark(then, conflict, zh, "zh", String)?.foreign, remark(then, conflict, en, "en", String)?.foreign], [true, false]);
  assert.equal(told("acknowledged", "civil", "observed again at 98 MHz, last at noon"), "observed again at 98 MHz, last at noon");
});

test("what the server does not explain is explained here, in the reader's language", () => {
  assert.match(explain(new Problem(418, "I'm a teapot", "", null), zh).text, /418/);
  assert.equal(explain(new TypeError("x is undefined"), zh).text, zh.error.unexpected);
});
