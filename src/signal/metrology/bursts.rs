//! Radar pulses of the NIST/NTIA generator (NTIA TM-18-527) that fit the span, and the times of bursts.

use std::f64::consts::TAU;

use num_complex::Complex;

use super::{
    BINS, Check, Effort, Heard, Pass, RATE_HZ, configuration, ratio,
    signals::{Signals, add_tone},
};

/// Noise per sample.
const NOISE: f64 = 1e-4;
/// Thirteen chips of alternating sign (Barker).
const BARKER: [f64; 13] = [1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0];

/// A kind of radar burst.
struct Radar {
    name: &'static str,
    /// Length of a pulse, µs.
    pulse_us: (f64, f64),
    /// Pulses a second.
    rate: (f64, f64),
    /// Pulses in a burst.
    pulses: (usize, usize),
    coded: bool,
    /// Span of a chirp, Hz; zero for none.
    chirp_hz: (f64, f64),
    /// Rates it is tried at.
    sample_rates_hz: &'static [f64],
}

impl Radar {
    /// Unmodulated pulses at `RATE_HZ`; the kinds below say what differs.
    const PLAIN: Self = Self {
        name: "",
        pulse_us: (1.0, 100.0),
        rate: (300.0, 3000.0),
        pulses: (1, 2),
        coded: false,
        chirp_hz: (0.0, 0.0),
        sample_rates_hz: &[RATE_HZ],
    };
}

const RADARS: [Radar; 4] = [
    Radar {
        name: "P0N#1, 0.5–2.5 µs",
        pulse_us: (0.5, 2.5),
        rate: (900.0, 1100.0),
        pulses: (15, 41),
        sample_rates_hz: &[RATE_HZ, 20e6],
        ..Radar::PLAIN
    },
    Radar {
        name: "P0N#2, phase-coded, 13–52 µs",
        pulse_us: (13.0, 52.0),
        pulses: (5, 21),
        coded: true,
        sample_rates_hz: &[RATE_HZ, 20e6],
        ..Radar::PLAIN
    },
    Radar {
        name: "Q3N#2, chirp of 1–10 MHz, 10–30 µs",
        pulse_us: (10.0, 30.0),
        pulses: (2, 9),
        chirp_hz: (1e6, 10e6),
        sample_rates_hz: &[20e6],
        ..Radar::PLAIN
    },
    Radar {
        name: "single unmodulated pulse, 1–100 µs",
        ..Radar::PLAIN
    },
];

/// Share of radar bursts found, false bursts, and edges.
pub(super) fn measure(effort: Effort, seed: u64) -> Vec<Check> {
    let mut checks = Vec::new();
    for (radar, &rate) in RADARS
        .iter()
        .flat_map(|radar| radar.sample_rates_hz.iter().map(move |rate| (radar, rate)))
    {
        let bursts = effort.of(if rate > 1e7 { 20 } else { 100 }, 400);
        checks.push(found(seed + checks.len() as u64, radar, rate, bursts));
    }
    checks.push(false_bursts(effort, seed));
    checks.push(edges(seed));
    checks
}

/// Peak power of a pulse over the noise in one megahertz.
const PEAK_DB: f64 = 20.0;

fn found(seed: u64, radar: &Radar, rate: f64, bursts: usize) -> Check {
    let mut signals = Signals::new(seed);
    let mut pass = Pass::new(&configuration(rate));
    pass.push(&signals.noise((0.6 * rate) as usize, NOISE));
    let mut now = (0.6 * rate) as usize;
    let mut truth = Vec::new();
    for _ in 0..bursts {
        let mut samples = signals.noise((0.75 * rate) as usize, NOISE);
        let [start, stop] = add_burst(&mut samples, &mut signals, radar, rate);
        truth.push([(now + start) as f64 / rate, (now + stop) as f64 / rate]);
        now += samples.len();
        pass.push(&samples);
    }
    let (heard, _) = pass.finish();
    let near = 2.0 * BINS as f64 / rate;
    let hit = |burst: &&[f64; 2]| {
        heard
            .emissions
            .iter()
            .any(|e| e.stop_s > burst[0] - near && e.start_s < burst[1] + near)
    };
    let found = truth.iter().filter(hit).count();
    let others = heard
        .emissions
        .iter()
        .filter(|e| !truth.iter().any(|t| e.stop_s > t[0] - near && e.start_s < t[1] + near))
        .count();
    Check {
        quantity: "radar bursts found".into(),
        conditions: format!(
            "{}, {PEAK_DB:.0} dB peak to average per MHz, {:.1} MS/s, {bursts} bursts anywhere in the span",
            radar.name,
            rate / 1e6
        ),
        expected: "at least 99 %".into(),
        result: format!(
            "{:.1} % ({others} other emissions)",
            100.0 * found as f64 / bursts as f64
        ),
        met: found as f64 >= 0.99 * bursts as f64,
    }
}

/// Adds a burst; from when to when, in samples.
fn add_burst(samples: &mut [Complex<f32>], signals: &mut Signals, radar: &Radar, rate: f64) -> [usize; 2] {
    let mut between = |(low, high): (f64, f64)| if high > low { signals.between(low, high) } else { low };
    let (length_s, pulses_hz) = (between(radar.pulse_us) * 1e-6, between(radar.rate));
    let chirp_hz = between((radar.chirp_hz.0, radar.chirp_hz.1.min(0.8 * rate).max(radar.chirp_hz.0)));
    let pulses = signals.whole(radar.pulses.0..radar.pulses.1);
    let width = chirp_hz
        .max(if radar.coded { 13.0 } else { 1.0 } / length_s)
        .min(0.8 * rate);
    let frequency = signals.between(-0.5, 0.5) * (0.9 - width / rate);
    // Of the noise in one megahertz.
    let amplitude = (ratio(PEAK_DB) * NOISE * 1e6 / rate).sqrt();
    let begin = 0.02 * rate + signals.between(0.0, BINS as f64);
    let length = (length_s * rate).max(1.0);
    let mut last = 0;
    for pulse in 0..pulses {
        let (at, phase) = (begin + pulse as f64 * rate / pulses_hz, signals.between(0.0, 1.0));
        let first = at.ceil() as usize;
        last = ((at + length).ceil() as usize).max(first + 1);
        for (i, x) in samples[first..last].iter_mut().enumerate() {
            let since = (first + i) as f64 - at;
            let seconds = since / rate;
            let sign = if radar.coded {
                BARKER[((since / length * 13.0) as usize).min(12)]
            } else {
                1.0
            };
            let turns = frequency * since + phase + chirp_hz * (0.5 * seconds * seconds / length_s - 0.5 * seconds);
            let z = Complex::from_polar(sign * amplitude, TAU * turns.fract());
            *x += Complex::new(z.re as f32, z.im as f32);
        }
    }
    [begin.ceil() as usize, last]
}

fn false_bursts(effort: Effort, seed: u64) -> Check {
    let seconds = effort.of(300, 7200);
    let (mut signals, mut pass) = (Signals::new(seed + 100), Pass::new(&configuration(RATE_HZ)));
    let mut block = vec![Complex::default(); RATE_HZ as usize / 10];
    for _ in 0..seconds * 10 {
        signals.refill(&mut block, NOISE);
        pass.push(&block);
    }
    let (heard, _) = pass.finish();
    let hours = seconds as f64 / 3600.0;
    Check {
        quantity: "false emissions in noise".into(),
        conditions: format!("white noise, 2.4 MS/s, {hours:.2} h, defaults (one asked per day and MHz)"),
        expected: "at most 1 per hour".into(),
        result: format!("{} in {hours:.2} h", heard.emissions.len()),
        met: heard.emissions.len() as f64 <= hours.max(1.0),
    }
}

/// Times of the bursts of a keyed carrier.
fn edges(seed: u64) -> Check {
    let mut signals = Signals::new(seed + 200);
    let mut samples = signals.noise(4_000_000, 1e-6);
    let (mut truth, mut at) = (Vec::new(), 100_000);
    while at < 3_900_000 {
        let length = 8_000 + signals.whole(0..12_000);
        add_tone(&mut samples[at..at + length], 0.1234, 0.0178, 0.0);
        truth.push([at as f64, (at + length) as f64]);
        at += length + 15_000 + signals.whole(0..15_000);
    }
    let (heard, _) = super::hear(&samples, &configuration(RATE_HZ));
    let hop = (BINS / 2) as f64;
    let result = times(&heard, &truth);
    Check {
        quantity: "on and off times of bursts".into(),
        conditions: format!(
            "carrier keyed {} times, 52 dB over the noise in its bin, hop of {hop} samples",
            truth.len()
        ),
        expected: "every edge within one hop".into(),
        result: result.map_or("bursts not told apart".into(), |(worst, rms)| {
            format!("worst {:.2} hops, root mean square {:.2}", worst / hop, rms / hop)
        }),
        met: result.is_some_and(|(worst, _)| worst <= hop),
    }
}

/// Worst and root mean square error of the edges, in samples.
fn times(heard: &Heard, truth: &[[f64; 2]]) -> Option<(f64, f64)> {
    let emission = heard.emissions.iter().find(|e| e.bursts.len() == truth.len())?;
    let errors: Vec<f64> = emission
        .bursts
        .iter()
        .zip(truth)
        .flat_map(|(b, t)| [b[0] * RATE_HZ - t[0], b[1] * RATE_HZ - t[1]])
        .collect();
    let worst = errors.iter().fold(0.0_f64, |worst, e| worst.max(e.abs()));
    Some((
        worst,
        (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt(),
    ))
}
