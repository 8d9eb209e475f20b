//! Power and place: what a station can produce at the receiver.

use super::*;

const STATIONS: &str = "\
id,holder,station,service,freq,designator,latitude,longitude,radius_km,eirp_dbm
NEAR,甲台,10 km 外,BROADCASTING,107.0M,180KF3E,30.62,114.36,60,40
WEAK,乙台,10 km 外,BROADCASTING,106.0M,180KF3E,30.62,114.36,60,0
FAR,丙台,250 km 外,BROADCASTING,105.0M,180KF3E,32.78,114.36,60,60
FAR-WEAK,丁台,250 km 外,BROADCASTING,104.0M,180KF3E,32.78,114.36,60,20
BOTH-NEAR,戊台,10 km 外,BROADCASTING,103.0M,180KF3E,30.62,114.36,60,40
BOTH-FAR,己台,250 km 外,BROADCASTING,103.0M,180KF3E,32.78,114.36,60,60
TAXI,出租车公司,流动,LAND-MOBILE,150.1M,11K0F3E,30.62,114.36,20,40
";

static STATIONS_REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let report = import::parse_assignments(STATIONS.as_bytes(), "test.csv");
    assert!(report.is_clean(), "{:#?}", report.bad);
    Registry::new(vec![table::builtin_cn().expect("built in")], report.ok)
});

fn calibrated(center: &str, bandwidth: &str, field_dbuv_m: f64) -> Measured {
    let level = Level {
        power_dbm: field_dbuv_m - 117.8,
        sigma_db: 0.5,
        field_dbuv_m: Some([field_dbuv_m, 1.0]),
    };
    measured(center, bandwidth).with_level(Some(level))
}

fn judged(measured: &Measured) -> Verdict {
    judge(&RULES, &STATIONS_REGISTRY, measured, &context())
}

#[test]
fn a_station_is_over_power_only_beyond_free_space_margin_and_uncertainty() {
    // 40 dBm at 10.01 km: 65.0 dB(µV/m) in free space at the nearest it can be (9.81 km), 71.0 with reflections.
    let found = judged(&calibrated("107.0M", "150k", 74.0));
    assert_eq!(
        (found.rule.as_str(), found.kind),
        ("over_power", VerdictKind::OverPower)
    );
    let number = |key: &str| found.evidence[key];
    assert!((number("free_space_dbuv_m") - 64.97).abs() < 0.05, "{found:#?}");
    assert!((number("predicted_most_dbuv_m") - number("free_space_dbuv_m") - 6.0).abs() < 1e-9);
    assert!((number("level_margin_db") + 1.03).abs() < 0.05, "{found:#?}");
    assert_eq!((number("field_dbuv_m"), number("field_uncertainty_db")), (74.0, 2.0));
    assert!(
        found.explanation.zh.contains("至多为 71 dBμV/m"),
        "{}",
        found.explanation.zh
    );
    // Two sigma less is within what the station may produce.
    assert_eq!(judged(&calibrated("107.0M", "150k", 72.9)).rule, "licensed");
    // Far beyond it, it is not the station but a sender nearer by, and the verdict says so.
    let other = judged(&calibrated("107.0M", "150k", 94.0));
    assert_eq!(
        (other.rule.as_str(), other.runner_up.as_deref()),
        ("unlicensed", Some("NEAR"))
    );
    assert!(other.evidence["runner_up_level_margin_db"] < -20.0, "{other:#?}");
    assert!(
        other.explanation.en.contains("at most 71 dBμV/m"),
        "{}",
        other.explanation.en
    );
}

#[test]
fn without_calibration_too_much_level_is_doubt_and_names_what_would_decide() {
    let loud = Measured {
        snr_db: 52.0,
        ..measured("106.0M", "150k")
    };
    let doubtful = judged(&loud);
    assert_eq!(
        (doubtful.rule.as_str(), doubtful.kind),
        ("power_unclear", VerdictKind::Inconclusive)
    );
    assert_eq!(doubtful.would_decide, [Remedy::LevelCalibration, Remedy::Bearing]);
    assert!(
        !doubtful.evidence.contains_key("field_dbuv_m"),
        "a bound is no measurement"
    );
    // -174 dBm/Hz + 51.8 dB + 52 dB - 6 dBi at 106 MHz.
    assert!(
        (doubtful.evidence["field_at_least_dbuv_m"] - 41.5).abs() < 0.2,
        "{doubtful:#?}"
    );
    assert_eq!(judged(&measured("106.0M", "150k")).rule, "licensed");
}

#[test]
fn a_mobile_station_may_be_next_door() {
    assert_eq!(judged(&calibrated("150.1M", "11k", 110.0)).rule, "licensed");
}

#[test]
fn a_station_beyond_the_horizon_explains_no_local_level() {
    // Heard from 250 km only when the air ducts: possible, not usual.
    let ducted = judged(&measured("105.0M", "150k"));
    assert_eq!(
        (ducted.rule.as_str(), ducted.assignment.as_deref()),
        ("place_unclear", Some("FAR"))
    );
    assert!(ducted.evidence["predicted_usual_dbuv_m"] < -20.0, "{ducted:#?}");
    assert!(ducted.would_decide.contains(&Remedy::AnotherReceiver));
    // A hundred milliwatts from there are not heard at 40 dB over the noise at all.
    let local = judged(&measured("104.0M", "150k"));
    assert_eq!(
        (local.rule.as_str(), local.runner_up.as_deref()),
        ("unlicensed", Some("FAR-WEAK"))
    );
}

#[test]
fn of_two_stations_on_a_channel_the_one_that_can_be_heard_explains() {
    let found = judged(&measured("103.0M", "150k"));
    assert_eq!(
        (
            found.rule.as_str(),
            found.assignment.as_deref(),
            found.runner_up.as_deref()
        ),
        ("licensed", Some("BOTH-NEAR"), Some("BOTH-FAR"))
    );
    assert!(found.evidence["runner_up_distance_km"] > 249.0, "{found:#?}");
}

#[test]
fn a_registered_pattern_lowers_what_can_arrive_and_a_null_is_not_believed() {
    let mut stations = STATIONS_REGISTRY.assignments().to_vec();
    let near = stations.iter_mut().find(|station| station.id == "NEAR").expect("there");
    // The receiver lies south of the station; the antenna looks north, 40 dB down to the south.
    near.details = Some(Box::new(crate::registry::Details {
        antenna: Some(crate::registry::details::Antenna {
            pattern: vec![
                (0.0, 0.0),
                (90.0, -10.0),
                (170.0, -40.0),
                (190.0, -40.0),
                (270.0, -10.0),
            ],
            ..Default::default()
        }),
        ..Default::default()
    }));
    let registry = Registry::new(STATIONS_REGISTRY.tables().to_vec(), stations);
    let found = judge(&RULES, &registry, &calibrated("107.0M", "150k", 60.0), &context());
    assert_eq!(found.rule, "over_power", "{found:#?}");
    assert!((found.evidence["eirp_dbm"] - 20.0).abs() < 1e-9, "{found:#?}");
}
