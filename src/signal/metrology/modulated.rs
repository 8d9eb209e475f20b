//! Modulated signals: carriers keyed, amplitude and frequency modulated by speech-like noise, stepped, many carriers, pulses.
//!
//! Every signal has a mean power of 1 while it is on and lies at zero frequency.

use std::f64::consts::TAU;

use num_complex::Complex;

use super::signals::Signals;
use crate::detect::class::Class;

/// What a signal is modulated by, with its parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Modulation {
    /// Nothing.
    None,
    /// On and off at random, symbols a second.
    Keyed(f64),
    /// Carrier with two sidebands of speech, root-mean-square depth.
    Am(f64),
    /// The same of a tone of 1 kHz, depth.
    AmTone(f64),
    /// The upper sideband of speech.
    Ssb,
    /// Frequency modulation by speech, root-mean-square deviation in hertz.
    Fm(f64),
    /// The same by a tone of 1 kHz, peak deviation.
    FmTone(f64),
    /// A stereo programme with its pilot.
    Broadcast,
    /// Steps between as many frequencies: number, symbols a second, outermost deviation, Gaussian filter (share of a symbol).
    Stepped(usize, f64, f64, f64),
    /// Steps of phase with a root-raised-cosine filter (roll-off 0.35): number of phases, symbols a second.
    Phase(usize, f64),
    /// Carriers as many as given, spaced by so many hertz, with a prefix of this share.
    Carriers(usize, f64, f64),
    /// Pulses of this length, seconds, as many a second.
    Pulses(f64, f64),
}

impl Modulation {
    /// The class it is of; `None` where nobody may claim one.
    pub(super) fn class(self) -> Option<Class> {
        Some(match self {
            Self::None => Class::Carrier,
            Self::Keyed(_) => Class::Ook,
            Self::Am(_) | Self::AmTone(_) => Class::Am,
            Self::Ssb => Class::Ssb,
            Self::Fm(_) | Self::FmTone(_) => Class::Fm,
            Self::Broadcast => Class::FmBroadcast,
            Self::Stepped(..) => Class::Fsk,
            Self::Phase(..) => return None,
            Self::Carriers(..) => Class::Ofdm,
            Self::Pulses(..) => Class::Pulse,
        })
    }

    /// `count` samples at `rate` a second.
    pub(super) fn samples(self, count: usize, rate: f64, signals: &mut Signals) -> Vec<Complex<f32>> {
        match self {
            Self::None => vec![Complex::new(1.0, 0.0); count],
            Self::Keyed(symbols) => keyed(count, rate / symbols, signals),
            Self::Am(depth) => {
                let speech = speech(count, rate, signals);
                let varied = speech
                    .iter()
                    .map(|s| (1.0 + depth * s).max(0.0) / (1.0 + depth * depth).sqrt());
                varied.map(|a| Complex::new(a as f32, 0.0)).collect()
            }
            Self::AmTone(depth) => (0..count)
                .map(|n| 1.0 + depth * (TAU * 1000.0 * n as f64 / rate).sin())
                .map(|a| Complex::new((a / (1.0 + 0.5 * depth * depth).sqrt()) as f32, 0.0))
                .collect(),
            Self::Ssb => ssb(count, rate, signals),
            Self::Fm(deviation) => {
                let speech = speech(count, rate, signals);
                turned(speech.iter().map(|s| deviation * s.clamp(-2.5, 2.5) / rate))
            }
            Self::FmTone(deviation) => {
                turned((0..count).map(|n| deviation / rate * (TAU * 1000.0 * n as f64 / rate).sin()))
            }
            Self::Broadcast => broadcast(count, rate, signals),
            Self::Stepped(levels, symbols, deviation, soft) => {
                stepped(count, rate / symbols, levels, deviation / rate, soft, signals)
            }
            Self::Phase(phases, symbols) => phase(count, rate / symbols, phases, signals),
            Self::Carriers(carriers, spacing, prefix) => {
                many(count, (rate / spacing).round() as usize, carriers, prefix, signals)
            }
            Self::Pulses(length, pulses) => {
                let (on, period) = ((length * rate).max(1.0) as usize, (rate / pulses) as usize);
                let level = |n: usize| f32::from(u8::from(n % period < on));
                (0..count).map(|n| Complex::new(level(n), 0.0)).collect()
            }
        }
    }
}

/// Real noise of power 1 between two frequencies.
fn band(count: usize, rate: f64, low: f64, high: f64, signals: &mut Signals) -> Vec<f64> {
    let shape = |f: f64| f64::from(u8::from((low..high).contains(&(f.abs() * rate))));
    let noise = signals.shaped(count, 2.0, shape);
    noise.iter().map(|x| f64::from(x.re)).collect()
}

/// Noise of the telephone band in syllables, four a second, of mean power 1.
fn speech(count: usize, rate: f64, signals: &mut Signals) -> Vec<f64> {
    let start = signals.uniform();
    let mut noise = band(count, rate, 300.0, 2700.0, signals);
    for (n, s) in noise.iter_mut().enumerate() {
        let syllable = 0.5 - 0.5 * (TAU * (4.0 * n as f64 / rate + start)).cos();
        *s *= syllable / 0.375_f64.sqrt();
    }
    noise
}

fn ssb(count: usize, rate: f64, signals: &mut Signals) -> Vec<Complex<f32>> {
    let start = signals.uniform();
    let shape = |f: f64| f64::from(u8::from((300.0..2700.0).contains(&(f * rate))));
    let mut noise = signals.shaped(count, 1.0, shape);
    for (n, s) in noise.iter_mut().enumerate() {
        let syllable = 0.5 - 0.5 * (TAU * (4.0 * n as f64 / rate + start)).cos();
        *s *= (syllable / 0.375_f64.sqrt()) as f32;
    }
    noise
}

/// A carrier of these frequencies, cycles a sample.
fn turned(frequencies: impl Iterator<Item = f64>) -> Vec<Complex<f32>> {
    let mut phase = 0.0_f64;
    frequencies
        .map(|f| {
            phase = (phase + f).fract();
            Complex::new((TAU * phase).cos() as f32, (TAU * phase).sin() as f32)
        })
        .collect()
}

fn keyed(count: usize, symbol: f64, signals: &mut Signals) -> Vec<Complex<f32>> {
    let mut bits: Vec<f32> = Vec::new();
    for _ in 0..=(count as f64 / symbol) as usize {
        // Never longer off than three symbols, as real codes are.
        let silent = bits.iter().rev().take_while(|bit| **bit == 0.0).count() >= 3;
        bits.push(if silent || signals.uniform() < 0.5 { 1.0 } else { 0.0 });
    }
    (0..count)
        .map(|n| Complex::new(bits[(n as f64 / symbol) as usize], 0.0))
        .collect()
}

fn broadcast(count: usize, rate: f64, signals: &mut Signals) -> Vec<Complex<f32>> {
    let sum = band(count, rate, 50.0, 8_000.0, signals);
    let difference = band(count, rate, 50.0, 8_000.0, signals);
    let parts = sum.iter().zip(&difference).enumerate();
    turned(parts.map(|(n, (sum, difference))| {
        let t = n as f64 / rate;
        let pilot = (TAU * 19e3 * t).sin();
        let carrier = (TAU * 38e3 * t).sin();
        let stereo = 0.25 * sum + 0.1 * difference * carrier;
        75e3 / rate * (stereo.clamp(-0.9, 0.9) + 0.1 * pilot)
    }))
}

fn stepped(
    count: usize,
    symbol: f64,
    levels: usize,
    deviation: f64,
    soft: f64,
    signals: &mut Signals,
) -> Vec<Complex<f32>> {
    let top = (levels - 1) as f64;
    let symbols: Vec<f64> = (0..count as f64 as usize / symbol as usize + 2)
        .map(|_| 2.0 * signals.whole(0..levels) as f64 / top - 1.0)
        .collect();
    // A Gaussian filter by its integral: each step is an error function, here a logistic one.
    let at = |n: usize| {
        let t = n as f64 / symbol;
        let (now, within) = (t as usize, t.fract());
        if soft <= 0.0 {
            return symbols[now];
        }
        let rise = |x: f64| 1.0 / (1.0 + (-x / (0.25 * soft)).exp());
        let before = symbols[now.saturating_sub(1)];
        let after = symbols.get(now + 1).copied().unwrap_or(0.0);
        let own = symbols[now];
        own + (before - own) * (1.0 - rise(within)) + (after - own) * rise(within - 1.0)
    };
    turned((0..count).map(|n| deviation * at(n)))
}

fn phase(count: usize, symbol: f64, phases: usize, signals: &mut Signals) -> Vec<Complex<f32>> {
    const ROLL: f64 = 0.35;
    const REACH: i64 = 6;
    let pulse = |t: f64| {
        let pi = std::f64::consts::PI;
        let edge = 1.0 - (4.0 * ROLL * t).powi(2);
        if t.abs() < 1e-6 {
            1.0 - ROLL + 4.0 * ROLL / pi
        } else if edge.abs() < 1e-4 {
            ROLL / 2.0_f64.sqrt()
                * ((1.0 + 2.0 / pi) * (pi / (4.0 * ROLL)).sin() + (1.0 - 2.0 / pi) * (pi / (4.0 * ROLL)).cos())
        } else {
            ((pi * t * (1.0 - ROLL)).sin() + 4.0 * ROLL * t * (pi * t * (1.0 + ROLL)).cos()) / (pi * t * edge)
        }
    };
    let symbols: Vec<Complex<f64>> = (0..(count as f64 / symbol) as usize + 2)
        .map(|_| Complex::from_polar(1.0, TAU * signals.whole(0..phases) as f64 / phases as f64))
        .collect();
    let sample = |n: usize| {
        let t = n as f64 / symbol;
        let near = (t as i64 - REACH).max(0)..(t as i64 + REACH + 1).min(symbols.len() as i64);
        let sum: Complex<f64> = near.map(|k| symbols[k as usize] * pulse(t - k as f64)).sum();
        Complex::new(sum.re as f32, sum.im as f32)
    };
    (0..count).map(sample).collect()
}

fn many(count: usize, size: usize, carriers: usize, prefix: f64, signals: &mut Signals) -> Vec<Complex<f32>> {
    let fft = rustfft::FftPlanner::new().plan_fft_inverse(size);
    let guard = (prefix * size as f64) as usize;
    let scale = 1.0 / (carriers as f32).sqrt();
    let mut out = Vec::with_capacity(count + size + guard);
    while out.len() < count {
        let mut symbol = vec![Complex::<f32>::default(); size];
        for carrier in 0..carriers {
            let place = (carrier as i64 - carriers as i64 / 2).rem_euclid(size as i64) as usize;
            let turn = TAU * (0.125 + 0.25 * signals.whole(0..4) as f64);
            symbol[place] = Complex::from_polar(scale, turn as f32);
        }
        fft.process(&mut symbol);
        out.extend_from_slice(&symbol[size - guard..]);
        out.extend_from_slice(&symbol);
    }
    out.truncate(count);
    out
}
