//! Plain measurements the tests judge by: power, tone power, power spectrum. Nothing shared with what is tested.

use std::{f64::consts::TAU, sync::Arc};

use num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// Mean power, dB of full scale (a full-scale complex tone is 0).
pub(crate) fn power_db(samples: &[Complex<f32>]) -> f64 {
    10.0 * mean_power(samples).log10()
}

/// Mean power, linear.
pub(crate) fn mean_power(samples: &[Complex<f32>]) -> f64 {
    samples.iter().map(|s| f64::from(s.norm_sqr())).sum::<f64>() / samples.len() as f64
}

/// Power of a tone at an offset from the centre, dBFS; Blackman window, so neighbours stay out.
pub(crate) fn tone_db(samples: &[Complex<f32>], rate_hz: f64, offset_hz: f64) -> f64 {
    let n = samples.len() as f64;
    let (mut sum, mut weight) = (Complex::new(0.0_f64, 0.0), 0.0);
    for (i, sample) in samples.iter().enumerate() {
        let at = i as f64;
        let w = 0.42 - 0.5 * (TAU * at / n).cos() + 0.08 * (2.0 * TAU * at / n).cos();
        let turns = (offset_hz / rate_hz * at).fract();
        sum += Complex::new(f64::from(sample.re), f64::from(sample.im)) * Complex::from_polar(w, -TAU * turns);
        weight += w;
    }
    20.0 * (sum.norm() / weight).log10()
}

/// Averaged power spectrum: mean power in each of `size` bins, centre in the middle, summing to the signal's power.
pub(crate) fn spectrum(samples: &[Complex<f32>], size: usize) -> Vec<f64> {
    let fft: Arc<dyn Fft<f32>> = FftPlanner::new().plan_fft_forward(size);
    let window: Vec<f32> = (0..size)
        .map(|i| 0.5 - 0.5 * (TAU * i as f64 / size as f64).cos() as f32)
        .collect();
    let norm: f64 = window.iter().map(|w| f64::from(w * w)).sum::<f64>() * size as f64;
    let mut mean = vec![0.0; size];
    let mut count = 0.0;
    for chunk in samples.chunks_exact(size) {
        let mut buffer: Vec<Complex<f32>> = chunk.iter().zip(&window).map(|(s, w)| s * w).collect();
        fft.process(&mut buffer);
        for (bin, value) in buffer.iter().enumerate() {
            mean[(bin + size / 2) % size] += f64::from(value.norm_sqr()) / norm;
        }
        count += 1.0;
    }
    mean.iter().map(|p| p / count).collect()
}

/// Power between two offsets, linear.
pub(crate) fn band_power(spectrum: &[f64], rate_hz: f64, low_hz: f64, high_hz: f64) -> f64 {
    let bin = |hz: f64| (((hz / rate_hz + 0.5) * spectrum.len() as f64).round() as usize).min(spectrum.len());
    spectrum[bin(low_hz)..bin(high_hz)].iter().sum()
}

/// Edges that hold 99 % of the power, offsets in hertz.
pub(crate) fn occupied(spectrum: &[f64], rate_hz: f64) -> (f64, f64) {
    let total: f64 = spectrum.iter().sum();
    let edge = |from_low: bool| {
        let mut sum = 0.0;
        let order: Box<dyn Iterator<Item = usize>> = if from_low {
            Box::new(0..spectrum.len())
        } else {
            Box::new((0..spectrum.len()).rev())
        };
        for bin in order {
            sum += spectrum[bin];
            if sum > 0.005 * total {
                return (bin as f64 / spectrum.len() as f64 - 0.5) * rate_hz;
            }
        }
        f64::NAN
    };
    (edge(true), edge(false))
}
