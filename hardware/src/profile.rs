//! What is known about each kind of receiver: ranges, usable span, gains, settling, and whether its clock can be believed.
//!
//! One TOML file a receiver under `profiles/`, compiled in. Every group of values says on what it rests (`basis`);
//! nothing here was measured on hardware unless it says so. Read-back from the device always wins over a profile.

use serde::{Deserialize, Serialize};

use crate::ReceiverError;

/// What a group of values rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// Read in the driver's source.
    #[serde(rename = "driver source")]
    DriverSource,
    /// From a data sheet or general knowledge, not checked on a device.
    #[serde(rename = "datasheet, unverified")]
    Datasheet,
    /// Reported by users in an issue thread.
    #[serde(rename = "issue thread")]
    IssueThread,
    /// A first default of ours; calibrate per device.
    #[serde(rename = "engineering guess")]
    Guess,
}

/// Tunable ranges.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrequencyProfile {
    /// Low and high, hertz; empty: ask the device.
    pub ranges_hz: Vec<[f64; 2]>,
    /// What this rests on.
    pub basis: Basis,
}

/// Sample rates.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateProfile {
    /// Low and high, samples a second (equal: a single rate); empty: ask the device.
    pub ranges_hz: Vec<[f64; 2]>,
    /// A good rate for monitoring.
    pub default_hz: f64,
    /// The highest rate that is usually free of loss.
    pub safe_max_hz: f64,
    /// What this rests on.
    pub basis: Basis,
}

/// What of the span can be trusted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanProfile {
    /// Part of the span free of filter roll-off, 0 to 1.
    pub usable_fraction: f64,
    /// Whether a spike at the centre is to be expected.
    pub dc_spike: bool,
    /// What this rests on.
    pub basis: Basis,
}

/// The converter.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConverterProfile {
    /// Bits of the analogue-to-digital converter.
    pub adc_bits: u8,
    /// What this rests on.
    pub basis: Basis,
}

/// One gain element.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainElement {
    /// The driver's name for it.
    pub name: String,
    /// Lowest value.
    pub min: f64,
    /// Highest value.
    pub max: f64,
    /// Step; 0: the driver's own table.
    pub step: f64,
    /// `dB` or `index`.
    pub unit: String,
    /// A larger number is less gain.
    #[serde(default)]
    pub inverse: bool,
    /// The value for unattended monitoring.
    pub monitoring: f64,
}

/// Gain of the receive path.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainProfile {
    /// The device has an automatic gain control.
    pub agc: bool,
    /// Its elements; empty: use the middle of the overall range.
    pub elements: Vec<GainElement>,
    /// What this rests on.
    pub basis: Basis,
}

/// Behaviour on tuning.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuningProfile {
    /// The driver drops what it had buffered.
    pub flushes_on_tune: bool,
    /// From lock command to a settled synthesiser.
    pub settle_ms: f64,
    /// From antenna to the driver's buffer.
    pub pipeline_ms: f64,
    /// The hardware can correct whole ppm. Not used: software does it for all receivers alike.
    pub ppm_hw: bool,
    /// What this rests on.
    pub basis: Basis,
}

/// Whether the driver's time stamps may count lost samples.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeProfile {
    /// They may; they are still checked against the sample count while running.
    pub trustworthy: bool,
    /// What this rests on.
    pub basis: Basis,
}

/// Stream arguments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamProfile {
    /// For staying on one frequency; only keys the driver lists are passed.
    pub args: String,
    /// For hopping: short transfers, so that little is stale after a tune.
    pub scan_args: String,
    /// What this rests on.
    pub basis: Basis,
}

/// All that is known about a kind of receiver.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Short name, as in the file's.
    pub id: String,
    /// For people.
    pub name: String,
    /// SoapySDR drivers it belongs to.
    pub drivers: Vec<String>,
    /// Words in the product or label that select it; empty: the default of its drivers.
    pub products: Vec<String>,
    /// Debian package of the SoapySDR module; empty: none.
    pub package: String,
    /// USB identifiers, `vendor:product`.
    pub usb: Vec<String>,
    /// What a person should know.
    pub notes: String,
    /// Tunable ranges.
    pub frequency: FrequencyProfile,
    /// Sample rates.
    pub rates: RateProfile,
    /// Usable span.
    pub span: SpanProfile,
    /// Converter.
    pub converter: ConverterProfile,
    /// Gains.
    pub gain: GainProfile,
    /// Settling.
    pub tuning: TuningProfile,
    /// Clock.
    pub time: TimeProfile,
    /// Stream arguments.
    pub stream: StreamProfile,
}

macro_rules! profile_files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("../profiles/", $name, ".toml")))),+] };
}

/// Name and text of each compiled-in profile.
const FILES: &[(&str, &str)] = profile_files![
    "rtl-sdr-v3",
    "rtl-sdr-v4",
    "hackrf-one",
    "airspy-r2",
    "airspy-mini",
    "airspy-hf-plus",
    "sdrplay-rsp",
    "limesdr",
    "usrp-b200",
    "bladerf-x40",
    "bladerf-2",
    "wideband",
    "ideal",
    "generic",
];

impl Profile {
    /// Every profile that is compiled in.
    ///
    /// # Errors
    /// `Usage` with the file and its fault; a test keeps this from happening to the compiled-in ones.
    pub fn all() -> Result<Vec<Self>, ReceiverError> {
        FILES.iter().map(|(name, text)| Self::parse(name, text)).collect()
    }

    /// Reads one profile.
    ///
    /// # Errors
    /// `Usage` with the name and the parser's words.
    pub fn parse(name: &str, text: &str) -> Result<Self, ReceiverError> {
        toml::from_str(text).map_err(|e| ReceiverError::Usage(format!("receiver profile {name}: {e}")))
    }

    /// A profile by its short name.
    ///
    /// # Errors
    /// `Usage` with the names there are.
    pub fn named(id: &str) -> Result<Self, ReceiverError> {
        let mut all = Self::all()?;
        match all.iter().position(|p| p.id == id) {
            Some(index) => Ok(all.swap_remove(index)),
            None => {
                let names: Vec<_> = all.iter().map(|p| p.id.as_str()).collect();
                Err(ReceiverError::Usage(format!(
                    "no receiver profile '{id}': write one of {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// The profile for a driver and whatever texts describe the product (hardware key, label, product name): a product
    /// word decides, then the driver's default, then `generic`.
    ///
    /// # Errors
    /// As `all`.
    pub fn select(driver: &str, descriptions: &[&str]) -> Result<Self, ReceiverError> {
        let text = descriptions.join(" ").to_lowercase();
        let all = Self::all()?;
        let of_driver = |p: &&Self| p.drivers.iter().any(|d| d.eq_ignore_ascii_case(driver));
        let by_word = all
            .iter()
            .filter(of_driver)
            .find(|p| p.products.iter().any(|word| text.contains(&word.to_lowercase())));
        let by_driver = || all.iter().filter(of_driver).find(|p| p.products.is_empty());
        match by_word.or_else(by_driver) {
            Some(profile) => Ok(profile.clone()),
            None => Self::named("generic"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_parses_and_makes_sense() {
        let all = Profile::all().unwrap();
        assert_eq!(all.len(), FILES.len());
        for (profile, (file, _)) in all.iter().zip(FILES) {
            assert_eq!(&profile.id, file, "the file's name is the profile's");
            assert!((0.3..=1.0).contains(&profile.span.usable_fraction), "{file}");
            assert!((1..=24).contains(&profile.converter.adc_bits), "{file}");
            assert!(
                profile.tuning.settle_ms >= 0.0 && profile.tuning.pipeline_ms >= 0.0,
                "{file}"
            );
            for range in profile.frequency.ranges_hz.iter().chain(&profile.rates.ranges_hz) {
                assert!(range[0] <= range[1], "{file}: {range:?}");
            }
            let inside = |hz: f64| profile.rates.ranges_hz.iter().any(|r| (r[0]..=r[1]).contains(&hz));
            assert!(
                profile.rates.ranges_hz.is_empty() || inside(profile.rates.default_hz),
                "{file}: default rate"
            );
            for gain in &profile.gain.elements {
                assert!(
                    (gain.min..=gain.max).contains(&gain.monitoring),
                    "{file}: {}",
                    gain.name
                );
            }
            for id in &profile.usb {
                let parts: Vec<_> = id.split(':').collect();
                assert!(parts.len() == 2 && parts.iter().all(|p| p.len() == 4), "{file}: {id}");
                assert!(
                    parts
                        .iter()
                        .all(|p| p.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))),
                    "{file}: {id}"
                );
            }
        }
    }

    #[test]
    fn every_profile_file_is_compiled_in() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
        let mut found: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|f| f.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let mut compiled: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        found.sort();
        compiled.sort();
        assert_eq!(found, compiled);
    }

    #[test]
    fn driver_and_product_select_the_profile() {
        for (driver, product, id) in [
            ("rtlsdr", "R820T", "rtl-sdr-v3"),
            ("RTLSDR", "RTLSDRBlog Blog V4", "rtl-sdr-v4"),
            ("airspy", "AIRSPY MINI", "airspy-mini"),
            ("airspy", "AirSpy", "airspy-r2"),
            ("bladerf", "bladerf1", "bladerf-x40"),
            ("somethingnew", "", "generic"),
        ] {
            assert_eq!(
                Profile::select(driver, &[product]).unwrap().id,
                id,
                "{driver} {product}"
            );
        }
        assert!(Profile::named("rtlsdr").unwrap_err().to_string().contains("rtl-sdr-v3"));
    }
}
