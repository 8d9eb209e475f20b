//! How far the floor has risen in a row: strong signals splatter over the whole span, through the converter or the
//! transmitter, and raise what is between the signals by up to some decibels.
//!
//! A low quantile of the ratios to the floor tells. It is found by halving, because counting is cheaper than sorting.

use super::config::{BINS, ROW_QUANTILE};
use crate::dsp::kernel::{Work, widest};

/// Largest rise of the floor within a row that is put down to splatter; more is a signal.
const RISE_MAX: f32 = 2.5;
/// Halvings of the range up to it: to 0.01 dB.
const STEPS: usize = 10;
/// Rise that noise alone may show.
const RISE_NOISE: f32 = 1.16;

/// Working memory.
#[derive(Debug)]
pub(super) struct Rise {
    ratios: Vec<f32>,
}

impl Rise {
    pub(super) fn new() -> Self {
        Self {
            ratios: Vec::with_capacity(BINS),
        }
    }

    /// The rise, 1 at least, of a row of mean powers `power` within the bins `live`, where `inverse` is one over the floor.
    /// `quantile` is what [`ROW_QUANTILE`] of the ratios of noise reads.
    pub(super) fn measure(&mut self, power: &[f32], inverse: &[f32], live: (usize, usize), quantile: f32) -> f32 {
        let mut rise = 1.0;
        widest(Measure {
            power: &power[live.0..live.1],
            inverse: &inverse[live.0..live.1],
            quantile,
            ratios: &mut self.ratios,
            rise: &mut rise,
        });
        rise
    }
}

struct Measure<'a> {
    power: &'a [f32],
    inverse: &'a [f32],
    quantile: f32,
    ratios: &'a mut Vec<f32>,
    rise: &'a mut f32,
}

impl Work for Measure<'_> {
    #[inline(always)]
    fn run(self) {
        // Neighbouring bins share a window: every other one tells nearly as much.
        self.ratios.resize(self.power.len().div_ceil(2), 0.0);
        let every_other = self.power.iter().step_by(2).zip(self.inverse.iter().step_by(2));
        for (ratio, (power, inverse)) in self.ratios.iter_mut().zip(every_other) {
            *ratio = power * inverse;
        }
        let rank = (self.ratios.len() as f64 * ROW_QUANTILE) as u32;
        *self.rise = halve(self.ratios, rank, self.quantile);
    }
}

/// The smallest rise for which more than `rank` of `ratios` are at most that many times `quantile`; 1 where noise explains
/// it.
#[inline(always)]
fn halve(ratios: &[f32], rank: u32, quantile: f32) -> f32 {
    // What noise alone may show is no rise: taking it for one would raise the thresholds half of the time.
    if enough(ratios, rank, RISE_NOISE * quantile) {
        return 1.0;
    }
    let (mut low, mut high) = (RISE_NOISE, RISE_MAX);
    for _ in 0..STEPS {
        let middle = 0.5 * (low + high);
        if enough(ratios, rank, middle * quantile) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// Whether more than `rank` of `ratios` are at most `limit`.
#[inline(always)]
fn enough(ratios: &[f32], rank: u32, limit: f32) -> bool {
    ratios.iter().map(|ratio| u32::from(*ratio <= limit)).sum::<u32>() > rank
}
