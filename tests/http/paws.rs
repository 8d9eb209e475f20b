//! PAWS through the front door: an operator's device registers, asks and tells; nobody else's does.

use pinpu::service::auth::Role;
use serde_json::{Value, json};

use crate::app::TestApp;

const PAWS: &str = "/api/v1/paws";

fn message(method: &str, kind: &str, mut params: Value) -> Value {
    params["type"] = kind.into();
    params["version"] = "1.0".into();
    json!({"jsonrpc": "2.0", "method": format!("spectrum.paws.{method}"), "params": params, "id": 1})
}

#[test]
fn a_device_of_an_operator_registers_asks_and_tells() {
    let app = TestApp::start();
    let operator = app.as_role(Role::Operator);
    let token = json!({"label": "base stations", "scope": "full", "days": 30});
    let token = app
        .post("/api/v1/tokens")
        .cookie(&operator)
        .json(&token)
        .send()
        .expect(201)
        .json();
    let bearer = format!("Bearer {}", token["secret"].as_str().expect("secret"));
    let ask = |message: &Value| {
        let call = app.post(PAWS).header("authorization", &bearer);
        call.json(message).send().expect(200).json()
    };
    let device = json!({"serialNumber": "RAIL-1"});
    let place = json!({"point": {"center": {"latitude": 30.55, "longitude": 114.36}, "semiMajorAxis": 50}});
    let asked = message(
        "getSpectrum",
        "AVAIL_SPECTRUM_REQ",
        json!({"deviceDesc": device, "location": place}),
    );
    assert_eq!(ask(&asked)["error"]["code"], -302, "not registered yet");
    let owner = json!({"owner": ["vcard", [["fn", {}, "text", "Demo Railway"]]]});
    let params = json!({"deviceDesc": device, "location": place, "deviceOwner": owner});
    let register = message("register", "REGISTRATION_REQ", params);
    assert_eq!(ask(&register)["result"]["type"], "REGISTRATION_RESP");
    let answer = ask(&asked);
    let specs = &answer["result"]["spectrumSpecs"][0];
    assert!(specs["spectrumSchedules"][0]["spectra"].is_array(), "{answer}");
    let used = json!({"deviceDesc": device, "spectra": specs["spectrumSchedules"][0]["spectra"]});
    let told = ask(&message("notifySpectrumUse", "SPECTRUM_USE_NOTIFY", used));
    assert_eq!(told["result"]["type"], "SPECTRUM_USE_RESP", "{told}");
    assert_eq!(ask(&json!([register]))["error"]["code"], -32600);

    // Another operator's device cannot be registered, and is not known to them.
    let store = app.store.clone();
    let taken = store.register_device("military", "\n\nMIL-1", "{}".to_owned(), 10, jiff::Timestamp::now());
    assert!(app.runtime.block_on(taken).expect("stored"));
    let mut theirs = register;
    theirs["params"]["deviceDesc"]["serialNumber"] = "MIL-1".into();
    assert_eq!(ask(&theirs)["error"]["code"], -301);
    let both = json!({"deviceDescs": [device, {"serialNumber": "MIL-1"}]});
    let told = ask(&message("verifyDevice", "DEV_VALID_REQ", both));
    let valid = &told["result"]["deviceValidities"];
    assert_eq!(
        (&valid[0]["isValid"], &valid[1]["isValid"]),
        (&json!(true), &json!(false))
    );

    app.post(PAWS).json(&asked).send().expect(401);
    let viewer = app.as_role(Role::Viewer);
    app.post(PAWS).cookie(&viewer).json(&asked).send().expect(403);
}

/// What is free tells where somebody else is, by cell: an operator's devices ask as much a day as its people, together.
#[test]
fn what_devices_ask_counts_for_their_organisation() {
    let app = TestApp::start();
    let (operator, coordinator) = (app.as_role(Role::Operator), app.as_role(Role::Coordinator));
    let device = json!({"serialNumber": "RAIL-1"});
    let place = |n: i32| {
        let longitude = 113.75 + 0.5 * f64::from(n);
        json!({"point": {"center": {"latitude": 30.55, "longitude": longitude}, "semiMajorAxis": 50}})
    };
    let send = |message: &Value| app.post(PAWS).cookie(&operator).json(message).send();
    let owner = json!({"owner": ["vcard", [["fn", {}, "text", "Demo Railway"]]]});
    let params = json!({"deviceDesc": device, "location": place(0), "deviceOwner": owner});
    send(&message("register", "REGISTRATION_REQ", params)).expect(200);
    let ask = |n: i32| {
        let params = json!({"deviceDesc": device, "location": place(n)});
        send(&message("getSpectrum", "AVAIL_SPECTRUM_REQ", params))
    };
    for n in [0, 1, 0, 1] {
        assert!(ask(n).expect(200).json()["result"].is_object());
    }
    let counts = app.get("/api/v1/coordination/questions").cookie(&coordinator).send();
    let counts = counts.expect(200).json();
    let count = &counts["items"][0];
    assert_eq!(
        count["asked"], 2,
        "registering tells nothing, the same again neither: {counts}"
    );
    let [organisation, day] = ["organisation", "day"].map(|name| count[name].as_str().expect(name));
    let now = jiff::Timestamp::now();
    for n in 0..198 {
        let question = n.to_string();
        let counted = app.store.count_question(organisation, day, (&question, 1), 200, now);
        assert!(app.runtime.block_on(counted).expect("counted"));
    }
    let problem = ask(2).expect(429).json();
    assert_eq!(problem["type"], "urn:pinpu:problem:budget_spent", "{problem}");
    ask(1).expect(200);
}
