//! One row of a sheet: its cells by field, read with their units, and what is wrong with them.

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, tz::Offset};

use super::{
    BadRow,
    columns::{Header, half_width},
    extensions,
};
use crate::{registry::Text, units::Hertz};

/// Longest text a cell may hold, in characters.
pub(crate) const LONGEST: usize = 1000;

/// The same for the column `extensions`, which holds the rows of the source as they stood.
pub(crate) const LONGEST_EXTENSION: usize = 1 << 20;

/// Lowest frequency the Radio Regulations allocate (RR Article 5).
pub(crate) const LOWEST_HZ: i64 = 8_300;

/// Highest frequency the Radio Regulations know (RR 1.5).
pub(crate) const HIGHEST_HZ: i64 = 3_000_000_000_000;

fn longest(header: Header) -> usize {
    if extensions::COLUMNS.contains(&header.field) {
        LONGEST_EXTENSION
    } else {
        LONGEST
    }
}

/// What a cell says, as a fault shows it.
pub(super) fn shortened(value: &str) -> String {
    value.chars().take(80).collect()
}

/// A row being read.
pub(crate) struct Row<'a> {
    file: &'a str,
    line: u64,
    cells: Vec<(Header, &'a str)>,
    pub(crate) faults: Vec<BadRow>,
}

impl<'a> Row<'a> {
    pub(crate) fn new(file: &'a str, line: u64, fields: &[Header], record: &'a [Cow<'a, [u8]>]) -> Self {
        let mut row = Self {
            file,
            line,
            cells: Vec::with_capacity(fields.len()),
            faults: Vec::new(),
        };
        if record.len() != fields.len() {
            let zh = format!("应有 {} 列，实有 {} 列：请检查逗号和引号", fields.len(), record.len());
            let en = format!(
                "{} cells instead of {}: look for stray commas and quotes",
                record.len(),
                fields.len()
            );
            row.complain("", "", zh, en);
        }
        for (&header, cell) in fields.iter().zip(record) {
            match std::str::from_utf8(cell) {
                Ok(text) if text.len() > LONGEST && text.chars().nth(longest(header)).is_some() => {
                    let longest = longest(header);
                    let zh = format!("超过 {longest} 个字符：是否缺少右引号？");
                    let en = format!("longer than {longest} characters: is a closing quote missing?");
                    row.complain(header.field, text, zh, en);
                }
                // The pieces of a text that went over several cells.
                Ok(text) if extensions::COLUMNS.contains(&header.field) => {
                    row.cells.extend((!text.is_empty()).then_some((header, text)));
                }
                Ok(text) if !text.trim().is_empty() => {
                    row.cells.push((header, extensions::unguarded(text.trim())));
                }
                Ok(_) => {}
                Err(_) => {
                    let zh = "不是 UTF-8 编码（可能为 GBK/GB18030）：请另存为“CSV UTF-8（逗号分隔）”";
                    let en = "not UTF-8 (perhaps GBK/GB18030): save the file as 'CSV UTF-8 (comma delimited)'";
                    row.complain(header.field, &String::from_utf8_lossy(cell), zh, en);
                }
            }
        }
        row
    }

    /// Records that the last cell begins with a quotation mark that nothing closes.
    pub(super) fn not_closed(&mut self, fields: &[Header], record: &[Cow<'_, [u8]>]) {
        let field = fields
            .get(record.len().saturating_sub(1))
            .map_or("", |header| header.field);
        let text = record
            .last()
            .map(|cell| String::from_utf8_lossy(cell))
            .unwrap_or_default();
        let en = "the quotation mark that begins this cell is not closed: close it, or double those inside the cell";
        self.complain(
            field,
            &text,
            "该单元格开头的引号没有对应的右引号：请补上，单元格内的引号须写两个",
            en,
        );
    }

    /// Line of the row in the file.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Records a fault.
    pub(crate) fn complain(&mut self, field: &str, value: &str, zh: impl Into<String>, en: impl Into<String>) {
        self.faults.push(BadRow {
            file: self.file.to_owned(),
            line: self.line,
            field: field.to_owned(),
            value: shortened(value),
            reason: Text::new(zh, en),
        });
    }

    fn cell(&self, field: &str) -> Option<(&'a str, Option<&'static str>)> {
        let &(header, text) = self.cells.iter().find(|(header, _)| header.field == field)?;
        Some((text, header.unit))
    }

    /// Whether any cell of the technical form says something.
    pub(crate) fn has_form(&self) -> bool {
        self.cells.iter().any(|(header, _)| header.of_form)
    }

    /// The text of a cell; nothing where it is blank.
    pub(crate) fn text(&self, field: &str) -> Option<String> {
        self.cell(field).map(|(text, _)| text.to_owned())
    }

    /// The text of a cell, with the header's unit behind a bare number.
    pub(crate) fn stated(&self, field: &str) -> Option<String> {
        let (text, unit) = self.cell(field)?;
        let bare = text.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        Some(match unit {
            Some(unit) if bare => format!("{text} {unit}"),
            _ => text.to_owned(),
        })
    }

    /// The text of a cell that must not be blank.
    pub(crate) fn required(&mut self, field: &str) -> Option<String> {
        let text = self.text(field);
        if text.is_none() && !self.faults.iter().any(|fault| fault.field == field) {
            self.complain(field, "", "不能为空", "must not be blank");
        }
        text
    }

    /// A frequency or bandwidth: with its own unit, or the header's, or in hertz.
    pub(crate) fn hertz(&mut self, field: &str) -> Option<Hertz> {
        let (text, unit) = self.cell(field)?;
        let plain: String = text.chars().map(half_width).filter(|c| *c != ' ').collect();
        let bare = plain.ends_with(|c: char| c.is_ascii_digit() || c == '.');
        let full = match unit {
            Some(unit) if bare => format!("{plain}{unit}"),
            _ => plain,
        };
        if let Ok(hz) = full.parse() {
            return Some(hz);
        }
        let zh = "不是频率：请写 433.92M、97.2 MHz，或在列名中写明单位（如 freq_mhz）后写 433.92";
        let en =
            "not a frequency: write 433.92M or 97.2 MHz, or put the unit in the header (freq_mhz) and write 433.92";
        self.complain(field, text, zh, en);
        None
    }

    /// A frequency within the range of the Radio Regulations.
    pub(crate) fn frequency(&mut self, field: &str) -> Option<Hertz> {
        let hz = self.hertz(field)?;
        if (LOWEST_HZ..HIGHEST_HZ).contains(&hz.0) {
            return Some(hz);
        }
        let value = self.text(field).unwrap_or_default();
        let zh = format!("{hz} 不在 8.3 kHz–3000 GHz 之内：是否缺少单位？例如 97.2M");
        let en = format!("{hz} is outside 8.3 kHz to 3000 GHz: is the unit missing? Write 97.2M");
        self.complain(field, &value, zh, en);
        None
    }

    /// A finite number, and the unit: the cell's own, else the header's, else `default`.
    pub(crate) fn number(
        &mut self,
        field: &str,
        units: &[&'static str],
        default: &'static str,
    ) -> Option<(f64, &'static str)> {
        let (text, header_unit) = self.cell(field)?;
        let plain: String = text
            .chars()
            .map(half_width)
            .filter(|c| *c != ' ')
            .collect::<String>()
            .to_lowercase();
        let own = units
            .iter()
            .filter(|unit| plain.ends_with(**unit))
            .max_by_key(|unit| unit.len());
        let number = own.map_or(plain.as_str(), |unit| &plain[..plain.len() - unit.len()]);
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() => Some((number, own.copied().or(header_unit).unwrap_or(default))),
            _ => {
                let zh = "不是数字：请写 12.5 这样的数字，不带千位分隔符";
                let en = "not a number: write it as 12.5, without thousands separators";
                self.complain(field, text, zh, en);
                None
            }
        }
    }

    /// One word of a list, by any of its spellings.
    pub(crate) fn choice<T: Copy>(&mut self, field: &str, choices: &[(&[&str], T)]) -> Option<T> {
        let (text, _) = self.cell(field)?;
        let plain: String = text.chars().map(half_width).collect::<String>().to_lowercase();
        let found = choices.iter().find(|(words, _)| words.contains(&plain.as_str()));
        if found.is_none() {
            let words: Vec<&str> = choices.iter().filter_map(|(words, _)| words.first().copied()).collect();
            let zh = format!("只能是 {}", words.join("、"));
            let en = format!("must be one of {}", words.join(", "));
            self.complain(field, text, zh, en);
        }
        found.map(|&(_, value)| value)
    }

    /// Yes or no; blank is no.
    pub(crate) fn flag(&mut self, field: &str) -> bool {
        self.choice(
            field,
            &[
                (&["yes", "true", "1", "是", "y"], true),
                (&["no", "false", "0", "否", "n"], false),
            ],
        )
        .unwrap_or(false)
    }

    /// A day or an instant. A day begins at midnight in China (UTC+8); `end` takes the midnight after it, because the
    /// last day of a licence is still covered by it.
    pub(crate) fn instant(&mut self, field: &str, end: bool) -> Option<Timestamp> {
        let (text, _) = self.cell(field)?;
        // A day alone is no instant; telling so takes longer than all the rest.
        if text.contains(['T', 't', ' '])
            && let Ok(instant) = text.parse::<Timestamp>()
        {
            return Some(instant);
        }
        let plain = text.replace(['年', '月', '/', '.'], "-").replace('日', "");
        let mut numbers = plain.split('-').map(|part| part.trim().parse::<i16>().ok());
        let date = match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Some(year)), Some(Some(month)), Some(Some(day)), None) if year >= 1000 => {
                let (month, day) = (i8::try_from(month).unwrap_or(0), i8::try_from(day).unwrap_or(0));
                Date::new(year, month, day).ok()
            }
            _ => None,
        };
        let day = if end {
            date.and_then(|date| date.tomorrow().ok())
        } else {
            date
        };
        let midnight = day.and_then(|day| Offset::constant(8).to_timestamp(day.at(0, 0, 0, 0)).ok());
        if midnight.is_none() {
            let zh = "不是日期：请写 2026-01-31、2026年1月31日 或 2026-01-31T08:00:00+08:00";
            let en = "not a date: write 2026-01-31 or 2026-01-31T08:00:00+08:00";
            self.complain(field, text, zh, en);
        }
        midnight
    }

    /// An angle in degrees: decimal, or degrees, minutes and seconds with an optional hemisphere.
    pub(crate) fn degrees(&mut self, field: &str, limit: f64) -> Option<f64> {
        let (text, _) = self.cell(field)?;
        let value = parse_degrees(text).filter(|value| value.abs() <= limit);
        if value.is_none() {
            let zh = format!("不是 ±{limit}° 以内的角度：请写 39.9054 或 39°54′20″N");
            let en = format!("not an angle within ±{limit}°: write 39.9054 or 39°54'20\"N");
            self.complain(field, text, zh, en);
        }
        value
    }
}

fn parse_degrees(text: &str) -> Option<f64> {
    let plain: String = text.chars().map(half_width).collect::<String>().to_uppercase();
    let negative = plain.contains(['S', 'W', '-', '南', '西']);
    let allowed = |c: char| c.is_ascii_digit() || " .-+°′″'\":度分秒NSEW北南东西纬经”’º".contains(c);
    if !plain.chars().all(allowed) {
        return None;
    }
    let numbers: Option<Vec<f64>> = plain
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().ok())
        .collect();
    let value = match *numbers?.as_slice() {
        [degrees] => degrees,
        [degrees, minutes] if minutes < 60.0 => degrees + minutes / 60.0,
        [degrees, minutes, seconds] if minutes < 60.0 && seconds < 60.0 => degrees + minutes / 60.0 + seconds / 3600.0,
        _ => return None,
    };
    Some(if negative { -value } else { value })
}
