//! The registry as files for others: our template (CSV, Excel), maps (GeoJSON, KML), and the formats of frequency
//! management (SFAF, SSRF).
//!
//! Writers stream to whatever they are given and read no clock: the instant of writing is among the [`Options`]. Which
//! records may leave is decided by [`super::disclosure`] before they come here.

mod csv;
mod geojson;
mod kml;
mod sfaf;
mod shape;
mod sheet;
mod ssrf;
mod xlsx;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use jiff::Timestamp;

use super::{Allocation, Assignment, Text};

pub use sfaf::write as sfaf_text;
pub use ssrf::{Attached, InterferenceReport};

/// Extension that formats with remarks write as a note.
pub const NOTE: &str = "note";
/// Extension for the conditions of an authorisation.
pub const CONDITIONS: &str = "conditions";
/// What the names of extensions begin with that are items of SFAF.
const ITEM: &str = "SFAF.";
/// Extension that describes what the frequency is required for: the SFAF item of that name.
pub const REQUIREMENT: &str = "SFAF.502/01";

/// Formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Our template as CSV in UTF-8; imported again it gives the same records
    Csv,
    /// Our template as an Excel workbook; imported again it gives the same records
    Xlsx,
    /// GeoJSON (RFC 7946): points, polygons and rectangles, the radius of a circle as a property
    #[value(name = "geojson")]
    GeoJson,
    /// KML 2.2: folders by service, circles as polygons
    Kml,
    /// SFAF (MCEB Pub 7); records that came from SFAF as they were
    Sfaf,
    /// SSRF 3.1 (MC4EB Pub 8), XML that its schema accepts
    Ssrf,
}

impl Format {
    /// Media type of the file.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::GeoJson => "application/geo+json",
            Self::Kml => "application/vnd.google-earth.kml+xml",
            Self::Sfaf => "text/plain; charset=utf-8",
            Self::Ssrf => "application/xml",
        }
    }

    /// Extension of the file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::GeoJson => "geojson",
            Self::Kml => "kml",
            Self::Sfaf => "sfaf",
            Self::Ssrf => "xml",
        }
    }

    /// Whether allocations, which have no place and no station, can be written.
    #[must_use]
    pub fn holds_allocations(self) -> bool {
        matches!(self, Self::Csv | Self::Xlsx)
    }
}

/// Language of headers and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    English,
}

/// What folders of a KML file stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Folders {
    /// One for each radio service
    #[default]
    Service,
    /// One for each holder
    Holder,
}

/// How to write.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Language of headers and labels; the template is read in both.
    pub language: Language,
    /// Folders of KML.
    pub folders: Folders,
    /// When it is written: SSRF and workbooks say so.
    pub written_at: Timestamp,
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Writing failed.
    #[error("writing failed: {0}")]
    Io(#[from] io::Error),
    /// The format cannot hold it.
    #[error("{}", .0.en)]
    Unfit(Text),
}

impl ExportError {
    fn unfit(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Unfit(Text::new(zh, en))
    }
}

/// Writes assignments.
///
/// # Errors
/// Writing failed, or a record does not fit the format; the message names it.
pub fn assignments(
    format: Format,
    records: &[&Assignment],
    options: &Options,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    match format {
        Format::Csv => csv::write(
            sheet::headers(sheet::ASSIGNMENTS, options.language),
            records.iter().map(|record| sheet::assignment(record, options.language)),
            out,
        ),
        Format::Xlsx => xlsx::write(
            sheet::headers(sheet::ASSIGNMENTS, options.language),
            records.iter().map(|record| sheet::assignment(record, options.language)),
            options,
            out,
        ),
        Format::GeoJson => geojson::write(records, out),
        Format::Kml => kml::write(records, options, out),
        Format::Sfaf => records.iter().try_for_each(|record| {
            out.write_all(sfaf::record(record).to_string().as_bytes())?;
            Ok(())
        }),
        Format::Ssrf => ssrf::write(records, options, out),
    }
}

/// Writes an interference report as SSRF 3.1 (`IntfReport`).
///
/// # Errors
/// Writing failed.
pub fn interference(
    report: &InterferenceReport<'_>,
    written_at: Timestamp,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    ssrf::write_interference(report, written_at, out)
}

/// Writes rows of allocation tables.
///
/// # Errors
/// Writing failed, or the format has no place for allocations.
pub fn allocations(
    format: Format,
    rows: &[&Allocation],
    options: &Options,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let headers = sheet::headers(sheet::ALLOCATIONS, options.language);
    let cells = rows.iter().map(|row| sheet::allocation(row, options.language));
    match format {
        Format::Csv => csv::write(headers, cells, out),
        Format::Xlsx => xlsx::write(headers, cells, options, out),
        Format::GeoJson | Format::Kml | Format::Sfaf | Format::Ssrf => Err(ExportError::unfit(
            "频率划分只能导出为 CSV 或 Excel：其他格式只记录台站。",
            "allocations are written as csv or xlsx: the other formats hold stations",
        )),
    }
}
