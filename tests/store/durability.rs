//! An acknowledgement means *on the disk*; anything else means *send it again*.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use pinpu::{
    Error,
    conflict::VerdictKind,
    detect::DetectEvent,
    service::live::Backlog,
    store::{DatabaseConfig, Store, UserRecord},
};
use tokio::task::JoinSet;

use crate::support::{Service, always, at, emission, open};

/// Tells the child process which database to write to.
pub(crate) const CHILD_URL: &str = "PINPU_TEST_STORE_CHILD";

pub(crate) async fn what_arrives_together_is_committed_together(url: String) {
    let store = open(&url).await;
    let before = store.writer_counts();
    let mut writes = JoinSet::new();
    for n in 0..400 {
        let store = store.clone();
        writes.spawn(async move { store.put_setting(&format!("n{n}"), &n).await });
    }
    while let Some(done) = writes.join_next().await {
        done.expect("no panic").expect("stored");
    }
    let after = store.writer_counts();
    assert_eq!(after.jobs - before.jobs, 400);
    let groups = after.groups - before.groups;
    assert!(groups <= 100, "400 concurrent writes took {groups} commits");
    println!("400 concurrent writes took {groups} commits");
    // One at a time there is nobody to wait for: each has its own commit.
    for n in 0..5 {
        store.put_setting("alone", &n).await.expect("stored");
    }
    assert_eq!(store.writer_counts().groups - after.groups, 5);
    store.close().await;
}

pub(crate) async fn a_refused_change_undoes_itself_alone(url: String) {
    let store = open(&url).await;
    let user = |n: usize| UserRecord {
        name: format!("user{}", n / 2),
        password_hash: format!("hash{n}"),
        role: "viewer".to_owned(),
        organisation: "civil".to_owned(),
        language: "en".to_owned(),
        disabled: false,
        created_at: at(0.0),
        password_changed_at: at(0.0),
        version: 0,
    };
    // Every name twice, all at once: one of each pair is refused, in the middle of groups of others.
    let mut writes = JoinSet::new();
    for n in 0..100 {
        let store = store.clone();
        writes.spawn(async move { store.create_user(user(n)).await });
    }
    let (mut stored, mut refused) = (0, 0);
    while let Some(done) = writes.join_next().await {
        match done.expect("no panic") {
            Ok(()) => stored += 1,
            Err(Error::Invalid(text)) => {
                assert!(text.contains("choose another name"), "{text}");
                refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((stored, refused), (50, 50));
    assert_eq!(store.users().await.expect("reads").len(), 50);
    assert!(store.writer_counts().groups < 100);
    store.close().await;
}

pub(crate) async fn a_full_queue_refuses(url: String) {
    let config = DatabaseConfig {
        queue: 4,
        ..DatabaseConfig::new(&url)
    };
    let store = Store::open(&config).await.expect("opens");
    // The log of a new database begins with what is there.
    let begun = store.writer_counts().jobs;
    let mut writes = JoinSet::new();
    for n in 0..500 {
        let store = store.clone();
        writes.spawn(async move { store.put_setting(&format!("n{n}"), &n).await });
    }
    let (mut stored, mut refused) = (0, 0);
    while let Some(done) = writes.join_next().await {
        match done.expect("no panic") {
            Ok(()) => stored += 1,
            Err(Error::Unavailable(_)) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0, "a queue of 4 took 500 writes");
    let counts = store.writer_counts();
    assert_eq!(
        (counts.jobs - begun, counts.refused),
        (stored, refused),
        "acknowledged and refused are counted"
    );
    let mut found = 0;
    for n in 0..500 {
        found += u64::from(store.setting::<i64>(&format!("n{n}")).await.expect("reads").is_some());
    }
    assert_eq!(found, stored, "stored is exactly what was acknowledged");
    store.close().await;
}

pub(crate) async fn events_are_numbered_without_holes(url: String) {
    let service = Service::start(&url, always(VerdictKind::Licensed)).await;
    let mut live = service.hub.events();
    for n in 1..=50 {
        service.send(DetectEvent::Opened(emission(
            n,
            n as f64,
            n as f64 + 0.1,
            97_000_000 + n as i64 * 10_000,
            5000,
        )));
    }
    for expected in 1..=50 {
        let event = live.recv().await.expect("an event");
        assert_eq!(event.sequence, expected, "published in order without holes");
    }
    let Backlog::Events(events) = service.hub.events_after(0, 1000).await.expect("reads") else {
        panic!("all are kept")
    };
    assert_eq!(
        events.iter().map(|event| event.sequence).collect::<Vec<_>>(),
        (1..=50).collect::<Vec<_>>()
    );
    let Backlog::Events(rest) = service.hub.events_after(48, 1).await.expect("reads") else {
        panic!("kept")
    };
    assert_eq!(rest[0].sequence, 49);
    assert_eq!(
        service.hub.events_after(50, 10).await.expect("reads"),
        Backlog::Events(Vec::new())
    );
    assert_eq!(
        service.hub.events_after(51, 10).await.expect("reads"),
        Backlog::Gone { sequence: 50 }
    );
    // After forgetting, who is behind is told so, and numbers go on.
    let keep_none = pinpu::store::Retention {
        events: jiff::SignedDuration::ZERO,
        ..Default::default()
    };
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    assert_eq!(service.store.prune(&keep_none, later).await.expect("prunes").events, 50);
    assert_eq!(
        service.hub.events_after(10, 10).await.expect("reads"),
        Backlog::Gone { sequence: 50 }
    );
    assert_eq!(service.store.first_sequence().await.expect("reads"), 51);
    service.stop().await;
    let store = open(&url).await;
    assert_eq!(
        store.last_sequence().await.expect("reads"),
        50,
        "numbers survive forgetting and restarting"
    );
    store.close().await;
}

pub(crate) async fn acknowledged_writes_survive_kill(url: String) {
    open(&url).await.close().await;
    let mut acknowledged = BTreeSet::new();
    for round in 0..6 {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "child_that_writes_until_killed",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD_URL, &url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the child starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut heard = 0;
        for line in lines.map_while(Result::ok) {
            let Some(key) = line.split_whitespace().find(|word| word.starts_with("ack-")) else {
                continue;
            };
            acknowledged.insert(key.to_owned());
            heard += 1;
            // Killed in the middle of writing, at another point every time; lines already sent are still read.
            if heard == 40 + round * 37 {
                child.kill().expect("SIGKILL");
            }
        }
        child.wait().expect("reaped");
        assert!(heard >= 40, "the child acknowledged only {heard} writes");
    }
    let store = open(&url).await;
    for key in &acknowledged {
        let value = store.setting::<String>(key).await.expect("reads");
        assert_eq!(value.as_deref(), Some(key.as_str()), "an acknowledged write is gone");
    }
    println!("{} acknowledged writes survived 6 kills", acknowledged.len());
    store.close().await;
}

/// Writes from eight tasks and says so on standard output after each acknowledgement.
pub(crate) async fn write_for_ever(url: String) {
    let store = open(&url).await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            for n in 0_u64.. {
                let key = format!("ack-{}-{writer}-{n}", std::process::id());
                store.put_setting(&key, &key).await.expect("stored");
                println!("{key}");
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
}
