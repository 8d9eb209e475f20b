//! Files the service attaches to conflicts by itself: the room they may take, and when they are removed.

use jiff::SignedDuration;
use pinpu::{
    Error,
    conflict::VerdictKind,
    detect::DetectEvent,
    service::{
        ledger::{Attachments, Ledger, Room, SYSTEM},
        vault::NewFile,
    },
    store::{ConflictChange, ConflictQuery, Resolution, Store},
};

use crate::support::{Service, always, at, emission};

fn file(name: &str, content: &[u8]) -> NewFile {
    NewFile {
        name: name.to_owned(),
        content_type: "application/octet-stream".to_owned(),
        content: content.to_vec(),
    }
}

async fn names(store: &Store, conflict: &str) -> Vec<String> {
    let files = store.attachments(conflict).await.expect("reads");
    files.into_iter().map(|file| file.name).collect()
}

pub(crate) async fn measured_files_give_way_to_newer_ones(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = &service.store;
    let folder = tempfile::tempdir().expect("a folder");
    let files = Attachments::open(store.clone(), folder.path().to_owned(), 1 << 20)
        .await
        .expect("opens");
    for (id, center) in [(1, 97_100_000), (2, 97_900_000)] {
        service.send(DetectEvent::Opened(emission(id, 1.0, 2.0, center, 150_000)));
    }
    service.published(4).await;
    let conflicts = store.conflicts(&ConflictQuery::default()).await.expect("reads").items;
    let [old, new] = [&conflicts[0], &conflicts[1]];

    let room = Room { bytes_max: 100 };
    let pair = vec![file("a.sigmf-meta", b"{}"), file("a.sigmf-data", &[7; 58])];
    let told = files.add_measured(&old.id, pair, room, at(3.0)).await.expect("room");
    assert_eq!(
        told.version, old.version,
        "whoever read the conflict before may decide on it"
    );
    let mut both = names(store, &old.id).await;
    both.sort();
    assert_eq!(both, ["a.sigmf-data", "a.sigmf-meta"]);
    let history = store.conflict_history(&old.id).await.expect("reads");
    let last = history.last().expect("told");
    assert_eq!((last.action.as_str(), last.actor.as_str()), ("attached", SYSTEM));
    // A person's file counts in no room and is never removed.
    files
        .add(&old.id, file("photo", &[1; 500]), "wang", told.version, at(3.5))
        .await
        .expect("attached");

    // No room, and nothing is resolved: the new evidence is refused and leaves nothing behind.
    let before = std::fs::read_dir(folder.path()).expect("lists").count();
    let refused = files
        .add_measured(&new.id, vec![file("b", &[8; 60])], room, at(4.0))
        .await;
    assert!(
        matches!(&refused, Err(Error::WrongState(text)) if text.contains("disk_mib")),
        "{refused:?}"
    );
    assert!(names(store, &new.id).await.is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), before);

    let version = store.conflict(&old.id).await.expect("there").version;
    Ledger::new(store.clone())
        .change(
            &old.id,
            ConflictChange::Resolve(Resolution::Removed),
            "wang",
            "",
            version,
            at(5.0),
        )
        .await
        .expect("resolved");
    files
        .add_measured(&new.id, vec![file("b", &[8; 60])], room, at(6.0))
        .await
        .expect("the old one gives way");
    assert!(!names(store, &old.id).await.contains(&"a.sigmf-data".to_owned()));
    assert!(names(store, &old.id).await.contains(&"photo".to_owned()));
    let history = store.conflict_history(&old.id).await.expect("reads");
    assert!(
        history
            .iter()
            .any(|entry| entry.action == "detached" && entry.comment.en.contains("a.sigmf-data"))
    );

    // What is still open keeps its evidence, however old.
    let later = at(10.0) + SignedDuration::from_hours(24 * 400);
    files.forget_measured(later, later).await.expect("forgets");
    assert_eq!(names(store, &new.id).await, ["b"]);
    assert_eq!(names(store, &old.id).await, ["photo"]);
    let kept = std::fs::read_dir(folder.path()).expect("lists").count();
    assert_eq!(kept, 2, "contents nobody points at are gone");
    service.stop().await;
}
