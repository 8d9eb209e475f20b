//! Values of SFAF items: frequencies, powers, designators, days; how they are read. `export::sfaf` writes them.

use jiff::{Timestamp, tz::Offset};

use super::super::numbers::{self, Order};
use crate::{
    registry::designator::{self, Class},
    units::{Band, Hertz},
};

pub(super) fn midnight(text: &str, end: bool) -> Option<Timestamp> {
    let date = numbers::date(text, Order::YearMonthDay)?;
    let date = if end { date.tomorrow().ok()? } else { date };
    Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

/// Item 110.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frequency {
    Single(Hertz),
    Band(Band),
}

pub(super) fn frequency_of(text: &str) -> Option<Frequency> {
    // The reference frequency of a suppressed carrier stands in parentheses.
    let text = text.split('(').next()?.trim();
    let single = |text: &str, default: Option<char>| {
        let letter = text.chars().next()?;
        let (letter, digits) = if letter.is_ascii_alphabetic() {
            (letter, &text[1..])
        } else {
            (default?, text)
        };
        let exponent = match letter.to_ascii_uppercase() {
            'K' => 3,
            'M' => 6,
            'G' => 9,
            'T' => 12,
            _ => return None,
        };
        let hz = numbers::hertz(digits, exponent)?;
        (numbers::LOWEST_HZ..=numbers::HIGHEST_HZ).contains(&hz.0).then_some(hz)
    };
    match text.split_once('-') {
        None => single(text, None).map(Frequency::Single),
        Some((low, high)) => {
            let (low, high) = (single(low, None)?, single(high, low.chars().next())?);
            Band::new(low, high)
                .filter(|band| band.width().0 > 0)
                .map(Frequency::Band)
        }
    }
}

/// Item 115: `W400`, `K10` (kilowatts), `M1` (megawatts).
pub(super) fn power(text: &str) -> Option<f64> {
    let scale = match text.chars().next()? {
        'W' => 1.0,
        'K' => 1e3,
        'M' => 1e6,
        _ => return None,
    };
    text[1..]
        .split(',')
        .next()?
        .parse::<f64>()
        .ok()
        .map(|number| number * scale)
}

/// Necessary bandwidth of a designator. SFAF has up to eleven characters, so the bandwidth may have more digits than
/// the three of RR Appendix 1: `600H00P0N`.
pub(crate) fn width(text: &str) -> Option<Hertz> {
    if let Ok(read) = designator::parse(text) {
        return Some(read.bandwidth());
    }
    let text = text.to_ascii_uppercase();
    let at = text.find(['H', 'K', 'M', 'G']).filter(|at| (1..=3).contains(at))?;
    let behind: String = text[at + 1..].chars().take_while(char::is_ascii_digit).collect();
    let exponent = match text.as_bytes().get(at)? {
        b'H' => 0,
        b'K' => 3,
        b'M' => 6,
        _ => 9,
    };
    Class::parse(text.get(at + 1 + behind.len()..)?).ok()?;
    numbers::hertz(&format!("{}.{behind}", &text[..at]), exponent).filter(|hz| hz.0 > 0)
}
