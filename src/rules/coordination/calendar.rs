//! What is in force as a calendar (RFC 5545): one event for each request, or for each of its weekly hours.

use std::collections::BTreeMap;

use icalendar::{Calendar, Component, Event, EventLike};
use jiff::{SignedDuration, Timestamp};

use super::{LetterLanguage, Request, State, times, words};

/// Monday first, as in the windows.
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const DAY_MIN: i64 = 24 * 60;

/// Requests that are in force or suspended, as a calendar; others are left out. Times are in UTC.
#[must_use]
pub fn calendar<'r>(requests: impl Iterator<Item = &'r Request>, language: LetterLanguage, now: Timestamp) -> String {
    let mut calendar = Calendar::new();
    calendar.name(language.pick("用频协调", "Spectrum coordination"));
    for request in requests.filter(|request| matches!(request.state, State::InForce | State::Suspended)) {
        for event in events(request, language, now) {
            calendar.push(event);
        }
    }
    calendar.to_string()
}

fn events(request: &Request, language: LetterLanguage, now: Timestamp) -> Vec<Event> {
    let Some(decision) = &request.decision else {
        return Vec::new();
    };
    let (from, until) = (request.proposal.time.from, decision.expires);
    let mut events = Vec::new();
    for (n, times) in occurrences(request, from, until).into_iter().enumerate() {
        let mut event = described(request, language, now);
        event.uid(&format!("{}-{n}@pinpu", request.id));
        event.add_property("DTSTART", utc(times.starts));
        event.add_property("DTEND", utc(times.ends));
        if let Some(days) = times.weekly {
            // The last instant that begins within the time that was agreed.
            let last = until - SignedDuration::from_secs(1);
            event.add_property("RRULE", format!("FREQ=WEEKLY;BYDAY={days};UNTIL={}", utc(last)));
        }
        events.push(event);
    }
    events
}

fn described(request: &Request, language: LetterLanguage, now: Timestamp) -> Event {
    let proposal = &request.proposal;
    let bands = request.decision.iter().flat_map(|decision| &decision.bands);
    let bands: Vec<String> = bands.map(|band| words::band(*band)).collect();
    let number = request.number.as_deref().unwrap_or(&request.id);
    let state = match request.state {
        State::Suspended => format!(" ({})", language.of(&words::state(State::Suspended))),
        _ => String::new(),
    };
    let conditions = request
        .decision
        .as_ref()
        .and_then(|decision| decision.conditions.as_deref());
    let text = [
        proposal.user.as_str(),
        proposal.purpose.as_str(),
        conditions.unwrap_or_default(),
    ];
    let text: Vec<&str> = text.into_iter().filter(|part| !part.is_empty()).collect();
    let mut event = Event::new();
    event
        .summary(&format!("{number} {} {}{state}", proposal.title, bands.join(", ")))
        .description(&text.join("\n"))
        .location(language.of(&words::place(&proposal.place)))
        .sequence(u32::try_from(request.version).unwrap_or(u32::MAX))
        .add_property("DTSTAMP", utc(now));
    event
}

/// One event, or a weekly one on these days.
struct Times {
    starts: Timestamp,
    ends: Timestamp,
    weekly: Option<String>,
}

fn occurrences(request: &Request, from: Timestamp, until: Timestamp) -> Vec<Times> {
    let windows = &request.proposal.time.windows;
    if windows.is_empty() {
        return vec![Times {
            starts: from,
            ends: until,
            weekly: None,
        }];
    }
    // Days with the same hours make one event.
    let mut hours: BTreeMap<(i64, i64), Vec<usize>> = BTreeMap::new();
    for (begins, length) in times::weekly(windows) {
        let days = hours.entry((begins % DAY_MIN, length)).or_default();
        days.push(usize::try_from(begins / DAY_MIN).unwrap_or_default());
    }
    let one = |((minute, length), mut days): ((i64, i64), Vec<usize>)| {
        days.sort_unstable();
        days.dedup();
        let starts = days.iter().filter_map(|day| first(from, *day, minute)).min()?;
        let names: Vec<&str> = days.iter().map(|day| DAYS[day % 7]).collect();
        (starts < until).then(|| Times {
            starts,
            ends: starts + SignedDuration::from_mins(length),
            weekly: Some(names.join(",")),
        })
    };
    hours.into_iter().filter_map(one).collect()
}

/// The first time at or after `from` that it is this minute of this day of the week, in UTC.
fn first(from: Timestamp, day: usize, minute: i64) -> Option<Timestamp> {
    // 1970-01-01 was a Thursday, the fourth day of its week.
    let week_s = 7 * DAY_MIN * 60;
    let wanted = (i64::try_from(day).ok()? - 3) * DAY_MIN * 60 + minute * 60;
    let ahead = (wanted - from.as_second()).rem_euclid(week_s);
    Timestamp::from_second(from.as_second().checked_add(ahead)?).ok()
}

/// `20261210T080000Z`.
fn utc(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{coordination::tests::in_force, registry::hours};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn lines(request: &Request) -> Vec<String> {
        let now = at("2026-12-01T00:00:00Z");
        let text = calendar([request].into_iter(), LetterLanguage::Chinese, now);
        // Lines are folded at 75 bytes.
        text.replace("\r\n ", "").lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_request_is_an_event_from_its_beginning_to_its_expiry() {
        let mut request = in_force("r1");
        request.number = Some("C-2026-0001".to_owned());
        let lines = lines(&request);
        for wanted in [
            "BEGIN:VCALENDAR",
            "UID:r1-0@pinpu",
            "DTSTAMP:20261201T000000Z",
            "DTSTART:20261209T160000Z",
            "DTEND:20261219T160000Z",
        ] {
            assert!(lines.iter().any(|line| line == wanted), "{wanted}: {lines:?}");
        }
        let summary = lines
            .iter()
            .find(|line| line.starts_with("SUMMARY"))
            .expect("a summary");
        assert!(
            summary.contains("C-2026-0001") && summary.contains("160–160.0125 MHz"),
            "{summary}"
        );
        request.state = State::Expired;
        let over = calendar(
            [&request].into_iter(),
            LetterLanguage::English,
            at("2026-12-01T00:00:00Z"),
        );
        assert!(!over.contains("VEVENT"), "{over}");
    }

    /// Every minute that the weekly events cover is one the windows cover, and the other way round.
    #[test]
    fn weekly_hours_become_weekly_events() {
        for text in [
            "Mo-Fr 08:00-18:00 +08:00",
            "Mo 01:00-03:00 +08:00",
            "Sa,Su 22:00-02:00 UTC",
        ] {
            let mut request = in_force("r1");
            request.proposal.time.windows = hours::parse(text).expect("hours");
            let from = request.proposal.time.from;
            let found = occurrences(&request, from, from + SignedDuration::from_hours(24 * 30));
            let covers = |at: Timestamp| {
                found.iter().any(|times| {
                    let days = times.weekly.as_deref().expect("weekly");
                    let length = times.ends.duration_since(times.starts);
                    (0..2).any(|back| {
                        let day = at - SignedDuration::from_hours(24 * back);
                        let name = DAYS[usize::try_from(day.as_second().div_euclid(86_400) + 3).expect("day") % 7];
                        let midnight = day.as_second().div_euclid(86_400) * 86_400;
                        let start = midnight + times.starts.as_second().rem_euclid(86_400);
                        days.split(',').any(|each| each == name)
                            && (start..start + length.as_secs()).contains(&at.as_second())
                    })
                })
            };
            for n in 0..(8 * 24 * 12) {
                // After the first days, so that what began before the first event does not count.
                let at = from + SignedDuration::from_hours(48) + SignedDuration::from_mins(5 * n);
                let on = request
                    .proposal
                    .time
                    .windows
                    .iter()
                    .any(|window| window.contains(at) == Some(true));
                assert_eq!(covers(at), on, "{text} {at}");
            }
            for times in &found {
                assert!(times.starts >= from && times.starts < from + SignedDuration::from_hours(168));
            }
        }
    }
}
