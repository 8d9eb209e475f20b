//! The samples, the law of the round trip, and changes that touch only what changed.

use proptest::prelude::*;

use super::*;
use crate::{
    registry::{export::sfaf_text as write, test_data},
    units::{Band, Hertz},
};

fn sample(name: &str) -> Option<String> {
    test_data(&format!("registry/coordination/sfaf/{name}"))
}

#[test]
fn the_samples_are_read_and_written_identically() {
    for (name, records) in [("af744251.sfaf", 1), ("multiple.sfaf", 3)] {
        let Some(text) = sample(name) else { return };
        let report = read(text.as_bytes(), name);
        assert!(report.is_clean(), "{:#?}", report.bad);
        assert_eq!((report.rows_read, report.ok.len()), (records, records as usize));
        assert_eq!(write(&report.ok), text, "{name}");
        let windows = text.replace('\n', "\r\n");
        assert_eq!(write(&read(windows.as_bytes(), name).ok), windows, "{name} with CR LF");
    }
}

#[test]
fn the_sample_says_what_its_items_say() {
    let Some(text) = sample("af744251.sfaf") else { return };
    let report = read(text.as_bytes(), "a.sfaf");
    let record = &report.ok[0];
    let details = record.details.as_ref().expect("particulars");
    assert_eq!(
        (record.id.as_str(), record.center_hz),
        ("sfaf-AF 744251", Hertz(275_000))
    );
    assert_eq!(
        (record.designator.as_deref(), record.necessary_bandwidth_hz),
        (Some("6K00A3E"), Hertz(6000)),
        "the widest"
    );
    assert_eq!(details.emissions.len(), 3);
    assert_eq!(
        (record.call_sign.as_deref(), record.eirp_dbm),
        (Some("CZF"), Some(58.0))
    );
    let place = record.place.expect("a place");
    assert!(
        (place.latitude - 61.790_555_6).abs() < 1e-6 && place.radius_km == 46.0,
        "{place:?}"
    );
    assert_eq!(details.power_dbm.map(f64::round), Some(56.0), "400 W");
    assert_eq!(details.classification.as_deref(), Some("UA"));
    let extension = |name: &str| details.extensions.get(name).map(String::as_str);
    assert_eq!(extension("SFAF.103/08"), Some("I7632677"));
    assert_eq!(
        extension("SFAF.520/01"),
        Some("COORD WITH PHILLIPS FAA-AK 20100729\nSECOND LINE OF TEXT")
    );
    assert_eq!(extension("SFAF.362/01"), Some("ND"), "no azimuth");
    assert_eq!(extension("SFAF.114/01"), None, "modelled");
}

#[test]
fn a_change_touches_its_item_and_nothing_else() {
    let Some(text) = sample("af744251.sfaf") else { return };
    let mut report = read(text.as_bytes(), "a.sfaf");
    report.ok[0].center_hz = Hertz(276_500);
    report.ok[0].designator = Some("8K00A3E".to_owned());
    report.ok[0].valid_to = "2031-01-01T00:00:00Z".parse().ok();
    let written = write(&report.ok);
    let expected = text
        .replace("K275", "K276.5")
        .replace("6K00A3E", "8K00A3E")
        .replace("142.     20200825", "141.     20301231\n142.     20200825");
    assert_eq!(written, expected);
    let again = read(written.as_bytes(), "a.sfaf");
    assert_eq!(
        (again.ok[0].center_hz, again.ok[0].valid_to),
        (report.ok[0].center_hz, report.ok[0].valid_to)
    );
}

#[test]
fn an_assignment_of_another_format_becomes_a_record() {
    let csv = "id,holder,station,freq,designator,latitude,longitude,valid_to\nA-1,Office,Hill,97.2M,256KF8EHF,30.5,-114.25,\n";
    let report = crate::registry::import::parse_assignments(csv.as_bytes(), "s.csv");
    let written = write(&report.ok);
    assert!(
        written.contains("110.     M97.2\n") && written.contains("303.     303000N1141500W\n"),
        "{written}"
    );
    let read = read(written.as_bytes(), "x.sfaf");
    assert_eq!(
        (read.ok[0].band(), read.ok[0].place),
        (report.ok[0].band(), report.ok[0].place)
    );
}

#[test]
fn frequencies_bands_and_long_designators_are_read() {
    for (text, hz) in [
        ("K275", 275_000),
        ("M46.11", 46_110_000),
        ("G1.2", 1_200_000_000),
        ("K4028.4(4027)", 4_028_400),
    ] {
        assert_eq!(frequency_of(text), Some(Frequency::Single(Hertz(hz))), "{text}");
    }
    let band = |low, high| Band::new(Hertz(low), Hertz(high)).map(Frequency::Band);
    assert_eq!(frequency_of("M225-M400"), band(225_000_000, 400_000_000));
    assert_eq!(frequency_of("K3000-4000"), band(3_000_000, 4_000_000));
    for wrong in ["", "275", "X275", "K", "M400-M225", "K1-", "é"] {
        assert_eq!(frequency_of(wrong), None, "{wrong}");
    }
    assert_eq!(width("600H00P0N"), Some(Hertz(600)));
    assert_eq!(width("16K0F3E"), Some(Hertz(16_000)));
    assert_eq!(width("600H00"), None);
}

#[test]
fn faults_name_the_item_and_its_line() {
    let text = "005.     U\n010.     N\n102.     AF  1\n110.     K275X\n114.     2K04Z2A\n141.     20261301\n303.     616126N1655811W\n\
                005.     U\n102.     AF  2\n114.     2K04A2A\n";
    let report = read(text.as_bytes(), "x.sfaf");
    let faults: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
    assert_eq!(faults, [(4, "110"), (5, "114"), (7, "303"), (6, "141"), (8, "110")]);
    assert_eq!((report.rows_read, report.rows_bad), (2, 2));
}

proptest! {
    #[test]
    fn any_text_is_written_as_it_was(text in "([0-9]{3}(/[0-9]{1,2})?\\.? {0,5}[ -~]{0,12}(\r?\n|)|\\PC{0,20}\n){0,30}") {
        prop_assert_eq!(File::parse(&text).to_string(), text);
    }

    #[test]
    fn any_record_is_read_or_refused(text in "(005|010|102|110|114|115|117|140|141|303|306|357)\\.     [ -~]{0,16}\n") {
        let base = "102.     AF  1\n110.     K275\n114.     2K04A2A\n";
        let _ = read(format!("{text}{base}").as_bytes(), "x.sfaf");
    }
}
