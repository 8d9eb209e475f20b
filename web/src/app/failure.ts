//! Turns a failure into words a person can act on, with the request id that finds it in the log.

import { Problem } from "../api/client";
import type { Dictionary } from "../i18n/zh";

export interface Explained {
  text: string;
  detail?: string;
}

export function explain(failure: unknown, t: Dictionary): Explained {
  if (!(failure instanceof Problem)) return { text: t.error.unexpected, detail: failure instanceof Error ? failure.message : String(failure) };
  const id = failure.requestId ? t.error.requestId(failure.requestId) : undefined;
  return { text: sentence(failure, t), detail: id };
}

function sentence(problem: Problem, t: Dictionary): string {
  switch (problem.status) {
    case 0:
      return t.error.network;
    case 403:
      return t.error.forbidden;
    case 404:
      return t.error.notFound;
    case 412:
      return t.error.stale;
    case 429:
      return problem.detail || t.error.tooMany;
    default:
      // Messages of the server are already in the user's language and say what to do instead.
      return problem.status >= 500 ? t.error.server : problem.detail || t.error.refused(problem.status);
  }
}
