//! From dBFS to the antenna and the field: what lies between them, by frequency and gain, each with its uncertainty.
//!
//! ```text
//! P(receiver) [dBm] = P [dBFS] + K(f, gain)
//! P(antenna)  [dBm] = P(receiver) + cable loss − preamplifier gain
//! E [dB(µV/m)]      = P(antenna) + 106.99 (50 Ω) + antenna factor
//! antenna factor    = 20 log f[MHz] − G[dBi] − 29.77 dB/m (50 Ω)
//! ```
//!
//! Tables are straight lines in log f and in the gain. Nothing is extrapolated: outside the frequencies or gains of any
//! part there is no level in dBm, and the one in dBFS stands alone. Uncertainties (one sigma) of independent causes add
//! as squares.

use crate::units::{Dbfs, Dbm};

/// dB(µV) of 0 dBm in 50 Ω: 10 log(50 · 10⁻³ · 10¹²).
pub const MICROVOLT_DB: f64 = 106.989_700_043;
/// 20 log of the antenna factor of an isotropic antenna at 1 MHz: 10 log(4π Z₀/(Z c²)), Z₀ = 376.73 Ω, Z = 50 Ω, c in
/// m·MHz.
const ISOTROPIC_FACTOR_DB: f64 = -29.774;

/// Decibels over frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// (Hz, dB), ascending.
    points: Vec<(f64, f64)>,
    sigma_db: f64,
}

/// Why a table is none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CurveError {
    /// Fewer than two points.
    #[error("give at least two points, the ends of the range it holds for")]
    TooFew,
    /// Frequencies out of order.
    #[error("write the frequencies in ascending order, each once: {0} Hz does not follow")]
    Order(f64),
    /// A number that is none, or an uncertainty below zero.
    #[error("write finite decibels and an uncertainty_db of 0 or more")]
    Number,
}

impl Curve {
    /// A table of (frequency in Hz, dB) with the uncertainty (one sigma) of its values.
    ///
    /// # Errors
    /// When the points do not make a table; the text says what to write.
    pub fn new(points: Vec<(f64, f64)>, sigma_db: f64) -> Result<Self, CurveError> {
        let finite = points
            .iter()
            .all(|(hz, db)| hz.is_finite() && *hz > 0.0 && db.is_finite());
        if !(finite && sigma_db.is_finite() && sigma_db >= 0.0) {
            return Err(CurveError::Number);
        }
        if let Some(pair) = points.windows(2).find(|pair| pair[1].0 <= pair[0].0) {
            return Err(CurveError::Order(pair[1].0));
        }
        if points.len() < 2 {
            return Err(CurveError::TooFew);
        }
        Ok(Self { points, sigma_db })
    }

    /// The value at `hz`, straight in log f between the points; `None` outside them.
    #[must_use]
    pub fn at(&self, hz: f64) -> Option<f64> {
        let above = self.points.partition_point(|(at, _)| *at < hz);
        let &(high, high_db) = self.points.get(above)?;
        if high == hz {
            return Some(high_db);
        }
        let &(low, low_db) = self.points.get(above.checked_sub(1)?)?;
        Some(low_db + (high_db - low_db) * (hz / low).ln() / (high / low).ln())
    }
}

/// What stands in front of the cable.
#[derive(Debug, Clone, PartialEq)]
pub enum Antenna {
    /// Gain over isotropic, dBi.
    Gain(Curve),
    /// Antenna factor in 50 Ω, dB/m.
    Factor(Curve),
}

impl Antenna {
    /// Antenna factor, dB/m, and its uncertainty.
    fn factor(&self, hz: f64) -> Option<(f64, f64)> {
        match self {
            Self::Gain(curve) => Some((antenna_factor_db(hz, curve.at(hz)?), curve.sigma_db)),
            Self::Factor(curve) => Some((curve.at(hz)?, curve.sigma_db)),
        }
    }
}

/// Antenna factor in 50 Ω, dB/m, of an antenna of `gain_dbi`.
#[must_use]
pub fn antenna_factor_db(hz: f64, gain_dbi: f64) -> f64 {
    20.0 * (hz * 1e-6).log10() - gain_dbi + ISOTROPIC_FACTOR_DB
}

/// A receiver whose levels mean something outside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// dBm at the receiver for 0 dBFS, by gain in ascending order.
    pub receiver: Vec<(f64, Curve)>,
    /// Loss of the cable.
    pub cable: Option<Curve>,
    /// Gain of a preamplifier at the antenna.
    pub preamplifier: Option<Curve>,
    /// The antenna.
    pub antenna: Option<Antenna>,
    /// Mismatch, temperature, and whatever else is the same at all frequencies; one sigma.
    pub sigma_db: f64,
    /// What remains of a change of gain between two calibrated ones; one sigma.
    pub gain_sigma_db: f64,
}

/// A level outside the receiver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibrated {
    /// At the antenna's terminals.
    pub power: Dbm,
    /// One sigma of it.
    pub power_sigma_db: f64,
    /// Field strength at the antenna, dB(µV/m), with one sigma; `None` without an antenna in the calibration.
    pub field_dbuv_m: Option<[f64; 2]>,
}

impl Calibration {
    /// The level at the antenna of `level` (one sigma: `sigma_db`) at `hz` and `gain_db`; `None` outside what was
    /// calibrated. A gain between two calibrated ones is interpolated.
    #[must_use]
    pub fn apply(&self, level: Dbfs, sigma_db: f64, hz: f64, gain_db: f64) -> Option<Calibrated> {
        let (k, mut variance) = self.receiver_at(hz, gain_db)?;
        variance += sigma_db * sigma_db + self.sigma_db * self.sigma_db;
        let mut power = level.0 + k;
        if let Some(cable) = &self.cable {
            power += cable.at(hz)?;
            variance += cable.sigma_db * cable.sigma_db;
        }
        if let Some(preamplifier) = &self.preamplifier {
            power -= preamplifier.at(hz)?;
            variance += preamplifier.sigma_db * preamplifier.sigma_db;
        }
        let field = self.antenna.as_ref().and_then(|antenna| antenna.factor(hz));
        Some(Calibrated {
            power: Dbm(power),
            power_sigma_db: variance.sqrt(),
            field_dbuv_m: field.map(|(factor, sigma)| [power + MICROVOLT_DB + factor, variance.sqrt().hypot(sigma)]),
        })
    }

    /// K at a frequency and gain, with its variance.
    fn receiver_at(&self, hz: f64, gain_db: f64) -> Option<(f64, f64)> {
        let above = self.receiver.partition_point(|(gain, _)| *gain < gain_db);
        let (high, upper) = self.receiver.get(above)?;
        let square = |x: f64| x * x;
        // The gain as a driver reads it back is good to a tenth.
        if high - gain_db < 0.05 {
            return Some((upper.at(hz)?, square(upper.sigma_db)));
        }
        let (low, lower) = self.receiver.get(above.checked_sub(1)?)?;
        let part = (gain_db - low) / (high - low);
        if gain_db - low < 0.05 {
            return Some((lower.at(hz)?, square(lower.sigma_db)));
        }
        let (from, to) = (lower.at(hz)?, upper.at(hz)?);
        let sigma = lower.sigma_db.max(upper.sigma_db);
        Some((from + part * (to - from), square(sigma) + square(self.gain_sigma_db)))
    }
}
