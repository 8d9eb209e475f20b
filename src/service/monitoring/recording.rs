//! Emissions, artefacts, gaps and receiver states into the database, what waits together in one transaction.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{mpsc, watch};

use super::{
    Arrived, Counters,
    judging::{Judged, Judging, Life},
    until_stopped, utc,
};
use crate::{
    Error, Result,
    capture::{Observation, ObservationContent, ReceiverState, ReceiverStatus},
    detect::{Artefact, DetectEvent, GapReason},
    registry::telling::Masks,
    service::{
        ledger::{self, LedgerConfig},
        live::Hub,
    },
    store::{ArtefactRecord, EventKind, GapRecord, ReceiverRecord, Store, Tx, random_id},
    units::Hertz,
};

/// Observations in one transaction at most.
const BATCH: usize = 256;
/// How often the counters of a receiver that goes on as before are stored.
const STATUS_EVERY: Duration = Duration::from_secs(5);

/// One thing to store. Prepared once, stored again unchanged after a failure.
#[derive(Debug, Clone)]
enum Change {
    Emission(EventKind, Box<Judged>),
    Artefact(ArtefactRecord),
    Gap(GapRecord),
    Receiver(Box<ReceiverRecord>, Announce),
    /// A new run: what the receiver's earlier ones left open has ended.
    NewRun(Arc<str>, Timestamp),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Announce {
    Yes,
    No,
}

/// What was last known of a receiver.
struct Known {
    run: Option<(i64, u64)>,
    state: Option<ReceiverState>,
    stored: Instant,
}

/// The task that records.
pub(super) struct Recorder {
    store: Store,
    hub: Arc<Hub>,
    judging: Judging,
    ledger: LedgerConfig,
    masks: Arc<Masks>,
    counters: Arc<Counters>,
    stopped: watch::Receiver<bool>,
    known: HashMap<Arc<str>, Known>,
}

impl Recorder {
    pub(super) fn new(
        store: Store,
        hub: Arc<Hub>,
        judging: Judging,
        (ledger, masks): (LedgerConfig, Arc<Masks>),
        counters: Arc<Counters>,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        Self {
            store,
            hub,
            judging,
            ledger,
            masks,
            counters,
            stopped,
            known: HashMap::new(),
        }
    }

    pub(super) async fn run(mut self, mut arrived: mpsc::Receiver<Arrived>) {
        let mut waiting = Vec::new();
        let mut stopped = self.stopped.clone();
        loop {
            tokio::select! {
                // What waits is stored before stopping is looked at.
                biased;
                count = arrived.recv_many(&mut waiting, BATCH) => if count == 0 { return },
                () = until_stopped(&mut stopped) => return,
            }
            self.take(&mut waiting).await;
        }
    }

    async fn take(&mut self, waiting: &mut Vec<Arrived>) {
        self.counters.observations.fetch_add(waiting.len() as u64, Relaxed);
        let mut changes = Vec::with_capacity(waiting.len());
        let mut stamps = Vec::with_capacity(waiting.len());
        for Arrived { at, observation } in waiting.drain(..) {
            let began = match &observation.content {
                ObservationContent::Detect {
                    event: DetectEvent::Opened(emission),
                    ..
                } => Some(utc(observation.epoch, emission.start_s)),
                _ => None,
            };
            self.prepare(observation, &mut changes);
            stamps.push((at, began));
        }
        if changes.is_empty() {
            return;
        }
        self.store(changes).await;
        let now = Timestamp::now();
        for (at, began) in stamps {
            metrics::histogram!("pinpu_event_latency_seconds").record(at.elapsed().as_secs_f64());
            if let Some(began) = began {
                // From the air to the event: the detector's integration and every queue included.
                let delay = now.duration_since(began).as_secs_f64();
                metrics::histogram!("pinpu_emission_event_delay_seconds").record(delay);
            }
        }
    }

    /// Turns an observation into what is to be stored.
    fn prepare(&mut self, observation: Observation, changes: &mut Vec<Change>) {
        self.note_run(&observation, changes);
        let (band, event) = match &observation.content {
            ObservationContent::Detect { band, event } => (*band, event),
            ObservationContent::Status(status) => {
                self.prepare_status(&observation.receiver, status, changes);
                return;
            }
        };
        let mut judged = |emission, life| Box::new(self.judging.take(&observation, band, emission, life));
        changes.push(match event {
            DetectEvent::Opened(emission) => Change::Emission(EventKind::EmissionOpened, judged(emission, Life::Began)),
            DetectEvent::Updated(emission) => {
                Change::Emission(EventKind::EmissionUpdated, judged(emission, Life::GoesOn))
            }
            DetectEvent::Closed(emission) => Change::Emission(EventKind::EmissionClosed, judged(emission, Life::Ended)),
            // Part of another, or made by the receiver: as an emission of its own it is over, and evidence of nothing.
            DetectEvent::Withdrawn(withdrawn) => {
                Change::Emission(EventKind::EmissionClosed, judged(&withdrawn.emission, Life::Withdrawn))
            }
            DetectEvent::Artefact(artefact) => Change::Artefact(artefact_record(&observation, artefact)),
            // Hopping makes several a second, and the stored spectra say how long each band was watched.
            DetectEvent::Gap(gap) if gap.reason == GapReason::Retune => return,
            DetectEvent::Gap(gap) => Change::Gap(GapRecord {
                receiver: observation.receiver.to_string(),
                low_hz: band.low(),
                high_hz: band.high(),
                start: utc(observation.epoch, gap.start_s),
                stop: utc(observation.epoch, gap.stop_s),
                reason: gap.reason,
            }),
            // Spectra have their own queue.
            DetectEvent::Frame(_) => return,
        });
    }

    /// Notices a new run of a receiver. Only what was measured belongs to a run: a report of health carries the time it
    /// was made at, and must end nothing but what an earlier process left open.
    fn note_run(&mut self, observation: &Observation, changes: &mut Vec<Change>) {
        let measured = matches!(observation.content, ObservationContent::Detect { .. });
        let run = measured.then(|| (observation.epoch.as_microsecond(), observation.run));
        let receiver = &observation.receiver;
        match self.known.get_mut(receiver) {
            Some(known) if run.is_none() || known.run == run => return,
            Some(known) => known.run = run,
            None => {
                let known = Known {
                    run,
                    state: None,
                    stored: Instant::now(),
                };
                self.known.insert(Arc::clone(receiver), known);
            }
        }
        self.judging
            .forget_other_runs(receiver, observation.epoch, observation.run);
        changes.push(Change::NewRun(Arc::clone(receiver), observation.epoch));
    }

    fn prepare_status(&mut self, receiver: &Arc<str>, status: &ReceiverStatus, changes: &mut Vec<Change>) {
        self.hub.set_status(receiver, status);
        self.judging.set_ppm_uncertainty(receiver, status.ppm_uncertainty);
        let Some(known) = self.known.get_mut(receiver) else {
            return;
        };
        let news = known.state != Some(status.state);
        if !news && known.stored.elapsed() < STATUS_EVERY {
            return;
        }
        known.state = Some(status.state);
        known.stored = Instant::now();
        let record = ReceiverRecord {
            id: receiver.to_string(),
            status: status.clone(),
            reported_at: Timestamp::now(),
        };
        changes.push(Change::Receiver(
            Box::new(record),
            if news { Announce::Yes } else { Announce::No },
        ));
    }

    /// Stores the batch; while the database is away, again and again until it is back or the service stops. What the
    /// database refuses for itself is dropped and counted, the rest of the batch is kept.
    async fn store(&mut self, changes: Vec<Change>) {
        let mut stopped = self.stopped.clone();
        let mut pause = Duration::from_millis(50);
        let mut batches = vec![Arc::new(changes)];
        while let Some(batch) = batches.pop() {
            match self.write(Arc::clone(&batch)).await {
                Ok(()) => pause = Duration::from_millis(50),
                Err(Error::Unavailable(reason)) if !*stopped.borrow() => {
                    tracing::warn!(reason, waiting = batch.len(), "observations wait for the database");
                    batches.push(batch);
                    tokio::select! {
                        () = until_stopped(&mut stopped) => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                Err(Error::Store(_)) if batch.len() > 1 => {
                    batches.extend(batch.iter().rev().map(|change| Arc::new(vec![change.clone()])));
                }
                Err(error) => {
                    tracing::error!(%error, changes = batch.len(), "observations were not stored");
                    self.counters.refused.fetch_add(batch.len() as u64, Relaxed);
                    metrics::counter!("pinpu_observations_refused_total").increment(batch.len() as u64);
                }
            }
        }
    }

    async fn write(&self, batch: Arc<Vec<Change>>) -> Result<()> {
        let (config, masks) = (self.ledger, Arc::clone(&self.masks));
        self.store
            .write(move |tx| {
                Box::pin(async move {
                    let now = Timestamp::now();
                    for change in batch.iter() {
                        apply(tx, change, (config, &masks), now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

async fn apply(tx: &mut Tx, change: &Change, (config, masks): (LedgerConfig, &Masks), now: Timestamp) -> Result<()> {
    let masked = |low: Hertz, high: Hertz| masks.touch(low, high);
    match change {
        Change::Emission(kind, judged) => {
            let mut record = judged.record.clone();
            // The emission is told before the conflict it causes, though the conflict's row has to exist first.
            let told = ledger::settle(tx, &mut record, config, now).await?;
            tx.put_emission(&record, judged.bursts.as_deref()).await?;
            let is_masked = masked(record.low_hz, record.high_hz);
            tx.emit_unless(is_masked, *kind, now, &record).await?;
            for (kind, conflict) in told {
                tx.emit(kind, now, &conflict).await?;
            }
            Ok(())
        }
        Change::Artefact(record) => {
            tx.put_artefact(record).await?;
            let is_masked = masked(record.low_hz, record.high_hz);
            tx.emit_unless(is_masked, EventKind::Artefact, now, record)
                .await
                .map(drop)
        }
        Change::Gap(gap) => {
            tx.put_gap(gap).await?;
            tx.emit(EventKind::Gap, now, gap).await.map(drop)
        }
        Change::Receiver(receiver, announce) => {
            tx.put_receiver(receiver).await?;
            match announce {
                Announce::Yes => {
                    let state = ReceiverNow {
                        id: &receiver.id,
                        status: &receiver.status,
                    };
                    tx.emit(EventKind::ReceiverState, now, &state).await.map(drop)
                }
                Announce::No => Ok(()),
            }
        }
        Change::NewRun(receiver, epoch) => {
            for record in tx.close_emissions_of(receiver, *epoch).await? {
                let is_masked = masked(record.low_hz, record.high_hz);
                tx.emit_unless(is_masked, EventKind::EmissionClosed, now, &record)
                    .await?;
            }
            Ok(())
        }
    }
}

/// A receiver as the API shows it.
#[derive(Serialize)]
struct ReceiverNow<'a> {
    id: &'a str,
    #[serde(flatten)]
    status: &'a ReceiverStatus,
}

fn artefact_record(from: &Observation, artefact: &Artefact) -> ArtefactRecord {
    let e = &artefact.emission;
    ArtefactRecord {
        id: random_id(),
        receiver: from.receiver.to_string(),
        start: utc(from.epoch, e.start_s),
        stop: utc(from.epoch, e.stop_s),
        center_hz: e.center_hz,
        low_hz: e.low_hz,
        high_hz: e.high_hz,
        power_dbfs: e.power_dbfs,
        artefact: artefact.artefact,
        cause: artefact.cause.clone(),
    }
}
