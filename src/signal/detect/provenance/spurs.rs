//! The spurs of one receiver, heard with a terminator in place of the antenna.

use serde::{Deserialize, Serialize};

use super::{Observation, Sighting, Trial};
use crate::units::Hertz;

/// Level over that of the map up to which an emission is the spur and not a signal on top of it, dB.
const OVER_DB: f64 = 4.0;
/// Agreement of the levels of one spur between two passes, dB.
const SAME_DB: f64 = 6.0;
/// Tolerance of its place beside the oscillator's, bins and share of the bandwidth measured.
const PLACE_BINS: f64 = 2.0;
const PLACE_SHARE: f64 = 0.25;
/// Widest that a weak line is measured, bins.
const LINE_BINS: f64 = 32.0;

/// One carrier the receiver makes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spur {
    /// Where.
    pub center_hz: Hertz,
    /// How strong.
    pub power_dbfs: f64,
}

/// What a receiver makes by itself, and the conditions under which that was found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpurMap {
    /// Version of this format: 1.
    pub format: u32,
    /// Serial number of the receiver, where it has one. Spurs are its own.
    pub serial: Option<String>,
    /// Driver.
    pub driver: String,
    /// When it was made, UTC (RFC 3339).
    pub date: String,
    /// Temperature of the receiver, where it is known: oscillators drift with it.
    pub temperature_c: Option<f64>,
    /// Gain in dB as read back; levels hold for it.
    pub gain_db: Option<f64>,
    /// Sample rate in use; some spurs depend on it.
    pub sample_rate_hz: f64,
    /// Bands that were searched, `[low_hz, high_hz]`.
    pub searched_hz: Vec<[Hertz; 2]>,
    /// What was found, ascending.
    pub spurs: Vec<Spur>,
}

impl SpurMap {
    /// Takes what was heard with the terminator: what stood at the same frequency under a shift of the oscillator. The
    /// spike at the centre and images move, and are none.
    pub fn add_scan(&mut self, observations: &[Observation]) {
        let Some(nominal) = observations.iter().find(|o| o.trial == Trial::Nominal) else {
            return;
        };
        let shifted = || observations.iter().filter(|o| o.trial == Trial::Shifted);
        let half = 0.5 * nominal.usable_fraction * nominal.sample_rate_hz;
        let edges = [nominal.center_hz - half, nominal.center_hz + half];
        self.searched_hz.push(edges.map(Hertz::from_f64));
        for seen in nominal.sightings.iter().filter(|seen| !nominal.is_central(seen)) {
            let place = seen.center_hz.as_f64();
            if shifted().any(|o| o.at(seen, place, seen.power_dbfs, SAME_DB).is_some()) {
                self.spurs.push(Spur {
                    center_hz: seen.center_hz,
                    power_dbfs: seen.power_dbfs,
                });
            }
        }
        self.spurs.sort_unstable_by_key(|spur| spur.center_hz);
    }

    /// The entry that `seen` is, within `ppm` of the oscillator.
    pub(super) fn find(&self, nominal: &Observation, seen: &Sighting, ppm: f64) -> Option<&Spur> {
        let hz = seen.center_hz.as_f64();
        let width = seen.bandwidth_hz.as_f64();
        // The band of a line a little over the noise is uncertain by many bins.
        let place = (PLACE_BINS * nominal.bin_hz).max(PLACE_SHARE * width);
        let tolerance = place + ppm.abs() * 1e-6 * hz.abs();
        let close = |spur: &&Spur| (spur.center_hz.as_f64() - hz).abs() <= tolerance;
        let line = width <= LINE_BINS * nominal.bin_hz;
        self.spurs
            .iter()
            .filter(close)
            .find(|spur| line && seen.power_dbfs <= spur.power_dbfs + OVER_DB)
    }
}
