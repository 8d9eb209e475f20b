//! The manual parses, faults carry their path, and the environment overlays the file.

use super::*;
use crate::units::Hertz;

fn faults(text: &str) -> String {
    Config::parse(text, std::iter::empty()).expect_err("faulty").to_string()
}

/// The manual with every commented key switched on: so that a key that was renamed cannot survive in it.
fn manual_with_all_keys() -> String {
    let mut text = String::new();
    for line in MANUAL.lines() {
        let key = line.strip_prefix("# ").filter(|rest| {
            let name = rest.split([' ', '=']).next().unwrap_or("");
            rest.starts_with("[[")
                || (rest.contains(" = ")
                    && !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        });
        match key {
            // The other one of two that exclude each other.
            Some(rest) if rest.starts_with("center") || rest.starts_with("email") => {}
            Some(rest) => text.push_str(rest),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_manual_states_the_defaults() {
    let defaults = Config::default();
    assert_eq!(Config::parse(MANUAL, std::iter::empty()).expect("valid"), defaults);
    let secret = [("PINPU_ALARM_DUTY_DESK".to_owned(), "0123456789abcdef".to_owned())];
    let mut all = Config::parse(&manual_with_all_keys(), secret.into_iter()).expect("every key in the manual exists");
    let mut route = all.alarm.routes.remove(0);
    assert!(route.quiet.take().is_some_and(|quiet| quiet.from.hour() == 22));
    let least = "[[alarm.route]]\nid = \"duty-desk\"\nwebhook = \"https://example.cn/hooks/pinpu\"\n\
                 secret_env = \"PINPU_ALARM_DUTY_DESK\"\n";
    let secret = [("PINPU_ALARM_DUTY_DESK".to_owned(), "0123456789abcdef".to_owned())];
    let mut least = Config::parse(least, secret.into_iter()).expect("the least a route needs");
    assert_eq!(
        route,
        least.alarm.routes.remove(0),
        "a value shown in the manual is not the default"
    );
    let receiver = all.receivers.remove(0);
    assert_eq!(all, defaults, "a value shown in the manual is not the default");
    assert_eq!((receiver.id.as_str(), receiver.ppm_uncertainty), ("roof", 20.0));
    assert!(matches!(receiver.plan, PlanConfig::Bands { dwell_ms: 500, .. }));
}

#[test]
fn unknown_keys_name_the_nearest() {
    assert!(faults("[server]\nlisten_on = \"x\"\n").contains("server.listen_on: unknown key; did you mean 'listen'?"));
    assert!(faults("[sever]\n").contains("sever: unknown key; did you mean 'server'?"));
    let text = faults("[[receiver]]\nid = \"a\"\nargs = \"driver=x\"\ncentre = \"98M\"\n");
    assert!(
        text.contains("receiver[0].centre: unknown key; did you mean 'center'?"),
        "{text}"
    );
}

#[test]
fn every_fault_is_reported_at_once_with_its_path() {
    let text = faults(
        "[server]\nlisten = \"here\"\n[log]\nformat = \"xml\"\n[[receiver]]\nid = \"a b\"\nargs = \"driver=x\"\n\
         center = \"98,5M\"\nbands = [\"108M-87M\"]\nppm = 1e6\nsite = { name = \"x\", latitude = 121, longitude = 31 }\n",
    );
    for path in [
        "server.listen",
        "log.format",
        "receiver[0].id",
        "receiver[0].center",
        "receiver[0].bands[0]",
    ] {
        assert!(text.contains(path), "{path} is missing in:\n{text}");
    }
    assert!(
        text.contains("receiver[0].ppm") && text.contains("receiver[0].site"),
        "{text}"
    );
}

#[test]
fn a_value_of_the_wrong_type_names_its_key() {
    assert!(faults("[spectra]\nretention_days = \"long\"\n").contains("spectra.retention_days"));
    assert!(faults("[server\n").contains("not valid TOML"));
}

#[test]
fn the_environment_overlays_the_file() {
    let environment = [
        ("PINPU__SERVER__LISTEN", "0.0.0.0:80"),
        ("PINPU__SPECTRA__RETENTION_DAYS", "30"),
        ("PINPU_DEMO_PASSWORD", "not ours"),
        ("HOME", "/root"),
    ];
    let environment = || environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let config = Config::parse("[server]\nlisten = \"127.0.0.1:1\"\n", environment()).expect("valid");
    assert_eq!(
        (config.listen.to_string().as_str(), config.retention_days),
        ("0.0.0.0:80", 30)
    );
    let bad = [("PINPU__LISTEN".to_owned(), "x".to_owned())].into_iter();
    assert!(
        Config::parse("", bad)
            .expect_err("no section")
            .to_string()
            .contains("PINPU__SECTION__KEY")
    );
    let typo = [("PINPU__SERVER__LISTN".to_owned(), "x".to_owned())].into_iter();
    assert!(
        Config::parse("", typo)
            .expect_err("typo")
            .to_string()
            .contains("did you mean 'listen'")
    );
}

#[test]
fn sources_are_told_apart() {
    assert_eq!(
        Source::parse("driver=rtlsdr,serial=1"),
        Source::Soapy("driver=rtlsdr,serial=1".into())
    );
    assert_eq!(Source::parse("soapy:driver=x"), Source::Soapy("driver=x".into()));
    assert_eq!(
        Source::parse("rtl_tcp://10.0.0.1:1234"),
        Source::RtlTcp("10.0.0.1:1234".into())
    );
    assert_eq!(
        Source::parse("./a=b/x.sigmf-meta"),
        Source::Recording("./a=b/x.sigmf-meta".into())
    );
}

#[test]
fn bands_are_read_lower_edge_first() {
    let band = parse_band("87M-108M").expect("a band");
    assert_eq!((band.low(), band.high()), (Hertz(87_000_000), Hertz(108_000_000)));
    for text in ["108M-87M", "87M", "87M-87M", "87M..108M"] {
        assert!(parse_band(text).expect_err(text).contains("M"), "{text}");
    }
}

#[test]
fn a_calibration_needs_a_gain_in_decibels() {
    let receiver = "[[receiver]]\nid = \"roof\"\nargs = \"driver=rtlsdr\"\ncalibration = \"roof.toml\"\n";
    assert!(faults(receiver).contains("receiver[0].calibration: a calibration holds at a known gain"));
    let config = Config::parse(&format!("{receiver}gain = 30.0\n"), std::iter::empty()).expect("valid");
    assert_eq!(
        config.receivers[0].calibration.as_deref(),
        Some(std::path::Path::new("roof.toml"))
    );
}

/// A route with these lines, a good secret in the environment and a mail server.
fn route(lines: &str) -> Result<Config, ConfigError> {
    let text = format!(
        "[smtp]\nhost = \"mail.example.cn\"\nfrom = \"Pinpu <pinpu@example.cn>\"\n[[receiver]]\nid = \"roof\"\n\
         args = \"driver=x\"\n[[alarm.route]]\nid = \"duty\"\n{lines}\n"
    );
    let environment = [("KEY", "0123456789abcdef"), ("SHORT", "0123")];
    Config::parse(
        &text,
        environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    )
}

#[test]
fn a_wrong_alarm_route_says_what_to_write() {
    let good = "webhook = \"https://example.cn/x\"\nsecret_env = \"KEY\"";
    route(good).expect("good");
    route("email = [\"duty@example.cn\"]").expect("good");
    for (lines, said) in [
        ("", "alarm.route[0].webhook: give either webhook or email"),
        (
            &*format!("{good}\nemail = [\"a@example.cn\"]"),
            "give either webhook or email",
        ),
        (
            "webhook = \"https://example.cn/x\"",
            "alarm.route[0].secret_env: name the environment variable",
        ),
        (
            "webhook = \"https://example.cn/x\"\nsecret_env = \"SHORT\"",
            "variable SHORT must hold the key",
        ),
        (
            "webhook = \"https://example.cn/x\"\nsecret_env = \"NONE\"",
            "variable NONE must hold the key",
        ),
        (
            "webhook = \"ftp://example.cn/x\"\nsecret_env = \"KEY\"",
            "alarm.route[0].webhook: write an address",
        ),
        (
            "webhook = \"https://u:p@example.cn\"\nsecret_env = \"KEY\"",
            "without a login",
        ),
        ("email = []", "alarm.route[0].email: name at least one address"),
        (
            "email = [\"duty\"]",
            "alarm.route[0].email[0]: 'duty' is not an address",
        ),
        (
            &*format!("{good}\nseverity = \"loud\""),
            "alarm.route[0].severity: unknown variant `loud`",
        ),
        (
            &*format!("{good}\nreceivers = [\"cellar\"]"),
            "no [[receiver]] with the id 'cellar'",
        ),
        (&*format!("{good}\nbands = [\"108M-87M\"]"), "alarm.route[0].bands[0]"),
        (
            &*format!("{good}\nstates = []"),
            "alarm.route[0].states: name at least one",
        ),
        (
            &*format!("{good}\nquiet = {{ from = \"25:00\", to = \"7\", zone = \"China\" }}"),
            "alarm.route[0].quiet.zone: 'China' is not a zone",
        ),
        (
            &*format!("{good}\nquiet = {{ from = \"22:00\", to = \"22:00\", zone = \"Asia/Shanghai\" }}"),
            "alarm.route[0].quiet.to",
        ),
        (
            &*format!("{good}\nalarms_break_quiet = true"),
            "no quiet hours to break",
        ),
        (
            &*format!("{good}\ndigest_over = 0"),
            "alarm.route[0].digest_over: write 1 to 1000",
        ),
        (&*format!("{good}\nwebook = \"x\""), "did you mean 'webhook'"),
    ] {
        let text = route(lines).expect_err(lines).to_string();
        assert!(text.contains(said), "{lines}\nsays\n{text}");
        assert!(!text.contains("0123"), "a secret is repeated: {text}");
    }
}

#[test]
fn mail_needs_a_server_and_a_password_a_safe_way() {
    assert!(faults("[[alarm.route]]\nid = \"a\"\nemail = [\"a@b.cn\"]\n").contains("fill in [smtp] first"));
    let text = faults("[smtp]\nhost = \"m\"\nfrom = \"x\"\nuser = \"u\"\npassword = \"p\"\nsecurity = \"none\"\n");
    assert!(text.contains("smtp.from") && text.contains("smtp.security"), "{text}");
}

#[test]
fn secrets_are_not_shown() {
    let config = route("webhook = \"https://example.cn/x\"\nsecret_env = \"KEY\"").expect("good");
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
}

const OIDC: &str = "[auth.oidc]\nissuer = \"https://id.example.cn\"\nclient_id = \"pinpu\"\n\
                    redirect = \"https://pinpu.example.cn/api/v1/sessions/oidc/callback\"\n";

#[test]
fn secrets_of_the_identity_provider_come_from_the_environment_and_are_not_shown() {
    let secret = [(
        "PINPU__AUTH__OIDC__CLIENT_SECRET".to_owned(),
        "not to be seen".to_owned(),
    )];
    let config = Config::parse(OIDC, secret.into_iter()).expect("valid");
    let oidc = config.oidc.expect("given");
    assert_eq!(
        oidc.client_secret.as_ref().map(alarm::Secret::reveal),
        Some("not to be seen")
    );
    assert!(!format!("{oidc:?}").contains("not to be seen"));
    assert_eq!(oidc.claim, "preferred_username");
    assert_eq!(Config::default().oidc, None);
}

#[test]
fn an_identity_provider_is_reached_where_nobody_listens() {
    for (from, to, at) in [
        ("https://id.", "http://id.", "auth.oidc.issuer"),
        ("https://pinpu.", "http://pinpu.", "auth.oidc.redirect"),
        ("/oidc/callback", "/oidc/callback/", "auth.oidc.redirect"),
        ("example.cn/api", "example.cn/x/api", "auth.oidc.redirect"),
        ("\"pinpu\"", "\"\"", "auth.oidc.client_id"),
        ("[auth.oidc]\n", "[auth.oidc]\ncreate = true\n", "auth.oidc.create"),
        ("[auth.oidc]\n", "[auth.oidc]\nscopes = [\"a b\"]\n", "auth.oidc.scopes"),
        (
            "issuer",
            "isuer",
            "auth.oidc.isuer: unknown key; did you mean 'issuer'?",
        ),
    ] {
        let text = faults(&OIDC.replacen(from, to, 1));
        assert!(text.contains(at), "{at}: {text}");
    }
    let here = OIDC.replace("https://id.example.cn", "http://127.0.0.1:9000");
    assert!(Config::parse(&here, std::iter::empty()).is_ok(), "on this machine");
    assert!(faults("[auth.oidc]\nclient_id = \"x\"\n").contains("auth.oidc.issuer"));
}

#[test]
fn certificates_of_machines_need_what_they_rest_on() {
    let own = "[server.tls]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n";
    let with = |more: &str| format!("{own}{more}\n");
    let ca = "client_ca = \"ca.pem\"\n";
    let machines = "machines = { \"urn:example:roof\" = { account = \"roof\" } }";
    let config = Config::parse(&with(&format!("{ca}{machines}")), std::iter::empty()).expect("valid");
    let machine = &config.tls.expect("given").machines["urn:example:roof"];
    assert_eq!((machine.account.as_str(), machine.scope), ("roof", MachineScope::Read));
    for (text, at) in [
        ("[server.tls]\ncertificate = \"a.pem\"\n".to_owned(), "server.tls.key"),
        (format!("[server.tls]\n{ca}"), "server.tls.client_ca"),
        (with("crl = \"x.pem\""), "server.tls.crl"),
        (with(machines), "server.tls.machines"),
        (
            with(&format!("{ca}{}", machines.replace("urn:example:roof", "*.example.cn"))),
            "*.example.cn",
        ),
        (
            with(&format!(
                "{ca}{}",
                machines.replace("urn:example:roof", "Roof.example.cn")
            )),
            "Roof.example.cn",
        ),
        (
            with(&format!("{ca}{}", machines.replace("\"roof\"", "\"\""))),
            "account",
        ),
        (
            with(&format!("{ca}{}", machines.replace("account", "acount"))),
            "did you mean 'account'",
        ),
    ] {
        let told = faults(&text);
        assert!(told.contains(at), "{at}: {told}");
    }
}
