//! The audit log as a Merkle tree: what an entry is in bytes, the tree over the entries with its proofs, and signed
//! checkpoints. It stores nothing, reads no clock and does not know what is noted.
//!
//! Leaves, nodes and proofs are those of RFC 6962 section 2.1 with SHA-256; checkpoints are signed notes (C2SP
//! signed-note and tlog-checkpoint, from memory: the text form is fixed here by tests, not by that page).

mod checkpoint;
mod entry;
mod sum;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, PublicKey, SecretKey};
pub use entry::{Encoder, Entry, GONE, hex, unhex};
pub use sum::SetSum;
pub use tree::{Hash, Node, Plan, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion};

#[cfg(test)]
mod tests;
