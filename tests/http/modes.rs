//! The modes of the policy of disclosure: what is told by marking, where a record may be hidden, and what a mask takes away.

use pinpu::{
    detect::DetectEvent,
    service::{auth::Role, ledger::Room, policy::DisclosurePolicy, registry::RegistryService, vault::NewFile},
};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, band, frame, pirate};

const POLICY: &str = r#"
format = 1
version = "t"
questions = { per_day = 900, zone = "UTC" }
classification = [
    { markings = ["机密"], told = "hidden" },
    { markings = ["内部"], told = "full", roles = ["civil_officer"] },
]

[[band]]
name = "of the regiment"
lower_hz = 150_000_000
upper_hz = 152_000_000
answers = "always_ask"

[[band]]
name = "not shown"
lower_hz = 97_900_000
upper_hz = 98_400_000
spectrum = "masked"
"#;

fn under_policy() -> TestApp {
    TestApp::under(DisclosurePolicy::parse(POLICY, "test").expect("policy"))
}

fn csv(id: &str, mhz: &str, class: &str) -> String {
    let details = format!("\"{{\"\"details\"\":{{\"\"classification\"\":\"\"{class}\"\"}}}}\"");
    format!(
        "id,holder,station,freq_mhz,bandwidth,role,latitude,longitude,extensions\n{id},R,C,{mhz},25k,transmit,30.2,114.1,{details}\n"
    )
}

fn import(app: &TestApp, cookie: &str, csv: String) -> Reply {
    let call = app.post("/api/v1/registry/imports?kind=assignments").cookie(cookie);
    call.bytes("text/csv", csv.into_bytes()).send()
}

fn proposal(low_hz: i64, class: Option<&str>) -> Value {
    json!({
        "title": "保障", "kind": "event", "priority": "routine", "from_office": "甲", "to_office": "乙", "user": "丙",
        "purpose": "调度", "asked": {"bands": [{"low_hz": low_hz, "high_hz": low_hz + 12_500}]}, "designator": "11K0F3E",
        "power": {"dbw": 10.0, "kind": "erp"}, "service": "LAND-MOBILE", "classification": class,
        "place": {"circle": {"latitude": 30.2, "longitude": 114.1, "radius_km": 1.0}},
        "time": {"from": "2030-01-01T00:00:00Z", "to": "2030-01-09T00:00:00Z"}
    })
}

/// Whether the check of a use at this frequency says to ask the other side.
fn asks(app: &TestApp, cookie: &str, low_hz: i64) -> bool {
    let call = app.post("/api/v1/coordination/check").cookie(cookie);
    let checked = call.json(&proposal(low_hz, None)).send().expect(200).json();
    let findings = checked["analysis"]["findings"].as_array().expect("findings");
    findings.iter().any(|finding| finding["kind"] == "ask_other_side")
}

#[test]
fn what_is_to_be_hidden_lies_in_a_band_that_always_asks_or_is_refused() {
    let app = under_policy();
    let [civil, military, coordinator] =
        [Role::CivilOfficer, Role::MilitaryOfficer, Role::Coordinator].map(|role| app.as_role(role));
    assert!(asks(&app, &civil, 150_500_000), "whatever the register holds");
    assert!(!asks(&app, &civil, 160_500_000));
    let refused = import(&app, &coordinator, csv("H-1", "160.5", "机密"));
    let refused = refused.expect(422).text();
    assert!(
        refused.contains("150") && refused.contains("152"),
        "it names the bands: {refused}"
    );
    import(&app, &coordinator, csv("H-1", "150.5", "机密")).expect(200);
    import(&app, &coordinator, csv("E-1", "160.5", "秘密")).expect(200);
    assert!(
        asks(&app, &civil, 160_500_000),
        "one that no entry names is told by its existence"
    );
    let write = |cookie: &str, low_hz| {
        let call = app.post("/api/v1/coordination/requests").cookie(cookie);
        call.json(&json!({"proposal": proposal(low_hz, Some("机密"))})).send()
    };
    let wrong = write(&military, 160_000_000).expect(422).json();
    assert_eq!(wrong["errors"][0]["field"], "classification", "{wrong}");
    write(&military, 150_000_000).expect(201);
    let order = |low_hz: i64| {
        let order = json!({
            "number": "HB-2030-01", "title": {"zh": "管制", "en": "order"}, "issuer": "R", "low_hz": low_hz, "high_hz": low_hz + 25_000,
            "classification": "机密", "from": "2030-01-01T00:00:00Z", "to": "2030-01-02T00:00:00Z", "effect": {"kind": "prohibit"},
            "area": {"circle": {"latitude": 30.5, "longitude": 114.3, "radius_km": 5.0}},
        });
        app.post("/api/v1/control-orders").cookie(&military).json(&order).send()
    };
    let wrong = order(160_000_000).expect(422).json();
    assert_eq!(wrong["errors"][0]["field"], "classification", "{wrong}");
    order(150_000_000).expect(201);
}

#[test]
fn what_cannot_be_hidden_is_told_by_its_existence_and_named_to_those_who_watch() {
    let app = under_policy();
    let [civil, admin, auditor] = [Role::CivilOfficer, Role::Admin, Role::Auditor].map(|role| app.as_role(role));
    // As it comes in on the command line, which knows no policy.
    app.runtime.block_on(async {
        let other = RegistryService::open(app.store.clone()).await.expect("registry");
        let text = csv("H-9", "160.5", "机密");
        let rows = pinpu::registry::import::parse_assignments(text.as_bytes(), "hidden.csv").ok;
        other
            .import_assignments(rows, "command line", "command line")
            .await
            .expect("stored");
        app.state.registry.refresh().await.expect("read");
    });
    assert!(asks(&app, &civil, 160_500_000));
    let policy = |cookie: &str| app.get("/api/v1/coordination/disclosure").cookie(cookie).send();
    let told = policy(&admin).expect(200).json();
    assert_eq!(
        (&told["misplaced"], &told["version"]),
        (&json!(["H-9"]), &json!("t")),
        "{told}"
    );
    assert_eq!(told["bands"][1]["spectrum"], "masked");
    policy(&civil).expect(403);
    let log = app.get("/api/v1/audit?action=read_confidential").cookie(&auditor);
    let log = log.send().expect(200).json();
    assert_eq!(log["items"][0]["subject"], "H-9", "a key is told: {log}");
}

#[test]
fn what_is_told_in_full_is_told_to_the_roles_that_are_named() {
    let app = under_policy();
    let [civil, viewer, coordinator] =
        [Role::CivilOfficer, Role::Viewer, Role::Coordinator].map(|role| app.as_role(role));
    import(&app, &coordinator, csv("F-1", "160.5", "内部")).expect(200);
    let read = |cookie: &str| app.get("/api/v1/assignments/F-1").cookie(cookie).send().status;
    assert_eq!([read(&civil), read(&viewer)], [200, 404]);
    assert!(
        !asks(&app, &civil, 160_500_000),
        "who knows it is told of it, and not to ask"
    );
    let exported = app
        .get("/api/v1/assignments/export?format=csv")
        .cookie(&civil)
        .send()
        .expect(200);
    assert!(!exported.text().contains("F-1"), "files leave out what is classified");
}

#[test]
fn a_masked_band_is_a_gap_for_whoever_may_not_know_all() {
    let app = under_policy();
    let [civil, military] = [Role::CivilOfficer, Role::MilitaryOfficer].map(|role| app.as_role(role));
    for second in 0..3 {
        app.detect(DetectEvent::Frame(frame(f64::from(second))));
    }
    let hidden = pinpu::detect::Emission {
        center_hz: pinpu::units::Hertz(98_050_000),
        low_hz: pinpu::units::Hertz(97_960_000),
        high_hz: pinpu::units::Hertz(98_140_000),
        ..pirate(2)
    };
    app.detect(DetectEvent::Opened(pirate(1)));
    app.detect(DetectEvent::Opened(hidden));
    let all = app.wait_for_items(&military, "/api/v1/emissions?order=center", 2);
    let get = |cookie: &str, path: &str| app.get(path).cookie(cookie).send();
    let seen = get(&civil, "/api/v1/emissions").expect(200).json();
    assert_eq!(seen["items"].as_array().map(Vec::len), Some(1), "{seen}");
    let inside = format!("/api/v1/emissions/{}", all[1]["id"].as_str().expect("id"));
    assert_eq!(
        [get(&civil, &inside).status, get(&military, &inside).status],
        [404, 200]
    );

    let masks = get(&civil, "/api/v1/spectra/masks").expect(200).json();
    assert_eq!(masks["items"], json!([{"low_hz": 97_900_000, "high_hz": 98_400_000}]));
    assert_eq!(get(&military, "/api/v1/spectra/masks").json()["items"], json!([]));
    let levels = |cookie: &str, pixels: usize| {
        let path = format!("/api/v1/spectra/latest?pixels={pixels}");
        let spectrum = get(cookie, &path).expect(200).json();
        let levels = |name: &str| spectrum[name].as_array().expect("levels").clone();
        ["mean", "max", "min", "floor"].map(levels)
    };
    // A bin is masked where any part of it is.
    let (width, bins) = (band().width().0, 1024);
    let masked = |bin: i64| {
        let edge = |bin: i64| 97_000_000 + bin * width / bins;
        edge(bin) < 98_400_000 && edge(bin + 1) > 97_900_000
    };
    for trace in levels(&civil, 1024) {
        for (bin, level) in trace.iter().enumerate() {
            assert_eq!(level.is_null(), masked(bin as i64), "bin {bin}");
        }
    }
    assert!(levels(&military, 1024).iter().flatten().all(|level| !level.is_null()));
    // No pixel is made of a masked bin, however few there are.
    let few = levels(&civil, 2);
    assert!(
        few.iter().flatten().all(|level| !level.is_null()),
        "what is left is shown: {few:?}"
    );
}

#[test]
fn a_masked_band_is_not_counted_and_is_named_in_pictures() {
    let app = under_policy();
    let [civil, military] = [Role::CivilOfficer, Role::MilitaryOfficer].map(|role| app.as_role(role));
    for second in 0..3 {
        app.detect(DetectEvent::Frame(frame(f64::from(second))));
    }
    app.detect(DetectEvent::Opened(pirate(1)));
    app.wait_for_items(&military, "/api/v1/emissions", 1);
    let get = |cookie: &str, path: &str| app.get(path).cookie(cookie).send();
    let occupancy = |cookie: &str| {
        let now = jiff::Timestamp::now();
        let from = now - jiff::SignedDuration::from_mins(30);
        let path = format!("/api/v1/occupancy?low_hz=97000000&high_hz=99000000&raster_hz=500000&from={from}&to={now}");
        get(cookie, &path).expect(200).json()
    };
    let told = occupancy(&civil);
    let channels = told["channels"].as_array().expect("channels");
    let masked: Vec<bool> = channels.iter().map(|channel| channel["masked"] == true).collect();
    assert_eq!(masked, [false, true, true, false], "{told}");
    assert_eq!((&told["band"], &channels[1]["observed_s"]), (&Value::Null, &json!(0)));
    assert!(
        occupancy(&military)["channels"]
            .as_array()
            .expect("channels")
            .iter()
            .all(|channel| channel["masked"] == false)
    );

    let plot = "/api/v1/plots/waterfall.svg?low_hz=97000000&high_hz=99000000&lang=en";
    assert!(get(&civil, plot).expect(200).text().contains("masked by policy"));
    assert!(!get(&military, plot).expect(200).text().contains("masked by policy"));
}

#[test]
fn a_measured_file_that_may_hold_a_masked_band_is_not_there() {
    let app = under_policy();
    let [civil, military] = [Role::CivilOfficer, Role::MilitaryOfficer].map(|role| app.as_role(role));
    app.detect(DetectEvent::Opened(pirate(1)));
    let conflict = app.wait_for_items(&military, "/api/v1/conflicts", 1)[0]["id"].clone();
    let conflict = conflict.as_str().expect("id");
    let file = NewFile {
        name: "roof.spectrum.json".to_owned(),
        content_type: "application/json".to_owned(),
        content: b"{}".to_vec(),
    };
    let room = Room { bytes_max: 1 << 20 };
    let measured = app
        .state
        .attachments
        .add_measured(conflict, vec![file], room, jiff::Timestamp::now());
    app.runtime.block_on(measured).expect("kept");
    let path = format!("/api/v1/conflicts/{conflict}");
    let files = |cookie: &str| {
        let list = app
            .get(&format!("{path}/attachments"))
            .cookie(cookie)
            .send()
            .expect(200)
            .json();
        let detail = app.get(&path).cookie(cookie).send().expect(200).json();
        assert_eq!(list["items"], detail["attachments"]);
        list["items"].as_array().expect("items").clone()
    };
    assert_eq!(files(&civil), Vec::<Value>::new());
    let file = format!("{path}/attachments/{}", files(&military)[0]["id"].as_str().expect("id"));
    let read = |cookie: &str| app.get(&file).cookie(cookie).send().status;
    assert_eq!([read(&civil), read(&military)], [404, 200]);
}
