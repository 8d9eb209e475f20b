//! Accounts, logins and repeated requests.

use pinpu::{
    Error,
    store::{Idempotency, SessionKind, SessionRecord, StoredAnswer, TokenScope, UserChange, UserRecord},
};

use crate::support::{at, open};

fn user(name: &str) -> UserRecord {
    UserRecord {
        name: name.to_owned(),
        password_hash: "$argon2id$…".to_owned(),
        role: "viewer".to_owned(),
        organisation: "civil".to_owned(),
        language: "zh-CN".to_owned(),
        disabled: false,
        created_at: at(0.0),
        password_changed_at: at(0.0),
        version: 0,
    }
}

fn session(hash: u8, user: &str) -> SessionRecord {
    SessionRecord {
        token_hash: [hash; 32],
        kind: SessionKind::Cookie,
        token_id: String::new(),
        scope: TokenScope::Full,
        user: user.to_owned(),
        label: String::new(),
        created_at: at(0.0),
        expires_at: at(100.0),
        last_seen: at(0.0),
        address: "127.0.0.1".to_owned(),
        user_agent: "test".to_owned(),
    }
}

pub(crate) async fn accounts_live_and_change(url: String) {
    let store = open(&url).await;
    store.create_user(user("wang")).await.expect("stored");
    let taken = store.create_user(user("wang")).await.expect_err("taken");
    assert!(matches!(taken, Error::Invalid(_)), "{taken}");

    store.create_session(session(1, "wang")).await.expect("stored");
    let nobody = store.create_session(session(2, "li")).await.expect_err("no such user");
    assert!(matches!(nobody, Error::NotFound { .. }), "{nobody}");
    let (found, of) = store
        .session(&[1; 32], at(99.0))
        .await
        .expect("reads")
        .expect("in force");
    assert_eq!((found.user.as_str(), of.role.as_str()), ("wang", "viewer"));
    assert!(
        store.session(&[1; 32], at(100.0)).await.expect("reads").is_none(),
        "expired"
    );
    store
        .touch_session(&[1; 32], at(50.0), at(150.0))
        .await
        .expect("stored");
    assert!(
        store.session(&[1; 32], at(149.0)).await.expect("reads").is_some(),
        "extended"
    );

    let disable = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    let stale = store
        .update_user("wang", disable.clone(), Some(7), at(1.0))
        .await
        .expect_err("stale");
    assert!(matches!(stale, Error::Stale), "{stale}");
    let disabled = store
        .update_user("wang", disable, Some(1), at(1.0))
        .await
        .expect("stored");
    assert!(disabled.disabled && disabled.version == 2);
    assert!(
        store.session(&[1; 32], at(2.0)).await.expect("reads").is_none(),
        "cut off"
    );
    assert!(
        store.create_session(session(3, "wang")).await.is_err(),
        "disabled users do not log in"
    );

    let enable = UserChange {
        disabled: Some(false),
        role: Some("field".to_owned()),
        ..UserChange::default()
    };
    assert_eq!(
        store
            .update_user("wang", enable, None, at(2.0))
            .await
            .expect("stored")
            .role,
        "field"
    );
    store.create_session(session(4, "wang")).await.expect("stored");
    assert_eq!(store.sessions_of("wang").await.expect("reads").len(), 1);
    store.delete_user("wang").await.expect("deleted");
    assert!(store.session(&[4; 32], at(3.0)).await.expect("reads").is_none());
    assert!(matches!(store.delete_user("wang").await, Err(Error::NotFound { .. })));
    store.close().await;
}

pub(crate) async fn a_repeated_request_gets_the_same_answer(url: String) {
    let store = open(&url).await;
    let begin = |actor: &'static str, body: u8, seconds: f64| {
        let store = store.clone();
        async move {
            store
                .begin_idempotent(actor, "key", &[body; 32], at(seconds))
                .await
                .expect("stored")
        }
    };
    assert_eq!(begin("wang", 1, 0.0).await, Idempotency::Fresh);
    assert_eq!(begin("wang", 1, 1.0).await, Idempotency::InProgress);
    assert_eq!(
        begin("li", 2, 1.0).await,
        Idempotency::Fresh,
        "keys belong to their senders"
    );
    let answer = StoredAnswer {
        status: 201,
        etag: Some("\"3\"".to_owned()),
        body: b"{}".to_vec(),
    };
    store
        .finish_idempotent("wang", "key", answer.clone())
        .await
        .expect("stored");
    assert_eq!(begin("wang", 1, 2.0).await, Idempotency::Replay(answer));
    assert_eq!(begin("wang", 9, 2.0).await, Idempotency::Mismatch);
    store
        .forget_idempotent("wang", "key")
        .await
        .expect("harmless: finished answers are kept");
    assert_eq!(begin("wang", 9, 3.0).await, Idempotency::Mismatch);
    store.forget_idempotent("li", "key").await.expect("stored");
    assert_eq!(begin("li", 3, 3.0).await, Idempotency::Fresh, "given back");
    assert_eq!(begin("li", 3, 64.0).await, Idempotency::Fresh, "left behind by a crash");
    store.close().await;
}
