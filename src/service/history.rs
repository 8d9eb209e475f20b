//! What the registry said at a time, for an audience: nothing of a record it may not know now, nor of a version it could
//! not have known.

use jiff::Timestamp;

use super::{
    disclosure::{View, show},
    registry::{AssignmentQuery, RegistryService, StoredAssignment},
};
use crate::{
    Result,
    registry::{
        AllocationTable, Assignment,
        difference::{Difference, differences},
    },
    store::{AssignmentVersion, Page, Period, Store, not_found},
};

/// One version of an assignment, and what it changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The version.
    pub version: AssignmentVersion,
    /// Fields that differ from the version before; none for the first.
    pub differences: Vec<Difference>,
}

/// The past of the registry. Cheap to clone.
#[derive(Debug, Clone)]
pub struct History {
    store: Store,
}

impl History {
    /// The history in this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// One page of the assignments that were in the registry at `time`, as they were then.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn assignments(
        &self,
        time: Timestamp,
        query: &AssignmentQuery,
        view: &View,
    ) -> Result<Page<StoredAssignment>> {
        let keep = |record: &Assignment| view.sees(record) && !view.withholds(&record.id);
        let page = self.store.assignments_at(time, query, keep).await?;
        show(page.items.iter().map(|item| &item.assignment));
        Ok(page)
    }

    /// All of them, by frequency.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn all_assignments(&self, time: Timestamp) -> Result<Vec<Assignment>> {
        self.store.all_assignments_at(time).await
    }

    /// The allocation tables as they were at `time`.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn allocation_tables(&self, time: Timestamp) -> Result<Vec<AllocationTable>> {
        self.store.allocation_tables_at(time).await
    }

    /// The versions of an assignment with what each changed, oldest first.
    ///
    /// # Errors
    /// `NotFound` where there never was one, or none the audience may know; `Store` when reading fails.
    pub async fn changes(&self, id: &str, view: &View) -> Result<Vec<Change>> {
        let mut versions = self.store.assignment_versions(id).await?;
        versions.retain(|version| view.sees(&version.assignment));
        if versions.is_empty() || view.withholds(id) {
            return Err(not_found(id));
        }
        show(versions.iter().map(|version| &version.assignment));
        let mut before: Option<Assignment> = None;
        let changes = versions.into_iter().map(|version| {
            let differences = before
                .as_ref()
                .map_or_else(Vec::new, |before| differences(before, &version.assignment));
            before = Some(version.assignment.clone());
            Change { version, differences }
        });
        Ok(changes.collect())
    }

    /// When this version of the registry, as a verdict names it, was in force; oldest first.
    ///
    /// # Errors
    /// `NotFound` for a version that never was; `Store` when reading fails.
    pub async fn periods(&self, version: &str, view: &View) -> Result<Vec<Period>> {
        let periods = self
            .store
            .registry_periods(|known| view.version(known) == version)
            .await?;
        if periods.is_empty() {
            return Err(crate::Error::NotFound {
                kind: "registry version",
                id: version.to_owned(),
            });
        }
        Ok(periods)
    }
}

impl RegistryService {
    /// Removes one assignment of this version; its history stays.
    ///
    /// # Errors
    /// `NotFound`; `Stale` when it has changed since; `Store` or `Unavailable`.
    pub async fn remove(&self, id: &str, version: u64, actor: &str) -> Result<()> {
        self.store()
            .remove_assignment(id, version, actor, Timestamp::now())
            .await?;
        self.refresh().await
    }
}
