//! Where in stream time a sample lies. Samples are the clock; the host's clock only fills holes of unknown length.

use std::time::{Duration, Instant};

/// Stream time of the next sample, seconds from the first sample of the run, holes included.
#[derive(Debug)]
pub(super) struct StreamClock {
    rate_hz: f64,
    samples: u64,
    holes_s: f64,
    origin: Option<Instant>,
}

impl StreamClock {
    /// A clock for samples at `rate_hz`.
    #[must_use]
    pub(super) fn new(rate_hz: f64) -> Self {
        Self {
            rate_hz,
            samples: 0,
            holes_s: 0.0,
            origin: None,
        }
    }

    /// Stream time of the next sample.
    #[must_use]
    pub(super) fn now_s(&self) -> f64 {
        self.samples as f64 / self.rate_hz + self.holes_s
    }

    /// `samples` arrived at host time `at`; returns the stream time of the first of them.
    pub(super) fn advance(&mut self, samples: usize, at: Instant) -> f64 {
        let start = self.now_s();
        self.samples += samples as u64;
        if self.origin.is_none() {
            self.origin = at.checked_sub(Duration::from_secs_f64(self.now_s())).or(Some(at));
        }
        start
    }

    /// A hole of known length.
    pub(super) fn skip(&mut self, samples: u64) {
        self.holes_s += samples as f64 / self.rate_hz;
    }

    /// A hole of unknown length that ends now: the host's clock says how long it was. Returns its length; never negative.
    pub(super) fn resync(&mut self, at: Instant) -> f64 {
        let Some(origin) = self.origin else { return 0.0 };
        let hole = (at.saturating_duration_since(origin).as_secs_f64() - self.now_s()).max(0.0);
        self.holes_s += hole;
        hole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_the_clock_and_the_host_fills_holes() {
        let begin = Instant::now();
        let at = |s: f64| begin + Duration::from_secs_f64(s);
        let mut clock = StreamClock::new(1000.0);
        assert_eq!(clock.resync(at(0.0)), 0.0, "nothing to be late against yet");
        assert_eq!(clock.advance(100, at(0.1)), 0.0);
        assert_eq!(clock.advance(100, at(0.9)), 0.1, "late delivery is jitter, not a hole");
        clock.skip(50);
        assert!((clock.now_s() - 0.25).abs() < 1e-12);
        assert!((clock.resync(at(3.0)) - 2.75).abs() < 1e-9);
        assert!((clock.advance(1, at(3.0)) - 3.0).abs() < 1e-9);
        assert_eq!(clock.resync(at(1.0)), 0.0, "time never runs backwards");
    }
}
