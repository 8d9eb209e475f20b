//! SFAF, the Standard Frequency Action Format (MCEB Pub 7): records to assignments. `export::sfaf` is the way back: a
//! record is kept whole in the assignment's raw text, so an unchanged one comes out as it went in.
//!
//! Modelled: 005 classification, 010 action, 102 serial (the key), 107, 110 frequency or band, 113 station class,
//! 114 designators, 115 power, 117 ERP (dBm), 140 and 141 validity, 200 and 207 holder, 300 and 301 place names, 303
//! and 306 coordinates and radius (km), 304 call sign, 340 and 343 equipment, 357, 359, 362 and 363 antenna. All other
//! items are extensions under `SFAF.number/occurrence`. A record with a receiver (400 ff.) and no transmitter (300 ff.)
//! is receive-only.

mod text;
mod values;

use std::io::Read;

use jiff::Timestamp;

pub(crate) use self::values::width;
use self::values::{Frequency, frequency_of, midnight, power};
use super::{
    collect::Collector,
    decode::{self, Fallback},
    numbers,
    rows::unreadable,
};
use crate::registry::{
    Assignment, AssignmentStatus, Place, Role, Text, designator,
    details::{Antenna, Details, Emission, Equipment, Raw},
    import::{BadRow, ImportReport},
};

pub use text::{File, Item, Line, Record};

/// Items that a field of the model holds; the others are extensions.
const MODELLED: [u16; 24] = [
    5, 10, 102, 107, 110, 113, 114, 115, 117, 140, 141, 200, 207, 300, 301, 303, 304, 306, 340, 343, 357, 359, 362, 363,
];

/// Longest file: a national list is some hundred megabytes.
const LONGEST: u64 = 1 << 30;

/// Reads a file of records.
pub(super) fn read(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("sfaf");
    let mut text = String::new();
    let opened = decode::utf8(reader.take(LONGEST), Fallback::Latin);
    if let Err(error) = opened.and_then(|(mut reader, _)| reader.read_to_string(&mut text)) {
        return collector.stopped(unreadable(name, 1, &error.to_string()));
    }
    for record in &File::parse(&text).records {
        if record.items().next().is_none() {
            continue;
        }
        let mut reader = Reader::new(name, record);
        let assignment = reader.assignment();
        collector.row(assignment.into_iter().collect(), reader.faults);
    }
    collector.done()
}

/// What a record says, where it can be read.
pub(crate) fn assignment_of(record: &Record) -> Option<Assignment> {
    Reader::new("", record).assignment()
}

/// A record being read.
struct Reader<'a> {
    name: &'a str,
    record: &'a Record,
    /// Where the items of the station stand: 0 from 300, 100 from 400 for a station that only receives.
    side: u16,
    faults: Vec<BadRow>,
}

impl<'a> Reader<'a> {
    fn new(name: &'a str, record: &'a Record) -> Self {
        let there = |numbers: [u16; 3]| numbers.iter().any(|number| record.first(*number).is_some());
        Self {
            name,
            record,
            side: if there([401, 403, 440]) && !there([301, 303, 340]) {
                100
            } else {
                0
            },
            faults: Vec::new(),
        }
    }

    /// First value of an item of the station, by its number on the transmitting side.
    fn station(&self, number: u16) -> Option<&'a str> {
        self.record.first(number + self.side)
    }

    fn complain(&mut self, number: u16, value: &str, zh: impl Into<String>, en: impl Into<String>) {
        let before = self
            .record
            .lines
            .iter()
            .take_while(|line| !matches!(line, Line::Item(item) if item.number == number));
        let found = self.record.items().any(|item| item.number == number);
        let line = self.record.line + if found { before.count() as u64 } else { 0 };
        self.faults.push(BadRow {
            file: self.name.to_owned(),
            line,
            field: format!("{number:03}"),
            value: value.chars().take(80).collect(),
            reason: Text::new(zh, en),
        });
    }

    fn assignment(&mut self) -> Option<Assignment> {
        let record = self.record;
        let serial = record
            .first(102)
            .map(|serial| serial.split_whitespace().collect::<Vec<_>>().join(" "));
        if serial.is_none() {
            self.complain(
                102,
                "",
                "缺少机构编号 102",
                "item 102, the agency serial number, is missing: records are told apart by it",
            );
        }
        let band = self.frequency();
        let emissions = self.emissions();
        let place = self.place();
        let (from, to) = (self.day(140, false), self.day(141, true));
        let (band, serial) = (band?, serial?);
        let widest = emissions
            .iter()
            .filter_map(|emission| Some((width(&emission.designator)?, emission.designator.clone())));
        let widest = widest.max_by_key(|(width, _)| *width);
        let (center, bandwidth, block) = match (band, &widest) {
            (Frequency::Band(band), _) => (band.center(), band.width(), true),
            (Frequency::Single(hz), Some((width, _))) => (hz, *width, false),
            (Frequency::Single(_), None) => {
                if self.faults.is_empty() {
                    let en = "item 114, the emission designator, is missing: the bandwidth cannot be told";
                    self.complain(114, "", "缺少发射标识 114，带宽未知", en);
                }
                return None;
            }
        };
        let holder = [record.first(200), record.first(207)];
        let status = match record.first(10) {
            Some("D") => AssignmentStatus::Cancelled,
            _ => AssignmentStatus::Granted,
        };
        let details = self.details(emissions);
        let watts = record.first(115).and_then(power);
        Some(Assignment {
            id: format!("sfaf-{serial}"),
            holder: holder.into_iter().flatten().collect::<Vec<_>>().join(" "),
            station: self.station(301).unwrap_or_default().to_owned(),
            call_sign: self.station(304).map(str::to_owned),
            center_hz: center,
            necessary_bandwidth_hz: bandwidth,
            designator: widest.map(|(_, designator)| designator),
            service: None,
            block,
            tolerance_hz: None,
            place,
            eirp_dbm: record
                .first(117)
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|dbm| dbm.is_finite()),
            valid_from: from,
            valid_to: to,
            status,
            source: format!("{}:{}", self.name, record.line),
            details: Some(Box::new(Details {
                power_dbm: watts.and_then(numbers::dbm),
                ..details
            })),
        })
    }

    fn details(&self, emissions: Vec<Emission>) -> Details {
        let record = self.record;
        let number = |item: u16| {
            self.station(item)
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|n| n.is_finite())
        };
        let antenna = Antenna {
            gain_dbi: number(357),
            height_m: number(359),
            azimuth_deg: number(362),
            polarization: self.station(363).map(str::to_owned),
            ..Antenna::default()
        };
        let model = self.station(340).map(str::to_owned);
        let approval = self.station(343).map(str::to_owned);
        let mut extensions = std::collections::BTreeMap::new();
        for item in record.items().filter(|item| !item.value.is_empty()) {
            // The number on the transmitting side; the other side of a link is not modelled.
            let number = match item.number {
                300..400 if self.side > 0 => 0,
                400..500 => item.number - self.side,
                number => number,
            };
            let text_antenna = number == 362 && antenna.azimuth_deg.is_none();
            if MODELLED.contains(&number) && item.occurrence == 1 && !text_antenna {
                continue;
            }
            let name = format!("SFAF.{:03}/{:02}", item.number, item.occurrence);
            extensions
                .entry(name)
                .and_modify(|value: &mut String| {
                    value.push('\n');
                    value.push_str(&item.value);
                })
                .or_insert_with(|| item.value.clone());
        }
        Details {
            role: if self.side > 0 { Role::Receive } else { Role::Transmit },
            emissions,
            station_class: record.first(113).map(str::to_owned),
            country: self.station(300).map(str::to_owned),
            classification: record.first(5).map(str::to_owned),
            precedence: record.first(107).and_then(|text| midnight(text, false)),
            antenna: (antenna != Antenna::default()).then_some(antenna),
            equipment: (model.is_some() || approval.is_some()).then_some(Equipment {
                model,
                approval,
                ..Equipment::default()
            }),
            extensions,
            raw: vec![Raw {
                source: format!("{}:{}", self.name, record.line),
                text: record.to_string(),
            }],
            ..Details::default()
        }
    }

    fn day(&mut self, number: u16, end: bool) -> Option<Timestamp> {
        let text = self.record.first(number)?.to_owned();
        let instant = midnight(&text, end);
        if instant.is_none() {
            self.complain(
                number,
                &text,
                "不是日期：应为 YYYYMMDD",
                "not a date: write YYYYMMDD, such as 20260131",
            );
        }
        instant
    }

    fn frequency(&mut self) -> Option<Frequency> {
        let Some(text) = self.record.first(110).map(str::to_owned) else {
            self.complain(110, "", "缺少频率 110", "item 110, the frequency, is missing");
            return None;
        };
        let read = frequency_of(&text);
        if read.is_none() {
            let en = "no frequency: write a unit letter and a number, K275, M46.11, M225-M400 or K4028.4(4027)";
            self.complain(
                110,
                &text,
                "不是频率：应为单位字母加数字，例如 K275、M46.11、M225-M400",
                en,
            );
        }
        read
    }

    fn emissions(&mut self) -> Vec<Emission> {
        let mut emissions = Vec::new();
        for text in self.record.values(114) {
            if width(text).is_none() {
                let reason = match designator::parse(text) {
                    Err(error) => Text::new(
                        format!("第 {} 个字符：{}", error.position, error.reason.zh),
                        format!("character {}: {}", error.position, error.reason.en),
                    ),
                    Ok(_) => Text::default(),
                };
                self.complain(114, text, reason.zh, reason.en);
            }
            emissions.push(Emission {
                designator: text.to_owned(),
                ..Emission::default()
            });
        }
        emissions
    }

    fn place(&mut self) -> Option<Place> {
        let text = self.station(303)?.to_owned();
        let middle = text
            .find(['N', 'S', 'n', 's'])
            .map(|at| at + 1)
            .filter(|at| *at < text.len());
        let point = middle.and_then(|at| {
            let (latitude, longitude) = (
                numbers::packed_degrees(&text[..at])?,
                numbers::packed_degrees(&text[at..])?,
            );
            (latitude.abs() <= 90.0).then_some((latitude, longitude))
        });
        let Some((latitude, longitude)) = point else {
            let en = "no coordinates: write DDMMSSN and DDDMMSSE together, such as 614726N1655811W";
            self.complain(303 + self.side, &text, "不是坐标：应为 614726N1655811W", en);
            return None;
        };
        // The letter behind the radius says for which stations it holds.
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
        let radius_km = self
            .station(306)
            .and_then(|text| digits(text).parse().ok())
            .unwrap_or(0.0);
        Some(Place {
            latitude,
            longitude,
            radius_km,
        })
    }
}

#[cfg(test)]
mod tests;
