//! Names of organisations, read once: events name who takes part by key.

import { api } from "../api/client";
import type { Organisation } from "../api/model";
import { text } from "../i18n/index.svelte";

class Organisations {
  all = $state.raw<readonly Organisation[]>([]);
  private asked = false;

  /** Reads them, where that was not done yet. Without the list keys stand for names. */
  async read(): Promise<void> {
    if (this.asked) return;
    this.asked = true;
    try {
      this.all = (await api.organisations(null)).items;
    } catch {
      this.asked = false;
    }
  }

  name(key: string): string {
    const known = this.all.find((each) => each.id === key);
    return known ? text(known.name) : key;
  }
}

export const organisations = new Organisations();
