//! The registry in the database and the snapshot in memory.

use pinpu::{
    Error,
    registry::{Assignment, AssignmentStatus, disclosure::Audience, table},
    service::registry::RegistryService,
    store::AssignmentQuery,
    units::{Band, Hertz},
};

use crate::support::open;

pub(crate) fn assignment(id: &str, center_hz: i64) -> Assignment {
    Assignment {
        id: id.to_owned(),
        holder: "Dongshan_广播电台 100%".to_owned(),
        station: "Hill".to_owned(),
        call_sign: None,
        center_hz: Hertz(center_hz),
        necessary_bandwidth_hz: Hertz(200_000),
        designator: Some("256KF8E".to_owned()),
        service: None,
        block: false,
        tolerance_hz: Some(2000.0),
        place: None,
        eirp_dbm: None,
        valid_from: None,
        valid_to: None,
        status: AssignmentStatus::Granted,
        source: "stations.csv:2".to_owned(),
        details: None,
    }
}

pub(crate) async fn imports_are_all_or_nothing(url: String) {
    let store = open(&url).await;
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let before = registry.current();
    let first = vec![assignment("A-1", 97_200_000), assignment("A-2", 97_700_000)];
    assert_eq!(registry.preview(&first).added, ["A-1", "A-2"]);
    let done = registry
        .import_assignments(first.clone(), "stations.csv", "wang")
        .await
        .expect("imports");
    assert_eq!(
        (done.counts.added, done.counts.updated, done.counts.unchanged),
        (2, 0, 0)
    );
    assert!(before.assignments().is_empty(), "a snapshot never changes");
    assert_eq!(registry.current().assignments().len(), 2);
    // Again, moved to another line, one changed, one new.
    let mut again = first.clone();
    again[0].source = "stations.csv:99".to_owned();
    again[1].tolerance_hz = Some(500.0);
    again.push(assignment("A-3", 98_300_000));
    let done = registry
        .import_assignments(again, "stations.csv", "wang")
        .await
        .expect("imports");
    assert_eq!(
        (done.counts.added, done.counts.updated, done.counts.unchanged),
        (1, 1, 1)
    );
    // A key twice: nothing of it is taken.
    let twice = vec![assignment("B-1", 1), assignment("B-2", 2), assignment("B-1", 3)];
    let refused = registry
        .import_assignments(twice, "bad.csv", "wang")
        .await
        .expect_err("twice");
    assert!(refused.to_string().contains("B-1"), "{refused}");
    assert_eq!(registry.current().assignments().len(), 3);
    assert_eq!(registry.imports().await.expect("reads").len(), 2);

    let find = async |text: &str| {
        let query = AssignmentQuery {
            text: Some(text.to_owned()),
            ..AssignmentQuery::default()
        };
        registry
            .assignments(&query, Audience::Cleared)
            .await
            .expect("reads")
            .items
            .len()
    };
    assert_eq!(find("dongSHAN").await, 3, "whatever the case");
    assert_eq!(find("广播").await, 3);
    assert_eq!(find("100%").await, 3);
    assert_eq!(
        (find("%").await, find("n_广").await, find("a-2").await, find("!").await),
        (3, 3, 1, 0)
    );
    assert_eq!(find("d%n").await, 0, "a percent sign is a percent sign");
    let band = Band::new(Hertz(97_100_000), Hertz(97_600_000));
    let near = AssignmentQuery {
        band,
        ..AssignmentQuery::default()
    };
    assert_eq!(
        registry
            .assignments(&near, Audience::Cleared)
            .await
            .expect("reads")
            .items[0]
            .assignment
            .id,
        "A-1"
    );

    let stored = registry.assignment("A-2", Audience::Cleared).await.expect("there");
    assert_eq!((stored.version, stored.updated_by.as_str()), (2, "wang"));
    let mut changed = stored.assignment.clone();
    changed.holder = "Li".to_owned();
    assert!(
        matches!(registry.save(changed.clone(), None, "li").await, Err(Error::Invalid(_))),
        "exists"
    );
    assert!(matches!(
        registry.save(changed.clone(), Some(1), "li").await,
        Err(Error::Stale)
    ));
    assert_eq!(registry.save(changed, Some(2), "li").await.expect("saves").version, 3);
    let absent = registry.save(assignment("Z", 5), Some(1), "li").await;
    assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");
    assert_eq!(registry.current().assignment("A-2").expect("there").holder, "Li");
    // Another process finds the same registry.
    let version = registry.current().version().to_owned();
    store.close().await;
    let store = open(&url).await;
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    assert_eq!(registry.current().version(), version);
    store.close().await;
}

pub(crate) async fn a_removed_seed_does_not_return(url: String) {
    let store = open(&url).await;
    let registry = RegistryService::open(store.clone()).await.expect("opens");
    let table = table::builtin_cn().expect("parses");
    let rows = table.rows.len();
    assert!(rows > 50);
    assert!(registry.seed_table(table.clone()).await.expect("seeds"));
    assert!(!registry.seed_table(table).await.expect("reads"), "once");
    assert_eq!(registry.current().tables()[0].rows.len(), rows);
    let demo = vec![assignment("demo", 97_200_000)];
    assert!(registry.seed_assignments("demo", demo.clone()).await.expect("seeds"));
    let mut edited = registry
        .assignment("demo", Audience::Cleared)
        .await
        .expect("there")
        .assignment;
    edited.holder = "edited".to_owned();
    registry.save(edited, Some(1), "wang").await.expect("saves");
    assert!(
        !registry.seed_assignments("demo", demo).await.expect("reads"),
        "a seed never overwrites"
    );
    assert_eq!(registry.current().assignment("demo").expect("there").holder, "edited");
    store.close().await;
}
