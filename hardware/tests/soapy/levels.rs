//! Levels are exact in every format, the noise floor is what its figure says, and it never repeats.

use std::collections::HashSet;

use num_complex::Complex;
use pinpu_hardware::{Gain, Receiver, SampleFormat};

use crate::{
    harness::{fast, isolated, streaming, take, tuning},
    measure::{mean_power, power_db, tone_db},
};

/// −174 dBm/Hz at 290 K, to the decimals.
const THERMAL_DBM_HZ: f64 = -173.975;

#[test]
fn a_carrier_reads_power_plus_gain_minus_full_scale_in_every_format() {
    isolated(
        "levels::a_carrier_reads_power_plus_gain_minus_full_scale_in_every_format",
        |folder| {
            for (profile, rate, format) in [
                ("rtlsdr", 2.4e6, SampleFormat::Cs8),
                ("airspy", 2.5e6, SampleFormat::Cs16),
                ("bladerf", 2.4e6, SampleFormat::Cs16),
                ("airspyhf", 768e3, SampleFormat::Cf32),
            ] {
                let scene = "receiver full_scale_dbm=-40 dc_dbfs=off\ncw freq=100.1M power=-50\n";
                let mut wanted = tuning(100_000_000, rate);
                // No gain anywhere, whatever the elements are called.
                let zero = |names: &[&str]| Gain::Elements(names.iter().map(|n| ((*n).to_owned(), 0.0)).collect());
                wanted.gain = match profile {
                    "airspy" => zero(&["LNA", "MIX", "VGA"]),
                    "airspyhf" => zero(&["LNA", "RF"]),
                    // SoapySDR counts an overall gain from the elements' minimum, here -15 dB.
                    "bladerf" => zero(&["full"]),
                    _ => Gain::Total(0.0),
                };
                let (mut receiver, _) = streaming(&fast(folder, profile, scene), &wanted);
                assert_eq!(receiver.facts().format, format, "{profile}");
                let level = tone_db(&take(&mut receiver, 1 << 18)[65_536..], rate, 100e3);
                assert!(
                    (level + 10.0).abs() < 0.1,
                    "{profile}: {level:.2} dBFS instead of -10.00"
                );
            }
        },
    );
}

#[test]
fn gain_moves_levels_by_its_decibels() {
    isolated("levels::gain_moves_levels_by_its_decibels", |folder| {
        let args = fast(
            folder,
            "ideal",
            "receiver full_scale_dbm=-30\ncw freq=100.1M power=-90\n",
        );
        for (db, expected) in [(0.0, -60.0), (20.0, -40.0), (43.21, -16.79)] {
            let mut wanted = tuning(100_000_000, 2.4e6);
            wanted.gain = Gain::Total(db);
            let (mut receiver, tuned) = streaming(&args, &wanted);
            let got = tuned.settings.iter().find(|s| s.name == "gain").unwrap().got;
            assert!((got - db).abs() < 0.006, "read back {got} for {db}");
            let level = tone_db(&take(&mut receiver, 1 << 17), 2.4e6, 100e3);
            assert!(
                (level - expected).abs() < 0.1,
                "{db} dB: {level:.2} dBFS instead of {expected}"
            );
        }
    });
}

#[test]
fn the_noise_floor_has_the_power_of_its_noise_figure() {
    isolated("levels::the_noise_floor_has_the_power_of_its_noise_figure", |folder| {
        for (rate, figure) in [(2.4e6, 6.0), (20e6, 3.0)] {
            let scene = format!("receiver full_scale_dbm=-60 noise_figure_db={figure}\n");
            let (mut receiver, _) = streaming(&fast(folder, "ideal", &scene), &tuning(100_000_000, rate));
            let level = power_db(&take(&mut receiver, 1 << 20));
            let expected = THERMAL_DBM_HZ + figure + 10.0 * rate.log10() + 60.0;
            // One million independent samples: the mean is within 0.1 % (0.0042 dB), five times that is allowed.
            assert!(
                (level - expected).abs() < 0.022,
                "{rate} S/s: {level:.4} dBFS instead of {expected:.4}"
            );
        }
    });
}

/// Averaging M samples must leave 1/M of the variance: what is judged by detection statistics rests on it.
#[test]
fn averaging_noise_reduces_its_variance_as_one_over_m() {
    isolated("levels::averaging_noise_reduces_its_variance_as_one_over_m", |folder| {
        let args = fast(folder, "ideal", "receiver full_scale_dbm=-60\n");
        let (mut receiver, _) = streaming(&args, &tuning(100_000_000, 2.4e6));
        let samples = take(&mut receiver, 1 << 22);
        let mean = mean_power(&samples);
        for m in [1_usize, 16, 256, 4096, 32_768] {
            let means: Vec<f64> = samples.chunks_exact(m).map(mean_power).collect();
            let count = means.len() as f64;
            let variance = means.iter().map(|p| (p / mean - 1.0).powi(2)).sum::<f64>() / count;
            // |z|^2 is exponential: relative variance 1. The estimate itself scatters by sqrt(8/count) at worst.
            let allowed = 5.0 * (8.0 / count).sqrt();
            assert!(
                (variance * m as f64 - 1.0).abs() < allowed,
                "M={m}: {:.4} of 1/M",
                variance * m as f64
            );
        }
        let kurtosis = samples.iter().map(|s| f64::from(s.re).powi(4)).sum::<f64>()
            / samples.len() as f64
            / (samples.iter().map(|s| f64::from(s.re).powi(2)).sum::<f64>() / samples.len() as f64).powi(2);
        assert!((kurtosis - 3.0).abs() < 0.02, "kurtosis {kurtosis:.4} is not Gaussian");
        let above = samples.iter().filter(|s| f64::from(s.norm_sqr()) > 9.0 * mean).count() as f64;
        let expected = (-9.0_f64).exp() * samples.len() as f64;
        assert!(
            (above - expected).abs() < 5.0 * expected.sqrt(),
            "tail: {above} samples, {expected:.0} expected"
        );
    });
}

#[test]
fn noise_neither_repeats_nor_correlates() {
    isolated("levels::noise_neither_repeats_nor_correlates", |folder| {
        let args = fast(folder, "ideal", "receiver full_scale_dbm=-60\n");
        let (mut receiver, _) = streaming(&args, &tuning(100_000_000, 2.4e6));
        let samples = take(&mut receiver, 1 << 22);
        let mut seen = HashSet::new();
        for window in samples.chunks_exact(4) {
            let key: Vec<u32> = window.iter().flat_map(|s| [s.re.to_bits(), s.im.to_bits()]).collect();
            assert!(seen.insert(key), "four samples came again: the noise repeats");
        }
        let n = 1 << 20;
        for lag in [1, 2, 15, 16, 17, 4095, 4096, 8192, 65_536] {
            let sum: Complex<f64> = (0..n)
                .map(|i| samples[i] * samples[i + lag].conj())
                .map(|p| Complex::new(f64::from(p.re), f64::from(p.im)))
                .sum();
            let correlation = sum.norm() / n as f64 / mean_power(&samples);
            assert!(
                correlation < 5.0 / (n as f64).sqrt(),
                "lag {lag}: correlation {correlation:.5}"
            );
        }
        // The same seed gives the same noise, another seed another.
        drop(receiver);
        let again = take(&mut streaming(&args, &tuning(100_000_000, 2.4e6)).0, 1024);
        assert_eq!(again, samples[..1024]);
        let other = fast(folder, "ideal", "receiver full_scale_dbm=-60 seed=9\n");
        assert_ne!(
            take(&mut streaming(&other, &tuning(100_000_000, 2.4e6)).0, 1024),
            samples[..1024]
        );
    });
}
