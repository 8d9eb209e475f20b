//! Requests under concurrent deciders, and what the clock does about them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pinpu::{
    coordination::{Policy, Proposal, Side, State, Step},
    registry::{AssignmentStatus, disclosure::Audience},
    service::{
        auth::permissions::Standing,
        clock::Clock,
        coordination::{Coordination, EntryKind, Given, Links, Officer, Refused},
        disclosure::View,
        questions::DisclosurePolicy,
        registry::RegistryService,
    },
    store::Store,
};

use crate::support::{at, open};

pub(crate) const CIVIL: Standing = Standing::Officer(Side::Civil);
pub(crate) const MILITARY: Standing = Standing::Officer(Side::Military);

pub(crate) fn officer(standing: Standing) -> Officer {
    let user = match standing {
        CIVIL => "zhang",
        _ => "li",
    };
    Officer {
        user: user.to_owned(),
        standing,
        organisation: match standing {
            MILITARY => "military",
            _ => "civil",
        }
        .to_owned(),
    }
}

/// For ten days from the first instant of the tests on.
pub(crate) fn proposal(low_hz: i64) -> Proposal {
    let text = format!(
        r#"{{"title": "保障", "kind": "event", "priority": "routine", "from_office": "甲", "to_office": "乙", "user": "丙",
        "purpose": "调度", "asked": {{"bands": [{{"low_hz": {low_hz}, "high_hz": {}}}]}}, "designator": "11K0F3E",
        "service": "LAND-MOBILE", "power": {{"dbw": 10.0, "kind": "erp"}},
        "place": {{"circle": {{"latitude": 30.0, "longitude": 114.0, "radius_km": 5.0}}}},
        "time": {{"from": "{}", "to": "{}"}}}}"#,
        low_hz + 12_500,
        at(0.0),
        at(10.0 * 86_400.0)
    );
    serde_json::from_str(&text).expect("a proposal")
}

/// The registry as those know it who may know all.
async fn cleared(store: &Store) -> Arc<View> {
    let registry = RegistryService::open(store.clone()).await.expect("registry");
    registry.view(Audience::Cleared).expect("ready")
}

pub(crate) async fn offices(store: &Store) -> Coordination {
    let registry = RegistryService::open(store.clone()).await.expect("registry");
    Coordination::new(
        store.clone(),
        registry,
        Policy::builtin().expect("policy"),
        DisclosurePolicy::builtin().expect("policy"),
    )
}

async fn step(offices: &Coordination, id: &str, step: Step, standing: Standing, now: Timestamp) {
    let version = offices
        .get(id, &officer(standing))
        .await
        .expect("seen")
        .request
        .get()
        .version;
    let given = Given {
        reason: "理由".to_owned(),
        ..Given::default()
    };
    offices
        .step(id, step, given, &officer(standing), version, now)
        .await
        .expect("taken");
}

async fn submitted(offices: &Coordination, low_hz: i64, now: Timestamp) -> String {
    let draft = offices
        .write(proposal(low_hz), Links::default(), &officer(CIVIL), now)
        .await
        .expect("written");
    let id = draft.request.get().id.clone();
    step(offices, &id, Step::Submit, CIVIL, now).await;
    id
}

async fn agreed(offices: &Coordination, low_hz: i64, now: Timestamp) -> String {
    let id = submitted(offices, low_hz, now).await;
    for what in [Step::Receive, Step::StartReview, Step::Agree] {
        step(offices, &id, what, MILITARY, now).await;
    }
    id
}

async fn state(store: &Store, id: &str) -> State {
    store.request(id).await.expect("request").state
}

/// Many deciders, in two processes as far as the database can tell, put requests in force that exclude each other.
pub(crate) async fn of_requests_that_clash_one_is_in_force(url: String) {
    let stores = [open(&url).await, open(&url).await];
    let [first, second] = [offices(&stores[0]).await, offices(&stores[1]).await].map(Arc::new);
    for round in 0..8 {
        let low_hz = 150_000_000 + round * 100_000;
        let mut ids = Vec::new();
        for _ in 0..4 {
            ids.push(agreed(&first, low_hz, at(1.0)).await);
        }
        let tries = ids.iter().enumerate().map(|(n, id)| {
            let offices = Arc::clone(if n % 2 == 0 { &first } else { &second });
            let id = id.clone();
            tokio::spawn(async move {
                let version = offices
                    .get(&id, &officer(CIVIL))
                    .await
                    .expect("seen")
                    .request
                    .get()
                    .version;
                let given = Given::default();
                offices
                    .step(&id, Step::PutInForce, given, &officer(CIVIL), version, at(2.0))
                    .await
            })
        });
        let mut taken = 0;
        for done in tries.collect::<Vec<_>>() {
            match done.await.expect("no panic") {
                Ok(_) => taken += 1,
                Err(Refused::Clash(number)) => assert!(number.starts_with("C-2026-"), "{number}"),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(taken, 1, "round {round}");
        let mut in_force = 0;
        for id in &ids {
            in_force += usize::from(state(&stores[1], id).await == State::InForce);
        }
        assert_eq!(in_force, 1);
    }
    let granted = stores[0].all_assignments().await.expect("read");
    assert_eq!(granted.len(), 8, "one assignment for each round");
}

/// Two officers who read the same version do not both act on it.
pub(crate) async fn one_of_two_steps_on_a_request_is_stale(url: String) {
    let stores = [open(&url).await, open(&url).await];
    let offices = [offices(&stores[0]).await, offices(&stores[1]).await].map(Arc::new);
    let id = submitted(&offices[0], 150_000_000, at(1.0)).await;
    let version = stores[0].request(&id).await.expect("request").version;
    let tries = offices.iter().map(|offices| {
        let (offices, id) = (Arc::clone(offices), id.clone());
        tokio::spawn(async move {
            let given = Given::default();
            offices
                .step(&id, Step::Receive, given, &officer(MILITARY), version, at(2.0))
                .await
        })
    });
    let mut done = Vec::new();
    for tried in tries.collect::<Vec<_>>() {
        done.push(tried.await.expect("no panic"));
    }
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
    assert!(
        done.iter()
            .any(|done| matches!(done, Err(Refused::Failed(pinpu::Error::Stale)))),
        "{done:?}"
    );
    let view = cleared(&stores[0]).await;
    let thread = offices[0].thread(&id, &officer(CIVIL), &view).await.expect("read");
    assert_eq!(thread.len(), 3, "written, submitted, received once: {thread:?}");
}

/// Events: reminded after two days, escalated after three, over after five; a lease ends when its time is over.
pub(crate) async fn the_clock_reminds_escalates_and_ends(url: String) {
    let store = open(&url).await;
    let offices = offices(&store).await;
    let day = |n: f64| at(n * 86_400.0);
    let id = submitted(&offices, 150_000_000, day(0.0)).await;
    let view = cleared(&store).await;
    let kinds = async || {
        let thread = offices.thread(&id, &officer(MILITARY), &view).await.expect("read");
        thread.iter().map(|entry| entry.get().kind).collect::<Vec<_>>()
    };
    assert_eq!(offices.turn(day(1.9)).await.expect("turned"), Some(day(2.0)));
    assert!(!kinds().await.contains(&EntryKind::Reminder));
    assert_eq!(offices.turn(day(2.0)).await.expect("turned"), Some(day(3.0)));
    assert_eq!(kinds().await.last(), Some(&EntryKind::Reminder));
    let version = store.request(&id).await.expect("request").version;
    // A service that was off does what is due in order when it comes back.
    assert_eq!(offices.turn(day(7.0)).await.expect("turned"), None);
    assert_eq!(
        kinds().await[1..],
        [EntryKind::Reminder, EntryKind::Escalation, EntryKind::Step]
    );
    assert_eq!(state(&store, &id).await, State::Lapsed);
    assert_eq!(
        store.request(&id).await.expect("request").version,
        version + 1,
        "reminders are no new version"
    );

    let id = agreed(&offices, 150_000_000, day(0.0)).await;
    step(&offices, &id, Step::PutInForce, CIVIL, day(1.0)).await;
    offices.turn(day(9.9)).await.expect("turned");
    assert_eq!(state(&store, &id).await, State::InForce);
    let status = async || store.all_assignments().await.expect("read")[0].status;
    assert_eq!(status().await, AssignmentStatus::Granted);
    offices.turn(day(10.0)).await.expect("turned");
    assert_eq!(state(&store, &id).await, State::Expired);
    assert_eq!(status().await, AssignmentStatus::Cancelled);
    // It stays over.
    assert_eq!(offices.turn(day(400.0)).await.expect("turned"), None);
}

/// The clock runs by itself, and a start looks at what came due while nothing ran.
pub(crate) async fn the_clock_runs_from_the_start(url: String) {
    let store = open(&url).await;
    let offices = offices(&store).await;
    let now = Timestamp::now();
    let mut late = proposal(150_000_000);
    late.time.from = now - SignedDuration::from_hours(48);
    late.time.to = now + SignedDuration::from_hours(24 * 30);
    let draft = offices
        .write(late, Links::default(), &officer(CIVIL), now)
        .await
        .expect("written");
    let id = draft.request.get().id.clone();
    let ago = now - SignedDuration::from_hours(24 * 4);
    step(&offices, &id, Step::Submit, CIVIL, ago).await;
    let clock = Clock::start(offices.clone()).await.expect("starts");
    for _ in 0..500 {
        let reminders = store.request(&id).await.expect("request").reminders;
        if reminders == 2 {
            clock.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("four days after the submission it is neither reminded nor escalated");
}

/// Questions are counted on the disk: a restart gives none back, and who asks at the same time is counted too.
pub(crate) async fn questions_are_counted_over_restarts(url: String) {
    let store = open(&url).await;
    let ask = async |store: &Store, office: &str, day: &str, question: &str| {
        let counted = store.count_question(office, day, (question, 1), 2, at(0.0)).await;
        counted.expect("counted")
    };
    assert!(ask(&store, "civil", "2026-11-23", "a").await);
    assert!(ask(&store, "civil", "2026-11-23", "a").await, "the same again");
    assert!(ask(&store, "civil", "2026-11-23", "b").await);
    store.close().await;
    let (store, other) = (open(&url).await, open(&url).await);
    assert!(!ask(&store, "civil", "2026-11-23", "c").await, "two were asked before");
    assert!(ask(&store, "civil", "2026-11-23", "b").await, "the same again");
    assert!(ask(&store, "viewer", "2026-11-23", "c").await, "another office");
    let wide = store
        .count_question("viewer", "2026-11-23", ("wide", 2), 2, at(0.0))
        .await;
    assert!(!wide.expect("answered"), "one was asked, and this counts as two");
    let day = "2026-11-24";
    let names = ["c", "d", "e", "f", "g", "h"];
    let asked = names.map(|name| ask(if name < "f" { &store } else { &other }, "civil", day, name));
    let [a, b, c, d, e, f] = asked;
    let answered = tokio::join!(a, b, c, d, e, f);
    let answered = [answered.0, answered.1, answered.2, answered.3, answered.4, answered.5];
    assert_eq!(answered.iter().filter(|answered| **answered).count(), 2, "{answered:?}");
    let counts = store.question_counts().await.expect("read");
    let counts = counts
        .iter()
        .map(|count| (count.day.as_str(), count.organisation.as_str(), count.asked));
    assert_eq!(
        counts.collect::<Vec<_>>(),
        [
            ("2026-11-24", "civil", 2),
            ("2026-11-23", "civil", 2),
            ("2026-11-23", "viewer", 1)
        ]
    );
}
