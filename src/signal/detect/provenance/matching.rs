//! Whether something is found where it is predicted, and whether it could have been.

use super::{Observation, Sighting};

/// Widest line, bins: a carrier, whose width is not resolved, is reported as the 4.1 to 4.7 that the detector's window gives it,
/// measured.
const LINE_BINS: f64 = 5.2;
/// Tolerance of a place: bins, and share of the narrower bandwidth.
const PLACE_BINS: f64 = 2.5;
const PLACE_SHARE: f64 = 0.25;
/// Bins about the centre in which nothing is told from the spike there.
const CENTRE_BINS: f64 = 8.0;
/// Least ratio to the noise at which an emission is surely found, dB: the detector reports from 5 dB on.
const SURE_DB: f64 = 8.0;
/// Something this much stronger hides what is under it, dB.
const HIDES_DB: f64 = 3.0;
/// What overlaps a place and is weaker by this much, all of it together, is not what should stand there, dB: levels of the
/// same emission agree to less where something else is measured with it.
const LACKS_DB: f64 = 8.0;
/// Least width, bins, of what is told by filling its band and not by its place.
const WIDE_BINS: f64 = 16.0;
/// Share of such a band that narrower emissions may fill without hiding that it is not full.
const FILLED_SHARE: f64 = 0.25;
/// How far below its parent the image of a receiver is found, dB: less is no image, and no receiver rejects more by itself.
const IMAGE_DB_RANGE: std::ops::RangeInclusive<f64> = 15.0..=60.0;
/// Widths of one emission in two observations agree to this factor and as many bins.
const WIDTH_FACTOR: f64 = 2.0;
const WIDTH_BINS: f64 = 24.0;

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

    /// Whether the band of an emission like `seen` at `place_hz` lies in the span that is searched.
    pub(super) fn searches(&self, seen: &Sighting, place_hz: f64) -> bool {
        let (offset, half) = ((place_hz - self.center_hz).abs(), 0.5 * seen.bandwidth_hz.as_f64());
        offset + half + 2.0 * self.bin_hz <= 0.5 * self.usable_fraction * self.sample_rate_hz
    }

    /// Whether an emission like `seen` with `level_dbfs` at `place_hz` would surely have been found, `snr_db` over the noise
    /// of this observation.
    pub(super) fn could_see(&self, seen: &Sighting, place_hz: f64, level_dbfs: f64, snr_db: f64) -> bool {
        let (offset, half) = ((place_hz - self.center_hz).abs(), 0.5 * seen.bandwidth_hz.as_f64());
        let inside = self.searches(seen, place_hz);
        let beside = offset > half + CENTRE_BINS * self.bin_hz;
        // Whatever overlaps it may be it, measured otherwise.
        let hidden = self.sightings.iter().any(|other| {
            let apart = (other.center_hz.as_f64() - place_hz).abs() - half - 0.5 * other.bandwidth_hz.as_f64();
            apart < self.bin_hz || other.power_dbfs > level_dbfs + HIDES_DB && apart < 4.0 * self.bin_hz
        });
        inside && beside && !hidden && snr_db >= SURE_DB
    }

    /// Whatever lies over the band of `seen` at `place_hz`.
    pub(super) fn over(&self, seen: &Sighting, place_hz: f64) -> impl Iterator<Item = &Sighting> {
        self.sightings.iter().filter(move |other| {
            let reach = 0.5 * (seen.bandwidth_hz.as_f64() + other.bandwidth_hz.as_f64());
            (other.center_hz.as_f64() - place_hz).abs() < reach + self.bin_hz
        })
    }

    /// Whether anything lies over the band of `seen` at `place_hz`.
    pub(super) fn overlaps(&self, seen: &Sighting, place_hz: f64) -> bool {
        self.over(seen, place_hz).next().is_some()
    }

    /// Whether `seen`, which was found with the oscillator and the rate of this observation, is for certain not where it
    /// was: with `level_dbfs` and `snr_db` it would have been found, and what is found there is too weak to be it, or too
    /// narrow.
    pub(super) fn lacks(&self, seen: &Sighting, level_dbfs: f64, snr_db: f64) -> bool {
        if snr_db < SURE_DB || self.is_central(seen) {
            return false;
        }
        let (hz, width) = (seen.center_hz.as_f64(), seen.bandwidth_hz.as_f64());
        let half = 0.5 * width;
        let hidden = self.sightings.iter().any(|other| {
            let apart = (other.center_hz.as_f64() - hz).abs() - half - 0.5 * other.bandwidth_hz.as_f64();
            other.power_dbfs > level_dbfs + HIDES_DB && apart < 4.0 * self.bin_hz
        });
        let power: f64 = self
            .over(seen, hz)
            .map(|other| 10_f64.powf(other.power_dbfs / 10.0))
            .sum();
        let weaker = !hidden && 10.0 * power.max(1e-30).log10() < level_dbfs - LACKS_DB;
        let filled: f64 = self
            .over(seen, hz)
            .map(|other| {
                let (middle, reach) = (
                    other.center_hz.as_f64(),
                    0.5 * other.bandwidth_hz.as_f64() + self.bin_hz,
                );
                ((middle + reach).min(hz + half) - (middle - reach).max(hz - half)).max(0.0)
            })
            .sum();
        weaker || width >= WIDE_BINS * self.bin_hz && filled < FILLED_SHARE * width
    }

    /// Whether one of two sightings is no wider than the other may show it.
    pub(super) fn as_wide(&self, seen: &Sighting, other: &Sighting) -> bool {
        seen.bandwidth_hz.as_f64() <= WIDTH_FACTOR * other.bandwidth_hz.as_f64() + WIDTH_BINS * self.bin_hz
    }

    /// How much stronger the strongest thing at the mirror of `hz` about the centre is than `seen`, dB.
    pub(super) fn below_mirror(&self, seen: &Sighting, hz: f64) -> Option<f64> {
        let parents = self.here(seen, 2.0 * self.center_hz - hz);
        parents
            .map(|parent| parent.power_dbfs - seen.power_dbfs)
            .max_by(f64::total_cmp)
    }

    /// Whether what is found at `hz` like `seen` may be the image of something that is at its mirror in this observation.
    pub(super) fn may_be_image(&self, seen: &Sighting, hz: f64) -> bool {
        let apart = (hz - self.center_hz).abs() > 0.5 * seen.bandwidth_hz.as_f64() + CENTRE_BINS * self.bin_hz;
        apart
            && self
                .below_mirror(seen, hz)
                .is_some_and(|below| IMAGE_DB_RANGE.contains(&below))
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
