//! A whole story, in a real browser and through the virtual receiver: an operator asks for a frequency beside a confidential
//! link, gets it with conditions, goes on the air, strays, and both sides see why. docs/walkthrough tells it with these pictures.
//! Run: scripts/browser-test walkthrough. PINPU_WALKTHROUGH_SHOTS names a folder for the pictures.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";

const { PINPU_BIN: program, PINPU_SCENE: scene, PINPU_WALKTHROUGH_SHOTS: shots } = process.env;
const PASSWORD = "a-stadium-in-november";
const PATIENCE_MS = 60_000;
const SERIAL = "STADIUM1";
const CHANNEL = "164.10625M";

const folder = mkdtempSync(join(tmpdir(), "pinpu-walkthrough-"));
let service: ChildProcess;
let browser: Browser;
let base = "";
let said = "";

before(async () => {
  assert.ok(program && scene, "PINPU_BIN and PINPU_SCENE say what to run: use scripts/browser-test walkthrough");
  if (shots) mkdirSync(shots, { recursive: true });
  mkdirSync(join(folder, "no-modules"));
  mkdirSync(join(folder, "state"));
  unplugged(true);
  service = spawn(
    program,
    ["serve", "--demo", "--listen", "127.0.0.1:0", "--data", join(folder, "data"), "--config", config()],
    { env: { ...process.env, PINPU_DEMO_PASSWORD: PASSWORD, PINPU_VIRTUAL_STATE: join(folder, "state"), SOAPY_SDR_ROOT: join(folder, "no-modules") }, stdio: ["ignore", "pipe", "pipe"] },
  );
  service.stdout?.on("data", (bytes: Buffer) => (said += bytes.toString()));
  service.stderr?.on("data", (bytes: Buffer) => (said += bytes.toString()));
  await eventually("the service listens", () => {
    base = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? "";
    return base !== "" && service.exitCode === null;
  });
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

/** The receiver at the stadium, by its configuration file. */
function config(): string {
  const file = join(folder, "pinpu.toml");
  writeFileSync(
    file,
    `[[receiver]]
id = "stadium"
args = "driver=pinpu-virtual,scene=${scene},serial=${SERIAL}"
center = "164.3M"
sample_rate = "2.4M"
ppm_uncertainty = 0.1
site = { name = "Stadium", latitude = 30.551, longitude = 114.361 }
`,
  );
  return file;
}

async function eventually(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await done())) {
    if (Date.now() > until) assert.fail(`never: ${what}\n${said.slice(-2000)}`);
    await new Promise((next) => setTimeout(next, 200));
  }
}

/** Pulls the receiver's plug, or puts it back: the virtual receiver's own file says until when it is away. */
function unplugged(away: boolean): void {
  const file = join(folder, "state", `away-${SERIAL}`);
  if (away) writeFileSync(file, String(Date.now() / 1000 + 86_400));
  else rmSync(file);
}

/** Somebody logged in, in a window of their own. */
async function person(user: string): Promise<Page> {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1360, height: 900 } });
  const login = await context.request.post(`${base}/api/v1/sessions`, { data: { user, password: PASSWORD } });
  assert.equal(login.status(), 200, `${user} logs in`);
  const page = await context.newPage();
  await page.addInitScript(() => {
    if (!localStorage.getItem("pinpu.settings")) localStorage.setItem("pinpu.settings", JSON.stringify({ lang: "en", theme: "light", wideMenu: false }));
  });
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

async function send(page: Page, path: string, data: unknown, type = "application/json"): Promise<Record<string, unknown>> {
  const answer = await page.context().request.post(`${base}/api/v1${path}`, {
    data: typeof data === "string" ? Buffer.from(data) : data,
    headers: { "content-type": type, origin: base },
  });
  assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

/** A part of the story: what comes after a failure would only fail too. */
async function chapter(name: string, tell: () => Promise<void>): Promise<void> {
  try {
    await tell();
  } catch (failure) {
    throw new Error(`${name}: ${failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)}`);
  }
}

/** An instant as a form takes it. */
function local(ms: number): string {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** A picture in both languages, of the whole page where it is longer than the window. */
async function shot(page: Page, name: string, whole = false): Promise<void> {
  if (!shots) return;
  const height = whole ? await page.evaluate(() => document.documentElement.scrollHeight) : 0;
  if (height > 900) await page.setViewportSize({ width: 1360, height });
  await page.evaluate(() => scrollTo(0, 0));
  for (const [lang, other] of [[en, zh], [zh, en]] as const) {
    await page.waitForFunction(() => !document.querySelector("main .loading, dialog .loading") && document.fonts.status === "loaded");
    await page.waitForTimeout(900);
    await page.screenshot({ path: join(shots, `${name}.${lang === en ? "en" : "zh"}.png`) });
    await speak(page, lang, other === zh ? "zh" : "en");
  }
  await page.setViewportSize({ width: 1360, height: 900 });
}

/** Switches the language; behind an open drawer nothing can be pressed, and the page is loaded anew. */
async function speak(page: Page, now: typeof en, lang: "zh" | "en"): Promise<void> {
  if ((await page.locator("dialog[open]").count()) > 0) {
    await page.evaluate((lang) => {
      const stored = JSON.parse(localStorage.getItem("pinpu.settings") ?? "{}") as Record<string, unknown>;
      localStorage.setItem("pinpu.settings", JSON.stringify({ ...stored, lang }));
    }, lang);
    await page.reload();
    await page.locator("dialog[open]").waitFor();
  } else {
    await page.getByRole("button", { name: now.app.language }).click();
  }
  await page.waitForFunction((lang) => document.documentElement.lang.startsWith(lang), lang);
}

/** The texts of a request's thread, as this person reads it. */
async function thread(page: Page, id: string): Promise<{ kind: string; text: { en: string }; conflict: string | null }[]> {
  const answer = await page.context().request.get(`${base}/api/v1/coordination/requests/${id}`);
  return ((await answer.json()) as { thread: { kind: string; text: { en: string }; conflict: string | null }[] }).thread;
}

const COLUMNS = "id,holder,station,service,freq_mhz,bandwidth,designator,latitude,longitude,radius_km,eirp_dbm,valid_from,status,classification";
const LINK = "MIL-0007,某部,微波中继 7 号,FIXED,164.1375,25000,16K0F1D,30.5520,114.3650,10,43,2020-01-01,granted,秘密";

test("an operator asks beside a confidential link, gets conditions, goes on the air and strays, and both sides see why", async () => {
  const [admin, coordinator, civil, military] = [await person("admin"), await person("coordinator"), await person("civil"), await person("military")];
  await send(coordinator, "/registry/imports?kind=assignments", `${COLUMNS}\n${LINK}\n`, "text/csv");
  const company = await send(admin, "/organisations", { name: { zh: "运动会通信保障公司", en: "Games Communications Ltd" }, code: "GAMES", kind: "operator" });
  await send(admin, "/users", { name: "games", role: "operator", password: PASSWORD, organisation: company["id"] });
  const operator = await person("games");
  let id = "";

  await chapter("the operator is told to ask, and not whom", async () => {
    await operator.goto(`${base}/coordination/new`);
    const fields = {
      title: "Stage direction at the games",
      from_office: "Games Communications Ltd",
      to_office: "Demo Military Spectrum Office",
      user: "Games Communications Ltd",
      purpose: "Opening ceremony: talk between stage and control room",
      designator: "11K0F3E",
      dbw: "5",
      latitude: "30.55",
      longitude: "114.36",
      begins: local(Date.now() - 3_600_000),
      ends: local(Date.now() + 86_400_000),
    };
    for (const [field, value] of Object.entries(fields)) await operator.locator(`[data-field="${field}"]`).fill(value);
    await operator.locator('[data-field="to"]').selectOption("side:military");
    await operator.locator('[data-field="service"]').selectOption("LAND-MOBILE");
    const [channel, width] = [operator.locator(".channel input").nth(0), operator.locator(".channel input").nth(1)];
    await channel.fill(CHANNEL);
    await width.fill("12.5k");
    await width.blur();
    await operator.locator("[data-level]").waitFor();
    const check = await operator.locator(".findings").innerText();
    assert.match(check, /ask the other side/i);
    assert.match(check, /unobserved is not free/i);
    assert.doesNotMatch(check, /MIL-0007|164\.1375|某部/);
    await shot(operator, "1-asked", true);
    await operator.locator('[data-action="submit"]').click();
    await operator.locator('[data-state="submitted"]').waitFor();
    id = decodeURIComponent(new URL(operator.url()).pathname.split("/").pop() ?? "");
  });

  await chapter("the military side knows its link, and agrees with conditions", async () => {
    await military.goto(`${base}/coordination/${id}`);
    for (const step of ["receive", "start_review"]) await military.locator(`[data-step="${step}"]`).click();
    await military.locator('[data-state="under_review"]').waitFor();
    await shot(military, "2-examined", true);
    await military.locator('[data-step="agree_with_conditions"]').click();
    await military.locator('[data-field="conditions"]').fill("Necessary bandwidth 11 kHz, frequency kept within 1 kHz: the channels above are in use.");
    await military.locator('[data-action="confirm"]').click();
    await military.locator('[data-state="agreed_with_conditions"]').waitFor();
    await operator.reload();
    await operator.locator('[data-step="put_in_force"]').click();
    await operator.locator('[data-action="confirm"]').click();
    await operator.locator('[data-state="in_force"]').waitFor();
    await shot(operator, "3-in-force", true);
  });

  await chapter("on the day a receiver is plugged in and hears what was agreed", async () => {
    await coordinator.goto(`${base}/live`);
    unplugged(false);
    await eventually("the emission is licensed by the request", async () => {
      const answer = await coordinator.context().request.get(`${base}/api/v1/emissions?verdict=licensed`);
      const { items } = (await answer.json()) as { items: { verdict: { assignment: string } }[] };
      return items.length > 0;
    });
    await shot(coordinator, "4-on-the-air");
    const conflicts = await coordinator.context().request.get(`${base}/api/v1/conflicts`);
    assert.deepEqual(((await conflicts.json()) as { items: unknown[] }).items, []);
  });

  await chapter("it strays, and both sides read why", async () => {
    await eventually("the thread tells", async () => (await thread(operator, id)).some((entry) => entry.kind === "violation"));
    const texts = await Promise.all([operator, military].map(async (page) => (await thread(page, id)).find((entry) => entry.kind === "violation")));
    for (const told of texts) {
      assert.match(told?.text.en ?? "", /off its assigned frequency by (2\.9|3|3\.0)\d* kHz/);
      assert.doesNotMatch(told?.text.en ?? "", /MIL-0007/);
    }
    // The conflict lies in a block where the operator is told of none.
    assert.equal(texts[0]?.conflict, null);
    assert.ok(texts[1]?.conflict);
    await operator.goto(`${base}/coordination/${id}`);
    await operator.locator("li.violation").scrollIntoViewIfNeeded();
    await shot(operator, "5-strayed", true);
    await military.goto(`${base}/conflicts/${texts[1]?.conflict}`);
    await military.locator("dialog, aside").first().waitFor();
    await shot(military, "6-evidence");
  });

  await chapter("the office suspends the use, and the log can be checked", async () => {
    await military.goto(`${base}/coordination/${id}`);
    await military.locator('[data-step="suspend"]').click();
    await military.locator('[data-field="reason"]').fill("Back to 164.10625 MHz first.");
    await military.locator('[data-action="confirm"]').click();
    await military.locator('[data-state="suspended"]').waitFor();
    await operator.reload();
    await operator.locator('[data-state="suspended"]').waitFor();
    await shot(operator, "7-suspended", true);
    // Nobody on the civil side was ever told of the link.
    for (const page of [operator, civil]) {
      for (const path of ["/assignments?q=MIL-0007", "/assignments?limit=1000", "/conflicts", "/emissions", `/coordination/requests/${id}`, `/coordination/requests/${id}/analysis`]) {
        const answer = await page.context().request.get(`${base}/api/v1${path}`);
        assert.doesNotMatch(await answer.text(), /MIL-0007|微波中继/, path);
      }
    }
  });
});
