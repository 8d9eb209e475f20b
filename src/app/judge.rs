//! The judge of live emissions: rules and registry of this moment, the receiver's place, oscillator and calibration.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    conflict::{Context, Measured, calibrated_level, judge as hold_against},
    dsp::level::calibration::Calibration,
    registry::Place,
    service::{live::Hub, monitoring::Judge, registry::RegistryService, rules::RulesInForce},
};

/// One sigma of an oscillator of which nothing is known; see the configuration's `ppm_uncertainty`.
const PPM_UNKNOWN: f64 = 20.0;
/// Bins that bandwidths are measured on; see the detector.
const BINS: f64 = 1024.0;

/// What is known of the receivers beyond what they report.
pub(super) struct Receivers {
    pub(super) sites: BTreeMap<String, Place>,
    /// With the gain they run at.
    pub(super) calibrations: BTreeMap<String, (Calibration, f64)>,
}

pub(super) fn judge(rules: RulesInForce, registry: RegistryService, hub: Arc<Hub>, receivers: Receivers) -> Judge {
    Arc::new(move |emission, meta| {
        let status = hub.receiver(&meta.receiver).and_then(|receiver| receiver.status);
        let calibration = receivers.calibrations.get(&*meta.receiver);
        let level = calibration.and_then(|(calibration, gain_db)| calibrated_level(calibration, emission, *gain_db));
        let mut measured = Measured::from(emission).with_level(level);
        if let Some(status) = &status {
            measured = measured.with_bin(status.sample_rate_hz / BINS);
        }
        let context = Context {
            time: Some(meta.stop),
            site: receivers.sites.get(&*meta.receiver).copied(),
            ppm_uncertainty: meta.ppm_uncertainty.unwrap_or(PPM_UNKNOWN),
        };
        Some(hold_against(&rules.current(), &registry.current(), &measured, &context))
    })
}
