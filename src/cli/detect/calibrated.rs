//! Levels at the antenna for `detect`, where a calibration covers frequency and gain.

use super::{DetectArgs, rows::CalibratedRow};
use crate::{
    Error, Result, cli::source::OpenSource, config::load_calibration, detect::Emission,
    dsp::level::calibration::Calibration, units::Dbfs,
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
    pub(super) fn row(&self, emission: &Emission) -> Option<CalibratedRow> {
        // What the noise leaves uncertain in the level itself: its power under the signal, known to a tenth or so.
        let ratio = 10_f64.powf(-emission.snr_db / 10.0);
        let sigma_db = 10.0 * (1.0 + 0.1 * ratio).log10();
        let hz = emission.center_hz.as_f64();
        let level = self
            .calibration
            .apply(Dbfs(emission.power_dbfs), sigma_db, hz, self.gain_db)?;
        Some(CalibratedRow {
            power_dbm: level.power.0,
            power_uncertainty_db: level.power_sigma_db,
            field_dbuv_m: level.field_dbuv_m.map(|[field, _]| field),
            field_uncertainty_db: level.field_dbuv_m.map(|[_, sigma]| sigma),
        })
    }
}
