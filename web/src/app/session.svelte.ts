//! Who is logged in and what they may do. The server decides; this only keeps buttons that would be refused off the screen.

import { api, Problem, setUnauthorisedHandler } from "../api/client";
import type { Role, Session } from "../api/model";

export type Action =
  | "acknowledge"
  | "resolve"
  | "coordinate"
  | "ask"
  | "import"
  | "order"
  | "task"
  | "users"
  | "count"
  | "audit"
  | "webhooks";

const ALLOWED: Record<Action, readonly Role[]> = {
  acknowledge: ["field", "civil_officer", "military_officer", "coordinator", "admin"],
  resolve: ["civil_officer", "military_officer", "coordinator", "admin"],
  coordinate: ["civil_officer", "military_officer", "operator", "coordinator", "auditor", "admin"],
  ask: ["civil_officer", "military_officer", "operator"],
  import: ["coordinator", "admin"],
  order: ["civil_officer", "military_officer", "coordinator"],
  task: ["civil_officer", "military_officer", "coordinator", "auditor", "admin"],
  users: ["admin"],
  count: ["coordinator", "auditor", "admin"],
  audit: ["auditor", "admin"],
  webhooks: ["coordinator", "admin"],
};

class SessionState {
  /** `undefined` until the server has answered, `null` when nobody is logged in. */
  current = $state<Session | null | undefined>(undefined);
  /** The session ended while the console was in use. */
  ended = $state(false);

  can(action: Action): boolean {
    return this.current ? ALLOWED[action].includes(this.current.role) : false;
  }

  async load(): Promise<void> {
    try {
      this.current = await api.session();
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 401) this.current = null;
      else throw problem;
    }
  }

  /** Asks whether the session still holds; a server that cannot be reached says nothing about that. */
  async check(): Promise<void> {
    try {
      this.current = await api.session();
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 401) return;
      this.ended = this.current != null;
      this.current = null;
    }
  }

  async login(user: string, password: string): Promise<void> {
    this.current = await api.login(user, password);
    this.ended = false;
  }

  async logout(): Promise<void> {
    await api.logout();
    this.current = null;
    await this.load(); // a demo on loopback falls back to its anonymous user
  }
}

export const session = new SessionState();

setUnauthorisedHandler(() => {
  if (session.current) {
    session.ended = true;
    session.current = null;
  }
});
