//! The life of control orders: over random sequences nothing comes into force by one person alone, who may not cannot,
//! and what is refused changes nothing.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{
    GiveOrder, ORDER_TABLE, Office, OrderPhase, OrderRecord, OrderState, OrderStep, available, draft, edit, faults,
    missing, take, title,
};
use crate::{
    coordination::{POLICY_TOML, Policy, Refusal},
    registry::{
        ControlOrder, Place, Text,
        control::{ControlArea, Effect},
        details::Window,
    },
    units::{Band, Hertz},
};

const STEPS: [OrderStep; 6] = [
    OrderStep::Edit,
    OrderStep::Propose,
    OrderStep::Approve,
    OrderStep::Reject,
    OrderStep::Withdraw,
    OrderStep::Lift,
];
const OFFICES: [Office; 3] = [Office::Civil, Office::Military, Office::Coordinator];
const ACTORS: [&str; 4] = ["zhang", "li", "wang", "zhao"];

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn order() -> ControlOrder {
    ControlOrder {
        id: "鄂无管令〔2026〕3号".to_owned(),
        title: Text::new("赛事管制", "Control around the games"),
        issuer: "示范区人民政府".to_owned(),
        band: Band::new(Hertz(87_000_000), Hertz(108_000_000)).expect("ordered"),
        area: Some(ControlArea::Circle(Place {
            latitude: 30.5,
            longitude: 114.3,
            radius_km: 5.0,
        })),
        from: at("2026-12-10T00:00:00+08:00"),
        to: at("2026-12-20T00:00:00+08:00"),
        windows: Vec::new(),
        effect: Effect::Prohibit,
        exempt: Vec::new(),
        classification: None,
        releasability: Vec::new(),
    }
}

/// The built-in policy with these texts changed.
fn policy(changes: &[(&str, &str)]) -> Policy {
    let mut text = POLICY_TOML.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in the policy");
        text = text.replace(from, to);
    }
    Policy::parse(&text, "test").expect("valid")
}

const BOTH: (&str, &str) = ("approval = \"one\"", "approval = \"both_sides\"");

fn give(step: OrderStep, office: Office, actor: &str) -> GiveOrder {
    GiveOrder {
        step,
        office,
        actor: actor.to_owned(),
        reason: "理由".to_owned(),
    }
}

fn first() -> OrderRecord {
    draft(
        "k1".to_owned(),
        order(),
        Office::Civil,
        "zhang",
        at("2026-12-01T09:00:00+08:00"),
    )
}

/// One step after another; each must succeed.
fn after(steps: &[(OrderStep, Office, &str)], policy: &Policy, now: &str) -> OrderRecord {
    steps.iter().fold(first(), |record, (step, office, actor)| {
        take(&record, &give(*step, *office, actor), &policy.orders, at(now))
            .unwrap_or_else(|refusal| panic!("{step:?} by {actor}: {refusal:?}"))
    })
}

const PROPOSED: (OrderStep, Office, &str) = (OrderStep::Propose, Office::Civil, "zhang");
const APPROVED: (OrderStep, Office, &str) = (OrderStep::Approve, Office::Civil, "li");
const NOW: &str = "2026-12-02T09:00:00+08:00";

#[test]
fn an_order_waits_binds_and_ends_by_the_clock() {
    let record = after(&[PROPOSED, APPROVED], &policy(&[]), NOW);
    for (now, phase) in [
        (NOW, OrderPhase::Pending),
        ("2026-12-09T23:59:59+08:00", OrderPhase::Pending),
        ("2026-12-10T00:00:00+08:00", OrderPhase::InForce),
        ("2026-12-19T23:59:59+08:00", OrderPhase::InForce),
        ("2026-12-20T00:00:00+08:00", OrderPhase::Expired),
    ] {
        assert_eq!(record.phase(at(now)), phase, "{now}");
    }
    assert_eq!(record.binding(), Some(order()));
}

#[test]
fn an_order_binds_nobody_before_its_approval_and_after_its_lifting() {
    let late = "2026-12-12T09:00:00+08:00";
    let record = after(&[PROPOSED, APPROVED], &policy(&[]), late);
    assert_eq!(record.binding().expect("binds").from, at(late));
    let lift = give(OrderStep::Lift, Office::Coordinator, "wang");
    let lifted = take(&record, &lift, &policy(&[]).orders, at("2026-12-13T09:00:00+08:00")).expect("lifted");
    let bound = lifted.binding().expect("bound for a day");
    assert_eq!((bound.from, bound.to), (at(late), at("2026-12-13T09:00:00+08:00")));
    assert_eq!(lifted.phase(at("2026-12-14T00:00:00+08:00")), OrderPhase::Lifted);
    let waiting = after(
        &[PROPOSED, APPROVED, (OrderStep::Lift, Office::Civil, "zhang")],
        &policy(&[]),
        NOW,
    );
    assert_eq!(waiting.binding(), None, "lifted before its time came");
    assert_eq!(after(&[PROPOSED], &policy(&[]), NOW).binding(), None);
}

#[test]
fn whoever_wrote_changed_or_proposed_it_does_not_decide() {
    let policy = policy(&[]);
    let changed = edit(
        &first(),
        order(),
        &give(OrderStep::Edit, Office::Coordinator, "wang"),
        &policy.orders,
        at(NOW),
    );
    let changed = changed.expect("the coordinator may");
    let proposed = take(
        &changed,
        &give(OrderStep::Propose, Office::Civil, "zhao"),
        &policy.orders,
        at(NOW),
    );
    let proposed = proposed.expect("proposed");
    for author in ["zhang", "wang", "zhao"] {
        for step in [OrderStep::Approve, OrderStep::Reject] {
            for office in OFFICES {
                let refused = take(&proposed, &give(step, office, author), &policy.orders, at(NOW));
                assert!(matches!(refused, Err(Refusal::NotYours(_))), "{author}: {refused:?}");
            }
        }
        let offered = available(&proposed, Office::Civil, author, &policy.orders, at(NOW));
        let approve = offered
            .iter()
            .find(|(step, _)| *step == OrderStep::Approve)
            .expect("offered");
        assert!(
            approve.1.as_ref().is_some_and(|why| why.en.contains("second person")),
            "{approve:?}"
        );
    }
    take(
        &proposed,
        &give(OrderStep::Approve, Office::Civil, "li"),
        &policy.orders,
        at(NOW),
    )
    .expect("a second person");
}

#[test]
fn both_sides_approve_where_the_policy_says_so() {
    let policy = policy(&[BOTH]);
    let proposed = after(&[PROPOSED], &policy, NOW);
    assert_eq!(missing(&proposed, &policy.orders), [Office::Civil, Office::Military]);
    let once = take(
        &proposed,
        &give(OrderStep::Approve, Office::Civil, "li"),
        &policy.orders,
        at(NOW),
    )
    .expect("one");
    assert_eq!((once.state, once.approved_at), (OrderState::Proposed, None));
    for (office, actor) in [
        (Office::Civil, "wang"),
        (Office::Coordinator, "wang"),
        (Office::Military, "li"),
    ] {
        let refused = take(&once, &give(OrderStep::Approve, office, actor), &policy.orders, at(NOW));
        assert!(
            matches!(refused, Err(Refusal::NotYours(_))),
            "{office:?} {actor}: {refused:?}"
        );
    }
    let both = take(
        &once,
        &give(OrderStep::Approve, Office::Military, "zhao"),
        &policy.orders,
        at(NOW),
    )
    .expect("both");
    assert_eq!(both.state, OrderState::Approved);
}

#[test]
fn an_office_without_the_right_decides_nothing() {
    let policy = policy(&[(
        "approvers = [\"civil\", \"military\", \"coordinator\"]",
        "approvers = [\"coordinator\"]",
    )]);
    let proposed = after(&[PROPOSED], &policy, NOW);
    for step in [OrderStep::Approve, OrderStep::Reject] {
        let refused = take(&proposed, &give(step, Office::Military, "li"), &policy.orders, at(NOW));
        assert!(matches!(refused, Err(Refusal::NotYours(_))), "{refused:?}");
    }
    let foreign = take(
        &first(),
        &give(OrderStep::Propose, Office::Military, "li"),
        &policy.orders,
        at(NOW),
    );
    assert!(
        matches!(foreign, Err(Refusal::NotYours(_))),
        "another office's draft: {foreign:?}"
    );
}

#[test]
fn what_lacks_its_reason_or_its_time_is_refused() {
    let policy = policy(&[]);
    let proposed = after(&[PROPOSED], &policy, NOW);
    let approved = after(&[PROPOSED, APPROVED], &policy, NOW);
    for (record, step, actor) in [
        (&proposed, OrderStep::Reject, "li"),
        (&proposed, OrderStep::Withdraw, "zhang"),
        (&approved, OrderStep::Lift, "zhang"),
    ] {
        let bare = GiveOrder {
            reason: "  ".to_owned(),
            ..give(step, Office::Civil, actor)
        };
        let refused = take(record, &bare, &policy.orders, at(NOW));
        assert!(matches!(refused, Err(Refusal::Incomplete("reason", _))), "{refused:?}");
    }
    let over = at("2026-12-20T00:00:00+08:00");
    for (record, step, actor) in [
        (&first(), OrderStep::Propose, "zhang"),
        (&proposed, OrderStep::Approve, "li"),
        (&approved, OrderStep::Lift, "zhang"),
    ] {
        let refused = take(record, &give(step, Office::Civil, actor), &policy.orders, over);
        assert!(matches!(refused, Err(Refusal::WrongState(_))), "{step:?}: {refused:?}");
    }
}

#[test]
fn faults_name_the_field() {
    type Spoil = fn(&mut ControlOrder);
    let rules = policy(&[]).orders;
    assert_eq!(faults(&order(), &rules), []);
    let cases: [(&str, Spoil); 15] = [
        ("number", |order| order.id = String::new()),
        ("number", |order| order.id = "2026".to_owned()),
        ("title", |order| order.title.en = "\u{7}".to_owned()),
        ("issuer", |order| order.issuer = " ".to_owned()),
        ("high_hz", |order| {
            order.band = Band::new(Hertz(5), Hertz(5)).expect("empty")
        }),
        ("high_hz", |order| {
            order.band = Band::new(Hertz(5), Hertz(i64::MAX)).expect("ordered");
        }),
        ("area", |order| {
            order.area = Some(ControlArea::Circle(Place {
                latitude: 91.0,
                longitude: 0.0,
                radius_km: 1.0,
            }));
        }),
        ("area", |order| {
            order.area = Some(ControlArea::Circle(Place {
                latitude: 30.0,
                longitude: 0.0,
                radius_km: 0.0,
            }));
        }),
        ("to", |order| order.to = order.from),
        ("to", |order| {
            order.to = order.from + SignedDuration::from_hours(24 * 400)
        }),
        ("hours", |order| {
            order.windows = vec![Window {
                days: 0,
                from_min: 0,
                to_min: 60,
                zone: "UTC".to_owned(),
            }];
        }),
        ("exempt", |order| order.exempt = vec![String::new()]),
        ("effect", |order| {
            order.effect = Effect::Limit {
                max_eirp_dbm: None,
                max_bandwidth_hz: None,
            };
        }),
        ("effect.max_eirp_dbm", |order| {
            order.effect = Effect::Limit {
                max_eirp_dbm: Some(f64::NAN),
                max_bandwidth_hz: None,
            };
        }),
        ("classification", |order| order.classification = Some(String::new())),
    ];
    for (field, spoil) in cases {
        let mut spoilt = order();
        spoil(&mut spoilt);
        let found = faults(&spoilt, &rules);
        assert!(found.iter().any(|fault| fault.field == field), "{field}: {found:?}");
    }
    assert_eq!(title(Text::new(" 赛事 ", "")), Text::new("赛事", "赛事"));
}

#[test]
fn every_state_but_the_last_ones_leads_somewhere() {
    for (state, ends) in [
        (OrderState::Draft, false),
        (OrderState::Proposed, false),
        (OrderState::Approved, false),
        (OrderState::Lifted, true),
        (OrderState::Rejected, true),
        (OrderState::Withdrawn, true),
    ] {
        assert_eq!(
            ORDER_TABLE.iter().all(|rule| !rule.from.contains(&state)),
            ends,
            "{state:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn nothing_is_in_force_without_a_second_person(
        both in any::<bool>(),
        moves in proptest::collection::vec((0..STEPS.len(), 0..OFFICES.len(), 0..ACTORS.len(), any::<bool>(), 0_i64..48), 1..40),
    ) {
        let policy = if both { policy(&[BOTH]) } else { policy(&[]) };
        let (mut record, mut now) = (first(), at("2026-12-01T09:00:00+08:00"));
        for (step, office, actor, says, hours) in moves {
            now += SignedDuration::from_hours(hours);
            let mut given = give(STEPS[step], OFFICES[office], ACTORS[actor]);
            if !says {
                given.reason.clear();
            }
            let offered = available(&record, given.office, &given.actor, &policy.orders, now);
            let may = offered.iter().any(|(offer, refusal)| *offer == given.step && refusal.is_none());
            let before = record.clone();
            let done = match given.step {
                OrderStep::Edit => edit(&record, order(), &given, &policy.orders, now),
                _ => take(&record, &given, &policy.orders, now),
            };
            prop_assert_eq!(&before, &record);
            match done {
                Ok(next) => {
                    prop_assert!(may, "taken and not offered: {:?}", given);
                    prop_assert_eq!(next.version, record.version + 1);
                    prop_assert_eq!(&next.steps[..record.steps.len()], &record.steps[..]);
                    prop_assert!(!matches!(record.state, OrderState::Lifted | OrderState::Rejected | OrderState::Withdrawn));
                    record = next;
                }
                Err(Refusal::Incomplete(field, _)) => prop_assert!(may && !says && field == "reason"),
                Err(_) => prop_assert!(!may, "offered and refused: {:?}", given),
            }
            let decided = |entry: &&super::OrderEntry| !record.is_author(&entry.actor);
            if record.binding().is_some() || matches!(record.state, OrderState::Approved | OrderState::Lifted) {
                let approvals: Vec<_> = record.taken(OrderStep::Approve).filter(decided).collect();
                let people: std::collections::BTreeSet<_> = approvals.iter().map(|entry| &entry.actor).collect();
                prop_assert_eq!(people.len(), if both { 2 } else { 1 });
                if both {
                    prop_assert!(missing(&record, &policy.orders).is_empty());
                }
                let proposer = &record.taken(OrderStep::Propose).next().expect("proposed").actor;
                prop_assert!(people.iter().all(|actor| *actor != proposer));
            }
        }
    }
}
