//! Somebody with the whole budget of questions for 30 days who wants to know where a confidential station is and what
//! its frequency is: by bisection, and by random questions with every place and frequency that no answer has excluded.
//!
//! The questions go through the machine's check of a request as a civil officer asks it. What an attacker is left with must
//! be the public cell and block, no less.

use std::{collections::BTreeSet, sync::Arc};

use pinpu::{
    coordination::{
        Asked, Kind, Policy, Power, PowerKind, Priority, Proposal, Request, Side, Span, Surroundings, View, analyse,
        reach,
    },
    registry::{
        Assignment, Details, Place, Registry,
        control::ControlArea,
        demo,
        disclosure::{self, Audience, BLOCK_HZ, CELL_DEGREES, PublicView, Question},
        footprint::Footprint,
    },
    units::{Band, Hertz},
};

use super::question::Draw;

/// Questions of a day, as `config/disclosure.toml` has it.
const PER_DAY: usize = 200;
const DAYS: usize = 30;
/// Questions of all days.
const BUDGET: usize = PER_DAY * DAYS;
/// Scenarios of each kind; `PINPU_ATTACK_SCENARIOS` says another number.
const SCENARIOS: usize = 20;

/// Where the station is.
#[derive(Debug, Clone, Copy)]
struct Truth {
    latitude: f64,
    longitude: f64,
    hz: i64,
}

impl Truth {
    fn draw(draw: &mut Draw) -> Self {
        let unit = |draw: &mut Draw| draw.below(1 << 30) as f64 / (1 << 30) as f64;
        Self {
            latitude: 28.0 + 4.0 * unit(draw),
            longitude: 112.0 + 4.0 * unit(draw),
            hz: 140_000_000 + draw.below(30_000_000) as i64,
        }
    }

    fn cell(&self) -> [i64; 3] {
        let cell = |degrees: f64| (degrees / CELL_DEGREES).floor() as i64;
        [cell(self.latitude), cell(self.longitude), self.hz.div_euclid(BLOCK_HZ)]
    }

    fn view(&self) -> PublicView {
        let mut record: Assignment = demo::assignments().ok.remove(0);
        record.id = "HIDDEN-1".to_owned();
        record.place = Some(Place {
            latitude: self.latitude,
            longitude: self.longitude,
            radius_km: 0.0,
        });
        (record.center_hz, record.necessary_bandwidth_hz) = (Hertz(self.hz), Hertz(1));
        record.details = Some(Box::new(Details {
            classification: Some("S".to_owned()),
            ..Details::default()
        }));
        PublicView::of(&Arc::new(Registry::new(Vec::new(), vec![record])), Audience::Open)
    }
}

/// The service as the attacker meets it.
struct Oracle<'a> {
    view: &'a PublicView,
    policy: &'a Policy,
    now: jiff::Timestamp,
    /// What was asked today: the same cells and blocks again cost nothing.
    today: BTreeSet<Question>,
    /// Days that are over.
    days: usize,
}

impl<'a> Oracle<'a> {
    fn new(view: &'a PublicView, policy: &'a Policy) -> Self {
        Self {
            view,
            policy,
            now: jiff::Timestamp::UNIX_EPOCH,
            today: BTreeSet::new(),
            days: 0,
        }
    }

    /// Questions that counted.
    fn used(&self) -> usize {
        self.days * PER_DAY + self.today.iter().map(|question| question.cost as usize).sum::<usize>()
    }

    /// Counts a question as the service does; nothing once the last day's are spent.
    fn count(&mut self, request: &Request) -> Option<()> {
        let question = disclosure::question(&Footprint::of_area(&request.proposal.place), reach(request));
        let spent = self.used() - self.days * PER_DAY + question.cost as usize;
        if !self.today.contains(&question) && spent > PER_DAY {
            self.today.clear();
            self.days += 1;
        }
        self.today.insert(question);
        (self.days < DAYS).then_some(())
    }

    /// All that the check says of a use at this place in this band; nothing once the budget is spent.
    fn ask(&mut self, latitude: f64, longitude: f64, [low, high]: [i64; 2]) -> Option<String> {
        let request = self.request(latitude, longitude, [low, high]);
        self.count(&request)?;
        let around = Surroundings {
            view: View::Public(self.view),
            requests: &[],
            policy: self.policy,
            now: self.now,
        };
        Some(serde_json::to_string(&analyse(&request, &around).findings).expect("JSON"))
    }

    fn request(&self, latitude: f64, longitude: f64, band: [i64; 2]) -> Request {
        let proposal = self.proposal(latitude, longitude, band);
        Request::draft(String::new(), Side::Civil, proposal, String::new(), self.now)
    }

    fn proposal(&self, latitude: f64, longitude: f64, [low, high]: [i64; 2]) -> Proposal {
        Proposal {
            title: "a".to_owned(),
            kind: Kind::Temporary,
            priority: Priority::Routine,
            from_office: "a".to_owned(),
            to_office: "b".to_owned(),
            to: None,
            user: "c".to_owned(),
            purpose: "d".to_owned(),
            asked: Asked::Bands(Band::new(Hertz(low), Hertz(high)).into_iter().collect()),
            designator: "11K0F3E".to_owned(),
            service: Some("LAND-MOBILE".to_owned()),
            power: Power {
                dbw: 10.0,
                kind: PowerKind::Eirp,
            },
            antenna_height_m: None,
            place: ControlArea::Circle(Place {
                latitude,
                longitude,
                radius_km: 0.0,
            }),
            time: Span {
                from: self.now,
                to: self.now + jiff::SignedDuration::from_hours(24),
                windows: Vec::new(),
            },
            classification: None,
        }
    }

    fn is_told(&mut self, latitude: f64, longitude: f64, band: [i64; 2]) -> Option<bool> {
        Some(self.ask(latitude, longitude, band)?.contains("ask_other_side"))
    }
}

/// Where the attacker thinks it is: the narrowest ranges of latitude, longitude and frequency that the answers leave.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Found {
    latitude: [f64; 2],
    longitude: [f64; 2],
    hz: [f64; 2],
}

/// Between `no`, where the answer is no, and `yes`, where it is yes: where it changes, as far as questions go.
fn edge(mut no: f64, mut yes: f64, least: f64, mut told: impl FnMut(f64) -> Option<bool>) -> Option<f64> {
    while (yes - no).abs() > least {
        let middle = f64::midpoint(no, yes);
        if told(middle)? { yes = middle } else { no = middle }
    }
    Some(f64::midpoint(no, yes))
}

/// Sweeps for a first yes, then halves every range from outside and inside. Wide bands count as many questions, so the
/// sweep is by narrow ones.
fn bisect(oracle: &mut Oracle<'_>) -> Option<Found> {
    const STEP: i64 = 600_000;
    let mut first = None;
    'sweep: for row in 0..9 {
        for column in 0..9 {
            let at = (28.0 + 0.25 + 0.5 * f64::from(row), 112.25 + 0.5 * f64::from(column));
            for n in 0..70 {
                let low = 139_500_000 + n * 500_000;
                if oracle.is_told(at.0, at.1, [low, low + STEP])? {
                    first = Some((at, low));
                    break 'sweep;
                }
            }
        }
    }
    let ((latitude, longitude), low) = first?;
    let band = [low, low + STEP];
    let mut range = |at: f64, least: f64, told: &mut dyn FnMut(&mut Oracle<'_>, f64) -> Option<bool>| {
        let step = least * 1e6;
        Some([
            edge(at - step, at, least, |x| told(oracle, x))?,
            edge(at + step, at, least, |x| told(oracle, x))?,
        ])
    };
    let latitudes = range(latitude, 1e-6, &mut |oracle, x| oracle.is_told(x, longitude, band))?;
    let longitudes = range(longitude, 1e-6, &mut |oracle, x| oracle.is_told(latitude, x, band))?;
    // A narrow band from below and from above: where it first meets the block.
    let mut meets = |hz: f64| oracle.is_told(latitude, longitude, [hz as i64, hz as i64 + 2]);
    let inside = [low + 1, low + STEP - 3]
        .into_iter()
        .map(|hz| hz as f64)
        .find(|hz| meets(*hz) == Some(true))?;
    let low = edge(inside - 2e6, inside, 10.0, &mut meets)?;
    let high = edge(inside + 2e6, inside, 10.0, &mut meets)?;
    Some(Found {
        latitude: latitudes,
        longitude: longitudes,
        hz: [low, high],
    })
}

fn scenarios() -> usize {
    let said = std::env::var("PINPU_ATTACK_SCENARIOS").ok();
    said.map_or(SCENARIOS, |text| {
        text.parse().expect("PINPU_ATTACK_SCENARIOS: a number")
    })
}

#[test]
fn bisection_ends_at_the_public_cell_and_block() {
    let policy = Policy::builtin().expect("policy");
    let mut draw = Draw(5);
    let mut used = 0;
    for scenario in 0..scenarios() {
        let truth = Truth::draw(&mut draw);
        let view = truth.view();
        let mut oracle = Oracle::new(&view, &policy);
        let found = bisect(&mut oracle).unwrap_or_else(|| panic!("{scenario}: nothing found of {truth:?}"));
        used = used.max(oracle.used());
        let width = |range: [f64; 2]| range[1] - range[0];
        for (what, left, published) in [
            ("latitude", width(found.latitude), CELL_DEGREES),
            ("longitude", width(found.longitude), CELL_DEGREES),
            ("frequency", width(found.hz), BLOCK_HZ as f64),
        ] {
            assert!(
                left >= published * (1.0 - 1e-4),
                "{scenario}: {what} within {left}, published {published}"
            );
        }
        // The ranges are those of the cell and block, whose edges are no secret.
        let low = [
            found.latitude[0] / CELL_DEGREES,
            found.longitude[0] / CELL_DEGREES,
            found.hz[0] / BLOCK_HZ as f64,
        ];
        for (edge, cell) in low.into_iter().zip(truth.cell()) {
            assert!((edge - cell as f64).abs() < 1e-3, "{scenario}: {found:?} of {truth:?}");
        }
    }
    println!("at most {used} of {BUDGET} questions in {} scenarios", scenarios());
}

/// Whoever knows how the service answers keeps every place and frequency that would have given the same answers. None of
/// the true cell and block is ever excluded.
#[test]
fn random_questions_never_exclude_a_part_of_the_cell_or_block() {
    const RIVALS: usize = 6;
    let policy = Policy::builtin().expect("policy");
    let mut draw = Draw(6);
    let (mut told, mut asked) = (0, 0);
    for scenario in 0..scenarios().div_ceil(10) {
        let truth = Truth::draw(&mut draw);
        let mut rivals = Vec::new();
        let cell = truth.cell();
        for _ in 0..RIVALS {
            let part = |draw: &mut Draw| (draw.below(1 << 20) as f64 + 0.5) / f64::from(1 << 20);
            rivals.push(Truth {
                latitude: (cell[0] as f64 + part(&mut draw)) * CELL_DEGREES,
                longitude: (cell[1] as f64 + part(&mut draw)) * CELL_DEGREES,
                hz: cell[2] * BLOCK_HZ + draw.below(BLOCK_HZ as usize - 1) as i64,
            });
        }
        let views: Vec<PublicView> = [truth].iter().chain(&rivals).map(Truth::view).collect();
        let mut services: Vec<Oracle<'_>> = views.iter().map(|view| Oracle::new(view, &policy)).collect();
        for _ in 0..BUDGET {
            let near = |draw: &mut Draw, at: f64| at + (draw.below(2001) as f64 - 1000.0) / 1000.0;
            let at = (near(&mut draw, truth.latitude), near(&mut draw, truth.longitude));
            let low = truth.hz - 2_000_000 + draw.below(4_000_000) as i64;
            let band = [low, low + 12_500 + draw.below(1_500_000) as i64];
            let answers: Vec<_> = services
                .iter_mut()
                .map(|service| service.ask(at.0, at.1, band))
                .collect();
            assert!(
                answers.iter().all(|answer| *answer == answers[0]),
                "{scenario}: {truth:?} at {at:?} {band:?}"
            );
            let Some(answer) = &answers[0] else { break };
            let is_told = answer.contains("ask_other_side");
            asked += 1;
            told += usize::from(is_told);
        }
    }
    println!("{asked} random questions, {told} of them told of somebody to be asked");
    assert!(told * 50 > asked, "most questions were beside it: {told} of {asked}");
}
