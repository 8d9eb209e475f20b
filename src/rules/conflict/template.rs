//! Filling in the words of a rule's text, and writing numbers no finer than they were measured.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::Offset};

use crate::{registry::Text, units::Hertz};

/// Words in braces, with their values in both languages.
pub(super) type Words = BTreeMap<&'static str, Text>;

/// The words in braces of a template.
pub(super) fn words(template: &str) -> impl Iterator<Item = &str> {
    template
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(word, _)| word))
}

/// Both languages of a template with their words filled in; a word without value stays empty.
pub(super) fn fill(template: &Text, words: &Words) -> Text {
    let one = |template: &str, language: fn(&Text) -> &str| {
        let mut pieces = template.split('{');
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            match piece.split_once('}') {
                Some((word, rest)) => {
                    out.push_str(words.get(word).map_or("", language));
                    out.push_str(rest);
                }
                None => out.push_str(piece),
            }
        }
        out.trim_end().to_owned()
    };
    Text {
        zh: one(&template.zh, |text| &text.zh),
        en: one(&template.en, |text| &text.en),
    }
}

/// The same in both languages.
pub(super) fn plain(text: impl Into<String>) -> Text {
    let text = text.into();
    Text {
        zh: text.clone(),
        en: text,
    }
}

/// A frequency, rounded to the decade of its uncertainty: Hz that were not measured are not printed.
pub(super) fn frequency(hz: f64, uncertainty_hz: f64) -> String {
    let step = 10_f64.powf(uncertainty_hz.max(1.0).log10().floor());
    Hertz::from_f64((hz / step).round() * step).to_string()
}

/// A width or an offset with three significant figures.
pub(super) fn width(hz: f64) -> String {
    let magnitude = hz.abs().max(1.0).log10().floor();
    let step = 10_f64.powf((magnitude - 2.0).max(0.0));
    Hertz::from_f64((hz / step).round() * step).to_string()
}

/// An uncertainty, two significant figures, rounded up.
pub(super) fn uncertainty(hz: f64) -> String {
    let step = 10_f64.powf((hz.max(1.0).log10().floor() - 1.0).max(0.0));
    Hertz::from_f64((hz / step).ceil() * step).to_string()
}

/// A level difference in whole decibels.
pub(super) fn decibels(db: f64) -> String {
    if db.is_finite() {
        format!("{db:.0} dB")
    } else {
        "∞ dB".to_owned()
    }
}

/// The day of an instant in China (UTC+8).
pub(super) fn day(instant: Timestamp) -> Text {
    let date = Offset::constant(8).to_datetime(instant).date();
    Text::new(
        format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        date.to_string(),
    )
}

/// An instant in China (UTC+8), to the minute.
pub(super) fn moment(instant: Timestamp) -> Text {
    let local = Offset::constant(8).to_datetime(instant);
    let (date, clock) = (day(instant), format!("{:02}:{:02}", local.hour(), local.minute()));
    Text::new(
        format!("{} {clock}（北京时间）", date.zh),
        format!("{} {clock} (UTC+8)", date.en),
    )
}
