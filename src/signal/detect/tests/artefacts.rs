//! What the receiver makes itself is named with its cause, and never announced as an emission first.

use super::*;
use crate::detect::config::BINS;

const OFFSET_HZ: f64 = 150_137.0;

/// The tone at `OFFSET_HZ`, on for 0.2 s of every 0.4 s from 0.1 s.
fn keyed(samples: &mut [Complex<f32>], offset_hz: f64, level_dbfs: f64) {
    for start in (100_000..samples.len() - 200_000).step_by(400_000) {
        add_tone(samples, start..start + 200_000, offset_hz, level_dbfs);
    }
}

fn artefacts(events: &[DetectEvent]) -> Vec<&Artefact> {
    let found = events.iter().filter_map(|e| match e {
        DetectEvent::Artefact(artefact) => Some(artefact),
        _ => None,
    });
    found.collect()
}

/// Offsets of everything that was announced, Hz.
fn announced(events: &[DetectEvent]) -> Vec<f64> {
    let opened = events.iter().filter_map(|e| match e {
        DetectEvent::Opened(e) => Some(e.center_hz.as_f64() - 100e6),
        _ => None,
    });
    opened.collect()
}

/// As an 8-bit converter takes it.
fn convert(samples: &[Complex<f32>]) -> Vec<Complex<u8>> {
    let code = |x: f32| (x * 127.5 + 127.5).round().clamp(0.0, 255.0) as u8;
    samples.iter().map(|s| Complex::new(code(s.re), code(s.im))).collect()
}

fn run_cu8(samples: &[Complex<f32>]) -> Vec<DetectEvent> {
    let mut detector = Detector::new(&config()).unwrap();
    let mut events = Vec::new();
    for block in convert(samples).chunks(50_000) {
        detector.push(IqSlice::Cu8(block), &mut |e| events.push(e));
    }
    detector.finish(&mut |e| events.push(e));
    events
}

#[test]
fn an_image_is_named_at_any_rejection() {
    for rejection_db in [25.0, 32.0, 40.0] {
        let mut samples = noise(1_000_000, -75.0);
        keyed(&mut samples, OFFSET_HZ, -15.0);
        keyed(&mut samples, -OFFSET_HZ, -15.0 - rejection_db);
        let (events, summary) = run_blocks(&samples, || 20_000);
        let found = closed(&events);
        assert_eq!(summary.emissions, 1, "{rejection_db} dB: {found:#?}");
        assert!((found[0].center_hz.as_f64() - 100e6 - OFFSET_HZ).abs() < 100.0);
        let images = artefacts(&events);
        assert_eq!(images.len(), 1, "{rejection_db} dB: {images:#?}");
        assert_eq!(images[0].artefact, ArtefactKind::Image);
        assert!(
            images[0].cause.contains(&format!("{rejection_db:.0} dB")),
            "{}",
            images[0].cause
        );
        assert!(
            announced(&events).iter().all(|f| *f > 0.0),
            "{rejection_db} dB: announced"
        );
    }
}

#[test]
fn a_spike_at_the_centre_is_an_artefact_and_never_announced() {
    let mut samples = noise(1_000_000, -60.0);
    let all = 0..samples.len();
    add_tone(&mut samples, all, 0.0, -50.0);
    let (events, summary) = run_blocks(&samples, || 20_000);
    let found = artefacts(&events);
    assert_eq!((summary.emissions, found.len()), (0, 1), "{events:#?}");
    assert_eq!(found[0].artefact, ArtefactKind::Dc);
    assert!((found[0].emission.power_dbfs + 50.0).abs() < 0.2, "{found:#?}");
    assert!(announced(&events).is_empty());
}

#[test]
fn a_keyed_signal_on_the_spike_is_heard() {
    let mut samples = noise(1_500_000, -60.0);
    let all = 0..samples.len();
    add_tone(&mut samples, all, 0.0, -50.0);
    keyed(&mut samples, 1_500.0, -25.0);
    let (events, _) = run_blocks(&samples, || 20_000);
    let found = closed(&events);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].bursts_total, 3, "{found:#?}");
    assert!((found[0].power_dbfs + 25.0).abs() < 0.3, "{}", found[0].power_dbfs);
    let spikes = artefacts(&events);
    assert!(
        spikes.len() == 1 && spikes[0].artefact == ArtefactKind::Dc,
        "{spikes:#?}"
    );
    assert_eq!(announced(&events).len(), 1);
}

#[test]
fn products_of_clipping_are_overload() {
    let mut samples = noise(1_500_000, -50.0);
    keyed(&mut samples, OFFSET_HZ, 2.0);
    let events = run_cu8(&samples);
    let found = closed(&events);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!((found[0].center_hz.as_f64() - 100e6 - OFFSET_HZ).abs() < 100.0);
    let products = artefacts(&events);
    let third = products
        .iter()
        .find(|a| (a.emission.center_hz.as_f64() - 100e6 + 3.0 * OFFSET_HZ).abs() < 500.0)
        .expect("the product at -3 times the offset");
    assert!(
        third.artefact == ArtefactKind::Overload && third.cause.contains("% of the samples"),
        "{third:#?}"
    );
    assert!(
        products.iter().all(|a| a.artefact == ArtefactKind::Overload),
        "{products:#?}"
    );
    let announced = announced(&events);
    assert!(announced.iter().all(|f| (f - OFFSET_HZ).abs() < 100.0), "{announced:?}");
}

#[test]
fn products_of_steady_clipping_are_told_by_their_place_and_nothing_else_is() {
    let mut samples = noise(1_000_000, -50.0);
    let all = 0..samples.len();
    add_tone(&mut samples, all.clone(), OFFSET_HZ, 2.0);
    // A steady carrier of its own, at no multiple of the other.
    add_tone(&mut samples, all, -77_000.0, -30.0);
    let events = run_cu8(&samples);
    let mut found: Vec<_> = closed(&events).iter().map(|e| e.center_hz.as_f64() - 100e6).collect();
    found.retain(|f| (f + 77_000.0).abs() < 500.0 || (f - OFFSET_HZ).abs() < 500.0);
    assert_eq!(found.len(), 2, "{found:?}");
    let third = artefacts(&events);
    let third = third
        .iter()
        .find(|a| (a.emission.center_hz.as_f64() - 100e6 + 3.0 * OFFSET_HZ).abs() < 500.0);
    assert_eq!(third.map(|a| a.artefact), Some(ArtefactKind::Overload), "{events:#?}");
}

#[test]
fn a_signal_that_only_happens_to_be_on_during_clipping_stays_an_emission() {
    let mut samples = noise(1_500_000, -50.0);
    keyed(&mut samples, OFFSET_HZ, 2.0);
    // Within the first clipped interval, but a fifth of it.
    add_tone(&mut samples, 130_000..170_000, -77_000.0, -30.0);
    let events = run_cu8(&samples);
    let found = closed(&events);
    let kept = found
        .iter()
        .any(|e| (e.center_hz.as_f64() - 100e6 + 77_000.0).abs() < 500.0);
    assert!(kept, "{found:#?} {:#?}", artefacts(&events));
}

#[test]
fn whoever_was_announced_is_ended_once() {
    // Two lines that grow together: the second is announced before it is seen to be the first one's.
    let mut samples = noise(2_000_000, -60.0);
    add_tone(&mut samples, 100_000..1_000_000, 50_000.0, -30.0);
    add_tone(&mut samples, 1_000_000..2_000_000, 51_200.0, -30.0);
    keyed(&mut samples, OFFSET_HZ, -20.0);
    let (events, _) = run_blocks(&samples, || 10_000);
    let mut open = std::collections::BTreeMap::new();
    for event in &events {
        match event {
            DetectEvent::Opened(e) => assert!(open.insert(e.id, 1).is_none(), "announced twice"),
            DetectEvent::Withdrawn(w) => *open.get_mut(&w.emission.id).expect("announced") -= 1,
            DetectEvent::Closed(e) => *open.entry(e.id).or_insert(1) -= 1,
            _ => {}
        }
    }
    assert!(!open.is_empty() && open.values().all(|left| *left == 0), "{open:?}");
}

#[test]
fn a_signal_beside_a_steady_one_is_no_product_of_it() {
    let mut samples = noise(3_000_000, -75.0);
    add_tone(&mut samples, 0..3_000_000, OFFSET_HZ, -10.0);
    add_tone(&mut samples, 0..700_000, -2.0 * OFFSET_HZ, -35.0);
    let (events, summary) = run_blocks(&samples, || 20_000);
    assert_eq!(artefacts(&events), Vec::<&Artefact>::new());
    assert_eq!(summary.emissions, 2, "{:#?}", closed(&events));
}

#[test]
fn where_a_recording_is_cut_off_nothing_is_on_the_air() {
    for over in [0, 100, 300, 500] {
        let end = 300 * BINS + over;
        let mut samples = noise(end, -75.0);
        for (carrier_hz, seed) in [(-150e3, 1), (250e3, 2)] {
            let (mut random, mut phase) = (Random(seed), 0.0);
            for sample in &mut samples {
                phase += std::f64::consts::TAU * (carrier_hz + 40e3 * (random.next() - 0.5)) / RATE;
                *sample += Complex::from_polar(0.03, phase as f32);
            }
        }
        let (events, summary) = run_blocks(&samples, || 20_000);
        let found = closed(&events);
        assert_eq!(summary.emissions, 2, "{over}: {found:#?}");
        let within_a_hop = |e: &&Emission| (e.stop_s - end as f64 / RATE).abs() <= 512.0 / RATE;
        assert!(found.iter().all(within_a_hop), "{over}: {found:#?}");
    }
}
