//! What `rtl_power` and its like (hackrf_sweep, soapy_power) write: a row for each stretch of each sweep, without a header:
//! date, time, lower edge, upper edge and step in hertz, number of samples, levels in dB.
//!
//! A sweep says where field staff listen, and licenses nothing: each stretch is one receive-only band, however often the
//! file repeats it, from its first row. The levels are measurements and stay in the file; the six cells before them are
//! kept.

use std::{collections::HashSet, io::Read};

use super::{
    cells::{Cells, Columns},
    collect::{Collector, draft, particulars},
    rows::{COMMA, Fault, Rows, unreadable},
};
use crate::{
    registry::{Assignment, Role, import::ImportReport},
    units::Band,
};

/// The cells before the levels.
const HEAD: [&str; 6] = ["date", "time", "hz_low", "hz_high", "hz_step", "samples"];

/// Whether a first line is one of these files'.
pub(super) fn fits(first: &str) -> bool {
    let cells: Vec<_> = first.split(',').map(str::trim).collect();
    let [date, time, low, high, step, samples, levels @ ..] = cells.as_slice() else {
        return false;
    };
    let numbers = [low, high, step, samples]
        .iter()
        .all(|cell| cell.parse::<f64>().is_ok());
    let written = format!("{date}T{time}");
    numbers && !levels.is_empty() && written.parse::<jiff::civil::DateTime>().is_ok()
}

/// Reads a file of sweeps.
pub(super) fn read(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    let mut collector = Collector::new("rtl-power");
    match sweeps(reader, name, &mut collector) {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

fn sweeps(reader: impl Read, name: &str, collector: &mut Collector<Assignment>) -> Result<(), Fault> {
    let mut rows = Rows::new(reader, name, COMMA).map_err(|error| unreadable(name, 1, &error.to_string()))?;
    let columns = Columns::new(HEAD);
    let mut known = HashSet::new();
    while let Some(mut row) = rows.next()? {
        let levels = row.values.split_off(row.values.len().min(HEAD.len()));
        let head = row.values.join(",");
        let mut cells = Cells::new(&columns, name, row.line, row.values, head);
        let wrong = levels.iter().find(|level| level.trim().parse::<f64>().is_err());
        if levels.is_empty() || wrong.is_some() {
            let en = "no level in dB: the row has a cell for each step behind the six that say where it was measured";
            let zh = "不是以 dB 为单位的电平：前六列之后每个频点一列";
            cells.complain("dB", wrong.map_or("", |level| level.trim()), zh, en);
        }
        let record = stretch(&mut cells, &mut known);
        collector.row(record.into_iter().collect(), cells.faults);
    }
    Ok(())
}

fn stretch(cells: &mut Cells, known: &mut HashSet<Band>) -> Option<Assignment> {
    let (low, high) = (cells.frequency("hz_low", 0), cells.frequency("hz_high", 0));
    let (low, high) = (low?, high?);
    let band = Band::new(low, high).filter(|band| band.width().0 > 0);
    let Some(band) = band else {
        let zh = format!("上限 {high} 须高于下限 {low}");
        cells.complain(
            "hz_high",
            &high.to_string(),
            zh,
            format!("the upper edge {high} must lie above {low}"),
        );
        return None;
    };
    if !known.insert(band) {
        return None;
    }
    let id = format!("rtl-power-{}-{}", low.0, high.0);
    let mut record = draft(id, cells, band.center(), band.width());
    record.block = true;
    record.station = format!("{low} – {high}");
    let mut details = particulars(cells);
    details.role = Role::Receive;
    record.details = Some(Box::new(details));
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "2019-05-01, 12:00:00, 88000000, 90500000, 9765.62, 10, -32.1, nan, -34.0\n\
                        2019-05-01, 12:00:00, 90500000, 93000000, 9765.62, 10, -32.1, -33.2, -inf\n\
                        2019-05-01, 12:00:10, 88000000, 90500000, 9765.62, 10, -32.1, -33.2, -34.0\n";

    #[test]
    fn each_stretch_is_a_band_that_is_listened_to() {
        let report = read(FILE.as_bytes(), "sweep.csv");
        assert!(report.is_clean(), "{:#?}", report.bad);
        assert_eq!((report.rows_read, report.ok.len()), (3, 2));
        let first = &report.ok[0];
        assert_eq!((first.band().low().0, first.band().high().0), (88_000_000, 90_500_000));
        assert_eq!((first.role(), first.source.as_str()), (Role::Receive, "sweep.csv:1"));
        let details = first.details.as_ref().expect("particulars");
        assert_eq!(details.extensions.get("hz_step").map(String::as_str), Some("9765.62"));
        assert!(!details.raw[0].text.contains("-34"), "levels are no register");
    }

    #[test]
    fn broken_rows_name_the_cell() {
        for (from, to, field) in [
            ("88000000, 90500000", "90500000, 88000000", "hz_high"),
            ("88000000", "low", "hz_low"),
            ("-32.1", "loud", "dB"),
            (", -32.1, nan, -34.0", "", "dB"),
        ] {
            let report = read(FILE.replacen(from, to, 1).as_bytes(), "sweep.csv");
            let faults: Vec<_> = report.bad.iter().map(|bad| (bad.line, bad.field.as_str())).collect();
            assert_eq!(faults, [(1, field)], "{to}");
        }
        assert!(fits(FILE.lines().next().expect("a line")));
        assert!(!fits("TX,154.07,R1,a,b,c,d") && !fits("2019-05-01, 12:00:00, 1, 2, 3, 4"));
    }
}
