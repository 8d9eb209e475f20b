//! What the machine says about a request, and that it says nothing of confidential stations but to those who may know.

use std::sync::Arc;

use super::{band, draft, in_force, policy};
use crate::{
    coordination::{Analysis, Asked, FindingKind, Level, Policy, Request, Surroundings, View, alternatives, analyse},
    propagation::free_space_loss_db,
    registry::{
        Assignment, Details, Place, Registry, Text, control,
        details::{Antenna, Equipment, Protection},
        disclosure::{Audience, PublicView},
        table::builtin_cn,
    },
    units::Hertz,
};

pub(in crate::coordination) fn station(id: &str, center_hz: i64, latitude: f64, eirp_dbm: Option<f64>) -> Assignment {
    let mut station = super::assignments(&in_force("9")).remove(0);
    station.id = id.to_owned();
    station.holder = "某公司".to_owned();
    station.center_hz = Hertz(center_hz);
    station.eirp_dbm = eirp_dbm;
    station.source = "stations.csv:2".to_owned();
    station.details = None;
    station.valid_from = None;
    station.valid_to = None;
    station.place = Some(Place {
        latitude,
        longitude: 114.36,
        radius_km: 5.0,
    });
    station
}

fn registry(stations: Vec<Assignment>) -> Arc<Registry> {
    Arc::new(Registry::new(vec![builtin_cn().expect("table")], stations))
}

fn look(request: &Request, view: View<'_>, others: &[Request], policy: &Policy) -> Analysis {
    let around = Surroundings {
        view,
        requests: others,
        policy,
        now: request.created_at,
    };
    analyse(request, &around)
}

fn kinds(analysis: &Analysis) -> Vec<(FindingKind, Level)> {
    analysis
        .findings
        .iter()
        .map(|finding| (finding.kind, finding.level))
        .collect()
}

#[test]
fn a_station_on_the_frequency_blocks_and_others_do_not() {
    let request = draft("1");
    let registry = registry(vec![
        station("here", 160_006_250, 30.60, Some(44.0)),
        station("next-channel", 160_018_750, 30.60, Some(44.0)),
        station("other-province", 160_006_250, 38.0, Some(44.0)),
    ]);
    let found = look(&request, View::Full(&registry), &[], &policy());
    assert_eq!(found.level, Level::Blocking);
    assert_eq!(found.findings[0].kind, FindingKind::AssignmentOverlap);
    assert_eq!(found.findings[0].subject.as_deref(), Some("here"));
    let text = serde_json::to_string(&found).expect("json");
    assert!(
        !text.contains("next-channel") && !text.contains("other-province"),
        "{text}"
    );
    assert_eq!(found.registry_version, registry.version());
    assert!(found.model.contains("P.525") && found.policy_version == policy().version);
}

#[test]
fn ones_own_entry_and_one_that_is_over_are_no_obstacle() {
    let mut request = in_force("1");
    let mut over = station("over", 160_006_250, 30.6, Some(44.0));
    over.valid_to = Some(request.proposal.time.from);
    let mut all = super::assignments(&request);
    all.push(over);
    request.version += 1;
    let registry = registry(all);
    let found = look(&request, View::Full(&registry), &[], &policy());
    assert!(
        found
            .findings
            .iter()
            .all(|finding| finding.kind != FindingKind::AssignmentOverlap),
        "{:?}",
        kinds(&found)
    );
    assert!(kinds(&found).contains(&(FindingKind::NoOverlap, Level::Clear)));
}

/// Twenty kilometres are in sight for antennas on hills: the oracle is free space by hand.
#[test]
fn margins_are_those_of_free_space_in_sight_and_the_worse_way_counts() {
    let mut request = draft("1");
    request.proposal.antenna_height_m = Some(500.0);
    let mut strong = station("far", 160_006_250, 30.55 + 30.0 / 111.195, Some(60.0));
    let details = Details {
        antenna: Some(Antenna {
            height_m: Some(500.0),
            ..Antenna::default()
        }),
        ..Details::default()
    };
    strong.details = Some(Box::new(details));
    let gap_km = 20.0;
    let registry = registry(vec![strong]);
    let found = look(&request, View::Full(&registry), &[], &policy());
    let finding = found
        .findings
        .iter()
        .find(|finding| finding.kind == FindingKind::AssignmentInterference)
        .expect("told");
    let noise_dbm = |hz: f64| -173.975 + 8.0 + 10.0 * hz.log10() - 6.0;
    let loss = free_space_loss_db(160_006_250.0, gap_km);
    let share = 10.0 * (11_000.0_f64 / 12_500.0).log10();
    let to_it = noise_dbm(11_000.0) - (42.15 + share - loss);
    let from_it = noise_dbm(12_500.0) - (60.0 - loss);
    let margin = finding.margin_db.expect("margin");
    assert!(
        (margin - to_it.min(from_it)).abs() < 0.05,
        "{margin}, expected {from_it}"
    );
    assert!(from_it < to_it && finding.level == Level::Caution);
    assert!((finding.distance_km.expect("distance") - gap_km).abs() < 0.1);
}

/// Margin, and what is told, of a request and a receiver on its frequency sixty kilometres away.
fn margin_of(protection: Option<Protection>, noise_figure_db: Option<f64>) -> (f64, Text) {
    let request = draft("1");
    let mut receiver = station("far", 160_006_250, 30.55 + 60.0 / 111.195, None);
    receiver.details = Some(Box::new(Details {
        protection,
        equipment: Some(Equipment {
            noise_figure_db,
            ..Equipment::default()
        }),
        ..Details::default()
    }));
    let mut policy = policy();
    policy.check.report_margin_db = 1000.0;
    let found = look(&request, View::Full(&registry(vec![receiver])), &[], &policy);
    let told = found
        .findings
        .into_iter()
        .find(|finding| finding.kind == FindingKind::AssignmentInterference);
    let told = told.expect("told");
    (told.margin_db.expect("margin"), told.explanation)
}

/// The same path with limits of the station's own: the strictest holds, each by hand, and the text names it.
#[test]
fn a_station_is_protected_by_its_own_criteria() {
    let (general, text) = margin_of(None, None);
    assert!(
        text.en.contains("I/N -6.0 dB, the general one") && text.zh.contains("通用准则"),
        "{text:?}"
    );
    let limit = |i_n_db, power_dbm, field_dbuv_m| {
        Some(Protection {
            i_n_db,
            power_dbm,
            field_dbuv_m,
            time_percent: None,
        })
    };
    let noise_dbm = -173.975 + 8.0 + 10.0 * 11_000.0_f64.log10();
    let isotropic_dbm = 10.0 - 20.0 * 160.006_25_f64.log10() - 77.2;
    for (protection, figure, change_db, said) in [
        (limit(Some(-10.0), None, None), None, -4.0, "I/N -10.0 dB of its record"),
        (
            limit(None, Some(-140.0), None),
            None,
            -140.0 - (noise_dbm - 6.0),
            "-140.0 dBm of its record",
        ),
        (
            limit(None, None, Some(10.0)),
            None,
            isotropic_dbm - (noise_dbm - 6.0),
            "10.0 dB(µV/m) of its record",
        ),
        (
            limit(Some(-10.0), Some(-100.0), Some(40.0)),
            None,
            -4.0,
            "I/N -10.0 dB of its record",
        ),
        (
            limit(Some(-10.0), None, None),
            Some(3.0),
            -9.0,
            "I/N -10.0 dB of its record",
        ),
        (None, Some(3.0), -5.0, "the general one"),
    ] {
        let (margin_db, text) = margin_of(protection.clone(), figure);
        let expected = general + change_db;
        assert!(
            (margin_db - expected).abs() < 0.05,
            "{protection:?} {figure:?}: {margin_db}, expected {expected}"
        );
        assert!(text.en.contains(said), "{said}: {text:?}");
    }
}

#[test]
fn other_requests_and_control_orders_are_told() {
    let request = draft("1");
    let mut pending = in_force("2");
    pending.state = crate::coordination::State::UnderReview;
    pending.decision = None;
    let mut agreed = in_force("3");
    agreed.state = crate::coordination::State::Agreed;
    let mut elsewhere = in_force("4");
    elsewhere.state = crate::coordination::State::Agreed;
    elsewhere.proposal.time.from = request.proposal.time.to;
    elsewhere.proposal.time.to = elsewhere.proposal.time.from + jiff::SignedDuration::from_hours(1);
    let order = |effect: &str, day: u32| {
        let text = format!(
            "format = 1\n[[order]]\nid = \"G-1\"\ntitle = {{ zh = \"管制\", en = \"control\" }}\nissuer = \"x\"\nlow = \"150M\"\n\
             high = \"170M\"\narea = {{ circle = {{ latitude = 30.6, longitude = 114.36, radius_km = 3.0 }} }}\n\
             from = \"2026-12-{day}T00:00:00+08:00\"\nto = \"2026-12-{}T00:00:00+08:00\"\n{effect}\n",
            day + 1
        );
        control::parse(&text, "orders").expect("valid")
    };
    for (effect, day, level) in [
        ("effect = \"prohibit\"", 12, Level::Blocking),
        ("effect = \"prohibit\"", 20, Level::Clear),
        ("effect = \"limit\"\nmax_eirp_dbm = 40.0", 12, Level::Blocking),
        ("effect = \"limit\"\nmax_eirp_dbm = 43.0", 12, Level::Note),
        ("effect = \"protect\"", 12, Level::Note),
        ("effect = \"prohibit\"\nexempt = [\"运动会组委会\"]", 12, Level::Clear),
    ] {
        let bare = Registry::new(vec![builtin_cn().expect("table")], Vec::new());
        let registry = bare.with_control_orders(order(effect, day));
        let others = [pending.clone(), agreed.clone(), elsewhere.clone(), request.clone()];
        let found = look(&request, View::Full(&registry), &others, &policy());
        let of = |kind| found.findings.iter().filter(move |finding| finding.kind == kind);
        let orders: Vec<Level> = of(FindingKind::ControlOrder).map(|finding| finding.level).collect();
        let expected = if level == Level::Clear { vec![] } else { vec![level] };
        assert_eq!(orders, expected, "{effect}, day {day}");
        let requests: Vec<_> = of(FindingKind::RequestOverlap)
            .map(|finding| (finding.subject.as_deref(), finding.level))
            .collect();
        assert_eq!(
            requests,
            [(Some("2026-3"), Level::Caution), (Some("2026-2"), Level::Note)]
        );
    }
}

#[test]
fn the_table_is_asked_for_the_service() {
    let mut request = draft("1");
    let registry = registry(Vec::new());
    let first = |request: &Request| {
        let found = look(request, View::Full(&registry), &[], &policy());
        let kinds = kinds(&found);
        kinds
            .into_iter()
            .find(|(kind, _)| *kind < FindingKind::UnlistedUsers)
            .expect("an answer about the table")
    };
    let mut answer = |low: i64, service: Option<&str>| {
        request.proposal.asked = Asked::Bands(vec![band(low, low + 12_500)]);
        request.proposal.service = service.map(str::to_owned);
        first(&request)
    };
    assert_eq!(
        answer(97_000_000, Some("BROADCASTING")),
        (FindingKind::AllocationFits, Level::Clear)
    );
    assert_eq!(
        answer(97_000_000, Some("LAND-MOBILE")),
        (FindingKind::ServiceNotAllocated, Level::Caution)
    );
    assert_eq!(answer(97_000_000, None), (FindingKind::ServiceUnstated, Level::Note));
    assert_eq!(
        answer(121_500_000, Some("LAND-MOBILE")),
        (FindingKind::ProtectedBand, Level::Blocking)
    );
    assert_eq!(
        answer(10, Some("LAND-MOBILE")),
        (FindingKind::AllocationUnknown, Level::Caution)
    );
}

fn fit(request: &mut Request, channels: i64) {
    request.proposal.asked = Asked::Fit {
        bandwidth_hz: Hertz(12_500),
        tuning: band(160_000_000, 160_000_000 + channels * 12_500),
        raster_hz: Hertz(12_500),
    };
}

#[test]
fn what_fits_is_ranked_and_passes_when_it_is_asked_for() {
    let mut request = draft("1");
    fit(&mut request, 8);
    // Of eight channels one is taken here, one is near enough to disturb.
    let stations = vec![
        station("here", 160_006_250, 30.56, Some(44.0)),
        station("near", 160_018_750, 30.80, Some(44.0)),
    ];
    let registry = registry(stations);
    let policy = policy();
    let around = Surroundings {
        view: View::Full(&registry),
        requests: &[],
        policy: &policy,
        now: request.created_at,
    };
    let found = alternatives(&request, &around);
    assert_eq!(found.len(), 7, "{found:?}");
    assert_eq!(found[0].band, band(160_025_000, 160_037_500), "the lowest free channel");
    assert!(found.iter().all(|alternative| alternative.level != Level::Blocking));
    let last = found.last().expect("seven");
    assert_eq!(last.band, band(160_012_500, 160_025_000), "the disturbed one last");
    assert!(last.margin_db.expect("margin") < 0.0 && found[0].margin_db.is_none());
    for alternative in &found {
        let mut asked = request.clone();
        asked.proposal.asked = Asked::Bands(vec![alternative.band]);
        assert_eq!(analyse(&asked, &around).level, alternative.level, "{alternative:?}");
    }
    assert_eq!(analyse(&request, &around).bands, [found[0].band]);

    fit(&mut request, 1);
    let none = analyse(&request, &around);
    assert_eq!(kinds(&none), [(FindingKind::NothingFits, Level::Blocking)]);
}

#[test]
fn neighbours_of_a_taken_channel_are_whole_channels_away() {
    let request = draft("1");
    let registry = registry(vec![station("here", 160_006_250, 30.56, Some(44.0))]);
    let policy = policy();
    let around = Surroundings {
        view: View::Full(&registry),
        requests: &[],
        policy: &policy,
        now: request.created_at,
    };
    let found = alternatives(&request, &around);
    assert_eq!(found.len(), policy.check.alternatives_max);
    for alternative in found {
        let away = (alternative.band.low() - Hertz(160_000_000)).0;
        assert!(away != 0 && away % 12_500 == 0, "{alternative:?}");
    }
}

fn secret(center_hz: i64, latitude: f64, longitude: f64) -> Assignment {
    let mut secret = station(&format!("S-{center_hz}"), center_hz, latitude, Some(50.0));
    secret.holder = "某部队".to_owned();
    secret.place = Some(Place {
        latitude,
        longitude,
        radius_km: 1.0,
    });
    secret.details = Some(Box::new(Details {
        classification: Some("机密".to_owned()),
        ..Details::default()
    }));
    secret
}

/// Three worlds whose confidential stations differ within their cells and blocks: the civil answers are the same to the
/// letter, over bands, places and alternatives, and name none of them.
#[test]
fn a_civil_check_learns_of_confidential_stations_by_cell_and_block_alone() {
    let open = || vec![station("open", 160_106_250, 30.60, Some(44.0))];
    let with = |secrets: Vec<Assignment>| registry(open().into_iter().chain(secrets).collect());
    let worlds = [
        with(vec![secret(160_006_250, 30.55, 114.36)]),
        with(vec![secret(160_906_250, 30.90, 114.10)]),
        with(vec![
            secret(160_006_250, 30.60, 114.20),
            secret(160_506_250, 30.80, 114.40),
        ]),
    ];
    let views: Vec<PublicView> = worlds
        .iter()
        .map(|world| PublicView::of(world, Audience::Open))
        .collect();
    let policy = policy();
    let mut asked_other_side = 0;
    for n in 0..300_i64 {
        let mut request = draft("1");
        let low = 159_500_000 + n * 6_250;
        request.proposal.asked = Asked::Bands(vec![band(low, low + 12_500)]);
        if n % 3 == 0 {
            fit(&mut request, n + 1);
        }
        request.proposal.place = control::ControlArea::Circle(Place {
            latitude: 30.2 + (n % 17) as f64 * 0.07,
            longitude: 113.8 + (n % 13) as f64 * 0.07,
            radius_km: (n % 4) as f64 * 6.0,
        });
        let answers: Vec<String> = views
            .iter()
            .map(|view| {
                let around = Surroundings {
                    view: View::Public(view),
                    requests: &[],
                    policy: &policy,
                    now: request.created_at,
                };
                let answer = (analyse(&request, &around), alternatives(&request, &around));
                serde_json::to_string(&answer).expect("json")
            })
            .collect();
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
        assert!(
            !answers[0].contains("某部队") && !answers[0].contains("S-1"),
            "{}",
            answers[0]
        );
        asked_other_side += usize::from(answers[0].contains("ask_other_side"));
    }
    assert!(asked_other_side > 50, "somebody is to be asked: {asked_other_side}");

    let mut request = draft("1");
    request.proposal.asked = Asked::Bands(vec![band(160_000_000, 160_012_500)]);
    let full = look(&request, View::Full(&worlds[0]), &[], &policy);
    assert_eq!(
        full.findings[0].subject.as_deref(),
        Some("S-160006250"),
        "cleared readers see it"
    );
    let public = look(&request, View::Public(&views[0]), &[], &policy);
    assert_eq!(public.level, Level::Caution);
    assert_eq!(public.findings[0].kind, FindingKind::AskOtherSide);
    assert_eq!(
        public.findings[0].band,
        Some(band(160_000_000, 161_000_000)),
        "the block, not the station"
    );
}
