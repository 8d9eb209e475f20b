//! Quantities with their unit in the type, and how people write them.
//!
//! Frequencies are whole hertz and signed, because a recording without a centre frequency is measured at
//! offsets from zero. Bands are half-open `[low, high)`. Levels carry their reference: `Dbfs` is relative to a
//! full-scale complex sine and says nothing about the antenna; `Dbm` exists only behind a calibration.

use std::{fmt, ops, str::FromStr};

use serde::{Deserialize, Serialize};

/// A frequency or a frequency difference in whole hertz.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = i64, example = 433_920_000)]
pub struct Hertz(pub i64);

impl Hertz {
    /// Rounds a measured value to the nearest hertz.
    #[must_use]
    pub fn from_f64(hz: f64) -> Self {
        Self(hz.round() as i64)
    }

    /// The value for arithmetic; exact below 2^53 Hz.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl ops::Add for Hertz {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl ops::Sub for Hertz {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for Hertz {
    /// The shortest exact form in the largest fitting unit: `433.92 MHz`, `87 MHz`, `12.001 kHz`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, digits) = match self.0.unsigned_abs() {
            1_000_000_000.. => ("GHz", 9),
            1_000_000.. => ("MHz", 6),
            1_000.. => ("kHz", 3),
            _ => return write!(f, "{} Hz", self.0),
        };
        let scale = 10_u64.pow(digits);
        let (whole, part) = (self.0.unsigned_abs() / scale, self.0.unsigned_abs() % scale);
        let sign = if self.0 < 0 { "-" } else { "" };
        let part = format!("{part:0width$}", width = digits as usize);
        match part.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole} {unit}"),
            part => write!(f, "{sign}{whole}.{part} {unit}"),
        }
    }
}

/// Why a text is not a frequency; says what to type instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a frequency: write hertz or a number with k, M or G, such as 87M, 433.92M, 2.4G or 1090000000"
)]
pub struct ParseHertzError {
    text: String,
}

impl FromStr for Hertz {
    type Err = ParseHertzError;

    /// Reads `87M`, `433.92M`, `2.4G`, `12k`, `1090000000`, with or without `Hz`, exactly (no rounding through
    /// floating point). More decimals than whole hertz can hold are refused.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || ParseHertzError { text: text.to_owned() };
        let body = text.trim();
        let lower = body.to_ascii_lowercase();
        let body = &body[..lower.strip_suffix("hz").map_or(body.len(), str::len)];
        let body = body.trim_end();
        let (number, digits) = match body.as_bytes().last() {
            Some(b'k' | b'K') => (&body[..body.len() - 1], 3_u32),
            Some(b'm' | b'M') => (&body[..body.len() - 1], 6),
            Some(b'g' | b'G') => (&body[..body.len() - 1], 9),
            _ => (body, 0),
        };
        let number = number.trim_end();
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let part = part.trim_end_matches('0');
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(part) || part.len() > digits as usize {
            return Err(fail());
        }
        let mut hz: i64 = whole.parse().map_err(|_| fail())?;
        hz = hz.checked_mul(10_i64.pow(digits)).ok_or_else(fail)?;
        if !part.is_empty() {
            let scale = 10_i64.pow(digits - part.len() as u32);
            hz = hz
                .checked_add(part.parse::<i64>().map_err(|_| fail())? * scale)
                .ok_or_else(fail)?;
        }
        Ok(Self(if negative { -hz } else { hz }))
    }
}

/// A half-open frequency band `[low, high)`; `low <= high` always holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Band {
    /// Lower edge, inclusive.
    #[serde(rename = "low_hz", alias = "low")]
    low: Hertz,
    /// Upper edge, exclusive.
    #[serde(rename = "high_hz", alias = "high")]
    high: Hertz,
}

impl Band {
    /// A band, or nothing when the edges are the wrong way round.
    #[must_use]
    pub fn new(low: Hertz, high: Hertz) -> Option<Self> {
        (low <= high).then_some(Self { low, high })
    }

    /// The band of `width` around `center`.
    #[must_use]
    pub fn around(center: Hertz, width: Hertz) -> Self {
        let half = width.0.abs() / 2;
        Self {
            low: Hertz(center.0 - half),
            high: Hertz(center.0 - half + width.0.abs()),
        }
    }

    /// Lower edge, inside the band.
    #[must_use]
    pub fn low(self) -> Hertz {
        self.low
    }

    /// Upper edge, the first frequency outside the band.
    #[must_use]
    pub fn high(self) -> Hertz {
        self.high
    }

    /// Width in hertz.
    #[must_use]
    pub fn width(self) -> Hertz {
        self.high - self.low
    }

    /// Middle, rounded down.
    #[must_use]
    pub fn center(self) -> Hertz {
        Hertz(self.low.0 + (self.high.0 - self.low.0) / 2)
    }

    /// Whether the two bands share any frequency; touching edges do not.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.low < other.high && other.low < self.high
    }

    /// Whether `other` lies wholly inside this band.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    /// The shared part, empty bands included as `None`.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        self.overlaps(other).then(|| Self {
            low: self.low.max(other.low),
            high: self.high.min(other.high),
        })
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", self.low, self.high)
    }
}

/// A ratio of powers in decibels.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Db(pub f64);

/// A level relative to a full-scale complex sine (0 dBFS).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dbfs(pub f64);

/// An absolute level; exists only behind a calibration.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dbm(pub f64);

impl ops::Sub for Dbfs {
    type Output = Db;
    fn sub(self, other: Self) -> Db {
        Db(self.0 - other.0)
    }
}

impl ops::Add<Db> for Dbfs {
    type Output = Self;
    fn add(self, gain: Db) -> Self {
        Self(self.0 + gain.0)
    }
}

impl ops::Sub for Dbm {
    type Output = Db;
    fn sub(self, other: Self) -> Db {
        Db(self.0 - other.0)
    }
}

impl ops::Add<Db> for Dbm {
    type Output = Self;
    fn add(self, gain: Db) -> Self {
        Self(self.0 + gain.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_read_as_people_write_them() {
        for (text, hz) in [
            ("87M", 87_000_000),
            ("433.92M", 433_920_000),
            ("2.4G", 2_400_000_000),
            ("1090000000", 1_090_000_000),
            ("12.001k", 12_001),
            ("77.5 kHz", 77_500),
            ("-41.95k", -41_950),
            ("433.920000000M", 433_920_000),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(Hertz(hz)), "{text}");
        }
    }

    #[test]
    fn what_is_no_frequency_says_what_to_type() {
        for text in [
            "",
            "M",
            "1.5",
            "433,92M",
            "1e9",
            "1.2.3M",
            "0.0000001M",
            "99999999999G",
            "频率",
        ] {
            let error = text.parse::<Hertz>().expect_err(text);
            assert!(error.to_string().contains("433.92M"), "{error}");
        }
    }

    #[test]
    fn frequencies_print_exactly_and_read_back() {
        for (hz, text) in [
            (433_920_000, "433.92 MHz"),
            (87_000_000, "87 MHz"),
            (12_001, "12.001 kHz"),
            (-5, "-5 Hz"),
            (1_090_000_001, "1.090000001 GHz"),
        ] {
            assert_eq!(Hertz(hz).to_string(), text);
            assert_eq!(text.parse(), Ok(Hertz(hz)));
        }
    }

    #[test]
    fn bands_are_half_open() {
        let band = |low, high| Band::new(Hertz(low), Hertz(high)).expect("ordered");
        assert!(!band(0, 10).overlaps(band(10, 20)), "touching ends do not conflict");
        assert!(band(0, 11).overlaps(band(10, 20)));
        assert!(band(0, 20).contains(band(10, 20)));
        assert_eq!(band(0, 11).intersection(band(10, 20)), Some(band(10, 11)));
        assert_eq!(Band::new(Hertz(2), Hertz(1)), None);
        assert_eq!(Band::around(Hertz(100), Hertz(5)).width(), Hertz(5));
    }
}
