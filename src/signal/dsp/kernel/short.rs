//! A row of short slots: what is too brief for a spectrum of many bins.
//!
//! A row is [`SLOTS`] slots of [`SIZE`] samples. Each slot has the mean of [`FRAMES`] spectra of 64 bins, [`HOP`] samples apart, scaled
//! and ordered as those of [`Resolution`](super::Resolution), and sums of the power |x|² of its samples, full scale 1, to which the first
//! samples of the next slot belong where the sum begins at its end.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::{Engine, reference::Reference};
use crate::dsp::iq::IqSlice;

/// Samples of a slot, and bins of its spectrum.
pub(super) const SIZE: usize = 64;
/// Slots of a row.
pub(super) const SLOTS: usize = 16;
/// Frames averaged in a slot.
pub(super) const FRAMES: usize = 2;
/// Samples between them.
pub(super) const HOP: usize = SIZE / FRAMES;
/// Samples of the longer sums.
pub(super) const WINDOW: usize = 16;
/// Samples that a row looks at: its own, and what its last frame sees of the next.
pub(in crate::dsp) const REACH: usize = SLOTS * SIZE + HOP;

/// What comes of a row; numbers of the slots lie side by side.
#[derive(Debug, Clone)]
pub struct ShortRow {
    /// Mean power of the frames of each slot in each bin, ascending in frequency.
    pub powers: [[f32; SLOTS]; SIZE],
    /// Power of all samples of the slot.
    pub sums: [f32; SLOTS],
    /// Greatest power of two neighbours, the first of them in the slot.
    pub twos: [f32; SLOTS],
    /// Greatest power of sixteen neighbours, the first of them in the slot.
    pub sixteens: [f32; SLOTS],
}

impl Default for ShortRow {
    fn default() -> Self {
        Self {
            powers: [[0.0; SLOTS]; SIZE],
            sums: [0.0; SLOTS],
            twos: [0.0; SLOTS],
            sixteens: [0.0; SLOTS],
        }
    }
}

/// Measures rows.
pub(in crate::dsp) trait Short: Send {
    /// Measures the row that begins with `samples`.
    ///
    /// # Panics
    /// When they are fewer than [`REACH`].
    fn measure(&mut self, samples: IqSlice<'_>, out: &mut ShortRow);
}

/// Frame after frame with a general FFT library.
pub(super) struct Plain {
    taps: [f32; SIZE],
    fft: Arc<dyn Fft<f32>>,
    samples: Vec<Complex<f32>>,
    powers: [f32; REACH],
    frame: [Complex<f32>; SIZE],
    scratch: Vec<Complex<f32>>,
}

impl Plain {
    /// For frames that are multiplied by `taps`, signs included.
    pub(super) fn new(taps: &[f64; SIZE]) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(SIZE);
        Self {
            taps: taps.map(|tap| tap as f32),
            samples: Vec::with_capacity(REACH),
            powers: [0.0; REACH],
            frame: [Complex::default(); SIZE],
            scratch: vec![Complex::default(); fft.get_inplace_scratch_len()],
            fft,
        }
    }
}

impl Short for Plain {
    fn measure(&mut self, samples: IqSlice<'_>, out: &mut ShortRow) {
        let samples = samples.slice(0..REACH);
        self.samples.clear();
        samples.append_to(&mut self.samples);
        samples.powers_into(&mut self.powers);
        for slot in 0..SLOTS {
            let mut mean = [0.0; SIZE];
            for frame in 0..FRAMES {
                let x = &self.samples[slot * SIZE + frame * HOP..];
                for ((out, x), tap) in self.frame.iter_mut().zip(x).zip(&self.taps) {
                    *out = x * *tap;
                }
                self.fft.process_with_scratch(&mut self.frame, &mut self.scratch);
                for (mean, x) in mean.iter_mut().zip(&self.frame) {
                    *mean += x.norm_sqr() * (1.0 / FRAMES as f32);
                }
            }
            for (bin, mean) in out.powers.iter_mut().zip(mean) {
                bin[slot] = mean;
            }
            let powers = &self.powers[slot * SIZE..];
            let greatest = |length: usize| {
                let sums = powers.windows(length).take(SIZE).map(|x| x.iter().sum());
                sums.fold(0.0, f32::max)
            };
            (out.twos[slot], out.sixteens[slot]) = (greatest(2), greatest(WINDOW));
            out.sums[slot] = powers[..SIZE].iter().sum();
        }
    }
}

/// The oracle: double precision, from the samples as they come.
pub(super) struct Oracle(Reference);

impl Oracle {
    /// For frames that are multiplied by `taps`, the window as it is.
    pub(super) fn new(taps: &[f64; SIZE]) -> Self {
        Self(Reference::new(taps))
    }
}

impl Short for Oracle {
    fn measure(&mut self, samples: IqSlice<'_>, out: &mut ShortRow) {
        let mut numbers = Vec::with_capacity(REACH);
        samples.slice(0..REACH).append_to(&mut numbers);
        let powers: Vec<f64> = numbers
            .iter()
            .map(|x| f64::from(x.re).powi(2) + f64::from(x.im).powi(2))
            .collect();
        for slot in 0..SLOTS {
            let (mut sum, mut max, mut min) = ([0.0; SIZE], [0.0; SIZE], [0.0; SIZE]);
            let at = slot * SIZE;
            self.0.add(samples.slice(at..samples.len()), HOP, FRAMES);
            self.0.take(&mut sum, &mut max, &mut min);
            for (bin, sum) in out.powers.iter_mut().zip(sum) {
                bin[slot] = sum / FRAMES as f32;
            }
            let greatest = |length: usize| {
                let sums = powers[at..].windows(length).take(SIZE).map(|x| x.iter().sum());
                sums.fold(0.0, f64::max) as f32
            };
            (out.twos[slot], out.sixteens[slot]) = (greatest(2), greatest(WINDOW));
            out.sums[slot] = powers[at..at + SIZE].iter().sum::<f64>() as f32;
        }
    }
}
