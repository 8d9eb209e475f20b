//! Rows of separated text as they stand in a file: where each begins and ends, and its cells.
//!
//! A cell that begins with a quotation mark may hold separators, line breaks and doubled quotation marks. One that is not
//! closed would take the rows behind it for its text; here it spoils its own line only: where the quotation mark that would
//! close it stands inside other text, or none comes, the line is a row of its own that says so.

use std::{
    borrow::Cow,
    collections::VecDeque,
    io::{self, BufRead, BufReader, Read},
};

use super::lines::PlainLines;

/// How a table is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) separator: u8,
    /// Whether double quotes hold separators and line breaks.
    pub(crate) quoted: bool,
}

/// A row as it stands in the file, without its line end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Line it begins on, from 1.
    pub(crate) line: u64,
    pub(crate) text: Vec<u8>,
    /// A quotation mark on its line is not closed.
    pub(crate) open: bool,
}

/// Lines, and bytes, that are looked at for the end of a row. Texts of registers have some ten lines.
const LINES_MAX: usize = 1000;
const AHEAD_MAX: usize = 256 * 1024;

/// Bytes read from the file at a time.
const AT_ONCE: usize = 64 * 1024;

/// Gives the rows of a file one by one.
pub(crate) struct WrittenRows<R> {
    lines: BufReader<PlainLines<R>>,
    dialect: Dialect,
    /// Lines that were looked at to find the end of a row before them.
    ahead: VecDeque<Vec<u8>>,
    /// Number of the last line given out.
    line: u64,
}

impl<R: Read> WrittenRows<R> {
    pub(crate) fn new(reader: R, dialect: Dialect) -> Self {
        Self {
            lines: BufReader::with_capacity(AT_ONCE, PlainLines::new(reader)),
            dialect,
            ahead: VecDeque::new(),
            line: 0,
        }
    }

    /// The beginning of the file, as far as it is read at once.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        self.lines.fill_buf()
    }

    /// Passes over bytes at the beginning.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.lines.consume(bytes);
    }

    pub(crate) fn use_separator(&mut self, separator: u8) {
        self.dialect.separator = separator;
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Number of the last line of the last row.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The next row that is not blank.
    pub(crate) fn next(&mut self) -> io::Result<Option<Written>> {
        loop {
            let text = match self.ahead.pop_front() {
                Some(text) => text,
                None => match self.read()? {
                    Some(text) => text,
                    None => return Ok(None),
                },
            };
            self.line += 1;
            if text.is_empty() {
                continue;
            }
            let line = self.line;
            if !self.dialect.quoted || !text.contains(&b'"') {
                let open = false;
                return Ok(Some(Written { line, text, open }));
            }
            return match scan(&text, self.dialect.separator, false) {
                Scan::Closed => Ok(Some(Written {
                    line,
                    text,
                    open: false,
                })),
                Scan::Open { stray: true } => Ok(Some(Written { line, text, open: true })),
                Scan::Open { stray: false } => self.over_lines(text).map(Some),
            };
        }
    }

    /// The row that begins with the line `text`, in which a cell goes on; or that line alone.
    fn over_lines(&mut self, mut text: Vec<u8>) -> io::Result<Written> {
        let line = self.line;
        let mut passed = 0;
        for more in 0..LINES_MAX {
            if passed > AHEAD_MAX {
                break;
            }
            if more == self.ahead.len() {
                match self.read()? {
                    Some(next) => self.ahead.push_back(next),
                    None => break,
                }
            }
            passed += self.ahead[more].len();
            match scan(&self.ahead[more], self.dialect.separator, true) {
                Scan::Open { stray: false } => {}
                Scan::Open { stray: true } => break,
                Scan::Closed => {
                    for next in self.ahead.drain(..=more) {
                        text.push(b'\n');
                        text.extend_from_slice(&next);
                    }
                    self.line += more as u64 + 1;
                    return Ok(Written {
                        line,
                        text,
                        open: false,
                    });
                }
            }
        }
        Ok(Written { line, text, open: true })
    }

    /// The next line of the file, without its end.
    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut text = Vec::new();
        if self.lines.read_until(b'\n', &mut text)? == 0 {
            return Ok(None);
        }
        if text.last() == Some(&b'\n') {
            text.pop();
        }
        Ok(Some(text))
    }
}

/// How a line ends.
#[derive(Debug, PartialEq, Eq)]
enum Scan {
    /// Between cells.
    Closed,
    /// Inside a cell that began with a quotation mark; `stray`: one in the line neither closes a cell nor is doubled.
    Open { stray: bool },
}

/// Follows the quotation marks of a line, which begins inside a cell where `inside` says so.
fn scan(text: &[u8], separator: u8, mut inside: bool) -> Scan {
    let (mut at, mut stray, mut carried) = (0, false, inside);
    loop {
        if !inside {
            if text.get(at) != Some(&b'"') {
                match position(&text[at..], separator) {
                    Some(next) => at += next + 1,
                    None => return Scan::Closed,
                }
                continue;
            }
            at += 1;
        }
        inside = false;
        match closing(text, at, separator) {
            Closing::Cell(next) => (at, carried) = (next, false),
            Closing::Row => return Scan::Closed,
            // It opens a cell of this line: the one above was never closed.
            Closing::Stray(_) if carried => return Scan::Open { stray: true },
            Closing::Stray(next) => (at, stray, inside) = (next, true, true),
            Closing::None => return Scan::Open { stray },
        }
    }
}

/// What the first quotation mark does that is not doubled.
enum Closing {
    /// Closes the cell; the next one begins there.
    Cell(usize),
    /// Closes the last cell.
    Row,
    /// Stands inside other text, which goes on there.
    Stray(usize),
    /// There is none.
    None,
}

fn closing(text: &[u8], mut at: usize, separator: u8) -> Closing {
    loop {
        let Some(found) = text.get(at..).and_then(|rest| position(rest, b'"')) else {
            return Closing::None;
        };
        at += found + 1;
        if text.get(at) == Some(&b'"') {
            at += 1;
            continue;
        }
        let blanks = text[at..].iter().take_while(|&&byte| byte == b' ' && byte != separator);
        return match text.get(at + blanks.count()) {
            None => Closing::Row,
            Some(&byte) if byte == separator => Closing::Cell(at + position(&text[at..], separator).unwrap_or(0) + 1),
            Some(_) => Closing::Stray(at),
        };
    }
}

fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|&byte| byte == wanted)
}

/// The cells of a row. A quotation mark inside other text stands for itself.
pub(crate) struct Cells<'a> {
    text: Option<&'a [u8]>,
    dialect: Dialect,
}

impl<'a> Cells<'a> {
    pub(crate) fn of(text: &'a [u8], dialect: Dialect) -> Self {
        Self {
            text: Some(text),
            dialect,
        }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.text?;
        let separator = self.dialect.separator;
        if !self.dialect.quoted || text.first() != Some(&b'"') {
            let end = position(text, separator);
            self.text = end.map(|end| &text[end + 1..]);
            return Some(Cow::Borrowed(&text[..end.unwrap_or(text.len())]));
        }
        let mut at = 1;
        loop {
            match closing(text, at, separator) {
                Closing::Stray(next) => at = next,
                Closing::Cell(next) => {
                    self.text = Some(&text[next..]);
                    let end = text[..next - 1].iter().rposition(|&byte| byte == b'"');
                    return Some(unquoted(&text[1..end.unwrap_or(next - 1).max(1)]));
                }
                Closing::Row => {
                    self.text = None;
                    let end = text.iter().rposition(|&byte| byte == b'"');
                    return Some(unquoted(&text[1..end.unwrap_or(text.len()).max(1)]));
                }
                Closing::None => {
                    self.text = None;
                    return Some(unquoted(&text[1..]));
                }
            }
        }
    }
}

/// Doubled quotation marks as single ones.
fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = position(text, b'"') else {
        return Cow::Borrowed(text);
    };
    let mut plain = text[..first].to_vec();
    let mut rest = &text[first..];
    while let [byte, next @ ..] = rest {
        plain.push(*byte);
        rest = match next {
            [b'"', next @ ..] if *byte == b'"' => next,
            next => next,
        };
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Dialect = Dialect {
        separator: b',',
        quoted: true,
    };

    fn rows(text: &str) -> Vec<(u64, bool, Vec<String>)> {
        let mut rows = WrittenRows::new(text.as_bytes(), COMMA);
        let mut read = Vec::new();
        while let Some(row) = rows.next().expect("reads") {
            let cells = Cells::of(&row.text, COMMA).map(|cell| String::from_utf8_lossy(&cell).into_owned());
            read.push((row.line, row.open, cells.collect()));
        }
        read
    }

    fn row(line: u64, open: bool, cells: &[&str]) -> (u64, bool, Vec<String>) {
        (line, open, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn cells_are_what_their_quotation_marks_say() {
        for (text, cells) in [
            ("a,b,", &["a", "b", ""][..]),
            (",", &["", ""]),
            ("\"\"", &[""]),
            ("\"a,b\",c", &["a,b", "c"]),
            ("\"a\"\"b\"\"\",\"\"\"\"", &["a\"b\"", "\""]),
            ("a\"b,c\"", &["a\"b", "c\""]),
            ("\"Chez \"Bob\" inc.\",x", &["Chez \"Bob\" inc.", "x"]),
            ("\"a\"  ,b", &["a", "b"]),
            ("\"a\"  ", &["a"]),
            (" \"a\",b", &[" \"a\"", "b"]),
            ("\"\",\"\",x", &["", "", "x"]),
        ] {
            assert_eq!(rows(text), [row(1, false, cells)], "{text}");
        }
    }

    #[test]
    fn a_cell_may_go_over_lines_and_lines_are_counted() {
        let text = "a,\"x\r\n\r\ny, \"\"z\"\"\"\r\n\r\nb,c\n\"\n\"\n";
        let expected = [
            row(1, false, &["a", "x\n\ny, \"z\""]),
            row(5, false, &["b", "c"]),
            row(6, false, &["\n"]),
        ];
        assert_eq!(rows(text), expected);
    }

    #[test]
    fn a_cell_that_is_not_closed_spoils_its_own_line_only() {
        for (text, lines) in [
            (
                "1,\"broken\n2,b\n3,\"fine\"\n4,d\n",
                &[(1, true), (2, false), (3, false), (4, false)][..],
            ),
            ("1,\"broken\n2,b\n", &[(1, true), (2, false)]),
            ("1,\"broken\n\"2\",\"b\"\n", &[(1, true), (2, false)]),
            ("1,\"bro\"ken\n2,b\n", &[(1, true), (2, false)]),
            ("1,\"broken\n2,\"broken too\n3,c\n", &[(1, true), (2, true), (3, false)]),
        ] {
            let read: Vec<_> = rows(text).iter().map(|(line, open, _)| (*line, *open)).collect();
            assert_eq!(read, lines, "{text}");
        }
        let long = format!("1,\"broken\n{}", "2,b\n".repeat(3 * LINES_MAX));
        assert_eq!(rows(&long).len(), 3 * LINES_MAX + 1);
    }

    #[test]
    fn without_quotation_every_mark_is_text() {
        let dialect = Dialect {
            separator: b'|',
            quoted: false,
        };
        let mut rows = WrittenRows::new(&b"\"a|b\"\n\"c\n"[..], dialect);
        let first = rows.next().expect("reads").expect("a row");
        let cells: Vec<_> = Cells::of(&first.text, dialect).collect();
        assert_eq!(cells, [&b"\"a"[..], b"b\""]);
        assert!(!first.open && rows.next().expect("reads").is_some());
    }
}
