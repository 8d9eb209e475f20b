//! Alarm routes against a real web server and a real mail server.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    config::{AlarmConfig, Config},
    conflict::VerdictKind,
    detect::DetectEvent,
    registry::Details,
    service::{
        alarms::{AlarmTimes, Alarms, RouteHealth},
        ledger::Ledger,
        monitoring::Judge,
        registry::RegistryService,
    },
    store::{ConflictChange, ConflictQuery, Resolution, Store},
};
use serde_json::json;

use crate::{
    listener::{Hook, Post},
    registry::assignment,
    support::{Service, always, emission, open, verdict},
};

const SECRET: &str = "correct horse battery";

/// Routes as they stand in the file; `key` in the environment.
fn config(text: &str) -> AlarmConfig {
    let environment = [("KEY".to_owned(), SECRET.to_owned())];
    Config::parse(text, environment.into_iter()).expect(text).alarm
}

fn hook_route(id: &str, hook: &Hook, lines: &str) -> String {
    let url = hook.url();
    format!("[[alarm.route]]\nid = \"{id}\"\nwebhook = \"{url}\"\nsecret_env = \"KEY\"\n{lines}\n")
}

async fn start(store: &Store, config: &AlarmConfig, first_retry_ms: i64) -> Arc<Alarms> {
    let times = AlarmTimes {
        first_retry: SignedDuration::from_millis(first_retry_ms),
    };
    Alarms::start(store.clone(), config.clone(), times)
        .await
        .expect("starts")
}

async fn health(alarms: &Alarms) -> RouteHealth {
    alarms.routes().await.expect("reads").remove(0).1
}

/// Waits for what the outbox does by itself.
async fn until(alarms: &Alarms, holds: impl Fn(&RouteHealth) -> bool) -> RouteHealth {
    for _ in 0..2000 {
        let now = health(alarms).await;
        if holds(&now) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not happen: {:?}", health(alarms).await);
}

/// The n-th of channels that do not touch each other.
fn on(n: u64) -> DetectEvent {
    DetectEvent::Opened(emission(n, 1.0, 2.0, 97_000_000 + n as i64 * 100_000, 20_000))
}

pub(crate) async fn a_refused_message_is_sent_again_after_a_restart_under_its_id(url: String) {
    // Refused for as long as this process lives, however late the states below are read.
    let refusals: Vec<u16> = [500, 302].into_iter().chain([500; 100]).collect();
    let hook = Hook::start(&refusals);
    let config = config(&hook_route("duty", &hook, ""));
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = service.store.clone();
    // What was before the first start is told to nobody.
    service.send(on(1));
    service.published(2).await;
    let alarms = start(&store, &config, 20).await;
    service.send(on(2));
    let refused = tokio::task::block_in_place(|| hook.wait_for(3));
    let failing = until(&alarms, |h| h.last_error.is_some()).await;
    assert_eq!((failing.waiting, failing.last_success), (1, None));
    let said = failing.last_error.expect("a reason");
    assert!(said.contains("500") || said.contains("302"), "{said}");
    alarms.stop().await;
    service.stop().await;
    hook.answer_next(&[500]);

    // The process is another one; the message is the same.
    let store = open(&url).await;
    let alarms = start(&store, &config, 20).await;
    let delivered = until(&alarms, |h| h.last_success.is_some()).await;
    assert_eq!((delivered.waiting, delivered.given_up), (0, 0));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let all = hook.wait_for(4);
    let (first, last) = (&refused[0], all.last().expect("some"));
    assert!(first.header("pinpu-delivery").len() == 20, "{first:?}");
    for request in &all {
        assert_eq!(
            request.header("pinpu-delivery"),
            first.header("pinpu-delivery"),
            "one message, one id"
        );
        assert_eq!(request.body, first.body, "byte for byte");
        assert!(
            request.is_signed_with(SECRET) && !request.is_signed_with("another"),
            "{request:?}"
        );
        assert!(!format!("{request:?}").contains(SECRET));
    }
    assert_eq!(last.header("content-type"), "application/json");
    let told = last.json();
    assert_eq!(
        (&told["type"], &told["route"], &told["total"]),
        (&json!("conflict"), &json!("duty"), &json!(1))
    );
    let conflict = &told["notices"][0]["conflict"];
    assert_eq!(
        (&conflict["status"], &conflict["center_hz"]),
        (&json!("open"), &json!(97_200_000))
    );
    // Nothing of it is told again after one more start.
    let count = hook.count();
    alarms.stop().await;
    let alarms = start(&store, &config, 20).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(hook.count(), count);
    alarms.stop().await;
    store.close().await;
}

pub(crate) async fn a_station_that_is_not_open_stays_unnamed(url: String) {
    let hook = Hook::start(&[]);
    let config = config(&hook_route("duty", &hook, ""));
    let judge: Judge = Arc::new(|emission, _| {
        let near = emission.center_hz.0 - 97_000_000;
        let mut verdict = verdict(VerdictKind::Unlicensed, (near == 100_000).then_some("HIDDEN-1"));
        let nearest = if near == 300_000 { "OPEN-1" } else { "HIDDEN-1" };
        verdict.explanation.en = format!("The nearest assignment is {nearest} (Hill).");
        Some(verdict)
    });
    let service = Service::start(&url, judge).await;
    let store = service.store.clone();
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let mut hidden = assignment("HIDDEN-1", 97_250_000);
    hidden.details = Some(Box::new(Details {
        classification: Some("S".to_owned()),
        ..Details::default()
    }));
    let both = vec![hidden, assignment("OPEN-1", 97_350_000)];
    registry
        .import_assignments(both, "stations.csv", "wang")
        .await
        .expect("stored");
    let alarms = start(&store, &config, 20).await;
    for n in 1..=3 {
        service.send(on(n));
    }
    service.published(6).await;
    let told = tokio::task::block_in_place(|| hook.wait_for(3));
    for message in told {
        let conflict = &message.json()["notices"][0]["conflict"];
        let open = conflict["center_hz"] == 97_300_000;
        assert_eq!(message.body.contains("OPEN-1"), open, "{conflict}");
        assert_eq!(conflict["evidence"]["offset_hz"].is_number(), open, "{conflict}");
        assert!(!message.body.contains("HIDDEN"), "{}", message.body);
        assert_eq!(message.body.contains("Sign in to read more"), !open, "{conflict}");
    }
    alarms.stop().await;
    service.stop().await;
}

pub(crate) async fn a_conflict_is_told_once_a_state_and_many_as_a_digest(url: String) {
    let hook = Hook::start(&[]);
    let lines = "states = [\"open\", \"resolved\"]\ndigest_over = 3\nbands = [\"97M-99M\"]";
    let text = format!(
        "[alarm]\nconsole_url = \"https://pinpu.example.cn/\"\n{}",
        hook_route("duty", &hook, lines)
    );
    let config = config(&text);
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = service.store.clone();
    let alarms = start(&store, &config, 20).await;
    service.send(on(1));
    service.published(2).await;
    tokio::task::block_in_place(|| hook.wait_for(1));
    let conflict = store
        .conflicts(&ConflictQuery::default())
        .await
        .expect("reads")
        .items
        .remove(0);
    // Evidence and comments are no states.
    service.send(DetectEvent::Updated(emission(1, 1.0, 30.0, 97_100_000, 20_000)));
    let ledger = Ledger::new(store.clone());
    let step = async |change, version| {
        let now = Timestamp::now();
        ledger
            .change(&conflict.id, change, "li", "words", version, now)
            .await
            .expect("changed")
            .version
    };
    let version = step(ConflictChange::Comment, conflict.version).await;
    let version = step(ConflictChange::Acknowledge, version).await;
    let version = step(ConflictChange::Resolve(Resolution::Removed), version).await;
    let told = tokio::task::block_in_place(|| hook.wait_for(2));
    assert_eq!(told[1].json()["notices"][0]["conflict"]["status"], "resolved");
    let url = told[1].json()["notices"][0]["url"].clone();
    assert_eq!(url, format!("https://pinpu.example.cn/conflicts/{}", conflict.id));
    step(ConflictChange::Reopen, version).await;
    let told = tokio::task::block_in_place(|| hook.wait_for(3));
    assert_eq!(told[2].json()["notices"][0]["conflict"]["status"], "open");

    // Three messages were all there may be in ten minutes: what follows waits to be told together.
    for n in 2..=8 {
        service.send(on(n));
    }
    service
        .published(store.last_sequence().await.expect("reads").max(20))
        .await;
    let held = until(&alarms, |h| h.waiting == 7).await;
    assert_eq!((hook.count(), held.given_up), (3, 0));
    alarms.stop().await;
    // The same with room for a digest: one message with all seven.
    let mut config = config;
    config.routes[0].digest_over = 4;
    let alarms = start(&store, &config, 20).await;
    let told = tokio::task::block_in_place(|| hook.wait_for(4));
    until(&alarms, |h| h.waiting == 0).await;
    let digest = told[3].json();
    assert_eq!((&digest["type"], &digest["total"]), (&json!("digest"), &json!(7)));
    assert_eq!(digest["notices"].as_array().map(Vec::len), Some(7));
    assert_eq!(hook.count(), 4);
    alarms.stop().await;
    service.stop().await;
}

pub(crate) async fn mail_arrives_and_a_failing_route_delays_no_other(url: String) {
    let post = Post::start(1);
    // Nobody listens at port 9; and a conflict on 97.2 MHz is not of this band.
    let text = format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"频谱监测 <pinpu@example.cn>\"\n\
         [[alarm.route]]\nid = \"dead\"\nwebhook = \"http://127.0.0.1:9/\"\nsecret_env = \"KEY\"\n\
         [[alarm.route]]\nid = \"desk\"\nemail = [\"duty@example.cn\", \"chief@example.cn\"]\nlanguage = \"zh\"\n\
         [[alarm.route]]\nid = \"other\"\nemail = [\"other@example.cn\"]\nbands = [\"118M-137M\"]\n",
        post.port()
    );
    let config = config(&text);
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let alarms = start(&service.store, &config, 20).await;
    service.send(on(2));
    let mails = tokio::task::block_in_place(|| post.wait_for(1));
    let mail = &mails[0];
    assert_eq!(mail.from, "pinpu@example.cn");
    assert_eq!(mail.to, ["duty@example.cn", "chief@example.cn"]);
    assert!(
        mail.text.contains("Message-ID: <") && mail.text.contains("@example.cn>"),
        "{}",
        mail.text
    );
    assert!(
        mail.text.to_ascii_lowercase().contains("charset=utf-8"),
        "{}",
        mail.text
    );
    until(&alarms, |dead| dead.last_error.is_some() && dead.last_success.is_none()).await;
    let mut routes = alarms.routes().await.expect("reads");
    // The mail is there a moment before its acceptance is on the disk here.
    while routes[1].1.last_success.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
        routes = alarms.routes().await.expect("reads");
    }
    assert!(
        routes[1]
            .1
            .last_error
            .as_ref()
            .is_some_and(|error| error.contains("421")),
        "refused once"
    );
    assert_eq!(routes[2].1, RouteHealth::default(), "not of its band");

    // A test message goes at once, past the filters, and says what became of it.
    let sent = alarms.test("other", Timestamp::now()).await.expect("tried");
    assert_eq!(sent.error, None);
    let mails = tokio::task::block_in_place(|| post.wait_for(2));
    assert!(
        mails[1].to == ["other@example.cn"] && mails[1].text.contains(&sent.delivery),
        "{mails:?}"
    );
    let failed = alarms.test("dead", Timestamp::now()).await.expect("tried");
    assert!(failed.error.is_some_and(|error| !error.is_empty()));
    assert!(alarms.test("none", Timestamp::now()).await.is_err());
    alarms.stop().await;
    service.stop().await;
}
