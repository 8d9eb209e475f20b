//! Opening a device: one at a time, never the same twice, with its profile and everything a caller may know of it.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use soapysdr::{Args, Device, Direction::Rx};

use super::{SoapyOptions, settings, stream};
use crate::{ReceiverError, ReceiverFacts, profile::Profile};

/// Opening is serialised: some drivers race in `make`.
static OPENING: Mutex<()> = Mutex::new(());
/// Devices open in this process. SoapySDR would hand out the same object twice, and a second stream aborts some drivers.
static OPEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Keeps a device from being opened twice; releases it when dropped.
pub(super) struct Claim(String);

impl Claim {
    fn new(key: String) -> Result<Self, ReceiverError> {
        if OPEN.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
            return Ok(Self(key));
        }
        Err(ReceiverError::Usage(format!(
            "receiver '{key}' is already open here: close it first, or give another serial="
        )))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// A device that answered, and what it is.
pub(super) struct Opened {
    pub(super) device: Device,
    pub(super) facts: ReceiverFacts,
    pub(super) profile: Profile,
    /// Factor that brings 16-bit samples to the full 16 bits.
    pub(super) scale: i16,
    pub(super) claim: Claim,
}

/// Checks `key=value,key=value`; SoapySDR would drop what it cannot read without a word.
fn checked_args(args: &str) -> Result<String, ReceiverError> {
    let args = args.trim();
    let bad = args.contains('\0')
        || args
            .split(',')
            .any(|part| part.split_once('=').is_none_or(|(key, _)| key.trim().is_empty()));
    if bad {
        return Err(ReceiverError::Usage(format!(
            "'{}' is not a list of key=value: write driver=rtlsdr or driver=rtlsdr,serial=00000001",
            args.escape_debug()
        )));
    }
    Ok(args.to_owned())
}

fn open_device(args: &str) -> Result<Device, ReceiverError> {
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    Device::new(args).map_err(|error| {
        let message = error.message;
        let text = message.to_lowercase();
        let absent = ["no match", "not found", "unplugged", "no such device", "no device"];
        if absent.iter().any(|word| text.contains(word)) {
            let hint = format!("{message}; is it plugged in, and does `pinpu receivers` list it?");
            ReceiverError::NotFound {
                args: args.to_owned(),
                hint,
            }
        } else {
            ReceiverError::Driver {
                operation: "opening the receiver",
                message,
            }
        }
    })
}

/// What a device says of itself.
struct Identity {
    driver: String,
    product: String,
    info: Vec<(String, String)>,
}

impl Identity {
    fn of(device: &Device) -> Result<Self, ReceiverError> {
        let driver = device.driver_key().map_err(|e| ReceiverError::Driver {
            operation: "asking for the driver",
            message: e.message,
        })?;
        let info = device.hardware_info();
        Ok(Self {
            driver: driver.to_lowercase(),
            product: device.hardware_key().unwrap_or_default(),
            info: info
                .map(|i| i.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
                .unwrap_or_default(),
        })
    }

    fn value(&self, key: &str) -> Option<String> {
        self.info
            .iter()
            .find(|(k, v)| k == key && !v.is_empty())
            .map(|(_, v)| v.clone())
    }

    /// The profile asked for; else the one the virtual receiver plays; else by driver and product.
    fn profile(&self, asked: Option<&str>) -> Result<Profile, ReceiverError> {
        match (asked, self.value("profile")) {
            (Some(name), _) => Profile::named(name),
            (None, Some(name)) if self.driver == "pinpu-virtual" => Profile::named(&name),
            _ => {
                let texts: Vec<&str> = self
                    .info
                    .iter()
                    .map(|(_, v)| v.as_str())
                    .chain([self.product.as_str()])
                    .collect();
                Profile::select(&self.driver, &texts)
            }
        }
    }
}

/// Opens and identifies; leaves rate, frequency and gain as the driver has them.
pub(super) fn open(args: &str, options: &SoapyOptions) -> Result<Opened, ReceiverError> {
    let args = checked_args(args)?;
    let device = open_device(&args)?;
    if device.num_channels(Rx).unwrap_or(0) == 0 {
        return Err(ReceiverError::Usage(format!(
            "'{args}' has no receiving channel: choose another device"
        )));
    }
    let identity = Identity::of(&device)?;
    let given = Args::from(args.as_str());
    let paced = given.get("pace") != Some("fast");
    let serial = given
        .get("serial")
        .map(str::to_owned)
        .or_else(|| identity.value("serial"));
    let key = serial
        .as_ref()
        .map_or_else(|| args.clone(), |s| format!("driver={},serial={s}", identity.driver));
    let claim = Claim::new(key)?;
    let profile = identity.profile(options.profile.as_deref())?;
    settings::clear_hardware_ppm(&device)?;
    let (format, scale) = stream::native_format(&device);
    let facts = ReceiverFacts {
        label: format!("{} {}", profile.name, serial.as_deref().unwrap_or(""))
            .trim()
            .to_owned(),
        args,
        driver: identity.driver,
        serial,
        format,
        frequency_ranges_hz: settings::frequency_ranges(&device, &profile),
        sample_rate_ranges_hz: settings::ranges(device.get_sample_rate_range(Rx, 0), &profile.rates.ranges_hz),
        profile: profile.id.clone(),
        usable_fraction: profile.span.usable_fraction,
        paced,
    };
    Ok(Opened {
        device,
        facts,
        profile,
        scale,
        claim,
    })
}
