//! The life of a report, step by step and at random.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::{
    coordination::{LetterLanguage, Policy, Refusal, Writing},
    registry::demo,
};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn now() -> Timestamp {
    // A Friday in China.
    at("2026-11-20T03:00:00Z")
}

fn rules() -> ReportRules {
    Policy::builtin().expect("policy").reports
}

fn complaint(channel: Channel) -> Complaint {
    Complaint {
        complainant: "示范机场".to_owned(),
        contact: "李工 027-0000".to_owned(),
        assignment: None,
        low_hz: Hertz(118_000_000),
        high_hz: Hertz(118_025_000),
        place: Some(Place {
            latitude: 30.5,
            longitude: 114.3,
            radius_km: 0.0,
        }),
        address: "塔台".to_owned(),
        began: now() - SignedDuration::from_hours(2),
        ended: None,
        symptoms: "<广播声>".to_owned(),
        channel,
    }
}

fn filed(channel: Channel) -> Report {
    let complaint = complaint(channel);
    let filing = Filing {
        id: "r1".to_owned(),
        number: "IC-2026-0001".to_owned(),
        licence: licence(&complaint, None, now()),
        complaint,
        grade: Grade::Second,
        level: Level::City,
        office: Office::Civil,
        actor: "zhang".to_owned(),
    };
    file(filing, &rules(), now())
}

fn give(step: ReportStep, office: Office) -> GiveReport {
    GiveReport {
        step,
        office,
        actor: "zhang".to_owned(),
        reason: "words".to_owned(),
        grade: None,
        level: None,
        place: None,
        evidence: None,
        request: None,
        observed: None,
    }
}

fn taken(report: &Report, steps: &[ReportStep]) -> Report {
    steps.iter().fold(report.clone(), |report, step| {
        take_report_step(&report, &give(*step, Office::Civil), &rules(), now()).expect("taken")
    })
}

fn field(refused: Result<Report, Refusal>) -> &'static str {
    match refused {
        Err(Refusal::Incomplete(field, _)) => field,
        other => panic!("{other:?}"),
    }
}

use ReportStep::{Act, Close, Confirm, Locate, Verify};

#[test]
fn a_report_goes_from_received_to_closed_and_comes_back() {
    let verified = taken(&filed(Channel::Paper), &[Confirm, Locate, Act, Verify]);
    assert_eq!(verified.state, ReportState::VerifiedClear);
    assert!(matches!(verified.verified, Some(Verification::Word { .. })));
    let closed = taken(&verified, &[Close]);
    assert_eq!(
        (closed.state, closed.over_at, closed.version),
        (ReportState::Closed, Some(now()), 6)
    );
    let later = now() + SignedDuration::from_hours(30);
    let said = take_report_step(&closed, &give(ReportStep::Note, Office::Civil), &rules(), later).expect("said");
    assert_eq!((said.state, said.over_at), (ReportState::Closed, Some(now())));
    let again = take_report_step(&closed, &give(ReportStep::Reopen, Office::Civil), &rules(), later).expect("reopened");
    assert_eq!(again.state, ReportState::Confirmed);
    assert_eq!((again.over_at, again.acted_at, again.clock), (None, None, later));
    assert_eq!(again.verified, None, "what was verified before proves nothing now");
}

#[test]
fn by_telephone_first_and_the_paper_within_two_working_days() {
    let report = filed(Channel::Telephone);
    // Friday: Monday and Tuesday are the two working days; late from Wednesday 00:00 in China on.
    assert_eq!(report.paper_due, Some(at("2026-11-24T16:00:00Z")));
    let days = |from: &str, holidays: &[&str], make_up: &[&str]| {
        let read = |days: &[&str]| days.iter().map(|day| day.parse().expect("a day")).collect();
        let calendar = Calendar {
            holidays: read(holidays),
            make_up_days: read(make_up),
        };
        paper_due(at(from), 2, &calendar)
    };
    assert_eq!(
        days("2026-11-20T03:00:00Z", &["2026-11-23"], &[]),
        at("2026-11-25T16:00:00Z")
    );
    assert_eq!(
        days("2026-11-20T03:00:00Z", &[], &["2026-11-21"]),
        at("2026-11-23T16:00:00Z")
    );
    // Late on Thursday in UTC it is Friday in China.
    assert_eq!(days("2026-11-19T17:00:00Z", &[], &[]), at("2026-11-24T16:00:00Z"));

    let clear = taken(&report, &[Confirm, Locate, Act, Verify]);
    let early = take_report_step(&clear, &give(Close, Office::Civil), &rules(), now());
    assert!(matches!(early, Err(Refusal::WrongState(_))), "{early:?}");
    let paper = taken(&clear, &[ReportStep::ReceivePaper]);
    assert_eq!(taken(&paper, &[Close]).state, ReportState::Closed);
    let twice = take_report_step(&paper, &give(ReportStep::ReceivePaper, Office::Civil), &rules(), now());
    assert!(matches!(twice, Err(Refusal::WrongState(_))), "{twice:?}");
}

#[test]
fn the_clock_reminds_and_escalates_each_stage_and_the_paper() {
    let mut report = filed(Channel::Telephone);
    let rules = rules();
    let mut seen = Vec::new();
    while let Some((at, what)) = report_due(&report, &rules) {
        seen.push((at.duration_since(now()).as_hours(), what));
        report = remind(&report, what, "system", at);
        assert!(seen.len() < 10, "without end: {seen:?}");
    }
    assert_eq!(
        seen,
        [
            (2, ReportDue::Remind),
            (8, ReportDue::Escalate),
            (85, ReportDue::RemindPaper),
            (109, ReportDue::EscalatePaper)
        ]
    );
    assert_eq!(report.version, 1, "a reminder is nothing somebody must have read");
    let confirmed = taken(&report, &[Confirm]);
    let (due, what) = report_due(&confirmed, &rules).expect("running");
    assert_eq!((due, what), (now() + SignedDuration::from_hours(48), ReportDue::Remind));
    // Locating does not begin the time to settle anew.
    let mut reminded = confirmed;
    reminded.reminders = 1;
    let located = taken(&reminded, &[Locate]);
    assert_eq!(
        report_due(&located, &rules).map(|(_, what)| what),
        Some(ReportDue::Escalate)
    );
    assert_eq!(report_due(&taken(&located, &[Act, Verify]), &rules), None);
    // A graver grade has less time.
    let graver = GiveReport {
        grade: Some(Grade::First),
        ..give(ReportStep::Grade, Office::Civil)
    };
    let first = take_report_step(&filed(Channel::Paper), &graver, &rules, now()).expect("graded");
    assert_eq!(work_out(&first, &rules), Some(now() + SignedDuration::from_hours(1)));
}

#[test]
fn clear_is_what_was_observed_after_the_action_and_nothing_else() {
    let acted = taken(&filed(Channel::Paper), &[Confirm, Locate, Act]);
    let later = now() + SignedDuration::from_hours(3);
    let observed = Observed {
        receiver: "roof".to_owned(),
        from: now(),
        to: later,
        observed_s: 3600,
        heard: Vec::new(),
    };
    let verify = |observed: Observed| {
        let give = GiveReport {
            observed: Some(observed),
            ..give(Verify, Office::Civil)
        };
        take_report_step(&acted, &give, &rules(), later)
    };
    let clear = verify(observed.clone()).expect("clear");
    assert!(matches!(
        clear.verified,
        Some(Verification::Observed { observed_s: 3600, .. })
    ));
    let short = Observed {
        observed_s: 3599,
        ..observed.clone()
    };
    assert_eq!(field(verify(short)), "receiver");
    let heard = Observed {
        heard: vec!["e1".to_owned()],
        ..observed.clone()
    };
    assert_eq!(field(verify(heard)), "receiver");
    let before = Observed {
        from: now() - SignedDuration::from_hours(2),
        ..observed
    };
    assert_eq!(field(verify(before)), "receiver");
    let silent = GiveReport {
        reason: " ".to_owned(),
        ..give(Verify, Office::Civil)
    };
    assert_eq!(field(take_report_step(&acted, &silent, &rules(), later)), "reason");
}

#[test]
fn the_licence_is_held_against_the_complaint() {
    let assignments = demo::assignments().ok;
    let a = assignments.first().expect("an assignment");
    let mut complaint = Complaint {
        complainant: a.holder.clone(),
        low_hz: a.band().low(),
        high_hz: a.band().high(),
        ..complaint(Channel::Paper)
    };
    let findings = |complaint: &Complaint, a| licence(complaint, Some(a), now()).findings;
    assert_eq!(findings(&complaint, a), [LicenceFinding::InOrder]);
    complaint.complainant = "另一家".to_owned();
    complaint.low_hz = a.band().high();
    complaint.high_hz = a.band().high() + Hertz(25_000);
    let expired = crate::registry::Assignment {
        valid_to: Some(now() - SignedDuration::from_hours(1)),
        ..a.clone()
    };
    assert_eq!(
        findings(&complaint, &expired),
        [
            LicenceFinding::NotInForce,
            LicenceFinding::OtherFrequencies,
            LicenceFinding::OtherHolder
        ]
    );
    assert_eq!(licence(&complaint, None, now()).findings, [LicenceFinding::NotNamed]);
}

#[test]
fn the_letter_says_what_was_done_in_either_language_and_shows_no_markup() {
    let closed = taken(&filed(Channel::Paper), &[Confirm, Locate, Act, Verify, Close]);
    let page = |language| reply(&closed, &Writing { language, at: now() });
    let (zh, en) = (page(LetterLanguage::Chinese), page(LetterLanguage::English));
    for word in [
        "无线电干扰投诉答复函",
        "IC-2026-0001",
        "示范机场",
        "118–118.025 MHz",
        "二级",
        "已办结",
        "处置措施",
    ] {
        assert!(zh.contains(word), "{word}");
    }
    for word in [
        "Reply to a complaint",
        "To: 示范机场",
        "grade 2",
        "closed",
        "On somebody",
    ] {
        assert!(en.contains(word), "{word}");
    }
    assert!(zh.contains("&lt;广播声&gt;") && !zh.contains("<广播声>"));
    let again = taken(&closed, &[ReportStep::Reopen]);
    let open = reply(
        &again,
        &Writing {
            language: LetterLanguage::Chinese,
            at: now(),
        },
    );
    assert!(
        !open.contains("处置措施"),
        "what was done before it came back is no answer to it"
    );
}

#[test]
fn figures_are_counted_by_quarter_and_grade() {
    let closed = taken(&filed(Channel::Paper), &[Confirm, Locate, Act, Verify, Close]);
    let mut slow = closed.clone();
    slow.verified_at = Some(now() + SignedDuration::from_hours(24 * 6));
    let mut rejected = taken(&filed(Channel::Telephone), &[ReportStep::Reject]);
    // The last hours of the year in UTC are the next year in China.
    rejected.filed_at = at("2026-12-31T17:00:00Z");
    let rows = quarters([&closed, &slow, &rejected, &filed(Channel::Paper)], &rules());
    let [next, this] = rows.as_slice() else {
        panic!("{rows:?}")
    };
    assert_eq!(
        (next.year, next.quarter, next.counts.rejected, next.counts.by_telephone),
        (2027, 1, 1, 1)
    );
    let expected = QuarterCounts {
        received: 3,
        cleared: 2,
        open: 1,
        late: 1,
        median_minutes: Some(0),
        ..QuarterCounts::default()
    };
    assert_eq!((this.year, this.quarter, &this.counts), (2026, 4, &expected));
}

#[test]
fn complaints_that_make_no_sense_are_told_what_to_write() {
    let good = complaint(Channel::Paper);
    assert!(faults(&good, now()).is_empty());
    let bad = Complaint {
        complainant: " ".to_owned(),
        low_hz: Hertz(5),
        high_hz: Hertz(5),
        began: now() + SignedDuration::from_hours(1),
        ended: Some(now()),
        place: Some(Place {
            latitude: 91.0,
            longitude: 0.0,
            radius_km: 0.0,
        }),
        assignment: Some(String::new()),
        ..good
    };
    let fields: Vec<_> = faults(&bad, now()).into_iter().map(|fault| fault.field).collect();
    assert_eq!(
        fields,
        ["complainant", "assignment", "high_hz", "place", "began", "ended"]
    );
}

fn any_step() -> impl Strategy<Value = (usize, Office, bool, u8)> {
    let office = prop_oneof![Just(Office::Civil), Just(Office::Military), Just(Office::Coordinator)];
    (0..REPORT_TABLE.len(), office, any::<bool>(), 0..3_u8)
}

proptest! {
    /// Whatever anybody tries: closed is reached through confirmed, located, acted and verified alone, the other side does
    /// nothing before it was brought in and only speaks afterwards, entries are never lost and the version counts them.
    #[test]
    fn no_way_leads_around_the_table(steps in prop::collection::vec(any_step(), 0..60)) {
        let rules = rules();
        let mut report = filed(Channel::Telephone);
        for (row, office, with_words, pick) in steps {
            let give = GiveReport {
                reason: if with_words { "words".to_owned() } else { String::new() },
                grade: Some(Grade::ALL[usize::from(pick)]),
                level: Some([Level::District, Level::City, Level::Province][usize::from(pick)]),
                evidence: Some(Evidence::default()),
                ..give(REPORT_TABLE[row].step, office)
            };
            let offered = report_steps(&report, office);
            let Ok(after) = take_report_step(&report, &give, &rules, now()) else { continue };
            prop_assert!(office != Office::Military || (report.shared.is_some() && give.step == ReportStep::Note));
            prop_assert!(offered.iter().any(|(rule, refusal)| rule.step == give.step && refusal.is_none()));
            prop_assert_eq!(after.version, report.version + 1);
            prop_assert_eq!(after.entries.len(), report.entries.len() + 1);
            prop_assert_eq!(&after.entries[..report.entries.len()], &report.entries[..]);
            if after.state == ReportState::Closed {
                prop_assert!(!after.owes_paper());
                let since = after.entries.iter().rposition(|entry| entry.step == ReportStep::Reopen).map_or(0, |n| n + 1);
                let done: Vec<_> = after.entries[since..].iter().map(|entry| entry.step).collect();
                let reopened = after.entries[..since].iter().any(|entry| entry.step == ReportStep::Confirm);
                let mut want = [Confirm, Locate, Act, Verify, Close].into_iter().skip(usize::from(reopened && !done.contains(&Confirm))).peekable();
                for step in done {
                    if want.peek() == Some(&step) { want.next(); }
                }
                prop_assert_eq!(want.next(), None);
            }
            report = after;
        }
    }
}
