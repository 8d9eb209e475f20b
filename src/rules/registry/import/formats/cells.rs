//! One row of a foreign register: its cells by the names of the source, what was read of them, and what is wrong.
//!
//! A cell that is read is taken; those nobody takes are the row's extensions, so nothing is lost by being unknown.

use std::collections::{BTreeMap, HashMap};

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::Offset,
};

use super::numbers;
use crate::{
    registry::{
        Place, Text,
        designator::{self, Designator},
        details::Raw,
        import::BadRow,
    },
    units::Hertz,
};

/// Names of the columns of a source, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    names: Vec<String>,
    at: HashMap<String, usize>,
}

impl Columns {
    pub(super) fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut columns = Self::default();
        for name in names {
            let mut name: String = name.into().trim().to_owned();
            let n = columns.names.len();
            // A name twice, or none: the place in the row tells them apart.
            if name.is_empty() || columns.at.contains_key(&name) {
                name = format!("{name}#{}", n + 1);
            }
            columns.at.insert(name.clone(), n);
            columns.names.push(name);
        }
        columns
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

/// What registers write into a cell of numbers that says nothing.
const NOTHING: [&str; 4] = ["-", "--", "N/A", "n/a"];

/// A row being read.
pub(super) struct Cells<'a> {
    columns: &'a Columns,
    file: &'a str,
    line: u64,
    values: Vec<String>,
    taken: Vec<bool>,
    raw: String,
    pub(super) faults: Vec<BadRow>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(columns: &'a Columns, file: &'a str, line: u64, values: Vec<String>, raw: String) -> Self {
        Self {
            taken: vec![false; values.len()],
            columns,
            file,
            line,
            values,
            raw,
            faults: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// File and line.
    pub(super) fn source(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    pub(super) fn raw(&self) -> Raw {
        Raw {
            source: self.source(),
            text: self.raw.clone(),
        }
    }

    /// Records a fault.
    pub(super) fn complain(&mut self, field: &str, value: &str, zh: impl Into<String>, en: impl Into<String>) {
        self.faults.push(BadRow {
            file: self.file.to_owned(),
            line: self.line,
            field: field.to_owned(),
            value: value.chars().take(80).collect(),
            reason: Text::new(zh, en),
        });
    }

    /// The last cell begins with a quotation mark that nothing closes.
    pub(super) fn not_closed(&mut self) {
        let (name, text) = (
            self.columns.names.get(self.values.len().saturating_sub(1)).cloned(),
            self.values.last().cloned().unwrap_or_default(),
        );
        let en = "the quotation mark that begins this cell is not closed: close it, or double those inside the cell";
        self.complain(
            &name.unwrap_or_default(),
            &text,
            "该单元格开头的引号没有对应的右引号：请补上，单元格内的引号须写两个",
            en,
        );
    }

    /// The text of a cell without taking it.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        let at = *self.columns.at.get(name)?;
        self.values
            .get(at)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    /// The text of a cell; nothing where it is blank.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let text = self.peek(name)?.to_owned();
        if let Some(taken) = self.columns.at.get(name).and_then(|&at| self.taken.get_mut(at)) {
            *taken = true;
        }
        Some(text)
    }

    /// The text of a cell that must not be blank.
    pub(super) fn required(&mut self, name: &str) -> Option<String> {
        let text = self.text(name);
        if text.is_none() {
            self.complain(
                name,
                "",
                "不能为空",
                "is blank: the record cannot be told from others without it",
            );
        }
        text
    }

    /// A finite number; nothing where the cell is blank or has one of the signs that registers write for nothing.
    pub(super) fn number(&mut self, name: &str) -> Option<f64> {
        if self.peek(name).is_some_and(|text| NOTHING.contains(&text)) {
            return None;
        }
        let text = self.text(name)?;
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            self.complain(
                name,
                &text,
                "不是数字：请写 12.5 这样的数字",
                "not a number: write it as 12.5",
            );
        }
        number
    }

    /// A frequency or bandwidth, exactly; the cell counts in hertz times ten to the `exponent`.
    pub(super) fn hertz(&mut self, name: &str, exponent: u32) -> Option<Hertz> {
        let text = self.text(name)?;
        let hz = numbers::hertz(&text, exponent);
        if hz.is_none() {
            let unit = numbers::unit(exponent);
            let zh = format!("不是以 {unit} 为单位的频率");
            let en = format!("not a number of {unit}: write digits with a decimal point");
            self.complain(name, &text, zh, en);
        }
        hz
    }

    /// A frequency within the Radio Regulations that must be there.
    pub(super) fn frequency(&mut self, name: &str, exponent: u32) -> Option<Hertz> {
        self.required(name)?;
        let hz = self.hertz(name, exponent)?;
        if (numbers::LOWEST_HZ..=numbers::HIGHEST_HZ).contains(&hz.0) {
            return Some(hz);
        }
        let value = self.peek(name).unwrap_or_default().to_owned();
        let zh = format!("{hz} 不在 1 Hz–3000 GHz 之内");
        self.complain(
            name,
            &value,
            zh,
            format!("{hz} is no radio frequency (1 Hz to 3000 GHz)"),
        );
        None
    }

    /// A date in the office's zone as its first instant; `end`: the instant after the day, which is still covered.
    pub(super) fn day(&mut self, name: &str, order: numbers::Order, zone: Offset, end: bool) -> Option<Timestamp> {
        let text = self.text(name)?;
        let date = numbers::date(&text, order);
        let day = if end {
            date.and_then(|day| day.tomorrow().ok())
        } else {
            date
        };
        let midnight = day.and_then(|day: Date| zone.to_timestamp(DateTime::from(day)).ok());
        if midnight.is_none() {
            let zh = format!("不是日期：应为 {}", order.example());
            self.complain(name, &text, zh, format!("not a date: write {}", order.example()));
        }
        midnight
    }

    /// A designator. A malformed one is a fault of the row.
    pub(super) fn designator(&mut self, name: &str) -> Option<Designator> {
        let text = self.text(name)?;
        match designator::parse(&text) {
            Ok(designator) => Some(designator),
            Err(error) => {
                let zh = format!("第 {} 个字符：{}", error.position, error.reason.zh);
                let en = format!("character {}: {}", error.position, error.reason.en);
                self.complain(name, &text, zh, en);
                None
            }
        }
    }

    /// A point in decimal degrees; nothing where both cells are blank.
    pub(super) fn point(&mut self, latitude: &str, longitude: &str) -> Option<Place> {
        let (lat, lon) = (self.number(latitude), self.number(longitude));
        self.both(latitude, longitude);
        self.place(latitude, lat?, lon?)
    }

    /// A coordinate without the other is a fault: the place would be anywhere.
    pub(super) fn both(&mut self, latitude: &str, longitude: &str) {
        let blank = match (self.peek(latitude), self.peek(longitude)) {
            (Some(_), None) => longitude,
            (None, Some(_)) => latitude,
            _ => return,
        };
        let en = "is blank: latitude and longitude go together";
        self.complain(blank, "", "不能为空：经度和纬度须同时填写", en);
    }

    /// A point from angles already read; off the Earth and 0°, 0° are faults.
    pub(super) fn place(&mut self, field: &str, latitude: f64, longitude: f64) -> Option<Place> {
        let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        if !on_earth || (latitude == 0.0 && longitude == 0.0) {
            let value = format!("{latitude} {longitude}");
            let en = "no place on Earth: latitude within ±90°, longitude within ±180°, not both zero";
            self.complain(field, &value, "位置无效：纬度 ±90°、经度 ±180° 以内，且不同时为 0", en);
            return None;
        }
        Some(Place {
            latitude,
            longitude,
            radius_km: 0.0,
        })
    }

    /// The cells nobody took, by the names of the source.
    pub(super) fn rest(&self) -> BTreeMap<String, String> {
        let cells = self.values.iter().zip(&self.taken).enumerate();
        let left = cells.filter(|(_, (value, taken))| !**taken && !value.trim().is_empty());
        left.map(|(n, (value, _))| {
            let name = self.columns.names.get(n).cloned();
            (name.unwrap_or_else(|| format!("#{}", n + 1)), value.trim().to_owned())
        })
        .collect()
    }
}
