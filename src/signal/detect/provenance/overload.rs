//! What clipping makes, told by its being gone where the converter does not clip.

use super::{
    Cause, Evidence, Finding, Knowledge, Observation, Sighting, Trial, examine,
    verdict::{LEVEL_DB, SURER_DB, adopt},
};

/// Clipped share of the samples above which an observation is overloaded, and examined by [`examine_overloaded`].
pub const CLIPPED: f64 = 1e-4;
/// Agreement of the level at a gain that does not clip with what the step alone would make of it, dB.
const MIXED_DB: f64 = 8.0;
/// Least loss of energy beyond that of the gain, dB, and share of the bins that lose it, by which an emission is gone: a signal
/// that clipping compresses gains by its end.
const LESS_DB: f64 = 6.0;
const LESS_SHARE: f64 = 0.5;
/// What clipping makes over signals that hold as much as it does is this many times as wide as each of them, and as many bins.
const WIDER_FACTOR: f64 = 4.0;
const WIDER_BINS: f64 = 24.0;

/// What each emission of an overloaded receiver is: `clipped` holds the observations as it is used, nominal and repeated,
/// in which the converter clips; `clean` those of the trials at a gain `lower_db` below (negative), at which it does not.
/// What is there at the lower gain is what the trials prove it to be. What is gone with the clipping, although a signal
/// would have been found, is overload.
#[must_use]
pub fn examine_overloaded(
    clipped: &[Observation],
    clean: &[Observation],
    lower_db: f64,
    knowledge: &Knowledge<'_>,
) -> Vec<Finding> {
    let nominal = |all: &[Observation]| all.iter().position(|o| o.trial == Trial::Nominal);
    let (Some(first), Some(base)) = (nominal(clipped), nominal(clean)) else {
        return Vec::new();
    };
    let (first, base) = (&clipped[first], &clean[base]);
    let proved = examine(clean, knowledge);
    let clears = first.clipped_fraction > CLIPPED && base.clipped_fraction < 0.1 * first.clipped_fraction;
    let bench = Overloaded {
        clipped,
        clean,
        first,
        base,
        lower_db,
        clears,
        proved,
    };
    first.sightings.iter().map(|seen| bench.finding(seen)).collect()
}

struct Overloaded<'a> {
    clipped: &'a [Observation],
    clean: &'a [Observation],
    first: &'a Observation,
    base: &'a Observation,
    lower_db: f64,
    /// Whether the lower gain ends the clipping.
    clears: bool,
    /// What the trials without clipping prove.
    proved: Vec<Finding>,
}

impl Overloaded<'_> {
    fn finding(&self, seen: &Sighting) -> Finding {
        let (hz, level) = (seen.center_hz.as_f64(), seen.power_dbfs + self.lower_db);
        // A clipping converter compresses what passes it, and lets through what mixing made. What is much wider there than
        // without the clipping is the clipping's for the most part, and so is what most of the energy is gone with.
        let poor = self.is_poor(seen);
        let less = self.clears && self.is_much_wider(seen) && self.is_less(seen);
        let same = self
            .base
            .at(seen, hz, level, MIXED_DB)
            .filter(|same| !(less && poor) && self.base.as_wide(seen, same));
        let same = same.map(|same| same.center_hz);
        if let Some(same) = self.proved.iter().find(|f| Some(f.sighting.center_hz) == same) {
            return Finding {
                sighting: *seen,
                ..same.clone()
            };
        }
        let again = || self.clipped.iter().filter(|o| o.trial == Trial::Repeated);
        let (cause, reason) = if less || self.clears && self.is_gone(seen) && again().any(|o| o.overlaps(seen, hz)) {
            let percent = 100.0 * self.first.clipped_fraction;
            let reason = format!(
                "gone with the clipping ({percent:.2} % of the samples) at {:.0} dB less gain",
                -self.lower_db
            );
            (Cause::Overload, reason)
        } else {
            (
                Cause::Undecided,
                "not found where the receiver does not clip, for want of level or of time".into(),
            )
        };
        let mut finding = Finding {
            sighting: *seen,
            cause,
            reason,
            evidence: Evidence {
                step_db: Some(self.lower_db),
                clipped_fraction: self.first.clipped_fraction,
                repeated_db: again()
                    .find_map(|o| o.at(seen, hz, seen.power_dbfs, LEVEL_DB))
                    .map(|again| again.power_dbfs - seen.power_dbfs),
                ..Evidence::default()
            },
        };
        // Something else may be measured there, and be what this is.
        if !self.base.overlaps(seen, hz) {
            adopt(&mut finding);
        }
        finding
    }

    /// Whether its band holds too little for its level without the clipping. What clips for a part of the time adds to the band of
    /// a weak signal and not to its level.
    fn is_poor(&self, seen: &Sighting) -> bool {
        let energy = self.base.excess(seen.center_hz.as_f64(), seen.bandwidth_hz.as_f64());
        energy.is_some_and(|energy| energy.level_db() < seen.power_dbfs + self.lower_db - LESS_DB)
    }

    /// Whether it is much wider than everything that is in its band without the clipping.
    fn is_much_wider(&self, seen: &Sighting) -> bool {
        let rest = seen.bandwidth_hz.as_f64() - WIDER_BINS * self.base.bin_hz;
        let mut inside = self.base.over(seen, seen.center_hz.as_f64());
        rest > 0.0 && inside.all(|other| WIDER_FACTOR * other.bandwidth_hz.as_f64() < rest)
    }

    /// Whether most of its band holds less at every lower gain than the gain accounts for, and not less when it clips again.
    fn is_less(&self, seen: &Sighting) -> bool {
        let less = |o: &Observation, by_db: f64| Some(o.fallen_share(self.first, seen, by_db, LESS_DB)? > LESS_SHARE);
        let clean = self.clean.iter().filter_map(|o| match o.trial {
            Trial::Nominal | Trial::Repeated => less(o, self.lower_db),
            Trial::Stepped { by_db } => less(o, self.lower_db + by_db),
            _ => None,
        });
        let clean: Vec<bool> = clean.collect();
        let again = self.clipped.iter().filter(|o| o.trial == Trial::Repeated);
        let again = again.filter_map(|o| less(o, 0.0)).any(|less| !less);
        clean.len() > 1 && clean.into_iter().all(|less| less) && again
    }

    /// Whether it is gone as often as it was looked for: what clipping makes is not the same twice, and what a signal makes is.
    fn is_gone(&self, seen: &Sighting) -> bool {
        let level = seen.power_dbfs + self.lower_db;
        let usual = |o: &&Observation| matches!(o.trial, Trial::Nominal | Trial::Repeated);
        self.clean.iter().filter(usual).all(|clean| {
            let snr = clean.snr_as_signal(self.first, seen, self.lower_db) - SURER_DB;
            clean.could_see(seen, seen.center_hz.as_f64(), level, snr) || clean.lacks(seen, level, snr)
        })
    }
}
