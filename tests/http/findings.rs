//! From an observation to a conflict that somebody settles.

use pinpu::{capture::ObservationContent, detect::DetectEvent, service::auth::Role, units::Hertz};
use serde_json::{Value, json};

use crate::app::{RECEIVER, TestApp, pirate, status};

fn with_conflict() -> (TestApp, String, Value) {
    let app = TestApp::start();
    let cookie = app.as_role(Role::CivilOfficer);
    app.observe(ObservationContent::Status(status()));
    app.detect(DetectEvent::Opened(pirate(1)));
    let conflict = app.wait_for_items(&cookie, "/api/v1/conflicts", 1).remove(0);
    (app, cookie, conflict)
}

#[test]
fn an_unknown_broadcaster_becomes_an_emission_and_a_conflict_with_reasons() {
    let (app, cookie, conflict) = with_conflict();
    assert_eq!(
        (&conflict["kind"], &conflict["status"]),
        (&json!("unlicensed"), &json!("open"))
    );
    for language in ["zh", "en"] {
        assert!(
            conflict["explanation"][language]
                .as_str()
                .expect("text")
                .contains("97.45"),
            "{conflict}"
        );
    }
    assert!(!conflict["evidence"].as_object().expect("numbers").is_empty());

    let list = app
        .get("/api/v1/emissions?low_hz=97000000&high_hz=98000000&open=true&verdict=unlicensed")
        .cookie(&cookie);
    let list = list.send().expect(200).json();
    let emission = &list["items"][0];
    assert_eq!(
        (&emission["center_hz"], &emission["receiver"]),
        (&json!(97_450_000), &json!(RECEIVER))
    );
    assert_eq!(emission["conflict_id"], conflict["id"]);
    assert!(emission.get("bursts").is_none());
    let elsewhere = app
        .get("/api/v1/emissions?low_hz=98000000&high_hz=99000000")
        .cookie(&cookie)
        .send()
        .expect(200);
    assert_eq!(elsewhere.json()["items"], json!([]));

    let id = emission["id"].as_str().expect("id");
    let detail = app
        .get(&format!("/api/v1/emissions/{id}"))
        .cookie(&cookie)
        .send()
        .expect(200)
        .json();
    assert_eq!(detail["bursts"].as_array().map(Vec::len), Some(1), "{detail}");
    assert!(detail["bursts"][0][0].as_str().expect("time").ends_with('Z'));
    assert!(!detail["allocations"].as_array().expect("rows").is_empty());
    let own = |key: &str| (detail[key].clone(), emission[key].clone());
    for key in ["id", "center_hz", "verdict", "conflict_id", "bandwidth_method"] {
        let (a, b) = own(key);
        assert_eq!(a, b, "{key}");
    }

    let receivers = app.get("/api/v1/receivers").cookie(&cookie).send().expect(200).json();
    assert_eq!(
        (&receivers["items"][0]["id"], &receivers["items"][0]["state"]),
        (&json!("rx1"), &json!("streaming"))
    );
    app.get("/api/v1/receivers/rx1").cookie(&cookie).send().expect(200);
    app.get("/api/v1/receivers/rx9").cookie(&cookie).send().expect(404);
}

#[test]
fn a_conflict_is_acknowledged_resolved_and_reopened_by_those_who_read_it() {
    let (app, cookie, conflict) = with_conflict();
    let path = format!("/api/v1/conflicts/{}", conflict["id"].as_str().expect("id"));
    let read = || app.get(&path).cookie(&cookie).send().expect(200);
    let step = |name: &str, body: Value| app.post(&format!("{path}/{name}")).cookie(&cookie).json(&body);

    let first = read().header("etag").to_owned();
    assert_eq!(first.trim_matches('"'), read().json()["version"].to_string());
    step("acknowledge", json!({"comment": "on my way"})).send().expect(428);
    step("acknowledge", json!({}))
        .header("if-match", "\"999\"")
        .send()
        .expect(412);
    step("acknowledge", json!({}))
        .header("if-match", "nonsense")
        .send()
        .expect(422);
    step("acknowledge", json!({"remark": 1}))
        .header("if-match", &first)
        .send()
        .expect(422);
    let done = step("acknowledge", json!({"comment": "on my way"}))
        .header("if-match", &first)
        .send()
        .expect(200);
    assert_eq!(
        (&done.json()["status"], &done.json()["acknowledged_by"]),
        (&json!("acknowledged"), &json!("civil_officer"))
    );
    let second = done.header("etag").to_owned();
    assert_ne!(first, second);
    step("resolve", json!({"resolution": "removed"}))
        .header("if-match", &first)
        .send()
        .expect(412);
    step("acknowledge", json!({}))
        .header("if-match", &second)
        .send()
        .expect(409);
    step("resolve", json!({"resolution": "withdrawn"}))
        .header("if-match", &second)
        .send()
        .expect(422);
    let done = step(
        "resolve",
        json!({"resolution": "removed", "comment": "<b>switched off</b>"}),
    );
    let third = done
        .header("if-match", &second)
        .send()
        .expect(200)
        .header("etag")
        .to_owned();
    let detail = read().json();
    assert_eq!(
        (&detail["status"], &detail["resolution"]),
        (&json!("resolved"), &json!("removed"))
    );
    let actions: Vec<&str> = detail["history"]
        .as_array()
        .expect("history")
        .iter()
        .map(|h| h["action"].as_str().expect("text"))
        .collect();
    assert_eq!(actions, ["opened", "acknowledged", "resolved"]);
    assert_eq!(detail["history"][0]["actor"], "system");
    assert_eq!(detail["emissions"].as_array().map(Vec::len), Some(1));
    step("reopen", json!({"comment": "it is back"}))
        .header("if-match", &third)
        .send()
        .expect(200);
    assert_eq!(read().json()["status"], "open");
}

#[test]
fn a_remark_has_a_length() {
    let (app, cookie, conflict) = with_conflict();
    let path = format!("/api/v1/conflicts/{}/resolve", conflict["id"].as_str().expect("id"));
    let remark = |length: usize| {
        let body = json!({"resolution": "other", "comment": "频".repeat(length)});
        app.post(&path)
            .cookie(&cookie)
            .header("if-match", "\"1\"")
            .json(&body)
            .send()
    };
    let long = remark(2001).expect(422).json();
    assert_eq!(long["errors"][0]["field"], "comment", "{long}");
    remark(2000).expect(200);
}

#[test]
fn a_step_that_is_sent_twice_happens_once() {
    let (app, cookie, conflict) = with_conflict();
    let path = format!("/api/v1/conflicts/{}", conflict["id"].as_str().expect("id"));
    let etag = app
        .get(&path)
        .cookie(&cookie)
        .send()
        .expect(200)
        .header("etag")
        .to_owned();
    let send = |key: &str, body: Value| {
        let call = app
            .post(&format!("{path}/acknowledge"))
            .cookie(&cookie)
            .header("if-match", &etag);
        call.header("idempotency-key", key).json(&body).send()
    };
    let first = send("k1", json!({"comment": "a"})).expect(200);
    let again = send("k1", json!({"comment": "a"})).expect(200);
    assert_eq!(
        (first.json(), first.header("etag")),
        (again.json(), again.header("etag"))
    );
    let other = send("k1", json!({"comment": "b"})).expect(422).json();
    assert_eq!(other["type"], "urn:pinpu:problem:idempotency_mismatch");
    send("k2", json!({"comment": "a"})).expect(412);
    send(&"k".repeat(129), json!({})).expect(400);
    let history = app.get(&path).cookie(&cookie).send().expect(200).json()["history"]
        .as_array()
        .map(Vec::len);
    assert_eq!(history, Some(2));
}

#[test]
fn a_station_is_held_against_its_licence_over_the_time_asked_for() {
    let app = TestApp::start();
    let cookie = app.as_role(Role::Viewer);
    app.observe(ObservationContent::Status(status()));
    // 3 kHz off 98.0 MHz, where 2 kHz are tolerated: not beyond the uncertainty of a receiver known to 20 ppm.
    let mut broadcaster = pirate(1);
    broadcaster.center_hz = Hertz(98_003_000);
    broadcaster.low_hz = Hertz(97_923_000);
    broadcaster.high_hz = Hertz(98_083_000);
    broadcaster.bandwidth_hz = Hertz(160_000);
    app.detect(DetectEvent::Opened(broadcaster));
    let emissions = app.wait_for_items(&cookie, "/api/v1/emissions", 1);
    let evidence = &emissions[0]["verdict"]["evidence"];
    assert_eq!(emissions[0]["verdict"]["assignment"], "DEMO-FM-0980", "{emissions:#?}");

    let start = emissions[0]["start"].as_str().expect("a time");
    let begun: jiff::Timestamp = start.parse().expect("a time");
    let span = |from: i64, to: i64| {
        let at = |hours: i64| begun + jiff::SignedDuration::from_hours(hours);
        format!(
            "/api/v1/assignments/DEMO-FM-0980/measured?from={}&to={}",
            at(from),
            at(to)
        )
    };
    let read = |path: &str| app.get(path).cookie(&cookie).send();
    let table = read(&span(-1, 1)).expect(200).json();
    assert_eq!(
        (&table["emissions"], &table["station"]),
        (&json!(1), &json!("临江转播台 98.0"))
    );
    let row = &table["rows"][0];
    assert_eq!(
        (&row["parameter"], &row["result"]),
        (&json!("centre_frequency"), &json!("undecided")),
        "{row:#}"
    );
    assert_eq!(
        row["measured"]["uncertainty"], evidence["uncertainty_hz"],
        "the judge's own"
    );
    assert_eq!(row["limit"]["value"], evidence["tolerance_hz"]);
    assert_eq!(row["measured"]["value"], 98_003_000.0);
    assert!(
        row["reason"]["zh"]
            .as_str()
            .is_some_and(|text| text.contains("频率基准")),
        "{row:#}"
    );

    let earlier = read(&span(-3, -2)).expect(200).json();
    assert_eq!(
        (&earlier["emissions"], &earlier["rows"][0]["measured"]),
        (&json!(0), &Value::Null)
    );
    let backwards = read(&span(1, -1)).expect(422).json();
    assert!(
        backwards["detail"].as_str().is_some_and(|text| !text.is_empty()),
        "{backwards}"
    );
    read("/api/v1/assignments/NOBODY/measured").expect(404);
    read("/api/v1/assignments/DEMO-FM-0980/measured?from=yesterday").expect(400);
}
