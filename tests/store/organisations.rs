//! Organisations in the database: what was there before them belongs to one, and devices to their operators.

use pinpu::{
    coordination::{Seat, Side},
    store::{RequestQuery, Store},
};
use sqlx::{AssertSqlSafe, Connection};

use crate::{
    audit::user,
    support::{at, open},
};

/// Takes the database back to what it was before there were organisations.
const BEFORE: [&str; 9] = [
    "drop index users_organisation",
    "drop index requests_organisation",
    "alter table users drop column organisation",
    "alter table requests drop column organisation",
    "alter table requests drop column to_side",
    "alter table requests drop column to_organisation",
    "drop table devices",
    "drop table organisations",
    "delete from _sqlx_migrations where version = 13",
];

async fn raw(url: &str, statements: &[&str]) {
    if url.starts_with("sqlite:") {
        let mut raw = sqlx::SqliteConnection::connect(url).await.expect("connects");
        for sql in statements {
            sqlx::query(AssertSqlSafe((*sql).to_owned()))
                .execute(&mut raw)
                .await
                .expect(sql);
        }
        raw.close().await.expect("closes");
    } else {
        let mut raw = sqlx::PgConnection::connect(url).await.expect("connects");
        for sql in statements {
            sqlx::query(AssertSqlSafe((*sql).to_owned()))
                .execute(&mut raw)
                .await
                .expect(sql);
        }
        raw.close().await.expect("closes");
    }
}

async fn organisation_of(store: &Store, name: &str) -> String {
    store.user(name).await.expect("reads").expect("an account").organisation
}

pub(crate) async fn accounts_and_requests_from_before_belong_to_their_side(url: String) {
    let store = open(&url).await;
    for name in ["li", "zhang"] {
        store.create_user(user(name)).await.expect("stored");
    }
    store.close().await;
    raw(&url, &BEFORE).await;
    let request = |id: &str, side: &str| {
        let record = format!(
            r#"{{"id": "{id}", "number": "X-{id}", "side": "{side}", "state": "submitted", "proposal": {{"title": "保障",
            "kind": "event", "priority": "routine", "from_office": "甲", "to_office": "乙", "user": "丙", "purpose": "调度",
            "asked": {{"bands": [{{"low_hz": 160000000, "high_hz": 160012500}}]}}, "designator": "11K0F3E", "service": null,
            "power": {{"dbw": 10.0, "kind": "erp"}}, "antenna_height_m": null,
            "place": {{"circle": {{"latitude": 30.0, "longitude": 114.0, "radius_km": 5.0}}}},
            "time": {{"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}}}}, "created_by": "li",
            "created_at": "2026-01-01T00:00:00Z", "submitted_by": "li", "submitted_at": "2026-01-01T00:00:00Z",
            "since": "2026-01-01T00:00:00Z", "clock": "2026-01-01T00:00:00Z", "reminders": 0, "decision": null,
            "reason": null, "version": 2}}"#
        );
        format!(
            "insert into requests (id, side, created_us, state, low_hz, high_hz, submitted_us, changed_us, search, version, \
             record) values ('{id}', '{side}', 0, 'submitted', 1, 2, 0, 0, '', 2, '{record}')"
        )
    };
    let (civil, military) = (request("1", "civil"), request("2", "military"));
    let officer = "update users set role = 'military_officer' where name = 'li'";
    raw(&url, &[officer, &civil, &military]).await;

    let store = open(&url).await;
    assert_eq!(organisation_of(&store, "li").await, "military");
    assert_eq!(organisation_of(&store, "zhang").await, "civil");
    let known = store.organisations().await.expect("reads");
    assert_eq!(
        known.iter().map(|known| known.id.as_str()).collect::<Vec<_>>(),
        ["civil", "military"]
    );
    for (side, own) in [(Side::Civil, "1"), (Side::Military, "2")] {
        let seat = |organisation: &str, office| Seat {
            organisation: organisation.to_owned(),
            side,
            office,
        };
        let name = if own == "1" { "civil" } else { "military" };
        let count = async |seat| {
            let page = store
                .requests(&RequestQuery::default(), Some(&seat))
                .await
                .expect("reads");
            page.items.iter().map(|request| request.id.clone()).collect::<Vec<_>>()
        };
        let both = count(seat(name, true)).await;
        assert_eq!(both.len(), 2, "its own and the one it was sent: {both:?}");
        assert_eq!(count(seat(name, false)).await, [own], "its own alone");
        assert!(count(seat("elsewhere", false)).await.is_empty());
    }
    store.close().await;
}

pub(crate) async fn a_device_is_its_first_operators(url: String) {
    let store = open(&url).await;
    let register = async |organisation: &str, key: &str| {
        let said = "{}".to_owned();
        store.register_device(organisation, key, said, 1, at(0.0)).await
    };
    assert!(register("civil", "a").await.expect("stored"));
    assert!(register("civil", "a").await.expect("once more"));
    assert!(!register("military", "a").await.expect("another's"));
    assert!(register("civil", "b").await.is_err(), "one is all it may have");
    let keys = ["a".to_owned(), "b".to_owned()];
    assert_eq!(store.registered_devices("civil", &keys).await.expect("reads"), ["a"]);
    assert!(
        store
            .registered_devices("military", &keys)
            .await
            .expect("reads")
            .is_empty()
    );
    store
        .note_device_use("civil", "a", "{}".to_owned(), at(1.0))
        .await
        .expect("stored");
    store.close().await;
}
