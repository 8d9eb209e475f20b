//! A person logs in by an identity provider in a real browser: ours against `oidc-provider`, which the OpenID Foundation has certified.
//! It starts both, with a folder of its own. Run: npm run e2e:oidc -- --pinpu PATH-OF-THE-PROGRAM

import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseArgs } from "node:util";
// @ts-expect-error it has no types of its own
import Provider from "oidc-provider";
import { chromium, type Browser, type Page } from "playwright-core";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";

const { values: options } = parseArgs({ options: { pinpu: { type: "string" } } });
const program = options.pinpu;
if (!program) {
  console.error("say which program: npm run e2e:oidc -- --pinpu ../target/debug/pinpu");
  process.exit(2);
}
const shots = process.env["PINPU_E2E_SHOTS"];
if (shots) mkdirSync(shots, { recursive: true });

const SECRET = "a secret of the client, long enough";
const PASSWORD = "green horses swim upstream";
let folder: string;
let provider: Server;
let service: ChildProcess;
let base: string;
let browser: Browser;
/** What the service wrote to its log. */
let log = "";

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return portOf(server);
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "pinpu-oidc-"));
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  const redirect = `${base}/api/v1/sessions/oidc/callback`;
  provider = createServer((request, response) => answer(request, response));
  const issuer = `http://127.0.0.1:${await listening(provider)}`;
  const answer = new Provider(issuer, {
    clients: [{ client_id: "pinpu", client_secret: SECRET, redirect_uris: [redirect], grant_types: ["authorization_code"], response_types: ["code"] }],
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    cookies: { keys: ["a key of the test"] },
    pkce: { required: () => true },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
  }).callback() as (request: unknown, response: unknown) => void;
  const config = join(folder, "pinpu.toml");
  writeFileSync(
    config,
    `[auth.oidc]\nissuer = "${issuer}"\nclient_id = "pinpu"\nclient_secret = "${SECRET}"\nredirect = "${redirect}"\n` +
      `name_zh = "示范市统一身份认证"\nname_en = "Demo City Login"\n`,
  );
  const data = join(folder, "data");
  const made = spawnSync(program, ["user", "add", "li.wei", "--role", "civil_officer", "--password-stdin", "--data", data], { input: PASSWORD });
  assert.equal(made.status, 0, made.stderr.toString());
  // A recording that is not there: no receiver is looked for, and none is found.
  const environment = { ...process.env, SOAPY_SDR_ROOT: "/nonexistent", SOAPY_SDR_PLUGIN_PATH: "" };
  service = spawn(program, ["serve", "--config", config, "--listen", `127.0.0.1:${port}`, "--data", data], { env: environment });
  service.stderr?.on("data", (text: Buffer) => (log += text.toString()));
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${base}/api/v1/health/live`).catch(() => null);
    if (ready?.ok) break;
    assert.ok(tries < 300, `the service does not answer\n${log}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  browser = await chromium.launch({ executablePath: process.env["PINPU_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  if (service) {
    const ended = new Promise((resolve) => service.once("exit", resolve));
    service.kill();
    await ended;
  }
  provider?.closeAllConnections();
  provider?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A browser of its own, at the login page. */
async function visitor(lang: "zh" | "en", width = 1400): Promise<Page> {
  const context = await browser.newContext({ locale: lang === "zh" ? "zh-CN" : "en-GB", viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${base}/login`);
  return page;
}

/** At the provider: says who one is, and agrees. */
async function identify(page: Page, name: string): Promise<void> {
  await page.locator('input[name="login"]').fill(name);
  await page.locator('input[name="password"]').fill("any");
  await page.locator('button[type="submit"]').click();
  await page.locator('button[type="submit"]').click();
}

test("who the provider vouches for is in the console, with a session as by password", async () => {
  const page = await visitor("zh");
  const button = page.getByRole("link", { name: zh.login.byProvider("示范市统一身份认证") });
  await button.waitFor();
  for (const lang of ["zh", "en"] as const) {
    for (const width of [1400, 390]) {
      if (!shots) break;
      const other = await visitor(lang, width);
      await other.getByText(lang === "zh" ? zh.login.or : en.login.or, { exact: true }).waitFor();
      await other.screenshot({ path: join(shots, `login-${lang}-${width}.png`) });
      await other.context().close();
    }
  }
  await button.click();
  await identify(page, "li.wei");
  await page.waitForURL(`${base}/**`);
  await page.getByText("li.wei").first().waitFor();
  const cookies = await page.context().cookies(base);
  const session = cookies.find(({ name }) => name === "pinpu_session");
  assert.ok(session?.httpOnly && session.sameSite === "Strict");
  assert.equal(cookies.some(({ name }) => name === "pinpu_oidc"), false, "the cookie of the login is gone");
  const who = await page.evaluate(async () => (await fetch("/api/v1/sessions/current")).json());
  assert.deepEqual([who.user, who.role], ["li.wei", "civil_officer"]);
  assert.match(log, /logged in.*li\.wei/);
});

test("who has no account is told so, and why stands in the log", async () => {
  const page = await visitor("en");
  await page.getByRole("link", { name: en.login.byProvider("Demo City Login") }).click();
  await identify(page, "stranger");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByRole("alert").textContent(), en.login.failed.no_account);
  if (shots) await page.screenshot({ path: join(shots, "login-no-account.png") });
  assert.match(log, /there is no such account/);
});

test("passwords work beside it", async () => {
  const page = await visitor("en");
  await page.getByLabel(en.login.user).fill("li.wei");
  await page.getByLabel(en.login.password).fill(PASSWORD);
  await page.getByRole("button", { name: en.login.submit }).click();
  await page.getByText("li.wei").first().waitFor();
});
