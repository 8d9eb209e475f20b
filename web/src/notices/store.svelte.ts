//! What is new for who is logged in: how much is unread, and whom to tell when a record of theirs changes. The server says who is
//! told of what; a slow question stands in where the line is down.

import { api } from "../api/client";
import type { NoticeKind } from "../api/model";
import { session } from "../app/session.svelte";
import type { LiveNotice } from "../live/socket";

/** Boards ask again this seldom while the line tells them what changes. */
export const FALLBACK_MS = 60_000;
/** What comes together is read together. */
const GATHER_MS = 150;

type Listener = (subject: string | null) => void;

class Notices {
  unread = $state(0);
  more = $state(false);
  /** Grows with every notice, so that an open list reads itself again. */
  heard = $state(0);
  private listeners = new Map<NoticeKind, Set<Listener>>();
  private gather: ReturnType<typeof setTimeout> | null = null;

  /** A notice came. */
  take(notice: LiveNotice): void {
    for (const listener of this.listeners.get(notice.kind as NoticeKind) ?? []) listener(notice.subject.id);
    this.again();
  }

  /** Some may be missing: whatever they tell of is read again. */
  lost(): void {
    for (const listeners of this.listeners.values()) for (const listener of listeners) listener(null);
    this.again();
  }

  private again(): void {
    if (this.gather) return;
    this.gather = setTimeout(() => {
      this.gather = null;
      this.heard += 1;
      void this.count();
    }, GATHER_MS);
  }

  async count(): Promise<void> {
    if (!session.current) return;
    try {
      const { unread, more } = await api.unreadNotices();
      this.unread = unread;
      this.more = more;
    } catch {
      // The state of the line is shown beside; the next notice or minute asks again.
    }
  }

  async markRead(through: string): Promise<void> {
    const { unread, more } = await api.markNoticesRead(through);
    this.unread = unread;
    this.more = more;
  }

  clear(): void {
    this.unread = 0;
    this.more = false;
  }

  /** Calls back when records of a kind change, with the record's id where it is known; once for what comes together. */
  on(kind: NoticeKind, changed: () => void, id?: () => string | null): () => void {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const listener: Listener = (subject) => {
      if (timer || (id && subject !== null && subject !== id())) return;
      timer = setTimeout(() => {
        timer = null;
        changed();
      }, GATHER_MS);
    };
    const listeners = this.listeners.get(kind) ?? new Set<Listener>();
    listeners.add(listener);
    this.listeners.set(kind, listeners);
    return () => {
      listeners.delete(listener);
      if (timer) clearTimeout(timer);
    };
  }
}

export const notices = new Notices();
