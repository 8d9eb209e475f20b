//! Whether two uses are ever on at the same time.

use jiff::Timestamp;

use super::Span;
use crate::registry::details::{Window, offset};

const MINUTES_A_WEEK: i64 = 7 * 24 * 60;

/// A time in force with weekly windows; open ends are for ever.
pub(super) struct Validity<'a> {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
    pub(super) windows: &'a [Window],
}

impl<'a> From<&'a Span> for Validity<'a> {
    fn from(span: &'a Span) -> Self {
        Self {
            from: Some(span.from),
            to: Some(span.to),
            windows: &span.windows,
        }
    }
}

impl Validity<'_> {
    /// Whether the two share an instant. The weekly pattern is asked of any week: two uses that share less than a week
    /// may count as meeting although their windows in it do not.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let begins = self.from.max(other.from);
        let ends = match (self.to, other.to) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let in_time = begins.zip(ends).is_none_or(|(begins, ends)| begins < ends);
        in_time && windows_meet(self.windows, other.windows)
    }
}

fn windows_meet(a: &[Window], b: &[Window]) -> bool {
    if a.is_empty() || b.is_empty() {
        return true;
    }
    let (a, b) = (weekly(a), weekly(b));
    a.iter().any(|one| b.iter().any(|other| overlap(*one, *other)))
}

/// Beginning (minute of the week in UTC) and length of every occurrence. A window of a zone nobody knows is always on.
pub(super) fn weekly(windows: &[Window]) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for window in windows {
        let Some(zone) = offset(&window.zone) else {
            return vec![(0, MINUTES_A_WEEK)];
        };
        let (from, to) = (i64::from(window.from_min), i64::from(window.to_min));
        let length = if to > from { to - from } else { to + 1440 - from };
        for day in (0..7).filter(|day| window.days >> day & 1 == 1) {
            let begins = (day * 1440 + from - i64::from(zone.seconds()) / 60).rem_euclid(MINUTES_A_WEEK);
            found.push((begins, length));
        }
    }
    found
}

fn overlap((a, a_length): (i64, i64), (b, b_length): (i64, i64)) -> bool {
    (b - a).rem_euclid(MINUTES_A_WEEK) < a_length || (a - b).rem_euclid(MINUTES_A_WEEK) < b_length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::hours;

    #[test]
    fn windows_meet_as_looking_at_every_minute_says() {
        for (a, b) in [
            ("Mo-Fr 08:00-12:00 +08:00", "Mo-Fr 12:00-18:00 +08:00"),
            ("Mo-Fr 08:00-12:00 +08:00", "Mo-Fr 03:59-05:00 UTC"),
            ("Su 22:00-02:00 +08:00", "Mo 01:00-03:00 +08:00"),
            ("Su 22:00-02:00 +08:00", "Mo 02:00-03:00 +08:00"),
            ("Sa 00:00-24:00 UTC", "Su 00:00-01:00 UTC"),
            ("Mo 00:00-01:00 +08:00", "Su 16:30-17:00 UTC"),
            ("Su 23:00-01:00 UTC", "Mo 00:30-02:00 UTC"),
            ("Su 23:00-00:30 UTC", "Mo 00:30-02:00 UTC"),
        ] {
            let (a, b) = (hours::parse(a).expect("a"), hours::parse(b).expect("b"));
            let minute = |n: i64| Timestamp::from_second(1_767_571_200 + 60 * n).expect("time");
            let on = |windows: &[Window], at| windows.iter().any(|window| window.contains(at) == Some(true));
            let oracle = (0..MINUTES_A_WEEK).any(|n| on(&a, minute(n)) && on(&b, minute(n)));
            assert_eq!(windows_meet(&a, &b), oracle, "{a:?} {b:?}");
            assert_eq!(windows_meet(&b, &a), oracle, "{b:?} {a:?}");
        }
    }

    #[test]
    fn touching_times_do_not_meet() {
        let at = |text: &str| text.parse::<Timestamp>().expect("time");
        let span = |from: &str, to: &str| Span {
            from: at(from),
            to: at(to),
            windows: Vec::new(),
        };
        let (a, b) = (
            span("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"),
            span("2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z"),
        );
        assert!(!Validity::from(&a).meets(&Validity::from(&b)));
        let open = Validity {
            from: None,
            to: None,
            windows: &[],
        };
        assert!(open.meets(&Validity::from(&a)));
    }
}
