//! What is new at a place, and products of what is there.

use jiff::SignedDuration;

use super::*;
use crate::units::Band;

fn time(text: &str) -> Timestamp {
    text.parse().expect("time")
}

/// A week of an exam site: a station at all hours, another in the evening; nights hardly observed.
fn learned() -> Baseline {
    let mut baseline = Baseline::new("第一中学考点");
    let band = Band::new(hertz("150M"), hertz("152M")).expect("band");
    for day in 0..7 {
        let day = SignedDuration::from_hours(24 * day);
        let at = |text: &str| time(text) + day;
        baseline.learn_watch(band, at("2026-05-25T08:00:00+08:00"), at("2026-05-25T20:30:00+08:00"));
        baseline.learn_watch(band, at("2026-05-25T23:00:00+08:00"), at("2026-05-25T23:01:00+08:00"));
        let all_day = [at("2026-05-25T08:00:00+08:00"), at("2026-05-25T20:00:00+08:00")];
        baseline.learn_emission(&RULES, &measured("150.5M", "8k"), 0.5, all_day[0], all_day[1]);
        let evening = [at("2026-05-25T19:10:00+08:00"), at("2026-05-25T19:20:00+08:00")];
        baseline.learn_emission(&RULES, &measured("151.0M", "8k"), 0.5, evening[0], evening[1]);
    }
    baseline
}

#[test]
fn a_burst_of_300_ms_is_new_where_nothing_was_and_the_hour_was_observed() {
    let baseline = learned();
    let ask = |center: &str, bandwidth: &str, at: &str| {
        let burst = Measured {
            duration_s: 0.3,
            ..measured(center, bandwidth)
        };
        baseline.ask(&RULES, &burst, 0.5, time(at))
    };
    for (center, bandwidth, at, novelty) in [
        ("151.5M", "8k", "2026-06-07T09:00:00+08:00", Novelty::New),
        ("150.5M", "8k", "2026-06-07T09:00:00+08:00", Novelty::Known),
        ("150.5005M", "8k", "2026-06-07T09:00:00+08:00", Novelty::Known),
        // On the channel of the station, but three times as wide.
        ("150.5M", "25k", "2026-06-07T09:00:00+08:00", Novelty::New),
        ("151.0M", "8k", "2026-06-07T19:30:00+08:00", Novelty::Known),
        ("151.0M", "8k", "2026-06-07T09:00:00+08:00", Novelty::NewAtThisHour),
        // Seven minutes of this hour were observed in the whole week, and none of the next.
        ("151.5M", "8k", "2026-06-07T23:30:00+08:00", Novelty::Unclear),
        ("151.0M", "8k", "2026-06-07T03:00:00+08:00", Novelty::Unclear),
        // It reaches beyond what was watched.
        ("151.999M", "8k", "2026-06-07T09:00:00+08:00", Novelty::Unclear),
    ] {
        let answer = ask(center, bandwidth, at);
        assert_eq!(answer.novelty, novelty, "{center} {bandwidth} {at}: {answer:#?}");
        assert!(
            !answer.explanation.zh.contains('{') && !answer.explanation.en.contains('{'),
            "{answer:#?}"
        );
    }
    let new = ask("151.5M", "8k", "2026-06-07T09:00:00+08:00");
    assert_eq!(new.evidence["observed_in_hour_s"], 7.0 * 3600.0);
    assert!(
        (new.evidence["recurs_less_often_than_s"] - 7.0 * 3600.0 / 2.9957).abs() < 1.0,
        "{new:#?}"
    );
    assert_eq!(new.severity, Severity::Alarm);
    assert!(
        new.explanation.zh.contains("09:00–10:00 时段此前共观测 420 分钟"),
        "{}",
        new.explanation.zh
    );
    let half = ask("151.5M", "8k", "2026-06-07T20:00:00+08:00");
    assert_eq!(
        half.evidence["observed_in_hour_s"],
        7.0 * 1800.0,
        "the hour was observed by half"
    );
}

fn present(id: &str, mhz: f64, bandwidth_hz: f64, level_db: f64, on: Option<Vec<[f64; 2]>>) -> Present {
    Present {
        id: id.to_owned(),
        center_hz: mhz * 1e6,
        sigma_hz: 100.0,
        bandwidth_hz,
        level_db,
        on,
        known_s: f64::INFINITY,
    }
}

/// Two unlicensed broadcasters, a licensed one, and what appears at 2 × 106.1 − 97.3 = 114.9 MHz.
fn scene(first: Vec<[f64; 2]>, second: Vec<[f64; 2]>, product: Vec<[f64; 2]>) -> (Present, Vec<Present>) {
    let senders = vec![
        present("97.3", 97.3, 150e3, -40.0, Some(first)),
        present("106.1", 106.1, 150e3, -42.0, Some(second)),
        present("101.8", 101.8, 150e3, -30.0, Some(vec![[0.0, 60.0]])),
    ];
    (present("114.9", 114.9, 200e3, -80.0, Some(product)), senders)
}

#[test]
fn a_product_that_goes_with_its_parent_is_proven() {
    let (product, senders) = scene(
        vec![[0.0, 60.0]],
        vec![[0.0, 20.0], [35.0, 60.0]],
        vec![[0.1, 20.1], [35.05, 60.0]],
    );
    let links = parents_of(&product, &senders, [0.0, 60.0], &RULES);
    assert_eq!(links.len(), 1, "{links:#?}");
    let link = &links[0];
    assert_eq!(
        (link.form, link.parents.as_slice()),
        ("2a-b", &["106.1".to_owned(), "97.3".to_owned()][..])
    );
    assert!(link.offset_hz.abs() < 1e-3 && (link.predicted_hz - 114.9e6).abs() < 1e-3);
    assert_eq!(
        link.switching.map(|switching| (switching.followed, switching.missed)),
        Some((2, 0))
    );
    assert!(
        link.explanation.zh.contains("源信号通断 2 次"),
        "{}",
        link.explanation.zh
    );
    assert!(
        link.explanation.en.contains("106.1 (106.1 MHz), 97.3 (97.3 MHz)"),
        "{}",
        link.explanation.en
    );
}

#[test]
fn a_coincidence_that_stays_when_the_parent_goes_is_none() {
    let (product, senders) = scene(vec![[0.0, 60.0]], vec![[0.0, 20.0], [35.0, 60.0]], vec![[0.0, 60.0]]);
    assert!(parents_of(&product, &senders, [0.0, 60.0], &RULES).is_empty());
    // Nobody switched: suspicion, with the chances of coincidence, and no proof.
    let (product, senders) = scene(vec![[0.0, 60.0]], vec![[0.0, 60.0]], vec![[0.0, 60.0]]);
    let links = parents_of(&product, &senders, [0.0, 60.0], &RULES);
    assert!(
        links.len() == 1 && !links[0].switching.is_some_and(|switching| switching.is_proof()),
        "{links:#?}"
    );
    // All keep the raster of 100 kHz: 9 sums, each on one of 528 channels.
    assert!((links[0].chance_links - 9.0 / 528.0).abs() < 1e-3, "{links:#?}");
    assert!(
        links[0].explanation.en.contains("may be"),
        "{}",
        links[0].explanation.en
    );
}

#[test]
fn frequency_width_and_level_must_fit() {
    let fits = |change: fn(&mut Present)| {
        let (mut product, senders) = scene(vec![[0.0, 60.0]], vec![[0.0, 60.0]], vec![[0.0, 60.0]]);
        change(&mut product);
        parents_of(&product, &senders, [0.0, 60.0], &RULES).len()
    };
    // Two sigma of product, twice one parent and the other: 2 x sqrt(1 + 4 + 1) x 100 Hz = 490 Hz.
    assert_eq!(fits(|product| product.center_hz += 489.0), 1);
    assert_eq!(fits(|product| product.center_hz += 491.0), 0);
    assert_eq!(
        fits(|product| product.bandwidth_hz = 20e3),
        0,
        "a carrier is no product of two broadcasts"
    );
    assert_eq!(
        fits(|product| product.level_db = -41.0),
        0,
        "no product is stronger than its parent"
    );
    // a + b - c of three.
    let (mut product, senders) = scene(vec![[0.0, 60.0]], vec![[0.0, 60.0]], vec![[0.0, 60.0]]);
    product.center_hz = (97.3 + 106.1 - 101.8) * 1e6;
    let links = parents_of(&product, &senders, [0.0, 60.0], &RULES);
    assert_eq!(links.len(), 1, "each sum once: {links:#?}");
    assert_eq!(
        (links[0].form, links[0].parents.last().map(String::as_str)),
        ("a+b-c", Some("101.8"))
    );
}
