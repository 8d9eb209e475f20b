//! Interference reports over HTTP: a complaint from the telephone call to the reply letter, and what the other side learns.

use pinpu::{detect::DetectEvent, registry::demo, service::auth::Role};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, pirate};

const REPORTS: &str = "/api/v1/interference-reports";

fn ago(hours: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)
}

fn complaint(assignment: Option<&str>) -> Value {
    json!({
        "complainant": "示范机场", "contact": "李工 027-0000", "assignment": assignment,
        "low_hz": 118_000_000, "high_hz": 118_025_000,
        "place": {"latitude": 30.5, "longitude": 114.3, "radius_km": 0.0}, "address": "塔台",
        "began": ago(2), "ended": null, "symptoms": "通话中夹杂广播声", "channel": "telephone",
    })
}

fn file(app: &TestApp, cookie: &str, complaint: &Value) -> Reply {
    let body = json!({"complaint": complaint, "grade": "second", "level": "district"});
    app.post(REPORTS).cookie(cookie).json(&body).send()
}

fn path(report: &Value) -> String {
    format!("{REPORTS}/{}", report["id"].as_str().expect("id"))
}

fn take(app: &TestApp, cookie: &str, report: &Value, body: &Value) -> Reply {
    app.post(&format!("{}/transitions", path(report)))
        .cookie(cookie)
        .header("if-match", &format!("\"{}\"", report["version"]))
        .json(body)
        .send()
}

fn read(app: &TestApp, cookie: &str, report: &Value) -> Value {
    app.get(&path(report)).cookie(cookie).send().expect(200).json()
}

/// The steps that may be taken now.
fn offered(report: &Value) -> Vec<&str> {
    let steps = report["available"].as_array().expect("offers").iter();
    steps
        .filter(|offer| offer["refusal"].is_null())
        .map(|offer| offer["step"].as_str().expect("step"))
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story told in order")]
fn a_complaint_goes_from_the_telephone_to_the_reply() {
    let app = TestApp::start();
    let civil = app.as_role(Role::CivilOfficer);
    let auditor = app.as_role(Role::Auditor);
    let assignments = demo::assignments().ok;
    let own = assignments.first().expect("an assignment");
    let mut asked = complaint(Some(&own.id));
    asked["complainant"] = json!(own.holder);
    (asked["low_hz"], asked["high_hz"]) = (json!(own.band().low().0), json!(own.band().high().0));

    let wrong = file(&app, &civil, &complaint(Some("NO-SUCH"))).expect(422).json();
    assert_eq!(wrong["errors"][0]["field"], "assignment", "{wrong}");
    let post = || {
        let body = json!({"complaint": asked, "grade": "second", "level": "district"});
        let call = app.post(REPORTS).cookie(&civil).header("idempotency-key", "once");
        call.json(&body).send().expect(201)
    };
    let first = post();
    assert_eq!(first.header("etag"), "\"1\"");
    let report = first.json();
    assert_eq!(post().json(), report, "sent twice, taken in once");
    assert_eq!(report["licence"]["findings"], json!(["in_order"]), "{report}");
    assert!(
        report["number"].as_str().expect("number").ends_with("-0001"),
        "{report}"
    );
    assert!(
        report["paper_due"].is_string() && report["until"].is_string(),
        "{report}"
    );
    assert!(
        offered(&report).contains(&"confirm") && !offered(&report).contains(&"close"),
        "{report}"
    );

    asked["symptoms"] = json!("通话中断");
    let put = |etag: &str| {
        let call = app
            .call("PUT", &path(&report))
            .cookie(&civil)
            .json(&json!({"complaint": asked}));
        if etag.is_empty() {
            call.send()
        } else {
            call.header("if-match", etag).send()
        }
    };
    put("").expect(428);
    put("\"9\"").expect(412);
    let report = put("\"1\"").expect(200).json();
    let wordless = take(&app, &civil, &report, &json!({"step": "reject"}))
        .expect(422)
        .json();
    assert_eq!(wordless["errors"][0]["field"], "reason", "{wordless}");
    let report = take(&app, &civil, &report, &json!({"step": "confirm"}))
        .expect(200)
        .json();
    put(&format!("\"{}\"", report["version"])).expect(409);
    let handed = json!({"step": "hand_over", "level": "city", "reason": "区县无测向设备"});
    let report = take(&app, &civil, &report, &handed).expect(200).json();
    assert_eq!(report["level"], "city");
    let entry = report["entries"]
        .as_array()
        .expect("entries")
        .last()
        .expect("one")
        .clone();
    assert_eq!(entry["levels"], json!(["district", "city"]), "{entry}");

    app.detect(DetectEvent::Opened(pirate(1)));
    let conflict = app.wait_for_items(&civil, "/api/v1/conflicts", 1)[0].clone();
    let emission = app.wait_for_items(&civil, "/api/v1/emissions", 1)[0].clone();
    let link = |conflict: &Value| {
        let evidence = json!({"conflicts": [conflict], "emissions": [emission["id"]]});
        take(&app, &civil, &report, &json!({"step": "link", "evidence": evidence}))
    };
    let unknown = link(&json!("nothing")).expect(422).json();
    assert_eq!(unknown["errors"][0]["field"], "evidence", "{unknown}");
    let report = link(&conflict["id"]).expect(200).json();
    let id = conflict["id"].as_str().expect("id");
    let version = app
        .get(&format!("/api/v1/conflicts/{id}"))
        .cookie(&civil)
        .send()
        .expect(200);
    let attached = app
        .post(&format!("/api/v1/conflicts/{id}/attachments?name=spectrum.txt"))
        .cookie(&civil)
        .header("if-match", version.header("etag"))
        .bytes("text/plain", b"-80 dBm".to_vec())
        .send();
    attached.expect(201);
    let detail = read(&app, &auditor, &report);
    assert_eq!(
        (&detail["conflicts"][0]["id"], &detail["conflicts"][0]["files"]),
        (&conflict["id"], &json!(1)),
        "{detail}"
    );
    assert_eq!(detail["emissions"][0]["id"], emission["id"], "{detail}");
    assert_eq!(offered(&detail), Vec::<&str>::new(), "an auditor takes no step");

    let located = json!({"step": "locate", "reason": "屋顶发射机", "place": {"latitude": 30.51, "longitude": 114.31, "radius_km": 0.0}});
    let report = take(&app, &civil, &report, &located).expect(200).json();
    let report = take(&app, &civil, &report, &json!({"step": "act", "reason": "责令关闭"}))
        .expect(200)
        .json();
    let at_once = json!({"step": "verify", "receiver": crate::app::RECEIVER});
    let early = take(&app, &civil, &report, &at_once).expect(422).json();
    assert!(early["detail"].as_str().expect("text").contains("0 minutes"), "{early}");
    let word = json!({"step": "verify", "reason": "投诉人电话确认"});
    let report = take(&app, &civil, &report, &word).expect(200).json();
    assert_eq!(
        (&report["state"], &report["verified"]["basis"]),
        (&json!("verified_clear"), &json!("word"))
    );
    take(&app, &civil, &report, &json!({"step": "close"})).expect(409);
    let report = take(&app, &civil, &report, &json!({"step": "receive_paper"}))
        .expect(200)
        .json();
    let report = take(&app, &civil, &report, &json!({"step": "close", "reason": "请继续留意"}))
        .expect(200)
        .json();
    assert_eq!(
        (&report["state"], &report["due"]),
        (&json!("closed"), &Value::Null),
        "{report}"
    );

    let letter = |lang: &str| {
        let page = app
            .get(&format!("{}/letter?lang={lang}", path(&report)))
            .cookie(&auditor)
            .send()
            .expect(200);
        assert!(page.header("content-type").starts_with("text/html"));
        page.text()
    };
    for (lang, words) in [
        ("zh", ["答复函", "责令关闭", "投诉人电话确认"]),
        ("en", ["Reply to a complaint", "责令关闭", "grade 2"]),
    ] {
        let page = letter(lang);
        for word in words {
            assert!(page.contains(word), "{lang}: {word}");
        }
    }
    let document = app
        .get(&format!("{}/ssrf", path(&report)))
        .cookie(&auditor)
        .send()
        .expect(200);
    assert_eq!(document.header("content-type"), "application/xml");
    let xml = document.text();
    for part in ["<IntfReport", "spectrum.txt", "通话中断", "责令关闭"] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    let quarters = app
        .get("/api/v1/interference-quarters")
        .cookie(&auditor)
        .send()
        .expect(200)
        .json();
    assert_eq!(
        (&quarters["items"][0]["cleared"], &quarters["items"][0]["grade"]),
        (&json!(1), &json!("second")),
        "{quarters}"
    );
    let open = app
        .get(&format!("{REPORTS}?open=true"))
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    assert_eq!(open["items"], json!([]));
    let log = app
        .get("/api/v1/audit?action=interference_report")
        .cookie(&auditor)
        .send()
        .expect(200)
        .json();
    assert_eq!(log["items"].as_array().expect("items").len(), 10, "{log}");
    app.get(REPORTS).cookie(&app.as_role(Role::Viewer)).send().expect(403);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story told in order")]
fn the_other_side_learns_of_a_report_when_it_is_shared_and_never_of_a_classified_station() {
    let app = TestApp::start();
    let [civil, military, coordinator, auditor] = [
        Role::CivilOfficer,
        Role::MilitaryOfficer,
        Role::Coordinator,
        Role::Auditor,
    ]
    .map(|role| app.as_role(role));
    let csv = "id,holder,station,freq_mhz,bandwidth,valid_to,role,extensions\n\
               SECRET-1,某团,营区,118.0125,25k,,transmit,\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"\n";
    let import = app
        .post("/api/v1/registry/imports?kind=assignments")
        .cookie(&coordinator);
    import.bytes("text/csv", csv.as_bytes().to_vec()).send().expect(200);

    // To the civil side a classified station and none at all are the same.
    let words = |key: &str| {
        let refused = file(&app, &civil, &complaint(Some(key))).expect(422).json();
        refused["detail"].clone()
    };
    assert_eq!(words("SECRET-1"), words("NO-SUCH"));

    let mut asked = complaint(Some("SECRET-1"));
    (asked["complainant"], asked["symptoms"]) = (json!("某团"), json!("SECRET-1 收不到"));
    let report = file(&app, &military, &asked).expect(201).json();
    assert_eq!(report["licence"]["findings"], json!(["in_order"]), "{report}");
    app.get(&path(&report)).cookie(&civil).send().expect(404);
    for suffix in ["/letter", "/ssrf"] {
        app.get(&format!("{}{suffix}", path(&report)))
            .cookie(&civil)
            .send()
            .expect(404);
    }
    take(&app, &civil, &report, &json!({"step": "confirm"})).expect(404);
    assert_eq!(
        app.get(REPORTS).cookie(&civil).send().expect(200).json()["items"],
        json!([])
    );
    let figures = app
        .get("/api/v1/interference-quarters")
        .cookie(&civil)
        .send()
        .expect(200)
        .json();
    assert_eq!(figures["items"], json!([]));
    assert_eq!(read(&app, &coordinator, &report)["complaint"]["assignment"], "SECRET-1");

    // What the civil side writes itself stays as it wrote it, whatever it names: nothing to try names with.
    let mut guess = complaint(None);
    (guess["complainant"], guess["symptoms"]) = (json!("某团"), json!("SECRET-1?"));
    let own = file(&app, &civil, &guess).expect(201).json();
    for field in ["complainant", "symptoms", "contact", "address"] {
        assert_eq!(read(&app, &civil, &own)["complaint"][field], guess[field], "{field}");
    }

    let share = json!({"step": "share", "reason": "请协助查找民用发射源"});
    let report = take(&app, &military, &report, &share).expect(200).json();
    let shown = read(&app, &civil, &report);
    let told = shown.to_string();
    for secret in ["SECRET-1", "某团", "营区", "塔台", "李工"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
    assert_eq!(shown["complaint"]["low_hz"], 118_000_000, "what was shared is told");
    assert_eq!(offered(&shown), ["note"], "the other side speaks and does nothing else");
    take(&app, &civil, &report, &json!({"step": "confirm"})).expect(403);
    for suffix in ["/letter?lang=zh", "/ssrf"] {
        let page = app
            .get(&format!("{}{suffix}", path(&report)))
            .cookie(&civil)
            .send()
            .expect(200)
            .text();
        assert!(!page.contains("SECRET-1") && !page.contains("某团"), "{suffix}: {page}");
    }
    let report = take(&app, &civil, &report, &json!({"step": "note", "reason": "已派员"}))
        .expect(200)
        .json();
    let entries = read(&app, &military, &report)["entries"].clone();
    let last = entries.as_array().expect("entries").last().expect("one").clone();
    assert_eq!(
        (&last["office"], &last["text"]["zh"]),
        (&json!("civil"), &json!("已派员"))
    );
    assert_eq!(read(&app, &auditor, &report)["complaint"]["complainant"], "某团");
}

/// What is taken for an open station depends on the hidden ones beside it, so in their blocks nothing is told of that:
/// neither by what was measured of it, nor by what a receiver met after interference was ended.
#[test]
fn what_was_met_is_not_told_where_use_that_is_not_open_may_be() {
    let app = TestApp::start();
    let [civil, coordinator] = [Role::CivilOfficer, Role::Coordinator].map(|role| app.as_role(role));
    let csv = "id,holder,station,freq_mhz,bandwidth,valid_to,role,extensions\n\
               OPEN-1,Airport,Tower,118.1,25k,,transmit,\n\
               OPEN-2,Airport,Apron,150.1,25k,,transmit,\n\
               SECRET-1,某团,营区,118.0125,25k,,transmit,\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"\n";
    let import = app
        .post("/api/v1/registry/imports?kind=assignments")
        .cookie(&coordinator);
    import.bytes("text/csv", csv.as_bytes().to_vec()).send().expect(200);

    let measured = |cookie: &str, key: &str| {
        let path = format!("/api/v1/assignments/{key}/measured");
        app.get(&path).cookie(cookie).send()
    };
    let problem = measured(&civil, "OPEN-1").expect(403).json();
    assert_eq!(problem["type"], "urn:pinpu:problem:ask_other_side", "{problem}");
    measured(&civil, "OPEN-2").expect(200);
    measured(&coordinator, "OPEN-1").expect(200);

    let mut report = file(&app, &civil, &complaint(None)).expect(201).json();
    let place = json!({"latitude": 30.51, "longitude": 114.31, "radius_km": 0.0});
    for step in [
        json!({"step": "confirm"}),
        json!({"step": "locate", "reason": "屋顶发射机", "place": place}),
        json!({"step": "act", "reason": "责令关闭"}),
    ] {
        report = take(&app, &civil, &report, &step).expect(200).json();
    }
    let verify = json!({"step": "verify", "receiver": crate::app::RECEIVER});
    let refused = take(&app, &civil, &report, &verify).expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "receiver", "{refused}");
    let early = take(&app, &coordinator, &report, &verify).expect(422).json();
    assert!(early["detail"].as_str().expect("text").contains("0 minutes"), "{early}");
    let word = json!({"step": "verify", "reason": "投诉人电话确认"});
    take(&app, &civil, &report, &word).expect(200);
}
