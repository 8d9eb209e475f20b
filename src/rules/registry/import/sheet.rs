//! Streams a CSV file: encoding, separator, header, rows. Knows columns by name and nothing about their meaning.

use std::{
    borrow::Cow,
    cell::Cell,
    collections::HashMap,
    io::{self, Read},
    rc::Rc,
};

use super::{
    BadRow, FAULTS_KEPT, ImportReport, Keyed, ROWS_MAX,
    columns::{self, Column, Header},
    makers::in_order,
    row::{Row, shortened},
    too_many_rows,
    written::{self, Dialect, Written, WrittenRows},
};
use crate::registry::Text;

/// Reads a sheet row by row; `build` makes a record of a row, or leaves its complaints in it.
pub(crate) fn read<T: Keyed + Send>(
    reader: impl Read,
    name: &str,
    format: &'static str,
    columns: &'static [Column],
    build: impl Fn(&mut Row) -> Option<T> + Sync,
) -> ImportReport<T> {
    let mut ok = Vec::new();
    let mut report = read_to(reader, name, format, columns, build, &mut |mut some| {
        ok.append(&mut some);
        true
    });
    report.ok = ok;
    report
}

/// The same, handing the good rows on as they are read, some at a time and in file order, and keeping none. `take` says
/// whether more are wanted.
pub(crate) fn read_to<T: Keyed + Send>(
    reader: impl Read,
    name: &str,
    format: &'static str,
    columns: &'static [Column],
    build: impl Fn(&mut Row) -> Option<T> + Sync,
    take: &mut dyn FnMut(Vec<T>) -> bool,
) -> ImportReport<T> {
    let mut report = ImportReport {
        format,
        rows_read: 0,
        rows_bad: 0,
        ok: vec![],
        bad: vec![],
        complete: false,
    };
    let since = Rc::new(Cell::new(0));
    let bounded = Bounded {
        inner: reader,
        since: Rc::clone(&since),
    };
    match open(bounded, name, columns) {
        Ok((rows, fields)) => {
            let dialect = rows.dialect();
            let mut raw = RawRows { rows, since, read: 0 };
            let build = |raw: &Written| {
                let cells: Vec<_> = written::Cells::of(&raw.text, dialect).collect();
                let mut row = Row::new(name, raw.line, &fields, &cells);
                if raw.open {
                    row.faults.clear();
                    row.not_closed(&fields, &cells);
                    return (None, row.faults, raw.line);
                }
                let built = build(&mut row);
                (built, row.faults, raw.line)
            };
            let mut taken = Taken {
                lines: HashMap::new(),
                name,
                report: &mut report,
                take,
            };
            let ending = built(&mut raw, build, &mut |rows| taken.rows(rows));
            report.rows_read = raw.read;
            match ending {
                Ok(whole) => report.complete = whole,
                Err((line, reason)) => report.bad.push(self::whole(name, line, reason)),
            }
        }
        Err(faults) => report.bad = faults,
    }
    report
}

/// Longest row: eight cells of `extensions` at their longest, and room.
const LONGEST_ROW: usize = if cfg!(test) { 2 << 20 } else { 64 << 20 };

/// Ends the reading when a row does not end: a missing quote would take the rest of the file for one cell.
struct Bounded<R> {
    inner: R,
    /// Bytes since the last row ended.
    since: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.since.set(self.since.get() + count);
        if self.since.get() > LONGEST_ROW {
            let problem = format!("a row is longer than {LONGEST_ROW} bytes: a closing quote is missing");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        Ok(count)
    }
}

/// The rows behind the header, and which column each cell is.
type Opened<R> = (WrittenRows<Bounded<R>>, Vec<Header>);

/// Reads the header.
fn open<R: Read>(reader: Bounded<R>, name: &str, columns: &'static [Column]) -> Result<Opened<R>, Vec<BadRow>> {
    let dialect = Dialect {
        separator: b',',
        quoted: true,
    };
    let mut rows = WrittenRows::new(reader, dialect);
    separate(&mut rows).map_err(|reason| vec![whole(name, 1, reason)])?;
    let header = match rows.next() {
        Ok(header) => header.map(|row| row.text).unwrap_or_default(),
        Err(error) => return Err(vec![whole(name, 1, unreadable(&error))]),
    };
    let cells: Vec<_> = written::Cells::of(&header, rows.dialect()).collect();
    let fields = bind(&cells, columns, name)?;
    Ok((rows, fields))
}

/// A record or nothing, the faults of its row, and its line.
type Built<T> = (Option<T>, Vec<BadRow>, u64);

/// The rows of a file, blank ones left out.
struct RawRows<R> {
    rows: WrittenRows<R>,
    since: Rc<Cell<usize>>,
    /// How many were read.
    read: u64,
}

impl<R: Read> RawRows<R> {
    /// The next ones; fewer than [`AT_ONCE`] at the end of the file. What ends it before its end, with its line.
    fn next(&mut self) -> (Vec<Written>, Option<(u64, Text)>) {
        let dialect = self.rows.dialect();
        let blank = |row: &Written| {
            let marks = row.text.iter().all(|byte| [dialect.separator, b'"'].contains(byte));
            marks && written::Cells::of(&row.text, dialect).all(|cell| cell.is_empty())
        };
        let mut rows = Vec::with_capacity(AT_ONCE);
        while rows.len() < AT_ONCE {
            let row = match self.rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => return (rows, Some((self.rows.line() + 1, unreadable(&error)))),
            };
            self.since.set(0);
            if blank(&row) {
                continue;
            }
            if self.read >= ROWS_MAX {
                return (rows, Some((row.line, too_many_rows())));
            }
            self.read += 1;
            rows.push(row);
        }
        (rows, None)
    }
}

/// Rows that are read, and made into records, at a time.
const AT_ONCE: usize = 512;

/// Makes records of all rows and hands them on in file order until `take` has enough. Answers whether the file was read to its
/// end, or what ended it, with its line.
fn built<T: Send, R: Read>(
    rows: &mut RawRows<R>,
    build: impl Fn(&Written) -> Built<T> + Sync,
    take: &mut dyn FnMut(Vec<Built<T>>) -> bool,
) -> Result<bool, (u64, Text)> {
    let mut ending = None;
    let next = || {
        let (lot, end) = rows.next();
        ending = end;
        let is_last = lot.len() < AT_ONCE || ending.is_some();
        (lot, is_last)
    };
    let wanted = in_order(next, build, take);
    ending.map_or(Ok(wanted), Err)
}

/// Where the records go, with what is known of those before.
struct Taken<'a, T> {
    /// Line of each key.
    lines: HashMap<String, u64>,
    name: &'a str,
    report: &'a mut ImportReport<T>,
    take: &'a mut dyn FnMut(Vec<T>) -> bool,
}

impl<T: Keyed> Taken<'_, T> {
    /// Takes some more; whether more are wanted.
    fn rows(&mut self, rows: Vec<Built<T>>) -> bool {
        let mut good = Vec::with_capacity(rows.len());
        for (built, mut faults, line) in rows {
            if let Some(built) = &built
                && let Some(first) = self.lines.insert(built.key().to_owned(), line)
            {
                faults.push(BadRow {
                    file: self.name.to_owned(),
                    line,
                    field: "id".to_owned(),
                    value: shortened(built.key()),
                    reason: Text::new(
                        format!("编号与第 {first} 行重复：每行须有唯一编号"),
                        format!("same key as line {first}: keys are unique"),
                    ),
                });
            }
            match built {
                Some(built) if faults.is_empty() => good.push(built),
                _ => {
                    self.report.rows_bad += 1;
                    let room = FAULTS_KEPT.saturating_sub(self.report.bad.len());
                    self.report.bad.extend(faults.into_iter().take(room));
                }
            }
        }
        (self.take)(good)
    }
}

/// A fault of the file and not of a cell.
fn whole(file: &str, line: u64, reason: Text) -> BadRow {
    BadRow {
        file: file.to_owned(),
        line,
        field: String::new(),
        value: String::new(),
        reason,
    }
}

/// Skips a byte order mark and finds the separator from the first line.
fn separate<R: Read>(rows: &mut WrittenRows<R>) -> Result<(), Text> {
    let cannot = |error: io::Error| Text::new(format!("无法读取：{error}"), format!("cannot be read: {error}"));
    let start = rows.peek().map_err(cannot)?;
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        return Err(Text::new(
            "文件为 UTF-16 编码：请另存为“CSV UTF-8（逗号分隔）”",
            "the file is UTF-16: save it as 'CSV UTF-8 (comma delimited)'",
        ));
    }
    if start.is_empty() {
        return Err(Text::new(
            "文件为空：第一行应为列名",
            "the file is empty: the first line names the columns",
        ));
    }
    let marked = start.starts_with(&[0xef, 0xbb, 0xbf]);
    let first_line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| first_line.iter().filter(|&&byte| byte == separator).count();
    let best = [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|&separator| count(separator))
        .unwrap_or(b',');
    if marked {
        rows.skip(3);
    }
    rows.use_separator(best);
    Ok(())
}

fn unreadable(error: &io::Error) -> Text {
    Text::new(format!("读取失败：{error}"), format!("reading failed: {error}"))
}

/// Which column each cell of the header names; every unknown, doubled or missing one is a fault.
fn bind(header: &[Cow<'_, [u8]>], columns: &'static [Column], file: &str) -> Result<Vec<Header>, Vec<BadRow>> {
    let mut faults = Vec::new();
    let mut complain = |field: &str, value: &str, zh: String, en: String| {
        faults.push(BadRow {
            file: file.to_owned(),
            line: 1,
            field: field.to_owned(),
            value: value.to_owned(),
            reason: Text { zh, en },
        });
    };
    let mut fields: Vec<Header> = Vec::new();
    for cell in header {
        let Ok(cell) = std::str::from_utf8(cell) else {
            let zh = "列名不是 UTF-8 编码（可能为 GBK/GB18030）：请另存为“CSV UTF-8（逗号分隔）”".to_owned();
            let en = "a column name is not UTF-8 (perhaps GBK/GB18030): save the file as 'CSV UTF-8'".to_owned();
            complain("", &String::from_utf8_lossy(cell), zh, en);
            return Err(faults);
        };
        match columns::recognise(cell, columns) {
            Some(found) if fields.iter().any(|field| field.field == found.field) => {
                let zh = format!("列 {} 出现两次：请删除一列", found.field);
                let en = format!("the column {} is there twice: delete one", found.field);
                complain(found.field, cell, zh, en);
            }
            Some(found) => fields.push(found),
            None => {
                let nearest = nearest(cell, columns);
                let zh = format!("未知列“{cell}”：请删除该列，或改为 {nearest}");
                let en = format!("unknown column '{cell}': delete it, or write {nearest}");
                complain("", cell, zh, en);
            }
        }
    }
    for column in columns.iter().filter(|column| column.required) {
        if !fields.iter().any(|field| field.field == column.field) {
            let alias = column.aliases.first().copied().unwrap_or(column.field);
            let zh = format!("缺少列 {}（{alias}）", column.field);
            let en = format!("the column {} ({alias}) is missing", column.field);
            complain(column.field, "", zh, en);
        }
    }
    if faults.is_empty() { Ok(fields) } else { Err(faults) }
}

fn nearest(cell: &str, columns: &[Column]) -> &'static str {
    let plain = columns::normalise(cell);
    let names = columns
        .iter()
        .flat_map(|column| std::iter::once(column.field).chain(column.aliases.iter().copied()));
    let score = |name: &str| strsim::jaro_winkler(name, &plain);
    names.max_by(|a, b| score(a).total_cmp(&score(b))).unwrap_or("id")
}
