//! How much of the time channels were in use, and assignments that are not: from frames and bursts as a receiver delivers
//! them, through the monitor's own path to the disk, to what people read.

#![expect(clippy::too_many_lines, reason = "a case is one story told in order")]

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    capture::{Observation, ObservationContent},
    conflict::Rules,
    detect::{DetectEvent, Emission, Frame},
    service::{
        auth::Role,
        occupancy::{UseConfig, UseRound, UseWatch},
        rules::RulesInForce,
    },
    store::SpectraQuery,
    units::Hertz,
};
use serde_json::{Value, json};

use crate::{
    app::{RECEIVER, TestApp, band, pirate, status},
    disclosure::live,
};

/// Hands over what a receiver saw; seconds count from the epoch.
pub struct Receiver<'a> {
    pub app: &'a TestApp,
    pub epoch: Timestamp,
}

impl Receiver<'_> {
    fn send(&self, event: DetectEvent) {
        let observation = Observation {
            receiver: RECEIVER.into(),
            run: 1,
            epoch: self.epoch,
            content: ObservationContent::Detect { band: band(), event },
        };
        let monitor = self.app.monitor.as_ref().expect("running");
        assert!(monitor.sender().try_send(observation), "the queue is full");
    }

    /// Watches the whole band for `seconds` of each of these minutes, and waits until that is on the disk.
    pub fn watch(&self, minutes: std::ops::Range<i64>, seconds: f64) {
        let minutes: Vec<i64> = minutes.collect();
        for some in minutes.chunks(100) {
            for minute in some {
                self.send(DetectEvent::Frame(frame(*minute as f64 * 60.0, seconds)));
            }
            // A minute is stored when the next one begins; one that is shorter than half a minute idles out.
            let stored = some[some.len().saturating_sub(2)];
            self.wait_for_minute(stored);
        }
        // The frame of the minute after the last closes it, and is too short to be worth a second.
        self.send(DetectEvent::Frame(frame(
            (minutes[minutes.len() - 1] + 1) as f64 * 60.0,
            0.0,
        )));
        self.wait_for_minute(minutes[minutes.len() - 1]);
    }

    fn wait_for_minute(&self, minute: i64) {
        let from = self.epoch + SignedDuration::from_mins(minute);
        let query = SpectraQuery {
            receiver: RECEIVER.to_owned(),
            interval_s: 60,
            band: None,
            from: from + SignedDuration::from_millis(1),
            to: from + SignedDuration::from_secs(1),
            limit: Some(1),
            cursor: None,
        };
        for _ in 0..3000 {
            let page = self
                .app
                .runtime
                .block_on(self.app.store.spectra(&query))
                .expect("reads");
            if !page.items.is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("minute {minute} was not stored");
    }

    /// An emission that has ended.
    pub fn hear(&self, id: u64, [center_hz, width_hz]: [i64; 2], bursts: &[[f64; 2]]) {
        let (first, last) = (bursts[0], bursts[bursts.len() - 1]);
        self.send(DetectEvent::Closed(Emission {
            start_s: first[0],
            stop_s: last[1],
            center_hz: Hertz(center_hz),
            low_hz: Hertz(center_hz - width_hz / 2),
            high_hz: Hertz(center_hz + width_hz / 2),
            bandwidth_hz: Hertz(width_hz),
            bursts: bursts.to_vec(),
            bursts_total: bursts.len() as u64,
            open: false,
            ..pirate(id)
        }));
    }
}

/// Twenty bins of 100 kHz with nothing in them.
fn frame(start_s: f64, duration_s: f64) -> Frame {
    Frame {
        start_s,
        duration_s,
        low_hz: band().low(),
        high_hz: band().high(),
        enbw_bins: 1.5,
        mean_dbfs: vec![-100.0; 20],
        max_dbfs: vec![-98.0; 20],
        min_dbfs: vec![-110.0; 20],
        floor_dbfs: vec![-100.0; 20],
    }
}

/// A full hour some days ago.
fn hour_ago(days: i64) -> Timestamp {
    let second = Timestamp::now().as_second() - days * 86_400;
    Timestamp::from_second(second.div_euclid(3600) * 3600).expect("in range")
}

fn near(value: &Value, expected: f64, tolerance: f64) {
    let known = value.as_f64().unwrap_or(f64::NAN);
    assert!((known - expected).abs() <= tolerance, "{value} instead of {expected}");
}

#[test]
fn occupancy_is_the_share_of_observed_time_and_the_unobserved_is_not_free() {
    let app = TestApp::start();
    let viewer = app.as_role(Role::Viewer);
    app.observe(ObservationContent::Status(status()));
    let receiver = Receiver {
        app: &app,
        epoch: hour_ago(2),
    };
    // Two hours of three: on for ten minutes in each of them, in one channel of 100 kHz.
    receiver.watch(0..120, 60.0);
    receiver.hear(1, [97_450_000, 99_000], &[[600.0, 1200.0], [4000.0, 4600.0]]);
    app.wait_for_items(&viewer, "/api/v1/emissions", 1);
    let (from, to) = (receiver.epoch, receiver.epoch + SignedDuration::from_hours(3));
    let get = |more: &str| {
        let path = format!("/api/v1/occupancy?from={from}&to={to}{more}");
        app.get(&path).cookie(&viewer).send()
    };
    let band = "&low_hz=96900000&high_hz=97900000&raster_hz=100000";
    let reply = get(&format!("{band}&by=hour&zone=Asia/Shanghai")).expect(200);
    let answer = reply.json();
    assert_eq!(
        reply.header("etag"),
        get(&format!("{band}&by=hour&zone=Asia/Shanghai")).header("etag")
    );
    assert_ne!(reply.header("etag"), get(band).header("etag"));

    let channels = answer["channels"].as_array().expect("channels");
    assert_eq!(channels.len(), 10);
    // Below the watched band nothing is known.
    assert_eq!(
        (&channels[0]["occupancy"], &channels[0]["observed_s"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(channels[0]["asked_s"], 10_800);
    // 20 minutes of the 120 observed, of 180 asked.
    let busy = &channels[5];
    assert_eq!(
        (&busy["low_hz"], &busy["observed_s"]),
        (&json!(97_400_000), &json!(7200))
    );
    near(&busy["occupancy"]["share"], 1200.0 / 7200.0, 1e-9);
    near(&busy["occupancy"]["coverage"], 7200.0 / 10_800.0, 1e-9);
    assert_eq!(busy["occupancy"]["bound"], "interval");
    // Nothing heard for 7200 s is not nothing: bursts of a minute up to 2.5 % of the time would stay away with 5 %.
    let free = &channels[3]["occupancy"];
    assert_eq!((&free["bound"], &free["share"]), (&json!("at_most"), &json!(0.0)));
    near(&free["high"], 0.0247, 2e-4);
    // Nine channels observed, one of them in use for a sixth of it.
    near(&answer["resource"]["share"], 1200.0 / (9.0 * 7200.0), 1e-9);
    assert!(answer["band"]["share"].as_f64().expect("share") > 0.0);

    // By the clock of the place: the hours that were watched, the one that was not, and 21 that were not asked for.
    let parts = answer["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 24);
    let local = from
        .to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").expect("zone"))
        .hour() as usize;
    for (hour, part) in busy["parts"].as_array().expect("parts").iter().enumerate() {
        assert_eq!(parts[hour]["name"], format!("{hour:02}"));
        match (24 + hour - local) % 24 {
            0 | 1 => near(&part["share"], 600.0 / 3600.0, 1e-9),
            _ => assert_eq!(part, &Value::Null, "hour {hour} was not watched"),
        }
    }
    // An assignment's channel, and what is asked wrongly.
    let own = get("&assignment=NO-SUCH").expect(404);
    assert!(own.text().contains("NO-SUCH"));
    for (wrong, says) in [
        ("&low_hz=96900000&high_hz=97900000", "raster_hz"),
        (
            "&low_hz=1&high_hz=2000000000&raster_hz=1",
            "raster_hz of at least 2000000",
        ),
        ("&low_hz=1000&high_hz=2000&raster_hz=5000", "between 1 and 1000"),
        (&format!("{band}&assignment=X"), "one or the other"),
        (&format!("{band}&zone=Peking"), "Asia/Shanghai"),
        (&format!("{band}&by=week"), "by"),
    ] {
        let text = get(wrong).expect(400).text();
        assert!(text.contains(says), "{wrong}: {text}");
    }
    let early = format!("/api/v1/occupancy?from=2020-01-01T00:00:00Z{band}");
    assert!(app.get(&early).cookie(&viewer).send().expect(400).text().contains("31"));
    app.get(&format!("/api/v1/occupancy?receiver=rx9{band}"))
        .cookie(&viewer)
        .send()
        .expect(404);
}

/// `EVENING` may be used when hardly anybody watched; `HEARD` is heard once.
const STATIONS: &str = "\
id,holder,station,service,freq,designator,latitude,longitude,radius_km,eirp_dbm,hours,extensions
QUIET-1,甲台,塔 1,BROADCASTING,98.6M,180KF3E,30.62,114.36,60,50,,
EVENING-1,乙台,塔 2,BROADCASTING,98.2M,180KF3E,30.62,114.36,60,50,14:00-24:00 +00:00,
HEARD-1,丙台,塔 3,BROADCASTING,97.8M,180KF3E,30.62,114.36,60,50,,
FAR-1,丁台,塔 4,BROADCASTING,97.3M,180KF3E,39.90,116.40,60,50,,
";

/// A classified one, which veils its blocks and those beside them.
const CAMP: &str = "\
CAMP-1,Regiment,Camp,BROADCASTING,97.45M,180KF3E,30.62,114.36,60,50,,\"{\"\"details\"\":{\"\"classification\"\":\"\"S\"\"}}\"
";

struct Office {
    app: TestApp,
    epoch: Timestamp,
    watch: UseWatch,
}

impl Office {
    fn open() -> Self {
        Self::with(STATIONS)
    }

    fn with(stations: &str) -> Self {
        let app = TestApp::start();
        app.observe(ObservationContent::Status(status()));
        let coordinator = app.as_role(Role::Coordinator);
        app.post("/api/v1/registry/imports?kind=assignments")
            .cookie(&coordinator)
            .bytes("text/csv", stations.as_bytes().to_vec())
            .send()
            .expect(200);
        let watch = UseWatch::new(
            app.store.clone(),
            app.state.registry.clone(),
            RulesInForce::new(Rules::builtin().expect("rules")),
            crate::air::sites(),
            UseConfig {
                period: SignedDuration::from_hours(4 * 24),
                every: SignedDuration::from_hours(24),
            },
        );
        let second = (Timestamp::now().as_second() - 10 * 86_400).div_euclid(86_400) * 86_400;
        let epoch = Timestamp::from_second(second).expect("in range");
        Self { app, epoch, watch }
    }

    fn receiver(&self) -> Receiver<'_> {
        Receiver {
            app: &self.app,
            epoch: self.epoch,
        }
    }

    /// Watches from midnight to 18 h on these days.
    fn watch_days(&self, days: std::ops::Range<i64>) {
        days.for_each(|day| self.receiver().watch(day * 1440..day * 1440 + 18 * 60, 60.0));
    }

    /// Judges as of the beginning of a day, by the four days before it.
    fn judge(&self, day: i64) -> UseRound {
        let now = self.epoch + SignedDuration::from_hours(24 * day);
        self.app.runtime.block_on(self.watch.judge(now)).expect("judged")
    }

    /// The unused assignments of this register that a role reads of, by key.
    fn unused(&self, cookie: &str) -> BTreeMap<String, Value> {
        let path = "/api/v1/conflicts?kind=unused_assignment&limit=1000";
        let list = self.app.get(path).cookie(cookie).send().expect(200).json();
        let own = |item: &Value| {
            let id = item["assignment"].as_str().expect("named").to_owned();
            (STATIONS.contains(&id) || id == "CAMP-1").then(|| (id, item.clone()))
        };
        list["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter_map(own)
            .collect()
    }

    fn detail(&self, cookie: &str, id: &Value) -> Value {
        let path = format!("/api/v1/conflicts/{}", id.as_str().expect("id"));
        self.app.get(&path).cookie(cookie).send().expect(200).json()
    }
}

#[test]
fn a_station_that_is_never_heard_becomes_one_conflict_and_being_heard_ends_it() {
    let office = Office::open();
    let civil = office.app.as_role(Role::CivilOfficer);
    office.watch_days(0..4);
    // One burst of three seconds on the third day.
    let at = 2.0 * 86_400.0 + 3600.0;
    office.receiver().hear(1, [97_800_000, 170_000], &[[at, at + 3.0]]);
    office.app.wait_for_items(&civil, "/api/v1/emissions", 1);
    office.judge(4);

    let unused = office.unused(&civil);
    assert_eq!(unused.keys().collect::<Vec<_>>(), ["QUIET-1"], "{unused:#?}");
    let conflict = &unused["QUIET-1"];
    assert_eq!(
        (&conflict["status"], &conflict["severity"]),
        (&json!("open"), &json!("notice"))
    );
    assert_eq!(
        (&conflict["emissions_count"], &conflict["center_hz"]),
        (&json!(0), &json!(98_600_000))
    );
    // 18 of 24 hours on four days.
    near(&conflict["evidence"]["observed_h"], 72.0, 1e-9);
    near(&conflict["evidence"]["coverage_ratio"], 0.75, 1e-9);
    assert!(conflict["evidence"]["occupancy_high_share"].as_f64().expect("bound") < 0.01);
    assert_eq!(conflict["rules_version"], Rules::builtin().expect("rules").version);
    assert!(conflict["registry_version"].is_string());
    for (language, words) in [
        ("zh", ["QUIET-1", "72.0 小时", "75 %", "不超过", "未观测的时间不计入"]),
        (
            "en",
            [
                "QUIET-1",
                "72.0 hours",
                "75 %",
                "at most",
                "not observed is not part of this",
            ],
        ),
    ] {
        let text = conflict["explanation"][language].as_str().expect("text");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    // Judged again nothing is added, and nobody's reading goes stale.
    office.judge(4);
    let again = office.unused(&civil);
    assert_eq!((again.len(), &again["QUIET-1"]["version"]), (1, &conflict["version"]));
    assert_eq!(again["QUIET-1"]["id"], conflict["id"]);

    // Heard on the last day of the period: withdrawn, and the reason says how often.
    let at = 3.0 * 86_400.0 + 7200.0;
    office.receiver().hear(2, [98_600_000, 170_000], &[[at, at + 4.0]]);
    office.app.wait_for_items(&civil, "/api/v1/emissions", 2);
    office.judge(4);
    let detail = office.detail(&civil, &conflict["id"]);
    assert_eq!(
        (&detail["status"], &detail["resolution"]),
        (&json!("resolved"), &json!("withdrawn"))
    );
    let last = detail["history"]
        .as_array()
        .expect("history")
        .last()
        .expect("line")
        .clone();
    assert_eq!(last["action"], "withdrawn");
    assert!(
        last["comment"]["en"]
            .as_str()
            .expect("text")
            .contains("received 1 times"),
        "{last}"
    );

    // Silent for the whole of a later period: open again, the same conflict.
    office.watch_days(5..9);
    office.judge(9);
    let detail = office.detail(&civil, &conflict["id"]);
    assert_eq!(
        (&detail["status"], office.unused(&civil).len()),
        (&json!("open"), 2),
        "HEARD-1 too is silent now"
    );
    let actions: Vec<&str> = detail["history"]
        .as_array()
        .expect("history")
        .iter()
        .filter_map(|line| line["action"].as_str())
        .collect();
    assert_eq!(actions, ["opened", "withdrawn", "reopened"]);
}

#[test]
fn an_unused_station_that_is_classified_is_told_of_to_nobody_who_may_not_know_it() {
    let office = Office::with(&format!("{STATIONS}{CAMP}"));
    let app = &office.app;
    let (civil, military) = (app.as_role(Role::CivilOfficer), app.as_role(Role::MilitaryOfficer));
    office.watch_days(0..4);
    office.judge(4);
    let all = office.unused(&military);
    assert!(all.contains_key("QUIET-1"), "{all:#?}");
    let hidden = &all["CAMP-1"];
    // What is taken for an open station beside it depends on the hidden one.
    let civil_knows = office.unused(&civil);
    assert!(civil_knows.is_empty(), "{civil_knows:#?}");
    let id = hidden["id"].as_str().expect("id");
    for path in [
        format!("/api/v1/conflicts/{id}"),
        format!("/api/v1/conflicts/{id}/attachments"),
        "/api/v1/occupancy?assignment=CAMP-1".to_owned(),
    ] {
        app.get(&path).cookie(&civil).send().expect(404);
        app.get(&path).cookie(&military).send().expect(200);
    }
    for step in ["acknowledge", "comment"] {
        let path = format!("/api/v1/conflicts/{id}/{step}");
        let act = |cookie: &str| {
            let call = app
                .post(&path)
                .cookie(cookie)
                .header("if-match", &format!("\"{}\"", hidden["version"]));
            call.json(&json!({"comment": "x"})).send().status
        };
        assert_eq!(act(&civil), 404, "{step}");
    }
    // Not by its frequency, and not on the live channel.
    let there = "/api/v1/conflicts?low_hz=97400000&high_hz=97500000";
    let list = |cookie: &str| app.get(there).cookie(cookie).send().expect(200).json()["items"].clone();
    assert_eq!(list(&civil), json!([]));
    assert_eq!(list(&military).as_array().map(Vec::len), Some(1));
    let told = |cookie: &str| {
        let events = live(app, cookie);
        events
            .iter()
            .filter(|event| event["data"]["center_hz"] == 97_450_000)
            .count()
    };
    assert_eq!((told(&civil), told(&military)), (0, 1));
}
