//! The plan as a file: what is written is read back, in either language; every bad row is named.

use proptest::prelude::*;

use super::{super::*, channel};
use crate::{
    coordination::{Power, PowerKind},
    registry::Place,
    units::Hertz,
};

fn rows() -> impl Strategy<Value = RowContent> {
    let text = "[ -~\u{4e00}-\u{4e20}]{0,20}";
    let place = (-90.0..90.0_f64, -180.0..180.0_f64, 0.0..100.0_f64);
    let power = (-60.0..60.0_f64, any::<bool>());
    (
        (30_000_000..3_000_000_000_i64, 12_500..1_000_000_i64),
        (text, text),
        proptest::option::of(place),
        power,
        any::<bool>(),
        proptest::option::of(0..10_000_i64),
    )
        .prop_map(
            |((center, width), (user, note), place, (dbw, erp), key, hours)| RowContent {
                center_hz: Hertz(center),
                bandwidth_hz: Hertz(width),
                user: format!("用户{}", user.trim()),
                note: note.trim().to_owned(),
                place: place.map(|(latitude, longitude, radius_km)| Place {
                    latitude,
                    longitude,
                    radius_km,
                }),
                power: Power {
                    dbw,
                    kind: if erp { PowerKind::Erp } else { PowerKind::Eirp },
                },
                key,
                from: hours.map(super::at),
                to: hours.map(|hour| super::at(hour + 1)),
                ..channel("", 100.0)
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(contents in proptest::collection::vec(rows(), 0..20), chinese: bool) {
        let contents: Vec<RowContent> = contents
            .into_iter()
            .enumerate()
            .map(|(n, content)| RowContent { channel: format!("=K-{n}"), ..content })
            .collect();
        let language = if chinese { SheetLanguage::Chinese } else { SheetLanguage::English };
        let file = String::from_utf8(write_plan(&contents, language).expect("written")).expect("UTF-8");
        let report = read_plan(&file, "plan.csv");
        prop_assert!(report.is_clean(), "{:?}", report.bad);
        let read: Vec<RowContent> = report.ok.into_iter().map(|row| row.content).collect();
        prop_assert_eq!(read, contents);
    }
}

#[test]
fn people_write_it_with_units_of_their_own() {
    let text = "信道,频率(MHz),带宽(kHz),发射标识,使用单位,功率(W),重点频率,开始时间\n\
                K1,410.0125,12.5,11K0F3E,会务组,4,是,2026-12-01\n";
    let report = read_plan(text, "计划.csv");
    assert!(report.is_clean(), "{:?}", report.bad);
    let row = &report.ok[0].content;
    assert_eq!((row.center_hz, row.bandwidth_hz), (Hertz(410_012_500), Hertz(12_500)));
    assert!((row.power.dbw - 6.02).abs() < 0.01 && row.key);
    assert_eq!(row.from.expect("a day").to_string(), "2026-11-30T16:00:00Z");
}

#[test]
fn every_bad_row_is_named_with_its_line() {
    let text = "channel,freq,bandwidth,designator,user,power\n\
                K1,410M,12.5k,11K0F3E,a,6\n\
                K2,abc,12.5k,11K0F3E,a,6\n\
                K1,411M,12.5k,11K0F3E,a,6\n\
                K4,412M,5k,11K0F3E,a,6\n\
                K5,413M,12.5k,11K0F3E,,six\n";
    let report = read_plan(text, "plan.csv");
    let lines: Vec<(u64, &str)> = report.bad.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
    assert_eq!(
        lines,
        [(3, "freq"), (4, "id"), (5, "designator"), (6, "user"), (6, "power")]
    );
    assert!(
        report
            .bad
            .iter()
            .all(|bad| !bad.reason.zh.is_empty() && !bad.reason.en.is_empty())
    );
    let missing = read_plan("channel,freq\nK1,410M\n", "plan.csv");
    assert!(!missing.is_clean() && missing.bad.iter().any(|bad| bad.field == "user"));
}
