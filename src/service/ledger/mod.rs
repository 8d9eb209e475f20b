//! The ledger of conflicts: one conflict per cause, and who did what about it.
//!
//! A cause is a receiver, a kind of verdict and either the assignment it was held against or a frequency channel: the
//! new evidence's centre lies in the conflict's band or the other way round. Further emissions attach to it.
//!
//! * Evidence that ends after a settlement reopens the conflict: at once when it also began after it, else after a grace
//!   period, so that closing the file on a sender that is just being switched off holds.
//! * A conflict settled as *lawful* is not reopened by more of the same; the emissions are still counted.
//! * Later measurements of an emission may change its kind (reclassified while it is the only evidence, moved
//!   otherwise) or clear it (withdrawn). *Inconclusive* clears nothing.

mod evidence;

use jiff::{SignedDuration, Timestamp};

pub(super) use evidence::settle;

use crate::{
    Error, Result,
    registry::Text,
    store::{ConflictChange, ConflictRecord, ConflictStatus, EventKind, HistoryEntry, Resolution, Store, Tx},
};

/// The actor in the history where the service itself acted.
pub const SYSTEM: &str = "system";

/// How the ledger treats evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerConfig {
    /// How long after a settlement an emission that was on already may go on before the conflict is reopened.
    pub reopen_after: SignedDuration,
    /// Shortest time between two records of *still there* on one conflict.
    pub refresh: SignedDuration,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            reopen_after: SignedDuration::from_secs(60),
            refresh: SignedDuration::from_secs(5),
        }
    }
}

/// What people do about conflicts.
#[derive(Debug, Clone)]
pub struct Ledger {
    store: Store,
}

impl Ledger {
    /// The ledger in this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Acknowledges, resolves or reopens a conflict. `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`; `Stale` when the conflict has changed since; `WrongState` when it is there already, with what to do.
    pub async fn change(
        &self,
        id: &str,
        change: ConflictChange,
        actor: &str,
        comment: &str,
        version: u64,
        now: Timestamp,
    ) -> Result<ConflictRecord> {
        let (id, actor, comment) = (id.to_owned(), actor.to_owned(), comment.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let Some(mut conflict) = tx.conflict(&id).await? else {
                        return Err(Error::NotFound { kind: "conflict", id });
                    };
                    if conflict.version != version {
                        return Err(Error::Stale);
                    }
                    let action = step(&mut conflict, change, &actor, now)?;
                    let comment = match change {
                        ConflictChange::Resolve(resolution) => with_resolution(resolution, &comment),
                        _ => Text::new(comment.clone(), comment),
                    };
                    record(tx, &mut conflict, action, &actor, comment, now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    Ok(conflict)
                })
            })
            .await
    }
}

/// Moves the state machine; answers the name of the step.
fn step(conflict: &mut ConflictRecord, change: ConflictChange, actor: &str, now: Timestamp) -> Result<&'static str> {
    use ConflictStatus::{Acknowledged, Open, Resolved};
    let refuse = |text: &str| Err(Error::WrongState(text.to_owned()));
    match (change, conflict.status) {
        (ConflictChange::Acknowledge, Open) => {
            conflict.status = Acknowledged;
            conflict.acknowledged_by = Some(actor.to_owned());
            conflict.acknowledged_at = Some(now);
            Ok("acknowledged")
        }
        (ConflictChange::Acknowledge, Acknowledged) => refuse("the conflict is acknowledged already: resolve it"),
        (ConflictChange::Acknowledge, Resolved) => refuse("the conflict is resolved: reopen it first"),
        (ConflictChange::Resolve(Resolution::Withdrawn), _) => Err(Error::Invalid(
            "only a later measurement withdraws a conflict: give another resolution".to_owned(),
        )),
        (ConflictChange::Resolve(_), Resolved) => refuse("the conflict is resolved already: reopen it first"),
        (ConflictChange::Resolve(resolution), _) => {
            conflict.status = Resolved;
            conflict.resolution = Some(resolution);
            conflict.resolved_by = Some(actor.to_owned());
            conflict.resolved_at = Some(now);
            Ok("resolved")
        }
        (ConflictChange::Reopen, Resolved) => {
            reopen(conflict);
            Ok("reopened")
        }
        (ConflictChange::Reopen, _) => refuse("the conflict is not resolved: there is nothing to reopen"),
    }
}

fn reopen(conflict: &mut ConflictRecord) {
    conflict.status = ConflictStatus::Open;
    conflict.resolution = None;
    conflict.resolved_by = None;
    conflict.resolved_at = None;
    conflict.acknowledged_by = None;
    conflict.acknowledged_at = None;
}

/// The history keeps how it was settled, also after a reopening has cleared the fields.
fn with_resolution(resolution: Resolution, comment: &str) -> Text {
    let (zh, en) = match resolution {
        Resolution::Lawful => ("合法使用", "lawful"),
        Resolution::Removed => ("干扰已消除", "removed"),
        Resolution::NotReproduced => ("未能复现", "not reproduced"),
        Resolution::Other => ("其他", "other"),
        Resolution::Withdrawn => ("撤销", "withdrawn"),
    };
    if comment.is_empty() {
        Text::new(zh, en)
    } else {
        Text::new(format!("{zh}：{comment}"), format!("{en}: {comment}"))
    }
}

/// Stores a change that people must see: the version counts it and the history tells it.
async fn record(
    tx: &mut Tx,
    conflict: &mut ConflictRecord,
    action: &str,
    actor: &str,
    comment: Text,
    now: Timestamp,
) -> Result<()> {
    conflict.version += 1;
    tx.put_conflict(conflict).await?;
    let entry = HistoryEntry {
        time: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        comment,
    };
    tx.add_history(&conflict.id, &entry).await
}
