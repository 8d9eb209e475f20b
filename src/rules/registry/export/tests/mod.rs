//! Round trips over real registers, and the files held against parsers and schemas of others.

mod any;
mod ssrf;

use std::{collections::BTreeMap, sync::OnceLock};

use roxmltree::Document;

use super::*;
use crate::{
    registry::{
        Details, Place, Role, demo,
        details::Area,
        import::formats::{self, Content, files::Files},
        table, test_bytes,
    },
    units::Hertz,
};

pub(super) fn options(language: Language) -> Options {
    Options {
        language,
        folders: Folders::Service,
        written_at: "2026-01-31T08:00:00Z".parse().expect("instant"),
    }
}

fn written(format: Format, records: &[Assignment], language: Language) -> Vec<u8> {
    let records: Vec<&Assignment> = records.iter().collect();
    let mut out = Vec::new();
    assignments(format, &records, &options(language), &mut out).expect("written");
    out
}

/// Files of the test data, all in memory.
struct Folder(BTreeMap<String, Vec<u8>>);

impl Files for Folder {
    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn open(&mut self, name: &str) -> io::Result<Option<Box<dyn io::Read + '_>>> {
        let file = self
            .0
            .get(name)
            .map(|bytes| Box::new(bytes.as_slice()) as Box<dyn io::Read>);
        Ok(file)
    }
}

type Registers = Vec<(&'static str, Vec<Assignment>)>;

/// The good records of every real register at hand, read once.
fn real_registers() -> &'static Registers {
    static READ: OnceLock<Registers> = OnceLock::new();
    READ.get_or_init(read_registers)
}

fn read_registers() -> Registers {
    use formats::Format as In;

    let uls = ["HD", "EN", "LO", "AN", "EM", "FR", "PA"].map(|table| format!("{table}.dat"));
    let uls: Vec<&str> = uls.iter().map(String::as_str).collect();
    let sets: [(In, &'static str, &[&str]); 13] = [
        (In::FccUls, "registers/fcc_uls_mw/2015-08-20_fri", &uls),
        (In::FccUls, "registers/fcc_uls_mw/2015-08-21_sat", &uls),
        (In::FccTv, "registers/fcc_tv", &["parameters_us.csv"]),
        (In::FccTv, "registers/fcc_tv", &["post_auction_parameters.csv"]),
        (In::FccIbfs, "registers/fcc_ibfs", &["3650_3700_GrandfatheredFSS.csv"]),
        (
            In::FccIbfs,
            "registers/fcc_ibfs",
            &["CBRS_3550_3700_GrandfatheredFSS.csv"],
        ),
        (In::Navaids, "registers/ourairports", &["navaids.csv"]),
        (
            In::AirportFrequencies,
            "registers/ourairports",
            &["airport-frequencies_asia_eu.csv"],
        ),
        (In::Eibi, "registers/eibi", &["sked-a13.csv", "eibireadme.txt"]),
        (In::Sfaf, "coordination/sfaf", &["multiple.sfaf"]),
        (In::Ssrf, "coordination/ssrf", &["ssrf-example.ckco-tv-3.xml"]),
        (In::SsrfLite, "coordination/ssrf_lite", &["marine_vhf_channels.yml"]),
        (In::SsrfLite, "coordination/ssrf_lite", &["ns9rc_repeaters.yml"]),
    ];
    let mut registers = vec![("demo", demo::assignments().ok)];
    for (format, folder, names) in sets {
        let files = names.iter().map(|name| {
            let bytes = test_bytes(&format!("registry/{folder}/{name}"))?;
            Some(((*name).to_owned(), bytes))
        });
        let Some(files) = files.collect::<Option<_>>() else {
            continue;
        };
        let read = formats::read(format, &mut Folder(files), names[0]).expect("opens");
        let Content::Assignments(records) = read.content else {
            panic!("{folder}")
        };
        assert!(!records.is_empty(), "{folder}/{names:?}: {:?}", read.bad.first());
        registers.push((folder, records));
    }
    registers
}

/// Some of them: the dependencies are not optimised in tests.
fn some(records: &[Assignment]) -> Vec<Assignment> {
    let step = records.len().div_ceil(80);
    records.iter().step_by(step).cloned().collect()
}

fn read_again(format: formats::Format, bytes: &[u8], name: &str) -> Vec<Assignment> {
    let files = BTreeMap::from([(name.to_owned(), bytes.to_vec())]);
    let read = formats::read(format, &mut Folder(files), name).expect("opens");
    assert!(
        read.complete && read.bad.is_empty(),
        "{:#?}",
        read.bad.iter().take(3).collect::<Vec<_>>()
    );
    match read.content {
        Content::Assignments(records) => records,
        other => panic!("{other:?}"),
    }
}

fn assert_same(name: &str, again: &[Assignment], records: &[Assignment]) {
    assert_eq!(again.len(), records.len(), "{name}");
    for (again, record) in again.iter().zip(records) {
        assert_eq!(again, record, "{name}");
    }
}

#[test]
fn every_real_register_comes_back_from_csv_and_workbook_as_it_was() {
    for (name, records) in real_registers() {
        let csv = written(Format::Csv, records, Language::English);
        assert_same(
            name,
            &read_again(formats::Format::Assignments, &csv, "again.csv"),
            records,
        );
        let records = some(records);
        let csv = written(Format::Csv, &records, Language::Chinese);
        assert_same(
            name,
            &read_again(formats::Format::Assignments, &csv, "again.csv"),
            &records,
        );
        let book = written(Format::Xlsx, &records, Language::Chinese);
        let again = read_again(formats::Format::Assignments, &book, "again.xlsx");
        assert_same(name, &again, &records);
    }
}

#[test]
fn our_files_are_recognised_for_what_they_are() {
    let records = demo::assignments().ok;
    for language in [Language::English, Language::Chinese] {
        for (format, known) in [
            (Format::Csv, formats::Format::Assignments),
            (Format::Xlsx, formats::Format::Assignments),
            (Format::Sfaf, formats::Format::Sfaf),
            (Format::Ssrf, formats::Format::Ssrf),
        ] {
            let bytes = written(format, &records, language);
            let name = format!("x.{}", format.extension());
            assert_eq!(formats::recognise(&bytes, &[name]), Some(known), "{format:?}");
        }
    }
}

#[test]
fn allocation_tables_come_back_as_they_were() {
    let mut tables = vec![("cn", table::builtin_cn().expect("the table").rows)];
    for name in ["itu3", "us", "gb", "eu", "mo"] {
        let file = format!("ef_{name}.allocations.tsv");
        let Some(bytes) = test_bytes(&format!("registry/allocations/{file}")) else {
            continue;
        };
        let files = BTreeMap::from([(file.clone(), bytes)]);
        let read = formats::read(formats::Format::Efis, &mut Folder(files), &file).expect("opens");
        let Content::Table(table) = read.content else {
            panic!("{name}")
        };
        tables.push((name, table.rows));
    }
    for (name, mut rows) in tables {
        let step = rows.len().div_ceil(200);
        rows = rows.into_iter().step_by(step).collect();
        let rows_out: Vec<&Allocation> = rows.iter().collect();
        for (format, file) in [(Format::Csv, "t.csv"), (Format::Xlsx, "t.xlsx")] {
            for language in [Language::English, Language::Chinese] {
                let mut out = Vec::new();
                allocations(format, &rows_out, &options(language), &mut out).expect("written");
                let files = BTreeMap::from([(file.to_owned(), out)]);
                let read = formats::read(formats::Format::Allocations, &mut Folder(files), file).expect("opens");
                assert!(read.bad.is_empty(), "{name}: {:#?}", read.bad.first());
                assert_eq!(read.content, Content::Rows(rows.clone()), "{name} {file}");
            }
        }
    }
    let mut out = Vec::new();
    let refused = allocations(Format::Kml, &[], &options(Language::English), &mut out);
    assert!(refused.is_err_and(|error| error.to_string().contains("csv or xlsx")));
}

#[test]
fn what_looks_like_a_formula_is_text() {
    let mut record = demo::assignments().ok.remove(0);
    let hostile = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "'=1",
        "''x",
        "＝1",
        "'",
        "=HYPERLINK(\"http://x\")",
    ];
    let mut records = Vec::new();
    for (n, text) in hostile.iter().enumerate() {
        record.id = format!("F-{n}");
        record.holder = (*text).to_owned();
        record.call_sign = Some((*text).to_owned());
        records.push(record.clone());
    }
    let csv = written(Format::Csv, &records, Language::English);
    assert_same(
        "csv",
        &read_again(formats::Format::Assignments, &csv, "f.csv"),
        &records,
    );
    let mut reader = ::csv::Reader::from_reader(&csv[3..]);
    for row in reader.records() {
        for cell in row.expect("row").iter() {
            let number = cell.parse::<f64>().is_ok();
            assert!(number || !cell.starts_with(['=', '+', '-', '@', '＝']), "{cell}");
        }
    }
    let book = written(Format::Xlsx, &records, Language::English);
    assert_same(
        "xlsx",
        &read_again(formats::Format::Assignments, &book, "f.xlsx"),
        &records,
    );
    let mut archive = zip::ZipArchive::new(io::Cursor::new(&book)).expect("zip");
    let mut sheet = String::new();
    let mut file = archive.by_name("xl/worksheets/sheet1.xml").expect("sheet");
    io::Read::read_to_string(&mut file, &mut sheet).expect("reads");
    assert!(!sheet.contains("<f>"), "no formula");
}

#[test]
fn sfaf_is_written_as_it_was_and_from_other_registers() {
    for name in ["af744251.sfaf", "multiple.sfaf"] {
        let Some(text) = test_bytes(&format!("registry/coordination/sfaf/{name}")) else {
            return;
        };
        let records = read_again(formats::Format::Sfaf, &text, name);
        assert!(
            written(Format::Sfaf, &records, Language::English) == text,
            "{name} is written identically"
        );
        // Through our template and back it still is.
        let csv = written(Format::Csv, &records, Language::Chinese);
        let again = read_again(formats::Format::Assignments, &csv, "again.csv");
        assert!(
            written(Format::Sfaf, &again, Language::English) == text,
            "{name} through CSV"
        );
    }
    for (name, records) in real_registers() {
        let records = some(records);
        let text = written(Format::Sfaf, &records, Language::English);
        let again = read_again(formats::Format::Sfaf, &text, "x.sfaf");
        assert_eq!(again.len(), records.len(), "{name}");
        for (again, record) in again.iter().zip(&records) {
            assert_eq!(again.center_hz, record.center_hz, "{name} {}", record.id);
            assert_eq!(
                (again.block, again.role()),
                (record.block, record.role()),
                "{name} {}",
                record.id
            );
            assert_eq!(again.place.is_some(), record.place.is_some(), "{name} {}", record.id);
            if let (Some(again), Some(record)) = (&again.place, &record.place) {
                assert!(
                    again.distance_km(record) < 0.03,
                    "a second of arc: {again:?} {record:?}"
                );
            }
            let widths = (
                again.necessary_bandwidth_hz.as_f64(),
                record.necessary_bandwidth_hz.as_f64(),
            );
            // A designator has three significant digits.
            assert!(
                record.designator.is_some() || (widths.0 - widths.1).abs() <= 0.005 * widths.1,
                "{name}: {widths:?}"
            );
        }
    }
}

#[test]
fn maps_are_read_by_the_parsers_of_others() {
    for (name, records) in real_registers() {
        let records = some(records);
        let text = String::from_utf8(written(Format::GeoJson, &records, Language::English)).expect("UTF-8");
        let map: ::geojson::FeatureCollection = text.parse::<::geojson::GeoJson>().expect(name).try_into().expect(name);
        assert_eq!(map.features.len(), records.len(), "{name}");
        for (feature, record) in map.features.iter().zip(&records) {
            assert_eq!(feature.id, Some(::geojson::feature::Id::String(record.id.clone())));
            let placed = record.place.is_some() || !shape::area(record).is_empty();
            assert_eq!(feature.geometry.is_some(), placed, "{name} {}", record.id);
            assert_eq!(
                feature.property("center_hz").and_then(serde_json::Value::as_i64),
                Some(record.center_hz.0)
            );
        }
        let text = String::from_utf8(written(Format::Kml, &records, Language::Chinese)).expect("UTF-8");
        let map: ::kml::Kml = text.parse().expect(name);
        let mut placemarks = 0;
        count(&map, &mut placemarks);
        assert_eq!(placemarks, records.len(), "{name}");
    }
}

fn count(map: &::kml::Kml, placemarks: &mut usize) {
    match map {
        ::kml::Kml::KmlDocument(document) => document.elements.iter().for_each(|inner| count(inner, placemarks)),
        ::kml::Kml::Document { elements, .. } => elements.iter().for_each(|inner| count(inner, placemarks)),
        ::kml::Kml::Folder(folder) => folder.elements.iter().for_each(|inner| count(inner, placemarks)),
        ::kml::Kml::Placemark(_) => *placemarks += 1,
        _ => {}
    }
}

#[test]
fn areas_and_circles_are_drawn_where_they_are() {
    let mut record = demo::assignments().ok.remove(0);
    record.place = Some(Place {
        latitude: 30.5,
        longitude: 114.25,
        radius_km: 46.0,
    });
    let geo = |record: &Assignment| -> serde_json::Value {
        let bytes = written(Format::GeoJson, std::slice::from_ref(record), Language::English);
        let map: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        map["features"][0].clone()
    };
    let circle = geo(&record);
    assert_eq!(circle["geometry"]["coordinates"], serde_json::json!([114.25, 30.5]));
    assert_eq!(circle["properties"]["radius_km"], 46.0);
    let text =
        String::from_utf8(written(Format::Kml, std::slice::from_ref(&record), Language::Chinese)).expect("UTF-8");
    let document = Document::parse(&text).expect("well-formed");
    let ring = document
        .descendants()
        .find(|node| node.has_tag_name(("http://www.opengis.net/kml/2.2", "LinearRing")));
    let corners = ring.and_then(|ring| {
        ring.descendants()
            .find_map(|node| node.text().filter(|text| text.len() > 9))
    });
    assert_eq!(
        corners.expect("corners").split(' ').count(),
        73,
        "72 corners, the first again"
    );
    assert!(text.contains("频率(MHz)") && text.contains("<name>"), "{text}");
    record.details = Some(Box::new(Details {
        area: Some(Area::Rectangle {
            south: -10.0,
            west: 170.0,
            north: 10.0,
            east: -170.0,
        }),
        ..Details::default()
    }));
    let split = geo(&record);
    assert_eq!(split["geometry"]["type"], "MultiPolygon", "across the 180th meridian");
    assert_eq!(
        split["geometry"]["coordinates"][0][0][1],
        serde_json::json!([180.0, -10.0])
    );
}
