//! Organisations through the front door: who makes and reads them, who is cut off, and, of every operation on a request,
//! what each role of the own and of another organisation is answered.

use pinpu::service::auth::Role;
use serde_json::{Value, json};

use crate::app::{PASSWORD, Reply, TestApp};

const ORGANISATIONS: &str = "/api/v1/organisations";
const REQUESTS: &str = "/api/v1/coordination/requests";

fn profile(code: &str, kind: &str) -> Value {
    json!({"name": {"zh": format!("单位{code}"), "en": format!("Office {code}")}, "code": code, "kind": kind,
        "level": null, "parent": null, "contact": {"person": "值班室", "phone": "+86 27 1234", "email": "", "address": ""}})
}

struct Case {
    app: TestApp,
    admin: String,
}

impl Case {
    fn start() -> Self {
        let app = TestApp::start();
        let admin = app.as_role(Role::Admin);
        Self { app, admin }
    }

    /// Sent under a key of its own, or under the same once more.
    fn make(&self, key: &str, profile: &Value) -> Reply {
        let call = self.app.post(ORGANISATIONS).cookie(&self.admin);
        call.header("idempotency-key", key).json(profile).send()
    }

    fn made(&self, code: &str, kind: &str) -> String {
        self.make(code, &profile(code, kind)).expect(201).json()["id"]
            .as_str()
            .expect("id")
            .to_owned()
    }

    fn update(&self, id: &str, version: u64, profile: &Value, active: bool) -> Reply {
        let call = self
            .app
            .call("PUT", &format!("{ORGANISATIONS}/{id}"))
            .cookie(&self.admin);
        let body = json!({"profile": profile, "active": active});
        call.header("if-match", &format!("\"{version}\"")).json(&body).send()
    }

    /// An account there, logged in.
    fn person(&self, name: &str, role: Role, organisation: &str) -> String {
        let body = json!({"name": name, "role": role, "organisation": organisation, "password": PASSWORD});
        self.app
            .post("/api/v1/users")
            .cookie(&self.admin)
            .json(&body)
            .send()
            .expect(201);
        self.app.log_in(name)
    }

    fn codes(&self, cookie: &str) -> Vec<String> {
        let list = self.app.get(ORGANISATIONS).cookie(cookie).send().expect(200).json();
        let items = list["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|item| item["code"].as_str().expect("code").to_owned())
            .collect()
    }
}

#[test]
fn an_administrator_makes_changes_and_removes_organisations() {
    let case = Case::start();
    assert_eq!(
        case.codes(&case.admin),
        ["CIVIL", "MILITARY"],
        "those there have always been"
    );
    let wuhan = case.made("HB-WH", "civil");
    assert_eq!(
        case.make("HB-WH", &profile("HB-WH", "civil")).expect(201).json()["id"],
        wuhan.as_str(),
        "sent twice, made once"
    );
    let mut twin = profile("HB-WH", "civil");
    twin["name"]["en"] = json!("Another");
    let refused = case.make("twin", &twin).expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "code", "{refused}");

    let read = case
        .app
        .get(&format!("{ORGANISATIONS}/{wuhan}"))
        .cookie(&case.admin)
        .send()
        .expect(200);
    assert_eq!(read.header("etag"), "\"1\"");
    let mut changed = profile("HB-WH", "civil");
    changed["parent"] = json!("civil");
    assert_eq!(case.update(&wuhan, 1, &changed, true).expect(200).json()["version"], 2);
    case.update(&wuhan, 1, &changed, false).expect(412);
    changed["parent"] = json!("military");
    let refused = case.update(&wuhan, 2, &changed, true).expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "parent", "{refused}");

    case.person("wang", Role::CivilOfficer, &wuhan);
    let delete = |id: &str, version: &str| {
        let call = case
            .app
            .call("DELETE", &format!("{ORGANISATIONS}/{id}"))
            .cookie(&case.admin);
        call.header("if-match", version).send()
    };
    delete(&wuhan, "\"2\"").expect(409);
    let mut other = profile("HB-WH", "operator");
    other["parent"] = Value::Null;
    let refused = case.update(&wuhan, 2, &other, true).expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "kind", "it has an officer: {refused}");
    let empty = case.made("HB-YC", "civil");
    delete(&empty, "\"7\"").expect(412);
    delete(&empty, "\"1\"").expect(204);
    delete(&empty, "\"1\"").expect(404);
    delete("civil", "\"1\"").expect(409);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story told in order")]
fn people_of_an_organisation_have_its_roles_and_go_with_it() {
    let case = Case::start();
    let rail = case.made("RAIL", "operator");
    let body = json!({"name": "zhao", "role": "civil_officer", "organisation": rail, "password": PASSWORD});
    let refused = case
        .app
        .post("/api/v1/users")
        .cookie(&case.admin)
        .json(&body)
        .send()
        .expect(422)
        .json();
    assert!(
        refused["detail"].as_str().expect("detail").contains("operator"),
        "{refused}"
    );
    let zhao = case.person("zhao", Role::Operator, &rail);
    let session = case
        .app
        .get("/api/v1/sessions/current")
        .cookie(&zhao)
        .send()
        .expect(200)
        .json();
    assert_eq!(
        (&session["role"], &session["organisation"]),
        (&json!("operator"), &json!(rail))
    );
    let token = json!({"label": "programme", "scope": "read", "days": 3});
    let token = case
        .app
        .post("/api/v1/tokens")
        .cookie(&zhao)
        .json(&token)
        .send()
        .expect(201)
        .json();
    let bearer = format!("Bearer {}", token["secret"].as_str().expect("secret"));

    case.update(&rail, 1, &profile("RAIL", "operator"), false).expect(200);
    case.app
        .get("/api/v1/sessions/current")
        .cookie(&zhao)
        .send()
        .expect(401);
    let call = || {
        case.app
            .get("/api/v1/allocations")
            .header("authorization", &bearer)
            .send()
    };
    call().expect(401);
    let login = json!({"user": "zhao", "password": PASSWORD});
    case.app.post("/api/v1/sessions").json(&login).send().expect(401);
    case.update(&rail, 2, &profile("RAIL", "operator"), true).expect(200);
    call().expect(200);
    case.app.log_in("zhao");

    let civil = case
        .app
        .get(&format!("{ORGANISATIONS}/civil"))
        .cookie(&case.admin)
        .send()
        .expect(200)
        .json();
    let mut kept = profile("CIVIL", "civil");
    kept["name"] = civil["name"].clone();
    let refused = case.update("civil", 1, &kept, false).expect(409).json();
    assert!(
        refused["detail"].as_str().expect("detail").contains("administrator"),
        "{refused}"
    );
    let moved = json!({"role": "civil_officer", "organisation": "civil"});
    let users = "/api/v1/users/zhao";
    case.app
        .call("PATCH", users)
        .cookie(&case.admin)
        .json(&json!({"organisation": "civil"}))
        .send()
        .expect(422);
    let zhao = case
        .app
        .call("PATCH", users)
        .cookie(&case.admin)
        .json(&moved)
        .send()
        .expect(200)
        .json();
    assert_eq!(zhao["organisation"], "civil");
}

#[test]
fn operators_are_known_to_offices_and_contacts_to_those_who_take_part() {
    let case = Case::start();
    let rail = case.made("RAIL", "operator");
    let telecom = case.made("TEL", "operator");
    case.update("military", 1, &profile("MILITARY", "military"), true)
        .expect(200);
    let zhao = case.person("zhao", Role::Operator, &rail);
    let viewer = case.app.as_role(Role::Viewer);
    let officer = case.app.as_role(Role::MilitaryOfficer);
    assert_eq!(case.codes(&officer), ["CIVIL", "MILITARY", "RAIL", "TEL"]);
    assert_eq!(case.codes(&zhao), ["CIVIL", "MILITARY", "RAIL"]);
    assert_eq!(case.codes(&viewer), ["CIVIL", "MILITARY"]);
    case.app
        .get(&format!("{ORGANISATIONS}/{telecom}"))
        .cookie(&zhao)
        .send()
        .expect(404);
    let person = |cookie: &str| {
        let read = case.app.get(&format!("{ORGANISATIONS}/military")).cookie(cookie).send();
        read.expect(200).json()["contact"]["person"].clone()
    };
    assert_eq!((person(&zhao), person(&viewer)), (json!("值班室"), json!("")));
}

/// An instant so many days from now.
fn days(n: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * n)).to_string()
}

fn proposal(to: &Value) -> Value {
    json!({
        "title": "铁路调度", "kind": "event", "priority": "routine", "from_office": "甲", "to_office": "乙", "to": to,
        "user": "丙", "purpose": "调度", "asked": {"bands": [{"low_hz": 160_000_000, "high_hz": 160_012_500}]},
        "designator": "11K0F3E", "service": "LAND-MOBILE", "power": {"dbw": 10.0, "kind": "erp"}, "antenna_height_m": 20.0,
        "place": {"circle": {"latitude": 30.55, "longitude": 114.36, "radius_km": 5.0}},
        "time": {"from": days(-1), "to": days(9)}
    })
}

/// Answers of an operation on a request to one caller, one status a place: read, messages, analysis, alternatives, letter,
/// say, write anew, receive.
fn answers(case: &Case, cookie: &str, id: &str, body: &Value) -> [u16; 8] {
    let path = |rest: &str| format!("{REQUESTS}/{id}{rest}");
    let get = |rest: &str| case.app.get(&path(rest)).cookie(cookie).send().status;
    let change = |method: &str, rest: &str, body: &Value| {
        let stored = case.app.runtime.block_on(case.app.store.request(id));
        let tag = format!("\"{}\"", stored.expect("request").version);
        let call = case.app.call(method, &path(rest)).cookie(cookie);
        call.header("if-match", &tag).json(body).send().status
    };
    [
        get(""),
        get("/messages"),
        get("/analysis"),
        get("/alternatives"),
        get("/letter"),
        change("POST", "/messages", &json!({"text": "好"})),
        change("PUT", "", body),
        change("POST", "/transitions", &json!({"step": "receive"})),
    ]
}

/// Every operation on a request × every role that has a part in it × own organisation and another: drafts first, then sent.
#[test]
#[expect(clippy::too_many_lines, reason = "one matrix")]
fn requests_answer_the_own_organisation_and_those_they_were_sent_to() {
    let case = Case::start();
    let [rail, telecom] = ["RAIL", "TEL"].map(|code| case.made(code, "operator"));
    let [wuhan, yichang] = ["HB-WH", "HB-YC"].map(|code| case.made(code, "civil"));
    let callers = [
        ("own operator", case.person("zhao", Role::Operator, &rail)),
        ("other operator", case.person("qian", Role::Operator, &telecom)),
        ("office asked", case.person("sun", Role::CivilOfficer, &wuhan)),
        ("other office", case.person("li", Role::CivilOfficer, &yichang)),
        ("other side", case.person("zhou", Role::MilitaryOfficer, "military")),
        ("coordinator", case.person("wu", Role::Coordinator, "civil")),
        ("auditor", case.person("zheng", Role::Auditor, "civil")),
        ("admin", case.admin.clone()),
        ("viewer", case.person("wang", Role::Viewer, &rail)),
    ];
    let to = json!({"side": "civil", "organisation": wuhan});
    let wrong = json!({"proposal": proposal(&json!({"side": "civil", "organisation": telecom}))});
    let refused = case
        .app
        .post(REQUESTS)
        .cookie(&callers[0].1)
        .json(&wrong)
        .send()
        .expect(422)
        .json();
    assert_eq!(refused["errors"][0]["field"], "to", "no office: {refused}");
    let asked = json!({"proposal": proposal(&to)});
    let draft = case
        .app
        .post(REQUESTS)
        .cookie(&callers[0].1)
        .json(&asked)
        .send()
        .expect(201)
        .json();
    assert_eq!(
        (&draft["side"], &draft["organisation"]),
        (&json!("civil"), &json!(rail))
    );
    let id = draft["id"].as_str().expect("id");
    let unknown = [404; 8];
    let without_words = [404, 404, 404, 404, 404, 403, 403, 403];
    for (who, cookie) in &callers {
        let expected = match *who {
            "own operator" => [200, 200, 200, 200, 200, 201, 200, 403],
            // Who writes no requests is told so before anything else.
            "coordinator" => [404, 404, 404, 404, 404, 404, 403, 404],
            "auditor" | "admin" => without_words,
            "viewer" => [403; 8],
            _ => unknown,
        };
        assert_eq!(answers(&case, cookie, id, &proposal(&to)), expected, "a draft to {who}");
    }
    let version = case
        .app
        .runtime
        .block_on(case.app.store.request(id))
        .expect("request")
        .version;
    let call = case
        .app
        .post(&format!("{REQUESTS}/{id}/transitions"))
        .cookie(&callers[0].1);
    let call = call.header("if-match", &format!("\"{version}\""));
    call.json(&json!({"step": "submit"})).send().expect(200);
    for (who, cookie) in &callers {
        let expected = match *who {
            "own operator" => [200, 200, 200, 200, 200, 201, 409, 403],
            "office asked" => [200, 200, 200, 200, 200, 201, 409, 200],
            "coordinator" => [200, 200, 200, 200, 200, 201, 403, 409],
            "auditor" | "admin" => [200, 200, 200, 200, 200, 403, 403, 403],
            "viewer" => [403; 8],
            _ => unknown,
        };
        assert_eq!(answers(&case, cookie, id, &proposal(&to)), expected, "sent, to {who}");
        if *who != "viewer" {
            let list = case.app.get(REQUESTS).cookie(cookie).send().expect(200).json();
            let found = list["items"].as_array().expect("items").len();
            assert_eq!(found, usize::from(expected[0] == 200), "the list of {who}");
        }
    }
}
