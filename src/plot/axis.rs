//! Where an axis gets its ticks and how they are written: steps of 1, 2, 5 for frequency and level, the steps of
//! clocks for time. The finest step whose labels keep apart is taken.

use jiff::{SignedDuration, Timestamp, tz::Offset};

/// A tick: its place in the axis' own quantity, and its label.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Ticks of a frequency axis and the unit they are written in.
pub(super) struct FrequencyTicks {
    pub(super) unit: &'static str,
    pub(super) ticks: Vec<Tick>,
}

/// Ticks for `[low_hz, high_hz]` on `room` pixels; `width` measures a label and the gap it wants.
pub(super) fn frequency(low_hz: i64, high_hz: i64, room: f64, width: impl Fn(&str) -> f64) -> FrequencyTicks {
    let largest = low_hz.unsigned_abs().max(high_hz.unsigned_abs());
    let (unit, digits) = if largest >= 1_000_000 {
        ("MHz", 6_u32)
    } else {
        ("kHz", 3)
    };
    let span = (high_hz - low_hz).max(1);
    let pixels_per_hz = room / span as f64;
    let steps = (0..13).flat_map(|power| [1, 2, 5].map(|factor| factor * 10_i64.pow(power)));
    let mut chosen = Vec::new();
    for step in steps.filter(|step| span / step <= 200) {
        let first = low_hz.div_euclid(step) + i64::from(low_hz.rem_euclid(step) != 0);
        let values = (first..).map(|n| n * step).take_while(|hz| *hz <= high_hz);
        chosen = values
            .map(|hz| Tick {
                at: hz as f64,
                label: hertz(hz, digits, step),
            })
            .collect();
        let widest = chosen.iter().map(|tick: &Tick| width(&tick.label)).fold(0.0, f64::max);
        if widest <= step as f64 * pixels_per_hz {
            break;
        }
    }
    FrequencyTicks { unit, ticks: chosen }
}

/// A frequency in units of 10^`digits` Hz with the decimals that a step of `step` needs.
fn hertz(hz: i64, digits: u32, step: i64) -> String {
    let mut decimals = digits;
    let mut rest = step;
    while decimals > 0 && rest % 10 == 0 {
        rest /= 10;
        decimals -= 1;
    }
    let scale = 10_u64.pow(digits);
    let (whole, part) = (hz.unsigned_abs() / scale, hz.unsigned_abs() % scale);
    let sign = if hz < 0 { "−" } else { "" };
    if decimals == 0 {
        return format!("{sign}{whole}");
    }
    let part = part / 10_u64.pow(digits - decimals);
    format!("{sign}{whole}.{part:0width$}", width = decimals as usize)
}

/// Ticks for levels or percentages within `[low, high]`, at least `apart` pixels from each other on `room`.
pub(super) fn level(low: f64, high: f64, room: f64, apart: f64) -> Vec<Tick> {
    let steps = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0];
    let per_unit = room / (high - low).max(1e-9);
    let step = steps.into_iter().find(|step| step * per_unit >= apart).unwrap_or(200.0);
    let decimals = usize::from(step < 1.0);
    let first = (low / step - 1e-9).ceil() as i64;
    (first..)
        .map(|n| n as f64 * step)
        .take_while(|value| *value <= high + step * 1e-6)
        .map(|at| Tick {
            at,
            label: format!("{at:.decimals$}").replace('-', "−"),
        })
        .collect()
}

/// The stretch of time an axis shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TimeSpan {
    /// UTC of its beginning; `None`: seconds from the first sample.
    pub(super) start: Option<Timestamp>,
    /// Its length, seconds.
    pub(super) seconds: f64,
}

/// Steps of clocks, seconds; below a second they are 1, 2, 5.
const CLOCK_STEPS: &[f64] = &[
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
    7_776_000.0,
    31_536_000.0,
];

/// Ticks in seconds from the beginning, at least `apart` pixels from each other on `room`, at round times of the
/// clock that is `offset` from UTC.
pub(super) fn time(span: TimeSpan, offset: Offset, room: f64, apart: f64) -> Vec<Tick> {
    let fine = (-6..0).flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * 10_f64.powi(power)));
    let per_second = room / span.seconds.max(1e-9);
    let step = fine
        .chain(CLOCK_STEPS.iter().copied())
        .find(|step| step * per_second >= apart)
        .unwrap_or(span.seconds);
    // Seconds of the local clock at the beginning, so that ticks fall on round local times.
    let origin = span.start.map_or(0.0, |start| {
        let local = start.as_duration() + SignedDuration::from_secs(i64::from(offset.seconds()));
        (local.as_secs() % 31_536_000) as f64 + f64::from(local.subsec_nanos()) * 1e-9
    });
    let first = (origin / step - 1e-6).ceil() as i64;
    (first..)
        .map(|n| n as f64 * step - origin)
        .take_while(|at| *at <= span.seconds * (1.0 + 1e-9))
        .map(|at| Tick {
            at: at.max(0.0),
            label: clock(span, offset, at, step),
        })
        .collect()
}

fn clock(span: TimeSpan, offset: Offset, at: f64, step: f64) -> String {
    let decimals = if step < 1.0 {
        (-step.log10()).ceil().max(1.0) as usize
    } else {
        0
    };
    let Some(start) = span.start else {
        return format!("{at:.decimals$}");
    };
    // Half a unit of the last written place, so that 11.999999 s is written as 12.
    let rounded = at + 0.5e-6;
    let moment = start + SignedDuration::from_nanos((rounded * 1e9) as i64);
    let local = offset.to_datetime(moment);
    if step >= 86_400.0 {
        return format!("{:02}-{:02}", local.month(), local.day());
    }
    if step >= 60.0 {
        return format!("{:02}:{:02}", local.hour(), local.minute());
    }
    let fraction = format!("{:.decimals$}", f64::from(local.subsec_nanosecond() / 1000) * 1e-6);
    format!(
        "{:02}:{:02}:{:02}{}",
        local.hour(),
        local.minute(),
        local.second(),
        &fraction[1..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn frequencies_are_written_with_the_decimals_their_step_needs() {
        let wide = |text: &str| text.len() as f64 * 8.0 + 10.0;
        let fm = frequency(96_800_000, 99_200_000, 800.0, wide);
        assert_eq!(fm.unit, "MHz");
        assert_eq!(labels(&fm.ticks)[..3], ["96.8", "97.0", "97.2"]);
        let dcf = frequency(71_500, 83_501, 600.0, wide);
        assert_eq!((dcf.unit, labels(&dcf.ticks)[0]), ("kHz", "72"));
        let offsets = frequency(-50_000, 50_000, 600.0, wide);
        assert_eq!(labels(&offsets.ticks)[..2], ["−50", "−40"]);
        assert!(labels(&offsets.ticks).contains(&"0"));
        let narrow = frequency(433_900_000, 433_900_100, 400.0, wide);
        assert_eq!(
            labels(&narrow.ticks)[0],
            "433.90000",
            "steps below a kilohertz stay exact"
        );
    }

    #[test]
    fn labels_never_come_closer_than_they_are_wide() {
        let width = |text: &str| text.chars().count() as f64 * 7.0 + 12.0;
        for (low, high) in [
            (0, 1),
            (0, 6_000_000_000),
            (96_800_000, 99_200_000),
            (-6_000, 6_001),
            (433_919_999, 433_920_003),
        ] {
            for room in [60.0, 200.0, 333.0, 1000.0, 8000.0] {
                let ticks = frequency(low, high, room, width).ticks;
                let apart = room / (high - low) as f64;
                for pair in ticks.windows(2) {
                    let need = width(&pair[0].label).max(width(&pair[1].label));
                    assert!(
                        (pair[1].at - pair[0].at) * apart >= need,
                        "{low}..{high} on {room}: {pair:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn levels_step_by_round_numbers() {
        assert_eq!(
            labels(&level(-100.0, -60.0, 200.0, 30.0)),
            ["−100", "−90", "−80", "−70", "−60"]
        );
        assert_eq!(
            labels(&level(0.0, 100.0, 200.0, 40.0)),
            ["0", "20", "40", "60", "80", "100"]
        );
        assert_eq!(labels(&level(-1.0, 0.0, 100.0, 45.0)), ["−1.0", "−0.5", "0.0"]);
    }

    #[test]
    fn times_fall_on_round_local_times() {
        let start = Some("2026-03-01T23:59:37.500Z".parse().unwrap());
        let china = Offset::constant(8);
        let minute = time(TimeSpan { start, seconds: 60.0 }, china, 400.0, 80.0);
        assert_eq!(labels(&minute), ["07:59:45", "08:00:00", "08:00:15", "08:00:30"]);
        assert!((minute[1].at - 22.5).abs() < 1e-6);
        let days = time(
            TimeSpan {
                start,
                seconds: 3.0 * 86_400.0,
            },
            Offset::UTC,
            400.0,
            90.0,
        );
        assert_eq!(labels(&days), ["03-02", "03-03", "03-04"]);
        let milliseconds = time(TimeSpan { start, seconds: 0.01 }, Offset::UTC, 400.0, 150.0);
        assert_eq!(labels(&milliseconds), ["23:59:37.500", "23:59:37.505", "23:59:37.510"]);
        let relative = time(
            TimeSpan {
                start: None,
                seconds: 1.0,
            },
            Offset::UTC,
            400.0,
            150.0,
        );
        assert_eq!(labels(&relative), ["0.0", "0.5", "1.0"]);
    }
}
