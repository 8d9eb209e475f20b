//! Opens the console of a running server in a real browser and does what an officer does: watches the waterfall move, sees an
//! emission appear, opens a conflict and takes it in hand, switches the language, and reads every page with an accessibility
//! checker. Run: npm run e2e -- --base-url http://127.0.0.1:8080 [--user NAME --password WORD]
//! PINPU_E2E_SHOTS names a folder for screenshots; PINPU_CHROMIUM another browser than /usr/bin/chromium.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { parseArgs } from "node:util";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";

const { values: options } = parseArgs({
  options: { "base-url": { type: "string" }, user: { type: "string" }, password: { type: "string" } },
});
const base = options["base-url"]?.replace(/\/$/, "");
if (!base) {
  console.error("say where the console runs: npm run e2e -- --base-url http://127.0.0.1:8080");
  process.exit(2);
}
const browserPath = process.env["PINPU_CHROMIUM"] ?? "/usr/bin/chromium";
if (!existsSync(browserPath)) {
  console.error(`${browserPath} is missing: apt-get install chromium, or set PINPU_CHROMIUM`);
  process.exit(2);
}
const shots = process.env["PINPU_E2E_SHOTS"];
if (shots) mkdirSync(shots, { recursive: true });

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE_MS = 60_000;

let browser: Browser;
let page: Page;
const complaints: string[] = [];
const events: { kind: string; data: { id: string; receiver?: string } }[] = [];
/** Binary messages of the live line: spectra. */
let frames = 0;
/** Presses that the server refused because the record had moved on since it was read. */
let refused = 0;

before(async () => {
  browser = await chromium.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"],
  });
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1600, height: 1000 } });
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() !== "error") return;
    // Asking who is logged in, before anyone is, answers 401 by design.
    if (message.location().url.endsWith("/sessions/current") && message.text().includes("401")) return;
    complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      if (typeof payload !== "string") {
        frames += 1;
        return;
      }
      const message = JSON.parse(payload) as { type: string; kind: string; data: { id: string } };
      if (message.type === "event") events.push({ kind: message.kind, data: message.data });
    }),
  );
});

after(async () => {
  await browser?.close();
});

// A case that failed half-way leaves its language, theme and size to nobody.
beforeEach(async () => {
  await page.setViewportSize({ width: 1600, height: 1000 });
  if (page.url().startsWith(base)) await settings({ lang: "zh", theme: "dark" });
});

/** What the next page to be opened finds remembered. */
async function settings(changes: Record<string, string>): Promise<void> {
  await page.evaluate((chosen) => {
    const stored = JSON.parse(localStorage.getItem("pinpu.settings") ?? "{}") as Record<string, unknown>;
    localStorage.setItem("pinpu.settings", JSON.stringify({ ...stored, ...chosen }));
  }, changes);
}

/** Opens a page and waits until it has its content and nothing moves in or out any more. */
async function open(path: string): Promise<void> {
  await page.goto(`${base}/${path}`);
  await page.locator("main h1").first().waitFor({ state: "attached" });
  await settled();
}

async function settled(): Promise<void> {
  await page.waitForFunction(() => {
    const moving = document.getAnimations().some((each) => each.playState === "running" && each.effect?.getTiming().iterations !== Infinity);
    return !document.querySelector("main .loading, dialog .loading") && !moving && document.fonts.status === "loaded";
  });
}

/** The violations that a person would trip over. */
async function accessible(): Promise<void> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run(): Promise<AxeResult> } }).axe;
    return (await axe.run()).violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes.slice(0, 3).map((n) => n.html.slice(0, 160)) }));
  });
  assert.deepEqual(found.filter((v) => v.impact === "serious" || v.impact === "critical"), []);
}

interface AxeResult {
  violations: { id: string; impact: string | null; help: string; nodes: { html: string }[] }[];
}

async function shot(name: string): Promise<void> {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
}

/** What the waterfall shows now: a fingerprint of its pixels and how many colours they have. */
async function picture(): Promise<{ print: number; colours: number; width: number }> {
  return page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>("#waterfall");
    if (!canvas) throw new Error("no waterfall on the page");
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d");
    if (!context) throw new Error("no 2d context");
    context.drawImage(canvas, 0, 0);
    const pixels = new Uint32Array(context.getImageData(0, 0, copy.width, copy.height).data.buffer);
    const colours = new Set<number>();
    let print = 0;
    for (const pixel of pixels) {
      print = (Math.imul(print, 31) + pixel) | 0;
      if (colours.size < 1000) colours.add(pixel);
    }
    return { print, colours: colours.size, width: copy.width };
  });
}

async function eventually<T>(what: string, probe: () => Promise<T | false | null | undefined> | T | false | null | undefined): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) assert.fail(`within ${PATIENCE_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("the console opens, after a login where one is asked for", async () => {
  await page.goto(`${base}/live`);
  await page.locator("#waterfall, input[name=username]").first().waitFor();
  if (options.user) {
    if ((await page.locator("input[name=username]").count()) === 0) await page.goto(`${base}/login`);
    await page.fill("input[name=username]", options.user);
    await page.fill("input[name=password]", options.password ?? "");
    await page.locator("button[type=submit]").click();
  }
  await page.locator("#waterfall").waitFor();
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN", "a Chinese browser gets Chinese");
});

test("the waterfall shows signals and moves", async () => {
  const first = await eventually("a waterfall with more than 30 colours", async () => {
    const now = await picture();
    return now.colours > 30 && now;
  });
  assert.ok(first.width > 300, `the picture is ${first.width} pixels wide`);
  await eventually("another picture, of signals too", async () => {
    const now = await picture();
    return now.print !== first.print && now.colours > 30;
  });
  await shot("live-zh-dark");
});

test("an emission that the server reports appears in the list", async () => {
  const receiver = await page.locator(".toolbar select").first().inputValue();
  // The newest ones: an older one may have left the list again before it was looked for.
  await eventually("an emission event's emission in the list", async () => {
    const ids = events.filter((e) => /^emission_(opened|updated)$/.test(e.kind) && e.data.receiver === receiver).map((e) => e.data.id);
    const shown = await page.locator('[data-list="emissions"] li[data-id]').evaluateAll((rows) => rows.map((row) => row.getAttribute("data-id")));
    return ids.slice(-50).some((id) => shown.includes(id));
  });
  // Dispatched, not aimed: the list is alive, and software rendering leaves a slow machine few frames to aim in.
  await page.locator('[data-list="emissions"] li button.row').first().dispatchEvent("click");
  await page.waitForURL(/low_hz=/);
  await shot("live-zh-emission");
});

test("a conflict opens with reason and numbers, and is taken in hand", async () => {
  await open("conflicts");
  const rows = page.locator('[data-list="conflicts"] tbody tr');
  await rows.first().waitFor();
  const unsettled = rows.filter({ has: page.locator(".c-open") });
  await ((await unsettled.count()) > 0 ? unsettled : rows).first().click();
  const drawer = page.locator("dialog[open]");
  await drawer.locator(".why").waitFor();
  await settled();
  assert.ok((await drawer.locator(".why").innerText()).length > 8, "an explanation in words");
  assert.ok((await drawer.locator("dl.facts dd").count()) > 4, "figures");
  await accessible();
  const status = drawer.locator("[data-status]");
  // A conflict that an earlier run took in hand is first put back.
  if ((await status.getAttribute("data-status")) === "acknowledged") await decide(drawer, "resolve", "resolved");
  if ((await status.getAttribute("data-status")) === "resolved") await decide(drawer, "reopen", "open");
  await shot("conflict-zh-open");
  const comment = `e2e ${Date.now()}`;
  await drawer.locator("textarea").fill(comment);
  await decide(drawer, "acknowledge", "acknowledged");
  await drawer.locator("li.entry", { hasText: comment }).waitFor();
  await shot("conflict-zh-acknowledged");
  await page.keyboard.press("Escape");
  await drawer.waitFor({ state: "detached" });
  assert.match(await page.evaluate(() => document.activeElement?.getAttribute("href") ?? ""), /^\/conflicts\//, "focus is back at the row");
});

/** Presses and waits for the record to follow. New evidence may change it between reading and pressing: then the console says so,
 * reads it again, and leaves it to the person to press again. */
async function decide(drawer: Locator, action: string, status: string): Promise<void> {
  const stale = drawer.locator(".toast.bad", { hasText: zh.error.stale });
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await drawer.locator(`[data-action="${action}"]`).click();
    await drawer.locator(`[data-status="${status}"]`).or(stale).first().waitFor();
    if ((await stale.count()) === 0) return;
    refused += 1;
    await stale.getByRole("button", { name: zh.app.dismiss }).click();
    await stale.waitFor({ state: "detached" });
  }
  assert.fail(`${action} was refused three times`);
}

test("the language switches there and back, and is remembered", async () => {
  await open("live");
  await page.getByRole("link", { name: zh.page.live, exact: true }).waitFor();
  await page.getByRole("button", { name: zh.app.language }).click();
  await page.getByRole("link", { name: en.page.live, exact: true }).waitFor();
  assert.equal(await page.getAttribute("html", "lang"), "en");
  assert.doesNotMatch(await page.locator("nav").first().innerText(), /[\u4e00-\u9fff]/);
  await page.reload();
  await page.getByRole("link", { name: en.page.live, exact: true }).waitFor();
  await page.locator("#waterfall").waitFor();
  await eventually("signals again", async () => (await picture()).colours > 30);
  await shot("live-en-dark");
  await page.getByRole("button", { name: en.app.language }).click();
  assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
});

test("the keyboard drives the picture", async () => {
  await open("live");
  await page.locator('[role="application"]').focus();
  await eventually("a picture", async () => (await picture()).colours > 30);
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await page.waitForURL(/low_hz=/);
  await page.keyboard.press("Home");
  await page.waitForURL((url) => !url.search.includes("low_hz="));
  await page.keyboard.press("Space");
  await page.locator(".plots .paused").waitFor();
  await drawn();
  const still = await picture();
  const before = frames;
  await eventually("frames while paused", () => frames >= before + 10);
  await drawn();
  assert.equal((await picture()).print, still.print, "paused means paused");
  await page.keyboard.press("Space");
  await page.locator(".plots .paused").waitFor({ state: "detached" });
  await eventually("the picture moves on", async () => (await picture()).print !== still.print);
});

/** Until what is due has been painted. */
async function drawn(): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

test("the question mark lists the keys, except where it is typed", async () => {
  await open("registry/assignments");
  await page.locator("input[type=search]").press("?");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await page.locator("main").press("?");
  await page.locator("dialog[open] kbd").first().waitFor();
  await settled();
  await accessible();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
});

const PAGES = ["live", "emissions", "occupancy", "conflicts", "coordination", "orders", "interference", "tasks", "events", "registry/allocations", "registry/assignments", "registry/check", "registry/import", "receivers", "alarms", "users", "users/organisations", "users/tokens", "help", "login"];

for (const theme of ["dark", "light"] as const) {
  for (const path of PAGES) {
    test(`/${path} is accessible in ${theme}`, async () => {
      await settings({ theme });
      await open(path);
      assert.equal(await page.getAttribute("html", "data-theme"), theme);
      await accessible();
      await shot(`${path.replace("/", "-")}-zh-${theme}`);
    });
  }
}

test("the list of notices is accessible", async () => {
  for (const theme of ["dark", "light"] as const) {
    await settings({ theme });
    await open("tasks");
    await page.locator('[data-action="notices"]').click();
    await page.locator("dialog[open] h2").waitFor();
    await settled();
    await accessible();
    await page.keyboard.press("Escape");
  }
});

/** A page of somebody else's, logged in. */
async function colleague(user: string): Promise<Page> {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1400, height: 1000 } });
  const other = await context.newPage();
  other.setDefaultTimeout(PATIENCE_MS);
  other.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
  const login = await context.request.post(`${base}/api/v1/sessions`, { data: { user, password: process.env["PINPU_DEMO_PASSWORD"] } });
  assert.equal(login.status(), 200, `${user} logs in`);
  return other;
}

const password = process.env["PINPU_DEMO_PASSWORD"];

test("two offices settle a request", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const [civil, military] = [await colleague("civil"), await colleague("military")];
  const title = `运动会保障 ${Date.now()}`;
  await civil.goto(`${base}/coordination`);
  await civil.locator('[data-action="write"]').click();
  const fill = (field: string, value: string) => civil.locator(`[data-field="${field}"]`).fill(value);
  for (const [field, value] of [
    ["title", title],
    ["from_office", "示范区无线电管理局"],
    ["to_office", "示范战区电磁频谱管理办公室"],
    ["user", "运动会组委会"],
    ["purpose", "现场指挥调度"],
    ["designator", "11K0F3E"],
    ["dbw", "10"],
    ["latitude", "30.55"],
    ["longitude", "114.36"],
  ] as const) {
    await fill(field, value);
  }
  // Somewhere else at each run, so that the last run's agreement is not in the way.
  const channel = 151 + (Date.now() % 400) / 100;
  await civil.getByLabel(zh.coordination.channel).fill(`${channel.toFixed(2)}M`);
  await civil.getByLabel(zh.coordination.width, { exact: true }).fill("12.5k");
  await civil.getByLabel(zh.coordination.width, { exact: true }).blur();
  await civil.locator("[data-level]").waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "coordination-form.png") });
  await civil.locator('[data-action="submit"]').click();
  await civil.locator('[data-state="submitted"]').waitFor();
  await civil.locator('[data-action="attach"]').setInputFiles({ name: "场地图.txt", mimeType: "text/plain", buffer: Buffer.from("看台与控制室") });
  await civil.locator('[data-list="attachments"] li', { hasText: "场地图.txt" }).waitFor();

  await military.goto(`${base}/coordination?phase=pending`);
  await military.locator("tr", { hasText: title }).click();
  await military.locator('[data-list="attachments"] li', { hasText: "场地图.txt" }).waitFor();
  await military.locator('[data-step="receive"]').click();
  await military.locator('[data-step="start_review"]').click();
  await military.locator('[data-step="agree_with_conditions"]').click();
  const confirm = military.locator('[data-action="confirm"]');
  assert.ok(await confirm.isDisabled(), "conditions are asked for");
  await military.locator('[data-field="conditions"]').fill("每日 8 时至 18 时");
  if (shots) await military.screenshot({ path: join(shots, "coordination-decision.png") });
  await confirm.click();
  await military.locator('[data-state="agreed_with_conditions"]').waitFor();
  await military.locator('[data-field="message"]').fill("请按时停用");
  await military.locator('[data-action="say"]').click();
  await military.locator("li.message", { hasText: "请按时停用" }).waitFor();

  await civil.reload();
  await civil.locator("li.message", { hasText: "请按时停用" }).waitFor();
  await civil.locator('[data-step="put_in_force"]').click();
  await civil.locator('[data-action="confirm"]').click();
  await civil.locator('[data-state="in_force"]').waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "coordination-in-force.png"), fullPage: true });
  // What was agreed goes to another system, and what comes from one begins a request.
  const download = civil.waitForEvent("download");
  await civil.locator('[data-action="sfaf"]').click();
  const sfaf = await (await download).createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of sfaf) chunks.push(chunk as Buffer);
  await civil.goto(`${base}/registry/assignments?q=${encodeURIComponent(title)}`);
  await civil.locator("tbody tr", { hasText: title }).waitFor();
  await civil.goto(`${base}/coordination/new`);
  await civil.locator('[data-action="from-file"]').setInputFiles({ name: "agreed.sfaf", mimeType: "text/plain", buffer: Buffer.concat(chunks) });
  await civil.waitForFunction(() => document.querySelector<HTMLInputElement>('[data-field="designator"]')?.value === "11K0F3E");
  assert.equal(await civil.locator('[data-field="purpose"]').inputValue(), "现场指挥调度");
  assert.equal(Number(await civil.locator('[data-field="latitude"]').inputValue()), 30.55);
  await civil.locator('[data-action="from-file"]').setInputFiles({ name: "wrong.sfaf", mimeType: "text/plain", buffer: Buffer.from("005.     U\n102.     T1\n110.     X1\n") });
  await civil.locator(".from [role=alert] li").first().waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "coordination-from-file.png"), fullPage: true });
  await military.goto(`${base}/coordination?q=${encodeURIComponent(title)}`);
  await military.locator('[data-state="in_force"]').waitFor();
  if (shots) await military.screenshot({ path: join(shots, "coordination-board.png") });
  await civil.context().close();
  await military.context().close();
});

test("a complaint is taken in, followed and answered", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const civil = await colleague("civil");
  const who = `示范机场 ${Date.now()}`;
  await civil.goto(`${base}/interference`);
  await civil.locator('[data-action="new"]').click();
  await civil.locator('[data-field="assignment"]').fill("DEMO");
  await civil.locator('[data-list="found"] button').first().click();
  const holder = await civil.locator('[data-field="complainant"]').inputValue();
  assert.ok(holder, "the registry knows the holder");
  await civil.locator('[data-field="complainant"]').fill(`${holder} ${who}`);
  await civil.locator('[data-field="channel"]').selectOption("telephone");
  await civil.locator('[data-field="grade"]').selectOption("second");
  await civil.locator('[data-field="symptoms"]').fill("通话中夹杂广播声");
  await civil.locator('[data-field="began"]').fill("2026-01-05T08:00");
  if (shots) await civil.screenshot({ path: join(shots, "interference-form.png") });
  await civil.locator('[data-action="save"]').click();
  await civil.locator('aside [data-state="received"], dialog [data-state="received"], [role="dialog"] [data-state="received"]').first().waitFor();
  const step = async (name: string, words?: string, more?: () => Promise<void>) => {
    await civil.locator(`[data-step="${name}"]`).click();
    const confirm = civil.locator('[data-action="confirm-step"]');
    if (words) {
      assert.ok(await confirm.isDisabled(), `${name} asks for words`);
      await civil.locator('[data-field="reason"]').fill(words);
    }
    await more?.();
    await confirm.click();
    await confirm.waitFor({ state: "detached" });
  };
  await step("confirm");
  await step("hand_over", "区县无测向设备", async () => void (await civil.locator('[data-field="to-level"]').selectOption("province")));
  await step("locate", "屋顶发射机");
  await step("act", "责令关闭");
  await step("verify", "投诉人电话确认");
  await step("receive_paper");
  await step("close");
  await civil.locator('[data-list="reports"] tr', { hasText: who }).locator('[data-state="closed"]').waitFor();
  await civil.locator('[data-list="quarters"]').waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "interference.png"), fullPage: true });
  const letter = await civil.locator('[data-action="letter"]').getAttribute("href");
  const page = await civil.request.get(`${base}${letter}`);
  assert.equal(page.status(), 200);
  assert.match(await page.text(), /答复函[\s\S]*责令关闭/);
  await civil.context().close();
});

test("measuring time is asked for, accepted and given a receiver", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const civil = await colleague("civil");
  const title = `黑广播监测 ${Date.now()}`;
  await civil.goto(`${base}/tasks`);
  await civil.locator('[data-action="new"]').click();
  const left = Number(await civil.locator("[data-quota]").getAttribute("data-quota"));
  assert.ok(left > 0, "something is left of the quota");
  await civil.locator('[data-field="title"]').fill(title);
  await civil.locator('[data-field="purpose"]').fill("核实群众反映");
  await civil.locator("[data-band]").first().click();
  await civil.locator('[data-field="minutes"]').fill("30");
  await civil.locator('[data-field="priority"]').selectOption("immediate");
  await civil.locator('[data-field="why"]').fill("飞行安全");
  if (shots) await civil.screenshot({ path: join(shots, "tasks-form.png") });
  await civil.locator('[data-action="save"]').click();
  const drawer = civil.locator("dialog[open]");
  await drawer.locator('[data-state="requested"]').waitFor();
  assert.equal(await drawer.locator('[data-step="accept"]').count(), 0, "nobody accepts what they asked for");
  const address = civil.url();

  const coordinator = await colleague("coordinator");
  await coordinator.goto(address);
  await coordinator.locator('[data-step="accept"]').click();
  await coordinator.locator('[data-action="confirm-step"]').click();
  await coordinator.locator('[data-list="tasks"] tr', { hasText: title }).locator('[data-state="accepted"], [data-state="scheduled"]').first().waitFor();
  await coordinator.context().close();

  // The clock keeps the receiver for it, and the page tells so by itself.
  await civil.locator('[data-list="slots"]').waitFor();
  await drawer.locator('[data-state="scheduled"]').waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "tasks.png") });
  await drawer.locator('[data-step="cancel"]').click();
  assert.ok(await drawer.locator('[data-action="confirm-step"]').isDisabled(), "cancelling asks for words");
  await drawer.locator('[data-field="reason"]').fill("已查明");
  await drawer.locator('[data-action="confirm-step"]').click();
  await drawer.locator('[data-state="cancelled"]').waitFor();
  await civil.context().close();
});

test("who may know it hears of it at once, by bell and board", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const [civil, coordinator] = [await colleague("civil"), await colleague("coordinator")];
  await coordinator.goto(`${base}/tasks`);
  await coordinator.locator(".line.open").waitFor();
  const title = `通知 ${Date.now()}`;
  await civil.goto(`${base}/tasks`);
  await civil.locator('[data-action="new"]').click();
  await civil.locator('[data-field="title"]').fill(title);
  await civil.locator('[data-field="purpose"]').fill("核实群众反映");
  await civil.locator("[data-band]").first().click();
  await civil.locator('[data-field="minutes"]').fill("5");
  await civil.locator('[data-action="save"]').click();
  // Long before the board would ask by itself.
  await coordinator.locator('[data-list="tasks"] tr', { hasText: title }).waitFor({ timeout: 5_000 });
  const bell = coordinator.locator('[data-action="notices"]');
  await bell.locator(".count").waitFor();
  assert.match(await coordinator.title(), /^\(\d+\+?\) /, "the tab counts too");
  // By keyboard to the record and back.
  await bell.press("Enter");
  const drawer = coordinator.locator("dialog[open]");
  const notice = drawer.locator('[data-list="notices"] li', { hasText: title }).first();
  await notice.waitFor();
  assert.ok(await notice.evaluate((item) => item.classList.contains("unread")));
  if (shots) await coordinator.screenshot({ path: join(shots, "notices.png") });
  await notice.locator("a").press("Enter");
  await drawer.locator(".big", { hasText: title }).waitFor();
  await coordinator.keyboard.press("Escape");
  await bell.click();
  await drawer.locator('[data-action="mark-read"]').click();
  await drawer.locator("li.unread").first().waitFor({ state: "detached" });
  await drawer.locator('[data-action="unread"]').click();
  await drawer.locator(".empty").waitFor();
  await bell.locator(".count").waitFor({ state: "detached" });
  for (const other of [civil, coordinator]) await other.context().close();
});

test("a coordinator keeps webhooks, whose key is shown once", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const coordinator = await colleague("coordinator");
  const name = `值班系统 ${Date.now()}`;
  const drawer = coordinator.locator("dialog[open]");
  await coordinator.goto(`${base}/alarms/webhooks`);
  await coordinator.locator('[data-action="add-webhook"]').click();
  await drawer.locator('[data-field="name"]').fill(name);
  await drawer.locator('[data-field="url"]').fill("https://10.0.0.1/hook");
  await drawer.locator('[data-action="save"]').click();
  await drawer.getByText("webhooks.internal").first().waitFor(); // what to do instead
  await drawer.locator('[data-field="url"]').fill("https://hooks.invalid/pinpu");
  await drawer.locator('[data-action="save"]').click();
  assert.match(await drawer.locator('[data-field="secret"]').inputValue(), /^whsec_[0-9a-z]{40}$/);
  await drawer.locator('[data-action="done"]').click();
  const row = coordinator.locator('[data-list="webhooks"] tbody tr', { hasText: name });
  await row.getByText("hooks.invalid").waitFor();
  await row.locator('[data-action="open"]').click();
  await drawer.locator('[data-action="test"]').click();
  await drawer.locator('[data-list="deliveries"] [data-state="given_up"]').waitFor(); // a name that stands for nothing
  if (shots) await coordinator.screenshot({ path: join(shots, "webhook.png") });
  await drawer.locator('[data-action="toggle"]').click();
  await row.locator('[data-state="off"]').waitFor();
  await drawer.locator('[data-action="delete"]').click();
  await drawer.locator('[data-action="confirm"]').click();
  await row.waitFor({ state: "detached" });
  await coordinator.context().close();
});

test("an event is planned, its gate admits a device, and its day is reported", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const civil = await colleague("civil");
  const name = `国际论坛 ${Date.now()}`;
  await civil.goto(`${base}/events`);
  await civil.locator('[data-action="new"]').click();
  await civil.locator('[data-field="name"]').fill(name);
  await civil.locator('[data-field="latitude"]').fill("30.55");
  await civil.locator('[data-field="longitude"]').fill("114.36");
  await civil.locator('[data-participant="military"]').check();
  if (shots) await civil.screenshot({ path: join(shots, "events-form.png") });
  await civil.locator('[data-action="save"]').click();
  await civil.locator('header [data-state="draft"]').waitFor();
  const address = new URL(civil.url()).pathname;

  // The other side knows nothing of it before it is announced.
  const military = await colleague("military");
  await military.goto(`${base}/events`);
  await military.locator("main h1").waitFor();
  assert.equal(await military.getByText(name).count(), 0);
  await civil.locator('[data-step="announce"]').click();
  await civil.locator('[data-action="confirm-step"]').click();
  await civil.locator('header [data-state="announced"]').waitFor();
  await military.reload();
  await military.getByText(name).first().waitFor();
  await military.context().close();

  // A file with a bad row names it and stores nothing; put right, it is the plan, and every row is checked.
  const csv = (frequency: string) =>
    `信道,频率(MHz),带宽(kHz),发射标识,使用单位,功率(dBW),重点频率\nK1,97.5,200,180KF3E,会务组,10,是\nK2,${frequency},200,180KF3E,转播公司,10,否\n`;
  const file = (text: string) => ({ name: "plan.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  const input = civil.locator('[data-action="import"]');
  await input.setInputFiles(file(csv("x")));
  await civil.locator('[role="alert"]', { hasText: "第 3 行" }).waitFor();
  assert.equal(await civil.locator('[data-list="plan"]').count(), 0);
  await input.setInputFiles(file(csv("97.55")));
  await civil.locator('[data-list="plan"] tbody tr').nth(1).waitFor();
  await civil.locator('[data-action="check"]').click();
  await civil.locator('[data-findings="K1"]', { hasText: "K2" }).waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "events-plan.png"), fullPage: true });

  // A device is declared, fails by its power, passes with less, and has a label.
  await civil.locator('[data-tab="gate"]').click();
  await civil.locator('[data-action="register"]').click();
  const drawer = civil.locator("dialog[open]");
  for (const [field, value] of [["kind", "无线话筒"], ["serial", "SN-1"], ["owner", "媒体中心"], ["designator", "180KF3E"], ["power", "-20"]] as const) {
    await drawer.locator(`[data-field="${field}"]`).fill(value);
  }
  await drawer.getByLabel(zh.events.gate.frequency).fill("97.5M");
  await drawer.getByLabel(zh.events.gate.width).fill("200k");
  await drawer.locator('[data-action="save"]').click();
  await drawer.locator('[data-result="untested"]').waitFor();
  const decide = async (power: string) => {
    await drawer.locator('[data-action="test"]').click();
    await drawer.getByLabel(zh.events.gate.readCenter, { exact: true }).fill("97.5M");
    await drawer.getByLabel(zh.events.gate.readWidth).fill("180k");
    await drawer.locator('[data-field="power"]').fill(power);
    await drawer.locator('[data-action="run-test"]').click();
  };
  await decide("-10");
  await drawer.locator('[data-result="failed"]').waitFor();
  await decide("-20.5");
  await drawer.locator('[data-result="passed"]').waitFor();
  const label = await drawer.locator("[data-label-number]").getAttribute("data-label-number");
  if (shots) await civil.screenshot({ path: join(shots, "events-gate.png") });
  const printed = await civil.request.get(`${base}${await drawer.locator('[data-action="label"]').getAttribute("href")}`);
  assert.match(await printed.text(), new RegExp(`准用标签[\\s\\S]*${label}`));

  // The key frequency is on the watch list, and the day has its report.
  await civil.goto(`${base}${address}?tab=watch`);
  await civil.locator('[data-list="watch"] [data-standing]').waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "events-watch.png"), fullPage: true });
  await civil.locator('[data-tab="report"]').click();
  await civil.locator("[data-report]").waitFor();
  if (shots) await civil.screenshot({ path: join(shots, "events-report.png"), fullPage: true });
  const letter = await civil.request.get(`${base}${await civil.locator('[data-action="letter"]').getAttribute("href")}`);
  assert.match(await letter.text(), /日报[\s\S]*K1/);
  await civil.locator('[data-step="cancel"]').click();
  assert.ok(await civil.locator('[data-action="confirm-step"]').isDisabled(), "cancelling asks for words");
  await civil.locator('[data-field="reason"]').fill("改期");
  await civil.locator('[data-action="confirm-step"]').click();
  await civil.locator('header [data-state="cancelled"]').waitFor();
  await civil.context().close();
});

test("an administrator keeps organisations, accounts and tokens", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const admin = await colleague("admin");
  const code = `T${Date.now().toString(36).toUpperCase()}`;
  const drawer = admin.locator("dialog[open]");
  await admin.goto(`${base}/users/organisations`);
  await admin.locator('[data-action="add-organisation"]').click();
  await drawer.locator('[data-field="zh"]').fill(`轨道交通集团 ${code}`);
  await drawer.locator('[data-field="code"]').fill("CIVIL");
  await drawer.locator('[data-field="kind"]').selectOption("operator");
  await drawer.locator('[data-action="save"]').click();
  await drawer.locator(".bad").waitFor(); // another one has this code
  await drawer.locator('[data-field="code"]').fill(code);
  await drawer.locator('[data-action="save"]').press("Enter");
  const office = admin.locator('[data-list="organisations"] tbody tr', { hasText: code });
  await office.locator(".r-streaming").waitFor();
  if (shots) await admin.screenshot({ path: join(shots, "organisations.png") });

  const name = `user-${code.toLowerCase()}`;
  await admin.goto(`${base}/users/people`);
  await admin.locator('[data-action="add-user"]').click();
  await drawer.locator('[data-field="name"]').fill(name);
  await drawer.locator('[data-field="organisation"]').selectOption({ label: `轨道交通集团 ${code}` });
  assert.deepEqual(await drawer.locator('[data-field="role"] option').allTextContents(), [zh.role.viewer, zh.role.operator]);
  await drawer.locator('[data-field="role"]').selectOption("operator");
  await drawer.locator('input[type="password"]').fill("green horses swim upstream");
  await drawer.locator('button[type="submit"]').click();
  const person = admin.locator("tbody tr", { hasText: name });
  await person.getByText(`轨道交通集团 ${code}`).waitFor();
  await person.locator('[data-action="edit"]').click();
  await drawer.locator('[data-field="organisation"]').selectOption("civil");
  await drawer.locator('[data-field="role"]').selectOption("civil_officer");
  await drawer.locator('[data-action="save"]').click();
  await person.getByText(zh.role.civil_officer).waitFor();
  if (shots) await admin.screenshot({ path: join(shots, "users.png") });

  await admin.goto(`${base}/users/organisations`);
  await office.getByRole("button", { name: zh.users.disable }).click();
  await office.locator(".r-stopped").waitFor();
  await office.getByRole("button", { name: zh.users.remove }).click();
  await drawer.locator('[data-action="confirm"]').click();
  await office.waitFor({ state: "detached" });

  await admin.goto(`${base}/users/tokens`);
  await admin.locator('[data-action="add-token"]').click();
  await drawer.locator('[data-field="label"]').fill(code);
  await drawer.locator('[data-field="days"]').fill("3");
  await drawer.locator('[data-action="make"]').click();
  const secret = await drawer.locator('[data-field="secret"]').inputValue();
  if (shots) await admin.screenshot({ path: join(shots, "token.png") });
  const ask = () => fetch(`${base}/api/v1/users`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal((await ask()).status, 200);
  await drawer.locator('[data-action="copy"]').click();
  await drawer.locator('[data-action="done"]').click();
  const token = admin.locator('[data-list="tokens"] tbody tr', { hasText: code });
  await token.locator('[data-action="revoke"]').click();
  await drawer.locator('[data-action="confirm"]').click();
  await token.waitFor({ state: "detached" });
  assert.equal(await admin.getByText(secret).count(), 0, "shown once");
  await admin.context().close();
  // A demo lets everybody in as coordinator, and a coordinator reads no accounts.
  assert.ok([401, 403].includes((await ask()).status), "revoked");
});

test("a site is written down, refused where a receiver stands elsewhere, and removed", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const coordinator = await colleague("coordinator");
  const drawer = coordinator.locator("dialog[open]");
  const name = `东湖站 ${Date.now().toString(36)}`;
  const write = async (called: string): Promise<void> => {
    await coordinator.locator('[data-action="add-site"]').click();
    await drawer.locator('[data-field="zh"]').fill(called);
    await drawer.locator('[data-field="latitude"]').fill("30.5612");
    await drawer.locator('[data-field="longitude"]').fill("114.3871");
    await drawer.locator('[data-field="antenna"]').fill("12");
    await drawer.locator('[data-field="receivers"]').fill("mast-of-the-test");
    await drawer.locator('[data-action="save"]').click();
  };
  await coordinator.goto(`${base}/receivers`);
  await write(name);
  const site = coordinator.locator('[data-list="sites"] tbody tr', { hasText: name });
  await site.getByText("30.5612").waitFor();
  if (shots) await coordinator.screenshot({ path: join(shots, "sites.png") });
  await write(`${name} 2`);
  await drawer.locator(".bad", { hasText: name }).waitFor(); // the receiver stands at the first one
  await coordinator.keyboard.press("Escape");
  await site.getByRole("button", { name: zh.users.remove }).click();
  await drawer.locator('[data-action="confirm"]').click();
  await site.waitFor({ state: "detached" });
  await coordinator.context().close();
});

test("an auditor proves an entry and checks a checkpoint", { skip: password ? false : "PINPU_DEMO_PASSWORD is not set" }, async () => {
  const auditor = await colleague("auditor");
  const drawer = auditor.locator("dialog[open]");
  await auditor.goto(`${base}/users/audit`);
  await auditor.locator('[data-field="subject"]').fill("organisations");
  await auditor.locator('[data-field="subject"]').press("Enter");
  await auditor.locator('[data-list="audit"] tbody tr a').first().click();
  await drawer.locator('[data-proven="true"]').waitFor();
  if (shots) await auditor.screenshot({ path: join(shots, "audit-entry.png") });
  await auditor.keyboard.press("Escape");
  await auditor.locator('[data-action="checkpoint"]').click();
  const note = await drawer.locator('[data-field="note"]').inputValue();
  const check = async (text: string) => {
    await drawer.locator('[data-field="kept"]').fill(text);
    await drawer.locator('[data-action="verify"]').click();
  };
  await check(note);
  await drawer.locator('[data-outcome="true"]').waitFor();
  if (shots) await auditor.screenshot({ path: join(shots, "audit-checkpoint.png") });
  const [origin, size, root, ...rest] = note.split("\n");
  await check([origin, size, `${root?.startsWith("A") ? "B" : "A"}${root?.slice(1)}`, ...rest].join("\n"));
  await drawer.locator('[data-outcome="false"]').waitFor();
  await auditor.context().close();
});

test("nothing overflows a phone", async () => {
  await page.setViewportSize({ width: 360, height: 780 });
  for (const path of PAGES) {
    await open(path);
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok((content ?? 0) <= (screen ?? 0), `/${path} is ${content} wide on a screen of ${screen}`);
    await shot(`${path.replace("/", "-")}-zh-phone`);
  }
});

test("the API reader shows the operations", async () => {
  await page.goto(`${base}/docs`);
  await page.locator("article").first().waitFor();
  assert.ok((await page.locator("article").count()) > 10);
  await shot("docs");
});

test("the browser's console stayed quiet", () => {
  // The browser reports every 412 by itself: as many as there were presses that came too late, and not one more.
  const stale = complaints.filter((line) => line.includes("status of 412"));
  assert.deepEqual(complaints.filter((line) => !stale.includes(line)), []);
  assert.equal(stale.length, refused);
});
