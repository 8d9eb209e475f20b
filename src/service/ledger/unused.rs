//! What a judgement of the use of an assignment does to the ledger.
//!
//! There is one conflict for each assignment, whichever receiver tells of it. *Unused* opens it, brings it up to date, and
//! reopens it: at once where the service had withdrawn it itself, and where a person settled it when the whole period of
//! the judgement lies after that. A settlement as lawful holds. *In use*, also rare use, withdraws it. What decides nothing
//! changes nothing: a station does not become used by not being watched.

use jiff::Timestamp;

use super::{
    SYSTEM,
    evidence::{Told, begin, withdraw},
    record, reopen,
};
use crate::{
    Result,
    conflict::{Verdict, VerdictKind},
    registry::Text,
    store::{ConflictQuery, ConflictRecord, ConflictStatus, EventKind, Resolution, Store, Tx},
    units::{Band, Hertz},
};

/// A judgement of the use of an assignment.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// The judgement; it names the assignment.
    pub(crate) verdict: Verdict,
    /// Who watched.
    pub(crate) receiver: String,
    /// The assigned frequency.
    pub(crate) center_hz: Hertz,
    /// The assigned band.
    pub(crate) band: Band,
    /// The time it is about.
    pub(crate) period: [Timestamp; 2],
}

/// Holds the judgement against the ledger; tells of what changed.
pub(crate) async fn settle_use(tx: &mut Tx, finding: &Finding, now: Timestamp) -> Result<()> {
    let verdict = &finding.verdict;
    let Some(assignment) = verdict.assignment.as_deref() else {
        return Ok(());
    };
    let known = tx.conflict_about_use(assignment).await?;
    let told = match (verdict.kind, known) {
        (VerdictKind::UnusedAssignment, None) => open(tx, finding, now).await?,
        (VerdictKind::UnusedAssignment, Some(conflict)) => go_on(tx, conflict, finding, now).await?,
        (VerdictKind::Licensed, Some(mut conflict)) if conflict.status != ConflictStatus::Resolved => {
            withdraw(tx, &mut conflict, verdict.explanation.clone(), now).await?;
            vec![(EventKind::ConflictUpdated, conflict)]
        }
        _ => Told::new(),
    };
    for (kind, conflict) in told {
        tx.emit(kind, now, &conflict).await?;
    }
    Ok(())
}

async fn open(tx: &mut Tx, finding: &Finding, now: Timestamp) -> Result<Told> {
    let verdict = &finding.verdict;
    let at = [finding.center_hz, finding.band.low(), finding.band.high()];
    let mut conflict = begin(verdict, &finding.receiver, at, finding.period);
    record(tx, &mut conflict, "opened", SYSTEM, verdict.explanation.clone(), now).await?;
    Ok(vec![(EventKind::ConflictOpened, conflict)])
}

async fn go_on(tx: &mut Tx, mut conflict: ConflictRecord, finding: &Finding, now: Timestamp) -> Result<Told> {
    let [from, to] = finding.period;
    let again = match (conflict.status, conflict.resolution) {
        (ConflictStatus::Resolved, Some(Resolution::Lawful)) => return Ok(Told::new()),
        (ConflictStatus::Resolved, Some(Resolution::Withdrawn)) => true,
        (ConflictStatus::Resolved, _) if conflict.resolved_at.is_some_and(|at| from < at) => return Ok(Told::new()),
        (status, _) => status == ConflictStatus::Resolved,
    };
    let urgent = finding.verdict.severity > conflict.severity;
    take(&mut conflict, finding);
    if again {
        reopen(&mut conflict);
        let comment = Text::new(
            format!("{from} 至 {to} 期间再次未收到该台"),
            format!("not received again from {from} to {to}"),
        );
        record(tx, &mut conflict, "reopened", SYSTEM, comment, now).await?;
    } else {
        conflict.version += u64::from(urgent);
        tx.put_conflict(&conflict).await?;
    }
    Ok(vec![(EventKind::ConflictUpdated, conflict)])
}

/// Writes the newest judgement into the conflict.
fn take(conflict: &mut ConflictRecord, finding: &Finding) {
    let verdict = &finding.verdict;
    conflict.receiver.clone_from(&finding.receiver);
    conflict.center_hz = finding.center_hz;
    conflict.low_hz = finding.band.low();
    conflict.high_hz = finding.band.high();
    conflict.first_seen = conflict.first_seen.min(finding.period[0]);
    conflict.last_seen = conflict.last_seen.max(finding.period[1]);
    conflict.severity = verdict.severity;
    conflict.rule.clone_from(&verdict.rule);
    conflict.explanation = verdict.explanation.clone();
    conflict.evidence = verdict.evidence.clone();
    conflict.rules_version = Some(verdict.rules_version.clone());
    conflict.registry_version = Some(verdict.registry_version.clone());
}

/// Withdraws conflicts about assignments that are no longer in the registry or in force: there is nobody left to be asked.
/// `known` answers whether an assignment may still be used.
pub(crate) async fn close_unknown(store: &Store, known: impl Fn(&str) -> bool, now: Timestamp) -> Result<()> {
    let mut query = ConflictQuery {
        kind: Some(VerdictKind::UnusedAssignment),
        limit: Some(1000),
        ..ConflictQuery::default()
    };
    loop {
        let page = store.conflicts(&query).await?;
        for conflict in page.items {
            let gone = conflict.assignment.as_deref().is_some_and(|id| !known(id));
            if gone && conflict.status != ConflictStatus::Resolved {
                close(store, conflict.id, now).await?;
            }
        }
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return Ok(());
        }
    }
}

async fn close(store: &Store, id: String, now: Timestamp) -> Result<()> {
    let reason = Text::new(
        "该指配已不在登记资料中或已失效",
        "the assignment is no longer registered or in force",
    );
    store
        .write(move |tx| {
            Box::pin(async move {
                // As it is now: somebody may have settled it since it was read.
                if let Some(mut conflict) = tx.conflict(&id).await?
                    && conflict.status != ConflictStatus::Resolved
                {
                    withdraw(tx, &mut conflict, reason, now).await?;
                    tx.emit(EventKind::ConflictUpdated, now, &conflict).await?;
                }
                Ok(())
            })
        })
        .await
}
