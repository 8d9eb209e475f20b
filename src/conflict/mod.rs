//! Is this emission lawful, and why: a pure, deterministic judgement of measured facts against the registry.

pub mod verdict;

pub use verdict::{Severity, Verdict, VerdictKind};
