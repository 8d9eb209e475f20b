//! The spike at the centre of the span: converter offset and leakage of the oscillator.
//!
//! A zero-IF receiver has a line at its centre that never pauses. Where the spectrum about it is bare floor, the bins it
//! covers are taken for what their neighbours show, so that a wide signal over the centre stays whole; only what stands
//! well over the spike there is a signal. The spike itself is reported as an artefact when it ends.

use super::{burst::Burst, config::BINS, energy::Energy};
use crate::dsp::noise_floor::Floor;

/// First bin the window spreads the line to.
const FIRST: usize = BINS / 2 - 4;
/// One past the last.
const LAST: usize = BINS / 2 + 5;
/// Bins on either side that must be bare floor.
const SIDE: usize = 12;
/// Ratio of the centre bin to the floor from which there is a spike: 6 dB.
const SPIKE_MIN: f32 = 4.0;
/// Ratio to the floor up to which a neighbour is bare.
const BARE: f32 = 1.5;
/// Ratio to the spike from which a row's power there is a signal: noise as strong as the spike exceeds it in one row of
/// 2·10⁷ (gamma distribution of two averages).
const SIGNAL: f32 = 10.0;

/// What is known about the spike.
#[derive(Debug)]
pub(super) struct Spike {
    /// Steady power of the covered bins, and what of it is above the floor. Kept after the spike is gone.
    steady: [f32; LAST - FIRST],
    excess: [f32; LAST - FIRST],
    there: bool,
    /// From when to when it was seen.
    time: Option<[f64; 2]>,
    /// The covered bins of the row in work, as they were measured.
    raw: [f32; LAST - FIRST],
}

impl Spike {
    pub(super) fn new() -> Self {
        Self {
            steady: [0.0; LAST - FIRST],
            excess: [0.0; LAST - FIRST],
            there: false,
            time: None,
            raw: [0.0; LAST - FIRST],
        }
    }

    /// Whether there is one.
    pub(super) fn is_there(&self) -> bool {
        self.there
    }

    /// Looks for the spike in a new floor; gives back the spike that is gone.
    pub(super) fn learn(&mut self, floor: &Floor) -> Option<Burst> {
        let bare = |k: usize| floor.steady[k] < BARE * floor.level[k];
        let mut sides = (FIRST - SIDE..FIRST).chain(LAST..LAST + SIDE);
        let centre = BINS / 2;
        self.there = floor.steady[centre] > SPIKE_MIN * floor.level[centre] && sides.all(bare);
        if !self.there {
            return self.end();
        }
        self.steady.copy_from_slice(&floor.steady[FIRST..LAST]);
        for (k, excess) in (FIRST..).zip(&mut self.excess) {
            *excess = floor.steady[k] - floor.level[k];
        }
        None
    }

    /// Takes the spike out of a row's powers.
    pub(super) fn remove(&mut self, time: [f64; 2], power: &mut [f32]) {
        if !self.there {
            return;
        }
        self.time.get_or_insert(time)[1] = time[1];
        self.raw.copy_from_slice(&power[FIRST..LAST]);
        if power[BINS / 2] > SIGNAL * self.steady[BINS / 2 - FIRST] {
            for (p, steady) in power[FIRST..LAST].iter_mut().zip(&self.steady) {
                *p = (*p - steady).max(0.0);
            }
            return;
        }
        let mean = |range: std::ops::Range<usize>| power[range].iter().sum::<f32>() / 4.0;
        let (low, high) = (mean(FIRST - 4..FIRST), mean(LAST..LAST + 4));
        let step = (high - low) / (LAST - FIRST + 1) as f32;
        for (i, p) in power[FIRST..LAST].iter_mut().enumerate() {
            *p = low + step * (i + 1) as f32;
        }
    }

    /// Puts back what was measured, for the floor to be learnt from.
    pub(super) fn restore(&self, power: &mut [f32]) {
        if self.there {
            power[FIRST..LAST].copy_from_slice(&self.raw);
        }
    }

    /// The spike as it was seen, if it was.
    pub(super) fn end(&mut self) -> Option<Burst> {
        let [start_s, stop_s] = self.time.take()?;
        let mut energy = Energy::new();
        for (out, excess) in energy.slice_mut(FIRST..LAST).iter_mut().zip(&self.excess) {
            *out = excess.max(0.0) * (stop_s - start_s) as f32;
        }
        let band = (FIRST as f64, LAST as f64);
        let peak = self.excess.iter().sum();
        Some(Burst::pulse([start_s, stop_s], band, energy, peak))
    }
}
