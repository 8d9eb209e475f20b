//! What was measured of an emission, under which circumstances, and how far the figures can be trusted.

use jiff::Timestamp;

use super::Rules;
use crate::{
    detect::{BandwidthMethod, Emission, class::ClassScore},
    dsp::level::calibration::Calibration,
    registry::Place,
    units::{Band, Dbfs, Hertz},
};

/// The measured facts a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Power-weighted centre.
    pub center_hz: Hertz,
    /// Lower edge of the occupied band.
    pub low_hz: Hertz,
    /// Upper edge of the occupied band.
    pub high_hz: Hertz,
    /// Occupied bandwidth.
    pub bandwidth_hz: Hertz,
    /// How the bandwidth was obtained.
    pub method: BandwidthMethod,
    /// Bandwidth between the 26 dB points, where measurable.
    pub x26_hz: Option<Hertz>,
    /// Power over the noise within the occupied band; infinite for values somebody stated.
    pub snr_db: f64,
    /// Mean power while on.
    pub power_dbfs: f64,
    /// One sigma of the centre from noise and bin width, without the oscillator's.
    pub center_uncertainty_hz: f64,
    /// Width of the bins it was measured with, where known.
    pub bin_hz: Option<f64>,
    /// From the first to the last time above threshold; infinite for values somebody stated.
    pub duration_s: f64,
    /// On-time over `duration_s`.
    pub duty_cycle: f64,
    /// Level at the antenna, where a calibration covers it.
    pub level: Option<Level>,
    /// The likeliest class of emission, where one could be told.
    pub class: Option<ClassScore>,
}

/// A level behind a calibration: mean power while on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// At the antenna's terminals.
    pub power_dbm: f64,
    /// One sigma of it.
    pub sigma_db: f64,
    /// Field strength, dB(µV/m), with one sigma; `None` where the antenna is not part of the calibration.
    pub field_dbuv_m: Option<[f64; 2]>,
}

/// The level of an emission at the antenna, received with `gain_db`; nothing outside what was calibrated.
#[must_use]
pub fn calibrated_level(calibration: &Calibration, emission: &Emission, gain_db: f64) -> Option<Level> {
    // What the noise leaves uncertain in the level itself: its power under the signal, known to a tenth or so.
    let ratio = 10_f64.powf(-emission.snr_db / 10.0);
    let noise_sigma_db = 10.0 * (1.0 + 0.1 * ratio).log10();
    let hz = emission.center_hz.as_f64();
    let level = calibration.apply(Dbfs(emission.power_dbfs), noise_sigma_db, hz, gain_db)?;
    Some(Level {
        power_dbm: level.power.0,
        sigma_db: level.power_sigma_db,
        field_dbuv_m: level.field_dbuv_m,
    })
}

impl Measured {
    /// Values somebody states, such as a request's: exact, and not limited by noise or time.
    #[must_use]
    pub fn stated(center_hz: Hertz, bandwidth_hz: Hertz) -> Self {
        let band = Band::around(center_hz, bandwidth_hz);
        Self {
            center_hz,
            low_hz: band.low(),
            high_hz: band.high(),
            bandwidth_hz,
            method: BandwidthMethod::Obw99,
            x26_hz: None,
            snr_db: f64::INFINITY,
            power_dbfs: f64::NAN,
            center_uncertainty_hz: 0.0,
            bin_hz: None,
            duration_s: f64::INFINITY,
            duty_cycle: 1.0,
            level: None,
            class: None,
        }
    }

    /// The same, with its level at the antenna.
    #[must_use]
    pub fn with_level(self, level: Option<Level>) -> Self {
        Self { level, ..self }
    }

    /// The same, with the width of the bins it was measured with.
    #[must_use]
    pub fn with_bin(self, bin_hz: f64) -> Self {
        Self {
            bin_hz: Some(bin_hz),
            ..self
        }
    }

    /// The occupied band, at least one hertz wide.
    #[must_use]
    pub fn band(&self) -> Band {
        Band::new(self.low_hz, self.high_hz)
            .filter(|band| band.width().0 > 0)
            .unwrap_or_else(|| Band::around(self.center_hz, Hertz(self.bandwidth_hz.0.max(1))))
    }
}

impl From<&Emission> for Measured {
    /// An emission does not carry its bin width: add it with [`Measured::with_bin`], else narrow bandwidths are judged
    /// by the centre's uncertainty alone.
    fn from(emission: &Emission) -> Self {
        Self {
            center_hz: emission.center_hz,
            low_hz: emission.low_hz,
            high_hz: emission.high_hz,
            bandwidth_hz: emission.bandwidth_hz,
            method: emission.bandwidth_method,
            x26_hz: emission.bandwidth_x26_hz,
            snr_db: emission.snr_db,
            power_dbfs: emission.power_dbfs,
            center_uncertainty_hz: emission.center_uncertainty_hz,
            bin_hz: None,
            duration_s: emission.stop_s - emission.start_s,
            duty_cycle: emission.duty_cycle,
            level: None,
            class: emission.classes.first().copied(),
        }
    }
}

/// Where and when it was received, and by what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context {
    /// When; without it validity is not checked, and the verdict says so.
    pub time: Option<Timestamp>,
    /// Where the receiver is; without it the place is not checked, and the verdict says so.
    pub site: Option<Place>,
    /// Uncertainty of the receiver's oscillator, parts per million, one sigma.
    pub ppm_uncertainty: f64,
}

/// Expanded uncertainties of a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Uncertainty {
    /// Of the centre.
    pub(super) frequency_hz: f64,
    /// Of the occupied bandwidth.
    pub(super) bandwidth_hz: f64,
}

impl Uncertainty {
    /// Root-sum-square of independent parts, times the coverage factor.
    ///
    /// Frequency: oscillator, centre as measured, wander of a modulated signal's centre over the on-air time.
    /// Bandwidth: relative part (growing as the SNR falls), and half a bin at each edge (rectangular, ÷√3).
    pub(super) fn of(measured: &Measured, ppm: f64, rules: &Rules) -> Self {
        let bandwidth = measured.bandwidth_hz.as_f64();
        let oscillator = ppm * 1e-6 * measured.center_hz.as_f64().abs();
        let on_air_s = measured.duration_s * measured.duty_cycle;
        let periods = (on_air_s / rules.frequency.modulation_reference_s).max(1.0);
        let wander = rules.frequency.modulation_share * bandwidth / periods.sqrt();
        let frequency = [oscillator, measured.center_uncertainty_hz, wander];

        let missing_db = (rules.bandwidth.reference_snr_db - measured.snr_db).max(0.0);
        let stated = measured.snr_db.is_infinite();
        let share = if stated {
            0.0
        } else {
            rules.bandwidth.relative_uncertainty
        };
        let relative = share * bandwidth * 10_f64.powf(missing_db / 20.0);
        let edge = resolution_hz(measured) / 2.0 / 3.0_f64.sqrt();
        let expand = |parts: &[f64]| rules.coverage_factor * parts.iter().map(|part| part * part).sum::<f64>().sqrt();
        Self {
            frequency_hz: expand(&frequency),
            bandwidth_hz: expand(&[relative, edge, edge]),
        }
    }
}

/// Width below which a bandwidth is resolution and not signal.
pub(super) fn resolution_hz(measured: &Measured) -> f64 {
    measured.bin_hz.unwrap_or(measured.center_uncertainty_hz)
}
