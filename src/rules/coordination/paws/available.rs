//! Which channels a device may use, when, and with what power.
//!
//! 1. What stands in the way is gathered: stations and control orders of the register as the audience knows it, each with
//!    the time it applies, and the public cells and blocks of those it does not know, at all times.
//! 2. The lease is cut at every instant at which one of them begins or ends. Weekly hours are not used: a station that is on
//!    the air now and then is protected always.
//! 3. In each piece every channel is free, beside a station, or taken; free ones side by side make one profile, with two
//!    points at the frequency where the power steps. Pieces that say the same are one schedule, half-open `[start, stop)`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Asked, Ruleset, fields::Location, stamp};
use crate::{
    registry::{AssignmentStatus, footprint::Footprint},
    units::{Band, Hertz},
};

/// Pieces of a lease; it ends early where there would be more.
const PIECES_MAX: usize = 48;

/// Something in the way.
struct Obstacle {
    band: Band,
    /// Its channels are taken.
    on: bool,
    /// Those beside them are to be used with less power.
    beside: bool,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Obstacle {
    fn at(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
    }
}

/// What may be done with a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Taken,
    Beside,
    Free,
}

/// The schedules of a ruleset at a place, on channels within `ranges` where the device is tuned to some alone.
pub(super) fn schedules(
    ruleset: &Ruleset,
    location: &Location,
    ranges: Option<&[Band]>,
    asked: &Asked<'_>,
) -> Vec<Value> {
    let obstacles = obstacles(ruleset, location, asked);
    let tunable = |channel: &Band| ranges.is_none_or(|ranges| ranges.iter().any(|range| range.contains(*channel)));
    let channels: Vec<Band> = ruleset.channels().filter(tunable).collect();
    let now = Timestamp::from_second(asked.now.as_second()).unwrap_or(asked.now);
    let end = now
        .checked_add(SignedDuration::from_secs(ruleset.lease_s))
        .unwrap_or(Timestamp::MAX);
    let ends = obstacles
        .iter()
        .flat_map(|obstacle| [obstacle.from, obstacle.to])
        .flatten();
    let mut cuts: Vec<Timestamp> = ends.filter(|at| now < *at && *at < end).chain([now, end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.truncate(PIECES_MAX + 1);
    let mut pieces: Vec<(Timestamp, Timestamp, Vec<Use>)> = Vec::new();
    for (from, to) in cuts.iter().zip(cuts.iter().skip(1)) {
        let uses: Vec<Use> = channels
            .iter()
            .map(|channel| state(*channel, &obstacles, *from))
            .collect();
        match pieces.last_mut() {
            Some((_, until, known)) if *known == uses => *until = *to,
            _ => pieces.push((*from, *to, uses)),
        }
    }
    let pieces = pieces.into_iter();
    pieces
        .map(|(from, to, uses)| {
            json!({
                "eventTime": {"startTime": stamp(from), "stopTime": stamp(to)},
                "spectra": spectra(ruleset, &channels, &uses),
            })
        })
        .collect()
}

fn obstacles(ruleset: &Ruleset, location: &Location, asked: &Asked<'_>) -> Vec<Obstacle> {
    let Some(band) = ruleset.band() else { return Vec::new() };
    let register = asked.register;
    let place = &location.footprint;
    let mut found = Vec::new();
    // Somebody else's channel next to the band makes a channel within it one that is beside.
    for assignment in register
        .registry
        .assignments_in(Band::around(band.center(), Hertz(2 * band.width().0)))
    {
        if assignment.status == AssignmentStatus::Cancelled {
            continue;
        }
        let gap_km = Footprint::of_assignment(assignment).gap_km(place);
        let (on, beside) = (gap_km <= ruleset.keep_out_km, gap_km <= ruleset.adjacent_keep_out_km);
        if on || beside {
            found.push(Obstacle {
                band: assignment.band(),
                on,
                beside,
                from: assignment.valid_from,
                to: assignment.valid_to,
            });
        }
    }
    for order in register.registry.control_orders_in(band) {
        let here = order
            .area
            .as_ref()
            .is_none_or(|area| Footprint::of_area(area).gap_km(place) <= 0.0);
        if here {
            found.push(Obstacle {
                band: order.band,
                on: true,
                beside: false,
                from: Some(order.from),
                to: Some(order.to),
            });
        }
    }
    found.extend(
        register
            .existence(place, &[band])
            .into_iter()
            .map(|existence| Obstacle {
                band: existence.band,
                on: true,
                beside: false,
                from: None,
                to: None,
            }),
    );
    found
}

fn state(channel: Band, obstacles: &[Obstacle], at: Timestamp) -> Use {
    let around = Band::around(channel.center(), Hertz(3 * channel.width().0));
    let mut found = Use::Free;
    for obstacle in obstacles.iter().filter(|obstacle| obstacle.at(at)) {
        if obstacle.on && obstacle.band.overlaps(channel) {
            return Use::Taken;
        }
        if obstacle.beside && obstacle.band.overlaps(around) {
            found = Use::Beside;
        }
    }
    found
}

/// One spectrum a bandwidth; none at all where nothing is free (RFC 7545, section 5.9).
fn spectra(ruleset: &Ruleset, channels: &[Band], uses: &[Use]) -> Vec<Value> {
    if uses.iter().all(|used| *used == Use::Taken) {
        return Vec::new();
    }
    let limits = ruleset.limits.iter();
    limits
        .map(|limit| {
            let mut profiles: Vec<Vec<(i64, f64)>> = Vec::new();
            for (channel, used) in channels.iter().zip(uses) {
                let dbm = match used {
                    Use::Taken => continue,
                    Use::Beside => limit.adjacent_dbm,
                    Use::Free => limit.dbm,
                };
                let (low, high) = (channel.low().0, channel.high().0);
                match profiles.last_mut() {
                    Some(points) if points.last().is_some_and(|(hz, _)| *hz == low) => {
                        if points.last().is_some_and(|(_, last)| (last - dbm).abs() < f64::EPSILON) {
                            points.pop();
                        } else {
                            points.push((low, dbm));
                        }
                        points.push((high, dbm));
                    }
                    _ => profiles.push(vec![(low, dbm), (high, dbm)]),
                }
            }
            let point = |(hz, dbm): &(i64, f64)| json!({"hz": hz, "dbm": dbm});
            let profiles: Vec<Vec<Value>> = profiles
                .iter()
                .map(|points| points.iter().map(point).collect())
                .collect();
            json!({"resolutionBwHz": limit.resolution_bw_hz, "profiles": profiles})
        })
        .collect()
}
