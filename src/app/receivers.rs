//! Captures for the receivers of the configuration.

use std::{collections::BTreeMap, sync::Arc};

use pinpu_hardware::{Gain, soapy::Found};

use super::{demo, judge::Receivers};
use crate::{
    Error, Result,
    capture::{self, CaptureConfig, CaptureHandle, ObservationSink, RecentIq},
    config::{Config, EvidenceConfig, ReceiverConfig, Source, load_calibration},
    registry::Place,
    service::{evidence, live::Hub, monitoring::Monitor},
};

/// A configuration for each receiver that was found, named after its driver.
#[must_use]
pub fn discovered(found: &[Found]) -> Vec<ReceiverConfig> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    found
        .iter()
        .map(|found| {
            let count = counts.entry(&found.driver).or_default();
            *count += 1;
            let id = if *count == 1 {
                found.driver.clone()
            } else {
                format!("{}-{count}", found.driver)
            };
            ReceiverConfig::new(&id, Source::Soapy(found.args.clone()))
        })
        .collect()
}

/// Where each receiver stands and what its levels mean.
pub(super) fn known(config: &Config, is_demo: bool) -> Result<Receivers> {
    let mut calibrations = BTreeMap::new();
    for receiver in &config.receivers {
        if let (Some(path), Gain::Total(gain_db)) = (&receiver.calibration, &receiver.gain) {
            let calibration =
                load_calibration(path).map_err(|error| Error::Invalid(format!("{}: {error}", path.display())))?;
            calibrations.insert(receiver.id.clone(), (calibration, *gain_db));
        }
    }
    Ok(Receivers {
        sites: sites(config, is_demo)?,
        calibrations,
    })
}

/// Where each receiver stands; in a demo, receivers without a site stand on the roof of the demo's station.
fn sites(config: &Config, is_demo: bool) -> Result<BTreeMap<String, Place>> {
    let roof = if is_demo { Some(demo::site()?) } else { None };
    let place = |receiver: &ReceiverConfig| receiver.site.as_ref().map(|site| site.place).or(roof);
    Ok(config
        .receivers
        .iter()
        .filter_map(|receiver| Some((receiver.id.clone(), place(receiver)?)))
        .collect())
}

/// What is kept of each receiver as evidence of conflicts and for tasks, and what is known of it.
pub(super) fn sources(config: &Config, known: &Receivers) -> BTreeMap<String, evidence::Source> {
    let EvidenceConfig {
        ring_bytes,
        disk_bytes_max,
        task_disk_bytes_max,
        ..
    } = config.evidence;
    let kept = disk_bytes_max > 0 || task_disk_bytes_max > 0;
    let source = |id: &str| evidence::Source {
        recent: (ring_bytes > 0 && kept).then(|| RecentIq::new(ring_bytes)),
        place: known.sites.get(id).copied(),
        calibration: known.calibrations.get(id).cloned(),
    };
    let ids = config.receivers.iter().map(|receiver| &receiver.id);
    ids.map(|id| (id.clone(), source(id))).collect()
}

/// Starts reading from every receiver; one that is not there yet is waited for.
pub(super) fn start(
    config: &Config,
    monitor: &Monitor,
    hub: &Hub,
    sources: &BTreeMap<String, evidence::Source>,
) -> Result<Vec<CaptureHandle>> {
    config
        .receivers
        .iter()
        .map(|receiver| {
            let id: Arc<str> = receiver.id.as_str().into();
            hub.announce(&id);
            let sender = monitor.sender();
            let sink: ObservationSink = Arc::new(move |observation| sender.try_send(observation));
            let source = receiver.source.clone();
            let opener: capture::Opener = Box::new(move || capture::open(&source));
            let recent = sources.get(&receiver.id).and_then(|source| source.recent.clone());
            let capture = CaptureConfig {
                recent,
                ..capture_config(config, receiver, id)
            };
            capture::start(capture, opener, sink)
                .map_err(|error| Error::Unavailable(format!("no thread for receiver {}: {error}", receiver.id)))
        })
        .collect()
}

fn capture_config(config: &Config, receiver: &ReceiverConfig, id: Arc<str>) -> CaptureConfig {
    CaptureConfig {
        id,
        plan: receiver.plan.clone(),
        sample_rate_hz: receiver.sample_rate_hz,
        gain: receiver.gain.clone(),
        ppm: receiver.ppm,
        ppm_uncertainty: receiver.ppm_uncertainty,
        antenna: receiver.antenna.clone(),
        false_alarms_per_day_mhz: config.false_alarms_per_day_mhz,
        frames_per_s: config.frames_per_s,
        recent: None,
    }
}
