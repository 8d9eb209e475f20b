//! How strong a signal is: power of a channel, level of a tone, the receiver's own noise taken out.
//!
//! Spectra are those of this crate: bins that sum to the mean power of the samples (|X|² / (N Σw²) each), full-scale
//! complex sine = 1, averaged as power. In that scaling the equivalent noise bandwidth (ENBW) is accounted for in sums
//! over a channel; it has to be put back for the level of a single bin ([`tone_peak_dbfs`]). Decibels are formed last: the mean
//! of decibels is 2.5 dB low for single spectra.

pub mod calibration;
#[cfg(test)]
mod tests;

use super::{measure::decibel, window::Window};

/// Excess over the noise below which a level is not corrected for it: at 1 dB four fifths of what is measured is noise,
/// and an error of the noise of 0.1 dB is one of half a decibel in the signal.
pub const EXCESS_MIN_DB: f64 = 1.0;

/// Power in the band from `low` to `high`, in bins with 0.0 the lower edge of the first, over the mean power of a
/// full-scale complex sine; bins at the edges count by their part. The noise is in it.
///
/// # Panics
/// When the band is not within the spectrum.
#[must_use]
pub fn channel_power(power: &[f32], low: f64, high: f64) -> f64 {
    assert!(
        0.0 <= low && low <= high && high <= power.len() as f64,
        "the channel must lie within the {} bins of the spectrum",
        power.len()
    );
    let (first, last) = (low.floor() as usize, high.ceil() as usize);
    let part = |bin: usize| (high.min(bin as f64 + 1.0) - low.max(bin as f64)).max(0.0);
    (first..last).map(|bin| f64::from(power[bin]) * part(bin)).sum()
}

/// One sigma, dB, of a noise-like channel of `bins` bins averaged `averages` times: neighbouring bins share the window.
#[must_use]
pub fn channel_sigma_db(window: &Window, bins: f64, averages: f64) -> f64 {
    let shared = 1.0 + 2.0 * (window.bin_correlation(1) + window.bin_correlation(2));
    10.0 / std::f64::consts::LN_10 * (shared / (averages * bins)).sqrt()
}

/// A level without the noise of the receiver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseCorrected {
    /// The signal alone, in the unit given.
    pub level_db: f64,
    /// One sigma of it.
    pub sigma_db: f64,
}

/// Takes noise of `noise_db` in the same band out of `total_db`: 10 log(10^(P/10) − 10^(Pn/10)), −3.02 dB at 3 dB over
/// the noise. Both with their one sigma. `None` less than [`EXCESS_MIN_DB`] over the noise: the difference would be noise.
#[must_use]
pub fn without_noise(total_db: [f64; 2], noise_db: [f64; 2]) -> Option<NoiseCorrected> {
    let ([total, total_sigma], [noise, noise_sigma]) = (total_db, noise_db);
    if total - noise < EXCESS_MIN_DB {
        return None;
    }
    let share = 10_f64.powf((noise - total) / 10.0);
    let (of_total, of_noise) = (total_sigma / (1.0 - share), noise_sigma * share / (1.0 - share));
    Some(NoiseCorrected {
        level_db: total + decibel(1.0 - share),
        sigma_db: of_total.hypot(of_noise),
    })
}

/// Level of a tone from its strongest bin alone. Low by up to the scalloping of the window (0.83 dB for
/// Blackman–Harris) where the tone lies between two bins.
#[must_use]
pub fn tone_peak_dbfs(power: &[f32], bin: usize, window: &Window) -> f64 {
    decibel(f64::from(power[bin]) * window.enbw_bins())
}

/// Level of a tone from the whole main lobe about `bin`, `reach` bins to either side (4 for Blackman–Harris), each less
/// `noise_per_bin`: the bins of a windowed tone sum to its power wherever it lies between them (Parseval).
#[must_use]
pub fn tone_dbfs(power: &[f32], bin: usize, reach: usize, noise_per_bin: f64) -> f64 {
    let lobe = &power[bin.saturating_sub(reach)..(bin + reach + 1).min(power.len())];
    decibel(lobe.iter().map(|p| f64::from(*p) - noise_per_bin).sum())
}
