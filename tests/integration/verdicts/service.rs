//! The conflicts of the scenes through a running service: samples in, HTTP out.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{CASES, Case, arguments, beside, hold, module, pinpu, stations, text};

/// Kinds that open no conflict.
const PEACEFUL: [&str; 3] = ["licensed", "licence_exempt", "inconclusive"];

/// A service that ends with the test.
pub(super) struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

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
    let config = folder.join("pinpu.toml");
    fs::write(&config, format!("{sections}{}", configuration(cases))).expect("a temporary file");
    let mut child = pinpu(folder, module)
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--config"])
        .arg(&config)
        .arg("--data")
        .arg(&data)
        .env("PINPU_DEMO_PASSWORD", "correct horse battery staple")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("pinpu serve starts");
    let out = child.stdout.take().expect("piped");
    let service = Service(child);
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
    // It says more after its address, and ends when nobody listens.
    std::thread::spawn(move || lines.for_each(drop));
    (service, format!("http://{}", address.expect("the address")))
}

/// What is answered at an address.
pub(super) fn get(url: &str) -> Value {
    let body = ureq::get(url)
        .call()
        .unwrap_or_else(|error| panic!("{url}: {error}"))
        .into_body()
        .read_to_string()
        .expect("a body");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{body}: {error}"))
}

pub(super) fn items(url: &str) -> Vec<Value> {
    get(url)["items"].as_array().cloned().unwrap_or_default()
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
