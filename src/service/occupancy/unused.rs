//! Are the assignments used that the receivers must hear? Judged every so often from what was stored, over a fixed period
//! up to now, and held against the ledger: `conflict::judge_use` has the rule, `service::ledger` what becomes of it.
//!
//! Where several receivers watch an assignment, use seen by any of them counts, and otherwise the one that watched longest
//! speaks for all. Receivers whose place is not known judge nobody.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::sweep::{Sweep, Tally, minute_of};
use crate::{
    Result,
    conflict::{Context, Rules, UseLog, VerdictKind, is_of_station, is_watchable, judge_use},
    dsp::occupancy::Minute,
    registry::{Assignment, Place, Registry},
    service::{
        ledger::{Finding, close_unknown, settle_use},
        monitoring::until_stopped,
        registry::RegistryService,
        rules::RulesInForce,
    },
    store::{OnTime, Store},
    units::{Band, Hertz},
};

/// Assignments counted in one pass over what is stored.
const AT_ONCE: usize = 256;
/// How often it is looked whether a judgement is due.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Name of the setting that says when use was judged last.
const JUDGED: &str = "use_judged";

/// How use is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UseConfig {
    /// The time that is looked at.
    pub period: SignedDuration,
    /// Time between two judgements; zero: none.
    pub every: SignedDuration,
}

/// What a judgement came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UseRound {
    /// Assignments that were watched from where they must be heard.
    pub judged: usize,
    /// Of these, in use.
    pub used: usize,
    /// Not used.
    pub unused: usize,
}

/// Judges the use of assignments.
#[derive(Debug, Clone)]
pub struct UseWatch {
    store: Store,
    registry: RegistryService,
    rules: RulesInForce,
    sites: Arc<BTreeMap<String, Place>>,
    config: UseConfig,
}

impl UseWatch {
    /// Over this store; `sites` says where each receiver is, as far as is known.
    #[must_use]
    pub fn new(
        store: Store,
        registry: RegistryService,
        rules: RulesInForce,
        sites: BTreeMap<String, Place>,
        config: UseConfig,
    ) -> Self {
        Self {
            store,
            registry,
            rules,
            sites: Arc::new(sites),
            config,
        }
    }

    /// Judges whenever it is due, until stopping is asked for. When it was done last is remembered over restarts.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        if self.config.every.is_zero() {
            return;
        }
        loop {
            tokio::select! {
                () = until_stopped(&mut stopping) => return,
                () = self.judge_if_due(Timestamp::now()) => {}
            }
            tokio::select! {
                () = until_stopped(&mut stopping) => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn judge_if_due(&self, now: Timestamp) {
        let done = match self.store.setting::<Timestamp>(JUDGED).await {
            // A clock that was set back must not keep it from judging.
            Ok(Some(last)) if last <= now && now.duration_since(last) < self.config.every => return,
            Ok(_) => self.judge(now).await,
            Err(error) => Err(error),
        };
        let noted = match done {
            Ok(round) => {
                tracing::info!(
                    round.judged,
                    round.used,
                    round.unused,
                    "the use of assignments was judged"
                );
                self.store.put_setting(JUDGED, &now).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of assignments could not be judged; it is tried again");
        }
    }

    /// Judges the use of every assignment that can be watched, over the period up to `now`, and holds it against the ledger.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; what was settled until then stays, and judging again is harmless.
    pub async fn judge(&self, now: Timestamp) -> Result<UseRound> {
        let (rules, registry) = (self.rules.current(), self.registry.current());
        let to = minute_of(now);
        let from = to.checked_sub(self.config.period).unwrap_or(Timestamp::MIN);
        let mut findings: BTreeMap<String, Finding> = BTreeMap::new();
        let mut judged = std::collections::BTreeSet::new();
        for (receiver, site) in self.sites.iter() {
            let context = Context {
                time: Some(now),
                site: Some(*site),
                ppm_uncertainty: 0.0,
            };
            let bands = self.store.watched_bands(receiver, from, to).await?;
            let watched = watchable(&registry, &rules, &bands, &context);
            judged.extend(watched.iter().map(|assignment| assignment.id.clone()));
            for some in watched.chunks(AT_ONCE) {
                for log in self.logs(receiver, some, &rules, [from, to]).await? {
                    weigh(&mut findings, finding(&rules, &registry, &log, &context, receiver));
                }
            }
        }
        let kind = |wanted| findings.values().filter(|found| found.verdict.kind == wanted).count();
        let round = UseRound {
            judged: judged.len(),
            used: kind(VerdictKind::Licensed),
            unused: kind(VerdictKind::UnusedAssignment),
        };
        for finding in findings.into_values() {
            self.store
                .write(move |tx| Box::pin(async move { settle_use(tx, &finding, now).await }))
                .await?;
        }
        let in_force = |id: &str| registry.assignment(id).is_some_and(|record| record.is_in_force(now));
        close_unknown(&self.store, in_force, now).await?;
        Ok(round)
    }

    /// What was stored of these assignments' channels.
    async fn logs(
        &self,
        receiver: &str,
        assignments: &[Assignment],
        rules: &Rules,
        [from, to]: [Timestamp; 2],
    ) -> Result<Vec<UseLog>> {
        let beside = assignments.iter().map(|assignment| rules.capture_hz(assignment));
        let sweep = Sweep {
            store: self.store.clone(),
            receiver: receiver.to_owned(),
            channels: assignments.iter().map(Assignment::band).collect(),
            beside: Hertz::from_f64(beside.fold(0.0, f64::max)),
            from,
            to,
        };
        let ids = assignments.iter().enumerate();
        let logs = Logs {
            of: ids.map(|(n, assignment)| (assignment.id.clone(), n)).collect(),
            logs: assignments
                .iter()
                .map(|assignment| UseLog::new(assignment, 1.0))
                .collect(),
            from,
        };
        Ok(sweep.run(logs).await?.logs)
    }
}

/// Assignments in force whose whole band is watched and that must be heard, in the order of their frequency.
fn watchable(registry: &Registry, rules: &Rules, bands: &[Band], context: &Context) -> Vec<Assignment> {
    let covered = |wanted: Band| {
        let mut bands = bands.iter();
        bands.any(|band| band.low() <= wanted.low() && wanted.high() <= band.high())
    };
    let mut watched: Vec<Assignment> = registry
        .assignments()
        .iter()
        .filter(|assignment| covered(assignment.band()))
        .filter(|assignment| context.time.is_some_and(|now| assignment.is_in_force(now)))
        .filter(|assignment| is_watchable(rules, registry, assignment, context))
        .cloned()
        .collect();
    watched.sort_by_key(|assignment| assignment.band().low());
    watched
}

fn finding(rules: &Rules, registry: &Registry, log: &UseLog, context: &Context, receiver: &str) -> Option<Finding> {
    let assignment = log.assignment();
    let [from, to] = log.period()?;
    Some(Finding {
        verdict: judge_use(rules, registry, log, context),
        receiver: receiver.to_owned(),
        center_hz: assignment.center_hz,
        band: assignment.band(),
        period: [from, to],
    })
}

/// Keeps the finding that decides: use before disuse, then whoever watched longer. What decides nothing is not kept.
fn weigh(findings: &mut BTreeMap<String, Finding>, new: Option<Finding>) {
    let rank = |finding: &Finding| {
        let observed_h = finding.verdict.evidence.get("observed_h").copied().unwrap_or(0.0);
        (finding.verdict.kind == VerdictKind::Licensed, observed_h)
    };
    let Some(new) = new else { return };
    let decides = matches!(new.verdict.kind, VerdictKind::Licensed | VerdictKind::UnusedAssignment);
    let Some(id) = new.verdict.assignment.clone().filter(|_| decides) else {
        return;
    };
    if findings.get(&id).is_none_or(|known| rank(&new) > rank(known)) {
        findings.insert(id, new);
    }
}

/// One log for each channel.
struct Logs {
    of: HashMap<String, usize>,
    logs: Vec<UseLog>,
    from: Timestamp,
}

impl Tally for Logs {
    fn minute(&mut self, start: Timestamp, visits: &[Minute]) {
        for (log, visits) in self.logs.iter_mut().zip(visits) {
            log.push_all(start, visits);
        }
    }

    fn emission(&mut self, on: &OnTime) {
        let Some(verdict) = &on.verdict else { return };
        let index = verdict.assignment.as_ref().and_then(|id| self.of.get(id));
        if let Some(log) = index.and_then(|index| self.logs.get_mut(*index))
            && is_of_station(verdict, &log.assignment().id.clone())
        {
            log.hear(on.start.max(self.from), on.stop);
        }
    }
}
