//! Counts lost samples from a driver's time stamps, and stops believing them when they lie.
//!
//! Stamps are believed only after several loss-free reads in a row advanced by exactly their samples. A driver whose clock runs
//! at another rate (SoapyRTLSDR 0.3.3: twice) never passes that probation, and its losses stay uncounted (`None`).

/// Loss-free reads that must agree before a stamp counts anything.
const PROBATION: u32 = 4;

/// Follows the stamps of one stream. Pure: no clock of its own.
#[derive(Debug)]
pub(super) struct StreamClock {
    rate_hz: f64,
    believable: bool,
    agreed: u32,
    disagreed: u32,
    expected_ns: Option<f64>,
}

impl StreamClock {
    /// `believable`: the profile allows it.
    pub(super) fn new(rate_hz: f64, believable: bool) -> Self {
        Self {
            rate_hz,
            believable,
            agreed: 0,
            disagreed: 0,
            expected_ns: None,
        }
    }

    /// The rate changed or the stream restarted: the next stamp stands for itself.
    pub(super) fn restart(&mut self, rate_hz: f64) {
        self.rate_hz = rate_hz;
        self.expected_ns = None;
    }

    /// Whether stamps are believed now.
    pub(super) fn trusted(&self) -> bool {
        self.believable && self.agreed >= PROBATION
    }

    /// Samples just taken away on purpose: moves the expectation with them.
    pub(super) fn skip(&mut self, samples: usize) {
        if let Some(expected) = &mut self.expected_ns {
            *expected += samples as f64 / self.rate_hz * 1e9;
        }
    }

    /// Takes the stamp of a read of `samples`; `overflow`: the driver reported a loss directly before.
    /// Returns how many samples are missing before this read, when the clock can tell and any are.
    pub(super) fn observe(&mut self, time_ns: i64, samples: usize, overflow: bool) -> Option<u64> {
        let start = time_ns as f64;
        let expected = self.expected_ns.replace(start + samples as f64 / self.rate_hz * 1e9)?;
        if !self.believable || time_ns == 0 {
            return None;
        }
        let missing = (start - expected) * 1e-9 * self.rate_hz;
        // Half a sample is the stamp's own rounding; a microsecond allows for drivers that stamp coarsely.
        let tolerance = (self.rate_hz * 1e-6).max(1.5);
        if missing.abs() <= tolerance {
            self.agreed = self.agreed.saturating_add(1);
            self.disagreed = 0;
            return None;
        }
        if overflow {
            return (self.trusted() && missing > 0.0).then(|| missing.round() as u64);
        }
        if self.trusted() && missing > 0.0 && self.disagreed == 0 {
            self.disagreed = 1;
            return Some(missing.round() as u64);
        }
        // Disagreement without a reported loss, again or before trust was earned: this clock lies.
        self.disagreed += 1;
        self.agreed = 0;
        if self.disagreed >= PROBATION {
            self.believable = false;
            tracing::warn!("the driver's time stamps do not follow its samples: lost samples will not be counted");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(sample: u64, rate: f64, factor: f64) -> i64 {
        (sample as f64 / rate * 1e9 * factor) as i64 + 1_000
    }

    #[test]
    fn an_honest_clock_counts_a_loss_to_the_sample() {
        let mut clock = StreamClock::new(2.4e6, true);
        let mut at = 0;
        for _ in 0..10 {
            assert_eq!(clock.observe(stamp(at, 2.4e6, 1.0), 8192, false), None);
            at += 8192;
        }
        at += 123_457;
        assert_eq!(clock.observe(stamp(at, 2.4e6, 1.0), 8192, true), Some(123_457));
        at += 8192 + 1000;
        assert_eq!(
            clock.observe(stamp(at, 2.4e6, 1.0), 8192, false),
            Some(1000),
            "a silent loss is seen too"
        );
    }

    #[test]
    fn a_clock_at_twice_the_rate_counts_nothing() {
        let mut clock = StreamClock::new(2.4e6, true);
        let mut at = 0;
        for i in 0..40 {
            let lost = if i % 10 == 9 { 5000 } else { 0 };
            at += lost;
            assert_eq!(clock.observe(stamp(at, 2.4e6, 2.0), 8192, lost > 0), None);
            at += 8192;
        }
        assert!(!clock.trusted());
    }

    #[test]
    fn a_profile_that_distrusts_is_obeyed() {
        let mut clock = StreamClock::new(1e6, false);
        for i in 0..10 {
            clock.observe(stamp(i * 100, 1e6, 1.0), 100, false);
        }
        assert_eq!(clock.observe(stamp(5000, 1e6, 1.0), 100, true), None);
    }
}
