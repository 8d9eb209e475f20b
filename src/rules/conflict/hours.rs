//! Whether an emission falls into a station's hours of operation.

use jiff::{SignedDuration, Timestamp};

use crate::registry::details::Window;

/// Longest time between two windows of a week.
const MINUTES_A_WEEK: i64 = 7 * 24 * 60;

/// Seconds since the last window ended, zero within one and for `grace_s` before and after; nothing where there are no
/// windows, or where one is in a zone that is not known (it might be the one).
pub(super) fn outside_s(windows: &[Window], time: Timestamp, grace_s: f64) -> Option<f64> {
    if windows.is_empty() {
        return None;
    }
    let within = |offset_s: f64| {
        let offset = SignedDuration::try_from_secs_f64(offset_s).ok()?;
        contained(windows, time.checked_add(offset).ok()?)
    };
    for offset_s in [0.0, -grace_s, grace_s] {
        if within(offset_s)? {
            return Some(0.0);
        }
    }
    // Windows end on full minutes.
    let minute = time.as_second().div_euclid(60);
    let minutes = (0..MINUTES_A_WEEK).find(|back| {
        let before = Timestamp::from_second((minute - back) * 60 - 1);
        before.is_ok_and(|before| contained(windows, before) == Some(true))
    })?;
    Some((minutes * 60 + time.as_second().rem_euclid(60)) as f64)
}

/// Whether any window holds the instant; nothing where none does and one cannot be told.
pub(super) fn contained(windows: &[Window], time: Timestamp) -> Option<bool> {
    let mut known = true;
    for window in windows {
        match window.contains(time) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => known = false,
        }
    }
    known.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::hours;

    #[test]
    fn time_outside_is_counted_from_the_end_of_the_last_window() {
        let windows = hours::parse("Mo-Fr 06:00-22:00 +08:00; Sa 22:00-02:00 +08:00").expect("hours");
        // 2026-11-23 is a Monday.
        for (time, outside) in [
            ("2026-11-23T06:00:00+08:00", Some(0.0)),
            ("2026-11-23T05:59:10+08:00", Some(0.0)),
            ("2026-11-23T05:58:00+08:00", Some(27.0 * 3600.0 + 58.0 * 60.0)),
            ("2026-11-23T22:00:59+08:00", Some(0.0)),
            ("2026-11-23T22:30:15+08:00", Some(30.0 * 60.0 + 15.0)),
            ("2026-11-29T01:59:59+08:00", Some(0.0)),
            ("2026-11-29T03:00:00+08:00", Some(3600.0)),
        ] {
            let time: Timestamp = time.parse().expect("time");
            assert_eq!(outside_s(&windows, time, 60.0), outside, "{time}");
        }
        let somewhere = Window {
            zone: "Asia/Shanghai".to_owned(),
            ..windows[0].clone()
        };
        let night: Timestamp = "2026-11-23T03:00:00+08:00".parse().expect("time");
        assert_eq!(
            outside_s(&[somewhere], night, 60.0),
            None,
            "a zone that is not known accuses nobody"
        );
        assert_eq!(outside_s(&[], night, 60.0), None);
    }
}
