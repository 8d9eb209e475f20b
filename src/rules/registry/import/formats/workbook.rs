//! Our templates as offices keep them: CSV in any encoding that [`super::decode`] knows, or an Excel workbook, whose
//! first sheet is read as if it had been saved as CSV.
//!
//! A workbook is an archive of XML: it is unpacked once to count its bytes before anything is built from it, and its
//! cells are read one by one, so a cell in the last corner does not make a sheet of seventeen thousand million cells.

use std::io::{self, Cursor, Read};

use calamine::{DataRef, Reader, Xlsx};

use super::{
    decode::{self, Fallback},
    files::Archive,
};

/// Longest workbook, packed.
const PACKED_MAX: u64 = 128 << 20;

/// Longest workbook, unpacked: about five million cells.
const UNPACKED_MAX: u64 = if cfg!(test) { 4 << 20 } else { 512 << 20 };

/// Widest sheet; the templates have under twenty columns.
const COLUMNS_MAX: u32 = 512;

/// The sheet as CSV in UTF-8.
pub(super) fn sheet<'a>(mut reader: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = [0_u8; 4];
    let mut filled = 0;
    while filled < head.len() {
        match reader.read(&mut head[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    let whole = Cursor::new(head[..filled].to_vec()).chain(reader);
    if &head != b"PK\x03\x04" {
        return Ok(decode::utf8(whole, Fallback::Chinese)?.0);
    }
    let mut packed = Vec::new();
    whole.take(PACKED_MAX + 1).read_to_end(&mut packed)?;
    if packed.len() as u64 > PACKED_MAX {
        return Err(refused("the workbook is larger than 128 MB: save it as CSV UTF-8"));
    }
    Ok(Box::new(Cursor::new(csv(&packed)?)))
}

fn refused(problem: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.into())
}

fn csv(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new(Cursor::new(packed), UNPACKED_MAX)?;
    archive.unpack_all()?;
    let broken = |error: calamine::XlsxError| refused(format!("no readable Excel workbook (.xlsx): {error}"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(packed)).map_err(broken)?;
    let names = book.sheet_names();
    let first = names
        .first()
        .ok_or_else(|| refused("the workbook has no sheet"))?
        .clone();
    let mut cells = book.worksheet_cells_reader(&first).map_err(broken)?;
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut row: Vec<String> = Vec::new();
    let mut line = 0_u32;
    // Blank cells at the end of a row are not in the file.
    let mut width = 0;
    while let Some(cell) = cells.next_cell().map_err(broken)? {
        let (at, column) = cell.get_position();
        if column >= COLUMNS_MAX {
            return Err(refused(format!(
                "a cell in column {}: the templates have fewer than 100",
                column + 1
            )));
        }
        // Rows come in ascending order; a file in another order is broken.
        if at < line {
            return Err(refused("the rows of the sheet are not in order"));
        }
        while line < at {
            width = if line == 0 { row.len() } else { width };
            end_row(&mut out, &mut row, width)?;
            line += 1;
        }
        let text = text(cell.get_value());
        row.resize(row.len().max(column as usize + 1), String::new());
        row[column as usize] = text;
    }
    end_row(&mut out, &mut row, width)?;
    out.into_inner().map_err(|error| refused(error.to_string()))
}

/// Writes the row, one line of text: line numbers are row numbers.
fn end_row(out: &mut csv::Writer<Vec<u8>>, row: &mut Vec<String>, width: usize) -> io::Result<()> {
    // A row of blank cells reads as a blank row.
    row.resize(row.len().max(width).max(1), String::new());
    out.write_record(row.iter().map(|cell| cell.replace(['\n', '\r'], " ")))
        .map_err(io::Error::other)?;
    row.clear();
    Ok(())
}

fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(instant) => {
            let (year, month, day, ..) = instant.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => error.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::import::{formats::files::tests::zipped, parse_assignments};

    const TYPES: &str = "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
        <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
        <Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>";
    const RELS: &str = "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
        <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
    const BOOK: &str = "<?xml version=\"1.0\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
        xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"台站\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>";
    const BOOK_RELS: &str = "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
        <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>";

    fn book(rows: &str) -> Vec<u8> {
        let sheet = format!(
            "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
        );
        let files: [(&str, &[u8]); 5] = [
            ("[Content_Types].xml", TYPES.as_bytes()),
            ("_rels/.rels", RELS.as_bytes()),
            ("xl/workbook.xml", BOOK.as_bytes()),
            ("xl/_rels/workbook.xml.rels", BOOK_RELS.as_bytes()),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ];
        zipped(&files).into_inner()
    }

    fn cells(row: u32, values: &[&str]) -> String {
        let cell = |(n, value): (usize, &&str)| {
            let column = char::from(b'A' + n as u8);
            match value.parse::<f64>() {
                Ok(_) => format!("<c r=\"{column}{row}\"><v>{value}</v></c>"),
                Err(_) => format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{value}</t></is></c>"),
            }
        };
        format!(
            "<row r=\"{row}\">{}</row>",
            values.iter().enumerate().map(cell).collect::<String>()
        )
    }

    #[test]
    fn a_workbook_reads_like_its_csv() {
        let rows = cells(
            1,
            &["编号", "设台单位", "台站名称", "频率(MHz)", "必要带宽(kHz)", "备注"],
        ) + &cells(2, &["A-1", "甲单位", "龟山", "97.2", "256"])
            + &cells(4, &["A-2", "乙单位", "龟山", "x", "256"]);
        let bytes = book(&rows);
        let report = parse_assignments(sheet(bytes.as_slice()).expect("reads"), "s.xlsx");
        assert_eq!(report.ok.len(), 1, "{report:#?}");
        assert_eq!(
            (report.ok[0].holder.as_str(), report.ok[0].center_hz.0),
            ("甲单位", 97_200_000)
        );
        assert_eq!(
            (report.bad[0].line, report.bad[0].field.as_str()),
            (4, "freq"),
            "the row's number in the sheet"
        );
    }

    #[test]
    fn hostile_workbooks_are_refused_with_little_memory() {
        let far = book(&format!(
            "{}{}",
            cells(1, &["id"]),
            "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>"
        ));
        assert!(sheet(far.as_slice()).is_err());
        let bomb = zipped(&[("xl/worksheets/sheet1.xml", vec![b' '; 8 << 20].as_slice())]).into_inner();
        assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
        let error = sheet(bomb.as_slice()).err().expect("refused").to_string();
        assert!(error.contains("unpacks to more"), "{error}");
        assert!(sheet(&b"PK\x03\x04garbage"[..]).is_err());
    }

    #[test]
    fn text_in_gb18030_passes_through() {
        let (gb, _, _) =
            encoding_rs::GB18030.encode("编号,设台单位,台站名称,频率(MHz),必要带宽(kHz)\nA,甲,乙,97.2,256\n");
        let report = parse_assignments(sheet(&gb[..]).expect("reads"), "s.csv");
        assert!(report.is_clean() && report.ok[0].holder == "甲", "{report:#?}");
        assert!(sheet(&b""[..]).is_ok());
    }
}
