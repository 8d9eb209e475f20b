//! From observations to a record that lasts: judge what was detected, store it, open conflicts, tell who listens.
//!
//! Capture threads hand in observations and never wait: a full queue drops and counts. Spectra go to the hub at once
//! and, reduced, to the database; everything else goes through the database first and is published after its commit.
//!
//! While the database is away, observations wait in their queue; when it overflows, the newest are dropped and counted.
//! Nothing of this touches capture.

mod frames;
mod judge;
mod judging;
mod recording;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

pub use judge::registry_judge;

use super::{ledger::LedgerConfig, live::Hub};
use crate::{
    capture::{Observation, ObservationContent},
    conflict::Verdict,
    detect::{DetectEvent, Emission},
    registry::telling::Masks,
    store::{Retention, Store},
    units::Band,
};

/// What a judge may know besides the emission.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationMeta {
    /// Receiver id.
    pub receiver: Arc<str>,
    /// The band of the plan that was watched.
    pub band: Band,
    /// UTC of the emission's start.
    pub start: Timestamp,
    /// UTC of the emission's last time above threshold: the instant to judge validity at.
    pub stop: Timestamp,
    /// One sigma of the receiver's oscillator; `None` before its first report.
    pub ppm_uncertainty: Option<f64>,
}

/// Judges an emission; `None` where nothing can judge. Called from one task, must not block.
pub type Judge = Arc<dyn Fn(&Emission, &ObservationMeta) -> Option<Verdict> + Send + Sync>;

/// Sizes and times.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitorConfig {
    /// Observations that may wait for the database.
    pub queue: usize,
    /// Spectra that may wait to be published.
    pub frame_queue: usize,
    /// Most bins of a stored spectrum.
    pub stored_bins: usize,
    /// How conflicts treat evidence.
    pub ledger: LedgerConfig,
    /// Frequencies of which the policy shows nothing to those who may not know all: events there do not count for them.
    pub masks: Arc<Masks>,
    /// What is kept how long.
    pub retention: Retention,
    /// Time between two rounds of forgetting.
    pub prune_every: Duration,
}

impl Default for MonitorConfig {
    fn default() -> Self {
        Self {
            queue: 8192,
            frame_queue: 256,
            stored_bins: 1024,
            ledger: LedgerConfig::default(),
            masks: Arc::default(),
            retention: Retention::default(),
            prune_every: Duration::from_secs(600),
        }
    }
}

/// Losses and work since start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MonitorCounts {
    /// Observations taken in, spectra not counted.
    pub observations: u64,
    /// Observations dropped because the queue was full.
    pub observations_dropped: u64,
    /// Spectra dropped because the queue was full.
    pub frames_dropped: u64,
    /// Reduced spectra dropped because the database was behind.
    pub rows_dropped: u64,
    /// Observations the database refused.
    pub refused: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    observations: AtomicU64,
    observations_dropped: AtomicU64,
    frames_dropped: AtomicU64,
    rows_dropped: AtomicU64,
    refused: AtomicU64,
}

/// An observation and when it was handed in.
pub(crate) struct Arrived {
    pub(crate) at: Instant,
    pub(crate) observation: Observation,
}

/// Where capture threads hand in observations. Cheap to clone; never waits.
#[derive(Debug, Clone)]
pub struct ObservationSender {
    events: mpsc::Sender<Arrived>,
    frames: mpsc::Sender<Observation>,
    counters: Arc<Counters>,
}

impl std::fmt::Debug for Arrived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.observation.fmt(f)
    }
}

impl ObservationSender {
    /// Hands it in. `false`: the queue is full or the monitor stopped, the observation is dropped and counted.
    #[must_use = "a dropped observation must show in the receiver's counters"]
    pub fn try_send(&self, observation: Observation) -> bool {
        let is_frame = matches!(
            observation.content,
            ObservationContent::Detect {
                event: DetectEvent::Frame(_),
                ..
            }
        );
        let (taken, dropped, kind) = if is_frame {
            (
                self.frames.try_send(observation).is_ok(),
                &self.counters.frames_dropped,
                "frame",
            )
        } else {
            let arrived = Arrived {
                at: Instant::now(),
                observation,
            };
            (
                self.events.try_send(arrived).is_ok(),
                &self.counters.observations_dropped,
                "event",
            )
        };
        if !taken {
            dropped.fetch_add(1, Relaxed);
            metrics::counter!("pinpu_observations_dropped_total", "kind" => kind).increment(1);
        }
        taken
    }
}

/// The running service.
#[derive(Debug)]
pub struct Monitor {
    sender: ObservationSender,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Monitor {
    /// Starts it. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(store: Store, hub: Arc<Hub>, judge: Judge, config: MonitorConfig) -> Self {
        let counters = Arc::new(Counters::default());
        let (events, arrived) = mpsc::channel(config.queue.max(1));
        let (frames, frame_queue) = mpsc::channel(config.frame_queue.max(1));
        let (rows, row_queue) = mpsc::channel(frames::ROW_QUEUE);
        let (stop, stopped) = watch::channel(false);
        let recorder = recording::Recorder::new(
            store.clone(),
            Arc::clone(&hub),
            judging::Judging::new(judge),
            (config.ledger, Arc::clone(&config.masks)),
            Arc::clone(&counters),
            stopped.clone(),
        );
        let reducer = frames::Reducer::new(hub, config.stored_bins, rows, Arc::clone(&counters));
        let tasks = vec![
            tokio::spawn(recorder.run(arrived)),
            tokio::spawn(reducer.run(frame_queue, stopped.clone())),
            tokio::spawn(frames::store_rows(
                store.clone(),
                row_queue,
                Arc::clone(&counters),
                stopped.clone(),
            )),
            tokio::spawn(prune(store, config.retention, config.prune_every, stopped)),
        ];
        let sender = ObservationSender {
            events,
            frames,
            counters: Arc::clone(&counters),
        };
        Self {
            sender,
            counters,
            stop,
            tasks,
        }
    }

    /// Where to hand in observations.
    #[must_use]
    pub fn sender(&self) -> ObservationSender {
        self.sender.clone()
    }

    /// Losses and work since start.
    #[must_use]
    pub fn counts(&self) -> MonitorCounts {
        let c = &self.counters;
        MonitorCounts {
            observations: c.observations.load(Relaxed),
            observations_dropped: c.observations_dropped.load(Relaxed),
            frames_dropped: c.frames_dropped.load(Relaxed),
            rows_dropped: c.rows_dropped.load(Relaxed),
            refused: c.refused.load(Relaxed),
        }
    }

    /// Stores what was handed in so far, then stops. Stop capture first.
    pub async fn stop(self) {
        // Nobody left to tell means that all tasks are gone already.
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

/// Waits until stopping is asked for.
pub(crate) async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    // An error means that the monitor was dropped, which is the same.
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn prune(store: Store, retention: Retention, every: Duration, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = until_stopped(&mut stopped) => return,
            () = tokio::time::sleep(every) => {}
        }
        match store.prune(&retention, Timestamp::now()).await {
            Ok(pruned) => tracing::debug!(?pruned, "forgot what is past its time"),
            Err(error) => tracing::warn!(%error, "could not remove old records; trying again later"),
        }
    }
}

/// A time of a run in UTC, to the microsecond.
pub(crate) fn utc(epoch: Timestamp, seconds: f64) -> Timestamp {
    let offset = SignedDuration::from_micros((seconds * 1e6).round() as i64);
    epoch.checked_add(offset).unwrap_or(epoch)
}
