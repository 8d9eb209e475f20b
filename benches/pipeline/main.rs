//! The detection chain on 8-bit samples on one core: what kinds of signals cost, that cost grows with the rate of the
//! samples and not with the number of emissions, and what comes after averaged spectra (`tail.rs`).
//!
//! A figure is million complex input samples per second of wall time, the fastest of some rounds over the same samples;
//! the machine may be busy, so nothing is asserted. `cargo bench --bench pipeline -- kinds|rates|emissions|tail` runs one
//! table, without arguments all. Recordings are looked for in `$PINPU_TEST_DATA/recordings` (`../shared`), CU8 only.

mod tail;

use std::{fs, path::PathBuf, time::Instant};

use num_complex::Complex;
use pinpu::{
    detect::{DetectEvent, Detector, DetectorConfig, survey::Surveyor},
    dsp::iq::IqSlice,
};

const ROUNDS: usize = 5;
const BLOCK: usize = 1 << 17;
/// Samples of a measurement.
const SAMPLES: usize = 16 << 20;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let tables: [(&str, fn()); 4] = [
        ("kinds", kinds),
        ("rates", rates),
        ("emissions", emissions),
        ("tail", tail::table),
    ];
    for (name, table) in tables {
        if asked.is_empty() || asked.iter().any(|a| a == name) {
            table();
        }
    }
}

/// Fastest of some rounds, MS/s.
fn fastest(samples: usize, mut round: impl FnMut()) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64()
    });
    samples as f64 / times.fold(f64::INFINITY, f64::min) * 1e-6
}

/// Throughput of a detector, and the emissions it reports.
fn detect(samples: &[Complex<u8>], rate_hz: f64) -> (f64, usize) {
    let config = DetectorConfig {
        sample_rate_hz: rate_hz,
        ..DetectorConfig::default()
    };
    let mut emissions = 0;
    let speed = fastest(samples.len(), || {
        let Ok(mut detector) = Detector::new(&config) else {
            return;
        };
        emissions = 0;
        let mut sink = |event| emissions += usize::from(matches!(event, DetectEvent::Closed(_)));
        for block in samples.chunks(BLOCK) {
            detector.push(IqSlice::Cu8(block), &mut sink);
        }
        detector.finish(&mut sink);
    });
    (speed, emissions)
}

/// The same of a survey.
fn survey(samples: &[Complex<u8>], rate_hz: f64) -> (f64, usize) {
    let config = DetectorConfig {
        sample_rate_hz: rate_hz,
        ..DetectorConfig::default()
    };
    let mut emissions = 0;
    let speed = fastest(samples.len(), || {
        let Ok(mut survey) = Surveyor::new(&config) else { return };
        emissions = 0;
        let mut sink = |event| emissions += usize::from(matches!(event, DetectEvent::Closed(_)));
        for block in samples.chunks(BLOCK) {
            survey.push(IqSlice::Cu8(block), &mut sink);
        }
        survey.finish(&mut sink);
    });
    (speed, emissions)
}

/// Uniform numbers in −0.5 to 0.5 that are the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    }

    /// The sum of four uniform numbers is near enough to Gaussian noise; its standard deviation is 0.58.
    fn noise(&mut self) -> f32 {
        (0..4).map(|_| self.next()).sum()
    }
}

/// Noise of 3 steps with `lines` carriers evenly over the span, each keyed on its own.
fn scene(samples: usize, lines: usize) -> Vec<Complex<u8>> {
    const PERIOD: usize = 1 << 20;
    let mut random = Random(1);
    let noise = (0..samples).map(|_| Complex::new(random.noise(), random.noise()) * 5.2);
    let mut x: Vec<Complex<f32>> = noise.collect();
    // All together stay within the converter, but for moments: what clips mixes, and products are no carriers.
    let amplitude = 40.0 / (lines.max(1) as f32).sqrt();
    for line in 0..lines {
        let turn = (line as f64 + 0.5) / lines as f64 * 0.9 - 0.45;
        let step = Complex::from_polar(1.0, std::f64::consts::TAU * turn);
        let mut phase = Complex::new(1.0, 0.0);
        for (n, x) in x.iter_mut().enumerate() {
            phase *= step;
            if (n + line * PERIOD / lines) % PERIOD < 3 * PERIOD / 4 {
                *x += Complex::new(phase.re as f32, phase.im as f32) * amplitude;
            }
        }
    }
    let byte = |x: f32| (x + 127.5).round().clamp(0.0, 255.0) as u8;
    x.iter().map(|x| Complex::new(byte(x.re), byte(x.im))).collect()
}

/// Each recording of 8-bit samples, repeated.
fn kinds() {
    println!("\nrecording                              MS/s");
    let root = std::env::var_os("PINPU_TEST_DATA").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    let Ok(folder) = fs::read_dir(root.join("recordings")) else {
        println!("(no recordings in {})", root.display());
        return;
    };
    let mut paths: Vec<_> = folder.filter_map(|f| Some(f.ok()?.path())).collect();
    paths.sort();
    for path in paths
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "sigmf-meta"))
    {
        let meta = fs::read_to_string(path).unwrap_or_default();
        let rate = meta
            .split_once("\"core:sample_rate\":")
            .and_then(|(_, rest)| rest.trim_start().split([',', '\n', '}']).next()?.trim().parse().ok());
        let (Some(rate), true, Ok(data)) = (
            rate,
            meta.contains("\"cu8\""),
            fs::read(path.with_extension("sigmf-data")),
        ) else {
            continue;
        };
        let once: Vec<_> = data
            .as_chunks()
            .0
            .iter()
            .map(|&[re, im]| Complex::new(re, im))
            .collect();
        let samples: Vec<_> = once.iter().copied().cycle().take(SAMPLES).collect();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        println!("{name:36} {:6.0}", detect(&samples, rate).0);
    }
}

/// The same samples taken for several rates: what is done by time weighs less the more samples a second holds.
fn rates() {
    println!("\nrate, MS/s    MS/s, noise    MS/s, ten keyed carriers");
    let (noise, lines) = (scene(SAMPLES, 0), scene(SAMPLES, 10));
    for rate in [1.2e6, 2.4e6, 10e6, 20e6, 30.72e6, 61.44e6] {
        println!(
            "{:9.2} {:12.0} {:18.0}",
            rate * 1e-6,
            detect(&noise, rate).0,
            detect(&lines, rate).0
        );
    }
}

/// Keyed carriers at the same time: for the detector at 2.4 MS/s, and for a survey at a rate at which its bins tell 1,000 apart.
fn emissions() {
    println!("\ncarriers   detector, MS/s    reported   survey, MS/s    reported");
    for lines in [0, 1, 10, 100, 1000] {
        let samples = scene(SAMPLES, lines);
        let (speed, reported) = detect(&samples[..SAMPLES / 4], 2.4e6);
        let (survey_speed, surveyed) = survey(&samples, 61.44e6);
        println!("{lines:8} {speed:16.0} {reported:11} {survey_speed:14.0} {surveyed:11}");
    }
}
