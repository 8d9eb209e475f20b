//! The connection to `/live`: opens, subscribes, resumes by sequence number after a break, backs off, and says
//! in which state it is. Knows nothing of screens. Timers and the socket come from outside so that tests hold them.

import { decodeFrame, type SpectrumFrame } from "./frame";

export type LinkState = "connecting" | "open" | "waiting" | "stopped";

/** A receiver as `hello` names it; frames carry its index. */
export interface LiveReceiver {
  index: number;
  id: string;
  label: string;
}

export interface LiveEvent {
  sequence: number;
  time: string;
  kind: string;
  data: unknown;
}

/** What the page wants to see; a change is sent at once and again after every reconnect. */
export interface Subscription {
  receivers: string[] | null;
  low_hz: number | null;
  high_hz: number | null;
  pixels: number;
  frames: boolean;
  events: boolean;
  notices: boolean;
}

/** That something happened to a record; the resource of the API. */
export interface LiveNotice {
  id: string;
  kind: string;
  own: boolean;
  subject: { id: string };
}

export interface LinkHandlers {
  state(state: LinkState, retryInMs: number): void;
  receivers(list: LiveReceiver[]): void;
  frame(frame: SpectrumFrame, receiver: LiveReceiver | undefined): void;
  event(event: LiveEvent): void;
  notice(notice: LiveNotice): void;
  /** Notices were missed for good: read whatever they tell of again. */
  noticesLost(): void;
  /** Events were missed for good, or this is the first connection: read the lists again. */
  reload(): void;
  /** Something on the wire could not be read. */
  fault(message: string): void;
  /** The line closed or could not be opened, for the `failures`-th time in a row; `code` as the server gave it. */
  closed(code: number, failures: number): void;
}

/** The part of `WebSocket` that is used. */
export interface Socket {
  binaryType: string;
  readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LinkEnvironment {
  open(): Socket;
  later(ms: number, action: () => void): () => void;
  random(): number;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** After this much silence the server is asked for a sign of life: a quiet band sends no events, a dead line nothing at all. */
const SILENCE_MS = 15_000;
/** How long the sign may take before the line is given up. */
const ANSWER_MS = 8_000;
const OPEN = 1;

/** Wait before attempt `attempt` (0, 1, …): doubling, capped, with ±25 % jitter so that clients don't return in step. */
export function retryDelayMs(attempt: number, random: number): number {
  const base = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.75 + 0.5 * random));
}

export class LiveLink {
  private socket: Socket | null = null;
  private attempt = 0;
  private cancelRetry: (() => void) | null = null;
  private cancelWatch: (() => void) | null = null;
  private receivers = new Map<number, LiveReceiver>();
  private lastSequence: number | null = null;
  private lastNotice: string | null = null;
  private subscription: Subscription;
  private stopped = true;

  constructor(
    private readonly handlers: LinkHandlers,
    private readonly environment: LinkEnvironment,
    subscription: Subscription,
  ) {
    this.subscription = subscription;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.cancelRetry?.();
    this.cancelWatch?.();
    this.cancelRetry = this.cancelWatch = null;
    this.drop();
    this.handlers.state("stopped", 0);
  }

  /** Skips the waiting time: the browser came back online or the user pressed "reconnect". */
  retryNow(): void {
    if (this.stopped || this.socket) return;
    this.cancelRetry?.();
    this.connect();
  }

  subscribe(subscription: Subscription): void {
    this.subscription = subscription;
    this.sendSubscription();
  }

  private connect(): void {
    this.cancelRetry = null;
    this.handlers.state("connecting", 0);
    const socket = this.environment.open();
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.watch();
    socket.onmessage = (event) => this.receive(event.data);
    socket.onerror = () => {};
    socket.onclose = ({ code }) => this.closed(socket, code);
    this.watch();
  }

  private closed(socket: Socket, code: number): void {
    if (this.socket !== socket) return;
    this.socket = null;
    this.cancelWatch?.();
    if (this.stopped) return;
    const wait = retryDelayMs(this.attempt, this.environment.random());
    this.attempt += 1;
    this.handlers.closed(code, this.attempt);
    if (this.stopped) return; // the handler found that nobody is logged in any more
    this.handlers.state("waiting", wait);
    this.cancelRetry = this.environment.later(wait, () => this.connect());
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
  }

  /** Restarts the silence timer. Whatever arrives, an answer to the probe included, counts as life. */
  private watch(): void {
    this.cancelWatch?.();
    this.cancelWatch = this.environment.later(SILENCE_MS, () => {
      // The server answers what it does not know with a "problem", which serves as well as a pong.
      if (this.socket?.readyState === OPEN) this.socket.send(JSON.stringify({ type: "ping" }));
      this.cancelWatch = this.environment.later(ANSWER_MS, () => this.giveUp());
    });
  }

  private giveUp(): void {
    const socket = this.socket;
    if (!socket) return;
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
    this.closed(socket, 1006);
  }

  private sendSubscription(): void {
    if (this.socket?.readyState !== OPEN) return;
    this.socket.send(JSON.stringify({ type: "subscribe", ...this.subscription, after: this.lastSequence, notices_after: this.lastNotice }));
  }

  private receive(data: unknown): void {
    this.watch();
    try {
      if (data instanceof ArrayBuffer) this.receiveFrame(data);
      else if (typeof data === "string") this.receiveText(JSON.parse(data) as Message);
    } catch (error) {
      this.handlers.fault(error instanceof Error ? error.message : String(error));
    }
  }

  private receiveFrame(data: ArrayBuffer): void {
    const frame = decodeFrame(data);
    if (frame.kind === "spectrum") this.handlers.frame(frame, this.receivers.get(frame.receiver));
  }

  private receiveText(message: Message): void {
    switch (message.type) {
      case "hello":
        return this.hello(message);
      case "event":
        // Delivered at least once around a reconnect: what was seen is not told again.
        if (this.lastSequence !== null && isOld(message, this.lastSequence)) return;
        this.lastSequence = message.sequence;
        return this.handlers.event(message);
      case "notice":
        this.lastNotice = message.id;
        return this.handlers.notice(message);
      case "notices_resync":
        this.lastNotice = null;
        return this.handlers.noticesLost();
      case "resync":
        this.lastSequence = message.sequence;
        return this.handlers.reload();
    }
  }

  private hello(message: Hello): void {
    this.receivers = new Map(message.receivers.map((r) => [r.index, r]));
    this.handlers.receivers(message.receivers);
    const again = this.attempt === 0 && this.lastSequence !== null && this.greeted === this.socket;
    this.attempt = 0;
    if (again) return; // the receivers changed on a connection that is already subscribed
    this.greeted = this.socket;
    const first = this.lastSequence === null || message.sequence < this.lastSequence;
    if (first) this.lastSequence = message.sequence; // a smaller number: the server started with a new store
    this.handlers.state("open", 0);
    this.sendSubscription();
    // Without a notice to go on from, those of the time away are not sent.
    if (!first && this.lastNotice === null) this.handlers.noticesLost();
    if (first) this.handlers.reload();
  }

  private greeted: Socket | null = null;
}

interface Hello {
  type: "hello";
  sequence: number;
  receivers: LiveReceiver[];
}

/** Whether an event was seen already. Where a conflict carries the number of the event before it, it may come twice. */
function isOld(event: LiveEvent, last: number): boolean {
  return event.sequence < last || (event.sequence === last && !event.kind.startsWith("conflict_"));
}

type Message =
  | Hello
  | ({ type: "event" } & LiveEvent)
  | ({ type: "notice" } & LiveNotice)
  | { type: "notices_resync"; reason: string }
  | { type: "resync"; reason: string; sequence: number };
