//! Numbers, dates and angles as registers write them.

use jiff::civil::Date;

use crate::units::Hertz;

/// Lowest frequency a register can mean.
pub(crate) const LOWEST_HZ: i64 = 1;

/// Highest frequency the Radio Regulations know (RR 1.5).
pub(crate) const HIGHEST_HZ: i64 = 3_000_000_000_000;

/// Decimal number times ten to the `exponent`, rounded half up to whole hertz, without a detour through floating point.
pub(super) fn hertz(text: &str, exponent: u32) -> Option<Hertz> {
    let (negative, body) = match text.trim().strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.trim().strip_prefix('+').unwrap_or(text.trim())),
    };
    let (whole, part) = body.split_once('.').unwrap_or((body, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) || whole.len() > 15 {
        return None;
    }
    let mut value: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    value = value.checked_mul(10_i64.checked_pow(exponent)?)?;
    let mut scale = 10_i64.checked_pow(exponent)?;
    for digit in part.bytes().map(|byte| i64::from(byte - b'0')) {
        if scale == 1 {
            value = value.checked_add(i64::from(digit >= 5))?;
            break;
        }
        scale /= 10;
        value = value.checked_add(digit * scale)?;
    }
    Some(Hertz(if negative { -value } else { value }))
}

/// Name of the unit of ten to the `exponent` hertz.
pub(super) fn unit(exponent: u32) -> &'static str {
    match exponent {
        0 => "Hz",
        3 => "kHz",
        6 => "MHz",
        _ => "GHz",
    }
}

/// Order of day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// `08/21/2015`.
    MonthDayYear,
    /// `2015-08-21`, also `20150821` and with a time behind.
    YearMonthDay,
    /// `21/08/2015`.
    DayMonthYear,
}

impl Order {
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::MonthDayYear => "08/21/2015",
            Self::YearMonthDay => "2015-08-21",
            Self::DayMonthYear => "21/08/2015",
        }
    }
}

/// A calendar day.
pub(super) fn date(text: &str, order: Order) -> Option<Date> {
    let text = text.trim();
    if order == Order::YearMonthDay && text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Date::new(
            text[..4].parse().ok()?,
            text[4..6].parse().ok()?,
            text[6..].parse().ok()?,
        )
        .ok();
    }
    let day = text.split([' ', 'T']).next()?;
    let mut parts = day
        .split(['/', '-', '.'])
        .map(|part| part.parse::<i16>().ok().or_else(|| month(part)));
    let (a, b, c) = (parts.next()??, parts.next()??, parts.next()??);
    let named = day
        .split(['/', '-', '.'])
        .nth(1)
        .is_some_and(|part| month(part).is_some());
    let (year, month, day) = match order {
        // Four digits first are the year, and a name is the month, whatever is usual in the register.
        _ if a >= 1000 => (a, b, c),
        _ if named => (c, b, a),
        Order::MonthDayYear => (c, a, b),
        Order::YearMonthDay => (a, b, c),
        Order::DayMonthYear => (c, b, a),
    };
    if parts.next().is_some() || !(1000..=9999).contains(&year) {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Number of a month by the beginning of its English name.
fn month(text: &str) -> Option<i16> {
    const NAMES: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let short = text.get(..3)?.to_ascii_lowercase();
    let letters = text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let at = NAMES.iter().position(|name| *name == short).filter(|_| letters)?;
    i16::try_from(at + 1).ok()
}

/// Degrees from degrees, minutes and seconds, negative for S and W.
pub(super) fn degrees(degrees: f64, minutes: f64, seconds: f64, hemisphere: &str) -> Option<f64> {
    let negative = match hemisphere.trim().to_ascii_uppercase().as_str() {
        "N" | "E" => false,
        "S" | "W" => true,
        _ => return None,
    };
    let fits = (0.0..=180.0).contains(&degrees) && (0.0..60.0).contains(&minutes) && (0.0..60.0).contains(&seconds);
    let value = degrees + minutes / 60.0 + seconds / 3600.0;
    fits.then_some(if negative { -value } else { value })
}

/// An angle packed as `DDMMSS.s` with the hemisphere behind it: `614726N`, `0820811.00W`. `X` stands for an unknown
/// digit and counts as 0.
pub(super) fn packed_degrees(text: &str) -> Option<f64> {
    let text = text.trim();
    let hemisphere = text.get(text.len().checked_sub(1)?..)?;
    let digits = text[..text.len() - 1].replace(['X', 'x'], "0");
    let whole = digits.split('.').next()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') || !(4..=7).contains(&whole.len()) {
        return None;
    }
    // Degrees take two digits of a latitude and three of a longitude.
    let wide = if matches!(hemisphere, "E" | "W" | "e" | "w") {
        3
    } else {
        2
    };
    let number = |from: usize, to: usize| digits.get(from..to.min(digits.len()))?.parse::<f64>().ok();
    let seconds = match digits.get(wide + 2..) {
        Some("") | None => 0.0,
        Some(rest) => rest.parse().ok()?,
    };
    degrees(number(0, wide)?, number(wide, wide + 2)?, seconds, hemisphere)
}

/// dBm from watts; nothing for a power that is not above zero.
pub(super) fn dbm(watts: f64) -> Option<f64> {
    (watts.is_finite() && watts > 0.0).then(|| 10.0 * watts.log10() + 30.0)
}

/// Gain of a half-wave dipole relative to an isotropic antenna: EIRP = ERP + 2.15 dB (RR 1.161, 1.162).
pub(crate) const DIPOLE_DBI: f64 = 2.15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_hertz_exactly() {
        for (text, exponent, hz) in [
            ("952.64375000", 6, Some(952_643_750)),
            ("118.333333333", 6, Some(118_333_333)),
            ("0.0000005", 6, Some(1)),
            (".5", 3, Some(500)),
            ("-1", 3, Some(-1000)),
            ("", 6, None),
            ("1,5", 6, None),
            ("1e6", 0, None),
            ("999999999999999", 6, None),
            (".", 6, None),
        ] {
            assert_eq!(hertz(text, exponent).map(|hz| hz.0), hz, "{text}");
        }
    }

    #[test]
    fn packed_angles_and_dates_are_read() {
        for (text, value) in [
            ("614726N", Some(61.790_555_6)),
            ("1655811W", Some(-165.969_722_2)),
            ("0820811.00W", Some(-82.136_388_9)),
            ("434253.00N", Some(43.714_722_2)),
            ("6147XXN", Some(61.783_333_3)),
            ("614760N", None),
            ("N", None),
            ("", None),
            ("é", None),
        ] {
            let read = packed_degrees(text);
            assert_eq!(read.is_some(), value.is_some(), "{text}");
            assert!(
                (read.unwrap_or(0.0) - value.unwrap_or(0.0)).abs() < 1e-6,
                "{text}: {read:?}"
            );
        }
        for (text, order, fits) in [
            ("08/21/2015", Order::MonthDayYear, true),
            ("21/08/2015", Order::MonthDayYear, false),
            ("20150821", Order::YearMonthDay, true),
            ("2015-08-21T00:00:00Z", Order::YearMonthDay, true),
            ("21/08/2015", Order::DayMonthYear, true),
            ("8/21/15", Order::MonthDayYear, false),
            ("2012-03-26", Order::DayMonthYear, true),
            ("26-Mar-2012", Order::DayMonthYear, true),
            ("Mar-26-2012", Order::MonthDayYear, true),
            ("é2015082", Order::YearMonthDay, false),
        ] {
            assert_eq!(date(text, order).is_some(), fits, "{text}");
        }
    }
}
