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
            Some(rest) if rest.starts_with("center") => {}
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
    let mut all = Config::parse(&manual_with_all_keys(), std::iter::empty()).expect("every key in the manual exists");
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
