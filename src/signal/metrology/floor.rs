//! The noise floor: bias from empty to 70 % occupied, on level, sloping and rolling-off passbands; its own uncertainty;
//! what it makes of a steady carrier and of a floor that changes.

use super::{
    BINS, Check, Effort, Pass, RATE_HZ, configuration, db, ratio,
    signals::{Signals, add_tone},
};
use crate::dsp::{
    noise_floor::{self, Floor, FloorRules},
    spectrum::PowerSpectrum,
    window::Window,
};

/// Segments averaged.
const SEGMENTS: usize = 100;
/// Points of a passband whose mean is taken: those of [`Signals::shaped`].
const FINE: usize = 1 << 16;
/// Bins over which the bias is judged where the passband rolls off: 80 % of the span.
const INNER: std::ops::Range<usize> = BINS / 10..BINS - BINS / 10;

/// A passband: power relative to its middle at a share of the span from −0.5 to 0.5.
type Passband = fn(f64) -> f64;

const PASSBANDS: [(&str, Passband); 3] = [
    ("level passband", |_| 1.0),
    ("passband sloping 3 dB", |f| 10_f64.powf(0.3 * f)),
    // A fifth-order Butterworth filter of 84 % of the span, a typical tuner's.
    ("passband of a real filter, 84 % wide", |f| {
        1.0 / (1.0 + (f / 0.42).powi(10))
    }),
];

/// Everything about the floor.
pub(super) fn measure(effort: Effort, seed: u64) -> Vec<Check> {
    let mut checks = Vec::new();
    let runs = effort.of(20, 100);
    for (name, passband) in PASSBANDS {
        for occupied in [0.0, 0.3, 0.5, 0.7] {
            checks.push(bias(seed, name, passband, occupied, runs));
        }
    }
    checks.push(uncertainty(seed, effort.of(100, 1000)));
    checks.push(carrier(seed));
    checks.extend([6.0, -6.0].map(|step_db| step(seed, step_db)));
    checks
}

/// Floor of `SEGMENTS` segments of noise and signals shaped by `power`.
fn estimated(signals: &mut Signals, power: impl Fn(f64) -> f64) -> Floor {
    // As finely as the signal is made: the edges of what is on lie within bins.
    let mean = (0..FINE).map(|k| power(k as f64 / FINE as f64 - 0.5)).sum::<f64>() / FINE as f64;
    let samples = signals.shaped((SEGMENTS + 1) * BINS / 2, mean, |f| power(f).sqrt());
    let mut spectrum = PowerSpectrum::new(BINS);
    let spectra: Vec<Vec<f32>> = (0..SEGMENTS)
        .map(|i| {
            let mut out = vec![0.0; BINS];
            spectrum.power_into(&samples[i * BINS / 2..], &mut out);
            out
        })
        .collect();
    let spectra: Vec<&[f32]> = spectra.iter().map(Vec::as_slice).collect();
    let averages = Window::blackman_harris(BINS).effective_averages(SEGMENTS, BINS / 2, 1) / SEGMENTS as f64;
    noise_floor::estimate(&spectra, averages, 0.0, &FloorRules::default())
}

/// Frequency of a bin as a share of the span.
fn place(bin: usize) -> f64 {
    (bin as f64 - (BINS / 2) as f64) / BINS as f64
}

/// Error of a floor in dB: its mean over `INNER`, and its root mean square.
fn errors(floor: &Floor, passband: Passband) -> (f64, f64) {
    let errors: Vec<f64> = INNER
        .map(|k| db(f64::from(floor.level[k]) * BINS as f64 / passband(place(k))))
        .collect();
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    (
        mean,
        (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt(),
    )
}

fn bias(seed: u64, name: &str, passband: Passband, occupied: f64, runs: usize) -> Check {
    let mut signals = Signals::new(seed);
    // Sixteen steady wide signals, 20 dB over the noise, with bare floor between them.
    let on = |f: f64| ((f + 0.5) * 16.0).fract() < occupied;
    let (mut mean, mut rms) = (0.0, 0.0);
    for _ in 0..runs {
        let floor = estimated(&mut signals, |f| passband(f) * if on(f) { 100.0 } else { 1.0 });
        let (bias, error) = errors(&floor, passband);
        mean += bias / runs as f64;
        rms += error / runs as f64;
    }
    Check {
        quantity: "bias of the floor".into(),
        conditions: format!(
            "{name}, {:.0} % occupied by steady signals of +20 dB, {SEGMENTS} segments, inner 80 % of the span, {runs} runs",
            100.0 * occupied
        ),
        expected: "within 0.1 dB".into(),
        result: format!("{mean:+.3} dB (single bin ± {rms:.2} dB)"),
        met: mean.abs() <= 0.1,
    }
}

/// Whether the floor's own statement of its uncertainty is true.
fn uncertainty(seed: u64, runs: usize) -> Check {
    let mut signals = Signals::new(seed + 1);
    let (mut stated, mut real, mut wall) = (0.0, 0.0, 0.0);
    for _ in 0..runs {
        let floor = estimated(&mut signals, |_| 1.0);
        stated += floor.uncertainty_db / runs as f64;
        wall += crate::dsp::detection::snr_wall_db(floor.uncertainty_db) / runs as f64;
        real += errors(&floor, |_| 1.0).1.powi(2) / runs as f64;
    }
    let real = real.sqrt();
    Check {
        quantity: "uncertainty the floor states of itself (one sigma of a bin's floor)".into(),
        conditions: format!("white noise, {SEGMENTS} segments, {runs} runs; SNR wall from it {wall:.1} dB"),
        expected: format!("{real:.3} dB (what it is), within a factor of 1.5"),
        result: format!("{stated:.3} dB"),
        met: (stated / real).max(real / stated) <= 1.5,
    }
}

/// A carrier that never pauses, through the whole detector.
fn carrier(seed: u64) -> Check {
    const SECONDS: usize = 60;
    const RATE: f64 = 240_000.0;
    let mut config = configuration(RATE);
    config.frame_interval_s = Some(1.0);
    let (mut signals, mut pass) = (Signals::new(seed + 2), Pass::new(&config));
    let frequency = 100.3 / BINS as f64;
    for second in 0..SECONDS {
        let mut samples = signals.noise(RATE as usize, 1e-4);
        let turns = (frequency * RATE * second as f64).fract();
        add_tone(&mut samples, frequency, 0.01, turns);
        pass.push(&samples);
    }
    let (heard, _) = pass.finish();
    let floor = heard
        .frames
        .last()
        .map(|frame| frame.floor_dbfs.clone())
        .unwrap_or_default();
    let at = BINS / 2 + 100;
    let under = floor.get(at).copied().unwrap_or(0.0);
    let beside = [floor.get(at - 60), floor.get(at + 60)]
        .into_iter()
        .flatten()
        .sum::<f32>()
        / 2.0;
    let rise = f64::from(under - beside);
    Check {
        quantity: "rise of the floor under a steady carrier".into(),
        conditions: format!("carrier 26 dB over the noise in its bin, on from the first sample, {SECONDS} s"),
        expected: "within 0.3 dB of the floor beside it".into(),
        result: format!("{rise:+.2} dB"),
        met: rise.abs() <= 0.3,
    }
}

/// Time until the floor has followed a step.
fn step(seed: u64, step_db: f64) -> Check {
    const LIMIT_S: f64 = 2.0;
    let mut config = configuration(RATE_HZ);
    config.frame_interval_s = Some(0.05);
    let (mut signals, mut pass) = (Signals::new(seed + 3), Pass::new(&config));
    for tenth in 0..60 {
        let level = if tenth < 20 { 1e-4 } else { 1e-4 * ratio(step_db) };
        pass.push(&signals.noise((RATE_HZ / 10.0) as usize, level));
    }
    let (heard, _) = pass.finish();
    let middle = |floor: &[f32]| f64::from(floor[BINS / 4..3 * BINS / 4].iter().sum::<f32>()) / (BINS / 2) as f64;
    let levels: Vec<(f64, f64)> = heard
        .frames
        .iter()
        .map(|f| (f.start_s, middle(&f.floor_dbfs)))
        .collect();
    let before: Vec<f64> = levels
        .iter()
        .filter(|(t, _)| (1.0..1.9).contains(t))
        .map(|(_, l)| *l)
        .collect();
    let before = before.iter().sum::<f64>() / before.len().max(1) as f64;
    let off = |level: f64| (level - before - step_db).abs() > 0.3;
    let late = levels
        .iter()
        .rev()
        .find(|(t, level)| *t >= 2.0 && off(*level))
        .map_or(0.0, |(t, _)| t + 0.05 - 2.0);
    Check {
        quantity: "time until the floor has followed a step to 0.3 dB".into(),
        conditions: format!("noise of the whole span steps by {step_db:+.0} dB, 2.4 MS/s"),
        expected: format!("at most {LIMIT_S} s"),
        result: format!("{late:.2} s"),
        met: late <= LIMIT_S,
    }
}
