//! Hours of operation.

use super::*;

const STATIONS: &str = "\
id,holder,station,service,freq,designator,latitude,longitude,radius_km,hours
DAY,甲台,塔 1,BROADCASTING,107.0M,180KF3E,30.55,114.40,60,06:00-22:00 +08:00
NIGHT,乙台,塔 2,BROADCASTING,106.0M,180KF3E,30.55,114.40,60,周五 22:00-02:00
";

fn at(center: &str, time: &str) -> Verdict {
    let report = import::parse_assignments(STATIONS.as_bytes(), "test.csv");
    assert!(report.is_clean(), "{:#?}", report.bad);
    let registry = Registry::new(vec![table::builtin_cn().expect("built in")], report.ok);
    let context = Context {
        time: Some(time.parse().expect("time")),
        ..context()
    };
    judge(&RULES, &registry, &measured(center, "150k"), &context)
}

#[test]
fn a_station_outside_its_hours_is_out_of_hours_and_a_minute_is_forgiven() {
    for (center, time, rule) in [
        ("107.0M", "2026-11-23T12:00:00+08:00", "licensed"),
        ("107.0M", "2026-11-23T22:00:59+08:00", "licensed"),
        ("107.0M", "2026-11-23T22:01:00+08:00", "out_of_hours"),
        ("107.0M", "2026-11-23T05:58:59+08:00", "out_of_hours"),
        ("107.0M", "2026-11-23T05:59:00+08:00", "licensed"),
        // 2026-11-27 is a Friday.
        ("106.0M", "2026-11-28T01:59:00+08:00", "licensed"),
        ("106.0M", "2026-11-28T03:00:00+08:00", "out_of_hours"),
        ("106.0M", "2026-11-28T23:00:00+08:00", "out_of_hours"),
        // Off its frequency and out of its hours it is somebody else.
        ("107.025M", "2026-11-23T03:00:00+08:00", "unlicensed"),
        ("107.025M", "2026-11-23T12:00:00+08:00", "off_frequency"),
    ] {
        assert_eq!(at(center, time).rule, rule, "{center} {time}");
    }
    let found = at("106.0M", "2026-11-28T03:00:00+08:00");
    assert_eq!(found.kind, VerdictKind::OutOfHours);
    assert_eq!(found.evidence["outside_hours_s"], 3600.0);
    for (text, words) in [
        (
            &found.explanation.zh,
            ["2026年11月28日 03:00（北京时间）", "周五 22:00–次日02:00"],
        ),
        (
            &found.explanation.en,
            ["2026-11-28 03:00 (UTC+8)", "Fri 22:00–02:00 next day"],
        ),
    ] {
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}
