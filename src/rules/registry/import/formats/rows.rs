//! Streams separated text: rows of cells with their line numbers and their text exactly as it stood.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use super::{
    cells::{Cells, Columns},
    decode::{self, Fallback},
};
pub(super) use crate::registry::import::written::Dialect;
use crate::registry::{
    Text,
    import::{BadRow, ROWS_MAX, too_many_rows, written},
};

/// What ends the reading of a file.
pub(super) type Fault = Box<BadRow>;

/// Longest line: more is not a table.
const LONGEST_LINE: usize = 1 << 20;

/// CSV.
pub(super) const COMMA: Dialect = Dialect {
    separator: b',',
    quoted: true,
};

/// A table being read.
pub(super) struct Rows<'a> {
    rows: written::WrittenRows<Bounded<Box<dyn Read + 'a>>>,
    since: Rc<Cell<usize>>,
    name: &'a str,
    /// Rows given out.
    read: u64,
}

/// Ends the reading when rows do not come out of it.
struct Bounded<R> {
    inner: R,
    /// Bytes since the last row was given out.
    since: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > LONGEST_LINE {
            let problem =
                format!("a row is longer than {LONGEST_LINE} bytes: a closing quote is missing, or it is no table");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        let count = self.inner.read(buffer)?;
        self.since.set(self.since.get() + count);
        Ok(count)
    }
}

/// One row as it stood.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) values: Vec<String>,
    pub(super) raw: String,
    /// A quotation mark on its line is not closed.
    open: bool,
}

impl<'a> Rows<'a> {
    /// Begins to read; the text may be in any encoding that [`decode`] knows.
    pub(super) fn new(reader: impl Read + 'a, name: &'a str, dialect: Dialect) -> io::Result<Self> {
        let (inner, _) = decode::utf8(reader, Fallback::Latin)?;
        let since = Rc::new(Cell::new(0));
        let bounded = Bounded {
            inner,
            since: Rc::clone(&since),
        };
        Ok(Self {
            rows: written::WrittenRows::new(bounded, dialect),
            since,
            name,
            read: 0,
        })
    }

    /// The next row that is not blank.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Fault> {
        loop {
            let row = match self.rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(None),
                Err(error) => return Err(unreadable(self.name, self.rows.line() + 1, &error.to_string())),
            };
            self.since.set(0);
            let cells = written::Cells::of(&row.text, self.rows.dialect());
            let values: Vec<_> = cells.map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect();
            if values.iter().all(String::is_empty) {
                continue;
            }
            self.read += 1;
            if self.read > ROWS_MAX {
                return Err(Box::new(BadRow {
                    file: self.name.to_owned(),
                    line: row.line,
                    field: String::new(),
                    value: String::new(),
                    reason: too_many_rows(),
                }));
            }
            return Ok(Some(Record {
                line: row.line,
                values,
                raw: String::from_utf8_lossy(&row.text).into_owned(),
                open: row.open,
            }));
        }
    }

    /// The next row with the names of its columns.
    pub(super) fn cells<'c>(&mut self, columns: &'c Columns) -> Result<Option<Cells<'c>>, Fault>
    where
        'a: 'c,
    {
        let name: &'c str = self.name;
        let Some(record) = self.next()? else { return Ok(None) };
        let mut cells = Cells::new(columns, name, record.line, record.values, record.raw);
        if record.open {
            cells.not_closed();
        }
        Ok(Some(cells))
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
    fn a_quote_that_is_not_closed_is_reported_and_takes_no_other_row() {
        let columns = Columns::new(["number", "name"]);
        let mut rows = Rows::new(&b"1,\"broken\n2,b\n3,\"c\"\n"[..], "t.csv", COMMA).expect("opens");
        let mut seen = Vec::new();
        while let Some(cells) = rows.cells(&columns).expect("reads") {
            let faults = cells.faults.iter().map(|fault| (fault.line, fault.field.clone()));
            seen.push((cells.peek("number").map(str::to_owned), faults.collect::<Vec<_>>()));
        }
        let fault = vec![(1, "name".to_owned())];
        let expected = [("1", fault), ("2", vec![]), ("3", vec![])];
        assert_eq!(seen, expected.map(|(number, faults)| (Some(number.to_owned()), faults)));
    }

    #[test]
    fn a_line_that_never_ends_ends_the_reading_and_not_the_memory() {
        let text = format!("a,b\n1,\"{}", "x".repeat(4 << 20));
        let mut rows = Rows::new(text.as_bytes(), "t.csv", COMMA).expect("opens");
        assert!(rows.next().is_ok());
        let fault = rows.next().err().expect("refused");
        assert!(fault.reason.en.contains("closing quote"), "{fault:?}");
    }
}
