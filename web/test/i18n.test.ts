//! Both dictionaries are complete, and no words stand in markup where a language switch would not reach them.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "svelte/compiler";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";

type Leaf = [path: string, value: unknown];

function leaves(value: unknown, path = ""): Leaf[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}

test("both languages have the same keys, and the same kind of value at each", () => {
  const [a, b] = [new Map(leaves(zh)), new Map(leaves(en))];
  assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort());
  for (const [key, value] of a) assert.equal(typeof b.get(key), typeof value, key);
});

test("no text is empty, and Chinese is Chinese", () => {
  const same = new Set(["app.comma", "app.labelled", "app.languageShort", "app.utcShort", "live.rbw", "field.eirp"]);
  const english = new Map(leaves(en));
  for (const [key, value] of leaves(zh)) {
    const text = typeof value === "function" ? String((value as (n: unknown) => string)(2)) : String(value);
    assert.notEqual(text.trim(), "", key);
    if (!same.has(key)) assert.match(text, /[\u4e00-\u9fff]/, `${key}: ${text}`);
  }
  for (const [key, value] of english) {
    if (key === "app.languageShort" || key === "app.comma") continue;
    const text = typeof value === "function" ? String((value as (n: unknown) => string)(2)) : String(value);
    assert.doesNotMatch(text, /[\u4e00-\u9fff]/, `${key}: ${text}`);
  }
});

const SPOKEN = new Set(["aria-label", "title", "placeholder", "alt", "label", "hint"]);
/** Units, signs and keys that are the same in both languages. */
const NEUTRAL = /^(?:[^\p{L}]|MHz|kHz|dBFS|dB|dBm|ppm|km|[\d.]+[kMG]|11K0F3E|Pinpu)*$/u;

interface Node {
  type?: string;
  data?: string;
  name?: string;
  value?: unknown;
  start?: number;
  [key: string]: unknown;
}

function walk(node: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(node)) return node.forEach((each) => walk(each, visit));
  if (node === null || typeof node !== "object") return;
  const it = node as Node;
  if (typeof it.type === "string") visit(it);
  for (const [key, value] of Object.entries(it)) if (key !== "parent") walk(value, visit);
}

function svelteFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? svelteFiles(path) : path.endsWith(".svelte") ? [path] : [];
  });
}

function wordsInMarkup(source: string): string[] {
  const found: string[] = [];
  const tree = parse(source, { modern: true }) as unknown as { fragment: unknown };
  walk(tree.fragment, (node) => {
    if (node.type === "Text" && typeof node.data === "string" && !NEUTRAL.test(node.data)) found.push(node.data.trim());
  });
  // Texts of attributes that nobody reads (class names, paths, input types) are allowed; take them out again.
  const silent: string[] = [];
  walk(tree.fragment, (node) => {
    if (node.type !== "Attribute" || SPOKEN.has(String(node.name))) return;
    walk(node.value, (inner) => {
      if (inner.type === "Text" && typeof inner.data === "string") silent.push(inner.data.trim());
    });
  });
  walk(tree.fragment, (node) => {
    if (node.type !== "StyleDirective") return;
    walk(node.value, (inner) => {
      if (inner.type === "Text" && typeof inner.data === "string") silent.push(inner.data.trim());
    });
  });
  for (const text of silent) {
    const at = found.indexOf(text);
    if (at >= 0) found.splice(at, 1);
  }
  return found;
}

test("the search for words finds them", () => {
  assert.deepEqual(wordsInMarkup(`<p class="wide">Hello</p><button title="Close it">{x}</button>`), ["Hello", "Close it"]);
  assert.deepEqual(wordsInMarkup(`<p class="wide">{t().x} MHz</p><a href="/live">{y}</a>`), []);
});

test("no component has words of its own", () => {
  const folder = new URL("../src", import.meta.url).pathname;
  const files = svelteFiles(folder);
  assert.ok(files.length > 20);
  for (const file of files) assert.deepEqual(wordsInMarkup(readFileSync(file, "utf8")), [], file);
});
