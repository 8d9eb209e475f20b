//! Is this emission lawful, and why: a pure, deterministic judgement of measured facts against the registry.

mod arrival;
mod baseline;
mod candidate;
mod class;
mod comparison;
mod control;
mod finding;
mod hours;
mod judge;
mod measured;
mod products;
mod rule;
mod rules;
mod senders;
mod standing;
mod template;
mod usage;
pub mod verdict;

pub use baseline::{Baseline, BaselineRules, Novelty, NoveltyAnswer};
pub use comparison::{Cell, Comparison, ComparisonRow, Parameter, compare, compare_known};
pub use judge::judge;
pub use measured::{Context, Level, Measured, calibrated_level};
pub use products::{Present, ProductLink, ProductRules, Switching, parents_of};
pub use rule::Rule;
pub use rules::{
    BandwidthRules, ClassRules, ClassSymbols, FrequencyRules, HoursRules, MinSnr, PowerRules, PropagationRules,
    RULES_TOML, ReachKm, Rules, RulesError, UseRules,
};
pub use senders::{History, Sender, senders};
pub use standing::Standing;
pub use usage::{UseLog, is_of_station, is_watchable, judge_use};
pub use verdict::{Remedy, Severity, Verdict, VerdictKind};

#[cfg(test)]
mod tests;
