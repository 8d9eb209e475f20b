//! Occupied and x-dB bandwidth of shapes whose true value is known (ITU-R SM.443).

use std::f64::consts::{PI, TAU};

use num_complex::Complex;
use rustfft::FftPlanner;

use super::{BINS, Check, Effort, Heard, RATE_HZ, configuration, hear, ratio, signals::Signals};
use crate::{
    detect::BandwidthMethod,
    dsp::measure::{occupied_band, x_db_band},
};

/// Samples of a signal.
const SAMPLES: usize = 1 << 21;
/// Noise per sample.
const NOISE: f64 = 1e-6;

/// Resolution bandwidth of the true 26 dB points, relative to what is between them. They depend on it where a spectrum
/// ripples, as that of unfiltered OFDM does beside its band, with the spacing of its carriers: without limit, they are
/// those of the ripple's crests. 47 CFR 95.2503 measures such a bandwidth (20 dB) with a resolution of 1 % of it, and so do we.
const RESOLUTION: f64 = 0.01;

/// A signal of unit power and its name.
struct Shape {
    name: &'static str,
    samples: Vec<Complex<f32>>,
}

/// Every shape at 30 dB over the noise in its own band, and where it is too weak to be measured.
pub(super) fn measure(effort: Effort, seed: u64) -> Vec<Check> {
    let mut signals = Signals::new(seed);
    let mut checks = Vec::new();
    for shape in shapes(&mut signals) {
        let truth = Truth::of(&shape.samples);
        for _ in 0..effort.of(1, 3) {
            let heard = received(&mut signals, &shape.samples, truth.occupied, 30.0);
            checks.push(occupied(&shape, &heard, truth.occupied));
            checks.extend(truth.x26.map(|x26| x_db(&shape, &heard, x26)));
        }
    }
    checks.push(too_weak(&mut signals));
    checks
}

/// True widths as shares of the rate.
struct Truth {
    occupied: f64,
    /// Where the power spectrum is smooth enough to have one.
    x26: Option<f64>,
}

impl Truth {
    /// From the signal itself without noise, at 64 times the detector's resolution.
    fn of(samples: &[Complex<f32>]) -> Self {
        const FINE: usize = 1 << 16;
        let power = spectrum(samples, FINE);
        let width = |band: Option<(f64, f64)>| band.map_or(0.0, |(low, high)| (high - low) / FINE as f64);
        let x26 = |resolution: f64| {
            let half = (0.5 * resolution * FINE as f64) as usize;
            let smooth: Vec<f32> = (0..FINE)
                .map(|k| {
                    let part = &power[k.saturating_sub(half)..(k + half + 1).min(FINE)];
                    part.iter().sum::<f32>() / part.len() as f32
                })
                .collect();
            width(x_db_band(&smooth, 26.0, 0.0, f64::INFINITY))
        };
        let occupied = width(occupied_band(&power, 0.99));
        // First with the occupied bandwidth for the one that is sought.
        let first = x26(RESOLUTION * occupied);
        Self {
            occupied,
            x26: Some(x26(RESOLUTION * first)).filter(|width| *width > 0.0),
        }
    }
}

/// Mean power spectrum, ascending.
fn spectrum(samples: &[Complex<f32>], size: usize) -> Vec<f32> {
    let fft = FftPlanner::new().plan_fft_forward(size);
    let window = crate::dsp::window::Window::hann(size);
    let mut power = vec![0.0_f32; size];
    for part in samples.windows(size).step_by(size / 2) {
        let mut frame: Vec<Complex<f32>> = part.iter().zip(&window.taps).map(|(x, w)| x * w).collect();
        fft.process(&mut frame);
        for (k, x) in frame.iter().enumerate() {
            power[(k + size / 2) % size] += x.norm_sqr();
        }
    }
    power
}

/// What the detector makes of a signal `snr_db` over the noise within its own band, on for all but the ends.
fn received(signals: &mut Signals, samples: &[Complex<f32>], width: f64, snr_db: f64) -> Heard {
    let quiet = 1_500_000;
    let amplitude = (ratio(snr_db) * NOISE * width).sqrt() as f32;
    let mut all = signals.noise(samples.len() + 2 * quiet, NOISE);
    // Beside the centre, where a line is the receiver's own.
    for (i, (x, s)) in all[quiet..].iter_mut().zip(samples).enumerate() {
        *x += s * turned(0.171 * i as f64) * amplitude;
    }
    hear(&all, &configuration(RATE_HZ)).0
}

/// The strongest emission.
fn strongest(heard: &Heard) -> Option<&crate::detect::Emission> {
    heard
        .emissions
        .iter()
        .max_by(|a, b| a.power_dbfs.total_cmp(&b.power_dbfs))
}

fn compared(quantity: String, shape: &Shape, measured_hz: Option<f64>, truth: f64) -> Check {
    let (truth_hz, bin_hz) = (truth * RATE_HZ, RATE_HZ / BINS as f64);
    let error = measured_hz.map(|hz| hz - truth_hz);
    Check {
        quantity,
        conditions: format!(
            "{}, 30 dB over the noise in its band, bins of {:.2} kHz",
            shape.name,
            bin_hz / 1e3
        ),
        expected: format!("{:.2} kHz within 2 % or a bin", truth_hz / 1e3),
        result: match (measured_hz, error) {
            (Some(hz), Some(error)) => format!(
                "{:.2} kHz ({:+.1} %, {:+.2} bins)",
                hz / 1e3,
                100.0 * error / truth_hz,
                error / bin_hz
            ),
            _ => "not measured".into(),
        },
        met: error.is_some_and(|error| error.abs() <= (0.02 * truth_hz).max(bin_hz)),
    }
}

fn occupied(shape: &Shape, heard: &Heard, truth: f64) -> Check {
    let found = strongest(heard).filter(|e| e.bandwidth_method == BandwidthMethod::Obw99);
    compared(
        "occupied bandwidth (99 %)".into(),
        shape,
        found.map(|e| e.bandwidth_hz.as_f64()),
        truth,
    )
}

fn x_db(shape: &Shape, heard: &Heard, truth: f64) -> Check {
    let found = strongest(heard).and_then(|e| e.bandwidth_x26_hz);
    compared(
        "bandwidth between the 26 dB points".into(),
        shape,
        found.map(|hz| hz.as_f64()),
        truth,
    )
}

/// At 5 dB the detector must not claim either.
fn too_weak(signals: &mut Signals) -> Check {
    let samples = signals.shaped(SAMPLES, 1.0, |f| f64::from(u8::from(f.abs() < 0.05)));
    let heard = received(signals, &samples, 0.1, 5.5);
    let found = strongest(&heard);
    let honest = found.is_some_and(|e| e.bandwidth_method == BandwidthMethod::Bins && e.bandwidth_x26_hz.is_none());
    Check {
        quantity: "bandwidth of a signal too weak for it".into(),
        conditions: "rectangular noise 240 kHz wide, 5.5 dB over the noise in its band".into(),
        expected: "reported as the width of the detected bins, no 26 dB bandwidth".into(),
        result: found.map_or("not found".into(), |e| {
            format!(
                "{:?}, 26 dB: {:?}",
                e.bandwidth_method,
                e.bandwidth_x26_hz.map(|hz| hz.0)
            )
        }),
        met: honest,
    }
}

fn shapes(signals: &mut Signals) -> Vec<Shape> {
    let noise = |signals: &mut Signals, shape: &dyn Fn(f64) -> f64| signals.shaped(SAMPLES, 1.0, shape);
    vec![
        Shape {
            name: "rectangular noise, 240 kHz",
            samples: noise(signals, &|f| f64::from(u8::from(f.abs() < 0.05))),
        },
        Shape {
            name: "raised cosine (amplitude), roll-off 0.35, 200 kBd",
            samples: noise(signals, &|f| raised_cosine(f * 12.0, 0.35)),
        },
        Shape {
            name: "GMSK, BT 0.3, 270.8 kBd",
            samples: gmsk(signals, 0.3, 270_833.0),
        },
        Shape {
            name: "OFDM, 64 of 128 carriers of 3.125 kHz",
            samples: ofdm(signals, 768),
        },
        Shape {
            name: "OFDM, 64 carriers of 3.121 kHz, symbols not locked to the segments",
            samples: ofdm(signals, 769),
        },
        Shape {
            name: "FM, tone of 5 kHz, deviation 75 kHz",
            samples: fm(5_000.0, 75_000.0),
        },
        Shape {
            name: "FM, tone of 1 kHz, deviation 2.5 kHz",
            samples: fm(1_000.0, 2_500.0),
        },
    ]
}

/// Raised cosine of roll-off `alpha` at `x` symbol rates from the middle.
fn raised_cosine(x: f64, alpha: f64) -> f64 {
    let x = x.abs();
    if x <= 0.5 * (1.0 - alpha) {
        1.0
    } else if x < 0.5 * (1.0 + alpha) {
        0.5 * (1.0 + (PI / alpha * (x - 0.5 * (1.0 - alpha))).cos())
    } else {
        0.0
    }
}

/// Gaussian minimum-shift keying of random bits: frequency pulses of a Gaussian filter of product `bt`, a quarter of the
/// symbol rate at most.
fn gmsk(signals: &mut Signals, bt: f64, symbols_hz: f64) -> Vec<Complex<f32>> {
    let per_symbol = RATE_HZ / symbols_hz;
    let sigma = (2_f64.ln()).sqrt() / (TAU * bt) * per_symbol;
    let reach = (4.0 * sigma).ceil() as i64;
    let taps: Vec<f64> = (-reach..=reach)
        .map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp())
        .collect();
    let sum: f64 = taps.iter().sum();
    let bits: Vec<f64> = (0..(SAMPLES as f64 / per_symbol) as usize + 8)
        .map(|_| if signals.between(0.0, 1.0) < 0.5 { 1.0 } else { -1.0 })
        .collect();
    let raw: Vec<f64> = (0..SAMPLES + taps.len())
        .map(|i| bits[((i as f64 / per_symbol) as usize).min(bits.len() - 1)])
        .collect();
    let mut phase = 0.0;
    (0..SAMPLES)
        .map(|i| {
            let smooth = taps.iter().zip(&raw[i..]).map(|(t, b)| t * b).sum::<f64>() / sum;
            phase = (phase + 0.25 * symbols_hz / RATE_HZ * smooth).fract();
            turned(phase)
        })
        .collect()
}

/// Random QPSK on 64 carriers in symbols of `points` samples, without a guard interval. Of 768, one and a half go into a segment of the detector, which then sees every
/// place where two of them meet at one of two places of its window; of 769, at all of them in turn.
fn ofdm(signals: &mut Signals, points: usize) -> Vec<Complex<f32>> {
    let fft = FftPlanner::new().plan_fft_inverse(points);
    let mut out = Vec::with_capacity(SAMPLES + points);
    while out.len() < SAMPLES {
        let mut symbol = vec![Complex::<f32>::default(); points];
        for carrier in (1..=32).chain(points - 32..points) {
            symbol[carrier] = turned(0.125 + 0.25 * signals.between(0.0, 4.0).floor()) * (1.0 / 8.0);
        }
        fft.process(&mut symbol);
        out.extend(symbol);
    }
    out.truncate(SAMPLES);
    out
}

/// A carrier frequency-modulated by a tone.
fn fm(tone_hz: f64, deviation_hz: f64) -> Vec<Complex<f32>> {
    let sample = |i: usize| {
        let angle = TAU * (tone_hz * i as f64 / RATE_HZ).fract();
        turned(deviation_hz / tone_hz * angle.sin() / TAU)
    };
    (0..SAMPLES).map(sample).collect()
}

/// The unit phasor at `turns`.
fn turned(turns: f64) -> Complex<f32> {
    let z = Complex::from_polar(1.0, TAU * turns.fract());
    Complex::new(z.re as f32, z.im as f32)
}
