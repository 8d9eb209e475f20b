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
