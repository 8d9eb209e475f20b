//! Reading the parameters of a message (RFC 7545, section 5): each is there, and makes sense, or the fault names it.

use serde_json::{Map, Value};

use super::Fault;
use crate::{
    registry::{Place, footprint::Footprint},
    units::{Band, Hertz},
};

/// Largest serial number and the like, as the RFC limits them (section 5.2).
const NAME_MAX: usize = 64;
/// Largest uncertainty of a place that is read, metres.
const UNCERTAINTY_MAX_M: f64 = 1_000_000.0;
/// Corners of a region.
const CORNERS_MAX: usize = 200;
/// Frequency ranges of a device.
const RANGES_MAX: usize = 64;
/// Highest frequency of the Radio Regulations' definition of radio waves (RR 1.5).
const FREQUENCY_MAX_HZ: f64 = 3.0e12;

/// Where a device is, with all the uncertainty it tells.
pub(super) struct Location {
    pub(super) footprint: Footprint,
}

/// The parameters of a message.
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

/// What tells one device from another.
pub(super) fn device_key(device: &Value) -> Result<String, Fault> {
    let part = |name: &str| match &device[name] {
        Value::Null => Ok(""),
        Value::String(text) if text.chars().count() <= NAME_MAX && !text.chars().any(char::is_control) => {
            Ok(text.as_str())
        }
        _ => Err(Fault::value(
            &format!("deviceDesc.{name}"),
            &format!("give a text of up to {NAME_MAX} characters"),
        )),
    };
    if part("serialNumber")?.is_empty() {
        return Err(Fault::missing(&["deviceDesc.serialNumber"]));
    }
    let parts = [part("manufacturerId")?, part("modelId")?, part("serialNumber")?];
    Ok(parts.join("\n"))
}

impl<'a> Fields<'a> {
    /// Every one of them is there.
    pub(super) fn all_of(&self, names: &[&str]) -> Result<(), Fault> {
        let missing: Vec<&str> = names
            .iter()
            .filter(|name| self.0.get(**name).is_none_or(Value::is_null))
            .copied()
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Fault::missing(&missing)),
        }
    }

    fn get(&self, name: &str) -> Result<&'a Value, Fault> {
        self.0.get(name).ok_or_else(|| Fault::missing(&[name]))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Fault> {
        let value = self.get(name)?.as_str();
        value.ok_or_else(|| Fault::value(name, "give a text"))
    }

    pub(super) fn object(&self, name: &str) -> Result<&'a Map<String, Value>, Fault> {
        let value = self.get(name)?.as_object();
        value.ok_or_else(|| Fault::value(name, "give an object"))
    }

    pub(super) fn array(&self, name: &str) -> Result<&'a Vec<Value>, Fault> {
        let value = self.get(name)?.as_array();
        value.ok_or_else(|| Fault::value(name, "give an array"))
    }

    /// A device with its key.
    pub(super) fn device(&self, name: &str) -> Result<(&'a Value, String), Fault> {
        self.object(name)?;
        let device = self.get(name)?;
        if !matches!(device["rulesetIds"], Value::Null | Value::Array(_)) {
            return Err(Fault::value(&format!("{name}.rulesetIds"), "give an array of texts"));
        }
        Ok((device, device_key(device)?))
    }

    pub(super) fn location(&self, name: &str) -> Result<Location, Fault> {
        location(name, self.get(name)?)
    }

    pub(super) fn locations(&self, name: &str) -> Result<Vec<(&'a Value, Location)>, Fault> {
        let given = self.array(name)?;
        if given.is_empty() {
            return Err(Fault::missing(&[name]));
        }
        given.iter().map(|each| Ok((each, location(name, each)?))).collect()
    }

    /// Where the device can be tuned, where it says.
    pub(super) fn ranges(&self) -> Result<Option<Vec<Band>>, Fault> {
        const NAME: &str = "capabilities.frequencyRanges";
        let Some(given) = self.0.get("capabilities").map(|given| &given["frequencyRanges"]) else {
            return Ok(None);
        };
        let ranges = match given {
            Value::Null => return Ok(None),
            Value::Array(ranges) if ranges.len() <= RANGES_MAX => ranges,
            _ => return Err(Fault::value(NAME, &format!("give an array of up to {RANGES_MAX}"))),
        };
        let read = |range: &Value| {
            let edges = (hertz(&range["startHz"]), hertz(&range["stopHz"]));
            let (Some(low), Some(high)) = edges else {
                return Err(Fault::value(NAME, "give startHz and stopHz in hertz"));
            };
            Band::new(low, high).ok_or_else(|| Fault::value(NAME, "give startHz below stopHz"))
        };
        ranges.iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// Spectrum that a device uses: profiles with ascending frequencies; two points at one are a step.
    pub(super) fn used(&self, name: &str) -> Result<(), Fault> {
        for spectrum in self.array(name)? {
            let bandwidth = spectrum["resolutionBwHz"].as_f64().filter(|hz| *hz > 0.0);
            if bandwidth.is_none() {
                return Err(Fault::value(
                    &format!("{name}.resolutionBwHz"),
                    "give a bandwidth above 0 Hz",
                ));
            }
            let wrong = |why: &str| Err(Fault::value(&format!("{name}.profiles"), why));
            let Some(profiles) = spectrum["profiles"].as_array() else {
                return wrong("give an array of arrays of points");
            };
            for profile in profiles {
                let Some(points) = profile.as_array().filter(|points| points.len() >= 2) else {
                    return wrong("give two points or more");
                };
                let mut last = Hertz(0);
                for point in points {
                    let (Some(hz), Some(_)) = (hertz(&point["hz"]), point["dbm"].as_f64()) else {
                        return wrong("give hz and dbm of each point");
                    };
                    if hz < last {
                        return wrong("give the points by ascending frequency");
                    }
                    last = hz;
                }
            }
        }
        Ok(())
    }
}

/// A frequency; devices write them as floating-point numbers.
fn hertz(value: &Value) -> Option<Hertz> {
    let hz = value.as_f64().filter(|hz| (0.0..=FREQUENCY_MAX_HZ).contains(hz))?;
    Some(Hertz::from_f64(hz))
}

fn location(name: &str, value: &Value) -> Result<Location, Fault> {
    let (point, region) = (&value["point"], &value["region"]);
    if !value["confidence"].is_null() && !value["confidence"].as_f64().is_some_and(|c| (0.0..=100.0).contains(&c)) {
        return Err(Fault::value(&format!("{name}.confidence"), "give 0 to 100 per cent"));
    }
    let footprint = match (point, region) {
        (Value::Object(_), Value::Null) => ellipse(name, point)?,
        (Value::Null, Value::Object(_)) => polygon(name, region)?,
        _ => return Err(Fault::value(name, "give either a point or a region")),
    };
    Ok(Location { footprint })
}

fn coordinates(name: &str, value: &Value) -> Result<(f64, f64), Fault> {
    let within = |value: &Value, most: f64| value.as_f64().filter(|degrees| degrees.abs() <= most);
    match (within(&value["latitude"], 90.0), within(&value["longitude"], 180.0)) {
        (Some(latitude), Some(longitude)) => Ok((latitude, longitude)),
        _ => Err(Fault::value(
            name,
            "give a latitude of -90 to 90 and a longitude of -180 to 180 degrees (WGS 84)",
        )),
    }
}

/// The circle around an ellipse of uncertainty, whichever way it is turned.
fn ellipse(name: &str, point: &Value) -> Result<Footprint, Fault> {
    let (latitude, longitude) = coordinates(&format!("{name}.point.center"), &point["center"])?;
    let axis = |axis: &str| match &point[axis] {
        Value::Null => Ok(0.0),
        value => value
            .as_f64()
            .filter(|metres| (0.0..=UNCERTAINTY_MAX_M).contains(metres))
            .ok_or_else(|| Fault::value(&format!("{name}.point.{axis}"), "give metres, from 0 to 1000000")),
    };
    let radius_m = f64::max(axis("semiMajorAxis")?, axis("semiMinorAxis")?);
    Ok(Footprint::Circle(Place {
        latitude,
        longitude,
        radius_km: radius_m / 1000.0,
    }))
}

fn polygon(name: &str, region: &Value) -> Result<Footprint, Fault> {
    let name = format!("{name}.region.exterior");
    let corners = region["exterior"].as_array().map_or(&[][..], Vec::as_slice);
    if !(3..=CORNERS_MAX).contains(&corners.len()) {
        return Err(Fault::value(&name, &format!("give 3 to {CORNERS_MAX} corners")));
    }
    let corners = corners.iter().map(|corner| coordinates(&name, corner));
    Ok(Footprint::Polygon(corners.collect::<Result<_, _>>()?))
}
