//! The chain on a general FFT library: convert and window, transform in place, power and statistics.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::{Engine, statistics::centred};
use crate::dsp::iq::{self, IqSlice};

/// Any size, any processor.
pub(super) struct General {
    taps: Vec<f32>,
    fft: Arc<dyn Fft<f32>>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    sum: Vec<f32>,
    max: Vec<f32>,
    min: Vec<f32>,
}

impl General {
    pub(super) fn new(taps: &[f64]) -> Self {
        let (size, zero) = (taps.len(), Complex::default());
        let fft = FftPlanner::new().plan_fft_forward(size);
        Self {
            taps: taps.iter().map(|w| *w as f32).collect(),
            spectrum: vec![zero; size],
            scratch: vec![zero; fft.get_inplace_scratch_len()],
            fft,
            sum: vec![0.0; size],
            max: vec![0.0; size],
            min: vec![f32::INFINITY; size],
        }
    }

    /// Leaves the spectrum of the first N samples, DC first.
    fn transform(&mut self, samples: IqSlice<'_>) {
        match samples {
            IqSlice::Cu8(x) => self.window(x, iq::from_cu8),
            IqSlice::Cs8(x) => self.window(x, iq::from_cs8),
            IqSlice::Cs16(x) => self.window(x, iq::from_cs16),
            IqSlice::Cf32(x) => self.window(x, iq::from_cf32),
        }
        self.fft.process_with_scratch(&mut self.spectrum, &mut self.scratch);
    }

    fn window<T: Copy>(&mut self, samples: &[Complex<T>], convert: impl Fn(Complex<T>) -> Complex<f32>) {
        let samples = &samples[..self.taps.len()];
        for ((out, sample), tap) in self.spectrum.iter_mut().zip(samples).zip(&self.taps) {
            *out = convert(*sample) * *tap;
        }
    }
}

impl Engine for General {
    fn add(&mut self, samples: IqSlice<'_>, hop: usize, frames: usize) {
        for frame in 0..frames {
            self.transform(samples.slice(frame * hop..samples.len()));
            let running = self.sum.iter_mut().zip(&mut self.max).zip(&mut self.min);
            for (((sum, max), min), bin) in running.zip(&self.spectrum) {
                let power = bin.norm_sqr();
                *sum += power;
                *max = if power > *max { power } else { *max };
                *min = if power < *min { power } else { *min };
            }
        }
    }

    fn take(&mut self, sum: &mut [f32], max: &mut [f32], min: &mut [f32]) {
        centred(&self.sum, sum);
        centred(&self.max, max);
        centred(&self.min, min);
        self.sum.fill(0.0);
        self.max.fill(0.0);
        self.min.fill(f32::INFINITY);
    }
}
