//! Windowed power spectra of consecutive segments.
//!
//! Scaling: the bins of one spectrum sum to the mean power of the (windowed) samples, so a sum over a channel is the
//! channel's power and noise of density S reads S · fs / N per bin. Bin order ascends in frequency, DC at N / 2.

use num_complex::Complex;

use super::{
    iq::{IqFormat, IqSlice},
    kernel::{Backend, Engine},
    window::Window,
};

/// One FFT size with its window, on the fastest kernel of this processor; allocates only in `new`.
pub struct PowerSpectrum {
    window: Window,
    engine: Box<dyn Engine>,
}

impl PowerSpectrum {
    /// Plans spectra of `size` bins (even).
    #[must_use]
    pub fn new(size: usize) -> Self {
        let window = Window::blackman_harris(size);
        let taps = window.power_taps();
        Self {
            engine: Backend::best().engine_or_general(&taps, IqFormat::Cf32),
            window,
        }
    }

    /// The window.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Number of bins.
    #[must_use]
    pub fn size(&self) -> usize {
        self.window.taps.len()
    }

    /// Writes the power of one segment, `size` samples, to `power`, `size` bins.
    pub fn power_into(&mut self, samples: &[Complex<f32>], power: &mut [f32]) {
        self.engine.frame(IqSlice::Cf32(samples), power);
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
