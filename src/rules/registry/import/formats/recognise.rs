//! Which format a file has, told by how it begins and by what lies beside it.

use super::{
    Format,
    decode::{self, Fallback},
    rtl_power,
};
use crate::registry::import::{self, Kind};

/// How much of a file is looked at.
pub const HEAD_BYTES: u64 = 64 * 1024;

/// The format of a file that begins with `head`, or of a folder or archive that holds `names`; nothing where none fits.
#[must_use]
pub fn recognise(head: &[u8], names: &[String]) -> Option<Format> {
    let has = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if has("FR.dat") && (has("EM.dat") || has("HD.dat")) {
        return Some(Format::FccUls);
    }
    if has("device_details.csv") && (has("site.csv") || has("licence.csv")) {
        return Some(Format::AcmaRrl);
    }
    if names.len() == 1 && extension(&names[0], "toml") {
        return Some(Format::AllocationsToml);
    }
    if head.starts_with(b"PK\x03\x04") {
        // A workbook: its columns are in the parts; stations are what offices keep in Excel.
        return workbook_kind(head);
    }
    text(&plain(head))
}

fn extension(name: &str, wanted: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extension.eq_ignore_ascii_case(wanted))
}

/// A workbook's own parts are named in the archive; which of the two templates it holds is told when it is read.
fn workbook_kind(head: &[u8]) -> Option<Format> {
    let named = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
    (named(b"[Content_Types].xml") || named(b"xl/")).then_some(Format::Assignments)
}

fn plain(head: &[u8]) -> String {
    use std::io::Read;

    let mut bytes = Vec::new();
    let decoded = decode::utf8(head, Fallback::Chinese).and_then(|(mut reader, _)| reader.read_to_end(&mut bytes));
    match decoded {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

fn text(head: &str) -> Option<Format> {
    let first = head.lines().next().unwrap_or_default();
    let header = |wanted: &[&str]| {
        let cells: Vec<_> = first
            .split([',', ';', '\t'])
            .map(|cell| cell.trim().trim_matches('"').trim())
            .collect();
        wanted
            .iter()
            .all(|name| cells.iter().any(|cell| cell.eq_ignore_ascii_case(name)))
    };
    let trimmed = head.trim_start();
    if trimmed.starts_with('<') {
        return if head.contains("<SSRF") {
            Some(Format::Ssrf)
        } else if head.contains("MemoryEntry") {
            Some(Format::SdrSharp)
        } else {
            None
        };
    }
    let lines = || head.lines().take(40);
    let known = [
        (
            header(&["FacID", "Call", "Ch"]) || lines().any(|line| line.starts_with("FacID,")),
            Format::FccTv,
        ),
        (header(&["airport_ident", "frequency_mhz"]), Format::AirportFrequencies),
        (header(&["ident", "frequency_khz", "dme_channel"]), Format::Navaids),
        (first.starts_with("kHz:") && first.contains("Time(UTC)"), Format::Eibi),
        (
            header(&["region", "lower_frequency", "upper_frequency", "service"]),
            Format::Efis,
        ),
        (
            header(&["Licence Number", "Frequency Type"]) || header(&["Licence Number", "Frequency (Hz)"]),
            Format::OfcomWtr,
        ),
        (
            lines().any(|line| line.contains("Lower Frequency,Upper Frequency") || line.contains("NAD*,Call Sign")),
            Format::FccIbfs,
        ),
        (sfaf(head), Format::Sfaf),
        (
            lines().any(|line| {
                line.trim_start_matches([' ', '{', '"', '\''])
                    .starts_with("ssrf_lite_version")
            }),
            Format::SsrfLite,
        ),
        (
            lines().any(|line| line.starts_with("# Frequency") && line.contains("; Name")),
            Format::Gqrx,
        ),
        (first.starts_with("FR|") || first.starts_with("HD|"), Format::FccUls),
        (tafl(first), Format::IsedTafl),
        (rtl_power::fits(first), Format::RtlPower),
    ];
    if let Some((_, format)) = known.into_iter().find(|(fits, _)| *fits) {
        return Some(format);
    }
    match import::recognise(first)? {
        Kind::Assignments => Some(Format::Assignments),
        Kind::Allocations => Some(Format::Allocations),
    }
}

/// Items 005, 010 or 102 near the beginning, with their points.
fn sfaf(head: &str) -> bool {
    let item = |line: &str| ["005.", "010.", "102."].iter().any(|number| line.starts_with(number));
    head.lines().take(10).any(item)
}

/// 61 cells, the first of them TX or RX, the second a frequency.
fn tafl(first: &str) -> bool {
    let mut cells = first.split(',').map(|cell| cell.trim().trim_matches('"'));
    let side = cells.next().is_some_and(|cell| matches!(cell, "TX" | "RX" | "TXRX"));
    let frequency = cells.next().is_some_and(|cell| cell.parse::<f64>().is_ok());
    side && frequency && cells.count() >= 50
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_bytes;

    #[test]
    fn every_real_file_is_recognised() {
        for (file, format) in [
            ("registers/fcc_tv/parameters_us.csv", Format::FccTv),
            ("registers/fcc_tv/post_auction_parameters.csv", Format::FccTv),
            ("registers/fcc_ibfs/3650_3700_GrandfatheredFSS.csv", Format::FccIbfs),
            (
                "registers/fcc_ibfs/CBRS_3550_3700_GrandfatheredFSS.csv",
                Format::FccIbfs,
            ),
            ("registers/ourairports/navaids.csv", Format::Navaids),
            (
                "registers/ourairports/airport-frequencies_asia_eu.csv",
                Format::AirportFrequencies,
            ),
            ("registers/eibi/sked-a13.csv", Format::Eibi),
            ("allocations/ef_itu3.allocations.tsv", Format::Efis),
            ("allocations/ef_us.allocations.tsv", Format::Efis),
            ("coordination/sfaf/multiple.sfaf", Format::Sfaf),
            ("coordination/ssrf/ssrf-example.ckco-tv-3.xml", Format::Ssrf),
            ("coordination/ssrf_lite/marine_vhf_channels.yml", Format::SsrfLite),
        ] {
            let Some(bytes) = test_bytes(&format!("registry/{file}")) else {
                return;
            };
            let head = &bytes[..bytes.len().min(HEAD_BYTES as usize)];
            assert_eq!(recognise(head, &["x".to_owned()]), Some(format), "{file}");
        }
    }

    #[test]
    fn names_and_other_files_tell_too() {
        let set = ["AN.dat", "EM.dat", "FR.dat", "HD.dat"].map(str::to_owned);
        assert_eq!(recognise(b"", &set), Some(Format::FccUls));
        assert_eq!(recognise(b"", &["cn.toml".to_owned()]), Some(Format::AllocationsToml));
        for (head, format) in [
            (
                "# Tag name          ;  color\n\n# Frequency ; Name ; Modulation\n",
                Some(Format::Gqrx),
            ),
            ("<?xml version=\"1.0\"?><ArrayOfMemoryEntry>", Some(Format::SdrSharp)),
            ("编号,设台单位,台站名称,频率(MHz)\n", Some(Format::Assignments)),
            ("low,high,service,basis\n", Some(Format::Allocations)),
            ("{\"ssrf_lite_version\": \"0.5.3\"}", Some(Format::SsrfLite)),
            (
                "2026-01-31, 08:00:00, 88000000, 90500000, 9765.62, 10, -32.1\n",
                Some(Format::RtlPower),
            ),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(recognise(head.as_bytes(), &["x.csv".to_owned()]), format, "{head}");
        }
        let (gb, _, _) = encoding_rs::GB18030.encode("编号,设台单位,台站名称,频率(MHz)\n");
        assert_eq!(recognise(&gb, &[]), Some(Format::Assignments));
    }
}
