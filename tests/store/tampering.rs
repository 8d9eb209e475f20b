//! A real database file changed behind the log's back, a thousand times: each is found.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use pinpu::{
    audit::{PublicKey, SecretKey, Tree},
    conflict::VerdictKind,
    detect::DetectEvent,
    service::{
        audit::{Audit, Check, LogReader, Report, Wanted, verify},
        ledger::Ledger,
        registry::RegistryService,
    },
    store::{AuditNote, AuditQuery, ConflictChange, ConflictQuery, Store, UserChange},
};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use rusqlite::{Connection, params};

use crate::{
    audit::user,
    history::held,
    support::{Service, always, at, block_on_result, emission},
};

const TRIALS: u64 = 1000;

/// What is tampered with, and the keepers of it.
struct World {
    folder: tempfile::TempDir,
    key: PublicKey,
    exported: String,
    exported_size: u64,
}

impl World {
    fn file(&self) -> PathBuf {
        self.folder.path().join("pinpu.db")
    }
}

async fn fill(store: &Store, audit: &Audit) {
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    for n in 0..12 {
        store.create_user(user(&format!("user{n}"))).await.expect("stored");
        let record = held(&format!("A-{n}"), 98_000_000 + n * 25_000, "Station");
        registry.save(record, None, "li").await.expect("saves");
        store.put_setting(&format!("setting.{n}"), &n).await.expect("stored");
        let note = AuditNote {
            version_before: Some(n.to_string()),
            version_after: Some((n + 1).to_string()),
            sha256: Some("5f".repeat(32)),
            reason: Some("规则有误".to_owned()),
            ..AuditNote::of("rules", "rules.toml")
        };
        audit.note(note).await.expect("noted");
    }
    let rows: Vec<_> = (0..30)
        .map(|n| held(&format!("B-{n}"), 88_000_000 + n * 100_000, "Net"))
        .collect();
    registry
        .import_assignments(rows, "net.csv", "li")
        .await
        .expect("imports");
    registry.note_versions().await.expect("notes");
    let change = UserChange {
        role: Some("auditor".to_owned()),
        ..UserChange::default()
    };
    store.update_user("user3", change, None, at(9.0)).await.expect("stored");
    store.delete_user("user4").await.expect("removed");
    let ledger = Ledger::new(store.clone());
    for conflict in store.conflicts(&ConflictQuery::default()).await.expect("reads").items {
        let (id, version) = (&conflict.id, conflict.version);
        let change = ConflictChange::Acknowledge;
        let step = ledger.change(id, change, "li", "看到了", version, at(10.0));
        step.await.expect("taken on");
    }
}

async fn world() -> World {
    let folder = tempfile::tempdir().expect("folder");
    let url = format!("sqlite://{}/pinpu.db", folder.path().display());
    let service = Service::start(&url, always(VerdictKind::Unlicensed)).await;
    for (id, center) in [(1, 97_100_000), (2, 97_900_000), (3, 98_700_000)] {
        service.send(DetectEvent::Opened(emission(id, 1.0, 2.0, center, 150_000)));
    }
    service.published(6).await;
    let audit = Audit::open(service.store.clone(), folder.path()).await.expect("opens");
    fill(&service.store, &audit).await;
    audit.keep_checkpoint().await.expect("kept");
    let signed = audit.checkpoint().await.expect("signed");
    // Life goes on after the export.
    service.store.create_user(user("later")).await.expect("stored");
    audit.keep_checkpoint().await.expect("kept");
    let entries = service.store.audit(&AuditQuery::default()).await.expect("reads").items;
    assert!(entries.len() > 60, "{}", entries.len());
    service.stop().await;
    World {
        folder,
        key: PublicKey::parse(&signed.public_key).expect("a key"),
        exported: signed.note,
        exported_size: signed.checkpoint.size,
    }
}

fn check(file: &Path, key: &PublicKey, exported: &str) -> Result<Report, pinpu::Error> {
    let wanted = Wanted {
        key: Some(key.clone()),
        trusted: None,
        checkpoints: vec![("exported".to_owned(), exported.to_owned())],
    };
    block_on_result(async {
        let mut reader = LogReader::open(&format!("sqlite://{}", file.display())).await?;
        let report = verify(&mut reader, &wanted, &|_| {}).await;
        reader.close().await?;
        report
    })
}

/// Brings numbers, hashes and head in line with the contents, as somebody without the key can.
fn rechain(db: &Connection) {
    let numbers: Vec<i64> = db
        .prepare("select entry from audit_log order by entry")
        .expect("sql")
        .query_map([], |row| row.get(0))
        .expect("reads")
        .map(|number| number.expect("a number"))
        .collect();
    let mut tree = Tree::default();
    for (index, number) in (1i64..).zip(numbers) {
        db.execute("update audit_log set entry = ? where entry = ?", params![index, number])
            .expect("renumbered");
        let entry = db
            .query_row("select * from audit_log where entry = ?", [index], |row| {
                Ok(pinpu::audit::Entry {
                    entry: index as u64,
                    time: jiff::Timestamp::from_microsecond(row.get("time_us")?).expect("a time"),
                    actor: row.get("actor")?,
                    action: row.get("action")?,
                    subject: row.get("subject")?,
                    accepted: row.get::<_, i64>("accepted")? != 0,
                    version_before: row.get("version_before")?,
                    version_after: row.get("version_after")?,
                    sha256: row.get("sha256")?,
                    state: row.get("state")?,
                    reason: row.get("reason")?,
                })
            })
            .expect("an entry");
        let hashes = tree.append(entry.leaf_hash()).concat();
        db.execute(
            "update audit_log set hashes = ? where entry = ?",
            params![hashes, index],
        )
        .expect("hashed");
    }
    db.execute(
        "update audit_head set size = ?, root = ?, peaks = ?",
        params![tree.size() as i64, tree.root().to_vec(), tree.peaks().concat()],
    )
    .expect("a head");
}

fn flip(db: &Connection, rng: &mut StdRng, table: &str, column: &str, row: i64) {
    let sql = format!("select {column} from {table} where rowid = ?");
    let old: rusqlite::types::Value = db.query_row(&sql, [row], |row| row.get(0)).expect("a value");
    use rusqlite::types::Value::{Blob, Integer, Null, Real, Text};
    let new = match old {
        Null => Text(String::new()),
        Integer(number) if column == "accepted" => Integer(1 - number),
        Integer(number) => Integer(number ^ (1 << rng.random_range(0..40))),
        Real(number) => Real(number + 1.0),
        Text(mut text) => {
            let last = text.pop();
            text.push(if last == Some('x') { 'y' } else { 'x' });
            Text(text)
        }
        Blob(mut bytes) => {
            let at = rng.random_range(0..bytes.len());
            bytes[at] ^= 1 << rng.random_range(0..8);
            Blob(bytes)
        }
    };
    let sql = format!("update {table} set {column} = ? where rowid = ?");
    assert_eq!(db.execute(&sql, params![new, row]).expect("changed"), 1);
}

fn any_row(db: &Connection, rng: &mut StdRng, table: &str) -> i64 {
    let count: i64 = db
        .query_row(&format!("select count(*) from {table}"), [], |row| row.get(0))
        .expect("a count");
    let nth = rng.random_range(0..count);
    db.query_row(
        &format!("select rowid from {table} order by rowid limit 1 offset ?"),
        [nth],
        |row| row.get(0),
    )
    .expect("a row")
}

/// Columns whose change must be found, by table.
const VOUCHED: [(&str, &[&str]); 11] = [
    (
        "users",
        &[
            "password_hash",
            "role",
            "disabled",
            "language",
            "version",
            "organisation",
        ],
    ),
    (
        "organisations",
        &["code", "kind", "parent", "active", "version", "record"],
    ),
    (
        "conflicts",
        &[
            "status",
            "kind",
            "receiver",
            "acknowledged_by",
            "resolved_us",
            "assigned_user",
            "merged_into",
        ],
    ),
    (
        "conflict_history",
        &["time_us", "actor", "action", "comment_zh", "comment_en"],
    ),
    ("settings", &["value"]),
    ("registry_versions", &["version", "since_us"]),
    ("imports", &["source", "actor", "time_us", "added"]),
    ("assignments", &["record", "id"]),
    ("audit_head", &["origin", "size", "root", "peaks"]),
    ("audit_sums", &["members", "sum"]),
    ("audit_checkpoints", &["note"]),
];
const OF_ENTRY: [&str; 11] = [
    "time_us",
    "actor",
    "action",
    "subject",
    "accepted",
    "version_before",
    "version_after",
    "sha256",
    "state",
    "reason",
    "hashes",
];
const CONTENTS: &str = "time_us, actor, action, subject, accepted, version_before, version_after, sha256, state, \
                        reason, hashes";

/// Does one bad thing; answers what.
fn tamper(db: &Connection, rng: &mut StdRng, world: &World) -> &'static str {
    let entries: i64 = db
        .query_row("select count(*) from audit_log", [], |row| row.get(0))
        .expect("a count");
    let entry = rng.random_range(1..=entries);
    let early = rng.random_range(1..=world.exported_size as i64);
    let run = |sql: &str| {
        db.execute(sql, []).expect(sql);
    };
    match rng.random_range(0..11) {
        0 | 1 => {
            let column = OF_ENTRY[rng.random_range(0..OF_ENTRY.len())];
            flip(db, rng, "audit_log", column, entry);
            "a field of an entry changed"
        }
        2 => {
            run(&format!("delete from audit_log where entry = {entry}"));
            "an entry deleted"
        }
        3 => {
            run(&format!(
                "insert into audit_log (entry, {CONTENTS}) select {entries} + 1, {CONTENTS} from audit_log where entry = {entry}"
            ));
            "an entry inserted at the end"
        }
        4 => {
            // Room is made from the end, then a forged one is put in and everything is chained again.
            run(&format!(
                "update audit_log set entry = -entry - 1 where entry >= {early}"
            ));
            run("update audit_log set entry = -entry where entry < 0");
            run(&format!(
                "insert into audit_log (entry, {CONTENTS}) select {early}, {CONTENTS} from audit_log where entry = {}",
                if early == 1 { 2 } else { early - 1 }
            ));
            rechain(db);
            run("delete from audit_checkpoints");
            "an entry inserted and the log chained again"
        }
        5 => {
            let other = if entry == entries { entry - 1 } else { entry + 1 };
            run(&format!("update audit_log set entry = 0 where entry = {entry}"));
            run(&format!("update audit_log set entry = {entry} where entry = {other}"));
            run(&format!("update audit_log set entry = {other} where entry = 0"));
            "two entries swapped"
        }
        6 => {
            run(&format!("delete from audit_log where entry >= {early}"));
            rechain(db);
            run("delete from audit_checkpoints");
            "the tail cut off below the checkpoint"
        }
        7 => {
            let column = OF_ENTRY[rng.random_range(0..OF_ENTRY.len() - 1)];
            flip(db, rng, "audit_log", column, early);
            rechain(db);
            run("delete from audit_checkpoints");
            "an entry changed and the log chained again"
        }
        8 => {
            let tables = [
                "users",
                "conflicts",
                "settings",
                "registry_versions",
                "imports",
                "assignments",
            ];
            let table = tables[rng.random_range(0..tables.len())];
            run("pragma foreign_keys = off");
            let row = any_row(db, rng, table);
            run(&format!("delete from {table} where rowid = {row}"));
            "a protected row deleted"
        }
        _ => {
            let (table, columns) = VOUCHED[rng.random_range(0..VOUCHED.len())];
            let column = columns[rng.random_range(0..columns.len())];
            let row = any_row(db, rng, table);
            run("pragma foreign_keys = off");
            flip(db, rng, table, column, row);
            match table {
                "audit_head" => "size, root, subtrees or name in the head changed",
                "audit_sums" => "the sum of the assignments changed",
                "audit_checkpoints" => "a kept checkpoint changed",
                _ => "a protected row changed",
            }
        }
    }
}

#[test]
fn a_thousand_tamperings_are_all_found() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let world = runtime.block_on(world());
    let clean = check(&world.file(), &world.key, &world.exported).expect("reads");
    assert!(clean.is_clean(), "{:?}", clean.faults);
    assert!(clean.vouched > world.exported_size, "{clean:?}");
    let before = std::fs::read(world.file()).expect("reads");
    let scratch = tempfile::tempdir().expect("folder");
    let mut found: BTreeMap<(&str, String), u64> = BTreeMap::new();
    let mut missed = Vec::new();
    for seed in 0..TRIALS {
        let mut rng = StdRng::seed_from_u64(seed);
        let file = scratch.path().join(format!("{seed}.db"));
        std::fs::write(&file, &before).expect("copied");
        // One in a hundred only exchanges the key.
        let exchanged = rng.random_range(0..100) == 0;
        let (what, key) = if exchanged {
            let mut bytes = [0; 32];
            rng.fill_bytes(&mut bytes);
            let name = clean.origin.as_str();
            ("the key exchanged", SecretKey::from_seed(name, &bytes).public())
        } else {
            let db = Connection::open(&file).expect("opens");
            db.execute_batch("drop trigger audit_log_no_update; drop trigger audit_log_no_delete;")
                .expect("no fence");
            (tamper(&db, &mut rng, &world), world.key.clone())
        };
        let by = match check(&file, &key, &world.exported) {
            Ok(report) if report.is_clean() => {
                missed.push((seed, what));
                continue;
            }
            Ok(report) => format!(
                "{:?}",
                report.faults.iter().map(|f| f.check).min().unwrap_or(Check::Head)
            ),
            Err(_) => "Unreadable".to_owned(),
        };
        *found.entry((what, by)).or_default() += 1;
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(scratch.path().join(format!("{seed}.db{suffix}")));
        }
    }
    for ((what, by), count) in &found {
        println!("{count:5} {what}: {by}");
    }
    assert!(missed.is_empty(), "{} missed: {missed:?}", missed.len());
    assert_eq!(found.values().sum::<u64>(), TRIALS);
    let after = check(&world.file(), &world.key, &world.exported).expect("reads");
    assert!(after.is_clean(), "{:?}", after.faults);
}

/// The log is what its database was before there was one, in the order it was noted, and everything it vouches for.
#[test]
fn an_older_database_is_brought_over() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let world = runtime.block_on(world());
    {
        let db = Connection::open(world.file()).expect("opens");
        db.execute_batch(
            "drop table audit_log; drop table audit_head; drop table audit_sums; drop table audit_checkpoints;
             delete from _sqlx_migrations where version = 8;
             create table audit (entry bigint primary key, time_us bigint not null, actor text not null,
                action text not null, subject text not null, accepted bigint not null, version_before text,
                version_after text, sha256 text, reason text);
             insert into audit values (1, 1, 'system', 'rules', 'a.toml', 1, null, '1', null, null),
                (2, 2, 'system', 'rules', 'b.toml', 0, '1', '1', null, 'wrong');",
        )
        .expect("as it was");
    }
    let url = format!("sqlite://{}", world.file().display());
    runtime.block_on(async {
        let store = Store::open(&pinpu::store::DatabaseConfig::new(&url))
            .await
            .expect("opens");
        let query = AuditQuery {
            action: Some("rules".to_owned()),
            ..AuditQuery::default()
        };
        let rules = store.audit(&query).await.expect("reads").items;
        let told: Vec<_> = rules
            .iter()
            .map(|e| (e.entry, e.subject.as_str(), e.accepted))
            .collect();
        assert_eq!(told, [(2, "b.toml", false), (1, "a.toml", true)]);
        let users = AuditQuery {
            subject: Some("users".to_owned()),
            ..AuditQuery::default()
        };
        assert_eq!(store.audit(&users).await.expect("reads").items.len(), 12);
        store.close().await;
        let mut reader = LogReader::open(&url).await.expect("opens");
        let report = verify(&mut reader, &Wanted::default(), &|_| {}).await.expect("reads");
        assert!(report.is_clean(), "{:?}", report.faults);
        reader.close().await.expect("closes");
    });
    // The fence stands.
    let db = Connection::open(world.file()).expect("opens");
    for sql in ["update audit_log set actor = 'x'", "delete from audit_log"] {
        let refused = db.execute(sql, []).expect_err(sql).to_string();
        assert!(refused.contains("only ever added to"), "{refused}");
    }
}
