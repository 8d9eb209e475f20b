//! Bands that would pass, best first: within the tuning range of "something that fits", or near a band that was asked for.

use serde::Serialize;

use super::{
    Asked, Level, Request, Surroundings,
    analysis::{Fact, Field, bands_of, range},
};
use crate::units::{Band, Hertz};

/// Bands that are looked at; a finer raster is looked at in steps of several channels.
const CANDIDATES_MAX: i64 = 4000;
/// Widths on either side in which neighbours of a band are looked for.
const NEIGHBOURS: i64 = 200;

/// A band that would pass.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Alternative {
    /// The band.
    #[serde(flatten)]
    pub band: Band,
    /// The gravest finding about it; never `blocking`.
    pub level: Level,
    /// Findings to be looked into.
    pub cautions: usize,
    /// Smallest interference margin, dB; none: no station near by shares its frequencies.
    pub margin_db: Option<f64>,
}

/// The frequencies that alternatives of a request are looked for in.
#[must_use]
pub fn reach(request: &Request) -> Band {
    let range = range(request);
    let bands = bands_of(request).unwrap_or_default();
    let widest = bands.iter().map(|band| band.width().0).max().unwrap_or(0);
    // One width more: the raster of the neighbours begins there.
    let far = widest.saturating_mul(NEIGHBOURS + 1);
    let low = Hertz(range.low().0.saturating_sub(far));
    Band::new(low, Hertz(range.high().0.saturating_add(far))).unwrap_or(range)
}

/// Bands that would pass, best first: the least grave, with the fewest cautions, the widest margin, the nearest.
#[must_use]
pub fn alternatives(request: &Request, around: &Surroundings<'_>) -> Vec<Alternative> {
    let (tuning, width, raster, avoid) = match &request.proposal.asked {
        Asked::Fit {
            bandwidth_hz,
            tuning,
            raster_hz,
        } => (*tuning, *bandwidth_hz, *raster_hz, Vec::new()),
        Asked::Bands(_) => {
            let bands = bands_of(request).unwrap_or_default();
            let Some(widest) = bands.iter().max_by_key(|band| band.width()).copied() else {
                return Vec::new();
            };
            (neighbourhood(widest, around), widest.width(), widest.width(), bands)
        }
    };
    let count = (tuning.width().0 - width.0).div_euclid(raster.0.max(1)) + 1;
    let stride = raster.0.max(1) * (count.max(1) as u64).div_ceil(CANDIDATES_MAX as u64) as i64;
    let field = Field::of(request, around, tuning);
    let near = avoid.first().map_or(tuning.low(), |band| band.low());
    let candidates = (0..CANDIDATES_MAX)
        .map(|n| Hertz(tuning.low().0 + n * stride))
        .filter_map(|low| Band::new(low, low + width))
        .take_while(|band| band.high() <= tuning.high())
        .filter(|band| !avoid.iter().any(|asked| asked.overlaps(*band)))
        .filter(|band| !around.view.always_asks(*band));
    let mut passing: Vec<Alternative> = candidates.filter_map(|band| judge(&field, band)).collect();
    passing.sort_by(|a, b| {
        let margin = |alternative: &Alternative| alternative.margin_db.unwrap_or(f64::INFINITY);
        let far = |alternative: &Alternative| ((alternative.band.low() - near).0.abs(), alternative.band.low());
        (a.level, a.cautions)
            .cmp(&(b.level, b.cautions))
            .then(margin(b).total_cmp(&margin(a)))
            .then_with(|| far(a).cmp(&far(b)))
    });
    apart(passing, around.policy.check.alternatives_max)
}

/// The same allocation on either side of a band, not farther than some of its widths.
fn neighbourhood(band: Band, around: &Surroundings<'_>) -> Band {
    let rows = around.view.registry().allocations_in(band);
    let own = rows.iter().flat_map(|row| row.bands()).filter(|row| row.contains(band));
    let reach = band.width().0.saturating_mul(NEIGHBOURS);
    let (low, high) = (
        band.low().0.saturating_sub(reach).max(1),
        band.high().0.saturating_add(reach),
    );
    let within = own.min_by_key(|row| row.width());
    let (low, high) = within.map_or((low, high), |row| (low.max(row.low().0), high.min(row.high().0)));
    // The raster of the band itself, so that neighbours are whole channels away.
    let width = band.width().0.max(1);
    let first = band.low().0 - (band.low().0 - low).div_euclid(width) * width;
    Band::new(Hertz(first), Hertz(high)).unwrap_or(band)
}

fn judge(field: &Field<'_>, band: Band) -> Option<Alternative> {
    let facts = field.facts(band);
    let asked = field.existence.iter().filter(|existence| existence.band.overlaps(band));
    let asked = asked.count();
    let mut level = facts.iter().map(Fact::level).max().unwrap_or(Level::Clear);
    if asked > 0 {
        level = level.max(Level::Caution);
    }
    if level == Level::Blocking {
        return None;
    }
    let cautions = facts.iter().filter(|fact| fact.level() == Level::Caution).count() + asked;
    let margin_db = facts.iter().filter_map(Fact::margin_db).min_by(f64::total_cmp);
    Some(Alternative {
        band,
        level,
        cautions,
        margin_db,
    })
}

/// The first of them that do not overlap one another.
fn apart(ranked: Vec<Alternative>, most: usize) -> Vec<Alternative> {
    let mut chosen: Vec<Alternative> = Vec::new();
    for alternative in ranked {
        if chosen.len() == most {
            break;
        }
        if !chosen.iter().any(|other| other.band.overlaps(alternative.band)) {
            chosen.push(alternative);
        }
    }
    chosen
}
