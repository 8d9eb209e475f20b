//! The schema: made once, kept, and never guessed at.

use pinpu::store::{DatabaseConfig, Store};
use sqlx::{Connection, Executor};

use crate::support::open;

pub(crate) async fn reopening_changes_nothing(url: String) {
    let store = open(&url).await;
    store.put_setting("kept", &"yes").await.expect("stores");
    store.close().await;
    for _ in 0..2 {
        let store = open(&url).await;
        assert_eq!(
            store.setting::<String>("kept").await.expect("reads"),
            Some("yes".to_owned())
        );
        store.ready().await.expect("ready");
        store.close().await;
        let refused = store.put_setting("late", &1).await.expect_err("closed");
        assert!(matches!(refused, pinpu::Error::Unavailable(_)), "{refused}");
    }
}

pub(crate) async fn a_newer_schema_is_refused(url: String) {
    open(&url).await.close().await;
    let sql = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
               select 4711, description, success, checksum, execution_time from _sqlx_migrations where version = 1";
    if url.starts_with("sqlite:") {
        let mut raw = sqlx::SqliteConnection::connect(&url).await.expect("connects");
        raw.execute(sql).await.expect("inserts");
        raw.close().await.expect("closes");
    } else {
        let mut raw = sqlx::PgConnection::connect(&url).await.expect("connects");
        raw.execute(sql).await.expect("inserts");
        raw.close().await.expect("closes");
    }
    let refused = Store::open(&DatabaseConfig::new(&url))
        .await
        .expect_err("a newer schema");
    let text = refused.to_string();
    assert!(matches!(refused, pinpu::Error::Invalid(_)), "{text}");
    assert!(text.contains("4711") && text.contains("newer pinpu"), "{text}");
}

#[test]
fn a_wrong_address_says_what_to_write() {
    for url in ["mysql://x/y", "pinpu.db", ""] {
        let error = crate::support::block_on_result(Store::open(&DatabaseConfig::new(url))).expect_err(url);
        assert!(error.to_string().contains("sqlite://"), "{error}");
    }
}

#[test]
fn a_password_is_not_repeated_in_messages() {
    let url = "postgres://pinpu:geheim@127.0.0.1:1/db?nonsense=1&sslmode=bogus";
    let error = crate::support::block_on_result(Store::open(&DatabaseConfig::new(url))).expect_err("no server");
    assert!(!error.to_string().contains("geheim"), "{error}");
}
