//! The ledger: one conflict per cause, and nobody overwrites what they have not read.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pinpu::{
    Error,
    conflict::VerdictKind,
    detect::{DetectEvent, Emission, Withdrawn},
    service::{ledger::Ledger, monitoring::Judge},
    store::{
        ConflictChange, ConflictQuery, ConflictRecord, ConflictStatus, EmissionQuery, EventKind, Resolution, Store,
    },
};

use crate::support::{Service, always, at, emission, verdict};

async fn conflicts(store: &Store) -> Vec<ConflictRecord> {
    store.conflicts(&ConflictQuery::default()).await.expect("reads").items
}

async fn actions(store: &Store, id: &str) -> Vec<String> {
    store
        .conflict_history(id)
        .await
        .expect("reads")
        .into_iter()
        .map(|entry| entry.action)
        .collect()
}

/// A judge that says what it was last told.
fn told(first: VerdictKind) -> (Judge, impl Fn(VerdictKind)) {
    let says = Arc::new(Mutex::new(first));
    let heard = Arc::clone(&says);
    let judge: Judge = Arc::new(move |_, _| Some(verdict(*heard.lock().expect("not poisoned"), None)));
    (judge, move |kind| *says.lock().expect("not poisoned") = kind)
}

fn fm(id: u64, start_s: f64, stop_s: f64) -> Emission {
    emission(id, start_s, stop_s, 97_450_000 + id as i64 * 700, 150_000)
}

pub(crate) async fn one_of_two_updates_is_stale(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    service.send(DetectEvent::Opened(fm(1, 0.0, 0.1)));
    service.published(2).await;
    let read = conflicts(&service.store).await.remove(0);
    let ledger = Ledger::new(service.store.clone());
    let change = |actor: &'static str, change, version| {
        let (ledger, id) = (ledger.clone(), read.id.clone());
        async move { ledger.change(&id, change, actor, "on it", version, at(5.0)).await }
    };
    let (a, b) = tokio::join!(
        change("wang", ConflictChange::Acknowledge, read.version),
        change("li", ConflictChange::Resolve(Resolution::Removed), read.version)
    );
    assert!(
        a.is_ok() != b.is_ok(),
        "exactly one of two updates of the same version goes through: {a:?} {b:?}"
    );
    let (winner, loser) = if a.is_ok() { (a, b) } else { (b, a) };
    assert!(matches!(loser, Err(Error::Stale)));
    let version = winner.expect("one went through").version;
    let wrong = change("wang", ConflictChange::Resolve(Resolution::Withdrawn), version).await;
    assert!(
        matches!(wrong, Err(Error::Invalid(_) | Error::WrongState(_))),
        "{wrong:?}"
    );
    // Evidence that keeps coming is not a change a person has to read first.
    service.send(DetectEvent::Updated(fm(1, 0.0, 20.0)));
    service.published(5).await;
    assert_eq!(service.store.conflict(&read.id).await.expect("there").version, version);
    assert!(matches!(
        service.store.conflict("nothing").await,
        Err(Error::NotFound { .. })
    ));
    service.stop().await;
}

pub(crate) async fn one_cause_is_one_conflict(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let mut events = service.hub.events();
    for n in 1..=5 {
        let start = n as f64 * 10.0;
        service.send(DetectEvent::Opened(fm(n, start, start + 0.1)));
        service.send(DetectEvent::Closed(fm(n, start, start + 3.0)));
    }
    // Another channel is another cause.
    service.send(DetectEvent::Opened(emission(6, 1.0, 2.0, 98_600_000, 8_000)));
    let mut kinds = Vec::new();
    while kinds.len() < 10 + 1 + 2 + 9 {
        kinds.push(events.recv().await.expect("an event").kind);
    }
    let count = |kind| kinds.iter().filter(|&&k| k == kind).count();
    assert_eq!(count(EventKind::ConflictOpened), 2, "{kinds:?}");
    assert_eq!(kinds[..2], [EventKind::EmissionOpened, EventKind::ConflictOpened]);
    let mut found = conflicts(&service.store).await;
    found.sort_by_key(|conflict| conflict.center_hz);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].emissions_count, found[1].emissions_count), (5, 1));
    assert_eq!((found[0].first_seen, found[0].last_seen), (at(10.0), at(53.0)));
    assert_eq!(
        actions(&service.store, &found[0].id).await,
        ["opened"],
        "bursts do not fill the history"
    );
    let of_it = EmissionQuery {
        conflict_id: Some(found[0].id.clone()),
        ..EmissionQuery::default()
    };
    assert_eq!(service.store.emissions(&of_it).await.expect("reads").items.len(), 5);
    let none = ConflictQuery {
        status: Some(ConflictStatus::Resolved),
        ..ConflictQuery::default()
    };
    assert!(service.store.conflicts(&none).await.expect("reads").items.is_empty());
    service.stop().await;
}

pub(crate) async fn new_evidence_reopens_what_was_settled(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let ledger = Ledger::new(service.store.clone());
    service.send(DetectEvent::Opened(fm(1, 0.0, 0.1)));
    service.published(2).await;
    let id = conflicts(&service.store).await[0].id.clone();
    let settle = async |resolution, now| {
        let version = service.store.conflict(&id).await.expect("there").version;
        ledger
            .change(&id, ConflictChange::Resolve(resolution), "wang", "done", version, now)
            .await
            .expect("resolved")
    };
    let status = async || service.store.conflict(&id).await.expect("there").status;
    settle(Resolution::Removed, at(10.0)).await;
    // Still on when the file is closed: that alone does not reopen it …
    service.send(DetectEvent::Updated(fm(1, 0.0, 20.0)));
    service.published(5).await;
    assert_eq!(status().await, ConflictStatus::Resolved);
    // … but staying on does,
    service.send(DetectEvent::Closed(fm(1, 0.0, 75.0)));
    service.published(7).await;
    assert_eq!(status().await, ConflictStatus::Open);
    // … and so does coming back.
    settle(Resolution::NotReproduced, at(80.0)).await;
    service.send(DetectEvent::Opened(fm(2, 81.0, 81.1)));
    service.published(10).await;
    assert_eq!(status().await, ConflictStatus::Open);
    let expected = ["opened", "resolved", "reopened", "resolved", "reopened"];
    assert_eq!(actions(&service.store, &id).await, expected);
    let history = service.store.conflict_history(&id).await.expect("reads");
    assert_eq!(
        history[1].comment.en, "removed: done",
        "how it was settled stays on record"
    );
    // What is lawful stays settled, and is still counted.
    settle(Resolution::Lawful, at(90.0)).await;
    service.send(DetectEvent::Opened(fm(3, 95.0, 95.1)));
    service.published(13).await;
    let lawful = service.store.conflict(&id).await.expect("there");
    assert_eq!((lawful.status, lawful.emissions_count), (ConflictStatus::Resolved, 3));
    assert_eq!(
        conflicts(&service.store).await.len(),
        1,
        "one cause is one conflict all along"
    );
    service.stop().await;
}

pub(crate) async fn what_was_no_emission_takes_its_conflict_back(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    service.send(DetectEvent::Opened(fm(1, 0.0, 0.1)));
    service.published(2).await;
    service.send(DetectEvent::Withdrawn(Withdrawn {
        emission: fm(1, 0.0, 1.0),
        into: Some(2),
        cause: "a part of emission 2, within its band and its time".to_owned(),
    }));
    service.published(4).await;
    let withdrawn = conflicts(&service.store).await.remove(0);
    assert_eq!(
        (withdrawn.status, withdrawn.resolution),
        (ConflictStatus::Resolved, Some(Resolution::Withdrawn))
    );
    assert_eq!(actions(&service.store, &withdrawn.id).await, ["opened", "withdrawn"]);
    let all = EmissionQuery::default();
    let emission = service.store.emissions(&all).await.expect("reads").items.remove(0);
    assert!(!emission.open && emission.verdict.is_none() && emission.conflict_id.is_none());
    service.stop().await;
}

pub(crate) async fn a_later_measurement_moves_or_withdraws(url: String) {
    let (judge, say) = told(VerdictKind::Unlicensed);
    let service = Service::start(&url, judge).await;
    service.send(DetectEvent::Opened(fm(1, 0.0, 0.1)));
    service.published(2).await;
    // One measurement of another kind is not believed, the second is: the same conflict, of another kind.
    say(VerdictKind::OffFrequency);
    service.send(DetectEvent::Updated(fm(1, 0.0, 1.0)));
    service.published(3).await;
    assert_eq!(conflicts(&service.store).await[0].kind, VerdictKind::Unlicensed);
    service.send(DetectEvent::Updated(fm(1, 0.0, 2.0)));
    service.published(5).await;
    let moved = conflicts(&service.store).await;
    assert_eq!((moved.len(), moved[0].kind), (1, VerdictKind::OffFrequency));
    // Less certainty withdraws nothing,
    say(VerdictKind::Inconclusive);
    service.send(DetectEvent::Updated(fm(1, 0.0, 3.0)));
    service.send(DetectEvent::Updated(fm(1, 0.0, 4.0)));
    service.published(7).await;
    assert_eq!(conflicts(&service.store).await[0].status, ConflictStatus::Open);
    // being licensed after all does.
    say(VerdictKind::Licensed);
    service.send(DetectEvent::Closed(fm(1, 0.0, 5.0)));
    service.published(9).await;
    let withdrawn = conflicts(&service.store).await.remove(0);
    assert_eq!(
        (withdrawn.status, withdrawn.resolution),
        (ConflictStatus::Resolved, Some(Resolution::Withdrawn))
    );
    assert_eq!(
        actions(&service.store, &withdrawn.id).await,
        ["opened", "reclassified", "withdrawn"]
    );
    let emissions = service
        .store
        .emissions(&EmissionQuery::default())
        .await
        .expect("reads")
        .items;
    assert_eq!(emissions[0].conflict_id, None);
    assert!(Timestamp::now() > at(0.0));
    service.stop().await;
}
