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
//! * An assignment that is not used is a conflict without emissions, one for each assignment. It goes by the judgement of
//!   its use: withdrawn when the station is heard, open again when it falls silent (`unused`).
//! * People take a conflict on, give it to an account or a team, say something about it, attach files, settle it, and
//!   make two conflicts of one cause one (`merging`). Each of these names the version that was read.

mod attachments;
mod evidence;
mod kept;
mod merging;
mod unused;

use jiff::{SignedDuration, Timestamp};

pub use attachments::Attachments;
pub(super) use evidence::settle;
pub use kept::Room;
pub(super) use unused::{Finding, close_unknown, settle_use};

use crate::{
    Error, Result,
    registry::Text,
    service::auth::{Role, permissions},
    store::{Assignee, ConflictChange, ConflictRecord, ConflictStatus, EventKind, HistoryEntry, Resolution, Store, Tx},
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

    /// Acknowledges, assigns, comments on, resolves or reopens a conflict. `version` must be the one that was read.
    ///
    /// # Errors
    /// `NotFound`; `Stale` when the conflict has changed since; `WrongState` when it is there already, with what to do;
    /// `Invalid` for an assignee who cannot act on conflicts, or a comment that says nothing.
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
                    let mut conflict = read(tx, &id, version).await?;
                    if let ConflictChange::Assign(Assignee::User(user)) = &change {
                        check_assignee(tx, user).await?;
                    }
                    if change == ConflictChange::Comment && comment.is_empty() {
                        return Err(Error::Invalid("the comment is empty: write something".to_owned()));
                    }
                    let action = step(&mut conflict, &change, &actor, now)?;
                    let comment = words(&change, comment);
                    record(tx, &mut conflict, action, &actor, comment, now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                    Ok(conflict)
                })
            })
            .await
    }

    /// Accounts and teams a conflict may be given to: whoever may act on conflicts, and the teams named before.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn assignees(&self) -> Result<(Vec<String>, Vec<String>)> {
        let users = self.store.users().await?;
        let able = users.into_iter().filter(|user| !user.disabled && may_act(&user.role));
        Ok((able.map(|user| user.name).collect(), self.store.teams().await?))
    }
}

/// The conflict as somebody read it.
async fn read(tx: &mut Tx, id: &str, version: u64) -> Result<ConflictRecord> {
    let Some(conflict) = tx.conflict(id).await? else {
        return Err(Error::NotFound {
            kind: "conflict",
            id: id.to_owned(),
        });
    };
    if conflict.version == version {
        Ok(conflict)
    } else {
        Err(Error::Stale)
    }
}

fn may_act(role: &str) -> bool {
    let access = permissions::access("acknowledge_conflict");
    role.parse::<Role>()
        .is_ok_and(|role| access.is_some_and(|access| access.allows(Some(role))))
}

async fn check_assignee(tx: &mut Tx, name: &str) -> Result<()> {
    let wrong = |reason: &str| {
        Error::Invalid(format!(
            "'{name}' {reason}: choose one of /api/v1/conflicts/assignees, or name a team"
        ))
    };
    match tx.user(name).await? {
        None => Err(wrong("is no account")),
        Some(user) if user.disabled => Err(wrong("is locked")),
        Some(user) if !may_act(&user.role) => Err(wrong("may not act on conflicts")),
        Some(_) => Ok(()),
    }
}

/// Moves the state machine; answers the name of the step.
fn step(conflict: &mut ConflictRecord, change: &ConflictChange, actor: &str, now: Timestamp) -> Result<&'static str> {
    use ConflictStatus::{Acknowledged, Assigned, Merged, Open, Resolved};
    let refuse = |text: &str| Err(Error::WrongState(text.to_owned()));
    match (change, conflict.status) {
        (_, Merged) => Err(Error::WrongState(format!(
            "the conflict is part of {}: do it there, or take the merging back first",
            conflict.merged_into.as_deref().unwrap_or_default()
        ))),
        (ConflictChange::Comment, _) => Ok("commented"),
        (ConflictChange::Acknowledge, Open) => {
            conflict.status = Acknowledged;
            conflict.acknowledged_by = Some(actor.to_owned());
            conflict.acknowledged_at = Some(now);
            Ok("acknowledged")
        }
        (ConflictChange::Acknowledge, Acknowledged) => refuse("the conflict is acknowledged already: resolve it"),
        (ConflictChange::Acknowledge, Assigned) => refuse("the conflict is assigned already: resolve it"),
        (ConflictChange::Acknowledge | ConflictChange::Assign(_), Resolved) => {
            refuse("the conflict is resolved: reopen it first")
        }
        (ConflictChange::Assign(to), _) => assign(conflict, to, actor, now),
        (ConflictChange::Resolve(Resolution::Withdrawn), _) => Err(Error::Invalid(
            "only a later measurement withdraws a conflict: give another resolution".to_owned(),
        )),
        (ConflictChange::Resolve(_), Resolved) => refuse("the conflict is resolved already: reopen it first"),
        (ConflictChange::Resolve(resolution), _) => {
            conflict.status = Resolved;
            conflict.resolution = Some(*resolution);
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

fn assign(conflict: &mut ConflictRecord, to: &Assignee, actor: &str, now: Timestamp) -> Result<&'static str> {
    let (user, team) = match to {
        Assignee::User(name) => (Some(name.clone()), None),
        Assignee::Team(name) => (None, Some(name.clone())),
    };
    if conflict.status == ConflictStatus::Assigned
        && (&user, &team) == (&conflict.assigned_user, &conflict.assigned_team)
    {
        return Err(Error::WrongState(
            "the conflict is assigned to them already: choose somebody else".to_owned(),
        ));
    }
    conflict.status = ConflictStatus::Assigned;
    conflict.assigned_user = user;
    conflict.assigned_team = team;
    conflict.assigned_by = Some(actor.to_owned());
    conflict.assigned_at = Some(now);
    Ok("assigned")
}

fn reopen(conflict: &mut ConflictRecord) {
    conflict.status = ConflictStatus::Open;
    conflict.resolution = None;
    conflict.resolved_by = None;
    conflict.resolved_at = None;
    conflict.acknowledged_by = None;
    conflict.acknowledged_at = None;
    conflict.assigned_user = None;
    conflict.assigned_team = None;
    conflict.assigned_by = None;
    conflict.assigned_at = None;
}

/// What the history says of a step. It keeps how a conflict was settled and whose it was, also after a reopening has
/// cleared the fields.
fn words(change: &ConflictChange, comment: String) -> Text {
    let (zh, en) = match change {
        ConflictChange::Acknowledge | ConflictChange::Comment | ConflictChange::Reopen => {
            return Text::new(comment.clone(), comment);
        }
        ConflictChange::Assign(Assignee::User(name)) => (format!("处理人 {name}"), format!("to {name}")),
        ConflictChange::Assign(Assignee::Team(name)) => (format!("处理小组 {name}"), format!("to team {name}")),
        ConflictChange::Resolve(resolution) => {
            let (zh, en) = match resolution {
                Resolution::Lawful => ("合法使用", "lawful"),
                Resolution::Removed => ("干扰已消除", "removed"),
                Resolution::NotReproduced => ("未能复现", "not reproduced"),
                Resolution::Other => ("其他", "other"),
                Resolution::Withdrawn => ("撤销", "withdrawn"),
            };
            (zh.to_owned(), en.to_owned())
        }
    };
    remarked(&zh, &en, &comment)
}

/// A fact of the history, with somebody's remark where there is one.
fn remarked(zh: &str, en: &str, comment: &str) -> Text {
    if comment.is_empty() {
        Text::new(zh, en)
    } else {
        Text::new(format!("{zh}：{comment}"), format!("{en}: {comment}"))
    }
}

/// Stores a change of what the conflict says or of whose it is: the version counts it and the history tells it.
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
    note(tx, conflict, action, actor, comment, now).await
}

/// Tells the history of something that leaves the conflict as it is. The version guards what people decide on, so it does
/// not count what the service adds by itself beside it: a person who read the conflict before may go on.
async fn note(
    tx: &mut Tx,
    conflict: &ConflictRecord,
    action: &str,
    actor: &str,
    comment: Text,
    now: Timestamp,
) -> Result<()> {
    let entry = HistoryEntry {
        conflict_id: conflict.id.clone(),
        time: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        comment,
    };
    tx.add_history(&entry).await
}
