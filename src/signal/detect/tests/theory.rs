//! The chain against theory: false alarms, detection probability, bandwidth, times, levels.

use super::*;
use crate::dsp::{
    detection::{detection_constant, threshold_ratio},
    noise_floor::{self, FloorRules},
    spectrum::PowerSpectrum,
    window::Window,
};

const BINS: usize = 1024;

/// Mean power spectra of `count` rows of two segments at 50 % overlap, one after the other.
fn rows(samples: &[Complex<f32>], count: usize) -> Vec<Vec<f32>> {
    let mut spectrum = PowerSpectrum::new(BINS);
    let (mut a, mut b) = (vec![0.0; BINS], vec![0.0; BINS]);
    let rows = (0..count).map(|row| {
        spectrum.power_into(&samples[row * BINS..], &mut a);
        spectrum.power_into(&samples[row * BINS + BINS / 2..], &mut b);
        a.iter().zip(&b).map(|(a, b)| 0.5 * (a + b)).collect()
    });
    rows.collect()
}

/// Over 10⁷ bins of noise at Pfa 10⁻³ over the floor estimated from the same noise: 10,000 false alarms expected. A floor
/// that is wrong by 0.03 dB shifts their number by 3 %; their own spread, with 2.8 neighbours alike, is 1.7 %.
#[test]
fn false_alarms_are_as_many_as_asked_over_the_estimated_floor() {
    const PFA: f64 = 1e-3;
    let averages = Window::blackman_harris(BINS).effective_averages(2, BINS / 2, 1);
    let threshold = threshold_ratio(averages, PFA) as f32;
    let (mut alarms, mut bins) = (0_u64, 0_u64);
    let mut random = Random(11);
    for _ in 0..20 {
        let samples: Vec<_> = (0..513 * BINS).map(|_| random.noise(1e-4)).collect();
        let rows = rows(&samples, 512);
        let spectra: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let floor = noise_floor::estimate(&spectra, averages, 0.0, &FloorRules::default());
        for row in &rows {
            let over = row.iter().zip(&floor.level).filter(|(p, f)| **p > threshold * **f);
            alarms += over.count() as u64;
            bins += BINS as u64;
        }
    }
    let rate = alarms as f64 / bins as f64;
    assert!(
        bins > 10_000_000 && (rate / PFA - 1.0).abs() < 0.08,
        "{rate:.3e} in {bins}"
    );
}

/// Tones at random places within a bin, judged in their strongest bin by the row's threshold: the probability lies
/// between theory at full level and theory at the window's worst scalloping loss (0.83 dB), and near the mean of both.
#[test]
fn tones_are_detected_as_theory_says() {
    const TRIALS: usize = 1_500;
    let averages = Window::blackman_harris(BINS).effective_averages(2, BINS / 2, 1);
    let threshold = threshold_ratio(averages, 1e-4);
    let noise_power = 1e-4_f64;
    let mut spectrum = PowerSpectrum::new(BINS);
    let (mut power, mut sum) = (vec![0.0; BINS], vec![0.0; BINS]);
    for snr_db in [6.0_f64, 9.0, 12.0] {
        let (mut hits, mut random) = (0, Random(5 + snr_db as u64));
        // A tone of the power of a bin's noise times the noise bandwidth reads 0 dB in its bin.
        let enbw = Window::blackman_harris(BINS).enbw_bins();
        let amplitude = (10_f64.powf(snr_db / 10.0) * noise_power / BINS as f64 * enbw).sqrt();
        for _ in 0..TRIALS {
            let bin = 100 + (random.next() * 800.0) as usize;
            let step = 2.0 * std::f64::consts::PI * (bin as f64 + random.next() - 0.5 - 512.0) / BINS as f64;
            let samples: Vec<_> = (0..BINS * 3 / 2)
                .map(|i| random.noise(noise_power) + Complex::from_polar(amplitude, step * i as f64).map(|x| x as f32))
                .collect();
            sum.fill(0.0);
            for at in [0, BINS / 2] {
                spectrum.power_into(&samples[at..], &mut power);
                sum.iter_mut().zip(&power).for_each(|(s, p)| *s += 0.5 * p);
            }
            hits += usize::from(f64::from(sum[bin]) > threshold * noise_power / BINS as f64);
        }
        let measured = hits as f64 / TRIALS as f64;
        // Mean over the bin of the theory, the loss a parabola from 0 to 0.83 dB at the edge.
        let theory = (0..100).map(|i| {
            let loss_db = 0.826 * ((f64::from(i) + 0.5) / 100.0).powi(2);
            detection_constant(averages, threshold, 10_f64.powf((snr_db - loss_db) / 10.0))
        });
        let theory = theory.sum::<f64>() / 100.0;
        assert!(
            (measured - theory).abs() < 0.045,
            "{snr_db} dB: {measured:.3}, theory {theory:.3}"
        );
    }
}

trait Map {
    fn map(self, f: impl Fn(f64) -> f32) -> Complex<f32>;
}

impl Map for Complex<f64> {
    fn map(self, f: impl Fn(f64) -> f32) -> Complex<f32> {
        Complex::new(f(self.re), f(self.im))
    }
}

/// Noise shaped in frequency: `shape(f)` is the amplitude at `f` as a share of the rate, from -0.5 to 0.5.
fn shaped(samples: usize, power_dbfs: f64, shape: impl Fn(f64) -> f64) -> Vec<Complex<f32>> {
    const BLOCK: usize = 1 << 16;
    let fft = rustfft::FftPlanner::new().plan_fft_inverse(BLOCK);
    let mut random = Random(21);
    let mut out = Vec::new();
    while out.len() < samples {
        let mut block: Vec<Complex<f32>> = (0..BLOCK)
            .map(|k| {
                let f = if k < BLOCK / 2 {
                    k as f64
                } else {
                    k as f64 - BLOCK as f64
                } / BLOCK as f64;
                random.noise(1.0) * shape(f) as f32
            })
            .collect();
        fft.process(&mut block);
        out.extend(block);
    }
    let power = out.iter().map(Complex::norm_sqr).map(f64::from).sum::<f64>() / out.len() as f64;
    let scale = (10_f64.powf(power_dbfs / 10.0) / power).sqrt() as f32;
    out.truncate(samples);
    out.iter_mut().for_each(|x| *x *= scale);
    out
}

/// Amplitude over frequency, as a share of the rate.
type Shape = Box<dyn Fn(f64) -> f64>;

/// Width of 99 % of the power of a symmetric `shape`, as a share of the rate.
fn width_of(shape: &dyn Fn(f64) -> f64) -> f64 {
    const STEPS: usize = 20_000;
    let power = |i: usize| shape((i as f64 + 0.5) * 0.5 / STEPS as f64).powi(2);
    let all: f64 = (0..STEPS).map(power).sum();
    let mut sum = 0.0;
    let inside = (0..STEPS).take_while(|i| {
        sum += power(*i);
        sum < 0.99 * all
    });
    inside.count() as f64 / STEPS as f64
}

#[test]
fn occupied_bandwidths_of_known_shapes_are_measured() {
    let root = |x: f64| x.max(0.0).sqrt();
    // A raised cosine power spectrum of roll-off 0.35.
    let cosine = |f: f64, rate: f64| {
        let (x, a) = ((f / rate).abs(), 0.35);
        if x <= 0.5 * (1.0 - a) {
            1.0
        } else if x < 0.5 * (1.0 + a) {
            0.5 * (1.0 + (std::f64::consts::PI / a * (x - 0.5 * (1.0 - a))).cos())
        } else {
            0.0
        }
    };
    // 64 carriers of 3.125 kHz, each with its sin x / x spectrum, the middle one empty.
    let ofdm = |f: f64| {
        let carriers = (-32..=32).filter(|k| *k != 0).map(|k| {
            let x = std::f64::consts::PI * (f * 320.0 - f64::from(k));
            if x.abs() < 1e-9 { 1.0 } else { (x.sin() / x).powi(2) }
        });
        carriers.sum::<f64>().sqrt()
    };
    let shapes: [(&str, Shape); 3] = [
        ("rectangle", Box::new(|f| f64::from(u8::from(f.abs() < 0.1)))),
        ("ofdm", Box::new(ofdm)),
        ("raised cosine", Box::new(move |f| root(cosine(f, 0.15)))),
    ];
    for (name, shape) in shapes {
        let width_hz = width_of(&shape) * RATE;
        let mut samples = noise(1_000_000, -60.0);
        // 30 dB over the noise in its own band.
        let level = -60.0 + 30.0 + 10.0 * (width_hz / RATE).log10();
        let signal = shaped(600_000, level, shape);
        for (out, s) in samples[200_000..800_000].iter_mut().zip(signal) {
            *out += s;
        }
        let (events, _) = run_blocks(&samples, || 100_000);
        let found = closed(&events);
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        let measured = found[0].bandwidth_hz.as_f64();
        let limit = (0.02 * width_hz).max(RATE / BINS as f64);
        assert!(
            (measured - width_hz).abs() <= limit,
            "{name}: {measured} for {width_hz:.0}"
        );
    }
}

#[test]
fn bursts_begin_and_end_within_a_hop() {
    let hop_s = 512.0 / RATE;
    let mut random = Random(31);
    let mut samples = noise(1_000_000, -60.0);
    let mut on = Vec::new();
    let mut at = 50_000;
    while at < 900_000 {
        let length = 8_000 + (random.next() * 12_000.0) as usize;
        add_tone(&mut samples, at..at + length, 123_400.0, -35.0);
        on.push([at as f64 / RATE, (at + length) as f64 / RATE]);
        at += length + 15_000 + (random.next() * 15_000.0) as usize;
    }
    let (events, _) = run_blocks(&samples, || 30_000);
    let found = closed(&events);
    assert_eq!((found.len(), found[0].bursts.len()), (1, on.len()), "{:?}", &found[1..]);
    let errors = found[0]
        .bursts
        .iter()
        .zip(&on)
        .flat_map(|(b, t)| [b[0] - t[0], b[1] - t[1]]);
    let (mut worst, mut mean) = (0.0_f64, 0.0);
    for error in errors {
        worst = worst.max(error.abs());
        mean += error / (2 * on.len()) as f64;
    }
    assert!(worst <= hop_s && mean.abs() <= 0.2 * hop_s, "{worst} {mean} {hop_s}");
}

#[test]
fn nothing_is_reported_outside_the_usable_fraction() {
    let mut samples = noise(800_000, -60.0);
    // Steady, because the click of its keying would reach into the usable part.
    add_tone(&mut samples, 0..800_000, 450_000.0, -30.0);
    add_tone(&mut samples, 200_000..600_000, -300_000.0, -30.0);
    for (usable_fraction, expected) in [(1.0, 2), (0.8, 1)] {
        let config = DetectorConfig {
            usable_fraction,
            ..config()
        };
        let mut detector = Detector::new(&config).unwrap();
        let mut events = Vec::new();
        detector.push(IqSlice::Cf32(&samples), &mut |e| events.push(e));
        detector.finish(&mut |e| events.push(e));
        assert_eq!(
            closed(&events).len(),
            expected,
            "{usable_fraction}: {:?}",
            closed(&events)
        );
    }
}

#[test]
fn frames_read_the_power_of_a_tone_and_the_density_of_noise() {
    let mut samples = noise(400_000, -50.0);
    // On a bin, on for the second half: the mean is 3 dB down, the strongest is not, the weakest is noise.
    let bin_hz = RATE / BINS as f64;
    add_tone(&mut samples, 200_000..400_000, 100.0 * bin_hz, -20.0);
    let config = DetectorConfig {
        frame_interval_s: Some(0.4),
        ..config()
    };
    let mut detector = Detector::new(&config).unwrap();
    let mut frames = Vec::new();
    let mut sink = |e| {
        if let DetectEvent::Frame(frame) = e {
            frames.push(frame);
        }
    };
    samples.extend(noise(10_000, -50.0));
    detector.push(IqSlice::Cf32(&samples), &mut sink);
    detector.finish(&mut sink);
    let frame = &frames[0];
    let at = 512 + 100;
    let near = |value: f32, expected: f64, within: f64| (f64::from(value) - expected).abs() < within;
    assert!(near(frame.mean_dbfs[at], -23.01, 0.1), "mean {}", frame.mean_dbfs[at]);
    assert!(near(frame.max_dbfs[at], -20.0, 0.1), "max {}", frame.max_dbfs[at]);
    assert!(frame.min_dbfs[at] < -60.0, "min {}", frame.min_dbfs[at]);
    let quiet = 700..1000;
    let mean = |levels: &[f32]| {
        levels[quiet.clone()]
            .iter()
            .map(|l| 10_f64.powf(f64::from(*l) / 10.0))
            .sum::<f64>()
            / 300.0
    };
    // Noise of -50 dBFS in 1 MHz is -110 dBFS/Hz.
    let density = |levels: &[f32]| 10.0 * (mean(levels) / (frame.enbw_bins * bin_hz)).log10();
    assert!(
        (density(&frame.mean_dbfs) + 110.0).abs() < 0.05,
        "{}",
        density(&frame.mean_dbfs)
    );
    assert!(
        (density(&frame.floor_dbfs) + 110.0).abs() < 0.15,
        "{}",
        density(&frame.floor_dbfs)
    );
    assert!(
        quiet
            .clone()
            .all(|k| frame.min_dbfs[k] < frame.mean_dbfs[k] && frame.mean_dbfs[k] < frame.max_dbfs[k])
    );
    // The greatest of K exponentials is ln K + 0.577 times their mean.
    let segments: f64 = 2.0 * 400_000.0 / 1024.0;
    let expected = 10.0 * (segments.ln() + 0.577).log10();
    let measured = density(&frame.max_dbfs) - density(&frame.mean_dbfs);
    assert!((measured - expected).abs() < 0.3, "{measured} {expected}");
    assert!((frame.low_hz.as_f64() - (100e6 - RATE / 2.0 - bin_hz / 2.0)).abs() < 1.0);
    assert!((frame.duration_s - 0.4).abs() < 0.002);
}

#[test]
fn a_gap_is_never_read_as_silence() {
    // A tone that is on throughout, unobserved for 0.3 s five times: nothing of it may look like keying.
    let samples = {
        let mut samples = noise(1_200_000, -60.0);
        add_tone(&mut samples, 0..1_200_000, 50_000.0, -30.0);
        samples
    };
    let mut detector = Detector::new(&config()).unwrap();
    let mut events = Vec::new();
    for part in samples.chunks(200_000) {
        detector.push(IqSlice::Cf32(part), &mut |e| events.push(e));
        detector.gap(0.3, GapReason::Overflow, &mut |e| events.push(e));
    }
    let summary = detector.finish(&mut |e| events.push(e));
    let found = closed(&events);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(
        found[0].duty_cycle > 0.98 && (found[0].power_dbfs + 30.0).abs() < 0.1,
        "{found:#?}"
    );
    assert!(
        (summary.noise_floor_dbfs_hz + 120.0).abs() < 0.15,
        "{}",
        summary.noise_floor_dbfs_hz
    );
    // Fewer than the samples of two rows of each stretch belong to no row.
    let on_s: f64 = found[0].bursts.iter().map(|b| b[1] - b[0]).sum();
    assert!((on_s - 1.2).abs() < 6.0 * 2.5 * 1024.0 / RATE, "{on_s}");
    assert_eq!(summary.gaps, 6);
}
