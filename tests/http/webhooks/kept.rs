//! How webhooks are kept: whose they are, their key, and where they may go.

use std::time::Duration;

use pinpu::service::{auth::Role, webhooks::WebhookConfig};
use serde_json::{Value, json};

use super::{WEBHOOKS, create, failed, made, path, restart};
use crate::{
    app::TestApp,
    listener::Hook,
    notices::{colleague, submitted, text},
    parts::hooks,
};

#[test]
fn a_key_is_told_once_and_stands_nowhere() {
    let app = TestApp::start();
    let [civil, coordinator, admin] =
        [Role::CivilOfficer, Role::Coordinator, Role::Admin].map(|role| app.as_role(role));
    let stranger = colleague(&app, "stranger", Role::Coordinator, "military");
    let hook = Hook::start(&[]);

    // Whose it is: a coordinator's own organisation's, any for administrators.
    create(&app, &civil, &hook.url(), "civil").expect(403);
    create(&app, &coordinator, &hook.url(), "military").expect(403);
    let (webhook, secret) = made(&app, &coordinator, &hook.url(), "civil");
    assert_eq!(
        webhook["host"],
        hook.url()["http://".len()..].split('/').next().expect("host")
    );
    for (cookie, status) in [(&coordinator, 200), (&admin, 200), (&stranger, 404), (&civil, 403)] {
        assert_eq!(app.get(&path(&webhook)).cookie(cookie).send().status, status);
    }
    let listed = |cookie: &str| app.get(WEBHOOKS).cookie(cookie).send().expect(200).json()["items"].clone();
    assert_eq!(listed(&stranger), json!([]));
    assert_eq!(listed(&admin)[0]["id"], webhook["id"]);
    for call in ["test", "secret", "deliveries/x/redelivery"] {
        let call = app.post(&format!("{}/{call}", path(&webhook))).cookie(&stranger);
        call.header("if-match", "\"1\"").send().expect(404);
    }

    let test = app
        .post(&format!("{}/test", path(&webhook)))
        .cookie(&coordinator)
        .send()
        .expect(200)
        .json();
    assert_eq!(test["delivered"], true, "{test}");
    let heard = hook.wait_for(1).remove(0);
    assert_eq!(
        (&heard.json()["type"], heard.header("pinpu-delivery")),
        (&json!("test"), text(&test, "delivery"))
    );
    assert!(heard.is_signed_with(&secret));

    // Another key at once; nobody changes what they have not read.
    let rotate = |version: &str| {
        let call = app.post(&format!("{}/secret", path(&webhook))).cookie(&coordinator);
        call.header("if-match", version).send()
    };
    rotate("\"7\"").expect(412);
    let rotated = rotate("\"1\"").expect(200).json();
    let fresh = text(&rotated, "secret").to_owned();
    assert_ne!(fresh, secret);
    submitted(&app, &civil);
    let heard = hook.wait_for(3);
    assert!(heard[1].is_signed_with(&fresh) && !heard[1].is_signed_with(&secret));

    // Neither key, nor the one that the address may hold, is in anything that is read, or in the audit.
    let auditor = app.as_role(Role::Auditor);
    let mut said = String::new();
    for path in [
        WEBHOOKS.to_owned(),
        path(&webhook),
        format!("{}/deliveries", path(&webhook)),
    ] {
        said += &app.get(&path).cookie(&admin).send().expect(200).text();
    }
    let audit = app
        .get("/api/v1/audit?limit=1000")
        .cookie(&auditor)
        .send()
        .expect(200)
        .text();
    for action in ["create_webhook", "rotate_webhook_secret", "test_webhook"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
    said += &audit;
    for hidden in [secret.as_str(), &fresh, "in-the-address"] {
        assert!(!said.contains(hidden), "{hidden}");
    }

    let gone = app.call("DELETE", &path(&webhook)).cookie(&coordinator);
    gone.header("if-match", &format!("\"{}\"", rotated["webhook"]["version"]))
        .send()
        .expect(204);
    app.get(&path(&webhook)).cookie(&coordinator).send().expect(404);
    let before = hook.count();
    submitted(&app, &civil);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(hook.count(), before);
}

#[test]
fn faults_of_a_webhook_say_what_to_write_and_closed_networks_are_refused_unless_allowed() {
    let app = TestApp::start();
    let [civil, admin] = [Role::CivilOfficer, Role::Admin].map(|role| app.as_role(role));
    let field = |url: &str, kinds: Value, organisation: &str| {
        let body = json!({"name": "值班", "url": url, "kinds": kinds, "organisation": organisation});
        let refused = app.post(WEBHOOKS).cookie(&admin).json(&body).send().expect(422).json();
        text(&refused["errors"][0], "field").to_owned()
    };
    for url in [
        "ftp://example.cn",
        "https://user:password@example.cn",
        "example.cn",
        "http://169.254.169.254/x",
    ] {
        assert_eq!(field(url, json!(["request"]), "civil"), "url", "{url}");
    }
    assert_eq!(field("https://example.cn/x", json!([]), "civil"), "kinds");
    assert_eq!(field("https://example.cn/x", json!(["webhook"]), "civil"), "kinds");
    assert_eq!(
        field("https://example.cn/x", json!(["request"]), "nobody"),
        "organisation"
    );

    // As it is delivered: a name that stands for an address of a closed network is not connected to either.
    let hook = Hook::start(&[]);
    let (webhook, _) = made(&app, &admin, &hook.url(), "civil");
    let sender = restart(
        &app,
        WebhookConfig {
            internal: false,
            ..hooks()
        },
    );
    submitted(&app, &civil);
    let known = failed(&app, &admin, &webhook);
    assert!(text(&known, "last_error").contains("closed network"), "{known}");
    assert!(!text(&known, "last_error").contains("in-the-address"), "{known}");
    assert_eq!(hook.count(), 0);
    app.runtime.block_on(sender.stop());
}
