//! SFAF as text: records of numbered items, every character kept, so that what is read is written again identically.

use std::fmt;

/// A file of records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// Records in order. Lines before the first item are part of the first record.
    pub records: Vec<Record>,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Line of its first character, from 1.
    pub line: u64,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A line of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// `103/02.     I7424719`.
    Item(Item),
    /// A line that is no item: blank, a continuation, a remark.
    Other(String),
}

/// A numbered item with its occurrence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Number of the data item, 5 to 999.
    pub number: u16,
    /// Occurrence; 1 where none is written.
    pub occurrence: u16,
    /// Everything before the value: `103/02.     `.
    pub head: String,
    /// The value, without blanks around it.
    pub value: String,
    /// Blanks and line end behind it.
    pub tail: String,
}

impl File {
    /// Reads the text; any text can be read.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut seen: Vec<u16> = Vec::new();
        for (line, number) in text.split_inclusive('\n').zip(1_u64..) {
            let line = match item(line) {
                Some(item) => Line::Item(item),
                None => Line::Other(line.to_owned()),
            };
            if let Line::Item(item) = &line {
                // A record opens with item 005; where a file has none, with the administrative items that occur once.
                let opens = matches!(item.number, 5 | 10 | 102) && item.occurrence == 1;
                if opens && seen.contains(&item.number) {
                    file.records.push(Record::default());
                    seen.clear();
                }
                seen.push(item.number);
            }
            if file.records.is_empty() {
                file.records.push(Record::default());
            }
            if let Some(record) = file.records.last_mut() {
                if record.lines.is_empty() {
                    record.line = number;
                }
                record.lines.push(line);
            }
        }
        file
    }
}

/// Number, optional occurrence, a point, blanks and the value.
fn item(line: &str) -> Option<Item> {
    let digits = line
        .get(..3)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let rest = &line[3..];
    let (occurrence, body) = match rest.strip_prefix('/') {
        Some(rest) => {
            let (occurrence, body) = rest.split_once('.')?;
            (occurrence.parse().ok().filter(|_| occurrence.len() <= 3)?, body)
        }
        None => (1, rest.strip_prefix('.')?),
    };
    let value = body.trim();
    let blanks = body.len() - body.trim_start().len();
    // A blank value keeps its blanks in the tail.
    let head = line.len() - body.len() + if value.is_empty() { 0 } else { blanks };
    Some(Item {
        number: digits.parse().ok()?,
        occurrence,
        head: line[..head].to_owned(),
        value: value.to_owned(),
        tail: line[head + value.len()..].to_owned(),
    })
}

impl Record {
    /// Items in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.lines.iter().filter_map(|line| match line {
            Line::Item(item) => Some(item),
            Line::Other(_) => None,
        })
    }

    /// Values of an item in order, blank ones left out.
    pub fn values(&self, number: u16) -> impl Iterator<Item = &str> {
        let items = self
            .items()
            .filter(move |item| item.number == number && !item.value.is_empty());
        items.map(|item| item.value.as_str())
    }

    /// First value of an item.
    #[must_use]
    pub fn first(&self, number: u16) -> Option<&str> {
        self.values(number).next()
    }

    /// Puts the first value of an item, or the one that says `old`; a new one in its place by number; `None` takes it
    /// away.
    pub fn put(&mut self, number: u16, old: Option<&str>, value: Option<&str>) {
        let meant = |item: &Item| item.number == number && old.is_none_or(|old| item.value == old);
        let at = self
            .lines
            .iter()
            .position(|line| matches!(line, Line::Item(item) if meant(item)));
        match (at, value) {
            (Some(at), Some(value)) => {
                if let Line::Item(item) = &mut self.lines[at] {
                    value.clone_into(&mut item.value);
                }
            }
            (Some(at), None) => drop(self.lines.remove(at)),
            (None, Some(value)) => {
                let after = self
                    .lines
                    .iter()
                    .rposition(|line| matches!(line, Line::Item(item) if item.number < number));
                let item = Item {
                    number,
                    occurrence: 1,
                    head: format!("{number:03}.     "),
                    value: value.to_owned(),
                    tail: self.line_end().to_owned(),
                };
                self.lines.insert(after.map_or(0, |after| after + 1), Line::Item(item));
            }
            (None, None) => {}
        }
    }

    /// Adds one more occurrence of an item behind those it has.
    pub fn append(&mut self, number: u16, value: &str) {
        let occurrence = 1 + self.items().filter(|item| item.number == number).count() as u16;
        let after = self
            .lines
            .iter()
            .rposition(|line| matches!(line, Line::Item(item) if item.number <= number));
        let head = match occurrence {
            1 => format!("{number:03}.     "),
            _ => format!("{number:03}/{occurrence:02}.     "),
        };
        let item = Item {
            number,
            occurrence,
            head,
            value: value.to_owned(),
            tail: self.line_end().to_owned(),
        };
        self.lines.insert(after.map_or(0, |after| after + 1), Line::Item(item));
    }

    /// How its lines end.
    fn line_end(&self) -> &'static str {
        let crlf = self.items().any(|item| item.tail.ends_with("\r\n"));
        if crlf { "\r\n" } else { "\n" }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.head, self.value, self.tail)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match line {
                Line::Item(item) => item.fmt(f)?,
                Line::Other(text) => f.write_str(text)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.records.iter().try_for_each(|record| record.fmt(f))
    }
}
