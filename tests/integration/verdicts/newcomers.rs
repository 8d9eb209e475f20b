//! Products and newcomers from samples: parents found and proven by switching, what is new at a quiet site, and what only
//! looks like either.

use std::{fs, path::Path};

use serde_json::Value;

use super::{module, pinpu, text};

const BROADCASTERS: &str = "id,holder,station,service,freq,designator,latitude,longitude,radius_km\n\
    A,广播单位甲,甲台,BROADCASTING,105.9M,250KF8E,30.55,114.40,50\n\
    B,广播单位乙,乙台,BROADCASTING,106.4M,250KF8E,30.55,114.40,50\n";

fn scene(name: &str) -> String {
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("hardware/virtual-receiver/scenes/verdicts");
    let path = scenes.join(format!("{name}.scene"));
    format!(
        "soapy:driver=pinpu-virtual,profile=ideal,pace=fast,serial={name},scene={}",
        path.display()
    )
}

/// What `detect --json` says of a scene.
fn rows(name: &str, folder: &Path, module: &Path, args: &[&str]) -> Vec<Value> {
    let output = pinpu(folder, module)
        .current_dir(folder)
        .args([
            "detect",
            &scene(name),
            "--json",
            "--gain",
            "30",
            "--ppm-uncertainty",
            "0.1",
        ])
        .args(args)
        .output()
        .expect("pinpu runs");
    assert!(output.status.success(), "{name}: {}", text(&output));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .filter(|row: &Value| row["type"] == "emission")
        .collect()
}

fn near(rows: &[Value], hz: f64) -> Vec<&Value> {
    let of = |row: &&Value| {
        row["center_hz"]
            .as_f64()
            .is_some_and(|center| (center - hz).abs() < 30e3)
    };
    rows.iter().filter(of).collect()
}

#[test]
fn a_product_in_the_aeronautical_band_names_its_parents_and_goes_with_them() {
    let Some(module) = module("products and their parents") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("fm.csv"), BROADCASTERS).expect("a temporary file");
    let pass = |name: &str, lang: &str| {
        let args = [
            "--freq",
            "107.5M",
            "--rate",
            "4M",
            "--seconds",
            "8",
            "--registry",
            "fm.csv",
            "--lang",
            lang,
        ];
        rows(name, folder.path(), module, &args)
    };
    let found = pass("product", "en");
    let products = near(&found, 108.8e6);
    assert!(products.len() >= 2, "once for each time it was on: {found:#?}");
    for product in &products {
        let link = &product["product_of"];
        assert_eq!(link["formula"], "2a-b", "{product:#}");
        assert_eq!(link["proven"], true, "{product:#}");
        assert!(
            (link["predicted_hz"].as_f64().expect("a number") - 108.8e6).abs() < 10e3,
            "{link:#}"
        );
        let ids: Vec<&Value> = link["parents"].as_array().expect("a list").iter().collect();
        let unlicensed: Vec<&Value> = near(&found, 107.6e6).iter().map(|row| &row["id"]).collect();
        let licensed: Vec<&Value> = near(&found, 106.4e6).iter().map(|row| &row["id"]).collect();
        assert!(unlicensed.contains(&ids[0]) && licensed.contains(&ids[1]), "{link:#}");
        assert_eq!(product["verdict"]["kind"], "protected_band", "{product:#}");
        let words = product["verdict"]["explanation"].as_str().expect("a text");
        assert!(words.contains("intermodulation product (2a − b) of #"), "{words}");
    }
    for parent in near(&found, 107.6e6).into_iter().chain(near(&found, 106.4e6)) {
        assert!(parent["product_of"].is_null(), "{parent:#}");
    }
    let chinese = pass("product", "zh");
    let words = near(&chinese, 108.8e6)[0]["verdict"]["explanation"].to_string();
    assert!(words.contains("为互调产物：符合 2a − b"), "{words}");
    let stranger = pass("product_almost", "en");
    let all = near(&stranger, 108.85e6);
    assert_eq!(all.len(), 1, "{stranger:#?}");
    assert!(all[0]["product_of"].is_null(), "{:#}", all[0]);
}

#[test]
fn at_a_quiet_site_300_ms_of_something_else_are_new_and_what_was_there_is_not() {
    let Some(module) = module("new at a quiet site") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pass = |name: &str, more: &[&str]| {
        let mut args = vec![
            "--freq",
            "150.66M",
            "--rate",
            "250k",
            "--seconds",
            "1.5",
            "--lang",
            "en",
        ];
        args.extend(more);
        rows(name, folder.path(), module, &args)
    };
    let learn = |began: &str| {
        pass(
            "quiet_site",
            &[
                "--learn-baseline",
                "site.json",
                "--site",
                "30.53,114.36",
                "--began",
                began,
            ],
        );
        let file = fs::read_to_string(folder.path().join("site.json")).expect("the baseline");
        serde_json::from_str::<Value>(&file).expect("JSON")
    };
    learn("2026-06-05T09:00:00+08:00");
    let twice = learn("2026-06-06T09:10:00+08:00");
    let watched = twice["baseline"]["watched"][0]["seconds"][9]
        .as_f64()
        .expect("a number");
    assert!((watched - 3.0).abs() < 0.1, "two passes of 1.5 s: {watched}");
    // Half an hour of silence takes half an hour to hear: the test adds it to what was learned.
    let mut long = twice;
    long["baseline"]["watched"][0]["seconds"][9] = 7200.0.into();
    fs::write(folder.path().join("long.json"), long.to_string()).expect("a temporary file");
    let ask = |scene: &str, file: &str, began: &str| {
        let found = pass(scene, &["--baseline", file, "--site", "30.53,114.36", "--began", began]);
        let kind = |hz: f64| near(&found, hz).first().map(|row| row["novelty"].clone());
        (kind(150.6e6).expect("the known station"), kind(150.7e6))
    };
    let (known, new) = ask("quiet_site_burst", "long.json", "2026-06-07T09:30:00+08:00");
    let new = new.expect("300 ms of something else");
    assert_eq!(
        (&known["kind"], &new["kind"]),
        (&"known".into(), &"new".into()),
        "{new:#}"
    );
    assert_eq!(new["severity"], "alarm");
    assert_eq!(new["evidence"]["observed_in_hour_s"], 7200.0);
    let words = new["explanation"].as_str().expect("a text");
    assert!(
        words.contains("30.53000,114.36000") && words.contains("120 min"),
        "{words}"
    );
    let (known, nothing) = ask("quiet_site", "long.json", "2026-06-07T09:30:00+08:00");
    assert!(known["kind"] == "known" && nothing.is_none(), "{known:#}");
    // Seconds observed are not enough to call anything new.
    let (_, unclear) = ask("quiet_site_burst", "site.json", "2026-06-07T09:30:00+08:00");
    assert_eq!(unclear.expect("a burst")["kind"], "unclear");
}

#[test]
fn a_broken_baseline_or_one_of_another_place_is_refused_and_stays_as_it_is() {
    let Some(module) = module("refused baselines") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let good = r#"{"format":1,"site":[30.53,114.36],"baseline":{"place":"x","watched":[],"known":[]}}"#;
    for (content, site, reason) in [
        ("{\"format\":1,", "30.53,114.36", "is no baseline"),
        (
            &good.replace("\"format\":1", "\"format\":9"),
            "30.53,114.36",
            "format 9",
        ),
        (&good.replace("\"known\"", "\"knwon\""), "30.53,114.36", "knwon"),
        (good, "31.53,114.36", "each place needs a file of its own"),
    ] {
        let path = folder.path().join("site.json");
        fs::write(&path, content).expect("a temporary file");
        for option in ["--learn-baseline", "--baseline"] {
            let output = pinpu(folder.path(), module)
                .args([
                    "detect",
                    &scene("quiet_site"),
                    "--freq",
                    "150.66M",
                    "--rate",
                    "250k",
                    "--seconds",
                    "0.2",
                ])
                .args(["--site", site])
                .arg(option)
                .arg(&path)
                .output()
                .expect("pinpu runs");
            let said = text(&output);
            assert!(
                !output.status.success() && said.contains(reason),
                "{option} {reason}: {said}"
            );
            assert_eq!(fs::read_to_string(&path).expect("the file"), content);
        }
    }
}
