//! The audit log: an entry comes with its change or not at all, and nobody changes it afterwards.

use pinpu::{
    Error,
    audit::{Tree, hex, verify_consistency, verify_inclusion},
    conflict::VerdictKind,
    detect::DetectEvent,
    service::{
        audit::{Audit, LogReader, Wanted, verify},
        ledger::Ledger,
        registry::RegistryService,
    },
    store::{AuditNote, AuditQuery, ConflictChange, ConflictQuery, Origin, Store, UserChange, UserRecord, acting},
};

use crate::{
    history::held,
    support::{Service, always, at, emission, open},
};

pub(crate) fn user(name: &str) -> UserRecord {
    UserRecord {
        name: name.to_owned(),
        password_hash: format!("$argon2id$v=19$m=19456,t=2,p=1${name}"),
        role: "viewer".to_owned(),
        organisation: "civil".to_owned(),
        language: "zh-CN".to_owned(),
        disabled: false,
        created_at: at(0.0),
        password_changed_at: at(0.0),
        version: 0,
    }
}

/// Newest first: who, what, to what.
async fn told(store: &Store) -> Vec<(String, String, String)> {
    let query = AuditQuery {
        limit: Some(1000),
        ..AuditQuery::default()
    };
    let entries = store.audit(&query).await.expect("reads").items;
    let made = entries.into_iter().filter(|e| e.action != "baseline");
    made.map(|e| (e.actor, e.action, e.subject)).collect()
}

async fn faults(url: &str, wanted: &Wanted) -> Vec<String> {
    let mut reader = LogReader::open(url).await.expect("opens");
    let report = verify(&mut reader, wanted, &|_| {}).await.expect("reads");
    reader.close().await.expect("closes");
    let fault = |fault: &pinpu::service::audit::Fault| format!("{:?} {:?} {:?}", fault.check, fault.entry, fault.row);
    report.faults.iter().map(fault).collect()
}

pub(crate) async fn a_change_and_its_entry_are_stored_together(url: String) {
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    let store = &service.store;
    let by = |actor: &str, action: &str| std::sync::Arc::new(Origin::new(actor, action));

    acting(by("root", "create_user"), store.create_user(user("wang")))
        .await
        .expect("stored");
    // Refused: neither the change nor an entry.
    acting(by("root", "create_user"), store.create_user(user("wang")))
        .await
        .expect_err("taken");
    let stale = store.update_user("wang", UserChange::default(), Some(9), at(1.0)).await;
    assert!(matches!(stale, Err(Error::Stale)));
    store.delete_user("wang").await.expect("removed");

    service.send(DetectEvent::Opened(emission(1, 1.0, 2.0, 97_100_000, 150_000)));
    service.published(2).await;
    let conflict = store
        .conflicts(&ConflictQuery::default())
        .await
        .expect("reads")
        .items
        .remove(0);
    let ledger = Ledger::new(store.clone());
    let change = ledger.change(
        &conflict.id,
        ConflictChange::Acknowledge,
        "li",
        "",
        conflict.version,
        at(3.0),
    );
    acting(by("li", "acknowledge_conflict"), change)
        .await
        .expect("taken on");
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let saved = registry
        .save(held("A-1", 98_000_000, "Station"), None, "li")
        .await
        .expect("saves");
    registry.remove("A-1", saved.version, "li").await.expect("removes");

    let row = format!("conflicts/{}", conflict.id);
    let expected = [
        ("system", "change_registry", "assignments/A-1"),
        ("system", "change_registry", "assignments/A-1"),
        ("li", "acknowledge_conflict", row.as_str()),
        ("system", "change_conflict", row.as_str()),
        ("system", "delete_user", "users/wang"),
        ("root", "create_user", "users/wang"),
    ];
    let expected = expected.map(|(actor, action, subject)| (actor.to_owned(), action.to_owned(), subject.to_owned()));
    assert_eq!(told(store).await, expected);
    assert_eq!(faults(&url, &Wanted::default()).await, Vec::<String>::new());
    service.stop().await;
}

/// Two programs on one database, as the service and the command line are.
pub(crate) async fn two_writers_do_not_fork_the_log(url: String) {
    let (one, two) = (open(&url).await, open(&url).await);
    let write = async |store: &Store, name: &str| {
        for n in 0..40 {
            let done = store.create_user(user(&format!("{name}{n}"))).await;
            done.expect("stored");
            let note = AuditNote::of("count", &n.to_string());
            store.note(vec![note]).await.expect("noted");
        }
    };
    tokio::join!(write(&one, "a"), write(&two, "b"));
    let head = one.audit_head().await.expect("reads");
    // Before them: the table of organisations, and the two that are in it.
    assert_eq!(head.tree.size(), 160 + 3);
    assert_eq!(faults(&url, &Wanted::default()).await, Vec::<String>::new());
    one.close().await;
    two.close().await;
}

pub(crate) async fn proofs_of_a_growing_log_are_right(url: String) {
    let store = open(&url).await;
    let folder = tempfile::tempdir().expect("folder");
    let audit = Audit::open(store.clone(), folder.path()).await.expect("opens");
    let mut earlier = Vec::new();
    for n in 0..20 {
        let note = AuditNote::of("count", &n.to_string());
        audit.note(note).await.expect("noted");
        let signed = audit.checkpoint().await.expect("signed");
        earlier.push((signed.checkpoint.size, signed.checkpoint.root));
    }
    let mut tree = Tree::default();
    for entry in 1..=earlier.last().expect("some").0 {
        let proof = audit.proof(entry).await.expect("in it");
        let (size, root) = (proof.signed.checkpoint.size, proof.signed.checkpoint.root);
        let leaf = proof.entry.leaf_hash();
        assert!(verify_inclusion(leaf, entry - 1, size, &proof.hashes, &root), "{entry}");
        tree.append(leaf);
    }
    for (size, root) in earlier {
        let (hashes, signed) = audit.consistency(size).await.expect("shorter");
        let now = signed.checkpoint;
        assert_eq!(now.root, tree.root());
        assert!(verify_consistency(size, now.size, &hashes, &root, &now.root), "{size}");
    }
    assert!(matches!(audit.proof(25).await, Err(Error::NotFound { .. })));
    assert!(matches!(audit.consistency(25).await, Err(Error::Invalid(_))));

    // The key is nobody else's to read, is used again, and the log names it once.
    let key = folder.path().join("audit.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&key).expect("made").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = Audit::open(store.clone(), folder.path()).await.expect("opens");
    let public = again.checkpoint().await.expect("signed").public_key;
    assert_eq!(public, audit.checkpoint().await.expect("signed").public_key);
    assert_eq!(store.audit_head().await.expect("reads").tree.size(), 24);
    std::fs::write(&key, "hello").expect("written");
    let damaged = Audit::open(store.clone(), folder.path()).await;
    assert!(matches!(damaged, Err(Error::Invalid(_))), "{damaged:?}");
    assert_eq!(hex(&[0xab, 1]), "ab01");
    store.close().await;
}

pub(crate) async fn the_log_is_listed_by_who_what_and_when(url: String) {
    let store = open(&url).await;
    for (actor, subject) in [
        ("li", "users/a"),
        ("li", "users/ab"),
        ("wu", "users"),
        ("wu", "usersx/a"),
    ] {
        let note = AuditNote {
            actor: actor.to_owned(),
            ..AuditNote::of("change", subject)
        };
        store.note(vec![note]).await.expect("noted");
    }
    let count = async |query: AuditQuery| store.audit(&query).await.expect("reads").items.len();
    let subject = |text: &str| AuditQuery {
        subject: Some(text.to_owned()),
        ..AuditQuery::default()
    };
    assert_eq!(count(subject("users")).await, 3);
    assert_eq!(count(subject("users/a")).await, 1);
    let of_li = AuditQuery {
        actor: Some("li".to_owned()),
        ..subject("users")
    };
    assert_eq!(count(of_li).await, 2);
    let before = AuditQuery {
        to: Some(at(0.0)),
        ..AuditQuery::default()
    };
    assert_eq!(count(before).await, 0);
    store.close().await;
}
