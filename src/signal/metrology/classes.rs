//! Classes of emission: how many are named right, wrong, and not at all.

use std::collections::BTreeMap;

use num_complex::Complex;

use super::{Check, Effort, Heard, configuration, hear, modulated::Modulation, ratio, signals::Signals};
use crate::detect::{Emission, class::Class};

/// Noise per sample.
const NOISE: f64 = 1e-6;
/// Score from which a class is an answer; the rules of verdicts ask for no less.
const DECIDED: f64 = 0.6;
/// Share of right answers asked for at 20 dB and above, and of wrong ones at any ratio.
const RIGHT_MIN: f64 = 0.95;
/// The latter.
const WRONG_MAX: f64 = 0.01;

/// A signal to be named.
pub(super) struct Kind {
    pub(super) name: &'static str,
    modulation: Modulation,
    /// Its bandwidth, by which the ratio to the noise counts.
    bandwidth_hz: f64,
    rate_hz: f64,
    seconds: f64,
}

const fn kind(name: &'static str, modulation: Modulation, bandwidth_hz: f64, rate_hz: f64, seconds: f64) -> Kind {
    Kind {
        name,
        modulation,
        bandwidth_hz,
        rate_hz,
        seconds,
    }
}

pub(super) const KINDS: [Kind; 22] = [
    kind("carrier", Modulation::None, 500.0, 250e3, 1.0),
    kind("keying, 1 kBd", Modulation::Keyed(1e3), 10e3, 250e3, 1.0),
    kind("keying, 4 kBd", Modulation::Keyed(4e3), 40e3, 1e6, 0.5),
    kind(
        "keying, 12 Bd (20 words a minute)",
        Modulation::Keyed(12.0),
        250.0,
        48e3,
        6.0,
    ),
    kind("AM speech, depth 0.3 rms", Modulation::Am(0.3), 6e3, 250e3, 1.5),
    kind("AM tone, depth 0.8", Modulation::AmTone(0.8), 3e3, 250e3, 1.0),
    kind("SSB speech", Modulation::Ssb, 2.7e3, 48e3, 6.0),
    kind("FM speech, 12.5 kHz channel", Modulation::Fm(900.0), 8.5e3, 250e3, 1.5),
    kind("FM speech, 25 kHz channel", Modulation::Fm(1_800.0), 14e3, 250e3, 1.5),
    kind("FM tone, 3 kHz", Modulation::FmTone(3e3), 8e3, 250e3, 1.0),
    kind("FM stereo broadcasting", Modulation::Broadcast, 150e3, 2.4e6, 0.4),
    kind(
        "2-FSK, 2.4 kBd",
        Modulation::Stepped(2, 2.4e3, 2.4e3, 0.0),
        8e3,
        250e3,
        1.0,
    ),
    kind(
        "2-GFSK, 50 kBd",
        Modulation::Stepped(2, 50e3, 25e3, 0.5),
        100e3,
        1e6,
        0.3,
    ),
    kind(
        "2-FSK, 300 Bd, shift 850 Hz",
        Modulation::Stepped(2, 300.0, 425.0, 0.0),
        1.4e3,
        48e3,
        4.0,
    ),
    kind(
        "4-FSK, 4.8 kBd",
        Modulation::Stepped(4, 4.8e3, 1.944e3, 0.6),
        8e3,
        250e3,
        1.0,
    ),
    kind(
        "OFDM, 5 MHz LTE",
        Modulation::Carriers(300, 15e3, 0.07),
        4.5e6,
        7.68e6,
        0.06,
    ),
    kind(
        "OFDM, 52 carriers",
        Modulation::Carriers(52, 312.5e3, 0.25),
        16.6e6,
        20e6,
        0.03,
    ),
    kind("pulses, 2 µs, 1 kHz", Modulation::Pulses(2e-6, 1e3), 500e3, 2.4e6, 0.4),
    kind("BPSK", Modulation::Phase(2, 10e3), 13e3, 250e3, 0.6),
    kind("QPSK", Modulation::Phase(4, 10e3), 13e3, 250e3, 0.6),
    kind("8-PSK", Modulation::Phase(8, 100e3), 130e3, 1e6, 0.3),
    kind("MSK", Modulation::Stepped(2, 10e3, 2.5e3, 1.0), 15e3, 250e3, 0.6),
];

/// What became of the signals of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    pub(super) right: usize,
    /// By what they were taken for.
    pub(super) wrong: BTreeMap<Class, usize>,
    pub(super) undecided: usize,
}

impl Named {
    fn total(&self) -> usize {
        self.right + self.wrong_total() + self.undecided
    }

    fn wrong_total(&self) -> usize {
        self.wrong.values().sum()
    }
}

/// Tables at several ratios.
pub(super) fn measure(effort: Effort, seed: u64) -> Vec<Check> {
    let trials = effort.of(4, 40);
    let mut checks = Vec::new();
    let mut all: BTreeMap<i32, Named> = BTreeMap::new();
    for (number, kind) in KINDS.iter().enumerate() {
        for snr_db in [10, 15, 20, 30] {
            let named = trial(kind, f64::from(snr_db), trials, seed + 1000 * number as u64);
            let sum = all.entry(snr_db).or_default();
            if kind.modulation.class().is_some() {
                sum.right += named.right;
                sum.undecided += named.undecided;
            }
            for (class, count) in &named.wrong {
                *sum.wrong.entry(*class).or_default() += count;
            }
            if snr_db == 20 {
                checks.push(check(kind, &named));
            }
        }
    }
    checks.extend(all.iter().map(|(snr_db, named)| whole(*snr_db, named)));
    checks
}

fn check(kind: &Kind, named: &Named) -> Check {
    let total = named.total() as f64;
    let known = kind.modulation.class();
    // MSK is two-frequency keying by another name: both answers are right.
    let met = known.is_none_or(|_| named.right as f64 >= RIGHT_MIN * total)
        && named.wrong_total() as f64 <= WRONG_MAX * total;
    Check {
        quantity: format!("class of {}", kind.name),
        conditions: format!("20 dB in {:.1} kHz", kind.bandwidth_hz * 1e-3),
        expected: match known {
            Some(class) => format!("{} ≥ 95 %, wrong ≤ 1 %", class.key()),
            None => "wrong ≤ 1 %".into(),
        },
        result: words(named),
        met,
    }
}

fn whole(snr_db: i32, named: &Named) -> Check {
    let total = named.total() as f64;
    let right = snr_db < 20 || named.right as f64 >= RIGHT_MIN * total;
    Check {
        quantity: "class of emission, all kinds".into(),
        conditions: format!("{snr_db} dB"),
        expected: if snr_db < 20 {
            "wrong ≤ 1 %".into()
        } else {
            "right ≥ 95 %, wrong ≤ 1 %".into()
        },
        result: words(named),
        met: right && named.wrong_total() as f64 <= WRONG_MAX * total,
    }
}

pub(super) fn words(named: &Named) -> String {
    let wrong: Vec<String> = named
        .wrong
        .iter()
        .map(|(class, n)| format!("{} {n}", class.key()))
        .collect();
    let share = |count: usize| 100.0 * count as f64 / named.total().max(1) as f64;
    let mut text = format!(
        "right {:.1} %, wrong {:.1} %, undecided {:.1} %",
        share(named.right),
        share(named.wrong_total()),
        share(named.undecided)
    );
    if !wrong.is_empty() {
        text += &format!(" (taken for {})", wrong.join(", "));
    }
    text
}

/// Names `trials` signals of one kind, each at a frequency and a start of its own.
pub(super) fn trial(kind: &Kind, snr_db: f64, trials: usize, seed: u64) -> Named {
    let mut named = Named::default();
    for number in 0..trials {
        let mut signals = Signals::new(seed + number as u64);
        let heard = one(kind, snr_db, &mut signals);
        let answer = strongest(&heard).and_then(|emission| emission.classes.first());
        match answer.filter(|class| class.score >= DECIDED).map(|class| class.name) {
            None => named.undecided += 1,
            Some(class) if Some(class) == kind.modulation.class() => named.right += 1,
            Some(class) => *named.wrong.entry(class).or_default() += 1,
        }
    }
    named
}

/// What the detector hears of one signal in noise: it begins after a while and ends before the end.
fn one(kind: &Kind, snr_db: f64, signals: &mut Signals) -> Heard {
    let rate = kind.rate_hz;
    let quiet = (rate * 0.2 * signals.between(0.2, 0.5)) as usize;
    let count = (kind.seconds * rate) as usize;
    let mut samples = signals.noise(count + 2 * quiet, NOISE);
    let power = NOISE * kind.bandwidth_hz / rate * ratio(snr_db);
    let room = ((rate - 1.3 * kind.bandwidth_hz) / rate * 0.4).max(0.0);
    let shift = signals.between(-room, room);
    let amplitude = power.sqrt() as f32;
    let signal = kind.modulation.samples(count, rate, signals);
    let start = signals.uniform();
    for (n, (x, s)) in samples[quiet..].iter_mut().zip(&signal).enumerate() {
        let turns = (shift * n as f64 + start).fract();
        *x += s * Complex::from_polar(amplitude, (std::f64::consts::TAU * turns) as f32);
    }
    hear(&samples, &configuration(rate)).0
}

/// The emission of the most energy.
fn strongest(heard: &Heard) -> Option<&Emission> {
    let energy = |e: &Emission| 10_f64.powf(e.power_dbfs / 10.0) * e.duty_cycle * (e.stop_s - e.start_s);
    heard.emissions.iter().max_by(|a, b| energy(a).total_cmp(&energy(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_30_db_none_is_named_wrongly_and_nearly_all_are_named() {
        let mut right = 0;
        for (number, kind) in KINDS.iter().enumerate() {
            let named = trial(kind, 30.0, 1, 1 + 1000 * number as u64);
            assert!(named.wrong.is_empty(), "{}: {}", kind.name, words(&named));
            right += named.right;
        }
        assert!(right >= 15, "{right} of 18");
    }
}
