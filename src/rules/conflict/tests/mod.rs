//! One table of cases per kind of verdict, on a small register with known distances.

mod class;
mod comparison;
mod control;
mod level;
mod newcomers;
mod times;
mod usage;

use std::sync::LazyLock;

use jiff::Timestamp;

use super::*;
use crate::{
    detect::BandwidthMethod,
    registry::{AllocationTable, Assignment, Confidence, Place, Registry, demo, import, table},
    units::Hertz,
};

const HERE: Place = Place {
    latitude: 30.53,
    longitude: 114.36,
    radius_km: 0.0,
};
const CSV: &str = "\
id,holder,station,service,freq,bandwidth,designator,tolerance_hz,latitude,longitude,radius_km,valid_from,valid_to,status,block
FM-1,甲台,塔 1,,98.0M,,180KF3E,,30.55,114.40,60,2020-01-01,2035-12-31,granted,
FM-FAR,远台,塔 2,,101.0M,,180KF3E,,34.13,114.36,60,2020-01-01,2035-12-31,granted,
FM-EDGE,边台,塔 3,,102.0M,,180KF3E,,32.96,114.36,60,2020-01-01,2035-12-31,granted,
FM-OLD,旧台,塔 4,,103.0M,,180KF3E,,30.55,114.40,60,2015-01-01,2024-12-31,granted,
FM-NEW,新台,塔 5,,104.0M,,180KF3E,,30.55,114.40,60,2030-01-01,2035-12-31,granted,
FM-OFF,停台,塔 6,,105.0M,,180KF3E,,30.55,114.40,60,,,suspended,
FM-GONE,销台,塔 7,,106.0M,,180KF3E,,30.55,114.40,60,,,cancelled,
TWR,机场,塔台,,118.1M,,6K00A3E,,30.59,114.21,50,,,,
LMR,公司,对讲,,150.1M,,11K0F3E,500,30.55,114.40,20,,,,
IMT,运营商,全区,,941.5M,15M,,,30.55,114.40,80,,,,yes
";

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let report = import::parse_assignments(CSV.as_bytes(), "test.csv");
    assert!(report.is_clean(), "{:#?}", report.bad);
    Registry::new(vec![table::builtin_cn().expect("built in")], report.ok)
});

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::builtin().expect("built in"));

fn hertz(text: &str) -> Hertz {
    text.parse().expect("a frequency")
}

/// A good measurement: 99 % bandwidth at 40 dB over ten minutes in bins of 500 Hz.
fn measured(center: &str, bandwidth: &str) -> Measured {
    Measured {
        snr_db: 40.0,
        power_dbfs: -40.0,
        center_uncertainty_hz: 20.0,
        duration_s: 600.0,
        ..Measured::stated(hertz(center), hertz(bandwidth)).with_bin(500.0)
    }
}

fn context() -> Context {
    Context {
        time: Some("2026-11-22T10:00:00Z".parse().expect("time")),
        site: Some(HERE),
        ppm_uncertainty: 0.5,
    }
}

fn verdict(measured: &Measured) -> Verdict {
    judge(&RULES, &REGISTRY, measured, &context())
}

/// Every case: centre, bandwidth, rule, assignment.
#[track_caller]
fn expect(cases: &[(&str, &str, Rule, Option<&str>)]) {
    for &(center, bandwidth, rule, assignment) in cases {
        let verdict = verdict(&measured(center, bandwidth));
        let found = (verdict.rule.as_str(), verdict.assignment.as_deref());
        assert_eq!(found, (rule.key(), assignment), "{center} {bandwidth}: {verdict:#?}");
        assert_eq!(verdict.kind, rule.kind());
        for text in [&verdict.explanation.zh, &verdict.explanation.en] {
            assert!(!text.contains(['{', '}']) && text.len() > 20, "{text}");
        }
    }
}

#[test]
fn a_station_on_its_frequency_is_licensed() {
    expect(&[
        ("98.0M", "150k", Rule::Licensed, Some("FM-1")),
        ("98.0M", "180k", Rule::Licensed, Some("FM-1")),
        ("98.0M", "3k", Rule::Licensed, Some("FM-1")),
        ("118.1M", "6k", Rule::Licensed, Some("TWR")),
        ("150.1M", "11k", Rule::Licensed, Some("LMR")),
    ]);
}

#[test]
fn a_tolerance_exactly_met_is_kept_and_one_hertz_more_is_only_doubtful() {
    expect(&[
        ("98.002M", "150k", Rule::Licensed, Some("FM-1")),
        ("97.998M", "150k", Rule::Licensed, Some("FM-1")),
        ("98.002001M", "150k", Rule::FrequencyUnclear, Some("FM-1")),
        ("150.1005M", "11k", Rule::Licensed, Some("LMR")),
        ("150.100501M", "11k", Rule::FrequencyUnclear, Some("LMR")),
    ]);
}

#[test]
fn a_carrier_beyond_tolerance_and_uncertainty_is_off_frequency() {
    expect(&[
        ("98.025M", "150k", Rule::OffFrequency, Some("FM-1")),
        ("97.975M", "150k", Rule::OffFrequency, Some("FM-1")),
        ("150.102M", "11k", Rule::OffFrequency, Some("LMR")),
    ]);
    let verdict = verdict(&measured("98.025M", "150k"));
    assert_eq!(verdict.evidence["offset_hz"], 25_000.0);
    assert_eq!(verdict.evidence["tolerance_hz"], 2_000.0);
    assert!(verdict.evidence["uncertainty_hz"] > 98.0, "at least 2 x 0.5 ppm");
    assert!(
        verdict
            .explanation
            .zh
            .starts_with("98.025 MHz 上测得带宽 150 kHz 的发射"),
        "{}",
        verdict.explanation.zh
    );
    assert!(
        verdict.explanation.zh.contains("偏离指配频率 25 kHz"),
        "{}",
        verdict.explanation.zh
    );
}

#[test]
fn a_bad_oscillator_makes_an_offset_doubtful_and_says_what_would_decide() {
    let poor = Context {
        ppm_uncertainty: 200.0,
        ..context()
    };
    let verdict = judge(&RULES, &REGISTRY, &measured("98.025M", "150k"), &poor);
    assert_eq!(verdict.rule, "frequency_unclear");
    assert_eq!(verdict.kind, VerdictKind::Inconclusive);
    assert!(
        verdict.explanation.en.contains("would decide"),
        "{}",
        verdict.explanation.en
    );
    assert!(
        !verdict.explanation.en.contains("98.025"),
        "prints no finer than it was measured"
    );
}

#[test]
fn a_short_look_at_a_modulated_signal_does_not_convict_it() {
    let short = Measured {
        duration_s: 0.05,
        ..measured("98.015M", "150k")
    };
    assert_eq!(verdict(&short).rule, "frequency_unclear");
    assert_eq!(verdict(&measured("98.015M", "150k")).rule, "off_frequency");
}

#[test]
fn a_signal_wider_than_assigned_is_over_bandwidth_only_when_measured_well() {
    expect(&[
        ("98.0M", "230k", Rule::OverBandwidth, Some("FM-1")),
        ("150.1M", "16k", Rule::OverBandwidth, Some("LMR")),
        ("98.0M", "182k", Rule::BandwidthUnclear, Some("FM-1")),
        ("98.0M", "600k", Rule::Unlicensed, None),
    ]);
    for doubtful in [
        Measured {
            snr_db: 19.0,
            ..measured("98.0M", "230k")
        },
        Measured {
            method: BandwidthMethod::Bins,
            ..measured("98.0M", "230k")
        },
        Measured {
            method: BandwidthMethod::X26,
            snr_db: 29.0,
            ..measured("98.0M", "230k")
        },
        measured("98.0M", "230k").with_bin(60_000.0),
    ] {
        assert_eq!(verdict(&doubtful).rule, "bandwidth_unclear", "{doubtful:?}");
    }
}

#[test]
fn nobody_on_a_channel_is_unlicensed_and_the_neighbour_is_named() {
    expect(&[
        ("97.45M", "150k", Rule::Unlicensed, None),
        ("98.1M", "150k", Rule::Unlicensed, None),
        ("98.2M", "2k", Rule::Unlicensed, None),
    ]);
    let verdict = verdict(&measured("98.1M", "150k"));
    assert_eq!(verdict.runner_up.as_deref(), Some("FM-1"));
    assert_eq!(verdict.evidence["runner_up_offset_hz"], 100_000.0);
    assert!(
        verdict.explanation.zh.contains("最接近的指配为 FM-1"),
        "{}",
        verdict.explanation.zh
    );
    assert_eq!(
        verdict.severity,
        Severity::Alarm,
        "broadcasting is raised by the rules file"
    );
}

#[test]
fn a_distant_station_does_not_license() {
    expect(&[
        ("101.0M", "150k", Rule::Unlicensed, None),
        ("102.0M", "150k", Rule::PlaceUnclear, Some("FM-EDGE")),
    ]);
    let far = verdict(&measured("101.0M", "150k"));
    assert!(
        (far.evidence["runner_up_distance_km"] - 400.0).abs() < 1.0,
        "{:?}",
        far.evidence
    );
    assert!(far.explanation.zh.contains("不可能在此收到"), "{}", far.explanation.zh);
    let nowhere = Context {
        site: None,
        ..context()
    };
    let verdict = judge(&RULES, &REGISTRY, &measured("101.0M", "150k"), &nowhere);
    assert_eq!(
        verdict.rule, "licensed",
        "without a place of observation, distance is no argument"
    );
    assert!(
        verdict.explanation.zh.contains("未核对台址"),
        "{}",
        verdict.explanation.zh
    );
}

#[test]
fn assignments_out_of_force_explain_but_do_not_license() {
    expect(&[
        ("103.0M", "150k", Rule::Expired, Some("FM-OLD")),
        ("104.0M", "150k", Rule::NotYetValid, Some("FM-NEW")),
        ("105.0M", "150k", Rule::Suspended, Some("FM-OFF")),
        ("106.0M", "150k", Rule::Cancelled, Some("FM-GONE")),
        ("103.025M", "150k", Rule::Unlicensed, None),
    ]);
    let expired = verdict(&measured("103.0M", "150k"));
    assert!(
        expired.explanation.zh.contains("已于 2024年12月31日 到期"),
        "{}",
        expired.explanation.zh
    );
}

#[test]
fn the_last_day_of_a_licence_is_covered_and_the_next_is_not() {
    let at = |time: &str| {
        let time: Timestamp = time.parse().expect("time");
        judge(
            &RULES,
            &REGISTRY,
            &measured("103.0M", "150k"),
            &Context {
                time: Some(time),
                ..context()
            },
        )
        .rule
    };
    assert_eq!(at("2024-12-31T23:59:59+08:00"), "licensed");
    assert_eq!(at("2025-01-01T00:00:00+08:00"), "expired");
}

#[test]
fn exempt_use_is_within_its_band_and_its_bandwidth() {
    expect(&[
        ("433.92M", "30k", Rule::LicenceExempt, None),
        ("433.92M", "400k", Rule::LicenceExempt, None),
        ("433.92M", "404k", Rule::ExemptBandwidthUnclear, None),
        ("409.80625M", "8k", Rule::LicenceExempt, None),
        ("2442M", "20M", Rule::LicenceExempt, None),
        ("922.5M", "200k", Rule::LicenceExemptUnverified, None),
        ("409.80625M", "40k", Rule::Unlicensed, None),
        ("2442M", "70M", Rule::Unlicensed, None),
    ]);
    let verdict = verdict(&measured("433.92M", "30k"));
    assert!(
        verdict.explanation.zh.contains("未核对功率限值"),
        "{}",
        verdict.explanation.zh
    );
}

#[test]
fn protected_bands_alarm_and_touching_them_does_not() {
    expect(&[
        ("121.5M", "6k", Rule::ProtectedBand, None),
        ("406.05M", "3k", Rule::ProtectedBand, None),
        ("118.3M", "150k", Rule::ProtectedBand, None),
        ("1420.4M", "10k", Rule::ProtectedBand, None),
        ("1090M", "2M", Rule::ProtectedBand, None),
        // 107.9 MHz ± 100 kHz ends where the navigation band begins; ± 150 kHz reaches into it.
        ("107.9M", "200k", Rule::Unlicensed, None),
        ("107.9M", "300k", Rule::ProtectedBand, None),
    ]);
    assert_eq!(verdict(&measured("121.5M", "6k")).severity, Severity::Alarm);
}

#[test]
fn a_band_that_may_hold_others_asks_instead_of_accusing() {
    expect(&[
        ("300M", "20k", Rule::AskMilitary, None),
        ("436M", "1M", Rule::AskMilitary, None),
        ("145.5M", "12k", Rule::AskAmateur, None),
        ("2600M", "20M", Rule::AskOperator, None),
        ("765M", "10M", Rule::AskOperator, None),
        ("3800M", "36M", Rule::AskSpace, None),
        ("810k", "9k", Rule::AskAbroad, None),
        ("60M", "8k", Rule::UnverifiedRow, None),
        ("600M", "20k", Rule::NoAllocationKnown, None),
    ]);
    let verdict = verdict(&measured("300M", "20k"));
    assert!(
        verdict.explanation.zh.contains("询问对方"),
        "{}",
        verdict.explanation.zh
    );
}

#[test]
fn a_block_covers_what_lies_inside_it() {
    expect(&[
        ("936.7M", "5M", Rule::LicensedBlock, Some("IMT")),
        ("941.5M", "15M", Rule::LicensedBlock, Some("IMT")),
        ("934.0M", "5M", Rule::AskOperator, None),
        ("941.5M", "180k", Rule::LicensedBlock, Some("IMT")),
        ("941.5M", "8k", Rule::InsideAssignedBlock, Some("IMT")),
    ]);
}

#[test]
fn a_narrow_thing_inside_an_assigned_band_is_not_called_the_station() {
    expect(&[("98.04M", "2500", Rule::InsideAssignedBand, Some("FM-1"))]);
}

#[test]
fn an_empty_register_accuses_nobody_outside_protected_bands() {
    let empty = Registry::new(vec![table::builtin_cn().expect("built in")], Vec::new());
    let rule = |center| judge(&RULES, &empty, &measured(center, "6k"), &context()).rule;
    assert_eq!(rule("98.0M"), "no_station_data");
    assert_eq!(rule("121.5M"), "protected_band");
    assert_eq!(
        judge(&RULES, &Registry::default(), &measured("98M", "6k"), &context()).rule,
        "no_allocation_known"
    );
}

#[test]
fn a_complete_table_says_not_allocated_and_an_unverified_row_never_accuses() {
    let cn = table::builtin_cn().expect("built in");
    let complete = AllocationTable {
        complete: true,
        ..cn.clone()
    };
    let stations = REGISTRY.assignments().to_vec();
    let sure = Registry::new(vec![complete], stations.clone());
    assert_eq!(
        judge(&RULES, &sure, &measured("600M", "20k"), &context()).rule,
        "not_allocated"
    );

    let mut doubtful = cn;
    for row in &mut doubtful.rows {
        row.confidence = Confidence::Verify;
    }
    let doubtful = Registry::new(vec![doubtful], stations);
    for center in ["97.45M", "121.5M", "150.5M", "1575.42M"] {
        let verdict = judge(&RULES, &doubtful, &measured(center, "10k"), &context());
        assert_eq!(verdict.rule, "unverified_row", "{center}");
    }
}

#[test]
fn the_demo_district_yields_the_verdicts_it_is_made_for() {
    let report = demo::assignments();
    assert!(report.is_clean(), "{:#?}", report.bad);
    let site = demo::district().expect("parses").sites[0].place();
    let registry = Registry::new(vec![table::builtin_cn().expect("built in")], report.ok);
    let context = Context {
        site: Some(site),
        ppm_uncertainty: 1.0,
        ..context()
    };
    // A broadcast programme's 99 % bandwidth lies between 150 and 200 kHz and differs from look to look.
    for bandwidth in ["120k", "150k", "180k", "200k"] {
        for (center, rule) in [
            ("97.2005M", "licensed"),
            ("97.6993M", "licensed"),
            ("98.3M", "licensed"),
            ("98.825M", "off_frequency"),
            ("98.8235M", "off_frequency"),
            ("97.45M", "unlicensed"),
        ] {
            let seen = Measured {
                snr_db: 30.0,
                duration_s: 2.0,
                ..measured(center, bandwidth)
            };
            let verdict = judge(&RULES, &registry, &seen, &context);
            assert_eq!(verdict.rule, rule, "{center} {bandwidth}: {verdict:#?}");
        }
    }
    for (center, bandwidth, rule) in [
        ("98.0M", "250k", "over_bandwidth"),
        ("98.6M", "3k", "unlicensed"),
        ("105.6M", "160k", "expired"),
        ("118.1M", "6k", "licensed"),
        ("161.975M", "14k", "licensed"),
        ("1090M", "2M", "licensed_block"),
        ("415.1M", "7600", "suspended"),
        ("433.92M", "40k", "licence_exempt"),
        ("943M", "200k", "licensed_block"),
    ] {
        let verdict = judge(&RULES, &registry, &measured(center, bandwidth), &context);
        assert_eq!(verdict.rule, rule, "{center}: {verdict:#?}");
    }
}

#[test]
fn the_same_input_gives_the_same_verdict_and_order_of_import_does_not_matter() {
    let mut reversed = REGISTRY.assignments().to_vec();
    reversed.reverse();
    let reversed = Registry::new(REGISTRY.tables().to_vec(), reversed);
    assert_eq!(reversed.version(), REGISTRY.version());
    for center in ["98.0M", "98.1M", "102.0M", "433.92M", "121.5M"] {
        let seen = measured(center, "20k");
        assert_eq!(judge(&RULES, &reversed, &seen, &context()), verdict(&seen));
    }
    let mut changed: Vec<Assignment> = REGISTRY.assignments().to_vec();
    changed[0].holder.push('x');
    assert_ne!(
        Registry::new(REGISTRY.tables().to_vec(), changed).version(),
        REGISTRY.version()
    );
}
