//! Our template as CSV: UTF-8 with a byte order mark (without which Excel takes Chinese for GBK), fields quoted where
//! needed, no line break inside a cell.
//!
//! A text that a spreadsheet would take for a formula gets an apostrophe before it, which the import takes off again.

use std::io::Write;

use super::{
    ExportError,
    sheet::{Cell, Row},
};
use crate::registry::import::{extensions::looks_like_formula, row::LONGEST_EXTENSION};

pub(super) fn write(
    headers: Vec<&'static str>,
    rows: impl Iterator<Item = Row>,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    out.write_all("\u{feff}".as_bytes())?;
    let mut csv = csv::WriterBuilder::new().from_writer(out);
    let failed = |error: csv::Error| ExportError::Io(std::io::Error::other(error));
    csv.write_record(&headers).map_err(failed)?;
    for row in rows {
        if row.extensions.chars().nth(LONGEST_EXTENSION).is_some() {
            let name = &row.name;
            return Err(ExportError::unfit(
                format!("{name}：原始资料过长，CSV 的一个单元格放不下。"),
                format!("{name}: its source rows are longer than a cell of a CSV file may be"),
            ));
        }
        let cells = row.cells.into_iter().map(|cell| match cell {
            Cell::Blank => String::new(),
            Cell::Text(text) if looks_like_formula(&text) => format!("'{text}"),
            Cell::Text(text) | Cell::Number(text) => text,
        });
        csv.write_record(cells.chain([row.extensions])).map_err(failed)?;
    }
    csv.flush()?;
    Ok(())
}
