//! What measured evidence does to the ledger.

use jiff::Timestamp;

use super::{LedgerConfig, SYSTEM, record, reopen};
use crate::{
    Result,
    conflict::{Verdict, VerdictKind},
    registry::Text,
    service::coordination,
    store::{ConflictRecord, ConflictStatus, EmissionRecord, EventKind, Resolution, Tx, random_id},
    units::{Band, Hertz},
};

/// What listeners are to be told, in order.
pub(crate) type Told = Vec<(EventKind, ConflictRecord)>;

fn updated(conflict: ConflictRecord) -> Result<Told> {
    Ok(vec![(EventKind::ConflictUpdated, conflict)])
}

/// Holds an emission's new state against the ledger, inside the transaction that stores it. `emission.cause_id` is set
/// to the conflict of its cause and `emission.conflict_id` to the one it counts in, which is another where that of its
/// cause was merged; the answer is what to tell.
pub(crate) async fn settle(
    tx: &mut Tx,
    emission: &mut EmissionRecord,
    config: LedgerConfig,
    now: Timestamp,
) -> Result<Told> {
    let stored = tx.emission(&emission.id).await?;
    (emission.cause_id, emission.conflict_id) = stored.map_or((None, None), |s| (s.cause_id, s.conflict_id));
    let current = match emission.cause_id.clone() {
        Some(id) => tx.conflict(&id).await?,
        None => None,
    };
    let Some(verdict) = emission.verdict.clone() else {
        return match current {
            Some(conflict) if !emission.open => {
                detach(emission);
                let reason = Text::new(
                    "后续测量表明，该发射是另一发射的一部分，或由接收机自身产生",
                    "later measurement showed it to be part of another emission, or made by the receiver",
                );
                leave(tx, conflict, reason, now).await
            }
            _ => Ok(Told::new()),
        };
    };
    match current {
        None if verdict.kind.is_conflict() => attach(tx, emission, &verdict, config, now).await,
        None => Ok(Told::new()),
        Some(conflict) if same_claim(&conflict, &verdict) => go_on(tx, conflict, emission, &verdict, config, now).await,
        Some(conflict) if verdict.kind.is_conflict() => reclassify(tx, conflict, emission, &verdict, config, now).await,
        Some(_) if verdict.kind == VerdictKind::Inconclusive => Ok(Told::new()),
        Some(conflict) => {
            detach(emission);
            leave(tx, conflict, verdict.explanation, now).await
        }
    }
}

fn detach(emission: &mut EmissionRecord) {
    emission.cause_id = None;
    emission.conflict_id = None;
}

/// Where the evidence of `cause` counts: itself, or, once it is stored, the conflict it was merged into, which then
/// has `change` emissions more.
async fn counting(tx: &mut Tx, cause: ConflictRecord, change: i64) -> Result<ConflictRecord> {
    if cause.merged_into.is_none() {
        return Ok(cause);
    }
    tx.put_conflict(&cause).await?;
    let mut head = tx.head_of(&cause).await?;
    head.emissions_count = head.emissions_count.saturating_add_signed(change);
    head.first_seen = head.first_seen.min(cause.first_seen);
    head.last_seen = head.last_seen.max(cause.last_seen);
    head.severity = head.severity.max(cause.severity);
    Ok(head)
}

fn same_claim(conflict: &ConflictRecord, verdict: &Verdict) -> bool {
    conflict.kind == verdict.kind && conflict.assignment == verdict.assignment
}

/// Whether evidence in `band` around `emission`'s centre has the cause of `conflict`.
fn same_channel(conflict: &ConflictRecord, emission: &EmissionRecord) -> bool {
    let inside = |low, high, center| low <= center && center < high;
    conflict.assignment.is_some()
        || inside(conflict.low_hz, conflict.high_hz, emission.center_hz)
        || inside(emission.low_hz, emission.high_hz, conflict.center_hz)
}

/// Writes the newest evidence into the conflict.
fn take_evidence(conflict: &mut ConflictRecord, emission: &EmissionRecord, verdict: &Verdict) {
    conflict.center_hz = emission.center_hz;
    conflict.low_hz = emission.low_hz;
    conflict.high_hz = emission.high_hz;
    conflict.first_seen = conflict.first_seen.min(emission.start);
    conflict.last_seen = conflict.last_seen.max(emission.stop);
    conflict.severity = verdict.severity;
    conflict.rule.clone_from(&verdict.rule);
    conflict.allocation.clone_from(&verdict.allocation);
    conflict.explanation = verdict.explanation.clone();
    conflict.evidence = verdict.evidence.clone();
    conflict.rules_version = Some(verdict.rules_version.clone());
    conflict.registry_version = Some(verdict.registry_version.clone());
}

/// The conflict of the same cause that is unsettled, or merged into one that is; else the settled one that was seen
/// last.
async fn find(tx: &mut Tx, emission: &EmissionRecord, verdict: &Verdict) -> Result<Option<ConflictRecord>> {
    let band = emission
        .band()
        .unwrap_or(Band::around(emission.center_hz, emission.bandwidth_hz));
    let assignment = verdict.assignment.as_deref();
    let like = tx
        .conflicts_like(&emission.receiver, verdict.kind, assignment, band)
        .await?;
    let mut settled = None;
    for cause in like.into_iter().filter(|conflict| same_channel(conflict, emission)) {
        if tx.head_of(&cause).await?.status != ConflictStatus::Resolved {
            return Ok(Some(cause));
        }
        settled = settled.or(Some(cause));
    }
    Ok(settled)
}

/// Adds the emission to the conflict of its cause, or opens one.
async fn attach(
    tx: &mut Tx,
    emission: &mut EmissionRecord,
    verdict: &Verdict,
    config: LedgerConfig,
    now: Timestamp,
) -> Result<Told> {
    let Some(mut conflict) = find(tx, emission, verdict).await? else {
        let mut conflict = open(emission, verdict);
        emission.cause_id = Some(conflict.id.clone());
        emission.conflict_id = Some(conflict.id.clone());
        record(tx, &mut conflict, "opened", SYSTEM, verdict.explanation.clone(), now).await?;
        coordination::tell_of_conflict(tx, &conflict, now).await?;
        return Ok(vec![(EventKind::ConflictOpened, conflict)]);
    };
    emission.cause_id = Some(conflict.id.clone());
    take_evidence(&mut conflict, emission, verdict);
    conflict.emissions_count += 1;
    let conflict = counting(tx, conflict, 1).await?;
    emission.conflict_id = Some(conflict.id.clone());
    // What the service withdrew itself comes back with the first evidence, what a person settled with new evidence.
    let began_after = conflict.resolution == Some(Resolution::Withdrawn)
        || conflict.resolved_at.is_some_and(|resolved| emission.start > resolved);
    if (began_after && reopens(&conflict)) || is_overdue(&conflict, emission, config) {
        return reopen_for(tx, conflict, emission, now).await;
    }
    tx.put_conflict(&conflict).await?;
    updated(conflict)
}

fn open(emission: &EmissionRecord, verdict: &Verdict) -> ConflictRecord {
    ConflictRecord {
        emissions_count: 1,
        ..begin(
            verdict,
            &emission.receiver,
            [emission.center_hz, emission.low_hz, emission.high_hz],
            [emission.start, emission.stop],
        )
    }
}

/// A new conflict by this verdict of a receiver, at these frequencies (centre, edges) and times, without emissions.
pub(super) fn begin(
    verdict: &Verdict,
    receiver: &str,
    [center_hz, low_hz, high_hz]: [Hertz; 3],
    [first_seen, last_seen]: [Timestamp; 2],
) -> ConflictRecord {
    ConflictRecord {
        id: random_id(),
        status: ConflictStatus::Open,
        kind: verdict.kind,
        severity: verdict.severity,
        rule: verdict.rule.clone(),
        receiver: receiver.to_owned(),
        center_hz,
        low_hz,
        high_hz,
        first_seen,
        last_seen,
        emissions_count: 0,
        assignment: verdict.assignment.clone(),
        allocation: verdict.allocation.clone(),
        explanation: verdict.explanation.clone(),
        evidence: verdict.evidence.clone(),
        acknowledged_by: None,
        acknowledged_at: None,
        resolved_by: None,
        resolved_at: None,
        resolution: None,
        assigned_user: None,
        assigned_team: None,
        assigned_by: None,
        assigned_at: None,
        merged_into: None,
        merged_status: None,
        rules_version: Some(verdict.rules_version.clone()),
        registry_version: Some(verdict.registry_version.clone()),
        version: 0,
    }
}

/// Whether new evidence reopens this settlement.
fn reopens(conflict: &ConflictRecord) -> bool {
    conflict.status == ConflictStatus::Resolved && conflict.resolution != Some(Resolution::Lawful)
}

/// Whether the emission went on for longer after the settlement than is granted.
fn is_overdue(conflict: &ConflictRecord, emission: &EmissionRecord, config: LedgerConfig) -> bool {
    reopens(conflict)
        && conflict
            .resolved_at
            .is_some_and(|resolved| emission.stop > resolved + config.reopen_after)
}

async fn reopen_for(
    tx: &mut Tx,
    mut conflict: ConflictRecord,
    emission: &EmissionRecord,
    now: Timestamp,
) -> Result<Told> {
    reopen(&mut conflict);
    let (center, stop) = (emission.center_hz, emission.stop);
    let comment = Text::new(
        format!("再次在 {center} 上观测到，最近一次 {stop}"),
        format!("observed again at {center}, last at {stop}"),
    );
    record(tx, &mut conflict, "reopened", SYSTEM, comment, now).await?;
    updated(conflict)
}

/// The emission goes on as claimed.
async fn go_on(
    tx: &mut Tx,
    mut conflict: ConflictRecord,
    emission: &EmissionRecord,
    verdict: &Verdict,
    config: LedgerConfig,
    now: Timestamp,
) -> Result<Told> {
    let urgent = verdict.severity > conflict.severity;
    let due = emission.stop.duration_since(conflict.last_seen) >= config.refresh;
    let overdue = is_overdue(&tx.head_of(&conflict).await?, emission, config);
    if !(urgent || due || overdue || !emission.open) {
        return Ok(Told::new());
    }
    take_evidence(&mut conflict, emission, verdict);
    let mut conflict = counting(tx, conflict, 0).await?;
    if overdue {
        return reopen_for(tx, conflict, emission, now).await;
    }
    if urgent {
        conflict.version += 1;
    }
    tx.put_conflict(&conflict).await?;
    updated(conflict)
}

/// The same emission, measured longer, is a conflict of another kind.
async fn reclassify(
    tx: &mut Tx,
    mut conflict: ConflictRecord,
    emission: &mut EmissionRecord,
    verdict: &Verdict,
    config: LedgerConfig,
    now: Timestamp,
) -> Result<Told> {
    let settled = matches!(conflict.status, ConflictStatus::Resolved | ConflictStatus::Merged);
    let alone = conflict.emissions_count <= 1 && !settled;
    if alone && find(tx, emission, verdict).await?.is_none() {
        conflict.kind = verdict.kind;
        conflict.assignment.clone_from(&verdict.assignment);
        take_evidence(&mut conflict, emission, verdict);
        record(
            tx,
            &mut conflict,
            "reclassified",
            SYSTEM,
            verdict.explanation.clone(),
            now,
        )
        .await?;
        return updated(conflict);
    }
    let mut told = leave(tx, conflict, verdict.explanation.clone(), now).await?;
    told.extend(attach(tx, emission, verdict, config, now).await?);
    Ok(told)
}

/// One piece of evidence less; a conflict without any is withdrawn.
async fn leave(tx: &mut Tx, mut conflict: ConflictRecord, reason: Text, now: Timestamp) -> Result<Told> {
    conflict.emissions_count = conflict.emissions_count.saturating_sub(1);
    let mut conflict = counting(tx, conflict, -1).await?;
    if conflict.emissions_count == 0 && conflict.status != ConflictStatus::Resolved {
        withdraw(tx, &mut conflict, reason, now).await?;
    } else {
        tx.put_conflict(&conflict).await?;
    }
    updated(conflict)
}

/// Settles a conflict that has no ground any more.
pub(super) async fn withdraw(tx: &mut Tx, conflict: &mut ConflictRecord, reason: Text, now: Timestamp) -> Result<()> {
    conflict.status = ConflictStatus::Resolved;
    conflict.resolution = Some(Resolution::Withdrawn);
    conflict.resolved_by = Some(SYSTEM.to_owned());
    conflict.resolved_at = Some(now);
    record(tx, conflict, "withdrawn", SYSTEM, reason, now).await
}
