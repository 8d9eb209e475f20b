//! FCC IBFS: lists of grandfathered earth stations of the fixed-satellite service. They receive, so they license no
//! emission; their whole band is protected.
//!
//! Two lists are read: the one of order 15-47 with edges per row (`Lower Frequency`, `Upper Frequency` in MHz) and
//! degrees, minutes and seconds in cells of their own, and appendix E of FCC 05-56, whose stations all have the band
//! 3650–3700 MHz of that order and angles such as `34°14'20.70"N`. Datum NAD 27 where the list says so, not shifted.

use std::io::Read;

use jiff::tz::Offset;

use super::{
    cells::{Cells, Columns},
    collect::{Collector, draft, particulars},
    numbers::{self, Order},
    rows::{COMMA, Fault, Rows, unreadable},
};
use crate::{
    registry::{Assignment, Role, import::ImportReport},
    units::{Band, Hertz},
};

/// Reads either list.
pub(super) fn read(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("fcc-ibfs");
    match stations(reader, name, &mut collector) {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

fn stations(reader: impl Read, name: &str, collector: &mut Collector<Assignment>) -> Result<(), Fault> {
    let mut rows = Rows::new(reader, name, COMMA).map_err(|error| unreadable(name, 1, &error.to_string()))?;
    for _ in 0..20 {
        let Some(row) = rows.next()? else { break };
        let has = |wanted: &str| row.values.iter().any(|cell| cell.trim() == wanted);
        let edges = has("Lower Frequency");
        if !(edges || has("NAD*")) {
            continue;
        }
        let columns = Columns::new(row.values);
        while let Some(mut cells) = rows.cells(&columns)? {
            // Notes below the table stand in its first column alone.
            if cells.peek("Call Sign").or(cells.peek("Callsign")).is_none()
                && cells.peek("State").is_none_or(|state| state.len() > 2)
            {
                continue;
            }
            let record = if edges {
                with_edges(&mut cells)
            } else {
                of_appendix_e(&mut cells)
            };
            collector.row(record.into_iter().collect(), cells.faults);
        }
        return Ok(());
    }
    let problem = "no line has the columns 'Lower Frequency' or 'NAD*': the file is no list of earth stations";
    Err(unreadable(name, 1, problem))
}

fn with_edges(cells: &mut Cells) -> Option<Assignment> {
    let sign = cells.required("Callsign")?;
    let (low, high) = (
        cells.frequency("Lower Frequency", 6),
        cells.frequency("Upper Frequency", 6),
    );
    let (low, high) = (low?, high?);
    let band = Band::new(low, high).filter(|band| band.width().0 > 0);
    let Some(band) = band else {
        let en = format!("the upper edge {high} must lie above {low}");
        cells.complain(
            "Upper Frequency",
            &high.to_string(),
            format!("上限 {high} 须高于下限 {low}"),
            en,
        );
        return None;
    };
    let mut angle = |name: &str| {
        let part = |unit: &str| format!("{name} {unit}");
        let degrees = cells.number(&part("Degrees"))?;
        let minutes = cells.number(&part("Minutes"))?;
        let seconds = cells.number(&part("Seconds"))?;
        numbers::degrees(degrees, minutes, seconds, &cells.text(&part("Direction"))?)
    };
    let at = angle("Latitude").zip(angle("Longitude"));
    let eastern = Offset::constant(-5);
    let (from, to) = (
        cells.day("Grant Date", Order::YearMonthDay, eastern, false),
        cells.day("Expiration Date", Order::YearMonthDay, eastern, true),
    );
    let mut record = earth_station(cells, &sign, band, at)?;
    record.valid_from = from;
    record.valid_to = to;
    record.holder = cells.text("Name").unwrap_or_default();
    Some(finish(cells, record))
}

fn of_appendix_e(cells: &mut Cells) -> Option<Assignment> {
    let sign = cells.required("Call Sign")?;
    let band = Band::new(Hertz(3_650_000_000), Hertz(3_700_000_000))?;
    let mut angle = |name: &str| cells.text(name).and_then(|text| sexagesimal(&text));
    let at = angle("Latitude").zip(angle("Longitude"));
    let mut record = earth_station(cells, &sign, band, at)?;
    record.holder = cells.text("Licensee").unwrap_or_default();
    Some(finish(cells, record))
}

/// `34°14'20.70"N`.
fn sexagesimal(text: &str) -> Option<f64> {
    let hemisphere = text.trim().chars().next_back()?;
    let mut parts = text
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|part| !part.is_empty());
    let mut number = || parts.next()?.parse::<f64>().ok();
    numbers::degrees(number()?, number()?, number()?, &hemisphere.to_string())
}

fn earth_station(cells: &mut Cells, sign: &str, band: Band, at: Option<(f64, f64)>) -> Option<Assignment> {
    let Some((latitude, longitude)) = at else {
        let en = "no place: degrees, minutes, seconds and N, S, E or W of both coordinates";
        cells.complain("Latitude", "", "没有位置：经纬度须有度、分、秒和方向", en);
        return None;
    };
    let (low, high) = (band.low().0 / 1000, band.high().0 / 1000);
    let mut record = draft(
        format!("fcc-ibfs-{sign}-{low}-{high}"),
        cells,
        band.center(),
        band.width(),
    );
    record.block = true;
    record.place = cells.place("Latitude", latitude, longitude);
    let town = [cells.text("City"), cells.text("State")];
    record.station = town.into_iter().flatten().collect::<Vec<_>>().join(", ");
    record.call_sign = Some(sign.to_owned());
    record.service = Some("FSS".to_owned());
    Some(record)
}

fn finish(cells: &Cells, mut record: Assignment) -> Assignment {
    let mut details = particulars(cells);
    details.role = Role::Receive;
    details.country = Some("US".to_owned());
    details.station_class = Some("TC".to_owned());
    record.details = Some(Box::new(details));
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::test_bytes;

    #[test]
    fn both_lists_are_read_whole() {
        for (file, rows) in [
            ("CBRS_3550_3700_GrandfatheredFSS.csv", 108),
            ("3650_3700_GrandfatheredFSS.csv", 86),
        ] {
            let Some(bytes) = test_bytes(&format!("registry/registers/fcc_ibfs/{file}")) else {
                return;
            };
            let report = read(bytes.as_slice(), file);
            assert!(report.complete && report.bad.is_empty(), "{file}: {:#?}", report.bad);
            assert_eq!((report.rows_read, report.ok.len()), (rows, rows as usize), "{file}");
            for record in &report.ok {
                assert!(
                    record.role() == Role::Receive && record.block && record.place.is_some(),
                    "{record:?}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_list_says_so() {
        let report = read("a,b\n1,2\n".as_bytes(), "x.csv");
        assert!(
            !report.complete && report.bad[0].reason.en.contains("no list of earth stations"),
            "{report:?}"
        );
    }
}
