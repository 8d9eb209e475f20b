//! Working days: Monday to Friday, without the holidays and with the make-up days that the policy names.

use jiff::{Timestamp, civil::Date, tz::Offset};
use serde::Deserialize;

/// Days that are not as the week says. Data: the notice of each year.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Days off between Monday and Friday.
    #[serde(default)]
    pub holidays: Vec<Date>,
    /// Saturdays and Sundays that are worked.
    #[serde(default)]
    pub make_up_days: Vec<Date>,
}

/// Days of a calendar at most: what a policy file of some years holds.
const DAYS_MAX: u32 = 400;

/// China: UTC+8.
const ZONE: Offset = Offset::constant(8);

impl Calendar {
    fn works(&self, day: Date) -> bool {
        let weekend = day.weekday().to_monday_one_offset() > 5;
        if weekend {
            self.make_up_days.contains(&day)
        } else {
            !self.holidays.contains(&day)
        }
    }
}

/// First instant after the `days`-th working day (in China, UTC+8) that follows the day of `from`: until then the paper is in
/// time.
#[must_use]
pub fn paper_due(from: Timestamp, days: u32, calendar: &Calendar) -> Timestamp {
    let mut day = ZONE.to_datetime(from).date();
    let mut left = days;
    // Bounded, so that a calendar without a working day ends too.
    for _ in 0..DAYS_MAX {
        if left == 0 {
            break;
        }
        day = day.tomorrow().unwrap_or(Date::MAX);
        if calendar.works(day) {
            left -= 1;
        }
    }
    let end = day.tomorrow().unwrap_or(Date::MAX);
    ZONE.to_timestamp(end.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}
