//! What the registry said at a time.

use std::time::Duration;

use jiff::Timestamp;
use pinpu::{
    Error,
    registry::{Assignment, Details, disclosure::Audience, table},
    service::{audit::Audit, history::History, registry::RegistryService},
    store::{AssignmentQuery, AuditNote, AuditQuery, Store},
};

use crate::{registry::assignment, support::open};

/// A moment after everything so far and before everything after.
async fn moment() -> Timestamp {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let now = Timestamp::now();
    tokio::time::sleep(Duration::from_millis(5)).await;
    now
}

async fn opened(url: &str) -> (Store, RegistryService, History) {
    let store = open(url).await;
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let history = History::new(store.clone());
    (store, registry, history)
}

/// Keys and holders at a time, in pages of one.
async fn at(registry: &RegistryService, history: &History, time: Timestamp, audience: Audience) -> Vec<String> {
    let view = registry.view(audience).expect("ready");
    let mut query = AssignmentQuery {
        limit: Some(1),
        ..AssignmentQuery::default()
    };
    let mut found = Vec::new();
    loop {
        let page = history.assignments(time, &query, &view).await.expect("reads");
        found.extend(page.items.iter().map(|row| {
            let Assignment { id, holder, .. } = &row.assignment;
            format!("{id} {holder} {} {}", row.version, row.updated_by)
        }));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return found;
        }
    }
}

pub(crate) fn held(id: &str, center_hz: i64, holder: &str) -> Assignment {
    Assignment {
        holder: holder.to_owned(),
        ..assignment(id, center_hz)
    }
}

pub(crate) async fn every_version_can_be_read_as_of_its_time(url: String) {
    let (store, registry, history) = opened(&url).await;
    let cleared = registry.view(Audience::Cleared).expect("ready");
    let before = moment().await;
    let first = vec![held("A-1", 97_200_000, "Wang"), held("A-2", 97_700_000, "Li")];
    registry
        .import_assignments(first, "one.csv", "wang")
        .await
        .expect("imports");
    let one = moment().await;
    // A-2 moves below A-1 and changes hands, A-3 is new, A-1 says the same from another line.
    let mut same = held("A-1", 97_200_000, "Wang");
    same.source = "two.csv:9".to_owned();
    let second = vec![same, held("A-2", 97_100_000, "Zhao"), held("A-3", 98_300_000, "Sun")];
    registry
        .import_assignments(second, "two.csv", "li")
        .await
        .expect("imports");
    let two = moment().await;
    let changed = held("A-2", 97_100_000, "Zhou");
    registry.save(changed, Some(2), "zhou").await.expect("saves");
    let three = moment().await;
    for (time, expected) in [
        (before, &[][..]),
        (one, &["A-1 Wang 1 wang", "A-2 Li 1 wang"][..]),
        (two, &["A-2 Zhao 2 li", "A-1 Wang 1 wang", "A-3 Sun 1 li"][..]),
        (three, &["A-2 Zhou 3 zhou", "A-1 Wang 1 wang", "A-3 Sun 1 li"][..]),
    ] {
        assert_eq!(at(&registry, &history, time, Audience::Cleared).await, expected);
        let all = history.all_assignments(time).await.expect("reads");
        assert_eq!(all.len(), expected.len());
    }
    let query = AssignmentQuery {
        text: Some("zhao".to_owned()),
        ..AssignmentQuery::default()
    };
    let found = async |time| {
        history
            .assignments(time, &query, &cleared)
            .await
            .expect("reads")
            .items
            .len()
    };
    assert_eq!((found(one).await, found(two).await, found(three).await), (0, 1, 0));

    let changes = history.changes("A-2", &cleared).await.expect("reads");
    let told: Vec<(u64, &str, Vec<&str>)> = changes
        .iter()
        .map(|change| {
            let fields = change.differences.iter().map(|difference| &*difference.field);
            (change.version.version, &*change.version.updated_by, fields.collect())
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, "wang", vec![]),
            (2, "li", vec!["center_hz", "holder"]),
            (3, "zhou", vec!["holder"])
        ]
    );
    assert_eq!(changes[2].differences[0].old, "Zhao");
    for pair in changes.windows(2) {
        assert_eq!(pair[0].version.valid_until, Some(pair[1].version.valid_from), "no gap");
    }
    assert_eq!(changes[2].version.valid_until, None);
    assert_eq!(history.changes("A-1", &cleared).await.expect("reads").len(), 1);
    let absent = history.changes("A-9", &cleared).await;
    assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");

    // Tables.
    let mut table = table::builtin_cn().expect("parses");
    registry
        .import_table(table.clone(), "cn.toml", "wang")
        .await
        .expect("imports");
    let four = moment().await;
    let rows = table.rows.len();
    table.rows.truncate(3);
    registry.import_table(table, "cn.csv", "li").await.expect("imports");
    let tables = async |time| history.allocation_tables(time).await.expect("reads");
    assert_eq!(tables(three).await, []);
    assert_eq!(tables(four).await[0].rows.len(), rows);
    assert_eq!(tables(moment().await).await[0].rows.len(), 3);
    store.close().await;
}

pub(crate) async fn a_removed_record_keeps_its_history_and_goes_on_counting(url: String) {
    let (store, registry, history) = opened(&url).await;
    let mut secret = held("S-1", 97_900_000, "Regiment");
    secret.details = Some(Box::new(Details {
        classification: Some("S".to_owned()),
        ..Details::default()
    }));
    let was_open = held("S-2", 98_100_000, "Wang");
    let opened_later = Assignment {
        details: secret.details.clone(),
        ..held("S-3", 98_300_000, "Zhao")
    };
    let all = vec![
        held("A-1", 97_200_000, "Wang"),
        secret.clone(),
        was_open.clone(),
        opened_later,
        held("S-4", 98_500_000, "Wang"),
    ];
    registry
        .import_assignments(all, "one.csv", "wang")
        .await
        .expect("imports");
    let one = moment().await;
    let closed_later = Assignment {
        details: secret.details.clone(),
        ..was_open
    };
    registry.save(closed_later, Some(1), "li").await.expect("saves");
    let opened = held("S-3", 98_300_000, "Zhao");
    registry.save(opened, Some(1), "li").await.expect("saves");
    let closed_and_removed = Assignment {
        details: secret.details.clone(),
        ..held("S-4", 98_500_000, "Wang")
    };
    registry.save(closed_and_removed, Some(1), "li").await.expect("saves");
    registry.remove("S-4", 2, "li").await.expect("removes");
    let stale = registry.remove("A-1", 7, "li").await;
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    registry.remove("A-1", 1, "li").await.expect("removes");
    registry.remove("S-1", 1, "li").await.expect("removes");
    let gone = registry.remove("A-1", 1, "li").await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    assert!(registry.current().assignment("A-1").is_none());
    let two = moment().await;
    let again = vec![held("A-1", 97_200_000, "Sun")];
    registry
        .import_assignments(again, "two.csv", "sun")
        .await
        .expect("imports");
    let three = moment().await;

    let seen = async |time, audience| at(&registry, &history, time, audience).await;
    assert_eq!(
        seen(one, Audience::Cleared).await,
        [
            "A-1 Wang 1 wang",
            "S-1 Regiment 1 wang",
            "S-2 Wang 1 wang",
            "S-3 Zhao 1 wang",
            "S-4 Wang 1 wang"
        ]
    );
    assert_eq!(
        seen(one, Audience::Open).await,
        ["A-1 Wang 1 wang"],
        "neither what was withheld then nor what is now"
    );
    assert_eq!(seen(two, Audience::Cleared).await, ["S-2 Wang 2 li", "S-3 Zhao 2 li"]);
    assert_eq!(seen(two, Audience::Open).await, ["S-3 Zhao 2 li"]);
    assert_eq!(seen(three, Audience::Open).await, ["A-1 Sun 2 sun", "S-3 Zhao 2 li"]);

    let open = registry.view(Audience::Open).expect("ready");
    let cleared = registry.view(Audience::Cleared).expect("ready");
    let changes = history.changes("A-1", &open).await.expect("reads");
    let removed: Vec<Option<&str>> = changes
        .iter()
        .map(|change| change.version.removed_by.as_deref())
        .collect();
    assert_eq!(removed, [Some("li"), None]);
    assert!(
        changes[0].version.valid_until < Some(changes[1].version.valid_from),
        "it was not there in between"
    );
    let now_open = history.changes("S-3", &open).await.expect("reads");
    assert_eq!((now_open.len(), &now_open[0].differences[..]), (1, &[][..]));
    for id in ["S-1", "S-2", "S-4"] {
        assert!(history.changes(id, &cleared).await.is_ok());
        let hidden = history.changes(id, &open).await;
        assert!(matches!(hidden, Err(Error::NotFound { .. })), "{id}: {hidden:?}");
    }
    store.close().await;
}

pub(crate) async fn a_fresh_import_writes_no_history(url: String) {
    let (store, registry, history) = opened(&url).await;
    let view = registry.view(Audience::Cleared).expect("ready");
    let records = |holder| {
        (0..100)
            .map(|n| held(&format!("A-{n}"), 90_000_000 + n, holder))
            .collect::<Vec<_>>()
    };
    registry
        .import_assignments(records("Wang"), "one.csv", "wang")
        .await
        .expect("imports");
    registry
        .import_assignments(records("Wang"), "one.csv", "li")
        .await
        .expect("imports");
    for n in [0, 50, 99] {
        let changes = history.changes(&format!("A-{n}"), &view).await.expect("reads");
        assert_eq!((changes.len(), changes[0].version.updated_by.as_str()), (1, "wang"));
    }
    // One that is stopped leaves no history either.
    let stopped = registry
        .store_assignments(records("Li"), "two.csv", "li", |written| written < 50)
        .await;
    assert!(stopped.is_err());
    assert_eq!(history.changes("A-0", &view).await.expect("reads").len(), 1);
    registry
        .import_assignments(records("Li"), "two.csv", "li")
        .await
        .expect("imports");
    assert_eq!(history.changes("A-99", &view).await.expect("reads").len(), 2);
    store.close().await;
}

pub(crate) async fn a_version_of_the_registry_has_its_time(url: String) {
    let (store, registry, history) = opened(&url).await;
    registry.note_versions().await.expect("notes");
    let cleared = registry.view(Audience::Cleared).expect("ready");
    let open = registry.view(Audience::Open).expect("ready");
    let empty = registry.current().version().to_owned();
    let began = moment().await;
    let record = held("A-1", 97_200_000, "Wang");
    registry.save(record.clone(), None, "wang").await.expect("saves");
    let one = registry.current().version().to_owned();
    // Again without a change: the same period.
    registry.refresh().await.expect("reads");
    registry.remove("A-1", 1, "wang").await.expect("removes");
    registry.save(record, None, "wang").await.expect("saves");
    assert_eq!(
        registry.current().version(),
        one,
        "the same content is the same version"
    );

    let periods = history.periods(&one, &cleared).await.expect("known");
    assert_eq!(periods.len(), 2, "{periods:?}");
    assert!(periods[0].since > began && periods[0].until <= Some(periods[1].since));
    assert_eq!(periods[1].until, None);
    let first = history.periods(&empty, &cleared).await.expect("known");
    assert_eq!((first.len(), first[0].until), (2, Some(periods[0].since)));
    // What changes a classified record changes nothing for others.
    let mut secret = held("S-1", 97_900_000, "Regiment");
    secret.details = Some(Box::new(Details {
        classification: Some("S".to_owned()),
        ..Details::default()
    }));
    registry.save(secret, None, "li").await.expect("saves");
    let full = registry.current().version().to_owned();
    assert!(full.starts_with(&format!("{one}.")), "{full}");
    assert_eq!(history.periods(&one, &open).await.expect("known"), periods);
    assert!(history.periods(&full, &open).await.is_err());
    assert_eq!(history.periods(&full, &cleared).await.expect("known").len(), 1);
    assert!(history.periods("no such", &cleared).await.is_err());
    store.close().await;
}

pub(crate) async fn an_audit_entry_stays_as_it_was_noted(url: String) {
    let store = open(&url).await;
    let audit = Audit::new(store.clone());
    for n in 0..5_u8 {
        audit
            .note(AuditNote {
                actor: "system".to_owned(),
                action: if n == 3 { "control_orders" } else { "rules" }.to_owned(),
                subject: "rules.toml".to_owned(),
                accepted: n % 2 == 0,
                version_after: Some(n.to_string()),
                reason: (n % 2 == 1).then(|| "规则有误".to_owned()),
                ..AuditNote::default()
            })
            .await
            .expect("notes");
    }
    let mut query = AuditQuery {
        limit: Some(2),
        ..AuditQuery::default()
    };
    let mut read = Vec::new();
    loop {
        let page = audit.list(&query).await.expect("reads");
        read.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    // Before them stand the entries with which the organisations joined the log.
    let told: Vec<_> = read
        .iter()
        .filter(|entry| entry.action != "baseline")
        .map(|entry| (entry.entry, entry.accepted, entry.reason.as_deref()))
        .collect();
    let wrong = Some("规则有误");
    assert_eq!(
        told,
        [
            (8, true, None),
            (7, false, wrong),
            (6, true, None),
            (5, false, wrong),
            (4, true, None)
        ]
    );
    let orders = AuditQuery {
        action: Some("control_orders".to_owned()),
        ..AuditQuery::default()
    };
    assert_eq!(audit.list(&orders).await.expect("reads").items.len(), 1);
    store.close().await;
}
