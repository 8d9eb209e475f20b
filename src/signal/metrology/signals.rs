//! Signals whose measures are known: noise, tones, shaped noise, pulses. The same on every machine for one seed.
//!
//! Levels are powers relative to a full-scale complex sine (power 1); frequencies are shares of the sample rate.

use std::{f64::consts::TAU, ops::Range};

use num_complex::Complex;
use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, StandardNormal};

/// A source of random numbers and what is made from them.
pub(crate) struct Signals(Xoshiro256PlusPlus);

impl Signals {
    /// The source that `seed` names.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in its logarithm, in [low, high).
    pub(crate) fn log_between(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// A whole number in `range`, all equally likely.
    pub(crate) fn whole(&mut self, range: Range<usize>) -> usize {
        self.0.random_range(range)
    }

    /// One complex Gaussian sample of mean power `power`, in double precision.
    pub(crate) fn complex(&mut self, power: f64) -> Complex<f64> {
        let (re, im): (f64, f64) = (StandardNormal.sample(&mut self.0), StandardNormal.sample(&mut self.0));
        Complex::new(re, im) * (0.5 * power).sqrt()
    }

    /// One complex Gaussian sample of mean power `2 scale²`.
    fn normal(&mut self, scale: f32) -> Complex<f32> {
        let (re, im): (f32, f32) = (StandardNormal.sample(&mut self.0), StandardNormal.sample(&mut self.0));
        Complex::new(re * scale, im * scale)
    }

    /// `count` samples of white Gaussian noise of mean power `power`.
    pub(crate) fn noise(&mut self, count: usize, power: f64) -> Vec<Complex<f32>> {
        let scale = (0.5 * power).sqrt() as f32;
        (0..count).map(|_| self.normal(scale)).collect()
    }

    /// Refills `out` with white Gaussian noise of mean power `power`.
    pub(crate) fn refill(&mut self, out: &mut [Complex<f32>], power: f64) {
        let scale = (0.5 * power).sqrt() as f32;
        out.iter_mut().for_each(|x| *x = self.normal(scale));
    }

    /// `count` samples of Gaussian noise of mean power `power` whose spectrum has the amplitude `shape(f)`, `f` from
    /// -0.5 to 0.5.
    pub(crate) fn shaped(&mut self, count: usize, power: f64, shape: impl Fn(f64) -> f64) -> Vec<Complex<f32>> {
        const BLOCK: usize = 1 << 16;
        let fft = rustfft::FftPlanner::new().plan_fft_inverse(BLOCK);
        let frequency = |k: usize| if k < BLOCK / 2 { k as f64 } else { k as f64 - BLOCK as f64 } / BLOCK as f64;
        let amplitudes: Vec<f64> = (0..BLOCK).map(|k| shape(frequency(k))).collect();
        let scale = (power / amplitudes.iter().map(|a| a * a).sum::<f64>()).sqrt();
        let mut out = Vec::with_capacity(count + BLOCK);
        while out.len() < count {
            let from = out.len();
            out.extend(
                amplitudes
                    .iter()
                    .map(|a| self.normal((a * scale * 0.5_f64.sqrt()) as f32)),
            );
            fft.process(&mut out[from..]);
        }
        out.truncate(count);
        out
    }
}

/// Adds a tone of amplitude `amplitude`, frequency `frequency` and phase `phase` (in turns, at the first sample of
/// `out`).
pub(crate) fn add_tone(out: &mut [Complex<f32>], frequency: f64, amplitude: f64, phase: f64) {
    // A phasor turned by products drifts; it is set anew now and then.
    const STRETCH: usize = 1024;
    let step = Complex::from_polar(1.0, TAU * frequency);
    for (i, part) in out.chunks_mut(STRETCH).enumerate() {
        let turns = (frequency * (i * STRETCH) as f64 + phase).fract();
        let mut phasor = Complex::from_polar(amplitude, TAU * turns);
        for x in part {
            *x += Complex::new(phasor.re as f32, phasor.im as f32);
            phasor *= step;
        }
    }
}
