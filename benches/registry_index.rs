//! Who may be here: a million assignments asked by frequency, place and time, on one core. Goal: median under 50 µs.
//! Peers on the same data and the same questions: a SQL query (SQLite in memory: an index on the lower edge, and its
//! R*Tree module), and `rstar`. Every answer is checked to hold the same number of stations. Run it with
//! `cargo bench --bench registry_index`.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use pinpu::{
    registry::{Assignment, AssignmentStatus, Place, Query, Registry, Role},
    units::{Band, Hertz},
};
use rstar::{
    AABB, RTree,
    primitives::{GeomWithData, Rectangle},
};

const ASSIGNMENTS: usize = 1_000_000;
const QUESTIONS: usize = 2_000;
const REACH_KM: f64 = 80.0;

/// Kilometres of a degree of latitude.
const KM_PER_DEGREE: f64 = 111.195;

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

/// Four hundred towns of unequal size; half of the stations in 12.5 kHz land mobile channels, a fifth each in FM
/// channels and microwave links, a tenth base stations with blocks of 20 MHz.
fn assignments() -> Vec<Assignment> {
    let mut random = Random(1);
    let towns: Vec<(f64, f64)> = (0..400)
        .map(|_| (20.0 + 30.0 * random.unit(), 75.0 + 58.0 * random.unit()))
        .collect();
    let station = |n: usize| {
        let size = random.unit();
        let (latitude, longitude) = towns[(size * size * 400.0) as usize];
        let (center, width, radius_km) = match n % 10 {
            0..5 => (137_000_000 + 12_500 * random.below(24_000) as i64, 11_000, 20.0),
            5..7 => (87_000_000 + 100_000 * random.below(210) as i64, 200_000, 50.0),
            7..9 => (5_925_000_000 + 1_000_000 * random.below(1_200) as i64, 28_000_000, 0.0),
            _ => (1_805_000_000 + 20_000_000 * random.below(20) as i64, 20_000_000, 3.0),
        };
        Assignment {
            id: format!("{n:07}"),
            holder: String::new(),
            station: String::new(),
            call_sign: None,
            center_hz: Hertz(center),
            necessary_bandwidth_hz: Hertz(width),
            designator: None,
            service: None,
            block: false,
            tolerance_hz: None,
            place: Some(Place {
                latitude: latitude + random.unit() - 0.5,
                longitude: longitude + random.unit() - 0.5,
                radius_km,
            }),
            eirp_dbm: None,
            valid_from: None,
            valid_to: None,
            status: AssignmentStatus::Granted,
            source: String::new(),
            details: None,
        }
    };
    (0..ASSIGNMENTS).map(station).collect()
}

/// What a receiver asks: the band of a measured emission, heard at a place.
fn questions(assignments: &[Assignment]) -> Vec<(Band, Place)> {
    let mut random = Random(7);
    let question = |_| {
        let like = &assignments[random.below(assignments.len())];
        let at = like
            .place
            .map_or((35.0, 105.0), |place| (place.latitude, place.longitude));
        let place = Place {
            latitude: at.0 + 0.4 * random.unit(),
            longitude: at.1 + 0.4 * random.unit(),
            radius_km: 0.0,
        };
        (like.band(), place)
    };
    (0..QUESTIONS).map(question).collect()
}

fn near(assignment: &Assignment, here: &Place) -> bool {
    assignment
        .place
        .is_none_or(|place| place.distance_km(here) <= REACH_KM + place.radius_km)
}

/// Times each question; answers the median, the 99th percentile and how many stations were found in all.
fn measure(questions: &[(Band, Place)], mut ask: impl FnMut(Band, &Place) -> usize) -> (Duration, Duration, usize) {
    let mut found = 0;
    let mut times: Vec<Duration> = questions
        .iter()
        .map(|(band, here)| {
            let start = Instant::now();
            found += black_box(ask(*band, here));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100], found)
}

fn report(name: &str, (median, p99, found): (Duration, Duration, usize)) {
    println!("{name:<28} median {median:>12.2?}   99 % {p99:>12.2?}   found {found}");
}

/// Degrees of latitude and longitude that certainly hold everything within `km`.
fn margins(here: &Place, km: f64) -> (f64, f64) {
    let degrees = km / KM_PER_DEGREE;
    (degrees, degrees / here.latitude.to_radians().cos() * 1.05)
}

type Leaf = GeomWithData<Rectangle<[f64; 3]>, u32>;

fn r_tree(assignments: &[Assignment]) -> RTree<Leaf> {
    let leaf = |(n, assignment): (usize, &Assignment)| {
        let (band, place) = (assignment.band(), assignment.place?);
        let (latitude, longitude) = margins(&place, place.radius_km);
        let low = [
            band.low().as_f64(),
            place.latitude - latitude,
            place.longitude - longitude,
        ];
        let high = [
            band.high().as_f64() - 1.0,
            place.latitude + latitude,
            place.longitude + longitude,
        ];
        Some(Leaf::new(Rectangle::from_corners(low, high), n as u32))
    };
    RTree::bulk_load(assignments.iter().enumerate().filter_map(leaf).collect())
}

fn sqlite(assignments: &[Assignment]) -> rusqlite::Result<rusqlite::Connection> {
    let mut database = rusqlite::Connection::open_in_memory()?;
    database.execute_batch(
        "create table a (n integer primary key, low integer, high integer, lat real, lon real, radius real);
         create virtual table r using rtree (n, low, high, south, north, west, east)",
    )?;
    let all = database.transaction()?;
    {
        let mut row = all.prepare("insert into a values (?1, ?2, ?3, ?4, ?5, ?6)")?;
        let mut cell = all.prepare("insert into r values (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for (n, assignment) in (0_i64..).zip(assignments) {
            let (band, Some(place)) = (assignment.band(), assignment.place) else {
                continue;
            };
            row.execute((
                n,
                band.low().0,
                band.high().0,
                place.latitude,
                place.longitude,
                place.radius_km,
            ))?;
            let (lat, lon) = margins(&place, place.radius_km);
            let (south, north) = (place.latitude - lat, place.latitude + lat);
            cell.execute((
                n,
                band.low().0,
                band.high().0,
                south,
                north,
                place.longitude - lon,
                place.longitude + lon,
            ))?;
        }
    }
    all.commit()?;
    database.execute_batch("create index a_low on a (low, high); analyze")?;
    Ok(database)
}

/// A query that names a box around the place; the distance is checked on its rows as in the other peers.
fn asked(
    database: &rusqlite::Connection,
    sql: &str,
    assignments: &[Assignment],
    band: Band,
    here: &Place,
) -> rusqlite::Result<usize> {
    let (lat, lon) = margins(here, REACH_KM + 50.0);
    let mut statement = database.prepare_cached(sql)?;
    let corners = (
        band.low().0,
        band.high().0,
        here.latitude - lat,
        here.latitude + lat,
        here.longitude - lon,
        here.longitude + lon,
    );
    let rows = statement.query_map(corners, |row| row.get::<_, i64>(0))?;
    let mut found = 0;
    for n in rows {
        let assignment = &assignments[n? as usize];
        found += usize::from(assignment.band().overlaps(band) && near(assignment, here));
    }
    Ok(found)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let assignments = assignments();
    let questions = questions(&assignments);
    let start = Instant::now();
    let registry = Registry::new(Vec::new(), assignments.clone());
    println!("{ASSIGNMENTS} assignments, {QUESTIONS} questions, reach {REACH_KM} km");
    println!(
        "registry built in {:.2?} with its hash; index {} MB",
        start.elapsed(),
        registry.index_bytes() >> 20
    );
    let who = |band, here: &Place| {
        let query = Query {
            band,
            near: Some((*here, REACH_KM)),
            at: None,
            role: Some(Role::Transmit),
        };
        registry.who(&query).len()
    };
    report("pinpu", measure(&questions, who));

    let tree = r_tree(&assignments);
    let in_tree = |band: Band, here: &Place| {
        let (lat, lon) = margins(here, REACH_KM);
        let low = [band.low().as_f64(), here.latitude - lat, here.longitude - lon];
        let high = [band.high().as_f64() - 1.0, here.latitude + lat, here.longitude + lon];
        let found = tree.locate_in_envelope_intersecting(AABB::from_corners(low, high));
        found
            .filter(|leaf| near(&assignments[leaf.data as usize], here))
            .count()
    };
    report("rstar", measure(&questions, in_tree));

    let database = sqlite(&assignments)?;
    let ask = |sql: &'static str| {
        let (database, assignments) = (&database, &assignments);
        move |band: Band, here: &Place| asked(database, sql, assignments, band, here).unwrap_or(usize::MAX)
    };
    // SQLite's R*Tree stores 32-bit floats and rounds outwards; the exact band is checked on its rows.
    let boxes =
        "select n from r where high >= ?1 and low <= ?2 and north >= ?3 and south <= ?4 and east >= ?5 and west <= ?6";
    report("SQLite R*Tree", measure(&questions, ask(boxes)));
    // No emission is wider than 28 MHz here, so the lower edge bounds both sides.
    let plain = "select n from a where low > ?1 - 28000000 and low < ?2 and high > ?1 and lat between ?3 and ?4 and lon between ?5 and ?6";
    let few = &questions[..questions.len().min(200)];
    report("SQLite index (200 asked)", measure(few, ask(plain)));
    Ok(())
}
