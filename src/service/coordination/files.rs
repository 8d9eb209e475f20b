//! Files of requests: maps, frequency plans, letters with a seal. Whoever may know a request may read them; what was added to a
//! draft goes with it when it is sent. Until then its own side may take it out again; what was sent stays.

use jiff::Timestamp;

use super::{Coordination, EntryKind, Officer, enter, steps::Work};
use crate::{
    Error, Result,
    coordination::{SealedWhat, State, projected},
    registry::Text,
    service::{
        disclosure::View,
        vault::{NewFile, Vault},
    },
    store::{FileRecord, Tx, random_id},
};

/// Most files of one request.
const FILES_MAX: u64 = 50;

/// A file of a request, as somebody may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// The file.
    pub file: FileRecord,
    /// It waits for its publication: the side that asks does not know it.
    pub waits: bool,
}

impl Coordination {
    /// The files of a request, oldest first.
    ///
    /// # Errors
    /// `NotFound`, also where the officer may not know of the request; `Store` when reading fails.
    pub async fn files(&self, id: &str, officer: &Officer) -> Result<Vec<KnownFile>> {
        let seen = self.get(id, officer).await?;
        let knows = View::knows_sealed(officer, seen.request.get());
        let files = self.store.request_files(id, knows).await?.into_iter();
        let waits = |file: &FileRecord| {
            let mut waiting = seen.sealed.get().iter().filter(|one| one.waits());
            waiting.any(|one| matches!(&one.what, SealedWhat::File { id, .. } if *id == file.id))
        };
        Ok(files
            .map(|file| KnownFile {
                waits: waits(&file),
                file,
            })
            .collect())
    }

    /// One file with its content.
    ///
    /// # Errors
    /// `NotFound`; `Io` when the content is gone or is no longer what was added.
    pub async fn file(&self, vault: &Vault, id: &str, file: &str, officer: &Officer) -> Result<(FileRecord, Vec<u8>)> {
        let request = self.get(id, officer).await?.request;
        let knows = View::knows_sealed(officer, request.get());
        let file = self.store.request_file(id, file, knows).await?;
        let content = vault.read(&file.sha256).await?;
        Ok((file, content))
    }

    /// Adds a file and says so in the thread; it is on the disk when this answers.
    ///
    /// # Errors
    /// `Invalid` for a file that may not be kept, saying why; `NotFound`; `Forbidden` for those who only look on;
    /// `WrongState` where the request is over or has as many files as it may.
    pub async fn add_file(
        &self,
        vault: &Vault,
        id: &str,
        file: NewFile,
        officer: &Officer,
        now: Timestamp,
    ) -> Result<KnownFile> {
        let sealed = vault.seal(&file)?;
        let row = FileRecord {
            id: random_id(),
            owner_id: id.to_owned(),
            name: sealed.name,
            content_type: sealed.content_type.to_owned(),
            size_bytes: sealed.size_bytes,
            sha256: sealed.sha256,
            uploaded_by: officer.user.clone(),
            // As it is stored: whoever added it and whoever reads it are told the same instant.
            uploaded_at: Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
        };
        // Nothing is left on the disk of a request that is bound to be refused.
        let _held = vault.changing().await;
        self.get(id, officer).await?;
        vault.keep(&row.sha256, file.content).await?;
        let (work, added) = (Work::new(self, officer, now), row.clone());
        let stored = self
            .store
            .write(move |tx| Box::pin(async move { work.add_file(tx, added).await }));
        let stored = stored.await;
        match &stored {
            Ok(_) => self.changed.notify_one(),
            Err(_) => vault.discard(&row.sha256).await,
        }
        stored
    }

    /// Takes a file out of a draft.
    ///
    /// # Errors
    /// `NotFound`; `WrongState` for what was sent.
    pub async fn remove_file(
        &self,
        vault: &Vault,
        id: &str,
        file: &str,
        officer: &Officer,
        now: Timestamp,
    ) -> Result<()> {
        let _held = vault.changing().await;
        let (work, id, file) = (Work::new(self, officer, now), id.to_owned(), file.to_owned());
        let removed = self.store.write(move |tx| {
            Box::pin(async move {
                let request = work.read(tx, &id).await?;
                if request.state != State::Draft {
                    return Err(Error::WrongState(
                        "the request was sent, and its files stay with it: add the right one and say so in a message"
                            .to_owned(),
                    ));
                }
                let removed = tx.take_request_file(&id, &file).await?;
                let entry = work.entry(
                    &request,
                    EntryKind::FileRemoved,
                    None,
                    naming(&removed.name, &removed.sha256),
                )?;
                enter(tx, &request, entry).await?;
                Ok(removed)
            })
        });
        vault.discard(&removed.await?.sha256).await;
        Ok(())
    }
}

impl Work {
    async fn add_file(&self, tx: &mut Tx, file: FileRecord) -> Result<KnownFile> {
        let request = self.read(tx, &file.owner_id).await?;
        let sealed = tx.sealed(&file.owner_id).await?;
        let knows = View::knows_sealed(&self.officer, &request);
        let publishes_at = self.publishes_at(&request, &sealed);
        let state = match publishes_at {
            Some(_) => projected(&request, &sealed, &self.policy).state,
            None => request.state,
        };
        if state.is_terminal() {
            return Err(Error::WrongState(
                "the request is over: add the file to the one that follows it".to_owned(),
            ));
        }
        if tx.request_files_count(&file.owner_id, knows).await? >= FILES_MAX {
            return Err(Error::WrongState(format!(
                "the request has {FILES_MAX} files, which is the most: pack several into a zip"
            )));
        }
        let entry = self.entry(&request, EntryKind::FileAdded, None, naming(&file.name, &file.sha256))?;
        tx.put_request_file(&file).await?;
        match publishes_at {
            None => enter(tx, &request, entry).await.map(drop)?,
            Some(at) => {
                tx.seal_request_file(&file.id).await?;
                let what = SealedWhat::File {
                    id: file.id.clone(),
                    name: file.name.clone(),
                    sha256: file.sha256.clone(),
                };
                self.seal(tx, &request, what, at).await.map(drop)?;
            }
        }
        Ok(KnownFile {
            file,
            waits: publishes_at.is_some(),
        })
    }
}

/// Name and hash, for the thread.
pub(super) fn naming(name: &str, sha256: &str) -> Text {
    Text::new(
        format!("{name}（SHA-256 {sha256}）"),
        format!("{name} (SHA-256 {sha256})"),
    )
}
