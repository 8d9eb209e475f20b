//! Tasks from asking to the end: what is asked for, the steps, what the clock does, and the quota.

mod plan;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    coordination::{POLICY_TOML, Policy, Refusal},
    registry::details::Window,
};

const SYSTEM: &str = "system";

fn at(minute: i64) -> Timestamp {
    // A Monday, 00:00 UTC.
    "2026-11-23T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_mins(minute)
}

fn rules() -> TaskRules {
    Policy::builtin().expect("reads").tasks
}

fn content() -> TaskContent {
    TaskContent {
        title: "航空频段定时监测".to_owned(),
        purpose: "节前保障".to_owned(),
        receivers: Vec::new(),
        low_hz: Hertz(118_000_000),
        high_hz: Hertz(119_000_000),
        raster_hz: None,
        time: Span {
            from: at(0),
            to: at(120),
            windows: Vec::new(),
        },
        minutes: 60,
        products: vec![TaskProduct::Occupancy, TaskProduct::Emissions],
        priority: TaskPriority::Routine,
        reason: String::new(),
        classified: false,
    }
}

fn author(organisation: &str, office: Office) -> Author {
    Author {
        actor: "li".to_owned(),
        organisation: organisation.to_owned(),
        office,
    }
}

fn asked(content: TaskContent, now: Timestamp) -> Task {
    let new = NewTask {
        id: "t1".to_owned(),
        number: "T-CIVIL-2026-0001".to_owned(),
        content,
        author: author("civil", Office::Civil),
    };
    ask(new, &rules(), SYSTEM, now)
}

fn give(step: TaskStep, author: Author) -> GiveTask {
    GiveTask {
        step,
        author,
        reason: "理由".to_owned(),
        priority: None,
    }
}

fn runner() -> Author {
    author("joint", Office::Coordinator)
}

fn accepted(content: TaskContent, now: Timestamp) -> Task {
    take_task_step(&asked(content, now), &give(TaskStep::Accept, runner()), now).expect("accepted")
}

fn slot(from: i64, until: i64) -> Slot {
    Slot {
        receiver: "rx1".to_owned(),
        from: at(from),
        until: at(until),
        tuned_hz: None,
    }
}

fn measured(slot: Slot, observed_s: u64) -> Measured {
    Measured {
        slot,
        observed_s,
        channels: None,
        band: None,
    }
}

/// One look of the clock, with these slots from the schedule and this share of each slot observed.
fn look(mut task: Task, planned: Vec<Slot>, observed: f64, now: Timestamp) -> Task {
    for slot in slots_to_measure(&task, now) {
        let seconds = slot.until.duration_since(slot.from).as_secs_f64() * observed;
        task = measured_in(task, measured(slot, seconds as u64));
    }
    settle(plan_in(task, planned, SYSTEM, now), &rules(), SYSTEM, now)
}

#[test]
fn the_rules_of_a_file_without_tasks_are_those_that_are_compiled_in() {
    assert_eq!(rules(), TaskRules::default());
    let text = POLICY_TOML.replace("quota = {}", "quota = { CIVIL = \"100h\" }");
    let rules = Policy::parse(&text, "test").expect("reads").tasks;
    assert_eq!(
        (rules.quota_minutes("CIVIL"), rules.quota_minutes("OTHER")),
        (6000, 2400)
    );
    for (right, wrong) in [
        ("done_share = 0.95", "done_share = 2.0"),
        ("span_max = \"31d\"", "span_max = \"40d\""),
    ] {
        let text = POLICY_TOML.replace(right, wrong);
        assert_ne!(text, POLICY_TOML);
        let fault = Policy::parse(&text, "test").expect_err(wrong).to_string();
        assert!(fault.contains("tasks."), "{fault}");
    }
}

#[test]
fn faults_name_the_field() {
    let now = at(-10);
    let fields = |content: &TaskContent| -> Vec<&'static str> {
        faults(content, &rules(), now).iter().map(|fault| fault.field).collect()
    };
    assert_eq!(fields(&content()), [""; 0]);
    let wrong = |field: &str, change: fn(&mut TaskContent)| {
        let mut content = content();
        change(&mut content);
        assert_eq!(fields(&content), [field], "{content:?}");
    };
    wrong("title", |content| content.title = " ".to_owned());
    wrong("purpose", |content| content.purpose = "a\u{7}b".to_owned());
    wrong("high_hz", |content| content.high_hz = Hertz(1));
    wrong("raster_hz", |content| content.raster_hz = Some(Hertz(1)));
    wrong("raster_hz", |content| content.raster_hz = Some(Hertz(2_000_000)));
    wrong("time.to", |content| content.time.to = at(-60));
    wrong("time.to", |content| content.time.to = at(60 * 24 * 40));
    wrong("minutes", |content| content.minutes = 121);
    wrong("minutes", |content| content.minutes = 0);
    wrong("products", |content| content.products.clear());
    wrong("products", |content| content.products.push(TaskProduct::Emissions));
    wrong("reason", |content| content.priority = TaskPriority::Emergency);
    wrong("receivers", |content| {
        content.receivers = vec!["a".to_owned(), "a".to_owned()]
    });
    let mut over = content();
    (over.time.from, over.time.to) = (at(-120), at(-60));
    assert_eq!(fields(&over), ["time.to"]);
}

#[test]
fn windows_are_the_minutes_that_looking_at_every_minute_finds() {
    for hours in [
        "Mo-Fr 08:00-12:00 +08:00",
        "Su 22:00-02:00 +08:00",
        "Mo-Su 00:00-24:00 UTC",
        "Mo 09:00-09:01 UTC",
    ] {
        let windows_of_week: Vec<Window> = crate::registry::hours::parse(hours).expect(hours);
        let time = Span {
            from: at(-3),
            to: at(9 * 24 * 60 + 17),
            windows: windows_of_week.clone(),
        };
        let found = windows(&time, at(30) + SignedDuration::from_secs(20));
        for pair in found.windows(2) {
            assert!(pair[0][1] < pair[1][0], "apart: {found:?}");
        }
        for minute in -10..(9 * 24 * 60 + 30) {
            let now = at(minute);
            let inside = windows_of_week
                .iter()
                .any(|window| window.contains(now).expect("known zone"));
            let wanted = (31..9 * 24 * 60 + 17).contains(&minute) && inside;
            let there = found.iter().any(|[from, to]| *from <= now && now < *to);
            assert_eq!(there, wanted, "{hours}, minute {minute}");
        }
    }
}

#[test]
fn a_task_is_decided_by_those_who_run_the_receivers() {
    let now = at(-10);
    let task = asked(content(), now);
    assert_eq!((task.state, task.version), (TaskState::Requested, 1));
    let own = author("civil", Office::Civil);
    for other in [own.clone(), author("military", Office::Military)] {
        let refusal = take_task_step(&task, &give(TaskStep::Accept, other), now);
        assert!(matches!(refusal, Err(Refusal::NotYours(_))), "{refusal:?}");
    }
    let stranger = give(TaskStep::Cancel, author("military", Office::Military));
    assert!(matches!(
        take_task_step(&task, &stranger, now),
        Err(Refusal::NotYours(_))
    ));
    let mut wordless = give(TaskStep::Refuse, runner());
    wordless.reason = "  ".to_owned();
    assert!(matches!(
        take_task_step(&task, &wordless, now),
        Err(Refusal::Incomplete("reason", _))
    ));
    let refused = take_task_step(&task, &give(TaskStep::Refuse, runner()), now).expect("refused");
    assert_eq!((refused.state, refused.over_at), (TaskState::Refused, Some(now)));
    let late = take_task_step(&refused, &give(TaskStep::Cancel, own.clone()), now);
    assert!(matches!(late, Err(Refusal::WrongState(_))), "{late:?}");

    let mut other = content();
    other.minutes = 30;
    let amended = amend(&task, other.clone(), &own, &rules(), SYSTEM, now).expect("amended");
    assert_eq!((amended.content.minutes, amended.version), (30, 2));
    let task = accepted(content(), now);
    assert!(matches!(
        amend(&task, other, &own, &rules(), SYSTEM, now),
        Err(Refusal::WrongState(_))
    ));
    let mut first = give(TaskStep::Prioritise, runner());
    first.priority = Some(TaskPriority::Immediate);
    let first = take_task_step(&task, &first, now).expect("taken");
    assert_eq!(first.content.priority, TaskPriority::Immediate);
}

#[test]
fn an_emergency_waits_for_nobody_and_the_quota_may_decide() {
    let mut urgent = content();
    (urgent.priority, urgent.reason) = (TaskPriority::Emergency, "遇险频率受扰".to_owned());
    let task = asked(urgent, at(-10));
    assert_eq!(task.state, TaskState::Accepted);
    assert_eq!(task.entries.len(), 2, "asked, and accepted by the service");
    let rules = TaskRules {
        approval: TaskApproval::WithinQuota,
        ..rules()
    };
    let new = NewTask {
        id: "t".to_owned(),
        number: "n".to_owned(),
        content: content(),
        author: author("civil", Office::Civil),
    };
    assert_eq!(ask(new, &rules, SYSTEM, at(-10)).state, TaskState::Accepted);
}

#[test]
fn what_was_observed_decides_how_it_ends() {
    for (observed, state) in [
        (1.0, TaskState::Done),
        (0.96, TaskState::Done),
        (0.5, TaskState::PartlyDone),
        (0.0, TaskState::Lapsed),
    ] {
        let mut asked_for = content();
        asked_for.minutes = 120; // all of its time: nothing can be made up for
        let task = accepted(asked_for, at(-10));
        let task = look(task, vec![slot(0, 120)], observed, at(-10));
        assert_eq!(task.state, TaskState::Scheduled);
        let task = look(task, vec![slot(5, 120)], observed, at(5));
        assert_eq!(
            (task.state, &task.slots),
            (TaskState::Running, &vec![slot(0, 120)]),
            "one slot, not two"
        );
        let task = look(task, Vec::new(), observed, at(120));
        assert_eq!(task.state, TaskState::Running, "what was measured is not stored yet");
        let task = look(task, Vec::new(), observed, at(122));
        assert_eq!((task.state, task.over_at), (state, Some(at(122))), "{observed}");
        assert_eq!(charged_minutes(&task), (120.0 * observed).ceil() as u64);
    }
}

#[test]
fn what_a_receiver_missed_is_asked_of_it_again() {
    let task = accepted(content(), at(-10));
    let wanted = wish(&task, &rules(), 0, at(-10)).expect("wants");
    assert_eq!(wanted.minutes, 60);
    let task = look(task, vec![slot(0, 60)], 0.5, at(-10));
    let running = wish(&task, &rules(), 0, at(20)).expect("wants the rest");
    assert_eq!((running.minutes, running.running), (40, true));
    let task = look(task, vec![slot(20, 60)], 0.5, at(20));
    assert!(
        wish(&task, &rules(), 0, at(61)).is_none(),
        "until it is known it counts as observed"
    );
    let task = look(task, Vec::new(), 0.5, at(62));
    assert_eq!(observed_s(&task), 1800);
    let again = wish(&task, &rules(), 0, at(62)).expect("half is missing");
    assert_eq!((again.minutes, again.windows), (30, vec![[at(62), at(120)]]));
}

#[test]
fn a_receiver_that_is_taken_away_is_told_of() {
    let task = look(accepted(content(), at(-10)), vec![slot(0, 60)], 1.0, at(-10));
    let task = look(task, vec![slot(10, 60)], 1.0, at(10));
    assert_eq!(task.state, TaskState::Running);
    let task = look(task, vec![slot(70, 120)], 1.0, at(10) + SignedDuration::from_secs(30));
    assert_eq!(
        task.slots,
        [slot(0, 11), slot(70, 120)],
        "the minute that has begun is still its own"
    );
    assert_eq!(task.entries.last().map(|entry| entry.step), Some(TaskStep::Yield));
    let task = look(task, vec![slot(70, 119)], 1.0, at(13));
    assert_eq!((task.state, observed_s(&task)), (TaskState::Scheduled, 660));
}

#[test]
fn what_is_cancelled_keeps_what_was_observed_and_what_nobody_decided_lapses() {
    let task = look(accepted(content(), at(-10)), vec![slot(0, 60)], 1.0, at(-10));
    let own = author("civil", Office::Civil);
    let task = take_task_step(&task, &give(TaskStep::Cancel, own), at(15)).expect("cancelled");
    assert_eq!(task.slots, [slot(0, 15)]);
    let task = look(task, Vec::new(), 1.0, at(17));
    assert_eq!(
        (task.state, task.slots.len(), observed_s(&task)),
        (TaskState::Cancelled, 0, 900)
    );
    assert_eq!(charged_minutes(&task), 15);
    let forgotten = look(asked(content(), at(-10)), Vec::new(), 1.0, at(120));
    assert_eq!((forgotten.state, charged_minutes(&forgotten)), (TaskState::Lapsed, 0));
}

#[test]
fn the_quota_says_what_is_left_and_when_it_renews() {
    let [from, renews_at] = week_of(at(0));
    assert_eq!(
        (from, renews_at),
        (at(-8 * 60), at(7 * 24 * 60 - 8 * 60)),
        "Monday to Sunday, UTC+8"
    );
    assert_eq!(week_of(from - SignedDuration::from_secs(1))[1], from);
    let mut balance = Balance {
        from,
        renews_at,
        minutes: 100,
        used: 40,
    };
    let mut content = content();
    assert_eq!(over_quota(&content, &balance), None, "exactly what is left");
    balance.used = 41;
    let fault = over_quota(&content, &balance).expect("too much");
    assert!(
        fault.reason.en.contains("59 are left") && fault.reason.en.contains("2026-11-30"),
        "{fault:?}"
    );
    content.priority = TaskPriority::Emergency;
    assert_eq!(over_quota(&content, &balance), None);
}

#[test]
fn a_band_nobody_watches_is_refused_with_those_that_are() {
    let band = Band::new(Hertz(97_000_000), Hertz(99_000_000)).expect("a band");
    let mut receivers = [SharedReceiver {
        id: "rx1".to_owned(),
        watched: vec![band],
        tunable: None,
    }];
    let mut content = content();
    let fault = out_of_reach(&content, &receivers).expect("not watched");
    assert!(fault.reason.en.contains("rx1 97–99 MHz"), "{fault:?}");
    receivers[0].tunable = Some(Tunable {
        ranges: vec![Band::new(Hertz(24_000_000), Hertz(1_700_000_000)).expect("a band")],
        width: Hertz(2_000_000),
    });
    assert_eq!(out_of_reach(&content, &receivers), None, "it may leave its watch");
    content.high_hz = Hertz(121_000_000);
    let fault = out_of_reach(&content, &receivers).expect("wider than its span");
    assert!(fault.reason.en.contains("24–1700 MHz, 2 MHz at once"), "{fault:?}");
    content.high_hz = Hertz(119_000_000);
    content.classified = true;
    assert!(
        out_of_reach(&content, &receivers).is_some(),
        "but not for what nobody is to see"
    );
    (content.low_hz, content.high_hz) = (Hertz(98_000_000), Hertz(98_100_000));
    assert_eq!(out_of_reach(&content, &receivers), None);
    content.receivers = vec!["rx2".to_owned()];
    let fault = unknown_receiver(&content, &receivers).expect("unknown");
    assert!(fault.reason.en.contains("rx1"), "{fault:?}");
}
