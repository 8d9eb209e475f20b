//! The table of steps: over random sequences nothing comes into force without the decisions the policy asks for, who may
//! not cannot, and what is settled stays so.

use std::sync::LazyLock;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::{at, band, draft, policy, proposal};
use crate::{
    coordination::{
        Addressee, Asked, Due, Give, Party, Policy, Refusal, Request, Seat, Side, State, Step, TABLE, available, due,
        take,
    },
    units::Hertz,
};

const STEPS: [Step; 18] = [
    Step::Submit,
    Step::Receive,
    Step::StartReview,
    Step::RequestInformation,
    Step::ProvideInformation,
    Step::Agree,
    Step::AgreeWithConditions,
    Step::AgreeTemporarily,
    Step::AgreeBySilence,
    Step::Refuse,
    Step::Lapse,
    Step::PutInForce,
    Step::Renew,
    Step::Suspend,
    Step::Resume,
    Step::Expire,
    Step::Revoke,
    Step::Withdraw,
];
const PARTIES: [Party; 4] = [Party::Requester, Party::Decider, Party::Coordinator, Party::System];
const ACTORS: [&str; 4] = ["zhang", "li", "wang", "system"];

fn give(step: Step, party: Party, actor: &str) -> Give {
    Give {
        step,
        party,
        actor: actor.to_owned(),
        reason: "理由".to_owned(),
        conditions: Some("条件".to_owned()),
        expires: Some(at("2026-12-15T00:00:00+08:00")),
        band: None,
        offered: Vec::new(),
    }
}

/// The policy with these texts changed.
fn changed(changes: &[(&str, &str)]) -> Policy {
    let mut text = crate::coordination::POLICY_TOML.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in the policy");
        text = text.replace(from, to);
    }
    Policy::parse(&text, "test").expect("valid")
}

/// By policy: as built in, silence agrees, the coordinator confirms, one person may do both.
static POLICIES: LazyLock<[Policy; 4]> = LazyLock::new(|| {
    [
        policy(),
        changed(&[("silence = \"lapses\"", "silence = \"agrees\"")]),
        changed(&[("coordinator_confirms = false", "coordinator_confirms = true")]),
        changed(&[("submitter_may_decide = false", "submitter_may_decide = true")]),
    ]
});

/// One attempt: step, party, actor, minutes later.
fn attempts() -> impl Strategy<Value = Vec<(usize, usize, usize, i64)>> {
    proptest::collection::vec((0..STEPS.len(), 0..PARTIES.len(), 0..ACTORS.len(), 0_i64..600), 1..60)
}

/// What a sequence has shown so far, kept apart from the code under test.
#[derive(Default)]
struct Witness {
    submitted_by: Option<String>,
    reviewed: bool,
    agreed_by: Option<(Party, String)>,
    silent: bool,
}

impl Witness {
    fn note(&mut self, step: Step, party: Party, actor: &str) {
        match step {
            Step::Submit => self.submitted_by = Some(actor.to_owned()),
            Step::StartReview => self.reviewed = true,
            Step::Agree | Step::AgreeWithConditions | Step::AgreeTemporarily => {
                self.agreed_by = Some((party, actor.to_owned()));
            }
            Step::AgreeBySilence => self.silent = true,
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn nothing_comes_into_force_without_the_decisions_the_policy_asks_for(which in 0_usize..4, attempts in attempts()) {
        let policy = &POLICIES[which];
        let mut request = draft("1");
        let mut now = request.created_at;
        let mut seen = Witness::default();
        for (step, party, actor, minutes) in attempts {
            now += SignedDuration::from_mins(minutes);
            let (step, party, actor) = (STEPS[step], PARTIES[party], ACTORS[actor]);
            let before = request.clone();
            let listed = available(&request, party, actor, policy).iter().any(|rule| rule.step == step);
            let Ok(after) = take(&request, &give(step, party, actor), policy, now) else { continue };
            prop_assert!(listed, "{step:?} was taken and not offered to {party:?}");
            prop_assert!(!before.state.is_terminal(), "{step:?} left {:?}", before.state);
            let rule = TABLE.iter().find(|rule| rule.step == step).expect("a row");
            prop_assert!(rule.by.contains(&party) && rule.from.contains(&before.state) && after.state == rule.to);
            prop_assert_eq!(after.version, before.version + 1);
            seen.note(step, party, actor);
            if step == Step::PutInForce {
                prop_assert!(seen.submitted_by.is_some());
                match &seen.agreed_by {
                    Some((by, decider)) => {
                        prop_assert_eq!(*by, Party::Decider);
                        prop_assert!(seen.reviewed);
                        if which != 3 {
                            prop_assert_ne!(Some(decider), seen.submitted_by.as_ref());
                        }
                    }
                    None => prop_assert!(seen.silent && which == 1, "in force and nobody agreed"),
                }
                if which == 2 {
                    prop_assert_eq!(party, Party::Coordinator);
                }
                prop_assert!(after.decision.as_ref().is_some_and(|decision| decision.expires > now));
            }
            request = after;
        }
    }

    /// The clock always has an end for what waits, and it always comes.
    #[test]
    fn what_waits_is_reminded_escalated_and_ends(which in 0_usize..2, attempts in attempts()) {
        let policy = &POLICIES[which];
        let mut request = draft("1");
        let mut now = request.created_at;
        for (step, party, actor, minutes) in attempts {
            now += SignedDuration::from_mins(minutes);
            if let Ok(after) = take(&request, &give(STEPS[step], PARTIES[party], ACTORS[actor]), policy, now) {
                request = after;
            }
        }
        for _ in 0..4 {
            let Some((when, what)) = due(&request, policy, now) else { break };
            now = now.max(when);
            match what {
                Due::Remind | Due::Escalate => request.reminders += 1,
                Due::Take(step) => {
                    let clock = Give {
                        expires: None,
                        ..give(step, Party::System, "system")
                    };
                    request = take(&request, &clock, policy, now)
                        .map_err(|refusal| TestCaseError::fail(format!("{step:?}: {refusal:?}")))?;
                    prop_assert!(request.state.is_terminal() || request.state == State::Agreed);
                }
            }
        }
        let settled = request.state.is_terminal() || matches!(request.state, State::Draft);
        prop_assert!(settled || due(&request, policy, now).is_some(), "{:?} waits for ever", request.state);
    }
}

fn step(request: &Request, step: Step, party: Party, actor: &str, now: &str) -> Request {
    let plain = Give {
        expires: None,
        conditions: None,
        ..give(step, party, actor)
    };
    take(request, &plain, &policy(), at(now)).unwrap_or_else(|refusal| panic!("{step:?}: {refusal:?}"))
}

fn reviewed() -> Request {
    let request = step(
        &draft("1"),
        Step::Submit,
        Party::Requester,
        "zhang",
        "2026-12-01T10:00:00+08:00",
    );
    let request = step(
        &request,
        Step::Receive,
        Party::Decider,
        "li",
        "2026-12-01T10:30:00+08:00",
    );
    step(
        &request,
        Step::StartReview,
        Party::Decider,
        "li",
        "2026-12-01T11:00:00+08:00",
    )
}

#[test]
fn the_states_that_end_a_request_are_those_of_the_procedure() {
    let terminal: Vec<&str> = State::ALL
        .iter()
        .filter(|s| s.is_terminal())
        .map(|s| s.name())
        .collect();
    assert_eq!(terminal, ["refused", "lapsed", "expired", "revoked", "withdrawn"]);
    for rule in TABLE {
        assert_eq!(
            TABLE.iter().filter(|other| other.step == rule.step).count(),
            1,
            "{:?} twice",
            rule.step
        );
    }
    assert_eq!(TABLE.len(), STEPS.len(), "every step has a row");
}

#[test]
fn the_time_in_which_information_is_awaited_is_not_the_deciders() {
    let request = reviewed();
    let lapses = |request: &Request| {
        let mut request = request.clone();
        request.reminders = 2;
        due(&request, &policy(), request.since).expect("running").0
    };
    assert_eq!(
        lapses(&request),
        at("2026-12-06T10:00:00+08:00"),
        "five days from the submission"
    );
    let asked = step(
        &request,
        Step::RequestInformation,
        Party::Decider,
        "li",
        "2026-12-02T10:00:00+08:00",
    );
    assert_eq!(
        lapses(&asked),
        at("2026-12-05T10:00:00+08:00"),
        "three days from the question"
    );
    let answered = step(
        &asked,
        Step::ProvideInformation,
        Party::Requester,
        "zhang",
        "2026-12-04T10:00:00+08:00",
    );
    assert_eq!(lapses(&answered), at("2026-12-08T10:00:00+08:00"), "two days more");
}

#[test]
fn silence_agrees_where_the_policy_says_so_and_to_nothing_that_is_over_or_names_no_band() {
    let due_at = |request: &Request, policy: &Policy, now: &str| {
        let mut request = request.clone();
        request.reminders = 2;
        due(&request, policy, at(now)).expect("running").1
    };
    let (mut request, agrees) = (reviewed(), &POLICIES[1]);
    let now = "2026-12-06T10:00:00+08:00";
    assert_eq!(due_at(&request, &policy(), now), Due::Take(Step::Lapse));
    assert_eq!(due_at(&request, agrees, now), Due::Take(Step::AgreeBySilence));
    let late = "2026-12-20T00:00:00+08:00";
    assert_eq!(due_at(&request, agrees, late), Due::Take(Step::Lapse), "it is over");
    request.proposal.asked = Asked::Fit {
        bandwidth_hz: Hertz(12_500),
        tuning: band(160_000_000, 161_000_000),
        raster_hz: Hertz(12_500),
    };
    assert_eq!(
        due_at(&request, agrees, now),
        Due::Take(Step::Lapse),
        "no band is named"
    );
}

#[test]
fn a_step_says_what_it_lacks() {
    let now = at("2026-12-01T12:00:00+08:00");
    let request = reviewed();
    let bare = |step| Give {
        reason: " ".to_owned(),
        conditions: None,
        expires: None,
        ..give(step, Party::Decider, "li")
    };
    for (step, field) in [
        (Step::Refuse, "reason"),
        (Step::RequestInformation, "reason"),
        (Step::AgreeWithConditions, "conditions"),
        (Step::AgreeTemporarily, "expires"),
    ] {
        let refusal = take(&request, &bare(step), &policy(), now).expect_err("incomplete");
        assert!(
            matches!(refusal, Refusal::Incomplete(named, _) if named == field),
            "{step:?}: {refusal:?}"
        );
    }
    for (expires, what) in [
        ("2026-12-01T00:00:00+08:00", "past"),
        ("2026-12-09T00:00:00+08:00", "before it begins"),
        ("2027-12-01T00:00:00+08:00", "longer than the longest lease"),
    ] {
        let wrong = Give {
            expires: Some(at(expires)),
            ..bare(Step::AgreeTemporarily)
        };
        let refusal = take(&request, &wrong, &policy(), now).expect_err(what);
        assert!(
            matches!(refusal, Refusal::Incomplete("expires", _)),
            "{what}: {refusal:?}"
        );
    }
    let own = take(&request, &give(Step::Agree, Party::Decider, "zhang"), &policy(), now);
    assert!(
        matches!(own, Err(Refusal::NotYours(_))),
        "who submitted may not decide: {own:?}"
    );
}

#[test]
fn something_that_fits_is_agreed_with_a_band() {
    let mut request = reviewed();
    request.proposal.asked = Asked::Fit {
        bandwidth_hz: Hertz(12_500),
        tuning: band(160_000_000, 161_000_000),
        raster_hz: Hertz(12_500),
    };
    let now = at("2026-12-01T12:00:00+08:00");
    let with = |chosen| Give {
        band: chosen,
        ..give(Step::Agree, Party::Decider, "li")
    };
    for wrong in [
        None,
        Some(band(160_000_000, 160_010_000)),
        Some(band(160_990_000, 161_010_000)),
    ] {
        let refusal = take(&request, &with(wrong), &policy(), now).expect_err("no band");
        assert!(
            matches!(refusal, Refusal::Incomplete("band", _)),
            "{wrong:?}: {refusal:?}"
        );
    }
    let chosen = band(160_500_000, 160_512_500);
    let agreed = take(&request, &with(Some(chosen)), &policy(), now).expect("agreed");
    assert_eq!(agreed.decision.expect("decided").bands, [chosen]);
}

#[test]
fn a_lease_is_renewed_or_ends() {
    let request = step(
        &reviewed(),
        Step::Agree,
        Party::Decider,
        "li",
        "2026-12-02T10:00:00+08:00",
    );
    assert_eq!(request.decision.as_ref().expect("decided").expires, proposal().time.to);
    let request = step(
        &request,
        Step::PutInForce,
        Party::Coordinator,
        "wang",
        "2026-12-03T10:00:00+08:00",
    );
    assert_eq!(
        due(&request, &policy(), request.since),
        Some((at("2026-12-18T00:00:00+08:00"), Due::Remind))
    );
    let prolong = Give {
        expires: Some(at("2027-01-20T00:00:00+08:00")),
        ..give(Step::Renew, Party::Decider, "li")
    };
    let renewed = take(&request, &prolong, &policy(), at("2026-12-18T00:00:00+08:00")).expect("renewed");
    assert_eq!((renewed.state, renewed.reminders), (State::InForce, 0));
    assert_eq!(
        due(&renewed, &policy(), renewed.since),
        Some((at("2027-01-18T00:00:00+08:00"), Due::Remind))
    );
    let shorter = take(
        &renewed,
        &give(Step::Renew, Party::Decider, "li"),
        &policy(),
        at("2026-12-11T00:00:00+08:00"),
    );
    assert!(matches!(shorter, Err(Refusal::Incomplete("expires", _))), "{shorter:?}");
}

fn seat(organisation: &str, side: Side, office: bool) -> Seat {
    Seat {
        organisation: organisation.to_owned(),
        side,
        office,
    }
}

/// Every kind of seat against requests of the own and of other organisations, drafts and sent ones.
#[test]
fn what_a_seat_is_to_a_request_depends_on_whose_it_is_and_who_is_asked() {
    use Party::{Decider, Requester};
    let seats = [
        seat("civil", Side::Civil, true),
        seat("wuhan", Side::Civil, true),
        seat("military", Side::Military, true),
        seat("telecom", Side::Civil, false),
        seat("railway", Side::Civil, false),
    ];
    let to = |side, organisation: Option<&str>| {
        Some(Addressee {
            side,
            organisation: organisation.map(str::to_owned),
        })
    };
    let (civil, military) = (Side::Civil, Side::Military);
    let cases = [
        (None, None, [Some(Requester), None, Some(Decider), None, None]),
        (Some("wuhan"), None, [None, Some(Requester), Some(Decider), None, None]),
        (
            Some("wuhan"),
            to(civil, Some("civil")),
            [Some(Decider), Some(Requester), None, None, None],
        ),
        (
            Some("telecom"),
            to(civil, None),
            [Some(Decider), Some(Decider), None, Some(Requester), None],
        ),
        (
            Some("telecom"),
            to(civil, Some("wuhan")),
            [None, Some(Decider), None, Some(Requester), None],
        ),
        (
            Some("telecom"),
            to(military, None),
            [None, None, Some(Decider), Some(Requester), None],
        ),
        // Whoever is no office decides nothing, also where a request names them.
        (
            Some("telecom"),
            to(civil, Some("railway")),
            [None, None, None, Some(Requester), None],
        ),
    ];
    for (organisation, to, expected) in cases {
        let mut request = draft("a");
        request.organisation = organisation.map(str::to_owned);
        request.proposal.to = to;
        let own = seats.each_ref().map(|seat| seat.party(&request));
        let sent_only = expected.map(|party| party.filter(|party| *party == Requester));
        assert_eq!(own, sent_only, "a draft is for its own: {:?}", request.proposal.to);
        request.submitted_at = Some(request.created_at);
        assert_eq!(
            seats.each_ref().map(|seat| seat.party(&request)),
            expected,
            "{:?}",
            request.proposal.to
        );
    }
}
