//! Radio control orders over HTTP: two persons, in force at once, lifted at once, and nobody learns what is not for them.

use pinpu::service::auth::Role;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp};

const ORDERS: &str = "/api/v1/control-orders";

/// An order that began an hour ago around a point, over the broadcasting band.
fn order(number: &str) -> Value {
    let now = jiff::Timestamp::now();
    let hour = jiff::SignedDuration::from_hours(1);
    json!({
        "number": number,
        "title": {"zh": "赛事管制", "en": ""},
        "issuer": "示范区人民政府",
        "low_hz": 87_000_000, "high_hz": 108_000_000,
        "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 5.0}},
        "from": now - hour, "to": now + hour,
        "effect": {"kind": "prohibit"},
    })
}

fn with(mut order: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().expect("an object") {
        order[key] = value.clone();
    }
    order
}

fn create(app: &TestApp, cookie: &str, order: &Value) -> Reply {
    app.post(ORDERS).cookie(cookie).json(order).send()
}

fn step(app: &TestApp, cookie: &str, record: &Value, step: &str, reason: &str) -> Reply {
    app.post(&format!("{ORDERS}/{}/transitions", id(record)))
        .cookie(cookie)
        .header("if-match", &format!("\"{}\"", record["version"]))
        .json(&json!({"step": step, "reason": reason}))
        .send()
}

fn id(record: &Value) -> &str {
    record["id"].as_str().expect("id")
}

fn read(app: &TestApp, cookie: &str, record: &Value) -> Value {
    app.get(&format!("{ORDERS}/{}", id(record)))
        .cookie(cookie)
        .send()
        .expect(200)
        .json()
}

/// What the registry makes of a broadcaster in the area at this moment.
fn verdict(app: &TestApp, cookie: &str) -> Value {
    let ask = json!({"center_hz": 97_450_000, "bandwidth_hz": 180_000, "latitude": 30.5, "longitude": 114.3});
    let reply = app.post("/api/v1/registry/check").cookie(cookie).json(&ask).send();
    reply.expect(200).json()["verdict"].clone()
}

/// Proposed by the civil officer and approved by the coordinator.
fn approved(app: &TestApp, [civil, coordinator]: [&str; 2], order: &Value) -> Value {
    let draft = create(app, civil, order).expect(201).json();
    let proposed = step(app, civil, &draft, "propose", "").expect(200).json();
    step(app, coordinator, &proposed, "approve", "").expect(200).json()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story told in order")]
fn an_order_takes_two_persons_and_binds_until_it_is_lifted() {
    let app = TestApp::start();
    let civil = app.as_role(Role::CivilOfficer);
    let coordinator = app.as_role(Role::Coordinator);
    let viewer = app.as_role(Role::Viewer);
    let auditor = app.as_role(Role::Auditor);
    let before = verdict(&app, &viewer);
    assert_ne!(before["kind"], "control_order", "{before}");

    let asked = order("示范管令〔2026〕3号");
    let post = || {
        app.post(ORDERS)
            .cookie(&civil)
            .header("idempotency-key", "once")
            .json(&asked)
            .send()
    };
    let draft = post().expect(201);
    assert_eq!(draft.header("etag"), "\"1\"");
    let draft = draft.json();
    assert_eq!(post().expect(201).json(), draft, "sent twice, drafted once");
    assert_eq!(
        (&draft["state"], &draft["title"]["en"]),
        (&json!("draft"), &json!("赛事管制")),
        "{draft}"
    );
    let path = format!("{ORDERS}/{}", id(&draft));
    app.get(&path).cookie(&viewer).send().expect(404);

    let put = |etag: &str, body: &Value| {
        let call = app.call("PUT", &path).cookie(&civil).json(body);
        if etag.is_empty() {
            call.send()
        } else {
            call.header("if-match", etag).send()
        }
    };
    let longer = with(
        asked.clone(),
        &json!({"hours": "00:00-24:00", "exempt": ["应急管理局"]}),
    );
    put("", &longer).expect(428);
    put("\"7\"", &longer).expect(412);
    let edited = put("\"1\"", &longer).expect(200).json();
    assert_eq!(
        (&edited["version"], &edited["hours"]),
        (&json!(2), &json!("00:00-24:00 +08:00")),
        "{edited}"
    );

    let proposed = step(&app, &civil, &edited, "propose", "").expect(200).json();
    assert_eq!(proposed["state"], "proposed");
    put("\"3\"", &asked).expect(409);
    let own = step(&app, &civil, &proposed, "approve", "").expect(403).json();
    assert!(own["detail"].as_str().expect("text").contains("second person"), "{own}");
    let chinese = app
        .post(&format!("{path}/transitions"))
        .cookie(&civil)
        .header("accept-language", "zh-CN")
        .header("if-match", "\"3\"")
        .json(&json!({"step": "approve"}))
        .send()
        .expect(403)
        .json();
    assert!(
        chinese["detail"]
            .as_str()
            .expect("text")
            .starts_with("管制令须由第二人审批"),
        "{chinese}"
    );
    let offered = |cookie: &str| {
        let record = read(&app, cookie, &proposed);
        let offers = record["available"].as_array().expect("offers").clone();
        let approve = offers.into_iter().find(|offer| offer["step"] == "approve");
        approve.expect("offered")["refusal"].clone()
    };
    assert!(offered(&civil)["zh"].is_string());
    assert_eq!(offered(&coordinator), Value::Null);
    app.get(&path).cookie(&viewer).send().expect(404);
    assert_eq!(
        verdict(&app, &viewer)["kind"],
        before["kind"],
        "nothing is in force yet"
    );

    step(&app, &coordinator, &edited, "approve", "").expect(412);
    let approved = step(&app, &coordinator, &proposed, "approve", "").expect(200).json();
    assert_eq!(
        (&approved["state"], &approved["version"]),
        (&json!("in_force"), &json!(4)),
        "{approved}"
    );
    let steps: Vec<&str> = approved["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|entry| entry["step"].as_str().expect("step"))
        .collect();
    assert_eq!(steps, ["draft", "edit", "propose", "approve"]);
    let now = verdict(&app, &viewer);
    assert_eq!(
        (&now["kind"], &now["control_order"]),
        (&json!("control_order"), &json!("示范管令〔2026〕3号")),
        "{now}"
    );

    let public = read(&app, &viewer, &approved);
    assert_eq!(
        (&public["state"], &public["exempt"]),
        (&json!("in_force"), &json!(["应急管理局"]))
    );
    assert_eq!(
        (&public["steps"], &public["available"]),
        (&json!([]), &json!([])),
        "{public}"
    );

    step(&app, &civil, &approved, "lift", " ").expect(422);
    step(&app, &civil, &approved, "withdraw", "why").expect(409);
    let lifted = step(&app, &civil, &approved, "lift", "赛事提前结束").expect(200).json();
    assert_eq!(
        (&lifted["state"], &lifted["steps"][4]["reason"]),
        (&json!("lifted"), &json!("赛事提前结束"))
    );
    assert_eq!(verdict(&app, &viewer)["kind"], before["kind"], "lifted at once");
    step(&app, &coordinator, &lifted, "approve", "").expect(409);

    let audit = app
        .get("/api/v1/audit?action=control_order")
        .cookie(&auditor)
        .send()
        .expect(200)
        .json();
    let noted: Vec<(String, bool)> = audit["items"]
        .as_array()
        .expect("items")
        .iter()
        .rev()
        .map(|entry| {
            let after = entry["version_after"].as_str().expect("state");
            (after.to_owned(), entry["accepted"].as_bool().expect("flag"))
        })
        .collect();
    let expected = [
        ("draft", true),
        ("draft", true),
        ("proposed", true),
        ("proposed", false),
        ("proposed", false),
        ("approved", true),
        ("lifted", true),
    ];
    let expected = expected.map(|(state, accepted)| (state.to_owned(), accepted));
    assert_eq!(noted, expected, "{audit}");
}

#[test]
fn an_order_that_makes_no_sense_says_what_to_write() {
    let app = TestApp::start();
    let civil = app.as_role(Role::CivilOfficer);
    let now = jiff::Timestamp::now();
    for (field, change) in [
        ("number", json!({"number": "12"})),
        ("title", json!({"title": {"zh": " ", "en": ""}})),
        ("issuer", json!({"issuer": ""})),
        ("high_hz", json!({"high_hz": 1_000})),
        ("high_hz", json!({"low_hz": 108_000_000})),
        (
            "area",
            json!({"area": {"circle": {"latitude": 130.5, "longitude": 114.3, "radius_km": 5.0}}}),
        ),
        ("area", json!({"area": {"shape": {"polygon": [[30.0, 114.0]]}}})),
        ("to", json!({"to": "2001-01-01T00:00:00Z"})),
        ("to", json!({"to": now + jiff::SignedDuration::from_hours(24 * 800)})),
        ("hours", json!({"hours": "whenever"})),
        ("effect", json!({"effect": {"kind": "limit"}})),
        ("exempt", json!({"exempt": [""]})),
        ("releasability", json!({"classification": "机密"})),
        ("releasability", json!({"releasability": ["everybody"]})),
    ] {
        let refused = create(&app, &civil, &with(order("示范管令〔2026〕3号"), &change))
            .expect(422)
            .json();
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    create(&app, &civil, &json!({})).expect(422);
    let draft = create(&app, &civil, &order("示范管令〔2026〕3号")).expect(201).json();
    step(&app, &civil, &draft, "edit", "").expect(422);
    step(&app, &civil, &json!({"id": "nothing", "version": 1}), "propose", "").expect(404);
    let list = app
        .get(&format!("{ORDERS}?limit=5"))
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
}

#[test]
fn orders_are_listed_by_state_band_and_time() {
    let app = TestApp::start();
    let civil = app.as_role(Role::CivilOfficer);
    let coordinator = app.as_role(Role::Coordinator);
    let now = jiff::Timestamp::now();
    let hours = jiff::SignedDuration::from_hours;
    approved(&app, [&civil, &coordinator], &order("ORDER-FM"));
    let later = json!({"from": now + hours(2), "to": now + hours(4), "low_hz": 400_000_000, "high_hz": 470_000_000});
    approved(&app, [&civil, &coordinator], &with(order("ORDER-LATER"), &later));
    let never = json!({"hours": "00:00-00:01 +08:00; 00:01-00:02 +08:00"});
    approved(&app, [&civil, &coordinator], &with(order("ORDER-NIGHT"), &never));
    create(&app, &civil, &order("ORDER-DRAFT")).expect(201);
    let list = |query: &str| -> Vec<String> {
        let reply = app
            .get(&format!("{ORDERS}?{query}"))
            .cookie(&civil)
            .send()
            .expect(200)
            .json();
        let items = reply["items"].as_array().expect("items").iter();
        let mut numbers: Vec<String> = items
            .map(|item| item["number"].as_str().expect("number").to_owned())
            .collect();
        numbers.sort();
        numbers
    };
    assert_eq!(list(""), ["ORDER-DRAFT", "ORDER-FM", "ORDER-LATER", "ORDER-NIGHT"]);
    assert_eq!(list("state=draft"), ["ORDER-DRAFT"]);
    assert_eq!(list("state=pending"), ["ORDER-LATER"]);
    assert_eq!(list("state=in_force"), ["ORDER-FM", "ORDER-NIGHT"]);
    assert_eq!(list("state=lifted"), [""; 0]);
    assert_eq!(list("low_hz=450000000&high_hz=451000000"), ["ORDER-LATER"]);
    // Noon in China: the order of the night is not in force.
    let noon = now.to_zoned(jiff::tz::TimeZone::UTC).date().at(4, 0, 0, 0);
    let noon = noon.to_zoned(jiff::tz::TimeZone::UTC).expect("a time").timestamp();
    assert!(!list(&format!("in_force_at={noon}")).contains(&"ORDER-NIGHT".to_owned()));
    assert_eq!(list(&format!("in_force_at={}", now + hours(3))), ["ORDER-LATER"]);
    assert_eq!(
        list(&format!("in_force_at={}", now - hours(2))),
        [""; 0],
        "not before its approval"
    );
    let first = app
        .get(&format!("{ORDERS}?limit=3"))
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    let cursor = first["next_cursor"].as_str().expect("more");
    assert_eq!(list(&format!("limit=3&cursor={cursor}")).len(), 1);
    app.get(&format!("{ORDERS}?state=active"))
        .cookie(&civil)
        .send()
        .expect(400);
}

#[test]
fn a_classified_order_binds_and_names_itself_to_those_it_is_released_to_alone() {
    let app = TestApp::start();
    let military = app.as_role(Role::MilitaryOfficer);
    let coordinator = app.as_role(Role::Coordinator);
    let civil = app.as_role(Role::CivilOfficer);
    let viewer = app.as_role(Role::Viewer);
    let before = verdict(&app, &civil);
    let secret = with(
        order("军管令-2026-77"),
        &json!({"classification": "机密", "title": {"zh": "演习管制", "en": "Exercise"}, "area": null}),
    );
    let draft = create(&app, &military, &secret).expect(201).json();
    let proposed = step(&app, &military, &draft, "propose", "").expect(200).json();
    let path = format!("{ORDERS}/{}", id(&draft));
    app.get(&path).cookie(&civil).send().expect(404);
    step(&app, &civil, &proposed, "approve", "").expect(404);
    let approved = step(&app, &coordinator, &proposed, "approve", "").expect(200).json();
    for cookie in [&civil, &viewer] {
        app.get(&path).cookie(cookie).send().expect(404);
        let list = app.get(ORDERS).cookie(cookie).send().expect(200).text();
        assert!(!list.contains("77"), "{list}");
        assert_eq!(verdict(&app, cookie), before, "as if it were not there");
    }
    assert_eq!(verdict(&app, &military)["control_order"], "军管令-2026-77");

    // What is on the air is judged by all orders; the reason stays with those who may know it. The emission of the test
    // ended three seconds ago, and nobody was bound before the approval.
    std::thread::sleep(std::time::Duration::from_secs(4));
    app.observe(pinpu::capture::ObservationContent::Status(crate::app::status()));
    app.detect(pinpu::detect::DetectEvent::Opened(crate::app::pirate(1)));
    let known = app.wait_for_items(&military, "/api/v1/conflicts", 1);
    assert!(
        known[0]["explanation"]["zh"]
            .as_str()
            .expect("text")
            .contains("军管令-2026-77"),
        "{known:?}"
    );
    let told = app.get("/api/v1/conflicts").cookie(&civil).send().expect(200).json();
    assert_eq!(told["items"], json!([]), "where the order holds, nothing is told");
    let emissions = app.wait_for_items(&civil, "/api/v1/emissions", 1);
    let told = serde_json::to_string(&emissions).expect("text");
    assert!(!told.contains("军管令") && !told.contains("演习管制"), "{told}");
    assert!(
        told.contains("inconclusive") && !told.contains("control_order"),
        "{told}"
    );
    // Lifted: the old texts still name it, and stay withheld.
    step(&app, &military, &approved, "lift", "演习结束").expect(200);
    let told = app.get("/api/v1/conflicts").cookie(&civil).send().expect(200).text();
    assert!(!told.contains("军管令") && !told.contains("演习管制"), "{told}");

    let released = with(
        order("军管令-2026-78"),
        &json!({"classification": "机密", "releasability": ["civil_officer"]}),
    );
    let draft = create(&app, &military, &released).expect(201).json();
    app.get(&format!("{ORDERS}/{}", id(&draft)))
        .cookie(&civil)
        .send()
        .expect(404);
    let proposed = step(&app, &military, &draft, "propose", "").expect(200).json();
    let approved = step(&app, &civil, &proposed, "approve", "").expect(200).json();
    assert_eq!(verdict(&app, &civil)["control_order"], "军管令-2026-78");
    assert_eq!(verdict(&app, &viewer), before);
    app.get(&format!("{ORDERS}/{}", id(&approved)))
        .cookie(&viewer)
        .send()
        .expect(404);
}

#[test]
fn an_exemption_names_no_record_the_reader_may_not_know() {
    let app = TestApp::start();
    let coordinator = app.as_role(Role::Coordinator);
    let military = app.as_role(Role::MilitaryOfficer);
    let viewer = app.as_role(Role::Viewer);
    let civil = app.as_role(Role::CivilOfficer);
    let secret = json!({"classification": "S"}).to_string().replace('"', "\"\"");
    let csv = format!(
        "id,holder,station,freq,bandwidth,extensions\nHIDDEN-7,某部,secret,97.45M,256k,\"{{\"\"details\"\":{secret}}}\"\n"
    );
    app.post("/api/v1/registry/imports?kind=assignments")
        .cookie(&coordinator)
        .bytes("text/csv", csv.into_bytes())
        .send()
        .expect(200);
    let exempt = json!({"exempt": ["HIDDEN-7", "某部", "应急管理局"]});
    let draft = create(&app, &coordinator, &with(order("ORDER-1"), &exempt))
        .expect(201)
        .json();
    let proposed = step(&app, &coordinator, &draft, "propose", "").expect(200).json();
    step(&app, &military, &proposed, "approve", "").expect(200);
    assert_eq!(read(&app, &military, &draft)["exempt"], exempt["exempt"]);
    for cookie in [&viewer, &civil] {
        assert_eq!(read(&app, cookie, &draft)["exempt"], json!(["应急管理局"]));
    }

    // A draft the coordinator has added to keeps what its author cannot see when the author writes it anew.
    let own = create(&app, &civil, &order("ORDER-2")).expect(201).json();
    let path = format!("{ORDERS}/{}", id(&own));
    let put = |cookie: &str, etag: &str, body: &Value| {
        let call = app.call("PUT", &path).cookie(cookie).header("if-match", etag);
        call.json(body).send().expect(200).json()
    };
    put(&coordinator, "\"1\"", &with(order("ORDER-2"), &exempt));
    let shown = put(&civil, "\"2\"", &with(order("ORDER-2"), &json!({"exempt": ["气象局"]})));
    assert_eq!(shown["exempt"], json!(["气象局"]));
    let whole = read(&app, &coordinator, &own);
    assert_eq!(whole["exempt"], json!(["气象局", "HIDDEN-7", "某部"]), "{whole}");
}
