//! SSRF documents: the published example, several frequencies, what is missing or broken, and hostile ones.

use super::*;
use crate::registry::test_data;

#[test]
fn the_example_is_read_with_what_it_refers_to() {
    let Some(text) = test_data("registry/coordination/ssrf/ssrf-example.ckco-tv-3.xml") else {
        return;
    };
    let report = read(text.as_bytes(), "ckco.xml");
    assert!(report.is_clean() && report.rows_read == 1, "{:#?}", report.bad);
    let assumed = &report.ok[0].details.as_ref().expect("particulars").extensions["assumed"];
    assert_eq!(assumed, "necessary bandwidth 10 kHz", "the example states none");
    let stated = text.replace("<InBand cls", "<FreqMax cls=\"U\">0.644</FreqMax><InBand cls");
    let report = read(stated.as_bytes(), "ckco.xml");
    assert!(report.is_clean(), "{:#?}", report.bad);
    let record = &report.ok[0];
    assert_eq!(
        (record.holder.as_str(), record.call_sign.as_deref()),
        ("Bell Media Inc.", Some("CKCO-TV-3"))
    );
    assert!(
        record
            .place
            .is_some_and(|place| (place.latitude - 43.714_722).abs() < 1e-5)
    );
    let details = record.details.as_ref().expect("particulars");
    assert!(details.antenna.as_ref().expect("antenna").pattern.len() > 60);
    assert_eq!(
        (details.classification.as_deref(), details.station_class.as_deref()),
        (Some("U"), Some("BT"))
    );
    assert_eq!(details.raw.len(), 5, "the assignment and the four objects it refers to");
    assert!(
        details.raw[0].text.starts_with("<Assignment cls=\"U\">") && details.raw[0].text.ends_with("</Assignment>")
    );
}

#[test]
fn a_bandwidth_that_nobody_can_guess_is_asked_for() {
    let document = |configuration: &str| {
        format!(
            "<SSRF><Assignment cls=\"U\"><Serial>CAN:IC:AS:1</Serial><Configuration><ConfigFreq idx=\"1\">\
             <FreqMin>450.0125</FreqMin></ConfigFreq>{configuration}</Configuration></Assignment></SSRF>"
        )
    };
    let report = read(document("").as_bytes(), "x.xml");
    assert_eq!(report.bad[0].field, "EmsClass");
    let emission = "<ConfigEmission><EmsClass>F3E</EmsClass><NecessaryBwMax>0.0125</NecessaryBwMax></ConfigEmission>";
    let report = read(document(emission).as_bytes(), "x.xml");
    let record = &report.ok[0];
    assert_eq!(
        (record.designator.as_deref(), record.necessary_bandwidth_hz),
        (Some("12K5F3E"), Hertz(12_500))
    );
}

#[test]
fn every_frequency_of_an_assignment_is_a_record_and_its_text_is_written_once() {
    let frequency = |mhz: &str, class: &str| {
        format!(
            "<Configuration><ConfigFreq><FreqMin>{mhz}</FreqMin></ConfigFreq><ConfigEmission><EmsClass>{class}</EmsClass>\
             <NecessaryBwMax>0.0125</NecessaryBwMax></ConfigEmission></Configuration>"
        )
    };
    let document = |second: &str| {
        format!(
            "<SSRF><Assignment cls=\"U\"><Serial>A:B:AS:1</Serial>{}{second}</Assignment></SSRF>",
            frequency("150.1", "F3E")
        )
    };
    let report = read(document(&frequency("155.7", "F3E")).as_bytes(), "x.xml");
    assert!(report.is_clean(), "{:#?}", report.bad);
    let keys: Vec<_> = report
        .ok
        .iter()
        .map(|record| (record.id.as_str(), record.center_hz.0))
        .collect();
    assert_eq!(keys, [("ssrf-A:B:AS:1", 150_100_000), ("ssrf-A:B:AS:1~2", 155_700_000)]);
    let bad = read(document(&frequency("155.7", "F4E")).as_bytes(), "x.xml").bad;
    assert!(
        bad[0].field == "EmsClass" && bad[0].reason.en.starts_with("character 2"),
        "{bad:?}"
    );
    let bad = read(
        document("<Configuration><ConfigFreq/></Configuration>").as_bytes(),
        "x.xml",
    )
    .bad;
    assert_eq!(bad[0].field, "FreqMin");
}

#[test]
fn a_time_without_a_zone_counts_and_a_broken_one_is_told() {
    let document = |last: &str, latitude: &str| {
        format!(
            "<SSRF><Location cls=\"U\"><Serial>A:B:LO:1</Serial><Point><Lat>{latitude}</Lat><Lon>0820811.00W</Lon></Point>\
             </Location><Assignment cls=\"U\"><Serial>A:B:AS:1</Serial><ExpirationDateTime>{last}</ExpirationDateTime>\
             <Station><StationLoc><LocSatRef>A:B:LO:1</LocSatRef></StationLoc></Station><Configuration><ConfigFreq>\
             <FreqMin>1</FreqMin></ConfigFreq></Configuration></Assignment></SSRF>"
        )
    };
    for (last, latitude, field) in [
        ("2026-01-31T08:00:00Z", "434253.00N", None),
        ("2026-01-31T08:00:00", "434253.00N", None),
        ("soon", "434253.00N", Some("ExpirationDateTime")),
        ("2026-01-31T08:00:00", "43.7", Some("Lat")),
    ] {
        let report = read(document(last, latitude).as_bytes(), "x.xml");
        assert_eq!(
            report.bad.first().map(|bad| bad.field.as_str()),
            field,
            "{last} {latitude}"
        );
        let end = report.ok.first().and_then(|record| record.valid_to);
        assert_eq!(
            end.map(|end| end.to_string()).is_some(),
            field.is_none(),
            "{last} {latitude}"
        );
    }
}

#[test]
fn a_large_object_that_many_refer_to_does_not_multiply() {
    let large = "x".repeat(1 << 20);
    let organisation = format!("<Organisation cls=\"U\"><Serial>A:B:OR:1</Serial><Name>{large}</Name></Organisation>");
    let one = |n: u32| {
        format!(
            "<Assignment cls=\"U\"><Serial>A:B:AS:{n}</Serial><Configuration><ConfigFreq idx=\"1\"><FreqMin>1</FreqMin>\
             </ConfigFreq></Configuration><Station><POCInformation><Serial>A:B:OR:1</Serial></POCInformation></Station>\
             </Assignment>"
        )
    };
    let document = format!("<SSRF>{organisation}{}</SSRF>", (0..100).map(one).collect::<String>());
    let report = read(document.as_bytes(), "x.xml");
    assert!(!report.complete && report.ok.len() < 20, "{}", report.ok.len());
    assert!(
        report.bad[0].reason.en.contains("split the document"),
        "{:?}",
        report.bad
    );
}

#[test]
fn hostile_documents_are_refused() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><SSRF>&b;</SSRF>";
    assert!(
        read(bomb.as_bytes(), "x.xml").bad[0]
            .reason
            .en
            .contains("document type")
    );
    let deep = "<SSRF>".to_owned() + &"<a>".repeat(100_000);
    assert!(!read(deep.as_bytes(), "x.xml").complete);
    for broken in ["", "<SSRF>", "</SSRF>", "<a></a>", "<SSRF><Assignment></SSRF>"] {
        assert!(!read(broken.as_bytes(), "x.xml").complete, "{broken}");
    }
}
