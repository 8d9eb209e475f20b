//! Events: what may be written, the steps, the plan as rows and as a file, the gate, and what may be said of a watched channel.

mod sheet;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    coordination::{Policy, Power, PowerKind, Refusal, Request, Side, due, tasks::Author},
    registry::{Place, details::Window},
    units::Hertz,
};

fn at(hour: i64) -> Timestamp {
    "2026-11-23T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(hour)
}

fn rules() -> EventRules {
    Policy::builtin().expect("reads").events
}

fn day(date: &str) -> EventDay {
    EventDay {
        date: date.parse().expect("a date"),
        opens_min: 8 * 60,
        closes_min: 22 * 60,
    }
}

fn content() -> EventContent {
    EventContent {
        name: Text::new("国际论坛", "Forum"),
        about: String::new(),
        area: ControlArea::Circle(Place {
            latitude: 30.55,
            longitude: 114.3,
            radius_km: 5.0,
        }),
        days: vec![day("2026-12-01"), day("2026-12-02")],
        participants: vec!["military".to_owned()],
    }
}

fn author(organisation: &str, office: Office) -> Author {
    Author {
        actor: "li".to_owned(),
        organisation: organisation.to_owned(),
        office,
    }
}

fn written() -> Event {
    let new = NewEvent {
        id: "e1".to_owned(),
        number: "E-CIVIL-2026-0001".to_owned(),
        content: content(),
        author: author("civil", Office::Civil),
    };
    create(new, at(0))
}

fn take(event: &Event, step: EventStep, by: (&str, Office)) -> Result<Event, Refusal> {
    let give = GiveEvent {
        step,
        author: author(by.0, by.1),
        reason: "说明".to_owned(),
    };
    take_event_step(event, &give, at(1))
}

const LEAD: (&str, Office) = ("civil", Office::Civil);
const GUEST: (&str, Office) = ("military", Office::Military);
const OTHER: (&str, Office) = ("other", Office::Civil);
const JOINT: (&str, Office) = ("civil", Office::Coordinator);

#[test]
fn an_event_is_known_to_those_who_take_part_once_it_is_announced() {
    let draft = written();
    assert!(draft.takes_part("civil") && !draft.takes_part("military"));
    let announced = take(&draft, EventStep::Announce, LEAD).expect("announced");
    assert!(announced.takes_part("military") && !announced.takes_part("other"));
    // One that was never announced stays unknown when it is cancelled.
    let cancelled = take(&draft, EventStep::Cancel, LEAD).expect("cancelled");
    assert!(!cancelled.takes_part("military"));
}

#[test]
fn only_the_lead_office_and_the_coordinator_take_the_steps() {
    let announced = take(&written(), EventStep::Announce, JOINT).expect("the coordinator may");
    for by in [GUEST, OTHER] {
        let refused = take(&announced, EventStep::Start, by).expect_err("not theirs");
        assert!(matches!(refused, Refusal::NotYours(_)), "{refused:?}");
    }
    take(&announced, EventStep::Note, GUEST).expect("who takes part may say something");
    take(&announced, EventStep::Note, OTHER).expect_err("who does not may not");
    let running = take(&announced, EventStep::Start, LEAD).expect("started");
    assert!(may_work(&running, &author("military", Office::Military)).is_ok());
    let closed = take(&running, EventStep::Close, LEAD).expect("closed");
    assert_eq!((closed.state, closed.over_at), (EventState::Closed, Some(at(1))));
    for step in [EventStep::Start, EventStep::Cancel, EventStep::Announce] {
        let refused = take(&closed, step, LEAD).expect_err("over");
        assert!(matches!(refused, Refusal::WrongState(_)), "{refused:?}");
    }
    edit(&closed, content(), &author("civil", Office::Civil), at(2)).expect_err("over");
    assert!(matches!(
        may_work(&closed, &author("civil", Office::Civil)),
        Err(Refusal::WrongState(_))
    ));
}

#[test]
fn what_makes_no_sense_is_named_by_field() {
    let fields = |change: fn(&mut EventContent)| {
        let mut content = content();
        change(&mut content);
        let found = faults(&content, "civil", &rules());
        found.into_iter().map(|fault| fault.field).collect::<Vec<_>>()
    };
    assert_eq!(fields(|_| {}), Vec::<&str>::new());
    assert_eq!(fields(|content| content.name = Text::default()), ["name"]);
    assert_eq!(fields(|content| content.days.clear()), ["days"]);
    assert_eq!(fields(|content| content.days.reverse()), ["days"]);
    assert_eq!(fields(|content| content.days[0].closes_min = 60), ["days"]);
    assert_eq!(
        fields(|content| content.participants.push("civil".to_owned())),
        ["participants"]
    );
    assert_eq!(
        fields(|content| content.area = ControlArea::Circle(Place {
            latitude: 91.0,
            longitude: 0.0,
            radius_km: 1.0
        })),
        ["area"]
    );
}

pub(super) fn channel(name: &str, mhz: f64) -> RowContent {
    RowContent {
        channel: name.to_owned(),
        center_hz: Hertz::from_f64(mhz * 1e6),
        bandwidth_hz: Hertz(12_500),
        designator: "11K0F3E".to_owned(),
        service: None,
        user: "会务组".to_owned(),
        site: String::new(),
        place: None,
        from: None,
        to: None,
        power: Power {
            dbw: 6.0,
            kind: PowerKind::Erp,
        },
        key: false,
        classification: None,
        releasability: Vec::new(),
        note: String::new(),
    }
}

fn row(id: &str, content: RowContent) -> PlanRow {
    PlanRow {
        id: id.to_owned(),
        event: "e1".to_owned(),
        organisation: "civil".to_owned(),
        content,
        made_at: at(0),
        written_by: "li".to_owned(),
        written_at: at(0),
        version: 1,
    }
}

#[test]
fn rows_clash_where_other_users_share_frequency_place_and_time() {
    let event = written();
    let first = row("a", channel("K1", 410.0));
    let other = |change: fn(&mut RowContent)| {
        let mut content = channel("K2", 410.005);
        content.user = "电视转播".to_owned();
        change(&mut content);
        let rows = [first.clone(), row("b", content)];
        clashes(&first, &rows, &event).len()
    };
    assert_eq!(other(|_| {}), 1);
    assert_eq!(
        other(|content| content.user = "会务组".to_owned()),
        0,
        "one user settles it"
    );
    assert_eq!(other(|content| content.center_hz = Hertz(410_100_000)), 0);
    assert_eq!(other(|content| content.from = Some(at(24 * 10))), 0, "after the event");
    let far = |content: &mut RowContent| {
        content.place = Some(Place {
            latitude: 31.5,
            longitude: 114.3,
            radius_km: 1.0,
        });
    };
    assert_eq!(other(far), 0, "100 km away");
}

#[test]
fn a_row_is_checked_as_a_request_in_the_hours_of_the_event() {
    let event = written();
    let asked = proposal(&channel("K1", 410.0), &event);
    assert_eq!([asked.time.from, asked.time.to], event.span());
    assert_eq!(
        asked.time.windows,
        [Window {
            days: Window::DAILY,
            from_min: 480,
            to_min: 1320,
            zone: "+08:00".to_owned()
        }]
    );
    let mut own = channel("K1", 410.0);
    own.from = Some(at(0));
    assert!(
        proposal(&own, &event).time.windows.is_empty(),
        "its own time holds day and night"
    );
    assert_eq!(proposal(&own, &event).time.from, at(0));
}

#[test]
fn an_emission_is_planned_when_it_lies_within_a_channel_in_its_time() {
    let event = written();
    let rows = [channel("K1", 410.0)];
    let during = [at(24 * 8 + 4), at(24 * 8 + 5)];
    let planned = |low: i64, high: i64, times| is_planned(&rows, &event, [Hertz(low), Hertz(high)], times);
    assert!(planned(409_995_000, 410_005_000, during));
    assert!(!planned(409_980_000, 410_005_000, during), "reaches out of the channel");
    assert!(!planned(410_020_000, 410_025_000, during));
    assert!(
        !planned(409_995_000, 410_005_000, [at(0), at(1)]),
        "a week before the event"
    );
}

#[test]
fn nothing_unobserved_is_clear() {
    assert_eq!(watch_standing(0, 0, 3600), WatchStanding::Unobserved);
    assert_eq!(watch_standing(0, 0, 0), WatchStanding::Unobserved, "before it begins");
    assert_eq!(watch_standing(0, 1800, 3600), WatchStanding::PartlyObserved);
    assert_eq!(watch_standing(0, 3600, 3600), WatchStanding::Clear);
    assert_eq!(watch_standing(1, 60, 3600), WatchStanding::Disturbed);
    for observed_s in 0..=1000 {
        let standing = watch_standing(0, observed_s, 1000);
        assert!(standing != WatchStanding::Clear || observed_s >= 990, "{observed_s}");
    }
}

fn declared() -> DeviceContent {
    DeviceContent {
        kind: "无线话筒".to_owned(),
        serial: "SN-1".to_owned(),
        owner: "媒体中心".to_owned(),
        approval: "K1".to_owned(),
        center_hz: Hertz(640_000_000),
        bandwidth_hz: Hertz(200_000),
        power: Power {
            dbw: -20.0,
            kind: PowerKind::Erp,
        },
        designator: "200KF3E".to_owned(),
    }
}

fn outcome(results: [AdmissionResult; 3]) -> Vec<AdmissionRow> {
    let rules = rules().admission;
    let power = power_row(declared().power, None, &rules);
    let parameters = [
        AdmissionParameter::CentreFrequency,
        AdmissionParameter::OccupiedBandwidth,
        AdmissionParameter::RadiatedPower,
    ];
    parameters
        .into_iter()
        .zip(results)
        .map(|(parameter, result)| AdmissionRow {
            parameter,
            result,
            ..power.clone()
        })
        .collect()
}

fn test_of(result: AdmissionResult) -> AdmissionTest {
    AdmissionTest {
        declared_by: "li".to_owned(),
        at: at(0),
        by: "li".to_owned(),
        organisation: "civil".to_owned(),
        emission: None,
        receiver: None,
        instrument: String::new(),
        note: String::new(),
        declared: declared(),
        rows: Vec::new(),
        result,
        label: None,
        policy_version: String::new(),
    }
}

#[test]
fn a_device_passes_when_all_required_parameters_do_and_fails_by_one() {
    use AdmissionResult::{Failed, Passed, Undecided};
    let rules = rules().admission;
    for (results, expected) in [
        ([Passed, Passed, Passed], Passed),
        ([Passed, Passed, Undecided], Undecided),
        ([Undecided, Failed, Passed], Failed),
        ([Undecided, Undecided, Undecided], Undecided),
    ] {
        assert_eq!(result_of(&outcome(results), &rules), expected, "{results:?}");
    }
    assert_eq!(result_of(&[], &rules), Undecided, "nothing measured is no pass");
}

#[test]
fn the_power_may_exceed_the_declared_one_by_the_tolerance_and_no_more() {
    let rules = rules().admission;
    let result = |value: f64, uncertainty: f64| {
        let read = Reading { value, uncertainty };
        power_row(declared().power, Some(read), &rules).result
    };
    assert_eq!(result(-19.0, 0.0), AdmissionResult::Passed);
    assert_eq!(
        result(-18.5, 1.0),
        AdmissionResult::Undecided,
        "beyond the limit, not the uncertainty"
    );
    assert_eq!(result(-18.5, 0.2), AdmissionResult::Failed);
    assert_eq!(
        power_row(declared().power, None, &rules).result,
        AdmissionResult::Undecided
    );
}

#[test]
fn a_label_is_given_by_a_pass_and_taken_by_everything_else() {
    let names = || [String::from("d1"), String::from("e1")];
    let device = register(names(), 1, declared(), ["li".to_owned(), "civil".to_owned()], at(0));
    assert_eq!((device.result, &device.label), (None, &None));
    let passed = tested(&device, test_of(AdmissionResult::Passed), || "L-1".to_owned());
    assert_eq!(passed.label.as_deref(), Some("L-1"));
    let again = tested(&passed, test_of(AdmissionResult::Passed), || "L-2".to_owned());
    assert_eq!(again.label.as_deref(), Some("L-1"), "it keeps the one it has");
    let failed = tested(&again, test_of(AdmissionResult::Failed), || "L-3".to_owned());
    assert_eq!((failed.label.as_deref(), failed.tests.len()), (None, 3));
    assert_eq!(failed.tests[0].label.as_deref(), Some("L-1"), "history stays");
    let undecided = tested(&passed, test_of(AdmissionResult::Undecided), || "L-4".to_owned());
    assert_eq!(undecided.label, None);
    // Another declaration voids the label; the same one does not.
    assert_eq!(redeclared(&passed, declared(), "wang"), passed);
    let mut other = declared();
    other.center_hz = Hertz(641_000_000);
    let anew = redeclared(&passed, other, "wang");
    assert_eq!((anew.label, anew.result, anew.tests.len()), (None, None, 1));
}

#[test]
fn a_request_that_names_an_event_is_due_sooner_and_never_later() {
    let policy = Policy::builtin().expect("reads");
    let mut request = Request::draft(
        "r1".to_owned(),
        Side::Civil,
        proposal(&channel("K1", 410.0), &written()),
        "li".to_owned(),
        at(0),
    );
    request.state = crate::coordination::State::Submitted;
    let (plain, _) = due(&request, &policy, at(0)).expect("due");
    request.event = Some("e1".to_owned());
    let (sooner, _) = due(&request, &policy, at(0)).expect("due");
    assert_eq!((plain, sooner), (at(48), at(12)));
    request.proposal.kind = crate::coordination::Kind::Emergency;
    let (urgent, _) = due(&request, &policy, at(0)).expect("due");
    assert_eq!(urgent, at(1), "the shorter of the two");
}

#[test]
fn a_policy_whose_figures_make_no_sense_is_refused() {
    let text = crate::coordination::POLICY_TOML;
    for (from, to, word) in [
        ("power_db = 1.0", "power_db = 50.0", "power_db"),
        ("rows_max = 2000", "rows_max = 0", "rows_max"),
        (
            "remind = \"12h\", escalate = \"24h\", lapse = \"36h\"",
            "remind = \"12h\", escalate = \"6h\", lapse = \"36h\"",
            "events.requests",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Policy::parse(&text.replacen(from, to, 1), "x.toml").expect_err(to);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn the_page_says_that_unobserved_is_unknown() {
    use crate::coordination::{LetterLanguage, Writing};
    let mut event = written();
    event.content.name.zh = "<论坛>".to_owned();
    let date = event.content.days[0].date;
    let [from, to] = day_span(date);
    let report = DayReport {
        day: date,
        from,
        to,
        complete: true,
        coverage: DayCoverage {
            asked_s: 86_400,
            observed_s: 0,
        },
        channels: vec![DayChannel {
            channel: "K1".to_owned(),
            user: "会务组".to_owned(),
            band: channel("K1", 410.0).band(),
            receiver: None,
            asked_s: 86_400,
            observed_s: 0,
            in_use: None,
            found: 0,
            standing: WatchStanding::Unobserved,
        }],
        conflicts: Vec::new(),
        emissions: Vec::new(),
        more: false,
        tests: DayTests::default(),
        requests: DayRequests::default(),
    };
    let print = |language| day_letter(&event, &report, &Writing { language, at: at(0) });
    let zh = print(LetterLanguage::Chinese);
    assert!(zh.contains("&lt;论坛&gt;") && !zh.contains("<论坛>"), "{zh}");
    assert!(
        zh.contains("未观测") && zh.contains("0.0 %") && !zh.contains("未发现异常"),
        "{zh}"
    );
    let en = print(LetterLanguage::English);
    assert!(
        en.contains("not observed") && en.contains("Forum") && !en.contains("nothing found<"),
        "{en}"
    );
}
