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

use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Result,
    conflict::{Verdict, VerdictKind},
    store::{
        ConflictChange, ConflictRecord, ConflictStatus, EmissionRecord, EventKind, HistoryEntry, Resolution, Store, Tx,
        random_id,
    },
    units::Band,
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
                        _ => comment,
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
fn with_resolution(resolution: Resolution, comment: &str) -> String {
    let name = match resolution {
        Resolution::Lawful => "lawful",
        Resolution::Removed => "removed",
        Resolution::NotReproduced => "not_reproduced",
        Resolution::Other => "other",
        Resolution::Withdrawn => "withdrawn",
    };
    if comment.is_empty() {
        name.to_owned()
    } else {
        format!("{name}: {comment}")
    }
}

/// Stores a change that people must see: the version counts it and the history tells it.
async fn record(
    tx: &mut Tx,
    conflict: &mut ConflictRecord,
    action: &str,
    actor: &str,
    comment: String,
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

/// What listeners are to be told, in order.
pub(super) type Told = Vec<(EventKind, ConflictRecord)>;

fn updated(conflict: ConflictRecord) -> Result<Told> {
    Ok(vec![(EventKind::ConflictUpdated, conflict)])
}

/// Holds an emission's new state against the ledger, inside the transaction that stores it. `emission.conflict_id` is
/// set to where it belongs now; the answer is what to tell.
pub(super) async fn settle(
    tx: &mut Tx,
    emission: &mut EmissionRecord,
    config: LedgerConfig,
    now: Timestamp,
) -> Result<Told> {
    let before = tx.emission(&emission.id).await?.and_then(|stored| stored.conflict_id);
    emission.conflict_id.clone_from(&before);
    let Some(verdict) = emission.verdict.clone() else {
        return Ok(Told::new());
    };
    let current = match before {
        Some(id) => tx.conflict(&id).await?,
        None => None,
    };
    match current {
        None if verdict.kind.is_conflict() => attach(tx, emission, &verdict, config, now).await,
        None => Ok(Told::new()),
        Some(conflict) if same_claim(&conflict, &verdict) => go_on(tx, conflict, emission, &verdict, config, now).await,
        Some(conflict) if verdict.kind.is_conflict() => reclassify(tx, conflict, emission, &verdict, config, now).await,
        Some(_) if verdict.kind == VerdictKind::Inconclusive => Ok(Told::new()),
        Some(conflict) => {
            emission.conflict_id = None;
            leave(tx, conflict, &verdict, now).await
        }
    }
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
}

/// The unsettled conflict of the same cause, else the settled one that was seen last.
async fn find(tx: &mut Tx, emission: &EmissionRecord, verdict: &Verdict) -> Result<Option<ConflictRecord>> {
    let band = emission
        .band()
        .unwrap_or(Band::around(emission.center_hz, emission.bandwidth_hz));
    let assignment = verdict.assignment.as_deref();
    let like = tx
        .conflicts_like(&emission.receiver, verdict.kind, assignment, band)
        .await?;
    Ok(like.into_iter().find(|conflict| same_channel(conflict, emission)))
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
        emission.conflict_id = Some(conflict.id.clone());
        record(tx, &mut conflict, "opened", SYSTEM, verdict.explanation.en.clone(), now).await?;
        return Ok(vec![(EventKind::ConflictOpened, conflict)]);
    };
    emission.conflict_id = Some(conflict.id.clone());
    take_evidence(&mut conflict, emission, verdict);
    conflict.emissions_count += 1;
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
        id: random_id(),
        status: ConflictStatus::Open,
        kind: verdict.kind,
        severity: verdict.severity,
        rule: verdict.rule.clone(),
        receiver: emission.receiver.clone(),
        center_hz: emission.center_hz,
        low_hz: emission.low_hz,
        high_hz: emission.high_hz,
        first_seen: emission.start,
        last_seen: emission.stop,
        emissions_count: 1,
        assignment: verdict.assignment.clone(),
        allocation: verdict.allocation.clone(),
        explanation: verdict.explanation.clone(),
        evidence: verdict.evidence.clone(),
        acknowledged_by: None,
        acknowledged_at: None,
        resolved_by: None,
        resolved_at: None,
        resolution: None,
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
    let comment = format!("observed again at {}, last at {}", emission.center_hz, emission.stop);
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
    let overdue = is_overdue(&conflict, emission, config);
    if !(urgent || due || overdue || !emission.open) {
        return Ok(Told::new());
    }
    take_evidence(&mut conflict, emission, verdict);
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
    let alone = conflict.emissions_count <= 1 && conflict.status != ConflictStatus::Resolved;
    if alone && find(tx, emission, verdict).await?.is_none() {
        conflict.kind = verdict.kind;
        conflict.assignment.clone_from(&verdict.assignment);
        take_evidence(&mut conflict, emission, verdict);
        record(
            tx,
            &mut conflict,
            "reclassified",
            SYSTEM,
            verdict.explanation.en.clone(),
            now,
        )
        .await?;
        return updated(conflict);
    }
    let mut told = leave(tx, conflict, verdict, now).await?;
    told.extend(attach(tx, emission, verdict, config, now).await?);
    Ok(told)
}

/// One piece of evidence less; a conflict without any is withdrawn.
async fn leave(tx: &mut Tx, mut conflict: ConflictRecord, verdict: &Verdict, now: Timestamp) -> Result<Told> {
    conflict.emissions_count = conflict.emissions_count.saturating_sub(1);
    if conflict.emissions_count == 0 && conflict.status != ConflictStatus::Resolved {
        conflict.status = ConflictStatus::Resolved;
        conflict.resolution = Some(Resolution::Withdrawn);
        conflict.resolved_by = Some(SYSTEM.to_owned());
        conflict.resolved_at = Some(now);
        record(
            tx,
            &mut conflict,
            "withdrawn",
            SYSTEM,
            verdict.explanation.en.clone(),
            now,
        )
        .await?;
    } else {
        tx.put_conflict(&conflict).await?;
    }
    updated(conflict)
}
