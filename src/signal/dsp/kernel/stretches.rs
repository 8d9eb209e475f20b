//! Power spectra of single frames, many stretches of a stream at once.
//!
//! A *stretch* is what one decision is made on: some frames of one size and some of another, of the same samples. For
//! frame f of N samples from n₀ on, with x in full scale ±1 and w the window's coefficients over √(N Σw²):
//!
//! ```text
//! p[k] = |Σₙ w[n] x[n₀ + n] e^(−2πi n(k − N/2)/N)|²        k = 0..N: ascending frequency, DC at N / 2
//! ```
//!
//! A spectrum is the mean of one or more neighbouring frames. What comes out of a stretch does not depend on how many
//! come at a time, to the bit.

use num_complex::Complex;

use super::{Engine, reference::Reference};
use crate::dsp::{iq::IqSlice, spectrum::PowerSpectrum};

/// Frames of one size in a stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// Window with the scale of the spectrum, [`Window::power_taps`](crate::dsp::window::Window::power_taps).
    pub taps: Vec<f64>,
    /// Samples from frame to frame; the first begins with the stretch.
    pub hop: usize,
    /// Neighbouring frames averaged to one spectrum.
    pub averages: usize,
    /// Spectra.
    pub spectra: usize,
}

impl Resolution {
    /// Samples from the beginning of the stretch to the end of the last frame.
    #[must_use]
    pub fn reach(&self) -> usize {
        (self.spectra * self.averages - 1) * self.hop + self.taps.len()
    }

    /// Numbers that come out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spectra * self.taps.len()
    }

    /// Whether nothing comes out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The window with every other sign changed: a shift by half the rate, which puts DC into the middle.
    pub(super) fn centred_taps(&self) -> impl Iterator<Item = f64> {
        let taps = self.taps.iter().enumerate();
        taps.map(|(n, w)| if n % 2 == 0 { *w } else { -w })
    }
}

/// Spectra of stretches.
pub(in crate::dsp) trait Stretches: Send {
    /// Writes the spectra of `count` stretches that begin `stride` samples apart: those of each stretch one after the
    /// other, resolution by resolution.
    ///
    /// # Panics
    /// When `samples` are too few or `out` is too short.
    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32]);
}

/// Frame after frame with a general FFT library.
pub(super) struct OneByOne {
    resolutions: Vec<(Resolution, PowerSpectrum)>,
    reach: usize,
    samples: Vec<Complex<f32>>,
    frame: Vec<f32>,
}

impl OneByOne {
    pub(super) fn new(resolutions: &[Resolution]) -> Self {
        let reach = resolutions.iter().map(Resolution::reach).max().unwrap_or(0);
        let longest = resolutions.iter().map(|r| r.taps.len()).max().unwrap_or(0);
        let planned = |r: &Resolution| (r.clone(), PowerSpectrum::with_taps(r.centred_taps()));
        Self {
            resolutions: resolutions.iter().map(planned).collect(),
            reach,
            samples: Vec::with_capacity(reach),
            frame: vec![0.0; longest],
        }
    }
}

impl Stretches for OneByOne {
    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32]) {
        let mut rest = out;
        for at in (0..count).map(|stretch| stretch * stride) {
            self.samples.clear();
            samples.slice(at..at + self.reach).append_to(&mut self.samples);
            for (resolution, spectrum) in &mut self.resolutions {
                let size = resolution.taps.len();
                let (mine, others) = rest.split_at_mut(resolution.len());
                for (index, mean) in mine.chunks_exact_mut(size).enumerate() {
                    let first = index * resolution.averages * resolution.hop;
                    spectrum.power_into(&self.samples[first..], mean);
                    for frame in 1..resolution.averages {
                        let power = &mut self.frame[..size];
                        spectrum.power_into(&self.samples[first + frame * resolution.hop..], power);
                        mean.iter_mut().zip(power).for_each(|(sum, p)| *sum += *p);
                    }
                    let share = 1.0 / resolution.averages as f32;
                    mean.iter_mut().for_each(|sum| *sum *= share);
                }
                rest = others;
            }
        }
    }
}

/// The oracle: double precision, from the samples as they come.
pub(super) struct Exact {
    resolutions: Vec<(Resolution, Reference)>,
}

impl Exact {
    pub(super) fn new(resolutions: &[Resolution]) -> Self {
        let planned = |r: &Resolution| (r.clone(), Reference::new(&r.taps));
        Self {
            resolutions: resolutions.iter().map(planned).collect(),
        }
    }
}

impl Stretches for Exact {
    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32]) {
        let mut rest = out;
        for at in (0..count).map(|stretch| stretch * stride) {
            for (resolution, reference) in &mut self.resolutions {
                let (size, frames) = (resolution.taps.len(), resolution.averages);
                let (mine, others) = rest.split_at_mut(resolution.len());
                let (mut max, mut min) = (vec![0.0; size], vec![0.0; size]);
                for (index, mean) in mine.chunks_exact_mut(size).enumerate() {
                    let first = at + index * frames * resolution.hop;
                    reference.add(samples.slice(first..samples.len()), resolution.hop, frames);
                    reference.take(mean, &mut max, &mut min);
                    mean.iter_mut().for_each(|sum| *sum /= frames as f32);
                }
                rest = others;
            }
        }
    }
}
