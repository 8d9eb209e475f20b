//! What a running service keeps with a conflict: the samples, received through SoapySDR, run through the detector again.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{CASES, module, pinpu, service::start_with, text};
use crate::service::{bytes, get, items};

/// The conflict of this kind, once it has as many files as there should be.
fn conflict(url: &str, kind: &str, files: usize) -> Value {
    let begun = Instant::now();
    loop {
        let found = items(&format!("{url}/api/v1/conflicts?kind={kind}"));
        let detail = found.first().and_then(|found| {
            let id = found["id"].as_str().expect("an id");
            Some(get(&format!("{url}/api/v1/conflicts/{id}"))).filter(|detail| attachments(detail).len() >= files)
        });
        if let Some(detail) = detail {
            return detail;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{kind}: {found:#?}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn attachments(conflict: &Value) -> Vec<Value> {
    conflict["attachments"].as_array().cloned().unwrap_or_default()
}

/// Saves the files of a conflict under their names, and answers the one that ends so.
fn save(url: &str, conflict: &Value, folder: &Path, ending: &str) -> std::path::PathBuf {
    let mut wanted = None;
    for file in attachments(conflict) {
        let (id, name) = (
            conflict["id"].as_str().expect("id"),
            file["name"].as_str().expect("name"),
        );
        let file = file["id"].as_str().expect("id");
        let path = folder.join(name);
        fs::write(&path, bytes(&format!("{url}/api/v1/conflicts/{id}/attachments/{file}"))).expect("written");
        if name.ends_with(ending) {
            wanted = Some(path);
        }
    }
    wanted.unwrap_or_else(|| panic!("no {ending} among {conflict:#}"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("read")).expect("JSON")
}

/// The metadata says which receiver, what its levels mean, and where the emission is.
fn hold_metadata(path: &Path, found: &Value) {
    let meta = read(path);
    let global = &meta["global"];
    assert_eq!(global["pinpu:driver"], "pinpu-virtual", "{global:#}");
    assert_eq!(global["pinpu:conflict"], found["id"], "{global:#}");
    let calibrated = number(&global["pinpu:calibration"]["power_dbm_at_0_dbfs"]);
    assert!(calibrated.is_finite(), "{global:#}");
    let seen = &meta["annotations"][0];
    let edges = [&seen["core:freq_lower_edge"], &seen["core:freq_upper_edge"]].map(number);
    assert!(
        edges[0] < number(&found["center_hz"]) && number(&found["center_hz"]) < edges[1],
        "{seen:#}"
    );
}

/// The spectrum has its peak where the emission is, over the floor.
fn hold_spectrum(path: &Path, found: &Value) {
    let spectrum = read(path);
    let level = |key: &str| -> Vec<f64> { spectrum[key].as_array().expect(key).iter().map(number).collect() };
    let (mean, floor, axis) = (level("mean_dbfs_hz"), level("floor_dbfs_hz"), level("frequency_hz"));
    let peak = (0..mean.len())
        .max_by(|a, b| mean[*a].total_cmp(&mean[*b]))
        .expect("bins");
    let width = number(&found["high_hz"]) - number(&found["low_hz"]);
    assert!(
        (axis[peak] - number(&found["center_hz"])).abs() <= width,
        "{} of {spectrum:#}",
        axis[peak]
    );
    assert!(mean[peak] > floor[peak] + 10.0, "{} over {}", mean[peak], floor[peak]);
}

#[test]
fn the_samples_kept_with_a_conflict_show_its_emission_again() {
    let Some(module) = module("evidence of a conflict") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let case = CASES.iter().find(|case| case.scene == "unlicensed").expect("a case");
    let (_service, url) = start_with(folder.path(), module, &[case], "[evidence]\ncut_s = 0.8\n");
    let found = conflict(&url, case.kind, 3);
    let files = attachments(&found);
    assert_eq!(files.len(), 3, "one set a conflict: {files:#?}");
    for file in &files {
        let name = file["name"].as_str().expect("a name");
        let parts: Vec<&str> = name.split('_').collect();
        let megahertz = parts[1].strip_suffix("MHz").and_then(|text| text.parse::<f64>().ok());
        assert!(
            parts[0] == "unlicensed" && megahertz.is_some_and(|mhz| (mhz - 150.7).abs() < 0.005),
            "receiver and frequency: {name}"
        );
        assert_eq!(file["uploaded_by"], "system");
    }
    let meta = save(&url, &found, folder.path(), ".sigmf-meta");

    let again = pinpu(folder.path(), module)
        .arg("detect")
        .arg(&meta)
        .arg("--json")
        .output()
        .expect("pinpu runs");
    assert!(again.status.success(), "{}", text(&again));
    let rows: Vec<Value> = String::from_utf8_lossy(&again.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    let emission = rows
        .iter()
        .find(|row| row["type"] == "emission")
        .unwrap_or_else(|| panic!("nothing was detected: {}", text(&again)));
    let apart = (number(&emission["center_hz"]) - number(&found["center_hz"])).abs();
    let uncertainty = number(&found["evidence"]["uncertainty_hz"]);
    assert!(
        apart <= uncertainty,
        "{apart} Hz apart, uncertain by {uncertainty}: {emission:#}"
    );
    let summary = rows.last().expect("a summary");
    let seconds = number(&summary["seconds"]);
    assert!((0.75..=0.9).contains(&seconds), "as long as configured: {summary:#}");

    hold_metadata(&meta, &found);
    hold_spectrum(&save(&url, &found, folder.path(), ".spectrum.json"), &found);

    // What is kept is told in the history, and it stays one set while the emission goes on.
    let history = found["history"].as_array().expect("history");
    assert!(
        history.iter().any(|entry| entry["action"] == "attached"),
        "{history:#?}"
    );
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(attachments(&conflict(&url, case.kind, 3)).len(), 3);
}

#[test]
fn without_a_ring_only_the_spectrum_is_kept() {
    let Some(module) = module("evidence without samples") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let case = CASES.iter().find(|case| case.scene == "unlicensed").expect("a case");
    let (_service, url) = start_with(folder.path(), module, &[case], "[evidence]\nring_mib = 0\n");
    let names: Vec<String> = attachments(&conflict(&url, case.kind, 1))
        .iter()
        .map(|file| file["name"].as_str().expect("a name").to_owned())
        .collect();
    assert!(names.len() == 1 && names[0].ends_with(".spectrum.json"), "{names:?}");
}
