import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveLink, retryDelayMs, type LiveEvent, type Socket, type Subscription } from "../src/live/socket.ts";
import { frameBytes } from "./frames.ts";

class FakeSocket implements Socket {
  binaryType = "";
  readyState = 0;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  sent: Record<string, unknown>[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.closed = true;
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  text(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  break(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
}

const ALL: Subscription = { receivers: null, low_hz: null, high_hz: null, pixels: 1024, frames: true, events: true, notices: true };
const hello = (sequence: number) => ({ type: "hello", sequence, receivers: [{ index: 0, id: "rx1", label: "One" }] });
const event = (sequence: number) => ({ type: "event", sequence, time: "2026-11-22T00:00:00Z", kind: "gap", data: {} });

function bench() {
  const sockets: FakeSocket[] = [];
  const timers: { at: number; run: () => void; cancelled: boolean }[] = [];
  let now = 0;
  const log = { states: [] as string[], events: [] as number[], notices: [] as string[], lost: 0, reloads: 0, frames: [] as string[], faults: [] as string[], closed: [] as string[] };
  const link = new LiveLink(
    {
      state: (state) => log.states.push(state),
      receivers: () => {},
      frame: (_, receiver) => log.frames.push(receiver?.id ?? "?"),
      event: (e: LiveEvent) => log.events.push(e.sequence),
      notice: (n) => log.notices.push(n.id),
      noticesLost: () => (log.lost += 1),
      reload: () => (log.reloads += 1),
      fault: (message) => log.faults.push(message),
      closed: (code, failures) => log.closed.push(`${code}/${failures}`),
    },
    {
      open: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      later: (ms, run) => {
        const timer = { at: now + ms, run, cancelled: false };
        timers.push(timer);
        return () => (timer.cancelled = true);
      },
      random: () => 0.5,
    },
    ALL,
  );
  const advance = (ms: number) => {
    now += ms;
    for (const timer of timers.splice(0).sort((a, b) => a.at - b.at)) {
      if (timer.cancelled) continue;
      if (timer.at <= now) timer.run();
      else timers.push(timer);
    }
  };
  const last = (): FakeSocket => {
    const socket = sockets.at(-1);
    assert.ok(socket);
    return socket;
  };
  return { link, log, sockets, advance, last };
}

test("the first connection subscribes from where the lists were read", () => {
  const { link, log, last } = bench();
  link.start();
  last().open();
  last().text(hello(40));
  assert.deepEqual(last().sent, [{ type: "subscribe", ...ALL, after: 40, notices_after: null }]);
  assert.equal(log.reloads, 1);
  assert.deepEqual(log.states, ["connecting", "open"]);
});

test("after a break it resumes behind the last event seen, without reading everything again", () => {
  const { link, log, advance, last } = bench();
  link.start();
  last().open();
  last().text(hello(40));
  last().text(event(41));
  last().text(event(42));
  last().break();
  assert.equal(log.states.at(-1), "waiting");
  advance(500);
  last().open();
  last().text(hello(50));
  assert.equal(last().sent[0]?.["after"], 42);
  assert.equal(log.reloads, 1, "events 43 to 50 will be sent, so nothing needs to be read again");
});

test("events sent twice around a reconnect count once", () => {
  const { link, log, last } = bench();
  link.start();
  last().open();
  last().text(hello(0));
  for (const n of [1, 2, 2, 1, 3]) last().text(event(n));
  assert.deepEqual(log.events, [1, 2, 3]);
});

test("a resync and a server with a new store make the lists be read again", () => {
  const { link, log, advance, last } = bench();
  link.start();
  last().open();
  last().text(hello(40));
  last().text({ type: "resync", reason: "too old", sequence: 90 });
  assert.equal(log.reloads, 2);
  last().text(event(91));
  assert.deepEqual(log.events, [91]);
  last().break();
  advance(500);
  last().open();
  last().text(hello(3));
  assert.equal(log.reloads, 3);
  last().text(event(4));
  assert.deepEqual(log.events, [91, 4]);
});

test("a second hello on the same line does not subscribe again", () => {
  const { link, last } = bench();
  link.start();
  last().open();
  last().text(hello(1));
  last().text(hello(2));
  assert.equal(last().sent.length, 1);
});

test("waiting grows, has a ceiling, and starts over after a success", () => {
  assert.deepEqual([0, 1, 2, 3].map((n) => retryDelayMs(n, 0.5)), [500, 1000, 2000, 4000]);
  assert.equal(retryDelayMs(50, 0.5), 15_000);
  assert.equal(retryDelayMs(0, 0), 375);
  assert.equal(retryDelayMs(0, 1), 625);
  const { link, sockets, advance, last } = bench();
  link.start();
  for (const wait of [500, 1000, 2000]) {
    last().break();
    const before = sockets.length;
    advance(wait - 1);
    assert.equal(sockets.length, before, `tried before ${wait} ms`);
    advance(1);
    assert.equal(sockets.length, before + 1);
  }
  last().open();
  last().text(hello(1));
  last().break();
  advance(500);
  assert.equal(sockets.length, 5);
});

test("a silent line is asked for a sign of life, and replaced when none comes", () => {
  const { link, sockets, log, advance, last } = bench();
  link.start();
  last().open();
  last().text(hello(1));
  advance(14_000);
  last().text(event(2));
  advance(15_000);
  assert.deepEqual(last().sent.at(-1), { type: "ping" });
  last().text({ type: "problem", detail: "what is a ping?" });
  advance(14_000);
  assert.equal(sockets.length, 1, "any answer is a sign of life");
  advance(1_000);
  advance(8_000);
  assert.equal(log.states.at(-1), "waiting");
  assert.equal(sockets[0]?.closed, true);
});

test("why the line closed is told, and a handler that stops the link ends the retries", () => {
  const { link, sockets, log, advance, last } = bench();
  link.start();
  last().open();
  last().text(hello(1));
  last().break(4401);
  last();
  advance(500);
  last().break();
  assert.deepEqual(log.closed, ["4401/1", "1006/2"]);
  link.stop();
  advance(60_000);
  assert.equal(sockets.length, 2);
});

test("stopping closes the socket and nothing reconnects", () => {
  const { link, sockets, advance, last } = bench();
  link.start();
  last().open();
  link.stop();
  assert.equal(last().closed, true);
  advance(60_000);
  assert.equal(sockets.length, 1);
});

test("frames carry their receiver; a broken one is reported and does no harm", () => {
  const { link, log, last } = bench();
  link.start();
  last().open();
  last().text(hello(1));
  last().onmessage?.({ data: frameBytes({ receiver: 0 }) });
  last().onmessage?.({ data: new ArrayBuffer(3) });
  last().onmessage?.({ data: "{" });
  last().onmessage?.({ data: frameBytes({ receiver: 0 }) });
  assert.deepEqual(log.frames, ["rx1", "rx1"]);
  assert.equal(log.faults.length, 2);
});

test("notices are gone on with after a break, and where they cannot be, everything they tell of is read again", () => {
  const { link, log, advance, last } = bench();
  const notice = (id: string) => ({ type: "notice", id, kind: "task", own: false, subject: { id: "t1" } });
  link.start();
  last().open();
  last().text(hello(40));
  last().break();
  advance(500);
  last().open();
  last().text(hello(40));
  assert.equal(log.lost, 1, "nothing to go on from: what came meanwhile is unknown");
  last().text(notice("a"));
  last().text(notice("b"));
  assert.deepEqual(log.notices, ["a", "b"]);
  last().break();
  advance(500);
  last().open();
  last().text(hello(40));
  assert.equal(last().sent[0]?.["notices_after"], "b");
  assert.equal(log.lost, 1, "they will be sent");
  last().text({ type: "notices_resync", reason: "too old" });
  assert.equal(log.lost, 2);
});
