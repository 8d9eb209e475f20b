//! What the two threads of a receiver and its handle share: the stop flag, the counters, and the last status.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use jiff::Timestamp;

use super::{LossCounters, Reach, ReceiverState, ReceiverStatus};
use crate::units::Hertz;

/// Counters that both threads raise.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) samples: AtomicU64,
    pub(super) samples_lost: AtomicU64,
    pub(super) overflows: AtomicU64,
    pub(super) blocks_dropped: AtomicU64,
    pub(super) observations_dropped: AtomicU64,
    pub(super) losses: AtomicU64,
    pub(super) reopened: AtomicU64,
    /// Clipped fraction of the last block, in millionths.
    pub(super) clipped_ppm: AtomicU64,
}

impl Counters {
    fn read(&self) -> LossCounters {
        LossCounters {
            samples: self.samples.load(Relaxed),
            samples_lost: self.samples_lost.load(Relaxed),
            overflows: self.overflows.load(Relaxed),
            blocks_dropped: self.blocks_dropped.load(Relaxed),
            observations_dropped: self.observations_dropped.load(Relaxed),
            losses: self.losses.load(Relaxed),
            reopened: self.reopened.load(Relaxed),
        }
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) stop: AtomicBool,
    pub(super) counters: Counters,
    status: Mutex<ReceiverStatus>,
    held: Mutex<Option<Hertz>>,
    /// `held` is another than the reader tuned to.
    retune: AtomicBool,
    reach: Mutex<Option<Reach>>,
}

impl Shared {
    pub(super) fn new(label: &str, ppm_uncertainty: f64) -> Self {
        let status = ReceiverStatus {
            state: ReceiverState::Starting,
            since: Timestamp::now(),
            label: label.to_owned(),
            driver: String::new(),
            serial: None,
            profile: String::new(),
            plan: Vec::new(),
            sample_rate_hz: 0.0,
            ppm_uncertainty,
            counters: LossCounters::default(),
            clipped_fraction: 0.0,
            last_error: None,
        };
        Self {
            stop: AtomicBool::new(false),
            counters: Counters::default(),
            status: Mutex::new(status),
            held: Mutex::new(None),
            retune: AtomicBool::new(false),
            reach: Mutex::new(None),
        }
    }

    pub(super) fn stopping(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// The status with the counters of this moment.
    pub(super) fn status(&self) -> ReceiverStatus {
        let mut status = self.lock().clone();
        status.counters = self.counters.read();
        status.clipped_fraction = self.counters.clipped_ppm.load(Relaxed) as f64 * 1e-6;
        status
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut ReceiverStatus)) {
        change(&mut self.lock());
    }

    /// Moves to `state`; says whether that is news.
    pub(super) fn enter(&self, state: ReceiverState, error: Option<String>) -> bool {
        let mut status = self.lock();
        let news = status.state != state || (error.is_some() && status.last_error != error);
        if status.state != state {
            status.state = state;
            status.since = Timestamp::now();
        }
        if error.is_some() {
            status.last_error = error;
        }
        news
    }

    pub(super) fn hold(&self, center: Option<Hertz>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if *held != center {
            *held = center;
            self.retune.store(true, Relaxed);
        }
    }

    pub(super) fn held(&self) -> Option<Hertz> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the receiver is to be tuned anew.
    pub(super) fn must_retune(&self) -> bool {
        self.retune.load(Relaxed)
    }

    /// What to tune to now; what is asked for from here on is news again.
    pub(super) fn take_held(&self) -> Option<Hertz> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.retune.store(false, Relaxed);
        *held
    }

    pub(super) fn reach(&self) -> Option<Reach> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_reach(&self, reach: Reach) {
        *self.reach.lock().unwrap_or_else(PoisonError::into_inner) = Some(reach);
    }

    fn lock(&self) -> MutexGuard<'_, ReceiverStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
