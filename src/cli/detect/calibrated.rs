//! Levels at the antenna for `detect`, where a calibration covers frequency and gain.

use super::{DetectArgs, rows::CalibratedRow};
use crate::{
    Error, Result,
    cli::source::OpenSource,
    config::load_calibration,
    conflict::{Level, calibrated_level},
    detect::Emission,
    dsp::level::calibration::Calibration,
};

/// A calibration at the gain in use.
pub(super) struct Calibrator {
    calibration: Calibration,
    gain_db: f64,
}

impl Calibrator {
    /// Reads the calibration that was asked for.
    pub(super) fn new(args: &DetectArgs, source: &OpenSource) -> Result<Option<Self>> {
        let Some(path) = &args.calibration else { return Ok(None) };
        let calibration =
            load_calibration(path).map_err(|error| Error::Invalid(format!("{}: {error}", path.display())))?;
        let gain_db = args.source.gain_db(source).ok_or_else(|| {
            Error::Invalid(
                "--calibration needs a known gain: give --gain DB (for a recording, the gain it was made with)".into(),
            )
        })?;
        Ok(Some(Self { calibration, gain_db }))
    }

    /// The level of an emission at the antenna; none outside what was calibrated.
    pub(super) fn level(&self, emission: &Emission) -> Option<Level> {
        calibrated_level(&self.calibration, emission, self.gain_db)
    }
}

impl From<Level> for CalibratedRow {
    fn from(level: Level) -> Self {
        Self {
            power_dbm: level.power_dbm,
            power_uncertainty_db: level.sigma_db,
            field_dbuv_m: level.field_dbuv_m.map(|[field, _]| field),
            field_uncertainty_db: level.field_dbuv_m.map(|[_, sigma]| sigma),
        }
    }
}
