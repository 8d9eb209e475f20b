//! Short messages at the edge of the screen. Errors stay until dismissed; the rest go by themselves.

export type Tone = "info" | "good" | "bad" | "alarm";

export interface Toast {
  id: number;
  tone: Tone;
  text: string;
  detail?: string;
  action?: { label: string; run: () => void };
}

class Toasts {
  list = $state<Toast[]>([]);
  /** Open dialogs. The page behind one can be neither seen nor pressed, so the innermost shows the messages. */
  dialogs = $state(0);
  private next = 1;

  add(toast: Omit<Toast, "id">, stayMs = toast.tone === "bad" ? 0 : toast.action ? 10_000 : 5_000): void {
    const id = this.next++;
    this.list = [...this.list.slice(-3), { id, ...toast }];
    if (stayMs > 0) setTimeout(() => this.dismiss(id), stayMs);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
