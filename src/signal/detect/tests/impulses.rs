//! Impulses: alarms in noise of any spectrum, extent and place of short pulses, edges of signals.

use rustfft::FftPlanner;

use super::{
    super::{
        config::{BINS, PULSE_BINS, PULSE_SLOT, ROW, impulse_pfa},
        impulse::{Impulse, ImpulseFinder, LEAD},
    },
    *,
};
use crate::dsp::{
    kernel::{Backend, ShortRow},
    short::ShortSpectra,
};

const ROWS: usize = 8;
const ALARMS: f64 = 1e-5;

/// Impulses found in `rows` rows of `samples`, at the positions of their samples.
fn impulses(samples: &[Complex<f32>], alarms: f64) -> Vec<(usize, Impulse)> {
    let mut finder = ImpulseFinder::new(impulse_pfa(alarms), 1.5);
    let mut short = ShortSpectra::new(Backend::best()).expect("runs here");
    let (mut fft, mut all) = (FftPlanner::new(), Vec::new());
    let fft = fft.plan_fft_forward(BINS);
    let reach = ROWS * ROW + 2 * LEAD * PULSE_SLOT;
    for (group, samples) in samples.windows(reach).step_by(ROWS * ROW).enumerate() {
        let spectra: Vec<Vec<f32>> = (0..ROWS)
            .map(|row| {
                let segments = [0, BINS / 2].into_iter().flat_map(|from| {
                    let mut segment = samples[row * ROW + from..][..BINS].to_vec();
                    fft.process(&mut segment);
                    segment
                });
                segments.map(|x| x.norm_sqr()).collect()
            })
            .collect();
        let mut found = Vec::new();
        let mut slots = vec![ShortRow::default(); ROWS];
        for (row, slots) in slots.iter_mut().enumerate() {
            short.measure(IqSlice::Cf32(&samples[row * ROW..]), slots);
        }
        finder.find(IqSlice::Cf32(samples), &slots, |row| &spectra[row], &mut found);
        let position = |impulse: &Impulse| (group * ROWS + impulse.row as usize) * ROW + impulse.first as usize;
        all.extend(found.iter().map(|impulse| (position(impulse), *impulse)));
    }
    all
}

/// Noise whose neighbouring samples resemble each other: each is the mean of `of` white ones.
fn smoothed(white: &[Complex<f32>], of: usize) -> Vec<Complex<f32>> {
    white.windows(of).map(|w| w.iter().sum::<Complex<f32>>()).collect()
}

#[test]
fn noise_raises_no_more_alarms_than_asked_whatever_its_spectrum() {
    let white = noise(8_000_000, 0.0);
    let asked = ALARMS * white.len() as f64;
    let found = impulses(&white, ALARMS).len() as f64;
    // Three sigma of a count of 80.
    assert!((0.67 * asked..1.33 * asked).contains(&found), "{found} of {asked}");
    for of in [2, 4, 16, 100] {
        let found = impulses(&smoothed(&white, of), ALARMS).len() as f64;
        assert!(found < 1.2 * asked, "{of}: {found} of {asked}");
    }
}

#[test]
fn a_pulse_of_a_few_samples_is_measured() {
    for (length, level_db, frequency) in [(2, 18.0, 0.2), (5, 16.0, -0.3), (40, 8.0, 0.1)] {
        let mut samples = noise(ROWS * ROW + 2 * LEAD * PULSE_SLOT, 0.0);
        let at = 3 * ROW + 700;
        add_tone(&mut samples, at..at + length, frequency * RATE, level_db);
        let all = impulses(&samples, 1e-9);
        let [(first, found)] = all[..] else {
            panic!("{length}: {all:?}");
        };
        let slack = 1 + length / 8;
        assert!(first.abs_diff(at) <= slack, "{length}: {first}");
        assert!((found.length as usize).abs_diff(length) <= slack, "{length}: {found:?}");
        let middle = (frequency + 0.5) * PULSE_BINS as f64;
        let strongest = (0..PULSE_BINS).max_by(|a, b| found.energy[*a].total_cmp(&found.energy[*b]));
        let off = (strongest.unwrap_or(0) as f64 - middle).abs();
        assert!(off <= 1.0 + 0.3 * PULSE_BINS as f64 / length as f64, "{found:?}");
    }
}

#[test]
fn a_signal_that_begins_or_ends_is_no_impulse() {
    let strong = noise(ROWS * ROW + 2 * LEAD * PULSE_SLOT, 15.0);
    for edge in 0..40 {
        let at = 3 * ROW + 25 * edge;
        for range in [0..at, at..strong.len()] {
            let quiet = noise(strong.len(), 0.0);
            let mut wide = quiet.clone();
            wide[range.clone()].copy_from_slice(&strong[range.clone()]);
            let mut narrow = quiet;
            add_tone(&mut narrow, range.clone(), 0.2 * RATE, 20.0);
            for samples in [wide, narrow] {
                assert_eq!(impulses(&samples, 1e-9).len(), 0, "{range:?}");
            }
        }
    }
}
