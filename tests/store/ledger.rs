//! The ledger beyond one conflict: mergings, assignments, files.

use pinpu::{
    Error,
    conflict::VerdictKind,
    detect::DetectEvent,
    service::{
        ledger::{Attachments, Ledger},
        vault::NewFile,
    },
    store::{
        Assignee, ConflictChange, ConflictQuery, ConflictRecord, ConflictStatus, EmissionQuery, Resolution, Store,
    },
};

use crate::support::{Service, always, at, emission};

async fn conflict_of(store: &Store, center_mhz: f64) -> ConflictRecord {
    let all = ConflictQuery {
        limit: Some(100),
        ..ConflictQuery::default()
    };
    let merged = ConflictQuery {
        status: Some(ConflictStatus::Merged),
        ..ConflictQuery::default()
    };
    let mut found = store.conflicts(&all).await.expect("reads").items;
    found.extend(store.conflicts(&merged).await.expect("reads").items);
    let close = |c: &ConflictRecord| (c.center_hz.0 as f64 - center_mhz * 1e6).abs() < 20e3;
    found.into_iter().find(close).expect("a conflict there")
}

async fn emissions_of(store: &Store, id: &str) -> usize {
    let query = EmissionQuery {
        conflict_id: Some(id.to_owned()),
        ..EmissionQuery::default()
    };
    store.emissions(&query).await.expect("reads").items.len()
}

/// Counts as the record says, and as the emissions say.
async fn counts(store: &Store, id: &str) -> (u64, usize) {
    let record = store.conflict(id).await.expect("there");
    (record.emissions_count, emissions_of(store, id).await)
}

fn on(id: u64, start_s: f64, center_mhz: f64) -> DetectEvent {
    DetectEvent::Opened(emission(id, start_s, start_s + 1.0, (center_mhz * 1e6) as i64, 150_000))
}

pub(crate) async fn merged_conflicts_count_as_one_and_come_apart(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = &service.store;
    let ledger = Ledger::new(store.clone());
    for (id, center) in [(1, 97.1), (2, 97.9), (3, 98.7)] {
        service.send(on(id, id as f64, center));
    }
    service.published(6).await;
    let [a, b, c] = [
        conflict_of(store, 97.1).await,
        conflict_of(store, 97.9).await,
        conflict_of(store, 98.7).await,
    ];
    let merge = async |part: &str, whole: &str| {
        let versions = [
            store.conflict(part).await.expect("there").version,
            store.conflict(whole).await.expect("there").version,
        ];
        ledger
            .merge([part, whole], versions, "wang", "one transmitter", at(10.0))
            .await
    };

    // Neither of the two may have changed.
    let stale = ledger
        .merge([&b.id, &a.id], [b.version, a.version + 1], "wang", "", at(9.0))
        .await;
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    let stale = ledger
        .merge([&b.id, &a.id], [b.version + 1, a.version], "wang", "", at(9.0))
        .await;
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    let itself = merge(&a.id, &a.id).await;
    assert!(matches!(itself, Err(Error::Invalid(_))), "{itself:?}");

    // c into b, then b into a: one conflict with everything.
    let change = |change| ledger.change(&c.id, change, "wang", "", c.version, at(9.0));
    change(ConflictChange::Acknowledge).await.expect("acknowledged");
    merge(&c.id, &b.id).await.expect("merged");
    assert_eq!(counts(store, &b.id).await, (2, 2));
    let [part, whole] = merge(&b.id, &a.id).await.expect("merged");
    assert_eq!(
        (part.status, part.merged_into.as_deref()),
        (ConflictStatus::Merged, Some(&*a.id))
    );
    assert_eq!((whole.first_seen, whole.last_seen), (at(1.0), at(4.0)));
    assert_eq!(counts(store, &a.id).await, (3, 3));
    let listed = store.conflicts(&ConflictQuery::default()).await.expect("reads").items;
    assert_eq!(listed.len(), 1, "merged ones are not listed");
    let history = store.conflict_history(&a.id).await.expect("reads");
    let of_c: Vec<&str> = history
        .iter()
        .filter(|h| h.conflict_id == c.id)
        .map(|h| &*h.action)
        .collect();
    assert_eq!(of_c, ["opened", "acknowledged", "merged"]);
    assert!(
        history.iter().any(|h| h.conflict_id == a.id && h.action == "absorbed"),
        "{history:?}"
    );

    // What is merged takes no changes of its own, and is not merged twice.
    let merged = store.conflict(&b.id).await.expect("there");
    let refused = ledger
        .change(&b.id, ConflictChange::Acknowledge, "li", "", merged.version, at(11.0))
        .await;
    assert!(
        matches!(&refused, Err(Error::WrongState(text)) if text.contains(&a.id)),
        "{refused:?}"
    );
    assert!(matches!(merge(&b.id, &a.id).await, Err(Error::WrongState(_))));
    assert!(matches!(merge(&a.id, &b.id).await, Err(Error::WrongState(_))));

    // More evidence of each cause counts in the one, and reopens it.
    let version = store.conflict(&a.id).await.expect("there").version;
    let removed = ConflictChange::Resolve(Resolution::Removed);
    ledger
        .change(&a.id, removed, "li", "", version, at(12.0))
        .await
        .expect("resolved");
    let before = store.last_sequence().await.expect("reads");
    service.send(on(4, 20.0, 98.7));
    service.published(before + 2).await;
    let again = store.conflict(&a.id).await.expect("there");
    assert_eq!((again.status, again.last_seen), (ConflictStatus::Open, at(21.0)));
    assert!(
        (again.center_hz.0 - 97_100_000).abs() < 20_000,
        "it keeps its own channel"
    );
    assert_eq!(counts(store, &a.id).await, (4, 4));
    assert_eq!(
        store
            .conflicts(&ConflictQuery::default())
            .await
            .expect("reads")
            .items
            .len(),
        1,
        "no new conflict"
    );

    // Apart again: b takes along what was merged into it, with what came in between.
    let version = store.conflict(&b.id).await.expect("there").version;
    let stale = ledger.unmerge(&b.id, version + 1, "li", "", at(30.0)).await;
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    let [part, whole] = ledger
        .unmerge(&b.id, version, "li", "two after all", at(30.0))
        .await
        .expect("apart");
    assert_eq!((part.status, part.merged_into), (ConflictStatus::Open, None));
    assert_eq!((whole.first_seen, whole.last_seen), (at(1.0), at(2.0)));
    assert_eq!(counts(store, &a.id).await, (1, 1));
    assert_eq!(counts(store, &b.id).await, (3, 3));
    let version = store.conflict(&c.id).await.expect("there").version;
    let [part, _] = ledger.unmerge(&c.id, version, "li", "", at(31.0)).await.expect("apart");
    assert_eq!(part.status, ConflictStatus::Acknowledged, "as it stood before");
    assert_eq!(
        (counts(store, &b.id).await, counts(store, &c.id).await),
        ((1, 1), (2, 2))
    );
    let nothing = ledger.unmerge(&c.id, part.version, "li", "", at(32.0)).await;
    assert!(matches!(nothing, Err(Error::WrongState(_))), "{nothing:?}");
    service.stop().await;
}

pub(crate) async fn a_resolved_conflict_hides_no_open_one(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = &service.store;
    let ledger = Ledger::new(store.clone());
    service.send(on(1, 1.0, 97.1));
    service.send(on(2, 2.0, 97.9));
    service.published(4).await;
    let [a, b] = [conflict_of(store, 97.1).await, conflict_of(store, 97.9).await];
    let removed = ConflictChange::Resolve(Resolution::Removed);
    let a = ledger
        .change(&a.id, removed, "li", "", a.version, at(5.0))
        .await
        .expect("resolved");
    let refused = ledger
        .merge([&b.id, &a.id], [b.version, a.version], "li", "", at(6.0))
        .await;
    assert!(
        matches!(&refused, Err(Error::WrongState(text)) if text.contains("reopen")),
        "{refused:?}"
    );
    ledger
        .merge([&a.id, &b.id], [a.version, b.version], "li", "", at(6.0))
        .await
        .expect("the other way round");
    service.stop().await;
}

pub(crate) async fn a_conflict_is_given_to_a_team_and_to_another(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = &service.store;
    let ledger = Ledger::new(store.clone());
    service.send(on(1, 1.0, 97.1));
    service.published(2).await;
    let read = conflict_of(store, 97.1).await;
    let team = |name: &str| ConflictChange::Assign(Assignee::Team(name.to_owned()));
    let step = async |change, comment, version| ledger.change(&read.id, change, "li", comment, version, at(5.0)).await;
    let first = step(team("移动监测组"), "roof first", read.version)
        .await
        .expect("assigned");
    assert_eq!(
        (first.status, first.assigned_team.as_deref()),
        (ConflictStatus::Assigned, Some("移动监测组"))
    );
    assert!(matches!(
        step(team("移动监测组"), "", first.version).await,
        Err(Error::WrongState(_))
    ));
    let nobody = step(
        ConflictChange::Assign(Assignee::User("nobody".to_owned())),
        "",
        first.version,
    )
    .await;
    assert!(
        matches!(&nobody, Err(Error::Invalid(text)) if text.contains("nobody")),
        "{nobody:?}"
    );
    assert!(matches!(
        step(ConflictChange::Comment, "", first.version).await,
        Err(Error::Invalid(_))
    ));
    let said = step(ConflictChange::Comment, "antenna is broken", first.version)
        .await
        .expect("said");
    assert_eq!(
        (said.status, said.version),
        (ConflictStatus::Assigned, first.version + 1)
    );
    let second = step(team("second"), "", said.version).await.expect("assigned");
    let done = step(ConflictChange::Resolve(Resolution::Removed), "", second.version)
        .await
        .expect("resolved");
    assert!(matches!(
        step(team("third"), "", done.version).await,
        Err(Error::WrongState(_))
    ));
    let open = step(ConflictChange::Reopen, "", done.version).await.expect("open");
    assert_eq!(
        (open.status, &open.assigned_team, &open.assigned_by),
        (ConflictStatus::Open, &None, &None)
    );
    assert_eq!(open, store.conflict(&read.id).await.expect("there"), "as stored");
    let history = store.conflict_history(&read.id).await.expect("reads");
    let lines: Vec<(&str, &str)> = history.iter().map(|h| (&*h.action, &*h.comment.en)).skip(1).collect();
    let expected = [
        ("assigned", "to team 移动监测组: roof first"),
        ("commented", "antenna is broken"),
        ("assigned", "to team second"),
        ("resolved", "removed"),
        ("reopened", ""),
    ];
    assert_eq!(lines, expected);
    service.stop().await;
}

pub(crate) async fn files_follow_a_merging_and_are_kept_once(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = &service.store;
    let ledger = Ledger::new(store.clone());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("attachments");
    let files = Attachments::open(store.clone(), path.clone(), 1000)
        .await
        .expect("opens");
    service.send(on(1, 1.0, 97.1));
    service.send(on(2, 2.0, 97.9));
    service.published(4).await;
    let [a, b] = [conflict_of(store, 97.1).await, conflict_of(store, 97.9).await];
    let file = |content: &[u8]| NewFile {
        name: "IQ 片段.cf32".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        content: content.to_vec(),
    };
    let on_disk = || std::fs::read_dir(&path).expect("folder").count();
    let (one, a) = files
        .add(&a.id, file(b"same"), "li", a.version, at(5.0))
        .await
        .expect("attached");
    let (two, b) = files
        .add(&b.id, file(b"same"), "li", b.version, at(5.0))
        .await
        .expect("attached");
    assert_eq!(
        (one.sha256 == two.sha256, on_disk()),
        (true, 1),
        "the same content is kept once"
    );
    // Whoever read an older state is refused, and leaves nothing.
    let stale = files.add(&a.id, file(b"other"), "wang", a.version - 1, at(6.0)).await;
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    assert_eq!(on_disk(), 1);

    let [part, whole] = ledger
        .merge([&b.id, &a.id], [b.version, a.version], "li", "", at(7.0))
        .await
        .expect("merged");
    let listed = files.list(&a.id).await.expect("reads");
    assert!(
        listed.len() == 2 && listed.contains(&one) && listed.contains(&two),
        "{listed:?}"
    );
    assert_eq!(files.read(&a.id, &two.id).await.expect("reads").1, b"same");
    assert!(
        matches!(files.read(&b.id, &one.id).await, Err(Error::NotFound { .. })),
        "it never was b's"
    );
    assert!(matches!(
        files.add(&b.id, file(b"x"), "li", part.version, at(8.0)).await,
        Err(Error::WrongState(_))
    ));
    let whole = files
        .remove(&a.id, &two.id, "li", whole.version, at(8.0))
        .await
        .expect("removed");
    assert_eq!(on_disk(), 1, "the other row still points at it");
    // What a crash left behind goes, what rows point at stays.
    std::fs::write(path.join("half.part"), b"x").expect("written");
    drop(files);
    let files = Attachments::open(store.clone(), path.clone(), 1000)
        .await
        .expect("opens");
    assert_eq!(
        (on_disk(), files.read(&a.id, &one.id).await.expect("reads").1),
        (1, b"same".to_vec())
    );
    // Evidence that changed on the disk is not handed out.
    std::fs::write(path.join(&one.sha256), b"sAme").expect("written");
    assert!(matches!(files.read(&a.id, &one.id).await, Err(Error::Io { .. })));
    files
        .remove(&a.id, &one.id, "li", whole.version, at(9.0))
        .await
        .expect("removed");
    assert_eq!(on_disk(), 0);
    let history = store.conflict_history(&a.id).await.expect("reads");
    let detached = history.iter().filter(|h| h.action == "detached").count();
    assert!(
        detached == 2 && history.iter().any(|h| h.comment.en.contains(&one.sha256)),
        "{history:?}"
    );
    service.stop().await;
}
