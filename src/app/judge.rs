//! The judge of live emissions: the registry of this moment, the receiver's place and oscillator.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    conflict::{Context, Measured, Rules, judge as hold_against},
    registry::Place,
    service::{live::Hub, monitoring::Judge, registry::RegistryService},
};

/// One sigma of an oscillator of which nothing is known; see the configuration's `ppm_uncertainty`.
const PPM_UNKNOWN: f64 = 20.0;
/// Bins that bandwidths are measured on; see the detector.
const BINS: f64 = 1024.0;

pub(super) fn judge(
    rules: Arc<Rules>,
    registry: RegistryService,
    hub: Arc<Hub>,
    sites: BTreeMap<String, Place>,
) -> Judge {
    Arc::new(move |emission, meta| {
        let status = hub.receiver(&meta.receiver).and_then(|receiver| receiver.status);
        let mut measured = Measured::from(emission);
        if let Some(status) = &status {
            measured = measured.with_bin(status.sample_rate_hz / BINS);
        }
        let context = Context {
            time: Some(meta.stop),
            site: sites.get(&*meta.receiver).copied(),
            ppm_uncertainty: meta.ppm_uncertainty.unwrap_or(PPM_UNKNOWN),
        };
        Some(hold_against(&rules, &registry.current(), &measured, &context))
    })
}
