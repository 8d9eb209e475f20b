//! Emissions in averaged spectra: what a span is surveyed with that is too wide or too fast for rows of 1024 samples.
//!
//! A frame is the mean of many spectra of any number of bins, as [`SpectrumEstimator`](crate::dsp::estimator) makes it. Its
//! floor is that of [`noise_floor`](crate::dsp::noise_floor), learnt from the last frames; bins over a threshold that stands
//! for an agreed number of false alarms make regions, regions at one place make an emission. Shorter than a frame, fainter
//! than its threshold, or two in one region: that is what the rows are for (`Detector`).

mod floor;
mod regions;
mod track;

#[cfg(test)]
mod tests;

use self::{
    floor::FrameFloors,
    regions::{Limits, Region, Regions},
    track::Tracks,
};
use super::{book::Sink, rise::Rise};
use crate::{
    dsp::{
        decibels::decibels,
        detection::{quantile_ratio, threshold_ratio},
    },
    units::Hertz,
};

/// What frames are, and what is asked of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurveyConfig {
    /// Bins of a frame, in ascending order; at least 64.
    pub bins: usize,
    /// Independent spectra that a frame is the mean of (`Window::effective_averages`).
    pub averages: f64,
    /// Time from frame to frame.
    pub frame_s: f64,
    /// Rate of the samples they are made of.
    pub sample_rate_hz: f64,
    /// Centre frequency; zero measures at offsets.
    pub center_hz: Hertz,
    /// Share of the span, about the centre, in which emissions are reported; the rest is the receiver's roll-off.
    pub usable_fraction: f64,
    /// Power per bin of the rounding of the sample format.
    pub silence: f32,
    /// Expected false emissions per day and megahertz in noise.
    pub false_alarms_per_day_mhz: f64,
    /// Time without a region after which an emission is over.
    pub hold_s: f64,
}

/// Probability per bin of belonging to a region that a bin over the higher threshold has started, as in
/// [`Rules::growth_pfa`](super::Rules).
const GROWTH_PFA: f64 = 2e-3;
/// Cells of time × bandwidth 1 in a day and a megahertz.
const CELLS: f64 = 86_400.0e6;

/// Finds emissions in frames. Takes memory when the floor is learnt and when an emission is told of, at no other time.
pub struct Survey {
    config: SurveyConfig,
    floors: FrameFloors,
    rise: Rise,
    row_quantile: f32,
    limits: Limits,
    regions: Regions,
    found: Vec<Region>,
    tracks: Tracks,
    levels: Vec<f32>,
}

impl Survey {
    /// A survey of frames as described.
    ///
    /// # Panics
    /// With less than 64 bins.
    #[must_use]
    pub fn new(config: SurveyConfig) -> Self {
        assert!(config.bins >= 64, "{} bins have no floor", config.bins);
        let averages = config.averages.max(1.0);
        let alarms = config.false_alarms_per_day_mhz.max(1e-9) / (CELLS / averages);
        let cut = ((1.0 - config.usable_fraction.clamp(0.1, 1.0)) * 0.5 * config.bins as f64) as usize;
        Self {
            floors: FrameFloors::new(config.bins, averages, config.frame_s, config.silence),
            rise: Rise::new(),
            row_quantile: quantile_ratio(averages, super::config::ROW_QUANTILE) as f32,
            limits: Limits {
                seed: threshold_ratio(averages, alarms.min(GROWTH_PFA)) as f32,
                growth: threshold_ratio(averages, GROWTH_PFA) as f32,
                within: cut..config.bins - cut,
            },
            regions: Regions::new(config.bins),
            found: Vec::with_capacity(config.bins / 2),
            tracks: Tracks::new(&config),
            levels: vec![0.0; config.bins],
            config,
        }
    }

    /// Takes the next frame: mean power per bin.
    ///
    /// # Panics
    /// When it has another number of bins than agreed.
    pub fn frame(&mut self, mean: &[f32], sink: Sink<'_>) {
        decibels(mean, &mut self.levels);
        let floor = self.floors.take(mean);
        let mut limits = self.limits.clone();
        limits.within = limits.within.start.max(floor.live.0)..limits.within.end.min(floor.live.1);
        self.found.clear();
        if limits.within.len() > self.config.bins / 16 && self.regions.screen(mean, &floor.inverse, limits.seed) {
            let live = (limits.within.start, limits.within.end);
            let rise = self.rise.measure(mean, &floor.inverse, live, self.row_quantile);
            self.regions
                .find(mean, &floor.level, &floor.inverse, rise, &limits, &mut self.found);
        }
        self.tracks.advance(&self.found, sink);
    }

    /// Time passes unobserved; no emission ends by it.
    pub fn gap(&mut self, duration_s: f64) {
        self.tracks.gap(duration_s);
    }

    /// Ends the survey: everything still open is reported.
    pub fn finish(&mut self, sink: Sink<'_>) {
        self.tracks.finish(sink);
    }

    /// The last frame, dBFS per bin.
    #[must_use]
    pub fn levels_dbfs(&self) -> &[f32] {
        &self.levels
    }

    /// Noise power per bin as known now; empty before the first frame.
    #[must_use]
    pub fn floor(&self) -> &[f32] {
        self.floors.level()
    }
}
