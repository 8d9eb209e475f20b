//! The emitters are what the scene says: bandwidth, timing, keying, hopping, fading, drift.

use num_complex::Complex;

use crate::{
    harness::{fast, isolated, streaming, take, tuning},
    measure::{band_power, mean_power, occupied, power_db, spectrum, tone_db},
};

const RATE: f64 = 2.4e6;

/// A scene without receiver faults, seen at 100 MHz and 2.4 MS/s.
fn seen(folder: &std::path::Path, emitters: &str, samples: usize) -> Vec<Complex<f32>> {
    let scene = format!("receiver full_scale_dbm=-40 noise=off\n{emitters}\n");
    take(
        &mut streaming(&fast(folder, "ideal", &scene), &tuning(100_000_000, RATE)).0,
        samples,
    )
}

#[test]
fn noise_and_ofdm_fill_their_band_evenly_and_stop_at_its_edges() {
    isolated(
        "signals::noise_and_ofdm_fill_their_band_evenly_and_stop_at_its_edges",
        |folder| {
            for (kind, outside_db) in [("noise", -35.0), ("ofdm", -28.0)] {
                let samples = seen(
                    folder,
                    &format!("{kind} freq=100.33M power=-60 bandwidth=540k"),
                    1 << 20,
                );
                let level = power_db(&samples);
                assert!((level + 20.0).abs() < 0.15, "{kind}: {level:.2} dBFS instead of -20");
                let spectrum = spectrum(&samples, 1024);
                let (low, high) = occupied(&spectrum, RATE);
                assert!(
                    (low - 60e3).abs() < 12e3 && (high - 600e3).abs() < 12e3,
                    "{kind}: occupies {low:.0}..{high:.0}"
                );
                let inside = band_power(&spectrum, RATE, 90e3, 570e3) / 480.0;
                for from in (90..540).step_by(60).map(|k| f64::from(k) * 1e3) {
                    if kind == "ofdm" && from <= 330e3 && from + 30e3 >= 330e3 {
                        continue; // no carrier in the middle, as in LTE
                    }
                    let part = band_power(&spectrum, RATE, from, from + 30e3) / 30.0;
                    assert!(
                        (10.0 * (part / inside).log10()).abs() < 1.0,
                        "{kind}: not flat at {from} Hz"
                    );
                }
                for from in [-60e3, 680e3] {
                    let part = band_power(&spectrum, RATE, from, from + 40e3) / 40.0;
                    assert!(
                        10.0 * (part / inside).log10() < outside_db,
                        "{kind}: {:.1} dB at {from} Hz",
                        10.0 * (part / inside).log10()
                    );
                }
            }
        },
    );
}

#[test]
fn broadcast_fm_occupies_what_its_deviation_makes() {
    isolated("signals::broadcast_fm_occupies_what_its_deviation_makes", |folder| {
        let width = |deviation: &str| {
            let samples = seen(
                folder,
                &format!("fm freq=100.0M power=-60 deviation={deviation} pilot=1"),
                1 << 21,
            );
            assert!((power_db(&samples) + 20.0).abs() < 0.05, "FM has a constant envelope");
            let (low, high) = occupied(&spectrum(&samples, 2048), RATE);
            high - low
        };
        let (licensed, over) = (width("75k"), width("130k"));
        assert!(
            (100e3..200e3).contains(&licensed),
            "75 kHz deviation occupies {licensed:.0} Hz"
        );
        assert!(
            over > 1.4 * licensed,
            "130 kHz deviation occupies only {over:.0} Hz against {licensed:.0}"
        );
    });
}

#[test]
fn am_carries_its_tone_in_two_sidebands() {
    isolated("signals::am_carries_its_tone_in_two_sidebands", |folder| {
        let samples = seen(folder, "am freq=100.2M power=-60 depth=0.5 audio=tone:2000", 1 << 20);
        let carrier = tone_db(&samples, RATE, 200e3);
        assert!((carrier + 20.0).abs() < 0.1, "carrier {carrier:.2}");
        for side in [198e3, 202e3] {
            let level = tone_db(&samples, RATE, side) - carrier;
            assert!((level - 20.0 * 0.25_f64.log10()).abs() < 0.2, "sideband {level:.2} dB");
        }
    });
}

/// The on-times in samples: runs where the envelope is above half.
fn runs(samples: &[Complex<f32>], above: f32) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (i, sample) in samples.iter().enumerate().filter(|(_, s)| s.norm() > above) {
        match out.last_mut() {
            Some((_, end)) if *end == i => *end = i + 1,
            _ => out.push((i, i + 1)),
        }
        debug_assert!(sample.norm() > above);
    }
    out
}

#[test]
fn pulses_keep_period_width_and_jitter() {
    isolated("signals::pulses_keep_period_width_and_jitter", |folder| {
        let samples = seen(
            folder,
            "pulse freq=100.4M power=-60 period=1ms width=10us start=0.5ms",
            240_000,
        );
        let pulses = runs(&samples, 0.05);
        assert_eq!(pulses.len(), 100, "100 ms of one pulse a millisecond");
        for (i, (from, to)) in pulses.iter().enumerate() {
            assert!(
                from.abs_diff(1200 + 2400 * i) <= 1 && (to - from).abs_diff(24) <= 1,
                "pulse {i}: {from}..{to}"
            );
        }
        let samples = seen(
            folder,
            "pulse freq=100.4M power=-60 period=1ms width=10us jitter=100us start=1ms",
            2_400_000,
        );
        let starts: Vec<usize> = runs(&samples, 0.05).iter().map(|r| r.0).collect();
        // Jitter that would reach before `start` is cut off, so pulses are held against their nearest millisecond.
        let shift: Vec<f64> = starts
            .iter()
            .map(|s| *s as f64 - 2400.0 * (*s as f64 / 2400.0).round())
            .collect();
        let variance = shift.iter().map(|s| s * s).sum::<f64>() / shift.len() as f64;
        assert!(
            (950..=1000).contains(&starts.len()),
            "{} pulses in a second",
            starts.len()
        );
        assert!(
            (variance / (240.0 * 240.0 / 3.0) - 1.0).abs() < 0.25,
            "jitter is not uniform within 100 us"
        );
    });
}

#[test]
fn random_arrivals_come_at_their_rate() {
    isolated("signals::random_arrivals_come_at_their_rate", |folder| {
        let samples = seen(folder, "pulse freq=100.4M power=-60 arrivals=200 width=20us", 4_800_000);
        let count = runs(&samples, 0.05).len() as f64;
        assert!(
            (count - 400.0).abs() < 5.0 * 20.0,
            "{count} arrivals in 2 s, 400 expected"
        );
        let gaps: Vec<usize> = runs(&samples, 0.05).windows(2).map(|w| w[1].0 - w[0].0).collect();
        let mean = gaps.iter().sum::<usize>() as f64 / gaps.len() as f64;
        let short = gaps.iter().filter(|g| (**g as f64) < mean * 0.5).count() as f64 / gaps.len() as f64;
        assert!(
            (short - (1.0 - (-0.5_f64).exp())).abs() < 0.1,
            "gaps are not exponential: {short:.2} below half the mean"
        );
    });
}

#[test]
fn keyed_signals_switch_amplitude_or_frequency() {
    isolated("signals::keyed_signals_switch_amplitude_or_frequency", |folder| {
        let ook = seen(folder, "ook freq=100.2M power=-60 baud=5000", 1 << 20);
        let on = ook.iter().filter(|s| s.norm() > 0.05).count() as f64 / ook.len() as f64;
        assert!((0.44..0.56).contains(&on), "half the symbols are on, not {on:.2}");
        let fsk = seen(folder, "fsk freq=100.2M power=-60 baud=5000 deviation=50k", 1 << 20);
        assert!((power_db(&fsk) + 20.0).abs() < 0.05);
        let spectrum = spectrum(&fsk, 1024);
        let near = |hz: f64| band_power(&spectrum, RATE, hz - 15e3, hz + 15e3) / mean_power(&fsk);
        assert!(
            (near(150e3) - 0.5).abs() < 0.12 && (near(250e3) - 0.5).abs() < 0.12,
            "two tones: {} {}",
            near(150e3),
            near(250e3)
        );
    });
}

#[test]
fn hoppers_visit_all_channels_and_drift_moves() {
    isolated("signals::hoppers_visit_all_channels_and_drift_moves", |folder| {
        let samples = seen(folder, "cw hop=99.2M..100.8M/200k dwell=5ms power=-60", 2_400_000);
        let mut visited = [0; 9];
        for slot in samples.chunks_exact(12_000) {
            let levels: Vec<f64> = (0..9)
                .map(|c| tone_db(&slot[3000..9000], RATE, -800e3 + 200e3 * f64::from(c)))
                .collect();
            let on: Vec<usize> = (0..9).filter(|c| levels[*c] > -23.0).collect();
            assert_eq!(on.len(), 1, "one channel at a time: {levels:?}");
            visited[on[0]] += 1;
        }
        assert!(
            visited.iter().all(|v| (5..50).contains(v)),
            "200 hops over 9 channels: {visited:?}"
        );
        let samples = seen(folder, "cw freq=100M power=-60 drift=100k", 2_400_000);
        let late = tone_db(&samples[2_280_000..2_282_400], RATE, 95.05e3);
        assert!(
            late > -21.0,
            "after 0.95 s a drift of 100 kHz/s is at 95 kHz: {late:.1} dBFS"
        );
    });
}

#[test]
fn fading_keeps_the_mean_and_has_rayleigh_depths() {
    isolated("signals::fading_keeps_the_mean_and_has_rayleigh_depths", |folder| {
        let envelope = |fading: &str| -> Vec<f64> {
            let samples = seen(
                folder,
                &format!("cw freq=100.2M power=-60 fading={fading} doppler=200"),
                4_800_000,
            );
            samples.chunks_exact(2400).map(|c| mean_power(c) / 0.01).collect()
        };
        let rayleigh = envelope("rayleigh");
        let mean = rayleigh.iter().sum::<f64>() / rayleigh.len() as f64;
        assert!((mean - 1.0).abs() < 0.2, "mean {mean:.2}");
        let deep = rayleigh.iter().filter(|p| **p < 0.1).count() as f64 / rayleigh.len() as f64;
        assert!(
            (0.04..0.16).contains(&deep),
            "Rayleigh is below -10 dB for 9.5 % of the time, not {deep:.3}"
        );
        let rician = envelope("rician:12");
        assert!(
            rician.iter().all(|p| *p > 0.1),
            "a strong direct path does not fade 10 dB"
        );
    });
}

#[test]
fn timed_emitters_come_and_go() {
    isolated("signals::timed_emitters_come_and_go", |folder| {
        let samples = seen(
            folder,
            "cw freq=100.2M power=-60 on=20ms off=15ms start=10ms stop=100ms",
            240_000 * 2,
        );
        let on: Vec<(usize, usize)> = runs(&samples, 0.05).iter().map(|(a, b)| (a / 2400, b / 2400)).collect();
        assert_eq!(on, [(10, 30), (45, 65), (80, 100)], "milliseconds on the air");
    });
}
