//! What every backend must do with rows of short slots, stamped on each.

use num_complex::Complex;

use super::{
    Backend, REACH, ShortRow,
    short::{SIZE, SLOTS},
    tests::{TOLERANCE, difference, samples},
};
use crate::dsp::{
    iq::{IqBuffer, IqFormat, IqSlice},
    short::ShortSpectra,
};

/// What sums of sixteen and of 64 powers may differ by in single precision, relative.
const ROUNDING: f32 = 16.0 * f32::EPSILON;

/// A row of a backend; `None` where this processor cannot run it. What was there before must not show.
fn measure(backend: Backend, samples: IqSlice<'_>) -> Option<ShortRow> {
    let mut row = ShortRow {
        powers: [[f32::NAN; SLOTS]; SIZE],
        sums: [f32::NAN; SLOTS],
        twos: [f32::NAN; SLOTS],
        sixteens: [f32::NAN; SLOTS],
    };
    let mut spectra = ShortSpectra::new(backend)?;
    spectra.measure(samples, &mut row);
    let first = row.clone();
    spectra.measure(samples, &mut row);
    assert_eq!(format!("{first:?}"), format!("{row:?}"), "a second time");
    Some(row)
}

fn agrees_with_the_reference(backend: Backend) {
    for format in IqFormat::ALL {
        for seed in [3, 4, 5] {
            let input = samples(format, REACH + 5, seed);
            let of = |backend| measure(backend, input.as_slice());
            let (Some(got), Some(expected)) = (of(backend), of(Backend::Reference)) else {
                return;
            };
            for slot in 0..SLOTS {
                let spectrum = |row: &ShortRow| row.powers.map(|bin| bin[slot]);
                let difference = difference(&spectrum(&got), &spectrum(&expected));
                // NaN, where nothing was written, is no agreement.
                assert!(difference <= TOLERANCE, "{format:?} slot {slot}: {difference}");
                let numbers = |row: &ShortRow| [row.sums[slot], row.twos[slot], row.sixteens[slot]];
                for (got, expected) in numbers(&got).into_iter().zip(numbers(&expected)) {
                    let close = (got / expected - 1.0).abs() <= ROUNDING;
                    assert!(close, "{format:?} slot {slot}: {got} is not {expected}");
                }
            }
        }
    }
}

/// An impulse of sixteen samples wherever it begins belongs to the slot in which it begins, and to that alone as a whole.
fn sums_reach_into_the_next_slot(backend: Backend) {
    for at in [0, 1, 47, 48, 49, 63, 64, 1000, 1008, 1010, 1023] {
        let mut input = vec![Complex::new(0.0, 0.0); REACH];
        for x in &mut input[at..(at + 16).min(REACH)] {
            *x = Complex::new(0.0, 0.5);
        }
        let Some(row) = measure(backend, IqSlice::Cf32(&input)) else {
            return;
        };
        for slot in 0..SLOTS {
            let begins = slot == at / SIZE;
            assert_eq!(row.sixteens[slot] == 4.0, begins, "{at}: {:?}", row.sixteens);
            assert!(!begins || row.twos[slot] == 0.5, "{at}: {:?}", row.twos);
        }
        let inside = (at + 16).min(SLOTS * SIZE) - at;
        assert_eq!(row.sums.iter().sum::<f32>(), inside as f32 * 0.25, "{at}");
    }
}

/// Bins ascend, DC in the middle, and sum to the power of the samples.
fn a_tone_stands_in_its_bin_at_its_level(backend: Backend) {
    for bin in [0, 1, 17, 32, 63] {
        let turn = (bin as f64 - 32.0) / 64.0;
        let tone = |n: usize| {
            let x = Complex::from_polar(0.5, std::f64::consts::TAU * (turn * n as f64).fract());
            Complex::new(x.re as f32, x.im as f32)
        };
        let input: Vec<_> = (0..REACH).map(tone).collect();
        let Some(row) = measure(backend, IqSlice::Cf32(&input)) else {
            return;
        };
        for slot in 0..SLOTS {
            let spectrum = row.powers.map(|bin| bin[slot]);
            let strongest = (0..SIZE).max_by(|a, b| spectrum[*a].total_cmp(&spectrum[*b]));
            let sum: f32 = spectrum.iter().sum();
            assert_eq!(strongest, Some(bin));
            assert!((sum / 0.25 - 1.0).abs() < 1e-4, "{sum}");
        }
    }
}

fn what_is_no_number_is_silence(backend: Backend) {
    let IqBuffer::Cf32(mut broken) = samples(IqFormat::Cf32, REACH, 5) else {
        return;
    };
    let mut silent = broken.clone();
    for (n, bad) in [(3, f32::NAN), (500, f32::INFINITY), (REACH - 1, f32::NEG_INFINITY)] {
        (broken[n].re, silent[n].re) = (bad, 0.0);
    }
    let of = |input: &[_]| measure(backend, IqSlice::Cf32(input)).map(|row| format!("{row:?}"));
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
            fn sums_reach_into_the_next_slot() {
                super::sums_reach_into_the_next_slot($backend);
            }
            #[test]
            fn a_tone_stands_in_its_bin_at_its_level() {
                super::a_tone_stands_in_its_bin_at_its_level($backend);
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
