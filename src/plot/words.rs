//! The words of the pictures, in both languages, in one place.

use jiff::{SignedDuration, Timestamp, tz::Offset};

use super::{Language, axis::TimeSpan};
use crate::units::Band;

impl Language {
    /// One of two texts.
    fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }

    pub(super) fn spectrum(self) -> &'static str {
        self.pick("频谱", "Spectrum")
    }

    pub(super) fn waterfall(self) -> &'static str {
        self.pick("瀑布图", "Waterfall")
    }

    pub(super) fn occupancy(self) -> &'static str {
        self.pick("信道占用度", "Channel occupancy")
    }

    pub(super) fn mean(self) -> &'static str {
        self.pick("平均", "mean")
    }

    pub(super) fn max(self) -> &'static str {
        self.pick("最大", "max")
    }

    pub(super) fn min(self) -> &'static str {
        self.pick("最小", "min")
    }

    pub(super) fn floor(self) -> &'static str {
        self.pick("噪声底", "noise floor")
    }

    pub(super) fn unseen(self) -> &'static str {
        self.pick("未观测", "not observed")
    }

    pub(super) fn occupied(self) -> &'static str {
        self.pick("占用度", "occupied")
    }

    pub(super) fn interval(self) -> &'static str {
        self.pick("95% 置信区间", "95 % interval")
    }

    pub(super) fn observed(self) -> &'static str {
        self.pick("观测时间占比", "share of time observed")
    }

    pub(super) fn threshold(self, words: &str) -> String {
        format!("{}{words}", self.pick("门限：", "threshold: "))
    }

    /// Low, share and high of a band; an end that was not measured leaves a bound.
    pub(super) fn band_share(self, share: [f64; 3]) -> String {
        let what = self.pick("频段占用度：", "band occupancy: ");
        let [low, share, high] = share.map(|part| 100.0 * part);
        match (low <= 0.0, high >= 100.0) {
            (true, false) => format!("{what}≤ {high:.2} %"),
            (false, true) => format!("{what}≥ {low:.2} %"),
            _ => format!("{what}{share:.1} % ({low:.1} – {high:.1} %)"),
        }
    }

    pub(super) fn level_axis(self, unit: &str) -> String {
        self.with_unit(self.pick("电平", "Level"), unit)
    }

    pub(super) fn occupancy_axis(self) -> String {
        self.with_unit(self.pick("占用度", "Occupancy"), "%")
    }

    /// The frequency axis; a band that reaches below zero is one of offsets.
    pub(super) fn frequency_axis(self, band: Band, unit: &str) -> String {
        if band.low().0 < 0 {
            self.with_unit(self.pick("相对中心频率的偏移", "Offset from centre"), unit)
        } else {
            self.with_unit(self.pick("频率", "Frequency"), unit)
        }
    }

    /// The time axis: which clock, or from the first sample.
    pub(super) fn time_axis(self, span: TimeSpan, offset: Offset) -> String {
        match span.start {
            Some(_) => self.with_unit(self.pick("时间", "Time"), &clock_name(offset)),
            None => self.with_unit(self.pick("自起始的时间", "Time from start"), self.pick("秒", "s")),
        }
    }

    fn with_unit(self, quantity: &str, unit: &str) -> String {
        match self {
            Self::Zh => format!("{quantity}（{unit}）"),
            Self::En => format!("{quantity} ({unit})"),
        }
    }

    pub(super) fn resolution(self, hz: f64) -> String {
        let (value, unit) = if hz >= 1e6 {
            (hz / 1e6, "MHz")
        } else if hz >= 1e3 {
            (hz / 1e3, "kHz")
        } else {
            (hz, "Hz")
        };
        let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
        let number = format!("{value:.digits$}");
        let number = if number.contains('.') {
            number.trim_end_matches('0').trim_end_matches('.')
        } else {
            &number
        };
        format!("{} {number} {unit}", self.pick("分辨率", "resolution"))
    }

    /// When it was: both ends, the date of the second only where it differs.
    pub(super) fn when(self, span: TimeSpan, offset: Offset) -> String {
        let Some(start) = span.start else {
            return format!("{} {}", length(span.seconds), self.pick("（无日期）", "(undated)"));
        };
        let stop = start + SignedDuration::from_nanos((span.seconds * 1e9) as i64);
        let date = |at: Timestamp| offset.to_datetime(at).strftime("%Y-%m-%d").to_string();
        let pattern = if span.seconds < 10.0 {
            "%H:%M:%S%.3f"
        } else {
            "%H:%M:%S"
        };
        let clock = |at: Timestamp| offset.to_datetime(at).strftime(pattern).to_string();
        let until = if date(start) == date(stop) {
            clock(stop)
        } else {
            format!("{} {}", date(stop), clock(stop))
        };
        format!("{} {} – {until} {}", date(start), clock(start), clock_name(offset))
    }
}

/// A length of time in the unit that suits it.
fn length(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.1} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.2} s"),
        s => format!("{:.1} min", s / 60.0),
    }
}

/// `UTC`, `UTC+8`, `UTC−3:30`.
pub(super) fn clock_name(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    if minutes == 0 {
        return "UTC".into();
    }
    let sign = if minutes < 0 { '−' } else { '+' };
    match minutes.abs() % 60 {
        0 => format!("UTC{sign}{}", minutes.abs() / 60),
        rest => format!("UTC{sign}{}:{rest:02}", minutes.abs() / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_name_their_clock() {
        let start = Some("2026-11-22T15:59:30Z".parse().unwrap());
        let span = TimeSpan { start, seconds: 60.0 };
        let china = Offset::constant(8);
        assert_eq!(
            Language::Zh.when(span, china),
            "2026-11-22 23:59:30 – 2026-11-23 00:00:30 UTC+8"
        );
        assert_eq!(
            Language::En.when(span, Offset::UTC),
            "2026-11-22 15:59:30 – 16:00:30 UTC"
        );
        let undated = TimeSpan {
            start: None,
            seconds: 1.048_576,
        };
        assert_eq!(Language::En.when(undated, Offset::UTC), "1.05 s (undated)");
        assert_eq!(clock_name(Offset::from_seconds(-12_600).unwrap()), "UTC−3:30");
    }

    #[test]
    fn resolutions_are_written_with_sensible_digits() {
        for (hz, text) in [
            (585.9375, "586 Hz"),
            (1171.875, "1.17 kHz"),
            (25e3, "25 kHz"),
            (1.5e6, "1.5 MHz"),
            (100.0, "100 Hz"),
        ] {
            assert_eq!(Language::En.resolution(hz), format!("resolution {text}"));
        }
    }
}
