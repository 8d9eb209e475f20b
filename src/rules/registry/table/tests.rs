//! The seed of the national table against the facts it was written from, and the loader against broken files.

use super::*;
use crate::registry::test_data;

fn cn() -> AllocationTable {
    builtin_cn().unwrap_or_else(|error| panic!("{error}"))
}

fn optional(cell: &str) -> Option<String> {
    (!cell.is_empty()).then(|| cell.to_owned())
}

#[test]
fn every_fact_stands_in_the_table_as_it_was_found() {
    let Some(facts) = test_data("registry/cn/cn_band_facts.tsv") else {
        return;
    };
    let table = cn();
    let mut rows = 0;
    for fact in facts.lines().skip(1) {
        let cells: Vec<&str> = fact.split('\t').collect();
        let [low, high, paired, service, zh, en, user, basis, confidence, note] = cells[..] else {
            panic!("ten columns: {fact}")
        };
        let hertz = |text: &str| Hertz(text.parse().expect("hertz"));
        let band = Band::new(hertz(low), hertz(high)).expect("ordered");
        let row = table.rows.iter().find(|row| row.band == band && row.service == service);
        let row = row.unwrap_or_else(|| panic!("{band} {service} is missing"));
        let paired = paired
            .split_once('-')
            .and_then(|(low, high)| Band::new(hertz(low), hertz(high)));
        assert_eq!(row.paired, paired, "{}", row.id);
        assert_eq!((row.name.zh.as_str(), row.name.en.as_str()), (zh, en), "{}", row.id);
        assert_eq!(row.user, optional(user), "{}", row.id);
        assert_eq!(row.basis, basis, "{}", row.id);
        assert_eq!(row.confidence == Confidence::High, confidence == "high", "{}", row.id);
        assert_eq!(row.note, optional(note), "{}", row.id);
        rows += 1;
    }
    assert_eq!(rows, 87);
}

#[test]
fn wlan_limits_are_those_of_the_regulatory_database() {
    let Some(limits) = test_data("registry/cn/wireless_regdb_CN.tsv") else {
        return;
    };
    let table = cn();
    for line in limits.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let khz = |cell: &str| Hertz(cell.parse::<i64>().expect("kHz") * 1000);
        let band = Band::new(khz(cells[0]), khz(cells[1])).expect("ordered");
        let row = table
            .rows
            .iter()
            .find(|row| row.band.contains(band) && row.service.contains("WLAN"));
        let row = row.unwrap_or_else(|| panic!("{band} is missing"));
        let exemption = row.exemption.as_ref().expect("exempt");
        // Two rules that may be joined (AUTO-BW) stand in one row of twice the bandwidth, with the larger power; the
        // smaller one is in its conditions.
        let joined = if cells[4].contains("AUTO-BW") { 2 } else { 1 };
        assert_eq!(exemption.max_bandwidth_hz, Some(khz(cells[2]).0 * joined), "{}", row.id);
        let limit: f64 = cells[3].parse().expect("dBm");
        let stated = exemption.max_eirp_dbm == Some(limit) || exemption.conditions.en.contains(&format!("{limit} dBm"));
        assert!(stated, "{}: {limit} dBm", row.id);
    }
}

#[test]
fn safety_navigation_and_passive_bands_are_protected() {
    let table = cn();
    for frequency in [
        "2.182M", "75M", "110M", "121.5M", "129M", "156.525M", "156.8M", "161.975M", "162.025M", "243M", "332M",
        "406.05M", "1030M", "1090M", "1176.45M", "1207.14M", "1227.6M", "1268.52M", "1575.42M", "1420M", "2695M",
        "4300M", "10690M", "15370M", "23.8G",
    ] {
        let at = Band::around(frequency.parse().expect("frequency"), Hertz(1));
        assert!(
            table.rows.iter().any(|row| row.protected && row.band.overlaps(at)),
            "{frequency}"
        );
    }
    assert!(
        !table.complete && table.notice.zh.contains("种子"),
        "the table says that it is a seed"
    );
}

/// A table of one row, with one line replaced.
fn broken(from: &str, to: &str) -> TableError {
    let text = "format = 1\nid = 'x'\njurisdiction = 'CN'\nedition = 'e'\neffective_from = '2023-07-01'\n\
                title = { zh = '表', en = 'table' }\n[[row]]\nid = 'a'\nlow = '87M'\nhigh = '108M'\n\
                service = 'BROADCASTING'\nname = { zh = '广播', en = 'FM' }\nbasis = 'a document'\nconfidence = 'high'\n";
    assert!(parse(text, "x.toml").is_ok(), "whole before it is broken");
    assert!(text.contains(from), "{from}");
    parse(&text.replacen(from, to, 1), "x.toml").expect_err(to)
}

#[test]
fn faults_name_file_line_and_key() {
    for (from, to, line, key, says) in [
        ("format = 1", "format = 2", 1, "format", "format 1"),
        ("2023-07-01", "soon", 5, "effective_from", "2023-07-01"),
        ("low = '87M'", "low = '87,5M'", 9, "low", "433.92M"),
        ("high = '108M'", "high = '80M'", 10, "high", "not above"),
        (
            "service = 'BROADCASTING'",
            "service = 'BRODCASTING'",
            11,
            "service",
            "BROADCASTING",
        ),
        (
            "basis = 'a document'",
            "basis = ' '",
            13,
            "basis",
            "where the row was read",
        ),
        ("confidence = 'high'", "confidence = 'sure'", 14, "", "verify"),
        (
            "confidence = 'high'",
            "confidence = 'high'\nprotektet = true",
            15,
            "",
            "protected",
        ),
        ("low = '87M'", "", 7, "", "low"),
    ] {
        let error = broken(from, to);
        assert_eq!(
            (error.file.as_str(), error.line, error.key.as_str()),
            ("x.toml", line, key),
            "{error}"
        );
        assert!(error.reason.contains(says), "{error}");
    }
    let twice = "[[row]]\nid = 'a'\nlow = '1M'\nhigh = '2M'\nservice = 'FIXED'\nname = { zh = '', en = '' }\n\
                 basis = 'b'\nconfidence = 'high'\n[[row]]\nid = 'a'";
    let error = broken("[[row]]\nid = 'a'", twice);
    assert_eq!((error.line, error.key.as_str()), (16, "id"), "{error}");
}
