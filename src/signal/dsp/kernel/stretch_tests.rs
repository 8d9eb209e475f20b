//! What every backend must do with single frames, stamped on each.

use num_complex::Complex;

use super::{
    Backend, Resolution,
    tests::{TOLERANCE, difference, samples},
};
use crate::dsp::{
    iq::{IqBuffer, IqFormat, IqSlice},
    stretch::StretchSpectra,
    window::Window,
};

fn resolution(size: usize, hop: usize, averages: usize, spectra: usize) -> Resolution {
    Resolution {
        taps: Window::blackman_harris(size).power_taps(),
        hop,
        averages,
        spectra,
    }
}

/// The detector's, sizes with and without a kernel of their own, reaches and hops that are no multiples of the lanes.
fn cases() -> Vec<Vec<Resolution>> {
    vec![
        vec![resolution(1024, 512, 1, 2)],
        vec![resolution(1024, 512, 1, 2), resolution(512, 256, 2, 3)],
        vec![resolution(64, 64, 1, 3)],
        vec![resolution(64, 37, 3, 4), resolution(512, 100, 3, 2)],
        vec![resolution(100, 50, 2, 3)],
        vec![resolution(256, 128, 2, 2), resolution(4096, 2048, 1, 1)],
        vec![
            resolution(2048, 1000, 2, 1),
            resolution(8192, 1, 1, 1),
            resolution(16384, 1, 1, 1),
        ],
        vec![
            resolution(4096, 2048, 2, 2),
            resolution(8192, 4096, 1, 2),
            resolution(16384, 1, 1, 1),
        ],
    ]
}

/// Spectra of `count` stretches, `batch` at a time; `None` where this processor cannot run the backend.
fn spectra(
    case: &[Resolution],
    backend: Backend,
    samples: IqSlice<'_>,
    stride: usize,
    count: usize,
    batch: usize,
) -> Option<Vec<f32>> {
    let mut spectra = StretchSpectra::new(case, backend)?;
    let numbers = spectra.numbers();
    let mut out = vec![f32::NAN; count * numbers];
    for (n, out) in out.chunks_mut(batch * numbers).enumerate() {
        let from = n * batch * stride;
        spectra.powers_into(samples.slice(from..samples.len()), stride, out.len() / numbers, out);
    }
    Some(out)
}

fn agrees_with_the_reference(backend: Backend) {
    for case in cases() {
        for format in IqFormat::ALL {
            let reach = case.iter().map(Resolution::reach).max().unwrap_or(0);
            for (stride, count) in [(1024, 9), (77, 3)] {
                let input = samples(format, reach + (count - 1) * stride, 5);
                let of = |backend| spectra(&case, backend, input.as_slice(), stride, count, count);
                let (Some(got), Some(expected)) = (of(backend), of(Backend::Reference)) else {
                    return;
                };
                let mut at = 0;
                for r in (0..count).flat_map(|_| &case) {
                    for _ in 0..r.spectra {
                        let bins = at..at + r.taps.len();
                        let difference = difference(&got[bins.clone()], &expected[bins]);
                        // NaN, where nothing was written, is no agreement.
                        assert!(
                            difference <= TOLERANCE,
                            "{} {format:?} at {at}: {difference}",
                            r.taps.len()
                        );
                        at += r.taps.len();
                    }
                }
                assert_eq!(at, got.len());
            }
        }
    }
}

fn how_many_at_a_time_changes_nothing(backend: Backend) {
    for case in cases() {
        let reach = case.iter().map(Resolution::reach).max().unwrap_or(0);
        let input = samples(IqFormat::Cu8, reach + 20 * 1024, 7);
        let by = |batch| spectra(&case, backend, input.as_slice(), 1024, 21, batch);
        for batch in [1, 3, 8, 16] {
            assert!(by(21) == by(batch), "{batch} at a time");
        }
    }
}

fn what_is_no_number_is_silence(backend: Backend) {
    let IqBuffer::Cf32(mut broken) = samples(IqFormat::Cf32, 1536, 5) else {
        return;
    };
    let mut silent = broken.clone();
    for (n, bad) in [(3, f32::NAN), (500, f32::INFINITY), (1535, f32::NEG_INFINITY)] {
        (broken[n].re, silent[n].re) = (bad, 0.0);
    }
    let of = |input: &[_]| spectra(&cases()[0], backend, IqSlice::Cf32(input), 1024, 1, 1);
    assert_eq!(of(&broken), of(&silent));
}

macro_rules! contract {
    ($($name:ident: $backend:expr,)*) => { $(
        mod $name {
            use super::Backend;

            #[test]
            fn agrees_with_the_reference() {
                super::agrees_with_the_reference($backend);
            }
            #[test]
            fn how_many_at_a_time_changes_nothing() {
                super::how_many_at_a_time_changes_nothing($backend);
            }
            #[test]
            fn what_is_no_number_is_silence() {
                super::what_is_no_number_is_silence($backend);
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

/// Bins ascend, DC in the middle, and sum to the power of the samples.
#[test]
fn a_tone_stands_in_its_bin_at_its_level() {
    let mut spectra = StretchSpectra::new(&cases()[0], Backend::best()).expect("runs here");
    for bin in [0, 1, 300, 512, 1023] {
        let turn = (bin as f64 - 512.0) / 1024.0;
        let tone = |n: usize| {
            let x = Complex::from_polar(0.5, std::f64::consts::TAU * (turn * n as f64).fract());
            Complex::new(x.re as f32, x.im as f32)
        };
        let input: Vec<_> = (0..1536).map(tone).collect();
        let mut out = vec![0.0; spectra.numbers()];
        spectra.powers_into(IqSlice::Cf32(&input), 1024, 1, &mut out);
        for spectrum in out.chunks(1024) {
            let strongest = (0..spectrum.len()).max_by(|a, b| spectrum[*a].total_cmp(&spectrum[*b]));
            let sum: f32 = spectrum.iter().sum();
            assert_eq!(strongest, Some(bin));
            assert!((sum / 0.25 - 1.0).abs() < 1e-4, "{sum}");
        }
    }
}
