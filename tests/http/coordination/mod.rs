//! Requests between civil and military offices, from the draft to what is in force.

mod files;
mod observed;
mod outward;
mod reads;
mod sealed;

use pinpu::{
    detect::{DetectEvent, Emission},
    service::auth::Role,
    units::Hertz,
};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, pirate};

const REQUESTS: &str = "/api/v1/coordination/requests";

/// An instant so many days from now.
fn days(n: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * n)).to_string()
}

/// What is asked for: so many kilohertz at a frequency of the tests' receiver, for ten days from yesterday on.
fn proposal(center_hz: i64, width_hz: i64) -> Value {
    json!({
        "title": "运动会保障", "kind": "event", "priority": "routine",
        "from_office": "示范区无线电管理局", "to_office": "示范战区电磁频谱管理办公室",
        "user": "运动会组委会", "purpose": "现场指挥调度",
        "asked": {"bands": [{"low_hz": center_hz - width_hz / 2, "high_hz": center_hz + width_hz / 2}]},
        "designator": "100KF3E", "service": "BROADCASTING",
        "power": {"dbw": 10.0, "kind": "erp"}, "antenna_height_m": 20.0,
        "place": {"circle": {"latitude": 30.55, "longitude": 114.36, "radius_km": 50.0}},
        "time": {"from": days(-1), "to": days(9)}
    })
}

struct Case {
    app: TestApp,
    civil: String,
    military: String,
    coordinator: String,
}

impl Case {
    fn start() -> Self {
        let app = TestApp::start();
        let [civil, military, coordinator] =
            [Role::CivilOfficer, Role::MilitaryOfficer, Role::Coordinator].map(|role| app.as_role(role));
        Self {
            app,
            civil,
            military,
            coordinator,
        }
    }

    fn write(&self, cookie: &str, proposal: &Value) -> Value {
        let call = self.app.post(REQUESTS).cookie(cookie);
        call.json(&json!({"proposal": proposal})).send().expect(201).json()
    }

    fn read(&self, cookie: &str, id: &str) -> Value {
        let reply = self.app.get(&format!("{REQUESTS}/{id}")).cookie(cookie).send();
        reply.expect(200).json()
    }

    /// Takes a step on the request as it stands now.
    fn step(&self, cookie: &str, id: &str, body: &Value) -> Reply {
        let version = self
            .app
            .runtime
            .block_on(self.app.store.request(id))
            .expect("request")
            .version;
        let call = self.app.post(&format!("{REQUESTS}/{id}/transitions")).cookie(cookie);
        call.header("if-match", &format!("\"{version}\"")).json(body).send()
    }

    fn does(&self, cookie: &str, id: &str, step: &str) -> Value {
        self.step(cookie, id, &json!({"step": step})).expect(200).json()
    }

    /// A request of the civil side, agreed by the military one.
    fn agreed(&self, proposal: &Value) -> String {
        let id = self.write(&self.civil, proposal)["id"].as_str().expect("id").to_owned();
        self.does(&self.civil, &id, "submit");
        for step in ["receive", "start_review", "agree"] {
            self.does(&self.military, &id, step);
        }
        id
    }

    /// What the registry says of an emission of this width at this frequency now.
    fn verdict(&self, center_hz: i64, bandwidth_hz: i64) -> String {
        let asked =
            json!({"center_hz": center_hz, "bandwidth_hz": bandwidth_hz, "latitude": 30.55, "longitude": 114.36});
        let call = self.app.post("/api/v1/registry/check").cookie(&self.coordinator);
        let reply = call.json(&asked).send().expect(200).json();
        reply["verdict"]["kind"].as_str().expect("kind").to_owned()
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story told in order")]
fn a_request_goes_from_draft_to_in_force_and_changes_verdicts_while_it_is() {
    let case = Case::start();
    let (civil, military) = (&case.civil, &case.military);
    let draft = case.write(civil, &proposal(97_450_000, 200_000));
    let id = draft["id"].as_str().expect("id");
    assert_eq!((&draft["state"], &draft["side"]), (&json!("draft"), &json!("civil")));
    assert_eq!(draft["steps"][0]["step"], "submit", "{draft}");

    // Nobody but its own side sees a draft, or can tell that there is one.
    for other in [military, &case.coordinator] {
        case.app
            .get(&format!("{REQUESTS}/{id}"))
            .cookie(other)
            .send()
            .expect(404);
        case.step(other, id, &json!({"step": "receive"})).expect(404);
        let list = case.app.get(REQUESTS).cookie(other).send().expect(200).json();
        assert_eq!(list["items"], json!([]));
    }

    let submitted = case.does(civil, id, "submit");
    let year = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year();
    assert_eq!(submitted["number"], format!("C-{year}-0001"));
    assert_eq!(
        (&submitted["due"]["what"], &submitted["steps"][0]["step"]),
        (&json!("remind"), &json!("withdraw"))
    );
    assert_eq!(case.read(military, id)["number"], submitted["number"]);
    case.does(military, id, "receive");
    case.does(military, id, "start_review");
    case.step(civil, id, &json!({"step": "agree"})).expect(403);
    let asked = json!({"step": "request_information"});
    let refused = case.step(military, id, &asked).expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "reason", "{refused}");
    case.step(
        military,
        id,
        &json!({"step": "request_information", "reason": "天线方向图？"}),
    )
    .expect(200);
    case.step(civil, id, &json!({"step": "provide_information", "reason": "全向"}))
        .expect(200);
    case.step(
        military,
        id,
        &json!({"step": "agree_with_conditions", "conditions": "每日 8 时至 18 时"}),
    )
    .expect(200);
    case.step(military, id, &json!({"step": "agree"})).expect(409);

    let before = case.verdict(97_450_000, 90_000);
    assert_ne!(before, "licensed");
    let in_force = case.does(civil, id, "put_in_force");
    assert_eq!(in_force["state"], "in_force");
    assert_eq!(case.verdict(97_450_000, 90_000), "licensed", "at once");
    let key = format!("C-{year}-0001%2F1");
    let assignment = case.app.get(&format!("/api/v1/assignments/{key}")).cookie(civil).send();
    assert_eq!(
        assignment.expect(200).json()["valid_to"],
        in_force["decision"]["expires"]
    );

    case.step(military, id, &json!({"step": "suspend", "reason": "演习"}))
        .expect(200);
    assert_ne!(case.verdict(97_450_000, 90_000), "licensed", "suspended");
    case.does(military, id, "resume");
    assert_eq!(case.verdict(97_450_000, 90_000), "licensed");
    case.step(military, id, &json!({"step": "revoke", "reason": "任务变更"}))
        .expect(200);
    assert_ne!(case.verdict(97_450_000, 90_000), "licensed", "revoked");

    let thread = case.read(civil, id)["thread"].as_array().expect("thread").clone();
    let steps: Vec<&str> = thread.iter().filter_map(|entry| entry["step"].as_str()).collect();
    assert_eq!(
        steps,
        [
            "submit",
            "receive",
            "start_review",
            "request_information",
            "provide_information",
            "agree_with_conditions",
            "put_in_force",
            "suspend",
            "resume",
            "revoke"
        ]
    );
    assert_eq!(thread[6]["text"]["zh"], "每日 8 时至 18 时");
    assert!(
        thread
            .iter()
            .all(|entry| entry["time"].is_string() && entry["actor"].is_string())
    );
}

#[test]
fn a_draft_is_written_anew_by_its_own_side_and_never_by_two_at_once() {
    let case = Case::start();
    let draft = case.write(&case.civil, &proposal(97_450_000, 200_000));
    let path = format!("{REQUESTS}/{}", draft["id"].as_str().expect("id"));
    let put = |cookie: &str, tag: &str, body: &Value| {
        case.app
            .call("PUT", &path)
            .cookie(cookie)
            .header("if-match", tag)
            .json(body)
            .send()
    };
    let other = proposal(98_450_000, 200_000);
    put(&case.military, "\"1\"", &other).expect(404);
    let written = put(&case.civil, "\"1\"", &other).expect(200);
    assert_eq!(
        (written.header("etag"), &written.json()["proposal"]["asked"]),
        ("\"2\"", &other["asked"])
    );
    put(&case.civil, "\"1\"", &proposal(97_000_000, 100_000)).expect(412);
    case.app
        .call("PUT", &path)
        .cookie(&case.civil)
        .json(&other)
        .send()
        .expect(428);
    case.does(&case.civil, draft["id"].as_str().expect("id"), "submit");
    put(&case.civil, "\"3\"", &other).expect(409);

    // Sent twice under one key, written once.
    let twice: Vec<Value> = (0..2)
        .map(|_| {
            let call = case
                .app
                .post(REQUESTS)
                .cookie(&case.civil)
                .header("idempotency-key", "k1");
            call.json(&json!({"proposal": other})).send().expect(201).json()
        })
        .collect();
    assert_eq!(twice[0], twice[1]);
    let list = case.app.get(REQUESTS).cookie(&case.civil).send().expect(200).json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
}

#[test]
fn faults_are_told_field_by_field_in_the_readers_language() {
    let case = Case::start();
    let mut wrong = proposal(97_450_000, 200_000);
    wrong["designator"] = json!("11K0F3");
    wrong["title"] = json!("");
    for path in [REQUESTS, "/api/v1/coordination/check"] {
        let body = if path == REQUESTS {
            json!({"proposal": wrong})
        } else {
            wrong.clone()
        };
        let refused = |language: &str| {
            let call = case
                .app
                .post(path)
                .cookie(&case.civil)
                .header("accept-language", language);
            let reply = call.json(&body).send().expect(422).json();
            let errors = reply["errors"].as_array().expect("errors").clone();
            let fields: Vec<String> = errors
                .iter()
                .map(|error| error["field"].as_str().expect("field").to_owned())
                .collect();
            assert_eq!(fields, ["title", "designator"], "{reply}");
            errors[0]["reason"].as_str().expect("reason").to_owned()
        };
        assert!(refused("en").contains("write 1 to 200"));
        assert!(refused("zh-CN").contains("请填写"));
    }
    let list = case.app.get(REQUESTS).cookie(&case.civil).send().expect(200).json();
    assert_eq!(list["items"], json!([]), "nothing was kept");
}

#[test]
fn what_is_said_before_it_is_sent_stays_on_its_own_side() {
    let case = Case::start();
    let id = case.write(&case.civil, &proposal(97_450_000, 200_000))["id"]
        .as_str()
        .expect("id")
        .to_owned();
    let messages = format!("{REQUESTS}/{id}/messages");
    let say = |cookie: &str, text: &str| {
        case.app
            .post(&messages)
            .cookie(cookie)
            .json(&json!({"text": text}))
            .send()
    };
    say(&case.civil, "内部：功率可再降 3 dB").expect(201);
    say(&case.military, "在吗").expect(404);
    case.does(&case.civil, &id, "submit");
    say(&case.military, "请问使用时段").expect(201);
    say(&case.military, "  ").expect(422);
    let heard = |cookie: &str| {
        let list = case.app.get(&messages).cookie(cookie).send().expect(200).json();
        let items = list["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|item| item["text"]["zh"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(heard(&case.civil), ["内部：功率可再降 3 dB", "请问使用时段"]);
    for other in [&case.military, &case.coordinator] {
        assert_eq!(heard(other), ["请问使用时段"]);
        assert!(!case.read(other, &id).to_string().contains("内部"));
    }
}

#[test]
fn two_requests_for_the_same_are_not_both_in_force() {
    let case = Case::start();
    let first = case.agreed(&proposal(97_450_000, 200_000));
    let second = case.agreed(&proposal(97_500_000, 200_000));
    let beside = case.agreed(&proposal(97_700_000, 200_000));
    let number = case.does(&case.civil, &first, "put_in_force")["number"].clone();
    let refused = case
        .step(&case.military, &second, &json!({"step": "put_in_force"}))
        .expect(409)
        .json();
    assert!(
        refused["detail"]
            .as_str()
            .expect("text")
            .contains(number.as_str().expect("number")),
        "{refused}"
    );
    case.does(&case.civil, &beside, "put_in_force");
    case.step(&case.civil, &first, &json!({"step": "withdraw", "reason": "取消"}))
        .expect(200);
    case.does(&case.military, &second, "put_in_force");
    let phases = |phase: &str| {
        let path = format!("{REQUESTS}?phase={phase}");
        let list = case.app.get(&path).cookie(&case.coordinator).send().expect(200).json();
        list["items"].as_array().expect("items").len()
    };
    assert_eq!(
        ["in_force", "closed", "pending", "draft", "agreed"].map(phases),
        [2, 1, 0, 0, 0]
    );
}

#[test]
fn what_does_not_keep_to_an_agreement_is_told_to_both_sides() {
    let case = Case::start();
    let id = case.agreed(&proposal(97_450_000, 120_000));
    case.does(&case.civil, &id, "put_in_force");
    // 180 kHz wide where a necessary bandwidth of 100 kHz was agreed.
    case.app.detect(DetectEvent::Opened(pirate(1)));
    let conflicts = case.app.wait_for_items(&case.coordinator, "/api/v1/conflicts", 1);
    assert_eq!(conflicts[0]["kind"], "over_bandwidth", "{conflicts:?}");
    for reader in [&case.civil, &case.military] {
        let told = case.read(reader, &id)["thread"].as_array().expect("thread").clone();
        let told = told.last().expect("entry");
        assert_eq!(
            (&told["kind"], &told["conflict"]),
            (&json!("violation"), &conflicts[0]["id"])
        );
        let why = told["text"]["en"].as_str().expect("text");
        assert!(
            why.contains("180 kHz") && why.contains("exceeds the necessary bandwidth"),
            "{why}"
        );
    }
    // What keeps to it, or has nothing to do with it, is not told.
    case.app.detect(DetectEvent::Opened(Emission {
        center_hz: Hertz(98_050_000),
        low_hz: Hertz(97_960_000),
        high_hz: Hertz(98_140_000),
        ..pirate(2)
    }));
    case.app.wait_for_items(&case.coordinator, "/api/v1/conflicts", 2);
    let told = case.read(&case.civil, &id)["thread"].as_array().expect("thread").len();
    assert_eq!(told, 7, "written, five steps, one violation");
}

#[test]
fn a_refusal_offers_something_and_another_request_takes_it_up() {
    let case = Case::start();
    let id = case.write(&case.civil, &proposal(97_450_000, 200_000))["id"]
        .as_str()
        .expect("id")
        .to_owned();
    case.does(&case.civil, &id, "submit");
    case.does(&case.military, &id, "receive");
    case.does(&case.military, &id, "start_review");
    let early = json!({"proposal": proposal(98_450_000, 200_000), "follows": id});
    let write = |cookie: &str, body: &Value| case.app.post(REQUESTS).cookie(cookie).json(body).send();
    assert_eq!(
        write(&case.civil, &early).expect(422).json()["errors"][0]["field"],
        "follows"
    );
    let offered = json!([{"low_hz": 98_350_000, "high_hz": 98_550_000}]);
    let refusal = json!({"step": "refuse", "reason": "已有用户", "offered": offered});
    assert_eq!(
        case.step(&case.military, &id, &refusal).expect(200).json()["offered"],
        offered
    );
    assert_eq!(write(&case.civil, &early).expect(201).json()["follows"], json!(id));
    write(&case.military, &early).expect(422);
}
