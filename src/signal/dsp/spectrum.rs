//! Windowed power spectra of consecutive segments.
//!
//! Scaling: the bins of one spectrum sum to the mean power of the (windowed) samples, so a sum over a channel is the
//! channel's power and noise of density S reads S · fs / N per bin. Bin order ascends in frequency, DC at N / 2.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::window::Window;

/// One FFT size with its window and scratch; allocates only in `new`.
pub struct PowerSpectrum {
    taps: Vec<f32>,
    fft: Arc<dyn Fft<f32>>,
    frame: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl PowerSpectrum {
    /// Plans spectra of `size` bins (even).
    #[must_use]
    pub fn new(size: usize) -> Self {
        let taps = Window::blackman_harris(size).power_taps();
        // Odd samples change sign: a shift by half the rate, which puts DC in the middle without reordering bins.
        let taps = taps.iter().enumerate();
        Self::with_taps(taps.map(|(n, w)| if n % 2 == 0 { *w } else { -w }))
    }

    /// Plans spectra of samples that are multiplied by `taps`, bins in the order of the transform.
    pub(super) fn with_taps(taps: impl Iterator<Item = f64>) -> Self {
        let taps: Vec<f32> = taps.map(|w| w as f32).collect();
        let fft = FftPlanner::new().plan_fft_forward(taps.len());
        Self {
            frame: vec![Complex::default(); taps.len()],
            taps,
            scratch: vec![Complex::default(); fft.get_inplace_scratch_len()],
            fft,
        }
    }

    /// Number of bins.
    #[must_use]
    pub fn size(&self) -> usize {
        self.taps.len()
    }

    /// Writes the power of one segment, `size` samples, to `power`, `size` bins.
    pub fn power_into(&mut self, samples: &[Complex<f32>], power: &mut [f32]) {
        for ((out, sample), tap) in self.frame.iter_mut().zip(samples).zip(&self.taps) {
            *out = sample * *tap;
        }
        self.fft.process_with_scratch(&mut self.frame, &mut self.scratch);
        for (out, bin) in power.iter_mut().zip(&self.frame) {
            *out = bin.norm_sqr();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_sum_to_power_and_ascend() {
        let mut spectrum = PowerSpectrum::new(256);
        let mut power = vec![0.0; 256];
        for bin in [3_usize, 128, 200] {
            let step = 2.0 * std::f64::consts::PI * (bin as f64 - 128.0) / 256.0;
            let tone: Vec<_> = (0..256)
                .map(|i| Complex::from_polar(0.5, (step * i as f64) as f32))
                .collect();
            spectrum.power_into(&tone, &mut power);
            let sum: f32 = power.iter().sum();
            assert!((sum - 0.25).abs() < 1e-5, "{sum}");
            let peak = (0..256).max_by(|a, b| power[*a].total_cmp(&power[*b]));
            assert_eq!(peak, Some(bin));
        }
    }
}
