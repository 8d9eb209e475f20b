//! `pinpu coordination`: a request as a file, checked and printed, without a service.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// A station on the channel of the example, and a classified one on the channel above it.
const STATIONS: &str = "id,holder,station,service,freq,designator,latitude,longitude,radius_km,extensions\n\
    A-1,甲单位,甲台,LAND-MOBILE,160.00625M,11K0F3E,30.55,114.36,10,\n\
    S-9,丙单位,丙台,LAND-MOBILE,160.01875M,11K0F3E,30.55,114.36,10,\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"\n";

fn pinpu(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pinpu"))
        .current_dir(folder)
        .arg("coordination")
        .args(args)
        .output()
        .expect("pinpu runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with the example and the stations.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let example = pinpu(folder.path(), &["example"]);
    fs::write(folder.path().join("request.toml"), &example.stdout).expect("written");
    fs::write(folder.path().join("stations.csv"), STATIONS).expect("written");
    folder
}

fn rows(output: &Output) -> Vec<Value> {
    let text = stdout(output);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

#[test]
fn the_example_passes_until_a_station_stands_in_its_way() {
    let folder = folder();
    let run = |args: &[&str]| pinpu(folder.path(), args);
    let alone = run(&["check", "request.toml", "--lang", "en"]);
    assert_eq!(alone.status.code(), Some(0), "{}", stderr(&alone));
    assert!(stdout(&alone).contains("no other station"), "{}", stdout(&alone));
    let met = run(&["check", "request.toml", "--registry", "stations.csv", "--json"]);
    assert_eq!(met.status.code(), Some(3), "{}", stderr(&met));
    let rows = rows(&met);
    let overlap = rows
        .iter()
        .find(|row| row["kind"] == "assignment_overlap")
        .expect("found");
    assert_eq!(
        (&overlap["subject"], &overlap["level"]),
        (&"A-1".into(), &"blocking".into())
    );
    let summary = rows.last().expect("a summary");
    assert_eq!(
        (&summary["type"], &summary["level"]),
        (&"summary".into(), &"blocking".into())
    );
    let others = rows.iter().filter(|row| row["type"] == "alternative").count();
    assert!(others > 0 && summary["alternatives"] == others, "{summary}");
}

#[test]
fn a_classified_station_shows_as_a_question_to_the_other_side() {
    let folder = folder();
    let run = |reader: &str| {
        let args = [
            "check",
            "request.toml",
            "--registry",
            "stations.csv",
            "--json",
            "--reader",
            reader,
        ];
        stdout(&pinpu(folder.path(), &args))
    };
    let (civil, all) = (run("civil"), run("all"));
    assert!(
        civil.contains("ask_other_side") && !all.contains("ask_other_side"),
        "{civil}"
    );
    let offered = |text: &str| -> Vec<i64> {
        let rows = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let others = rows.filter(|row| row["type"] == "alternative");
        others.map(|row| row["low_hz"].as_i64().expect("a frequency")).collect()
    };
    // Who may see it is offered everything but its channel; others are led away from the whole block, wherever it is.
    let known = offered(&all);
    assert!(
        known.contains(&160_025_000) && !known.contains(&160_012_500),
        "{known:?}"
    );
    assert!(offered(&civil).iter().all(|low| *low < 160_000_000), "{civil}");
    for hidden in ["S-9", "丙单位", "丙台"] {
        assert!(!civil.contains(hidden), "{civil}");
    }
}

#[test]
fn faults_are_named_with_what_to_write() {
    let folder = folder();
    let example = fs::read_to_string(folder.path().join("request.toml")).expect("read");
    for (from, to, lang, named) in [
        (
            "11K0F3E",
            "25K0F3E",
            "en",
            "designator: its necessary bandwidth is wider",
        ),
        ("11K0F3E", "25K0F3E", "zh", "designator: 必要带宽大于所申请的频段"),
        ("kind = \"erp\"", "kind = \"xrp\"", "en", "expected `eirp` or `erp`"),
        ("purpose =", "purpos =", "en", "unknown field `purpos`"),
        ("2026-12-20", "2026-12-01", "en", "give an end after the beginning"),
    ] {
        assert!(example.contains(from), "{from}");
        fs::write(folder.path().join("wrong.toml"), example.replace(from, to)).expect("written");
        for action in ["check", "letter"] {
            let refused = pinpu(folder.path(), &[action, "wrong.toml", "--lang", lang]);
            assert_eq!((refused.status.code(), stdout(&refused).as_str()), (Some(2), ""));
            assert!(stderr(&refused).contains(named), "{}", stderr(&refused));
        }
    }
}

#[test]
fn the_letter_stands_by_itself_in_either_language() {
    let folder = folder();
    for (lang, words) in [
        ("zh", ["协调函", "160–160.0125 MHz"]),
        ("en", ["Frequency coordination letter", "160–160.0125 MHz"]),
    ] {
        let printed = pinpu(
            folder.path(),
            &["letter", "request.toml", "--lang", lang, "--output", "letter.html"],
        );
        assert_eq!(
            (printed.status.code(), stdout(&printed).as_str()),
            (Some(0), ""),
            "{}",
            stderr(&printed)
        );
        let page = fs::read_to_string(folder.path().join("letter.html")).expect("written");
        assert!(words.iter().all(|word| page.contains(word)), "{page}");
        assert!(
            !page.contains("http://") && !page.contains("https://") && !page.contains("<script"),
            "{page}"
        );
    }
}
