//! Measuring tasks over HTTP: asked for by one side, accepted by those who run the receivers, measured by what a receiver truly
//! stores, and what the other side learns of it.

#![expect(clippy::too_many_lines, reason = "a case is one story told in order")]

use jiff::{SignedDuration, Timestamp};
use pinpu::{capture::ObservationContent, service::auth::Role};
use serde_json::{Value, json};

use crate::{
    app::{RECEIVER, Reply, TestApp, status},
    occupancy::Receiver,
};

const TASKS: &str = "/api/v1/tasks";

/// The first minute that begins at least a minute from now.
fn soon() -> Timestamp {
    let second = Timestamp::now().as_second() + 60;
    Timestamp::from_second((second / 60 + 1) * 60).expect("in range")
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// Half an hour of measuring 97.4–97.5 MHz in an hour from `from` on.
fn content(from: Timestamp) -> Value {
    json!({
        "title": "黑广播监测", "purpose": "核实群众反映", "receivers": [], "low_hz": 97_400_000, "high_hz": 97_500_000,
        "time": {"from": from, "to": from + minutes(60)}, "minutes": 30,
        "products": ["occupancy", "emissions", "recording"], "priority": "routine",
    })
}

fn ask(app: &TestApp, cookie: &str, content: &Value) -> Reply {
    app.post(TASKS).cookie(cookie).json(&json!({"content": content})).send()
}

fn path(task: &Value) -> String {
    format!("{TASKS}/{}", task["id"].as_str().expect("id"))
}

fn take(app: &TestApp, cookie: &str, task: &Value, body: &Value) -> Reply {
    app.post(&format!("{}/transitions", path(task)))
        .cookie(cookie)
        .header("if-match", &format!("\"{}\"", task["version"]))
        .json(body)
        .send()
}

fn read(app: &TestApp, cookie: &str, task: &Value) -> Value {
    app.get(&path(task)).cookie(cookie).send().expect(200).json()
}

/// What the clock does at that time.
fn turn(app: &TestApp, now: Timestamp) {
    let tasks = app.state.tasks.clone();
    app.runtime
        .block_on(async move { tasks.turn(now).await })
        .expect("done");
}

/// The service with its receiver, which watches 97–99 MHz.
fn start() -> (TestApp, String, String) {
    let app = TestApp::start();
    let civil = app.as_role(Role::CivilOfficer);
    let coordinator = app.as_role(Role::Coordinator);
    app.observe(ObservationContent::Status(status()));
    for _ in 0..500 {
        let reply = app.get("/api/v1/receivers").cookie(&civil).send().expect(200).json();
        if reply["items"].as_array().is_some_and(|items| !items.is_empty()) {
            return (app, civil, coordinator);
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the receiver did not report");
}

#[test]
fn a_task_is_asked_for_accepted_and_measured_by_what_was_truly_observed() {
    let (app, civil, coordinator) = start();
    let from = soon();
    let post = || {
        let body = json!({"content": content(from)});
        let call = app.post(TASKS).cookie(&civil).header("idempotency-key", "once");
        call.json(&body).send().expect(201)
    };
    let first = post();
    assert_eq!(first.header("etag"), "\"1\"");
    let task = first.json();
    assert_eq!(post().json(), task, "sent twice, asked for once");
    assert_eq!(
        (&task["state"], &task["coverage"]["observed_s"]),
        (&json!("requested"), &json!(0))
    );
    assert!(
        task["number"].as_str().expect("number").starts_with("T-CIVIL-"),
        "{task}"
    );

    // Amended by whoever asked, accepted by those who run the receivers, and by nobody else.
    let mut other = content(from);
    other["raster_hz"] = json!(100_000);
    let put = |etag: &str| {
        let call = app
            .call("PUT", &path(&task))
            .cookie(&civil)
            .json(&json!({"content": other}));
        if etag.is_empty() {
            call.send()
        } else {
            call.header("if-match", etag).send()
        }
    };
    put("").expect(428);
    put("\"9\"").expect(412);
    let task = put("\"1\"").expect(200).json();
    take(&app, &civil, &task, &json!({"step": "accept"})).expect(403);
    take(&app, &coordinator, &task, &json!({"step": "refuse"})).expect(422);
    let task = take(&app, &coordinator, &task, &json!({"step": "accept"}))
        .expect(200)
        .json();
    put(&format!("\"{}\"", task["version"])).expect(409);

    // The clock gives it the receiver from its first minute on.
    turn(&app, from - minutes(1));
    let planned = read(&app, &civil, &task);
    assert_eq!(planned["state"], "scheduled", "{planned}");
    assert_eq!(
        planned["slots"],
        json!([{"receiver": RECEIVER, "from": from, "until": from + minutes(30), "tuned_hz": null}])
    );
    let busy = app
        .get(&format!("{TASKS}/choices"))
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    assert_eq!(
        busy["receivers"][0]["busy"],
        json!([{"from": from, "until": from + minutes(30)}])
    );
    assert_eq!(
        (&busy["quota"]["minutes"], &busy["quota"]["used"]),
        (&json!(2400), &json!(30))
    );
    turn(&app, from);
    assert_eq!(read(&app, &civil, &task)["state"], "running");

    // The receiver watches the first twenty minutes, and hears a station for five of them.
    let receiver = Receiver { app: &app, epoch: from };
    receiver.watch(0..20, 60.0);
    receiver.hear(7, [97_450_000, 99_000], &[[300.0, 600.0]]);
    app.wait_for_items(&civil, "/api/v1/emissions", 1);
    turn(&app, from + minutes(32));
    let partly = read(&app, &civil, &task);
    assert_eq!(
        partly["coverage"],
        json!({"wanted_s": 1800, "observed_s": 1200, "slots_s": 1800}),
        "{partly}"
    );
    let share = &partly["measured"][0]["channels"];
    assert!(
        (share["share"].as_f64().expect("share") - 0.25).abs() < 1e-9,
        "5 of the 20 observed minutes: {share}"
    );
    assert_eq!(
        (&share["bound"], &partly["measured"][0]["observed_s"]),
        (&json!("interval"), &json!(1200))
    );
    // What it missed is asked of it again.
    assert_eq!(
        partly["slots"],
        json!([{"receiver": RECEIVER, "from": from + minutes(32), "until": from + minutes(42), "tuned_hz": null}])
    );
    turn(&app, from + minutes(35));
    turn(&app, from + minutes(44));
    turn(&app, from + minutes(62));
    let over = read(&app, &civil, &task);
    assert_eq!(
        (&over["state"], &over["coverage"]["observed_s"]),
        (&json!("partly_done"), &json!(1200)),
        "{over}"
    );
    let slots = over["measured"].as_array().expect("slots");
    assert!(slots.len() >= 2, "{over}");
    for blind in &slots[1..] {
        assert_eq!(
            (&blind["observed_s"], &blind["channels"]),
            (&json!(0), &Value::Null),
            "unobserved is not free"
        );
    }
    let results = app
        .get(&format!("{}/results", path(&task)))
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    let emissions = results["emissions"].as_array().expect("emissions");
    assert_eq!(emissions.len(), 1, "{results}");
    assert_eq!(emissions[0]["center_hz"], 97_450_000);
    // It took of the quota what was observed, and no more.
    let quota = app
        .get(&format!("{TASKS}/choices"))
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    assert_eq!(quota["quota"]["used"], 20);
}

#[test]
fn what_cannot_be_measured_is_refused_with_what_can() {
    let (app, civil, _) = start();
    let from = soon();
    let refused = |change: fn(&mut Value), field: &str, words: &str| {
        let mut content = content(from);
        change(&mut content);
        let problem = ask(&app, &civil, &content).expect(422).json();
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert!(problem.to_string().contains(words), "{problem}");
    };
    refused(
        |content| {
            content["low_hz"] = json!(118_000_000);
            content["high_hz"] = json!(119_000_000);
        },
        "low_hz",
        "97–99 MHz",
    );
    refused(|content| content["receivers"] = json!(["roof"]), "receivers", RECEIVER);
    refused(|content| content["priority"] = json!("immediate"), "reason", "");
    refused(|content| content["minutes"] = json!(61), "minutes", "60");
    refused(|content| content["products"] = json!([]), "products", "");

    // The quota: 40 hours in the week in which it begins, and what is left is told.
    let mut long = content(from);
    long["time"]["to"] = json!(from + minutes(60 * 24 * 3));
    long["minutes"] = json!(2000);
    ask(&app, &civil, &long).expect(201);
    let problem = ask(&app, &civil, &long).expect(422).json();
    assert_eq!(problem["errors"][0]["field"], "minutes", "{problem}");
    assert!(problem.to_string().contains("400"), "400 of 2400 are left: {problem}");
    // Another side has its own; an emergency is never over it.
    let military = app.as_role(Role::MilitaryOfficer);
    ask(&app, &military, &long).expect(201);
    (long["priority"], long["reason"]) = (json!("emergency"), json!("遇险频率受扰"));
    let urgent = ask(&app, &civil, &long).expect(201).json();
    assert_eq!(urgent["state"], "accepted", "before anybody decides");
}

#[test]
fn the_other_side_learns_that_a_receiver_is_busy_and_no_more() {
    let (app, civil, coordinator) = start();
    let military = app.as_role(Role::MilitaryOfficer);
    let auditor = app.as_role(Role::Auditor);
    let from = soon();
    let mut secret = content(from);
    secret["classified"] = json!(true);
    let task = ask(&app, &military, &secret).expect(201).json();
    assert!(task["number"].as_str().expect("number").ends_with("-0001"), "{task}");
    take(&app, &coordinator, &task, &json!({"step": "accept"})).expect(200);
    turn(&app, from - minutes(1));
    let listed = |cookie: &str| app.get(TASKS).cookie(cookie).send().expect(200).json()["items"].clone();
    for cookie in [&military, &coordinator, &auditor] {
        assert_eq!(listed(cookie)[0]["id"], task["id"]);
    }
    assert_eq!(listed(&civil), json!([]));
    app.get(&path(&task)).cookie(&civil).send().expect(404);
    app.get(&format!("{}/results", path(&task)))
        .cookie(&civil)
        .send()
        .expect(404);
    take(&app, &civil, &task, &json!({"step": "cancel", "reason": "x"})).expect(404);
    let choices = app
        .get(&format!("{TASKS}/choices"))
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    assert_eq!(
        choices["receivers"][0]["busy"],
        json!([{"from": from, "until": from + minutes(30)}])
    );
    assert!(
        !choices.to_string().contains(task["id"].as_str().expect("id")),
        "{choices}"
    );
    // Its own numbers have no gap, and its quota is its own.
    let own = ask(&app, &civil, &content(from)).expect(201).json();
    assert!(own["number"].as_str().expect("number").ends_with("-0001"), "{own}");
    assert_eq!(choices["quota"]["used"], 0);
    // Both are measured at once: the receiver stays on its watch.
    take(&app, &coordinator, &own, &json!({"step": "accept"})).expect(200);
    turn(&app, from - minutes(1));
    assert_eq!(read(&app, &civil, &own)["slots"][0]["from"], json!(from));
}
