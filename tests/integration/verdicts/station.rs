//! A station measured against its licence, from samples: a scene that deviates in centre and bandwidth, and one that
//! keeps both; by `detect --station` and through a running service.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Case, LICENSED, case, module, scene_command, service::start_with, text};
use crate::service::{get, items};

const DEVIATING: Case = case(
    "deviating",
    150_902_000,
    ("off_frequency", "off_frequency"),
    Some("V-WIDE"),
    &[],
);
const ALMOST: Case = case("deviating_almost", 150_900_200, LICENSED, Some("V-WIDE"), &[]);

fn row<'a>(table: &'a Value, parameter: &str) -> &'a Value {
    let rows = table["rows"].as_array().unwrap_or_else(|| panic!("no rows: {table:#}"));
    rows.iter()
        .find(|row| row["parameter"] == parameter)
        .unwrap_or_else(|| panic!("no {parameter}: {table:#}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// Holds the table against what the scene sends.
fn hold(table: &Value, scene: &Case) {
    let (center, bandwidth, result) = match scene.scene {
        "deviating" => (150_902_000.0, 15_000.0..=17_000.0, "outside"),
        _ => (150_900_200.0, 9_400.0..=11_000.0, "within"),
    };
    assert_eq!(table["assignment"], "V-WIDE");
    let frequency = row(table, "centre_frequency");
    assert_eq!(frequency["result"], result, "{frequency:#}");
    assert_eq!(number(&frequency["licensed"]["value"]), 150_900_000.0);
    assert_eq!(number(&frequency["limit"]["value"]), 500.0);
    let measured = &frequency["measured"];
    let uncertainty = number(&measured["uncertainty"]);
    assert!((100.0..1_000.0).contains(&uncertainty), "{frequency:#}");
    assert!(
        (number(&measured["value"]) - center).abs() <= uncertainty,
        "{frequency:#}"
    );
    let width = row(table, "occupied_bandwidth");
    assert_eq!(width["result"], result, "{width:#}");
    assert_eq!(number(&width["limit"]["value"]), 11_000.0);
    assert!(bandwidth.contains(&number(&width["measured"]["value"])), "{width:#}");
    assert_eq!(row(table, "validity")["result"], "within");
    assert_eq!(row(table, "class_of_emission")["result"], "undecided");
}

/// What `detect --station` says of a scene.
fn detect(scene: &Case, folder: &Path, module: &Path, more: &[&str]) -> String {
    let output = scene_command(scene, folder, module)
        .args(["--station", "V-WIDE"])
        .args(more)
        .output()
        .expect("pinpu runs");
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn detect_prints_a_station_against_its_licence() {
    let Some(module) = module("a station against its licence") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for scene in [&DEVIATING, &ALMOST] {
        let said = detect(scene, folder.path(), module, &["--json"]);
        let rows: Vec<Value> = said
            .lines()
            .map(|line| serde_json::from_str(line).expect("a row"))
            .collect();
        let table = rows.iter().find(|row| row["type"] == "station").expect("the table");
        hold(table, scene);
        // The same numbers as the verdict's.
        let emission = rows.iter().find(|row| row["type"] == "emission").expect("an emission");
        let evidence = &emission["verdict"]["evidence"];
        let frequency = row(table, "centre_frequency");
        assert_eq!(frequency["measured"]["uncertainty"], evidence["uncertainty_hz"]);
        assert_eq!(frequency["limit"]["value"], evidence["tolerance_hz"]);
        let width = row(table, "occupied_bandwidth");
        assert_eq!(width["measured"]["uncertainty"], evidence["bandwidth_uncertainty_hz"]);
        assert_eq!(
            rows.last().expect("rows")["type"],
            "summary",
            "the summary stays the last"
        );
    }
    let chinese = detect(&DEVIATING, folder.path(), module, &["--lang", "zh"]);
    for word in ["超宽台", "中心频率", "占用带宽", "不符合", "无法判定", "150.9 MHz"] {
        assert!(chinese.contains(word), "{word}: {chinese}");
    }
    let english = detect(&ALMOST, folder.path(), module, &["--lang", "en"]);
    for word in ["Centre frequency", "within", "cannot be decided"] {
        assert!(english.contains(word), "{word}: {english}");
    }
    assert!(!english.contains("outside"), "{english}");

    let wrong = scene_command(&ALMOST, folder.path(), module)
        .args(["--station", "V-WIDTH"])
        .output()
        .expect("pinpu runs");
    assert!(!wrong.status.success());
    assert!(
        text(&wrong).contains("V-"),
        "it says which keys there are: {}",
        text(&wrong)
    );
}

#[test]
fn a_running_service_answers_a_station_against_its_licence() {
    let Some(module) = module("a station against its licence over HTTP") else {
        return;
    };
    for scene in [&DEVIATING, &ALMOST] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (_service, url) = start_with(folder.path(), module, &[scene], "");
        let begun = Instant::now();
        let measured = format!("{url}/api/v1/assignments/V-WIDE/measured");
        let table = loop {
            let table = get(&measured);
            // An emission counts once its verdict names the station; the centre settles with the time it was on.
            let uncertainty = number(&row(&table, "centre_frequency")["measured"]["uncertainty"]);
            if uncertainty < 600.0 {
                break table;
            }
            let emissions = items(&format!("{url}/api/v1/emissions"));
            assert!(begun.elapsed() < Duration::from_secs(60), "{table:#} {emissions:#?}");
            std::thread::sleep(Duration::from_millis(300));
        };
        hold(&table, scene);
        assert!(table["emissions"].as_u64() >= Some(1));
        // Before it was on, nothing was measured, and nothing is claimed.
        let before = get(&format!("{measured}?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z"));
        let silent = row(&before, "centre_frequency");
        assert_eq!(
            (silent["result"].as_str(), silent["measured"].is_null()),
            (Some("undecided"), true)
        );
    }
}
