//! Room and age of recordings: what gives way, what stays, and that nothing is left of what does not fit.

use std::fs;

use super::*;
use crate::{
    coordination::{
        Policy, Span,
        orders::Office,
        tasks::{Author, NewTask, TaskContent, TaskPriority, TaskState, ask},
    },
    service::{live::Hub, occupancy::Occupancies, registry::RegistryService},
    store::{AuditQuery, DatabaseConfig, Store},
};

const ROOM: u64 = 1000;

fn at(day: i64) -> Timestamp {
    "2026-11-23T00:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_hours(24 * day)
}

fn task(id: &str) -> Task {
    let content = TaskContent {
        title: "监测".to_owned(),
        purpose: "核实".to_owned(),
        receivers: Vec::new(),
        low_hz: Hertz(118_000_000),
        high_hz: Hertz(119_000_000),
        raster_hz: None,
        time: Span {
            from: at(0),
            to: at(1),
            windows: Vec::new(),
        },
        minutes: 60,
        products: vec![TaskProduct::Recording],
        priority: TaskPriority::Routine,
        reason: String::new(),
        classified: false,
    };
    let author = Author {
        actor: "li".to_owned(),
        organisation: "civil".to_owned(),
        office: Office::Civil,
    };
    let new = NewTask {
        id: id.to_owned(),
        number: format!("T-{id}"),
        content,
        author,
    };
    ask(new, &Policy::builtin().expect("reads").tasks, SYSTEM, at(0))
}

async fn put(store: &Store, task: Task, before: Option<u64>) {
    let stored = store.write(move |tx| Box::pin(async move { tx.put_task(&task, before, None).await }));
    stored.await.expect("stored");
}

/// A recording of so many bytes, unlike any other.
fn file(name: &str, bytes: usize) -> Vec<NewFile> {
    let mut content = vec![0; bytes];
    content[..name.len()].copy_from_slice(name.as_bytes());
    vec![NewFile {
        name: name.to_owned(),
        content_type: "application/octet-stream".to_owned(),
        content,
    }]
}

async fn open(folder: &std::path::Path) -> (Store, Recording) {
    let url = format!("sqlite://{}/pinpu.db", folder.display());
    let store = Store::open(&DatabaseConfig::new(url)).await.expect("opens");
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let policy = Policy::builtin().expect("reads");
    let hub = Hub::new(store.clone());
    let recording = Recording {
        tasks: Tasks::new(store.clone(), hub, registry, Occupancies::new(store.clone()), policy),
        vault: Vault::open(store.clone(), folder.join("files"), ROOM)
            .await
            .expect("opens"),
        folder: Arc::new(folder.join("work")),
        sources: BTreeMap::new(),
        config: EvidenceConfig {
            ring_bytes: 0,
            cut_s: 1.0,
            disk_bytes_max: 0,
            task_disk_bytes_max: ROOM,
            retention_days: 30,
        },
        due: HashMap::new(),
    };
    (store, recording)
}

#[tokio::test]
async fn recordings_of_tasks_that_are_over_give_way_and_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, recording) = open(folder.path()).await;
    let kept = || fs::read_dir(folder.path().join("files")).expect("there").count();
    let names = async |task: &str| -> Vec<String> {
        let files = store.task_files(task).await.expect("reads");
        files.into_iter().map(|file| file.name).collect()
    };
    let (over, open) = (task("over"), task("open"));
    put(&store, over.clone(), None).await;
    put(&store, open.clone(), None).await;
    recording.keep(&over, file("a", 500), at(1)).await.expect("room");
    recording.keep(&open, file("b", 400), at(2)).await.expect("room");

    // While both go on nothing gives way, and nothing is left of what does not fit.
    let refused = recording.keep(&open, file("c", 300), at(3)).await.expect_err("no room");
    assert!(refused.to_string().contains("evidence.task_disk_mib"), "{refused}");
    assert_eq!(
        (names("over").await, names("open").await, kept()),
        (vec!["a".to_owned()], vec!["b".to_owned()], 2)
    );

    let ended = Task {
        state: TaskState::Done,
        version: over.version + 1,
        ..over.clone()
    };
    put(&store, ended, Some(over.version)).await;
    recording
        .keep(&open, file("c", 300), at(3))
        .await
        .expect("room was made");
    assert_eq!(
        (names("over").await.len(), names("open").await, kept()),
        (0, vec!["b".to_owned(), "c".to_owned()], 2)
    );

    // By age too only those of tasks that are over.
    recording.forget(at(60)).await.expect("looked");
    assert_eq!(names("open").await.len(), 2);
    let ended = Task {
        state: TaskState::Cancelled,
        version: open.version + 1,
        ..open.clone()
    };
    put(&store, ended, Some(open.version)).await;
    recording.forget(at(33)).await.expect("looked");
    assert_eq!(names("open").await, ["c"], "b is more than 30 days old then, c is not");
    recording.forget(at(60)).await.expect("looked");
    assert_eq!((names("open").await.len(), kept()), (0, 0));

    let query = AuditQuery {
        action: Some(ACTION.to_owned()),
        ..AuditQuery::default()
    };
    let entries = store.audit(&query).await.expect("reads").items;
    let mut said: Vec<String> = entries.into_iter().filter_map(|entry| entry.reason).collect();
    said.sort();
    assert_eq!(
        said,
        [
            "recorded a",
            "recorded b",
            "recorded c",
            "removed a",
            "removed b",
            "removed c"
        ]
    );
    store.close().await;
}
