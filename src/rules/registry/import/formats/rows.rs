//! Streams separated text: rows of cells with their line numbers and their text exactly as it stood.

use std::{
    cell::RefCell,
    io::{self, Read},
    rc::Rc,
};

use super::{
    cells::{Cells, Columns},
    decode::{self, Fallback},
};
use crate::registry::{
    Text,
    import::{BadRow, ROWS_MAX, lines::PlainLines, too_many_rows},
};

/// What ends the reading of a file.
pub(super) type Fault = Box<BadRow>;

/// Longest row: more is a missing quote or not a table.
const LONGEST_ROW: usize = 1 << 20;

/// How a table is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) separator: u8,
    /// Whether double quotes hold separators and line breaks.
    pub(super) quoted: bool,
}

/// CSV.
pub(super) const COMMA: Dialect = Dialect {
    separator: b',',
    quoted: true,
};

/// A table being read.
pub(super) struct Rows<'a> {
    csv: csv::Reader<Recorded<PlainLines<Box<dyn Read + 'a>>>>,
    text: Rc<RefCell<Recording>>,
    name: &'a str,
    record: csv::ByteRecord,
    start: u64,
    /// Rows given out.
    rows: u64,
}

/// What was read and not yet given out as rows.
#[derive(Default)]
struct Recording {
    bytes: Vec<u8>,
    /// Position of the first of them in the file.
    from: u64,
}

struct Recorded<R> {
    inner: R,
    text: Rc<RefCell<Recording>>,
}

impl<R: Read> Read for Recorded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let mut text = self.text.borrow_mut();
        if text.bytes.len() > LONGEST_ROW {
            let problem = format!("a row is longer than {LONGEST_ROW} bytes: a closing quote is missing");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        text.bytes.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

/// One row as it stood.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) values: Vec<String>,
    pub(super) raw: String,
}

impl<'a> Rows<'a> {
    /// Begins to read; the text may be in any encoding that [`decode`] knows.
    pub(super) fn new(reader: impl Read + 'a, name: &'a str, dialect: Dialect) -> io::Result<Self> {
        let (reader, _) = decode::utf8(reader, Fallback::Latin)?;
        let text = Rc::new(RefCell::new(Recording::default()));
        let recorded = Recorded {
            inner: PlainLines::new(reader),
            text: Rc::clone(&text),
        };
        let csv = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .delimiter(dialect.separator)
            .quoting(dialect.quoted)
            .from_reader(recorded);
        Ok(Self {
            csv,
            text,
            name,
            record: csv::ByteRecord::new(),
            start: 0,
            rows: 0,
        })
    }

    /// The next row that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Fault> {
        loop {
            match self.csv.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => return Err(unreadable(self.name, self.csv.position().line(), &error.to_string())),
            }
            let end = self.csv.position().byte();
            let raw = self.text(end);
            // Blank lines before the row were read with it.
            let raw = raw.trim_start_matches('\n').trim_end_matches('\n');
            let inner = raw.bytes().filter(|&byte| byte == b'\n').count() as u64;
            if self.record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            self.rows += 1;
            if self.rows > ROWS_MAX {
                return Err(Box::new(BadRow {
                    file: self.name.to_owned(),
                    line: self.csv.position().line(),
                    field: String::new(),
                    value: String::new(),
                    reason: too_many_rows(),
                }));
            }
            let values = self
                .record
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).into_owned());
            return Ok(Some(Record {
                line: (self.csv.position().line().saturating_sub(1)).saturating_sub(inner),
                values: values.collect(),
                raw: raw.to_owned(),
            }));
        }
    }

    /// The text from the end of the previous row to `end`.
    fn text(&mut self, end: u64) -> String {
        let mut recording = self.text.borrow_mut();
        let skip = usize::try_from(self.start - recording.from)
            .unwrap_or(usize::MAX)
            .min(recording.bytes.len());
        let stop = usize::try_from(end - recording.from)
            .unwrap_or(usize::MAX)
            .min(recording.bytes.len());
        let text = String::from_utf8_lossy(&recording.bytes[skip..stop.max(skip)]).into_owned();
        self.start = end;
        // Moving what is left for every row would cost more than the reading; once it is most of the buffer it does not.
        if stop > 64 * 1024 {
            recording.bytes.drain(..stop);
            recording.from = end;
        }
        text
    }

    /// The next row with the names of its columns.
    pub(super) fn cells<'c>(&mut self, columns: &'c Columns) -> Result<Option<Cells<'c>>, Fault>
    where
        'a: 'c,
    {
        let name: &'c str = self.name;
        let record = self.next()?;
        Ok(record.map(|record| Cells::new(columns, name, record.line, record.values, record.raw)))
    }
}

/// A fault of the file and not of a cell.
pub(super) fn unreadable(file: &str, line: u64, error: &str) -> Fault {
    Box::new(BadRow {
        file: file.to_owned(),
        line,
        field: String::new(),
        value: String::new(),
        reason: Text::new(format!("读取失败：{error}"), format!("reading failed: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_with_their_line_and_their_text() {
        let text = "a,b\r\n\r\n1,\"x\r\ny\"\r\n2,z\r\n";
        let mut rows = Rows::new(text.as_bytes(), "t.csv", COMMA).expect("opens");
        let mut seen = Vec::new();
        while let Some(row) = rows.next().expect("reads") {
            seen.push((row.line, row.raw, row.values.len()));
        }
        let expected = [(1, "a,b"), (3, "1,\"x\ny\""), (5, "2,z")];
        assert_eq!(seen, expected.map(|(line, raw)| (line, raw.to_owned(), 2)));
    }

    #[test]
    fn many_rows_keep_their_text_when_the_buffer_moves_on() {
        let text: String = (0..20_000).map(|n| format!("{n},value {n}\n")).collect();
        let mut rows = Rows::new(text.as_bytes(), "t.csv", COMMA).expect("opens");
        let mut n = 0;
        while let Some(row) = rows.next().expect("reads") {
            assert_eq!((row.line, row.raw), (n + 1, format!("{n},value {n}")));
            n += 1;
        }
        assert_eq!(n, 20_000);
    }

    #[test]
    fn a_quote_that_never_closes_ends_the_reading_and_not_the_memory() {
        let text = format!("a,b\n1,\"{}", "x".repeat(4 << 20));
        let mut rows = Rows::new(text.as_bytes(), "t.csv", COMMA).expect("opens");
        assert!(rows.next().is_ok());
        let fault = rows.next().err().expect("refused");
        assert!(fault.reason.en.contains("closing quote"), "{fault:?}");
    }
}
