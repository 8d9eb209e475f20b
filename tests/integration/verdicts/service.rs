//! The conflicts of the scenes through a running service: samples in, HTTP out.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{CASES, Case, arguments, beside, hold, module, pinpu, stations, text};
use crate::service::{Service, items, serve};

/// Kinds that open no conflict.
const PEACEFUL: [&str; 3] = ["licensed", "licence_exempt", "inconclusive"];

fn configuration(cases: &[&Case]) -> String {
    let mut text = format!("[registry]\ncontrol_orders = {:?}\n", beside("orders.toml"));
    for case in cases {
        text += &format!(
            "[[receiver]]\nid = \"{}\"\nargs = {:?}\ncenter = \"{}\"\nsample_rate = \"250k\"\ngain = 30.0\n\
             ppm_uncertainty = 0.1\ncalibration = {:?}\nsite = {{ name = \"test\", latitude = 30.53, longitude = 114.36 }}\n",
            case.scene.replace('_', "-"),
            arguments(case),
            case.center_hz - 40_000,
            beside("calibration.toml"),
        );
    }
    text
}

fn start(folder: &Path, module: &Path, cases: &[&Case]) -> (Service, String) {
    start_with(folder, module, cases, "")
}

/// The same, with more sections of the configuration.
pub(super) fn start_with(folder: &Path, module: &Path, cases: &[&Case], sections: &str) -> (Service, String) {
    let data = folder.join("data");
    let imported = pinpu(folder, module)
        .args(["registry", "import"])
        .arg(stations(folder))
        .arg("--data")
        .arg(&data)
        .output()
        .expect("pinpu runs");
    assert!(imported.status.success(), "{}", text(&imported));
    serve(folder, module, &format!("{sections}{}", configuration(cases)))
}

#[test]
fn the_conflicts_of_the_scenes_are_told_over_http() {
    let Some(module) = module("conflicts over HTTP") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| !PEACEFUL.contains(&case.kind) && !case.scene.ends_with("almost"))
        .collect();
    assert_eq!(cases.len(), 8);
    let (_service, url) = start(folder.path(), module, &cases);
    let begun = Instant::now();
    for case in cases {
        let receiver = case.scene.replace('_', "-");
        let verdict = loop {
            let emissions = items(&format!("{url}/api/v1/emissions?receiver={receiver}"));
            let settled = emissions
                .into_iter()
                .find(|emission| emission["verdict"]["kind"] == case.kind && emission["conflict_id"].is_string());
            if let Some(emission) = settled {
                break emission["verdict"].clone();
            }
            let all = items(&format!("{url}/api/v1/emissions?receiver={receiver}"));
            assert!(begun.elapsed() < Duration::from_secs(60), "{}: {all:#?}", case.scene);
            std::thread::sleep(Duration::from_millis(200));
        };
        assert_eq!(verdict["rule"], case.rule, "{verdict:#}");
        let conflicts = items(&format!("{url}/api/v1/conflicts?kind={}", case.kind));
        let here = |conflict: &&Value| {
            let center = conflict["center_hz"].as_i64().unwrap_or_default();
            (center - case.center_hz).abs() < 5_000
        };
        assert!(
            conflicts.iter().any(|conflict| here(&conflict)),
            "{}: {conflicts:#?}",
            case.scene
        );
        hold(case, &verdict);
    }
}
