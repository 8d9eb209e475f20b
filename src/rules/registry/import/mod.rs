//! Registers as CSV files: allocation tables and assignments, in our template with Chinese or English headers.
//!
//! The file is streamed; every bad cell is reported with file, line, field, value and a reason in both languages.
//! Nothing here stores anything: whoever does must take all of [`ImportReport::ok`] or nothing, unless told otherwise.
//! `docs/registry.md` has the columns.

mod allocations;
mod assignments;
mod changes;
pub(crate) mod columns;
pub(crate) mod extensions;
pub(super) mod form;
pub mod formats;
mod lines;
mod makers;
pub(crate) mod row;
pub(crate) mod sheet;
mod written;

use std::io::Read;

use serde::Serialize;

pub use changes::{Changes, Keyed, compare, merge_rows};

use super::{Allocation, Assignment, Text};

/// Rows of one file. National registers have under a million; a file without end must not fill the memory.
const ROWS_MAX: u64 = if cfg!(test) { 50_000 } else { 5_000_000 };

/// Faults kept; a file in a wrong format has one a row, and a hundred thousand of them help nobody.
const FAULTS_KEPT: usize = 100_000;

fn too_many_rows() -> Text {
    Text::new(
        format!("超过 {ROWS_MAX} 行：请分成几个文件导入"),
        format!("more than {ROWS_MAX} rows: split the file and import its parts"),
    )
}

/// A cell that cannot be read, or a row or file with a fault of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// Name of the file, as given.
    pub file: String,
    /// Line of the row's first character, from 1 (the header is line 1).
    pub line: u64,
    /// Field of the template; empty for faults of the whole row or file.
    pub field: String,
    /// What the cell says, shortened to 80 characters.
    pub value: String,
    /// What is wrong and what to write instead.
    pub reason: Text,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport<T> {
    /// Format, as the command line prints it.
    pub format: &'static str,
    /// Rows below the header, blank ones not counted.
    pub rows_read: u64,
    /// Rows with at least one fault.
    pub rows_bad: u64,
    /// The good rows, in file order.
    pub ok: Vec<T>,
    /// Every fault, in file order; a row can have several.
    pub bad: Vec<BadRow>,
    /// Whether the whole file was read; a bad header or a read error stops it.
    pub complete: bool,
}

impl<T> ImportReport<T> {
    /// Whether all of it can be taken.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.complete && self.bad.is_empty()
    }
}

/// Reads assignments from our CSV template. `name` is the file's name in messages and in `Assignment::source`.
pub fn parse_assignments(reader: impl Read, name: &str) -> ImportReport<Assignment> {
    sheet::read(reader, name, "pinpu-assignments-csv", columns::ASSIGNMENTS, |row| {
        assignments::build(row, name)
    })
}

/// The same, handing the good rows on as they are read, some at a time and in file order: none are in the report. `take` says
/// whether more are wanted.
pub fn parse_assignments_to(
    reader: impl Read,
    name: &str,
    take: &mut dyn FnMut(Vec<Assignment>) -> bool,
) -> ImportReport<Assignment> {
    let build = |row: &mut row::Row| assignments::build(row, name);
    sheet::read_to(reader, name, "pinpu-assignments-csv", columns::ASSIGNMENTS, build, take)
}

/// Reads rows of an allocation table from our CSV template.
pub fn parse_allocations(reader: impl Read, name: &str) -> ImportReport<Allocation> {
    sheet::read(
        reader,
        name,
        "pinpu-allocations-csv",
        columns::ALLOCATIONS,
        allocations::build,
    )
}

/// Which of the two templates the header line fits better; nothing where it fits neither.
#[must_use]
pub fn recognise(header: &str) -> Option<Kind> {
    let score = |columns: &[columns::Column]| columns::matches(header, columns);
    match (score(columns::ASSIGNMENTS), score(columns::ALLOCATIONS)) {
        (0, 0) => None,
        (assignments, allocations) if assignments >= allocations => Some(Kind::Assignments),
        _ => Some(Kind::Allocations),
    }
}

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Stations and their frequencies.
    Assignments,
    /// Bands and their services.
    Allocations,
}

#[cfg(test)]
mod tests;
