//! Lets samples go no faster than they were recorded, without gaining or losing time in the long run.

use std::time::{Duration, Instant};

/// A sample clock that starts with the first question.
#[derive(Debug)]
pub(super) struct SampleClock {
    rate_hz: f64,
    start: Option<Instant>,
    released: u64,
}

impl SampleClock {
    pub(super) fn new(rate_hz: f64) -> Self {
        Self {
            rate_hz,
            start: None,
            released: 0,
        }
    }

    /// Forgets the past: the next sample is due a sample's time from the next question.
    pub(super) fn restart(&mut self) {
        *self = Self::new(self.rate_hz);
    }

    /// Sleeps until `wanted` samples are due or `deadline` has passed; says how many are due by then, at most
    /// `wanted`.
    pub(super) fn wait(&mut self, wanted: usize, deadline: Instant) -> usize {
        let start = *self.start.get_or_insert_with(Instant::now);
        let due = start + Duration::from_secs_f64((self.released + wanted as u64) as f64 / self.rate_hz);
        std::thread::sleep(due.min(deadline).saturating_duration_since(Instant::now()));
        let now = Instant::now();
        if now >= due {
            return wanted;
        }
        let due_now = (now.duration_since(start).as_secs_f64() * self.rate_hz) as u64;
        usize::try_from(due_now.saturating_sub(self.released))
            .unwrap_or(wanted)
            .min(wanted)
    }

    /// Counts what was delivered.
    pub(super) fn release(&mut self, samples: usize) {
        self.released += samples as u64;
    }
}
