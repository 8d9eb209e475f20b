//! Emissions in averaged spectra: what a span is surveyed with that is too wide or too fast for rows of 1024 samples.
//!
//! A frame is the mean of many spectra of any number of bins, as [`SpectrumEstimator`](crate::dsp::estimator) makes it. Its
//! floor is that of [`noise_floor`](crate::dsp::noise_floor), learnt from the last frames; bins over a threshold that stands
//! for an agreed number of false alarms make regions, regions at one place make an emission. Shorter than a frame, fainter
//! than its threshold, or two in one region: that is what the rows are for (`Detector`).

mod floor;
mod judge;
mod regions;
mod stream;
mod track;

#[cfg(test)]
mod tests;

pub use self::stream::Surveyor;
use self::{
    floor::FrameFloors,
    regions::{Limits, Region, Regions, mark_mirrors},
    track::Tracks,
};
use super::{book::Sink, clipping::Clipping, config::ROW_QUANTILE, rise::Rise};
use crate::{
    dsp::{decibels::decibels, detection::quantile_ratio},
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

/// Share of the span, and of the time, that one emission must fill for the floor to be out of sight.
const FULL: f64 = 0.85;

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
    clipping: Clipping,
    levels: Vec<f32>,
}

/// A mean of spectra, and what else is known of its samples.
#[derive(Debug, Clone, Copy)]
pub struct Averaged<'a> {
    /// Mean power per bin, in ascending order.
    pub mean: &'a [f32],
    /// Samples at the limits of the converter.
    pub clipped: u32,
    /// Samples of all.
    pub samples: usize,
}

/// What a survey ends with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Findings {
    /// Emissions reported.
    pub emissions: u64,
    /// Median of the floor, power per bin; zero before any.
    pub floor: f32,
    /// One sigma of it.
    pub floor_uncertainty_db: f64,
    /// Whether any floor was visible: a span full from edge to edge has none.
    pub floor_observed: bool,
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
        let cut = ((1.0 - config.usable_fraction.clamp(0.1, 1.0)) * 0.5 * config.bins as f64) as usize;
        Self {
            floors: FrameFloors::new(config.bins, averages, config.frame_s, config.silence),
            rise: Rise::new(),
            row_quantile: quantile_ratio(averages, ROW_QUANTILE) as f32,
            limits: Limits::new(averages, config.false_alarms_per_day_mhz, cut..config.bins - cut),
            regions: Regions::new(config.bins),
            found: Vec::with_capacity(config.bins / 2),
            tracks: Tracks::new(&config),
            clipping: Clipping::default(),
            levels: vec![0.0; config.bins],
            config,
        }
    }

    /// Takes the next frame.
    ///
    /// # Panics
    /// When it has another number of bins than agreed.
    pub fn frame(&mut self, frame: Averaged<'_>, sink: Sink<'_>) {
        self.floors.take(frame.mean);
        let limits = self.limits.clone();
        self.look(frame, limits, self.row_quantile, self.config.frame_s, sink);
    }

    /// Takes what is left at the end: a mean of `share` of the spectra of a frame, from which no floor is learnt where one is known.
    ///
    /// # Panics
    /// As [`frame`](Self::frame).
    pub fn rest(&mut self, frame: Averaged<'_>, share: f64, sink: Sink<'_>) {
        let averages = (self.config.averages * share).max(1.0);
        self.floors.take_rest(frame.mean, averages);
        let limits = Limits::new(
            averages,
            self.config.false_alarms_per_day_mhz,
            self.limits.within.clone(),
        );
        let quantile = quantile_ratio(averages, ROW_QUANTILE) as f32;
        self.look(frame, limits, quantile, self.config.frame_s * share, sink);
    }

    /// Start and stop of the next frame.
    pub(super) fn next_frame(&self) -> [f64; 2] {
        let start_s = self.tracks.now_s();
        [start_s, start_s + self.config.frame_s]
    }

    fn look(&mut self, frame: Averaged<'_>, mut limits: Limits, quantile: f32, frame_s: f64, sink: Sink<'_>) {
        let mean = frame.mean;
        decibels(mean, &mut self.levels);
        let floor = self.floors.floor();
        limits.within = limits.within.start.max(floor.live.0)..limits.within.end.min(floor.live.1);
        self.found.clear();
        if limits.within.len() > self.config.bins / 16 && self.regions.screen(mean, &floor.inverse, limits.seed) {
            let live = (limits.within.start, limits.within.end);
            let rise = self.rise.measure(mean, &floor.inverse, live, quantile);
            self.regions
                .find(mean, &floor.level, &floor.inverse, rise, &limits, &mut self.found);
            mark_mirrors(&mut self.found, self.config.bins);
        }
        let start_s = self.tracks.now_s();
        self.clipping
            .add([start_s, start_s + frame_s], frame.clipped, frame.samples);
        self.tracks.advance(&self.found, frame_s, &self.clipping, sink);
    }

    /// Time passes unobserved; no emission ends by it.
    pub fn gap(&mut self, duration_s: f64) {
        self.tracks.gap(duration_s);
    }

    /// Ends the survey: everything still open is reported.
    pub fn finish(&mut self, sink: Sink<'_>) -> Findings {
        let emissions = self.tracks.finish(&self.clipping, sink);
        let floor = self.floors.floor();
        let live = floor.live.1 - floor.live.0;
        let mut levels = floor.level.get(floor.live.0..floor.live.1).unwrap_or_default().to_vec();
        levels.sort_unstable_by(f32::total_cmp);
        Findings {
            emissions,
            floor: levels.get(live / 2).copied().unwrap_or_default(),
            floor_uncertainty_db: floor.uncertainty_db,
            floor_observed: live > 0 && !self.tracks.is_full(FULL, live),
        }
    }

    /// The last frame, dBFS per bin.
    #[must_use]
    pub fn levels_dbfs(&self) -> &[f32] {
        &self.levels
    }

    /// Noise power per bin as known now; empty before the first frame.
    #[must_use]
    pub fn floor(&self) -> &[f32] {
        &self.floors.floor().level
    }
}
