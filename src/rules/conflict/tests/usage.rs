//! Unused assignments.

use super::*;
use crate::{
    dsp::occupancy::Visit,
    registry::{AssignmentStatus, Role},
};

const STATIONS: &str = "\
id,holder,station,service,freq,designator,latitude,longitude,radius_km,eirp_dbm,hours
DAY,甲台,塔 1,BROADCASTING,107.0M,180KF3E,30.62,114.36,60,50,06:00-18:00 +08:00
FAR,乙台,塔 2,BROADCASTING,106.0M,180KF3E,32.78,114.36,60,50,
TAXI,出租车公司,流动,LAND-MOBILE,150.1M,11K0F3E,30.54,114.36,20,40,
";

fn registry() -> Registry {
    let report = import::parse_assignments(STATIONS.as_bytes(), "test.csv");
    assert!(report.is_clean(), "{:#?}", report.bad);
    Registry::new(vec![table::builtin_cn().expect("built in")], report.ok)
}

/// A log of `days` days from 2026-11-02 on, a visit a second, in which nothing was on.
fn silent(id: &str, days: i64) -> UseLog {
    let mut log = UseLog::new(registry().assignment(id).expect("registered"), 1.0);
    let start: Timestamp = "2026-11-02T00:00:00+08:00".parse().expect("time");
    for minute in 0..days * 1440 {
        log.push_all(start + jiff::SignedDuration::from_mins(minute), &[Visit::Free; 60]);
    }
    log
}

fn judge(log: &UseLog) -> Verdict {
    judge_use(&RULES, &registry(), log, &context())
}

/// The verdict on `id` after `days` days of a visit every ten seconds from 2026-11-02 on; `visit` says what each shows.
fn watched(id: &str, days: i64, visit: impl Fn(i64, i8) -> Visit) -> Verdict {
    let registry = registry();
    let mut log = UseLog::new(registry.assignment(id).expect("registered"), 10.0);
    let start: Timestamp = "2026-11-02T00:00:00+08:00".parse().expect("time");
    for n in 0..days * 8640 {
        let time = start + jiff::SignedDuration::from_secs(10 * n);
        let hour = jiff::tz::Offset::constant(8).to_datetime(time).hour();
        log.push(time, visit(n, hour));
    }
    judge_use(&RULES, &registry, &log, &context())
}

#[test]
fn a_station_that_was_watched_long_enough_and_never_heard_is_unused() {
    let unused = watched("DAY", 14, |_, _| Visit::Free);
    assert_eq!(
        (unused.rule.as_str(), unused.kind),
        ("unused_assignment", VerdictKind::UnusedAssignment)
    );
    assert_eq!(unused.evidence["observed_h"], 14.0 * 12.0, "only within its hours");
    assert!(unused.evidence["occupancy_high_share"] < 0.01, "{unused:#?}");
    for (text, word) in [
        (&unused.explanation.zh, "168.0 小时"),
        (&unused.explanation.en, "168.0 hours"),
    ] {
        assert!(text.contains(word), "{text}");
    }
    // Two days are not enough; neither are fourteen of which most was not observed.
    for (days, seen_of) in [(2, 1), (14, 3)] {
        let unclear = watched("DAY", days, |n, _| {
            if n % seen_of == 0 {
                Visit::Free
            } else {
                Visit::Unobserved
            }
        });
        assert_eq!(unclear.rule, "use_unclear", "{days} {seen_of}: {unclear:#?}");
        assert_eq!(unclear.would_decide, [Remedy::LongerObservation]);
    }
    assert_eq!(
        watched("DAY", 14, |_, _| Visit::Unobserved).rule,
        "use_unclear",
        "silence of the receiver is none"
    );
}

#[test]
fn use_outside_the_hours_is_no_use_and_use_within_them_is() {
    let night = |_: i64, hour: i8| {
        if (2..4).contains(&hour) {
            Visit::Busy
        } else {
            Visit::Free
        }
    };
    assert_eq!(watched("DAY", 14, night).rule, "unused_assignment");
    let morning = |_: i64, hour: i8| {
        if (7..9).contains(&hour) {
            Visit::Busy
        } else {
            Visit::Free
        }
    };
    let used = watched("DAY", 14, morning);
    assert_eq!(
        (used.rule.as_str(), used.kind),
        ("assignment_in_use", VerdictKind::Licensed)
    );
    assert!(
        (used.evidence["occupancy_share"] - 2.0 / 12.0).abs() < 0.01,
        "{used:#?}"
    );
}

#[test]
fn a_station_that_was_heard_once_is_used() {
    let mut log = silent("DAY", 14);
    let at = |text: &str| text.parse::<Timestamp>().expect("time");
    assert_eq!(judge(&log).rule, "unused_assignment");
    // At night it may not be used, and using it then is no use of the assignment.
    log.hear(at("2026-11-03T02:00:00+08:00"), at("2026-11-03T02:00:05+08:00"));
    assert_eq!(judge(&log).rule, "unused_assignment");
    log.hear(at("2026-11-03T07:00:00+08:00"), at("2026-11-03T07:00:05+08:00"));
    let rare = judge(&log);
    assert_eq!((rare.rule.as_str(), rare.kind), ("use_rare", VerdictKind::Licensed));
    assert_eq!(rare.evidence["times_heard"], 1.0);
    for (text, words) in [
        (&rare.explanation.zh, "2026-11-01 16:00 至 2026-11-15 15:59（UTC）"),
        (&rare.explanation.en, "2026-11-01 16:00 to 2026-11-15 15:59 (UTC)"),
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert!(is_of_station(&rare, "DAY") && !is_of_station(&rare, "FAR"));
    let beside = Verdict {
        rule: "inside_assigned_band".to_owned(),
        ..rare
    };
    assert!(!is_of_station(&beside, "DAY"), "something in its band is not it");
}

#[test]
fn only_transmitters_in_force_that_must_be_heard_are_watched() {
    let registry = registry();
    let own = |id: &str| registry.assignment(id).expect("registered").clone();
    let watchable = |assignment: &Assignment| is_watchable(&RULES, &registry, assignment, &context());
    assert!(watchable(&own("DAY")) && watchable(&own("TAXI")) && !watchable(&own("FAR")));
    let mut receiver = own("DAY");
    receiver.details.get_or_insert_default().role = Role::Receive;
    assert!(!watchable(&receiver), "it is not to be heard at all");
    let suspended = Assignment {
        status: AssignmentStatus::Suspended,
        ..own("DAY")
    };
    assert!(!watchable(&suspended), "it may not be used");
}

#[test]
fn silence_of_a_station_that_need_not_be_heard_is_no_evidence() {
    let far = watched("FAR", 14, |_, _| Visit::Free);
    assert_eq!(
        (far.rule.as_str(), far.would_decide.as_slice()),
        ("use_unheard", &[Remedy::AnotherReceiver][..])
    );
    assert_eq!(
        watched("TAXI", 14, |_, _| Visit::Free).rule,
        "unused_assignment",
        "inside its service area"
    );
}
