//! Fixed times at which answers are shown: an office that is asked answers when it likes, and whoever asked learns of it at
//! the next of these times, so that the time of an answer does not tell who was consulted.

use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz::TimeZone};
use serde::Deserialize;

use super::{Kind, Priority, Request, Step, policy::duration};

/// Most times in a day.
const TIMES_MAX: usize = 96;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The section of the policy file as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicationRules {
    /// Times of the day, such as `09:00`.
    #[serde(default)]
    times: Vec<String>,
    /// Or the time from one to the next, counted from midnight.
    #[serde(default)]
    every: Option<Every>,
    /// Whose times these are, by its name in the IANA time zone database.
    zone: String,
    /// Kinds of requests whose answers are shown at once.
    #[serde(default)]
    exempt_kinds: Vec<Kind>,
    /// Priorities of requests whose answers are shown at once.
    #[serde(default)]
    exempt_priorities: Vec<Priority>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Every(#[serde(deserialize_with = "duration")] SignedDuration);

/// When answers are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Times after midnight, ascending.
    times: Vec<civil::Time>,
    zone: TimeZone,
    exempt_kinds: Vec<Kind>,
    exempt_priorities: Vec<Priority>,
}

/// Whether a step answers a request: what the side that is asked does about it until it is decided.
#[must_use]
pub fn is_answer(step: Step) -> bool {
    matches!(
        step,
        Step::Receive
            | Step::StartReview
            | Step::RequestInformation
            | Step::Agree
            | Step::AgreeWithConditions
            | Step::AgreeTemporarily
            | Step::Refuse
    )
}

impl PublicationRules {
    /// The times; nothing where none are named.
    ///
    /// # Errors
    /// What is wrong, and what to write.
    pub fn read(&self) -> Result<Option<Publication>, String> {
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            let zone = &self.zone;
            format!("publication.zone '{zone}' is no time zone: write a name such as Asia/Shanghai or UTC")
        })?;
        let mut times = match (self.times.as_slice(), self.every) {
            ([], None) => return Ok(None),
            ([], Some(every)) => evenly(every.0)?,
            (times, None) => times.iter().map(|text| time_of_day(text)).collect::<Result<_, _>>()?,
            _ => return Err("publication: write times or every, not both".to_owned()),
        };
        times.sort_unstable();
        times.dedup();
        if times.len() > TIMES_MAX {
            return Err(format!("publication.times: write at most {TIMES_MAX}"));
        }
        Ok(Some(Publication {
            times,
            zone,
            exempt_kinds: self.exempt_kinds.clone(),
            exempt_priorities: self.exempt_priorities.clone(),
        }))
    }
}

fn time_of_day(text: &str) -> Result<civil::Time, String> {
    let wrong = || format!("publication.times: '{text}' is no time of the day: write hours and minutes, such as 09:00");
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let number = |part: &str| match part.len() {
        2 => part.parse::<i8>().map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    civil::Time::new(number(hours)?, number(minutes)?, 0, 0).map_err(|_| wrong())
}

fn evenly(every: SignedDuration) -> Result<Vec<civil::Time>, String> {
    let minutes = every.as_mins();
    let fits = (15..=1440).contains(&minutes) && 1440 % minutes == 0;
    let (true, Ok(step)) = (fits, usize::try_from(minutes)) else {
        return Err(
            "publication.every: write a time that divides the day, from 15m to 1d, such as 1h or 6h".to_owned(),
        );
    };
    let midnight = civil::Time::midnight();
    Ok((0..1440_i64)
        .step_by(step)
        .map(|minute| midnight.wrapping_add(minute.minutes()))
        .collect())
}

impl Publication {
    /// Whether what the side that is asked answers to this request waits for one of the times: it is of the other side and
    /// neither kind nor priority is exempt.
    #[must_use]
    pub fn seals(&self, request: &Request) -> bool {
        request.addressee().side != request.side
            && !self.exempt_kinds.contains(&request.proposal.kind)
            && !self.exempt_priorities.contains(&request.proposal.priority)
    }

    /// The first of the times after an instant.
    #[must_use]
    pub fn after(&self, instant: Timestamp) -> Timestamp {
        let today = instant.to_zoned(self.zone.clone()).date();
        // Where clocks are set a time may fall on the day before or after.
        let days = (-1..=2).filter_map(|n| today.checked_add(n.days()).ok());
        let times = days.flat_map(|day| self.times.iter().map(move |time| day.to_datetime(*time)));
        let instants = times.filter_map(|time| time.to_zoned(self.zone.clone()).ok());
        let next = instants.map(|zoned| zoned.timestamp()).filter(|at| *at > instant).min();
        // Nobody asks at the end of time.
        next.unwrap_or_else(|| instant.saturating_add(DAY).unwrap_or(Timestamp::MAX))
    }

    /// The first of the times that is not before an instant.
    #[must_use]
    pub fn not_before(&self, instant: Timestamp) -> Timestamp {
        self.after(instant.checked_sub(1.microsecond()).unwrap_or(instant))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coordination::{
        Addressee, Due, State, due,
        tests::{at, draft, policy},
    };

    fn publication(text: &str) -> Result<Option<Publication>, String> {
        let rules: PublicationRules = toml::from_str(text).map_err(|error| error.to_string())?;
        rules.read()
    }

    fn twice_a_day() -> Publication {
        let read =
            publication("times = [\"15:00\", \"09:00\"]\nzone = \"Asia/Shanghai\"\nexempt_kinds = [\"emergency\"]");
        read.expect("good").expect("times")
    }

    #[test]
    fn the_next_time_is_told_in_its_zone() {
        let publication = twice_a_day();
        for (now, next) in [
            ("2026-06-01T08:59:59.999999+08:00", "2026-06-01T09:00:00+08:00"),
            ("2026-06-01T09:00:00+08:00", "2026-06-01T15:00:00+08:00"),
            ("2026-06-01T15:00:00+08:00", "2026-06-02T09:00:00+08:00"),
            ("2026-12-31T23:00:00+08:00", "2027-01-01T09:00:00+08:00"),
        ] {
            assert_eq!(publication.after(at(now)), at(next), "{now}");
        }
        let nine = at("2026-06-01T09:00:00+08:00");
        assert_eq!(publication.not_before(nine), nine, "on time");
        assert!(policy().publication.is_none(), "off as shipped");
    }

    #[test]
    fn times_that_make_no_sense_are_refused() {
        for (text, named) in [
            ("times = [\"9:00\"]", "such as 09:00"),
            ("times = [\"09:60\"]", "such as 09:00"),
            ("every = \"5m\"", "divides the day"),
            ("every = \"50m\"", "divides the day"),
            ("times = [\"09:00\"]\nevery = \"1h\"", "not both"),
            ("hours = 3", "hours"),
        ] {
            let wrong = publication(&format!("{text}\nzone = \"UTC\"")).expect_err(text);
            assert!(wrong.contains(named), "{text}: {wrong}");
        }
        assert_eq!(publication("zone = \"UTC\""), Ok(None), "off");
    }

    #[test]
    fn requests_within_a_side_and_exempt_ones_are_answered_at_once() {
        let publication = twice_a_day();
        let mut request = draft("1");
        assert!(publication.seals(&request));
        request.proposal.kind = Kind::Emergency;
        assert!(!publication.seals(&request), "exempt");
        let mut request = draft("1");
        request.proposal.to = Some(Addressee {
            side: request.side,
            organisation: Some("other".to_owned()),
        });
        assert!(!publication.seals(&request), "within the side");
    }

    #[test]
    fn what_ends_for_want_of_an_answer_ends_when_answers_are_shown() {
        let mut sealing = policy();
        sealing.publication = Some(twice_a_day());
        let mut request = draft("1");
        request.state = State::Submitted;
        for reminders in 0..=2 {
            request.reminders = reminders;
            let (now, plain) = (request.clock, due(&request, &policy(), request.clock).expect("due"));
            let (when, what) = due(&request, &sealing, now).expect("due");
            assert_eq!(what, plain.1);
            match what {
                Due::Take(_) => assert_eq!(when, twice_a_day().not_before(plain.0)),
                _ => assert_eq!(when, plain.0, "reminders tell of nothing"),
            }
        }
    }

    proptest! {
        /// Also where clocks are set: times follow each other, none is left out, and none is later than a day and an hour.
        #[test]
        fn times_follow_each_other(second in 1_700_000_000_i64..1_900_000_000, zone in 0_usize..4, every in 0_usize..4) {
            let zone = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"][zone];
            let every = ["15m", "1h", "6h", "1d"][every];
            let read = publication(&format!("every = \"{every}\"\nzone = \"{zone}\"")).expect("good");
            let publication = read.expect("times");
            let now = Timestamp::from_second(second).expect("a time");
            let next = publication.after(now);
            prop_assert!(next > now && next.duration_since(now) <= SignedDuration::from_hours(25));
            prop_assert_eq!(publication.not_before(next), next);
            let between = now.checked_add((next.duration_since(now)) / 2).expect("a time");
            prop_assert_eq!(publication.after(between), next);
        }
    }
}
