//! Changes that are sent twice and must happen once.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub use crate::store::{Idempotency, StoredAnswer};
use crate::{Result, store::Store};

/// Answers by caller and key.
#[derive(Debug, Clone)]
pub struct Answers {
    store: Store,
}

impl Answers {
    /// The answers kept in this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Takes a key for a request, told by all its parts; or tells what became of it before.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn begin(&self, actor: &str, key: &str, request: &[&[u8]]) -> Result<Idempotency> {
        let mut hash = Sha256::new();
        for part in request {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        self.store
            .begin_idempotent(actor, key, &hash.finalize().into(), Timestamp::now())
            .await
    }

    /// Keeps the answer of a request that changed something.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn finish(&self, actor: &str, key: &str, answer: StoredAnswer) -> Result<()> {
        self.store.finish_idempotent(actor, key, answer).await
    }

    /// Gives the key back after a request that changed nothing.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn forget(&self, actor: &str, key: &str) -> Result<()> {
        self.store.forget_idempotent(actor, key).await
    }
}
