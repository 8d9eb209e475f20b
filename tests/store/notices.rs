//! Notices and messages to webhooks as the database keeps them, also where two processes write to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    conflict::Rules,
    coordination::{Policy, orders::OrderStep},
    service::{
        auth::Role,
        change::Asking,
        comparison::Comparisons,
        control_orders::ControlOrders,
        coordination::Coordination,
        events::Events,
        findings::Findings,
        interference_reports::InterferenceReports,
        live::Hub,
        notices::{NoticeKind, NoticeQuery, Notices},
        occupancy::Occupancies,
        questions::DisclosurePolicy,
        registry::RegistryService,
        rules::RulesInForce,
        tasks::Tasks,
        webhooks::{DeliveryState, WebhookConfig, WebhookContent, Webhooks},
    },
    store::{Retention, Store},
};
use tokio::task::JoinSet;

use crate::{control_orders::order, listener::Hook, support::open};

const COORDINATORS: &str = "coordinator:";

fn by(role: Role) -> Asking<'static> {
    Asking {
        actor: "zhang",
        role,
        organisation: "civil",
        now: Timestamp::now(),
    }
}

/// A process of the service on this database.
async fn process(url: &str) -> (Store, ControlOrders, Notices) {
    let store = open(url).await;
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let policy = || Policy::builtin().expect("a policy");
    let hub = Hub::new(store.clone());
    let occupancies = Occupancies::new(store.clone());
    let disclosure = DisclosurePolicy::builtin().expect("a policy");
    let coordination = Coordination::new(store.clone(), registry.clone(), policy(), disclosure);
    let rules = RulesInForce::new(Rules::builtin().expect("rules"));
    let comparisons = Comparisons::new(Findings::new(store.clone()), registry.clone(), rules, BTreeMap::new());
    let orders = ControlOrders::new(store.clone(), registry.clone(), policy());
    let events = Events::new(
        hub.clone(),
        registry.clone(),
        occupancies.clone(),
        coordination.clone(),
        comparisons,
    );
    let notices = Notices::new(
        (coordination, events),
        orders.clone(),
        InterferenceReports::new(store.clone(), registry.clone(), occupancies.clone(), policy()),
        Tasks::new(store.clone(), hub, registry, occupancies, policy()),
    );
    (store, orders, notices)
}

pub(crate) async fn numbers_have_no_gap_whoever_writes_and_what_is_old_goes(url: String) {
    let [one, other] = [process(&url).await, process(&url).await];
    let mut writing = JoinSet::new();
    for n in 0..20 {
        let orders = [&one.1, &other.1][n % 2].clone();
        writing.spawn(async move {
            let asking = by(Role::CivilOfficer);
            // Two processes may be in each other's way; whoever is told so sends again.
            for _ in 0..50 {
                let draft = orders.draft(order(&format!("HB-{n:04}"), asking.now), asking).await;
                match draft {
                    Ok(_) => return,
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                }
            }
            panic!("not stored");
        });
    }
    while let Some(done) = writing.join_next().await {
        done.expect("stored");
    }
    let store = &one.0;
    let rows = store.notices_after(COORDINATORS, 0, 100).await.expect("rows");
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<u64>>());
    assert_eq!(store.last_notice(COORDINATORS).await.expect("a number"), 20);
    assert!(store.notices_after("viewer:", 0, 100).await.expect("rows").is_empty());
    let back = store.notices_before(COORDINATORS, 11, 3).await.expect("rows");
    assert_eq!(back.iter().map(|row| row.number).collect::<Vec<_>>(), [10, 9, 8]);
    assert_eq!(
        store.notice_number(COORDINATORS, &rows[6].id).await.expect("reads"),
        Some(7)
    );
    assert_eq!(store.notice_number("auditor:", &rows[6].id).await.expect("reads"), None);

    // What was read stays read.
    for number in [7, 3] {
        store.put_notices_read("li", COORDINATORS, number).await.expect("kept");
    }
    assert_eq!(store.notices_read("li", COORDINATORS).await.expect("reads"), 7);
    assert_eq!(store.notices_read("wu", COORDINATORS).await.expect("reads"), 0);
    let li = Asking {
        actor: "li",
        ..by(Role::Coordinator)
    };
    let unread = one.2.unread(li).await.expect("counted");
    assert_eq!((unread.count, unread.more), (13, false));
    let query = NoticeQuery {
        kind: Some(NoticeKind::ControlOrder),
        limit: Some(5),
        ..NoticeQuery::default()
    };
    let page = one.2.list(&query, li).await.expect("a page");
    assert_eq!((page.items.len(), page.next_cursor.is_some()), (5, true));

    let retention = Retention {
        notices: SignedDuration::ZERO,
        ..Retention::default()
    };
    let later = Timestamp::now() + SignedDuration::from_secs(1);
    store.prune(&retention, later).await.expect("pruned");
    assert!(
        store
            .notices_after(COORDINATORS, 0, 100)
            .await
            .expect("rows")
            .is_empty()
    );
    one.1
        .draft(order("HB-9999", later), by(Role::CivilOfficer))
        .await
        .expect("drafted");
    assert_eq!(
        store.notices_after(COORDINATORS, 0, 9).await.expect("rows")[0].number,
        21
    );
}

pub(crate) async fn messages_to_webhooks_are_kept_in_order_and_counted(url: String) {
    let (store, orders, notices) = process(&url).await;
    let hook = Hook::start(&[500, 500]);
    let config = WebhookConfig {
        first_retry: SignedDuration::from_millis(10),
        internal: true,
        ..WebhookConfig::default()
    };
    let webhooks = Webhooks::start(store.clone(), notices, config, None).expect("started");
    let content = WebhookContent {
        name: "值班".to_owned(),
        url: Some(hook.url()),
        kinds: vec![NoticeKind::ControlOrder],
        active: true,
    };
    let admin = by(Role::Admin);
    let (made, secret) = webhooks.create(None, content.clone(), admin).await.expect("made");
    let zhang = by(Role::CivilOfficer);
    let draft = orders
        .draft(order("HB-0001", zhang.now), zhang)
        .await
        .expect("drafted")
        .into_inner();
    let (key, version) = (draft.record.key, draft.record.version);
    let proposed = orders
        .take(&key, version, OrderStep::Propose, String::new(), zhang)
        .await;
    proposed.expect("proposed");
    let heard = tokio::task::spawn_blocking(move || (hook.wait_for(4), hook))
        .await
        .expect("heard");
    assert!(heard.0.iter().all(|message| message.is_signed_with(&secret)));
    let id = made.record.id.clone();
    for _ in 0..500 {
        let page = webhooks.deliveries(&id, (Some(1), None), admin).await.expect("a page");
        if page.items[0].state == DeliveryState::Delivered {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let page = webhooks.deliveries(&id, (Some(1), None), admin).await.expect("a page");
    let rest = webhooks
        .deliveries(&id, (Some(1), page.next_cursor), admin)
        .await
        .expect("a page");
    assert_eq!((page.items[0].action.as_str(), page.items[0].attempts), ("propose", 1));
    assert_eq!((rest.items[0].action.as_str(), rest.items[0].attempts), ("draft", 3));
    let seen = webhooks.get(&id, admin).await.expect("read");
    assert!(seen.health.last_success.is_some() && seen.health.last_error.is_some() && seen.health.waiting == 0);

    webhooks.redeliver(&id, &rest.items[0].id, admin).await.expect("queued");
    let (rotated, fresh) = webhooks.rotate(&id, 1, admin).await.expect("rotated");
    assert_eq!((rotated.record.version, fresh == secret), (2, false));
    let off = WebhookContent {
        active: false,
        url: None,
        ..content
    };
    let off = webhooks.update(&id, 2, off, admin).await.expect("off");
    assert!(!off.record.active && off.record.url == made.record.url);
    webhooks.delete(&id, 3, admin).await.expect("deleted");
    assert!(webhooks.list(admin).await.expect("a list").is_empty());
    webhooks.stop().await;
    store.close().await;
}
