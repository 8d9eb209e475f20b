//! Files that belong to a conflict: photographs, recordings, letters. Their content lies in the vault.

use std::path::PathBuf;

use jiff::Timestamp;

use super::{read, record};
use crate::{
    Error, Result,
    registry::Text,
    service::vault::{NewFile, Vault},
    store::{ConflictRecord, ConflictStatus, EventKind, FileRecord, Store, random_id},
};

/// Most files of one conflict, those merged into it included.
pub(super) const FILES_MAX: u64 = 200;
/// The files of all conflicts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Attachments {
    pub(super) store: Store,
    pub(super) vault: Vault,
}

impl Attachments {
    /// The files under `folder`, which is made when missing; what a crash left there without a row is removed.
    ///
    /// # Errors
    /// `Io` when the folder cannot be used; `Store`.
    pub async fn open(store: Store, folder: PathBuf, bytes_max: u64) -> Result<Self> {
        Ok(Self {
            vault: Vault::open(store.clone(), folder, bytes_max).await?,
            store,
        })
    }

    /// Where the content lies; files of others than conflicts go there too.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The files of a conflict and of those merged into it, oldest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such conflict.
    pub async fn list(&self, conflict: &str) -> Result<Vec<FileRecord>> {
        self.store.conflict(conflict).await?;
        self.store.attachments(conflict).await
    }

    /// One file with its content.
    ///
    /// # Errors
    /// `NotFound`; `Io` when the content is gone or is no longer what was attached.
    pub async fn read(&self, conflict: &str, id: &str) -> Result<(FileRecord, Vec<u8>)> {
        let attachment = self.store.attachment(conflict, id).await?;
        let content = self.vault.read(&attachment.sha256).await?;
        Ok((attachment, content))
    }

    /// Attaches a file; it is on the disk when this answers. `version` must be the one of the conflict that was read.
    ///
    /// # Errors
    /// `Invalid` for a file that may not be attached, saying why; `NotFound`, `Stale` or `WrongState` of the conflict.
    pub async fn add(
        &self,
        conflict: &str,
        file: NewFile,
        actor: &str,
        version: u64,
        now: Timestamp,
    ) -> Result<(FileRecord, ConflictRecord)> {
        let attachment = self.row(conflict, &file, actor, now)?;
        // A request that is bound to be refused leaves nothing on the disk.
        let _held = self.vault.changing().await;
        let found = self.store.conflict(conflict).await?;
        if found.version != version {
            return Err(Error::Stale);
        }
        self.vault.keep(&attachment.sha256, file.content).await?;
        let row = attachment.clone();
        let stored = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let mut conflict = read(tx, &row.owner_id, version).await?;
                    unmerged(&conflict)?;
                    if tx.attachments_count(&conflict.id).await? >= FILES_MAX {
                        return Err(Error::WrongState(format!(
                            "the conflict has {FILES_MAX} files, which is the most: delete one, or pack several into a zip"
                        )));
                    }
                    tx.put_attachment(&row).await?;
                    record(tx, &mut conflict, "attached", &row.uploaded_by, naming(&row), now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    Ok(conflict)
                })
            })
            .await;
        if stored.is_err() {
            self.vault.discard(&attachment.sha256).await;
        }
        Ok((attachment, stored?))
    }

    /// Removes a file. The history keeps its name and hash.
    ///
    /// # Errors
    /// `NotFound`, `Stale` or `WrongState`.
    pub async fn remove(
        &self,
        conflict: &str,
        id: &str,
        actor: &str,
        version: u64,
        now: Timestamp,
    ) -> Result<ConflictRecord> {
        let _held = self.vault.changing().await;
        let (conflict, id, actor) = (conflict.to_owned(), id.to_owned(), actor.to_owned());
        let (conflict, sha256) = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let mut conflict = read(tx, &conflict, version).await?;
                    unmerged(&conflict)?;
                    let removed = tx.take_attachment(&conflict.id, &id).await?;
                    record(tx, &mut conflict, "detached", &actor, naming(&removed), now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    Ok((conflict, removed.sha256))
                })
            })
            .await?;
        self.vault.discard(&sha256).await;
        Ok(conflict)
    }

    /// The row of a file that may be attached.
    pub(super) fn row(&self, conflict: &str, file: &NewFile, actor: &str, now: Timestamp) -> Result<FileRecord> {
        let sealed = self.vault.seal(file)?;
        Ok(FileRecord {
            id: random_id(),
            owner_id: conflict.to_owned(),
            name: sealed.name,
            content_type: sealed.content_type.to_owned(),
            size_bytes: sealed.size_bytes,
            sha256: sealed.sha256,
            uploaded_by: actor.to_owned(),
            uploaded_at: now,
        })
    }
}

fn unmerged(conflict: &ConflictRecord) -> Result<()> {
    if conflict.status != ConflictStatus::Merged {
        return Ok(());
    }
    let into = conflict.merged_into.as_deref().unwrap_or_default();
    Err(Error::WrongState(format!(
        "the conflict is part of {into}: do it there, or take the merging back first"
    )))
}

/// Name and hash, for the history.
pub(super) fn naming(attachment: &FileRecord) -> Text {
    let FileRecord { name, sha256, .. } = attachment;
    Text::new(
        format!("{name}（SHA-256 {sha256}）"),
        format!("{name} (SHA-256 {sha256})"),
    )
}
