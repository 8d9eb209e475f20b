//! The report of a day (日报), worked out when it is read, as its reader may know it.

use std::collections::HashSet;

use jiff::{Timestamp, civil::Date};

use super::{
    Events, officer,
    watch::{WatchedChannel, full_minute},
};
use crate::{
    Result,
    coordination::{
        LetterLanguage, State, Writing,
        events::{
            AdmissionResult, DayChannel, DayConflict, DayCoverage, DayEmission, DayReport, DayRequests, DayTests,
            Event, PlanRow, day_letter, day_span,
        },
    },
    service::{
        change::Asking,
        coordination::RequestQuery,
        disclosure::{Disclosed, View},
        findings::ConflictStatus,
    },
    units::{Band, Hertz},
};

/// Channels nearer than this are looked at together.
const NEAR: Hertz = Hertz(1_000_000);
/// Conflicts and emissions of one report.
const LISTED_MAX: usize = 500;
/// Requests that name one event.
const REQUESTS_MAX: u32 = 1000;

impl Events {
    /// The report of a day.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn day(&self, id: &str, day: Date, asking: Asking<'_>) -> Result<DayReport> {
        let event = self.known(id, asking).await?;
        self.reported(&event, day, asking).await
    }

    /// The same as a page to print.
    ///
    /// # Errors
    /// As of [`Self::day`].
    pub async fn day_letter(
        &self,
        id: &str,
        day: Date,
        language: LetterLanguage,
        asking: Asking<'_>,
    ) -> Result<String> {
        let event = self.known(id, asking).await?;
        let report = self.reported(&event, day, asking).await?;
        let event = self.view(asking)?.major_event(event, asking);
        let writing = Writing {
            language,
            at: asking.now,
        };
        Ok(day_letter(event.get(), &report, &writing))
    }

    async fn reported(&self, event: &Event, day: Date, asking: Asking<'_>) -> Result<DayReport> {
        let view = self.view(asking)?;
        let [from, end] = day_span(day);
        let to = end.min(full_minute(asking.now)).max(from);
        let rows = self.known_rows(&event.id, &view, asking).await?;
        let watched = self.watched(event, &rows, [from, to], &view).await?;
        let channels: Vec<DayChannel> = watched.into_iter().map(channel).collect();
        let coverage = channels
            .iter()
            .fold(DayCoverage::default(), |sum, channel| DayCoverage {
                asked_s: sum.asked_s + channel.asked_s,
                observed_s: sum.observed_s + channel.observed_s,
            });
        let (conflicts, emissions, more) = self.found(event, &rows, [from, to], &view).await?;
        Ok(DayReport {
            day,
            from,
            to,
            complete: asking.now >= end,
            coverage,
            channels,
            conflicts,
            emissions,
            more,
            tests: self.tests(&event.id, [from, end]).await?,
            requests: self.requests(&event.id, [from, end], asking).await?,
        })
    }

    /// Conflicts on all channels of the plan, and emissions that came up there and are not in it.
    async fn found(
        &self,
        event: &Event,
        rows: &[PlanRow],
        [from, to]: [Timestamp; 2],
        view: &View,
    ) -> Result<(Vec<DayConflict>, Vec<DayEmission>, bool)> {
        let (mut conflicts, mut emissions, mut more) = (Vec::new(), Vec::new(), false);
        let mut known: HashSet<String> = HashSet::new();
        let on_plan = |low: Hertz, high: Hertz| {
            let band = Band::new(low, high);
            rows.iter()
                .any(|row| band.is_some_and(|band| row.content.band().overlaps(band)))
        };
        for band in joined(rows) {
            let (found, many) = self.conflicts_on(band, [from, to], view).await?;
            let met = found
                .into_iter()
                .filter(|conflict| on_plan(conflict.low_hz, conflict.high_hz) && known.insert(conflict.id.clone()));
            for told in met.map(|conflict| view.conflict(conflict).into_inner()) {
                conflicts.extend(Band::new(told.low_hz, told.high_hz).map(|band| DayConflict {
                    id: told.id,
                    band,
                    what: told.explanation,
                    first_seen: told.first_seen,
                    last_seen: told.last_seen,
                    settled: told.status == ConflictStatus::Resolved,
                }));
            }
            let (found, many_more) = self.strangers(band, [from, to], (event, rows), view).await?;
            let new = found.into_iter().filter(|emission| {
                emission.start >= from
                    && on_plan(emission.low_hz, emission.high_hz)
                    && known.insert(emission.id.clone())
            });
            emissions.extend(new.map(|emission| view.emission(emission)).map(emission));
            more |= many || many_more;
        }
        more |= conflicts.len() > LISTED_MAX || emissions.len() > LISTED_MAX;
        conflicts.truncate(LISTED_MAX);
        emissions.truncate(LISTED_MAX);
        Ok((conflicts, emissions, more))
    }

    async fn tests(&self, id: &str, [from, to]: [Timestamp; 2]) -> Result<DayTests> {
        let mut tests = DayTests::default();
        let devices = self.store.all_event_devices(id).await?;
        let of_day = devices
            .into_iter()
            .flat_map(|device| device.tests)
            .filter(|test| from <= test.at && test.at < to);
        for test in of_day {
            match test.result {
                AdmissionResult::Passed => tests.passed += 1,
                AdmissionResult::Failed => tests.failed += 1,
                AdmissionResult::Undecided => tests.undecided += 1,
            }
            tests.labels.extend(test.label);
        }
        tests.labels.sort_unstable();
        tests.labels.dedup();
        Ok(tests)
    }

    /// Requests that name the event, of those the reader may know.
    async fn requests(&self, id: &str, [from, to]: [Timestamp; 2], asking: Asking<'_>) -> Result<DayRequests> {
        let query = RequestQuery {
            event: Some(id.to_owned()),
            limit: Some(REQUESTS_MAX),
            ..RequestQuery::default()
        };
        let page = self.coordination.list(&query, &officer(asking)?).await?;
        let mut found = DayRequests::default();
        let of_day = |at: Timestamp| from <= at && at < to;
        for seen in page.items {
            let request = seen.request.into_inner();
            let Some(number) = request.number else { continue };
            match (&request.decision, request.state) {
                (Some(decision), _) if of_day(decision.at) => found.agreed.push(number),
                (_, State::Refused) if of_day(request.since) => found.refused.push(number),
                (_, State::Submitted | State::Received | State::UnderReview | State::InformationRequested) => {
                    found.pending += 1;
                }
                _ => {}
            }
        }
        found.agreed.sort_unstable();
        found.refused.sort_unstable();
        Ok(found)
    }
}

fn channel(watched: WatchedChannel) -> DayChannel {
    let row = watched.row.into_inner();
    let best = watched.heard.into_iter().next();
    DayChannel {
        band: row.content.band(),
        channel: row.content.channel,
        user: row.content.user,
        asked_s: watched.asked_s,
        observed_s: best.as_ref().map_or(0, |by| by.observed_s),
        in_use: best.as_ref().and_then(|by| by.in_use),
        receiver: best.map(|by| by.receiver),
        found: (watched.conflicts.len() + watched.emissions.len()) as u64,
        standing: watched.standing,
    }
}

fn emission(told: Disclosed<crate::service::findings::EmissionRecord>) -> DayEmission {
    let told = told.into_inner();
    DayEmission {
        id: told.id,
        receiver: told.receiver,
        center_hz: told.center_hz,
        bandwidth_hz: told.bandwidth_hz,
        start: told.start,
        stop: told.stop,
    }
}

/// The bands of a plan, those that are near each other as one.
fn joined(rows: &[PlanRow]) -> Vec<Band> {
    let mut bands: Vec<Band> = rows.iter().map(|row| row.content.band()).collect();
    bands.sort_unstable_by_key(|band| (band.low(), band.high()));
    let mut found: Vec<Band> = Vec::new();
    for band in bands {
        match found.last_mut() {
            Some(last) if band.low() <= last.high() + NEAR => {
                if let Some(wider) = Band::new(last.low(), last.high().max(band.high())) {
                    *last = wider;
                }
            }
            _ => found.push(band),
        }
    }
    found
}
