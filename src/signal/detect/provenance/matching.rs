//! Whether something is found where it is predicted, and whether it could have been.

use super::{Observation, Sighting};

/// Widest line, bins: a carrier's 99 % bandwidth under the detector's window is 4.1 to 4.5 of them, measured.
const LINE_BINS: f64 = 6.0;
/// Tolerance of a place: bins, and share of the narrower bandwidth.
const PLACE_BINS: f64 = 2.5;
const PLACE_SHARE: f64 = 0.25;
/// Bins about the centre in which nothing is told from the spike there.
const CENTRE_BINS: f64 = 8.0;
/// Least ratio to the noise at which an emission is surely found, dB: the detector reports from 5 dB on.
const SURE_DB: f64 = 8.0;
/// Something this much stronger hides what is under it, dB.
const HIDES_DB: f64 = 3.0;

impl Observation {
    /// The sighting at `place_hz` whose level is within `within_db` of `level_dbfs`: the nearest in level.
    pub(super) fn at(&self, seen: &Sighting, place_hz: f64, level_dbfs: f64, within_db: f64) -> Option<&Sighting> {
        let away = |other: &Sighting| (other.power_dbfs - level_dbfs).abs();
        self.here(seen, place_hz)
            .filter(|other| away(other) <= within_db)
            .min_by(|a, b| away(a).total_cmp(&away(b)))
    }

    /// Whatever is at `place_hz`.
    pub(super) fn here(&self, seen: &Sighting, place_hz: f64) -> impl Iterator<Item = &Sighting> {
        let (bin, width) = (self.bin_hz, seen.bandwidth_hz.as_f64());
        self.sightings.iter().filter(move |other| {
            let tolerance = (PLACE_BINS * bin).max(PLACE_SHARE * width.min(other.bandwidth_hz.as_f64()));
            (other.center_hz.as_f64() - place_hz).abs() <= tolerance
        })
    }

    /// Whether an emission like `seen` with `level_dbfs` at `place_hz` would surely have been found, `snr_db` over the noise
    /// of this observation.
    pub(super) fn could_see(&self, seen: &Sighting, place_hz: f64, level_dbfs: f64, snr_db: f64) -> bool {
        let (offset, half) = ((place_hz - self.center_hz).abs(), 0.5 * seen.bandwidth_hz.as_f64());
        let inside = offset + half + 2.0 * self.bin_hz <= 0.5 * self.usable_fraction * self.sample_rate_hz;
        let beside = offset > half + CENTRE_BINS * self.bin_hz;
        // Whatever overlaps it may be it, measured otherwise.
        let hidden = self.sightings.iter().any(|other| {
            let apart = (other.center_hz.as_f64() - place_hz).abs() - half - 0.5 * other.bandwidth_hz.as_f64();
            apart < self.bin_hz || other.power_dbfs > level_dbfs + HIDES_DB && apart < 4.0 * self.bin_hz
        });
        inside && beside && !hidden && snr_db >= SURE_DB
    }

    /// Whether anything lies over the band of `seen` at `place_hz`.
    pub(super) fn overlaps(&self, seen: &Sighting, place_hz: f64) -> bool {
        self.sightings.iter().any(|other| {
            let reach = 0.5 * (seen.bandwidth_hz.as_f64() + other.bandwidth_hz.as_f64());
            (other.center_hz.as_f64() - place_hz).abs() < reach + self.bin_hz
        })
    }

    /// Whether it is a line: a carrier without modulation.
    pub(super) fn is_line(&self, seen: &Sighting) -> bool {
        seen.bandwidth_hz.as_f64() <= LINE_BINS * self.bin_hz
    }

    /// Whether it is a narrow line at the centre of the span.
    pub(super) fn is_central(&self, seen: &Sighting) -> bool {
        (seen.center_hz.as_f64() - self.center_hz).abs() <= 3.0 * self.bin_hz
            && seen.bandwidth_hz.as_f64() <= 10.0 * self.bin_hz
    }

    /// Whether it would also be found where it was heard, if it were a signal: the ratio to the noise it would have.
    pub(super) fn snr_as_signal(&self, nominal: &Self, seen: &Sighting, step_db: f64) -> f64 {
        seen.snr_db + step_db - (self.noise_dbfs_hz - nominal.noise_dbfs_hz)
    }
}
