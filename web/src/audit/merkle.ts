//! Holds proofs of the audit log against its roots (RFC 9162, sections 2.1.3.2 and 2.1.4.2), in the browser: the server is not
//! asked whether it told the truth.

type Hash = Uint8Array<ArrayBuffer>;

export function fromHex(text: string): Hash {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function fromBase64(text: string): Hash {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function same(one: Hash, other: Hash): boolean {
  return one.length === other.length && one.every((byte, n) => byte === other[n]);
}

async function node(left: Hash, right: Hash): Promise<Hash> {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

const odd = (n: number) => n % 2 === 1;
const half = (n: number) => Math.floor(n / 2);

/** Whether the leaf with this index, from 0, is in the tree of this size and root. */
export async function isIncluded(index: number, size: number, leaf: Hash, path: readonly Hash[], root: Hash): Promise<boolean> {
  if (index < 0 || index >= size) return false;
  let [at, last, found] = [index, size - 1, leaf];
  for (const hash of path) {
    if (last === 0) return false;
    if (odd(at) || at === last) {
      found = await node(hash, found);
      while (!odd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else found = await node(found, hash);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(found, root);
}

/** Whether the tree of `size` and `root` is the beginning of the later one. */
export async function isBeginning(size: number, root: Hash, laterSize: number, laterRoot: Hash, path: readonly Hash[]): Promise<boolean> {
  if (size > laterSize) return false;
  if (size === 0) return path.length === 0;
  if (size === laterSize) return path.length === 0 && same(root, laterRoot);
  const isPower = Number.isInteger(Math.log2(size));
  const [first, ...rest] = isPower ? [root, ...path] : path;
  if (!first) return false;
  let [at, last] = [size - 1, laterSize - 1];
  while (odd(at)) [at, last] = [half(at), half(last)];
  let [before, after] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (odd(at) || at === last) {
      [before, after] = [await node(hash, before), await node(hash, after)];
      while (!odd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else after = await node(after, hash);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(before, root) && same(after, laterRoot);
}

/** Size and root that a checkpoint says; its signature is checked by `pinpu audit verify`. */
export function readCheckpoint(note: string): { size: number; root: Hash } | null {
  const [, size = "", root = ""] = note.replace(/\r/g, "").split("\n");
  if (!/^\d{1,15}$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(root)) return null;
  return { size: Number(size), root: fromBase64(root) };
}
