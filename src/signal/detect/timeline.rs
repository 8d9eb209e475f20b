//! Time as the sample count tells it, and the stretches of it that were not observed.

use std::collections::VecDeque;

/// Gaps kept for the sake of observed time.
const GAPS_KEPT: usize = 256;

/// The clock of one pass: seconds from the first sample, gaps included.
#[derive(Debug)]
pub(super) struct Timeline {
    rate_hz: f64,
    /// Start of the current stretch of samples without a gap.
    base_s: f64,
    /// Samples of that stretch that were made into rows.
    samples: u64,
    gaps: VecDeque<[f64; 2]>,
    total: u64,
}

impl Timeline {
    pub(super) fn new(rate_hz: f64) -> Self {
        Self {
            rate_hz,
            base_s: 0.0,
            samples: 0,
            gaps: VecDeque::new(),
            total: 0,
        }
    }

    /// Time of the next sample to be made into a row.
    pub(super) fn now_s(&self) -> f64 {
        self.base_s + self.samples as f64 / self.rate_hz
    }

    /// Samples were made into rows.
    pub(super) fn advance(&mut self, samples: usize) {
        self.samples += samples as u64;
    }

    /// `rest` samples were observed but make no row any more, then `duration_s` was not observed: from when to when.
    pub(super) fn miss(&mut self, rest: usize, duration_s: f64) -> [f64; 2] {
        let start_s = self.base_s + (self.samples + rest as u64) as f64 / self.rate_hz;
        let gap = [start_s, start_s + duration_s.max(0.0)];
        (self.base_s, self.samples) = (gap[1], 0);
        self.total += 1;
        self.gaps.push_back(gap);
        if self.gaps.len() > GAPS_KEPT {
            self.gaps.pop_front();
        }
        gap
    }

    /// Time observed between two moments.
    pub(super) fn observed_s(&self, from_s: f64, to_s: f64) -> f64 {
        let missing = self.gaps.iter().map(|g| (g[1].min(to_s) - g[0].max(from_s)).max(0.0));
        to_s - from_s - missing.sum::<f64>()
    }

    /// Gaps so far.
    pub(super) fn gaps(&self) -> u64 {
        self.total
    }
}
