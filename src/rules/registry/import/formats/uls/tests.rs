//! The August 2015 microwave sets: every row, and the joins as they were counted independently.

use super::*;
use crate::{registry::import::formats::testing::Folder, units::Hertz};

fn sets() -> Option<[ImportReport<Assignment>; 2]> {
    let read_set = |name: &str| {
        let mut folder = Folder::open(
            &format!("registry/registers/fcc_uls_mw/{name}"),
            &["HD.dat", "EN.dat", "LO.dat", "AN.dat", "EM.dat", "PA.dat", "FR.dat"],
        )?;
        Some(read(&mut folder))
    };
    Some([read_set("2015-08-20_fri")?, read_set("2015-08-21_sat")?])
}

#[test]
fn every_frequency_of_the_sets_joins_its_emission_antenna_and_location() {
    let Some(sets) = sets() else { return };
    for (report, rows, frequencies) in [
        (&sets[0], 229 + 447 + 662 + 1072 + 1302 + 533 + 1260, 1260),
        (&sets[1], 69 + 136 + 193 + 370 + 254 + 185 + 254, 254),
    ] {
        assert!(report.complete && report.bad.is_empty(), "{:#?}", report.bad);
        assert_eq!((report.rows_read, report.ok.len()), (rows, frequencies));
    }
    let all: Vec<_> = sets.iter().flat_map(|report| &report.ok).collect();
    let details = |record: &&&Assignment| record.details.clone().expect("particulars");
    assert!(
        all.iter().all(|record| record.designator.is_some()),
        "every FR joins EM"
    );
    assert!(
        all.iter().all(|record| details(&record).antenna.is_some()),
        "every FR joins AN"
    );
    let placeless: Vec<_> = all.iter().filter(|record| record.place.is_none()).collect();
    assert_eq!(placeless.len(), 2, "two locations have no coordinates");
    assert!(
        placeless.iter().all(|record| details(record).area.is_some()),
        "they name an area"
    );
    assert_eq!(all.iter().filter(|record| record.block).count(), 36, "bands");
    let several = all.iter().filter(|record| details(record).emissions.len() > 1).count();
    assert_eq!(several, 16, "the others are told apart by frequency number");
    let mut shared: std::collections::HashMap<_, usize> = std::collections::HashMap::new();
    for record in &all {
        let key = record.id.rsplit_once('-').expect("numbered").0;
        *shared.entry((key, record.center_hz)).or_default() += details(&record).emissions.len();
    }
    let several = shared.values().filter(|emissions| **emissions > 1).count();
    assert_eq!(several, 139, "frequencies of an antenna with several emissions");
    let licences: std::collections::HashSet<_> = all.iter().filter_map(|record| record.call_sign.as_ref()).collect();
    assert!(licences.len() > 200, "{}", licences.len());
    let lowest = all.iter().map(|record| record.band().low()).min();
    let highest = all.iter().map(|record| record.center_hz).max();
    assert_eq!(
        (lowest, highest.map(|hz| hz.0 / 1_000_000)),
        (Some(Hertz(548_000_000)), Some(23_285))
    );
}

#[test]
fn a_set_read_twice_is_the_same_and_its_keys_are_unique() {
    let (Some(first), Some(again)) = (sets(), sets()) else {
        return;
    };
    assert!(first == again);
    let keys: std::collections::HashSet<_> = first[0].ok.iter().map(|record| &record.id).collect();
    assert_eq!(keys.len(), first[0].ok.len());
    assert!(
        first[0].ok.iter().all(|record| !record.id.contains('~')),
        "no two rows share a key"
    );
}

#[test]
fn a_broken_row_is_named_with_its_table_line_and_field() {
    let fr = "FR|1|||K1||1|1|FXO||6000.0||||||||||54.0||||||1||\nFR|1|||K1||1|1|FXO||six||||||||||54.0||||||2||\n\
              FR|1|||K1||1|1|FXO||7000.0||||||||||54.0||||||3||\nXX|1\n";
    let em = "EM|1|||K1|1|1|6000.0||30M0D7W|||1|||1\nEM|1|||K1|1|1|6000.0||30M0E7W|||1|||2\n";
    let mut folder = Folder::of(&[("FR.dat", fr), ("EM.dat", em)]);
    let report = read(&mut folder);
    let faults: Vec<_> = report
        .bad
        .iter()
        .map(|bad| (bad.file.as_str(), bad.line, bad.field.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            ("EM.dat", 2, "emission_code"),
            ("FR.dat", 2, "frequency_assigned"),
            ("FR.dat", 3, "frequency_assigned"),
            ("FR.dat", 4, "record_type"),
            ("FR.dat", 4, "call_sign"),
            ("FR.dat", 4, "location_number"),
        ]
    );
    assert_eq!((report.ok.len(), report.ok[0].place), (1, None));
    let nothing = read(&mut Folder::of(&[("HD.dat", "")]));
    assert!(
        !nothing.complete && nothing.bad[0].reason.en.contains("FR.dat"),
        "{nothing:?}"
    );
}
