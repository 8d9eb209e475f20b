//! The machine's check of a coordination request among 100,000 assignments, on one core. Goal: median under 200 ms.
//!
//! Three kinds of request in turn: a channel at a place, eight channels in a district, and "something that fits" within
//! 6 MHz with its alternatives; each as an officer who sees all of the register and as one who sees its public part. Every
//! fiftieth station is confidential. Run it with `cargo bench --bench coordination_check`; arguments are sizes.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use pinpu::{
    coordination::{
        Asked, Kind, Policy, Power, PowerKind, Priority, Proposal, Request, Side, Span, Surroundings, View,
        alternatives, analyse,
    },
    registry::{
        Assignment, AssignmentStatus, Details, Place, Registry,
        control::ControlArea,
        disclosure::{Audience, PublicView},
        table,
    },
    units::{Band, Hertz},
};

const ASSIGNMENTS: usize = 100_000;
const REQUESTS: usize = 300;
const TOWNS: usize = 400;

struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
}

/// Towns of unequal size over China.
fn towns() -> Vec<(f64, f64)> {
    let mut random = Random(1);
    (0..TOWNS)
        .map(|_| (20.0 + 30.0 * random.unit(), 75.0 + 58.0 * random.unit()))
        .collect()
}

fn place(random: &mut Random, towns: &[(f64, f64)], radius_km: f64) -> Place {
    let size = random.unit();
    let (latitude, longitude) = towns[(size * size * TOWNS as f64) as usize];
    Place {
        latitude: latitude + random.unit() - 0.5,
        longitude: longitude + random.unit() - 0.5,
        radius_km,
    }
}

/// Half in 12.5 kHz land mobile channels, the rest FM, links and base stations with blocks.
fn assignments(count: usize, towns: &[(f64, f64)]) -> Vec<Assignment> {
    let mut random = Random(2);
    let station = |n: usize| {
        let (center, width, radius_km) = match n % 10 {
            0..5 => (137_000_000 + 12_500 * random.below(24_000) as i64, 11_000, 20.0),
            5..7 => (87_000_000 + 100_000 * random.below(210) as i64, 200_000, 50.0),
            7..9 => (5_925_000_000 + 1_000_000 * random.below(1_200) as i64, 28_000_000, 0.0),
            _ => (1_805_000_000 + 20_000_000 * random.below(20) as i64, 20_000_000, 3.0),
        };
        let classified = Details {
            classification: Some("S".to_owned()),
            ..Details::default()
        };
        Assignment {
            id: format!("{n:07}"),
            holder: format!("holder {}", n % 997),
            station: format!("station {n}"),
            call_sign: None,
            center_hz: Hertz(center),
            necessary_bandwidth_hz: Hertz(width),
            designator: None,
            service: None,
            block: false,
            tolerance_hz: None,
            place: Some(place(&mut random, towns, radius_km)),
            eirp_dbm: Some(40.0 + 20.0 * random.unit()),
            valid_from: None,
            valid_to: None,
            status: AssignmentStatus::Granted,
            source: String::new(),
            details: n.is_multiple_of(50).then(|| Box::new(classified)),
        }
    };
    (0..count).map(station).collect()
}

fn asked(n: usize, random: &mut Random) -> Asked {
    let channel = 137_000_000 + 12_500 * random.below(23_000) as i64;
    let band = |n: i64| Band::new(Hertz(channel + n * 12_500), Hertz(channel + (n + 1) * 12_500));
    match n % 3 {
        0 => Asked::Bands(band(0).into_iter().collect()),
        1 => Asked::Bands((0..8).filter_map(band).collect()),
        _ => Asked::Fit {
            bandwidth_hz: Hertz(12_500),
            tuning: Band::around(Hertz(channel), Hertz(6_000_000)),
            raster_hz: Hertz(12_500),
        },
    }
}

fn request(n: usize, random: &mut Random, towns: &[(f64, f64)], now: jiff::Timestamp) -> Request {
    let radius_km = if n % 3 == 1 { 30.0 } else { 5.0 };
    let proposal = Proposal {
        to: None,
        title: "bench".to_owned(),
        kind: Kind::Temporary,
        priority: Priority::Routine,
        from_office: "a".to_owned(),
        to_office: "b".to_owned(),
        user: "c".to_owned(),
        purpose: "d".to_owned(),
        asked: asked(n, random),
        designator: "11K0F3E".to_owned(),
        service: Some("LAND-MOBILE".to_owned()),
        power: Power {
            dbw: 10.0,
            kind: PowerKind::Eirp,
        },
        antenna_height_m: Some(30.0),
        place: ControlArea::Circle(place(random, towns, radius_km)),
        time: Span {
            from: now,
            to: now + jiff::SignedDuration::from_hours(240),
            windows: Vec::new(),
        },
        classification: None,
    };
    Request::draft(format!("{n}"), Side::Civil, proposal, "bench".to_owned(), now)
}

fn measure(requests: &[Request], around: &Surroundings<'_>) -> Vec<Duration> {
    let mut times: Vec<Duration> = requests
        .iter()
        .map(|request| {
            let start = Instant::now();
            black_box((analyse(request, around), alternatives(request, around)));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let now: jiff::Timestamp = "2026-12-01T00:00:00Z".parse()?;
    let (towns, policy) = (towns(), Policy::builtin()?);
    for count in if sizes.is_empty() { vec![ASSIGNMENTS] } else { sizes } {
        let registry = Arc::new(Registry::new(vec![table::builtin_cn()?], assignments(count, &towns)));
        let start = Instant::now();
        let public = PublicView::of(&registry, Audience::Open);
        println!("{count} assignments; public view made in {:.2?}", start.elapsed());
        let mut random = Random(3);
        let requests: Vec<Request> = (0..REQUESTS).map(|n| request(n, &mut random, &towns, now)).collect();
        for (name, view) in [("all", View::Full(&registry)), ("public part", View::Public(&public))] {
            let around = Surroundings {
                view,
                requests: &[],
                policy: &policy,
                now,
            };
            let times = measure(&requests, &around);
            println!(
                "{name:<12} analysis and alternatives: median {:>9.2?}   99 % {:>9.2?}   most {:>9.2?}",
                times[times.len() / 2],
                times[times.len() * 99 / 100],
                times[times.len() - 1]
            );
        }
    }
    Ok(())
}
