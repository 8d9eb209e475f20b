//! False alarms and detection probability (Urkowitz 1967), with the floor the detector estimates itself.

use num_complex::Complex;

use super::{
    BINS, Check, Effort, RATE_HZ, configuration, ratio,
    signals::{Signals, add_tone},
};
use crate::{
    detect::{DetectEvent, Detector},
    dsp::{
        cell::NoiseCell,
        detection::{detection_constant, detection_gaussian, threshold_ratio},
        iq::IqSlice,
        noise_floor::{self, FloorRules},
        spectrum::PowerSpectrum,
        window::Window,
    },
};

const HOP: usize = BINS / 2;
/// Rows from which one floor is learnt, as the detector learns its first.
const ROWS: usize = 512;

/// Rows of two segments at half overlap of a running stream of samples.
struct Rows {
    spectrum: PowerSpectrum,
    samples: Vec<Complex<f32>>,
    second: Vec<f32>,
}

impl Rows {
    fn new() -> Self {
        Self {
            spectrum: PowerSpectrum::new(BINS),
            samples: vec![Complex::default(); BINS + HOP],
            second: vec![0.0; BINS],
        }
    }

    /// The mean power of the next `BINS` samples, which `fill` makes, into `row`.
    fn next(&mut self, fill: &mut dyn FnMut(&mut [Complex<f32>]), row: &mut [f32]) {
        self.samples.copy_within(BINS.., 0);
        fill(&mut self.samples[HOP..]);
        self.spectrum.power_into(&self.samples, row);
        self.spectrum.power_into(&self.samples[HOP..], &mut self.second);
        row.iter_mut().zip(&self.second).for_each(|(a, b)| *a = 0.5 * (*a + b));
    }
}

/// Counts cells over thresholds for `pfa`, and emissions per day and megahertz.
pub(super) fn false_alarms(effort: Effort, seed: u64) -> Vec<Check> {
    let mut checks = cells(effort, seed);
    checks.push(averages(effort, seed));
    checks.push(emissions(effort, seed));
    checks
}

/// Cells of one, three and 33 bins of a row.
fn cells(effort: Effort, seed: u64) -> Vec<Check> {
    const PFA: f64 = 1e-4;
    let window = Window::blackman_harris(BINS);
    let widths = [1, 3, 9, 33];
    let thresholds = widths.map(|bins| NoiseCell::new(&window, bins, 2, HOP).threshold(PFA));
    let mut over = [0_u64; 4];
    let (mut signals, mut rows) = (Signals::new(seed), Rows::new());
    let mut block = vec![vec![0.0_f32; BINS]; ROWS];
    let bins = effort.of(100_000_000, 1_000_000_000);
    let passes = bins.div_ceil(ROWS * BINS);
    for _ in 0..passes {
        for row in &mut block {
            rows.next(&mut |out| signals.refill(out, 1e-4), row);
        }
        let spectra: Vec<&[f32]> = block.iter().map(Vec::as_slice).collect();
        let averages = window.effective_averages(2, HOP, 1);
        let floor = noise_floor::estimate(&spectra, averages, 0.0, &FloorRules::default());
        for row in &block {
            count_over(row, &floor.level, &widths, &thresholds, &mut over);
        }
    }
    let checks = widths.iter().zip(over).map(|(&width, over)| {
        let trials = (passes * ROWS * (BINS - width + 1)) as f64;
        let rate = over as f64 / trials;
        Check {
            quantity: format!(
                "false-alarm probability of a cell of {width} bin{} × 2 segments",
                if width == 1 { "" } else { "s" }
            ),
            conditions: format!(
                "white noise, Blackman–Harris, 50 % overlap, floor estimated from the same {ROWS} rows, {:.1e} cells",
                trials
            ),
            expected: format!("{PFA:.1e} ± 10 %"),
            result: format!("{rate:.3e} ({:+.1} %)", 100.0 * (rate / PFA - 1.0)),
            met: (rate / PFA - 1.0).abs() <= 0.1,
        }
    });
    checks.collect()
}

fn count_over(row: &[f32], floor: &[f32], widths: &[usize; 4], thresholds: &[f64; 4], over: &mut [u64; 4]) {
    let mut sums = [0.0_f64; BINS + 1];
    for (k, (p, f)) in row.iter().zip(floor).enumerate() {
        sums[k + 1] = sums[k] + f64::from(p / f);
    }
    for ((width, threshold), over) in widths.iter().zip(thresholds).zip(over) {
        let limit = threshold * *width as f64;
        *over += (*width..=BINS).filter(|k| sums[*k] - sums[k - width] > limit).count() as u64;
    }
}

/// Bins of spectra averaged a hundred times.
fn averages(effort: Effort, seed: u64) -> Check {
    const PFA: f64 = 1e-4;
    let window = Window::blackman_harris(BINS);
    let averages = window.effective_averages(AVERAGED, HOP, 1);
    let threshold = threshold_ratio(averages, PFA);
    let (mut signals, mut rows) = (Signals::new(seed + 1), Rows::new());
    let (mut over, mut bins) = (0_u64, 0_u64);
    let mut block = vec![vec![0.0_f32; BINS]; ROWS];
    for _ in 0..effort.of(1_000, 10_000) {
        for row in &mut block {
            rows.next(&mut |out| signals.refill(out, 1e-4), row);
        }
        let floor = floor_of(&block, &window);
        for part in block.chunks_exact(AVERAGED / 2) {
            let over_it = mean_of(part)
                .iter()
                .zip(&floor)
                .filter(|(p, f)| f64::from(**p) > threshold * f64::from(**f))
                .count();
            over += over_it as u64;
            bins += BINS as u64;
        }
    }
    let rate = over as f64 / bins as f64;
    // Two sigma of a count of bins of which 2.8 go together.
    let spread = 2.0 * (2.8 / (PFA * bins as f64)).sqrt();
    Check {
        quantity: "false-alarm probability of an averaged bin".into(),
        conditions: format!(
            "{AVERAGED} segments at 50 % overlap (M = {averages:.1}), floor estimated from {ROWS} rows, {:.1e} bins",
            bins as f64
        ),
        expected: format!("{PFA:.1e} ± 10 % (counting ± {:.0} %)", 100.0 * spread),
        result: format!("{rate:.3e} ({:+.1} %)", 100.0 * (rate / PFA - 1.0)),
        met: (rate / PFA - 1.0).abs() <= 0.1 + spread,
    }
}

/// Floor estimated from `rows` as the detector does.
fn floor_of(rows: &[Vec<f32>], window: &Window) -> Vec<f32> {
    let spectra: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    noise_floor::estimate(
        &spectra,
        window.effective_averages(2, HOP, 1),
        0.0,
        &FloorRules::default(),
    )
    .level
}

/// Mean of `rows`, bin by bin.
fn mean_of(rows: &[Vec<f32>]) -> Vec<f32> {
    let mut mean = vec![0.0_f32; BINS];
    for row in rows {
        mean.iter_mut()
            .zip(row)
            .for_each(|(sum, p)| *sum += p / rows.len() as f32);
    }
    mean
}

/// Emissions that the whole chain reports of noise, with every significant one reported.
fn emissions(effort: Effort, seed: u64) -> Check {
    const DESIGN: f64 = 10_000.0;
    // 463 alarms are expected: a tenth too few is then two standard errors.
    let samples = effort.of(4_000_000_000, 10_000_000_000);
    let mut config = configuration(RATE_HZ);
    config.false_alarms_per_day_mhz = DESIGN;
    config.rules.report_snr_db = f64::NEG_INFINITY;
    let mut detector = Detector::new(&config).expect("a configuration of our own is valid");
    let (mut alarms, mut signals) = (0_u64, Signals::new(seed + 2));
    let mut block = vec![Complex::default(); super::BLOCK];
    let mut sink = |event: DetectEvent| {
        alarms += u64::from(matches!(event, DetectEvent::Closed(_) | DetectEvent::Artefact(_)));
    };
    let mut pushed = 0;
    while pushed < samples {
        signals.refill(&mut block, 1e-4);
        detector.push(IqSlice::Cf32(&block), &mut sink);
        pushed += block.len();
    }
    detector.finish(&mut sink);
    let days_mhz = pushed as f64 / RATE_HZ / 86_400.0 * RATE_HZ / 1e6;
    let rate = alarms as f64 / days_mhz;
    // One sigma of a count, against the tolerance.
    let spread = 1.0 / (DESIGN * days_mhz).sqrt();
    Check {
        quantity: "false emissions of the whole chain".into(),
        conditions: format!(
            "white noise at 2.4 MS/s, {:.0} s ({pushed:.1e} bins, each tested five ways), {DESIGN:.0} asked per day and MHz, least SNR reported switched off",
            pushed as f64 / RATE_HZ,
            pushed = pushed as f64
        ),
        expected: format!(
            "{DESIGN:.0} per day and MHz ± 10 % (counting ± {:.0} %)",
            100.0 * spread
        ),
        result: format!("{rate:.0} per day and MHz ({:+.1} %)", 100.0 * (rate / DESIGN - 1.0)),
        met: (rate / DESIGN - 1.0).abs() <= 0.1 + spread,
    }
}

/// Segments averaged for the detection probability.
const AVERAGED: usize = 100;
/// False-alarm probability it is measured at.
const PFA: f64 = 1e-6;

/// Detection probability of tones and of Gaussian signals from −6 to +2 dB per bin.
pub(super) fn probability(effort: Effort, seed: u64) -> Vec<Check> {
    let window = Window::blackman_harris(BINS);
    let averages = window.effective_averages(AVERAGED, HOP, 1);
    let threshold = threshold_ratio(averages, PFA);
    let trials = effort.of(2_000, 20_000);
    let mut checks = Vec::new();
    for gaussian in [false, true] {
        let theory = |snr_db: f64| {
            if gaussian {
                detection_gaussian(averages, threshold, ratio(snr_db))
            } else {
                let losses = (0..40).map(|i| window.tone_response((f64::from(i) + 0.5) / 80.0));
                losses
                    .map(|loss| detection_constant(averages, threshold, ratio(snr_db) * loss))
                    .sum::<f64>()
                    / 40.0
            }
        };
        for snr_db in [-6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0] {
            let mut trial = Trial::new(
                seed ^ (snr_db as i64).unsigned_abs() << 8 ^ u64::from(gaussian),
                threshold,
                &window,
            );
            let measured = if gaussian {
                trial.gaussian(snr_db, trials)
            } else {
                trial.tones(snr_db, trials)
            };
            checks.push(compare(&theory, snr_db, measured, trials, gaussian));
        }
    }
    checks
}

/// The row for one level: the measured probability as decibels off the bound.
fn compare(theory: &dyn Fn(f64) -> f64, snr_db: f64, measured: f64, trials: usize, gaussian: bool) -> Check {
    const LIMIT_DB: f64 = 0.3;
    let expected = theory(snr_db);
    let [least, most] = [-LIMIT_DB, LIMIT_DB].map(|off_db| theory(snr_db + off_db));
    // One sigma of a count, and no less than one trial.
    let spread = (expected * (1.0 - expected) / trials as f64)
        .sqrt()
        .max(1.0 / trials as f64);
    let slope = (most - least) / (2.0 * LIMIT_DB);
    // Where nearly everything or nothing is found, decibels say nothing.
    let telling = slope * LIMIT_DB > spread;
    Check {
        quantity: format!(
            "detection probability, {}",
            if gaussian { "Gaussian signal" } else { "constant tone" }
        ),
        conditions: format!(
            "{snr_db:+.0} dB per bin, {AVERAGED} segments, Pfa 10⁻⁶, floor estimated from {ROWS} rows with the signals in them, {}{trials} trials",
            if gaussian { "" } else { "anywhere in the bin, " }
        ),
        expected: format!("{expected:.4}, within {LIMIT_DB} dB {least:.4} to {most:.4} (counting ± {spread:.4})"),
        result: if telling {
            format!("{measured:.4} ({:+.2} dB)", (measured - expected) / slope)
        } else {
            format!("{measured:.4}")
        },
        met: (least - spread..=most + spread).contains(&measured),
    }
}

/// Spectra of known signals held against a threshold over their own floor.
struct Trial<'a> {
    signals: Signals,
    threshold: f64,
    window: &'a Window,
}

impl<'a> Trial<'a> {
    const NOISE: f64 = 1e-4;
    const SAMPLES: usize = (ROWS + 1) * BINS;

    fn new(seed: u64, threshold: f64, window: &'a Window) -> Self {
        Self {
            signals: Signals::new(seed),
            threshold,
            window,
        }
    }

    /// Share of tones, eight in a spectrum, that are over the threshold in their strongest bin.
    fn tones(&mut self, snr_db: f64, trials: usize) -> f64 {
        const TONES: usize = 8;
        // A tone of A² reads A² N / ENBW over the noise per bin.
        let amplitude = (ratio(snr_db) * Self::NOISE * self.window.enbw_bins() / BINS as f64).sqrt();
        let (mut found, mut made) = (0, 0);
        while made < trials {
            let mut samples = self.signals.noise(Self::SAMPLES, Self::NOISE);
            let places: Vec<f64> = (0..TONES)
                .map(|i| (140 + i * 96) as f64 + self.signals.between(0.0, 64.0))
                .collect();
            for place in &places {
                let frequency = (place - (BINS / 2) as f64) / BINS as f64;
                add_tone(&mut samples, frequency, amplitude, self.signals.between(0.0, 1.0));
            }
            let bins: Vec<usize> = places.iter().map(|place| place.round() as usize).collect();
            let (over, of) = self.over(&samples, &bins);
            found += over;
            made += of;
        }
        found as f64 / made as f64
    }

    /// The same of bins within bands of Gaussian noise.
    fn gaussian(&mut self, snr_db: f64, trials: usize) -> f64 {
        const BANDS: usize = 4;
        let inside = |k: f64| (0..BANDS).any(|i| (k - (200 + i * 200) as f64).abs() < 12.0);
        let share = (BANDS * 24) as f64 / BINS as f64;
        let bins: Vec<usize> = (0..BANDS).flat_map(|i| [194, 200, 206].map(|k| k + i * 200)).collect();
        let (mut found, mut made) = (0, 0);
        while made < trials {
            let mut samples = self.signals.noise(Self::SAMPLES, Self::NOISE);
            let shape = |f: f64| f64::from(u8::from(inside(f * BINS as f64 + (BINS / 2) as f64)));
            let signal = self
                .signals
                .shaped(Self::SAMPLES, Self::NOISE * ratio(snr_db) * share, shape);
            samples.iter_mut().zip(signal).for_each(|(x, s)| *x += s);
            let (over, of) = self.over(&samples, &bins);
            found += over;
            made += of;
        }
        found as f64 / made as f64
    }

    /// How many of `bins` are over the threshold, in as many averages as `samples` hold, and how many were looked at.
    fn over(&self, samples: &[Complex<f32>], bins: &[usize]) -> (usize, usize) {
        let (mut rows, mut from) = (Rows::new(), HOP);
        rows.samples[BINS..].copy_from_slice(&samples[..HOP]);
        let mut block = vec![vec![0.0_f32; BINS]; ROWS];
        for row in &mut block {
            let fill = &mut |out: &mut [Complex<f32>]| {
                out.copy_from_slice(&samples[from..from + out.len()]);
                from += out.len();
            };
            rows.next(fill, row);
        }
        let floor = floor_of(&block, self.window);
        let (mut found, mut made) = (0, 0);
        for part in block.chunks_exact(AVERAGED / 2) {
            let mean = mean_of(part);
            let over = bins
                .iter()
                .filter(|k| f64::from(mean[**k]) > self.threshold * f64::from(floor[**k]));
            found += over.count();
            made += bins.len();
        }
        (found, made)
    }
}
