//! A survey of noise, of keyed carriers and of many of them, from samples on.

mod stream;

use num_complex::Complex;

use super::*;
use crate::{
    detect::{DetectEvent, Emission},
    dsp::{
        estimator::{EstimatorSettings, SpectrumEstimator},
        iq::{IqFormat, IqSlice},
        kernel::Backend,
        window::Window,
    },
};

const BINS: usize = 1024;
const AVERAGES: usize = 64;
const RATE_HZ: f64 = 61.44e6;

/// Gaussian noise of power one (SplitMix64, Box–Muller) and carriers.
struct Air {
    state: u64,
    at: u64,
}

impl Air {
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A frame of samples: noise of −40 dBFS and, for each of `lines`, a carrier of a frequency (bins from the lowest) and a level (dB over the
    /// noise of all the span).
    fn samples(&mut self, lines: &[(f64, f64)]) -> Vec<Complex<f32>> {
        let lines: Vec<_> = lines
            .iter()
            .map(|(bin, db)| {
                let turn = bin / BINS as f64 - 0.5;
                (turn, 10_f64.powf(db / 20.0))
            })
            .collect();
        (0..BINS * AVERAGES)
            .map(|_| {
                let radius = (-(1.0 - self.uniform()).ln()).sqrt();
                let mut x = Complex::from_polar(radius, std::f64::consts::TAU * self.uniform());
                for (turn, level) in &lines {
                    x += Complex::from_polar(*level, std::f64::consts::TAU * (turn * self.at as f64).fract());
                }
                self.at += 1;
                Complex::new((x.re * 0.01) as f32, (x.im * 0.01) as f32)
            })
            .collect()
    }
}

/// A frame in which nothing clips.
fn averaged(mean: &[f32]) -> Averaged<'_> {
    Averaged {
        mean,
        clipped: 0,
        samples: BINS * AVERAGES,
    }
}

/// Opened and closed emissions of `frames` frames, `lines` of each by its number.
fn survey(frames: usize, lines: impl Fn(usize) -> Vec<(f64, f64)>) -> (Vec<Emission>, Vec<Emission>) {
    let window = Window::blackman_harris(BINS);
    let averages = window.effective_averages(AVERAGES, BINS, 1);
    let frame_s = (BINS * AVERAGES) as f64 / RATE_HZ;
    let settings = EstimatorSettings {
        hop: BINS,
        averages: AVERAGES as u32,
        format: IqFormat::Cf32,
        backend: Backend::best(),
    };
    let mut estimator = SpectrumEstimator::new(&window, settings).expect("it runs here");
    let mut survey = Survey::new(SurveyConfig {
        bins: BINS,
        averages,
        frame_s,
        sample_rate_hz: RATE_HZ,
        center_hz: Hertz(100_000_000),
        usable_fraction: 1.0,
        silence: 0.0,
        false_alarms_per_day_mhz: 1.0,
        hold_s: 20.0 * frame_s,
    });
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    let mut sink = |event| match event {
        DetectEvent::Opened(emission) => opened.push(emission),
        DetectEvent::Closed(emission) => closed.push(emission),
        _ => {}
    };
    let mut air = Air { state: 5, at: 0 };
    for frame in 0..frames {
        let samples = air.samples(&lines(frame));
        estimator.push(IqSlice::Cf32(&samples), &mut |s| {
            survey.frame(averaged(&s.mean), &mut sink)
        });
    }
    survey.finish(&mut sink);
    (opened, closed)
}

#[test]
fn nothing_is_found_in_noise() {
    let (opened, closed) = survey(300, |_| Vec::new());
    assert!(opened.is_empty() && closed.is_empty(), "{opened:?}");
}

#[test]
fn a_keyed_carrier_is_one_emission_with_its_bursts() {
    // −13 dB in the span, about 14 dB over the noise of its bin; on for eight frames of sixteen.
    let on = |frame: usize| (60..160).contains(&frame) && (frame - 60) % 16 < 8;
    let (opened, closed) = survey(200, |frame| if on(frame) { vec![(700.0, -13.0)] } else { vec![] });
    assert_eq!((opened.len(), closed.len()), (1, 1), "{opened:?} {closed:?}");
    let carrier = &closed[0];
    let frame_s = (BINS * AVERAGES) as f64 / RATE_HZ;
    let expected_hz = 100e6 + (700.0 / BINS as f64 - 0.5) * RATE_HZ;
    assert!(
        (carrier.center_hz.as_f64() - expected_hz).abs() < 0.3 * RATE_HZ / BINS as f64,
        "{carrier:?}"
    );
    assert!((carrier.power_dbfs + 53.0).abs() < 0.3, "{carrier:?}");
    assert_eq!((carrier.bursts_total, carrier.bursts.len()), (7, 7), "{carrier:?}");
    assert!((carrier.start_s - 60.0 * frame_s).abs() < 1e-9 && (carrier.bursts[0][1] - 68.0 * frame_s).abs() < 1e-9);
    assert!((opened[0].start_s - 60.0 * frame_s).abs() < 1e-9 && !carrier.open);
}

#[test]
fn a_hundred_carriers_at_once_are_a_hundred_emissions() {
    let lines: Vec<_> = (0..100).map(|i| (15.0 + 9.8 * f64::from(i), -10.0)).collect();
    let (opened, closed) = survey(80, |_| lines.clone());
    assert_eq!((opened.len(), closed.len()), (100, 100));
    for ((bin, _), emission) in lines.iter().zip(&opened) {
        let expected_hz = 100e6 + (bin / BINS as f64 - 0.5) * RATE_HZ;
        assert!(
            (emission.center_hz.as_f64() - expected_hz).abs() < RATE_HZ / BINS as f64,
            "{bin}"
        );
    }
}

#[test]
fn a_line_that_comes_with_a_strong_neighbour_is_its_sideband() {
    // A signal of eleven lines; 30 dB below it a line that is there only with it, and one that was there before.
    let (_, closed) = survey(200, |frame| {
        let mut lines = Vec::new();
        if (60..160).contains(&frame) {
            lines.extend((0..11).map(|k| (690.0 + 2.0 * f64::from(k), 10.0)));
            lines.push((735.0, -10.0));
        }
        if (30..180).contains(&frame) {
            lines.push((665.0, -10.0));
        }
        lines
    });
    let bins: Vec<f64> = closed
        .iter()
        .map(|e| ((e.center_hz.0 - 100_000_000) as f64 / RATE_HZ + 0.5) * BINS as f64)
        .collect();
    assert!(bins.iter().any(|bin| (bin - 665.0).abs() < 2.0), "{bins:?}");
    assert!(!bins.iter().any(|bin| (bin - 735.0).abs() < 2.0), "{bins:?}");
}
