//! Logging in and out, accounts, and what guessing costs.

use std::time::{Duration, Instant};

use pinpu::{http::HttpConfig, service::auth::Role};
use serde_json::json;

use crate::app::{PASSWORD, TestApp};

#[test]
fn a_session_begins_with_the_password_and_ends_with_the_logout() {
    let app = TestApp::start();
    app.account(Role::Viewer);
    let reply = app
        .post("/api/v1/sessions")
        .json(&json!({"user": "viewer", "password": PASSWORD}))
        .send()
        .expect(200);
    let cookie = reply.header("set-cookie").to_owned();
    assert!(cookie.starts_with("pinpu_session="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "loopback without TLS");
    let token = cookie.split(['=', ';']).nth(1).expect("token");
    assert!(token.len() == 64, "256 bits: {token}");
    assert_eq!(reply.json()["role"], "viewer");
    assert_eq!(reply.json()["demo"], false);

    let cookie = cookie.split(';').next().expect("cookie");
    app.get("/api/v1/sessions/current").cookie(cookie).send().expect(200);
    let bearer = format!("Bearer {token}");
    app.get("/api/v1/sessions/current")
        .header("authorization", &bearer)
        .send()
        .expect(200);
    app.call("DELETE", "/api/v1/sessions/current")
        .cookie(cookie)
        .send()
        .expect(204);
    app.get("/api/v1/sessions/current").cookie(cookie).send().expect(401);
    app.get("/api/v1/sessions/current")
        .cookie("pinpu_session=0")
        .send()
        .expect(401);
}

#[test]
fn the_token_is_not_in_the_database() {
    let app = TestApp::start();
    let cookie = app.as_role(Role::Viewer);
    let token = cookie.split('=').nth(1).expect("token").as_bytes().to_vec();
    let sessions = app.runtime.block_on(app.store.sessions_of("viewer")).expect("sessions");
    assert_eq!(sessions.len(), 1);
    assert_ne!(&sessions[0].token_hash[..], &token[..32]);
    let user = app
        .runtime
        .block_on(app.store.user("viewer"))
        .expect("user")
        .expect("there");
    assert!(user.password_hash.starts_with("$argon2id$") && !user.password_hash.contains(PASSWORD));
}

#[test]
fn cookies_are_secure_where_the_network_is_not_this_machine() {
    let app = TestApp::with(HttpConfig {
        secure_cookies: true,
        ..HttpConfig::default()
    });
    app.account(Role::Viewer);
    let reply = app
        .post("/api/v1/sessions")
        .json(&json!({"user": "viewer", "password": PASSWORD}))
        .send()
        .expect(200);
    assert!(reply.header("set-cookie").contains("; Secure"));
}

#[test]
fn a_locked_account_is_cut_off_at_the_next_request_and_a_new_role_counts_at_once() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    let viewer = app.as_role(Role::Viewer);
    app.get("/api/v1/emissions").cookie(&viewer).send().expect(200);
    app.call("PATCH", "/api/v1/users/viewer")
        .cookie(&admin)
        .json(&json!({"disabled": true}))
        .send()
        .expect(200);
    app.get("/api/v1/emissions").cookie(&viewer).send().expect(401);
    let login = json!({"user": "viewer", "password": PASSWORD});
    let locked = app.post("/api/v1/sessions").json(&login).send().expect(401).json();
    let unknown = app
        .post("/api/v1/sessions")
        .json(&json!({"user": "nobody", "password": PASSWORD}))
        .send()
        .expect(401);
    let wrong = app
        .post("/api/v1/sessions")
        .json(&json!({"user": "admin", "password": "wrong-word"}))
        .send()
        .expect(401);
    for key in ["type", "title", "detail", "status"] {
        assert_eq!(locked[key], unknown.json()[key], "locked and unknown look the same");
        assert_eq!(
            wrong.json()[key],
            unknown.json()[key],
            "wrong and unknown look the same"
        );
    }
    app.call("PATCH", "/api/v1/users/viewer")
        .cookie(&admin)
        .json(&json!({"disabled": false}))
        .send()
        .expect(200);
    app.get("/api/v1/emissions").cookie(&viewer).send().expect(401);
    let viewer = app.log_in("viewer");
    app.call("PATCH", "/api/v1/users/viewer")
        .cookie(&admin)
        .json(&json!({"role": "sensor"}))
        .send()
        .expect(200);
    let after = app.get("/api/v1/emissions").cookie(&viewer).send().status;
    assert!(after == 401 || after == 403, "{after}");
}

#[test]
fn administrators_keep_accounts() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    let new = |name: &str, password: &str| json!({"name": name, "role": "auditor", "password": password});
    let made = app
        .post("/api/v1/users")
        .cookie(&admin)
        .json(&new("li.wei", PASSWORD))
        .send()
        .expect(201)
        .json();
    assert_eq!(made["role"], "auditor");
    assert!(made.get("password").is_none() && !made.to_string().contains("argon2"));
    app.post("/api/v1/users")
        .cookie(&admin)
        .json(&new("li.wei", PASSWORD))
        .send()
        .expect(422);
    app.post("/api/v1/users")
        .cookie(&admin)
        .json(&new("Li Wei", PASSWORD))
        .send()
        .expect(422);
    app.post("/api/v1/users")
        .cookie(&admin)
        .json(&new("zhang", "password1"))
        .send()
        .expect(422);
    app.post("/api/v1/users")
        .cookie(&admin)
        .json(&json!({"name": "x", "role": "root"}))
        .send()
        .expect(422);
    let list = app
        .get("/api/v1/users?limit=1")
        .cookie(&admin)
        .send()
        .expect(200)
        .json();
    assert_eq!(
        (
            list["items"][0]["name"].as_str(),
            list["items"].as_array().map(Vec::len)
        ),
        (Some("admin"), Some(1))
    );
    let next = format!("/api/v1/users?cursor={}", list["next_cursor"].as_str().expect("more"));
    let rest = app.get(&next).cookie(&admin).send().expect(200).json();
    assert_eq!(
        (rest["items"][0]["name"].as_str(), &rest["next_cursor"]),
        (Some("li.wei"), &json!(null))
    );
}

#[test]
fn accounts_are_changed_and_removed_but_never_the_last_administrator() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    let auditor = json!({"name": "li.wei", "role": "auditor", "password": PASSWORD});
    app.post("/api/v1/users")
        .cookie(&admin)
        .json(&auditor)
        .send()
        .expect(201);
    let change = json!({"password": "new words for an auditor"});
    app.call("PATCH", "/api/v1/users/li.wei")
        .cookie(&admin)
        .json(&change)
        .send()
        .expect(200);
    app.call("PATCH", "/api/v1/users/nobody")
        .cookie(&admin)
        .json(&change)
        .send()
        .expect(404);
    app.call("PATCH", "/api/v1/users/li.wei")
        .cookie(&admin)
        .json(&json!({"pasword": "x"}))
        .send()
        .expect(422);
    app.call("DELETE", "/api/v1/users/li.wei")
        .cookie(&admin)
        .send()
        .expect(204);
    app.call("DELETE", "/api/v1/users/li.wei")
        .cookie(&admin)
        .send()
        .expect(404);
    let last = app
        .call("DELETE", "/api/v1/users/admin")
        .cookie(&admin)
        .send()
        .expect(409)
        .json();
    assert!(
        last["detail"].as_str().expect("text").contains("last administrator"),
        "{last}"
    );
    app.call("PATCH", "/api/v1/users/admin")
        .cookie(&admin)
        .json(&json!({"role": "viewer"}))
        .send()
        .expect(409);
}

#[test]
fn guessing_is_slowed_down_and_the_owner_elsewhere_is_not() {
    let app = TestApp::with(HttpConfig {
        trust_proxy: true,
        ..HttpConfig::default()
    });
    app.account(Role::Admin);
    let try_from = |address: &str, password: &str| {
        let body = json!({"user": "admin", "password": password});
        app.post("/api/v1/sessions")
            .header("x-forwarded-for", address)
            .json(&body)
            .send()
    };
    let statuses: Vec<u16> = (0..12)
        .map(|n| try_from("192.0.2.1", &format!("guess number {n}")).status)
        .collect();
    assert_eq!(statuses[..5], [401; 5], "{statuses:?}");
    assert!(statuses[6..].iter().all(|status| *status == 429), "{statuses:?}");
    let refused = try_from("192.0.2.1", PASSWORD).expect(429);
    assert!(
        refused.header("retry-after").parse::<u64>().expect("seconds") >= 1,
        "even with the right password"
    );
    let began = Instant::now();
    try_from("198.51.100.7", PASSWORD).expect(200);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn demo_lets_this_machine_in_and_no_other_web_site() {
    let app = TestApp::with(HttpConfig {
        demo: true,
        ..HttpConfig::default()
    });
    let session = app.get("/api/v1/sessions/current").send().expect(200).json();
    assert_eq!(
        (&session["user"], &session["role"], &session["demo"]),
        (&json!("demo"), &json!("coordinator"), &json!(true))
    );
    app.get("/api/v1/users").send().expect(403);
    app.get("/api/v1/emissions")
        .header("host", "evil.example")
        .send()
        .expect(421);
    let check = json!({"center_hz": 97_450_000, "bandwidth_hz": 180_000});
    app.post("/api/v1/registry/check")
        .header("origin", "https://evil.example")
        .json(&check)
        .send()
        .expect(403);
    let own = format!("http://{}", app.address);
    app.post("/api/v1/registry/check")
        .header("origin", &own)
        .json(&check)
        .send()
        .expect(200);
}

#[test]
fn demo_accounts_are_seeded_once() {
    let app = TestApp::start();
    let password = app
        .runtime
        .block_on(app.state.users.seed_demo(None))
        .expect("seed")
        .expect("new");
    for user in [
        "admin",
        "coordinator",
        "civil",
        "military",
        "field",
        "viewer",
        "auditor",
    ] {
        let body = json!({"user": user, "password": password});
        app.post("/api/v1/sessions").json(&body).send().expect(200);
    }
    assert_eq!(
        app.runtime
            .block_on(app.state.users.seed_demo(Some("another one".to_owned())))
            .expect("seed"),
        None
    );
}

#[test]
fn a_demo_on_an_open_address_is_refused() {
    let app = TestApp::start();
    let mut open = TestApp::with(HttpConfig {
        demo: true,
        ..HttpConfig::default()
    });
    open.stop().expect("a demo on loopback serves");
    let refused = app.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.expect("port");
        pinpu::http::serve(listener, open.state.clone(), std::future::pending()).await
    });
    let text = refused.expect_err("not on every address").to_string();
    assert!(text.contains("127.0.0.1"), "{text}");
}
