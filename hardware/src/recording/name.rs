//! What the name of a raw file says about it: format, sample rate, centre frequency.
//!
//! Reads the habits of rtl_433 (`g001_433.92M_250k.cu8`), gqrx (`gqrx_20160101_120000_145500000_2400000_fc.raw`),
//! SDR# and HDSDR (`SDRSharp_20160101_120000Z_145500000Hz_IQ.wav`). Guesses nothing a habit does not back.

use std::path::Path;

use crate::SampleFormat;

/// What a name says; every part may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct NameHints {
    pub(super) format: Option<SampleFormat>,
    pub(super) sample_rate_hz: Option<f64>,
    pub(super) center_hz: Option<i64>,
}

/// A number in a name and what it was called.
#[derive(Clone, Copy, PartialEq)]
enum Meaning {
    Frequency,
    Rate,
    /// Only a multiplier: `433.92M`; the flag says whether it was `k`.
    Unsaid {
        kilo: bool,
    },
}

/// Reads the name of `path`.
pub(super) fn hints(path: &Path) -> NameHints {
    let text = |part: Option<&std::ffi::OsStr>| part.and_then(|s| s.to_str()).unwrap_or("").to_owned();
    let (stem, extension) = (text(path.file_stem()), text(path.extension()));
    gqrx(&stem).unwrap_or_else(|| NameHints {
        format: format_of_extension(&extension),
        ..numbers(&stem)
    })
}

/// The format that a file name extension stands for by common habit.
pub(super) fn format_of_extension(extension: &str) -> Option<SampleFormat> {
    match extension.to_ascii_lowercase().as_str() {
        "cu8" | "u8" => Some(SampleFormat::Cu8),
        "cs8" | "c8" | "s8" | "ci8" | "sc8" => Some(SampleFormat::Cs8),
        "cs16" | "c16" | "s16" | "ci16" | "sc16" => Some(SampleFormat::Cs16),
        "cf32" | "fc32" | "cfile" | "complex" => Some(SampleFormat::Cf32),
        _ => None,
    }
}

/// `gqrx_<date>_<time>_<hertz>_<samples per second>_fc`.
fn gqrx(stem: &str) -> Option<NameHints> {
    let parts: Vec<&str> = stem.strip_prefix("gqrx_")?.split('_').collect();
    let [_date, _time, hertz, rate, "fc"] = parts.as_slice() else {
        return None;
    };
    Some(NameHints {
        format: Some(SampleFormat::Cf32),
        sample_rate_hz: Some(rate.parse().ok()?),
        center_hz: Some(hertz.parse().ok()?),
    })
}

/// Numbers with a unit or a multiplier. Without a unit the first of two is the frequency, as rtl_433 has it; a
/// single one is a rate when in `k`, else a frequency.
fn numbers(stem: &str) -> NameHints {
    let found: Vec<(f64, Meaning)> = stem.split(['_', ' ']).filter_map(number).collect();
    let said = |meaning| found.iter().find(|(_, m)| *m == meaning).map(|(value, _)| *value);
    let mut unsaid = found.iter().filter_map(|(value, meaning)| match meaning {
        Meaning::Unsaid { kilo } => Some((*value, *kilo)),
        _ => None,
    });
    let (mut frequency, mut rate) = (said(Meaning::Frequency), said(Meaning::Rate));
    match (frequency, rate) {
        (None, None) => match (unsaid.next(), unsaid.next()) {
            (Some((first, _)), Some((second, _))) => (frequency, rate) = (Some(first), Some(second)),
            (Some((only, true)), None) => rate = Some(only),
            (only, _) => frequency = only.map(|(value, _)| value),
        },
        (Some(_), None) => rate = unsaid.next().map(|(value, _)| value),
        (None, Some(_)) => frequency = unsaid.next().map(|(value, _)| value),
        (Some(_), Some(_)) => {}
    }
    NameHints {
        format: None,
        sample_rate_hz: rate.filter(|rate| *rate > 0.0),
        center_hz: frequency.map(|hertz| hertz.round() as i64),
    }
}

/// One part of a name, such as `433.92M`, `7100kHz`, `1MSps`, `145500000Hz`.
fn number(token: &str) -> Option<(f64, Meaning)> {
    let end = token.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (digits, unit) = token.split_at(end);
    let value: f64 = digits.parse().ok()?;
    let (scale, rest) = match unit.as_bytes().first()? {
        b'k' | b'K' => (1e3, &unit[1..]),
        b'M' => (1e6, &unit[1..]),
        b'G' => (1e9, &unit[1..]),
        _ => (1.0, unit),
    };
    let meaning = match rest.to_ascii_lowercase().as_str() {
        "hz" => Meaning::Frequency,
        "s" | "sps" | "s/s" if scale > 1.0 || rest.len() > 1 => Meaning::Rate,
        "" if scale > 1.0 => Meaning::Unsaid { kilo: scale == 1e3 },
        _ => return None,
    };
    Some((value * scale, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> (Option<SampleFormat>, Option<f64>, Option<i64>) {
        let hints = hints(Path::new(name));
        (hints.format, hints.sample_rate_hz, hints.center_hz)
    }

    #[test]
    fn names_are_read_by_the_habits_of_the_programs_that_write_them() {
        use SampleFormat::{Cf32, Cs8, Cs16, Cu8};
        for (name, format, rate, center) in [
            ("g001_433.92M_250k.cu8", Some(Cu8), Some(250e3), Some(433_920_000)),
            ("g002_868.3M_1M.cs16", Some(Cs16), Some(1e6), Some(868_300_000)),
            ("dir.d/g003_2.4G_20M.c8", Some(Cs8), Some(20e6), Some(2_400_000_000)),
            ("dcf_77.5k_12k.cs16", Some(Cs16), Some(12e3), Some(77_500)),
            ("burst_250k.cu8", Some(Cu8), Some(250e3), None),
            ("burst_433.92M.s8", Some(Cs8), None, Some(433_920_000)),
            ("x_1MSps_433.92MHz.fc32", Some(Cf32), Some(1e6), Some(433_920_000)),
            ("x_2400kS_100M.u8", Some(Cu8), Some(2.4e6), Some(100_000_000)),
            (
                "gqrx_20160101_120000_145500000_2400000_fc.raw",
                Some(Cf32),
                Some(2.4e6),
                Some(145_500_000),
            ),
            (
                "SDRSharp_20160101_231914Z_145500000Hz_IQ.wav",
                None,
                None,
                Some(145_500_000),
            ),
            ("HDSDR_20160101_120000Z_7100kHz_RF.wav", None, None, Some(7_100_000)),
            ("capture.iq", None, None, None),
            ("频谱_98M_2.4M.cs8", Some(Cs8), Some(2.4e6), Some(98_000_000)),
            ("1.2.3M_4.cs8", Some(Cs8), None, None),
        ] {
            assert_eq!(read(name), (format, rate, center), "{name}");
        }
    }
}
