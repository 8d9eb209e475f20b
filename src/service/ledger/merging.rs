//! Two conflicts of one cause made one, and apart again.
//!
//! The merged one keeps its row: evidence of its cause goes on being told by it, and counts in the other. Whoever reads
//! the other one reads its history and its files too. Taking a merging back therefore gives each its own, with what
//! came in between.

use jiff::Timestamp;

use super::{Ledger, read, record, remarked};
use crate::{
    Error, Result,
    conflict::VerdictKind,
    registry::Text,
    store::{ConflictRecord, ConflictStatus, EventKind, Tx},
};

impl Ledger {
    /// Makes `id` part of `into`; both by the versions that were read. Answers both, the merged one first.
    ///
    /// # Errors
    /// `NotFound`; `Stale` when one of them has changed since; `WrongState` or `Invalid` where they cannot be merged.
    pub async fn merge(
        &self,
        [id, into]: [&str; 2],
        [version, into_version]: [u64; 2],
        actor: &str,
        comment: &str,
        now: Timestamp,
    ) -> Result<[ConflictRecord; 2]> {
        let (id, into, actor, comment) = (id.to_owned(), into.to_owned(), actor.to_owned(), comment.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    if id == into {
                        return Err(Error::Invalid(
                            "a conflict cannot be merged with itself: name another one".to_owned(),
                        ));
                    }
                    let mut part = read(tx, &id, version).await?;
                    let mut whole = read(tx, &into, into_version).await?;
                    check(&part, &whole)?;
                    part.merged_status = Some(part.status);
                    part.status = ConflictStatus::Merged;
                    part.merged_into = Some(whole.id.clone());
                    tx.put_conflict(&part).await?;
                    tx.move_emissions(&part.id, &whole.id).await?;
                    tx.recount(&mut whole).await?;
                    whole.severity = whole.severity.max(part.severity);
                    let told = naming(&whole, &comment);
                    record(tx, &mut part, "merged", &actor, told, now).await?;
                    let told = naming(&part, &comment);
                    record(tx, &mut whole, "absorbed", &actor, told, now).await?;
                    tell(tx, [part, whole], now).await
                })
            })
            .await
    }

    /// Takes a merging back. Answers the conflict that is on its own again, then the one it was part of.
    ///
    /// # Errors
    /// `NotFound`; `Stale` when it has changed since; `WrongState` when it is not merged.
    pub async fn unmerge(
        &self,
        id: &str,
        version: u64,
        actor: &str,
        comment: &str,
        now: Timestamp,
    ) -> Result<[ConflictRecord; 2]> {
        let (id, actor, comment) = (id.to_owned(), actor.to_owned(), comment.to_owned());
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let mut part = read(tx, &id, version).await?;
                    let Some(into) = part.merged_into.clone() else {
                        return Err(Error::WrongState(
                            "the conflict is not merged: there is nothing to take back".to_owned(),
                        ));
                    };
                    let head = tx.head_of(&part).await?;
                    part.merged_into = None;
                    part.status = part.merged_status.take().unwrap_or(ConflictStatus::Open);
                    tx.put_conflict(&part).await?;
                    tx.move_emissions(&part.id, &part.id).await?;
                    tx.recount(&mut part).await?;
                    let mut whole = head;
                    if let Some(severity) = tx.recount(&mut whole).await? {
                        whole.severity = severity;
                    }
                    let told = remarked(&format!("自 {into} 拆分"), &format!("from {into}"), &comment);
                    record(tx, &mut part, "unmerged", &actor, told, now).await?;
                    let told = naming(&part, &comment);
                    record(tx, &mut whole, "released", &actor, told, now).await?;
                    tell(tx, [part, whole], now).await
                })
            })
            .await
    }
}

fn check(part: &ConflictRecord, whole: &ConflictRecord) -> Result<()> {
    if [part, whole]
        .iter()
        .any(|one| one.kind == VerdictKind::UnusedAssignment)
    {
        return Err(Error::WrongState(
            "a conflict about an unused assignment has no emissions to share: name the other one in a comment instead"
                .to_owned(),
        ));
    }
    if let Some(into) = &part.merged_into {
        return Err(Error::WrongState(format!(
            "the conflict is part of {into} already: take that back first"
        )));
    }
    if let Some(into) = &whole.merged_into {
        return Err(Error::WrongState(format!(
            "{} is part of {into}: merge into that one",
            whole.id
        )));
    }
    if whole.status == ConflictStatus::Resolved && part.status != ConflictStatus::Resolved {
        return Err(Error::WrongState(format!(
            "{} is resolved and would hide an unsettled conflict: reopen it first, or merge the other way round",
            whole.id
        )));
    }
    Ok(())
}

/// The other conflict in words, with the remark.
fn naming(other: &ConflictRecord, comment: &str) -> Text {
    let (id, center) = (&other.id, other.center_hz);
    remarked(&format!("{id}（{center}）"), &format!("{id} ({center})"), comment)
}

async fn tell(tx: &mut Tx, both: [ConflictRecord; 2], now: Timestamp) -> Result<[ConflictRecord; 2]> {
    for conflict in &both {
        tx.emit(EventKind::ConflictUpdated, now, conflict).await?;
    }
    Ok(both)
}
