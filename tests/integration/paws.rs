//! The messages of RFC 7545 as they are printed there, answered in the shapes that are printed there.

use std::{fs, sync::Arc};

use pinpu::{
    coordination::paws::{Asked, DEMO_TOML, PawsRules, answer},
    registry::{
        Registry,
        disclosure::{Audience, PublicView},
    },
};
use serde_json::Value;

use crate::data::test_data;

/// Names of members and kinds of values, of arrays those of the first item.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Array(items) => items.first().map(shape).into_iter().collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        other => other.clone(),
    }
}

#[test]
fn the_messages_of_the_rfc_are_answered_as_printed() {
    let Some(folder) = test_data("registry/coordination/paws", "paws messages") else {
        return;
    };
    let read = |name: &str| fs::read(folder.join(name)).expect(name);
    let json = |name: &str| serde_json::from_slice::<Value>(&read(name)).expect(name);
    let mut toml = DEMO_TOML.replace("PinpuDemo-Broadcasting-2026", "FccTvBandWhiteSpace-2010");
    toml = toml
        .replace("register = true", "register = false")
        .replace("needs_report = true", "needs_report = false")
        .replace("authority = \"cn\"", "authority = \"us\"");
    let elsewhere = PawsRules::read(&toml).expect("rulesets");
    let here = toml
        .replace("south = 30.0", "south = 36.0")
        .replace("north = 31.5", "north = 38.0");
    let here = here
        .replace("west = 113.5", "west = -102.0")
        .replace("east = 115.5", "east = -101.0");
    let here = PawsRules::read(&here).expect("rulesets");
    let register = PublicView::of(
        &Arc::new(Registry::new(Vec::new(), Vec::new())),
        Audience::Named(&["operator"]),
    );
    let ask = |rules: &PawsRules, name: &str| {
        let asked = Asked {
            rules,
            register: &register,
            registered: &[],
            now: "2013-03-02T14:30:21Z".parse().expect("a time"),
        };
        answer(&read(name), &asked).body
    };
    assert_eq!(ask(&here, "init_req.json"), json("init_resp.json"), "to the letter");
    let told = ask(&here, "avail_spectrum_req.json");
    assert_eq!(shape(&told), shape(&json("avail_spectrum_resp.json")));
    assert_eq!(
        told["result"]["timestamp"],
        json("avail_spectrum_resp.json")["result"]["timestamp"]
    );
    assert_eq!(
        ask(&elsewhere, "avail_spectrum_req.json"),
        json("error_outside_coverage.json"),
        "to the letter"
    );
}
