//! One function per operation that the console uses, typed by the OpenAPI document. Failures become `Problem` (RFC 9457)
//! with the request id, so that every message on the screen can be found in the server's log.

import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type {
  Complaint,
  ControlOrderRequest,
  InterferenceReportRequest,
  NoticeKind,
  OrganisationProfile,
  Proposal,
  Resolution,
  Role,
  SiteProfile,
  TakeOrderStep,
  TakeReportStep,
  TakeTaskStep,
  TaskContent,
  EventContent,
  EventDeviceContent,
  EventRowContent,
  TakeEventStep,
  TestEventDevice,
  TakeStep,
  TokenScope,
} from "./model";
import { Problem, attachmentType, entityTag, problemOf, queryText, uniqueKey } from "./problem";

export { Problem, queryText };

export const API = "/api/v1";

let language = "zh-CN";
let onUnauthorised: () => void = () => {};

/** Language of the server's messages. */
export function setApiLanguage(tag: string): void {
  language = tag;
}

/** Called when a session ended while it was in use. */
export function setUnauthorisedHandler(handler: () => void): void {
  onUnauthorised = handler;
}

const client = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
client.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", language);
  },
});

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The content of an answer, or a thrown `Problem`. A 401 of any call but the login's own means that the session ended. */
async function content<T>(call: Promise<Outcome<T>>, signal?: AbortSignal, ownLogin = false): Promise<T> {
  let outcome: Outcome<T>;
  try {
    outcome = await call;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "", "", null);
  }
  if (outcome.response.ok) return outcome.data as T;
  if (outcome.response.status === 401 && !ownLogin) onUnauthorised();
  throw problemOf(outcome.response, outcome.error);
}

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? Q : never;
export type EmissionQuery = Query<"/api/v1/emissions">;
export type ConflictQuery = Query<"/api/v1/conflicts">;
export type OccupancyQuery = Query<"/api/v1/occupancy">;
export type RequestQuery = Query<"/api/v1/coordination/requests">;
export type ControlOrderQuery = Query<"/api/v1/control-orders">;
export type InterferenceQuery = Query<"/api/v1/interference-reports">;
export type TaskQuery = Query<"/api/v1/tasks">;
export type NoticeQuery = Query<"/api/v1/notices">;
export type EventQuery = Query<"/api/v1/events">;
export type EventDeviceQuery = Query<"/api/v1/events/{id}/devices">;
export type AllocationQuery = Query<"/api/v1/allocations">;
export type AssignmentQuery = Query<"/api/v1/assignments">;
export type MeasuredQuery = Query<"/api/v1/assignments/{id}/measured">;
export type AuditQuery = Query<"/api/v1/audit">;
export type WaterfallQuery = Query<"/api/v1/spectra/waterfall">;

/** Headers of a change to a versioned record: sent twice, the server acts once; sent for an old version, not at all. */
function change(version: number) {
  return { "if-match": entityTag(version), "idempotency-key": uniqueKey() };
}

export const api = {
  session: () => content(client.GET("/api/v1/sessions/current"), undefined, true),
  login: (user: string, password: string) => content(client.POST("/api/v1/sessions", { body: { user, password } }), undefined, true),
  loginWays: () => content(client.GET("/api/v1/sessions/ways"), undefined, true),
  logout: () => content(client.DELETE("/api/v1/sessions/current"), undefined, true),

  users: () => content(client.GET("/api/v1/users", { params: { query: { limit: 1000 } } })),
  addUser: (body: { name: string; password: string; role: Role; organisation: string }) =>
    content(client.POST("/api/v1/users", { body, params: { header: { "idempotency-key": uniqueKey() } } })),
  changeUser: (name: string, body: Partial<{ role: Role; organisation: string; disabled: boolean; password: string }>) =>
    content(client.PATCH("/api/v1/users/{name}", { params: { path: { name } }, body })),
  deleteUser: (name: string) => content(client.DELETE("/api/v1/users/{name}", { params: { path: { name } } })),

  organisations: (cursor: string | null, signal?: AbortSignal) =>
    content(client.GET("/api/v1/organisations", { params: { query: { limit: 1000, cursor: cursor ?? undefined } }, signal }), signal),
  addOrganisation: (body: OrganisationProfile) =>
    content(client.POST("/api/v1/organisations", { body: body as never, params: { header: { "idempotency-key": uniqueKey() } } })),
  changeOrganisation: (id: string, version: number, body: { profile: OrganisationProfile; active: boolean }) =>
    content(client.PUT("/api/v1/organisations/{id}", { params: { path: { id }, header: change(version) }, body: body as never })),
  deleteOrganisation: (id: string, version: number) =>
    content(client.DELETE("/api/v1/organisations/{id}", { params: { path: { id }, header: { "if-match": entityTag(version) } } })),

  tokens: (signal?: AbortSignal) => content(client.GET("/api/v1/tokens", { signal }), signal),
  makeToken: (body: { label: string; scope: TokenScope; days: number }) => content(client.POST("/api/v1/tokens", { body })),
  revokeToken: (id: string) => content(client.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } })),

  audit: (query: AuditQuery, signal?: AbortSignal) => content(client.GET("/api/v1/audit", { params: { query }, signal }), signal),
  auditProof: (entry: number) => content(client.GET("/api/v1/audit/entries/{entry}/proof", { params: { path: { entry } } })),
  auditCheckpoint: () => content(client.GET("/api/v1/audit/checkpoint")),
  auditConsistency: (size: number) => content(client.GET("/api/v1/audit/consistency", { params: { query: { size } } })),

  notices: (query: NoticeQuery, signal?: AbortSignal) => content(client.GET("/api/v1/notices", { params: { query }, signal }), signal),
  unreadNotices: () => content(client.GET("/api/v1/notices/unread")),
  markNoticesRead: (through: string) => content(client.PUT("/api/v1/notices/read", { body: { through } })),

  webhooks: (signal?: AbortSignal) => content(client.GET("/api/v1/webhooks", { signal }), signal),
  addWebhook: (body: { name: string; url: string; kinds: NoticeKind[]; organisation?: string }) =>
    content(client.POST("/api/v1/webhooks", { body })),
  changeWebhook: (id: string, version: number, body: { name: string; url?: string; kinds: NoticeKind[]; active: boolean }) =>
    content(client.PUT("/api/v1/webhooks/{id}", { params: { path: { id }, header: change(version) }, body })),
  rotateWebhook: (id: string, version: number) =>
    content(client.POST("/api/v1/webhooks/{id}/secret", { params: { path: { id }, header: { "if-match": entityTag(version) } } })),
  deleteWebhook: (id: string, version: number) =>
    content(client.DELETE("/api/v1/webhooks/{id}", { params: { path: { id }, header: { "if-match": entityTag(version) } } })),
  testWebhook: (id: string) =>
    content(client.POST("/api/v1/webhooks/{id}/test", { params: { path: { id }, header: { "idempotency-key": uniqueKey() } } })),
  deliveries: (id: string, cursor: string | null, signal?: AbortSignal) =>
    content(
      client.GET("/api/v1/webhooks/{id}/deliveries", { params: { path: { id }, query: { limit: 50, cursor: cursor ?? undefined } }, signal }),
      signal,
    ),
  redeliver: (id: string, delivery: string) =>
    content(
      client.POST("/api/v1/webhooks/{id}/deliveries/{delivery}/redelivery", {
        params: { path: { id, delivery }, header: { "idempotency-key": uniqueKey() } },
      }),
    ),

  receivers: (signal?: AbortSignal) => content(client.GET("/api/v1/receivers", { signal }), signal),

  sites: (signal?: AbortSignal) => content(client.GET("/api/v1/sites", { signal }), signal),
  addSite: (body: SiteProfile) =>
    content(client.POST("/api/v1/sites", { body, params: { header: { "idempotency-key": uniqueKey() } } })),
  changeSite: (id: string, version: number, body: SiteProfile) =>
    content(client.PUT("/api/v1/sites/{id}", { params: { path: { id }, header: change(version) }, body })),
  deleteSite: (id: string, version: number) =>
    content(client.DELETE("/api/v1/sites/{id}", { params: { path: { id }, header: { "if-match": entityTag(version) } } })),

  emissions: (query: EmissionQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/emissions", { params: { query }, signal }), signal),
  emission: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/emissions/{id}", { params: { path: { id } }, signal }), signal),

  conflicts: (query: ConflictQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/conflicts", { params: { query }, signal }), signal),
  conflict: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/conflicts/{id}", { params: { path: { id } }, signal }), signal),
  acknowledge: (id: string, version: number, comment: string) =>
    content(client.POST("/api/v1/conflicts/{id}/acknowledge", { params: { path: { id }, header: change(version) }, body: { comment } })),
  resolve: (id: string, version: number, resolution: Resolution, comment: string) =>
    content(
      client.POST("/api/v1/conflicts/{id}/resolve", { params: { path: { id }, header: change(version) }, body: { resolution, comment } }),
    ),
  reopen: (id: string, version: number, comment: string) =>
    content(client.POST("/api/v1/conflicts/{id}/reopen", { params: { path: { id }, header: change(version) }, body: { comment } })),

  comment: (id: string, version: number, comment: string) =>
    content(client.POST("/api/v1/conflicts/{id}/comment", { params: { path: { id }, header: change(version) }, body: { comment } })),
  assignees: (signal?: AbortSignal) => content(client.GET("/api/v1/conflicts/assignees", { signal }), signal),
  assign: (id: string, version: number, to: { user: string } | { team: string }, comment: string) =>
    content(client.POST("/api/v1/conflicts/{id}/assign", { params: { path: { id }, header: change(version) }, body: { ...to, comment } })),
  merge: (id: string, version: number, into: { id: string; version: number }, comment: string) =>
    content(
      client.POST("/api/v1/conflicts/{id}/merge", {
        params: { path: { id }, header: change(version) },
        body: { into: into.id, into_version: into.version, comment },
      }),
    ),
  unmerge: (id: string, version: number) =>
    content(client.POST("/api/v1/conflicts/{id}/unmerge", { params: { path: { id }, header: change(version) }, body: { comment: "" } })),
  attach: (id: string, version: number, file: File) =>
    content(
      client.POST("/api/v1/conflicts/{id}/attachments", {
        params: { path: { id }, query: { name: file.name }, header: change(version) },
        body: file as never,
        bodySerializer: (body: unknown) => body as File,
        headers: { "Content-Type": attachmentType(file.type) },
      }),
    ),
  detach: (id: string, version: number, attachment: string) =>
    content(
      client.DELETE("/api/v1/conflicts/{id}/attachments/{attachment}", {
        params: { path: { id, attachment }, header: change(version) },
      }),
    ),

  occupancy: (query: OccupancyQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/occupancy", { params: { query }, signal }), signal),

  requestFiles: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/coordination/requests/{id}/files", { params: { path: { id } }, signal }), signal),
  addRequestFile: (id: string, file: File) =>
    content(
      client.POST("/api/v1/coordination/requests/{id}/files", {
        params: { path: { id }, query: { name: file.name }, header: { "idempotency-key": uniqueKey() } },
        body: file as never,
        bodySerializer: (body: unknown) => body as File,
        headers: { "Content-Type": attachmentType(file.type) },
      }),
    ),
  removeRequestFile: (id: string, file: string) =>
    content(client.DELETE("/api/v1/coordination/requests/{id}/files/{file}", { params: { path: { id, file }, header: { "idempotency-key": uniqueKey() } } })),
  requests: (query: RequestQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/coordination/requests", { params: { query }, signal }), signal),
  request: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/coordination/requests/{id}", { params: { path: { id } }, signal }), signal),
  writeRequest: (body: { proposal: Proposal; follows?: string; event?: string }) =>
    content(client.POST("/api/v1/coordination/requests", { body, params: { header: { "idempotency-key": uniqueKey() } } })),
  rewriteRequest: (id: string, version: number, body: Proposal) =>
    content(client.PUT("/api/v1/coordination/requests/{id}", { params: { path: { id }, header: change(version) }, body })),
  takeStep: (id: string, version: number, body: TakeStep) =>
    content(client.POST("/api/v1/coordination/requests/{id}/transitions", { params: { path: { id }, header: change(version) }, body })),
  takeBack: (id: string, sealed: string, version: number) =>
    content(client.DELETE("/api/v1/coordination/requests/{id}/sealed/{sealed}", { params: { path: { id, sealed }, header: change(version) } })),
  questionCounts: (signal?: AbortSignal) => content(client.GET("/api/v1/coordination/questions", { signal }), signal),
  disclosurePolicy: (signal?: AbortSignal) => content(client.GET("/api/v1/coordination/disclosure", { signal }), signal),
  masks: (signal?: AbortSignal) => content(client.GET("/api/v1/spectra/masks", { signal }), signal),
  say: (id: string, text: string) =>
    content(
      client.POST("/api/v1/coordination/requests/{id}/messages", {
        params: { path: { id }, header: { "idempotency-key": uniqueKey() } },
        body: { text },
      }),
    ),
  analysis: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/coordination/requests/{id}/analysis", { params: { path: { id } }, signal }), signal),
  alternatives: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/coordination/requests/{id}/alternatives", { params: { path: { id } }, signal }), signal),
  readRequests: (body: { name: string; text: string }) => content(client.POST("/api/v1/coordination/exchange", { body })),
  checkProposal: (body: Proposal, signal?: AbortSignal) => content(client.POST("/api/v1/coordination/check", { body, signal }), signal),

  orders: (query: ControlOrderQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/control-orders", { params: { query }, signal }), signal),
  order: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/control-orders/{id}", { params: { path: { id } }, signal }), signal),
  draftOrder: (body: ControlOrderRequest) =>
    content(client.POST("/api/v1/control-orders", { params: { header: { "idempotency-key": uniqueKey() } }, body: body as never })),
  editOrder: (id: string, version: number, body: ControlOrderRequest) =>
    content(client.PUT("/api/v1/control-orders/{id}", { params: { path: { id }, header: change(version) }, body: body as never })),
  takeOrderStep: (id: string, version: number, step: TakeOrderStep, reason: string) =>
    content(
      client.POST("/api/v1/control-orders/{id}/transitions", { params: { path: { id }, header: change(version) }, body: { step, reason } }),
    ),

  reports: (query: InterferenceQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/interference-reports", { params: { query }, signal }), signal),
  report: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/interference-reports/{id}", { params: { path: { id } }, signal }), signal),
  fileReport: (body: InterferenceReportRequest) =>
    content(client.POST("/api/v1/interference-reports", { params: { header: { "idempotency-key": uniqueKey() } }, body })),
  correctReport: (id: string, version: number, complaint: Complaint) =>
    content(client.PUT("/api/v1/interference-reports/{id}", { params: { path: { id }, header: change(version) }, body: { complaint } })),
  takeReportStep: (id: string, version: number, body: TakeReportStep) =>
    content(client.POST("/api/v1/interference-reports/{id}/transitions", { params: { path: { id }, header: change(version) }, body })),
  reportQuarters: (year: number, signal?: AbortSignal) =>
    content(client.GET("/api/v1/interference-quarters", { params: { query: { year } }, signal }), signal),

  tasks: (query: TaskQuery, signal?: AbortSignal) => content(client.GET("/api/v1/tasks", { params: { query }, signal }), signal),
  task: (id: string, signal?: AbortSignal) => content(client.GET("/api/v1/tasks/{id}", { params: { path: { id } }, signal }), signal),
  taskChoices: (at?: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/tasks/choices", { params: { query: { at } }, signal }), signal),
  taskResults: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/tasks/{id}/results", { params: { path: { id } }, signal }), signal),
  askTask: (body: TaskContent) =>
    content(client.POST("/api/v1/tasks", { params: { header: { "idempotency-key": uniqueKey() } }, body: { content: body } })),
  amendTask: (id: string, version: number, body: TaskContent) =>
    content(client.PUT("/api/v1/tasks/{id}", { params: { path: { id }, header: change(version) }, body: { content: body } })),
  takeTaskStep: (id: string, version: number, body: TakeTaskStep) =>
    content(client.POST("/api/v1/tasks/{id}/transitions", { params: { path: { id }, header: change(version) }, body })),

  events: (query: EventQuery, signal?: AbortSignal) => content(client.GET("/api/v1/events", { params: { query }, signal }), signal),
  event: (id: string, signal?: AbortSignal) => content(client.GET("/api/v1/events/{id}", { params: { path: { id } }, signal }), signal),
  writeEvent: (body: EventContent) =>
    content(client.POST("/api/v1/events", { params: { header: { "idempotency-key": uniqueKey() } }, body: { content: body } })),
  rewriteEvent: (id: string, version: number, body: EventContent) =>
    content(client.PUT("/api/v1/events/{id}", { params: { path: { id }, header: change(version) }, body: { content: body } })),
  takeEventStep: (id: string, version: number, body: TakeEventStep) =>
    content(client.POST("/api/v1/events/{id}/transitions", { params: { path: { id }, header: change(version) }, body })),
  eventRows: (id: string, cursor: string | null, signal?: AbortSignal) =>
    content(client.GET("/api/v1/events/{id}/plan", { params: { path: { id }, query: { limit: 200, cursor: cursor ?? undefined } }, signal }), signal),
  eventFindings: (id: string, cursor: string | null, signal?: AbortSignal) =>
    content(
      client.GET("/api/v1/events/{id}/plan/findings", { params: { path: { id }, query: { limit: 25, cursor: cursor ?? undefined } }, signal }),
      signal,
    ),
  addEventRow: (id: string, body: EventRowContent) =>
    content(
      client.POST("/api/v1/events/{id}/plan", { params: { path: { id }, header: { "idempotency-key": uniqueKey() } }, body: { content: body } }),
    ),
  changeEventRow: (id: string, row: string, version: number, body: EventRowContent) =>
    content(client.PUT("/api/v1/events/{id}/plan/{row}", { params: { path: { id, row }, header: change(version) }, body: { content: body } })),
  deleteEventRow: (id: string, row: string, version: number) =>
    content(
      client.DELETE("/api/v1/events/{id}/plan/{row}", { params: { path: { id, row }, header: { "if-match": entityTag(version) } } }),
    ),
  importEventPlan: (id: string, body: { name: string; text: string; dry_run: boolean }) =>
    content(client.POST("/api/v1/events/{id}/plan/imports", { params: { path: { id }, header: { "idempotency-key": uniqueKey() } }, body })),
  eventDevices: (id: string, query: EventDeviceQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/events/{id}/devices", { params: { path: { id }, query }, signal }), signal),
  eventDevice: (id: string, device: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/events/{id}/devices/{device}", { params: { path: { id, device } }, signal }), signal),
  registerEventDevice: (id: string, body: EventDeviceContent) =>
    content(
      client.POST("/api/v1/events/{id}/devices", { params: { path: { id }, header: { "idempotency-key": uniqueKey() } }, body: { content: body } }),
    ),
  declareEventDevice: (id: string, device: string, version: number, body: EventDeviceContent) =>
    content(
      client.PUT("/api/v1/events/{id}/devices/{device}", { params: { path: { id, device }, header: change(version) }, body: { content: body } }),
    ),
  testEventDevice: (id: string, device: string, version: number, body: TestEventDevice) =>
    content(client.POST("/api/v1/events/{id}/devices/{device}/tests", { params: { path: { id, device }, header: change(version) }, body })),
  eventWatch: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/events/{id}/watch", { params: { path: { id }, query: {} }, signal }), signal),
  eventDay: (id: string, day: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/events/{id}/days/{day}", { params: { path: { id, day } }, signal }), signal),

  alarmRoutes: (signal?: AbortSignal) => content(client.GET("/api/v1/alarm-routes", { signal }), signal),
  testAlarmRoute: (id: string) =>
    content(client.POST("/api/v1/alarm-routes/{id}/test", { params: { path: { id }, header: { "idempotency-key": uniqueKey() } } })),

  allocations: (query: AllocationQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/allocations", { params: { query }, signal }), signal),
  assignments: (query: AssignmentQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/assignments", { params: { query }, signal }), signal),
  assignmentHistory: (id: string, signal?: AbortSignal) =>
    content(client.GET("/api/v1/assignments/{id}/history", { params: { path: { id } }, signal }), signal),
  measured: (id: string, query: MeasuredQuery, signal?: AbortSignal) =>
    content(client.GET("/api/v1/assignments/{id}/measured", { params: { path: { id }, query }, signal }), signal),
  check: (body: { center_hz: number; bandwidth_hz: number; latitude?: number; longitude?: number; snr_db?: number }) =>
    content(client.POST("/api/v1/registry/check", { body })),
  importRows: (kind: "assignments" | "allocations", dryRun: boolean, csv: string) =>
    content(
      client.POST("/api/v1/registry/imports", {
        params: { query: { kind, dry_run: dryRun }, header: dryRun ? {} : { "idempotency-key": uniqueKey() } },
        body: csv as never,
        bodySerializer: (body: unknown) => body as string,
        headers: { "Content-Type": "text/csv; charset=utf-8" },
      }),
    ),

  /** Binary rows ("PSF1", kind 2). */
  waterfall: (query: WaterfallQuery, signal?: AbortSignal): Promise<ArrayBuffer> =>
    content(
      client.GET("/api/v1/spectra/waterfall", { params: { query }, parseAs: "arrayBuffer", signal }) as Promise<Outcome<ArrayBuffer>>,
      signal,
    ),
};

/** Address of an attachment's content; the browser saves it. */
export function attachmentUrl(conflict: string, attachment: string): string {
  return `${API}/conflicts/${encodeURIComponent(conflict)}/attachments/${encodeURIComponent(attachment)}`;
}

/** Address of a file that was recorded for a task; the browser saves it. */
export function taskRecordingUrl(task: string, file: string): string {
  return `${API}/tasks/${encodeURIComponent(task)}/recordings/${encodeURIComponent(file)}`;
}

/** Address of the content of a request's file; the browser saves it. */
export function requestFileUrl(request: string, file: string): string {
  return `${API}/coordination/requests/${encodeURIComponent(request)}/files/${encodeURIComponent(file)}`;
}

/** Address of a request as a letter to print. */
export function letterUrl(request: string, lang: "zh" | "en"): string {
  return `${API}/coordination/requests/${encodeURIComponent(request)}/letter?lang=${lang}`;
}

/** Address of a request as a file for systems of frequency management. */
export function exchangeUrl(request: string, format: "sfaf" | "ssrf"): string {
  return `${API}/coordination/requests/${encodeURIComponent(request)}/exchange?format=${format}`;
}

/** Address of a report as the reply letter to print, or as SSRF. */
export function reportUrl(report: string, as: "letter?lang=zh" | "letter?lang=en" | "ssrf"): string {
  return `${API}/interference-reports/${encodeURIComponent(report)}/${as}`;
}

/** Address of something of an event to print or to save. */
export function eventUrl(event: string, rest: string): string {
  return `${API}/events/${encodeURIComponent(event)}/${rest}`;
}

/** Where logging in by the identity provider begins; a page of its own, not a question of this one. */
export const PROVIDER_LOGIN = `${API}/sessions/oidc`;

/** Address of a plot image for reports. */
export function plotUrl(
  kind: "spectrum" | "waterfall" | "occupancy",
  format: "png" | "svg",
  query: Record<string, string | number | null>,
): string {
  return `${API}/plots/${kind}.${format}${queryText(query)}`;
}

/** Formats of exported stations. */
export const EXPORT_FORMATS = ["csv", "xlsx", "geojson", "kml", "sfaf", "ssrf"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Address of the stations as a file. */
export function exportUrl(format: ExportFormat, query: Record<string, string | number | null>): string {
  return `${API}/assignments/export${queryText({ format, ...query })}`;
}

export function liveUrl(): string {
  const { protocol, host } = globalThis.location;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}${API}/live`;
}
