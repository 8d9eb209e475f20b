//! Words that name what is confidential: withheld from those who may not know it, and always read back to who wrote them last,
//! because taking them out there would tell that they name something.

use serde_json::{Value, json};

use super::{Case, content};

const SECRET: &str = "id,holder,station,freq_mhz,bandwidth,latitude,longitude,classification\n\
                      HID-7,Regiment,Link,164.1,16k,30.5,114.3,S\n";

impl Case {
    fn about(&self, cookie: &str) -> String {
        let event = self.get(cookie, "").expect(200).json();
        event["content"]["about"].as_str().expect("text").to_owned()
    }

    fn rewrite(&self, cookie: &str, about: &str) {
        let version = self.get(cookie, "").expect(200).json()["version"].clone();
        let mut content = content();
        content["about"] = json!(about);
        let call = self.app.call("PUT", &self.path("")).cookie(cookie);
        let call = call.header("if-match", &format!("\"{version}\""));
        call.json(&json!({"content": content})).send().expect(200);
    }
}

#[test]
fn what_was_written_last_is_its_writers_and_names_nothing_to_others() {
    let case = Case::announced();
    let import = case.app.post("/api/v1/registry/imports?kind=assignments");
    let import = import.cookie(&case.coordinator).bytes("text/csv", SECRET.into());
    import.send().expect(200);

    case.rewrite(&case.coordinator, "beside HID-7");
    assert!(!case.about(&case.civil).contains("HID-7"));
    case.rewrite(&case.civil, "HID-7?");
    assert_eq!(case.about(&case.civil), "HID-7?", "a try is not answered");
    assert_eq!(case.about(&case.coordinator), "HID-7?");

    let declared = |owner: &str| {
        json!({"content": {
            "kind": "无线话筒", "serial": "SN-1", "owner": owner, "approval": "", "center_hz": 97_450_000,
            "bandwidth_hz": 200_000, "power": {"dbw": -20.0, "kind": "erp"}, "designator": "180KF3E",
        }})
    };
    let device = case
        .post(&case.coordinator, "/devices", &declared("HID-7"))
        .expect(201)
        .json();
    let rest = format!("/devices/{}", device["id"].as_str().expect("id"));
    let read = |cookie: &str| case.get(cookie, &rest).expect(200).json();
    assert!(!read(&case.civil).to_string().contains("HID-7"));
    let call = case.app.call("PUT", &case.path(&rest)).cookie(&case.civil);
    let call = call.header("if-match", &format!("\"{}\"", device["version"]));
    let device = call.json(&declared("of HID-7")).send().expect(200).json();
    // Another person tests it: what was declared then is still its declarer's.
    let tests = case
        .app
        .post(&case.path(&format!("{rest}/tests")))
        .cookie(&case.coordinator);
    let tests = tests.header("if-match", &format!("\"{}\"", device["version"]));
    let reading =
        json!({"readings": {"center_hz": {"value": 97_450_000.0, "uncertainty": 10.0}}, "note": "like HID-7"});
    tests.json(&reading).send().expect(200);
    let seen = read(&case.civil);
    let own = [&seen["content"]["owner"], &seen["tests"][0]["declared"]["owner"]];
    assert_eq!(own, ["of HID-7", "of HID-7"].map(Value::from).each_ref());
    assert!(!seen["tests"][0]["note"].to_string().contains("HID-7"), "{seen}");
}
