//! The form of a control order: what is typed is what is sent, and an order on the screen follows the clock.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlOrder } from "../src/api/model.ts";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";
import { draftOf, emptyDraft, fieldTime, instant, phaseAt, requestOf } from "../src/orders/form.ts";
import { areaText, classText, effectText } from "../src/orders/words.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ");

const order: ControlOrder = {
  id: "k1",
  number: "HB-2026-03",
  title: { zh: "赛事管制", en: "赛事管制" },
  issuer: "示范区人民政府",
  state: "in_force",
  low_hz: 87e6,
  high_hz: 108e6,
  area: { circle: { latitude: 30.5, longitude: 114.3, radius_km: 5 } },
  from: "2026-12-10T00:00:00Z",
  to: "2026-12-20T00:00:00Z",
  hours: "Mo,Tu 08:00-18:00 +08:00",
  hours_text: { zh: "", en: "" },
  effect: { kind: "limit", max_eirp_dbm: 40, max_bandwidth_hz: 25_000 },
  exempt: ["应急管理局", "DEMO-AIR-TWR"],
  classification: "机密",
  releasability: ["civil_officer"],
  office: "civil",
  approved_at: null,
  lifted_at: null,
  approvals_missing: [],
  steps: [],
  available: [],
  version: 3,
};

test("an order that is opened and saved unchanged says the same", () => {
  const sent = requestOf(draftOf(order, "utc"), "utc");
  assert.ok(sent);
  assert.deepEqual(
    [sent.number, sent.low_hz, sent.high_hz, sent.area, sent.hours, sent.effect, sent.exempt, sent.classification, sent.releasability],
    [order.number, 87e6, 108e6, order.area, order.hours, order.effect, order.exempt, "机密", ["civil_officer"]],
  );
  assert.deepEqual([sent.from, sent.to], ["2026-12-10T00:00:00.000Z", "2026-12-20T00:00:00.000Z"]);
  assert.deepEqual(sent.title, { zh: "赛事管制", en: "" }, "the server fills the other language in again");
});

test("an area the form cannot show is kept", () => {
  const shape: ControlOrder["area"] = { shape: { rectangle: { south: 30, west: 114, north: 31, east: 115 } } };
  const draft = draftOf({ ...order, area: shape }, "utc");
  assert.equal(draft.where, "kept");
  assert.deepEqual(requestOf(draft, "utc", shape)?.area, shape);
  assert.equal(requestOf({ ...draft, where: "everywhere" }, "utc", shape)?.area, null);
});

test("another order like one has a number and times of its own", () => {
  const draft = draftOf(order, "utc", true);
  assert.deepEqual([draft.number, draft.from, draft.to, draft.low], ["", "", "", 87e6]);
  assert.equal(requestOf(draft, "utc"), null, "times are still to be given");
});

test("what is not filled in is not sent", () => {
  const draft = { ...draftOf(order, "utc"), radius: null };
  assert.equal(requestOf(draft, "utc"), null);
  assert.equal(requestOf(emptyDraft(), "utc"), null);
  const open = requestOf({ ...draftOf(order, "utc"), classification: "", exempt: " \n a \n", effect: "protect" }, "utc");
  assert.deepEqual([open?.releasability, open?.exempt, open?.effect], [[], ["a"], { kind: "protect" }]);
});

test("a time is read in the zone it is shown in", () => {
  assert.equal(instant("2026-12-10T08:00", "utc"), "2026-12-10T08:00:00.000Z");
  assert.equal(fieldTime("2026-12-10T08:00:00Z", "utc"), "2026-12-10T08:00");
  assert.equal(instant(fieldTime("2026-07-10T08:00:00Z", "local"), "local"), "2026-07-10T08:00:00.000Z");
  assert.equal(instant("", "utc"), null);
});

test("an order comes into force and expires on the screen", () => {
  const at = (time: string) => phaseAt(order, Date.parse(time));
  assert.equal(at("2026-12-09T23:59:59Z"), "pending");
  assert.equal(at("2026-12-10T00:00:00Z"), "in_force");
  assert.equal(at("2026-12-20T00:00:00Z"), "expired");
  assert.equal(phaseAt({ ...order, state: "lifted" }, Date.parse("2026-12-15T00:00:00Z")), "lifted");
});

test("areas, effects and classifications read as words", () => {
  assert.equal(plain(areaText(order.area, en)), "Within 5 km of 30.5000° N, 114.3000° E");
  assert.equal(areaText(null, zh), "全辖区");
  assert.equal(areaText({ shape: { polygon: [[30, 114], [31, 114], [30, 115]] } }, en), "Polygon of 3 corners");
  assert.equal(plain(effectText(order.effect, en)), "Limits sending: EIRP ≤ 40 dBm, Bandwidth ≤ 25 kHz");
  assert.equal(effectText({ kind: "prohibit" }, zh), "禁止发射");
  assert.equal(classText("绝密", en), "Top secret");
  assert.equal(classText("NATO", en), "NATO");
});
