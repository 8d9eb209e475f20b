//! Allocation tables of EFIS and of `earth-frequencies-data`: tab-separated files of bands, services and footnotes.
//!
//! The files name their columns in different orders and cases. A row whose service is `-` carries the footnotes of the
//! whole band; where such a band has no services, it is not allocated. The region of a file is a code of EFIS and no
//! ISO code (`mo` is North Macedonia): the country is taken from the `metadata.tsv` beside it or stays unknown.
//! Services are primary where the category says `p`, secondary where it says `s`; capitals say nothing here.

use std::{
    collections::HashMap,
    io::{Cursor, Read},
};

use super::{
    cells::Cells,
    collect,
    rows::{Dialect, Rows},
};
use crate::{
    registry::{Allocation, AllocationTable, Confidence, ServiceStatus, Text, import::ImportReport, service},
    units::Band,
};

const TAB: Dialect = Dialect {
    separator: b'\t',
    quoted: false,
};

/// How the table is written, by its first line: tabs, as both sources publish it, or as saved from a spreadsheet.
fn dialect(head: &[u8]) -> Dialect {
    let first = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    match [b'\t', b';', b',']
        .into_iter()
        .find(|separator| first.contains(separator))
    {
        Some(separator @ (b';' | b',')) => Dialect {
            separator,
            quoted: true,
        },
        _ => TAB,
    }
}

/// The first bytes of a reader, and all of it.
fn begun<'a>(mut reader: impl Read + 'a) -> (Vec<u8>, impl Read + 'a) {
    let mut head = Vec::new();
    // A fault of the reader comes again when the rows are read.
    let _ = reader.by_ref().take(4096).read_to_end(&mut head);
    (head.clone(), Cursor::new(head).chain(reader))
}

/// What a table says, and the table itself.
pub(super) struct Table {
    pub(super) report: ImportReport<Allocation>,
    pub(super) table: AllocationTable,
}

/// Reads a table; `metadata` is the file of names and values beside it.
pub(super) fn read(reader: impl Read, metadata: Option<impl Read>, name: &str) -> Table {
    let facts = metadata.map(facts).unwrap_or_default();
    let mut bands: HashMap<(Option<String>, Band), Vec<String>> = HashMap::new();
    let mut regions: Vec<String> = Vec::new();
    let (head, reader) = begun(reader);
    let mut report = collect::table(reader, name, "efis", dialect(&head), |cells| {
        row(cells, &mut bands, &mut regions).into_iter().collect()
    });
    spread(&mut report, bands);
    let region = regions.first().cloned().unwrap_or_default();
    let fact = |key: &str| facts.get(key).cloned().unwrap_or_default();
    let title = match fact("name_en") {
        title if title.is_empty() => region.clone(),
        title => title,
    };
    let notice = Text::new(
        "由 earth-frequencies 或 EFIS 转录（CC BY-SA 4.0），非官方文本；各行须核对后方可作为依据。",
        "Transcribed from earth-frequencies or EFIS (CC BY-SA 4.0), not the official text: verify a row before relying on it.",
    );
    let table = AllocationTable {
        id: if region.is_empty() {
            "efis".to_owned()
        } else {
            region.to_lowercase()
        },
        jurisdiction: fact("iso2").to_uppercase(),
        edition: fact("edition"),
        effective_from: String::new(),
        title: Text::new(title.clone(), title),
        notice,
        complete: false,
        rows: std::mem::take(&mut report.ok),
    };
    Table { report, table }
}

/// Names and values of a metadata file.
fn facts(reader: impl Read) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let Ok(mut rows) = Rows::new(reader, "metadata.tsv", TAB) else {
        return found;
    };
    while let Ok(Some(row)) = rows.next() {
        if let [name, value, ..] = row.values.as_slice() {
            found.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    found
}

fn row(
    cells: &mut Cells,
    bands: &mut HashMap<(Option<String>, Band), Vec<String>>,
    regions: &mut Vec<String>,
) -> Option<Allocation> {
    if let Some(region) = cells.required("region").filter(|region| !regions.contains(region)) {
        regions.push(region);
    }
    let part = cells.text("sub-table").or_else(|| cells.text("activity"));
    let (low, high) = (cells.hertz("lower_frequency", 0), cells.hertz("upper_frequency", 0));
    let (low, high) = (low?, high?);
    let band = Band::new(low, high).filter(|band| band.width().0 > 0 && band.low().0 >= 0);
    let Some(band) = band else {
        let en = format!("the upper edge {high} must lie above the lower edge {low}");
        cells.complain(
            "upper_frequency",
            &high.to_string(),
            format!("上限 {high} 须高于下限 {low}"),
            en,
        );
        return None;
    };
    let footnotes = list(cells.text("footnotes"));
    let words = cells.text("service").unwrap_or_else(|| "-".to_owned());
    if words == "-" {
        cells.text("category").or_else(|| cells.text("Category"));
        bands.entry((part, band)).or_default().extend(footnotes);
        return None;
    }
    let category = cells.text("category").or_else(|| cells.text("Category"));
    let status = match category.as_deref() {
        Some("p" | "P") => ServiceStatus::Primary,
        Some("s" | "S") => ServiceStatus::Secondary,
        None => ServiceStatus::Unstated,
        Some(other) => {
            let en = "a category is p (primary), s (secondary) or blank";
            cells.complain("category", other, "地位只能是 p（主要）、s（次要）或空", en);
            ServiceStatus::Unstated
        }
    };
    let (code, qualifiers) = match read_service(&words) {
        Ok(read) => read,
        Err(nearest) => {
            let zh = format!("不是已知的业务：是否为 {nearest}？");
            cells.complain(
                "service",
                &words,
                zh,
                format!("no service of the vocabulary: is it {nearest}?"),
            );
            return None;
        }
    };
    let region = regions.last().cloned().unwrap_or_default();
    let protected = footnotes.iter().any(|footnote| footnote == ALL_PROHIBITED);
    let allocation = Allocation {
        id: key(band, &code, &qualifiers, part.as_deref()),
        service: code,
        status,
        protected,
        basis: format!("{region}, {}", cells.source()),
        note: cells.text("applications"),
        footnotes: footnotes.into_iter().chain(trailing_footnote(&words)).collect(),
        qualifiers,
        ..blank(band, part)
    };
    Some(Allocation {
        name: service::name(&allocation.service),
        ..allocation
    })
}

/// Code of bands that no service has.
const NOT_ALLOCATED: &str = "NOT-ALLOCATED";

/// RR 5.340: all emissions are prohibited.
const ALL_PROHIBITED: &str = "5.340";

/// Key of a row: band, service, qualifiers and part of the table.
fn key(band: Band, code: &str, qualifiers: &[String], part: Option<&str>) -> String {
    let edges = [band.low().0.to_string(), band.high().0.to_string(), code.to_owned()];
    let words = edges.iter().chain(qualifiers).map(String::as_str).chain(part);
    words.collect::<Vec<_>>().join("-").to_lowercase().replace(' ', "-")
}

/// A row that says nothing yet.
fn blank(band: Band, part: Option<String>) -> Allocation {
    Allocation {
        id: String::new(),
        band,
        paired: None,
        service: String::new(),
        name: Text::default(),
        status: ServiceStatus::Unstated,
        user: None,
        protected: false,
        exemption: None,
        unlisted: Vec::new(),
        basis: String::new(),
        confidence: Confidence::Verify,
        note: None,
        footnotes: Vec::new(),
        band_footnotes: Vec::new(),
        qualifiers: Vec::new(),
        part,
    }
}

/// Gives the footnotes of bands to their services; bands without any are not allocated.
fn spread(report: &mut ImportReport<Allocation>, mut bands: HashMap<(Option<String>, Band), Vec<String>>) {
    for row in &mut report.ok {
        if let Some(footnotes) = bands.get(&(row.part.clone(), row.band)) {
            row.band_footnotes.clone_from(footnotes);
            // RR 5.340 forbids all emissions in the band, whatever the service.
            row.protected |= footnotes.iter().any(|footnote| footnote == ALL_PROHIBITED);
        }
    }
    for row in &report.ok {
        bands.remove(&(row.part.clone(), row.band));
    }
    let mut empty: Vec<_> = bands.into_iter().collect();
    empty.sort_by(|((a_part, a), _), ((b_part, b), _)| (a.low(), a.high(), a_part).cmp(&(b.low(), b.high(), b_part)));
    for ((part, band), footnotes) in empty {
        report.ok.push(Allocation {
            id: key(band, NOT_ALLOCATED, &[], part.as_deref()),
            service: NOT_ALLOCATED.to_owned(),
            name: service::name(NOT_ALLOCATED),
            protected: footnotes.iter().any(|footnote| footnote == ALL_PROHIBITED),
            basis: report.format.to_owned(),
            band_footnotes: footnotes,
            ..blank(band, part)
        });
    }
    report
        .ok
        .sort_by(|a, b| (a.band.low(), a.band.high(), &a.id).cmp(&(b.band.low(), b.band.high(), &b.id)));
}

fn list(text: Option<String>) -> Vec<String> {
    let text = text.unwrap_or_default();
    text.split([',', ' '])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A footnote left behind the service's name: `Fixed NG118`.
fn trailing_footnote(words: &str) -> Option<String> {
    let last = words.trim().rsplit(' ').next()?;
    let mut parts = last.chars().skip_while(char::is_ascii_uppercase);
    let numbered =
        last.starts_with(|c: char| c.is_ascii_uppercase()) && parts.next().is_some_and(|c| c.is_ascii_digit());
    numbered.then(|| last.to_owned())
}

/// Code of the vocabulary and the qualifiers in parentheses.
fn read_service(words: &str) -> Result<(String, Vec<String>), &'static str> {
    let mut name = words.trim().to_owned();
    if let Some(footnote) = trailing_footnote(&name) {
        name.truncate(name.len() - footnote.len());
    }
    let mut qualifiers = Vec::new();
    // Qualifiers that the vocabulary has as services of their own stay with the name.
    loop {
        let plain = name.split_whitespace().collect::<Vec<_>>().join(" ").replace("- ", "-");
        let known = NAMES
            .iter()
            .find(|(words, _)| words.eq_ignore_ascii_case(&plain))
            .map(|entry| entry.1.to_owned());
        if let Some(code) = known.or_else(|| service::parse(&plain).ok()) {
            qualifiers.reverse();
            return Ok((code, qualifiers));
        }
        let Some((before, qualifier)) = plain.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) else {
            return Err(service::parse(&plain).err().map_or("FIXED", |unknown| unknown.nearest));
        };
        qualifiers.push(qualifier.trim().to_lowercase());
        name = before.trim().to_owned();
    }
}

/// Names in the tables that the vocabulary writes otherwise.
const NAMES: &[(&str, &str)] = &[
    ("Aeronautical Mobile-Satellite (R)", "AMSS-R"),
    ("Aeronautical Mobile-Satellite", "MSS"),
    ("Maritime Mobile-Satellite", "MMSS"),
    ("Land Mobile-Satellite", "MSS"),
    ("Mobile-Satellite", "MSS"),
    ("Mobile Satellite", "MSS"),
    ("Radio Astronomy", "RADIOASTRONOMY"),
    ("Radiolocation-Satellite", "RDSS"),
    ("Radiodetermination", "RADIOLOCATION"),
    ("Aeronautical Radionavigation-Satellite", "RNSS"),
    ("Maritime Radionavigation-Satellite", "RNSS"),
    ("Mobile except aeronautical", "MOBILE-EX-AERO"),
    ("Mobile except aeronautical mobile (R)", "MOBILE-EX-AERO-R"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_bytes;

    #[test]
    fn names_become_codes_with_their_qualifiers() {
        for (words, code, qualifiers) in [
            ("Maritime Mobile", "MARITIME-MOBILE", &[][..]),
            ("AERONAUTICAL MOBILE (R) ", "AERO-MOBILE-R", &[]),
            (
                "Fixed-Satellite (Earth-to-space) (space-to-Earth)",
                "FSS",
                &["earth-to-space", "space-to-earth"],
            ),
            (
                "Space Research (deep space) (Earth-to-space)",
                "SPACE-RESEARCH-DEEP",
                &["earth-to-space"],
            ),
            ("Fixed NG118", "FIXED", &[]),
            ("RADIO ASTRONOMY", "RADIOASTRONOMY", &[]),
            ("Standard Frequency And Time Signal (20 kHz)", "STFS", &["20 khz"]),
            ("Not Allocated", "NOT-ALLOCATED", &[]),
        ] {
            let (read, with) = read_service(words).unwrap_or_else(|nearest| panic!("{words}: {nearest}"));
            assert_eq!(
                (read.as_str(), with.as_slice()),
                (
                    code,
                    &qualifiers.iter().map(|q| (*q).to_owned()).collect::<Vec<_>>()[..]
                ),
                "{words}"
            );
        }
        assert!(read_service("Fixd").is_err());
        assert_eq!(trailing_footnote("Fixed NG118").as_deref(), Some("NG118"));
        assert_eq!(trailing_footnote("Fixed").or(trailing_footnote("")), None);
    }

    #[test]
    fn a_table_saved_from_a_spreadsheet_reads_alike() {
        let tabs = "region\tsub-table\tlower_frequency\tupper_frequency\tcategory\tservice\tfootnotes\n\
                    xx\t\t87500000\t108000000\tp\tBroadcasting\t5.190, XX1\n";
        let commas = tabs.replace("5.190, XX1", "\"5.190, XX1\"").replace('\t', ",");
        let semicolons = tabs.replace('\t', ";");
        let rows = |text: &str| read(text.as_bytes(), None::<&[u8]>, "t").table.rows;
        assert_eq!(rows(tabs)[0].footnotes, ["5.190", "XX1"]);
        assert_eq!((rows(&commas), rows(&semicolons)), (rows(tabs), rows(tabs)));
    }

    #[test]
    fn all_tables_are_read_with_their_footnotes() {
        // Both edges of every band of `sg` are the same in the source: a true fault of the file.
        for (region, rows, bad, iso) in [
            ("itu3", 1688, 0, ""),
            ("us", 2718, 0, "US"),
            ("gb", 1406, 0, "GB"),
            ("eu", 2017, 0, "EU"),
            ("sg", 1894, 1894, "SG"),
            ("mo", 1510, 0, "MO"),
        ] {
            let file = |kind: &str| test_bytes(&format!("registry/allocations/ef_{region}.{kind}.tsv"));
            let (Some(rows_of), Some(facts)) = (file("allocations"), file("metadata")) else {
                return;
            };
            let read = read(rows_of.as_slice(), Some(facts.as_slice()), "t.tsv");
            assert!(read.report.complete);
            let reasons: Vec<_> = read
                .report
                .bad
                .iter()
                .map(|bad| (bad.line, &bad.value, &bad.reason.en))
                .collect();
            assert_eq!(
                (read.report.rows_read, read.report.rows_bad),
                (rows, bad),
                "{region}: {reasons:#?}"
            );
            assert_eq!(
                (read.table.id.as_str(), read.table.jurisdiction.as_str()),
                (region, iso)
            );
            let noted = read
                .table
                .rows
                .iter()
                .any(|row| !row.band_footnotes.is_empty() || !row.footnotes.is_empty() || row.note.is_some());
            // The Macedonian table has neither footnotes nor remarks on its services.
            assert!(noted || bad == rows || region == "mo", "{region}");
        }
    }

    #[test]
    fn region_three_says_what_the_radio_regulations_say() {
        let Some(bytes) = test_bytes("registry/allocations/ef_itu3.allocations.tsv") else {
            return;
        };
        let Table { table, .. } = read(bytes.as_slice(), None::<&[u8]>, "itu3.tsv");
        assert_eq!(
            (table.jurisdiction.as_str(), table.title.en.as_str()),
            ("", "itu3"),
            "no country is guessed"
        );
        let in_band = |mhz: i64| {
            let hz = crate::units::Hertz(mhz * 1_000_000);
            table
                .rows
                .iter()
                .filter(move |row| row.band.overlaps(Band::around(hz, crate::units::Hertz(2))))
        };
        assert!(in_band(100).any(|row| row.service == "BROADCASTING" && row.status == ServiceStatus::Primary));
        assert!(
            in_band(1_420).all(|row| row.protected),
            "5.340: all emissions are prohibited"
        );
        let below: Vec<_> = table.rows.iter().filter(|row| row.band.low().0 == 0).collect();
        assert!(below.len() == 1 && below[0].service == "NOT-ALLOCATED" && below[0].band_footnotes == ["5.53", "5.54"]);
    }
}
