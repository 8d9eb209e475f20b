import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fromHex, isBeginning, isIncluded, readCheckpoint } from "../src/audit/merkle.ts";

const sha = (...parts: Uint8Array[]) => new Uint8Array(createHash("sha256").update(Buffer.concat(parts)).digest());
const leaves = Array.from({ length: 20 }, (_, n) => sha(Uint8Array.of(0), Uint8Array.of(n)));

/** Straight from the definitions of RFC 9162, section 2.1: slow, and plainly right. */
function root(of: Uint8Array[]): Uint8Array {
  if (of.length === 1) return of[0]!;
  const k = split(of.length);
  return sha(Uint8Array.of(1), root(of.slice(0, k)), root(of.slice(k)));
}
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
function path(m: number, of: Uint8Array[]): Uint8Array[] {
  if (of.length === 1) return [];
  const k = split(of.length);
  return m < k ? [...path(m, of.slice(0, k)), root(of.slice(k))] : [...path(m - k, of.slice(k)), root(of.slice(0, k))];
}
function proof(m: number, of: Uint8Array[], whole = true): Uint8Array[] {
  if (m === of.length) return whole ? [] : [root(of)];
  const k = split(of.length);
  return m <= k
    ? [...proof(m, of.slice(0, k), whole), root(of.slice(k))]
    : [...proof(m - k, of.slice(k), false), root(of.slice(0, k))];
}
type Bytes = Uint8Array<ArrayBuffer>;

test("every leaf of every tree is found in it, and nothing else is", async () => {
  for (let size = 1; size <= leaves.length; size += 1) {
    const of = leaves.slice(0, size);
    for (let index = 0; index < size; index += 1) {
      const way = path(index, of) as Bytes[];
      assert.ok(await isIncluded(index, size, leaves[index] as Bytes, way, root(of) as Bytes), `${index} of ${size}`);
      assert.ok(!(await isIncluded(index, size, fromHex("00".repeat(32)), way, root(of) as Bytes)));
      if (size > 1) assert.ok(!(await isIncluded((index + 1) % size, size, leaves[index] as Bytes, way, root(of) as Bytes)));
      if (way.length > 0) assert.ok(!(await isIncluded(index, size, leaves[index] as Bytes, way.slice(1), root(of) as Bytes)));
    }
  }
});

test("every tree is the beginning of every later one, and of no other", async () => {
  for (let later = 1; later <= leaves.length; later += 1) {
    const whole = root(leaves.slice(0, later)) as Bytes;
    for (let size = 1; size <= later; size += 1) {
      const before = root(leaves.slice(0, size)) as Bytes;
      const way = proof(size, leaves.slice(0, later)) as Bytes[];
      assert.ok(await isBeginning(size, before, later, whole, way), `${size} of ${later}`);
      assert.ok(!(await isBeginning(size, fromHex("00".repeat(32)), later, whole, way)));
      assert.ok(!(await isBeginning(size, before, later, fromHex("11".repeat(32)), way)));
    }
  }
});

test("a checkpoint is read, and what is none is not", () => {
  const note = `pinpu.audit/x\n1234\n${Buffer.alloc(32, 7).toString("base64")}\ntime 2026-06-01T08:00:00Z\n\n— pinpu.audit/x Kx9=\n`;
  assert.deepEqual(readCheckpoint(note), { size: 1234, root: new Uint8Array(32).fill(7) });
  for (const wrong of ["", "pinpu\nmany\nroot", note.replace("1234", "-1"), note.slice(0, 30)]) assert.equal(readCheckpoint(wrong), null);
});
