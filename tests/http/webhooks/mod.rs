//! Webhooks of organisations over HTTP and at their other side: signed, in order, again until accepted, over a restart, and
//! nothing of what others are told.

#![expect(clippy::too_many_lines, reason = "a case is one story told in order")]

mod kept;

use std::{
    io::Read as _,
    net::TcpListener,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use pinpu::service::{
    auth::Role,
    webhooks::{WebhookConfig, Webhooks},
};
use serde_json::{Value, json};

use crate::{
    app::{Reply, TestApp},
    listener::{Hook, Received},
    notices::{NOTICES, change, proposal, put_active, step, submitted, text},
    parts::hooks,
};

const WEBHOOKS: &str = "/api/v1/webhooks";
const ALL: [&str; 5] = ["request", "control_order", "task", "interference_report", "event"];

fn create(app: &TestApp, cookie: &str, url: &str, organisation: &str) -> Reply {
    let body = json!({"name": "值班系统", "url": url, "kinds": ALL, "organisation": organisation});
    app.post(WEBHOOKS).cookie(cookie).json(&body).send()
}

/// A webhook of an organisation: as it is answered, and its key.
fn made(app: &TestApp, cookie: &str, url: &str, organisation: &str) -> (Value, String) {
    let made = create(app, cookie, url, organisation).expect(201).json();
    (made["webhook"].clone(), text(&made, "secret").to_owned())
}

fn path(webhook: &Value) -> String {
    format!("{WEBHOOKS}/{}", text(webhook, "id"))
}

fn read(app: &TestApp, cookie: &str, webhook: &Value) -> Value {
    app.get(&path(webhook)).cookie(cookie).send().expect(200).json()
}

fn deliveries(app: &TestApp, cookie: &str, webhook: &Value) -> Vec<Value> {
    let reply = app.get(&format!("{}/deliveries", path(webhook))).cookie(cookie).send();
    reply.expect(200).json()["items"].as_array().expect("items").clone()
}

/// Waits until the messages of a webhook are in these states, the latest first.
fn settled(app: &TestApp, cookie: &str, webhook: &Value, states: &[&str]) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let all = deliveries(app, cookie, webhook);
        let now: Vec<&str> = all.iter().map(|item| text(item, "state")).collect();
        if now == states {
            return all;
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "{all:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The webhook once an attempt has failed.
fn failed(app: &TestApp, cookie: &str, webhook: &Value) -> Value {
    let begun = Instant::now();
    loop {
        let known = read(app, cookie, webhook);
        if known["last_error"].is_string() {
            return known;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{known}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn put(app: &TestApp, cookie: &str, webhook: &Value, active: bool) -> Value {
    let known = read(app, cookie, webhook);
    let body = json!({"name": known["name"], "kinds": known["kinds"], "active": active});
    let call = app.call("PUT", &path(webhook)).cookie(cookie);
    let call = call.header("if-match", &format!("\"{}\"", known["version"]));
    call.json(&body).send().expect(200).json()
}

fn actions(received: &[Received]) -> Vec<String> {
    let action = |message: &Received| text(&message.json()["notice"], "action").to_owned();
    received.iter().map(action).collect()
}

/// The sender stops, as at the end of the service, and begins anew with this configuration.
fn restart(app: &TestApp, config: WebhookConfig) -> std::sync::Arc<Webhooks> {
    app.runtime.block_on(app.state.webhooks.stop());
    let (store, notices) = (app.store.clone(), app.state.notices.clone());
    app.runtime
        .block_on(async move { Webhooks::start(store, notices, config, None) })
        .expect("started")
}

#[test]
fn messages_are_signed_in_order_and_say_no_more_than_an_officer_reads() {
    let app = TestApp::start();
    let [civil, military, admin] =
        [Role::CivilOfficer, Role::MilitaryOfficer, Role::Admin].map(|role| app.as_role(role));
    let (of_military, of_civil) = (Hook::start(&[500, 503, 302]), Hook::start(&[]));
    let (webhook, secret) = made(&app, &admin, &of_military.url(), "military");
    made(&app, &admin, &of_civil.url(), "civil");

    let request = submitted(&app, &civil);
    step(&app, &military, &request, "receive");
    // Three refusals of the first, then it and the second.
    let heard = of_military.wait_for(5);
    let first = heard[0].header("pinpu-delivery");
    for again in &heard[..4] {
        assert_eq!(again.header("pinpu-delivery"), first);
        assert_eq!(again.body, heard[0].body, "the same message");
    }
    assert_ne!(heard[4].header("pinpu-delivery"), first);
    assert_eq!(
        actions(&heard),
        ["submit", "submit", "submit", "submit", "receive"],
        "in order"
    );
    for message in &heard {
        assert!(message.is_signed_with(&secret));
        assert!(!message.is_signed_with("whsec_0123456789abcdefghjk0123456789abcdefghjk"));
    }
    let message = heard[4].json();
    let keys: Vec<&String> = message["notice"]["subject"]
        .as_object()
        .expect("an object")
        .keys()
        .collect();
    assert_eq!(keys, ["id", "number", "state"], "no words: {message}");
    assert_eq!(message["notice"]["subject"]["number"], request["number"]);
    assert_eq!(
        message["notice"]["url"],
        format!("https://pinpu.example.cn/coordination/{}", text(&request, "id"))
    );
    for word in ["运动会", "civil_officer", "military_officer", "97400000"] {
        assert!(!heard[4].body.contains(word), "{word}: {}", heard[4].body);
    }
    // The draft was for the civil side alone.
    let civil_heard = of_civil.wait_for(3);
    assert_eq!(actions(&civil_heard), ["written", "submit", "receive"]);
    assert!(!civil_heard[0].is_signed_with(&secret), "each has a key of its own");

    let log = settled(&app, &admin, &webhook, &["delivered", "delivered"]);
    assert_eq!(
        (&log[1]["attempts"], &log[0]["attempts"]),
        (&json!(4), &json!(1)),
        "{log:?}"
    );
    let known = read(&app, &admin, &webhook);
    assert!(text(&known, "last_error").contains("302"), "{known}");
    assert!(known["last_success"].is_string() && known["waiting"] == 0, "{known}");

    // Sent once more under its id, with its text.
    let again = format!("{}/deliveries/{first}/redelivery", path(&webhook));
    app.post(&again).cookie(&admin).send().expect(202);
    let once_more = &of_military.wait_for(6)[5];
    assert_eq!(
        (once_more.header("pinpu-delivery"), &once_more.body),
        (first, &heard[0].body)
    );
    assert!(once_more.is_signed_with(&secret));
    settled(&app, &admin, &webhook, &["delivered", "delivered"]);
    app.post(&format!("{}/deliveries/nothing/redelivery", path(&webhook)))
        .cookie(&admin)
        .send()
        .expect(404);
}

#[test]
fn what_an_organisation_may_not_know_is_never_sent_to_it() {
    let app = TestApp::start();
    let [civil, military, coordinator, admin, operator] = [
        Role::CivilOfficer,
        Role::MilitaryOfficer,
        Role::Coordinator,
        Role::Admin,
        Role::Operator,
    ]
    .map(|role| app.as_role(role));
    let organisation = |cookie: &str| {
        let session = app
            .get("/api/v1/sessions/current")
            .cookie(cookie)
            .send()
            .expect(200)
            .json();
        text(&session, "organisation").to_owned()
    };
    let (of_military, of_civil, of_operator) = (Hook::start(&[]), Hook::start(&[]), Hook::start(&[]));
    made(&app, &admin, &of_military.url(), "military");
    made(&app, &admin, &of_civil.url(), "civil");
    made(&app, &admin, &of_operator.url(), &organisation(&operator));

    // A classified order, an unshared complaint and a draft of the military side, and a request between the two.
    let day = |n: i64| (jiff::Timestamp::now() + SignedDuration::from_hours(24 * n)).to_string();
    let order = json!({
        "number": "HB-S-1", "title": {"zh": "管制", "en": ""}, "issuer": "某部", "low_hz": 87_000_000, "high_hz": 108_000_000,
        "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 5.0}}, "classification": "秘密",
        "from": day(-1), "to": day(1), "effect": {"kind": "prohibit"},
    });
    let orders = "/api/v1/control-orders";
    let mut record = app
        .post(orders)
        .cookie(&military)
        .json(&order)
        .send()
        .expect(201)
        .json();
    for (who, step) in [(&military, "propose"), (&coordinator, "approve")] {
        let path = format!("{orders}/{}/transitions", text(&record, "id"));
        record = change(&app, who, &path, &record["version"], &json!({"step": step}))
            .expect(200)
            .json();
    }
    let complaint = json!({
        "complaint": {"complainant": "某部", "contact": "", "low_hz": 150_000_000, "high_hz": 150_100_000,
            "began": day(-1), "symptoms": "杂音", "channel": "telephone"},
        "grade": "third", "level": "district",
    });
    app.post("/api/v1/interference-reports")
        .cookie(&military)
        .json(&complaint)
        .send()
        .expect(201);
    let requests = crate::notices::REQUESTS;
    app.post(requests)
        .cookie(&military)
        .json(&proposal())
        .send()
        .expect(201);
    submitted(&app, &civil);

    let heard = of_military.wait_for(6);
    assert_eq!(
        actions(&heard),
        ["draft", "propose", "approve", "file", "written", "submit"]
    );
    // What people wrote as the number of a classified order stays here.
    assert_eq!(heard[2].json()["notice"]["subject"]["number"], json!(null));
    assert!(heard.iter().all(|message| !message.body.contains("HB-S-1")));
    assert_eq!(actions(&of_civil.wait_for(2)), ["written", "submit"]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((of_civil.count(), of_operator.count()), (2, 0));
}

#[test]
fn what_waits_is_sent_after_a_restart_and_a_server_that_does_not_answer_holds_up_nobody() {
    let app = TestApp::start();
    let [civil, admin] = [Role::CivilOfficer, Role::Admin].map(|role| app.as_role(role));
    // It takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("address").port();
    let taken = std::thread::spawn(move || {
        let (mut stream, _) = silent.accept().expect("a connection");
        let mut bytes = [0; 16];
        stream.read_exact(&mut bytes).expect("a request");
        std::thread::sleep(Duration::from_secs(2));
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let (slow, _) = made(&app, &admin, &format!("http://127.0.0.1:{port}/hook"), "military");
    let quick = Hook::start(&[]);
    made(&app, &admin, &quick.url(), "military");
    submitted(&app, &civil);
    let begun = Instant::now();
    quick.wait_for(1);
    assert!(begun.elapsed() < Duration::from_millis(600), "it waited for the other");
    let known = failed(&app, &admin, &slow);
    assert!(text(&known, "last_error").contains("timeout"), "{known}");
    assert_eq!(known["waiting"], 1);
    assert!(taken.join().expect("no panic").starts_with("POST /hook"));

    // Refused until the service stops, and again until it is accepted.
    let hook = Hook::start(&[500; 1000]);
    let (webhook, secret) = made(&app, &admin, &hook.url(), "military");
    submitted(&app, &civil);
    hook.wait_for(2);
    let sender = restart(
        &app,
        WebhookConfig {
            first_retry: SignedDuration::from_millis(20),
            ..hooks()
        },
    );
    let before = hook.count();
    let heard = hook.wait_for(before + 2);
    assert!(
        heard
            .iter()
            .all(|message| message.header("pinpu-delivery") == heard[0].header("pinpu-delivery"))
    );
    assert!(
        heard
            .iter()
            .all(|message| message.body == heard[0].body && message.is_signed_with(&secret))
    );
    assert_eq!(text(&deliveries(&app, &admin, &webhook)[0], "state"), "waiting");
    app.runtime.block_on(sender.stop());
}

#[test]
fn a_webhook_that_accepts_nothing_for_long_is_switched_off_and_its_organisation_told() {
    let app = TestApp::start();
    let [civil, military, admin] =
        [Role::CivilOfficer, Role::MilitaryOfficer, Role::Admin].map(|role| app.as_role(role));
    let config = WebhookConfig {
        lasting: SignedDuration::from_millis(200),
        ..hooks()
    };
    let sender = restart(&app, config);
    let hook = Hook::start(&[500; 4]);
    let (webhook, _) = made(&app, &admin, &hook.url(), "military");
    let first = submitted(&app, &civil);
    settled(&app, &admin, &webhook, &["given_up"]);
    let off = read(&app, &admin, &webhook);
    assert_eq!((&off["active"], &off["failed"]), (&json!(false), &json!(true)), "{off}");
    let told = |cookie: &str| app.get(NOTICES).cookie(cookie).send().expect(200).json()["items"][0].clone();
    for cookie in [&military, &admin] {
        let notice = told(cookie);
        assert_eq!(
            (&notice["kind"], &notice["action"]),
            (&json!("webhook"), &json!("switched_off"))
        );
        assert_eq!(
            (&notice["subject"]["title"]["zh"], &notice["subject"]["state"]),
            (&json!("值班系统"), &json!("off"))
        );
    }
    assert_eq!(told(&civil)["kind"], "request", "it is another organisation's");
    // What happens while it is off is not told later.
    step(&app, &civil, &first, "withdraw");
    let refused = app
        .post(&format!(
            "{}/deliveries/{}/redelivery",
            path(&webhook),
            text(&deliveries(&app, &admin, &webhook)[0], "id")
        ))
        .cookie(&admin)
        .send();
    assert_eq!(refused.status, 409, "{}", refused.text());
    // The rest of what it refuses is used up by tests.
    while app
        .post(&format!("{}/test", path(&webhook)))
        .cookie(&admin)
        .send()
        .expect(200)
        .json()["delivered"]
        == false
    {}
    let on = put(&app, &admin, &webhook, true);
    assert_eq!((&on["active"], &on["failed"]), (&json!(true), &json!(false)));
    let count = hook.count();
    submitted(&app, &civil);
    let heard = hook.wait_for(count + 1);
    assert_eq!(text(&heard[heard.len() - 1].json()["notice"], "action"), "submit");
    assert!(heard.iter().all(|message| !message.body.contains("withdraw")));

    app.runtime.block_on(sender.stop());
}

#[test]
fn an_organisation_out_of_use_is_sent_nothing_not_even_what_waits() {
    let app = TestApp::start();
    let [civil, admin] = [Role::CivilOfficer, Role::Admin].map(|role| app.as_role(role));
    let hook = Hook::start(&[500; 1000]);
    let (webhook, _) = made(&app, &admin, &hook.url(), "military");
    let request = submitted(&app, &civil);
    hook.wait_for(2);
    put_active(&app, &admin, "military", false);
    // What waited was never there.
    settled(&app, &admin, &webhook, &[]);
    let count = hook.count();
    step(&app, &civil, &request, "withdraw");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(hook.count(), count);
    assert!(deliveries(&app, &admin, &webhook).is_empty());
}
