//! The running floor: what the last second looked like, group by group of rows.

use super::{
    config::{BINS, ROW},
    slow::Add,
};
use crate::dsp::{
    kernel::widest,
    noise_floor::{self, Floor, FloorRules},
};

/// Groups remembered.
const GROUPS: usize = 64;
/// Groups before the first new estimate.
const GROUPS_MIN: usize = 32;
/// Time and rows from one estimate to the next, whichever is less, where the groups would allow more of them.
const STEP_S: f64 = 0.5;
/// The rows.
const STEP_ROWS: usize = 64;
/// New groups between estimates.
const GROUPS_STEP: usize = 16;

/// Learns the floor anew from the last second or so. A fall is followed within a tenth of that; a rise only when all of
/// it has risen, because a rise may be a signal and a fall cannot.
pub(super) struct FloorHistory {
    groups: Vec<Vec<f32>>,
    next: usize,
    filled: usize,
    fresh: usize,
    step: usize,
    rows_per_group: usize,
    rows: usize,
    sum: Vec<f32>,
}

impl FloorHistory {
    pub(super) fn new(sample_rate_hz: f64, span_s: f64) -> Self {
        let rows = (span_s * sample_rate_hz / ROW as f64 / GROUPS as f64) as usize;
        let rows_per_group = rows.clamp(1, 512);
        let step_rows = ((STEP_S * sample_rate_hz / ROW as f64) as usize).min(STEP_ROWS);
        Self {
            step: GROUPS_STEP.max(step_rows / rows_per_group),
            groups: vec![vec![0.0; BINS]; GROUPS],
            next: 0,
            filled: 0,
            fresh: 0,
            rows_per_group,
            rows: 0,
            sum: vec![0.0; BINS],
        }
    }

    /// Takes the mean powers of a row; returns a new floor when it is time for one.
    pub(super) fn add(&mut self, power: &[f32], averages: f64, silence: f32, rules: &FloorRules) -> Option<Floor> {
        widest(Add(&mut self.sum, power));
        self.rows += 1;
        if self.rows < self.rows_per_group {
            return None;
        }
        let scale = 1.0 / self.rows as f32;
        for (out, sum) in self.groups[self.next].iter_mut().zip(&mut self.sum) {
            *out = *sum * scale;
            *sum = 0.0;
        }
        self.rows = 0;
        self.next = (self.next + 1) % GROUPS;
        self.filled = (self.filled + 1).min(GROUPS);
        self.fresh += 1;
        if self.filled < GROUPS_MIN || self.fresh < self.step {
            return None;
        }
        self.fresh = 0;
        let spectra: Vec<&[f32]> = self.groups[..self.filled].iter().map(Vec::as_slice).collect();
        let averages = averages * self.rows_per_group as f64;
        Some(noise_floor::estimate(&spectra, averages, silence, rules))
    }
}
