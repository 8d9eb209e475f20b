//! Gathers the records of a source: good rows, faults, keys that occur twice.

use std::{collections::HashMap, io::Read};

use super::{
    cells::{Cells, Columns},
    rows::{Dialect, Fault, Rows, unreadable},
};
use crate::{
    registry::{
        Assignment, AssignmentStatus,
        details::Details,
        import::{BadRow, FAULTS_KEPT, ImportReport, Keyed},
    },
    units::Hertz,
};

/// Records of a source as they come in.
pub(super) struct Collector<T> {
    pub(super) report: ImportReport<T>,
    at: HashMap<String, usize>,
    /// Last number of keys that occur very often.
    numbers: HashMap<String, usize>,
}

/// Records of one key that a new one is held against.
const ALIKE_MAX: usize = 100;

impl<T: Keyed + Rename> Collector<T> {
    pub(super) fn new(format: &'static str) -> Self {
        Self {
            report: ImportReport {
                format,
                rows_read: 0,
                rows_bad: 0,
                ok: Vec::new(),
                bad: Vec::new(),
                complete: false,
            },
            at: HashMap::new(),
            numbers: HashMap::new(),
        }
    }

    /// A row: its records, or its faults.
    pub(super) fn row(&mut self, records: Vec<T>, faults: Vec<BadRow>) {
        self.report.rows_read += 1;
        if faults.is_empty() {
            for record in records {
                self.keep(record);
            }
        } else {
            self.report.rows_bad += 1;
            self.fault(faults);
        }
    }

    /// Faults that belong to no row, or to one already counted.
    pub(super) fn fault(&mut self, faults: impl IntoIterator<Item = BadRow>) {
        let room = FAULTS_KEPT.saturating_sub(self.report.bad.len());
        self.report.bad.extend(faults.into_iter().take(room));
    }

    /// Keeps a record. The same record again is one record; another one under the same key gets a running number, in
    /// the order of the source, so that importing the source again finds the same keys.
    fn keep(&mut self, mut record: T) {
        let key = record.key().to_owned();
        let mut number = 1;
        let mut candidate = key.clone();
        while let Some(&at) = self.at.get(&candidate) {
            if self.report.ok.get(at).is_some_and(|known| known.same(&record)) {
                return;
            }
            number += 1;
            // A key on every row of a hostile file: after the first hundred the numbers go on where they were.
            if number == ALIKE_MAX {
                number = self.numbers.get(&key).map_or(number, |last| last + 1);
            }
            candidate = format!("{key}~{number}");
            record.rename(&candidate);
        }
        if number >= ALIKE_MAX {
            self.numbers.insert(key, number);
        }
        self.at.insert(candidate, self.report.ok.len());
        self.report.ok.push(record);
    }

    /// The whole source was read.
    pub(super) fn done(mut self) -> ImportReport<T> {
        self.report.complete = true;
        self.report
    }

    /// The reading stopped.
    #[expect(clippy::boxed_local, reason = "faults travel boxed")]
    pub(super) fn stopped(mut self, fault: Fault) -> ImportReport<T> {
        self.report.bad.push(*fault);
        self.report
    }
}

/// A record whose key can be changed.
pub(super) trait Rename {
    fn rename(&mut self, key: &str);
}

impl Rename for Assignment {
    fn rename(&mut self, key: &str) {
        key.clone_into(&mut self.id);
    }
}

impl Rename for crate::registry::Allocation {
    fn rename(&mut self, key: &str) {
        key.clone_into(&mut self.id);
    }
}

/// Reads a table whose first row names its columns, row by row.
pub(super) fn table<T: Keyed + Rename>(
    reader: impl Read,
    name: &str,
    format: &'static str,
    dialect: Dialect,
    mut build: impl FnMut(&mut Cells) -> Vec<T>,
) -> ImportReport<T> {
    let mut collector = Collector::new(format);
    let mut rows = match Rows::new(reader, name, dialect) {
        Ok(rows) => rows,
        Err(error) => return collector.stopped(unreadable(name, 1, &error.to_string())),
    };
    let columns = match rows.next() {
        Ok(Some(header)) => Columns::new(header.values),
        Ok(None) => {
            return collector.stopped(unreadable(
                name,
                1,
                "the file is empty: the first line names the columns",
            ));
        }
        Err(fault) => return collector.stopped(fault),
    };
    match each(&mut rows, &columns, &mut collector, &mut build) {
        Ok(()) => collector.done(),
        Err(fault) => collector.stopped(fault),
    }
}

/// The remaining rows of a table.
pub(super) fn each<T: Keyed + Rename>(
    rows: &mut Rows<'_>,
    columns: &Columns,
    collector: &mut Collector<T>,
    build: &mut impl FnMut(&mut Cells) -> Vec<T>,
) -> Result<(), Fault> {
    while let Some(mut cells) = rows.cells(columns)? {
        if cells.len() > columns.len() {
            let (zh, en) = (
                format!("多于 {} 列：请检查引号和分隔符", columns.len()),
                format!(
                    "more than {} cells: look for stray quotes and separators",
                    columns.len()
                ),
            );
            let beyond = cells.len().to_string();
            cells.complain("", &beyond, zh, en);
        }
        let records = build(&mut cells);
        collector.row(records, cells.faults);
    }
    Ok(())
}

/// An assignment with what every format states; the rest as unknown.
pub(super) fn draft(id: String, cells: &Cells, center_hz: Hertz, bandwidth: Hertz) -> Assignment {
    Assignment {
        id,
        holder: String::new(),
        station: String::new(),
        call_sign: None,
        center_hz,
        necessary_bandwidth_hz: bandwidth,
        designator: None,
        service: None,
        block: false,
        tolerance_hz: None,
        place: None,
        eirp_dbm: None,
        valid_from: None,
        valid_to: None,
        status: AssignmentStatus::Granted,
        source: cells.source(),
        details: None,
    }
}

/// Particulars with the row as it stood; called when all cells of interest are taken.
pub(super) fn particulars(cells: &Cells) -> Details {
    Details {
        extensions: cells.rest(),
        raw: vec![cells.raw()],
        ..Details::default()
    }
}
