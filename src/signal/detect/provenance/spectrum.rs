//! The mean spectrum of a pass: what is in a band whether or not the detector reports it by itself.
//!
//! A report says what stands out; that nothing was reported does not say that nothing was there, for what lies beside something
//! stronger is counted as part of it. Over 0.8 s at 1 MS/s the mean of a bin is known to 2.5 %: a line 10 dB over the noise is
//! still measured when it falls by 20.

use super::{Observation, Sighting};
use crate::detect::Frame;

/// Bins about a line that its main lobe fills on either side.
const LOBE_BINS: usize = 4;
/// Sigmas that energy must exceed to be any.
const SURE_SIGMA: f64 = 5.0;
/// Error of the floor, relative.
const FLOOR_ERROR: f64 = 0.02;
/// Neighbouring bins of the window that are one independent value.
const TOGETHER: f64 = 2.8;

/// Sum of the frames of a pass.
#[derive(Debug, Clone, Default)]
pub struct MeanSpectrum {
    power: Vec<f64>,
    floor: Vec<f64>,
    seconds: f64,
}

impl MeanSpectrum {
    /// Adds a frame of all bins.
    pub fn add(&mut self, frame: &Frame) {
        let bins = frame.mean_dbfs.len();
        self.power.resize(bins, 0.0);
        self.floor.resize(bins, 0.0);
        // Powers add over bins once the width of the window is taken out.
        let scale = frame.duration_s / frame.enbw_bins;
        for (sums, levels) in [
            (&mut self.power, &frame.mean_dbfs),
            (&mut self.floor, &frame.floor_dbfs),
        ] {
            for (sum, level) in sums.iter_mut().zip(levels) {
                *sum += 10_f64.powf(f64::from(*level) / 10.0) * scale;
            }
        }
        self.seconds += frame.duration_s;
    }

    /// Mean power and floor of each bin.
    pub(super) fn finish(self) -> [Vec<f32>; 2] {
        let seconds = self.seconds.max(f64::MIN_POSITIVE);
        [self.power, self.floor].map(|sums| sums.iter().map(|sum| (sum / seconds) as f32).collect())
    }
}

/// Energy over the noise in a band, and what noise alone makes of it now and then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Excess {
    power: f64,
    least: f64,
}

impl Excess {
    /// As a level.
    pub(super) fn level_db(self) -> f64 {
        10.0 * self.power.max(self.least).log10()
    }

    /// By how many dB this is less than `before`: as measured, or at least so much (`false`) where nothing is left.
    pub(super) fn fall_from(self, before: Self) -> Option<(f64, bool)> {
        let measured = before.power > before.least;
        measured.then(|| {
            let left = self.power.max(self.least);
            (10.0 * (before.power / left).log10(), self.power >= self.least)
        })
    }
}

impl Observation {
    /// Bins of the mean spectrum in `width_hz` about `place_hz`; none where it does not hold all of them.
    fn bins(&self, place_hz: f64, width_hz: f64) -> Option<std::ops::RangeInclusive<usize>> {
        let bin = |hz: f64| ((hz - self.center_hz) / self.bin_hz).round() + 0.5 * self.power.len() as f64;
        let (first, last) = (bin(place_hz - 0.5 * width_hz), bin(place_hz + 0.5 * width_hz));
        (first >= 0.0 && last < self.power.len() as f64).then_some(first as usize..=last as usize)
    }

    /// Energy over the noise in `width_hz` about `place_hz`, the main lobe at least.
    pub(super) fn excess(&self, place_hz: f64, width_hz: f64) -> Option<Excess> {
        let bins = self.bins(place_hz, width_hz.max(2.0 * LOBE_BINS as f64 * self.bin_hz))?;
        let count = (bins.end() - bins.start() + 1) as f64;
        let sum = |values: &[f32]| values[bins.clone()].iter().map(|p| f64::from(*p)).sum::<f64>();
        let (power, floor) = (sum(&self.power), sum(&self.floor));
        let segments = (2.0 * self.seconds * self.bin_hz).max(1.0);
        let sigma = floor * (TOGETHER / (count * segments)).sqrt();
        Some(Excess {
            power: power - floor,
            least: SURE_SIGMA * sigma + FLOOR_ERROR * floor,
        })
    }

    /// The line that holds more than `share` of the energy of `seen`: its frequency.
    pub(super) fn strongest_line(&self, seen: &Sighting, share: f64) -> Option<f64> {
        let (hz, width) = (seen.center_hz.as_f64(), seen.bandwidth_hz.as_f64());
        let over = |k: usize| f64::from(self.power[k]) - f64::from(self.floor[k]);
        let bins = self.bins(hz, width)?;
        let peak = bins.clone().max_by(|a, b| over(*a).total_cmp(&over(*b)))?;
        let place = self.center_hz + (peak as f64 - 0.5 * self.power.len() as f64) * self.bin_hz;
        let (line, all) = (self.excess(place, 0.0)?, self.excess(hz, width)?);
        // A line and half a lobe more than the band it was found in would count twice.
        (line.power > share * all.power.max(line.least)).then_some(place)
    }

    /// Share of the bins of `seen` in which `before` holds energy, and this spectrum less of it than `by_db` accounts for, by
    /// `more_db` and more.
    pub(super) fn fallen_share(&self, before: &Self, seen: &Sighting, by_db: f64, more_db: f64) -> Option<f64> {
        let (hz, width) = (seen.center_hz.as_f64(), seen.bandwidth_hz.as_f64());
        let bins = before.bins(hz, width)?;
        if self.power.len() != before.power.len() || (self.center_hz - before.center_hz).abs() > 0.5 * self.bin_hz {
            return None;
        }
        let limit = 10_f64.powf((by_db - more_db) / 10.0);
        let of = |o: &Self, k: usize| f64::from(o.power[k]) - f64::from(o.floor[k]);
        let held = |k: &usize| of(before, *k) > f64::from(before.floor[*k]);
        let (mut fallen, mut all) = (0.0, 0.0);
        for k in bins.filter(held) {
            all += 1.0;
            // What noise makes of a bin is no energy.
            let left = of(self, k) - 0.25 * f64::from(self.floor[k]);
            fallen += f64::from(u8::from(left < limit * of(before, k)));
        }
        (all > 0.0).then(|| fallen / all)
    }
}
