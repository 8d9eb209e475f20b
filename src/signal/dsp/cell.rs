//! The exact distribution of noise in a cell: the mean power of neighbouring bins over several segments.
//!
//! Neighbouring bins of a windowed spectrum are correlated, so their sum is not gamma distributed: it is Σ λᵢ Eᵢ with
//! the eigenvalues λ of the bins' correlation matrix and Eᵢ gamma variables of shape M, the effective number of
//! segments (quadratic forms of Gaussian variables; Turin, *The characteristic function of Hermitian quadratic forms*,
//! Biometrika 1960). A gamma distribution of the same variance is too light in the tail: for three Blackman–Harris bins and two segments it
//! promises a false-alarm probability of 10⁻¹¹ where there are several times as many.

use std::f64::consts::PI;

use num_complex::Complex;

use super::window::Window;

/// Mean power of noise in a cell of several bins and segments, relative to its expectation.
#[derive(Debug, Clone)]
pub struct NoiseCell {
    /// Weights of the independent parts; they sum to one, times `shape`.
    weights: Vec<f64>,
    /// Effective number of segments: the shape of each part.
    shape: f64,
}

impl NoiseCell {
    /// A cell of `bins` neighbouring bins over `segments` segments `hop` samples apart.
    #[must_use]
    pub fn new(window: &Window, bins: usize, segments: usize, hop: usize) -> Self {
        let shape = window.effective_averages(segments, hop, 1);
        let correlation: Vec<f64> = (0..bins).map(|d| window.bin_amplitude_correlation(d)).collect();
        let mut matrix: Vec<Vec<f64>> = (0..bins)
            .map(|a| (0..bins).map(|b| correlation[a.abs_diff(b)]).collect())
            .collect();
        Self::from_weights(eigenvalues(&mut matrix), shape)
    }

    /// A cell of all bins of a spectrum: its power is Σ w²|x|², so the weights are the window's.
    #[must_use]
    pub fn whole(window: &Window, segments: usize, hop: usize) -> Self {
        let shape = window.effective_averages(segments, hop, window.taps.len())
            / window.effective_averages(1, hop, window.taps.len());
        Self::from_weights(window.taps.iter().map(|w| f64::from(w * w)).collect(), shape)
    }

    fn from_weights(mut weights: Vec<f64>, shape: f64) -> Self {
        let greatest = weights.iter().copied().fold(0.0, f64::max);
        weights.retain(|w| *w > 1e-9 * greatest);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum * shape);
        Self { weights, shape }
    }

    /// Probability that noise alone exceeds `ratio` times its mean.
    ///
    /// The inversion integral of the moment generating function along a parabola through its saddle point (Daniels 1954;
    /// Helstrom 1983), which bends away from the singularities so that the integrand falls like a Gaussian, by the
    /// trapezoidal rule: the relative error stays below 10⁻⁶ however small the result.
    #[must_use]
    pub fn tail(&self, ratio: f64) -> f64 {
        const STEP: f64 = 0.3;
        const BEND: f64 = 0.3;
        const NODES: u32 = 200;
        if ratio <= 0.0 {
            return 1.0;
        }
        let saddle = self.saddle(ratio);
        let exponent = |s: Complex<f64>| self.log_moment(s) - s * ratio;
        let at_saddle = exponent(Complex::new(saddle, 0.0)).re;
        // The width of the peak of the integrand about the saddle.
        let terms = self.weights.iter().map(|w| (w / (1.0 - w * saddle)).powi(2));
        let width = 1.0 / (self.shape * terms.sum::<f64>() + 1.0 / (saddle * saddle)).sqrt();
        let mut sum = 0.5 / saddle;
        for node in 1..NODES {
            let u = f64::from(node) * STEP;
            let s = Complex::new(saddle + width * BEND * u * u, width * u);
            let along = Complex::new(2.0 * BEND * u, 1.0);
            let value = (exponent(s) - at_saddle).exp() * along / s;
            sum += value.im;
            if value.norm() * saddle < 1e-9 {
                break;
            }
        }
        (at_saddle.exp() * sum * STEP * width / PI).clamp(0.0, 1.0)
    }

    /// Ratio to the noise mean that noise exceeds with probability `pfa` (below one half).
    #[must_use]
    pub fn threshold(&self, pfa: f64) -> f64 {
        let (mut low, mut high) = (1.0, 2.0);
        while self.tail(high) > pfa {
            (low, high) = (high, 2.0 * high);
        }
        // The logarithm of the tail is nearly straight: regula falsi with the Illinois rule.
        let goal = pfa.ln();
        let gap = |ratio: f64| self.tail(ratio).max(1e-300).ln() - goal;
        let (mut at_low, mut at_high) = (gap(low), gap(high));
        let mut side = 0;
        for _ in 0..60 {
            let middle = (low * at_high - high * at_low) / (at_high - at_low);
            let at = gap(middle);
            if at.abs() < 1e-7 || high - low < 1e-12 {
                return middle;
            }
            if at > 0.0 {
                (low, at_low) = (middle, at);
                if side == 1 {
                    at_high *= 0.5;
                }
                side = 1;
            } else {
                (high, at_high) = (middle, at);
                if side == -1 {
                    at_low *= 0.5;
                }
                side = -1;
            }
        }
        0.5 * (low + high)
    }

    /// ln E[exp(s T)].
    fn log_moment(&self, s: Complex<f64>) -> Complex<f64> {
        let terms = self.weights.iter().map(|w| (Complex::new(1.0, 0.0) - s * *w).ln());
        terms.sum::<Complex<f64>>() * -self.shape
    }

    /// Where exp(K(s) − s·ratio)/s is least on the positive axis: the derivative there rises from −∞ to +∞.
    fn saddle(&self, ratio: f64) -> f64 {
        let greatest = self.weights.iter().copied().fold(0.0, f64::max);
        let slope = |s: f64| {
            let terms = self.weights.iter().map(|w| w / (1.0 - w * s));
            self.shape * terms.sum::<f64>() - ratio - 1.0 / s
        };
        let (mut low, mut high) = (0.0, 1.0 / greatest);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if slope(middle) < 0.0 {
                low = middle
            } else {
                high = middle
            }
        }
        0.5 * (low + high)
    }
}

/// Eigenvalues of a symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan, section 8.5).
fn eigenvalues(matrix: &mut [Vec<f64>]) -> Vec<f64> {
    let size = matrix.len();
    for _ in 0..30 {
        let mut rest = 0.0;
        for p in 0..size {
            for q in p + 1..size {
                let off = matrix[p][q];
                rest += off * off;
                if off.abs() > 1e-14 {
                    rotate(matrix, p, q);
                }
            }
        }
        if rest < 1e-20 {
            break;
        }
    }
    (0..size).map(|i| matrix[i][i]).collect()
}

/// The rotation of the plane (p, q) that makes the element between them zero.
fn rotate(matrix: &mut [Vec<f64>], p: usize, q: usize) {
    let half = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let tangent = half.signum() / (half.abs() + (half * half + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        let (a, b) = (row[p], row[q]);
        (row[p], row[q]) = (cosine * a - sine * b, sine * a + cosine * b);
    }
    let (upper, lower) = matrix.split_at_mut(q);
    for (a, b) in upper[p].iter_mut().zip(&mut lower[0]) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::detection::{gamma_q, threshold_ratio};

    /// One bin is gamma distributed; two parts of different weight have a sum of two exponentials.
    #[test]
    fn known_distributions_are_met() {
        let single = NoiseCell::from_weights(vec![1.0], 2.0);
        for ratio in [0.2, 1.0, 3.0, 9.0, 20.0] {
            let exact = gamma_q(2.0, 2.0 * ratio);
            assert!(
                (single.tail(ratio) / exact - 1.0).abs() < 1e-6,
                "{ratio}: {} {exact}",
                single.tail(ratio)
            );
        }
        assert!((single.threshold(1e-9) / threshold_ratio(2.0, 1e-9) - 1.0).abs() < 1e-6);
        let (a, b) = (0.75, 0.25);
        let pair = NoiseCell::from_weights(vec![a, b], 1.0);
        for ratio in [0.5_f64, 2.0, 8.0, 25.0] {
            let exact = (a * (-ratio / a).exp() - b * (-ratio / b).exp()) / (a - b);
            assert!(
                (pair.tail(ratio) / exact - 1.0).abs() < 1e-6,
                "{ratio}: {} {exact}",
                pair.tail(ratio)
            );
        }
    }

    #[test]
    fn eigenvalues_keep_trace_and_square() {
        let original: Vec<Vec<f64>> = (0..12_usize)
            .map(|a| (0..12).map(|b| 1.0 / (1.0 + a.abs_diff(b) as f64).powi(2)).collect())
            .collect();
        let values = eigenvalues(&mut original.clone());
        let square: f64 = original.iter().flatten().map(|x| x * x).sum();
        assert!((values.iter().sum::<f64>() - 12.0).abs() < 1e-9);
        assert!((values.iter().map(|x| x * x).sum::<f64>() - square).abs() < 1e-9);
    }
}
