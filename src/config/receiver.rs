//! Receivers of the configuration: where the samples come from, what is watched, and where the antenna is.

use std::{collections::BTreeMap, path::PathBuf};

use pinpu_hardware::Gain;
use serde::Deserialize;

use super::{
    file::Faults,
    plan::{PlanConfig, parse_band},
};
use crate::{registry::Place, units::Hertz};

/// Where samples come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A SoapySDR device by its arguments.
    Soapy(String),
    /// An rtl_tcp server, `host:port`.
    RtlTcp(String),
    /// A recording by path.
    Recording(PathBuf),
}

impl Source {
    /// Reads `driver=rtlsdr,…`, `soapy:driver=…`, `rtl_tcp://host:port` or a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Some(address) = text.strip_prefix("rtl_tcp://") {
            Self::RtlTcp(address.to_owned())
        } else if let Some(args) = text.strip_prefix("soapy:") {
            Self::Soapy(args.to_owned())
        } else if text
            .split(',')
            .next()
            .is_some_and(|first| first.contains('=') && !first.contains(['/', '\\']))
        {
            Self::Soapy(text.to_owned())
        } else {
            Self::Recording(PathBuf::from(text))
        }
    }
}

/// Where an antenna is.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteConfig {
    /// Name for people.
    pub name: String,
    /// Position.
    pub place: Place,
}

/// One receiver, validated.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiverConfig {
    /// Short name.
    pub id: String,
    /// Where samples come from.
    pub source: Source,
    /// What is watched.
    pub plan: PlanConfig,
    /// Sample rate; `None`: the profile's.
    pub sample_rate_hz: Option<f64>,
    /// Gain.
    pub gain: Gain,
    /// Known oscillator error.
    pub ppm: f64,
    /// What remains unknown of it, one sigma.
    pub ppm_uncertainty: f64,
    /// Antenna port.
    pub antenna: Option<String>,
    /// Where the antenna is.
    pub site: Option<SiteConfig>,
    /// File of its calibration; with a gain in dB only.
    pub calibration: Option<PathBuf>,
}

impl ReceiverConfig {
    /// A receiver with defaults around a source.
    #[must_use]
    pub fn new(id: &str, source: Source) -> Self {
        Self {
            id: id.to_owned(),
            source,
            plan: PlanConfig::Suggested,
            sample_rate_hz: None,
            gain: Gain::Profile,
            ppm: 0.0,
            ppm_uncertainty: DEFAULT_PPM_UNCERTAINTY,
            antenna: None,
            site: None,
            calibration: None,
        }
    }
}

/// One sigma of a crystal nobody has calibrated. Engineering judgement: cheap dongles run 30–100 ppm off, the ones
/// with a temperature-compensated crystal about 1 ppm (measurement literature gives the range, not a distribution).
const DEFAULT_PPM_UNCERTAINTY: f64 = 20.0;
const DEFAULT_DWELL_MS: u32 = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiverFile {
    id: String,
    args: String,
    center: Option<String>,
    bands: Option<Vec<String>>,
    dwell_ms: Option<u32>,
    sample_rate: Option<String>,
    gain: Option<GainFile>,
    #[serde(default)]
    ppm: f64,
    ppm_uncertainty: Option<f64>,
    antenna: Option<String>,
    site: Option<SiteFile>,
    calibration: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum GainFile {
    Word(String),
    Total(f64),
    Elements(BTreeMap<String, f64>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteFile {
    name: String,
    latitude: f64,
    longitude: f64,
}

pub(super) fn validate_receivers(files: Vec<ReceiverFile>, faults: &mut Faults) -> Vec<ReceiverConfig> {
    let mut seen = std::collections::BTreeSet::new();
    files
        .into_iter()
        .enumerate()
        .map(|(index, file)| {
            let at = |key: &str| format!("receiver[{index}].{key}");
            let id_fits = !file.id.is_empty() && file.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            faults.unless(id_fits, at("id"), "use letters, digits and hyphens, such as \"roof-1\"");
            faults.unless(
                seen.insert(file.id.clone()),
                at("id"),
                "this id stands twice; give each receiver its own",
            );
            validate_receiver(file, &at, faults)
        })
        .collect()
}

fn validate_receiver(file: ReceiverFile, at: &dyn Fn(&str) -> String, faults: &mut Faults) -> ReceiverConfig {
    let mut hertz = |key: &str, text: &Option<String>| {
        let parsed = text.as_deref().map(str::parse::<Hertz>);
        match parsed {
            Some(Err(error)) => {
                faults.unless(false, at(key), error.to_string());
                None
            }
            Some(Ok(value)) => Some(value),
            None => None,
        }
    };
    let center = hertz("center", &file.center);
    let rate = hertz("sample_rate", &file.sample_rate);
    faults.unless(
        rate.is_none_or(|rate| rate.0 > 0),
        at("sample_rate"),
        "write a positive rate, such as \"2.4M\"",
    );
    let plan = validate_plan(&file, center, at, faults);
    let gain = validate_gain(file.gain, at, faults);
    let calibration = file.calibration.filter(|path| !path.as_os_str().is_empty());
    faults.unless(
        calibration.is_none() || matches!(gain, Gain::Total(_)),
        at("calibration"),
        "a calibration holds at a known gain: write gain as a number in dB",
    );
    faults.unless(
        file.ppm.abs() <= 1000.0,
        at("ppm"),
        "write parts per million between -1000 and 1000",
    );
    let ppm_uncertainty = file.ppm_uncertainty.unwrap_or(DEFAULT_PPM_UNCERTAINTY);
    faults.unless(
        (0.0..=1000.0).contains(&ppm_uncertainty),
        at("ppm_uncertainty"),
        "write 0 to 1000",
    );
    let site = file.site.map(|site| {
        let fits = (-90.0..=90.0).contains(&site.latitude) && (-180.0..=180.0).contains(&site.longitude);
        faults.unless(
            fits,
            at("site"),
            "latitude is -90 to 90 degrees north, longitude -180 to 180 east (WGS-84)",
        );
        SiteConfig {
            name: site.name,
            place: Place {
                latitude: site.latitude,
                longitude: site.longitude,
                radius_km: 0.0,
            },
        }
    });
    ReceiverConfig {
        source: Source::parse(&file.args),
        id: file.id,
        plan,
        sample_rate_hz: rate.map(Hertz::as_f64),
        gain,
        ppm: file.ppm,
        ppm_uncertainty,
        antenna: file.antenna,
        site,
        calibration,
    }
}

fn validate_gain(gain: Option<GainFile>, at: &dyn Fn(&str) -> String, faults: &mut Faults) -> Gain {
    match gain {
        None => Gain::Profile,
        Some(GainFile::Total(db)) => Gain::Total(db),
        Some(GainFile::Elements(elements)) => Gain::Elements(elements),
        Some(GainFile::Word(word)) => match word.as_str() {
            "automatic" => Gain::Automatic,
            other => {
                faults.unless(
                    other == "profile",
                    at("gain"),
                    "write \"profile\", \"automatic\", a number in dB or a table",
                );
                Gain::Profile
            }
        },
    }
}

fn validate_plan(
    file: &ReceiverFile,
    center: Option<Hertz>,
    at: &dyn Fn(&str) -> String,
    faults: &mut Faults,
) -> PlanConfig {
    let dwell_ms = file.dwell_ms.unwrap_or(DEFAULT_DWELL_MS);
    faults.unless(
        (10..=600_000).contains(&dwell_ms),
        at("dwell_ms"),
        "write 10 to 600000 milliseconds",
    );
    match (&file.bands, center) {
        (Some(_), Some(_)) => {
            faults.unless(false, at("bands"), "give either center or bands, not both");
            PlanConfig::Suggested
        }
        (None, Some(center)) => PlanConfig::Center(center),
        (None, None) => PlanConfig::Suggested,
        (Some(texts), None) => {
            let mut bands = Vec::with_capacity(texts.len());
            for (index, text) in texts.iter().enumerate() {
                match parse_band(text) {
                    Ok(band) => bands.push(band),
                    Err(reason) => faults.unless(false, at(&format!("bands[{index}]")), reason),
                }
            }
            faults.unless(
                !texts.is_empty(),
                at("bands"),
                "list at least one band, such as \"87M-108M\"",
            );
            PlanConfig::Bands { bands, dwell_ms }
        }
    }
}
