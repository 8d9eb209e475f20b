//! The audit log: what was noted, proofs that it is there, and checkpoints that can be kept elsewhere.
//!
//! Changes note themselves where they are stored (`store::audit`); here are reading, signing and, offline, [`verify`].
//! docs/audit.md says what is noted, who reads it and what the log cannot show.

mod key;
mod report;
mod verify;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;

pub use key::{KEY_FILE, read_key, replace};
pub use report::{Check, Fault, Report};
pub use verify::{Wanted, verify};

pub use crate::store::{AuditNote, AuditQuery, LogReader, Origin, acting, nothing_changed, shown};
use crate::{
    Error, Result,
    audit::{Checkpoint, Entry, Hash, Plan, SecretKey},
    store::{Page, Store},
};

/// Name of the newest checkpoint in the data folder.
pub const CHECKPOINT_FILE: &str = "audit.checkpoint";
/// A log that has grown is signed this often.
const SIGN_EVERY: Duration = Duration::from_secs(60);
/// The action that names the key in the log.
pub(crate) const KEY_NOTED: &str = "audit_key";

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit {
    store: Store,
    key: Option<Arc<SecretKey>>,
    folder: Option<PathBuf>,
}

/// A signed checkpoint with what it says.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Size, root and time.
    pub checkpoint: Checkpoint,
    /// The text to keep.
    pub note: String,
    /// The key that checks it.
    pub public_key: String,
}

/// That an entry is in the log.
#[derive(Debug, Clone)]
pub struct Proof {
    /// The entry.
    pub entry: Entry,
    /// The path from its leaf to the root of `signed`, nearest first.
    pub hashes: Vec<Hash>,
    /// The log it is in.
    pub signed: Signed,
}

impl Audit {
    /// The log in this database, to be read and added to; nothing is signed.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            key: None,
            folder: None,
        }
    }

    /// The same with the key in this folder, which is made where there is none. The log names the key.
    ///
    /// # Errors
    /// `Invalid` for a key file that holds something else; `Io` when it cannot be read or made.
    pub async fn open(store: Store, folder: &Path) -> Result<Self> {
        let origin = store.audit_head().await?.origin;
        let key = key::read_or_make(folder, &origin)?;
        let audit = Self {
            store,
            key: Some(Arc::new(key)),
            folder: Some(folder.to_owned()),
        };
        audit.note_key().await?;
        Ok(audit)
    }

    async fn note_key(&self) -> Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let public = key.public().to_string();
        let query = AuditQuery {
            action: Some(KEY_NOTED.to_owned()),
            limit: Some(1),
            ..AuditQuery::default()
        };
        let last = self.list(&query).await?.items.into_iter().next();
        let before = last.and_then(|entry| entry.version_after);
        if before.as_deref() == Some(&public) {
            return Ok(());
        }
        if before.is_some() {
            tracing::warn!(key = public, "the audit log is signed with another key from now on");
        }
        self.note(AuditNote {
            version_before: before,
            version_after: Some(public),
            ..AuditNote::of(KEY_NOTED, KEY_FILE)
        })
        .await
    }

    /// Notes what happened.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note(&self, note: AuditNote) -> Result<()> {
        self.note_all(vec![note]).await
    }

    /// Notes all of it; nothing where there is nothing.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note_all(&self, notes: Vec<AuditNote>) -> Result<()> {
        if notes.is_empty() {
            return Ok(());
        }
        self.store.note(notes).await
    }

    /// One page, newest first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn list(&self, query: &AuditQuery) -> Result<Page<Entry>> {
        self.store.audit(query).await
    }

    /// The log as it is now, signed.
    ///
    /// # Errors
    /// `Unavailable` without a key; `Store` when reading fails.
    pub async fn checkpoint(&self) -> Result<Signed> {
        let key = self.key.as_ref().ok_or_else(|| {
            Error::Unavailable("no key signs the audit log here: start the service with its data folder".to_owned())
        })?;
        let head = self.store.audit_head().await?;
        Ok(sign(key, head.origin, head.tree.size(), head.tree.root()))
    }

    /// That the entry is in the log as it is now.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` without a key or when the log does not fit together; `Store` when reading fails.
    pub async fn proof(&self, entry: u64) -> Result<Proof> {
        // First the entry: the log it is then looked for in has it.
        let found = self.store.audit_entry(entry).await?;
        let signed = self.checkpoint().await?;
        let plan = Plan::inclusion(entry - 1, signed.checkpoint.size).ok_or_else(|| missing(entry))?;
        Ok(Proof {
            entry: found,
            hashes: self.store.audit_proof(&plan).await?,
            signed,
        })
    }

    /// That the log of `size` entries is the beginning of the log as it is now.
    ///
    /// # Errors
    /// `Invalid` for a size the log does not have; otherwise as [`Audit::proof`].
    pub async fn consistency(&self, size: u64) -> Result<(Vec<Hash>, Signed)> {
        let signed = self.checkpoint().await?;
        let now = signed.checkpoint.size;
        let plan = Plan::consistency(size, now).ok_or_else(|| {
            Error::Invalid(format!(
                "the log has {now} entries: give a size up to that; a checkpoint of {size} entries of this log would show \
                 that entries were taken away"
            ))
        })?;
        Ok((self.store.audit_proof(&plan).await?, signed))
    }

    /// Signs the log now and then where it has grown, and once more at the end.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        loop {
            let over = tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => true,
                () = tokio::time::sleep(SIGN_EVERY) => false,
            };
            if let Err(error) = self.keep_checkpoint().await {
                tracing::error!(%error, "no checkpoint of the audit log could be kept");
            }
            if over {
                return;
            }
        }
    }

    /// Signs the log where it has grown since it was signed last, and keeps the text in the database and in the folder.
    ///
    /// # Errors
    /// `Unavailable` without a key; `Io`; `Store`.
    pub async fn keep_checkpoint(&self) -> Result<()> {
        let signed_before = self.store.audit_signed_size().await?;
        let Signed { checkpoint, note, .. } = self.checkpoint().await?;
        if checkpoint.size == signed_before {
            return Ok(());
        }
        if let Some(folder) = &self.folder {
            key::replace(&folder.join(CHECKPOINT_FILE), &note)?;
        }
        self.store
            .put_audit_checkpoint(checkpoint.size, checkpoint.time, note)
            .await
    }
}

/// Signs this state of a log.
#[must_use]
pub fn sign(key: &SecretKey, origin: String, size: u64, root: Hash) -> Signed {
    let now = Timestamp::now();
    let checkpoint = Checkpoint {
        origin,
        size,
        root,
        time: Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
    };
    Signed {
        note: checkpoint.sign(key),
        public_key: key.public().to_string(),
        checkpoint,
    }
}

fn missing(entry: u64) -> Error {
    Error::NotFound {
        kind: "audit entry",
        id: entry.to_string(),
    }
}
