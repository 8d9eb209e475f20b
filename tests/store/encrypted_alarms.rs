//! Alarm routes behind TLS, held to the office's own certificate authority.

use jiff::Timestamp;
use pinpu::{
    Error,
    config::{AlarmConfig, Config},
    service::alarms::{AlarmTimes, Alarms},
};

use crate::{
    listener::{Door, Hook, LOGIN, Post},
    support::open,
    tls::Authority,
};

fn config(text: &str) -> AlarmConfig {
    let environment = [("KEY".to_owned(), "correct horse battery".to_owned())];
    Config::parse(text, environment.into_iter()).expect(text).alarm
}

/// A mail server of the configuration, and routes to it and to web servers.
fn routes(authorities: &str, post: &Post, security: &str, hooks: &[(&str, &Hook)]) -> AlarmConfig {
    let mut text = format!(
        "[alarm]\nauthorities = \"{authorities}\"\n\
         [smtp]\nhost = \"localhost\"\nport = {}\nsecurity = \"{security}\"\nfrom = \"pinpu@example.cn\"\n\
         user = \"{}\"\npassword = \"{}\"\n\
         [[alarm.route]]\nid = \"mail\"\nemail = [\"duty@example.cn\"]\n",
        post.port(),
        LOGIN.0,
        LOGIN.1,
    );
    for (id, hook) in hooks {
        let url = hook.url();
        text += &format!("[[alarm.route]]\nid = \"{id}\"\nwebhook = \"{url}\"\nsecret_env = \"KEY\"\n");
    }
    config(&text)
}

pub(crate) async fn messages_arrive_encrypted_and_never_at_a_stranger(url: String) {
    let ours = Authority::new();
    // It goes by the same name as ours.
    let stranger = Authority::new();
    let file = ours.file().display().to_string();
    let store = open(&url).await;
    let start = async |config| Alarms::start(store.clone(), config, AlarmTimes::default()).await;
    let failed = async |alarms: &Alarms, id: &str| {
        let outcome = alarms.test(id, Timestamp::now()).await.expect("tried");
        outcome.error.unwrap_or_else(|| panic!("{id} must not be accepted"))
    };

    let good = Hook::behind(Some(ours.identity("localhost", false)), &[]);
    let foreign = Hook::behind(Some(stranger.identity("localhost", false)), &[]);
    let other_name = Hook::behind(Some(ours.identity("elsewhere.example.cn", false)), &[]);
    let expired = Hook::behind(Some(ours.identity("localhost", true)), &[]);
    let post = Post::behind(Door::StartTls(ours.identity("localhost", false)), 0);
    let hooks = [
        ("good", &good),
        ("foreign", &foreign),
        ("other-name", &other_name),
        ("expired", &expired),
    ];
    let alarms = start(routes(&file, &post, "starttls", &hooks)).await.expect("starts");
    for id in ["good", "mail"] {
        let sent = alarms.test(id, Timestamp::now()).await.expect("tried");
        assert_eq!(sent.error, None, "{id}");
    }
    assert!(tokio::task::block_in_place(|| good.wait_for(1))[0].is_signed_with("correct horse battery"));
    assert_eq!(
        tokio::task::block_in_place(|| post.wait_for(1))[0].to,
        ["duty@example.cn"]
    );
    for (id, said) in [
        ("foreign", "BadSignature"),
        ("other-name", "not valid for"),
        ("expired", "expired"),
    ] {
        let reason = failed(&alarms, id).await;
        assert!(reason.contains(said), "{id}: {reason}");
    }
    assert_eq!(
        (foreign.count(), other_name.count(), expired.count()),
        (0, 0, 0),
        "not a byte of the message"
    );
    alarms.stop().await;

    // TLS from the first byte; a server without STARTTLS; a stranger's server; and the system's authorities, who do not
    // know ours.
    let wrapped = Post::behind(Door::Tls(ours.identity("localhost", false)), 0);
    let alarms = start(routes(&file, &wrapped, "tls", &[])).await.expect("starts");
    let reason = failed(&alarms, "mail").await;
    assert!(
        reason.contains("authentication"),
        "a login that the server does not offer: {reason}"
    );
    alarms.stop().await;
    let mut config = routes(&file, &wrapped, "tls", &[]);
    config.smtp.as_mut().expect("given").login = None;
    let alarms = start(config).await.expect("starts");
    assert_eq!(alarms.test("mail", Timestamp::now()).await.expect("tried").error, None);
    assert_eq!(tokio::task::block_in_place(|| wrapped.wait_for(1)).len(), 1);
    alarms.stop().await;
    let plain = Post::start(0);
    let impostor = Post::behind(Door::StartTls(stranger.identity("localhost", false)), 0);
    for (authorities, post) in [(&*file, &plain), (&*file, &impostor), ("", &post)] {
        let mut config = routes(authorities, post, "starttls", &[]);
        // Without a login nothing but the missing encryption is in the way.
        config.smtp.as_mut().expect("given").login = None;
        let alarms = start(config).await.expect("starts");
        failed(&alarms, "mail").await;
        alarms.stop().await;
    }
    assert!(
        plain.is_empty() && impostor.is_empty(),
        "no mail, and no password, went there"
    );

    // A file that is none is told at the start.
    let folder = tempfile::tempdir().expect("folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "not a certificate").expect("written");
    let refused = start(routes(&empty.display().to_string(), &post, "starttls", &[])).await;
    let error = refused.expect_err("refused").to_string();
    assert!(
        error.contains("empty.pem") && error.contains("BEGIN CERTIFICATE"),
        "{error}"
    );
    let missing = folder.path().join("missing.pem").display().to_string();
    assert!(matches!(
        start(routes(&missing, &post, "tls", &[])).await,
        Err(Error::Io { .. })
    ));
    store.close().await;
}
