//! A notice in words, and where its record is.

import type { Notice, NoticeKind, WebhookDelivery } from "../api/model";
import type { Dictionary } from "../i18n/zh";

export const NOTICE_KINDS = ["request", "control_order", "task", "interference_report", "event", "webhook"] as const satisfies readonly NoticeKind[];

const PAGES: Record<NoticeKind, string> = {
  request: "coordination",
  control_order: "orders",
  task: "tasks",
  interference_report: "interference",
  event: "events",
  webhook: "alarms",
};

/** The address of the record. */
export function noticeLink({ kind, subject }: Notice): string {
  return kind === "webhook" ? "/alarms/webhooks" : `/${PAGES[kind]}/${encodeURIComponent(subject.id)}`;
}

/** What happened. A word that is newer than this console says that something did. */
export function noticeAction({ kind, action }: Notice, words: Dictionary): string {
  const known: Record<string, string> = words.notices.did[kind];
  return known[action] ?? words.notices.changed;
}

/** Where the record stands now. */
export function noticeState({ kind, subject }: Notice, words: Dictionary): string {
  const known: Record<NoticeKind, Record<string, string>> = {
    request: words.coordination.state,
    control_order: words.orders.state,
    task: words.tasks.state,
    interference_report: words.interference.state,
    event: words.events.state,
    webhook: words.webhooks.state,
  };
  return known[kind][subject.state] ?? subject.state;
}

/** What a message to a webhook tells of. */
export function deliveryText({ kind, action }: WebhookDelivery, words: Dictionary): string {
  const known = NOTICE_KINDS.find((each) => each === kind);
  if (!known) return words.webhooks.testMessage;
  const did: Record<string, string> = words.notices.did[known];
  return words.app.labelled(words.notices.kind[known], did[action] ?? words.notices.changed);
}
