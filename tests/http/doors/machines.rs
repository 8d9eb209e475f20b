//! TLS of the service's own, and machines with certificates: who comes in, and 15 that are refused.

use std::time::{Duration, Instant};

use pinpu::{
    app::{App, AppOptions},
    config::Config,
    service::{
        auth::Passwords,
        users::{ChangeUser, Users},
    },
};
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::json;

use super::{
    Door,
    pki::{Pki, Shown, Wanted, ask, greet, self_signed, signed, stranger},
};
use crate::app::PASSWORD;

const WHO: &str = "GET /api/v1/sessions/current";

fn wanted(change: impl FnOnce(&mut Wanted)) -> Wanted {
    let mut wanted = Wanted::default();
    change(&mut wanted);
    wanted
}

/// Who is behind a certificate: the answer to the question who one is.
fn who(pki: &Pki, door: &Door, shown: Option<Shown>) -> Result<(u16, String), String> {
    ask(&mut pki.connect(door.address, shown), WHO, "")
}

#[test]
fn a_machine_is_its_account_and_does_what_its_scope_allows() {
    let pki = Pki::new();
    let door = Door::open(&pki.config_with_machines("read"));
    let (status, answer) = who(&pki, &door, Some(pki.shown(&Wanted::default()))).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer.contains("\"user\":\"civil\"") && answer.contains("\"demo\":false"),
        "{answer}"
    );
    let (status, _) = who(&pki, &door, Some(pki.shown(&wanted(|it| it.name = "roof.example.cn")))).expect("an answer");
    assert_eq!(status, 200, "a host name does as well as a URI");
    let post = "POST /api/v1/coordination/requests";
    let mut stream = pki.connect(door.address, Some(pki.shown(&Wanted::default())));
    let (status, answer) = ask(&mut stream, post, "{}").expect("an answer");
    assert!(status == 403 && answer.contains("scope"), "{answer}");
    let (status, _) = ask(&mut stream, "GET /api/v1/tokens", "").expect("an answer");
    assert_eq!(status, 403, "a machine makes no tokens");

    let full = Door::open(&pki.config_with_machines("full"));
    let mut stream = pki.connect(full.address, Some(pki.shown(&Wanted::default())));
    let (status, _) = ask(
        &mut stream,
        &format!("{post} HTTP/1.1\r\ncontent-type: application/json\r\nx:"),
        "{}",
    )
    .expect("an answer");
    assert_eq!(status, 422, "let through to its faults");
}

#[test]
fn every_certificate_that_is_not_good_is_refused() {
    let pki = Pki::new();
    pki.revoke(&[], &[9], 2090);
    let door = Door::open(&pki.config_with_machines("read"));
    let mut corrupt = pki.shown(&Wanted::default());
    corrupt.0[0] = {
        let mut bytes = corrupt.0[0].to_vec();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        bytes.into()
    };
    let cases = [
        ("an authority nobody knows", signed(&stranger(), &Wanted::default())),
        ("vouches for itself", self_signed(&Wanted::default())),
        (
            "without the authority between",
            signed(&pki.between, &Wanted::default()),
        ),
        ("corrupt", corrupt),
        (
            "for servers",
            pki.shown(&wanted(|it| it.purpose = Some(ExtendedKeyUsagePurpose::ServerAuth))),
        ),
        ("revoked", pki.shown(&wanted(|it| it.serial = 9))),
        ("expired", pki.shown(&wanted(|it| it.years = (2020, 2021)))),
        ("not yet valid", pki.shown(&wanted(|it| it.years = (2080, 2090)))),
    ];
    let came_in = cases
        .into_iter()
        .filter_map(|(case, shown)| who(&pki, &door, Some(shown)).ok().map(|_| case));
    assert_eq!(came_in.collect::<Vec<_>>(), [""; 0]);
    for (case, name) in [
        ("an unknown name", "urn:example:sensor:cellar"),
        ("a name that begins alike", "urn:example:sensor:roof2"),
    ] {
        let (status, answer) = who(&pki, &door, Some(pki.shown(&wanted(|it| it.name = name)))).expect("an answer");
        assert_eq!(status, 401, "{case}: {answer}");
    }
    let alert = |version, suite| greet(door.address, version, suite);
    // ECDHE-ECDSA-AES128-SHA; fatal (2), protocol version (70) and handshake failure (40).
    assert_eq!(alert([3, 2], [0xc0, 0x09])[5..], [2, 70], "TLS 1.1");
    assert_eq!(alert([3, 1], [0xc0, 0x09])[5..], [2, 70], "TLS 1.0");
    assert_eq!(alert([3, 3], [0xc0, 0x09])[5..], [2, 40], "TLS 1.2 with CBC and SHA-1");
    assert_eq!(
        alert([3, 3], [0xc0, 0x2b])[0],
        22,
        "TLS 1.2 with ECDHE-ECDSA-AES128-GCM-SHA256 is answered"
    );

    pki.revoke(&[2], &[], 2090);
    let revoked = Door::open(&pki.config_with_machines("read"));
    assert!(
        who(&pki, &revoked, Some(pki.shown(&Wanted::default()))).is_err(),
        "the authority between is revoked"
    );
    pki.revoke(&[], &[], 2021);
    let old = Door::open(&pki.config_with_machines("read"));
    assert!(
        who(&pki, &old, Some(pki.shown(&Wanted::default()))).is_err(),
        "the lists are old"
    );
    let people = who(&pki, &old, None).expect("an answer");
    assert_eq!(people.0, 401, "who shows none is not kept out by old lists");
}

#[test]
fn people_log_in_over_tls_and_their_cookies_stay_there() {
    let pki = Pki::new();
    let door = Door::open(&pki.config_with_machines("read"));
    let log_in = |shown: Option<Shown>| {
        let body = json!({"user": "admin", "password": PASSWORD}).to_string();
        let head = "POST /api/v1/sessions HTTP/1.1\r\ncontent-type: application/json\r\nx:";
        let mut stream = pki.connect(door.address, shown);
        let (status, answer) = ask(&mut stream, head, &body).expect("an answer");
        assert_eq!(status, 200, "{answer}");
        let cookie = answer
            .split("set-cookie: ")
            .nth(1)
            .expect("a cookie")
            .split("\r\n")
            .next()
            .expect("a line");
        assert!(cookie.ends_with("; Secure"), "{cookie}");
        let pair = cookie.split(';').next().expect("a pair");
        let (_, answer) = ask(&mut stream, &format!("{WHO} HTTP/1.1\r\ncookie: {pair}\r\nx:"), "").expect("an answer");
        answer
    };
    assert!(log_in(None).contains("\"user\":\"admin\""));
    let over_a_machines = log_in(Some(pki.shown(&Wanted::default())));
    assert!(
        over_a_machines.contains("\"user\":\"admin\""),
        "a login counts before the certificate"
    );
    // A service that asks nobody for a certificate takes none.
    let plain = Door::open(&pki.config(""));
    assert_eq!(
        who(&pki, &plain, Some(pki.shown(&Wanted::default())))
            .expect("an answer")
            .0,
        401
    );
}

#[test]
fn a_locked_account_ends_its_machine_at_the_next_request() {
    let pki = Pki::new();
    let door = Door::open(&pki.config_with_machines("read"));
    let mut stream = pki.connect(door.address, Some(pki.shown(&Wanted::default())));
    assert_eq!(ask(&mut stream, WHO, "").expect("an answer").0, 200);
    door.with_store(async |store| {
        let lock = ChangeUser {
            disabled: Some(true),
            ..ChangeUser::default()
        };
        let users = Users::new(store, Passwords::new().expect("passwords"));
        users.change("civil", lock).await.expect("locked");
    });
    assert_eq!(ask(&mut stream, WHO, "").expect("an answer").0, 401);
}

#[test]
fn a_certificate_that_is_revoked_takes_its_open_connections_with_it() {
    let pki = Pki::new();
    let door = Door::open(&pki.config_with_machines("read"));
    let of = |serial| Some(pki.shown(&wanted(|it| it.serial = serial)));
    let [mut revoked, mut idle, mut kept] = [21, 21, 22].map(|serial| pki.connect(door.address, of(serial)));
    for stream in [&mut revoked, &mut idle, &mut kept] {
        assert_eq!(ask(stream, WHO, "").expect("an answer").0, 200);
    }
    // A list that cannot be read changes nothing; what was in force stays.
    pki.write(
        "revoked.pem",
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    );
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(ask(&mut revoked, WHO, "").expect("an answer").0, 200);
    let since = Instant::now();
    pki.revoke(&[], &[21], 2090);
    // One asks nothing and waits: its connection ends by itself.
    let mut byte = [0; 1];
    let ended = std::io::Read::read(&mut idle, &mut byte);
    assert!(!matches!(ended, Ok(1..)), "{ended:?}");
    let cut = since.elapsed();
    assert!(cut < Duration::from_secs(60), "{cut:?}");
    while ask(&mut revoked, WHO, "").is_ok() {
        assert!(since.elapsed() < Duration::from_secs(60), "still open");
    }
    assert!(who(&pki, &door, of(21)).is_err(), "nor does it come in again");
    assert_eq!(ask(&mut kept, WHO, "").expect("an answer").0, 200, "others stay");
    println!("cut {cut:?} after the list changed");
}

#[test]
fn files_that_are_not_what_they_should_be_are_named() {
    let _ = crate::parts::metrics_handle();
    let pki = Pki::new();
    let told = |change: &dyn Fn()| {
        change();
        let folder = tempfile::tempdir().expect("folder");
        let text = format!(
            "[data]\ndir = {:?}\n{}",
            folder.path(),
            pki.config_with_machines("read")
        );
        let mut config = Config::parse(&text, std::iter::empty()).expect("configuration");
        config.listen = "127.0.0.1:0".parse().expect("address");
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        let started = runtime.block_on(App::start(&config, &AppOptions::default()));
        started.map(drop).expect_err("does not start").to_string()
    };
    let key = std::fs::read_to_string(pki.file("service.key")).expect("read");
    let own = std::fs::read_to_string(pki.file("service.pem")).expect("read");
    assert!(told(&|| pki.write("service.key", &own)).contains("server.tls.key"));
    assert!(
        told(&|| pki.write("service.key", &rcgen::KeyPair::generate().expect("key").serialize_pem())).contains("fit")
    );
    pki.write("service.key", &key);
    assert!(told(&|| pki.write("authorities.pem", "")).contains("server.tls.client_ca"));
    assert!(told(&|| std::fs::remove_file(pki.file("authorities.pem")).expect("removed")).contains("authorities.pem"));
}
