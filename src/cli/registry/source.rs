//! A registry file: which format it has, and what is in it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use clap::ValueEnum;

use crate::{
    Error, Result,
    registry::{
        Allocation, AllocationTable, Assignment, Text,
        import::{self, BadRow, ImportReport, Kind},
        table,
    },
};

/// Longest first line that is looked at to tell the format.
const HEADER_BYTES: u64 = 64 * 1024;

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Assignments in our CSV template
    #[value(name = "pinpu-assignments-csv")]
    AssignmentsCsv,
    /// Rows of an allocation table in our CSV template
    #[value(name = "pinpu-allocations-csv")]
    AllocationsCsv,
    /// A whole allocation table as TOML
    #[value(name = "pinpu-allocations-toml")]
    AllocationsToml,
}

/// Records of a file or of the database.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Assignments(Vec<Assignment>),
    /// Rows without a table of their own.
    Rows(Vec<Allocation>),
    Table(AllocationTable),
}

impl Content {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Assignments(rows) => rows.len(),
            Self::Rows(rows) => rows.len(),
            Self::Table(table) => table.rows.len(),
        }
    }
}

/// A file as read.
pub(super) struct Report {
    pub(super) name: String,
    /// The path as typed.
    pub(super) path: String,
    pub(super) format: &'static str,
    pub(super) rows_read: u64,
    pub(super) rows_bad: u64,
    pub(super) bad: Vec<BadRow>,
    pub(super) complete: bool,
    pub(super) content: Content,
}

impl Report {
    pub(super) fn is_clean(&self) -> bool {
        self.complete && self.bad.is_empty()
    }

    fn of<T>(name: &str, report: ImportReport<T>, content: impl FnOnce(Vec<T>) -> Content) -> Self {
        Self {
            name: name.to_owned(),
            path: String::new(),
            format: report.format,
            rows_read: report.rows_read,
            rows_bad: report.rows_bad,
            bad: report.bad,
            complete: report.complete,
            content: content(report.ok),
        }
    }
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// `Io` when it cannot be opened; `Invalid` when its format cannot be told. Faults inside it are in the report.
pub(super) fn read(path: &Path, format: Option<Format>) -> Result<Report> {
    let failed = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut reader: BufReader<Box<dyn Read>> = if path == Path::new("-") {
        BufReader::new(Box::new(io::stdin()))
    } else {
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            let text = format!("{} is a folder: give one of its files", path.display());
            return Err(Error::Invalid(text));
        }
        BufReader::new(Box::new(file))
    };
    let name = path
        .file_name()
        .map_or_else(|| "stdin".into(), |name| name.to_string_lossy());
    let name = if name == "-" { "stdin".into() } else { name };
    let mut head = Vec::new();
    reader
        .by_ref()
        .take(HEADER_BYTES)
        .read_until(b'\n', &mut head)
        .map_err(failed)?;
    let format = match format {
        Some(format) => format,
        None => recognise(path, &head)?,
    };
    let mut whole = head.as_slice().chain(reader);
    let report = match format {
        Format::AssignmentsCsv => Report::of(&name, import::parse_assignments(whole, &name), Content::Assignments),
        Format::AllocationsCsv => Report::of(&name, import::parse_allocations(whole, &name), Content::Rows),
        Format::AllocationsToml => {
            let mut text = String::new();
            whole.read_to_string(&mut text).map_err(failed)?;
            toml(&text, &name)
        }
    };
    Ok(Report {
        path: path.display().to_string(),
        ..report
    })
}

fn recognise(path: &Path, head: &[u8]) -> Result<Format> {
    if path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
    {
        return Ok(Format::AllocationsToml);
    }
    // A header in another encoding still tells by its ASCII names; the reader reports the encoding.
    match import::recognise(&String::from_utf8_lossy(head)) {
        Some(Kind::Assignments) => Ok(Format::AssignmentsCsv),
        Some(Kind::Allocations) => Ok(Format::AllocationsCsv),
        None => Err(Error::Invalid(format!(
            "{}: the first line names no known columns. Give --format pinpu-assignments-csv with the columns \
             id,holder,station,freq_mhz,designator, or --format pinpu-allocations-csv with low_mhz,high_mhz,service,basis; \
             a file in GBK or UTF-16 must be saved as UTF-8 first",
            path.display()
        ))),
    }
}

fn toml(text: &str, name: &str) -> Report {
    let (content, bad) = match table::parse(text, name) {
        Ok(table) => (Content::Table(table), Vec::new()),
        Err(error) => {
            let bad = BadRow {
                file: error.file,
                line: error.line as u64,
                field: error.key,
                value: String::new(),
                reason: Text::new(error.reason.clone(), error.reason),
            };
            (Content::Rows(Vec::new()), vec![bad])
        }
    };
    let rows_bad = bad.len() as u64;
    Report {
        name: name.to_owned(),
        path: String::new(),
        format: "pinpu-allocations-toml",
        rows_read: content.len() as u64 + rows_bad,
        rows_bad,
        complete: bad.is_empty(),
        bad,
        content,
    }
}
