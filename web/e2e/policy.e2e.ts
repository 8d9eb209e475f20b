//! A policy of disclosure in a real browser: a masked band on the live picture, an answer that waits for its time and is taken
//! back, and the questions that were counted. Run: scripts/browser-test policy. PINPU_E2E_SHOTS names a folder for pictures.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";
import { en } from "../src/i18n/en.ts";

const { PINPU_BIN: program, PINPU_SCENE: scene, PINPU_E2E_SHOTS: shots } = process.env;
const PASSWORD = "a-policy-in-november";
const PATIENCE_MS = 60_000;
const DAY_MS = 86_400_000;

const folder = mkdtempSync(join(tmpdir(), "pinpu-policy-"));
let service: ChildProcess;
let browser: Browser;
let base = "";
let said = "";

const POLICY = `format = 1
version = "e2e"
[questions]
per_day = 20
zone = "UTC"
[publication]
every = "1d"
zone = "UTC"
[[classification]]
markings = ["机密"]
told = "hidden"
[[band]]
name = "要地专用 / of the regiment"
lower_hz = 150_000_000
upper_hz = 152_000_000
answers = "always_ask"
[[band]]
name = "屏蔽段 / not shown"
lower_hz = 97_900_000
upper_hz = 98_400_000
spectrum = "masked"
`;

before(async () => {
  assert.ok(program && scene, "PINPU_BIN and PINPU_SCENE say what to run: use scripts/browser-test policy");
  if (shots) mkdirSync(shots, { recursive: true });
  mkdirSync(join(folder, "no-modules"));
  writeFileSync(join(folder, "disclosure.toml"), POLICY);
  writeFileSync(
    join(folder, "pinpu.toml"),
    `[disclosure]\npolicy = "${join(folder, "disclosure.toml")}"\n\n[[receiver]]\nid = "roof"\nargs = "driver=pinpu-virtual,scene=${scene}"\ncenter = "98M"\nsample_rate = "2.4M"\nppm_uncertainty = 1.0\n`,
  );
  service = spawn(program, ["serve", "--demo", "--listen", "127.0.0.1:0", "--data", join(folder, "data"), "--config", join(folder, "pinpu.toml")], {
    env: { ...process.env, PINPU_DEMO_PASSWORD: PASSWORD, SOAPY_SDR_ROOT: join(folder, "no-modules") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [service.stdout, service.stderr]) stream?.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const until = Date.now() + PATIENCE_MS;
  while (base === "") {
    assert.ok(Date.now() < until && service.exitCode === null, `the service does not listen\n${said.slice(-2000)}`);
    await new Promise((next) => setTimeout(next, 200));
    base = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? "";
  }
  browser = await chromium.launch({
    executablePath: process.env["PINPU_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
  });
});

after(async () => {
  await browser?.close();
  if (service && service.exitCode === null) {
    service.kill("SIGTERM");
    await new Promise((done) => service.once("exit", done));
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Somebody logged in, in a window of their own. */
async function person(user: string): Promise<Page> {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1400, height: 900 } });
  const login = await context.request.post(`${base}/api/v1/sessions`, { data: { user, password: PASSWORD } });
  assert.equal(login.status(), 200, `${user} logs in`);
  const page = await context.newPage();
  await page.addInitScript(() => {
    if (!localStorage.getItem("pinpu.settings")) localStorage.setItem("pinpu.settings", JSON.stringify({ lang: "en", theme: "light" }));
  });
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

async function send(page: Page, path: string, data: unknown, tag?: string): Promise<Record<string, unknown>> {
  const answer = await page.context().request.post(`${base}/api/v1${path}`, { data, headers: { origin: base, ...(tag ? { "if-match": tag } : {}) } });
  assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

async function read(page: Page, path: string): Promise<{ text: string; tag: string }> {
  const answer = await page.context().request.get(`${base}/api/v1${path}`);
  assert.ok(answer.ok(), `${path}: ${answer.status()}`);
  return { text: await answer.text(), tag: answer.headers()["etag"] ?? "" };
}

/** The page in both languages, on a desk and on a telephone; nothing of it may stick out. */
async function shot(page: Page, name: string, there: string): Promise<void> {
  for (const lang of ["zh", "en"]) {
    for (const [width, height] of [[1400, 900], [390, 844]] as const) {
      await page.setViewportSize({ width, height });
      await page.evaluate((chosen) => {
        const stored = JSON.parse(localStorage.getItem("pinpu.settings") ?? "{}") as Record<string, unknown>;
        localStorage.setItem("pinpu.settings", JSON.stringify({ ...stored, lang: chosen }));
      }, lang);
      await page.reload();
      await page.locator(there).first().waitFor();
      await page.waitForTimeout(600);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name} ${lang} ${width}: ${wide} px too wide`);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${lang}-${width}.png`), fullPage: name !== "policy-live" });
    }
  }
  await page.setViewportSize({ width: 1400, height: 900 });
}

const PROPOSAL = {
  title: "运动会保障",
  kind: "event",
  priority: "routine",
  from_office: "示范区无线电管理局",
  to_office: "示范战区电磁频谱管理办公室",
  user: "运动会组委会",
  purpose: "现场指挥调度",
  asked: { bands: [{ low_hz: 160_000_000, high_hz: 160_012_500 }] },
  designator: "11K0F3E",
  service: "LAND-MOBILE",
  power: { dbw: 10, kind: "erp" },
  antenna_height_m: 20,
  place: { circle: { latitude: 30.55, longitude: 114.36, radius_km: 5 } },
  time: { from: new Date(Date.now() + DAY_MS).toISOString(), to: new Date(Date.now() + 9 * DAY_MS).toISOString() },
};

test("a band that the policy masks is named on the live picture, and shown to those who may know all", async () => {
  const civil = await person("civil");
  await civil.goto(`${base}/live`);
  const mask = civil.locator("[data-mask]");
  await mask.getByText(en.live.masked).waitFor();
  const latest = JSON.parse((await read(civil, "/spectra/latest?low_hz=97950000&high_hz=98350000&pixels=64")).text) as { max: (number | null)[] };
  assert.ok(latest.max.length > 0 && latest.max.every((level) => level === null), "no level of a masked bin");
  await shot(civil, "policy-live", "[data-mask]");
  const military = await person("military");
  await military.goto(`${base}/live`);
  await military.locator("main h1").first().waitFor({ state: "attached" });
  await military.waitForTimeout(1500);
  assert.equal(await military.locator("[data-mask]").count(), 0);
});

test("an answer waits for its time, is known to its own side alone, and is taken back", async () => {
  const [civil, military] = [await person("civil"), await person("military")];
  const id = String((await send(civil, "/coordination/requests", { proposal: PROPOSAL }))["id"]);
  await send(civil, `/coordination/requests/${id}/transitions`, { step: "submit" }, '"1"');
  const before = await read(civil, `/coordination/requests/${id}`);
  await military.goto(`${base}/coordination/${id}`);
  for (const step of ["receive", "start_review"]) {
    await military.locator(`[data-step="${step}"]`).click();
    await military.getByText(en.coordination.sealed.kept).first().waitFor();
  }
  await military.locator('[data-step="refuse"]').click();
  await military.locator('[data-field="reason"]').fill("该频段在此期间另有任务");
  await military.locator('[data-action="confirm"]').click();
  const waiting = military.locator('[data-sealed="waiting"] li');
  await waiting.nth(2).waitFor();
  assert.deepEqual(await read(civil, `/coordination/requests/${id}`), before, "the side that asked reads the same to the byte");
  await shot(military, "policy-sealed", '[data-sealed="waiting"]');
  await military.goto(`${base}/coordination`);
  await shot(military, "policy-board", "[data-list=requests] .sealed");

  await military.goto(`${base}/coordination/${id}`);
  military.once("dialog", (dialog) => void dialog.accept());
  await waiting.nth(1).locator('[data-action="take-back"]').click();
  await military.waitForFunction(() => document.querySelectorAll('[data-sealed="waiting"] li').length === 1);
  assert.deepEqual(await read(civil, `/coordination/requests/${id}`), before);
});

test("questions are counted by organisation and day, beside the policy", async () => {
  const civil = await person("civil");
  await send(civil, "/coordination/check", PROPOSAL);
  const coordinator = await person("coordinator");
  await coordinator.goto(`${base}/users/questions`);
  await coordinator.locator("[data-list=questions] tbody tr").first().waitFor();
  await shot(coordinator, "policy-questions", "[data-list=questions]");
  await civil.goto(`${base}/users`);
  await civil.locator("main h1").first().waitFor();
  assert.equal(await civil.locator('a[href$="/users/questions"]').count(), 0, "not for those who are counted");
});
