//! One emission over its life: its public key, and a verdict that does not flap.
//!
//! The first verdict counts at once, because a conflict should be seen while it lasts. A later one of another kind
//! counts when two measurements in a row agree on it, or when the emission has ended and nothing more will come.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{Judge, ObservationMeta, utc};
use crate::{
    capture::Observation,
    conflict::{Verdict, VerdictKind},
    detect::Emission,
    store::{EmissionRecord, random_id},
    units::Band,
};

/// How often the list of bursts of an open emission is stored again.
const BURSTS_EVERY: Duration = Duration::from_secs(10);

/// What names an emission: receiver, start of the run, run, number.
type Key = (Arc<str>, i64, u64, u64);
/// What a verdict claims.
type Claim = (VerdictKind, Option<String>);

struct Open {
    id: String,
    verdict: Option<Verdict>,
    candidate: Option<Claim>,
    bursts_stored: Instant,
}

/// An emission ready to be stored.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) record: EmissionRecord,
    /// The list of bursts, where it is due.
    pub(super) bursts: Option<Vec<[f64; 2]>>,
}

/// The open emissions of all receivers.
pub(super) struct Judging {
    judge: Judge,
    open: HashMap<Key, Open>,
    ppm_uncertainty: HashMap<Arc<str>, f64>,
}

/// Where an emission is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Began,
    GoesOn,
    Ended,
    /// It was none of its own after all: it ends without a verdict.
    Withdrawn,
}

impl Life {
    fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Withdrawn)
    }
}

impl Judging {
    pub(super) fn new(judge: Judge) -> Self {
        Self {
            judge,
            open: HashMap::new(),
            ppm_uncertainty: HashMap::new(),
        }
    }

    pub(super) fn set_ppm_uncertainty(&mut self, receiver: &Arc<str>, ppm: f64) {
        self.ppm_uncertainty.insert(Arc::clone(receiver), ppm);
    }

    /// Forgets open emissions of other runs of this receiver: their ends were lost with the run.
    pub(super) fn forget_other_runs(&mut self, receiver: &Arc<str>, epoch: Timestamp, run: u64) {
        let (epoch, receiver) = (epoch.as_microsecond(), receiver.as_ref());
        self.open
            .retain(|key, _| key.0.as_ref() != receiver || (key.1, key.2) == (epoch, run));
    }

    /// Judges an emission as it was reported.
    pub(super) fn take(&mut self, from: &Observation, band: Band, emission: &Emission, life: Life) -> Judged {
        let meta = ObservationMeta {
            receiver: Arc::clone(&from.receiver),
            band,
            start: utc(from.epoch, emission.start_s),
            stop: utc(from.epoch, emission.stop_s),
            ppm_uncertainty: self.ppm_uncertainty.get(&from.receiver).copied(),
        };
        let verdict = if life == Life::Withdrawn {
            None
        } else {
            (self.judge)(emission, &meta)
        };
        let key = (
            Arc::clone(&from.receiver),
            from.epoch.as_microsecond(),
            from.run,
            emission.id,
        );
        let now = Instant::now();
        let mut first = false;
        let open = self.open.entry(key.clone()).or_insert_with(|| {
            first = true;
            Open {
                id: random_id(),
                verdict: None,
                candidate: None,
                bursts_stored: now,
            }
        });
        open.hear(verdict, first || life.is_over());
        let due = first || life.is_over() || now.duration_since(open.bursts_stored) >= BURSTS_EVERY;
        if due {
            open.bursts_stored = now;
        }
        let judged = Judged {
            record: record(&open.id, &meta, emission, open.verdict.clone(), life),
            bursts: due.then(|| emission.bursts.clone()),
        };
        if life.is_over() {
            self.open.remove(&key);
        }
        judged
    }
}

impl Open {
    /// Takes a new verdict: at once when it claims the same or is final, else when it is heard twice in a row.
    fn hear(&mut self, verdict: Option<Verdict>, at_once: bool) {
        let claim = |verdict: &Verdict| (verdict.kind, verdict.assignment.clone());
        let new = verdict.as_ref().map(claim);
        if at_once || new == self.verdict.as_ref().map(claim) || (new.is_some() && new == self.candidate) {
            self.verdict = verdict;
            self.candidate = None;
        } else {
            self.candidate = new;
        }
    }
}

fn record(
    id: &str,
    meta: &ObservationMeta,
    emission: &Emission,
    verdict: Option<Verdict>,
    life: Life,
) -> EmissionRecord {
    let e = emission;
    EmissionRecord {
        id: id.to_owned(),
        receiver: meta.receiver.to_string(),
        start: meta.start,
        stop: meta.stop,
        // A pass that ended with the signal still on says `open`; but nobody is watching it any more.
        open: !life.is_over(),
        center_hz: e.center_hz,
        low_hz: e.low_hz,
        high_hz: e.high_hz,
        bandwidth_hz: e.bandwidth_hz,
        bandwidth_method: e.bandwidth_method,
        bandwidth_x26_hz: e.bandwidth_x26_hz,
        power_dbfs: e.power_dbfs,
        snr_db: e.snr_db,
        peak_dbfs: e.peak_dbfs,
        duty_cycle: e.duty_cycle,
        bursts_total: e.bursts_total,
        center_uncertainty_hz: e.center_uncertainty_hz,
        classes: e.classes.clone(),
        verdict,
        conflict_id: None,
        cause_id: None,
    }
}
