//! Logging in by an identity provider: who comes in, and 19 tokens and 10 ways back that are refused.

use std::collections::BTreeMap;

use pinpu::service::{
    auth::{Passwords, Role},
    users::{ChangeUser, Users},
};
use serde_json::{Value, json};

use super::{
    Door,
    idp::{CLIENT, Idp, REDIRECT, Wrong, fields},
};
use crate::app::PASSWORD;

const BEGIN: &str = "/api/v1/sessions/oidc";
const CALLBACK: &str = "/api/v1/sessions/oidc/callback";

/// What came back.
struct Reply {
    status: u16,
    location: String,
    cookies: Vec<String>,
    body: Value,
}

impl Reply {
    /// The session's cookie, whole.
    fn session(&self) -> Option<&str> {
        let found = self.cookies.iter().find(|cookie| cookie.starts_with("pinpu_session="));
        found.map(String::as_str)
    }

    /// Cookies as a browser sends them back.
    fn jar(&self) -> String {
        let pairs = self
            .cookies
            .iter()
            .map(|cookie| cookie.split(';').next().expect("a pair"));
        pairs.collect::<Vec<_>>().join("; ")
    }
}

fn config(idp: &Idp, more: &str) -> String {
    format!(
        "[auth.oidc]\nissuer = {:?}\nclient_id = {:?}\nclient_secret = {:?}\nredirect = {REDIRECT:?}\n{more}\n",
        idp.issuer, CLIENT.0, CLIENT.1
    )
}

fn get(door: &Door, path: &str, cookie: &str) -> Reply {
    let agent = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .new_agent();
    let mut request = agent.get(format!("http://{}{path}", door.address));
    if !cookie.is_empty() {
        request = request.header("cookie", cookie);
    }
    let mut answer = request.call().expect("an answer");
    let all = |name: &str| -> Vec<String> {
        let values = answer.headers().get_all(name).iter();
        values.map(|value| value.to_str().expect("text").to_owned()).collect()
    };
    let (location, cookies) = (all("location").join(""), all("set-cookie"));
    Reply {
        status: answer.status().as_u16(),
        location,
        cookies,
        body: serde_json::from_slice(&answer.body_mut().read_to_vec().expect("body")).unwrap_or_default(),
    }
}

/// Goes to the provider, says yes there: the cookie, and what the provider sends back with.
fn away(door: &Door, idp: &Idp) -> (String, BTreeMap<String, String>) {
    let begun = get(door, BEGIN, "");
    assert_eq!(begun.status, 303, "{}", begun.body);
    let cookie = &begun.cookies[0];
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    let back = idp.agree(&begun.location).expect("the provider agrees");
    (begun.jar(), back)
}

fn back(door: &Door, cookie: &str, brought: &BTreeMap<String, String>) -> Reply {
    let pairs: Vec<String> = brought
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(':', "%3A")))
        .collect();
    get(door, &format!("{CALLBACK}?{}", pairs.join("&")), cookie)
}

fn log_in(door: &Door, idp: &Idp) -> Reply {
    let (cookie, brought) = away(door, idp);
    back(door, &cookie, &brought)
}

#[track_caller]
fn refused(reply: &Reply, how: &str, case: &str) {
    assert_eq!(reply.session(), None, "{case} was let in");
    assert_eq!(
        (reply.status, reply.location.as_str()),
        (303, format!("/login?failed={how}").as_str()),
        "{case}"
    );
}

fn by_password(door: &Door) -> u16 {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .new_agent();
    let request = agent.post(format!("http://{}/api/v1/sessions", door.address));
    let body = json!({"user": "civil", "password": PASSWORD}).to_string();
    let answer = request.header("content-type", "application/json").send(body);
    answer.expect("an answer").status().as_u16()
}

#[test]
fn who_the_provider_vouches_for_is_logged_in_as_their_account() {
    let idp = Idp::start();
    let door = Door::open(&config(&idp, "name_en = \"City login\""));
    let ways = get(&door, "/api/v1/sessions/ways", "");
    assert_eq!(ways.body["provider"]["en"], "City login");
    let entered = log_in(&door, &idp);
    assert_eq!((entered.status, entered.location.as_str()), (303, "/"));
    let cookie = entered.session().expect("a session");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let who = get(&door, "/api/v1/sessions/current", &entered.jar());
    assert_eq!(
        (&who.body["user"], &who.body["role"]),
        (&json!("civil"), &json!("civil_officer"))
    );
    let reasons = door.reasons(true);
    assert!(
        reasons
            .iter()
            .any(|reason| *reason == format!("{} says person-1", idp.issuer)),
        "{reasons:?}"
    );
    assert_eq!(idp.refused(), [""; 0], "everything was asked as the standard says");
}

#[test]
fn every_token_that_is_wrong_in_one_point_is_refused() {
    let idp = Idp::start();
    let door = Door::open(&config(&idp, ""));
    let all = [
        Wrong::AlgorithmNone,
        Wrong::Unsigned,
        Wrong::PublicKeyAsSecret,
        Wrong::ClientSecretAsKey,
        Wrong::OtherKey,
        Wrong::UnknownKey,
        Wrong::Tampered,
        Wrong::Issuer,
        Wrong::Audience,
        Wrong::MoreAudiences,
        Wrong::AuthorisedParty,
        Wrong::Nonce,
        Wrong::NoNonce,
        Wrong::Expired,
        Wrong::NoExpiry,
        Wrong::NotYetValid,
        Wrong::IssuedInTheFuture,
        Wrong::AccessTokenHash,
        Wrong::NoToken,
    ];
    let let_in: Vec<Wrong> = all
        .into_iter()
        .filter(|wrong| {
            idp.be_wrong(*wrong);
            let reply = log_in(&door, &idp);
            reply.session().is_some() || reply.location != "/login?failed=refused"
        })
        .collect();
    assert_eq!(let_in, [], "of {} tokens that are wrong", all.len());
    assert_eq!(door.reasons(false).len(), all.len(), "each is in the audit log");
    assert_eq!(door.reasons(true).len(), 0);
    idp.be_wrong(Wrong::Nothing);
    assert!(
        log_in(&door, &idp).session().is_some(),
        "the right one comes in after all of them"
    );
}

#[test]
fn every_way_back_that_is_not_that_of_the_login_is_refused() {
    let idp = Idp::start();
    let door = Door::open(&config(&idp, ""));
    let with = |change: &dyn Fn(&mut String, &mut BTreeMap<String, String>)| {
        let (mut cookie, mut brought) = away(&door, &idp);
        change(&mut cookie, &mut brought);
        back(&door, &cookie, &brought)
    };
    let set = |name: &'static str, value: &'static str| {
        move |_: &mut String, brought: &mut BTreeMap<String, String>| {
            brought.insert(name.to_owned(), value.to_owned());
        }
    };
    refused(&with(&set("state", "another")), "refused", "another state");
    refused(&with(&set("iss", "http://127.0.0.1:1")), "refused", "another provider");
    refused(&with(&set("error", "access_denied")), "refused", "the person said no");
    refused(&with(&set("code", "code-0")), "refused", "a code that was never given");
    refused(
        &with(&|_, brought| drop(brought.remove("state"))),
        "refused",
        "no state",
    );
    refused(&with(&|_, brought| drop(brought.remove("code"))), "refused", "no code");
    refused(&with(&|cookie, _| cookie.clear()), "refused", "no cookie");
    let other = away(&door, &idp).0;
    refused(
        &with(&|cookie, _| cookie.clone_from(&other)),
        "refused",
        "another browser's cookie",
    );

    let (cookie, brought) = away(&door, &idp);
    assert!(back(&door, &cookie, &brought).session().is_some());
    let asked = idp.asked("/token");
    refused(&back(&door, &cookie, &brought), "refused", "the same again");
    assert_eq!(idp.asked("/token"), asked, "and the provider is not bothered with it");
    let (cookie, mut again) = away(&door, &idp);
    again.insert("code".into(), brought["code"].clone());
    idp.refused();
    refused(&back(&door, &cookie, &again), "refused", "a code that was used");
    assert_eq!(idp.refused(), ["no such code, or it was used"]);
}

#[test]
fn the_provider_refuses_who_does_not_ask_as_agreed() {
    let idp = Idp::start();
    let elsewhere = config(&idp, "").replace(":7373", ":7374");
    let door = Door::open(&elsewhere);
    let begun = get(&door, BEGIN, "");
    assert_eq!(idp.agree(&begun.location), None);
    assert_eq!(idp.refused(), ["another redirect"]);
    // What begins here always has PKCE; without it the provider goes no further.
    let url = begun
        .location
        .replace("7374", "7373")
        .replace("code_challenge_method=S256", "x=y");
    assert_eq!(idp.agree(&url), None);
    assert_eq!(idp.refused(), ["no PKCE with S256"]);
    assert!(!fields(&begun.location)["code_challenge"].is_empty());

    let idp = Idp::start();
    idp.announce("code_challenge_methods_supported", json!(["plain"]));
    let door = Door::open(&config(&idp, ""));
    refused(&get(&door, BEGIN, ""), "unavailable", "a provider without S256");

    let idp = Idp::start();
    idp.announce("authorization_response_iss_parameter_supported", json!(true));
    let door = Door::open(&config(&idp, ""));
    let (cookie, mut brought) = away(&door, &idp);
    brought.remove("iss");
    refused(
        &back(&door, &cookie, &brought),
        "refused",
        "an answer that does not say of whom",
    );
    assert!(log_in(&door, &idp).session().is_some());
}

#[test]
fn a_new_key_of_the_provider_is_fetched_once() {
    let idp = Idp::start();
    let door = Door::open(&config(&idp, ""));
    assert!(log_in(&door, &idp).session().is_some());
    assert!(log_in(&door, &idp).session().is_some());
    assert_eq!(idp.asked("/keys"), 1, "known from before");
    for id in ["second", "second"] {
        // Another key under another name, then another under the same name.
        idp.change_key(id);
        assert!(log_in(&door, &idp).session().is_some(), "{id}");
    }
    assert_eq!(idp.asked("/keys"), 3);
    assert_eq!(idp.asked("/.well-known/openid-configuration"), 1);
}

#[test]
fn passwords_work_while_the_provider_is_down() {
    let idp = Idp::start();
    let door = Door::open(&config(&idp, ""));
    drop(idp);
    refused(&get(&door, BEGIN, ""), "unavailable", "down");
    assert_eq!(by_password(&door), 200);
    let plain = Door::open("");
    assert_eq!(get(&plain, "/api/v1/sessions/ways", "").body["provider"], Value::Null);
    assert_eq!(
        (get(&plain, BEGIN, "").status, get(&plain, CALLBACK, "").status),
        (404, 404)
    );
}

#[test]
fn what_the_token_leaves_out_is_asked_for_about_the_same_person() {
    let idp = Idp::start();
    idp.say_elsewhere(&json!({"sub": "person-1", "preferred_username": "civil"}));
    let door = Door::open(&config(&idp, ""));
    assert!(log_in(&door, &idp).session().is_some());
    idp.say_elsewhere(&json!({"sub": "person-2", "preferred_username": "admin"}));
    refused(&log_in(&door, &idp), "refused", "another person");
    assert_eq!(idp.asked("/person"), 2);
}

#[test]
fn only_accounts_that_are_there_and_not_locked_come_in() {
    let idp = Idp::start();
    let door = Door::open(&config(&idp, ""));
    idp.say(&json!({"preferred_username": "nobody"}));
    refused(&log_in(&door, &idp), "no_account", "unknown");
    idp.say(&json!({"preferred_username": 7}));
    refused(&log_in(&door, &idp), "refused", "no text");
    idp.say(&json!({"preferred_username": "admin"}));
    refused(&log_in(&door, &idp), "no_account", "an administrator");
    idp.say(&json!({"preferred_username": "civil"}));
    door.with_store(async |store| {
        let lock = ChangeUser {
            disabled: Some(true),
            ..ChangeUser::default()
        };
        let users = Users::new(store, Passwords::new().expect("passwords"));
        users.change("civil", lock).await.expect("locked");
    });
    refused(&log_in(&door, &idp), "no_account", "locked");
    let reasons = door.reasons(false);
    assert!(
        reasons
            .iter()
            .any(|reason| reason.contains("'civil'") && reason.contains("locked")),
        "{reasons:?}"
    );
}

#[test]
fn accounts_are_made_where_the_configuration_says_so_and_roles_stay_ours() {
    let idp = Idp::start();
    let more = "create = true\nrole_claim = \"groups\"\n[auth.oidc.roles]\n\
                \"spectrum-office\" = { role = \"civil_officer\", organisation = \"CIVIL\" }\n\
                \"guests\" = { role = \"viewer\" }\n";
    let door = Door::open(&config(&idp, more));
    let role = |reply: &Reply| get(&door, "/api/v1/sessions/current", &reply.jar()).body["role"].clone();
    idp.say(&json!({"preferred_username": "li.wei", "groups": ["staff", "spectrum-office"]}));
    assert_eq!(role(&log_in(&door, &idp)), "civil_officer");
    // Later the provider says something else; the role stays until somebody changes it here.
    idp.say(&json!({"preferred_username": "li.wei", "groups": ["guests"]}));
    assert_eq!(role(&log_in(&door, &idp)), "civil_officer");
    for claims in [
        json!({"preferred_username": "wu", "groups": ["staff"]}),
        json!({"preferred_username": "wu"}),
        json!({"preferred_username": "wu", "groups": ["guests", "spectrum-office"]}),
        json!({"preferred_username": "../wu", "groups": ["guests"]}),
        json!({"preferred_username": "system", "groups": ["guests"]}),
    ] {
        idp.say(&claims);
        refused(&log_in(&door, &idp), "no_account", &claims.to_string());
    }
    let made = door.with_store(async |store| store.users().await.expect("users"));
    let made: Vec<_> = made
        .iter()
        .map(|user| (user.name.as_str(), user.role.as_str()))
        .collect();
    assert!(
        made.contains(&("li.wei", Role::CivilOfficer.name())) && made.len() == 4,
        "{made:?}"
    );
}
