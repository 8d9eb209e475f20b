//! What the server, or the network, refused. Kept apart from the client so that it can be tested without a browser.

/** A refusal. `status` 0: the server was not reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly requestId: string | null,
    readonly errors: { field: string; reason: string }[] = [],
  ) {
    super(detail || title);
  }
}

interface ProblemBody {
  title?: string;
  detail?: string;
  request_id?: string;
  errors?: { field: string; reason: string }[];
}

/** Reads an RFC 9457 body; a proxy's HTML page or an empty body still gives the status and the request id. */
export function problemOf(response: { status: number; statusText: string; headers: Headers }, body: unknown): Problem {
  const read: ProblemBody = body !== null && typeof body === "object" ? (body as ProblemBody) : {};
  const id = read.request_id ?? response.headers.get("x-request-id");
  return new Problem(response.status, read.title ?? response.statusText, read.detail ?? "", id, read.errors ?? []);
}

/** The server's ETag of a version (`etag` in src/http/extract.rs): lists and events carry the version alone. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

export function queryText(query: Record<string, string | number | boolean | null | undefined>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  if (pairs.length === 0) return "";
  return `?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString()}`;
}

/** Types the server keeps as such (src/service/ledger/attachments.rs); it takes anything else as plain bytes. */
const ATTACHMENT_TYPES = new Set([
  "image/png",
  "image/jpeg",
  "image/webp",
  "application/pdf",
  "audio/wav",
  "audio/ogg",
  "video/mp4",
  "application/zip",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "text/plain",
  "text/csv",
  "application/json",
]);

/** The content type to send a file of this browser's type with. */
export function attachmentType(type: string): string {
  return ATTACHMENT_TYPES.has(type) ? type : "application/octet-stream";
}

/** `crypto.randomUUID` exists only on secure origins; a console on a plain-HTTP office network needs keys too. */
export function uniqueKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
