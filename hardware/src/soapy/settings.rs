//! Setting a device and reading back what it does. Nothing here streams.
//!
//! Errors are told apart by the call that failed, never by the driver's code: the C interface maps a thrown exception
//! to "timeout".

use soapysdr::{Args, Device, Direction::Rx, Error};

use crate::{Gain, ReceiverError, Setting, Tuning, profile::Profile};

/// Low and high of each range.
pub(super) type Ranges = Vec<[f64; 2]>;

/// The device's own ranges, or the profile's where the device lists none.
pub(super) fn ranges(listed: Result<Vec<soapysdr::Range>, Error>, profile: &[[f64; 2]]) -> Ranges {
    let listed: Ranges = listed
        .unwrap_or_default()
        .iter()
        .map(|r| [r.minimum, r.maximum])
        .collect();
    if listed.is_empty() { profile.to_vec() } else { listed }
}

/// The tuning component to use. The overall frequency would spread a remainder over CORR and so reset the ppm.
pub(super) fn has_component(device: &Device, name: &str) -> bool {
    device
        .list_frequencies(Rx, 0)
        .is_ok_and(|list| list.iter().any(|n| n == name))
}

/// Tunable ranges, of the RF component where there is one: the overall range is shifted by CORR.
pub(super) fn frequency_ranges(device: &Device, profile: &Profile) -> Ranges {
    let listed = if has_component(device, "RF") {
        device.component_frequency_range(Rx, 0, "RF")
    } else {
        device.frequency_range(Rx, 0)
    };
    ranges(listed, &profile.frequency.ranges_hz)
}

/// `24000000..1764000000, 2400000`.
fn ranges_text(ranges: &Ranges) -> String {
    let one = |r: &[f64; 2]| {
        if r[0] == r[1] {
            format!("{}", r[0])
        } else {
            format!("{}..{}", r[0], r[1])
        }
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Refuses what lies in none of the ranges; no ranges, no opinion.
pub(super) fn require_within(
    setting: &'static str,
    unit: &str,
    value: f64,
    ranges: &Ranges,
) -> Result<(), ReceiverError> {
    let inside = ranges.is_empty() || ranges.iter().any(|r| value >= r[0] - 0.5 && value <= r[1] + 0.5);
    if inside && value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(ReceiverError::Refused {
        setting,
        asked: format!("{value} {unit}"),
        hint: format!("it accepts {} {unit}", ranges_text(ranges)),
    })
}

fn refused(setting: &'static str, asked: String, error: &Error) -> ReceiverError {
    ReceiverError::Refused {
        setting,
        asked,
        hint: error.message.clone(),
    }
}

fn driver(operation: &'static str) -> impl Fn(Error) -> ReceiverError {
    move |error| ReceiverError::Driver {
        operation,
        message: error.message,
    }
}

/// Takes the hardware's ppm out of play: software corrects all receivers alike, with fractions of a ppm.
pub(super) fn clear_hardware_ppm(device: &Device) -> Result<(), ReceiverError> {
    if has_component(device, "CORR") && device.component_frequency(Rx, 0, "CORR").is_ok_and(|ppm| ppm != 0.0) {
        device
            .set_component_frequency(Rx, 0, "CORR", 0.0, Args::new())
            .map_err(driver("clear the ppm correction"))?;
    }
    Ok(())
}

/// Tunes the RF component to what makes the true centre `center_hz`, and returns the true centre reached.
pub(super) fn set_frequency(device: &Device, tuning: &Tuning, log: &mut Vec<Setting>) -> Result<u64, ReceiverError> {
    // An oscillator that is fast by ppm lands high by as much, so it is told to go lower.
    let error = 1.0 + tuning.ppm * 1e-6;
    let dial = tuning.center_hz as f64 / error;
    let reached = if has_component(device, "RF") {
        device
            .set_component_frequency(Rx, 0, "RF", dial, Args::new())
            .map_err(|e| refused("centre frequency", format!("{} Hz", tuning.center_hz), &e))?;
        device.component_frequency(Rx, 0, "RF")
    } else {
        device
            .set_frequency(Rx, 0, dial, Args::new())
            .map_err(|e| refused("centre frequency", format!("{} Hz", tuning.center_hz), &e))?;
        device.frequency(Rx, 0)
    };
    let truth = reached.map_err(driver("read the frequency back"))? * error;
    log.push(Setting {
        name: "center_hz".into(),
        asked: tuning.center_hz as f64,
        got: truth,
    });
    Ok(truth.round() as u64)
}

/// Sets the rate if it differs; returns the rate the device reports.
pub(super) fn set_rate(device: &Device, tuning: &Tuning, log: &mut Vec<Setting>) -> Result<f64, ReceiverError> {
    let asked = tuning.sample_rate_hz;
    let now = device.sample_rate(Rx, 0).map_err(driver("read the sample rate"))?;
    if (now - asked).abs() > 0.5 {
        device
            .set_sample_rate(Rx, 0, asked)
            .map_err(|e| refused("sample rate", format!("{asked} S/s"), &e))?;
    }
    let got = device.sample_rate(Rx, 0).map_err(driver("read the sample rate"))?;
    log.push(Setting {
        name: "sample_rate_hz".into(),
        asked,
        got,
    });
    if got.is_finite() && got > 0.0 {
        Ok(got)
    } else {
        Ok(asked)
    }
}

/// Antenna and analogue bandwidth, where asked.
pub(super) fn set_path(device: &Device, tuning: &Tuning, log: &mut Vec<Setting>) -> Result<(), ReceiverError> {
    if let Some(name) = &tuning.antenna {
        let known = device.antennas(Rx, 0).unwrap_or_default();
        if !known.iter().any(|a| a == name) {
            return Err(ReceiverError::Refused {
                setting: "antenna",
                asked: format!("'{name}'"),
                hint: format!("it has {}", known.join(", ")),
            });
        }
        device
            .set_antenna(Rx, 0, name.as_str())
            .map_err(driver("choose the antenna"))?;
    }
    if let Some(asked) = tuning.bandwidth_hz {
        device
            .set_bandwidth(Rx, 0, asked)
            .map_err(|e| refused("bandwidth", format!("{asked} Hz"), &e))?;
        let got = device.bandwidth(Rx, 0).map_err(driver("read the bandwidth"))?;
        log.push(Setting {
            name: "bandwidth_hz".into(),
            asked,
            got,
        });
    }
    Ok(())
}

/// Gain as asked. Automatic gain is switched off unless it was asked for.
pub(super) fn set_gain(
    device: &Device,
    gain: &Gain,
    profile: &Profile,
    log: &mut Vec<Setting>,
) -> Result<(), ReceiverError> {
    let has_agc = device.has_gain_mode(Rx, 0).unwrap_or(false);
    let automatic = matches!(gain, Gain::Automatic);
    if automatic && !has_agc {
        return Err(ReceiverError::Refused {
            setting: "gain",
            asked: "automatic".into(),
            hint: "it has no automatic gain; give dB or elements".into(),
        });
    }
    if has_agc {
        device
            .set_gain_mode(Rx, 0, automatic)
            .map_err(driver("switch the automatic gain"))?;
    }
    let elements = device.list_gains(Rx, 0).unwrap_or_default();
    match gain {
        Gain::Automatic => Ok(()),
        Gain::Total(db) => set_total(device, *db, log),
        Gain::Elements(map) => map
            .iter()
            .try_for_each(|(name, value)| set_element(device, name, *value, &elements, log)),
        Gain::Profile => {
            let known: Vec<_> = profile
                .gain
                .elements
                .iter()
                .filter(|e| elements.contains(&e.name))
                .collect();
            if known.is_empty() {
                let Ok(range) = device.gain_range(Rx, 0) else {
                    return Ok(());
                };
                return set_total(device, f64::midpoint(range.minimum, range.maximum), log);
            }
            known
                .iter()
                .try_for_each(|e| set_element(device, &e.name, e.monitoring, &elements, log))
        }
    }
}

fn set_total(device: &Device, asked: f64, log: &mut Vec<Setting>) -> Result<(), ReceiverError> {
    if let Ok(range) = device.gain_range(Rx, 0) {
        require_gain("gain", asked, &range)?;
    }
    device
        .set_gain(Rx, 0, asked)
        .map_err(|e| refused("gain", format!("{asked} dB"), &e))?;
    let got = device.gain(Rx, 0).map_err(driver("read the gain"))?;
    log.push(Setting {
        name: "gain".into(),
        asked,
        got,
    });
    Ok(())
}

fn set_element(
    device: &Device,
    name: &str,
    asked: f64,
    elements: &[String],
    log: &mut Vec<Setting>,
) -> Result<(), ReceiverError> {
    if !elements.iter().any(|e| e == name) {
        return Err(ReceiverError::Refused {
            setting: "gain element",
            asked: format!("'{name}'"),
            hint: format!("it has {}", elements.join(", ")),
        });
    }
    if let Ok(range) = device.gain_element_range(Rx, 0, name) {
        require_gain("gain element", asked, &range)?;
    }
    device
        .set_gain_element(Rx, 0, name, asked)
        .map_err(|e| refused("gain element", format!("{name} {asked}"), &e))?;
    let got = device.gain_element(Rx, 0, name).map_err(driver("read the gain"))?;
    log.push(Setting {
        name: format!("gain.{name}"),
        asked,
        got,
    });
    Ok(())
}

fn require_gain(setting: &'static str, asked: f64, range: &soapysdr::Range) -> Result<(), ReceiverError> {
    if asked.is_finite() && asked >= range.minimum - 1e-6 && asked <= range.maximum + 1e-6 {
        return Ok(());
    }
    Err(ReceiverError::Refused {
        setting,
        asked: format!("{asked}"),
        hint: format!("it accepts {} to {}", range.minimum, range.maximum),
    })
}
