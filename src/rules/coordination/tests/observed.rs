//! What receivers measured, as findings.

use proptest::prelude::*;

use super::{at, band, draft, policy};
use crate::{
    coordination::{
        Analysis, FindingKind, Heard, Level, Observed, Surroundings, View, analyse, receiver_gap_km,
        tasks::{InUse, InUseBound},
    },
    registry::{Place, Registry, table::builtin_cn},
    units::{Band, Hertz},
};

fn asked() -> Band {
    band(160_000_000, 160_012_500)
}

fn analysis() -> Analysis {
    let registry = Registry::new(vec![builtin_cn().expect("table")], Vec::new());
    let request = draft("1");
    let policy = policy();
    let around = Surroundings {
        view: View::Full(&registry),
        requests: &[],
        policy: &policy,
        now: request.created_at,
    };
    analyse(&request, &around)
}

fn observed(receiver: &str, distance_km: f64, hours: u64, [share, low, high]: [f64; 3]) -> Observed {
    Observed {
        receiver: receiver.to_owned(),
        distance_km,
        band: asked(),
        from: at("2026-11-30T09:00:00+08:00"),
        to: at("2026-12-01T09:00:00+08:00"),
        observed_s: hours * 3600,
        in_use: (hours > 0).then_some(InUse {
            share,
            low,
            high,
            confidence: 0.95,
            bound: if share > 0.0 {
                InUseBound::Interval
            } else {
                InUseBound::AtMost
            },
        }),
        strongest: None,
    }
}

fn told(observed: &[Observed]) -> Vec<(FindingKind, Level, String)> {
    let mut analysis = analysis();
    analysis.add_observed(observed, &policy().check);
    let findings = analysis.findings.into_iter();
    let measured = findings.filter(|finding| {
        matches!(
            finding.kind,
            FindingKind::MeasuredUse | FindingKind::MeasuredQuiet | FindingKind::NotObserved
        )
    });
    measured
        .map(|finding| (finding.kind, finding.level, finding.explanation.en))
        .collect()
}

#[test]
fn a_band_is_used_quiet_or_unobserved_by_what_was_measured() {
    let cases = [
        (
            observed("roof", 2.0, 24, [0.5, 0.4, 0.6]),
            FindingKind::MeasuredUse,
            Level::Caution,
        ),
        (
            observed("roof", 2.0, 24, [0.0, 0.0, 0.004]),
            FindingKind::MeasuredQuiet,
            Level::Clear,
        ),
        // Too little was observed, or the interval is too wide, to call it quiet.
        (
            observed("roof", 2.0, 6, [0.0, 0.0, 0.004]),
            FindingKind::MeasuredUse,
            Level::Note,
        ),
        (
            observed("roof", 2.0, 24, [0.02, 0.0, 0.2]),
            FindingKind::MeasuredUse,
            Level::Note,
        ),
        (
            observed("roof", 2.0, 0, [0.0; 3]),
            FindingKind::NotObserved,
            Level::Note,
        ),
    ];
    for (one, kind, level) in cases {
        let found = told(std::slice::from_ref(&one));
        assert_eq!(
            (found.len(), found[0].0, found[0].1),
            (1, kind, level),
            "{one:?}: {found:?}"
        );
    }
    assert_eq!(told(&[])[0].0, FindingKind::NotObserved);
}

#[test]
fn a_finding_says_where_for_how_long_and_how_strong() {
    let mut one = observed("roof", 12.3, 12, [0.124, 0.109, 0.141]);
    one.strongest = Some(Heard {
        center_hz: Hertz(160_006_250),
        snr_db: 23.4,
        at: one.to,
    });
    assert_eq!(
        told(&[one])[0].2,
        "Receiver roof, 12 km from the area, observed 160–160.0125 MHz for 50 % of the last 24 hours: it was in use 12 % of \
         that time (11 % to 14 %, confidence 95 %); the strongest emission was on 160.00625 MHz, 23 dB over noise."
    );
    let quiet = told(&[observed("roof", 0.0, 24, [0.0, 0.0, 0.000_4])]);
    assert!(quiet[0].2.contains("in use at most 0.04 % of that time"), "{quiet:?}");
}

#[test]
fn the_nearest_receiver_speaks_first_and_the_gravest_finding_leads() {
    let mut analysis = analysis();
    let before = analysis.level;
    let far = observed("far", 20.0, 24, [0.5, 0.4, 0.6]);
    let near = observed("near", 1.0, 24, [0.6, 0.5, 0.7]);
    analysis.add_observed(&[far, near], &policy().check);
    assert!(analysis.level >= before.max(Level::Caution));
    let levels: Vec<Level> = analysis.findings.iter().map(|finding| finding.level).collect();
    assert!(levels.is_sorted_by(|a, b| a >= b), "{levels:?}");
    let of_receivers = analysis.findings.iter().filter(|finding| finding.observed.is_some());
    let names: Vec<_> = of_receivers.filter_map(|finding| finding.subject.as_deref()).collect();
    assert_eq!(names, ["near", "far"]);
}

#[test]
fn only_receivers_within_reach_of_the_area_count() {
    let place = draft("1").proposal.place;
    let rules = policy().check;
    let receiver = |latitude| Place {
        latitude,
        longitude: 114.36,
        radius_km: 0.0,
    };
    assert_eq!(receiver_gap_km(&place, receiver(30.56), &rules), Some(0.0));
    let beside = receiver_gap_km(&place, receiver(30.55 + 20.0 / 111.195), &rules).expect("in reach");
    assert!((beside - 15.0).abs() < 0.1, "{beside}");
    assert_eq!(receiver_gap_km(&place, receiver(31.0), &rules), None);
}

proptest! {
    /// Whatever was measured: quiet is only what was observed most of the time with a small upper bound.
    #[test]
    fn quiet_is_never_said_of_time_that_was_not_observed(hours in 0_u64..=24, share in 0.0..=1.0_f64, width in 0.0..0.5_f64) {
        let (low, high) = ((share - width).max(0.0), (share + width).min(1.0));
        let rules = policy().check;
        for (kind, level, _) in told(&[observed("roof", 1.0, hours, [share, low, high])]) {
            prop_assert_eq!(kind == FindingKind::NotObserved, hours == 0);
            if kind == FindingKind::MeasuredQuiet {
                prop_assert!(hours >= 12 && high <= rules.busy_share && level == Level::Clear);
            }
        }
    }
}
