//! How long the check of a request takes where registers differ in what is confidential.
//!
//! Two whole services differ in time by more than what is looked for, also where they hold the same. So the check itself is
//! timed, on the public view of two registers, in one thread, in turn; and over HTTP one service with two places that
//! answer alike.

use std::{hint::black_box, sync::Arc, time::Instant};

use pinpu::{
    coordination::{Policy, Proposal, Request, Side, Surroundings, View, alternatives, analyse},
    registry::{
        Assignment, Details, Place, Registry, demo,
        disclosure::{Audience, PublicView},
        table,
    },
    service::auth::Role,
    units::Hertz,
};
use serde_json::json;

use super::{
    leaks::welch_t,
    question::{Draw, proposal},
    secrets::{ONE, OTHER},
    world::{Hidden, Secrets},
};
use crate::app::TestApp;

/// Different questions.
const QUESTIONS: usize = 20;

fn record(hidden: &Hidden) -> Assignment {
    let mut record = demo::assignments().ok.remove(0);
    record.id = hidden.id.to_owned();
    record.place = Some(Place {
        latitude: hidden.latitude,
        longitude: hidden.longitude,
        radius_km: 0.0,
    });
    record.center_hz = Hertz((hidden.mhz.parse::<f64>().expect("MHz") * 1e6) as i64);
    record.necessary_bandwidth_hz = Hertz(25_000);
    record.details = Some(Box::new(Details {
        classification: Some("S".to_owned()),
        ..Details::default()
    }));
    record
}

/// The public view of a register that holds these records `times` over.
fn view(secrets: &Secrets, times: usize) -> PublicView {
    let mut records = demo::assignments().ok;
    for n in 0..times {
        records.extend(secrets.assignments.iter().map(|hidden| Assignment {
            id: format!("{}-{n}", hidden.id),
            ..record(hidden)
        }));
    }
    let tables = vec![table::builtin_cn().expect("table")];
    PublicView::of(&Arc::new(Registry::new(tables, records)), Audience::Open)
}

/// Welch's t of the two samples of times. A time is no matter of a test, so it is held to its bound only where
/// `PINPU_TIMING_PAIRS` asks for it; otherwise few are asked and t is told. One register holds a hundred times as many
/// records in the same cells and blocks.
#[test]
fn the_check_takes_the_same_time_whatever_is_confidential() {
    let said = std::env::var("PINPU_TIMING_PAIRS").ok();
    let pairs: usize = said
        .as_ref()
        .map_or(200, |text| text.parse().expect("PINPU_TIMING_PAIRS: a number"));
    let (policy, now) = (Policy::builtin().expect("policy"), jiff::Timestamp::UNIX_EPOCH);
    let mut draw = Draw(3);
    let requests: Vec<Request> = (0..QUESTIONS)
        .map(|_| {
            let proposal: Proposal = serde_json::from_value(proposal(&mut draw, now)).expect("a proposal");
            Request::draft(String::new(), Side::Civil, proposal, String::new(), now)
        })
        .collect();
    let views = [view(&ONE, 100), view(&OTHER, 1)];
    let check = |view: &PublicView, request: &Request| {
        let around = Surroundings {
            view: View::Public(view),
            requests: &[],
            policy: &policy,
            now,
        };
        let started = Instant::now();
        let found = black_box((analyse(request, &around), alternatives(request, &around)));
        (started.elapsed().as_secs_f64(), format!("{found:?}"))
    };
    let mut times_s = [Vec::with_capacity(pairs), Vec::with_capacity(pairs)];
    for n in 0..pairs + QUESTIONS {
        // Each question is asked of either register first, in turn; the first round warms up.
        let (round, request) = (n / QUESTIONS, &requests[n % QUESTIONS]);
        let mut answers = [const { String::new() }; 2];
        for turn in 0..2 {
            let world = (n + round + turn) % 2;
            let (took_s, found) = check(&views[world], request);
            answers[world] = found;
            if round > 0 {
                times_s[world].push(took_s);
            }
        }
        assert_eq!(answers[0], answers[1], "{request:?}");
    }
    told(pairs, &times_s, said.is_some());
}

/// Where a hundred times as many confidential stations are as at the other place, and both are public cells of one block. They
/// lie so far apart that a check of one never looks at the other.
const PLACES: [(f64, usize); 2] = [(100.25, 600), (108.25, 6)];

/// Over HTTP, as a civil officer asks: one service, so that nothing but the question differs, and two places that answer alike.
/// The bound is held as above.
#[test]
fn the_check_over_http_takes_the_same_time_whatever_is_confidential() {
    let said = std::env::var("PINPU_TIMING_PAIRS").ok();
    let pairs: usize = said
        .as_ref()
        .map_or(100, |text| text.parse().expect("PINPU_TIMING_PAIRS: a number"));
    let app = TestApp::start();
    let mut csv = "id,holder,station,freq_mhz,bandwidth,latitude,longitude,classification\n".to_owned();
    for (longitude, count) in PLACES {
        for n in 0..count {
            let (row, column) = (n / 25, n % 25);
            let (latitude, beside) = (40.02 + row as f64 * 0.018, longitude - 0.23 + column as f64 * 0.018);
            let mhz = 164.02 + (n % 40) as f64 * 0.024;
            csv += &format!("S{longitude}-{n},Regiment,Link,{mhz:.3},16k,{latitude:.4},{beside:.4},S\n");
        }
    }
    app.post("/api/v1/registry/imports?kind=assignments")
        .cookie(&app.as_role(Role::Coordinator))
        .bytes("text/csv", csv.into_bytes())
        .send()
        .expect(200);
    let civil = app.as_role(Role::CivilOfficer);
    let mut draw = Draw(5);
    let asked = PLACES.map(|(longitude, _)| {
        let mut asked = proposal(&mut Draw(7), jiff::Timestamp::UNIX_EPOCH);
        asked["asked"] = json!({"bands": [{"low_hz": 164_500_000, "high_hz": 164_512_500}]});
        asked["place"] = json!({"circle": {"latitude": 40.25, "longitude": longitude, "radius_km": 5}});
        asked
    });
    let mut times_s = [Vec::with_capacity(pairs), Vec::with_capacity(pairs)];
    for n in 0..pairs + 20 {
        let first = draw.below(2);
        let mut answers = [const { String::new() }; 2];
        for place in [first, 1 - first] {
            let call = app
                .post("/api/v1/coordination/check")
                .cookie(&civil)
                .json(&asked[place]);
            let started = Instant::now();
            let reply = call.send();
            let took_s = started.elapsed().as_secs_f64();
            answers[place] = reply.expect(200).text();
            // The first ones warm up.
            if n >= 20 {
                times_s[place].push(took_s);
            }
        }
        if n == 0 {
            assert!(
                answers.iter().all(|answer| answer.contains("ask_other_side")),
                "{answers:?}"
            );
        }
    }
    told(pairs, &times_s, said.is_some());
}

/// Welch's t, told, and held to its bound where that is asked for.
fn told(pairs: usize, times_s: &[Vec<f64>; 2], is_held: bool) {
    let t = welch_t([&times_s[0], &times_s[1]]);
    let mean_us = |times: &[f64]| 1e6 * times.iter().sum::<f64>() / times.len() as f64;
    let [a, b] = times_s.each_ref().map(|times| mean_us(times));
    println!("{pairs} pairs: {a:.1} µs and {b:.1} µs, t = {t:.2}");
    assert!(!is_held || t.abs() < 4.5, "t = {t}");
}
