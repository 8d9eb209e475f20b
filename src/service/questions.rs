//! The budget of questions whose answers depend on confidential use.
//!
//! An answer depends on confidential use through public cells and blocks alone, so asking about the same ones again tells
//! of no others and costs nothing. Every other question counts, a wide one as several, by organisation and day, and is on
//! the disk before it is answered: neither another account of the organisation nor a restart gives any back. Whoever may
//! know everything is not counted.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    Error, Result,
    registry::{disclosure, footprint::Footprint},
    store::{QuestionCount, Store},
    units::Band,
};

/// The policy that is compiled in.
const POLICY_TOML: &str = include_str!("../../config/disclosure.toml");
/// Format this version reads.
const FORMAT: u32 = 1;
/// More a day than anybody can ask is no budget.
const PER_DAY_MAX: u32 = 1_000_000;

/// What is told, and how much may be asked: `config/disclosure.toml`.
#[derive(Debug, Clone)]
pub struct DisclosurePolicy {
    /// Version of the file.
    pub version: String,
    /// Questions of an organisation in a day.
    pub per_day: u32,
    /// Whose midnight begins a day.
    pub zone: TimeZone,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    format: u32,
    version: String,
    questions: RawQuestions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestions {
    per_day: u32,
    zone: String,
}

impl DisclosurePolicy {
    /// Reads a policy; `file` names it in errors.
    ///
    /// # Errors
    /// `Invalid`: what is wrong, and what to write.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let fault = |reason: String| Error::Invalid(format!("{file}: {reason}"));
        let raw: Raw = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
        if raw.format != FORMAT {
            let text = format!("this version reads format {FORMAT}, the file has {}", raw.format);
            return Err(fault(text));
        }
        let RawQuestions { per_day, zone } = raw.questions;
        if per_day > PER_DAY_MAX {
            let text = format!("questions.per_day is {per_day}: write a number up to {PER_DAY_MAX}");
            return Err(fault(text));
        }
        let zone = TimeZone::get(&zone).map_err(|_| {
            fault(format!(
                "questions.zone '{zone}' is no time zone: write a name such as Asia/Shanghai or UTC"
            ))
        })?;
        Ok(Self {
            version: raw.version,
            per_day,
            zone,
        })
    }

    /// The policy that is compiled in.
    ///
    /// # Errors
    /// `Invalid` when it cannot be read.
    pub fn builtin() -> Result<Self> {
        Self::parse(POLICY_TOML, "config/disclosure.toml")
    }
}

/// The budgets of the organisations. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Questions {
    store: Store,
    policy: Arc<DisclosurePolicy>,
}

impl Questions {
    /// The budgets in this database, by this policy.
    #[must_use]
    pub fn new(store: Store, policy: DisclosurePolicy) -> Self {
        Self {
            store,
            policy: Arc::new(policy),
        }
    }

    /// Counts a question about a use of this band in this area.
    ///
    /// # Errors
    /// `BudgetSpent` when the organisation has asked as much as it may today; `Store` or `Unavailable` when it cannot be
    /// counted. In both cases it must not be answered.
    pub async fn count(&self, organisation: &str, area: &Footprint, band: Band, now: Timestamp) -> Result<()> {
        let (day, renews) = self.day(now)?;
        let disclosure::Question { touches, cost } = disclosure::question(area, band);
        let digest = Sha256::digest(touches.as_bytes());
        let question: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let limit = self.policy.per_day;
        let counted = self
            .store
            .count_question(organisation, &day, (&question, cost), limit, now);
        if counted.await? {
            return Ok(());
        }
        tracing::warn!(organisation, day, limit, "an organisation has asked all it may today");
        Err(Error::BudgetSpent { limit, renews })
    }

    /// The day of an instant, and when it ends.
    fn day(&self, now: Timestamp) -> Result<(String, Timestamp)> {
        let today = now.to_zoned(self.policy.zone.clone());
        let ends = today.tomorrow().and_then(|tomorrow| tomorrow.start_of_day());
        let ends = ends.map_err(|error| Error::Unavailable(format!("no day can be told of {now}: {error}")))?;
        Ok((today.date().to_string(), ends.timestamp()))
    }

    /// What was asked, the latest day first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn counts(&self) -> Result<Vec<QuestionCount>> {
        self.store.question_counts().await
    }

    /// Questions of an organisation in a day.
    #[must_use]
    pub fn per_day(&self) -> u32 {
        self.policy.per_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_or_refused_with_what_to_write() {
        let policy = DisclosurePolicy::builtin().expect("built in");
        assert_eq!(policy.per_day, 200);
        for (from, to, named) in [
            ("per_day = 200", "per_day = -1", "per_day"),
            ("per_day = 200", "per_day = 2000000", "up to 1000000"),
            ("Asia/Shanghai", "Beijing time", "such as Asia/Shanghai"),
            ("format = 1", "format = 2", "reads format 1"),
            ("zone =", "time_zone =", "time_zone"),
        ] {
            let text = POLICY_TOML.replace(from, to);
            assert_ne!(text, POLICY_TOML);
            let error = DisclosurePolicy::parse(&text, "my.toml").expect_err(to).to_string();
            assert!(error.contains(named) && error.contains("my.toml"), "{error}");
        }
    }
}
