//! What was put in force and what was refused, and by whom.

pub use crate::store::{AuditNote, AuditQuery, AuditRecord};
use crate::{
    Result,
    store::{Page, Store},
};

/// The notes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit {
    store: Store,
}

impl Audit {
    /// The notes in this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Notes what happened.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note(&self, note: AuditNote) -> Result<()> {
        self.store.note(note, jiff::Timestamp::now()).await
    }

    /// One page, newest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn list(&self, query: &AuditQuery) -> Result<Page<AuditRecord>> {
        self.store.audit(query).await
    }
}
