//! Sites through the front door: who keeps them, what is wrong with one, and where a military one is said to be.

use pinpu::{capture::ObservationContent, service::auth::Role};
use serde_json::{Value, json};

use crate::app::{RECEIVER, TestApp, status};

const SITES: &str = "/api/v1/sites";

fn profile(organisation: &str, receivers: &[&str]) -> Value {
    json!({"name": {"zh": "东湖", "en": "East Lake"}, "organisation": organisation, "latitude": 30.561, "longitude": 114.387,
        "ground_m": 37.5, "antenna_m": 12.0, "receivers": receivers, "notes": "discone on the tower, 20 m of cable"})
}

fn make(app: &TestApp, cookie: &str, profile: &Value) -> Value {
    app.post(SITES).cookie(cookie).json(profile).send().expect(201).json()
}

#[test]
fn a_site_is_made_changed_and_removed_and_each_is_noted() {
    let app = TestApp::start();
    let cookie = app.as_role(Role::Coordinator);
    let once = || {
        let call = app.post(SITES).cookie(&cookie).header("idempotency-key", "once");
        call.json(&profile("civil", &[RECEIVER])).send().expect(201)
    };
    let made = once();
    assert_eq!(once().json(), made.json(), "sent twice, made once");
    let id = made.json()["id"].as_str().expect("id").to_owned();
    let path = format!("{SITES}/{id}");
    let change = |version: u64, profile: &Value| {
        let call = app
            .call("PUT", &path)
            .cookie(&cookie)
            .header("if-match", &format!("\"{version}\""));
        call.json(profile).send()
    };
    let mut written = profile("civil", &[]);
    written["notes"] = "log-periodic since May".into();
    assert_eq!(change(1, &written).expect(200).json()["version"], 2);
    change(1, &written).expect(412);
    let read = app.get(&path).cookie(&cookie).send().expect(200);
    assert_eq!(
        (read.header("etag"), &read.json()["notes"]),
        ("\"2\"", &json!("log-periodic since May"))
    );
    let delete = |version: &str| {
        let call = app.call("DELETE", &path).cookie(&cookie);
        call.header("if-match", version).send().status
    };
    assert_eq!((delete("\"1\""), delete("\"2\""), delete("\"2\"")), (412, 204, 404));
    let auditor = app.as_role(Role::Auditor);
    for action in ["create_site", "update_site", "delete_site"] {
        let entries = app
            .get(&format!("/api/v1/audit?action={action}"))
            .cookie(&auditor)
            .send()
            .expect(200)
            .json();
        assert_eq!(
            entries["items"].as_array().map(Vec::len),
            Some(1),
            "{action}: {entries}"
        );
        assert_eq!(entries["items"][0]["subject"], format!("sites/{id}"));
    }
}

#[test]
fn a_receiver_names_its_site_and_stands_at_one() {
    let app = TestApp::start();
    let cookie = app.as_role(Role::Admin);
    app.observe(ObservationContent::Status(status()));
    app.wait_for_items(&cookie, "/api/v1/receivers", 1);
    let site_of = |app: &TestApp| {
        let path = format!("/api/v1/receivers/{RECEIVER}");
        app.get(&path).cookie(&cookie).send().expect(200).json()["site"].clone()
    };
    assert_eq!(site_of(&app), Value::Null);
    let made = make(&app, &cookie, &profile("civil", &[RECEIVER]));
    assert_eq!(site_of(&app), made["id"]);
    let listed = app.get("/api/v1/receivers").cookie(&cookie).send().expect(200).json();
    assert_eq!(listed["items"][0]["site"], made["id"]);
    let again = app
        .post(SITES)
        .cookie(&cookie)
        .json(&profile("civil", &[RECEIVER]))
        .send()
        .expect(422)
        .json();
    assert_eq!(again["errors"][0]["field"], "receivers");
    assert!(
        again["errors"][0]["reason"]
            .as_str()
            .expect("text")
            .contains("East Lake"),
        "{again}"
    );
    for (member, value) in [
        ("latitude", json!(91)),
        ("organisation", json!("nobody")),
        ("antenna_m", json!(-1)),
    ] {
        let mut wrong = profile("civil", &[]);
        wrong[member] = value;
        let refused = app.post(SITES).cookie(&cookie).json(&wrong).send().expect(422).json();
        assert_eq!(refused["errors"][0]["field"], member, "{refused}");
    }
}

#[test]
fn where_a_military_site_is_is_told_to_others_by_its_cell() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    let civil = make(&app, &admin, &profile("civil", &[]));
    let military = make(&app, &admin, &profile("military", &["mast"]));
    let seen = |cookie: &str, site: &Value| {
        let path = format!("{SITES}/{}", site["id"].as_str().expect("id"));
        app.get(&path).cookie(cookie).send().expect(200).json()
    };
    let listed = |cookie: &str, site: &Value| {
        let list = app.get(SITES).cookie(cookie).send().expect(200).json();
        let items = list["items"].as_array().expect("items").clone();
        items.into_iter().find(|item| item["id"] == site["id"]).expect("listed")
    };
    for role in [Role::CivilOfficer, Role::Viewer, Role::Field, Role::Operator] {
        let cookie = app.as_role(role);
        for found in [seen(&cookie, &military), listed(&cookie, &military)] {
            assert_eq!(
                (&found["latitude"], &found["longitude"]),
                (&json!(30.75), &json!(114.25)),
                "{role}"
            );
            assert_eq!(
                (&found["exact"], &found["notes"]),
                (&json!(false), &json!("")),
                "{role}"
            );
            assert!(
                found["ground_m"].is_null() && found["antenna_m"].is_null(),
                "{role}: {found}"
            );
            assert_eq!(found["receivers"], json!(["mast"]));
        }
        assert_eq!(seen(&cookie, &civil)["latitude"], 30.561, "{role}");
    }
    for role in [Role::MilitaryOfficer, Role::Coordinator, Role::Auditor] {
        let cookie = app.as_role(role);
        assert_eq!(seen(&cookie, &military), military, "{role}");
        assert_eq!(listed(&cookie, &military), military, "{role}");
    }
}
