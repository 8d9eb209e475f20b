//! Bookmarks that field staff keep: SDR# (`frequencies.xml`) and gqrx (`bookmarks.csv`).
//!
//! A bookmark is a note and no licence: it becomes a receive-only assignment, which explains no emission.

use std::io::Read;

use quick_xml::{Reader, events::Event};

use super::{
    cells::{Cells, Columns},
    collect::{Collector, draft, particulars},
    decode::{self, Fallback},
    rows::{Fault, unreadable},
    ssrf::character,
};
use crate::{
    registry::{Assignment, Role, import::ImportReport},
    units::Hertz,
};

/// Longest file of bookmarks, MiB.
const LONGEST_MIB: u64 = if cfg!(test) { 4 } else { 16 };

/// Reads `frequencies.xml` of SDR#.
pub(super) fn sdr_sharp(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("sdrsharp");
    let text = match text(reader, name) {
        Ok(text) => text,
        Err(fault) => return collector.stopped(fault),
    };
    let names = [
        "Name",
        "GroupName",
        "Frequency",
        "DetectorType",
        "Shift",
        "FilterBandwidth",
        "IsFavourite",
    ];
    let columns = Columns::new(names);
    let mut xml = Reader::from_str(&text);
    let (mut values, mut field, mut start) = (vec![String::new(); names.len()], None, 0);
    let mut lines = Lines::new(&text);
    let mut open = 0_u64;
    loop {
        let before = xml.buffer_position() as usize;
        match xml.read_event() {
            Ok(Event::Start(tag)) => {
                open += 1;
                let tag = tag.name().as_ref().to_owned();
                if tag == "MemoryEntry" {
                    values = vec![String::new(); names.len()];
                    start = before;
                }
                field = names.iter().position(|name| *name == tag);
            }
            Ok(Event::Text(words)) => {
                if let Some(field) = field {
                    values[field].push_str(&words);
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                if let Some(field) = field {
                    values[field].push(character(&reference));
                }
            }
            Ok(Event::End(tag)) if tag.name().as_ref() == "MemoryEntry" => {
                open = open.saturating_sub(1);
                let end = (xml.buffer_position() as usize).min(text.len());
                let line = lines.number_at(start);
                let raw = text.get(start..end).unwrap_or_default().to_owned();
                let mut cells = Cells::new(&columns, name, line, values.clone(), raw);
                let record = bookmark(&mut cells, ["Frequency", "FilterBandwidth", "Name"], "sdrsharp");
                collector.row(record.into_iter().collect(), cells.faults);
            }
            Ok(Event::End(_)) => {
                open = open.saturating_sub(1);
                field = None;
            }
            Ok(Event::Eof) if open > 0 => {
                let problem = "the file ends before its elements do: it was cut short";
                return collector.stopped(unreadable(name, lines.number_at(text.len()), problem));
            }
            Ok(Event::Eof) => return collector.done(),
            Ok(_) => {}
            Err(error) => {
                return collector.stopped(unreadable(name, lines.number_at(before), &error.to_string()));
            }
        }
    }
}

/// Reads `bookmarks.csv` of gqrx: a table of tags, then a table of frequencies, both with a comment as header.
pub(super) fn gqrx(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("gqrx");
    let text = match text(reader, name) {
        Ok(text) => text,
        Err(fault) => return collector.stopped(fault),
    };
    let columns = Columns::new(["Frequency", "Name", "Modulation", "Bandwidth", "Tags"]);
    let mut inside = false;
    for (line, number) in text.lines().zip(1_u64..) {
        if line.starts_with("# Frequency") {
            inside = true;
        } else if inside && !line.trim().is_empty() && !line.starts_with('#') {
            let values = line.split(';').map(|cell| cell.trim().to_owned()).collect();
            let mut cells = Cells::new(&columns, name, number, values, line.to_owned());
            let record = bookmark(&mut cells, ["Frequency", "Bandwidth", "Name"], "gqrx");
            collector.row(record.into_iter().collect(), cells.faults);
        }
    }
    if !inside {
        let problem = "no line begins with '# Frequency': the file is no list of bookmarks of gqrx";
        return collector.stopped(unreadable(name, 1, problem));
    }
    collector.done()
}

/// The whole file as text.
fn text(reader: impl Read, name: &str) -> Result<String, Fault> {
    let failed = |error: std::io::Error| unreadable(name, 1, &error.to_string());
    let mut reader = reader.take((LONGEST_MIB << 20) + 1);
    let mut text = String::new();
    let (mut decoded, _) = decode::utf8(&mut reader, Fallback::Latin).map_err(failed)?;
    decoded.read_to_string(&mut text).map_err(failed)?;
    drop(decoded);
    if reader.limit() == 0 {
        let problem = format!("longer than {LONGEST_MIB} MiB, which no list of bookmarks is: split the file");
        return Err(unreadable(name, 1, &problem));
    }
    Ok(text)
}

/// Numbers of lines of a text that is read from its beginning to its end.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of a place no earlier than the last asked for.
    fn number_at(&mut self, place: usize) -> u64 {
        let passed = &self.text[self.at..place.clamp(self.at, self.text.len())];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at += passed.len();
        self.line
    }
}

fn bookmark(cells: &mut Cells, [frequency, width, title]: [&str; 3], format: &str) -> Option<Assignment> {
    let center = cells.frequency(frequency, 0)?;
    let width_hz = cells
        .hertz(width, 0)
        .filter(|width| width.0 > 0 && width.0 / 2 <= center.0);
    let Some(width_hz) = width_hz else {
        let value = cells.peek(width).unwrap_or_default().to_owned();
        let en = "no bandwidth: a filter above zero and below twice the frequency, in hertz";
        cells.complain(
            width,
            &value,
            "没有带宽：滤波器带宽应大于零且小于频率的两倍，单位为赫兹",
            en,
        );
        return None;
    };
    let called = cells.text(title).unwrap_or_default();
    let mut record = draft(
        format!("{format}-{}-{called}", center.0),
        cells,
        center,
        Hertz(width_hz.0),
    );
    record.station = called;
    let mut details = particulars(cells);
    details.role = Role::Receive;
    record.details = Some(Box::new(details));
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_of_both_programs_are_read_and_license_nothing() {
        let sharp = "<?xml version=\"1.0\"?>\n<ArrayOfMemoryEntry>\n  <MemoryEntry>\n    <IsFavourite>true</IsFavourite>\n    \
                     <Name>Tower &amp; ground &#x110;</Name>\n    <GroupName>Air</GroupName>\n    <Frequency>118100000</Frequency>\n    \
                     <DetectorType>AM</DetectorType>\n    <Shift>0</Shift>\n    <FilterBandwidth>8000</FilterBandwidth>\n  \
                     </MemoryEntry>\n  <MemoryEntry>\n    <Frequency>x</Frequency>\n  </MemoryEntry>\n</ArrayOfMemoryEntry>\n";
        let report = sdr_sharp(sharp.as_bytes(), "frequencies.xml");
        assert_eq!((report.rows_read, report.rows_bad), (2, 1));
        assert_eq!((report.bad[0].line, report.bad[0].field.as_str()), (12, "Frequency"));
        let tower = &report.ok[0];
        assert_eq!(
            (tower.center_hz, tower.necessary_bandwidth_hz),
            (Hertz(118_100_000), Hertz(8000))
        );
        assert_eq!(tower.station, "Tower & ground Đ");
        assert_eq!(tower.role(), Role::Receive);
        let list = "# Tag name          ;  color\nUntagged            ; #c0c0c0\n\n\
                    # Frequency ; Name                     ; Modulation          ;  Bandwidth; Tags\n   \
                    97200000 ; Wuhan                    ; WFM (stereo)        ;     160000; Untagged\n";
        let report = gqrx(list.as_bytes(), "bookmarks.csv");
        assert!(report.is_clean(), "{:#?}", report.bad);
        assert_eq!(
            (report.ok[0].station.as_str(), report.ok[0].source.as_str()),
            ("Wuhan", "bookmarks.csv:5")
        );
        assert!(!gqrx(&b"a,b"[..], "x").complete);
    }
}
