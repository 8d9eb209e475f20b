//! How many alarms a test raises for each cell of noise over its threshold: what `Clumps` in `detect::config` says, found again.
//!
//! A cell far in the tail is too rare to wait for. Noise is drawn with one cell tilted towards its threshold (importance sampling;
//! Naiman & Priebe 2001 for scan statistics): its density is that of noise times exp(θT), T being the sum of the cell, which is Gaussian noise again with the covariance (1 − θVVᴴ)⁻¹,
//! V holding what the cell's amplitudes are made of. With N cells over the threshold, each of them stands for 1/N of the alarms.

use num_complex::Complex;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
use rand_distr::{Distribution, Exp1, StandardNormal};
use rustfft::FftPlanner;

use crate::{
    detect::{
        config::{BINS, Clumps, HOP, MIDDLE, PULSE_SLOT, ROW, Rules, SEGMENTS, Threshold, WIDE},
        impulse::REACH,
        segment::{RowFloor, Run, Segmenter, Tests, WIDE_CLIP},
    },
    dsp::{cell::NoiseCell, detection::share_threshold_ratio, window::Window},
};

type Sample = Complex<f64>;

/// A lower triangle R with R Rᴴ = (1 − θG)/θ, or nothing where that is not positive.
fn triangle(gram: &[Vec<Sample>], theta: f64) -> Option<Vec<Vec<Sample>>> {
    let size = gram.len();
    let mut r = vec![vec![Sample::default(); size]; size];
    for i in 0..size {
        for j in 0..=i {
            let known: Sample = r[i][..j].iter().zip(&r[j]).map(|(a, b)| a * b.conj()).sum();
            let value = Sample::new(f64::from(u8::from(i == j)) / theta, 0.0) - gram[i][j] - known;
            if i == j {
                if value.re <= 1e-12 {
                    return None;
                }
                r[i][i] = Sample::new(value.re.sqrt(), 0.0);
            } else {
                r[i][j] = value / r[j][j];
            }
        }
    }
    Some(r)
}

/// Rᴴ x = n.
fn solved(r: &[Vec<Sample>], n: &[Sample]) -> Vec<Sample> {
    let size = n.len();
    let mut x = n.to_vec();
    for i in (0..size).rev() {
        for k in i + 1..size {
            let known = x[k];
            x[i] -= r[k][i].conj() * known;
        }
        x[i] /= r[i][i];
    }
    x
}

/// Rows of noise with one cell of `bins` about bin `MIDDLE_BIN` tilted.
struct Tilted {
    window: Vec<f64>,
    bins: usize,
    theta: f64,
    triangle: Vec<Vec<Sample>>,
    /// ln det(1 − θG).
    log_determinant: f64,
    random: Xoshiro256PlusPlus,
    forward: std::sync::Arc<dyn rustfft::Fft<f64>>,
    inverse: std::sync::Arc<dyn rustfft::Fft<f64>>,
}

const MIDDLE_BIN: usize = BINS / 2;

impl Tilted {
    /// Tilted so that the cell's sum is `sum` on the mean.
    fn new(bins: usize, sum: f64, seed: u64) -> Self {
        let window = Window::blackman_harris(BINS);
        let scale = window.sum_squares.sqrt();
        let taps: Vec<f64> = window.taps.iter().map(|w| f64::from(*w) / scale).collect();
        let size = SEGMENTS * bins;
        let column = |i: usize| -> Vec<Sample> {
            let (segment, bin) = (i / bins, MIDDLE_BIN - bins / 2 + i % bins);
            let mut column = vec![Sample::default(); ROW + HOP];
            for (n, w) in taps.iter().enumerate() {
                let phase = std::f64::consts::TAU * ((bin * n) % BINS) as f64 / BINS as f64;
                column[segment * HOP + n] = Sample::from_polar(*w, phase);
            }
            column
        };
        let columns: Vec<Vec<Sample>> = (0..size).map(column).collect();
        let product = |a: &[Sample], b: &[Sample]| a.iter().zip(b).map(|(a, b)| a.conj() * b).sum::<Sample>();
        let gram: Vec<Vec<Sample>> = columns
            .iter()
            .map(|a| columns.iter().map(|b| product(a, b)).collect())
            .collect();
        // The mean of the tilted sum, tr G(1 − θG)⁻¹, grows with θ.
        let mean = |theta: f64| -> Option<f64> {
            let r = triangle(&gram, theta)?;
            let mut trace = 0.0;
            for i in 0..size {
                let mut unit = vec![Sample::default(); size];
                unit[i] = Sample::new(1.0, 0.0);
                trace += solved(&r, &unit).iter().map(Complex::norm_sqr).sum::<f64>();
            }
            Some((trace / theta - size as f64) / theta)
        };
        let (mut low, mut high) = (1e-3, 1.0);
        for _ in 0..30 {
            let middle = 0.5 * (low + high);
            if mean(middle).is_some_and(|mean| mean < sum) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let triangle = triangle(&gram, low).expect("below the pole");
        let log_determinant = triangle
            .iter()
            .enumerate()
            .map(|(i, row)| (row[i].norm_sqr() * low).ln())
            .sum();
        let mut planner = FftPlanner::new();
        Self {
            window: taps,
            bins,
            theta: low,
            triangle,
            log_determinant,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            forward: planner.plan_fft_forward(BINS),
            inverse: planner.plan_fft_inverse(BINS),
        }
    }

    fn normal(&mut self) -> Sample {
        let part = |random: &mut _| -> f64 { StandardNormal.sample(random) };
        let (re, im) = (part(&mut self.random), part(&mut self.random));
        Complex::new(re, im) * 0.5_f64.sqrt()
    }

    /// Mean power of the segments of a row, and how much less likely noise is to be so than this.
    fn row(&mut self) -> (Vec<f32>, f64) {
        let mut samples: Vec<Sample> = (0..ROW + HOP).map(|_| self.normal()).collect();
        let drawn: Vec<Sample> = (0..SEGMENTS * self.bins).map(|_| self.normal()).collect();
        let extra = solved(&self.triangle, &drawn);
        let first = MIDDLE_BIN - self.bins / 2;
        let mut frame = vec![Sample::default(); BINS];
        for segment in 0..SEGMENTS {
            frame.fill(Sample::default());
            frame[first..first + self.bins].copy_from_slice(&extra[segment * self.bins..(segment + 1) * self.bins]);
            self.inverse.process(&mut frame);
            let part = samples[segment * HOP..].iter_mut();
            for ((x, more), w) in part.zip(&frame).zip(&self.window) {
                *x += more * w;
            }
        }
        let mut power = vec![0.0; BINS];
        let mut sum = 0.0;
        for segment in 0..SEGMENTS {
            for ((out, x), w) in frame.iter_mut().zip(&samples[segment * HOP..]).zip(&self.window) {
                *out = x * w;
            }
            self.forward.process(&mut frame);
            for (out, x) in power.iter_mut().zip(&frame) {
                *out += (x.norm_sqr() / SEGMENTS as f64) as f32;
            }
            sum += frame[first..first + self.bins]
                .iter()
                .map(Complex::norm_sqr)
                .sum::<f64>();
        }
        (power, (-self.theta * sum - self.log_determinant).exp())
    }
}

/// Which cells of `bins` are over `threshold`, each bin counting `most` at most.
fn cells_over(power: &[f32], bins: usize, threshold: f32, most: f32) -> Vec<usize> {
    let sum = |first: &usize| power[*first..first + bins].iter().map(|p| p.min(most)).sum::<f32>();
    (0..=BINS - bins)
        .filter(|first| sum(first) > threshold * bins as f32)
        .map(|first| first + bins / 2)
        .collect()
}

/// Emissions that regions of one row make: neighbours are one.
fn emissions(runs: &mut [Run]) -> usize {
    runs.sort_by(|a, b| a.low.total_cmp(&b.low));
    let apart = |a: &Run, b: &Run| b.low - a.high >= (a.high - a.low).max(b.high - b.low).max(4.0);
    usize::from(!runs.is_empty()) + runs.windows(2).filter(|pair| apart(&pair[0], &pair[1])).count()
}

/// Alarms for each cell of `bins` over the threshold of probability `pfa`, with one sigma.
fn alarms_of_cells(bins: usize, pfa: f64, draws: usize, seed: u64) -> [f64; 2] {
    let window = Window::blackman_harris(BINS);
    let growth = |bins| NoiseCell::new(&window, bins, SEGMENTS, HOP).threshold(Rules::default().growth_pfa) as f32;
    let threshold = NoiseCell::new(&window, bins, SEGMENTS, HOP).threshold(pfa);
    let wide = bins == WIDE;
    let off = |used: bool| if used { threshold as f32 } else { f32::INFINITY };
    let tests = Tests {
        narrow: Threshold {
            seed: off(!wide),
            growth: growth(3),
        },
        middle_growth: growth(MIDDLE),
        wide_seed: off(wide),
    };
    let mut tilted = Tilted::new(bins, threshold * (SEGMENTS * bins) as f64, seed);
    let (mut segmenter, mut runs) = (Segmenter::new(Rules::default().bridge_bins), Vec::new());
    let ones = vec![1.0; BINS];
    let floor = RowFloor {
        level: &ones,
        inverse: &ones,
        rise: 1.0,
    };
    let most = if wide { WIDE_CLIP } else { f32::INFINITY };
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..draws {
        let (power, weight) = tilted.row();
        let over = cells_over(&power, bins, threshold as f32, most);
        if !over.contains(&MIDDLE_BIN) {
            continue;
        }
        segmenter.runs(&power, &floor, (0, BINS), &tests, &mut runs);
        let alarms = weight * emissions(&mut runs) as f64 / over.len() as f64;
        sum += alarms;
        squares += alarms * alarms;
    }
    let mean = sum / draws as f64;
    let sigma = (squares / draws as f64 - mean * mean).max(0.0).sqrt() / (draws as f64).sqrt();
    [mean / pfa, sigma / pfa]
}

/// Alarms for each sum of `window` samples over the threshold of probability `pfa` to the mean of `stretch`, with one sigma.
fn alarms_of_sums(window: usize, stretch: usize, pfa: f64, draws: usize, seed: u64) -> [f64; 2] {
    let share = share_threshold_ratio(window as f64, stretch as f64, pfa) * window as f64 / stretch as f64;
    // Within the sum the mean power is raised so that its share of the stretch is what the threshold asks.
    let raise = share / (1.0 - share) * (stretch - window) as f64 / window as f64;
    let theta = 1.0 - 1.0 / raise;
    let first = stretch / 2;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut power = vec![0.0_f64; stretch];
    for _ in 0..draws {
        for (n, x) in power.iter_mut().enumerate() {
            let drawn: f64 = Exp1.sample(&mut random);
            *x = if (first..first + window).contains(&n) {
                raise * drawn
            } else {
                drawn
            };
        }
        let limit = share * power.iter().sum::<f64>();
        let at = |n: usize| power[n..n + window].iter().sum::<f64>();
        let own = at(first);
        if own <= limit {
            continue;
        }
        let over = (first - 64..first + 64).filter(|n| at(*n) > limit).count();
        let alarms = (-theta * own + window as f64 * raise.ln()).exp() / over as f64;
        sum += alarms;
        squares += alarms * alarms;
    }
    let mean = sum / draws as f64;
    let sigma = (squares / draws as f64 - mean * mean).max(0.0).sqrt() / (draws as f64).sqrt();
    [mean / pfa, sigma / pfa]
}

/// The shares of `Clumps` at some decades, found with `draws`, against what stands there.
fn compare(decades: impl Iterator<Item = i32>, draws: usize, tolerance: f64) {
    let stretch = REACH * PULSE_SLOT;
    for decades in decades {
        let (pfa, decades) = (10_f64.powi(-decades), f64::from(decades));
        let found = [
            ("3 bins", Clumps::NARROW, alarms_of_cells(3, pfa, draws, 1)),
            ("33 bins", Clumps::WIDE, alarms_of_cells(WIDE, pfa, draws, 2)),
            ("2 samples", Clumps::TWO, alarms_of_sums(2, stretch, pfa, draws, 3)),
            (
                "16 samples",
                Clumps::SIXTEEN,
                alarms_of_sums(16, stretch, pfa, draws, 4),
            ),
        ];
        for (what, table, [share, sigma]) in found {
            let stated = table.share(decades);
            println!("{what} at 1e-{decades}: {share:.4} ± {sigma:.4}, stated {stated:.4}");
            assert!(
                (share - stated).abs() < tolerance * stated,
                "{what} at 1e-{decades}: {share} ± {sigma}, not {stated}"
            );
        }
    }
}

/// The rate of one alarm a day and MHz asks for cells at about 10⁻¹⁰, that of the campaign for 10⁻⁷.
#[test]
fn clumps_are_what_simulation_finds() {
    compare([7, 10].into_iter(), 6_000, 0.25);
}

#[test]
#[ignore = "takes two minutes: makes the tables"]
fn clumps_are_what_long_simulation_finds() {
    compare(3..13, 100_000, 0.08);
}
