//! Short wide pulses, at the resolution of 64 bins: too brief for the rows, which would smear them.

use super::{
    burst::Burst,
    config::{BINS, PULSE_BINS, PULSE_SLOT, PULSE_SLOTS, Rules, Threshold},
    energy::Energy,
    impulse::Impulse,
};
use crate::dsp::{
    kernel::{Work, widest},
    measure::occupied_band,
};

/// A pulse.
#[derive(Debug, Clone)]
pub(super) struct Pulse {
    pub(super) start_s: f64,
    pub(super) stop_s: f64,
    /// Edges of its band, bins of the middle resolution.
    pub(super) low: f64,
    pub(super) high: f64,
    /// Energy over the floor per bin of the middle resolution, the same for all that make up one of the short.
    energy: [f32; PULSE_BINS],
    peak: f32,
    /// Too little energy to show in a row.
    pub(super) faint: bool,
}

/// Energy of an impulse, relative to the mean power of a sample about it, below which no test of a row notices it: spread
/// over the bins of a segment it is less than a third of the floor, even in the middle of the window.
const FAINT: f32 = 80.0;

impl Pulse {
    /// An impulse of the row that begins at `row_s`.
    pub(super) fn from_impulse(impulse: &Impulse, row_s: f64, rate_hz: f64) -> Self {
        let wide = (BINS / PULSE_BINS) as f64;
        let scale = (1.0 / (rate_hz * wide)) as f32;
        let held = |bin: &usize| impulse.energy[*bin] > 0.0;
        let first = (0..PULSE_BINS).find(held).unwrap_or(0);
        let last = (0..PULSE_BINS).rfind(held).unwrap_or(PULSE_BINS - 1);
        Self {
            start_s: row_s + f64::from(impulse.first) / rate_hz,
            stop_s: row_s + f64::from(impulse.first + impulse.length) / rate_hz,
            low: first as f64 * wide,
            high: (last + 1) as f64 * wide,
            energy: impulse.energy.map(|energy| energy * scale),
            peak: impulse.energy.iter().sum::<f32>() / impulse.length as f32,
            faint: impulse.strength < FAINT,
        }
    }

    /// The pulse as a burst whose spectrum takes the memory of `energy`.
    pub(super) fn burst(&self, mut energy: Energy) -> Burst {
        energy.clear();
        let bins = energy.slice_mut(0..BINS).chunks_exact_mut(BINS / PULSE_BINS);
        for (bins, e) in bins.zip(&self.energy) {
            bins.fill(*e);
        }
        Burst::pulse([self.start_s, self.stop_s], (self.low, self.high), energy, self.peak)
    }
}

/// Finds pulses slot by slot.
pub(super) struct PulseFinder {
    threshold: Threshold,
    floor: Vec<f32>,
    /// One over it.
    inverse: Vec<f32>,
    energy: Vec<f32>,
    start_s: Option<f64>,
    stop_s: f64,
    peak: f32,
    seeded: bool,
    slots: usize,
    quiet: usize,
    slot_s: f64,
    slots_max: usize,
    share_min: f64,
}

/// Slots below threshold that do not yet end a pulse.
const QUIET_MAX: usize = 1;
/// Ratio at which a bin stops counting more in the mean over the span.
const CLIP: f32 = 8.0;

impl PulseFinder {
    pub(super) fn new(threshold: Threshold, rules: &Rules, sample_rate_hz: f64) -> Self {
        Self {
            threshold,
            floor: vec![1.0; PULSE_BINS],
            inverse: vec![1.0; PULSE_BINS],
            energy: vec![0.0; PULSE_BINS],
            start_s: None,
            stop_s: 0.0,
            peak: 0.0,
            seeded: false,
            slots: 0,
            quiet: 0,
            slot_s: PULSE_SLOT as f64 / sample_rate_hz,
            slots_max: rules.pulse_samples_max / PULSE_SLOT,
            share_min: rules.pulse_share_min,
        }
    }

    /// Takes the floor of the middle resolution.
    pub(super) fn set_floor(&mut self, floor: &[f32]) {
        for (bin, sum) in self.floor.iter_mut().enumerate() {
            *sum = floor[bin * BINS / PULSE_BINS..(bin + 1) * BINS / PULSE_BINS]
                .iter()
                .sum();
        }
        for (out, floor) in self.inverse.iter_mut().zip(&self.floor) {
            *out = 1.0 / floor;
        }
    }

    /// Takes the slots of a row, which begin at `start_s`; pulses that ended move to `done`.
    pub(super) fn advance(
        &mut self,
        start_s: impl Fn(usize) -> f64,
        powers: &[[f32; PULSE_SLOTS]; PULSE_BINS],
        done: &mut Vec<Pulse>,
    ) {
        let mut ratios = [0.0; PULSE_SLOTS];
        widest(MeanRatios {
            powers,
            inverse: &self.inverse,
            ratios: &mut ratios,
        });
        let growth = self.threshold.growth;
        if self.start_s.is_none() && !ratios.iter().any(|ratio| *ratio > growth) {
            return;
        }
        for (slot, ratio) in ratios.into_iter().enumerate() {
            self.take(start_s(slot), ratio, powers.iter().map(|bin| bin[slot]), done);
        }
    }

    /// Whether a pulse is in progress that began before a time. Slots that grow one and have started none yet do not count: an impulse
    /// raises its own slot as much, and would be lost where no pulse comes of it.
    pub(super) fn in_progress(&self, before_s: f64) -> bool {
        self.seeded && self.start_s.is_some_and(|start_s| start_s < before_s)
    }

    /// Takes one slot of the mean ratio `ratio` to the floor.
    fn take(&mut self, start_s: f64, ratio: f32, power: impl Iterator<Item = f32>, done: &mut Vec<Pulse>) {
        if ratio > self.threshold.growth {
            if self.start_s.is_none() {
                self.start_s = Some(start_s);
            }
            self.seeded |= ratio > self.threshold.seed;
            // What lasts longer is no pulse: nobody asks what it was.
            if self.slots < self.slots_max {
                let mut total = 0.0;
                for ((sum, p), f) in self.energy.iter_mut().zip(power).zip(&self.floor) {
                    *sum += p - f;
                    total += p - f;
                }
                self.peak = self.peak.max(total);
            }
            self.stop_s = start_s + self.slot_s;
            self.slots += 1;
            self.quiet = 0;
        } else if self.start_s.is_some() {
            self.quiet += 1;
            if self.quiet > QUIET_MAX {
                self.end(done);
            }
        }
    }

    /// Ends the pulse in progress.
    pub(super) fn end(&mut self, done: &mut Vec<Pulse>) {
        if let Some(start_s) = self.start_s.take()
            && self.seeded
            && self.slots <= self.slots_max
        {
            self.emit(start_s, done);
        }
        self.energy.fill(0.0);
        (self.peak, self.seeded, self.slots, self.quiet) = (0.0, false, 0, 0);
    }

    fn emit(&self, start_s: f64, done: &mut Vec<Pulse>) {
        // A click of a keyed narrow signal also raises the span, but most of its power is in the signal's own band.
        let Some((low, high)) = occupied_band(&self.energy, 0.9) else {
            return;
        };
        if high - low < self.share_min * PULSE_BINS as f64 {
            return;
        }
        // Two strong lines far apart also span a wide band; a pulse fills it.
        let filled = self
            .energy
            .iter()
            .zip(&self.floor)
            .filter(|(e, f)| **e > self.slots as f32 * **f)
            .count();
        if (filled as f64) < self.share_min * PULSE_BINS as f64 {
            return;
        }
        let Some((low, high)) = occupied_band(&self.energy, 0.99) else {
            return;
        };
        let wide = (BINS / PULSE_BINS) as f32;
        let scale = self.slot_s as f32 / wide;
        let mut energy = [0.0; PULSE_BINS];
        for (out, e) in energy.iter_mut().zip(&self.energy) {
            *out = e * scale;
        }
        done.push(Pulse {
            start_s,
            stop_s: self.stop_s,
            low: low * f64::from(wide),
            high: high * f64::from(wide),
            energy,
            peak: self.peak,
            faint: false,
        });
    }
}

/// Mean ratio of each slot to the floor over the span; bins far above count no more than `CLIP`.
struct MeanRatios<'a> {
    powers: &'a [[f32; PULSE_SLOTS]; PULSE_BINS],
    inverse: &'a [f32],
    ratios: &'a mut [f32; PULSE_SLOTS],
}

impl Work for MeanRatios<'_> {
    #[inline(always)]
    fn run(self) {
        let mut sums = [0.0_f32; PULSE_SLOTS];
        for (powers, inverse) in self.powers.iter().zip(self.inverse) {
            for (sum, power) in sums.iter_mut().zip(powers) {
                let ratio = power * inverse;
                *sum += if ratio < CLIP { ratio } else { CLIP };
            }
        }
        for (ratio, sum) in self.ratios.iter_mut().zip(sums) {
            *ratio = sum / PULSE_BINS as f32;
        }
    }
}
