//! The judge of a running service: the rules and whatever registry is in force at that moment.

use std::{collections::HashMap, sync::Arc};

use super::{Judge, ObservationMeta};
use crate::{
    conflict::{Context, Measured, Rules, judge},
    detect::Emission,
    registry::Place,
    service::registry::RegistryService,
};

/// One sigma assumed of an oscillator nobody has told about yet: an uncompensated crystal.
const PPM_UNKNOWN: f64 = 20.0;

/// Judges by `rules` against the current registry; `sites` says where each receiver is, as far as is known.
#[must_use]
pub fn registry_judge(rules: Rules, registry: RegistryService, sites: HashMap<String, Place>) -> Judge {
    Arc::new(move |emission: &Emission, meta: &ObservationMeta| {
        let context = Context {
            time: Some(meta.stop),
            site: sites.get(&*meta.receiver).copied(),
            ppm_uncertainty: meta.ppm_uncertainty.unwrap_or(PPM_UNKNOWN),
        };
        Some(judge(&rules, &registry.current(), &Measured::from(emission), &context))
    })
}
