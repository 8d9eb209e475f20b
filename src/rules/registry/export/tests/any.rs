//! Any record, whatever its texts and numbers, comes back from the template and leaves in every format.

use std::collections::BTreeMap;

use proptest::prelude::*;
use roxmltree::Document;

use super::*;
use crate::registry::{
    AssignmentStatus,
    details::{Antenna, Equipment, Protection, Raw},
};

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-=+@'a-z0-9 ,;\"\\n\\t频台]{0,12}",
        "\\PC{0,12}",
        Just("=cmd|' /C calc'!A0".to_owned()),
        Just("_x0041_".to_owned()),
        Just("x".repeat(1001)),
    ]
}

prop_compose! {
    fn any_assignment()(
        texts in proptest::collection::vec(any_text(), 8),
        center in prop_oneof![1_i64..20_000, 1_000_000_i64..3_000_000_000_000],
        width in prop_oneof![Just(0_i64), 1_i64..100_000_000],
        numbers in proptest::collection::vec(proptest::option::of(prop_oneof![-1e5_f64..1e5, 0.0_f64..30.0]), 12),
        words in proptest::collection::vec(proptest::option::of(any_text()), 5),
        place in proptest::option::of((-90.0_f64..=90.0, -180.0_f64..=180.0, 0.0_f64..1e4)),
        days in proptest::collection::vec(proptest::option::of(-60_000_000_000_i64..200_000_000_000), 2),
        flags in any::<(bool, bool, u8)>(),
        designator in proptest::option::of(prop_oneof![Just("16K0F3E".to_owned()), any_text()]),
    ) -> Assignment {
        let [id, holder, station, call, service, note, source, raw] = <[String; 8]>::try_from(texts).expect("eight");
        let details = flags.0.then(|| Box::new(Details {
            role: [Role::Transmit, Role::Receive, Role::Both][usize::from(flags.2 % 3)],
            extensions: BTreeMap::from([("note".to_owned(), note)]),
            raw: vec![Raw { source: source.clone(), text: raw }],
            power_dbm: numbers[2],
            ground_elevation_m: numbers[3],
            antenna: Some(Antenna {
                model: words[0].clone(),
                height_m: numbers[4],
                gain_dbi: numbers[5],
                azimuth_deg: numbers[6],
                feeder_loss_db: numbers[7],
                ..Antenna::default()
            }),
            equipment: words[1].is_some().then(|| Equipment {
                approval: words[1].clone(),
                sensitivity_dbm: numbers[8],
                noise_figure_db: numbers[9],
                ..Equipment::default()
            }),
            protection: flags.1.then_some(Protection {
                i_n_db: numbers[10],
                field_dbuv_m: numbers[8],
                power_dbm: numbers[9],
                time_percent: numbers[11],
            }),
            classification: words[2].clone(),
            releasability: words[3..].iter().flatten().cloned().collect(),
            precedence: days[0].and_then(|at| Timestamp::from_second(at / 3).ok()),
            ..Details::default()
        }));
        Assignment {
            id,
            holder,
            station,
            call_sign: Some(call),
            center_hz: Hertz(center),
            necessary_bandwidth_hz: Hertz(width),
            designator,
            service: Some(service),
            block: flags.1,
            tolerance_hz: numbers[0],
            place: place.map(|(latitude, longitude, radius_km)| Place { latitude, longitude, radius_km }),
            eirp_dbm: numbers[1],
            valid_from: days[0].and_then(|at| Timestamp::from_second(at).ok()),
            valid_to: days[1].and_then(|at| Timestamp::from_second(at * 1000 / 999).ok()),
            status: [AssignmentStatus::Granted, AssignmentStatus::Suspended][usize::from(flags.2 / 128)],
            source,
            details,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_record_comes_back_from_the_template_and_leaves_as_anything(record in any_assignment()) {
        let records = [record];
        for (format, file) in [(Format::Csv, "x.csv"), (Format::Xlsx, "x.xlsx")] {
            let bytes = written(format, &records, Language::Chinese);
            let again = read_again(formats::Format::Assignments, &bytes, file);
            prop_assert_eq!(&again[..], &records[..], "{:?}", format);
        }
        written(Format::Sfaf, &records, Language::English);
        let text = String::from_utf8(written(Format::Ssrf, &records, Language::English)).expect("UTF-8");
        prop_assert!(Document::parse(&text).is_ok(), "{}", text);
        let text = String::from_utf8(written(Format::Kml, &records, Language::English)).expect("UTF-8");
        prop_assert!(Document::parse(&text).is_ok(), "{}", text);
    }
}
