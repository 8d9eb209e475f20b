//! Registers of other offices, in the formats they publish them in.
//!
//! Every reader streams, reports each bad row with file, line, field and reason, keeps the row as it stood and what it
//! says beyond the model as extensions. `docs/registry.md` has what is kept of each format and what is not.

mod bookmarks;
mod cells;
mod collect;
pub(super) mod decode;
mod eibi;
mod eibi_sites;
mod fcc_tv;
pub mod files;
mod ibfs;
mod national;
pub(crate) mod numbers;
mod ourairports;
mod recognise;
mod rows;
mod rtl_power;
pub mod sfaf;
pub(crate) mod ssrf;
mod ssrf_lite;
mod tables;
mod uls;
mod workbook;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod testing;

use std::io::{self, Read};

use self::files::Files;
use super::{BadRow, ImportReport, parse_allocations, parse_assignments, parse_assignments_to};
use crate::registry::{Allocation, AllocationTable, Assignment, Text};

pub use recognise::{HEAD_BYTES, recognise};

/// Formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Format {
    /// Assignments in our template: CSV in UTF-8, UTF-16 or GB18030, or an Excel workbook
    #[value(name = "pinpu-assignments-csv", alias = "pinpu-assignments")]
    Assignments,
    /// Rows of an allocation table in our template: CSV or an Excel workbook
    #[value(name = "pinpu-allocations-csv", alias = "pinpu-allocations")]
    Allocations,
    /// A whole allocation table as TOML
    #[value(name = "pinpu-allocations-toml")]
    AllocationsToml,
    /// FCC ULS: folder or zip of .dat tables
    #[value(name = "fcc-uls")]
    FccUls,
    /// FCC TV stations: parameters.csv of TVStudy, post-auction parameters
    #[value(name = "fcc-tv")]
    FccTv,
    /// FCC IBFS: grandfathered earth stations
    #[value(name = "fcc-ibfs")]
    FccIbfs,
    /// Ofcom Wireless Telegraphy Register, CSV
    #[value(name = "ofcom-wtr")]
    OfcomWtr,
    /// ACMA Register of Radiocommunications Licences: folder or zip of CSVs
    #[value(name = "acma-rrl")]
    AcmaRrl,
    /// ISED Technical and Administrative Frequency List, CSV without header
    #[value(name = "ised-tafl")]
    IsedTafl,
    /// OurAirports navaids.csv
    #[value(name = "ourairports-navaids")]
    Navaids,
    /// OurAirports airport-frequencies.csv, with airports.csv beside it
    #[value(name = "ourairports-frequencies")]
    AirportFrequencies,
    /// EiBi HF schedule, with eibireadme.txt beside it
    #[value(name = "eibi")]
    Eibi,
    /// Allocation table of EFIS or earth-frequencies, with its metadata beside it
    #[value(name = "efis")]
    Efis,
    /// SFAF, MCEB Pub 7
    #[value(name = "sfaf")]
    Sfaf,
    /// SSRF 3.1, MC4EB Pub 8, XML
    #[value(name = "ssrf")]
    Ssrf,
    /// ssrf-lite 0.5, YAML
    #[value(name = "ssrf-lite")]
    SsrfLite,
    /// Bookmarks of SDR#, XML
    #[value(name = "sdrsharp")]
    SdrSharp,
    /// Bookmarks of gqrx, CSV
    #[value(name = "gqrx")]
    Gqrx,
    /// Sweeps of rtl_power, hackrf_sweep or soapy_power, CSV: the bands that are listened to
    #[value(name = "rtl-power")]
    RtlPower,
}

/// What a register holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Stations and their frequencies.
    Assignments(Vec<Assignment>),
    /// Rows without a table of their own.
    Rows(Vec<Allocation>),
    /// A whole allocation table.
    Table(Box<AllocationTable>),
}

/// A register as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Format, as the command line writes it.
    pub format: &'static str,
    /// Rows of all files that were read.
    pub rows_read: u64,
    /// Rows with at least one fault.
    pub rows_bad: u64,
    /// Every fault, in file order.
    pub bad: Vec<BadRow>,
    /// Whether everything was read.
    pub complete: bool,
    /// The good records.
    pub content: Content,
}

impl Imported {
    fn of<T>(report: ImportReport<T>, content: impl FnOnce(Vec<T>) -> Content) -> Self {
        Self {
            format: report.format,
            rows_read: report.rows_read,
            rows_bad: report.rows_bad,
            bad: report.bad,
            complete: report.complete,
            content: content(report.ok),
        }
    }
}

/// Reads a register. `name` is the file to read, or that of the folder or archive for formats of several files.
///
/// # Errors
/// The file cannot be opened, or the format does not fit what was given. Faults inside it are in the result.
pub fn read(format: Format, files: &mut dyn Files, name: &str) -> io::Result<Imported> {
    let assignments = |report| Imported::of(report, Content::Assignments);
    Ok(match format {
        Format::FccUls => assignments(uls::read(files)),
        Format::AcmaRrl => assignments(national::rrl(files)),
        Format::AirportFrequencies => {
            let airports = whole(files.companion("airports.csv")?)?;
            assignments(ourairports::frequencies(one(files, name)?, airports.as_deref(), name))
        }
        Format::Eibi => {
            let readme = whole(files.companion("eibireadme.txt")?)?;
            assignments(eibi::read(one(files, name)?, readme.as_deref(), name))
        }
        Format::Efis => {
            let metadata = name.replace("allocations", "metadata");
            let metadata = if metadata == name {
                None
            } else {
                whole(files.companion(&metadata)?)?
            };
            let read = tables::read(one(files, name)?, metadata.as_deref(), name);
            Imported::of(read.report, |_| Content::Table(Box::new(read.table)))
        }
        Format::AllocationsToml => toml(one(files, name)?, name)?,
        Format::Allocations => {
            let rows = workbook::sheet(one(files, name)?)?;
            Imported::of(parse_allocations(rows, name), Content::Rows)
        }
        Format::Assignments => assignments(parse_assignments(workbook::sheet(one(files, name)?)?, name)),
        Format::FccTv => assignments(fcc_tv::read(one(files, name)?, name)),
        Format::FccIbfs => assignments(ibfs::read(one(files, name)?, name)),
        Format::OfcomWtr => assignments(national::wtr(one(files, name)?, name)),
        Format::IsedTafl => assignments(national::tafl(one(files, name)?, name)),
        Format::Navaids => assignments(ourairports::navaids(one(files, name)?, name)),
        Format::Sfaf => assignments(sfaf::read(one(files, name)?, name)),
        Format::Ssrf => assignments(ssrf::read(one(files, name)?, name)),
        Format::SsrfLite => assignments(ssrf_lite::read(one(files, name)?, name)),
        Format::SdrSharp => assignments(bookmarks::sdr_sharp(one(files, name)?, name)),
        Format::Gqrx => assignments(bookmarks::gqrx(one(files, name)?, name)),
        Format::RtlPower => assignments(rtl_power::read(one(files, name)?, name)),
    })
}

/// Reads assignments in our template, handing them on as they are read ([`parse_assignments_to`]).
///
/// # Errors
/// The file cannot be opened. Faults inside it are in the result.
pub fn read_to(
    files: &mut dyn Files,
    name: &str,
    take: &mut dyn FnMut(Vec<Assignment>) -> bool,
) -> io::Result<Imported> {
    let report = parse_assignments_to(workbook::sheet(one(files, name)?)?, name, take);
    Ok(Imported::of(report, Content::Assignments))
}

/// The file itself, or the only one of an archive.
fn one<'a>(files: &'a mut dyn Files, name: &str) -> io::Result<Box<dyn Read + 'a>> {
    let names = files.names();
    let found = match names.as_slice() {
        _ if names.iter().any(|known| known == name) => name.to_owned(),
        [only] => only.clone(),
        _ => {
            let problem = format!(
                "{name} holds {} files and the format has one: give the file itself",
                names.len()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
    };
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("{found} is not there"));
    files.open(&found)?.ok_or_else(missing)
}

/// Longest companion file: the list of the world's airports has 12 MB.
const COMPANION_MAX: u64 = 256 << 20;

fn whole(reader: Option<Box<dyn Read + '_>>) -> io::Result<Option<Vec<u8>>> {
    let Some(reader) = reader else { return Ok(None) };
    let mut bytes = Vec::new();
    reader.take(COMPANION_MAX).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Longest table file.
const TOML_MAX: u64 = 64 << 20;

fn toml(reader: Box<dyn Read + '_>, name: &str) -> io::Result<Imported> {
    let mut text = String::new();
    reader.take(TOML_MAX).read_to_string(&mut text)?;
    let (content, bad) = match crate::registry::table::parse(&text, name) {
        Ok(table) => (Content::Table(Box::new(table)), Vec::new()),
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
    let rows = match &content {
        Content::Table(table) => table.rows.len() as u64,
        Content::Assignments(_) | Content::Rows(_) => 0,
    };
    Ok(Imported {
        format: "pinpu-allocations-toml",
        rows_read: rows + rows_bad,
        rows_bad,
        complete: bad.is_empty(),
        bad,
        content,
    })
}
