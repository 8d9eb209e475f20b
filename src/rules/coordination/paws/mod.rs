//! The Protocol to Access White-Space databases (RFC 7545): what devices of operators ask, and what they are answered.
//! A message in, an answer out; who asks, and what is stored about devices, is told and kept by the caller. Pure: no clock,
//! no I/O.
//!
//! Answers rest on the register as the caller's audience knows it: confidential use is there by public cell and block
//! alone, whatever its dates and powers, so that a device learns no more by asking often or from near.

mod available;
mod fields;
mod ruleset;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use ruleset::{DEMO_TOML, Limit, PawsRules, RulesError, Ruleset};

use self::fields::{Fields, Location};
use crate::{
    registry::{disclosure::PublicView, footprint::Footprint},
    units::Band,
};

/// The version of the protocol that is spoken.
const VERSION: &str = "1.0";
/// Locations of one batch; the database may answer fewer than were asked (RFC 7545, section 4.5.4).
const LOCATIONS_MAX: usize = 20;
/// Devices of one validation.
const DEVICES_MAX: usize = 100;

/// What a device is answered instead (RFC 7545, section 5.17, and JSON-RPC 2.0, section 5.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The number.
    pub code: i32,
    /// In words.
    pub message: String,
    /// What belongs to it.
    pub data: Option<Value>,
}

impl Fault {
    fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// -101: another version of the protocol.
    fn version(asked: &str) -> Self {
        Self::new(-101, format!("Version '{asked}' is not spoken here: use {VERSION}"))
    }

    /// -102: no ruleset of the device is known here.
    fn unsupported() -> Self {
        Self::new(-102, "None of the device's rulesets is supported")
    }

    /// -103: a method of the protocol that is not there.
    fn unimplemented(method: &str) -> Self {
        Self::new(-103, format!("'{method}' is not implemented"))
    }

    /// -104: a place that is not covered.
    fn outside() -> Self {
        Self::new(-104, "Outside coverage area")
    }

    /// -201: parameters are missing.
    fn missing(names: &[&str]) -> Self {
        Self {
            data: Some(json!({ "parameters": names })),
            ..Self::new(-201, format!("Missing: {}", names.join(", ")))
        }
    }

    /// -202: the value of a parameter makes no sense.
    fn value(name: &str, why: &str) -> Self {
        Self {
            data: Some(json!({ "parameters": [name] })),
            ..Self::new(-202, format!("{name}: {why}"))
        }
    }

    /// -301: the device is another operator's.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(-301, "The device is registered by somebody else")
    }

    /// -302: the ruleset wants the device registered.
    fn not_registered() -> Self {
        Self::new(-302, "Register the device first")
    }
}

/// What is kept about a device.
#[derive(Debug, Clone, PartialEq)]
pub enum Kept {
    /// It was registered, with all it said.
    Registered(Value),
    /// It told which spectrum it uses.
    Uses(Value),
}

/// Who asks, and what they are answered from.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The rulesets and the area that is covered.
    pub rules: &'a PawsRules,
    /// The register as the caller may know it.
    pub register: &'a PublicView,
    /// Keys of the devices the caller's organisation has registered.
    pub registered: &'a [String],
    /// The present.
    pub now: Timestamp,
}

/// An answer, and what is to be kept before it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What goes back, as JSON-RPC.
    pub body: Value,
    /// The device's key and what is to be kept of it.
    pub keep: Option<(String, Kept)>,
}

/// What a fault says to a caller whose message had this id.
#[must_use]
pub fn refusal(fault: &Fault, id: &Value) -> Value {
    let mut error = json!({"code": fault.code, "message": fault.message});
    if let Some(data) = &fault.data {
        error["data"] = data.clone();
    }
    json!({"jsonrpc": "2.0", "error": error, "id": id})
}

/// Keys of the devices a message speaks of: what is known about them is to be at hand for `answer`.
#[must_use]
pub fn devices(body: &[u8]) -> Vec<String> {
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return Vec::new();
    };
    let params = &message["params"];
    let several = params["deviceDescs"].as_array().into_iter().flatten();
    let one = [&params["deviceDesc"], &params["masterDeviceDesc"]].into_iter();
    let mut keys: Vec<String> = several
        .chain(one)
        .filter_map(|desc| fields::device_key(desc).ok())
        .collect();
    keys.truncate(DEVICES_MAX);
    keys
}

/// The places and bands that the answer to a message for spectrum is made of; nothing for other messages.
#[must_use]
pub fn questions(body: &[u8], rules: &PawsRules) -> Vec<(Footprint, Band)> {
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return Vec::new();
    };
    let Value::Object(params) = &message["params"] else {
        return Vec::new();
    };
    let fields = Fields(params);
    let places: Vec<Footprint> = match message["method"].as_str() {
        Some("spectrum.paws.getSpectrum") => fields.location("location").map(|at| at.footprint).into_iter().collect(),
        Some("spectrum.paws.getSpectrumBatch") => {
            let places = fields.locations("locations").into_iter().flatten();
            places.take(LOCATIONS_MAX).map(|(_, at)| at.footprint).collect()
        }
        _ => return Vec::new(),
    };
    let bands: Vec<Band> = rules.rulesets.iter().filter_map(Ruleset::band).collect();
    let of = |place: Footprint| bands.iter().map(move |band| (place.clone(), *band));
    places.into_iter().flat_map(of).collect()
}

/// Answers one message.
#[must_use]
pub fn answer(body: &[u8], asked: &Asked<'_>) -> Answer {
    let refuse = |fault: &Fault, id: &Value| Answer {
        body: refusal(fault, id),
        keep: None,
    };
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return refuse(&Fault::new(-32700, "Parse error: send one JSON object"), &Value::Null);
    };
    let id = match &message["id"] {
        id @ (Value::String(_) | Value::Number(_)) => id.clone(),
        _ => Value::Null,
    };
    let (Some("2.0"), Some(method), false) = (message["jsonrpc"].as_str(), message["method"].as_str(), id.is_null())
    else {
        return refuse(
            &Fault::new(-32600, "Invalid request: give jsonrpc \"2.0\", a method and an id"),
            &id,
        );
    };
    match call(method, &message["params"], asked) {
        Err(fault) => refuse(&fault, &id),
        Ok((result, keep)) => Answer {
            body: json!({"jsonrpc": "2.0", "result": result, "id": id}),
            keep,
        },
    }
}

type Outcome = Result<(Value, Option<(String, Kept)>), Fault>;

fn call(method: &str, params: &Value, asked: &Asked<'_>) -> Outcome {
    type Method = fn(&Fields<'_>, &Asked<'_>) -> Outcome;
    let (kind, run): (&str, Method) = match method.strip_prefix("spectrum.paws.") {
        Some("init") => ("INIT_REQ", init),
        Some("register") => ("REGISTRATION_REQ", register),
        Some("getSpectrum") => ("AVAIL_SPECTRUM_REQ", spectrum),
        Some("getSpectrumBatch") => ("AVAIL_SPECTRUM_BATCH_REQ", batch),
        Some("notifySpectrumUse") => ("SPECTRUM_USE_NOTIFY", notify),
        Some("verifyDevice") => ("DEV_VALID_REQ", validate),
        Some(_) => return Err(Fault::unimplemented(method)),
        None => return Err(Fault::new(-32601, format!("Method '{method}' not found"))),
    };
    let Value::Object(params) = params else {
        return Err(Fault::new(-32602, "Invalid params: give an object"));
    };
    let fields = Fields(params);
    let version = fields.text("version")?;
    if version != VERSION {
        return Err(Fault::version(version));
    }
    if fields.text("type")? != kind {
        return Err(Fault::value("type", &format!("write {kind}")));
    }
    run(&fields, asked)
}

fn response(kind: &str, mut members: Map<String, Value>) -> Value {
    members.insert("type".to_owned(), kind.into());
    members.insert("version".to_owned(), VERSION.into());
    members.into()
}

/// The rulesets that the device and this database share; where the device names none, all there are.
fn shared<'a>(device: &Value, asked: &Asked<'a>) -> Result<Vec<&'a Ruleset>, Fault> {
    let named = device["rulesetIds"].as_array();
    let names = |ruleset: &Ruleset| named.is_none_or(|ids| ids.iter().any(|id| id.as_str() == Some(&ruleset.id)));
    let found: Vec<&Ruleset> = asked.rules.rulesets.iter().filter(|ruleset| names(ruleset)).collect();
    match found.is_empty() {
        true => Err(Fault::unsupported()),
        false => Ok(found),
    }
}

fn covered(location: &Location, asked: &Asked<'_>) -> Result<(), Fault> {
    match asked.rules.covers(&location.footprint) {
        true => Ok(()),
        false => Err(Fault::outside()),
    }
}

fn infos(rulesets: &[&Ruleset]) -> Value {
    rulesets.iter().map(|ruleset| ruleset.info()).collect()
}

fn init(fields: &Fields<'_>, asked: &Asked<'_>) -> Outcome {
    fields.all_of(&["deviceDesc", "location"])?;
    let (device, _) = fields.device("deviceDesc")?;
    covered(&fields.location("location")?, asked)?;
    let rulesets = shared(device, asked)?;
    let members = Map::from_iter([("rulesetInfos".to_owned(), infos(&rulesets))]);
    Ok((response("INIT_RESP", members), None))
}

fn register(fields: &Fields<'_>, asked: &Asked<'_>) -> Outcome {
    fields.all_of(&["deviceDesc", "location", "deviceOwner"])?;
    let (device, key) = fields.device("deviceDesc")?;
    covered(&fields.location("location")?, asked)?;
    let owner = fields.object("deviceOwner")?;
    if !owner
        .get("owner")
        .is_some_and(|card| card.is_array() || card.is_object())
    {
        return Err(Fault::value(
            "deviceOwner",
            "give its owner as a vCard in JSON (RFC 7095)",
        ));
    }
    let rulesets = shared(device, asked)?;
    let members = Map::from_iter([("rulesetInfos".to_owned(), infos(&rulesets))]);
    let kept = Kept::Registered(Value::Object(fields.0.clone()));
    Ok((response("REGISTRATION_RESP", members), Some((key, kept))))
}

/// The device that asks is registered where a ruleset wants that; a slave asks by its master.
fn entitled<'a>(fields: &Fields<'_>, asked: &Asked<'a>) -> Result<(Value, Vec<&'a Ruleset>), Fault> {
    let (device, key) = fields.device("deviceDesc")?;
    let rulesets = shared(device, asked)?;
    let master = match fields.0.contains_key("masterDeviceDesc") {
        true => fields.device("masterDeviceDesc")?.1,
        false => key,
    };
    if rulesets.iter().any(|ruleset| ruleset.register) && !asked.registered.contains(&master) {
        return Err(Fault::not_registered());
    }
    Ok((device.clone(), rulesets))
}

fn specs(rulesets: &[&Ruleset], fields: &Fields<'_>, location: &Location, asked: &Asked<'_>) -> Result<Value, Fault> {
    covered(location, asked)?;
    let ranges = fields.ranges()?;
    let specs = rulesets.iter().map(|ruleset| {
        json!({
            "rulesetInfo": {"authority": ruleset.authority, "rulesetId": ruleset.id},
            "needsSpectrumReport": ruleset.needs_report,
            "spectrumSchedules": available::schedules(ruleset, location, ranges.as_deref(), asked),
        })
    });
    Ok(specs.collect())
}

/// To the second, as devices write it.
fn stamp(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

fn spectrum(fields: &Fields<'_>, asked: &Asked<'_>) -> Outcome {
    fields.all_of(&["deviceDesc", "location"])?;
    let (device, rulesets) = entitled(fields, asked)?;
    let specs = specs(&rulesets, fields, &fields.location("location")?, asked)?;
    let members = Map::from_iter([
        ("timestamp".to_owned(), stamp(asked.now).into()),
        ("deviceDesc".to_owned(), device),
        ("spectrumSpecs".to_owned(), specs),
    ]);
    Ok((response("AVAIL_SPECTRUM_RESP", members), None))
}

fn batch(fields: &Fields<'_>, asked: &Asked<'_>) -> Outcome {
    fields.all_of(&["deviceDesc", "locations"])?;
    let (device, rulesets) = entitled(fields, asked)?;
    let mut answers = Vec::new();
    for (given, location) in fields.locations("locations")?.into_iter().take(LOCATIONS_MAX) {
        let specs = specs(&rulesets, fields, &location, asked)?;
        answers.push(json!({"location": given, "spectrumSpecs": specs}));
    }
    let members = Map::from_iter([
        ("timestamp".to_owned(), stamp(asked.now).into()),
        ("deviceDesc".to_owned(), device),
        ("geoSpectrumSpecs".to_owned(), answers.into()),
    ]);
    Ok((response("AVAIL_SPECTRUM_BATCH_RESP", members), None))
}

fn notify(fields: &Fields<'_>, asked: &Asked<'_>) -> Outcome {
    fields.all_of(&["deviceDesc", "spectra"])?;
    let (_, key) = fields.device("deviceDesc")?;
    entitled(fields, asked)?;
    fields.used("spectra")?;
    if fields.0.contains_key("location") {
        fields.location("location")?;
    }
    let kept = Kept::Uses(Value::Object(fields.0.clone()));
    Ok((response("SPECTRUM_USE_RESP", Map::new()), Some((key, kept))))
}

fn validate(fields: &Fields<'_>, asked: &Asked<'_>) -> Outcome {
    fields.all_of(&["deviceDescs"])?;
    let devices = fields.array("deviceDescs")?;
    if devices.len() > DEVICES_MAX {
        return Err(Fault::value(
            "deviceDescs",
            &format!("ask for at most {DEVICES_MAX} at a time"),
        ));
    }
    let told = devices.iter().map(|device| {
        let known = fields::device_key(device).is_ok_and(|key| asked.registered.contains(&key));
        match known {
            true => json!({"deviceDesc": device, "isValid": true}),
            false => json!({"deviceDesc": device, "isValid": false, "reason": "The device is not registered"}),
        }
    });
    let members = Map::from_iter([("deviceValidities".to_owned(), told.collect())]);
    Ok((response("DEV_VALID_RESP", members), None))
}
