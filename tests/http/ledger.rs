//! What people do about conflicts together, and the files they add.

use pinpu::{
    capture::ObservationContent, config::Config, detect::DetectEvent, http::HttpConfig, service::auth::Role,
    units::Hertz,
};
use serde_json::{Value, json};

use crate::{
    app::{ATTACHMENT_BYTES_MAX, Call, TestApp, pirate, status},
    listener::Hook,
};

/// Two broadcasters nobody knows, and whoever acts on them.
struct Case {
    app: TestApp,
    officer: String,
    ids: [String; 2],
}

impl Case {
    fn start() -> Self {
        let app = TestApp::start();
        let officer = app.as_role(Role::CivilOfficer);
        app.observe(ObservationContent::Status(status()));
        app.detect(DetectEvent::Opened(pirate(1)));
        let mut other = pirate(2);
        other.center_hz = Hertz(98_450_000);
        other.low_hz = Hertz(98_360_000);
        other.high_hz = Hertz(98_540_000);
        app.detect(DetectEvent::Opened(other));
        let list = app.wait_for_items(&officer, "/api/v1/conflicts", 2);
        let at = |center: i64| {
            let found = list
                .iter()
                .find(|c| c["center_hz"] == center)
                .expect("a conflict there");
            found["id"].as_str().expect("id").to_owned()
        };
        let ids = [at(97_450_000), at(98_450_000)];
        Self { app, officer, ids }
    }

    fn read(&self, id: &str) -> Value {
        let path = format!("/api/v1/conflicts/{id}");
        self.app.get(&path).cookie(&self.officer).send().expect(200).json()
    }

    /// A change based on the current version.
    fn step(&self, id: &str, what: &str) -> Call<'_> {
        let version = self.read(id)["version"].clone();
        self.app
            .post(&format!("/api/v1/conflicts/{id}/{what}"))
            .cookie(&self.officer)
            .header("if-match", &format!("\"{version}\""))
    }
}

#[test]
fn a_conflict_is_given_to_somebody_who_can_act() {
    let case = Case::start();
    let id = &case.ids[0];
    case.app.account(Role::Field);
    case.app.account(Role::Viewer);
    let path = "/api/v1/conflicts/assignees";
    let able = case.app.get(path).cookie(&case.officer).send().expect(200).json();
    assert_eq!(able, json!({"users": ["civil_officer", "field"], "teams": []}));
    for (body, field) in [
        (json!({}), "user"),
        (json!({"user": "field", "team": "north"}), "user"),
        (json!({"team": "x".repeat(65)}), "team"),
    ] {
        let refused = case.step(id, "assign").json(&body).send().expect(422).json();
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    for nobody in ["nobody", "viewer"] {
        let refused = case
            .step(id, "assign")
            .json(&json!({"user": nobody}))
            .send()
            .expect(422)
            .json();
        assert!(
            refused["detail"].as_str().expect("text").contains("assignees"),
            "{refused}"
        );
    }
    let done = case
        .step(id, "assign")
        .json(&json!({"user": "field", "comment": "on the roof"}))
        .send()
        .expect(200);
    assert_eq!(
        (
            &done.json()["status"],
            &done.json()["assigned_user"],
            &done.json()["assigned_by"]
        ),
        (&json!("assigned"), &json!("field"), &json!("civil_officer"))
    );
    assert_eq!(
        done.header("etag").trim_matches('"'),
        done.json()["version"].to_string()
    );
    case.step(id, "acknowledge").json(&json!({})).send().expect(409);
    case.step(id, "assign")
        .json(&json!({"team": "north"}))
        .send()
        .expect(200);
    let able = case.app.get(path).cookie(&case.officer).send().expect(200).json();
    assert_eq!(able["teams"], json!(["north"]));
}

#[test]
fn a_comment_is_said_once_and_by_who_has_read() {
    let case = Case::start();
    let path = format!("/api/v1/conflicts/{}/comment", case.ids[0]);
    let say = |version: &str, body: &Value| {
        let call = case.app.post(&path).cookie(&case.officer).json(body);
        let call = if version.is_empty() {
            call
        } else {
            call.header("if-match", version)
        };
        call.header("idempotency-key", "say-1").send()
    };
    let body = json!({"comment": "antenna seen from the street"});
    say("", &body).expect(428);
    say("\"99\"", &body).expect(412);
    say("\"1\"", &json!({"comment": "  "})).expect(422);
    let said = say("\"1\"", &body).expect(200);
    let again = say("\"1\"", &body).expect(200);
    assert_eq!(said.body, again.body, "the same answer");
    let detail = case.read(&case.ids[0]);
    assert_eq!((&detail["status"], &detail["version"]), (&json!("open"), &json!(2)));
    let history = detail["history"].as_array().expect("history");
    assert_eq!(history.len(), 2, "said once");
    assert_eq!(history[1]["comment"]["zh"], "antenna seen from the street");
}

#[test]
fn two_conflicts_become_one_and_two_again() {
    let case = Case::start();
    let [a, b] = &case.ids;
    let merge = |into_version: u64| {
        let body = json!({"into": a, "into_version": into_version, "comment": "one mast"});
        case.step(b, "merge").json(&body).send()
    };
    merge(9).expect(412);
    let both = merge(1).expect(200).json();
    assert_eq!(
        (&both["part"]["status"], &both["part"]["merged_into"]),
        (&json!("merged"), &json!(a))
    );
    assert_eq!(both["whole"]["emissions_count"], 2);
    let whole = case.read(a);
    assert_eq!(whole["emissions"].as_array().map(Vec::len), Some(2));
    assert_eq!(whole["merged"][0]["id"], json!(b));
    for emission in whole["emissions"].as_array().expect("emissions") {
        assert_eq!(emission["conflict_id"], json!(a));
    }
    let listed = |query: &str| {
        case.app
            .get(&format!("/api/v1/conflicts{query}"))
            .cookie(&case.officer)
            .send()
            .expect(200)
            .json()
    };
    assert_eq!(listed("")["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed("?status=merged")["items"][0]["id"], json!(b));
    let refused = case
        .step(b, "comment")
        .json(&json!({"comment": "x"}))
        .send()
        .expect(409)
        .json();
    assert!(refused["detail"].as_str().expect("text").contains(a), "{refused}");
    let both = case.step(b, "unmerge").json(&json!({})).send().expect(200).json();
    assert_eq!(
        (&both["part"]["status"], &both["part"]["emissions_count"]),
        (&json!("open"), &json!(1))
    );
    case.step(b, "unmerge").json(&json!({})).send().expect(409);
    assert_eq!(listed("")["items"].as_array().map(Vec::len), Some(2));
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

#[test]
fn a_file_is_attached_listed_saved_and_removed() {
    let case = Case::start();
    let id = &case.ids[0];
    let name = "attachments?name=%E5%B1%8B%E9%A1%B6%20%22%E5%A4%A9%E7%BA%BF%22.png";
    let add = |key: &str, kind: &str, content: &[u8]| {
        let call = case
            .app
            .post(&format!("/api/v1/conflicts/{id}/{name}"))
            .cookie(&case.officer);
        let call = call.header("if-match", "\"1\"").header("idempotency-key", key);
        call.bytes(kind, content.to_vec()).send()
    };
    let done = add("k", "image/png", PNG).expect(201).json();
    assert_eq!(
        add("k", "image/png", PNG).expect(201).json(),
        done,
        "sent twice, attached once"
    );
    add("l", "image/png", PNG).expect(412);
    let file = &done["attachment"];
    assert_eq!(
        (&file["name"], &file["size_bytes"]),
        (&json!("屋顶 \"天线\".png"), &json!(PNG.len()))
    );
    let sha256 = file["sha256"].as_str().expect("hash");
    let on_disk = case.app.folder.path().join("attachments").join(sha256);
    assert_eq!(std::fs::read(&on_disk).expect("on the disk"), PNG);
    assert_eq!(case.read(id)["attachments"].as_array().map(Vec::len), Some(1));

    let path = format!(
        "/api/v1/conflicts/{id}/attachments/{}",
        file["id"].as_str().expect("id")
    );
    let saved = case.app.get(&path).cookie(&case.officer).send().expect(200);
    assert_eq!(
        (saved.body.as_slice(), saved.header("content-type")),
        (PNG, "image/png")
    );
    assert_eq!(saved.header("x-content-type-options"), "nosniff");
    let disposition = "attachment; filename*=UTF-8''%E5%B1%8B%E9%A1%B6%20%22%E5%A4%A9%E7%BA%BF%22.png";
    assert_eq!(saved.header("content-disposition"), disposition);
    let elsewhere = path.replace(id, &case.ids[1]);
    case.app.get(&elsewhere).cookie(&case.officer).send().expect(404);

    let remove = |version: &str| {
        let call = case.app.call("DELETE", &path).cookie(&case.officer);
        if version.is_empty() {
            call
        } else {
            call.header("if-match", version)
        }
        .send()
    };
    remove("").expect(428);
    remove("\"1\"").expect(412);
    assert_eq!(remove("\"2\"").expect(200).json()["version"], 3);
    assert!(!on_disk.exists());
    case.app.get(&path).cookie(&case.officer).send().expect(404);
    let listed = case
        .app
        .get(&format!("/api/v1/conflicts/{id}/attachments"))
        .cookie(&case.officer)
        .send();
    assert_eq!(listed.expect(200).json()["items"], json!([]));
}

#[test]
fn what_may_not_be_attached_is_refused_with_a_reason_and_leaves_nothing() {
    let case = Case::start();
    let id = &case.ids[0];
    let add = |name: &str, kind: &str, content: Vec<u8>| {
        case.step(id, &format!("attachments?name={name}"))
            .bytes(kind, content)
            .send()
    };
    for (kind, content, said) in [
        ("text/html", b"<script>".to_vec(), "text/html"),
        ("image/svg+xml", b"<svg/>".to_vec(), "cannot be attached"),
        ("image/png", b"<script>".to_vec(), "not image/png"),
        ("text/plain", b"a\0b".to_vec(), "not text/plain"),
        ("application/pdf", Vec::new(), "empty"),
    ] {
        let refused = add("a", kind, content).expect(422).json();
        assert!(refused["detail"].as_str().expect("text").contains(said), "{refused}");
    }
    for name in ["", "%2e%2e%2fpasswd", "a%0ab", &"x".repeat(201)] {
        let refused = add(name, "image/png", PNG.to_vec());
        assert!(matches!(refused.status, 400 | 422), "{name}: {}", refused.status);
    }
    let most = usize::try_from(ATTACHMENT_BYTES_MAX).expect("size");
    let refused = add("big", "application/octet-stream", vec![1; most + 1])
        .expect(413)
        .json();
    assert!(refused["detail"].as_str().expect("text").contains("2 MiB"), "{refused}");
    let files = std::fs::read_dir(case.app.folder.path().join("attachments"))
        .expect("folder")
        .count();
    assert_eq!((files, case.read(id)["version"].as_u64()), (0, Some(1)));
    add("big", "application/octet-stream", vec![1; most]).expect(201);
}

#[test]
fn administrators_see_how_alarm_routes_do_and_no_secrets() {
    let hook = Hook::start(&[204, 503]);
    let text = format!(
        "[[alarm.route]]\nid = \"duty\"\nwebhook = \"{}\"\nsecret_env = \"KEY\"\nbands = [\"97M-98M\"]\n\
         quiet = {{ from = \"22:00\", to = \"07:00\", zone = \"Asia/Shanghai\" }}\nalarms_break_quiet = true\n",
        hook.url()
    );
    let secret = "horse battery staple";
    let environment = [("KEY".to_owned(), secret.to_owned())];
    let config = Config::parse(&text, environment.into_iter()).expect("valid").alarm;
    let app = TestApp::with_alarms(HttpConfig::default(), config);
    let cookie = app.as_role(Role::Admin);
    let list = || app.get("/api/v1/alarm-routes").cookie(&cookie).send().expect(200);
    let route = &list().json()["items"][0];
    assert_eq!(
        (&route["id"], &route["channel"], &route["waiting"]),
        (&json!("duty"), &json!("webhook"), &json!(0))
    );
    assert_eq!(route["quiet"], "22:00–07:00 Asia/Shanghai");
    assert_eq!(
        (&route["last_success"], &route["last_error"]),
        (&Value::Null, &Value::Null)
    );

    let test = |key: &str| {
        let call = app.post("/api/v1/alarm-routes/duty/test").cookie(&cookie);
        call.header("idempotency-key", key).send().expect(200).json()
    };
    let sent = test("one");
    assert_eq!((&sent["delivered"], &sent["error"]), (&json!(true), &Value::Null));
    assert_eq!(test("one"), sent, "asked twice, sent once");
    let received = hook.wait_for(1).remove(0);
    assert!(received.is_signed_with(secret), "{received:?}");
    assert_eq!(
        (&received.json()["type"], &received.json()["delivery"]),
        (&json!("test"), &sent["delivery"])
    );
    let failed = test("two");
    assert!(
        failed["error"].as_str().is_some_and(|error| error.contains("503")),
        "{failed}"
    );
    let route = list();
    assert!(
        route.json()["items"][0]["last_error"]
            .as_str()
            .is_some_and(|error| error.contains("503"))
    );
    assert!(
        !route.text().contains(secret) && !route.text().contains("in-the-address"),
        "{}",
        route.text()
    );
    app.post("/api/v1/alarm-routes/none/test")
        .cookie(&cookie)
        .send()
        .expect(404);
}
