//! National allocation tables as TOML files: `config/allocations/*.toml`.
//!
//! Every fault names the file, the line and the key, and says what to write. Rows may overlap: a band usually has
//! several services.

use std::{collections::HashMap, ops::Range};

use serde::Deserialize;
use toml::Spanned;

use super::{Allocation, AllocationTable, Confidence, Exemption, ServiceStatus, Text, Unlisted, service};
use crate::units::{Band, Hertz};

/// The seed of the national table of China that is compiled in.
pub const CN_TOML: &str = include_str!("../../../../config/allocations/cn.toml");

/// The only file format there is so far.
const FORMAT: u32 = 1;

/// A fault in a table file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {key}{separator}{reason}", separator = if key.is_empty() { "" } else { ": " })]
pub struct TableError {
    /// Name of the file, as given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Key within the row; empty where the file is no valid TOML.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub reason: String,
}

/// The seed of the national table of China.
///
/// # Errors
/// None in a build that passes its tests.
pub fn builtin_cn() -> Result<AllocationTable, TableError> {
    parse(CN_TOML, "config/allocations/cn.toml")
}

/// Reads a table from the text of the TOML file `file`.
///
/// # Errors
/// The first fault, with file, line and key.
pub fn parse(text: &str, file: &str) -> Result<AllocationTable, TableError> {
    let source = Source { text, file };
    let raw: RawTable = toml::from_str(text).map_err(|error| TableError {
        file: file.to_owned(),
        line: source.line(&error.span().unwrap_or(0..0)),
        key: String::new(),
        reason: error.message().to_owned(),
    })?;
    if *raw.format.get_ref() != FORMAT {
        let reason = format!(
            "this version reads format {FORMAT}, the file has {}",
            raw.format.get_ref()
        );
        return Err(source.fault(&raw.format.span(), "format", reason));
    }
    let effective = &raw.effective_from;
    if effective.get_ref().parse::<jiff::civil::Date>().is_err() {
        let reason = format!("'{}' is no date: write 2023-07-01", effective.get_ref());
        return Err(source.fault(&effective.span(), "effective_from", reason));
    }
    let mut rows = Vec::with_capacity(raw.row.len());
    let mut lines: HashMap<String, usize> = HashMap::new();
    for row in raw.row {
        let (line, span) = (source.line(&row.id.span()), row.id.span());
        if let Some(first) = lines.insert(row.id.get_ref().clone(), line) {
            let reason = format!(
                "'{}' is already the key of the row at line {first}: keys are unique",
                row.id.get_ref()
            );
            return Err(source.fault(&span, "id", reason));
        }
        rows.push(source.row(row)?);
    }
    Ok(AllocationTable {
        id: raw.id,
        jurisdiction: raw.jurisdiction,
        edition: raw.edition,
        effective_from: raw.effective_from.into_inner(),
        title: raw.title,
        notice: raw.notice,
        complete: raw.complete,
        rows,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    format: Spanned<u32>,
    id: String,
    jurisdiction: String,
    edition: String,
    effective_from: Spanned<String>,
    title: Text,
    #[serde(default)]
    notice: Text,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    row: Vec<RawRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    id: Spanned<String>,
    low: Spanned<String>,
    high: Spanned<String>,
    paired: Option<[Spanned<String>; 2]>,
    service: Spanned<String>,
    name: Text,
    #[serde(default = "unstated")]
    status: ServiceStatus,
    user: Option<String>,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    unlisted: Vec<Unlisted>,
    exemption: Option<RawExemption>,
    basis: Spanned<String>,
    confidence: Confidence,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExemption {
    max_bandwidth: Option<Spanned<String>>,
    max_eirp_dbm: Option<f64>,
    conditions: Text,
}

fn unstated() -> ServiceStatus {
    ServiceStatus::Unstated
}

/// The text being read, to turn byte positions into lines.
pub(in crate::registry) struct Source<'a> {
    pub(in crate::registry) text: &'a str,
    pub(in crate::registry) file: &'a str,
}

impl Source<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        before.iter().filter(|&&byte| byte == b'\n').count() + 1
    }

    pub(in crate::registry) fn fault(&self, span: &Range<usize>, key: &str, reason: String) -> TableError {
        TableError {
            file: self.file.to_owned(),
            line: self.line(span),
            key: key.to_owned(),
            reason,
        }
    }

    fn row(&self, raw: RawRow) -> Result<Allocation, TableError> {
        let band = self.band(&raw.low, &raw.high, ["low", "high"])?;
        let paired = match &raw.paired {
            Some([low, high]) => Some(self.band(low, high, ["paired", "paired"])?),
            None => None,
        };
        let service = service::parse(raw.service.get_ref())
            .map_err(|error| self.fault(&raw.service.span(), "service", error.to_string()))?;
        if raw.basis.get_ref().trim().is_empty() {
            let reason = "empty: name where the row was read, such as a document with its section".to_owned();
            return Err(self.fault(&raw.basis.span(), "basis", reason));
        }
        let exemption = match raw.exemption {
            Some(exemption) => Some(Exemption {
                max_bandwidth_hz: match &exemption.max_bandwidth {
                    Some(width) => Some(self.frequency(width, "exemption.max_bandwidth")?.0),
                    None => None,
                },
                max_eirp_dbm: exemption.max_eirp_dbm,
                conditions: exemption.conditions,
            }),
            None => None,
        };
        Ok(Allocation {
            id: raw.id.into_inner(),
            band,
            paired,
            service,
            name: raw.name,
            status: raw.status,
            user: raw.user,
            protected: raw.protected,
            exemption,
            unlisted: raw.unlisted,
            basis: raw.basis.into_inner(),
            confidence: raw.confidence,
            note: raw.note,
            footnotes: Vec::new(),
            band_footnotes: Vec::new(),
            qualifiers: Vec::new(),
            part: None,
        })
    }

    pub(in crate::registry) fn band(
        &self,
        low: &Spanned<String>,
        high: &Spanned<String>,
        keys: [&str; 2],
    ) -> Result<Band, TableError> {
        let (from, to) = (self.frequency(low, keys[0])?, self.frequency(high, keys[1])?);
        Band::new(from, to).filter(|band| band.width().0 > 0).ok_or_else(|| {
            let reason = format!("the upper edge {to} is not above the lower edge {from}: exchange them");
            self.fault(&high.span(), keys[1], reason)
        })
    }

    pub(in crate::registry) fn frequency(&self, text: &Spanned<String>, key: &str) -> Result<Hertz, TableError> {
        match text.get_ref().parse::<Hertz>() {
            Ok(hz) if hz.0 > 0 => Ok(hz),
            Ok(hz) => Err(self.fault(&text.span(), key, format!("{hz} is not above zero"))),
            Err(error) => Err(self.fault(&text.span(), key, error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
