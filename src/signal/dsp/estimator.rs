//! Averaged power spectra of a sample stream: mean, maximum and minimum of every bin over a number of frames.
//!
//! Scaling is that of [`PowerSpectrum`](super::spectrum::PowerSpectrum): the bins of a spectrum sum to the mean power of
//! the windowed samples, full scale is 1, noise of density S reads S · fs / N per bin. The stream may be cut into blocks
//! anywhere; the results are the same to the bit.

use super::{
    iq::{IqBuffer, IqFormat, IqSlice},
    kernel::{Backend, Engine, Statistics},
    window::Window,
};

/// What to estimate; the size is the window's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimatorSettings {
    /// Samples from frame to frame, 1 to the size; half the size is 50 % overlap.
    pub hop: usize,
    /// Frames per result, at least 1.
    pub averages: u32,
    /// Format of the samples.
    pub format: IqFormat,
    /// Code that computes.
    pub backend: Backend,
}

/// Why there is no such estimator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstimatorError {
    /// No bins.
    #[error("a spectrum needs a window of at least one sample")]
    Empty,
    /// Frames would not advance, or leave samples out.
    #[error("the hop must be 1 to {size} samples, not {hop}")]
    Hop {
        /// As asked for.
        hop: usize,
        /// Size of a frame.
        size: usize,
    },
    /// A result of no frames.
    #[error("a result needs at least one frame")]
    Averages,
    /// The processor lacks the instructions.
    #[error("this processor cannot run the {0:?} kernel; `Backend::best()` names the one it can")]
    Backend(Backend),
}

/// Frames summed in single precision before they go to the double-precision total: rounding stays below 1e-4 dB.
const FRAMES_SINGLE: u32 = 256;

/// Estimates the power spectrum of a stream. Allocates only in `new`.
pub struct SpectrumEstimator {
    settings: EstimatorSettings,
    counter: Counter,
    /// Samples from the beginning of the next frame on, fewer than a frame between calls.
    carry: IqBuffer,
}

impl SpectrumEstimator {
    /// Plans spectra of `window.taps.len()` bins.
    ///
    /// # Errors
    /// Settings that make no sense, or a backend that this processor cannot run.
    pub fn new(window: &Window, settings: EstimatorSettings) -> Result<Self, EstimatorError> {
        let (size, hop) = (window.taps.len(), settings.hop);
        if size == 0 {
            return Err(EstimatorError::Empty);
        }
        if hop == 0 || hop > size {
            return Err(EstimatorError::Hop { hop, size });
        }
        if settings.averages == 0 {
            return Err(EstimatorError::Averages);
        }
        let engine = settings.backend.engine(&window.power_taps(), settings.format);
        let engine = engine.ok_or(EstimatorError::Backend(settings.backend))?;
        Ok(Self {
            settings,
            counter: Counter::new(engine, size, settings),
            carry: IqBuffer::with_capacity(settings.format, 2 * size),
        })
    }

    /// What it was made for.
    #[must_use]
    pub fn settings(&self) -> EstimatorSettings {
        self.settings
    }

    /// Takes the next samples of the stream; `out` receives every result that they complete, in order.
    ///
    /// # Panics
    /// When the samples are of another format than agreed.
    pub fn push(&mut self, samples: IqSlice<'_>, out: &mut impl FnMut(&Statistics)) {
        let kept = self.carry.as_slice().len();
        let mut rest = samples;
        if kept > 0 {
            // Frames that begin among the samples kept reach at most this far into the new ones.
            let reach = samples.len().min(self.counter.size - 1);
            self.carry.append(samples.slice(0..reach));
            let next = self.counter.advance(self.carry.as_slice(), kept, out);
            if next < kept {
                self.carry.drop_front(next);
                return;
            }
            self.carry.clear();
            rest = samples.slice(next - kept..samples.len());
        }
        let next = self.counter.advance(rest, rest.len(), out);
        self.carry.append(rest.slice(next..rest.len()));
    }

    /// Hands out what has been counted towards the next result, if anything; the stream goes on.
    pub fn flush(&mut self, out: &mut impl FnMut(&Statistics)) {
        if self.counter.frames + self.counter.pending > 0 {
            self.counter.emit(out);
        }
    }

    /// Forgets the samples and frames not yet in a result, as after a gap in the stream.
    pub fn reset(&mut self) {
        self.carry.clear();
        self.flush(&mut |_| ());
    }
}

/// Counts frames into results.
struct Counter {
    engine: Box<dyn Engine>,
    size: usize,
    hop: usize,
    averages: u32,
    /// Frames in the engine, and those already in `total`.
    pending: u32,
    frames: u32,
    total: Vec<f64>,
    part: Statistics,
    result: Statistics,
}

impl Counter {
    fn new(engine: Box<dyn Engine>, size: usize, settings: EstimatorSettings) -> Self {
        Self {
            engine,
            size,
            hop: settings.hop,
            averages: settings.averages,
            pending: 0,
            frames: 0,
            total: vec![0.0; size],
            part: Statistics::new(size),
            result: Statistics::new(size),
        }
    }

    /// Counts the frames that begin before `until` and lie within `samples`; returns where the next one begins.
    fn advance(&mut self, samples: IqSlice<'_>, until: usize, out: &mut impl FnMut(&Statistics)) -> usize {
        let mut at = 0;
        while at < until && at + self.size <= samples.len() {
            let complete = (samples.len() - self.size - at) / self.hop + 1;
            let starting = (until - at).div_ceil(self.hop);
            let wanted = (self.averages - self.frames - self.pending).min(FRAMES_SINGLE - self.pending);
            let frames = complete.min(starting).min(wanted as usize);
            self.engine.add(samples.slice(at..samples.len()), self.hop, frames);
            at += frames * self.hop;
            self.pending += frames as u32;
            if self.frames + self.pending == self.averages {
                self.emit(out);
            } else if self.pending == FRAMES_SINGLE {
                self.collect();
            }
        }
        at
    }

    /// Moves the engine's frames to the total.
    fn collect(&mut self) {
        let (part, result) = (&mut self.part, &mut self.result);
        self.engine.take(&mut part.mean, &mut part.max, &mut part.min);
        if self.frames == 0 {
            self.total.fill(0.0);
            result.max.fill(0.0);
            result.min.fill(f32::INFINITY);
        }
        for (total, sum) in self.total.iter_mut().zip(&part.mean) {
            *total += f64::from(*sum);
        }
        for (max, part) in result.max.iter_mut().zip(&part.max) {
            *max = max.max(*part);
        }
        for (min, part) in result.min.iter_mut().zip(&part.min) {
            *min = min.min(*part);
        }
        self.frames += self.pending;
        self.pending = 0;
    }

    fn emit(&mut self, out: &mut impl FnMut(&Statistics)) {
        if self.frames == 0 {
            let result = &mut self.result;
            self.engine.take(&mut result.mean, &mut result.max, &mut result.min);
            let share = 1.0 / self.pending as f32;
            result.mean.iter_mut().for_each(|mean| *mean *= share);
            result.frames = self.pending;
        } else {
            self.collect();
            let share = 1.0 / f64::from(self.frames);
            for (mean, total) in self.result.mean.iter_mut().zip(&self.total) {
                *mean = (total * share) as f32;
            }
            self.result.frames = self.frames;
        }
        (self.frames, self.pending) = (0, 0);
        out(&self.result);
    }
}
