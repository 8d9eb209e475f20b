//! Messages of devices and their answers: schedules, profiles and every fault.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Asked, DEMO_TOML, Kept, PawsRules, answer, devices};
use crate::{
    coordination::tests::check::station,
    registry::{
        Assignment, ControlOrder, Registry,
        disclosure::{Audience, PublicView},
    },
};

const NOW: &str = "2026-06-01T04:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn view(stations: Vec<Assignment>, orders: Vec<ControlOrder>) -> PublicView {
    let registry = Arc::new(Registry::new(Vec::new(), stations).with_control_orders(orders));
    PublicView::of(&registry, Audience::Named(&["operator"]))
}

fn rules() -> PawsRules {
    PawsRules::read(DEMO_TOML).expect("rulesets")
}

fn asks(view: &PublicView, message: &Value) -> (Value, Option<(String, Kept)>) {
    let rules = rules();
    let asked = Asked {
        rules: &rules,
        register: view,
        registered: &["\n\nknown".to_owned()],
        now: at(NOW),
    };
    let answer = answer(message.to_string().as_bytes(), &asked);
    assert_eq!(answer.body["jsonrpc"], "2.0");
    (answer.body, answer.keep)
}

fn message(method: &str, kind: &str, mut params: Value) -> Value {
    params["type"] = kind.into();
    params["version"] = "1.0".into();
    json!({"jsonrpc": "2.0", "method": format!("spectrum.paws.{method}"), "params": params, "id": "7"})
}

fn at_wuhan(uncertainty_m: f64) -> Value {
    json!({"point": {"center": {"latitude": 30.55, "longitude": 114.36}, "semiMajorAxis": uncertainty_m}})
}

fn spectrum(uncertainty_m: f64) -> Value {
    let params = json!({"deviceDesc": {"serialNumber": "known"}, "location": at_wuhan(uncertainty_m)});
    message("getSpectrum", "AVAIL_SPECTRUM_REQ", params)
}

fn schedules(view: &PublicView, message: &Value) -> Vec<Value> {
    let (body, keep) = asks(view, message);
    assert_eq!(keep, None);
    let result = &body["result"];
    assert_eq!(result["type"], "AVAIL_SPECTRUM_RESP", "{body}");
    assert_eq!(
        (&result["timestamp"], &result["deviceDesc"]["serialNumber"]),
        (&json!(NOW), &json!("known"))
    );
    result["spectrumSpecs"][0]["spectrumSchedules"]
        .as_array()
        .expect("schedules")
        .clone()
}

/// The first profiles of a schedule, as frequency in MHz and power.
fn profiles(schedule: &Value, n: usize) -> Vec<Vec<(f64, f64)>> {
    let point = |point: &Value| {
        (
            point["hz"].as_f64().expect("hz") / 1e6,
            point["dbm"].as_f64().expect("dbm"),
        )
    };
    let profiles = schedule["spectra"][n]["profiles"].as_array().expect("profiles");
    profiles
        .iter()
        .map(|points| points.as_array().expect("points").iter().map(point).collect())
        .collect()
}

#[test]
fn a_free_band_is_one_profile_for_the_whole_lease() {
    let found = schedules(&view(Vec::new(), Vec::new()), &spectrum(50.0));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0]["eventTime"],
        json!({"startTime": NOW, "stopTime": "2026-06-01T16:00:00Z"})
    );
    assert_eq!(profiles(&found[0], 0), [[(470.0, 30.0), (702.0, 30.0)]]);
    assert_eq!(profiles(&found[0], 1), [[(470.0, 11.0), (702.0, 11.0)]]);
}

#[test]
fn a_station_takes_its_channel_and_the_power_steps_beside_it() {
    // On 558 to 566 MHz, in town.
    let found = schedules(
        &view(vec![station("TV-1", 562_000_000, 30.55, None)], Vec::new()),
        &spectrum(50.0),
    );
    let expected = [
        vec![(470.0, 30.0), (550.0, 30.0), (550.0, 20.0), (558.0, 20.0)],
        vec![(566.0, 20.0), (574.0, 20.0), (574.0, 30.0), (702.0, 30.0)],
    ];
    assert_eq!(profiles(&found[0], 0), expected);
    // 0.225 degrees are 25 km, and its area has 5 km: beyond the channel beside it, not beyond its own.
    let away = station("TV-1", 562_000_000, 30.55 + 0.2, None);
    let found = schedules(&view(vec![away.clone()], Vec::new()), &spectrum(50.0));
    assert_eq!(
        profiles(&found[0], 0),
        [[(470.0, 30.0), (558.0, 30.0)], [(566.0, 30.0), (702.0, 30.0)]]
    );
    let mut far = away.clone();
    far.place.as_mut().expect("a place").latitude = 30.55 + 0.25;
    let far = view(vec![far], Vec::new());
    assert_eq!(
        profiles(&schedules(&far, &spectrum(50.0))[0], 0),
        [[(470.0, 30.0), (702.0, 30.0)]]
    );
    // Who does not know better where it is may be near it.
    assert_eq!(
        profiles(&schedules(&far, &spectrum(10_000.0))[0], 0).len(),
        2,
        "10 km of uncertainty"
    );
}

#[test]
fn schedules_begin_and_end_with_what_stands_in_the_way() {
    let mut event = station("TV-1", 474_000_000, 30.55, None);
    event.valid_from = Some(at("2026-06-01T06:00:00Z"));
    event.valid_to = Some(at("2026-06-01T08:00:00Z"));
    let order: ControlOrder = serde_json::from_value(json!({
        "id": "2026-1", "title": {"zh": "管制", "en": "Control"}, "issuer": "x",
        "band": {"low_hz": 400_000_000, "high_hz": 800_000_000}, "area": null, "from": "2026-06-01T10:00:00Z",
        "to": "2026-06-02T00:00:00Z", "windows": [], "effect": {"kind": "prohibit"}, "exempt": [],
        "classification": null, "releasability": []
    }))
    .expect("an order");
    let found = schedules(&view(vec![event], vec![order]), &spectrum(50.0));
    let times: Vec<_> = found
        .iter()
        .map(|each| {
            (
                each["eventTime"]["startTime"].clone(),
                each["eventTime"]["stopTime"].clone(),
            )
        })
        .collect();
    let hour = |hour: u32| json!(format!("2026-06-01T{hour:02}:00:00Z"));
    assert_eq!(
        times,
        [
            (hour(4), hour(6)),
            (hour(6), hour(8)),
            (hour(8), hour(10)),
            (hour(10), hour(16))
        ]
    );
    assert_eq!(
        profiles(&found[1], 0),
        [[(478.0, 20.0), (486.0, 20.0), (486.0, 30.0), (702.0, 30.0)]]
    );
    assert_eq!(found[0]["spectra"], found[2]["spectra"]);
    assert_eq!(found[3]["spectra"], json!([]), "nothing is free under the order");
}

#[test]
fn confidential_stations_are_there_by_cell_and_block_alone() {
    let closed = |latitude: f64, center_hz: i64, until: Option<&str>| {
        let mut secret = station("M-1", center_hz, latitude, Some(70.0));
        secret.valid_to = until.map(at);
        let details = crate::registry::Details {
            classification: Some("秘密".to_owned()),
            ..crate::registry::Details::default()
        };
        secret.details = Some(Box::new(details));
        schedules(&view(vec![secret], Vec::new()), &spectrum(50.0))
    };
    let found = closed(30.55, 562_000_000, None);
    assert_eq!(profiles(&found[0], 0).len(), 2, "{found:?}");
    // Where in the cell and the block it is, and until when, changes nothing.
    assert_eq!(closed(30.56, 562_200_000, Some("2026-06-01T06:00:00Z")), found);
}

#[test]
fn what_a_device_can_be_tuned_to_bounds_the_answer() {
    let mut asked = spectrum(50.0);
    asked["params"]["capabilities"] = json!({"frequencyRanges": [{"startHz": 5.0e8, "stopHz": 5.2e8}]});
    let found = schedules(&view(Vec::new(), Vec::new()), &asked);
    assert_eq!(
        profiles(&found[0], 0),
        [[(502.0, 30.0), (518.0, 30.0)]],
        "whole channels"
    );
}

#[test]
fn the_other_messages_are_answered_in_their_types() {
    let empty = view(Vec::new(), Vec::new());
    let place = at_wuhan(0.0);
    let told = |method, kind, params| asks(&empty, &message(method, kind, params));
    let device = json!({"serialNumber": "known", "rulesetIds": ["PinpuDemo-Broadcasting-2026", "another"]});
    let (body, keep) = told("init", "INIT_REQ", json!({"deviceDesc": device, "location": place}));
    let info = json!([{"authority": "cn", "rulesetId": "PinpuDemo-Broadcasting-2026", "maxLocationChange": 100, "maxPollingSecs": 86400}]);
    assert_eq!(
        body["result"],
        json!({"type": "INIT_RESP", "version": "1.0", "rulesetInfos": info})
    );
    assert_eq!((&body["id"], keep), (&json!("7"), None));
    let owner = json!({"owner": ["vcard", [["fn", {}, "text", "Demo Railway"]]]});
    let params = json!({"deviceDesc": {"serialNumber": "new"}, "location": place, "deviceOwner": owner});
    let (body, keep) = told("register", "REGISTRATION_REQ", params);
    assert_eq!(
        (&body["result"]["type"], &body["result"]["rulesetInfos"]),
        (&json!("REGISTRATION_RESP"), &info)
    );
    let Some((key, Kept::Registered(said))) = keep else {
        panic!("kept")
    };
    assert_eq!((key.as_str(), &said["deviceOwner"]), ("\n\nnew", &owner));
    let params = json!({"deviceDesc": device, "locations": [place, place]});
    let (body, _) = told("getSpectrumBatch", "AVAIL_SPECTRUM_BATCH_REQ", params);
    let specs = body["result"]["geoSpectrumSpecs"].as_array().expect("specs").clone();
    assert_eq!((specs.len(), &specs[0]["location"]), (2, &place), "{body}");
    assert_eq!(specs[0]["spectrumSpecs"][0]["needsSpectrumReport"], true);
    let points = json!([[{"hz": 5.0e8, "dbm": 30.0}, {"hz": 5.08e8, "dbm": 30.0}]]);
    let used = json!([{"resolutionBwHz": 8e6, "profiles": points}]);
    let (body, keep) = told(
        "notifySpectrumUse",
        "SPECTRUM_USE_NOTIFY",
        json!({"deviceDesc": device, "spectra": used}),
    );
    assert_eq!(body["result"], json!({"type": "SPECTRUM_USE_RESP", "version": "1.0"}));
    assert!(matches!(keep, Some((_, Kept::Uses(_)))));
    let asked = json!({"deviceDescs": [device, {"serialNumber": "stranger"}]});
    let (body, _) = told("verifyDevice", "DEV_VALID_REQ", asked);
    let valid = body["result"]["deviceValidities"].as_array().expect("answers");
    assert_eq!(
        valid.iter().map(|each| each["isValid"].clone()).collect::<Vec<_>>(),
        [json!(true), json!(false)]
    );
    // A slave that is not registered asks by its master.
    let mut slave = spectrum(0.0);
    slave["params"]["deviceDesc"]["serialNumber"] = "slave".into();
    assert_eq!(asks(&empty, &slave).0["error"]["code"], -302);
    slave["params"]["masterDeviceDesc"] = json!({"serialNumber": "known"});
    assert_eq!(asks(&empty, &slave).0["result"]["type"], "AVAIL_SPECTRUM_RESP");
    assert_eq!(devices(slave.to_string().as_bytes()), ["\n\nslave", "\n\nknown"]);
}

#[test]
fn what_is_wrong_with_a_message_is_said_by_its_number() {
    let empty = view(Vec::new(), Vec::new());
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut message = spectrum(50.0);
        change(&mut message);
        let (body, keep) = asks(&empty, &message);
        assert_eq!((body.get("result"), keep), (None, None), "{body}");
        (
            body["error"]["code"].as_i64().expect("a number"),
            body["error"]["data"]["parameters"].clone(),
        )
    };
    let none = Value::Null;
    let expect =
        |code: i64, parameters: Value, change: &dyn Fn(&mut Value)| assert_eq!(changed(change), (code, parameters));
    expect(-101, none.clone(), &|m| m["params"]["version"] = "2.0".into());
    expect(-102, none.clone(), &|m| {
        m["params"]["deviceDesc"]["rulesetIds"] = json!(["another"])
    });
    expect(-103, none.clone(), &|m| m["method"] = "spectrum.paws.getWeather".into());
    expect(-104, none.clone(), &|m| {
        m["params"]["location"]["point"]["center"]["latitude"] = 37.0.into()
    });
    // 31.495 is inside, and 1 km around it is not.
    expect(-104, none.clone(), &|m| {
        m["params"]["location"] =
            json!({"point": {"center": {"latitude": 31.495, "longitude": 114.0}, "semiMinorAxis": 1000}});
    });
    expect(-201, json!(["version"]), &|m| {
        _ = m["params"].as_object_mut().expect("params").remove("version")
    });
    expect(-201, json!(["deviceDesc", "location"]), &|m| {
        m["params"] = json!({"type": "AVAIL_SPECTRUM_REQ", "version": "1.0"})
    });
    expect(-201, json!(["deviceDesc.serialNumber"]), &|m| {
        m["params"]["deviceDesc"] = json!({"modelId": "x"})
    });
    let value = |parameter: &str| json!([parameter]);
    expect(-202, value("type"), &|m| m["params"]["type"] = "INIT_REQ".into());
    expect(-202, value("deviceDesc.serialNumber"), &|m| {
        m["params"]["deviceDesc"]["serialNumber"] = "x".repeat(65).into()
    });
    expect(-202, value("location.point.center"), &|m| {
        m["params"]["location"]["point"]["center"]["latitude"] = 91.into()
    });
    expect(-202, value("location.point.semiMajorAxis"), &|m| {
        m["params"]["location"]["point"]["semiMajorAxis"] = (-1).into()
    });
    expect(-202, value("location"), &|m| {
        m["params"]["location"]["region"] = json!({})
    });
    expect(-202, value("location.confidence"), &|m| {
        m["params"]["location"]["confidence"] = 101.into()
    });
    expect(-202, value("capabilities.frequencyRanges"), &|m| {
        m["params"]["capabilities"] = json!({"frequencyRanges": [{"startHz": 2, "stopHz": 1}]});
    });
    expect(-302, none.clone(), &|m| {
        m["params"]["deviceDesc"]["serialNumber"] = "stranger".into()
    });
    expect(-32600, none.clone(), &|m| m["jsonrpc"] = "1.0".into());
    expect(-32600, none.clone(), &|m| m["id"] = Value::Null);
    expect(-32601, none.clone(), &|m| m["method"] = "system.listMethods".into());
    expect(-32602, none.clone(), &|m| m["params"] = json!([]));
    let rules = rules();
    let asked = Asked {
        rules: &rules,
        register: &empty,
        registered: &[],
        now: at(NOW),
    };
    assert_eq!(answer(b"{", &asked).body["error"]["code"], -32700);
}

#[test]
fn rulesets_that_make_no_sense_are_refused_with_what_to_write() {
    for (from, to, told) in [
        ("channel_hz = 8_000_000", "channel_hz = 7_000_000", "channel_hz"),
        ("low_hz = 470_000_000", "low_hz = 900_000_000", "below high_hz"),
        ("lease_s = 43_200", "lease_s = 0", "lease_s"),
        ("keep_out_km = 20.0", "keep_out_km = -1.0", "distances"),
        ("dbm = 30.0", "dbm = nan", "limits"),
        ("authority", "autority", "autority"),
    ] {
        let error = PawsRules::read(&DEMO_TOML.replacen(from, to, 1)).expect_err(told);
        assert!(error.to_string().contains(told), "{error}");
    }
}
