//! What holds for any samples: linearity, Parseval's theorem, and the reference for settings drawn at random.

use num_complex::Complex;
use proptest::prelude::*;

use super::{SIZES, TOLERANCE, estimator, rectangle, results};
use crate::dsp::{
    iq::{IqBuffer, IqFormat, IqSlice},
    kernel::Backend,
    window::Window,
};

/// Any bits of the format as samples; floating-point ones of magnitudes within a factor of a million.
fn any_samples(format: IqFormat, count: usize, seed: u64, scale: f32) -> IqBuffer {
    let mut state = seed;
    let mut bits = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    };
    let mut pairs = || (0..count).map(|_| Complex::new(bits(), bits())).collect::<Vec<_>>();
    let pairs = pairs().into_iter();
    match format {
        IqFormat::Cu8 => IqBuffer::Cu8(
            pairs
                .map(|x| Complex::new((x.re >> 24) as u8, (x.im >> 24) as u8))
                .collect(),
        ),
        IqFormat::Cs8 => IqBuffer::Cs8(
            pairs
                .map(|x| Complex::new((x.re >> 24) as i8, (x.im >> 24) as i8))
                .collect(),
        ),
        IqFormat::Cs16 => IqBuffer::Cs16(
            pairs
                .map(|x| Complex::new((x.re >> 16) as i16, (x.im >> 16) as i16))
                .collect(),
        ),
        IqFormat::Cf32 => {
            let number =
                |bits: u32| scale * (bits.cast_signed() as f32 / i32::MAX as f32) * 1e3_f32.powi((bits % 3) as i32);
            IqBuffer::Cf32(pairs.map(|x| Complex::new(number(x.re), number(x.im))).collect())
        }
    }
}

/// Powers of `a`, one frame.
fn powers(window: &Window, backend: Backend, a: &[Complex<f32>]) -> Option<Vec<f32>> {
    let tested = estimator(window, a.len(), 1, IqFormat::Cf32, backend)?;
    Some(results(tested, IqSlice::Cf32(a), &[]).pop()?.mean)
}

pub(super) fn transforms_are_linear_and_keep_the_power(backend: Backend, size: usize, seed: u64, scale: f32) {
    let window = Window::blackman_harris(size);
    let (IqBuffer::Cf32(a), IqBuffer::Cf32(b)) = (
        any_samples(IqFormat::Cf32, size, seed, scale),
        any_samples(IqFormat::Cf32, size, seed ^ 0x5555, scale),
    ) else {
        return;
    };
    let joined = |sign: f32| a.iter().zip(&b).map(|(a, b)| a + b * sign).collect::<Vec<_>>();
    let (Some(sum), Some(gap)) = (
        powers(&window, backend, &joined(1.0)),
        powers(&window, backend, &joined(-1.0)),
    ) else {
        return;
    };
    let (Some(a_bins), Some(b_bins)) = (powers(&window, backend, &a), powers(&window, backend, &b)) else {
        return;
    };
    // |A + B|² + |A − B|² = 2 |A|² + 2 |B|², which holds for linear transforms only.
    let strongest = sum.iter().chain(&gap).copied().fold(0.0, f32::max);
    for k in 0..size {
        let (left, right) = (sum[k] + gap[k], 2.0 * (a_bins[k] + b_bins[k]));
        assert!(
            (left - right).abs() < 1e-5 * strongest,
            "{size}, bin {k}: {left} is not {right}"
        );
    }
    // Parseval: the bins sum to the mean power of the windowed samples.
    let weighted: f64 = a
        .iter()
        .zip(&window.taps)
        .map(|(a, w)| f64::from(a.norm_sqr()) * f64::from(*w).powi(2))
        .sum();
    let (power, bins) = (
        weighted / window.sum_squares,
        a_bins.iter().map(|p| f64::from(*p)).sum::<f64>(),
    );
    assert!((bins / power - 1.0).abs() < 1e-5, "{size}: bins of {bins} from {power}");
}

/// What [`any_stream_agrees_with_the_reference`] draws.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    size: usize,
    hop: usize,
    averages: u32,
    format: IqFormat,
    window: usize,
    seed: u64,
    scale: f32,
}

pub(super) fn draws() -> impl Strategy<Value = Draw> {
    let drawn = (
        prop::sample::select(SIZES.to_vec()),
        0.05_f64..=1.0,
        1_u32..20,
        prop::sample::select(IqFormat::ALL.to_vec()),
        0_usize..3,
        any::<u64>(),
        -12_i32..12,
    );
    drawn.prop_map(|(size, hop, averages, format, window, seed, scale)| Draw {
        size,
        hop: ((size as f64 * hop) as usize).max(1),
        averages,
        format,
        window,
        seed,
        scale: 10_f32.powi(scale),
    })
}

pub(super) fn any_stream_agrees_with_the_reference(backend: Backend, draw: &Draw) {
    let Draw {
        size,
        hop,
        averages,
        format,
        ..
    } = *draw;
    let windows = [Window::hann, Window::blackman_harris, rectangle];
    let window = windows[draw.window](size);
    let input = any_samples(format, size + 11 * hop + 3, draw.seed, draw.scale);
    let make = |backend| estimator(&window, hop, averages, format, backend);
    let (Some(tested), Some(reference)) = (make(backend), make(Backend::Reference)) else {
        return;
    };
    let (got, expected) = (
        results(tested, input.as_slice(), &[]),
        results(reference, input.as_slice(), &[]),
    );
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(&expected) {
        // Rounding goes by the frame's strongest bin, also in the least of several frames.
        let strongest = expected.max.iter().copied().fold(0.0, f32::max).sqrt();
        for (got, expected) in [
            (&got.mean, &expected.mean),
            (&got.max, &expected.max),
            (&got.min, &expected.min),
        ] {
            for (got, expected) in got.iter().zip(expected) {
                let off = (got.sqrt() - expected.sqrt()).abs() / strongest;
                assert!(off <= 2.0 * TOLERANCE, "{draw:?}: {got} is not {expected}, {off}");
            }
        }
    }
}
