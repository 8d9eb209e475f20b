//! What the service does with too much, too deep, too odd, and with other people's web pages.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use pinpu::{http::HttpConfig, service::auth::Role};
use serde_json::json;

use crate::app::{TestApp, read_status};

#[test]
fn ten_megabytes_and_a_hundred_thousand_brackets_are_refused_quickly() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    let began = Instant::now();
    // It stops one byte past the limit: the rest is not waited for.
    let sizes = [10 << 20, (1 << 20) + 1];
    let status = app.announce_body("/api/v1/registry/check", &admin, "application/json", sizes);
    assert_eq!(status, 413);
    let quoted = json!({"center_hz": "9".repeat(900_000), "bandwidth_hz": 1});
    let quoted = app
        .post("/api/v1/registry/check")
        .cookie(&admin)
        .json(&quoted)
        .send()
        .expect(422);
    assert!(
        quoted.body.len() < 2000,
        "the answer does not repeat what was sent: {} bytes",
        quoted.body.len()
    );
    let deep = |open: &str| format!("{{\"center_hz\": {}", open.repeat(100_000)).into_bytes();
    for path in ["/api/v1/registry/check", "/api/v1/sessions"] {
        for open in ["[", "{\"a\":"] {
            let status = app
                .post(path)
                .cookie(&admin)
                .bytes("application/json", deep(open))
                .send()
                .status;
            assert!(status == 400 || status == 422, "{path}: {status}");
        }
    }
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    app.get("/api/v1/health/live").send().expect(200);
}

#[test]
fn a_body_nobody_reads_breaks_no_connection() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    for (path, status) in [
        ("/api/v1/alarm-routes/nothing/test", 404),
        ("/api/v1/conflicts/nothing/acknowledge", 428),
        ("/api/v1/nothing", 404),
    ] {
        let body = vec![b' '; 3 << 20];
        let mut stream = app.begin_post(path, &admin, "application/json", body.len());
        // As over a slow line: the refusal is ready before the first byte of the body is here.
        std::thread::sleep(Duration::from_millis(100));
        stream.write_all(&body).expect("everything is taken");
        assert_eq!(read_status(&mut stream), status, "{path}");
    }
    let mut stalled = app.begin_post("/api/v1/alarm-routes/nothing/test", &admin, "application/json", 2);
    assert_eq!(read_status(&mut stalled), 404, "nobody waits for ever");
}

#[test]
fn what_cannot_be_read_is_named() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    let get = |path: &str| app.get(path).cookie(&admin).send();
    let unknown = get("/api/v1/emissions?lo_hz=5").expect(400).json();
    assert!(
        unknown["detail"].as_str().expect("text").contains("low_hz"),
        "the right name is offered: {unknown}"
    );
    for path in [
        "/api/v1/emissions?limit=0",
        "/api/v1/emissions?limit=1001",
        "/api/v1/emissions?limit=-1",
        "/api/v1/emissions?low_hz=abc",
        "/api/v1/emissions?low_hz=9&high_hz=5",
        "/api/v1/spectra/waterfall?low_hz=-9223372036854775808",
        "/api/v1/occupancy?high_hz=3000000000001",
        "/api/v1/emissions?verdict=guilty",
        "/api/v1/emissions?from=yesterday",
        "/api/v1/emissions?order=colour",
        "/api/v1/conflicts?status=closed",
        "/api/v1/spectra?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z&receiver=rx1",
        "/api/v1/spectra/waterfall?width=0",
        "/api/v1/spectra/waterfall?width=4096&height=4096",
        "/api/v1/receivers?x=1",
    ] {
        let status = get(path).status;
        assert!(
            status == 400 || (path.ends_with("x=1") && status == 200),
            "{path}: {status}"
        );
    }
    get("/api/v1/emissions?cursor=zz").expect(422);
    get("/api/v1/emissions?receiver=&low_hz=&open=").expect(200);
    get("/api/v1/nothing").expect(404);
    get("/api/v1/emissions/nothing").expect(404);
    get("/api/v1/plots/sculpture.stl").expect(404);
    app.post("/api/v1/registry/check")
        .cookie(&admin)
        .bytes("text/plain", b"{}".to_vec())
        .send()
        .expect(415);
    app.post("/api/v1/registry/check")
        .cookie(&admin)
        .bytes("application/json", b"{".to_vec())
        .send()
        .expect(400);
    let wrong = app
        .post("/api/v1/registry/check")
        .cookie(&admin)
        .json(&json!({"center_hz": "x"}))
        .send()
        .expect(422);
    assert!(
        wrong.json()["detail"].as_str().expect("text").contains("center_hz"),
        "{}",
        wrong.text()
    );
}

#[test]
fn methods_are_right() {
    let app = TestApp::start();
    let admin = app.as_role(Role::Admin);
    let refused = app
        .call("PUT", "/api/v1/emissions")
        .cookie(&admin)
        .json(&json!({}))
        .send()
        .expect(405);
    assert!(refused.header("allow").contains("GET"), "{:?}", refused.headers);
    let head = app.call("HEAD", "/api/v1/emissions").cookie(&admin).send().expect(200);
    assert!(head.body.is_empty() && head.header("content-type") == "application/json");
    app.call("HEAD", "/api/v1/emissions").send().expect(401);
    app.call("POST", "/somewhere").json(&json!({})).send().expect(405);
}

#[test]
fn messages_come_in_the_language_of_the_reader() {
    let app = TestApp::start();
    let zh = app
        .get("/api/v1/emissions")
        .header("accept-language", "zh-CN,zh;q=0.9,en;q=0.5")
        .send()
        .expect(401);
    assert_eq!(zh.json()["title"], "需要登录");
    assert_eq!(zh.header("content-language"), "zh-CN");
    let en = app
        .get("/api/v1/emissions")
        .header("accept-language", "en")
        .send()
        .expect(401);
    assert_eq!(en.json()["title"], "Login required");
}

#[test]
fn health_speaks_without_a_login_and_metrics_to_this_machine() {
    let app = TestApp::with(HttpConfig {
        metrics_token: Some("0123456789abcdef".into()),
        ..HttpConfig::default()
    });
    app.get("/api/v1/health/live").send().expect(200);
    let waiting = app.get("/api/v1/health/ready").send().expect(503);
    assert!(waiting.text().contains("capture"), "{}", waiting.text());
    app.state.readiness.up("capture");
    app.get("/api/v1/health/ready").send().expect(200);
    let metrics = app.get("/metrics").send().expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"));
    assert!(metrics.text().contains("http_requests_total"), "{}", metrics.text());
    let behind_proxy = || app.get("/metrics").header("x-forwarded-for", "192.0.2.1");
    behind_proxy().send().expect(401);
    behind_proxy()
        .header("authorization", "Bearer fedcba9876543210")
        .send()
        .expect(401);
    behind_proxy()
        .header("authorization", "Bearer 0123456789abcdef")
        .send()
        .expect(200);
}

#[test]
fn the_console_or_a_page_that_says_how_to_build_it_is_at_the_root() {
    let app = TestApp::start();
    let root = app.get("/").send().expect(200);
    assert!(
        root.header("content-type").starts_with("text/html"),
        "{:?}",
        root.headers
    );
    let docs = app.get("/docs").send().expect(200);
    assert!(docs.header("content-type").starts_with("text/html"));
    app.get("/assets/nothing-0123.js").send().expect(404);
    app.get("/../Cargo.toml").send().expect(404);
    app.get("/api/").send().expect(404);
    app.get("/openapi.json").send().expect(401);
    let viewer = app.as_role(Role::Viewer);
    let document = app.get("/openapi.json").cookie(&viewer).send().expect(200);
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.json()["info"]["title"], "Pinpu");
}

#[test]
fn long_answers_are_compressed_for_those_who_ask() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    let plain = app.get("/api/v1/allocations").cookie(&viewer).send().expect(200);
    let small = app
        .get("/api/v1/allocations")
        .cookie(&viewer)
        .header("accept-encoding", "gzip")
        .send()
        .expect(200);
    assert_eq!(
        (plain.header("content-encoding"), small.header("content-encoding")),
        ("", "gzip")
    );
    assert!(
        small.body.len() * 2 < plain.body.len(),
        "{} of {}",
        small.body.len(),
        plain.body.len()
    );
}
