//! The national table, assignments, questions and imports.

use pinpu::service::auth::Role;
use serde_json::json;

use crate::app::TestApp;

#[test]
fn the_table_is_read_in_pages_and_by_band() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    let get = |path: &str| app.get(path).cookie(&viewer).send();
    let all = get("/api/v1/allocations").expect(200).json();
    let all = all["items"].as_array().expect("rows").clone();
    assert!(all.len() > 50, "{}", all.len());
    assert!(
        all.iter()
            .all(|row| row["low_hz"].is_i64() && row["name"]["zh"].is_string())
    );
    let mut pages = Vec::new();
    let mut path = "/api/v1/allocations?limit=7".to_owned();
    loop {
        let page = get(&path).expect(200).json();
        pages.extend(page["items"].as_array().expect("rows").clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/allocations?limit=7&cursor={cursor}");
    }
    assert_eq!(pages, all);
    let fm = get("/api/v1/allocations?low_hz=97000000&high_hz=98000000")
        .expect(200)
        .json();
    assert!(
        fm["items"]
            .as_array()
            .expect("rows")
            .iter()
            .any(|row| row["service"] == "BROADCASTING"),
        "{fm}"
    );
    get("/api/v1/allocations?cursor=0-5").expect(422);
    get("/api/v1/allocations?cursor=nonsense").expect(422);
}

#[test]
fn questions_are_judged_like_emissions() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    let ask = |body| app.post("/api/v1/registry/check").cookie(&viewer).json(&body).send();
    let station =
        ask(json!({"center_hz": 97_700_000, "bandwidth_hz": 180_000, "latitude": 30.55, "longitude": 114.40}));
    let station = station.expect(200).json();
    assert_eq!(station["verdict"]["kind"], "licensed", "{station}");
    assert!(!station["assignments"].as_array().expect("list").is_empty());
    let pirate = ask(json!({"center_hz": 97_450_000, "bandwidth_hz": 180_000}))
        .expect(200)
        .json();
    assert_eq!(pirate["verdict"]["kind"], "unlicensed", "{pirate}");
    for wrong in [
        json!({"center_hz": 0, "bandwidth_hz": 1}),
        json!({"center_hz": 1_000_000, "bandwidth_hz": -1}),
        json!({"center_hz": 1_000_000, "bandwidth_hz": 1000, "latitude": 30.0}),
        json!({"center_hz": 1_000_000, "bandwidth_hz": 1000, "latitude": 91.0, "longitude": 0.0}),
        json!({"center_hz": 1_000_000, "bandwidth_hz": 1000, "colour": "red"}),
        json!({"center_hz": i64::MAX, "bandwidth_hz": i64::MAX}),
    ] {
        ask(wrong).expect(422);
    }
}

#[test]
fn an_assignment_is_added_once_and_counts_at_once() {
    let app = TestApp::start();
    let coordinator = app.as_role(Role::Coordinator);
    let body = json!({"id": "T-1", "holder": "测试 <script>", "station": "s", "center_hz": 97_450_000,
        "necessary_bandwidth_hz": 256_000, "service": "BROADCASTING"});
    let add = |body: &serde_json::Value| app.post("/api/v1/assignments").cookie(&coordinator).json(body).send();
    let made = add(&body).expect(201);
    assert_eq!(
        (made.header("etag"), &made.json()["updated_by"]),
        ("\"1\"", &json!("coordinator"))
    );
    add(&body).expect(422);
    let wrong = add(&json!({"id": "", "holder": "h", "station": "s", "center_hz": -1, "necessary_bandwidth_hz": 1}));
    let fields: Vec<String> = wrong.expect(422).json()["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|e| e["field"].to_string())
        .collect();
    assert_eq!(fields, ["\"id\"", "\"center_hz\""]);
    let read = app
        .get("/api/v1/assignments/T-1")
        .cookie(&coordinator)
        .send()
        .expect(200);
    assert_eq!(
        read.json()["holder"],
        "测试 <script>",
        "kept as it is; the reader escapes"
    );
    app.get("/api/v1/assignments/T-2")
        .cookie(&coordinator)
        .send()
        .expect(404);
    let found = app
        .get("/api/v1/assignments?q=t-1")
        .cookie(&coordinator)
        .send()
        .expect(200)
        .json();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    let ask = json!({"center_hz": 97_450_000, "bandwidth_hz": 180_000});
    let verdict = app
        .post("/api/v1/registry/check")
        .cookie(&coordinator)
        .json(&ask)
        .send()
        .expect(200)
        .json();
    assert_eq!(verdict["verdict"]["kind"], "licensed", "{verdict}");
}

#[test]
fn a_file_is_imported_whole_or_not_at_all() {
    let app = TestApp::start();
    let coordinator = app.as_role(Role::Coordinator);
    let header = "id,holder,station,freq_mhz,bandwidth";
    let import = |query: &str, csv: String| {
        let call = app
            .post(&format!("/api/v1/registry/imports?{query}"))
            .cookie(&coordinator);
        call.bytes("text/csv; charset=utf-8", csv.into_bytes()).send()
    };
    let good = format!("{header}\nI-1,h,s,100.1,180K\nI-2,h,s,100.4,180K\n");
    let rehearsal = import("kind=assignments&dry_run=true", good.clone()).expect(200).json();
    assert_eq!(
        (&rehearsal["applied"], &rehearsal["added"]),
        (&json!(false), &json!(2)),
        "{rehearsal}"
    );
    app.get("/api/v1/assignments/I-1")
        .cookie(&coordinator)
        .send()
        .expect(404);

    let bad = format!("{header}\nI-1,h,s,100.1,180K\nI-2,h,s,abc,180K\n");
    let refused = import("kind=assignments", bad).expect(200).json();
    assert_eq!(
        (&refused["applied"], &refused["rows_bad"], &refused["errors"][0]["row"]),
        (&json!(false), &json!(1), &json!(3)),
        "{refused}"
    );
    assert!(!refused["errors"][0]["reason"].as_str().expect("text").is_empty());
    app.get("/api/v1/assignments/I-1")
        .cookie(&coordinator)
        .send()
        .expect(404);

    let done = import("kind=assignments", good.clone()).expect(200).json();
    assert_eq!((&done["applied"], &done["added"]), (&json!(true), &json!(2)));
    let again = import("kind=assignments", good).expect(200).json();
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(2)));
    app.get("/api/v1/assignments/I-1")
        .cookie(&coordinator)
        .send()
        .expect(200);

    import("kind=people", String::new()).expect(400);
    import("dry_run=true", String::new()).expect(400);
    let json = app
        .post("/api/v1/registry/imports?kind=assignments")
        .cookie(&coordinator)
        .json(&json!({}))
        .send();
    json.expect(415);
    let sizes = [40 << 20, (32 << 20) + 1];
    let path = "/api/v1/registry/imports?kind=assignments";
    assert_eq!(app.announce_body(path, &coordinator, "text/csv", sizes), 413);
}

#[test]
fn stations_leave_as_files_without_the_classified_ones() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    let get = |query: &str| {
        let path = format!("/api/v1/assignments/export?{query}");
        app.get(&path).cookie(&viewer).send()
    };
    for (format, media, begins) in [
        ("csv", "text/csv; charset=utf-8; header=present", "\u{feff}id,holder,"),
        ("geojson", "application/geo+json", "{\"type\":\"FeatureCollection\""),
        ("kml", "application/vnd.google-earth.kml+xml", "<?xml"),
        ("sfaf", "text/plain; charset=utf-8", "005.     U\n"),
        ("ssrf", "application/xml", "<?xml"),
    ] {
        let file = get(&format!("format={format}&low_hz=87000000&high_hz=108000000&lang=en")).expect(200);
        assert_eq!(file.header("content-type"), media);
        let disposition = file.header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\"assignments-20"),
            "{disposition}"
        );
        assert!(file.text().starts_with(begins), "{format}: {}", &file.text()[..60]);
    }
    let all = get("format=csv&lang=en").expect(200).text().lines().count();
    let band = get("format=csv&low_hz=87000000&high_hz=108000000")
        .expect(200)
        .text()
        .lines()
        .count();
    assert!((2..all).contains(&band), "{band} of {all} lines");
    assert_eq!(
        get("format=csv&q=nobody%20has%20this")
            .expect(200)
            .text()
            .lines()
            .count(),
        1
    );
    get("format=pdf").expect(400);
    get("format=csv&low_hz=2&high_hz=1").expect(400);
    let secret = serde_json::json!({"classification": "S"})
        .to_string()
        .replace('"', "\"\"");
    let csv = format!(
        "id,holder,station,freq,bandwidth,extensions\nHIDDEN-7,h,secret,97.45M,256k,\"{{\"\"details\"\":{secret}}}\"\n"
    );
    let coordinator = app.as_role(Role::Coordinator);
    app.post("/api/v1/registry/imports?kind=assignments")
        .cookie(&coordinator)
        .bytes("text/csv", csv.into_bytes())
        .send()
        .expect(200);
    app.get("/api/v1/assignments/HIDDEN-7")
        .cookie(&coordinator)
        .send()
        .expect(200);
    for format in ["csv", "geojson", "kml", "sfaf", "ssrf"] {
        let file = get(&format!("format={format}")).expect(200);
        assert!(!file.text().contains("HIDDEN-7"), "{format}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story told in order")]
fn the_registry_is_read_as_of_a_time_and_a_record_with_its_history() {
    let app = TestApp::start();
    let coordinator = app.as_role(Role::Coordinator);
    let viewer = app.as_role(Role::Viewer);
    let auditor = app.as_role(Role::Auditor);
    let get = |path: &str| app.get(path).cookie(&viewer).send();
    let moment = || {
        std::thread::sleep(std::time::Duration::from_millis(5));
        let now = jiff::Timestamp::now();
        std::thread::sleep(std::time::Duration::from_millis(5));
        now
    };
    let import = |holder: &str| {
        let csv = format!("id,holder,station,freq_mhz,bandwidth\nH-1,{holder},s,100.1,180K\n");
        let call = app
            .post("/api/v1/registry/imports?kind=assignments")
            .cookie(&coordinator);
        call.bytes("text/csv", csv.into_bytes()).send().expect(200)
    };
    let before = moment();
    import("Wang");
    let first = moment();
    import("Li");
    let holder_at = |time| {
        let list = get(&format!("/api/v1/assignments?q=h-1&as_of={time}"))
            .expect(200)
            .json();
        list["items"][0]["holder"].clone()
    };
    assert_eq!(
        (holder_at(before), holder_at(first), holder_at(moment())),
        (json!(null), json!("Wang"), json!("Li"))
    );
    get("/api/v1/assignments?as_of=yesterday").expect(400);
    let tables = get(&format!("/api/v1/allocations?as_of={first}&limit=5"))
        .expect(200)
        .json();
    let now = get("/api/v1/allocations?limit=5").expect(200).json();
    assert_eq!(tables["items"], now["items"]);
    let early = get("/api/v1/allocations?as_of=2001-01-01T00:00:00Z").expect(200).json();
    assert_eq!(early["items"], json!([]));

    let history = get("/api/v1/assignments/H-1/history").expect(200).json();
    let newest = &history["items"][1];
    assert_eq!(
        newest["differences"],
        json!([{"field": "holder", "old": "Wang", "new": "Li"}]),
        "{history}"
    );
    assert_eq!(
        (&newest["updated_by"], &newest["valid_until"]),
        (&json!("coordinator"), &json!(null))
    );
    get("/api/v1/assignments/H-2/history").expect(404);

    let remove = |etag: &str| {
        let call = app.call("DELETE", "/api/v1/assignments/H-1").cookie(&coordinator);
        if etag.is_empty() {
            call
        } else {
            call.header("if-match", etag)
        }
    };
    remove("").send().expect(428);
    remove("\"1\"").send().expect(412);
    remove("\"2\"").header("idempotency-key", "k").send().expect(204);
    remove("\"2\"").header("idempotency-key", "k").send().expect(204);
    remove("\"2\"").send().expect(404);
    get("/api/v1/assignments/H-1").expect(404);
    let history = get("/api/v1/assignments/H-1/history").expect(200).json();
    assert_eq!(history["items"][1]["removed_by"], "coordinator", "{history}");

    let ask = json!({"center_hz": 97_450_000, "bandwidth_hz": 180_000});
    let verdict = app
        .post("/api/v1/registry/check")
        .cookie(&viewer)
        .json(&ask)
        .send()
        .expect(200)
        .json();
    let version = verdict["verdict"]["registry_version"]
        .as_str()
        .expect("version")
        .to_owned();
    let known = get(&format!("/api/v1/registry/versions/{version}")).expect(200).json();
    let last = known["periods"]
        .as_array()
        .expect("periods")
        .last()
        .expect("one")
        .clone();
    assert!(last["since"].is_string() && last["until"].is_null(), "{known}");
    get("/api/v1/registry/versions/0123").expect(404);
    let audit = app
        .get("/api/v1/audit?action=rules&limit=1")
        .cookie(&auditor)
        .send()
        .expect(200)
        .json();
    assert_eq!(audit["items"], json!([]), "this service watches no files");
}
