//! The budget of questions whose answers depend on confidential use.
//!
//! An answer depends on confidential use through public cells and blocks alone, so asking about the same ones again tells
//! of no others and costs nothing. Every other question counts, a wide one as several, by organisation and day, and is on
//! the disk before it is answered: neither another account of the organisation nor a restart gives any back. Whoever may
//! know everything is not counted.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::{
    Error, Result,
    registry::{disclosure, footprint::Footprint},
    store::{QuestionCount, Store},
    units::Band,
};

pub use super::policy::DisclosurePolicy;

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

    /// The policy by which they are counted.
    #[must_use]
    pub fn policy(&self) -> &DisclosurePolicy {
        &self.policy
    }

    /// Questions of an organisation in a day.
    #[must_use]
    pub fn per_day(&self) -> u32 {
        self.policy.per_day
    }
}
