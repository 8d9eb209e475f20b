//! SFAF, the Standard Frequency Action Format (MCEB Pub 7): records to assignments and back.
//!
//! A record is kept whole in the assignment's raw text; what is written again is that text, with only those items
//! changed that no longer say what the assignment says. So an unchanged record comes out as it went in.
//!
//! Modelled: 005 classification, 010 action, 102 serial (the key), 107, 110 frequency or band, 113 station class,
//! 114 designators, 115 power, 117 ERP (dBm), 140 and 141 validity, 200 and 207 holder, 300 and 301 place names, 303
//! and 306 coordinates and radius (km), 304 call sign, 340 and 343 equipment, 357, 359, 362 and 363 antenna. All other
//! items are extensions under `SFAF.number/occurrence`.

mod text;
mod values;

use std::io::Read;

use jiff::Timestamp;

use self::values::{Frequency, coordinates, date, frequency, frequency_of, midnight, power, width};
use super::{
    collect::Collector,
    decode::{self, Fallback},
    numbers,
    rows::unreadable,
};
use crate::registry::{
    Assignment, AssignmentStatus, Place, Text, designator,
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
        let mut reader = Reader {
            name,
            record,
            faults: Vec::new(),
        };
        let assignment = reader.assignment();
        collector.row(assignment.into_iter().collect(), reader.faults);
    }
    collector.done()
}

/// Writes assignments: those that came from SFAF as they were but for what changed, the others as new records.
#[must_use]
pub fn write(assignments: &[Assignment]) -> String {
    assignments
        .iter()
        .map(|assignment| record(assignment).to_string())
        .collect()
}

fn record(assignment: &Assignment) -> Record {
    let raw = assignment.details.iter().flat_map(|details| &details.raw);
    let mut known = raw.filter_map(|raw| File::parse(&raw.text).records.into_iter().next());
    let mut record = known.find(|record| record.first(110).is_some()).unwrap_or_default();
    let said = Reader {
        name: "",
        record: &record.clone(),
        faults: Vec::new(),
    }
    .assignment();
    let now = items(assignment);
    let Some(said) = said else {
        let details = assignment.details.clone().unwrap_or_default();
        let start = |text: &str, length: usize| {
            Some(text.chars().take(length).collect()).filter(|text: &String| !text.is_empty())
        };
        let heads = [
            (5, details.classification.or_else(|| Some("U".to_owned()))),
            (10, Some("N".to_owned())),
            (102, start(assignment.id.trim_start_matches("sfaf-"), 10)),
            (113, details.station_class),
            (200, start(&assignment.holder, 6)),
        ];
        for (number, value) in heads.into_iter().chain(now) {
            record.put(number, None, value.as_deref());
        }
        return record;
    };
    if said.status != assignment.status {
        record.put(10, None, Some(action(assignment.status)));
    }
    for ((number, old), (_, new)) in items(&said).into_iter().zip(now) {
        if old != new {
            // Of several designators the one that was shown is changed.
            let old = old.as_deref().filter(|_| number == 114);
            record.put(number, old, new.as_deref());
        }
    }
    record
}

/// What the fields of an assignment say, as items.
fn items(a: &Assignment) -> [(u16, Option<String>); 8] {
    let radius = a.place.filter(|place| place.radius_km > 0.0);
    let station: String = a.station.chars().take(24).collect();
    [
        (110, Some(frequency(a))),
        (114, a.designator.clone()),
        (140, a.valid_from.and_then(|day| date(day, false))),
        (141, a.valid_to.and_then(|day| date(day, true))),
        (301, Some(station).filter(|station| !station.is_empty())),
        (303, a.place.map(coordinates)),
        (304, a.call_sign.clone()),
        (306, radius.map(|place| format!("{}", place.radius_km.ceil()))),
    ]
}

fn action(status: AssignmentStatus) -> &'static str {
    match status {
        AssignmentStatus::Cancelled => "D",
        AssignmentStatus::Granted | AssignmentStatus::Suspended => "M",
    }
}

/// A record being read.
struct Reader<'a> {
    name: &'a str,
    record: &'a Record,
    faults: Vec<BadRow>,
}

impl Reader<'_> {
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
            station: record.first(301).unwrap_or_default().to_owned(),
            call_sign: record.first(304).map(str::to_owned),
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
            record
                .first(item)
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|n| n.is_finite())
        };
        let antenna = Antenna {
            gain_dbi: number(357),
            height_m: number(359),
            azimuth_deg: number(362),
            polarization: record.first(363).map(str::to_owned),
            ..Antenna::default()
        };
        let model = record.first(340).map(str::to_owned);
        let approval = record.first(343).map(str::to_owned);
        let mut extensions = std::collections::BTreeMap::new();
        for item in record.items().filter(|item| !item.value.is_empty()) {
            let text_antenna = item.number == 362 && antenna.azimuth_deg.is_none();
            if MODELLED.contains(&item.number) && item.occurrence == 1 && !text_antenna {
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
            emissions,
            station_class: record.first(113).map(str::to_owned),
            country: record.first(300).map(str::to_owned),
            classification: record.first(5).map(str::to_owned),
            precedence: record.first(107).and_then(|text| midnight(text, false)),
            antenna: (antenna != Antenna::default()).then_some(antenna),
            equipment: (model.is_some() || approval.is_some()).then_some(Equipment { model, approval }),
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
                    Err(error) => error.reason,
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
        let text = self.record.first(303)?.to_owned();
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
            self.complain(303, &text, "不是坐标：应为 614726N1655811W", en);
            return None;
        };
        // The letter behind the radius says for which stations it holds.
        let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
        let radius_km = self
            .record
            .first(306)
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
