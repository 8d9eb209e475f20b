//! The watch list: what was observed of key frequencies, and what was found on them. Everything comes from what receivers stored;
//! time that nobody observed is told as such.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::Events;
use crate::{
    Error, Result,
    coordination::{
        events::{Event, PlanRow, WatchStanding, is_planned, watch_standing},
        tasks::InUse,
    },
    service::{
        change::Asking,
        disclosure::{Disclosed, View},
        findings::{ConflictQuery, ConflictRecord, EmissionOrder, EmissionQuery, EmissionRecord},
        occupancy::{OccupancyQuery, Split},
        tasks::in_use,
    },
    units::Band,
};

/// Longest time that is looked at: that of occupancy.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Emissions and conflicts that are listed of one channel.
const LISTED_MAX: usize = 100;
/// Pages of emissions that are read of one band.
const PAGES_MAX: usize = 20;
const PAGE: u32 = 500;

/// What a receiver observed of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardBy {
    /// The receiver.
    pub receiver: String,
    /// Seconds it observed.
    pub observed_s: u64,
    /// Share of them in use; nothing where it observed nothing.
    pub in_use: Option<InUse>,
}

/// A key frequency under watch.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedChannel {
    /// The row of the plan.
    pub row: Disclosed<PlanRow>,
    /// Seconds that could have been observed.
    pub asked_s: u64,
    /// By the receivers that watch it, who observed most first; none: nobody watches it.
    pub heard: Vec<HeardBy>,
    /// Conflicts on it.
    pub conflicts: Vec<Disclosed<ConflictRecord>>,
    /// Emissions on it that are not in the plan.
    pub emissions: Vec<Disclosed<EmissionRecord>>,
    /// There were more than are listed.
    pub more: bool,
    /// What may be said of it.
    pub standing: WatchStanding,
}

/// The watch list over a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// From when.
    pub from: Timestamp,
    /// To when; never later than now.
    pub to: Timestamp,
    /// The key frequencies, ascending.
    pub channels: Vec<WatchedChannel>,
}

impl Events {
    /// What was observed of the key frequencies and found on them, from one time to another: the event's own as far as it has
    /// begun, and its last 31 days, where none is given.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a time that is too long; `Store` when reading fails.
    pub async fn watch(&self, id: &str, [from, to]: [Option<Timestamp>; 2], asking: Asking<'_>) -> Result<Watch> {
        let view = self.view(asking)?;
        let event = self.known(id, asking).await?;
        let [opens, closes] = event.span();
        let to = full_minute(to.unwrap_or(closes).min(asking.now));
        let from = full_minute(from.unwrap_or_else(|| opens.max(to - SPAN_MAX)).min(to));
        if to.duration_since(from) > SPAN_MAX {
            return Err(Error::Invalid(
                "at most 31 days are looked at: give a later from or an earlier to".to_owned(),
            ));
        }
        let rows = self.known_rows(id, &view, asking).await?;
        Ok(Watch {
            from,
            to,
            channels: self.watched(&event, &rows, [from, to], &view).await?,
        })
    }

    /// The key frequencies among rows the reader may know.
    pub(super) async fn watched(
        &self,
        event: &Event,
        rows: &[PlanRow],
        [from, to]: [Timestamp; 2],
        view: &View,
    ) -> Result<Vec<WatchedChannel>> {
        let keys: Vec<&PlanRow> = rows.iter().filter(|row| row.content.key).collect();
        let mut heard = self.heard(&keys, [from, to], view).await?;
        let asked_s = to.duration_since(from).as_secs().unsigned_abs();
        let mut channels = Vec::with_capacity(keys.len());
        for row in keys {
            let band = row.content.band();
            let (conflicts, many) = self.conflicts_on(band, [from, to], view).await?;
            let (emissions, more) = self.strangers(band, [from, to], (event, rows), view).await?;
            let mut heard = heard.remove(&row.id).unwrap_or_default();
            heard.sort_by(|a, b| {
                b.observed_s
                    .cmp(&a.observed_s)
                    .then_with(|| a.receiver.cmp(&b.receiver))
            });
            let observed_s = heard.first().map_or(0, |by| by.observed_s);
            let standing = match watch_standing(conflicts.len() + emissions.len(), observed_s, asked_s) {
                // Conflicts are not told there, so that there are none is not told either.
                WatchStanding::Clear | WatchStanding::PartlyObserved if view.veils(band.low(), band.high()) => {
                    WatchStanding::AskOtherSide
                }
                standing => standing,
            };
            channels.push(WatchedChannel {
                row: Disclosed::of(row.clone()),
                asked_s,
                heard,
                conflicts: conflicts.into_iter().map(|conflict| view.conflict(conflict)).collect(),
                emissions: emissions.into_iter().map(|emission| view.emission(emission)).collect(),
                more: many || more,
                standing,
            });
        }
        Ok(channels)
    }

    /// What each receiver observed of the channels it watches, by row.
    async fn heard(
        &self,
        keys: &[&PlanRow],
        [from, to]: [Timestamp; 2],
        view: &View,
    ) -> Result<BTreeMap<String, Vec<HeardBy>>> {
        let mut found: BTreeMap<String, Vec<HeardBy>> = BTreeMap::new();
        for (receiver, plan) in self.watching().await? {
            let own = keys.iter().filter(|row| {
                let band = row.content.band();
                plan.iter().any(|watched| watched.contains(band))
            });
            let own: Vec<&&PlanRow> = own.collect();
            let query = OccupancyQuery {
                receiver: receiver.clone(),
                channels: own.iter().map(|row| row.content.band()).collect(),
                from,
                to,
                split: Split::Whole,
                zone: TimeZone::UTC,
            };
            // Less than a minute, as before the event has begun: nothing was observed.
            let counted = match to.duration_since(from) < SignedDuration::from_mins(1) || own.is_empty() {
                true => Vec::new(),
                false => self.occupancies.report(&query).await?.channels,
            };
            for (n, row) in own.into_iter().enumerate() {
                let channel = counted.get(n);
                found.entry(row.id.clone()).or_default().push(HeardBy {
                    receiver: receiver.clone(),
                    observed_s: channel.map_or(0, |channel| channel.observed_s),
                    in_use: channel
                        .filter(|_| view.measures(row.content.band().low(), row.content.band().high()))
                        .and_then(|channel| channel.occupancy.as_ref())
                        .map(in_use),
                });
            }
        }
        Ok(found)
    }

    /// Receivers with the bands they watch by their last report.
    async fn watching(&self) -> Result<BTreeMap<String, Vec<Band>>> {
        let stored = self.store.receivers().await?.into_iter();
        let mut found: BTreeMap<String, Vec<Band>> = stored.map(|known| (known.id, known.status.plan)).collect();
        for live in self.hub.receivers() {
            if let Some(status) = live.status.filter(|status| !status.plan.is_empty()) {
                found.insert(live.id.to_string(), status.plan);
            }
        }
        Ok(found)
    }

    /// Conflicts on a band that the reader may know of.
    pub(super) async fn conflicts_on(
        &self,
        band: Band,
        [from, to]: [Timestamp; 2],
        view: &View,
    ) -> Result<(Vec<ConflictRecord>, bool)> {
        let query = ConflictQuery {
            band: Some(band),
            from: Some(from),
            to: Some(to),
            limit: Some(LISTED_MAX as u32),
            ..ConflictQuery::default()
        };
        let page = self.findings.conflicts(&query, view).await?;
        // What was merged into another is told as part of that.
        let own = page.items.into_iter().filter(|conflict| conflict.merged_into.is_none());
        Ok((own.collect(), page.next_cursor.is_some()))
    }

    /// Emissions on a band that are not in the plan as the reader knows it.
    pub(super) async fn strangers(
        &self,
        band: Band,
        [from, to]: [Timestamp; 2],
        (event, rows): (&Event, &[PlanRow]),
        view: &View,
    ) -> Result<(Vec<EmissionRecord>, bool)> {
        let mut query = EmissionQuery {
            band: Some(band),
            from: Some(from),
            to: Some(to),
            order: EmissionOrder::Start,
            limit: Some(PAGE),
            ..EmissionQuery::default()
        };
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = self.findings.emissions_met(&query, view).await?;
            // What ended without a judgement was no emission of its own.
            let own = page
                .items
                .into_iter()
                .filter(|record| record.open || record.verdict.is_some());
            let strange = own.filter(|record| {
                let contents = rows.iter().map(|row| &row.content);
                !is_planned(
                    contents,
                    event,
                    [record.low_hz, record.high_hz],
                    [record.start, record.stop],
                )
            });
            found.extend(strange);
            if found.len() > LISTED_MAX {
                found.truncate(LISTED_MAX);
                return Ok((found, true));
            }
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return Ok((found, false));
            }
        }
        Ok((found, true))
    }
}

/// The beginning of the minute: what is observed is counted by full minutes.
pub(super) fn full_minute(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second().div_euclid(60) * 60).unwrap_or(time)
}
