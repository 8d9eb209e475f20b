//! Tokens with which programs call the API.

use pinpu::service::auth::Role;
use serde_json::{Value, json};

use crate::app::TestApp;

const TOKENS: &str = "/api/v1/tokens";

fn make(app: &TestApp, cookie: &str, body: &Value) -> (String, String) {
    let made = app.post(TOKENS).cookie(cookie).json(body).send().expect(201).json();
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    (text("id"), format!("Bearer {}", text("secret")))
}

#[test]
fn a_token_does_what_its_scope_allows_until_it_is_revoked() {
    let app = TestApp::start();
    let cookie = app.as_role(Role::CivilOfficer);
    let (read, reader) = make(&app, &cookie, &json!({"label": "wall screen", "days": 30}));
    let (_, writer) = make(&app, &cookie, &json!({"label": "gateway", "days": 1, "scope": "full"}));
    let get = |bearer: &str| {
        app.get("/api/v1/conflicts")
            .header("authorization", bearer)
            .send()
            .status
    };
    let change = |bearer: &str| {
        let call = app
            .post("/api/v1/coordination/requests")
            .header("authorization", bearer);
        call.json(&json!({})).send().status
    };
    assert_eq!((get(&reader), get(&writer)), (200, 200));
    assert_eq!(
        (change(&reader), change(&writer)),
        (403, 422),
        "the second is let through to its faults"
    );
    let asked = json!({"center_hz": 97_450_000, "bandwidth_hz": 180_000});
    let check = app.post("/api/v1/registry/check").header("authorization", &reader);
    check.json(&asked).send().expect(200);

    let listed = app.get(TOKENS).cookie(&cookie).send().expect(200);
    assert_eq!(listed.json()["items"].as_array().map(Vec::len), Some(2));
    assert!(!listed.text().contains("secret"), "{}", listed.text());
    app.call("DELETE", &format!("{TOKENS}/{read}"))
        .cookie(&cookie)
        .send()
        .expect(204);
    assert_eq!((get(&reader), get(&writer)), (401, 200), "at once");
    app.call("DELETE", &format!("{TOKENS}/{read}"))
        .cookie(&cookie)
        .send()
        .expect(404);

    let auditor = app.as_role(Role::Auditor);
    for action in ["create_token", "delete_token"] {
        let path = format!("/api/v1/audit?action={action}");
        let entries = app.get(&path).cookie(&auditor).send().expect(200);
        let about = entries.json()["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter(|entry| entry["subject"] == format!("tokens/{read}"))
            .map(|entry| entry["actor"].clone())
            .collect::<Vec<_>>();
        assert_eq!(about, ["civil_officer"], "{action}: {}", entries.text());
        assert!(!entries.text().contains("pinpu_"), "no secret is noted");
    }
}

#[test]
fn a_token_makes_no_tokens_and_nobody_handles_those_of_others() {
    let app = TestApp::start();
    let [viewer, admin] = [Role::Viewer, Role::Admin].map(|role| app.as_role(role));
    let (id, bearer) = make(&app, &viewer, &json!({"label": "x", "days": 1, "scope": "full"}));
    let body = json!({"label": "more", "days": 366});
    app.post(TOKENS)
        .header("authorization", &bearer)
        .json(&body)
        .send()
        .expect(403);
    app.get(TOKENS).header("authorization", &bearer).send().expect(403);
    let for_admin = json!({"label": "x", "days": 1, "user": "admin"});
    app.post(TOKENS).cookie(&viewer).json(&for_admin).send().expect(403);
    let (own, _) = make(&app, &admin, &json!({"label": "x", "days": 1}));
    app.call("DELETE", &format!("{TOKENS}/{own}"))
        .cookie(&viewer)
        .send()
        .expect(404);
    // An administrator makes one for a machine, sees and ends those of others.
    app.account(Role::Sensor);
    make(&app, &admin, &json!({"label": "roof", "days": 366, "user": "sensor"}));
    let seen = app
        .get(&format!("{TOKENS}?user=viewer"))
        .cookie(&admin)
        .send()
        .expect(200)
        .json();
    assert_eq!(seen["items"][0]["id"], json!(id));
    app.call("DELETE", &format!("{TOKENS}/{id}"))
        .cookie(&admin)
        .send()
        .expect(204);
    app.get("/api/v1/conflicts")
        .header("authorization", &bearer)
        .send()
        .expect(401);
}

#[test]
fn what_a_token_may_not_be_is_said() {
    let app = TestApp::start();
    let cookie = app.as_role(Role::Admin);
    for (body, said) in [
        (json!({"label": " ", "days": 1}), "label"),
        (json!({"label": "x".repeat(101), "days": 1}), "label"),
        (json!({"label": "x", "days": 0}), "days"),
        (json!({"label": "x", "days": 367}), "days"),
    ] {
        let refused = app.post(TOKENS).cookie(&cookie).json(&body).send().expect(422).json();
        assert!(refused["detail"].as_str().expect("text").contains(said), "{refused}");
    }
    let nobody = json!({"label": "x", "days": 1, "user": "nobody"});
    app.post(TOKENS).cookie(&cookie).json(&nobody).send().expect(404);
}

#[test]
fn a_new_password_ends_the_tokens_too() {
    let app = TestApp::start();
    let cookie = app.as_role(Role::Viewer);
    let (_, bearer) = make(&app, &cookie, &json!({"label": "x", "days": 1}));
    let admin = app.as_role(Role::Admin);
    let body = json!({"password": "another pale green horse"});
    app.call("PATCH", "/api/v1/users/viewer")
        .cookie(&admin)
        .json(&body)
        .send()
        .expect(200);
    app.get("/api/v1/conflicts")
        .header("authorization", &bearer)
        .send()
        .expect(401);
}
