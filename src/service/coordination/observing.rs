//! What receivers near a request measured on its bands: occupancy of the last hours, and the strongest emission.
//!
//! Nothing of the registry goes into these figures: they are what everybody who may read occupancy and emissions may read.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, tz::TimeZone};

use super::Coordination;
use crate::{
    Result,
    coordination::{CheckRules, Heard, Observed, Request, observed_span, receiver_gap_km},
    registry::{Place, telling::Masks},
    service::{
        occupancy::{Occupancies, OccupancyQuery, Split},
        tasks::in_use,
    },
    store::{EmissionOrder, EmissionQuery, Store},
    units::Band,
};

/// Receivers that are asked at most, the nearest first.
const RECEIVERS_MAX: usize = 3;

/// What was measured, and from where.
#[derive(Debug, Clone)]
pub(super) struct Observing {
    occupancies: Occupancies,
    /// Where each receiver is, as far as is known.
    sites: Arc<BTreeMap<String, Place>>,
}

impl Coordination {
    /// The same with what receivers measure: `sites` says where each stands. Counting takes its own turns, so that a long
    /// report of occupancy keeps no check waiting.
    #[must_use]
    pub fn observing(mut self, sites: BTreeMap<String, Place>) -> Self {
        self.observing = Some(Observing {
            occupancies: Occupancies::new(self.store.clone()),
            sites: Arc::new(sites),
        });
        self
    }
}

impl Observing {
    /// What the nearest receivers measured on `bands` up to `now`.
    ///
    /// # Errors
    /// `Store` when reading fails; `Invalid` where too much was on at once to be counted.
    pub(super) async fn of(
        &self,
        store: &Store,
        request: &Request,
        (bands, masks): (&[Band], &Masks),
        (rules, now): (&CheckRules, Timestamp),
    ) -> Result<Vec<Observed>> {
        let area = &request.proposal.place;
        let sites = self.sites.iter();
        let near = sites.filter_map(|(id, site)| Some((receiver_gap_km(area, *site, rules)?, id)));
        let mut near: Vec<(f64, &String)> = near.collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        let [from, to] = observed_span(now, rules);
        let (mut observed, mut receivers) = (Vec::new(), 0);
        for (distance_km, receiver) in near {
            let watched = store.watched_bands(receiver, from, to).await?;
            let within = |band: &Band| {
                watched
                    .iter()
                    .any(|seen| seen.low() <= band.low() && band.high() <= seen.high())
            };
            let shown = |band: &Band| !masks.touch(band.low(), band.high());
            let mut channels: Vec<Band> = bands.iter().copied().filter(within).filter(shown).collect();
            channels.sort_by_key(|band| (band.low(), band.high()));
            if channels.is_empty() {
                continue;
            }
            let query = OccupancyQuery {
                receiver: receiver.clone(),
                channels,
                from,
                to,
                split: Split::Whole,
                zone: TimeZone::UTC,
            };
            let report = self.occupancies.channels(&query).await?;
            for channel in report.channels {
                observed.push(Observed {
                    receiver: receiver.clone(),
                    distance_km,
                    band: channel.band,
                    from: report.from,
                    to: report.to,
                    observed_s: channel.observed_s,
                    in_use: channel.occupancy.as_ref().map(in_use),
                    strongest: strongest(store, receiver, channel.band, [from, to]).await?,
                });
            }
            receivers += 1;
            if receivers == RECEIVERS_MAX {
                break;
            }
        }
        Ok(observed)
    }
}

async fn strongest(store: &Store, receiver: &str, band: Band, [from, to]: [Timestamp; 2]) -> Result<Option<Heard>> {
    let query = EmissionQuery {
        receiver: Some(receiver.to_owned()),
        band: Some(band),
        from: Some(from),
        to: Some(to),
        order: EmissionOrder::SnrDescending,
        limit: Some(1),
        ..EmissionQuery::default()
    };
    let found = store.emissions(&query).await?.items.into_iter().next();
    Ok(found.map(|emission| Heard {
        center_hz: emission.center_hz,
        snr_db: emission.snr_db,
        at: emission.stop,
    }))
}
