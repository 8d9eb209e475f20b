//! Reads an OpenAPI 3.1 document into what the page shows. Resolves references by name and never follows them endlessly.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  prefixItems?: Schema[];
  minimum?: number;
  maximum?: number;
  default?: unknown;
}

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

interface Content {
  [mediaType: string]: { schema?: Schema };
}

interface RawOperation {
  tags?: string[];
  summary?: string;
  description?: string;
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Content; required?: boolean };
  responses?: Record<string, { description?: string; content?: Content }>;
}

export interface OpenApi {
  openapi: string;
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema> };
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  parameters: Parameter[];
  bodies: { type: string; schema: Schema | undefined }[];
  responses: { status: string; description: string; contents: { type: string; schema: Schema | undefined }[] }[];
}

export interface Group {
  name: string;
  operations: Operation[];
}

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Operations grouped by their tag, or by the resource in their path where there is no tag. */
export function groupsOf(document: OpenApi): Group[] {
  const groups = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const raw = methods[method];
      if (!raw) continue;
      const name = raw.tags?.[0] ?? path.replace(/^\/api\/v\d+/, "").split("/")[1] ?? path;
      const list = groups.get(name) ?? [];
      list.push(operationOf(path, method, raw));
      groups.set(name, list);
    }
  }
  return [...groups].map(([name, operations]) => ({ name, operations }));
}

function operationOf(path: string, method: string, raw: RawOperation): Operation {
  const contents = (content: Content | undefined) => Object.entries(content ?? {}).map(([type, { schema }]) => ({ type, schema }));
  return {
    id: raw.operationId ?? `${method}${path.replaceAll(/\W+/g, "-")}`,
    method,
    path,
    summary: raw.summary ?? "",
    description: raw.description ?? "",
    parameters: raw.parameters ?? [],
    bodies: contents(raw.requestBody?.content),
    responses: Object.entries(raw.responses ?? {}).map(([status, response]) => ({
      status,
      description: response.description ?? "",
      contents: contents(response.content),
    })),
  };
}

/** Name of a referenced schema. */
export function refName(schema: Schema | undefined): string | null {
  return schema?.$ref?.split("/").pop() ?? null;
}

/** The schema behind a reference; an unknown reference is an empty schema, not an error. */
export function resolve(document: OpenApi, schema: Schema | undefined): Schema {
  const name = refName(schema);
  if (name) return document.components?.schemas?.[name] ?? {};
  return schema ?? {};
}

/** All properties, those of `allOf` parts included. */
export function propertiesOf(document: OpenApi, schema: Schema): { name: string; schema: Schema; required: boolean }[] {
  const parts = (schema.allOf ?? []).flatMap((part) => propertiesOf(document, resolve(document, part)));
  const own = Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    schema: property,
    required: schema.required?.includes(name) ?? false,
  }));
  return [...parts, ...own];
}

/** A type in a few characters: `integer · int64`, `array of Emission`, `string | null`, `"a" | "b"`. */
export function typeText(schema: Schema | undefined): string {
  if (!schema) return "";
  const name = refName(schema);
  if (name) return name;
  const options = schema.oneOf ?? schema.anyOf;
  if (options) return options.map(typeText).join(" | ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.items) return `array of ${typeText(schema.items) || "any"}`;
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeText).join(", ")}]`;
  if (typeof schema.additionalProperties === "object") return `map of ${typeText(schema.additionalProperties)}`;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? (schema.allOf ? "object" : "any"));
  return schema.format ? `${type} · ${schema.format}` : type;
}

/** The schema worth unfolding below a type: through arrays, maps and `null` alternatives. */
export function inner(document: OpenApi, schema: Schema | undefined): Schema | null {
  if (!schema) return null;
  const resolved = resolve(document, schema);
  if (resolved.items) return inner(document, resolved.items);
  if (typeof resolved.additionalProperties === "object") return inner(document, resolved.additionalProperties);
  const options = (resolved.oneOf ?? resolved.anyOf)?.filter((option) => option.type !== "null");
  if (options?.length === 1) return inner(document, options[0]);
  return propertiesOf(document, resolved).length > 0 || resolved.enum || (options && options.length > 1) ? resolved : null;
}

/** A command line that makes the call. */
export function curlOf(origin: string, operation: Operation): string {
  const parts = [`curl -s`];
  if (operation.method !== "get") parts.push(`-X ${operation.method.toUpperCase()}`);
  parts.push(`-b cookies.txt`);
  for (const parameter of operation.parameters) {
    if (parameter.in === "header" && parameter.required) parts.push(`-H '${parameter.name}: …'`);
  }
  const body = operation.bodies[0];
  if (body) parts.push(`-H 'Content-Type: ${body.type}'`, body.type === "application/json" ? `-d '{…}'` : `--data-binary @file`);
  parts.push(`'${origin}${operation.path}'`);
  return parts.join(" ");
}
