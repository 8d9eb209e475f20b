//! Brings spectra into the engine: live frames as they come, and stored time that no live frame covered.

import { api } from "../api/client";
import { settings } from "../app/settings.svelte";
import { decodeFrame } from "../live/frame";
import { live } from "../live/store.svelte";
import { VISIBLE_ROWS, type AnalyzerEngine } from "./engine";

/** More than any screen has columns; the server sends no more than the receiver has bins. */
const PIXELS = 4096;
/** For whoever watches without a picture. */
const PIXELS_UNWATCHED = 1024;

export class Feed {
  private receiver = "";

  constructor(
    private engine: AnalyzerEngine,
    /** Something new is in the engine. */
    private changed: () => void,
    /** The engine's domain is another one now. */
    private domainChanged: () => void,
  ) {}

  /** Takes a receiver's live frames until the returned function is called. They touch no reactive state. */
  watch(id: string): () => void {
    this.receiver = id;
    live.watch(id, PIXELS);
    const stop = live.onFrame((frame, from) => {
      if (from !== id) return;
      if (this.engine.take(frame, Date.now() / 1000)) {
        this.domainChanged();
        void this.backfill();
      }
      this.changed();
    });
    return () => {
      stop();
      live.watch(null, PIXELS_UNWATCHED);
    };
  }

  /** Asks for a hole in the live frames, once the server has had time to store what it has of it. */
  fillGap(): void {
    const gap = this.engine.dueGap(Date.now() / 1000);
    if (gap) void this.backfill(gap.from, gap.to);
  }

  /** Asks the server for time that no live frame covered: before this page was opened, or lost on the way. What the server
   * does not have either stays hatched. */
  async backfill(from?: number, until?: number): Promise<void> {
    const { receiver } = this;
    const { ring } = this.engine;
    if (!ring) return;
    const to = until ?? Math.max(this.engine.headS(Date.now() / 1000), ring.headS);
    const begin = from ?? to - settings.spanS;
    const query = {
      receiver,
      low_hz: ring.domain.low,
      high_hz: ring.domain.high,
      from: new Date(begin * 1000).toISOString(),
      to: new Date(to * 1000).toISOString(),
      width: ring.columns,
      height: Math.max(1, Math.min(VISIBLE_ROWS, Math.ceil((to - begin) / ring.rowS))),
    };
    try {
      const frame = decodeFrame(await api.waterfall(query));
      if (frame.kind === "waterfall" && this.engine.ring === ring) this.engine.takeHistory(frame);
      this.changed();
    } catch (error) {
      console.info("no stored waterfall:", error instanceof Error ? error.message : error);
    }
  }
}
