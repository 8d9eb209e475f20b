//! The oracle: double precision, straight from the definition where the size is no power of two.
//!
//! Powers of two go through the textbook recursion, even and odd samples halved until one is left (Cooley and Tukey
//! 1965), which the tests hold to the definition.

use std::f64::consts::PI;

use num_complex::Complex;

use super::{Engine, statistics::centred};
use crate::dsp::iq::IqSlice;

/// Spectra in double precision.
pub(super) struct Reference {
    taps: Vec<f64>,
    roots: Vec<Complex<f64>>,
    sum: Vec<f64>,
    max: Vec<f64>,
    min: Vec<f64>,
}

impl Reference {
    pub(super) fn new(taps: &[f64]) -> Self {
        let size = taps.len();
        Self {
            taps: taps.to_vec(),
            roots: roots(size),
            sum: vec![0.0; size],
            max: vec![0.0; size],
            min: vec![f64::INFINITY; size],
        }
    }

    fn powers(&self, samples: IqSlice<'_>) -> Vec<f64> {
        let x: Vec<_> = (0..self.taps.len())
            .map(|n| sample(samples, n) * self.taps[n])
            .collect();
        let spectrum = if x.len().is_power_of_two() {
            recursive(&x, &self.roots)
        } else {
            direct(&x, &self.roots)
        };
        spectrum.iter().map(Complex::norm_sqr).collect()
    }
}

/// Sample `n` in full scale ±1, in double precision.
fn sample(samples: IqSlice<'_>, n: usize) -> Complex<f64> {
    let both = |re: f64, im: f64, offset: f64, scale: f64| Complex::new((re - offset) / scale, (im - offset) / scale);
    let finite = |x: f32| if x.is_finite() { f64::from(x) } else { 0.0 };
    match samples {
        IqSlice::Cu8(x) => both(f64::from(x[n].re), f64::from(x[n].im), 127.5, 127.5),
        IqSlice::Cs8(x) => both(f64::from(x[n].re), f64::from(x[n].im), 0.0, 128.0),
        IqSlice::Cs16(x) => both(f64::from(x[n].re), f64::from(x[n].im), 0.0, 32_768.0),
        IqSlice::Cf32(x) => Complex::new(finite(x[n].re), finite(x[n].im)),
    }
}

fn roots(size: usize) -> Vec<Complex<f64>> {
    (0..size)
        .map(|k| Complex::from_polar(1.0, -2.0 * PI * k as f64 / size as f64))
        .collect()
}

/// By definition; `roots` are e^(−2πi k/N).
fn direct(x: &[Complex<f64>], roots: &[Complex<f64>]) -> Vec<Complex<f64>> {
    let size = x.len();
    (0..size)
        .map(|k| (0..size).map(|n| x[n] * roots[n * k % size]).sum())
        .collect()
}

/// By halves; the length is a power of two that divides the number of roots.
fn recursive(x: &[Complex<f64>], roots: &[Complex<f64>]) -> Vec<Complex<f64>> {
    if x.len() == 1 {
        return x.to_vec();
    }
    let every_second = |from: usize| x[from..].iter().step_by(2).copied().collect::<Vec<_>>();
    let (even, odd) = (recursive(&every_second(0), roots), recursive(&every_second(1), roots));
    let stride = roots.len() / x.len();
    let (half, turned) = (even.len(), |k: usize| odd[k] * roots[k * stride]);
    let low = (0..half).map(|k| even[k] + turned(k));
    low.chain((0..half).map(|k| even[k] - turned(k))).collect()
}

impl Engine for Reference {
    fn add(&mut self, samples: IqSlice<'_>, hop: usize, frames: usize) {
        for frame in 0..frames {
            for (k, power) in self
                .powers(samples.slice(frame * hop..samples.len()))
                .into_iter()
                .enumerate()
            {
                self.sum[k] += power;
                self.max[k] = self.max[k].max(power);
                self.min[k] = self.min[k].min(power);
            }
        }
    }

    fn take(&mut self, sum: &mut [f32], max: &mut [f32], min: &mut [f32]) {
        let single = |x: &[f64]| x.iter().map(|x| *x as f32).collect::<Vec<_>>();
        centred(&single(&self.sum), sum);
        centred(&single(&self.max), max);
        centred(&single(&self.min), min);
        self.sum.fill(0.0);
        self.max.fill(0.0);
        self.min.fill(f64::INFINITY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halving_agrees_with_the_definition() {
        for size in [1_usize, 2, 4, 8, 64, 256] {
            let x: Vec<_> = (0..size)
                .map(|n| Complex::from_polar(1.0 + n as f64 / 7.0, (n * n) as f64))
                .collect();
            let roots = roots(size);
            for (a, b) in recursive(&x, &roots).iter().zip(direct(&x, &roots)) {
                assert!((a - b).norm() < 1e-11 * size as f64, "{size}: {a} {b}");
            }
        }
    }

    #[test]
    fn the_definition_agrees_with_known_pairs() {
        for size in [8_usize, 12, 15] {
            let roots = roots(size);
            for shift in [0, 1, 5] {
                // An impulse at n has the spectrum e^(−2πi nk/N), a tone of k cycles one line of height N.
                let mut impulse = vec![Complex::default(); size];
                impulse[shift] = Complex::new(1.0, 0.0);
                let tone: Vec<_> = (0..size).map(|n| roots[n * shift % size].conj()).collect();
                let (impulse, tone) = (direct(&impulse, &roots), direct(&tone, &roots));
                for k in 0..size {
                    assert!((impulse[k] - roots[shift * k % size]).norm() < 1e-12);
                    let line = if k == shift { size as f64 } else { 0.0 };
                    assert!((tone[k] - line).norm() < 1e-12);
                }
            }
        }
    }
}
