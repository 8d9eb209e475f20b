//! Files the service itself attaches to a conflict: what it measured when it opened it.
//!
//! They are attachments like any other, by [`SYSTEM`]; people read and remove them as such. Only the room they may take
//! together is limited, and only they are removed by themselves: the oldest of resolved conflicts first. Neither changes the
//! version of the conflict: they come a second or two after it opened, and whoever read it meanwhile may decide on it.

use jiff::Timestamp;

use super::{
    Attachments, SYSTEM,
    attachments::{FILES_MAX, naming},
    note,
};
use crate::{
    Error, Result,
    registry::Text,
    service::vault::NewFile,
    store::{ConflictRecord, EventKind, FileRecord, Tx},
};

/// Files removed in one transaction at most.
const STEP: u32 = 50;

/// Room for what the service attaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes of all of it together.
    pub bytes_max: u64,
}

impl Attachments {
    /// Attaches what was measured to the conflict as it is now, all of it or nothing; it is on the disk when this answers.
    /// Evidence of resolved conflicts gives way where there is no room.
    ///
    /// # Errors
    /// `NotFound`; `WrongState` where there is no room; `Invalid` for a file that may not be attached.
    pub async fn add_measured(
        &self,
        conflict: &str,
        files: Vec<NewFile>,
        room: Room,
        now: Timestamp,
    ) -> Result<ConflictRecord> {
        let rows: Vec<FileRecord> = files
            .iter()
            .map(|file| self.row(conflict, file, SYSTEM, now))
            .collect::<Result<_>>()?;
        let _held = self.vault.changing().await;
        let wanted = rows.iter().map(|row| row.size_bytes).sum();
        self.make_room(wanted, room, now).await?;
        let mut stored = Ok(());
        for (row, file) in rows.iter().zip(files) {
            if stored.is_ok() {
                stored = self.vault.keep(&row.sha256, file.content).await;
            }
        }
        let stored = match stored {
            Ok(()) => self.enter(conflict, rows.clone(), now).await,
            Err(error) => Err(error),
        };
        if stored.is_err() {
            for row in &rows {
                self.vault.discard(&row.sha256).await;
            }
        }
        stored
    }

    /// The rows, the history and the event in one transaction.
    async fn enter(&self, conflict: &str, rows: Vec<FileRecord>, now: Timestamp) -> Result<ConflictRecord> {
        let id = conflict.to_owned();
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let conflict = found(tx, &id).await?;
                    if tx.attachments_count(&conflict.id).await? + rows.len() as u64 > FILES_MAX {
                        return Err(Error::WrongState(format!(
                            "the conflict has nearly {FILES_MAX} files already"
                        )));
                    }
                    for row in &rows {
                        tx.put_attachment(row).await?;
                    }
                    note(tx, &conflict, "attached", SYSTEM, names(&rows), now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    Ok(conflict)
                })
            })
            .await
    }

    /// Removes evidence of resolved conflicts until `wanted` bytes find room.
    async fn make_room(&self, wanted: u64, room: Room, now: Timestamp) -> Result<()> {
        loop {
            let taken = self
                .store
                .write(|tx| Box::pin(async move { tx.attachments_size(SYSTEM).await }))
                .await?;
            if taken + wanted <= room.bytes_max {
                return Ok(());
            }
            if self.remove_settled(now, now, 1).await? == 0 {
                return Err(Error::WrongState(format!(
                    "evidence takes {taken} of {} bytes and {wanted} more are to be kept: resolve old conflicts, or raise \
                     evidence.disk_mib",
                    room.bytes_max
                )));
            }
        }
    }

    /// Removes what the service attached to conflicts, resolved by now, before `before`; answers how many files.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; what was removed before stays removed.
    pub async fn forget_measured(&self, before: Timestamp, now: Timestamp) -> Result<u64> {
        let _held = self.vault.changing().await;
        let mut removed = 0;
        loop {
            let step = self.remove_settled(before, now, STEP).await?;
            removed += step;
            if step == 0 {
                return Ok(removed);
            }
        }
    }

    /// One step of removing; the history keeps names and hashes. `changing` is held.
    async fn remove_settled(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u64> {
        let removed = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let rows = tx.settled_attachments(SYSTEM, before, limit).await?;
                    for row in &rows {
                        tx.take_attachment(&row.owner_id, &row.id).await?;
                        let conflict = found(tx, &row.owner_id).await?;
                        note(tx, &conflict, "detached", SYSTEM, naming(row), now).await?;
                        tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    }
                    Ok(rows)
                })
            })
            .await?;
        for row in &removed {
            self.vault.discard(&row.sha256).await;
        }
        Ok(removed.len() as u64)
    }
}

async fn found(tx: &mut Tx, id: &str) -> Result<ConflictRecord> {
    tx.conflict(id).await?.ok_or_else(|| Error::NotFound {
        kind: "conflict",
        id: id.to_owned(),
    })
}

fn names(rows: &[FileRecord]) -> Text {
    let texts: Vec<Text> = rows.iter().map(naming).collect();
    let join = |pick: fn(&Text) -> &str, gap| texts.iter().map(pick).collect::<Vec<_>>().join(gap);
    Text::new(join(|text| &text.zh, "；"), join(|text| &text.en, "; "))
}
