//! SSRF against its schema and back into the registry.

use std::collections::BTreeMap;

use roxmltree::Document;

use super::*;
use crate::units::Band;

/// Holds a document against the schema of SSRF with `xmllint`.
fn valid(name: &str, xml: &[u8]) {
    let Some(_) = test_bytes("registry/coordination/ssrf/ssrf.xsd") else {
        return;
    };
    let root = std::env::var_os("PINPU_TEST_DATA").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        Into::into,
    );
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("x.xml");
    std::fs::write(&file, xml).expect("written");
    let run = std::process::Command::new("xmllint")
        .args(["--noout", "--schema"])
        .arg(root.join("registry/coordination/ssrf/ssrf.xsd"))
        .arg(&file)
        .output();
    match run {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let first: Vec<_> = said.lines().take(3).collect();
            assert!(output.status.success(), "{name}: {first:#?}");
        }
        Err(error) => {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "xmllint (package libxml2-utils): {error}"
            );
            println!("skipped: xmllint is not installed");
        }
    }
}

/// One that says all it can, and one that says no more than it must.
fn reports(long: &str) -> [InterferenceReport<'_>; 2] {
    let at = |text: &str| text.parse().expect("a time");
    let place = Place {
        latitude: 30.5,
        longitude: -114.3,
        radius_km: 0.0,
    };
    let file = Attached {
        id: "a1".to_owned(),
        name: "证据 <1>.sigmf".to_owned(),
        sha256: "0".repeat(64),
        path: "/api/v1/conflicts/c1/attachments/a1".to_owned(),
        at: at("2026-11-20T03:04:05.678Z"),
    };
    let full = InterferenceReport {
        number: "IC-2026-0001",
        entered: at("2026-11-20T03:04:05.678Z"),
        classification: Some("机密"),
        began: at("2026-11-20T01:00:00Z"),
        ended: Some(at("2026-11-20T02:00:00Z")),
        symptoms: "话音中断 & 广播声",
        source: Some(place),
        source_words: long,
        assignment: Some("示范-1/2"),
        station: "塔台",
        place: Some(place),
        place_words: "机场",
        band: Band::new(Hertz(118_000_000), Hertz(118_025_000)).expect("ordered"),
        solution: "关闭发射机".to_owned(),
        attached: vec![
            file.clone(),
            Attached {
                id: "a2".to_owned(),
                ..file
            },
        ],
        remarks: vec!["licence: in order".to_owned()],
    };
    let bare = InterferenceReport {
        classification: None,
        ended: None,
        symptoms: "",
        source: None,
        source_words: "",
        assignment: None,
        station: "",
        place: None,
        place_words: "",
        solution: String::new(),
        attached: Vec::new(),
        remarks: Vec::new(),
        ..full.clone()
    };
    [full, bare]
}

#[test]
fn interference_reports_are_valid_with_and_without_what_may_be_absent() {
    let long = "远".repeat(300);
    let [full, bare] = reports(&long);
    for (name, report) in [("full", &full), ("bare", &bare)] {
        let mut out = Vec::new();
        interference(report, "2026-11-21T00:00:00Z".parse().expect("a time"), &mut out).expect("written");
        valid(name, &out);
        let text = String::from_utf8(out).expect("text");
        let document = Document::parse(&text).expect("XML");
        let find = |name: &str| document.descendants().find(|node| node.tag_name().name() == name);
        assert_eq!(find("VictimFreqMin").and_then(|node| node.text()), Some("118"));
        assert_eq!(find("VictimFreqMax").and_then(|node| node.text()), Some("118.025"));
        assert_eq!(
            find("SourceLon").and_then(|node| node.text()),
            (name == "full").then_some("1141800.00W")
        );
        // What is longer than its element is whole in a remark.
        assert_eq!(text.contains(&format!("source: {long}")), name == "full");
        assert_eq!(
            text.matches("<ExtReferenceRef").count(),
            if name == "full" { 2 } else { 0 }
        );
    }
}

#[test]
fn the_ssrf_example_goes_in_and_out_and_is_valid() {
    let Some(text) = test_bytes("registry/coordination/ssrf/ssrf-example.ckco-tv-3.xml") else {
        return;
    };
    let records = read_again(formats::Format::Ssrf, &text, "ckco.xml");
    let out = written(Format::Ssrf, &records, Language::English);
    valid("example", &out);
    // Nothing of it is missing, modelled or not.
    let (before, after) = (
        String::from_utf8(text).expect("UTF-8"),
        String::from_utf8(out.clone()).expect("UTF-8"),
    );
    let names = |xml: &str| {
        let document = Document::parse(xml).expect("well-formed");
        let nodes = document.descendants().filter(roxmltree::Node::is_element);
        let mut names: Vec<_> = nodes.map(|node| node.tag_name().name().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&before), names(&after));
    let again = read_again(formats::Format::Ssrf, &out, "again.xml");
    assert_eq!(
        (again.len(), again[0].band(), again[0].place),
        (1, records[0].band(), records[0].place)
    );
    // A changed record is written from the model, under the serial number it had.
    let mut changed = records.clone();
    changed[0].valid_to = "2031-01-01T00:00:00Z".parse().ok();
    let out = written(Format::Ssrf, &changed, Language::English);
    valid("changed", &out);
    let out = String::from_utf8(out).expect("UTF-8");
    assert!(
        out.contains("2031-01-01T00:00:00Z") && out.contains("CAN:IC:AS:8d7020c8df5c4c"),
        "{out}"
    );
}

#[test]
fn ssrf_of_every_register_is_valid_and_says_the_same() {
    for (name, records) in real_registers() {
        let records = some(records);
        let out = written(Format::Ssrf, &records, Language::English);
        valid(name, &out);
        let again = read_again(formats::Format::Ssrf, &out, "x.xml");
        assert_eq!(again.len(), records.len(), "{name}");
        let again: BTreeMap<&str, &Assignment> = again.iter().map(|record| (record.id.as_str(), record)).collect();
        for record in &records {
            let Some(read) = again.get(record.id.as_str()) else {
                panic!("{name}: {} is missing", record.id)
            };
            let facts = |a: &Assignment| {
                (
                    a.block,
                    a.role(),
                    a.call_sign.clone(),
                    a.valid_from,
                    a.valid_to,
                    a.status,
                )
            };
            assert_eq!(facts(read), facts(record), "{name} {}", record.id);
            assert_eq!(
                (read.center_hz, read.band()),
                (record.center_hz, record.band()),
                "{name} {}",
                record.id
            );
            assert_eq!(
                read.holder.trim(),
                record.holder.trim().chars().take(100).collect::<String>().trim()
            );
            if let (Some(read), Some(record)) = (&read.place, &record.place) {
                assert!(read.distance_km(record) < 0.001, "{read:?} {record:?}");
            }
        }
    }
}
