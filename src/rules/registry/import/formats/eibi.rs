//! EiBi: the HF broadcasting schedule `sked-Xzz.csv`, with the transmitter sites of `eibireadme.txt` beside it.
//!
//! The list names no bandwidths: broadcasts are taken as 9K00A3E (9 kHz channels), said so in the extension `assumed`.
//! Times and days are UTC. A row whose site is not in the readme has no place; HF is heard far from it anyway.

use std::io::Read;

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::{
    cells::{Cells, Columns},
    collect::{Collector, draft, particulars},
    eibi_sites::Sites,
    rows::{Dialect, Fault, Rows, unreadable},
};
use crate::{
    registry::{
        Assignment,
        details::{Area, Window},
        import::ImportReport,
    },
    units::Hertz,
};

const SEMICOLON: Dialect = Dialect {
    separator: b';',
    quoted: false,
};

const DAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/// Reads a schedule; `sites` is the readme, where there is one.
pub(super) fn read(reader: impl Read, sites: Option<impl Read>, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("eibi");
    let sites = sites.map(Sites::read).unwrap_or_default();
    match schedule(reader, &sites, name, &mut collector) {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

fn schedule(reader: impl Read, sites: &Sites, name: &str, collector: &mut Collector<Assignment>) -> Result<(), Fault> {
    let mut rows = Rows::new(reader, name, SEMICOLON).map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let header = rows.next()?.map(|row| row.values).unwrap_or_default();
    if !header.first().is_some_and(|cell| cell.starts_with("kHz")) {
        return Err(unreadable(
            name,
            1,
            "the first cell is not kHz: the file is no EiBi schedule",
        ));
    }
    // Headers carry the width of their column in pixels: `kHz:75`.
    let columns = Columns::new(header.iter().map(|cell| cell.split(':').next().unwrap_or(cell)));
    let season = Season::of(name);
    while let Some(mut cells) = rows.cells(&columns)? {
        if cells.len() > columns.len() {
            let count = cells.len().to_string();
            let en = format!(
                "{count} cells instead of {}: look for a semicolon too many",
                columns.len()
            );
            cells.complain("", &count, format!("应有 {} 列：请检查多余的分号", columns.len()), en);
        }
        let record = broadcast(&mut cells, sites, season);
        collector.row(record.into_iter().collect(), cells.faults);
    }
    Ok(())
}

/// A broadcasting season, told by the file's name: `sked-A13.csv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Season {
    year: i16,
    winter: bool,
}

impl Season {
    fn of(name: &str) -> Option<Self> {
        let stem = name.rsplit(['/', '\\']).next()?.split('.').next()?.rsplit('-').next()?;
        let winter = match stem.chars().next()? {
            'a' | 'A' => false,
            'b' | 'B' => true,
            _ => return None,
        };
        let two: i16 = stem.get(1..)?.parse().ok().filter(|year| (0..100).contains(year))?;
        Some(Self {
            // The list began in 1998.
            year: if two >= 90 { 1900 + two } else { 2000 + two },
            winter,
        })
    }

    /// A day `DDMM` of the season. A winter season ends in the year after.
    fn day(self, text: &str, end: bool) -> Option<Timestamp> {
        let (day, month): (i8, i8) = (text.get(..2)?.parse().ok()?, text.get(2..)?.parse().ok()?);
        let year = self.year + i16::from(self.winter && month < 9);
        let date = Date::new(year, month, day).ok()?;
        let date = if end { date.tomorrow().ok()? } else { date };
        Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
    }
}

fn broadcast(cells: &mut Cells, sites: &Sites, season: Option<Season>) -> Option<Assignment> {
    let center = cells.frequency("kHz", 3)?;
    let (times, days) = (cells.required("Time(UTC)")?, cells.text("Days").unwrap_or_default());
    let country = cells.text("ITU").unwrap_or_default();
    let (station, language) = (cells.text("Station"), cells.text("Lng").unwrap_or_default());
    let target = cells.text("Target").unwrap_or_default();
    let site = cells.text("Remarks").unwrap_or_default();
    let Some((from_min, to_min)) = minutes(&times) else {
        let en = "no times: write 0600-1830";
        cells.complain("Time(UTC)", &times, "不是时间段：应为 0600-1830", en);
        return None;
    };
    let key = [
        center.0.to_string(),
        times,
        days.clone(),
        country.clone(),
        language.clone(),
        target.clone(),
        site.clone(),
    ];
    let title = station.unwrap_or_default();
    let mut record = draft(format!("eibi-{}-{title}", key.join("-")), cells, center, Hertz(9000));
    record.designator = Some("9K00A3E".to_owned());
    record.service = Some("BROADCASTING".to_owned());
    record.holder.clone_from(&title);
    record.station = title;
    let (host, place) = sites.find(&country, &site);
    record.place = place;
    let first = cells.text("Start");
    let last = cells.text("Stop");
    let mut day = |text: Option<String>, field: &str, end| {
        let text = text?;
        let read = season.and_then(|season| season.day(&text, end));
        if read.is_none() && season.is_some() {
            let en = "no day: write day and month as DDMM, such as 2503";
            cells.complain(field, &text, "不是日期：应为日月 DDMM，例如 2503", en);
        }
        read
    };
    let (from, to) = (day(first.clone(), "Start", false), day(last.clone(), "Stop", true));
    // One without the other may lie in the season before; both ends wrong way round say so too.
    (record.valid_from, record.valid_to) = match (from, to) {
        (Some(from), Some(to)) if from >= to => (None, None),
        dates => dates,
    };
    let mut details = particulars(cells);
    let extra = [
        ("Days", days.clone()),
        ("Lng", language),
        ("Target", target),
        ("Remarks", site),
    ];
    let dates = [("Start", first.unwrap_or_default()), ("Stop", last.unwrap_or_default())];
    for (name, value) in extra.into_iter().chain(dates).filter(|(_, value)| !value.is_empty()) {
        details.extensions.insert(name.to_owned(), value);
    }
    details
        .extensions
        .insert("assumed".to_owned(), "designator 9K00A3E".to_owned());
    details.windows = vec![Window {
        days: weekdays(&days).unwrap_or(Window::DAILY),
        from_min,
        to_min,
        zone: "UTC".to_owned(),
    }];
    details.country = Some(country);
    if record.place.is_none() {
        details.area = Some(Area::Named(host));
    }
    record.details = Some(Box::new(details));
    Some(record)
}

/// `2300-0100` as minutes of the day.
fn minutes(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let minute = |text: &str| {
        let number: u16 = text.trim().parse().ok()?;
        (text.trim().len() == 4 && number / 100 <= 24 && number % 100 < 60 && number <= 2400)
            .then_some(number / 100 * 60 + number % 100)
    };
    Some((minute(from)?, minute(to)?))
}

/// Days of the week: `Mo-Fr`, `SaSu`, `Tu,Th`, `135`. Nothing for what names no days of the week (`irr`, `9Apr`,
/// `1.Sa`), which is kept as it stands.
fn weekdays(text: &str) -> Option<u8> {
    if text.is_empty() {
        return Some(Window::DAILY);
    }
    if text.bytes().all(|byte| (b'1'..=b'7').contains(&byte)) {
        return Some(text.bytes().fold(0, |days, byte| days | 1 << (byte - b'1')));
    }
    let mut days = 0_u8;
    let mut rest = text;
    let take = |rest: &mut &str| {
        let found = DAYS.iter().position(|day| rest.starts_with(day))?;
        *rest = &rest[2..];
        Some(found)
    };
    while !rest.is_empty() {
        let first = take(&mut rest)?;
        let mut day = first;
        if let Some(range) = rest.strip_prefix('-') {
            rest = range;
            let last = take(&mut rest)?;
            while day != last {
                days |= 1 << day;
                day = (day + 1) % 7;
            }
        }
        days |= 1 << day;
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_bytes;

    #[test]
    fn days_and_times_are_read_as_the_readme_explains_them() {
        for (text, days) in [
            ("", Some(0x7f)),
            ("Mo-Fr", Some(0b001_1111)),
            ("SaSu", Some(0b110_0000)),
            ("We-Mo", Some(0b111_1101)),
            ("Su-Th", Some(0b100_1111)),
            ("Tu,Th", Some(0b000_1010)),
            ("135", Some(0b001_0101)),
            ("irr", None),
            ("9Apr", None),
            ("1.Sa", None),
            ("Mo-", None),
            ("日", None),
        ] {
            assert_eq!(weekdays(text), days, "{text}");
        }
        assert_eq!(minutes("2300-0100"), Some((1380, 60)));
        assert_eq!(minutes("0000-2400"), Some((0, 1440)));
        for wrong in ["2460-0100", "23-01", "0000", "0000-2500", ""] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_winter_season_ends_in_the_year_after() {
        let winter = Season::of("data/sked-b13.csv").expect("season");
        let day = |text, end| winter.day(text, end).map(|instant| instant.to_string());
        assert_eq!(day("2710", false).as_deref(), Some("2013-10-27T00:00:00Z"));
        assert_eq!(day("2903", true).as_deref(), Some("2014-03-30T00:00:00Z"));
        assert_eq!(day("3102", false), None);
        assert_eq!(Season::of("list.csv"), None);
    }

    #[test]
    fn every_broadcast_of_the_season_is_read_with_its_windows() {
        let folder = "registry/registers/eibi";
        let (Some(list), Some(readme)) = (
            test_bytes(&format!("{folder}/sked-a13.csv")),
            test_bytes(&format!("{folder}/eibireadme.txt")),
        ) else {
            return;
        };
        let report = read(list.as_slice(), Some(readme.as_slice()), "sked-a13.csv");
        // Line 870 lacks its site, so every cell behind it stands one to the left.
        let faults: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.value.as_str())).collect();
        assert!(report.complete, "{:#?}", report.bad);
        assert_eq!(faults, [(870, "v")]);
        assert_eq!((report.rows_read, report.rows_bad), (7208, 1));
        let window = |record: &Assignment| record.details.as_ref().expect("particulars").windows[0].clone();
        let crossing = report.ok.iter().filter(|record| {
            let window = window(record);
            window.to_min <= window.from_min
        });
        assert!(crossing.count() > 50);
        let placed = report.ok.iter().filter(|record| record.place.is_some()).count();
        assert!(placed * 100 > report.ok.len() * 80, "{placed} of {}", report.ok.len());
        let again = read(list.as_slice(), Some(readme.as_slice()), "sked-a13.csv");
        assert!(report == again);
    }
}
