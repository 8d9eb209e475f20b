//! Averaged spectra for people to look at.

use super::{
    config::{BINS, DetectorConfig, ROW},
    event::Frame,
};
use crate::{
    dsp::{kernel::Statistics, measure::decibel, window::Window},
    units::Hertz,
};

/// Gathers spectra into [`Frame`]s.
pub(super) struct FrameMaker {
    interval_s: f64,
    /// Neighbouring bins that are one of a frame.
    joined: usize,
    rate_hz: f64,
    low_hz: Hertz,
    high_hz: Hertz,
    enbw_bins: f64,
    start_s: f64,
    spectra: f32,
    sum: Vec<f32>,
    max: Vec<f32>,
    min: Vec<f32>,
}

impl FrameMaker {
    /// For spectra of `size` bins; `None` when no frames are wanted.
    pub(super) fn new(config: &DetectorConfig, size: usize) -> Option<Self> {
        let interval_s = config.frame_interval_s?;
        let bins = config
            .frame_bins
            .clamp(16, BINS)
            .next_power_of_two()
            .min(BINS)
            .min(size);
        let half_hz = config.sample_rate_hz / 2.0;
        let half_bin_hz = config.sample_rate_hz / size as f64 / 2.0;
        Some(Self {
            interval_s,
            joined: size / bins,
            rate_hz: config.sample_rate_hz,
            low_hz: Hertz::from_f64(config.center_hz.as_f64() - half_hz - half_bin_hz),
            high_hz: Hertz::from_f64(config.center_hz.as_f64() + half_hz - half_bin_hz),
            // Bins of one frame share the window's width.
            enbw_bins: if bins == size {
                Window::blackman_harris(size).enbw_bins()
            } else {
                1.0
            },
            start_s: 0.0,
            spectra: 0.0,
            sum: vec![0.0; size],
            max: vec![0.0; size],
            min: vec![f32::INFINITY; size],
        })
    }

    /// Takes the segments of a row that begins at `row_s`; returns a frame when one is full.
    pub(super) fn add(&mut self, row_s: f64, segments: &[f32], floor: &[f32]) -> Option<Frame> {
        if self.spectra == 0.0 {
            self.start_s = row_s;
        }
        for segment in segments.chunks_exact(BINS) {
            self.spectra += 1.0;
            for (k, &p) in segment.iter().enumerate() {
                self.sum[k] += p;
                self.max[k] = self.max[k].max(p);
                self.min[k] = self.min[k].min(p);
            }
        }
        let stop_s = row_s + ROW as f64 / self.rate_hz;
        self.take_if_full(stop_s, floor)
    }

    /// Takes spectra of the `time` that were averaged before; returns a frame when one is full.
    pub(super) fn average(&mut self, time: [f64; 2], spectra: &Statistics, floor: &[f32]) -> Option<Frame> {
        if self.spectra == 0.0 {
            self.start_s = time[0];
        }
        let count = spectra.frames as f32;
        self.spectra += count;
        for k in 0..self.sum.len().min(spectra.mean.len()) {
            self.sum[k] += spectra.mean[k] * count;
            self.max[k] = self.max[k].max(spectra.max[k]);
            self.min[k] = self.min[k].min(spectra.min[k]);
        }
        self.take_if_full(time[1], floor)
    }

    fn take_if_full(&mut self, stop_s: f64, floor: &[f32]) -> Option<Frame> {
        (stop_s - self.start_s >= self.interval_s - 1e-9).then(|| self.take(stop_s, floor))
    }

    fn take(&mut self, stop_s: f64, floor: &[f32]) -> Frame {
        let scale = 1.0 / self.spectra;
        let frame = Frame {
            start_s: self.start_s,
            duration_s: stop_s - self.start_s,
            low_hz: self.low_hz,
            high_hz: self.high_hz,
            enbw_bins: self.enbw_bins,
            mean_dbfs: self.levels(&self.sum, scale),
            max_dbfs: self.levels(&self.max, 1.0),
            min_dbfs: self.levels(&self.min, 1.0),
            floor_dbfs: self.levels(floor, 1.0),
        };
        self.clear();
        frame
    }

    /// Forgets what is gathered, because time is missing.
    pub(super) fn clear(&mut self) {
        self.spectra = 0.0;
        self.sum.fill(0.0);
        self.max.fill(0.0);
        self.min.fill(f32::INFINITY);
    }

    /// Levels per bin of the frame: a tone in a single bin reads its power, joined bins read their sum.
    fn levels(&self, power: &[f32], scale: f32) -> Vec<f32> {
        let scale = f64::from(scale) * self.enbw_bins;
        let bins = power.chunks_exact(self.joined);
        bins.map(|b| decibel(b.iter().map(|p| f64::from(*p)).sum::<f64>() * scale) as f32)
            .collect()
    }
}
