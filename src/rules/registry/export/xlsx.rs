//! Our template as an Excel workbook of one sheet: texts are texts and numbers are numbers, never formulas.
//!
//! A cell holds 32 767 characters; a longer column `extensions` continues in `extensions_2` and so on.

use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, XlsxError};

use super::{
    ExportError, Options,
    sheet::{Cell, Row},
};
use crate::registry::import::extensions;

/// Characters of a cell, with room for what counts double.
const CELL_MAX: usize = 16_000;

/// Rows of a sheet, its header among them.
const ROWS_MAX: u32 = 1_048_576;

pub(super) fn write(
    mut headers: Vec<&'static str>,
    rows: impl Iterator<Item = Row>,
    options: &Options,
    out: &mut dyn Write,
) -> Result<(), ExportError> {
    let failed = |error: XlsxError| ExportError::Io(std::io::Error::other(error));
    let mut book = Workbook::new();
    let created = ExcelDateTime::from_timestamp(options.written_at.as_second()).map_err(failed)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let sheet = book.add_worksheet();
    let first = headers.len() - 1;
    let mut parts_max = 1;
    for (row, line) in rows.zip(1_u32..) {
        if line >= ROWS_MAX {
            return Err(ExportError::unfit(
                "超过 Excel 工作表的 1 048 576 行：请导出为 CSV。",
                "more rows than the 1 048 576 of a workbook's sheet: export csv",
            ));
        }
        for (cell, column) in row.cells.iter().zip(0_u16..) {
            match cell {
                Cell::Blank => continue,
                Cell::Text(text) if text.starts_with('\'') && extensions::looks_like_formula(text) => {
                    sheet.write_string(line, column, format!("'{text}"))
                }
                Cell::Text(text) => sheet.write_string(line, column, text),
                Cell::Number(text) => match text.parse::<f64>() {
                    Ok(number) => sheet.write_number(line, column, number),
                    Err(_) => sheet.write_string(line, column, text),
                },
            }
            .map_err(failed)?;
        }
        let parts = parts(&row.extensions);
        if parts.len() > extensions::COLUMNS.len() {
            let name = row.name;
            return Err(ExportError::unfit(
                format!("{name}：原始资料过长，工作簿的单元格放不下，请导出为 CSV。"),
                format!("{name}: its source rows are longer than the cells of a workbook: export csv"),
            ));
        }
        parts_max = parts_max.max(parts.len());
        for (part, column) in parts.into_iter().zip(first as u16..) {
            sheet.write_string(line, column, part).map_err(failed)?;
        }
    }
    headers.extend(extensions::COLUMNS.iter().take(parts_max).skip(1));
    let bold = Format::new().set_bold();
    for (header, column) in headers.into_iter().zip(0_u16..) {
        sheet
            .write_string_with_format(0, column, header, &bold)
            .map_err(failed)?;
    }
    sheet.set_freeze_panes(1, 1).map_err(failed)?;
    out.write_all(&book.save_to_buffer().map_err(failed)?)?;
    Ok(())
}

/// The text in pieces that fit a cell.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.char_indices().nth(CELL_MAX).map_or(rest.len(), |(at, _)| at);
        let (part, left) = rest.split_at(end);
        parts.push(part);
        rest = left;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fit_and_join_again() {
        let text = format!("{{\"a\":\"{}频率{}\"}}", "x ".repeat(30_000), "频".repeat(9_000));
        let pieces = parts(&text);
        assert_eq!(pieces.len(), 5);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|piece| piece.chars().count() <= CELL_MAX));
    }
}
