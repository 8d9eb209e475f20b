//! A station measured against its licence: the numbers of the table, and that they are the judge's.

use super::*;
use crate::registry::hours;

fn seen(center: &str, bandwidth: &str) -> (Measured, Context) {
    (measured(center, bandwidth), context())
}

fn table_of(id: &str, seen: &[(Measured, Context)]) -> Comparison {
    compare(&RULES, &REGISTRY, REGISTRY.assignment(id).expect("registered"), seen)
}

fn row(table: &Comparison, parameter: Parameter) -> &ComparisonRow {
    table
        .rows
        .iter()
        .find(|row| row.parameter == parameter)
        .expect("every parameter has a row")
}

fn numbers(cell: Option<&Cell>) -> (f64, f64) {
    let number = |number: Option<f64>| number.unwrap_or(f64::NAN);
    cell.map_or((f64::NAN, f64::NAN), |cell| {
        (number(cell.value), number(cell.uncertainty))
    })
}

#[test]
fn centre_and_bandwidth_beyond_their_limits_are_told_with_the_judges_numbers() {
    let off = seen("150.102M", "16k");
    let table = table_of("LMR", std::slice::from_ref(&off));
    let verdict = judge(&RULES, &REGISTRY, &off.0, &off.1);
    assert_eq!((table.emissions, table.set_aside), (1, 0));
    assert_eq!(table.rules_version, RULES.version);

    let frequency = row(&table, Parameter::CentreFrequency);
    assert_eq!(frequency.result, Standing::Outside, "{frequency:#?}");
    assert_eq!(numbers(frequency.licensed.as_ref()).0, 150_100_000.0);
    let (center, uncertainty) = numbers(frequency.measured.as_ref());
    assert_eq!(
        (center, uncertainty),
        (150_102_000.0, verdict.evidence["uncertainty_hz"])
    );
    assert_eq!(numbers(frequency.limit.as_ref()).0, verdict.evidence["tolerance_hz"]);
    assert!(frequency.limit_source.en.contains("register"), "{frequency:#?}");
    assert!(
        frequency.reason.en.contains("2 kHz") && frequency.reason.en.contains("1.5 kHz"),
        "{frequency:#?}"
    );
    assert!(frequency.reason.zh.contains("超出容限 1.5 kHz"), "{frequency:#?}");

    let bandwidth = row(&table, Parameter::OccupiedBandwidth);
    assert_eq!(bandwidth.result, Standing::Outside, "{bandwidth:#?}");
    assert_eq!(
        numbers(bandwidth.measured.as_ref()),
        (16_000.0, verdict.evidence["bandwidth_uncertainty_hz"])
    );
    assert_eq!(
        numbers(bandwidth.limit.as_ref()).0,
        verdict.evidence["necessary_bandwidth_hz"]
    );

    // What nobody measured is said to be so, and no row is missing.
    let power = row(&table, Parameter::RadiatedPower);
    assert_eq!((power.result, power.licensed.is_none()), (Standing::Undecided, true));
    let class = row(&table, Parameter::ClassOfEmission);
    assert_eq!(class.result, Standing::Undecided);
    let licensed = &class.licensed.as_ref().expect("a designator").text;
    assert!(
        licensed.en.starts_with("11K0F3E (11 kHz;") && licensed.zh.contains("电话"),
        "{licensed:?}"
    );
    let parameters: Vec<Parameter> = table.rows.iter().map(|row| row.parameter).collect();
    assert_eq!(parameters, Parameter::ALL);
    for row in &table.rows {
        let cells = [&row.licensed, &row.measured, &row.limit]
            .into_iter()
            .flatten()
            .map(|cell| &cell.text);
        for text in cells.chain([&row.name, &row.limit_source]) {
            assert!(!text.zh.is_empty() && !text.en.is_empty(), "{row:#?}");
        }
    }
}

#[test]
fn a_station_that_keeps_its_licence_is_within_and_one_in_doubt_is_not_accused() {
    let table = table_of("LMR", &[seen("150.1004M", "10.8k")]);
    for parameter in [
        Parameter::CentreFrequency,
        Parameter::OccupiedBandwidth,
        Parameter::Hours,
        Parameter::Validity,
    ] {
        assert_eq!(row(&table, parameter).result, Standing::Within, "{table:#?}");
    }
    let doubtful = table_of("LMR", &[seen("150.100501M", "11.2k")]);
    for parameter in [Parameter::CentreFrequency, Parameter::OccupiedBandwidth] {
        let row = row(&doubtful, parameter);
        assert_eq!(row.result, Standing::Undecided, "{row:#?}");
        assert!(row.reason.zh.contains("不确定度"), "{row:#?}");
    }
    let nothing = table_of("LMR", &[]);
    assert!(
        nothing
            .rows
            .iter()
            .all(|row| row.result == Standing::Undecided && row.measured.is_none())
    );
}

#[test]
fn each_row_shows_the_least_favourable_measurement_and_counts_all() {
    let later = Context {
        time: Some("2026-11-22T11:00:00Z".parse().expect("time")),
        ..context()
    };
    let table = table_of(
        "LMR",
        &[
            seen("150.1001M", "15k"),
            (measured("150.1021M", "10k"), later),
            seen("150.1020M", "10k"),
            seen("150.100501M", "10k"),
            // Narrow, inside the band, far from the centre: perhaps a product of something else.
            seen("150.1040M", "1k"),
        ],
    );
    assert_eq!((table.emissions, table.set_aside), (4, 1));
    let frequency = row(&table, Parameter::CentreFrequency);
    assert_eq!((frequency.within, frequency.outside, frequency.undecided), (1, 2, 1));
    assert_eq!(numbers(frequency.measured.as_ref()).0, 150_102_100.0);
    assert_eq!(frequency.time, later.time);
    let bandwidth = row(&table, Parameter::OccupiedBandwidth);
    assert_eq!((bandwidth.within, bandwidth.outside), (3, 1));
    assert_eq!(numbers(bandwidth.measured.as_ref()).0, 15_000.0);
}

#[test]
fn validity_and_status_are_rows_too() {
    for (id, center, standing, word) in [
        ("FM-OLD", "103.0M", Standing::Outside, "no longer in force"),
        ("FM-OFF", "105.0M", Standing::Outside, "suspended"),
        ("FM-1", "98.0M", Standing::Within, ""),
    ] {
        let table = table_of(id, &[seen(center, "150k")]);
        let validity = row(&table, Parameter::Validity);
        assert_eq!(
            (validity.result, validity.reason.en.as_str()),
            (standing, word),
            "{validity:#?}"
        );
    }
    let mut timeless = seen("98.0M", "150k");
    timeless.1.time = None;
    assert_eq!(
        row(&table_of("FM-1", &[timeless]), Parameter::Validity).result,
        Standing::Undecided
    );
}

#[test]
fn hours_and_power_are_held_against_the_licence_where_they_can_be() {
    let mut assignment = REGISTRY.assignment("FM-1").expect("registered").clone();
    assignment.eirp_dbm = Some(40.0);
    assignment.service = Some("BROADCASTING".to_owned());
    let mut details = Box::<crate::registry::Details>::default();
    details.windows = hours::parse("06:00-17:00 +08:00").expect("hours");
    assignment.details = Some(details);
    let strong = |field: f64| {
        let level = Level {
            power_dbm: -40.0,
            sigma_db: 1.0,
            field_dbuv_m: Some([field, 1.0]),
        };
        (measured("98.0M", "150k").with_level(Some(level)), context())
    };
    let registry = Registry::new(vec![table::builtin_cn().expect("built in")], vec![assignment.clone()]);
    let table = |seen: (Measured, Context)| compare(&RULES, &registry, &assignment, &[seen]);

    // 10:00 UTC is 18:00 there: an hour too late.
    let late = table(strong(80.0));
    let hours = row(&late, Parameter::Hours);
    assert_eq!(
        (hours.result, hours.reason.en.as_str()),
        (Standing::Outside, "60 min outside the hours")
    );
    let power = row(&late, Parameter::RadiatedPower);
    assert_eq!(power.result, Standing::Within, "{power:#?}");
    let most = numbers(power.limit.as_ref()).0;
    let expected = judge(&RULES, &registry, &strong(80.0).0, &context()).evidence["predicted_most_dbuv_m"];
    assert_eq!(most, expected);

    let (above, uncertainty) = (most + 4.0, RULES.coverage_factor);
    let power = table(strong(above));
    let power = row(&power, Parameter::RadiatedPower);
    assert_eq!(power.result, Standing::Outside, "{power:#?}");
    assert_eq!(numbers(power.measured.as_ref()), (above, uncertainty));
    assert!(
        power.reason.en.starts_with("2 dB"),
        "4 dB less an uncertainty of 2: {power:#?}"
    );
}
