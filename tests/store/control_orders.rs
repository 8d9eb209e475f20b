//! Radio control orders: decided once, and in force after a restart.

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    coordination::{
        POLICY_TOML, Policy,
        orders::{OrderPhase, OrderStep},
    },
    registry::{ControlOrder, Text, control::Effect, disclosure::Audience},
    service::{
        audit::Audit,
        auth::Role,
        change::{Asking, Refused},
        control_orders::{Changed, ControlOrderQuery, ControlOrders, Shown},
        registry::RegistryService,
    },
    store::{AuditQuery, Store},
    units::{Band, Hertz},
};
use tokio::task::JoinSet;

use crate::support::open;

pub(crate) fn order(number: &str, now: Timestamp) -> ControlOrder {
    ControlOrder {
        id: number.to_owned(),
        title: Text::new("管制", "Control"),
        issuer: "示范区人民政府".to_owned(),
        band: Band::new(Hertz(87_000_000), Hertz(108_000_000)).expect("ordered"),
        area: None,
        from: now - SignedDuration::from_hours(1),
        to: now + SignedDuration::from_hours(1),
        windows: Vec::new(),
        effect: Effect::Prohibit,
        exempt: Vec::new(),
        classification: None,
        releasability: Vec::new(),
    }
}

fn by(actor: &str, role: Role) -> Asking<'_> {
    Asking {
        actor,
        role,
        organisation: "civil",
        now: Timestamp::now(),
    }
}

async fn opened(url: &str, policy: &str) -> (Store, RegistryService, ControlOrders) {
    let store = open(url).await;
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let policy = Policy::parse(policy, "test").expect("a policy");
    let orders = ControlOrders::new(store.clone(), registry.clone(), policy);
    (store, registry, orders)
}

fn shown(changed: Changed) -> Shown {
    changed.unwrap_or_else(|refused| panic!("{refused:?}")).into_inner()
}

/// Drafted and proposed by `zhang` of the civil side.
async fn proposed(orders: &ControlOrders, number: &str) -> Shown {
    let zhang = by("zhang", Role::CivilOfficer);
    let draft = shown(orders.draft(order(number, zhang.now), zhang).await);
    let (key, version) = (draft.record.key, draft.record.version);
    shown(
        orders
            .take(&key, version, OrderStep::Propose, String::new(), zhang)
            .await,
    )
}

fn numbers(registry: &RegistryService) -> Vec<String> {
    let current = registry.current();
    current.control_orders().iter().map(|order| order.id.clone()).collect()
}

pub(crate) async fn of_two_deciders_one_wins(url: String) {
    let (store, registry, orders) = opened(&url, POLICY_TOML).await;
    // A second process on the same database: its writer is another one.
    let (other_store, _, other_orders) = opened(&url, POLICY_TOML).await;
    for round in 0..10 {
        let before = proposed(&orders, &format!("ORDER-{round}")).await.record;
        let mut deciders = JoinSet::new();
        for n in 0..8 {
            let (orders, before) = (if n % 2 == 0 { &orders } else { &other_orders }.clone(), before.clone());
            deciders.spawn(async move {
                let actor = format!("decider{n}");
                let step = if n < 4 { OrderStep::Approve } else { OrderStep::Reject };
                let asking = by(&actor, Role::MilitaryOfficer);
                orders
                    .take(&before.key, before.version, step, "理由".to_owned(), asking)
                    .await
            });
        }
        let mut won = Vec::new();
        while let Some(done) = deciders.join_next().await {
            match done.expect("no panic") {
                Ok(changed) => won.push(changed.into_inner().record),
                Err(Refused::Error(pinpu::Error::Stale | pinpu::Error::Unavailable(_))) => {}
                Err(refused) => panic!("{refused:?}"),
            }
        }
        assert_eq!(won.len(), 1, "one decision counts");
        let stored = store.control_order(&before.key).await.expect("there");
        assert_eq!(
            (stored.version, stored.steps.len()),
            (before.version + 1, before.steps.len() + 1)
        );
        assert_eq!(stored, won[0]);
    }
    registry.refresh().await.expect("reads");
    let query = AuditQuery {
        action: Some("control_order".to_owned()),
        ..AuditQuery::default()
    };
    let noted = Audit::new(store.clone()).list(&query).await.expect("reads").items;
    assert_eq!(noted.len(), 30, "drafted, proposed, decided: ten times");
    let approved = noted
        .iter()
        .filter(|entry| entry.version_after.as_deref() == Some("approved"));
    assert_eq!(numbers(&registry).len(), approved.count());
    other_store.close().await;
    store.close().await;
}

pub(crate) async fn what_was_decided_binds_after_a_restart(url: String) {
    let (store, registry, orders) = opened(&url, POLICY_TOML).await;
    let li = by("li", Role::MilitaryOfficer);
    let mut kept = Vec::new();
    for number in ["ORDER-A", "ORDER-B"] {
        let before = proposed(&orders, number).await.record;
        assert!(!numbers(&registry).contains(&number.to_owned()));
        let now = shown(
            orders
                .take(&before.key, before.version, OrderStep::Approve, String::new(), li)
                .await,
        );
        assert_eq!(now.phase, OrderPhase::InForce);
        assert!(
            numbers(&registry).contains(&number.to_owned()),
            "in force when it answers"
        );
        kept.push(now.record);
    }
    let file = vec![order("FILE-1", li.now)];
    registry.set_control_orders(file.clone()).await.expect("taken");
    assert_eq!(
        numbers(&registry),
        ["FILE-1", "ORDER-A", "ORDER-B"],
        "beside those of the file"
    );
    assert_eq!(registry.numbers_of_file_orders(), ["FILE-1"]);
    registry.set_control_orders(Vec::new()).await.expect("taken");
    let version = registry.current().version().to_owned();
    store.close().await;

    let (store, registry, orders) = opened(&url, POLICY_TOML).await;
    assert_eq!(registry.current().version(), version);
    assert_eq!(numbers(&registry), ["ORDER-A", "ORDER-B"]);
    let a = &kept[0];
    let later = by("wang", Role::Coordinator);
    let lifted = shown(
        orders
            .take(&a.key, a.version, OrderStep::Lift, "结束".to_owned(), later)
            .await,
    );
    let binds = |number: &str, at| {
        let current = registry.current();
        current
            .control_orders()
            .iter()
            .any(|order| order.id == number && order.in_force(at))
    };
    let lifted_at = lifted.record.lifted_at.expect("lifted");
    assert!(!binds("ORDER-A", lifted_at) && binds("ORDER-B", lifted_at));
    let between = a.approved_at.expect("approved");
    assert!(
        binds("ORDER-A", between),
        "what was sent while it was in force is judged by it"
    );
    assert!(
        !binds("ORDER-A", between - SignedDuration::from_secs(1)),
        "nobody was bound before"
    );
    let query = ControlOrderQuery {
        phase: Some(OrderPhase::Lifted),
        now: later.now,
        ..ControlOrderQuery::default()
    };
    let page = orders.list(&query, later).await.expect("reads");
    assert_eq!(page.items.len(), 1);
    assert!(
        registry
            .view(Audience::Open)
            .expect("ready")
            .registry()
            .control_orders()
            .len()
            == 2
    );
    store.close().await;
}

pub(crate) async fn both_sides_approve_where_the_policy_says_so(url: String) {
    let policy = POLICY_TOML.replace("approval = \"one\"", "approval = \"both_sides\"");
    let (store, registry, orders) = opened(&url, &policy).await;
    let before = proposed(&orders, "ORDER-1").await;
    assert_eq!(before.missing.len(), 2);
    let key = before.record.key.clone();
    let approve = |version, asking| orders.take(&key, version, OrderStep::Approve, String::new(), asking);
    let coordinator = approve(before.record.version, by("wang", Role::Coordinator)).await;
    assert!(matches!(coordinator, Err(Refused::Step(_))), "{coordinator:?}");
    let once = shown(approve(before.record.version, by("li", Role::CivilOfficer)).await);
    assert_eq!((once.phase, numbers(&registry).len()), (OrderPhase::Proposed, 0));
    let twice = shown(approve(once.record.version, by("zhao", Role::MilitaryOfficer)).await);
    assert_eq!((twice.phase, numbers(&registry).len()), (OrderPhase::InForce, 1));
    store.close().await;
}
