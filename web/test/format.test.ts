import assert from "node:assert/strict";
import { test } from "node:test";
import { evidenceLabel, evidenceValue } from "../src/app/evidence.ts";
import { bandwidth, frequency, frequencyRange, measuredFrequency, megahertz, offset, parseFrequency } from "../src/format/frequency.ts";
import { compact, count, dbfs, percent } from "../src/format/quantity.ts";
import { ago, clock, dateTime, duration } from "../src/format/time.ts";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";
import { endOfDay, fieldLabel, fieldValue } from "../src/registry/fields.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

test("frequencies print exactly and never lose hertz", () => {
  assert.equal(plain(frequency(433_920_000)), "433.92 MHz");
  assert.equal(plain(frequency(1_090_000_001)), "1090.000001 MHz");
  assert.equal(plain(frequency(77_500)), "77.5 kHz");
  assert.equal(plain(frequency(100_000_000)), "100 MHz");
  assert.equal(plain(frequency(-5)), "-5 Hz");
  assert.equal(megahertz(97_100_310), "97.1003");
});

test("a centre frequency shows no more digits than were measured", () => {
  assert.equal(plain(measuredFrequency(433_922_149.6, 120)), "433.9221 MHz");
  assert.equal(plain(measuredFrequency(433_922_149.6, 5_000)), "433.922 MHz");
  assert.equal(plain(measuredFrequency(433_922_149.6, 0)), "433.922150 MHz");
});

test("widths and offsets have three digits and a sign where it matters", () => {
  assert.equal(plain(bandwidth(26_312)), "26.3 kHz");
  assert.equal(plain(bandwidth(178_200)), "178 kHz");
  assert.equal(plain(bandwidth(2_400_000)), "2.4 MHz");
  assert.equal(plain(bandwidth(999)), "999 Hz");
  assert.equal(plain(offset(24_800)), "+24.8 kHz");
  assert.equal(plain(offset(-1_200)), "−1.2 kHz");
});

test("frequencies are read as people type them", () => {
  const cases: [string, number][] = [
    ["433.92M", 433_920_000],
    ["433.92 MHz", 433_920_000],
    ["433.92", 433_920_000],
    ["2.4G", 2_400_000_000],
    ["77.5k", 77_500],
    ["1090000000", 1_090_000_000],
    ["98.5兆赫", 98_500_000],
    ["200 kHz", 200_000],
    ["25 Hz", 25],
    ["1,090,000,000", 1_090_000_000],
  ];
  for (const [typed, hz] of cases) assert.equal(parseFrequency(typed), hz, typed);
  for (const typed of ["", "M", "abc", "1.2.3M", "12 V", "频率"]) assert.equal(parseFrequency(typed), null, typed);
});

test("a band carries its unit once", () => {
  assert.equal(plain(frequencyRange(87_000_000, 108_000_000)), "87–108 MHz");
  assert.equal(plain(frequencyRange(526_500, 1_606_500)), "526.5–1606.5 kHz");
  assert.equal(plain(frequencyRange(121_499_900, 121_500_100)), "121.4999–121.5001 MHz");
});

test("what the product prints it also reads", () => {
  for (const hz of [433_920_000, 77_500, 1_090_000_001, 12_500, 87_000_000]) assert.equal(parseFrequency(frequency(hz)), hz);
});

test("levels, shares and counts", () => {
  assert.equal(plain(dbfs(-31.24)), "−31.2 dBFS");
  assert.equal(plain(percent(0.813)), "81 %");
  assert.equal(plain(percent(0.00094)), "0.094 %");
  assert.equal(plain(percent(0)), "0 %");
  assert.equal(count(163_840, "en"), "163,840");
  assert.equal(compact(406_300_000, "zh"), "4.1亿");
});

test("times follow language and zone", () => {
  const time = "2026-11-22T18:03:07Z";
  assert.equal(dateTime(time, "utc"), "2026-11-22 18:03:07");
  assert.equal(clock(time, "zh", "utc"), "18:03:07");
  assert.equal(dateTime("rubbish", "utc"), "");
  assert.equal(plain(duration(0.038, "en")), "38 ms");
  assert.equal(plain(duration(192, "zh")), "3 分 12 秒");
  assert.equal(plain(duration(3600, "en")), "1 h");
  assert.equal(plain(duration(90_000, "zh")), "1 天 1 小时");
  const now = Date.parse(time);
  assert.match(ago(now - 7_000, now, "zh"), /7\s?秒/);
  assert.match(ago(now - 7_200_000, now, "en"), /2 hr/);
});

test("evidence prints its unit, known key or not", () => {
  assert.equal(evidenceLabel("offset_hz", zh), "频率偏差");
  assert.equal(plain(evidenceValue("offset_hz", 24_800)), "+24.8 kHz");
  assert.equal(plain(evidenceValue("distance_km", 12.3456)), "12.35 km");
  assert.equal(evidenceLabel("some_new_thing_db", en), "some new thing");
  assert.equal(plain(evidenceValue("some_new_thing_db", -3)), "−3.0 dB");
  assert.equal(plain(evidenceValue("observed_fraction", 0.5)), "50 %");
});

test("a day ends by the clock that was chosen, and what is no day is none", () => {
  assert.equal(endOfDay("2026-03-01", "utc"), "2026-03-01T23:59:59.999Z");
  assert.equal(dateTime(endOfDay("2026-03-01", "local") ?? "", "local"), "2026-03-01 23:59:59");
  for (const wrong of [null, "", "yesterday", "2026-13-41", "2026-03-01T00:00"]) assert.equal(endOfDay(wrong, "utc"), null);
});

test("changed fields have names and values for people", () => {
  assert.equal(fieldLabel("holder", zh), zh.field.holder);
  assert.equal(fieldLabel("details.antenna.gain_dbi", en), "details.antenna.gain_dbi");
  assert.equal(plain(fieldValue("center_hz", 97_200_000, "utc")), "97.2000 MHz");
  assert.equal(plain(fieldValue("necessary_bandwidth_hz", 16_000, "utc")), "16 kHz");
  assert.equal(fieldValue("valid_to", "2026-03-01T00:00:00Z", "utc"), "2026-03-01 00:00:00");
  assert.equal(fieldValue("holder", null, "utc"), "—");
  assert.equal(fieldValue("block", true, "utc"), "true");
});
