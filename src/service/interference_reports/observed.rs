//! Whether the interference is gone, as far as a receiver truly observed it.
//!
//! Only minutes that are stored count, and of these only what was watched (`service::occupancy`). What was met in them is
//! the interference unless it is judged to be the assignment that is harmed; an emission that ended without a judgement was
//! none of its own.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::InterferenceReports;
use crate::{
    Result,
    conflict::VerdictKind,
    coordination::interference::{Observed, Report},
    service::occupancy::{OccupancyQuery, Split},
    store::{OnTime, OnTimeQuery},
};

/// Longest span that is looked at, counted back from now.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Emissions that are named at most.
const HEARD_MAX: usize = 100;

impl InterferenceReports {
    /// What the receiver observed of the report's frequencies from the full minute after the last action on.
    pub(super) async fn observed(&self, report: &Report, receiver: &str, now: Timestamp) -> Result<Observed> {
        let acted = report.acted_at.unwrap_or(now);
        let from = next_minute(acted).max(now - SPAN_MAX);
        let nothing = Observed {
            receiver: receiver.to_owned(),
            from,
            to: now,
            observed_s: 0,
            heard: Vec::new(),
        };
        let query = OccupancyQuery {
            receiver: receiver.to_owned(),
            channels: report.complaint.band().into_iter().collect(),
            from,
            to: now,
            split: Split::Whole,
            zone: TimeZone::UTC,
        };
        if query.channels.is_empty() || query.check().is_err() {
            return Ok(nothing);
        }
        let counted = self.occupancies.report(&query).await?;
        Ok(Observed {
            observed_s: counted.channels.first().map_or(0, |channel| channel.observed_s),
            heard: self.heard(report, &query).await?,
            ..nothing
        })
    }

    async fn heard(&self, report: &Report, query: &OccupancyQuery) -> Result<Vec<String>> {
        let Some(band) = report.complaint.band() else {
            return Ok(Vec::new());
        };
        let mut wanted = OnTimeQuery {
            receiver: query.receiver.clone(),
            band,
            from: query.from,
            to: query.to,
            cursor: None,
        };
        let mut heard = Vec::new();
        loop {
            let page = self.store.on_times(&wanted).await?;
            let strangers = page.items.into_iter().filter(|on| is_stranger(on, report));
            heard.extend(strangers.map(|on| on.id));
            wanted.cursor = page.next_cursor;
            if wanted.cursor.is_none() || heard.len() >= HEARD_MAX {
                heard.truncate(HEARD_MAX);
                return Ok(heard);
            }
        }
    }
}

fn next_minute(time: Timestamp) -> Timestamp {
    let second = (time.as_second().div_euclid(60) + 1) * 60;
    Timestamp::from_second(second).unwrap_or(time)
}

/// Whether it may be the interference.
fn is_stranger(on: &OnTime, report: &Report) -> bool {
    let Some(verdict) = &on.verdict else { return on.open };
    let own = verdict.kind == VerdictKind::Licensed
        && verdict.assignment.is_some()
        && verdict.assignment == report.complaint.assignment;
    !own
}
