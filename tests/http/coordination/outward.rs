//! What of requests leaves the service for whom: machine checks, letters, calendars, classified ones.

use pinpu::service::{auth::Role, users::NewUser};
use serde_json::{Value, json};

use super::{Case, REQUESTS, proposal};

#[test]
fn a_classified_request_makes_assignments_that_the_offices_alone_see() {
    let case = Case::start();
    let mut secret = proposal(97_450_000, 200_000);
    secret["classification"] = json!("秘密");
    let id = case.write(&case.military, &secret)["id"]
        .as_str()
        .expect("id")
        .to_owned();
    case.does(&case.military, &id, "submit");
    for step in ["receive", "start_review", "agree"] {
        case.does(&case.civil, &id, step);
    }
    let number = case.does(&case.military, &id, "put_in_force")["number"].clone();
    let viewer = case.app.as_role(Role::Viewer);
    let path = format!("/api/v1/assignments/{}%2F1", number.as_str().expect("number"));
    for (cookie, status) in [(&case.civil, 200), (&case.military, 200), (&viewer, 404)] {
        case.app.get(&path).cookie(cookie).send().expect(status);
    }
    case.app.get(REQUESTS).cookie(&viewer).send().expect(403);
}

#[test]
fn a_machine_says_what_it_finds_and_what_would_pass() {
    let case = Case::start();
    let check = |cookie: &str, proposal: &Value| {
        let call = case.app.post("/api/v1/coordination/check").cookie(cookie);
        call.json(proposal).send().expect(200).json()
    };
    let asked = proposal(97_450_000, 200_000);
    let free = check(&case.civil, &asked);
    assert_ne!(free["analysis"]["level"], "blocking", "{free}");
    let id = case.agreed(&asked);
    case.does(&case.civil, &id, "put_in_force");
    // Of the same user it would be a note.
    let mut other = asked;
    other["user"] = json!("某电台");
    let taken = check(&case.civil, &other);
    assert_eq!(taken["analysis"]["level"], "blocking", "{taken}");
    let findings = taken["analysis"]["findings"].as_array().expect("findings");
    assert!(
        findings.iter().any(|finding| finding["kind"] == "assignment_overlap"),
        "{taken}"
    );
    let best = &taken["alternatives"][0];
    let (low, high) = (
        best["low_hz"].as_i64().expect("edge"),
        best["high_hz"].as_i64().expect("edge"),
    );
    assert!(high <= 97_350_000 || low >= 97_550_000, "{best}");
    // A form asks at every pause of its writer: that is no change, and no entry of the log.
    let auditor = case.app.as_role(Role::Auditor);
    let entries = |action: &str| {
        let path = format!("/api/v1/audit?action={action}");
        let list = case.app.get(&path).cookie(&auditor).send().expect(200).json();
        list["items"].as_array().expect("items").len()
    };
    assert_eq!((entries("check_proposal"), entries("create_request")), (0, 1));
    // Of the request itself its own assignment is no obstacle.
    let own = case
        .app
        .get(&format!("{REQUESTS}/{id}/analysis"))
        .cookie(&case.military)
        .send();
    assert_ne!(own.expect(200).json()["level"], "blocking");
    let others = case
        .app
        .get(&format!("{REQUESTS}/{id}/alternatives"))
        .cookie(&case.military)
        .send();
    assert!(!others.expect(200).json()["items"].as_array().expect("items").is_empty());
}

/// A station nobody may know shows to the civil side as a cell and a block, wherever in them it is.
#[test]
fn a_hidden_station_shows_as_somebody_to_be_asked() {
    let hidden = |mhz: &str| {
        let case = Case::start();
        let csv = format!(
            "id,holder,station,freq_mhz,bandwidth,latitude,longitude,extensions\n\
             HIDDEN-1,Regiment,Camp,{mhz},25k,30.55,114.36,\"{{\"\"details\"\":{{\"\"classification\"\":\"\"S\"\"}}}}\"\n"
        );
        let import = case
            .app
            .post("/api/v1/registry/imports?kind=assignments")
            .cookie(&case.coordinator);
        import.bytes("text/csv", csv.into_bytes()).send().expect(200);
        let answer = |cookie: &str| {
            let call = case.app.post("/api/v1/coordination/check").cookie(cookie);
            call.json(&proposal(97_450_000, 200_000)).send().expect(200).json()
        };
        let kinds = |answer: &Value| {
            let findings = answer["analysis"]["findings"].as_array().expect("findings").clone();
            findings
                .iter()
                .map(|finding| finding["kind"].as_str().expect("kind").to_owned())
                .collect::<Vec<_>>()
        };
        let (civil, military) = (answer(&case.civil), answer(&case.military));
        assert!(kinds(&civil).contains(&"ask_other_side".to_owned()), "{civil}");
        assert!(!civil.to_string().contains("HIDDEN"), "{civil}");
        (
            civil["analysis"]["findings"].clone(),
            civil["alternatives"].clone(),
            kinds(&military),
        )
    };
    let (inside, beside) = (hidden("97.45"), hidden("97.95"));
    assert_eq!((&inside.0, &inside.1), (&beside.0, &beside.1));
    assert!(
        inside.2.contains(&"assignment_overlap".to_owned()),
        "who may know is told: {:?}",
        inside.2
    );
}

#[test]
fn the_letter_is_printed_in_both_languages_and_escapes_what_people_wrote() {
    let case = Case::start();
    let mut proposal = proposal(97_450_000, 200_000);
    proposal["title"] = json!("<script>alert(1)</script>");
    let id = case.write(&case.civil, &proposal)["id"]
        .as_str()
        .expect("id")
        .to_owned();
    let letter = |query: &str, language: &str| {
        let call = case
            .app
            .get(&format!("{REQUESTS}/{id}/letter{query}"))
            .cookie(&case.civil);
        let reply = call.header("accept-language", language).send().expect(200);
        assert!(reply.header("content-type").starts_with("text/html"));
        reply.text()
    };
    assert!(letter("", "zh-CN").contains("无线电频率使用协调函"));
    assert!(letter("?lang=en", "zh-CN").contains("Frequency coordination letter"));
    assert!(!letter("", "en").contains("<script>"));
    case.app
        .get(&format!("{REQUESTS}/{id}/letter"))
        .cookie(&case.military)
        .send()
        .expect(404);
}

#[test]
fn a_calendar_program_sees_what_is_in_force_with_a_token_as_its_password() {
    let case = Case::start();
    let id = case.agreed(&proposal(97_450_000, 200_000));
    let number = case.does(&case.civil, &id, "put_in_force")["number"].clone();
    let made = case.app.post("/api/v1/tokens").cookie(&case.military);
    let made = made
        .json(&json!({"label": "calendar", "days": 366}))
        .send()
        .expect(201)
        .json();
    let basic = base64::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        format!("military:{}", made["secret"].as_str().expect("secret")),
    );
    let get = |authorisation: &str| {
        let call = case.app.get("/api/v1/coordination/calendar.ics?lang=en");
        call.header("authorization", authorisation).send()
    };
    let calendar = get(&format!("Basic {basic}")).expect(200);
    assert!(calendar.header("content-type").starts_with("text/calendar"));
    assert_eq!(calendar.text().matches("BEGIN:VEVENT").count(), 1);
    assert!(
        calendar.text().contains(number.as_str().expect("number")),
        "{}",
        calendar.text()
    );
    get("Basic bWlsaXRhcnk6eA==").expect(401);
}

/// Two hundred questions a day for an organisation, whoever asks them; the same one again costs nothing.
#[test]
fn an_organisation_asks_so_much_of_what_is_hidden_in_a_day_and_no_more() {
    let case = Case::start();
    let asked = |n: i32| {
        let mut asked = proposal(97_450_000, 200_000);
        asked["place"]["circle"]["latitude"] = json!(-49.75 + 0.5 * f64::from(n));
        asked["place"]["circle"]["radius_km"] = json!(0.0);
        asked
    };
    let ask = |cookie: &str, n: i32| {
        let call = case.app.post("/api/v1/coordination/check").cookie(cookie);
        call.json(&asked(n)).send()
    };
    for n in 0..200 {
        ask(&case.civil, n % 190).expect(200);
        ask(&case.civil, n).expect(200);
    }
    let refused = ask(&case.civil, 200).expect(429);
    assert!(refused.header("retry-after").ends_with("GMT"), "{:?}", refused.headers);
    let problem = refused.json();
    assert_eq!(problem["type"], "urn:pinpu:problem:budget_spent", "{problem}");
    assert!(problem["detail"].as_str().expect("text").contains("200"), "{problem}");
    ask(&case.civil, 0).expect(200);
    let users = std::sync::Arc::clone(&case.app.state.users);
    let made = users.create(NewUser {
        name: "colleague".to_owned(),
        role: Role::CivilOfficer,
        organisation: None,
        password: crate::app::PASSWORD.to_owned(),
        language: None,
    });
    case.app.runtime.block_on(made).expect("account");
    ask(&case.app.log_in("colleague"), 200).expect(429);
    // Also of what is written down: an office with a request in the drawer learns no more.
    let draft = case.write(&case.civil, &asked(201));
    let id = draft["id"].as_str().expect("id");
    for what in ["analysis", "alternatives"] {
        let path = format!("{REQUESTS}/{id}/{what}");
        case.app.get(&path).cookie(&case.civil).send().expect(429);
    }
    // Who may know everything is not counted.
    ask(&case.military, 200).expect(200);
    let counts = case.app.get("/api/v1/coordination/questions").cookie(&case.coordinator);
    let counts = counts.send().expect(200).json();
    assert_eq!(counts["items"].as_array().map(Vec::len), Some(1), "{counts}");
    let count = &counts["items"][0];
    assert_eq!(
        (&count["organisation"], &count["asked"], &count["limit"]),
        (&json!("civil"), &json!(200), &json!(200))
    );
}
