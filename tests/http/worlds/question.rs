//! Questions drawn at random from the OpenAPI document: every operation a role may call, also one that is added later.
//!
//! Where the document says what a value looks like it is drawn from there; what people would send to be understood (bands
//! where something is, whole proposals, keys of earlier answers) is given for some names, or most answers would be errors.

use std::collections::BTreeMap;

use pinpu::service::auth::{Role, permissions};
use serde_json::{Map, Value, json};

use super::mask::Name;

/// Operations that are not asked: they begin and end the login the sequence runs under, and every login costs the time
/// of a password.
const NOT_ASKED: [&str; 2] = ["create_session", "delete_current_session"];

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Draw(pub u64);

impl Draw {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 33) as usize) * n) >> 31
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Part of an address or a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    /// A random key, which is another one in each world.
    Key(Name),
}

/// One request, the same for both worlds but for random keys.
#[derive(Debug, Clone)]
pub struct Question {
    pub operation: String,
    pub method: String,
    /// Where records of this kind are listed: their keys are remembered by it.
    pub list: String,
    pub address: Vec<Part>,
    pub version: Option<String>,
    pub language: &'static str,
    pub body: Option<(&'static str, String)>,
}

/// What was learnt from earlier answers.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Random keys by the list they belong to.
    pub keys: BTreeMap<String, Vec<Name>>,
    /// Keys that are not random.
    pub open: Vec<String>,
    pub cursors: BTreeMap<String, Vec<Name>>,
    /// Tags by address.
    pub tags: BTreeMap<String, String>,
}

/// The operations of the document: those that a role may call, and the others.
pub struct Operations {
    document: Value,
    operations: Vec<(String, String, Value)>,
    denied: Vec<(String, String, Value)>,
}

/// Frequencies where something is or may be.
const BANDS_HZ: [i64; 9] = [
    97_450_000,
    97_300_000,
    98_050_000,
    98_600_000,
    150_000_000,
    150_250_000,
    150_700_000,
    410_000_000,
    433_920_000,
];
/// Whole hours around the measurements.
const HOURS: [i64; 5] = [-48, -2, -1, 0, 48];
/// Arguments that are the clock's where they are not given.
const TIMES: [&str; 2] = ["from", "to"];

impl Operations {
    pub fn of(role: Role) -> Self {
        let document = serde_json::to_value(pinpu::http::openapi::document()).expect("document");
        let (mut operations, mut denied) = (Vec::new(), Vec::new());
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("item") {
                let id = operation["operationId"].as_str().expect("id");
                let allowed = permissions::access(id).is_some_and(|access| access.allows(Some(role)));
                if !NOT_ASKED.contains(&id) {
                    let into = if allowed { &mut operations } else { &mut denied };
                    into.push((method.to_uppercase(), path.clone(), operation.clone()));
                }
            }
        }
        Self {
            document,
            operations,
            denied,
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.operations
            .iter()
            .map(|(_, _, operation)| operation["operationId"].as_str().expect("id"))
    }

    /// A question about anything; once in a while about what the role may not ask.
    pub fn draw(&self, draw: &mut Draw, learnt: &Learnt, hour: jiff::Timestamp) -> Question {
        let among = if draw.once_in(20) {
            &self.denied
        } else {
            &self.operations
        };
        let (method, path, operation) = &among[draw.below(among.len())];
        let list = path.split("/{").next().expect("a path").to_owned();
        let mut address = Vec::new();
        for (n, segment) in path.split('/').enumerate() {
            if n > 0 {
                address.push(Part::Text("/".to_owned()));
            }
            address.push(
                match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some("day") => Part::Text(day(hour, draw.below(2) as i64)),
                    Some(name) => self.place(draw, learnt, &list, name, operation),
                    None => Part::Text(segment.to_owned()),
                },
            );
        }
        let mut joint = '?';
        let mut version = None;
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().expect("name");
            match parameter["in"].as_str() {
                Some("header") if name == "if-match" => {
                    let last = learnt.tags.get(&written(&address)).cloned();
                    let other = format!("\"{}\"", 1 + draw.below(2));
                    version = if draw.once_in(4) { Some(other) } else { last };
                }
                Some("query") if parameter["required"] == true || wanted(name, draw) => {
                    let value = self.argument(draw, learnt, &list, name, &parameter["schema"], hour);
                    address.push(Part::Text(format!("{joint}{name}=")));
                    address.push(value);
                    joint = '&';
                }
                _ => {}
            }
        }
        let body = operation["requestBody"]["content"].as_object().map(|content| {
            let (kind, what) = content.iter().next().expect("a kind");
            match kind.as_str() {
                "application/json" => (
                    "application/json",
                    match operation["operationId"].as_str() {
                        Some("ask_paws") => paws(draw),
                        _ => self.body(draw, learnt, &what["schema"], hour, 0),
                    }
                    .to_string(),
                ),
                _ => ("text/csv", "id,holder\n".to_owned()),
            }
        });
        Question {
            operation: operation["operationId"].as_str().expect("id").to_owned(),
            method: method.clone(),
            list,
            address,
            version,
            language: draw.one_of(&["en", "zh-CN"]),
            body,
        }
    }

    fn place(&self, draw: &mut Draw, learnt: &Learnt, list: &str, name: &str, operation: &Value) -> Part {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let schema = parameters
            .filter(|parameter| parameter["name"] == name)
            .map(|parameter| &parameter["schema"])
            .next();
        if let Some(choices) = schema.and_then(|schema| self.resolved(schema)["enum"].as_array()) {
            let choice = &choices[draw.below(choices.len())];
            return Part::Text(choice.as_str().expect("text").to_owned());
        }
        if list.ends_with("/receivers") {
            return Part::Text(crate::app::RECEIVER.to_owned());
        }
        let random = learnt.keys.get(list).filter(|keys| !keys.is_empty());
        match random {
            Some(keys) if !draw.once_in(8) => Part::Key(draw.one_of(keys)),
            _ => {
                let known = learnt.open.len();
                let among = if draw.once_in(2) { known } else { known.min(4) };
                Part::Text(learnt.open[draw.below(among)].replace('/', "%2F"))
            }
        }
    }

    fn argument(
        &self,
        draw: &mut Draw,
        learnt: &Learnt,
        list: &str,
        name: &str,
        schema: &Value,
        hour: jiff::Timestamp,
    ) -> Part {
        if name == "cursor" {
            let known = learnt.cursors.get(list).filter(|known| !known.is_empty());
            return known.map_or_else(|| Part::Text("0".to_owned()), |known| Part::Key(draw.one_of(known)));
        }
        let text = match self.value(draw, learnt, name, schema, hour, 0) {
            // An end that is left empty is the clock's instant, which is another one in each world.
            Value::String(text) if text.is_empty() && TIMES.contains(&name) => "x".to_owned(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        let text = text.replace('%', "%25").replace('+', "%2B").replace(' ', "%20");
        Part::Text(text.replace('#', "%23").replace('&', "%26").replace('/', "%2F"))
    }

    fn resolved<'v>(&'v self, schema: &'v Value) -> &'v Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).expect("there"),
            None => schema,
        }
    }

    fn body(&self, draw: &mut Draw, learnt: &Learnt, schema: &Value, hour: jiff::Timestamp, depth: usize) -> Value {
        match schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
            Some("Proposal") => proposal(draw, hour),
            Some("CreateRequestRequest") => json!({"proposal": proposal(draw, hour)}),
            Some("ControlOrderRequest") => order(draw, hour),
            Some("InterferenceReportRequest") => {
                json!({"complaint": complaint(draw, learnt, hour), "grade": "second", "level": "district"})
            }
            Some("EventRowRequest") => json!({"content": row(draw)}),
            Some("EventRequest") => event(draw, hour),
            Some("EventDeviceRequest") => json!({"content": device(draw)}),
            Some("TestEventDeviceRequest") => json!({"readings": {"center_hz": {"value": draw.one_of(&BANDS_HZ)}}}),
            Some("CorrectComplaintRequest") => json!({"complaint": complaint(draw, learnt, hour)}),
            _ => self.value(draw, learnt, "", schema, hour, depth),
        }
    }

    /// A value of a schema; one that makes no sense once in a while.
    fn value(
        &self,
        draw: &mut Draw,
        learnt: &Learnt,
        name: &str,
        schema: &Value,
        hour: jiff::Timestamp,
        depth: usize,
    ) -> Value {
        let schema = self.resolved(schema);
        if let Some(value) = known(draw, learnt, name, hour) {
            return value;
        }
        if let Some(choices) = schema["enum"].as_array() {
            return choices[draw.below(choices.len())].clone();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let choice = &choices[draw.below(choices.len())];
                return self.value(draw, learnt, name, choice, hour, depth + 1);
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[draw.below(kinds.len())].as_str().unwrap_or("null"),
            kind => kind.as_str().unwrap_or("object"),
        };
        match kind {
            "boolean" => json!(draw.once_in(2)),
            "integer" | "number" => {
                let low = schema["minimum"].as_f64().unwrap_or(0.0);
                let high = schema["maximum"].as_f64().unwrap_or(low + 100.0).min(low + 1000.0);
                json!((low + (high - low) * draw.below(100) as f64 / 100.0) as i64)
            }
            "string" => json!(draw.one_of(&["", "regiment", "A", "示范"])),
            "array" if depth < 4 => {
                let items = 0..draw.below(2);
                items
                    .map(|_| self.value(draw, learnt, name, &schema["items"], hour, depth + 1))
                    .collect()
            }
            "object" if depth < 6 => {
                let required: Vec<&str> = schema["required"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let members = schema["properties"].as_object().into_iter().flatten();
                let members = members.filter(|(key, _)| required.contains(&key.as_str()) || draw.once_in(3));
                let members: Vec<_> = members.collect();
                let member = |(key, schema): (&String, &Value)| {
                    (key.clone(), self.value(draw, learnt, key, schema, hour, depth + 1))
                };
                Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
            }
            _ => Value::Null,
        }
    }
}

/// What a value of this name usually is, most of the time.
fn known(draw: &mut Draw, learnt: &Learnt, name: &str, hour: jiff::Timestamp) -> Option<Value> {
    if draw.once_in(12) {
        return None;
    }
    let time = |hours: i64| (hour + jiff::SignedDuration::from_hours(hours)).to_string();
    Some(match name {
        "center_hz" => json!(draw.one_of(&BANDS_HZ)),
        "low_hz" => json!(draw.one_of(&BANDS_HZ) - 500_000),
        "high_hz" => json!(draw.one_of(&BANDS_HZ) + 500_000),
        "bandwidth_hz" => json!(draw.one_of(&[12_500, 25_000, 180_000])),
        "latitude" => json!(draw.one_of(&[30.2, 30.55, 31.4])),
        "longitude" => json!(draw.one_of(&[114.1, 114.36, 115.9])),
        "from" | "as_of" => json!(time(draw.one_of(&HOURS[..3]))),
        "to" | "time" | "in_force_at" | "expires" => json!(time(draw.one_of(&HOURS[3..]))),
        "receiver" => json!(crate::app::RECEIVER),
        "assignment" => json!(learnt.open[draw.below(learnt.open.len())]),
        "limit" => json!(draw.one_of(&[1, 2, 100])),
        "q" | "holder" => json!(draw.one_of(&["regiment", "Camp", "HIDDEN", "open", "9"])),
        "reason" | "comment" | "text" | "conditions" => json!(draw.one_of(&["HIDDEN-1?", "现场核实", "why"])),
        "width" | "height" | "pixels" => json!(320),
        "zone" => json!("Asia/Shanghai"),
        _ => return None,
    })
}

/// Whether an argument that need not be there is.
fn wanted(name: &str, draw: &mut Draw) -> bool {
    // What a picture or a list shows up to now differs with the clock, so times are always said.
    TIMES.contains(&name) || matches!(name, "receiver" | "low_hz" | "high_hz") || draw.once_in(3)
}

pub fn proposal(draw: &mut Draw, hour: jiff::Timestamp) -> Value {
    let center_hz = draw.one_of(&BANDS_HZ) + 12_500 * draw.below(9) as i64;
    let width_hz = draw.one_of(&[12_500, 25_000, 200_000]);
    let days = |n: i64| (hour + jiff::SignedDuration::from_hours(24 * n)).to_string();
    let asked = if draw.once_in(4) {
        let tuning = json!({"low_hz": center_hz - 1_000_000, "high_hz": center_hz + 1_000_000});
        json!({"fit": {"bandwidth_hz": width_hz, "tuning": tuning, "raster_hz": 12_500}})
    } else {
        json!({"bands": [{"low_hz": center_hz - width_hz / 2, "high_hz": center_hz + width_hz / 2}]})
    };
    let radius_km = draw.one_of(&[0.0, 5.0, 50.0]);
    let place = draw.one_of(&[[30.2, 114.1], [30.55, 114.36], [31.4, 115.9]]);
    json!({
        "title": "运动会保障", "kind": draw.one_of(&["event", "temporary", "permanent"]), "priority": "routine",
        "from_office": "示范区无线电管理局", "to_office": "示范战区电磁频谱管理办公室",
        "user": "运动会组委会", "purpose": "现场指挥调度", "asked": asked,
        "designator": "11K0F3E", "service": "LAND-MOBILE",
        "power": {"dbw": 10.0, "kind": "erp"}, "antenna_height_m": 20.0,
        "place": {"circle": {"latitude": place[0], "longitude": place[1], "radius_km": radius_km}},
        "time": {"from": days(-1), "to": days(9)}
    })
}

/// A day around the measurements, in China.
fn day(hour: jiff::Timestamp, days: i64) -> String {
    let time = hour + jiff::SignedDuration::from_hours(24 * (days - 2) + 8);
    time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn event(draw: &mut Draw, hour: jiff::Timestamp) -> Value {
    let days = [0, 1].map(|n| json!({"date": day(hour, n), "opens_min": 0, "closes_min": 1440}));
    json!({"content": {
        "name": {"zh": draw.one_of(&["秘密演习", "运动会"]), "en": ""}, "about": draw.one_of(&["", "HIDDEN-1?"]), "days": days,
        "participants": ["military"], "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 20.0}},
    }})
}

fn device(draw: &mut Draw) -> Value {
    json!({
        "kind": "radio", "serial": draw.one_of(&["HIDDEN-1", "SN-1", "SN-2"]), "owner": "Open", "designator": "11K0F3E",
        "center_hz": draw.one_of(&BANDS_HZ), "bandwidth_hz": 25_000, "power": {"dbw": 1.0, "kind": "eirp"},
    })
}

/// A channel of an event's plan.
fn row(draw: &mut Draw) -> Value {
    json!({
        "channel": draw.one_of(&["K1", "K4", "秘密演习", "第二次"]), "center_hz": draw.one_of(&BANDS_HZ), "bandwidth_hz": 200_000,
        "designator": "180KF3E", "user": draw.one_of(&["Open", "Regiment of HIDDEN-1"]), "key": draw.once_in(2),
        "power": {"dbw": 10.0, "kind": "erp"}, "note": draw.one_of(&["", "HIDDEN-1?"]),
    })
}

fn order(draw: &mut Draw, hour: jiff::Timestamp) -> Value {
    let center_hz = draw.one_of(&BANDS_HZ);
    let day = jiff::SignedDuration::from_hours(24);
    json!({
        "number": format!("G-{}", draw.below(5)), "title": {"zh": "赛事管制", "en": ""}, "issuer": "示范区人民政府",
        "low_hz": center_hz - 100_000, "high_hz": center_hz + 100_000,
        "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 5.0}},
        "from": (hour - day).to_string(), "to": (hour + day).to_string(),
        "effect": {"kind": "prohibit"}, "exempt": [draw.one_of(&["HIDDEN-1", "OPEN-1", "Regiment of HIDDEN-1"])],
    })
}

fn complaint(draw: &mut Draw, learnt: &Learnt, hour: jiff::Timestamp) -> Value {
    let center_hz = draw.one_of(&BANDS_HZ);
    let assignment = match draw.once_in(3) {
        true => Value::Null,
        false => json!(learnt.open[draw.below(learnt.open.len())]),
    };
    json!({
        "complainant": draw.one_of(&["Open", "Regiment of HIDDEN-1", "示范机场"]), "contact": "李工 027-0000",
        "assignment": assignment, "low_hz": center_hz - 12_500, "high_hz": center_hz + 12_500,
        "place": {"latitude": 30.5, "longitude": 114.3, "radius_km": 0.0}, "began": hour.to_string(),
        "symptoms": "通话中夹杂广播声", "channel": "telephone",
    })
}

/// A message of a device (RFC 7545).
fn paws(draw: &mut Draw) -> Value {
    let device = json!({"serialNumber": draw.one_of(&["RAIL-1", "RAIL-2"])});
    let place = draw.one_of(&[[30.2, 114.1], [30.55, 114.36], [30.8, 114.1], [31.4, 115.9]]);
    let center = json!({"latitude": place[0], "longitude": place[1]});
    let location = json!({"point": {"center": center, "semiMajorAxis": draw.one_of(&[50, 20_000])}});
    let owner = json!({"owner": ["vcard", [["fn", {}, "text", "Demo Railway"]]]});
    let (method, kind) = draw.one_of(&[
        ("init", "INIT_REQ"),
        ("register", "REGISTRATION_REQ"),
        ("getSpectrum", "AVAIL_SPECTRUM_REQ"),
        ("getSpectrum", "AVAIL_SPECTRUM_REQ"),
        ("verifyDevice", "DEV_VALID_REQ"),
    ]);
    json!({"jsonrpc": "2.0", "method": format!("spectrum.paws.{method}"), "id": 1, "params": {
        "type": kind, "version": "1.0", "deviceDesc": device, "deviceDescs": [device], "location": location,
        "deviceOwner": owner
    }})
}

/// An address with names in place of random keys.
pub fn written(address: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Key(name) => format!("#{name}"),
    };
    address.iter().map(part).collect()
}
