//! The detector held against recordings with known contents and signals with known measures.

use std::path::PathBuf;

use num_complex::Complex;
use serde_json::Value;

use super::*;
use crate::{dsp::iq::IqSlice, units::Hertz};

mod artefacts;
mod clumps;
mod impulses;
mod memory;
mod theory;

const RATE: f64 = 1_000_000.0;

/// Uniform numbers in [0, 1) that are the same on every machine (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Complex Gaussian noise of mean power `power`.
    fn noise(&mut self, power: f64) -> Complex<f32> {
        let radius = (-power * (1.0 - self.next()).ln()).sqrt();
        let phase = 2.0 * std::f64::consts::PI * self.next();
        Complex::new((radius * phase.cos()) as f32, (radius * phase.sin()) as f32)
    }
}

fn noise(samples: usize, power_dbfs: f64) -> Vec<Complex<f32>> {
    let mut random = Random(7);
    (0..samples)
        .map(|_| random.noise(10_f64.powf(power_dbfs / 10.0)))
        .collect()
}

/// Adds a tone of `level_dbfs` at `offset_hz` to `range`.
fn add_tone(samples: &mut [Complex<f32>], range: std::ops::Range<usize>, offset_hz: f64, level_dbfs: f64) {
    let amplitude = 10_f64.powf(level_dbfs / 20.0);
    for i in range {
        let phase = 2.0 * std::f64::consts::PI * offset_hz * i as f64 / RATE;
        samples[i] += Complex::new((amplitude * phase.cos()) as f32, (amplitude * phase.sin()) as f32);
    }
}

fn config() -> DetectorConfig {
    DetectorConfig {
        sample_rate_hz: RATE,
        center_hz: Hertz(100_000_000),
        ..DetectorConfig::default()
    }
}

/// Everything a detector says about samples given in blocks of the sizes `sizes` yields.
fn run_blocks(samples: &[Complex<f32>], mut size: impl FnMut() -> usize) -> (Vec<DetectEvent>, Summary) {
    let mut detector = Detector::new(&config()).unwrap();
    let mut events = Vec::new();
    let mut from = 0;
    while from < samples.len() {
        let to = (from + size().max(1)).min(samples.len());
        detector.push(IqSlice::Cf32(&samples[from..to]), &mut |e| events.push(e));
        from = to;
    }
    let summary = detector.finish(&mut |e| events.push(e));
    (events, summary)
}

fn closed(events: &[DetectEvent]) -> Vec<&Emission> {
    events
        .iter()
        .filter_map(|e| if let DetectEvent::Closed(e) = e { Some(e) } else { None })
        .collect()
}

#[test]
fn steady_tone_from_the_first_sample_reads_its_level_and_frequency() {
    let mut samples = noise(1_500_000, -70.0);
    let all = 0..samples.len();
    add_tone(&mut samples, all, 123_456.0, -30.0);
    let (events, summary) = run_blocks(&samples, || 10_000);
    let found = closed(&events);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!((found[0].power_dbfs + 30.0).abs() < 0.05, "{}", found[0].power_dbfs);
    assert!(
        (found[0].center_hz.0 - 100_123_456).abs() < 100,
        "{:?}",
        found[0].center_hz
    );
    assert!(found[0].open && found[0].duty_cycle > 0.99 && found[0].start_s < 0.002);
    assert!(
        (summary.noise_floor_dbfs_hz + 130.0).abs() < 0.1,
        "{}",
        summary.noise_floor_dbfs_hz
    );
    assert!(summary.floor_observed);
}

#[test]
fn noise_alone_is_nothing() {
    let (events, summary) = run_blocks(&noise(4_000_000, -40.0), || 100_000);
    assert!(events.is_empty(), "{events:?}");
    assert_eq!(summary.emissions, 0);
}

#[test]
fn block_sizes_do_not_matter() {
    let mut samples = noise(600_000, -60.0);
    for start in [50_000, 200_000, 390_000] {
        add_tone(&mut samples, start..start + 60_000, -200_000.0, -30.0);
    }
    let (whole, _) = run_blocks(&samples, || usize::MAX);
    let mut random = Random(3);
    let (pieces, _) = run_blocks(&samples, || (random.next() * 5_000.0) as usize);
    assert_eq!(whole, pieces);
    let found = closed(&whole);
    assert_eq!((found.len(), found[0].bursts_total), (1, 3));
    for (burst, start_s) in found[0].bursts.iter().zip([0.05, 0.2, 0.39]) {
        assert!(
            (burst[0] - start_s).abs() < 0.0015 && (burst[1] - start_s - 0.06).abs() < 0.0015,
            "{burst:?}"
        );
    }
}

#[test]
fn an_emission_is_announced_soon() {
    let mut samples = noise(1_500_000, -60.0);
    add_tone(&mut samples, 800_000..1_500_000, 50_000.0, -30.0);
    let mut detector = Detector::new(&config()).unwrap();
    let mut opened = None;
    for (block, part) in samples.chunks(1_000).enumerate() {
        let mut found = false;
        detector.push(IqSlice::Cf32(part), &mut |e| {
            found |= matches!(e, DetectEvent::Opened(_))
        });
        if found {
            opened.get_or_insert((block + 1) * 1_000);
        }
    }
    let delay = opened.expect("announced") - 800_000;
    assert!(delay < 150_000, "{delay} samples");
}

#[test]
fn a_gap_is_neither_silence_nor_an_end() {
    let mut samples = noise(1_200_000, -60.0);
    let all = 0..samples.len();
    add_tone(&mut samples, all, 50_000.0, -30.0);
    let mut detector = Detector::new(&config()).unwrap();
    let mut events = Vec::new();
    detector.push(IqSlice::Cf32(&samples[..600_000]), &mut |e| events.push(e));
    detector.gap(2.0, GapReason::Overflow, &mut |e| events.push(e));
    detector.push(IqSlice::Cf32(&samples[600_000..]), &mut |e| events.push(e));
    let summary = detector.finish(&mut |e| events.push(e));
    let found = closed(&events);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].duty_cycle > 0.98, "{}", found[0].duty_cycle);
    assert!((found[0].stop_s - 3.2).abs() < 0.01, "{}", found[0].stop_s);
    assert_eq!(summary.gaps, 1);
    assert!((summary.seconds - 1.2).abs() < 1e-9, "observed time only");
}

#[test]
fn sample_formats_agree() {
    let mut samples = noise(700_000, -45.0);
    add_tone(&mut samples, 100_000..500_000, 50_000.0, -12.0);
    let scaled = |x: f32, scale: f32| (x * scale).round();
    let cu8: Vec<_> = samples
        .iter()
        .map(|s| {
            Complex::new(
                (s.re * 127.5 + 127.5).round() as u8,
                (s.im * 127.5 + 127.5).round() as u8,
            )
        })
        .collect();
    let cs8: Vec<_> = samples
        .iter()
        .map(|s| Complex::new(scaled(s.re, 128.0) as i8, scaled(s.im, 128.0) as i8))
        .collect();
    let cs16: Vec<_> = samples
        .iter()
        .map(|s| Complex::new(scaled(s.re, 32_768.0) as i16, scaled(s.im, 32_768.0) as i16))
        .collect();
    for block in [
        IqSlice::Cu8(&cu8),
        IqSlice::Cs8(&cs8),
        IqSlice::Cs16(&cs16),
        IqSlice::Cf32(&samples),
    ] {
        let mut detector = Detector::new(&config()).unwrap();
        let mut events = Vec::new();
        detector.push(block, &mut |e| events.push(e));
        detector.finish(&mut |e| events.push(e));
        let found = closed(&events);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!((found[0].power_dbfs + 12.0).abs() < 0.05, "{}", found[0].power_dbfs);
        assert!((found[0].center_hz.0 - 100_050_000).abs() < 100);
    }
}

#[test]
fn wrong_configurations_say_what_to_give() {
    let wrong = DetectorConfig {
        sample_rate_hz: f64::NAN,
        ..config()
    };
    assert!(Detector::new(&wrong).err().unwrap().to_string().contains("sample rate"));
    let wrong = DetectorConfig {
        usable_fraction: 80.0,
        ..config()
    };
    assert!(Detector::new(&wrong).err().unwrap().to_string().contains("0.8"));
}

/// An annotation of a recording: time and band.
struct Annotation {
    time_s: [f64; 2],
    band_hz: [f64; 2],
    label: String,
}

fn recordings() -> Option<Vec<PathBuf>> {
    let root = std::env::var_os("PINPU_TEST_DATA").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let Ok(folder) = std::fs::read_dir(root.join("recordings")) else {
        assert!(
            std::env::var("CI").is_err(),
            "no recordings in {}: set PINPU_TEST_DATA",
            root.display()
        );
        eprintln!("skipped: recordings_are_scored ({} has no recordings)", root.display());
        return None;
    };
    let paths = folder.filter_map(|f| Some(f.ok()?.path()));
    let mut paths: Vec<_> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "sigmf-meta"))
        .collect();
    paths.sort();
    Some(paths)
}

fn overlap(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[1].min(b[1]) - a[0].max(b[0])).max(0.0)
}

fn band(e: &Emission) -> [f64; 2] {
    [e.low_hz.as_f64(), e.high_hz.as_f64()]
}

/// As `score.py`: at least half of the narrower band in common, widths alike, half of the time covered.
fn fits(e: &Emission, a: &Annotation, rate: f64) -> bool {
    let bins = 2.0 * rate / 1024.0;
    let (width_a, width_e) = (a.band_hz[1] - a.band_hz[0], (band(e)[1] - band(e)[0]).max(1.0));
    let alike = width_e <= 2.5 * width_a.max(bins) + bins && width_a.max(bins) <= 2.5 * width_e + bins;
    let slack = 256.0 / rate;
    let covered: f64 = e
        .bursts
        .iter()
        .map(|b| overlap(a.time_s, [b[0] - slack, b[1] + slack]))
        .sum();
    overlap(a.band_hz, band(e)) >= 0.5 * width_a.min(width_e) && alike && covered >= 0.5 * (a.time_s[1] - a.time_s[0])
}

fn touches(e: &Emission, a: &Annotation, rate: f64) -> bool {
    let (edge, slack) = (2.0 * rate / 1024.0, (512.0 / rate).max(0.001));
    let time = [a.time_s[0] - slack, a.time_s[1] + slack];
    overlap([a.band_hz[0] - edge, a.band_hz[1] + edge], band(e)) > 0.0
        && e.bursts.iter().any(|b| overlap(time, *b) > 0.0)
}

fn groups(annotations: &[Annotation]) -> usize {
    let mut sorted: Vec<_> = annotations.iter().collect();
    sorted.sort_by(|a, b| a.label.cmp(&b.label).then(a.band_hz[0].total_cmp(&b.band_hz[0])));
    let mut groups: Vec<(&str, [f64; 2])> = Vec::new();
    for a in sorted {
        let width = a.band_hz[1] - a.band_hz[0];
        let known = groups
            .iter_mut()
            .find(|(label, g)| *label == a.label && overlap(*g, a.band_hz) >= 0.5 * width.min(g[1] - g[0]));
        match known {
            Some((_, g)) => *g = [g[0].min(a.band_hz[0]), g[1].max(a.band_hz[1])],
            None => groups.push((&a.label, a.band_hz)),
        }
    }
    groups.len()
}

fn annotations(meta: &Value, rate: f64, center: f64) -> Vec<Annotation> {
    let rows = meta["annotations"].as_array().cloned().unwrap_or_default();
    let number = |row: &Value, key: &str, default: f64| row[key].as_f64().unwrap_or(default);
    let rows = rows.iter().map(|row| {
        let start_s = number(row, "core:sample_start", 0.0) / rate;
        let stop_s = start_s + number(row, "core:sample_count", 0.0) / rate;
        Annotation {
            time_s: [start_s, stop_s],
            band_hz: [
                number(row, "core:freq_lower_edge", center - rate / 2.0),
                number(row, "core:freq_upper_edge", center + rate / 2.0),
            ],
            label: row["core:label"].as_str().unwrap_or_default().to_owned(),
        }
    });
    rows.collect()
}

fn detect_file(meta: &Value, data: &[u8], config: &DetectorConfig) -> Vec<Emission> {
    let mut detector = Detector::new(config).unwrap();
    let mut found = Vec::new();
    let mut sink = |e: DetectEvent| {
        if let DetectEvent::Closed(e) = e {
            found.push(e);
        }
    };
    let i16_at = |b: &[u8]| i16::from_le_bytes([b[0], b[1]]);
    let f32_at = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    match meta["global"]["core:datatype"].as_str().unwrap() {
        "cu8" => {
            let s: Vec<_> = data.chunks_exact(2).map(|b| Complex::new(b[0], b[1])).collect();
            detector.push(IqSlice::Cu8(&s), &mut sink);
        }
        "ci8" => {
            let s: Vec<_> = data
                .chunks_exact(2)
                .map(|b| Complex::new(b[0] as i8, b[1] as i8))
                .collect();
            detector.push(IqSlice::Cs8(&s), &mut sink);
        }
        "ci16_le" => {
            let s: Vec<_> = data
                .chunks_exact(4)
                .map(|b| Complex::new(i16_at(b), i16_at(&b[2..])))
                .collect();
            detector.push(IqSlice::Cs16(&s), &mut sink);
        }
        _ => {
            let s: Vec<_> = data
                .chunks_exact(8)
                .map(|b| Complex::new(f32_at(b), f32_at(&b[4..])))
                .collect();
            detector.push(IqSlice::Cf32(&s), &mut sink);
        }
    }
    detector.finish(&mut sink);
    found
}

#[test]
fn recordings_are_scored() {
    let Some(paths) = recordings() else { return };
    let (mut recall, mut pieces, mut extras, mut on_noise, mut files) = (0.0, 0.0, 0.0, 0, 0.0);
    for path in paths {
        let meta: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let rate = meta["global"]["core:sample_rate"].as_f64().unwrap();
        let center = meta["captures"][0]["core:frequency"].as_f64().unwrap_or(0.0);
        let config = DetectorConfig {
            sample_rate_hz: rate,
            center_hz: Hertz::from_f64(center),
            ..DetectorConfig::default()
        };
        let found = detect_file(
            &meta,
            &std::fs::read(path.with_extension("sigmf-data")).unwrap(),
            &config,
        );
        let all = annotations(&meta, rate, center);
        let judged: Vec<_> = all
            .iter()
            .filter(|a| a.band_hz[1] - a.band_hz[0] < 0.95 * rate)
            .collect();
        if all.is_empty() {
            on_noise += found.len();
        }
        if judged.is_empty() {
            continue;
        }
        let hit = judged.iter().filter(|a| found.iter().any(|e| fits(e, a, rate))).count();
        let on = found.iter().filter(|e| all.iter().any(|a| touches(e, a, rate))).count();
        println!(
            "{}: {hit}/{} found, {on} pieces, {} extras",
            path.display(),
            judged.len(),
            found.len() - on
        );
        recall += hit as f64 / judged.len() as f64;
        pieces += on as f64 / groups(&all) as f64;
        extras += (found.len() - on) as f64;
        files += 1.0;
    }
    assert_eq!(on_noise, 0, "emissions in a recording of noise");
    let (recall, pieces, extras) = (recall / files, pieces / files, extras / files);
    assert!(
        recall >= 0.92 && pieces <= 1.5 && extras <= 1.5,
        "recall {recall:.3} (0.92), pieces {pieces:.2} (1.5), extras {extras:.2} (1.5)"
    );
}
