//! The procedure, the deadlines and the register entries of requests.

pub(super) mod check;
mod exchange;
mod observed;
mod steps;

use jiff::Timestamp;

use super::{
    Asked, Decision, Give, Kind, Party, Policy, Power, PowerKind, Priority, Proposal, Request, Side, Span, State, Step,
    assignments, clash, take,
};
use crate::{
    registry::{AssignmentStatus, Place, control::ControlArea, details::Area},
    units::{Band, Hertz},
};

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(super) fn policy() -> Policy {
    Policy::builtin().expect("the built-in policy")
}

pub(super) fn band(low_hz: i64, high_hz: i64) -> Band {
    Band::new(Hertz(low_hz), Hertz(high_hz)).expect("ordered")
}

/// An office asks for a land mobile channel at a stadium for a week.
pub(super) fn proposal() -> Proposal {
    Proposal {
        title: "运动会保障".to_owned(),
        kind: Kind::Event,
        priority: Priority::Routine,
        from_office: "示范区无线电管理局".to_owned(),
        to_office: "示范战区电磁频谱管理办公室".to_owned(),
        to: None,
        user: "运动会组委会".to_owned(),
        purpose: "现场指挥调度".to_owned(),
        asked: Asked::Bands(vec![band(160_000_000, 160_012_500)]),
        designator: "11K0F3E".to_owned(),
        service: Some("LAND-MOBILE".to_owned()),
        power: Power {
            dbw: 10.0,
            kind: PowerKind::Erp,
        },
        antenna_height_m: Some(20.0),
        place: ControlArea::Circle(Place {
            latitude: 30.55,
            longitude: 114.36,
            radius_km: 5.0,
        }),
        time: Span {
            from: at("2026-12-10T00:00:00+08:00"),
            to: at("2026-12-20T00:00:00+08:00"),
            windows: Vec::new(),
        },
        classification: None,
    }
}

pub(super) fn draft(id: &str) -> Request {
    let now = at("2026-12-01T09:00:00+08:00");
    Request::draft(id.to_owned(), Side::Civil, proposal(), "zhang".to_owned(), now)
}

/// In force as asked.
pub(super) fn in_force(id: &str) -> Request {
    let mut request = draft(id);
    let bands = match &request.proposal.asked {
        Asked::Bands(bands) => bands.clone(),
        Asked::Fit { .. } => Vec::new(),
    };
    request.state = State::InForce;
    request.number = Some(format!("2026-{id}"));
    request.decision = Some(Decision {
        bands,
        conditions: Some("夜间停用".to_owned()),
        expires: request.proposal.time.to,
        by: "li".to_owned(),
        at: request.created_at,
    });
    request
}

#[test]
fn a_request_in_force_is_an_assignment_that_ends() {
    let mut request = in_force("7");
    let entered = assignments(&request);
    assert_eq!(entered.len(), 1);
    let first = &entered[0];
    assert_eq!((first.id.as_str(), first.holder.as_str()), ("2026-7/1", "运动会组委会"));
    assert_eq!(
        (first.center_hz, first.necessary_bandwidth_hz, first.block),
        (Hertz(160_006_250), Hertz(11_000), false)
    );
    assert!((first.eirp_dbm.expect("power") - 42.15).abs() < 1e-9, "10 dBW e.r.p.");
    assert_eq!(first.valid_to, Some(request.proposal.time.to));
    assert_eq!(first.status, AssignmentStatus::Granted);
    for (state, status) in [
        (State::Suspended, AssignmentStatus::Suspended),
        (State::Expired, AssignmentStatus::Cancelled),
        (State::Revoked, AssignmentStatus::Cancelled),
        (State::Withdrawn, AssignmentStatus::Cancelled),
    ] {
        request.state = state;
        assert_eq!(assignments(&request)[0].status, status, "{state:?}");
    }
    request.state = State::Agreed;
    assert_eq!(assignments(&request), [], "nothing before it is in force");
}

#[test]
fn a_band_of_several_channels_is_entered_as_a_block() {
    let mut request = in_force("7");
    let wide = band(160_000_000, 160_100_000);
    request.decision.as_mut().expect("decided").bands = vec![wide];
    let entered = assignments(&request);
    assert_eq!((entered[0].band(), entered[0].block), (wide, true));
}

#[test]
fn two_requests_clash_where_frequency_place_and_time_are_shared() {
    let one = in_force("1");
    type Change = fn(&mut Request);
    let changes: [(&str, Change, bool); 7] = [
        ("the same", |_| {}, true),
        (
            "another channel",
            |other| other.decision.as_mut().expect("decided").bands = vec![band(160_012_500, 160_025_000)],
            false,
        ),
        (
            "another town",
            |other| {
                other.proposal.place = ControlArea::Circle(Place {
                    latitude: 31.0,
                    longitude: 114.36,
                    radius_km: 5.0,
                });
            },
            false,
        ),
        (
            "a district that touches",
            |other| {
                other.proposal.place = ControlArea::Shape(Area::Rectangle {
                    south: 30.58,
                    west: 114.3,
                    north: 30.8,
                    east: 114.5,
                });
            },
            true,
        ),
        (
            "afterwards",
            |other| other.proposal.time.from = at("2026-12-20T00:00:00+08:00"),
            false,
        ),
        (
            "when the other has ended early",
            |other| other.decision.as_mut().expect("decided").expires = at("2026-12-09T00:00:00+08:00"),
            false,
        ),
        ("itself", |other| other.id = "1".to_owned(), false),
    ];
    for (what, change, expected) in changes {
        let mut other = in_force("2");
        change(&mut other);
        assert_eq!(clash(&one, &other), expected, "{what}");
        assert_eq!(clash(&other, &one), expected, "{what}, the other way round");
    }
}

#[test]
fn weekly_hours_keep_two_uses_apart() {
    let hours = |text: &str| crate::registry::hours::parse(text).expect("hours");
    let (mut one, mut other) = (in_force("1"), in_force("2"));
    one.proposal.time.windows = hours("Mo-Fr 08:00-12:00 +08:00");
    other.proposal.time.windows = hours("Mo-Fr 12:00-18:00 +08:00");
    assert!(!clash(&one, &other));
    other.proposal.time.windows = hours("Mo-Fr 11:59-18:00 +08:00");
    assert!(clash(&one, &other));
}

#[test]
fn what_makes_no_sense_is_named_with_what_to_write() {
    assert_eq!(proposal().faults(), []);
    type Change = fn(&mut Proposal);
    let changes: [(&str, Change); 10] = [
        ("title", |p| p.title = "  ".to_owned()),
        ("user", |p| p.user = "a\u{7}".to_owned()),
        ("asked.bands", |p| p.asked = Asked::Bands(Vec::new())),
        ("asked.bands", |p| {
            p.asked = Asked::Bands(vec![band(1, 30_000), band(20_000, 50_000)])
        }),
        ("asked.fit", |p| {
            p.asked = Asked::Fit {
                bandwidth_hz: Hertz(25_000),
                tuning: band(160_000_000, 160_012_500),
                raster_hz: Hertz(12_500),
            };
        }),
        ("designator", |p| p.designator = "16K0".to_owned()),
        ("designator", |p| p.designator = "16K0F3E".to_owned()),
        ("power.dbw", |p| p.power.dbw = f64::NAN),
        ("place", |p| {
            p.place = ControlArea::Shape(Area::Named("here".to_owned()))
        }),
        ("time.to", |p| p.time.to = p.time.from),
    ];
    for (field, change) in changes {
        let mut wrong = proposal();
        change(&mut wrong);
        let faults = wrong.faults();
        assert_eq!(faults.first().map(|fault| fault.field), Some(field), "{faults:?}");
        assert!(!faults[0].reason.zh.is_empty() && !faults[0].reason.en.is_empty());
    }
}

#[test]
fn numbers_at_their_ends_are_faults_and_no_panic() {
    let ends = band(i64::MIN, i64::MAX);
    let fit = |bandwidth_hz, tuning, raster_hz| Asked::Fit {
        bandwidth_hz: Hertz(bandwidth_hz),
        tuning,
        raster_hz: Hertz(raster_hz),
    };
    for asked in [
        Asked::Bands(vec![ends, ends]),
        fit(i64::MAX, ends, i64::MAX),
        fit(i64::MIN, band(1, 2), i64::MIN),
        fit(12_500, band(0, 25_000), 12_500),
    ] {
        let wrong = Proposal { asked, ..proposal() };
        assert!(!wrong.faults().is_empty(), "{:?}", wrong.asked);
    }
    // The last instant there is leaves no room for a lease after it.
    let mut late = in_force("1");
    late.state = State::UnderReview;
    late.proposal.time.from = Timestamp::MAX - jiff::SignedDuration::from_secs(2);
    late.proposal.time.to = Timestamp::MAX;
    let give = Give {
        step: Step::Agree,
        party: Party::Decider,
        actor: "li".to_owned(),
        reason: String::new(),
        conditions: None,
        expires: None,
        band: None,
        offered: Vec::new(),
    };
    let agreed = take(&late, &give, &policy(), late.created_at).expect("agreed");
    assert_eq!(agreed.decision.expect("decided").expires, Timestamp::MAX);
}

#[test]
fn a_policy_that_cannot_be_kept_is_refused() {
    for (from, to, said) in [
        (
            "remind = \"10d\", escalate = \"20d\", lapse",
            "remind = \"40d\", escalate = \"20d\", lapse",
            "remind < escalate < lapse",
        ),
        ("lapse = \"30d\"", "lapse = \"soon\"", "10d"),
        ("lapse = \"30d\"", "lapse = \"0d\"", "10d"),
        ("format = 1", "format = 2", "format 1"),
        ("reach_km = 150.0", "reach_km = 0.0", "check.reach_km"),
        ("silence = \"lapses\"", "silence = \"no\"", "agrees"),
        ("[check]", "[check]\nreach = 1", "reach"),
    ] {
        let text = super::POLICY_TOML.replacen(from, to, 1);
        assert_ne!(text, super::POLICY_TOML, "{from} is not in the file");
        let error = Policy::parse(&text, "own.toml").expect_err(to).to_string();
        assert!(error.contains(said) && error.contains("own.toml"), "{error}");
    }
}

#[test]
fn the_policy_that_is_compiled_in_takes_no_silence_for_agreement() {
    for kind in Kind::ALL {
        assert_eq!(policy().kind(kind).silence, super::Silence::Lapses, "{kind:?}");
    }
    assert!(!policy().submitter_may_decide);
}

#[test]
fn a_letter_says_all_of_it_in_both_languages_and_runs_nothing() {
    use super::{LetterLanguage, Writing, letter};
    let mut request = in_force("7");
    request.proposal.title = "<script>alert(1)</script>&\"'".to_owned();
    for (language, words) in [
        (
            LetterLanguage::Chinese,
            [
                "无线电频率使用协调函",
                "2026-7",
                "160–160.0125 MHz (12.5 kHz)",
                "盖章",
                "夜间停用",
                "10.0 dBW e.r.p.",
            ],
        ),
        (
            LetterLanguage::English,
            [
                "Frequency coordination letter",
                "2026-7",
                "160–160.0125 MHz",
                "seal",
                "夜间停用",
                "11K0F3E",
            ],
        ),
    ] {
        let page = letter(
            &request,
            &Writing {
                language,
                at: at("2026-12-02T09:00:00+08:00"),
            },
        );
        for word in words {
            assert!(page.contains(word), "{word} is missing: {page}");
        }
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;"));
        assert!(
            !page.contains("http:") && !page.contains("https:"),
            "needs nothing else"
        );
    }
}
