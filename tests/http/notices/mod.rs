//! Notices over HTTP: who is told of what, what they read of it later, and how far they have read.

#![expect(clippy::too_many_lines, reason = "a case is one story told in order")]

mod live;

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    service::{auth::Role, users::NewUser},
    store::Retention,
};
use serde_json::{Value, json};

use crate::app::{PASSWORD, Reply, TestApp};

pub const NOTICES: &str = "/api/v1/notices";
pub const REQUESTS: &str = "/api/v1/coordination/requests";
const ORDERS: &str = "/api/v1/control-orders";

pub fn days(n: i64) -> String {
    (Timestamp::now() + SignedDuration::from_hours(24 * n)).to_string()
}

/// A request of the broadcasting band.
pub fn proposal() -> Value {
    json!({"proposal": {
        "title": "运动会保障", "kind": "event", "priority": "routine", "from_office": "甲", "to_office": "乙",
        "user": "组委会", "purpose": "现场指挥调度", "asked": {"bands": [{"low_hz": 97_400_000, "high_hz": 97_500_000}]},
        "designator": "100KF3E", "service": "BROADCASTING", "power": {"dbw": 10.0, "kind": "erp"},
        "place": {"circle": {"latitude": 30.55, "longitude": 114.36, "radius_km": 50.0}},
        "time": {"from": days(-1), "to": days(9)}
    }})
}

pub fn text<'v>(record: &'v Value, key: &str) -> &'v str {
    record[key].as_str().unwrap_or_else(|| panic!("{key}: {record}"))
}

/// Sends a body to a record of this version.
pub fn change(app: &TestApp, cookie: &str, path: &str, version: &Value, body: &Value) -> Reply {
    let call = app
        .post(path)
        .cookie(cookie)
        .header("if-match", &format!("\"{version}\""));
    call.json(body).send()
}

/// A request of this side, sent.
pub fn submitted(app: &TestApp, cookie: &str) -> Value {
    let draft = app
        .post(REQUESTS)
        .cookie(cookie)
        .json(&proposal())
        .send()
        .expect(201)
        .json();
    step(app, cookie, &draft, "submit")
}

pub fn step(app: &TestApp, cookie: &str, request: &Value, step: &str) -> Value {
    let path = format!("{REQUESTS}/{}/transitions", text(request, "id"));
    change(
        app,
        cookie,
        &path,
        &request["version"],
        &json!({"step": step, "reason": "原因"}),
    )
    .expect(200)
    .json()
}

/// Takes an organisation out of use, or back into it.
pub fn put_active(app: &TestApp, admin: &str, organisation: &str, active: bool) {
    let path = format!("/api/v1/organisations/{organisation}");
    let known = app.get(&path).cookie(admin).send().expect(200).json();
    let profile: serde_json::Map<String, Value> = ["name", "code", "kind", "level", "parent", "contact"]
        .map(|key| (key.to_owned(), known[key].clone()))
        .into_iter()
        .collect();
    let call = app.call("PUT", &path).cookie(admin);
    let call = call.header("if-match", &format!("\"{}\"", known["version"]));
    call.json(&json!({"profile": profile, "active": active}))
        .send()
        .expect(200);
}

fn list(app: &TestApp, cookie: &str, query: &str) -> Vec<Value> {
    let reply = app.get(&format!("{NOTICES}{query}")).cookie(cookie).send().expect(200);
    reply.json()["items"].as_array().expect("items").clone()
}

/// Kind and action of each, the latest first.
fn heard(app: &TestApp, cookie: &str) -> Vec<String> {
    let items = list(app, cookie, "");
    items
        .iter()
        .map(|item| format!("{} {}", text(item, "kind"), text(item, "action")))
        .collect()
}

fn unread(app: &TestApp, cookie: &str) -> u64 {
    let reply = app.get(&format!("{NOTICES}/unread")).cookie(cookie).send().expect(200);
    reply.json()["unread"].as_u64().expect("a number")
}

/// Another account of the same role, of this organisation.
pub fn colleague(app: &TestApp, name: &str, role: Role, organisation: &str) -> String {
    let new = NewUser {
        name: name.to_owned(),
        role,
        organisation: Some(organisation.to_owned()),
        password: PASSWORD.to_owned(),
        language: None,
    };
    let users = app.state.users.clone();
    app.runtime
        .block_on(async move { users.create(new).await })
        .expect("account");
    app.log_in(name)
}

#[test]
fn a_request_is_told_to_those_who_may_know_it_and_read_as_it_is_then() {
    let app = TestApp::start();
    let [civil, military, coordinator, auditor, operator, viewer] = [
        Role::CivilOfficer,
        Role::MilitaryOfficer,
        Role::Coordinator,
        Role::Auditor,
        Role::Operator,
        Role::Viewer,
    ]
    .map(|role| app.as_role(role));
    let mate = colleague(&app, "mate", Role::CivilOfficer, "civil");

    // A draft, and what is said about it, is for its own organisation.
    let draft = app
        .post(REQUESTS)
        .cookie(&civil)
        .json(&proposal())
        .send()
        .expect(201)
        .json();
    let path = format!("{REQUESTS}/{}", text(&draft, "id"));
    let say = |cookie: &str, text: &str| {
        let call = app.post(&format!("{path}/messages")).cookie(cookie);
        call.json(&json!({"text": text})).send().expect(201)
    };
    say(&civil, "请核对");
    assert_eq!(heard(&app, &mate), ["request message", "request written"]);
    for other in [&military, &coordinator, &auditor, &operator, &viewer] {
        assert!(heard(&app, other).is_empty());
        assert_eq!(unread(&app, other), 0);
    }

    let sent = step(&app, &civil, &draft, "submit");
    for told in [&military, &coordinator, &auditor] {
        assert_eq!(heard(&app, told), ["request submit"]);
    }
    for other in [&operator, &viewer] {
        assert!(heard(&app, other).is_empty());
    }
    let notice = list(&app, &military, "").remove(0);
    assert_eq!(notice["subject"]["number"], sent["number"]);
    assert_eq!(notice["subject"]["title"]["zh"], "运动会保障");
    assert_eq!(
        (&notice["actor"], &notice["own"], &notice["unread"]),
        (&json!("civil_officer"), &json!(false), &json!(true))
    );

    // What is told is what is so when it is read.
    step(&app, &military, &sent, "receive");
    let items = list(&app, &coordinator, "");
    assert_eq!(items[1]["action"], "submit");
    assert_eq!(items[1]["subject"]["state"], "received", "{items:?}");

    // Numbers of a desk have no gap, whatever others are told, and none of them leaves the service.
    let rows = app
        .runtime
        .block_on(app.store.notices_after("military_officer:military", 0, 100));
    let numbers: Vec<u64> = rows.expect("rows").iter().map(|row| row.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert!(items[0].get("number").is_none(), "{items:?}");

    // One's own doing is no news, and reading is each account's own.
    assert_eq!(
        (unread(&app, &military), unread(&app, &civil), unread(&app, &mate)),
        (1, 1, 4)
    );
    let mark = |cookie: &str, through: &str| {
        let call = app.call("PUT", &format!("{NOTICES}/read")).cookie(cookie);
        call.json(&json!({"through": through})).send()
    };
    let latest = list(&app, &mate, "").remove(0);
    assert_eq!(mark(&mate, text(&latest, "id")).expect(200).json()["unread"], 0);
    assert_eq!((unread(&app, &mate), unread(&app, &civil)), (0, 1));
    assert!(list(&app, &mate, "?unread=true").is_empty());
    assert_eq!(list(&app, &mate, "").len(), 4, "what was read is still there");
    // A key of another desk is none of one's own.
    assert_eq!(mark(&military, text(&latest, "id")).status, 410);

    // Pages meet, and what came after a notice comes in order.
    let first = app
        .get(&format!("{NOTICES}?limit=3"))
        .cookie(&mate)
        .send()
        .expect(200)
        .json();
    let rest = list(&app, &mate, &format!("?limit=3&cursor={}", text(&first, "next_cursor")));
    assert_eq!((first["items"].as_array().map(Vec::len), rest.len()), (Some(3), 1));
    let after = list(&app, &mate, &format!("?after={}", text(&rest[0], "id")));
    let actions: Vec<&str> = after.iter().map(|item| text(item, "action")).collect();
    assert_eq!(actions, ["message", "submit", "receive"]);
    let both = format!("{NOTICES}?after=x&cursor=y");
    app.get(&both).cookie(&mate).send().expect(400);
    assert_eq!(
        app.get(&format!("{NOTICES}?after=nonsense"))
            .cookie(&mate)
            .send()
            .status,
        410
    );
    assert_eq!(list(&app, &coordinator, "?kind=task").len(), 0);

    // A step that is refused is not told.
    let stale = change(
        &app,
        &military,
        &format!("{path}/transitions"),
        &json!(1),
        &json!({"step": "receive"}),
    );
    assert_eq!(stale.status, 412);
    let out_of_turn = change(
        &app,
        &military,
        &format!("{path}/transitions"),
        &json!(3),
        &json!({"step": "renew"}),
    );
    assert!(out_of_turn.status >= 400, "{}", out_of_turn.text());
    assert_eq!(heard(&app, &coordinator), ["request receive", "request submit"]);
}

#[test]
fn an_organisation_that_is_out_of_use_is_told_nothing_and_what_is_old_is_gone() {
    let app = TestApp::start();
    let [civil, military, admin] =
        [Role::CivilOfficer, Role::MilitaryOfficer, Role::Admin].map(|role| app.as_role(role));
    let request = submitted(&app, &civil);
    let told = || {
        app.runtime
            .block_on(app.store.notices_after("military_officer:military", 0, 10))
    };
    assert_eq!(told().expect("rows").len(), 1);
    let oldest = text(&list(&app, &military, "")[0], "id").to_owned();

    put_active(&app, &admin, "military", false);
    let withdrawn = step(&app, &civil, &request, "withdraw");
    assert_eq!(withdrawn["state"], "withdrawn");
    assert_eq!(told().expect("rows").len(), 1, "nobody is there to be told");
    put_active(&app, &admin, "military", true);

    let all = Retention {
        notices: SignedDuration::ZERO,
        ..Retention::default()
    };
    let later = Timestamp::now() + SignedDuration::from_secs(1);
    let pruned = app.runtime.block_on(app.store.prune(&all, later)).expect("pruned");
    assert!(pruned.notices >= 4, "{pruned:?}");
    let military = app.log_in("military_officer");
    assert!(list(&app, &military, "").is_empty());
    let gone = app.get(&format!("{NOTICES}?after={oldest}")).cookie(&military).send();
    assert_eq!(gone.status, 410, "{}", gone.text());
    // Numbers go on where they were.
    submitted(&app, &civil);
    assert_eq!(told().expect("rows")[0].number, 2);
}

/// An order over the broadcasting band.
fn order(number: &str, changes: &Value) -> Value {
    let mut order = json!({
        "number": number, "title": {"zh": "赛事管制", "en": ""}, "issuer": "示范区人民政府",
        "low_hz": 87_000_000, "high_hz": 108_000_000, "from": days(-1), "to": days(1), "effect": {"kind": "prohibit"},
        "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 5.0}},
    });
    for (key, value) in changes.as_object().expect("an object") {
        order[key] = value.clone();
    }
    order
}

#[test]
fn orders_are_told_as_they_become_known_and_not_to_those_who_may_not_know_them() {
    let app = TestApp::start();
    let [civil, military, coordinator, viewer, field] = [
        Role::CivilOfficer,
        Role::MilitaryOfficer,
        Role::Coordinator,
        Role::Viewer,
        Role::Field,
    ]
    .map(|role| app.as_role(role));
    let write = |cookie: &str, order: &Value| app.post(ORDERS).cookie(cookie).json(order).send().expect(201).json();
    let take = |cookie: &str, order: &Value, step: &str| {
        let path = format!("{ORDERS}/{}/transitions", text(order, "id"));
        let body = json!({"step": step, "reason": "原因"});
        change(&app, cookie, &path, &order["version"], &body).expect(200).json()
    };

    // A classified one is told to nobody on the civil side, at no step.
    let secret = write(&military, &order("HB-S-1", &json!({"classification": "秘密"})));
    let secret = take(&military, &secret, "propose");
    take(&coordinator, &secret, "approve");
    for other in [&civil, &viewer, &field] {
        assert!(heard(&app, other).is_empty());
    }
    assert_eq!(heard(&app, &coordinator).len(), 3);

    // An open one is told to officers when it is proposed, to everybody when it is approved, and who did it to those who decide.
    let open = write(&civil, &order("HB-O-1", &json!({})));
    assert_eq!(heard(&app, &military).len(), 3, "a draft is its own office's");
    let open = take(&civil, &open, "propose");
    assert_eq!(heard(&app, &military)[0], "control_order propose");
    assert!(heard(&app, &viewer).is_empty());
    take(&military, &open, "approve");
    let told = list(&app, &viewer, "").remove(0);
    assert_eq!((&told["action"], &told["actor"]), (&json!("approve"), &json!(null)));
    assert_eq!(
        (&told["subject"]["number"], &told["subject"]["state"]),
        (&json!("HB-O-1"), &json!("in_force"))
    );
    assert_eq!(list(&app, &civil, "")[0]["actor"], "military_officer");

    // What is withdrawn is its own office's again: others have no notice of it any more, and none of them counts.
    let other = write(&civil, &order("HB-O-2", &json!({})));
    let other = take(&civil, &other, "propose");
    let before = heard(&app, &military);
    assert_eq!(
        (before[0].as_str(), unread(&app, &military)),
        ("control_order propose", 3)
    );
    let seen = text(&list(&app, &military, "")[0], "id").to_owned();
    take(&civil, &other, "withdraw");
    assert_eq!(heard(&app, &military), before[1..]);
    assert_eq!(unread(&app, &military), 2);
    // Whoever had it goes on from it.
    submitted(&app, &civil);
    let after = list(&app, &military, &format!("?after={seen}"));
    assert_eq!(after.len(), 1, "{after:?}");
    assert_eq!(after[0]["kind"], "request");
}

#[test]
fn complaints_events_and_plans_are_told_to_those_who_may_know_them() {
    let app = TestApp::start();
    let [civil, military, coordinator, viewer] = [
        Role::CivilOfficer,
        Role::MilitaryOfficer,
        Role::Coordinator,
        Role::Viewer,
    ]
    .map(|role| app.as_role(role));

    let complaint = json!({
        "complaint": {"complainant": "电台", "contact": "", "low_hz": 97_400_000, "high_hz": 97_500_000,
            "began": days(-1), "symptoms": "杂音", "channel": "telephone"},
        "grade": "third", "level": "district",
    });
    let reports = "/api/v1/interference-reports";
    let report = app
        .post(reports)
        .cookie(&military)
        .json(&complaint)
        .send()
        .expect(201)
        .json();
    assert_eq!(heard(&app, &coordinator), ["interference_report file"]);
    assert!(heard(&app, &civil).is_empty(), "it is not shared");
    let path = format!("{reports}/{}/transitions", text(&report, "id"));
    let shared = json!({"step": "share", "reason": "请协助"});
    change(&app, &military, &path, &report["version"], &shared).expect(200);
    assert_eq!(heard(&app, &civil), ["interference_report share"]);

    let content = json!({
        "name": {"zh": "论坛", "en": "Forum"}, "participants": ["military"],
        "days": [{"date": jiff::Zoned::now().date(), "opens_min": 0, "closes_min": 1440}],
        "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 20.0}},
    });
    let events = "/api/v1/events";
    let event = app
        .post(events)
        .cookie(&civil)
        .json(&json!({"content": content}))
        .send()
        .expect(201)
        .json();
    assert_eq!(heard(&app, &civil)[0], "event create");
    assert!(
        !heard(&app, &military).iter().any(|told| told.starts_with("event")),
        "a draft is the lead's"
    );
    let path = format!("{events}/{}", text(&event, "id"));
    let event = change(
        &app,
        &civil,
        &format!("{path}/transitions"),
        &event["version"],
        &json!({"step": "announce"}),
    );
    event.expect(200);
    assert_eq!(heard(&app, &military)[0], "event announce");

    let row = |cookie: &str, channel: &str, classification: Option<&str>| {
        let row = json!({"content": {
            "channel": channel, "center_hz": 97_450_000, "bandwidth_hz": 200_000, "designator": "180KF3E", "user": "甲",
            "power": {"dbw": 10.0, "kind": "erp"}, "key": true, "classification": classification,
        }});
        app.post(&format!("{path}/plan"))
            .cookie(cookie)
            .json(&row)
            .send()
            .expect(201)
            .json()
    };
    let before = heard(&app, &civil).len();
    row(&military, "保密", Some("秘密"));
    assert_eq!(heard(&app, &civil).len(), before, "a row they may not know");
    assert_eq!(heard(&app, &coordinator)[0], "event plan");
    row(&military, "公开", None);
    assert_eq!(heard(&app, &civil)[0], "event plan");
    assert!(heard(&app, &viewer).is_empty());

    // Whoever takes no part any more has no notice of it any more.
    let known = app.get(&path).cookie(&civil).send().expect(200).json();
    let mut alone = content;
    alone["participants"] = json!([]);
    let call = app
        .call("PUT", &path)
        .cookie(&civil)
        .header("if-match", &format!("\"{}\"", known["version"]));
    call.json(&json!({"content": alone})).send().expect(200);
    assert!(!heard(&app, &military).iter().any(|told| told.starts_with("event")));
}
