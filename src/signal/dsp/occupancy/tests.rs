//! The interval held against published numbers and hand-made channels; its coverage is measured by `metrology`.

use super::{
    interval::{normal_quantile, student_quantile, wilson},
    *,
};

fn channel(flags: &str) -> ChannelCount {
    let mut count = ChannelCount::default();
    for flag in flags.chars() {
        count.push(match flag {
            '#' => Visit::Busy,
            '.' => Visit::Free,
            _ => Visit::Unobserved,
        });
    }
    count
}

#[test]
fn quantiles_are_those_of_the_tables() {
    assert!((normal_quantile(0.95) - 1.959_964).abs() < 1e-5);
    assert!((normal_quantile(0.99) - 2.575_829).abs() < 1e-5);
    // Student's distribution, two-sided 95 %.
    for (freedom, expected) in [
        (1.0, 12.706),
        (2.0, 4.303),
        (3.0, 3.182),
        (5.0, 2.571),
        (10.0, 2.228),
        (30.0, 2.042),
        (1000.0, 1.962),
    ] {
        let t = student_quantile(0.95, freedom);
        assert!(
            (t - expected).abs() < 2e-3 * expected,
            "{freedom}: {t} instead of {expected}"
        );
    }
}

#[test]
fn wilson_agrees_with_the_worked_example() {
    let [low, high] = wilson(0.5, 10.0, normal_quantile(0.95));
    assert!(
        (low - 0.2366).abs() < 1e-3 && (high - 0.7634).abs() < 1e-3,
        "{low} {high}"
    );
}

#[test]
fn what_was_not_observed_is_never_free() {
    let terms = Terms::default();
    assert_eq!(channel("").occupancy(&terms), None);
    assert_eq!(
        channel("      ").occupancy(&terms),
        None,
        "asked six times, never there"
    );
    let whole = channel("##..##..##..").occupancy(&terms).expect("observed");
    let half = channel("##..##..##..            ").occupancy(&terms).expect("observed");
    assert_eq!(whole.share, 0.5);
    assert_eq!((half.share, half.low, half.high), (whole.share, whole.low, whole.high));
    assert_eq!((half.coverage, half.asked, half.observed), (0.5, 24, 12));
    assert_eq!(Visit::any_of([Visit::Free, Visit::Unobserved]), Visit::Unobserved);
    assert_eq!(Visit::any_of([Visit::Unobserved, Visit::Busy]), Visit::Busy);
    assert_eq!(Visit::any_of([Visit::Free, Visit::Free]), Visit::Free);
    assert_eq!(Visit::any_of([]), Visit::Unobserved);
}

#[test]
fn a_gap_breaks_the_chain_and_ties_nothing_together() {
    let terms = Terms::default();
    // Each stretch is of one state: seen as one they would be three changes.
    assert_eq!(
        channel("####  ....  ####  ....")
            .occupancy(&terms)
            .expect("observed")
            .changes,
        0
    );
    assert_eq!(
        channel("####....####....").occupancy(&terms).expect("observed").changes,
        3
    );
}

#[test]
fn never_busy_is_a_bound_and_not_zero() {
    let once = Terms {
        unseen_visits: 1.0,
        ..Terms::default()
    };
    let free = channel(&".".repeat(1000));
    let occupancy = free.occupancy(&once).expect("observed");
    assert_eq!(
        (occupancy.share, occupancy.low, occupancy.bound),
        (0.0, 0.0, Bound::AtMost)
    );
    assert!(
        (occupancy.high - 0.002_991).abs() < 1e-5,
        "rule of three: {}",
        occupancy.high
    );
    assert_eq!(occupancy.to_string(), "at most 0.30 %");
    let ten = Terms {
        unseen_visits: 10.0,
        ..Terms::default()
    };
    let longer = free.occupancy(&ten).expect("observed");
    assert!(
        (longer.high / occupancy.high - 10.0).abs() < 0.2,
        "bursts of ten visits: {}",
        longer.high
    );
    let always = channel(&"#".repeat(1000)).occupancy(&once).expect("observed");
    assert_eq!((always.share, always.high, always.bound), (1.0, 1.0, Bound::AtLeast));
    assert_eq!(always.to_string(), "at least 99.70 %");
}

#[test]
fn a_busy_channel_that_stays_busy_tells_less() {
    let terms = Terms::default();
    let slow = channel(&"##########..........".repeat(20))
        .occupancy(&terms)
        .expect("observed");
    let fast = channel(&"##..".repeat(100)).occupancy(&terms).expect("observed");
    assert_eq!(slow.share, fast.share);
    assert!((slow.correlation - 0.8).abs() < 0.02, "{}", slow.correlation);
    assert!(
        (slow.effective_samples / 400.0 - 0.2 / 1.8).abs() < 0.01,
        "{}",
        slow.effective_samples
    );
    assert!(slow.high - slow.low > 2.5 * (fast.high - fast.low));
}

#[test]
fn errors_of_the_detector_are_taken_out_of_share_and_interval() {
    // 5 % busy with Pd 0.9 and Pfa 0.02 shows 6.4 %, here spread evenly.
    let mut count = ChannelCount::default();
    for i in 0..100_000_u32 {
        count.push(if (i * 64) % 1000 < 64 { Visit::Busy } else { Visit::Free });
    }
    let quality = Quality { pfa: 0.02, pd: 0.9 };
    let terms = Terms {
        quality: Some(quality),
        ..Terms::default()
    };
    let (raw, corrected) = (
        count.occupancy(&Terms::default()).expect("seen"),
        count.occupancy(&terms).expect("seen"),
    );
    assert!(
        (raw.share - 0.064).abs() < 1e-9 && (corrected.share - 0.05).abs() < 1e-9,
        "{corrected:?}"
    );
    assert!(corrected.low < 0.05 && corrected.high > 0.05 && corrected.high < raw.low);
    // As many flags as false alarms make: nothing is known to be there.
    let noise = channel(&format!("#{}", ".".repeat(49)).repeat(100))
        .occupancy(&terms)
        .expect("seen");
    assert_eq!((noise.share, noise.bound), (0.0, Bound::AtMost));
    assert!(noise.high > 0.0);
    let blind = Terms {
        quality: Some(Quality { pfa: 0.5, pd: 0.5 }),
        ..Terms::default()
    };
    assert_eq!(count.occupancy(&blind), None);
    let channel = Quality { pfa: 1e-3, pd: 0.9 }.any_of(12.0);
    assert!((channel.pfa - 0.0119).abs() < 1e-4, "worked number: {}", channel.pfa);
}

#[test]
fn required_visits_are_those_of_the_worked_table() {
    for (share, busy_s, revisit_s, visits) in [
        (0.10, 5.0, 1.0, 31_245.0),
        (0.10, 5.0, 10.0, 4_298.0),
        (0.10, 60.0, 1.0, 373_414.0),
        (0.10, 120.0, 10.0, 74_734.0),
        (0.01, 5.0, 10.0, 49_663.0),
        (0.50, 5.0, 1.0, 1_946.0),
    ] {
        let r = correlation_of(busy_s, busy_s * (1.0 - share) / share, revisit_s);
        let n = visits_needed(share, 0.1, 0.95, r);
        assert!(
            (n / visits - 1.0).abs() < 1e-3,
            "{share} {busy_s} {revisit_s}: {n} instead of {visits}"
        );
    }
    assert!((chance_of_seeing(3, 0.25, 1.0) - (1.0 - 0.75_f64.powi(3))).abs() < 1e-12);
    assert_eq!(chance_of_seeing(1, 5.0, 1.0), 1.0);
}

#[test]
fn bins_of_one_signal_count_once_in_the_band() {
    let terms = Terms::default();
    let pattern = "##..#...##.#....##.##...".repeat(50);
    let (mut one, mut alike, mut apart) = (BandCount::new(1), BandCount::new(8), BandCount::new(8));
    let flags: Vec<Visit> = pattern
        .chars()
        .map(|c| if c == '#' { Visit::Busy } else { Visit::Free })
        .collect();
    for i in 0..flags.len() {
        one.push(&[flags[i]]);
        alike.push(&[flags[i]; 8]);
        let shifted: Vec<Visit> = (0..8).map(|k| flags[(i + k * 149) % flags.len()]).collect();
        apart.push(&shifted);
    }
    let [one, alike, apart] = [one, alike, apart].map(|band| band.occupancy(&terms).expect("observed"));
    assert!(
        (alike.effective_samples / one.effective_samples - 1.0).abs() < 0.01,
        "{alike:?} {one:?}"
    );
    assert!(apart.effective_samples > 4.0 * one.effective_samples, "{apart:?}");
    assert_eq!(one.share, alike.share);
    let mut away = BandCount::new(2);
    away.push(&[Visit::Unobserved, Visit::Unobserved]);
    assert_eq!(away.occupancy(&terms), None);
    away.push(&[Visit::Busy, Visit::Unobserved]);
    let half = away.occupancy(&terms).expect("observed");
    assert_eq!((half.coverage, half.bound), (0.25, Bound::AtLeast));
}
