//! Which stronger emissions mix to one place.

use super::{Observation, Sighting};
use crate::units::Hertz;

/// Parents tried at most, the strongest first.
const PARENTS_MAX: usize = 16;
/// A product is weaker than each parent by at least this much, dB.
const BELOW_DB: f64 = 20.0;
/// Tolerance of its place, bins and share of its bandwidth.
const PLACE_BINS: f64 = 4.0;
const PLACE_SHARE: f64 = 0.5;

/// The parents of `seen` as a product of third order, 2a − b or a + b − c.
pub(super) fn third_order(nominal: &Observation, seen: &Sighting) -> Option<Vec<Hertz>> {
    let mut parents: Vec<&Sighting> = nominal
        .sightings
        .iter()
        .filter(|other| other.power_dbfs >= seen.power_dbfs + BELOW_DB && !nominal.is_central(other))
        .collect();
    parents.sort_unstable_by(|a, b| b.power_dbfs.total_cmp(&a.power_dbfs));
    parents.truncate(PARENTS_MAX);
    let tolerance = (PLACE_BINS * nominal.bin_hz).max(PLACE_SHARE * seen.bandwidth_hz.as_f64());
    let fits = |place: f64| (place - seen.center_hz.as_f64()).abs() <= tolerance;
    let hz = |parent: &Sighting| parent.center_hz.as_f64();
    for (i, a) in parents.iter().enumerate() {
        for (j, b) in parents.iter().enumerate().take(i + 1) {
            for (k, c) in parents.iter().enumerate() {
                if k != i && k != j && fits(hz(a) + hz(b) - hz(c)) {
                    let mut found = vec![a.center_hz, b.center_hz, c.center_hz];
                    found.dedup();
                    return Some(found);
                }
            }
        }
    }
    None
}
