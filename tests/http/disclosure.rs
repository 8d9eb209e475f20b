//! What callers learn of stations they may not know: two services that differ in classified stations alone must answer
//! such a caller the same, byte by byte but for random keys and times, in every operation and on the live channel. That
//! the comparison bites is seen with a caller who may know everything: there every channel differs.

use std::collections::BTreeMap;

use futures_util::{SinkExt, StreamExt};
use pinpu::{
    detect::{DetectEvent, Emission},
    service::auth::Role,
    units::Hertz,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use crate::app::{TestApp, pirate};

/// A classified record: key, frequency in MHz, further cells `valid_to` and `role`.
type Hidden = (&'static str, &'static str, &'static str, &'static str);

/// Stations nobody else has a part in: nothing is on the air there.
const BESIDE: [Hidden; 2] = [
    ("HIDDEN-1", "410.5", "", "receive"),
    ("HIDDEN-2", "433.5", "", "transmit"),
];
/// Stations that explain what is on the air: the first has expired, the second is licensed.
const ONE: [Hidden; 2] = [
    ("HIDDEN-3", "97.45", "2020-05-01", "transmit"),
    ("HIDDEN-4", "98.05", "", "transmit"),
];
/// The same under other names.
const OTHER: [Hidden; 2] = [
    ("SECRET/9", "97.45", "2021-11-30", "transmit"),
    ("绝密8", "98.05", "", "transmit"),
];

/// What one caller hears: every answer by operation.
type Transcript = BTreeMap<String, String>;

fn world(hidden: &[Hidden]) -> TestApp {
    let app = TestApp::start();
    let coordinator = app.as_role(Role::Coordinator);
    let mut csv = "id,holder,station,freq_mhz,bandwidth,valid_to,role,extensions\n".to_owned();
    csv += "OPEN-1,Open,Hill,98.6,256k,,transmit,\n";
    for (id, mhz, valid_to, role) in hidden {
        let secret = "\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"";
        csv += &format!("{id},Regiment of {id},Camp {id},{mhz},256k,{valid_to},{role},{secret}\n");
    }
    let done = app
        .post("/api/v1/registry/imports?kind=assignments")
        .cookie(&coordinator)
        .bytes("text/csv", csv.into_bytes())
        .send()
        .expect(200);
    assert_eq!(done.json()["added"], hidden.len() + 1, "{}", done.text());
    app.detect(DetectEvent::Opened(pirate(1)));
    let moved = Emission {
        center_hz: Hertz(98_050_000),
        low_hz: Hertz(97_960_000),
        high_hz: Hertz(98_140_000),
        ..pirate(2)
    };
    app.detect(DetectEvent::Opened(moved));
    app.wait_for_items(&coordinator, "/api/v1/emissions", 2);
    app
}

/// All a caller can read.
#[expect(clippy::too_many_lines, reason = "one operation after the other")]
fn transcript(app: &TestApp, role: Role) -> Transcript {
    let cookie = if role == Role::Coordinator {
        app.log_in(role.name())
    } else {
        app.as_role(role)
    };
    let get = |path: &str| app.get(path).cookie(&cookie).send();
    let mut heard = Transcript::new();
    let mut hear = |name: String, status: u16, etag: &str, body: &Value| {
        let mut names = BTreeMap::new();
        let text = format!("{status} {etag} {}", masked(body, &mut names));
        heard.insert(name, text);
    };
    let mut paths = vec![
        "/api/v1/allocations?limit=3".to_owned(),
        "/api/v1/assignments".to_owned(),
        "/api/v1/assignments?limit=2".to_owned(),
        "/api/v1/assignments?q=regiment".to_owned(),
        "/api/v1/assignments?low_hz=410000000&high_hz=411000000&limit=1".to_owned(),
        "/api/v1/emissions?order=center".to_owned(),
        "/api/v1/conflicts".to_owned(),
    ];
    for (id, ..) in BESIDE.iter().chain(&ONE).chain(&OTHER) {
        paths.push(format!(
            "/api/v1/assignments/{}",
            id.replace('/', "%2F").replace("绝密", "%E7%BB%9D%E5%AF%86")
        ));
    }
    for list in ["emissions?order=center", "conflicts"] {
        for item in get(&format!("/api/v1/{list}")).expect(200).json()["items"]
            .as_array()
            .expect("items")
        {
            let kind = list.split('?').next().expect("name");
            let id = item["id"].as_str().expect("id");
            let reply = get(&format!("/api/v1/{kind}/{id}")).expect(200);
            hear(
                format!("one of {kind} at {}", item["center_hz"]),
                200,
                "",
                &reply.json(),
            );
        }
    }
    // Pages to the end.
    for path in paths {
        let mut cursor = String::new();
        for page in 0..40 {
            let joint = if path.contains('?') { "&" } else { "?" };
            let reply = get(&format!(
                "{path}{}",
                if page == 0 {
                    String::new()
                } else {
                    format!("{joint}cursor={cursor}")
                }
            ));
            let body = reply.json();
            hear(format!("{path} {page}"), reply.status, reply.header("etag"), &body);
            match body["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
    }
    for center_hz in [97_450_000, 98_050_000, 433_500_000] {
        let ask = json!({"center_hz": center_hz, "bandwidth_hz": 180_000, "time": "2026-01-01T00:00:00Z"});
        let reply = app
            .post("/api/v1/registry/check")
            .cookie(&cookie)
            .json(&ask)
            .send()
            .expect(200);
        hear(format!("check {center_hz}"), 200, "", &reply.json());
    }
    let file = get("/api/v1/assignments/export?format=csv").expect(200);
    hear("export".to_owned(), 200, "", &json!(file.text()));
    for (n, event) in live(app, &cookie).into_iter().enumerate() {
        hear(format!("live {n}"), 0, "", &event);
    }
    heard
}

/// Every event from the first one on.
pub fn live(app: &TestApp, cookie: &str) -> Vec<Value> {
    app.runtime.block_on(async {
        let mut request = format!("ws://{}/api/v1/live", app.address)
            .into_client_request()
            .expect("request");
        request.headers_mut().insert("cookie", cookie.parse().expect("cookie"));
        let stream = tokio::net::TcpStream::connect(app.address).await.expect("connection");
        let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("channel");
        let wanted = json!({"type": "subscribe", "frames": false, "after": 0});
        socket
            .send(Message::Text(wanted.to_string().into()))
            .await
            .expect("sent");
        let mut events = Vec::new();
        let pause = std::time::Duration::from_millis(500);
        while let Ok(Some(Ok(message))) = tokio::time::timeout(pause, socket.next()).await {
            if let Message::Text(text) = message {
                events.push(serde_json::from_str(&text).expect("JSON"));
            }
        }
        events
    })
}

/// The same with random keys numbered in the order they appear and without times.
fn masked(value: &Value, names: &mut BTreeMap<String, usize>) -> Value {
    match value {
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => json!("time"),
        Value::String(text)
            if [20, 32].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            let next = names.len();
            json!(format!("#{}", names.entry(text.clone()).or_insert(next)))
        }
        Value::Array(items) => items.iter().map(|item| masked(item, names)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), masked(value, names)))
            .collect(),
        other => other.clone(),
    }
}

/// The operations two callers were answered differently by.
fn differences(a: &Transcript, b: &Transcript) -> Vec<String> {
    let keys = a.keys().chain(b.keys()).collect::<std::collections::BTreeSet<_>>();
    let differing = keys.into_iter().filter(|key| a.get(*key) != b.get(*key));
    differing
        .map(|key| format!("{key}\n  {:?}\n  {:?}", a.get(key), b.get(key)))
        .collect()
}

#[test]
fn classified_stations_change_nothing_for_those_who_may_not_know_them() {
    let worlds = [world(&[]), world(&BESIDE), world(&ONE), world(&OTHER)];
    for role in [Role::CivilOfficer, Role::Viewer, Role::Field] {
        let [without, beside, one, other] = worlds.each_ref().map(|app| transcript(app, role));
        let told = differences(&without, &beside);
        assert!(told.is_empty(), "{role} with and without: {}", told.join("\n"));
        let told = differences(&one, &other);
        assert!(told.is_empty(), "{role} one and another: {}", told.join("\n"));
        for (heard, answer) in one.iter().chain(&other) {
            if !heard.starts_with("/api/v1/assignments/") {
                for word in ["HIDDEN", "SECRET", "绝密", "Regiment", "Camp"] {
                    assert!(!answer.contains(word), "{role} reads {word} in {heard}: {answer}");
                }
            }
        }
        // That the one is a conflict and the other is none is not told: both are to be asked about.
        for center_hz in [97_450_000, 98_050_000] {
            let emission = &one[&format!("one of emissions at {center_hz}")];
            assert!(
                emission.contains("ask the other side") && emission.contains("inconclusive"),
                "{emission}"
            );
        }
        assert!(
            one["/api/v1/conflicts 0"].contains("\"items\":[]"),
            "{}",
            one["/api/v1/conflicts 0"]
        );
    }
    // One channel after the other as it were if it leaked: whoever may know everything is answered differently.
    let [without, beside, one, other] = worlds.each_ref().map(|app| transcript(app, Role::Coordinator));
    for (a, b, channels) in [
        (
            &without,
            &beside,
            [
                "/api/v1/assignments 0",
                "/api/v1/assignments?limit=2 ",
                "/api/v1/assignments?q=regiment 0",
                "/api/v1/assignments?low_hz=410000000&high_hz=411000000&limit=1 ",
                "/api/v1/assignments/HIDDEN-1",
                "/api/v1/allocations?limit=3 0",
                "/api/v1/emissions",
                "check 97450000",
            ],
        ),
        (
            &one,
            &other,
            [
                "/api/v1/assignments/HIDDEN-3",
                "/api/v1/emissions",
                "/api/v1/conflicts",
                "one of emissions at 97450000",
                "one of emissions at 98050000",
                "one of conflicts",
                "live ",
                "check 98050000",
            ],
        ),
    ] {
        let told = differences(a, b);
        for channel in channels {
            assert!(
                told.iter().any(|difference| difference.starts_with(channel)),
                "a leak in {channel} would not be seen: {told:?}"
            );
        }
    }
}

#[test]
fn a_record_released_to_a_role_is_read_by_it_and_by_no_other() {
    let app = TestApp::start();
    let coordinator = app.as_role(Role::Coordinator);
    let details = json!({"details": {"classification": "S", "releasability": ["civil_officer"]}});
    let csv = format!(
        "id,holder,station,freq,bandwidth,extensions\nSHARED-1,h,s,97.45M,256k,\"{}\"\n",
        details.to_string().replace('"', "\"\"")
    );
    app.post("/api/v1/registry/imports?kind=assignments")
        .cookie(&coordinator)
        .bytes("text/csv", csv.into_bytes())
        .send()
        .expect(200);
    for (role, status) in [
        (Role::CivilOfficer, 200),
        (Role::MilitaryOfficer, 200),
        (Role::Auditor, 200),
        (Role::Admin, 200),
        (Role::Viewer, 404),
        (Role::Field, 404),
    ] {
        let cookie = app.as_role(role);
        let read = app
            .get("/api/v1/assignments/SHARED-1")
            .cookie(&cookie)
            .send()
            .expect(status);
        let never = app
            .get("/api/v1/assignments/NEVER-1")
            .cookie(&cookie)
            .send()
            .expect(404);
        if status == 404 {
            let text = |reply: &Value| reply["detail"].to_string().replace("NEVER", "SHARED");
            assert_eq!(text(&read.json()), text(&never.json()), "{role}");
        }
    }
}
