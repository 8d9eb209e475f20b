//! The particulars of a station: what is stated is shown with its unit, and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Assignment } from "../src/api/model.ts";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";
import { particulars } from "../src/registry/particulars.ts";

const station = (details: object): Assignment => ({ id: "A", details }) as unknown as Assignment;

test("what is stated is a row with its unit", () => {
  const details = {
    power_dbm: 43.97940008672,
    antenna: { height_m: 30, azimuth_deg: 0 },
    equipment: { approval: "2024FP0001" },
    protection: { i_n_db: -10 },
    precedence: "2020-05-01T16:00:00Z",
    releasability: ["field", "civil_officer"],
  };
  assert.deepEqual(particulars(station(details), en.particulars, "utc"), [
    ["Transmitter power", "43.98 dBm"],
    ["Antenna above ground", "30 m"],
    ["Direction of greatest radiation", "0 °"],
    ["Type approval", "2024FP0001"],
    ["Permissible I/N", "-10 dB"],
    ["Precedence date", "2020-05-01"],
    ["May be known to", "field, civil_officer"],
  ]);
  assert.equal(particulars(station(details), zh.particulars, "utc")[3]?.[0], "型号核准代码");
});

test("nothing stated is no row", () => {
  assert.deepEqual(particulars({ id: "A" } as unknown as Assignment, en.particulars, "utc"), []);
  assert.deepEqual(particulars(station({ antenna: {}, releasability: [] }), en.particulars, "utc"), []);
});
