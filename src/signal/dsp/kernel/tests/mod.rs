//! What every backend must do, stamped on each; a backend that this processor cannot run is skipped by name.

mod random;

use num_complex::Complex;
use proptest::prelude::*;

use super::{Backend, Statistics};
use crate::dsp::{
    estimator::{EstimatorError, EstimatorSettings, SpectrumEstimator},
    iq::{IqBuffer, IqFormat, IqSlice},
    window::Window,
};

/// Powers of two with a kernel of their own, and sizes without.
const SIZES: [usize; 10] = [64, 100, 128, 256, 512, 1024, 2048, 4096, 8192, 16384];

/// What rounding may do to the amplitude of a bin, against the strongest: four roundings of single precision. A bin
/// 50 dB below the strongest is then right to 1e-3 dB at worst; errors grow like √log N and average out over frames.
pub(super) const TOLERANCE: f32 = 4.0 * 0.5 * f32::EPSILON;

/// Noise with a tone, the same for the same seed.
pub(super) fn samples(format: IqFormat, count: usize, seed: u64) -> IqBuffer {
    let mut state = seed;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    };
    let x = (0..count).map(|n| {
        let tone = Complex::from_polar(0.4, (n as f32 * 0.37) % std::f32::consts::TAU);
        tone + Complex::new(uniform(), uniform()) * 0.3
    });
    match format {
        IqFormat::Cu8 => IqBuffer::Cu8(
            x.map(|x| Complex::new(x.re, x.im) * 127.5 + Complex::new(127.5, 127.5))
                .map(|x| Complex::new(x.re as u8, x.im as u8))
                .collect(),
        ),
        IqFormat::Cs8 => IqBuffer::Cs8(
            x.map(|x| Complex::new((x.re * 128.0) as i8, (x.im * 128.0) as i8))
                .collect(),
        ),
        IqFormat::Cs16 => IqBuffer::Cs16(
            x.map(|x| Complex::new((x.re * 32_768.0) as i16, (x.im * 32_768.0) as i16))
                .collect(),
        ),
        IqFormat::Cf32 => IqBuffer::Cf32(x.collect()),
    }
}

/// An estimator, or `None` where this processor cannot run the backend.
fn estimator(
    window: &Window,
    hop: usize,
    averages: u32,
    format: IqFormat,
    backend: Backend,
) -> Option<SpectrumEstimator> {
    let settings = EstimatorSettings {
        hop,
        averages,
        format,
        backend,
    };
    match SpectrumEstimator::new(window, settings) {
        Ok(estimator) => Some(estimator),
        Err(EstimatorError::Backend(backend)) => {
            eprintln!("{backend:?} skipped: not on this processor");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// All results of a stream pushed in blocks that end at `cuts`, the unfinished one last.
fn results(mut estimator: SpectrumEstimator, samples: IqSlice<'_>, cuts: &[usize]) -> Vec<Statistics> {
    let (mut all, mut from) = (Vec::new(), 0);
    for cut in cuts.iter().copied().chain([samples.len()]) {
        let to = cut.clamp(from, samples.len());
        estimator.push(samples.slice(from..to), &mut |s| all.push(s.clone()));
        from = to;
    }
    estimator.flush(&mut |s| all.push(s.clone()));
    all
}

/// Greatest difference in amplitude, against the strongest bin.
pub(super) fn difference(got: &[f32], expected: &[f32]) -> f32 {
    let strongest = expected.iter().copied().fold(0.0, f32::max).sqrt();
    let differences = got.iter().zip(expected).map(|(g, e)| (g.sqrt() - e.sqrt()).abs());
    differences.fold(0.0, f32::max) / strongest
}

fn agrees_with_the_reference(backend: Backend) {
    for size in SIZES {
        for format in IqFormat::ALL {
            let windows = [Window::hann(size), Window::blackman_harris(size)];
            for (window, hop, averages) in [(&windows[0], size, 3), (&windows[1], size / 2, 5)] {
                let input = samples(format, 6 * size + 7, size as u64);
                let make = |backend| estimator(window, hop, averages, format, backend);
                let (Some(tested), Some(reference)) = (make(backend), make(Backend::Reference)) else {
                    return;
                };
                let got = results(tested, input.as_slice(), &[]);
                let expected = results(reference, input.as_slice(), &[]);
                assert_eq!(got.len(), expected.len());
                for (got, expected) in got.iter().zip(&expected) {
                    assert_eq!(got.frames, expected.frames);
                    for (got, expected) in [
                        (&got.mean, &expected.mean),
                        (&got.max, &expected.max),
                        (&got.min, &expected.min),
                    ] {
                        let difference = difference(got, expected);
                        assert!(difference <= TOLERANCE, "{size} {format:?} hop {hop}: {difference}");
                    }
                }
            }
        }
    }
}

fn a_tone_stands_in_its_bin_at_its_level(backend: Backend) {
    for size in SIZES {
        let window = Window::blackman_harris(size);
        for bin in [0, 1, size / 3, size / 2, size - 1] {
            let turn = (bin as f64 - (size / 2) as f64) / size as f64;
            let tone = |n: usize| {
                let x = Complex::from_polar(0.5, std::f64::consts::TAU * (turn * n as f64).fract());
                Complex::new(x.re as f32, x.im as f32)
            };
            let input: Vec<_> = (0..2 * size).map(tone).collect();
            let Some(tested) = estimator(&window, size, 2, IqFormat::Cf32, backend) else {
                return;
            };
            let [result] = &results(tested, IqSlice::Cf32(&input), &[])[..] else {
                panic!("one result of two frames")
            };
            // 0.25 of power, of which the strongest bin holds one part in the window's noise bandwidth.
            let peak = 0.25 / window.enbw_bins() as f32;
            for power in [&result.mean, &result.max, &result.min] {
                let strongest = (0..size).max_by(|a, b| power[*a].total_cmp(&power[*b]));
                assert_eq!(strongest, Some(bin), "{size}");
                assert!(
                    (power[bin] / peak - 1.0).abs() < 1e-4,
                    "{size}: {} is not {peak}",
                    power[bin]
                );
                let sum: f32 = power.iter().sum();
                assert!((sum / 0.25 - 1.0).abs() < 1e-4, "{size}: bins sum to {sum}");
            }
        }
    }
}

fn rectangle(size: usize) -> Window {
    Window {
        taps: vec![1.0; size],
        sum: size as f64,
        sum_squares: size as f64,
    }
}

fn every_code_has_its_value(backend: Backend) {
    let size = 64;
    let rectangle = rectangle(size);
    let dc = |input: IqSlice<'_>| {
        let tested = estimator(&rectangle, size, 1, input.format(), backend)?;
        Some(results(tested, input, &[])[0].mean[size / 2])
    };
    let holds = |got: Option<f32>, re: f64, im: f64| {
        let expected = (re * re + im * im) as f32;
        assert!(
            got.is_none_or(|got| (got / expected - 1.0).abs() < 1e-5),
            "{got:?} is not {expected}"
        );
    };
    for code in 0..=255_u8 {
        let (x, signed) = (f64::from(code), code.cast_signed());
        let input = vec![Complex::new(code, 255 - code / 2); size];
        holds(
            dc(IqSlice::Cu8(&input)),
            (x - 127.5) / 127.5,
            (127.5 - f64::from(code / 2)) / 127.5,
        );
        let input = vec![Complex::new(signed, (signed / 2) ^ 0x55); size];
        let (re, im) = (f64::from(signed), f64::from(input[0].im));
        holds(dc(IqSlice::Cs8(&input)), re / 128.0, im / 128.0);
    }
    for code in [i16::MIN, -12_345, -1, 1, 255, 256, i16::MAX] {
        let input = vec![Complex::new(code, !code); size];
        holds(
            dc(IqSlice::Cs16(&input)),
            f64::from(code) / 32_768.0,
            f64::from(!code) / 32_768.0,
        );
    }
}

fn what_is_no_number_is_silence(backend: Backend) {
    for size in SIZES {
        let window = Window::hann(size);
        for hop in [size, size / 2] {
            let IqBuffer::Cf32(mut broken) = samples(IqFormat::Cf32, 4 * size, 5) else {
                return;
            };
            let mut silent = broken.clone();
            // The first sample has no weight in the first frame; the last frames are sound.
            for (n, bad) in [
                (0, f32::INFINITY),
                (3, f32::NAN),
                (size / 2, f32::INFINITY),
                (size + size / 3, f32::NEG_INFINITY),
            ] {
                (broken[n].im, silent[n].im) = (bad, 0.0);
            }
            let run = |input: &[_]| {
                let tested = estimator(&window, hop, 2, IqFormat::Cf32, backend)?;
                Some(results(tested, IqSlice::Cf32(input), &[]))
            };
            assert_eq!(run(&broken), run(&silent), "{size}, hop {hop}");
        }
    }
}

fn a_constant_stays_at_dc(backend: Backend) {
    for size in SIZES {
        let input = vec![Complex::new(255_u8, 0); size];
        let Some(tested) = estimator(&Window::hann(size), size, 1, IqFormat::Cu8, backend) else {
            return;
        };
        let mean = &results(tested, IqSlice::Cu8(&input), &[])[0].mean;
        // A constant of power 2; Hann spreads it over DC, with two thirds of it, and its neighbours, with a sixth each.
        for (bin, power) in mean.iter().enumerate() {
            let expected = [4.0 / 3.0, 1.0 / 3.0]
                .get(bin.abs_diff(size / 2))
                .copied()
                .unwrap_or(0.0);
            assert!(
                (power - expected).abs() < 1e-5,
                "{size}, bin {bin}: {power} is not {expected}"
            );
        }
    }
}

fn single_frames_are_results_of_one(backend: Backend) {
    for size in SIZES {
        let window = Window::blackman_harris(size);
        let input = samples(IqFormat::Cs16, size, 9);
        let Some(tested) = estimator(&window, size, 1, IqFormat::Cs16, backend) else {
            return;
        };
        let result = &results(tested, input.as_slice(), &[])[0];
        assert_eq!((&result.mean, &result.mean), (&result.max, &result.min));
    }
}

fn long_averages_keep_their_precision(backend: Backend) {
    if backend == Backend::Reference {
        return;
    }
    // A constant level is where single-precision sums drift most.
    let (size, frames) = (64, 3_000_u32);
    let input = vec![Complex::new(0.1_f32, 0.0); size * frames as usize];
    let Some(tested) = estimator(&Window::hann(size), size, frames, IqFormat::Cf32, backend) else {
        return;
    };
    let result = &results(tested, IqSlice::Cf32(&input), &[])[0];
    assert_eq!(result.frames, frames);
    let dc = size / 2;
    assert!(
        (result.mean[dc] / result.max[dc] - 1.0).abs() < 2e-5,
        "{} {}",
        result.mean[dc],
        result.max[dc]
    );
}

fn splits_change_nothing(backend: Backend, size: usize, hop: usize, averages: u32, cuts: &[usize]) {
    let input = samples(IqFormat::Cu8, 23 * size, hop as u64);
    let window = Window::hann(size);
    let make = || estimator(&window, hop, averages, IqFormat::Cu8, backend);
    let (Some(whole), Some(split)) = (make(), make()) else {
        return;
    };
    let (whole, split) = (
        results(whole, input.as_slice(), &[]),
        results(split, input.as_slice(), cuts),
    );
    assert_eq!(whole.len(), split.len());
    for (whole, split) in whole.iter().zip(&split) {
        assert!(
            whole == split,
            "size {size}, hop {hop}, {averages} averages, cut at {cuts:?}"
        );
    }
    let frames: u32 = whole.iter().map(|s| s.frames).sum();
    assert_eq!(frames as usize, (input.as_slice().len() - size) / hop + 1);
}

fn power_is_quadratic(backend: Backend, size: usize, gain: f32) {
    let IqBuffer::Cf32(input) = samples(IqFormat::Cf32, size, 3) else {
        return;
    };
    let louder: Vec<_> = input.iter().map(|x| x * gain).collect();
    let run = |input: &[_]| {
        let tested = estimator(&Window::blackman_harris(size), size, 1, IqFormat::Cf32, backend)?;
        results(tested, IqSlice::Cf32(input), &[]).pop()
    };
    if let (Some(plain), Some(louder)) = (run(&input), run(&louder)) {
        let scaled: Vec<_> = plain.mean.iter().map(|p| p * gain * gain).collect();
        assert!(difference(&louder.mean, &scaled) <= 2.0 * TOLERANCE);
    }
}

macro_rules! contract {
    ($($name:ident: $backend:expr,)*) => { $(
        mod $name {
            use super::*;

            #[test]
            fn agrees_with_the_reference() {
                super::agrees_with_the_reference($backend);
            }
            #[test]
            fn a_tone_stands_in_its_bin_at_its_level() {
                super::a_tone_stands_in_its_bin_at_its_level($backend);
            }
            #[test]
            fn every_code_has_its_value() {
                super::every_code_has_its_value($backend);
            }
            #[test]
            fn what_is_no_number_is_silence() {
                super::what_is_no_number_is_silence($backend);
            }
            #[test]
            fn a_constant_stays_at_dc() {
                super::a_constant_stays_at_dc($backend);
            }
            #[test]
            fn single_frames_are_results_of_one() {
                super::single_frames_are_results_of_one($backend);
            }
            #[test]
            fn long_averages_keep_their_precision() {
                super::long_averages_keep_their_precision($backend);
            }

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(24))]

                #[test]
                fn splits_change_nothing(
                    size in prop::sample::select(vec![64_usize, 100, 256, 1024]),
                    hop in 1_usize..=1024,
                    averages in 1_u32..40,
                    mut cuts in prop::collection::vec(0_usize..23 * 1024, 0..12),
                ) {
                    let hop = (hop % size).max(size / 8);
                    cuts.sort_unstable();
                    super::splits_change_nothing($backend, size, hop, averages, &cuts);
                }

                #[test]
                fn power_is_quadratic(
                    size in prop::sample::select(SIZES.to_vec()),
                    gain in 1e-3_f32..10.0,
                ) {
                    super::power_is_quadratic($backend, size, gain);
                }

                #[test]
                fn transforms_are_linear_and_keep_the_power(
                    size in prop::sample::select(SIZES.to_vec()),
                    seed in any::<u64>(),
                    scale in -9_i32..6,
                ) {
                    super::random::transforms_are_linear_and_keep_the_power($backend, size, seed, 10_f32.powi(scale));
                }

                #[test]
                fn any_stream_agrees_with_the_reference(draw in random::draws()) {
                    super::random::any_stream_agrees_with_the_reference($backend, &draw);
                }
            }
        }
    )* };
}

contract! {
    reference: Backend::Reference,
    general: Backend::General,
    neon: Backend::Neon,
    avx2: Backend::Avx2,
    avx512: Backend::Avx512,
}

#[cfg(target_arch = "x86_64")]
contract! {
    arrays: Backend::Arrays,
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let window = Window::hann(64);
    let settings = |hop, averages| EstimatorSettings {
        hop,
        averages,
        format: IqFormat::Cu8,
        backend: Backend::best(),
    };
    let refused = |settings| SpectrumEstimator::new(&window, settings).err();
    assert_eq!(refused(settings(0, 1)), Some(EstimatorError::Hop { hop: 0, size: 64 }));
    assert_eq!(
        refused(settings(65, 1)),
        Some(EstimatorError::Hop { hop: 65, size: 64 })
    );
    assert_eq!(refused(settings(64, 0)), Some(EstimatorError::Averages));
    assert_eq!(refused(settings(64, 1)), None);
}
