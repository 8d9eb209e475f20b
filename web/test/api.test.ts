import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Problem, entityTag, problemOf, queryText, uniqueKey } from "../src/api/problem.ts";
import { explain } from "../src/app/failure.ts";
import { curlOf, groupsOf, inner, propertiesOf, typeText, type OpenApi } from "../src/docs/openapi.ts";
import { en } from "../src/i18n/en.ts";

const answer = (status: number, id?: string) => ({ status, statusText: "Nope", headers: new Headers(id ? { "x-request-id": id } : {}) });

test("problem details are read, and what is not one still names the request", () => {
  const read = problemOf(answer(422), { title: "Bad", detail: "say why", request_id: "r1", errors: [{ field: "name", reason: "short" }] });
  assert.deepEqual([read.status, read.detail, read.requestId, read.errors.length], [422, "say why", "r1", 1]);
  const page = problemOf(answer(502, "r2"), "<html>");
  assert.deepEqual([page.status, page.title, page.requestId], [502, "Nope", "r2"]);
});

test("failures become sentences that say what to do, with the request id", () => {
  assert.deepEqual(explain(new Problem(412, "", "", "r9"), en), { text: en.error.stale, detail: "Request r9" });
  assert.equal(explain(new Problem(0, "", "", null), en).text, en.error.network);
  assert.equal(explain(new Problem(422, "Bad", "the name is taken", null), en).text, "the name is taken");
  assert.equal(explain(new Problem(500, "Internal", "secret path", "r3"), en).text, en.error.server);
});

test("queries leave out what is not set and escape what is", () => {
  assert.equal(queryText({ a: 1, b: null, c: "", d: "x&y", e: false }), "?a=1&d=x%26y&e=false");
  assert.equal(queryText({}), "");
});

test("a change names the version as the server tags it", () => {
  assert.equal(entityTag(7), '"7"');
  const server = readFileSync(new URL("../../src/http/extract.rs", import.meta.url), "utf8");
  assert.ok(server.includes(String.raw`format!("\"{version}\"")`), "the server's tag has another form now");
});

test("keys of changes differ", () => {
  const keys = new Set(Array.from({ length: 100 }, uniqueKey));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});

const DOCUMENT: OpenApi = {
  openapi: "3.1.0",
  info: { title: "T", version: "1" },
  paths: {
    "/api/v1/things/{id}": {
      post: {
        tags: ["things"],
        parameters: [{ name: "if-match", in: "header", required: true }],
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
        responses: { "200": { description: "ok" } },
      },
    },
    "/metrics": { get: { responses: {} } },
  },
  components: {
    schemas: {
      Base: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      Thing: {
        allOf: [{ $ref: "#/components/schemas/Base" }, { type: "object", properties: { child: { oneOf: [{ type: "null" }, { $ref: "#/components/schemas/Thing" }] } } }],
      },
    },
  },
};

test("the API reader groups, resolves and never follows a loop by itself", () => {
  assert.deepEqual(groupsOf(DOCUMENT).map((g) => g.name), ["things", "metrics"]);
  const thing = DOCUMENT.components?.schemas?.["Thing"] ?? {};
  assert.deepEqual(propertiesOf(DOCUMENT, thing).map((p) => [p.name, p.required]), [["id", true], ["child", false]]);
  const child = propertiesOf(DOCUMENT, thing)[1]?.schema;
  assert.equal(typeText(child), "null | Thing");
  assert.equal(inner(DOCUMENT, child), thing);
  assert.equal(typeText({ type: "array", items: { type: "integer", format: "int64" } }), "array of integer · int64");
  const [group] = groupsOf(DOCUMENT);
  assert.match(curlOf("http://x", group!.operations[0]!), /-X POST .*-H 'if-match: …' .*'http:\/\/x\/api\/v1\/things\/\{id\}'/);
});
