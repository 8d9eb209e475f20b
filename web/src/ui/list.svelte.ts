//! A list that is read page by page: first page, more, failure, and never two answers in the wrong order.

import type { Page } from "../api/model";

export class PagedList<T> {
  items = $state.raw<T[]>([]);
  cursor = $state<string | null>(null);
  loading = $state(false);
  loaded = $state(false);
  failure = $state.raw<unknown>(null);
  private controller: AbortController | null = null;
  private fetchPage: ((cursor: string | null, signal: AbortSignal) => Promise<Page<T>>) | null = null;

  /** Starts over with another query; an answer still on its way is dropped. */
  async read(fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>): Promise<void> {
    this.fetchPage = fetchPage;
    await this.load(null);
  }

  async more(): Promise<void> {
    if (this.cursor && !this.loading) await this.load(this.cursor);
  }

  async again(): Promise<void> {
    await this.load(null);
  }

  private async load(cursor: string | null): Promise<void> {
    if (!this.fetchPage) return;
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    this.loading = true;
    try {
      const page = await this.fetchPage(cursor, controller.signal);
      if (controller.signal.aborted) return;
      this.items = cursor ? [...this.items, ...page.items] : page.items;
      this.cursor = page.next_cursor ?? null;
      this.failure = null;
      this.loaded = true;
    } catch (problem) {
      if (!controller.signal.aborted) this.failure = problem;
    } finally {
      if (this.controller === controller) this.loading = false;
    }
  }
}
