//! The tree of RFC 6962 section 2.1 over leaves that come one by one.
//!
//! A [`Tree`] is its size and the roots of its complete subtrees, largest first: appending takes O(log n) hashes. Each
//! leaf completes some subtrees; kept with the leaf (as [`Tree::append`] answers them), every hash a proof needs is found
//! by number: the subtree of `level` at `place` is completed by leaf `(place + 1) · 2^level − 1`.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// Hash of a leaf: `SHA-256(0x00 ‖ data)`.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// Hash of a node: `SHA-256(0x01 ‖ left ‖ right)`.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let hash = Sha256::new().chain_update([1]).chain_update(left).chain_update(right);
    hash.finalize().into()
}

/// A growing tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// A tree of this size with these complete subtrees, largest first; nothing where their number does not fit.
    #[must_use]
    pub fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (size.count_ones() as usize == peaks.len()).then_some(Self { size, peaks })
    }

    /// Leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds a leaf; answers the roots of the subtrees it completes, itself first.
    pub fn append(&mut self, leaf: Hash) -> Vec<Hash> {
        let mut completed = vec![leaf];
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
                completed.push(hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
        completed
    }

    /// The root; that of no leaves is the hash of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(|| Sha256::digest([]).into())
    }
}

/// The root over complete subtrees that lie side by side, largest first.
fn fold(peaks: &[Hash]) -> Option<Hash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// A complete subtree: `2^level` leaves from `place · 2^level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    /// 0 for a leaf.
    pub level: u32,
    /// Number among those of its level.
    pub place: u64,
}

impl Node {
    /// Index of the leaf that completes it.
    #[must_use]
    pub fn completed_by(self) -> u64 {
        ((self.place + 1) << self.level) - 1
    }
}

/// A proof before its hashes are known: each is made of complete subtrees that lie side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan(Vec<Vec<Node>>);

impl Plan {
    /// That the leaf `index` is in the tree of `size` leaves (section 2.1.1); nothing where it is not.
    #[must_use]
    pub fn inclusion(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let mut steps = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                steps.push(side_by_side(middle, end));
                end = middle;
            } else {
                steps.push(side_by_side(start, middle));
                start = middle;
            }
        }
        steps.reverse();
        Some(Self(steps))
    }

    /// That the tree of `old` leaves is the beginning of that of `new` leaves (section 2.1.2); nothing where it is longer.
    #[must_use]
    pub fn consistency(old: u64, new: u64) -> Option<Self> {
        if old > new {
            return None;
        }
        let mut steps = Vec::new();
        let (mut start, mut end) = (0, new);
        if old > 0 {
            // Whether what is left is the whole old tree, whose root the verifier has.
            let mut whole = true;
            while end != old {
                let middle = start + split(end - start);
                if old <= middle {
                    steps.push(side_by_side(middle, end));
                    end = middle;
                } else {
                    steps.push(side_by_side(start, middle));
                    start = middle;
                    whole = false;
                }
            }
            if !whole {
                steps.push(side_by_side(start, end));
            }
        }
        steps.reverse();
        Some(Self(steps))
    }

    /// The subtrees that are needed.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        self.0.iter().flatten().copied()
    }

    /// The proof; nothing where a hash is missing.
    #[must_use]
    pub fn proof(&self, hashes: &HashMap<Node, Hash>) -> Option<Vec<Hash>> {
        let steps = self.0.iter().map(|nodes| {
            let known: Option<Vec<Hash>> = nodes.iter().map(|node| hashes.get(node).copied()).collect();
            known.and_then(|known| fold(&known))
        });
        steps.collect()
    }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// Leaves from `start` to before `end` as complete subtrees, largest first; `start` is where the tree splits.
fn side_by_side(mut start: u64, end: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    while start < end {
        let level = (end - start).ilog2();
        nodes.push(Node {
            level,
            place: start >> level,
        });
        start += 1 << level;
    }
    nodes
}

/// Whether `proof` shows that the leaf `index` of hash `leaf` is in the tree of `size` leaves with this root
/// (RFC 9162 section 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for step in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(step, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `old` leaves is the beginning of that of `new` leaves (RFC 9162 section
/// 2.1.4.2).
#[must_use]
pub fn verify_consistency(old: u64, new: u64, proof: &[Hash], old_root: &Hash, new_root: &Hash) -> bool {
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == Tree::default().root();
    }
    if old > new {
        return false;
    }
    let given = if old.is_power_of_two() { Some(*old_root) } else { None };
    let mut steps = given.into_iter().chain(proof.iter().copied());
    let Some(first) = steps.next() else { return false };
    let shift = (old - 1).trailing_ones();
    let (mut at, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut before, mut after) = (first, first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = node_hash(&step, &before);
            after = node_hash(&step, &after);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            after = node_hash(&after, &step);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && before == *old_root && after == *new_root
}
