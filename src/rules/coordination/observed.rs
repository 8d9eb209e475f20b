//! What receivers near by measured on the bands a request is about: findings beside those of the register.
//!
//! Occupancy is that of ITU-R SM.1880: the share of the *observed* time something was on, whoever sent it. Time that nobody
//! observed is never quiet: a band passes for quiet only where most of the time was observed and the upper end of the
//! interval is small.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Analysis, CheckRules, FindingKind, Level, tasks::InUse, wording};
use crate::{
    registry::{Place, control::ControlArea, footprint::Footprint},
    units::{Band, Hertz},
};

/// What one receiver measured on one band.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ObservedBand)]
pub struct Observed {
    /// Receiver id.
    pub receiver: String,
    /// Kilometres from the receiver to the area asked for; 0: within it.
    pub distance_km: f64,
    /// The band.
    pub band: Band,
    /// First instant that was looked at.
    pub from: Timestamp,
    /// Last.
    pub to: Timestamp,
    /// Seconds of that time in which the band was observed.
    pub observed_s: u64,
    /// Share of the observed time in which something was on, 0 to 1; nothing where it was not observed.
    pub in_use: Option<InUse>,
    /// The strongest of the emissions that were on.
    pub strongest: Option<Heard>,
}

/// An emission that was on in the band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ObservedEmission)]
pub struct Heard {
    /// Power-weighted centre.
    pub center_hz: Hertz,
    /// Power over the noise in its occupied band, dB.
    pub snr_db: f64,
    /// Last time above threshold.
    pub at: Timestamp,
}

impl Observed {
    /// Share of the time that was observed, 0 to 1.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        let asked = self.to.duration_since(self.from).as_secs_f64();
        if asked > 0.0 {
            (self.observed_s as f64 / asked).min(1.0)
        } else {
            0.0
        }
    }

    fn level(&self, rules: &CheckRules) -> (FindingKind, Level) {
        match self.in_use {
            None => (FindingKind::NotObserved, Level::Note),
            Some(share) if share.low > rules.busy_share => (FindingKind::MeasuredUse, Level::Caution),
            Some(share) if share.high <= rules.busy_share && self.coverage() >= rules.quiet_coverage => {
                (FindingKind::MeasuredQuiet, Level::Clear)
            }
            Some(_) => (FindingKind::MeasuredUse, Level::Note),
        }
    }
}

/// Kilometres from where a receiver stands to the area asked for, where that is near enough to tell of its use.
#[must_use]
pub fn receiver_gap_km(area: &ControlArea, receiver: Place, rules: &CheckRules) -> Option<f64> {
    let gap_km = Footprint::of_area(area).gap_km(&Footprint::Circle(receiver));
    (gap_km <= rules.measured_reach_km).then_some(gap_km)
}

/// The span up to `now` whose measurements a check looks at.
#[must_use]
pub fn observed_span(now: Timestamp, rules: &CheckRules) -> [Timestamp; 2] {
    let span = SignedDuration::from_hours(i64::from(rules.measured_hours));
    [now.checked_sub(span).unwrap_or(Timestamp::MIN), now]
}

impl Analysis {
    /// Adds what was measured; bands that no receiver observed are named.
    pub fn add_observed(&mut self, observed: &[Observed], rules: &CheckRules) {
        for band in self.bands.clone() {
            let ours = |one: &&Observed| one.band == band && one.in_use.is_some();
            let seen: Vec<&Observed> = observed.iter().filter(ours).collect();
            if seen.is_empty() {
                self.findings.push(wording::not_observed(band, rules));
            }
            self.findings.extend(seen.into_iter().map(|one| {
                let (kind, level) = one.level(rules);
                wording::observed(one, kind, level)
            }));
        }
        self.settle();
    }
}
