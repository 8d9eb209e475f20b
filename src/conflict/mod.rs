//! Is this emission lawful, and why: a pure, deterministic judgement of measured facts against the registry.

mod candidate;
mod finding;
mod judge;
mod measured;
mod rule;
mod rules;
mod template;
pub mod verdict;

pub use judge::judge;
pub use measured::{Context, Measured};
pub use rule::Rule;
pub use rules::{BandwidthRules, FrequencyRules, MinSnr, RULES_TOML, ReachKm, Rules, RulesError};
pub use verdict::{Severity, Verdict, VerdictKind};

#[cfg(test)]
mod tests;
