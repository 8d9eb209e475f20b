//! Major events over HTTP: who knows of one, its plan as rows and as a file, its check, and requests that name it.

#![expect(clippy::too_many_lines, reason = "a case is one story told in order")]

mod gate;
mod words;

use jiff::{SignedDuration, Timestamp, tz::Offset};
use pinpu::service::auth::Role;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp};

const EVENTS: &str = "/api/v1/events";

/// Today in China, as a date.
fn today() -> String {
    Offset::constant(8).to_datetime(Timestamp::now()).date().to_string()
}

fn content() -> Value {
    json!({
        "name": {"zh": "国际论坛", "en": "Forum"}, "about": "年度论坛",
        "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 10.0}},
        "days": [{"date": today(), "opens_min": 0, "closes_min": 1440}], "participants": ["military"],
    })
}

fn channel(name: &str, center_hz: i64) -> Value {
    json!({
        "channel": name, "center_hz": center_hz, "bandwidth_hz": 200_000, "designator": "180KF3E", "user": "会务组",
        "power": {"dbw": 10.0, "kind": "erp"}, "key": true,
    })
}

/// A whole service with an event that the civil office leads.
struct Case {
    app: TestApp,
    civil: String,
    military: String,
    coordinator: String,
    id: String,
}

impl Case {
    fn start() -> Self {
        let app = TestApp::start();
        let civil = app.as_role(Role::CivilOfficer);
        let military = app.as_role(Role::MilitaryOfficer);
        let coordinator = app.as_role(Role::Coordinator);
        let body = json!({"content": content()});
        let made = app.post(EVENTS).cookie(&civil).json(&body).send().expect(201).json();
        let id = made["id"].as_str().expect("id").to_owned();
        Self {
            app,
            civil,
            military,
            coordinator,
            id,
        }
    }

    fn announced() -> Self {
        let case = Self::start();
        case.take(&case.civil, "announce").expect(200);
        case
    }

    fn path(&self, rest: &str) -> String {
        format!("{EVENTS}/{}{rest}", self.id)
    }

    fn get(&self, cookie: &str, rest: &str) -> Reply {
        self.app.get(&self.path(rest)).cookie(cookie).send()
    }

    fn post(&self, cookie: &str, rest: &str, body: &Value) -> Reply {
        self.app.post(&self.path(rest)).cookie(cookie).json(body).send()
    }

    fn take(&self, cookie: &str, step: &str) -> Reply {
        let version = self.get(&self.civil, "").expect(200).json()["version"].clone();
        let call = self.app.post(&self.path("/transitions")).cookie(cookie);
        call.header("if-match", &format!("\"{version}\""))
            .json(&json!({"step": step, "reason": "说明"}))
            .send()
    }

    fn row(&self, cookie: &str, content: &Value) -> Value {
        self.post(cookie, "/plan", &json!({"content": content}))
            .expect(201)
            .json()
    }

    fn rows(&self, cookie: &str) -> Vec<String> {
        let list = self.get(cookie, "/plan").expect(200).json();
        let items = list["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|row| row["content"]["channel"].as_str().expect("name").to_owned())
            .collect()
    }

    fn import(&self, cookie: &str, text: &str, dry_run: bool) -> Value {
        let body = json!({"name": "plan.csv", "text": text, "dry_run": dry_run});
        self.post(cookie, "/plan/imports", &body).expect(200).json()
    }

    fn test(&self, device: &Value, body: &Value) -> Reply {
        let path = self.path(&format!("/devices/{}/tests", device["id"].as_str().expect("id")));
        let call = self.app.post(&path).cookie(&self.civil);
        call.header("if-match", &format!("\"{}\"", device["version"]))
            .json(body)
            .send()
    }
}

#[test]
fn an_event_is_known_to_those_who_take_part_and_moved_by_its_lead_office() {
    let case = Case::start();
    let outsider = case.app.as_role(Role::Auditor);
    let listed = |cookie: &str| {
        let list = case.app.get(EVENTS).cookie(cookie).send().expect(200).json();
        list["items"].as_array().expect("items").len()
    };
    // A draft is its own office's, and those' who run the joint office or watch over all.
    assert_eq!(
        [&case.civil, &case.coordinator, &outsider].map(|cookie| listed(cookie)),
        [1, 1, 1]
    );
    assert_eq!(listed(&case.military), 0);
    case.get(&case.military, "").expect(404);
    case.get(&case.military, "/plan").expect(404);
    case.get(&case.military, "/watch").expect(404);

    let event = case.get(&case.civil, "").expect(200);
    assert_eq!(event.header("etag"), "\"1\"");
    let event = event.json();
    assert!(
        event["number"].as_str().expect("number").starts_with("E-CIVIL-"),
        "{event}"
    );
    assert_eq!((&event["state"], &event["lead"]), (&json!("draft"), &json!("civil")));
    case.take(&case.civil, "start").expect(409);
    case.take(&case.civil, "announce").expect(200);
    assert_eq!(listed(&case.military), 1);
    case.take(&case.military, "start").expect(403);
    case.take(&case.military, "note").expect(200);
    let put = |cookie: &str, etag: &str| {
        let call = case.app.call("PUT", &case.path("")).cookie(cookie);
        let mut changed = content();
        changed["participants"] = json!([]);
        call.header("if-match", etag).json(&json!({"content": changed})).send()
    };
    put(&case.civil, "\"1\"").expect(412);
    put(&case.military, "\"3\"").expect(403);
    put(&case.civil, "\"3\"").expect(200);
    assert_eq!(listed(&case.military), 0, "it takes part no more");
    case.take(&case.coordinator, "start").expect(200);
    case.take(&case.civil, "close").expect(200);
    case.post(&case.civil, "/plan", &json!({"content": channel("K1", 97_450_000)}))
        .expect(409);
    let entries = case.get(&case.civil, "").expect(200).json()["entries"].clone();
    let steps: Vec<&str> = entries
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["step"].as_str().expect("step"))
        .collect();
    assert_eq!(steps, ["create", "announce", "note", "edit", "start", "close"]);
    // What was refused is in the log too.
    let log = case
        .app
        .get("/api/v1/audit?action=event")
        .cookie(&outsider)
        .send()
        .expect(200)
        .json();
    assert!(log.to_string().contains("false"), "{log}");
}

#[test]
fn what_makes_no_sense_is_refused_by_field() {
    let case = Case::start();
    let refused = |change: fn(&mut Value), field: &str| {
        let mut content = content();
        change(&mut content);
        let body = json!({"content": content});
        let problem = case
            .app
            .post(EVENTS)
            .cookie(&case.civil)
            .json(&body)
            .send()
            .expect(422)
            .json();
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    };
    refused(|content| content["participants"] = json!(["nobody"]), "participants");
    refused(|content| content["days"] = json!([]), "days");
    refused(|content| content["name"] = json!({"zh": "", "en": ""}), "name");
    let mut row = channel("K1", 97_450_000);
    row["designator"] = json!("400KF3E");
    let problem = case
        .post(&case.civil, "/plan", &json!({"content": row}))
        .expect(422)
        .json();
    assert_eq!(problem["errors"][0]["field"], "designator", "{problem}");
}

#[test]
fn a_plan_goes_in_and_out_as_a_file_all_of_it_or_nothing() {
    let case = Case::announced();
    let bad = "信道,频率(MHz),带宽(kHz),发射标识,使用单位,功率(dBW)\nK1,97.45,200,180KF3E,会务组,10\nK2,x,200,180KF3E,会务组,10\n";
    let told = case.import(&case.civil, bad, false);
    assert_eq!(
        (&told["applied"], &told["errors"][0]["row"]),
        (&json!(false), &json!(3)),
        "{told}"
    );
    assert_eq!(told["errors"][0]["field"], "freq");
    assert!(case.rows(&case.civil).is_empty(), "nothing of it");
    let good = bad.replace("K2,x,", "K2,97.85,");
    let tried = case.import(&case.civil, &good, true);
    assert_eq!((&tried["added"], &tried["applied"]), (&json!(2), &json!(false)));
    assert!(case.rows(&case.civil).is_empty(), "a trial stores nothing");
    assert_eq!(case.import(&case.civil, &good, false)["applied"], true);
    assert_eq!(case.rows(&case.civil), ["K1", "K2"]);

    // Out in both languages, and in again without a change.
    for (lang, header) in [("zh", "信道,"), ("en", "channel,")] {
        let file = case.get(&case.civil, &format!("/plan/file?lang={lang}")).expect(200);
        assert!(file.header("content-disposition").contains(".csv"));
        let text = file.text();
        assert!(text.trim_start_matches('\u{feff}').starts_with(header), "{text}");
        let again = case.import(&case.civil, &text, false);
        assert_eq!(
            (&again["unchanged"], &again["updated"]),
            (&json!(2), &json!(0)),
            "{again}"
        );
    }
    // Another office that takes part adds its own, and changes none of others.
    let theirs = case.import(&case.military, &good.replace("会务组,10", "警卫组,10"), false);
    assert_eq!(theirs["applied"], false, "{theirs}");
    assert_eq!(theirs["errors"].as_array().map(Vec::len), Some(2));
    case.row(&case.military, &channel("M1", 98_450_000));
    assert_eq!(case.rows(&case.civil), ["K1", "K2", "M1"]);
    case.post(&case.civil, "/plan", &json!({"content": channel("M1", 98_650_000)}))
        .expect(422);

    let rows = case.get(&case.civil, "/plan").expect(200).json()["items"].clone();
    let path = case.path(&format!("/plan/{}", rows[0]["id"].as_str().expect("id")));
    let delete = |cookie: &str, etag: &str| {
        case.app
            .call("DELETE", &path)
            .cookie(cookie)
            .header("if-match", etag)
            .send()
    };
    delete(&case.military, "\"1\"").expect(403);
    delete(&case.civil, "\"7\"").expect(412);
    delete(&case.civil, "\"1\"").expect(204);
    assert_eq!(case.rows(&case.civil), ["K2", "M1"]);
}

#[test]
fn a_classified_row_is_for_its_own_and_those_who_may_know() {
    let case = Case::announced();
    let mut secret = channel("M1", 97_450_000);
    (secret["classification"], secret["user"]) = (json!("秘密"), json!("警卫某部"));
    let row = case.row(&case.military, &secret);
    let mut released = channel("M2", 97_850_000);
    released["classification"] = json!("秘密");
    released["releasability"] = json!(["civil_officer"]);
    case.row(&case.military, &released);
    assert_eq!(case.rows(&case.military), ["M1", "M2"]);
    assert_eq!(case.rows(&case.coordinator), ["M1", "M2"]);
    assert_eq!(case.rows(&case.civil), ["M2"], "the lead office neither");
    let id = row["id"].as_str().expect("id");
    let put = case
        .app
        .call("PUT", &case.path(&format!("/plan/{id}")))
        .cookie(&case.civil);
    put.header("if-match", "\"1\"")
        .json(&json!({"content": channel("M1", 97_450_000)}))
        .send()
        .expect(404);
    // Its name is free for others, its channel on no list, and the file, the check and the reports know nothing of it.
    let own = case.row(&case.civil, &channel("M1", 97_450_000));
    assert_ne!(own["id"], row["id"]);
    for rest in ["/plan/file", "/plan/findings", "/watch", &format!("/days/{}", today())] {
        let text = case.get(&case.civil, rest).expect(200).text();
        assert!(!text.contains(id) && !text.contains("警卫某部"), "{rest}: {text}");
    }
}

#[test]
fn a_plan_is_checked_as_requests_are() {
    let case = Case::announced();
    case.row(&case.civil, &channel("K1", 97_450_000));
    let mut other = channel("K2", 97_500_000);
    other["user"] = json!("转播公司");
    case.row(&case.civil, &other);
    case.row(&case.civil, &channel("K3", 98_850_000));
    let found = case.get(&case.civil, "/plan/findings?limit=2").expect(200).json();
    let items = found["items"].as_array().expect("items");
    assert_eq!(items.len(), 2);
    assert_eq!(
        (&items[0]["clashes"], &items[1]["clashes"]),
        (&json!(["K2"]), &json!(["K1"]))
    );
    assert!(
        items[0]["analysis"]["findings"]
            .as_array()
            .is_some_and(|list| !list.is_empty()),
        "{found}"
    );
    let rest = found["next_cursor"].as_str().expect("more");
    let rest = case.get(&case.civil, &format!("/plan/findings?limit=2&cursor={rest}"));
    assert_eq!(rest.expect(200).json()["items"][0]["clashes"], json!([]));
}

#[test]
fn a_request_may_name_an_event_in_which_its_organisation_takes_part() {
    let case = Case::announced();
    let proposal = json!({
        "title": "转播", "kind": "event", "priority": "routine", "from_office": "甲", "to_office": "乙", "user": "电视台",
        "purpose": "论坛转播", "asked": {"bands": [{"low_hz": 97_350_000, "high_hz": 97_550_000}]}, "designator": "100KF8E",
        "service": null, "power": {"dbw": 10.0, "kind": "erp"}, "antenna_height_m": null,
        "place": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 0.0}},
        "time": {"from": Timestamp::now(), "to": Timestamp::now() + SignedDuration::from_hours(48)},
    });
    let requests = "/api/v1/coordination/requests";
    let write = |event: Option<&str>| {
        let body = json!({"proposal": proposal, "event": event});
        case.app.post(requests).cookie(&case.civil).json(&body).send()
    };
    let problem = write(Some("nothing")).expect(422).json();
    assert_eq!(problem["errors"][0]["field"], "event", "{problem}");
    let send = |event: Option<&str>| {
        let draft = write(event).expect(201).json();
        let id = draft["id"].as_str().expect("id").to_owned();
        let call = case
            .app
            .post(&format!("{requests}/{id}/transitions"))
            .cookie(&case.civil);
        let call = call.header("if-match", &format!("\"{}\"", draft["version"]));
        call.json(&json!({"step": "submit"})).send().expect(200).json()
    };
    let hours = |request: &Value| {
        let time = |value: &Value| value.as_str().expect("a time").parse::<Timestamp>().expect("a time");
        time(&request["due"]["at"])
            .duration_since(time(&request["submitted_at"]))
            .as_hours()
    };
    let named = send(Some(&case.id));
    assert_eq!(named["event"], json!(case.id));
    assert_eq!((hours(&named), hours(&send(None))), (12, 48), "sooner by policy");
    let listed = case
        .app
        .get(&format!("{requests}?event={}", case.id))
        .cookie(&case.military);
    let listed = listed.send().expect(200).json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
    let day = case.get(&case.civil, &format!("/days/{}", today())).expect(200).json();
    assert_eq!(day["requests"]["pending"], 1, "{day}");
    case.take(&case.civil, "cancel").expect(200);
    let late = write(Some(&case.id)).expect(422).json();
    assert_eq!(late["errors"][0]["field"], "event", "{late}");
}
