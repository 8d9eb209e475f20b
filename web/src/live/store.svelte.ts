//! What is going on now: receivers, emissions on the air, unresolved conflicts, and the state of the line. Lists are published
//! at most five times a second however fast events arrive; spectrum frames bypass the lists and go straight to who draws them.

import { api, liveUrl, Problem } from "../api/client";
import type { Conflict, Emission, Receiver } from "../api/model";
import type { SpectrumFrame } from "./frame";
import { LiveLink, type LinkHandlers, type LinkState, type LiveEvent, type LiveReceiver, type Socket, type Subscription } from "./socket";
import { session } from "../app/session.svelte";
import { notices } from "../notices/store.svelte";

/** Closed emissions stay in the list this long, so that a short burst can be read. */
const LINGER_MS = 8_000;
const PUBLISH_MS = 200;
const MOST_EMISSIONS = 2_000;

export type FrameListener = (frame: SpectrumFrame, receiver: string) => void;
export type ConflictListener = (conflict: Conflict) => void;

class LiveStore {
  link = $state<LinkState>("stopped");
  retryAt = $state(0);
  online = $state(navigator.onLine);
  receivers = $state.raw<Receiver[]>([]);
  emissions = $state.raw<Emission[]>([]);
  conflicts = $state.raw<Conflict[]>([]);
  loaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** Time of the last frame by this browser's clock; 0 before the first. */
  lastFrameAt = $state(0);
  framesPerS = $state(0);

  private byEmission = new Map<string, Emission & { goneAt?: number }>();
  private byConflict = new Map<string, Conflict>();
  private byReceiver = new Map<string, Receiver>();
  private frameListeners = new Set<FrameListener>();
  private conflictListeners = new Set<ConflictListener>();
  private lastFrame = new Map<string, SpectrumFrame>();
  private changed = false;
  private frames = 0;
  private timers: ReturnType<typeof setInterval>[] = [];
  private connection: LiveLink | null = null;
  private pictures: LiveLink | null = null;
  private reloadTimer: ReturnType<typeof setTimeout> | null = null;

  start(): void {
    if (this.connection) return;
    // Two lines: the server filters events by receiver too, and the lists need those of all receivers.
    this.connection = this.line(
      {
        state: (state, retryInMs) => this.setLink(state, retryInMs),
        receivers: () => void this.refreshReceivers(),
        event: (event) => this.takeEvent(event),
        reload: () => this.scheduleReload(),
        notice: (notice) => notices.take(notice),
        noticesLost: () => notices.lost(),
        closed: (code, failures) => {
          // A handshake that is refused looks like any failure here; the session resource tells them apart.
          if (code === 4401 || failures === 2) void session.check();
        },
      },
      { receivers: null, low_hz: null, high_hz: null, pixels: 16, frames: false, events: true, notices: true },
    );
    this.connection.start();
    this.timers = [setInterval(() => this.publish(), PUBLISH_MS), setInterval(() => this.measureRate(), 2_000)];
    addEventListener("online", this.onOnline);
    addEventListener("offline", this.onOffline);
  }

  private line(handlers: Partial<LinkHandlers>, subscription: Subscription): LiveLink {
    return new LiveLink(
      {
        state: () => {},
        receivers: () => {},
        frame: () => {},
        event: () => {},
        reload: () => {},
        notice: () => {},
        noticesLost: () => {},
        closed: () => {},
        fault: (message) => console.warn(`live: ${message}`),
        ...handlers,
      },
      {
        open: () => new WebSocket(liveUrl()) as Socket,
        later: (ms, action) => {
          const timer = setTimeout(action, ms);
          return () => clearTimeout(timer);
        },
        random: Math.random,
      },
      subscription,
    );
  }

  stop(): void {
    this.connection?.stop();
    this.pictures?.stop();
    this.connection = this.pictures = null;
    this.timers.forEach(clearInterval);
    removeEventListener("online", this.onOnline);
    removeEventListener("offline", this.onOffline);
    this.byEmission.clear();
    this.byConflict.clear();
    this.byReceiver.clear();
    this.lastFrame.clear();
    this.loaded = false;
    this.changed = true;
    this.publish();
  }

  reconnect(): void {
    this.connection?.retryNow();
    this.pictures?.retryNow();
  }

  /** Frames of one receiver at a resolution, or none (`null`) while no plot is on the screen. */
  watch(receiver: string | null, pixels: number): void {
    this.pictures?.stop();
    this.pictures = null;
    if (receiver === null) return;
    const wanted = { receivers: [receiver], low_hz: null, high_hz: null, pixels, frames: true, events: false, notices: false };
    this.pictures = this.line({ frame: (frame, from) => this.takeFrame(frame, from) }, wanted);
    this.pictures.start();
  }

  onFrame(listener: FrameListener): () => void {
    this.frameListeners.add(listener);
    return () => this.frameListeners.delete(listener);
  }

  /** Calls back for each conflict that opens from now on. */
  onConflict(listener: ConflictListener): () => void {
    this.conflictListeners.add(listener);
    return () => this.conflictListeners.delete(listener);
  }

  latestFrame(receiver: string): SpectrumFrame | undefined {
    return this.lastFrame.get(receiver);
  }

  /** What people call a receiver; its id where it is not known, or not any more. */
  labelOf(receiver: string): string {
    return this.receivers.find((r) => r.id === receiver)?.label ?? receiver;
  }

  /** Takes over a conflict that an action of this user has just changed, without waiting for the event. */
  putConflict(conflict: Conflict): void {
    this.setConflict(conflict);
    this.changed = true;
    this.publish();
  }

  async reload(): Promise<void> {
    try {
      const [receivers, emissions, open, acknowledged, assigned] = await Promise.all([
        api.receivers(),
        api.emissions({ open: true, limit: 500 }),
        api.conflicts({ status: "open", limit: 500 }),
        api.conflicts({ status: "acknowledged", limit: 500 }),
        api.conflicts({ status: "assigned", limit: 500 }),
      ]);
      this.byReceiver = new Map(receivers.items.map((r) => [r.id, r]));
      this.byEmission = new Map(emissions.items.map((e) => [e.id, e]));
      this.byConflict = new Map([...open.items, ...acknowledged.items, ...assigned.items].map((c) => [c.id, c]));
      this.problem = null;
      this.loaded = true;
    } catch (problem) {
      if (problem instanceof Problem) this.problem = problem;
    }
    this.changed = true;
    this.publish();
  }

  /** Reads the receivers alone: their counters change without events. */
  async refreshReceivers(): Promise<void> {
    try {
      const { items } = await api.receivers();
      this.byReceiver = new Map(items.map((r) => [r.id, r]));
      this.receivers = items;
    } catch {
      // The line's state is shown elsewhere; the next round tries again.
    }
  }

  private scheduleReload(): void {
    if (this.reloadTimer) return;
    this.reloadTimer = setTimeout(() => {
      this.reloadTimer = null;
      void this.reload();
    }, 50);
  }

  private setLink(state: LinkState, retryInMs: number): void {
    this.link = state;
    this.retryAt = state === "waiting" ? Date.now() + retryInMs : 0;
    if (state === "open") this.online = true;
  }

  private onOnline = () => {
    this.online = true;
    this.reconnect();
  };

  private onOffline = () => {
    this.online = false;
  };

  private takeFrame(frame: SpectrumFrame, from: LiveReceiver | undefined): void {
    if (!from) return;
    this.frames += 1;
    this.lastFrame.set(from.id, frame);
    for (const listener of this.frameListeners) listener(frame, from.id);
  }

  private takeEvent(event: LiveEvent): void {
    this.changed = true;
    switch (event.kind) {
      case "emission_opened":
      case "emission_updated":
      case "emission_closed": {
        const emission = event.data as Emission;
        const goneAt = event.kind === "emission_closed" || !emission.open ? Date.now() : undefined;
        this.byEmission.set(emission.id, { ...emission, goneAt });
        return;
      }
      case "conflict_opened":
      case "conflict_updated": {
        const conflict = event.data as Conflict;
        const known = this.byConflict.has(conflict.id);
        this.setConflict(conflict);
        if (event.kind === "conflict_opened" && !known) for (const listener of this.conflictListeners) listener(conflict);
        return;
      }
      case "receiver_state": {
        const receiver = event.data as Receiver;
        this.byReceiver.set(receiver.id, { ...this.byReceiver.get(receiver.id), ...receiver });
      }
    }
  }

  private setConflict(conflict: Conflict): void {
    const before = this.byConflict.get(conflict.id);
    if (before && before.version > conflict.version) return;
    if (conflict.status === "resolved" || conflict.status === "merged") this.byConflict.delete(conflict.id);
    else this.byConflict.set(conflict.id, conflict);
  }

  private publish(): void {
    const now = Date.now();
    for (const [id, emission] of this.byEmission) {
      if (emission.goneAt && now - emission.goneAt > LINGER_MS) {
        this.byEmission.delete(id);
        this.changed = true;
      }
    }
    if (!this.changed) return;
    this.changed = false;
    const excess = this.byEmission.size - MOST_EMISSIONS;
    if (excess > 0) for (const id of [...this.byEmission.keys()].slice(0, excess)) this.byEmission.delete(id);
    this.emissions = [...this.byEmission.values()];
    this.conflicts = [...this.byConflict.values()];
    this.receivers = [...this.byReceiver.values()];
  }

  private measureRate(): void {
    this.framesPerS = this.frames / 2;
    if (this.frames > 0) this.lastFrameAt = Date.now();
    this.frames = 0;
  }
}

export const live = new LiveStore();
