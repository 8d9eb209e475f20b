//! Files as offices send them: good ones, in both languages, and bad ones, cell by cell.

use super::*;
use crate::{
    registry::{AssignmentStatus, Confidence, ServiceStatus, Unlisted},
    units::Hertz,
};

fn assignments(text: &str) -> ImportReport<Assignment> {
    parse_assignments(text.as_bytes(), "s.csv")
}

const HEADER: &str = "id,holder,station,freq,bandwidth,designator,tolerance,latitude,longitude,radius_km,eirp,valid_from,valid_to,status,block\n";
const GOOD: &str = "A,单位,台站,97.2M,,256KF8EHF,2000,30.5,114.4,60,70,2020-01-01,2030-12-31,granted,no\n";

/// The template's row with one cell replaced.
fn with(column: &str, value: &str) -> ImportReport<Assignment> {
    let at = HEADER.trim().split(',').position(|name| name == column).expect(column);
    let mut cells: Vec<&str> = GOOD.trim().split(',').collect();
    cells[at] = value;
    assignments(&format!("{HEADER}{}\n", cells.join(",")))
}

#[test]
fn a_chinese_file_with_units_in_its_headers_reads_like_an_english_one() {
    let english = assignments(&format!("{HEADER}{GOOD}"));
    assert!(english.is_clean(), "{:#?}", english.bad);
    let chinese = assignments(
        "\u{feff}编号,设台单位,台站名称,频率（MHz）,发射标识,频率容限(kHz),北纬,东经,服务半径(m),等效全向辐射功率(kW),启用日期,有效期至,状态,频段指配\r\n\
         A,单位,台站,９７.２,256KF8EHF,2,30°30′00″,114°24′00″,60000,10,2020年1月1日,2030/12/31,有效,否\r\n",
    );
    assert!(chinese.is_clean(), "{:#?}", chinese.bad);
    assert_eq!(chinese.ok, english.ok);
    let row = &english.ok[0];
    assert_eq!(
        (row.center_hz, row.necessary_bandwidth_hz),
        (Hertz(97_200_000), Hertz(256_000))
    );
    assert_eq!(row.source, "s.csv:2");
    assert_eq!(
        row.valid_to.map(|end| end.to_string()).as_deref(),
        Some("2030-12-31T16:00:00Z"),
        "the day after, UTC+8"
    );
    assert_eq!(row.status, AssignmentStatus::Granted);
}

#[test]
fn the_technical_form_is_read_with_its_units() {
    let header = "编号,设台单位,台站名称,频率(MHz),发射标识,台站类别,发射功率(W),海拔高度(m),天线距地面高度(m),天线增益(dBd),极化方式,\
                  最大辐射方位角,馈线系统总损耗(dB),设备型号,型号核准代码(CMIIT ID),接收机灵敏度(dBm),保护准则 I/N(dB),允许干扰场强(dBμV/m),密级,知悉范围\n";
    let row =
        "A,单位,台站,160,11K0F3E,ML,25,40,30,6,V,120°,2,XYZ-1,2024FP0001,-118,-10,12.5,秘密,civil_officer、field\n";
    let report = assignments(&format!("{header}{row}"));
    assert!(report.is_clean(), "{:#?}", report.bad);
    let details = report.ok[0].details.clone().expect("particulars");
    let antenna = details.antenna.expect("antenna");
    let equipment = details.equipment.expect("equipment");
    let protection = details.protection.expect("protection");
    assert!((details.power_dbm.expect("power") - 43.979).abs() < 0.001, "25 W");
    assert!((antenna.gain_dbi.expect("gain") - 8.15).abs() < 1e-9, "6 dBd");
    assert_eq!(
        (antenna.height_m, antenna.azimuth_deg, antenna.feeder_loss_db),
        (Some(30.0), Some(120.0), Some(2.0))
    );
    assert_eq!(
        (details.ground_elevation_m, details.station_class.as_deref()),
        (Some(40.0), Some("ML"))
    );
    assert_eq!(
        (equipment.model.as_deref(), equipment.approval.as_deref()),
        (Some("XYZ-1"), Some("2024FP0001"))
    );
    assert_eq!(
        (equipment.sensitivity_dbm, protection.i_n_db, protection.field_dbuv_m),
        (Some(-118.0), Some(-10.0), Some(12.5))
    );
    assert_eq!(details.classification.as_deref(), Some("秘密"));
    assert_eq!(details.releasability, ["civil_officer", "field"]);
    for (column, value, said) in [
        ("azimuth", "400", "between 0 and 360"),
        ("antenna_height", "-3", "between 0 and 1000"),
        ("power_w", "0", "above zero"),
        ("sensitivity", "0 uV", "between -180 and 30"),
        ("protection_time_percent", "1", "needs a limit"),
        ("protection_i_n_db", "six", "not a number"),
        ("precedence", "soon", "not a date"),
    ] {
        let report = assignments(&format!(
            "id,holder,station,freq,designator,{column}\nA,h,s,160M,11K0F3E,{value}\n"
        ));
        let [bad] = report.bad.as_slice() else {
            panic!("{column}: {report:#?}")
        };
        assert!(bad.reason.en.contains(said), "{column}: {bad:?}");
    }
}

#[test]
fn every_field_of_the_national_forms_is_taken_or_kept() {
    let header = "执照编号,设台单位,台站名称,台站类别,台站级别,台站地址,发射中心频率(MHz),接收频率(MHz),发射时间,必要带宽(kHz),发射功率(W),功率标志代码,\
                  业务性质,使用范围,设备出厂号,生产厂家,核发机关,核发日期,频率使用许可证号,天线类型,调制方式\n";
    let row = "A,单位,台站,BC,省级,龟山,97.2,87.5,24 h,256,10000,Y,专用,省内,SN-1,某厂,某局,2024年1月1日,鄂频〔2024〕1号,偶极,FM\n";
    let report = assignments(&format!("{header}{row}"));
    assert!(report.is_clean(), "{:#?}", report.bad);
    let details = report.ok[0].details.as_ref().expect("particulars");
    assert!(details.windows.is_empty(), "all day");
    let kept = |name: &str| details.extensions.get(name).map(String::as_str);
    assert_eq!(
        (kept("功率标志代码"), kept("接收频率"), kept("核发日期")),
        (Some("Y"), Some("87.5 mhz"), Some("2024年1月1日"))
    );
    assert_eq!(details.extensions.len(), 13, "{:#?}", details.extensions);
}

#[test]
fn frequencies_are_read_with_their_own_unit_the_headers_or_in_hertz() {
    for (header, cell) in [
        ("freq", "433.92M"),
        ("freq", "433920000"),
        ("freq_mhz", "433.92"),
        ("freq_khz", "433920"),
        ("freq_mhz", "0.43392G"),
        ("频率(MHz)", "433.920 MHz"),
        ("Frequency (MHz)", "433.92"),
    ] {
        let report = assignments(&format!("id,holder,station,{header},bw\nA,h,s,{cell},12.5k\n"));
        assert!(report.is_clean(), "{header} {cell}: {:#?}", report.bad);
        assert_eq!(report.ok[0].center_hz, Hertz(433_920_000), "{header} {cell}");
    }
}

#[test]
fn every_bad_cell_is_reported_with_its_line_field_and_value() {
    for (column, value, says) in [
        ("id", "", "blank"),
        ("freq", "97.2", "97.2 MHz"),
        ("freq", "98", "unit"),
        ("freq", "ninety", "433.92M"),
        ("designator", "256K0F8E", "character 5"),
        ("designator", "", "both blank"),
        ("bandwidth", "-5k", "above zero"),
        ("tolerance", "-1", "negative"),
        ("latitude", "114.4", "exchanged"),
        ("latitude", "", "together"),
        ("longitude", "east", "39.9054"),
        ("radius_km", "1,000", "cells instead"),
        ("radius_km", "-1", "negative"),
        ("eirp", "0 W", "above zero"),
        ("valid_from", "2020-02-30", "2026-01-31"),
        ("valid_to", "2019-12-31", "before valid_from"),
        ("status", "perhaps", "suspended"),
        ("block", "maybe", "yes"),
    ] {
        let report = with(column, value);
        assert_eq!(
            (report.rows_read, report.rows_bad, report.ok.len()),
            (1, 1, 0),
            "{column}={value}"
        );
        let named = report.bad.iter().find(|bad| bad.reason.en.contains(says));
        let named = named.unwrap_or_else(|| panic!("{column}={value}: {:#?}", report.bad));
        assert_eq!((named.file.as_str(), named.line), ("s.csv", 2));
        assert!(!named.reason.zh.is_ascii(), "in Chinese too: {named:?}");
    }
}

#[test]
fn one_row_reports_all_its_faults_and_the_others_are_read() {
    let text = format!(
        "{HEADER}A,,s,x,,16K0F3E,,,,,,,,,\n\n,,,,,,,,,,,,,,\n{}",
        GOOD.replacen('A', "B", 1)
    );
    let report = assignments(&text);
    assert_eq!((report.rows_read, report.rows_bad), (2, 1));
    let faults: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
    assert_eq!(faults, [(2, "holder"), (2, "freq")]);
    assert_eq!(
        (report.ok[0].id.as_str(), report.ok[0].source.as_str()),
        ("B", "s.csv:5")
    );
    assert!(!report.is_clean());
}

#[test]
fn a_key_twice_in_a_file_is_a_fault_of_the_second_row() {
    let report = assignments(&format!("{HEADER}{GOOD}{GOOD}"));
    assert_eq!((report.ok.len(), report.rows_bad), (1, 1));
    assert!(
        report.bad[0].reason.en.contains("line 2") && report.bad[0].line == 3,
        "{:?}",
        report.bad
    );
}

#[test]
fn a_header_with_faults_stops_the_file() {
    for (header, says) in [
        ("id,holder,station,bandwidth", "freq"),
        ("id,holder,station,freq,bandwidth,lattitude", "latitude"),
        ("id,holder,station,freq_mhz,frequency", "twice"),
        ("id,holder,station,freq_parsec", "unknown column"),
        ("", "empty"),
    ] {
        let report = assignments(&format!(
            "{header}{}",
            if header.is_empty() { "" } else { "\nA,h,s,1M,1k\n" }
        ));
        assert!(
            !report.complete && report.ok.is_empty() && report.rows_read == 0,
            "{header}"
        );
        assert!(
            report.bad.iter().any(|bad| bad.reason.en.contains(says)),
            "{header}: {:#?}",
            report.bad
        );
    }
}

#[test]
fn other_encodings_are_named_and_not_guessed() {
    let gbk: &[u8] = b"id,holder,station,freq,bw\nA,\xb5\xa5\xce\xbb,s,97.2M,1k\nB,h,s,98M,1k\n";
    let report = parse_assignments(gbk, "gbk.csv");
    assert_eq!((report.ok.len(), report.rows_bad), (1, 1));
    assert!(
        report.bad[0].reason.zh.contains("GB18030") && report.bad[0].line == 2,
        "{:?}",
        report.bad
    );
    let utf16: &[u8] = b"\xff\xfei\0d\0";
    assert!(parse_assignments(utf16, "u.csv").bad[0].reason.en.contains("UTF-16"));
    let binary: &[u8] = &[0x50, 0x4b, 3, 4, 0, 0xff, 0xfe, 0x80, b'\n', 0xff];
    assert!(!parse_assignments(binary, "book.xlsx").complete);
}

#[test]
fn semicolons_and_tabs_separate_too_and_quotes_hold_line_breaks() {
    for separator in [';', '\t'] {
        let text = "id,holder,station,freq,bw\nA,\"甲\n乙\",s,97.2M,100k\nB,h,s,98M,100k\n";
        let text = text.replace(',', &separator.to_string());
        let report = assignments(&text);
        assert!(report.is_clean(), "{:#?}", report.bad);
        assert_eq!(report.ok[0].holder, "甲\n乙");
        assert_eq!(report.ok[1].source, "s.csv:4", "lines count inside quotes");
    }
}

#[test]
fn lines_are_counted_as_an_editor_shows_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("{HEADER}\n\n{GOOD}\n{}bad", GOOD.replacen('A', "\"B\nB\"", 1)).replace('\n', end);
        let report = assignments(&text);
        let sources: Vec<_> = report.ok.iter().map(|row| row.source.as_str()).collect();
        assert_eq!(sources, ["s.csv:4", "s.csv:6"], "{end:?}");
        assert_eq!(report.bad[0].line, 8, "the last line, without an end");
    }
}

#[test]
fn a_read_error_in_the_middle_is_not_an_end() {
    struct Breaks(usize);
    impl Read for Breaks {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let text = format!("{HEADER}{GOOD}");
            let rest = &text.as_bytes()[self.0.min(text.len())..];
            if rest.is_empty() {
                return Err(std::io::Error::other("cable pulled"));
            }
            let n = rest.len().min(buffer.len());
            buffer[..n].copy_from_slice(&rest[..n]);
            self.0 += n;
            Ok(n)
        }
    }
    let report = parse_assignments(Breaks(0), "s.csv");
    assert!(!report.complete && !report.is_clean(), "{report:?}");
    assert!(report.bad[0].reason.en.contains("cable pulled"), "{:?}", report.bad);
}

#[test]
fn importing_again_changes_nothing_and_a_changed_row_is_an_update() {
    let first = assignments(&format!("{HEADER}{GOOD}{}", GOOD.replacen('A', "B", 1)));
    let again = assignments(&format!(
        "{HEADER}\n{}{GOOD}",
        GOOD.replacen('A', "B", 1).replace("60", "61")
    ));
    let changes = compare(&first.ok, &again.ok);
    assert_eq!(
        (changes.unchanged, changes.updated),
        (vec!["A".to_owned()], vec!["B".to_owned()])
    );
    assert_eq!(compare(&[], &first.ok).added, ["A", "B"]);
}

#[test]
fn allocation_rows_keep_everything_they_say() {
    let text = "起始频率(MHz),终止频率(MHz),业务,名称,地位,保护,未登记用户,免执照最大带宽(kHz),免执照最大功率(dBm),依据,可信度,备注\n\
                87,108,广播,调频广播,主要,否,,,,划分规定 3.4,高,5.87\n\
                430,440,无线电定位,定位,主要,,军队、业余,400,12.15,划分规定 3.4,,\n";
    let report = parse_allocations(text.as_bytes(), "t.csv");
    assert!(report.is_clean(), "{:#?}", report.bad);
    let [fm, radar] = &report.ok[..] else {
        panic!("two rows")
    };
    assert_eq!(
        (fm.id.as_str(), fm.status, fm.confidence),
        (
            "87000000-108000000-broadcasting",
            ServiceStatus::Primary,
            Confidence::High
        )
    );
    assert_eq!(fm.name, Text::new("调频广播", "Broadcasting"));
    assert_eq!(radar.unlisted, [Unlisted::Military, Unlisted::Amateur]);
    assert_eq!(
        radar.exemption.as_ref().and_then(|limit| limit.max_bandwidth_hz),
        Some(400_000)
    );
    assert_eq!(
        radar.confidence,
        Confidence::Verify,
        "what is not said to be sure is to be verified"
    );

    let bad = "low,high,service,basis,paired_low\n108M,87M,广播,x,\n1M,2M,广博,x,\n1M,2M,广播,x,3M\n1M,2M,广播,,\n";
    let report = parse_allocations(bad.as_bytes(), "t.csv");
    let faults: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
    assert_eq!(faults, [(2, "high"), (3, "service"), (4, "paired_high"), (5, "basis")]);
}

#[test]
fn a_header_tells_what_a_file_is_about() {
    assert_eq!(recognise(HEADER), Some(Kind::Assignments));
    assert_eq!(
        recognise("\u{feff}编号,设台单位,台站名称,频率（MHz）"),
        Some(Kind::Assignments)
    );
    assert_eq!(recognise("low_mhz;high_mhz;service;basis"), Some(Kind::Allocations));
    assert_eq!(
        recognise("起始频率(MHz),终止频率(MHz),业务,依据"),
        Some(Kind::Allocations)
    );
    assert_eq!(recognise("a,b,c"), None);
}

#[test]
fn a_long_file_is_reported_as_a_short_one_is_and_in_its_order() {
    const ROWS: usize = 3_000;
    let row = |id: &str, frequency: &str| {
        GOOD.replacen("A,", &format!("{id},"), 1)
            .replacen("97.2M", frequency, 1)
    };
    let mut text = HEADER.to_owned();
    for n in 0..ROWS {
        // Bad cells, and keys that were there some lots before.
        let (id, frequency) = match n {
            600 | 2_999 => (format!("N-{n}"), "rubbish"),
            1_700 => ("N-3".to_owned(), "97.2M"),
            _ => (format!("N-{n}"), "97.2M"),
        };
        text += &row(&id, frequency);
    }
    let report = assignments(&text);
    assert_eq!((report.rows_read, report.rows_bad, report.complete), (3_000, 3, true));
    let faults: Vec<(u64, &str)> = report.bad.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
    assert_eq!(faults, [(602, "freq"), (1_702, "id"), (3_001, "freq")]);
    assert!(report.bad[1].reason.en.contains("line 5"), "{:?}", report.bad[1]);
    let numbers: Vec<usize> = report
        .ok
        .iter()
        .map(|row| row.id[2..].parse().expect("a number"))
        .collect();
    assert!(numbers.is_sorted() && numbers.len() == ROWS - 3, "{}", numbers.len());

    // Handed on, the same rows come; whoever has enough gets no more.
    let mut handed = Vec::new();
    let told = parse_assignments_to(text.as_bytes(), "s.csv", &mut |mut some| {
        handed.append(&mut some);
        true
    });
    assert_eq!((handed, told.bad, told.ok.len()), (report.ok, report.bad, 0));
    let mut lots = 0;
    let cut = parse_assignments_to(text.as_bytes(), "s.csv", &mut |_| {
        lots += 1;
        lots < 2
    });
    assert_eq!((lots, cut.complete), (2, false));
}
