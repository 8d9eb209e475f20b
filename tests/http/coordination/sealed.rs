//! Answers at fixed times: what the two sides read before and after.

use jiff::Timestamp;
use pinpu::service::{auth::Role, policy::DisclosurePolicy};
use serde_json::{Value, json};

use super::{Case, REQUESTS, proposal};
use crate::app::{Reply, TestApp};

const POLICY: &str = "format = 1\nversion = \"t\"\n[questions]\nper_day = 900\nzone = \"UTC\"\n\
                      [publication]\nevery = \"1d\"\nzone = \"UTC\"\nexempt_kinds = [\"emergency\"]\n";

const NOTICES: &str = "/api/v1/notices";

fn sealing() -> Case {
    let app = TestApp::under(DisclosurePolicy::parse(POLICY, "test").expect("policy"));
    let [civil, military, coordinator] =
        [Role::CivilOfficer, Role::MilitaryOfficer, Role::Coordinator].map(|role| app.as_role(role));
    Case {
        app,
        civil,
        military,
        coordinator,
    }
}

impl Case {
    /// Sends something with the tag of what this caller reads.
    fn answer(&self, cookie: &str, method: &str, (id, path): (&str, &str), body: &Value) -> Reply {
        let read = self
            .app
            .get(&format!("{REQUESTS}/{id}"))
            .cookie(cookie)
            .send()
            .expect(200);
        let call = self.app.call(method, &format!("{REQUESTS}/{id}/{path}"));
        let call = call.cookie(cookie).header("if-match", read.header("etag"));
        call.json(body).send()
    }

    fn decides(&self, cookie: &str, id: &str, step: &str) -> Value {
        let body = json!({"step": step, "reason": "理由"});
        self.answer(cookie, "POST", (id, "transitions"), &body)
            .expect(200)
            .json()
    }

    /// All that tells the civil officer of a request, with its tags, but for the minute of the letter and the stamps of the check.
    fn told(&self, id: &str) -> String {
        let paths = [
            format!("{REQUESTS}/{id}"),
            REQUESTS.to_owned(),
            format!("{REQUESTS}?phase=pending"),
            format!("{REQUESTS}/{id}/messages"),
            format!("{REQUESTS}/{id}/files"),
            format!("{REQUESTS}/{id}/letter?lang=en"),
            format!("{REQUESTS}/{id}/alternatives"),
            format!("{REQUESTS}/{id}/exchange?format=ssrf"),
            NOTICES.to_owned(),
            format!("{NOTICES}/unread"),
        ];
        let told = paths.iter().map(|path| {
            let reply = self.app.get(path).cookie(&self.civil).send();
            let text = reply.text();
            let lines = text.lines().filter(|line| !line.contains("Printed"));
            let text: Vec<&str> = lines.collect();
            format!("{path} {} {} {}", reply.status, reply.header("etag"), text.join("\n"))
        });
        told.collect::<Vec<_>>().join("\n")
    }

    fn publish(&self) {
        let tomorrow = Timestamp::now() + jiff::SignedDuration::from_hours(24);
        let turned = self.app.runtime.block_on(self.app.state.coordination.turn(tomorrow));
        turned.expect("turned");
    }

    fn submitted(&self, proposal: &Value) -> String {
        let id = self.write(&self.civil, proposal)["id"].as_str().expect("id").to_owned();
        self.does(&self.civil, &id, "submit");
        id
    }
}

#[test]
fn what_the_other_side_answers_is_not_told_before_its_time() {
    let case = sealing();
    let (civil, military) = (&case.civil, &case.military);
    let id = case.submitted(&proposal(97_450_000, 200_000));
    let before = case.told(&id);
    for step in ["receive", "start_review"] {
        let answered = case.decides(military, &id, step);
        assert_eq!(answered["state"], "submitted", "{answered}");
    }
    let say = json!({"text": "HIDDEN-WORDS"});
    let path = format!("{REQUESTS}/{id}/messages");
    let said = case
        .app
        .post(&path)
        .cookie(military)
        .json(&say)
        .send()
        .expect(201)
        .json();
    assert!(said["publishes_at"].is_string() && said["entry"] == 0, "{said}");
    let file = format!("{REQUESTS}/{id}/files?name=HIDDEN-FILE.txt");
    let file = case
        .app
        .post(&file)
        .cookie(military)
        .bytes("text/plain", b"HIDDEN".to_vec());
    let file = file.send().expect(201).json();
    assert_eq!(file["sealed"], true);
    let agreed = case.decides(military, &id, "agree");
    let waits = agreed["sealed"].as_array().expect("sealed");
    assert_eq!(waits.len(), 5, "{agreed}");

    assert_eq!(case.told(&id), before, "nothing changed for the side that asked");
    let content = format!("{REQUESTS}/{id}/files/{}", file["id"].as_str().expect("id"));
    case.app.get(&content).cookie(civil).send().expect(404);
    case.app.get(&content).cookie(military).send().expect(200);
    // What waits is nothing that the side that asks could take back, or tell from what is not there.
    let first = format!("sealed/{}", waits[0]["id"].as_str().expect("id"));
    for unknown in [first.as_str(), "sealed/nothing"] {
        case.answer(civil, "DELETE", (&id, unknown), &Value::Null).expect(404);
    }
    let again = case.answer(military, "POST", (&id, "transitions"), &json!({"step": "receive"}));
    again.expect(409);

    case.publish();
    let read = case.read(civil, &id);
    assert_eq!((&read["state"], &read["sealed"]), (&json!("agreed"), &json!([])));
    let told = case.told(&id);
    assert!(told.contains("HIDDEN-WORDS") && told.contains("HIDDEN-FILE"), "{told}");
    let notices = case.app.get(NOTICES).cookie(civil).send().expect(200).json();
    let notices = notices["items"].as_array().cloned().unwrap_or_default();
    let of_others = notices.iter().filter(|notice| notice["own"] == false);
    let mut actions: Vec<&str> = of_others.filter_map(|notice| notice["action"].as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["agree", "file_added", "message", "receive", "start_review"]);
    case.app.get(&content).cookie(civil).send().expect(200);
    assert_eq!(case.read(military, &id)["sealed"], json!([]));
    case.decides(civil, &id, "put_in_force");
}

#[test]
fn an_answer_is_taken_back_until_its_time() {
    let case = sealing();
    let military = &case.military;
    let id = case.submitted(&proposal(97_450_000, 200_000));
    let before = case.told(&id);
    for step in ["receive", "start_review", "refuse"] {
        case.decides(military, &id, step);
    }
    let waits = case.read(military, &id)["sealed"].clone();
    let key = |n: usize| format!("sealed/{}", waits[n]["id"].as_str().expect("id"));
    let stale = case.app.call("DELETE", &format!("{REQUESTS}/{id}/{}", key(2)));
    let stale = stale.cookie(military).header("if-match", "\"2\"").send();
    stale.expect(412);
    let left = case
        .answer(military, "DELETE", (&id, &key(1)), &Value::Null)
        .expect(200)
        .json();
    // The refusal rests on the review.
    assert_eq!(left["sealed"].as_array().map(Vec::len), Some(1), "{left}");
    assert_eq!(left["steps"][0]["step"], "start_review");
    case.answer(military, "DELETE", (&id, &key(1)), &Value::Null)
        .expect(409);
    assert_eq!(case.told(&id), before);
    case.publish();
    assert_eq!(case.read(&case.civil, &id)["state"], "received");
    case.answer(military, "DELETE", (&id, &key(0)), &Value::Null)
        .expect(409);
}

#[test]
fn what_is_urgent_or_of_the_own_side_is_told_at_once() {
    let case = sealing();
    let mut urgent = proposal(97_450_000, 200_000);
    urgent["kind"] = json!("emergency");
    let id = case.submitted(&urgent);
    assert_eq!(case.decides(&case.military, &id, "receive")["state"], "received");
    // The coordinator stands in for the side that is asked, and is no quicker than it.
    let id = case.submitted(&proposal(98_450_000, 200_000));
    let before = case.told(&id);
    assert_eq!(case.decides(&case.coordinator, &id, "receive")["state"], "submitted");
    assert_eq!(case.told(&id), before);
    assert_eq!(case.read(&case.military, &id)["sealed"][0]["actor"], "coordinator");
    assert_eq!(case.decides(&case.civil, &id, "withdraw")["state"], "withdrawn");
    let discarded = case.read(&case.military, &id)["sealed"][0].clone();
    assert_eq!(discarded["outcome"], "discarded", "{discarded}");
}
