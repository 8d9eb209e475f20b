//! What a detector is asked for, and every constant of the method with its reason.

use serde::{Deserialize, Serialize};

use super::impulse::WINDOWS;
use crate::{
    dsp::{cell::NoiseCell, detection::quantile_ratio, noise_floor::FloorRules, window::Window},
    units::Hertz,
};

/// Bins of the middle resolution, on which bands are measured.
pub(super) const BINS: usize = 1024;
/// Samples between its segments: 50 % overlap.
pub(super) const HOP: usize = BINS / 2;
/// Segments per row; a row is the unit of time of the tracker.
pub(super) const SEGMENTS: usize = 2;
/// Samples a row advances.
pub(super) const ROW: usize = HOP * SEGMENTS;
/// Bins of the short resolution, for pulses.
pub(super) const PULSE_BINS: usize = 64;
/// Samples between its segments.
pub(super) const PULSE_HOP: usize = PULSE_BINS / 2;
/// Short segments averaged into one pulse slot.
pub(super) const PULSE_SEGMENTS: usize = 2;
/// Samples a pulse slot advances.
pub(super) const PULSE_SLOT: usize = PULSE_HOP * PULSE_SEGMENTS;
/// Pulse slots per row.
pub(super) const PULSE_SLOTS: usize = ROW / PULSE_SLOT;
/// Bins of the middle smoothing, for signals that are weak per bin but wider than a line.
pub(super) const MIDDLE: usize = 9;
/// Bins of the wide smoothing, for signals that are weak per bin but wide.
pub(super) const WIDE: usize = 33;

/// Order statistic over the bins of a row that tells how far its floor has risen.
pub(super) const ROW_QUANTILE: f64 = 0.15;

/// What to detect in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct DetectorConfig {
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Centre frequency; zero measures at offsets.
    pub center_hz: Hertz,
    /// Share of the span, about the centre, in which emissions are reported; the rest is the receiver's roll-off.
    pub usable_fraction: f64,
    /// Expected false emissions per day and megahertz in noise.
    pub false_alarms_per_day_mhz: f64,
    /// Time between `Frame` events; `None` makes none.
    pub frame_interval_s: Option<f64>,
    /// Bins of a `Frame`, rounded to a power of two and at most 1024.
    pub frame_bins: usize,
    /// The constants of the method.
    pub rules: Rules,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            sample_rate_hz: 2_400_000.0,
            center_hz: Hertz(0),
            usable_fraction: 1.0,
            false_alarms_per_day_mhz: 1.0,
            frame_interval_s: None,
            frame_bins: BINS,
            rules: Rules::default(),
        }
    }
}

/// Constants of the method. The defaults are meant for everybody; docs/detection.md gives the reasons at length.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Rows the first floor is learnt from, at most.
    pub learn_rows: usize,
    /// Time the first floor is learnt from, at most (at least `learn_rows_min` rows).
    pub learn_s: f64,
    /// Rows the first floor needs even where that takes longer than `learn_s`.
    pub learn_rows_min: usize,
    /// Time the running floor is learnt from.
    pub floor_s: f64,
    /// Time that rows are held back after that, so that a decision sees a little of what follows.
    pub block_s: f64,
    /// Rows at most in such a block.
    pub block_rows: usize,
    /// Probability per cell of joining a region that a significant cell has started (the lower of two thresholds).
    pub growth_pfa: f64,
    /// Bins below threshold that do not yet end a region.
    pub bridge_bins: usize,
    /// Rows below threshold that do not yet end a burst.
    pub bridge_rows: usize,
    /// Time without a burst after which an emission is over.
    pub hold_s: f64,
    /// Time after which an unfinished burst is announced.
    pub confirm_s: f64,
    /// Time between updates of an open emission.
    pub update_s: f64,
    /// Time until an emission that was not certain enough to be announced is looked at again.
    pub retry_s: f64,
    /// Share of common to total band above which two bursts are on one channel.
    pub channel_overlap: f64,
    /// Rows averaged for weak steady signals, shorter and longer.
    pub slow_rows: [usize; 2],
    /// Least ratio to the floor a long average must reach: below it the shape of the floor decides, not statistics.
    pub slow_ratio_min: f32,
    /// Longest pulse in samples; anything longer is left to the rows.
    pub pulse_samples_max: usize,
    /// Least occupied share of the span for a pulse; narrower bursts are left to the rows.
    pub pulse_share_min: f64,
    /// Share of time two neighbouring bursts must share to be parts of one signal.
    pub together: f64,
    /// Least ratio over the noise in its own band, while on, for an emission to be reported, dB.
    pub report_snr_db: f64,
    /// Spectral density below a stronger neighbour from which brief energy beside it is its splatter, dB.
    pub splatter_db: f64,
    /// The same for energy as lasting as the neighbour, dB.
    pub splatter_lasting_db: f64,
    /// How much weaker splatter is ten times further out, dB: the spectrum of a keyed edge falls by 20 dB a decade.
    pub splatter_slope_db: f64,
    /// Level below a coincident stronger signal from which a narrow line is its by-product, dB.
    pub byproduct_db: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            learn_rows: 512,
            learn_s: 0.5,
            learn_rows_min: 32,
            floor_s: 1.0,
            block_s: 0.03,
            block_rows: 64,
            growth_pfa: 2e-3,
            bridge_bins: 2,
            bridge_rows: 3,
            hold_s: 0.5,
            confirm_s: 0.03,
            update_s: 1.0,
            retry_s: 0.1,
            channel_overlap: 0.4,
            slow_rows: [16, 256],
            slow_ratio_min: 1.6,
            pulse_samples_max: 1024,
            pulse_share_min: 0.25,
            together: 0.7,
            report_snr_db: 5.0,
            splatter_db: 8.0,
            splatter_lasting_db: 25.0,
            splatter_slope_db: 20.0,
            byproduct_db: 20.0,
        }
    }
}

/// Both thresholds of one test, as ratios to the floor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Threshold {
    /// Starts a region.
    pub(super) seed: f32,
    /// Continues one.
    pub(super) growth: f32,
}

/// All thresholds for a false-alarm rate.
#[derive(Debug, Clone)]
pub(super) struct Thresholds {
    /// Three bins of a row of one or two usable segments.
    pub(super) narrow: [Threshold; SEGMENTS],
    /// `MIDDLE` bins of such a row, for growth.
    pub(super) middle_growth: [f32; SEGMENTS],
    /// `WIDE` bins of such a row.
    pub(super) wide: [Threshold; SEGMENTS],
    /// All bins of a pulse slot.
    pub(super) pulse: Threshold,
    /// Probability that noise exceeds the threshold of an impulse, for each of its sums.
    pub(super) impulses: [f64; WINDOWS.len()],
    /// Three bins of the two slow averages.
    pub(super) slow: [Threshold; 2],
    /// Effective averages of a row bin.
    pub(super) row_averages: f64,
    /// `ROW_QUANTILE` of the bins of a noise row, relative to their mean.
    pub(super) row_quantile: f32,
}

impl Thresholds {
    /// For the rate in `config`, which the tests share equally. A day and a megahertz hold 86,400 · 10⁶ cells of time ×
    /// bandwidth 1.
    pub(super) fn new(config: &DetectorConfig) -> Self {
        let rules = &config.rules;
        let share = config.false_alarms_per_day_mhz.max(1e-9) / TESTS;
        let cells = 86_400.0e6;
        let window = Window::blackman_harris(BINS);
        let pair = |cell: &NoiseCell, trials: f64, clumps: Clumps| Threshold {
            seed: cell.threshold(clumps.pfa(share / trials)) as f32,
            growth: cell.threshold(rules.growth_pfa) as f32,
        };
        let per_row = |bins: usize, clumps: Clumps| {
            // Those that reach over an end of the span start nothing.
            let whole = cells * (BINS + 1 - bins) as f64 / BINS as f64;
            std::array::from_fn(|i| pair(&NoiseCell::new(&window, bins, i + 1, HOP), whole, clumps))
        };
        let slow = std::array::from_fn(|i| {
            let rows = rules.slow_rows[i];
            let cell = NoiseCell::new(&window, 3, rows * SEGMENTS, HOP);
            let mut t = pair(&cell, cells / rows as f64, Clumps::SINGLE);
            t.seed = t.seed.max(rules.slow_ratio_min);
            t.growth = t.growth.max(1.0 + 0.5 * (rules.slow_ratio_min - 1.0));
            t
        });
        let short = Window::blackman_harris(PULSE_BINS);
        let pulse = NoiseCell::whole(&short, PULSE_SEGMENTS, PULSE_HOP);
        Self {
            narrow: per_row(3, Clumps::NARROW),
            middle_growth: std::array::from_fn(|i| {
                NoiseCell::new(&window, MIDDLE, i + 1, HOP).threshold(rules.growth_pfa) as f32
            }),
            wide: per_row(WIDE, Clumps::WIDE),
            pulse: pair(&pulse, cells / PULSE_SLOT as f64, Clumps::SINGLE),
            impulses: impulse_pfa(share / cells),
            slow,
            row_averages: window.effective_averages(SEGMENTS, HOP, 1),
            row_quantile: quantile_ratio(window.effective_averages(SEGMENTS, HOP, 1), ROW_QUANTILE) as f32,
        }
    }
}

/// Tests that share the false-alarm rate: three and `WIDE` bins of a row, pulse slots, impulses, the shorter average. `MIDDLE` bins
/// only grow regions, and the longer average is held by `slow_ratio_min`, far above what noise reaches.
const TESTS: f64 = 5.0;

/// How many alarms a test raises for each cell over its threshold, by the decades of its false-alarm probability:
/// neighbouring cells share bins or samples and exceed it together, and one alarm is raised for all of them (the clumps of extreme-value
/// theory; Aldous 1989).
///
/// Found by drawing noise tilted towards the event (importance sampling, 100,000 draws a value, good to 3 %): `clumps_are_what_simulation_finds`
/// does it again. `pinpu selftest metrology` counts the alarms of the whole chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clumps(&'static [(f64, f64)]);

impl Clumps {
    /// Pulse slots, and three bins of a long average: their neighbours seldom exceed a far threshold together.
    const SINGLE: Self = Self(&[(3.0, 0.9)]);
    /// Three bins.
    pub(super) const NARROW: Self = Self(&[
        (3.0, 0.608),
        (4.0, 0.680),
        (5.0, 0.725),
        (6.0, 0.775),
        (8.0, 0.834),
        (10.0, 0.874),
        (12.0, 0.905),
        (14.0, 0.931),
    ]);
    /// `WIDE` bins, each of which counts no more than its limit, and of which one must grow a region in the middle: far out less and less noise
    /// does without a line that the limit cuts.
    pub(super) const WIDE: Self = Self(&[
        (3.0, 0.0456),
        (4.0, 0.0659),
        (5.0, 0.0820),
        (6.0, 0.0960),
        (7.0, 0.1010),
        (8.0, 0.0994),
        (9.0, 0.0930),
        (12.0, 0.0501),
        (14.0, 0.0260),
    ]);
    /// Sums of two samples, of which each begins one sample after the last.
    pub(super) const TWO: Self = Self(&[(3.0, 0.760), (4.0, 0.829), (6.0, 0.872), (8.0, 0.894), (12.0, 0.916)]);
    /// The same of 16.
    pub(super) const SIXTEEN: Self = Self(&[(3.0, 0.281), (4.0, 0.342), (6.0, 0.429), (8.0, 0.488), (12.0, 0.561)]);

    /// Probability per cell at which `alarms` are raised per cell.
    fn pfa(self, alarms: f64) -> f64 {
        let mut pfa = alarms;
        for _ in 0..6 {
            pfa = (alarms / self.share(-pfa.max(1e-30).log10())).min(0.1);
        }
        pfa
    }

    /// Alarms per cell at a false-alarm probability of 10^−`decades`.
    pub(super) fn share(self, decades: f64) -> f64 {
        let Some(above) = self.0.iter().position(|(at, _)| *at > decades) else {
            return self.0[self.0.len() - 1].1;
        };
        if above == 0 {
            return self.0[0].1;
        }
        let ((a, x), (b, y)) = (self.0[above - 1], self.0[above]);
        x + (y - x) * (decades - a) / (b - a)
    }
}

/// Probability that noise exceeds the threshold of each sum of an impulse, for `alarms` per sample of both, which share them.
pub(super) fn impulse_pfa(alarms: f64) -> [f64; WINDOWS.len()] {
    [Clumps::TWO, Clumps::SIXTEEN].map(|clumps| clumps.pfa(alarms / WINDOWS.len() as f64))
}

impl DetectorConfig {
    /// The rules of the floor.
    pub(super) fn floor_rules(&self) -> FloorRules {
        FloorRules::default()
    }
}

/// Why a detector cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DetectError {
    /// The rate is no rate.
    #[error("the sample rate must be a positive number of samples a second, at most 10 GHz, not {0}")]
    SampleRate(f64),
    /// The usable share is no share.
    #[error("the usable fraction must be above 0 and at most 1, such as 0.8, not {0}")]
    UsableFraction(f64),
    /// The false-alarm rate is not positive.
    #[error("the false alarms per day and MHz must be a positive number, such as 1, not {0}")]
    FalseAlarms(f64),
    /// The frame interval is not positive.
    #[error("the frame interval must be a positive number of seconds, such as 0.05, not {0}")]
    FrameInterval(f64),
}

impl DetectorConfig {
    /// Whether a detector can be made of this.
    ///
    /// # Errors
    /// Names the first value that makes no sense.
    pub fn validate(&self) -> Result<(), DetectError> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        if !positive(self.sample_rate_hz) || self.sample_rate_hz > 1e10 {
            return Err(DetectError::SampleRate(self.sample_rate_hz));
        }
        if !positive(self.usable_fraction) || self.usable_fraction > 1.0 {
            return Err(DetectError::UsableFraction(self.usable_fraction));
        }
        if !positive(self.false_alarms_per_day_mhz) {
            return Err(DetectError::FalseAlarms(self.false_alarms_per_day_mhz));
        }
        match self.frame_interval_s {
            Some(interval) if !positive(interval) => Err(DetectError::FrameInterval(interval)),
            _ => Ok(()),
        }
    }
}
