//! The chain of a survey: samples → averaged spectra → emissions.

use super::{
    super::{
        book::Sink,
        config::{DetectError, DetectorConfig},
        emission::{Gap, GapReason, Summary},
        event::DetectEvent,
        frame::FrameMaker,
    },
    Averaged, Survey, SurveyConfig,
};
use crate::dsp::{
    detection::snr_wall_db,
    estimator::{EstimatorSettings, SpectrumEstimator},
    iq::IqSlice,
    kernel::{Backend, Statistics},
    measure::decibel,
    window::Window,
};

/// Widest bin that a survey takes where the span allows it.
const BIN_HZ: f64 = 8_000.0;
/// Bins of a spectrum, least and most.
const BINS: [usize; 2] = [1024, 16_384];
/// Spectra in a mean, least and most, and the time it is to last between those.
const SPECTRA: [f64; 2] = [8.0, 64.0];
/// The time.
const FRAME_S: f64 = 0.05;

/// Surveys a stream of samples: several times faster than [`Detector`](crate::detect::Detector), for what lasts. Emissions come without
/// class and 26 dB bandwidth, their times are those of frames, and nothing is found that is shorter or fainter than a frame shows.
pub struct Surveyor {
    config: DetectorConfig,
    bins: usize,
    spectra: usize,
    averages: f64,
    /// Made when the first samples tell their format.
    running: Option<Running>,
    samples: u64,
    clipped: u64,
    gap_s: f64,
    gaps: u64,
}

struct Running {
    estimator: SpectrumEstimator,
    survey: Survey,
    frames: Option<FrameMaker>,
    /// Samples of the frame in progress, and those of them at the limits of the converter.
    filled: usize,
    clipped: u32,
}

impl Surveyor {
    /// A survey for `config`, of which the rules do not count.
    ///
    /// # Errors
    /// When a value of the configuration makes no sense.
    pub fn new(config: &DetectorConfig) -> Result<Self, DetectError> {
        config.validate()?;
        let bins = Self::bins_at(config.sample_rate_hz);
        let spectra = (FRAME_S * config.sample_rate_hz / bins as f64).clamp(SPECTRA[0], SPECTRA[1]) as usize;
        Ok(Self {
            config: config.clone(),
            bins,
            spectra,
            averages: Window::blackman_harris(bins).effective_averages(spectra, bins, 1),
            running: None,
            samples: 0,
            clipped: 0,
            gap_s: 0.0,
            gaps: 0,
        })
    }

    /// Bins of its spectra.
    #[must_use]
    pub fn bins_at(sample_rate_hz: f64) -> usize {
        let wanted = (sample_rate_hz / BIN_HZ).clamp(BINS[0] as f64, BINS[1] as f64);
        (wanted.ceil() as usize).next_power_of_two().min(BINS[1])
    }

    /// Time of a frame.
    #[must_use]
    pub fn frame_s(&self) -> f64 {
        (self.bins * self.spectra) as f64 / self.config.sample_rate_hz
    }

    /// Takes samples, any number at a time, all of one format.
    pub fn push(&mut self, block: IqSlice<'_>, sink: Sink<'_>) {
        if self.running.is_none() {
            self.running = self.start(block);
        }
        let Some(running) = &mut self.running else { return };
        let frame = self.bins * self.spectra;
        let mut from = 0;
        while from < block.len() {
            let until = block.len().min(from + frame - running.filled);
            let samples = block.slice(from..until);
            let clipped = samples.clipped();
            self.clipped += clipped;
            self.samples += samples.len() as u64;
            running.take(samples, clipped as u32, sink);
            from = until;
        }
    }

    fn start(&self, block: IqSlice<'_>) -> Option<Running> {
        let settings = EstimatorSettings {
            hop: self.bins,
            averages: self.spectra as u32,
            format: block.format(),
            backend: Backend::best(),
        };
        // Never an error with these settings: the backend is one this processor can run.
        let estimator = SpectrumEstimator::new(&Window::blackman_harris(self.bins), settings).ok()?;
        let mut survey = Survey::new(SurveyConfig {
            bins: self.bins,
            averages: self.averages,
            frame_s: self.frame_s(),
            sample_rate_hz: self.config.sample_rate_hz,
            center_hz: self.config.center_hz,
            usable_fraction: self.config.usable_fraction,
            silence: (block.rounding_power() / self.bins as f64) as f32,
            false_alarms_per_day_mhz: self.config.false_alarms_per_day_mhz,
            hold_s: self.config.rules.hold_s,
        });
        survey.gap(self.gap_s);
        Some(Running {
            estimator,
            survey,
            frames: FrameMaker::new(&self.config, self.bins),
            filled: 0,
            clipped: 0,
        })
    }

    /// Time passes unobserved, after the samples of a frame that is not complete have been dropped.
    pub fn gap(&mut self, duration_s: f64, reason: GapReason, sink: Sink<'_>) {
        let rate = self.config.sample_rate_hz;
        let duration_s = duration_s.max(0.0);
        let start_s = self.samples as f64 / rate + self.gap_s;
        self.gap_s += duration_s;
        self.gaps += 1;
        if let Some(running) = &mut self.running {
            running.estimator.reset();
            let dropped_s = std::mem::take(&mut running.filled) as f64 / rate;
            running.clipped = 0;
            running.survey.gap(dropped_s + duration_s);
            if let Some(frames) = &mut running.frames {
                frames.clear();
            }
        }
        sink(DetectEvent::Gap(Gap {
            start_s,
            stop_s: start_s + duration_s,
            reason,
        }));
    }

    /// Ends the pass: everything still open is reported.
    pub fn finish(&mut self, sink: Sink<'_>) -> Summary {
        let frame = self.bins * self.spectra;
        let findings = self.running.take().map(|mut running| {
            running.rest(frame, sink);
            running.survey.finish(sink)
        });
        let rate = self.config.sample_rate_hz;
        let (density, uncertainty_db) = match &findings {
            Some(found) if found.floor > 0.0 => (
                decibel(f64::from(found.floor) / (rate / self.bins as f64)),
                found.floor_uncertainty_db,
            ),
            _ => (-200.0, 0.0),
        };
        Summary {
            samples: self.samples,
            seconds: self.samples as f64 / rate,
            sample_rate_hz: rate,
            center_hz: self.config.center_hz,
            fft_size: self.bins,
            averages: self.averages,
            noise_floor_dbfs_hz: density,
            floor_observed: findings.is_some_and(|found| found.floor_observed),
            floor_uncertainty_db: uncertainty_db,
            snr_wall_db: snr_wall_db(uncertainty_db),
            clipped_fraction: self.clipped as f64 / self.samples.max(1) as f64,
            false_alarms_per_day_mhz: self.config.false_alarms_per_day_mhz,
            emissions: findings.map_or(0, |found| found.emissions),
            gaps: self.gaps,
        }
    }
}

impl Running {
    /// Takes samples that complete a frame at most.
    fn take(&mut self, samples: IqSlice<'_>, clipped: u32, sink: Sink<'_>) {
        self.filled += samples.len();
        self.clipped += clipped;
        let Self {
            estimator,
            survey,
            frames,
            filled,
            clipped,
        } = self;
        estimator.push(samples, &mut |spectra| {
            let time = survey.next_frame();
            survey.frame(averaged(spectra, *clipped, *filled), sink);
            if let Some(frame) = frames.as_mut().and_then(|f| f.average(time, spectra, survey.floor())) {
                sink(DetectEvent::Frame(frame));
            }
            (*filled, *clipped) = (0, 0);
        });
    }

    /// Looks at the samples of a frame of `whole` that never became complete, as far as they make spectra.
    fn rest(&mut self, whole: usize, sink: Sink<'_>) {
        let Self {
            estimator,
            survey,
            filled,
            clipped,
            ..
        } = self;
        let bins = survey.config.bins;
        let used = *filled / bins * bins;
        estimator.flush(&mut |spectra| {
            survey.rest(averaged(spectra, *clipped, used), used as f64 / whole as f64, sink);
        });
    }
}

fn averaged(spectra: &Statistics, clipped: u32, samples: usize) -> Averaged<'_> {
    Averaged {
        mean: &spectra.mean,
        clipped,
        samples,
    }
}
