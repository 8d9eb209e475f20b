//! The writer against a database that fails.

use super::*;
use crate::store::Store;

async fn open(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite://{}/pinpu.db", folder.path().display());
    Store::open(&DatabaseConfig::new(url)).await.expect("opens")
}

#[tokio::test]
async fn the_writer_is_durable_by_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder).await;
    let (synchronous, journal, keys) = store
        .write(|tx| {
            Box::pin(async move {
                let one = |row: Option<crate::store::engine::Row>| row.expect("a row");
                let synchronous = one(tx.fetch_optional("pragma synchronous", Vec::new()).await?).int("synchronous")?;
                let journal = one(tx.fetch_optional("pragma journal_mode", Vec::new()).await?).text("journal_mode")?;
                let keys = one(tx.fetch_optional("pragma foreign_keys", Vec::new()).await?).int("foreign_keys")?;
                Ok((synchronous, journal, keys))
            })
        })
        .await
        .expect("reads");
    assert_eq!((synchronous, journal.as_str(), keys), (2, "wal", 1), "2 is FULL");
    let write = store
        .fetch_all("insert into settings values ('a', '1') returning name", Vec::new())
        .await;
    assert!(write.is_err(), "readers cannot write past the writer");
    store.close().await;
}

/// A full disk, as SQLite reports one: the database may not grow beyond the pages it has.
#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_heals_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder).await;
    let limit = "pragma max_page_count = 1";
    store
        .write(move |tx| Box::pin(async move { tx.fetch_all(limit, Vec::new()).await.map(drop) }))
        .await
        .expect("set");
    let big = "x".repeat(200_000);
    let mut refused = 0;
    for n in 0..3 {
        match store.put_setting(&format!("n{n}"), &big).await {
            Err(Error::Unavailable(text)) => {
                assert!(text.contains("send it again"), "{text}");
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            store
                .setting::<String>(&format!("n{n}"))
                .await
                .expect("reading goes on"),
            None
        );
    }
    assert_eq!(refused, 3);
    assert!(store.ready().await.is_err());
    // The limit belonged to the connection that was thrown away: there is room again.
    let deadline = Instant::now() + Duration::from_secs(20);
    while store.ready().await.is_err() {
        assert!(Instant::now() < deadline, "the writer does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    store.put_setting("n", &big).await.expect("stores again");
    assert_eq!(store.setting("n").await.expect("reads"), Some(big));
    assert!(store.writer_counts().failures >= 1);
    store.close().await;
}

#[test]
fn an_error_of_the_disk_stops_the_writer_for_good() {
    let failed = sqlx::Error::Io(std::io::Error::other("connection reset"));
    assert_eq!(crate::store::engine::classify(&failed), Failure::Connection);
    assert_eq!(
        crate::store::engine::classify(&sqlx::Error::RowNotFound),
        Failure::Statement
    );
    assert!(Failure::Disk > Failure::Connection && Failure::Connection > Failure::Statement);
}
