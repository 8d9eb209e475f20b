//! The chain of a survey on streams of samples: what the receiver makes, what is left over, and what is missing.

use std::f64::consts::TAU;

use num_complex::Complex;

use super::Air;
use crate::{
    detect::{Artefact, ArtefactKind, DetectEvent, DetectorConfig, Emission, GapReason, Summary, survey::Surveyor},
    dsp::iq::IqSlice,
    units::Hertz,
};

const RATE_HZ: f64 = 2.4e6;
const CENTER_HZ: i64 = 100_000_000;
/// Samples of a frame at that rate.
const FRAME: usize = 64 * 1024;

fn config() -> DetectorConfig {
    DetectorConfig {
        sample_rate_hz: RATE_HZ,
        center_hz: Hertz(CENTER_HZ),
        ..DetectorConfig::default()
    }
}

/// Noise of −40 dBFS over the span, and `signal` at each sample.
fn air(samples: usize, signal: impl Fn(usize) -> Complex<f64>) -> Vec<Complex<f32>> {
    let mut air = Air { state: 11, at: 0 };
    let noise = (0..samples.div_ceil(FRAME)).flat_map(|_| air.samples(&[]));
    noise
        .take(samples)
        .enumerate()
        .map(|(n, x)| {
            let s = signal(n);
            x + Complex::new(s.re as f32, s.im as f32)
        })
        .collect()
}

/// A carrier `offset_hz` from the centre of amplitude `level_db`.
fn carrier(offset_hz: f64, level_db: f64) -> impl Fn(usize) -> Complex<f64> {
    let amplitude = 10_f64.powf(level_db / 20.0);
    move |n| Complex::from_polar(amplitude, TAU * (offset_hz / RATE_HZ * n as f64).fract())
}

struct Found {
    closed: Vec<Emission>,
    artefacts: Vec<Artefact>,
    withdrawn: usize,
    summary: Summary,
}

/// Surveys `samples` in blocks of an odd length; time is missing before the second of the given pieces.
fn survey(pieces: &[&[Complex<f32>]], lost_s: f64) -> Found {
    let mut survey = Surveyor::new(&config()).expect("valid");
    let (mut closed, mut artefacts, mut withdrawn) = (Vec::new(), Vec::new(), 0);
    let mut sink = |event: DetectEvent| match event {
        DetectEvent::Closed(emission) => closed.push(emission),
        DetectEvent::Artefact(artefact) => artefacts.push(artefact),
        DetectEvent::Withdrawn(_) => withdrawn += 1,
        _ => {}
    };
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            survey.gap(lost_s, GapReason::Overflow, &mut sink);
        }
        for block in piece.chunks(50_001) {
            survey.push(IqSlice::Cf32(block), &mut sink);
        }
    }
    let summary = survey.finish(&mut sink);
    Found {
        closed,
        artefacts,
        withdrawn,
        summary,
    }
}

#[test]
fn the_receivers_own_line_and_mirror_are_no_emissions() {
    let (signal, image, dc) = (
        carrier(403_000.0, -10.0),
        carrier(-403_000.0, -45.0),
        carrier(0.0, -40.0),
    );
    let samples = air(40 * FRAME, |n| {
        let keyed = (10 * FRAME..30 * FRAME).contains(&n);
        dc(n)
            + if keyed {
                signal(n) + image(n)
            } else {
                Complex::default()
            }
    });
    let found = survey(&[&samples], 0.0);
    assert_eq!(found.closed.len(), 1, "{:?}", found.closed);
    let parent = &found.closed[0];
    assert!(
        (parent.center_hz - Hertz(CENTER_HZ + 403_000)).as_f64().abs() < 500.0,
        "{parent:?}"
    );
    let kinds: Vec<_> = found.artefacts.iter().map(|a| a.artefact).collect();
    assert!(kinds.len() == 2 && kinds.contains(&ArtefactKind::Dc), "{kinds:?}");
    let image = found.artefacts.iter().find(|a| a.artefact == ArtefactKind::Image);
    let cause = &image.expect("an image").cause;
    assert!(
        cause.contains(&format!("emission {} ", parent.id)) && cause.contains("35 dB"),
        "{cause}"
    );
    assert_eq!(found.withdrawn, 2, "who was told of a beginning is told of the end");
    assert_eq!(found.summary.emissions, 1);
}

#[test]
fn a_weaker_signal_where_a_mirror_would_be_stays_while_the_other_pauses() {
    let (strong, weak) = (carrier(403_000.0, -10.0), carrier(-403_000.0, -40.0));
    let samples = air(40 * FRAME, |n| {
        weak(n)
            + if n / FRAME % 16 < 8 {
                strong(n)
            } else {
                Complex::default()
            }
    });
    let found = survey(&[&samples], 0.0);
    assert_eq!(
        (found.closed.len(), found.artefacts.len()),
        (2, 0),
        "{:?}",
        found.artefacts
    );
}

#[test]
fn what_comes_and_goes_with_clipping_is_overload() {
    let (a, b) = (carrier(203_000.0, 2.0), carrier(310_000.0, 2.0));
    let mut samples = air(40 * FRAME, |n| {
        let on = (10 * FRAME..26 * FRAME).contains(&n);
        if on { a(n) + b(n) } else { Complex::default() }
    });
    for x in &mut samples {
        (x.re, x.im) = (x.re.clamp(-1.0, 1.0), x.im.clamp(-1.0, 1.0));
    }
    let found = survey(&[&samples], 0.0);
    assert!(found.summary.clipped_fraction > 0.05, "{:?}", found.summary);
    let overload = found
        .artefacts
        .iter()
        .filter(|a| a.artefact == ArtefactKind::Overload)
        .count();
    assert!(overload >= 4, "{:?}", found.artefacts);
    for own in [203_000, 310_000] {
        let at = |e: &&Emission| (e.center_hz - Hertz(CENTER_HZ + own)).as_f64().abs() < 2_000.0;
        assert!(found.closed.iter().any(|e| at(&e)), "{own}");
    }
    let weak = found.closed.iter().filter(|e| e.power_dbfs < -15.0).count();
    assert_eq!(weak, 0, "{:?}", found.closed);
}

#[test]
fn samples_that_fill_no_frame_are_looked_at_too() {
    let tone = carrier(-300_000.0, -30.0);
    let samples = air(FRAME / 3, &tone);
    let found = survey(&[&samples], 0.0);
    assert_eq!(found.closed.len(), 1, "{:?}", found.closed);
    assert!(found.closed[0].open && found.closed[0].stop_s < FRAME as f64 / 2.0 / RATE_HZ);
    assert!(found.summary.floor_observed, "{:?}", found.summary);
    // −40 dBFS over 2.4 MHz.
    assert!(
        (found.summary.noise_floor_dbfs_hz + 103.8).abs() < 0.3,
        "{:?}",
        found.summary
    );
}

#[test]
fn time_that_was_not_observed_is_in_no_duty_cycle() {
    let tone = carrier(300_000.0, -30.0);
    let samples = air(20 * FRAME + 1_000, &tone);
    let found = survey(&[&samples, &samples], 0.2);
    assert_eq!((found.closed.len(), found.summary.gaps), (1, 1), "{:?}", found.closed);
    let emission = &found.closed[0];
    assert!(emission.duty_cycle > 0.99, "{emission:?}");
    assert_eq!(emission.bursts_total, 2, "{emission:?}");
    let second = 20.0 * FRAME as f64 / RATE_HZ + 1_000.0 / RATE_HZ + 0.2;
    assert!((emission.bursts[1][0] - second).abs() < 1e-9, "{emission:?}");
}
