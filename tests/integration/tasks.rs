//! A measuring task end to end: a receiver on its own watch and one that leaves it, samples through SoapySDR, recordings that
//! show the emission again.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    service::{bytes, get, serve},
    verdicts::{module, pinpu, text},
};

/// Somebody on 150.7 MHz, where both receivers watch, and somebody on 151.5 MHz, where neither does.
const SCENE: &str = "receiver seed=4 noise_figure_db=6 full_scale_dbm=0\n\
                     noise name=\"near\" freq=150.7M power=-85 bandwidth=8k\n\
                     noise name=\"far\" freq=151.5M power=-85 bandwidth=8k\n";

fn configuration(folder: &Path) -> String {
    let scene = folder.join("two.scene");
    fs::write(&scene, SCENE).expect("a temporary file");
    let policy = folder.join("coordination.toml");
    let shipped = include_str!("../../config/coordination.toml");
    let ours = shipped
        .replace("approval = \"by_hand\"", "approval = \"within_quota\"")
        .replace("retune = []", "retune = [\"goes\"]");
    assert!(ours.contains("within_quota\"") && ours.contains("[\"goes\"]"), "{ours}");
    fs::write(&policy, ours).expect("a temporary file");
    let mut text = format!("[coordination]\npolicy = {policy:?}\n[evidence]\ncut_s = 0.5\n");
    for id in ["stays", "goes"] {
        let args = format!(
            "driver=pinpu-virtual,profile=ideal,serial={id},scene={}",
            scene.display()
        );
        text += &format!(
            "[[receiver]]\nid = \"{id}\"\nargs = {args:?}\ncenter = \"150.66M\"\nsample_rate = \"250k\"\ngain = 30.0\n\
             ppm_uncertainty = 0.1\nsite = {{ name = \"test\", latitude = 30.53, longitude = 114.36 }}\n"
        );
    }
    text
}

fn ask(url: &str, receiver: &str, center_hz: i64, from: Timestamp) -> Value {
    let content = json!({
        "title": "监测", "purpose": "核实", "receivers": [receiver], "low_hz": center_hz - 10_000, "high_hz": center_hz + 10_000,
        "time": {"from": from, "to": from + SignedDuration::from_mins(5)}, "minutes": 1,
        "products": ["occupancy", "emissions", "recording"], "priority": "routine",
    });
    post(&format!("{url}/api/v1/tasks"), None, &json!({"content": content}))
}

fn post(url: &str, version: Option<&Value>, body: &Value) -> Value {
    let mut call = ureq::post(url).header("content-type", "application/json");
    if let Some(version) = version {
        call = call.header("if-match", format!("\"{version}\""));
    }
    let answer = call
        .send(body.to_string())
        .unwrap_or_else(|error| panic!("{url}: {error}: {body}"));
    let text = answer.into_body().read_to_string().expect("a body");
    serde_json::from_str(&text).expect("JSON")
}

/// Looks again until there is something, a hundred and fifty seconds at most.
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(150), "{what}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// The two files of the recording that was made for a task, saved; answers the metadata.
fn recording(url: &str, task: &Value, folder: &Path) -> PathBuf {
    let id = task["id"].as_str().expect("an id");
    let files = wait("a recording", || {
        let results = get(&format!("{url}/api/v1/tasks/{id}/results"));
        let files = results["recordings"].as_array().cloned().unwrap_or_default();
        let own: Vec<Value> = files.into_iter().filter(|file| file["conflict_id"].is_null()).collect();
        Some(own).filter(|own| own.len() == 2)
    });
    let mut meta = None;
    for file in files {
        let (key, name) = (file["id"].as_str().expect("id"), file["name"].as_str().expect("name"));
        let path = folder.join(name);
        fs::write(&path, bytes(&format!("{url}/api/v1/tasks/{id}/recordings/{key}"))).expect("written");
        meta = Some(path)
            .filter(|path| path.extension().is_some_and(|kind| kind == "sigmf-meta"))
            .or(meta);
    }
    meta.expect("metadata")
}

/// Where the detector finds something in a recording, in hertz.
fn detected(folder: &Path, module: &Path, meta: &Path) -> Vec<f64> {
    let output = pinpu(folder, module)
        .arg("detect")
        .arg(meta)
        .arg("--json")
        .output()
        .expect("pinpu runs");
    assert!(output.status.success(), "{}", text(&output));
    let rows = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows = rows.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    rows.filter(|row| row["type"] == "emission")
        .filter_map(|row| row["center_hz"].as_f64())
        .collect()
}

#[test]
fn a_task_is_recorded_on_the_watch_and_off_it_and_the_receiver_comes_back() {
    let Some(module) = module("measuring tasks") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_service, url) = serve(folder.path(), module, &configuration(folder.path()));
    let watch = |id: &str| {
        let receivers = get(&format!("{url}/api/v1/receivers"))["items"].clone();
        let mut receivers = receivers.as_array().cloned().unwrap_or_default().into_iter();
        receivers.find(|receiver| {
            receiver["id"] == id && ["streaming", "degraded"].map(Value::from).contains(&receiver["state"])
        })
    };
    let own = wait("both receive", || watch("stays").and(watch("goes")))["plan"].clone();
    let second = Timestamp::now().as_second() + 2;
    let from = Timestamp::from_second((second / 60 + 1) * 60).expect("in range");
    let near = ask(&url, "stays", 150_700_000, from);
    let far = ask(&url, "goes", 151_500_000, from);
    assert_eq!([&near["state"], &far["state"]], ["accepted"; 2], "{near:#} {far:#}");

    for (task, center_hz) in [(&near, 150_700_000.0), (&far, 151_500_000.0)] {
        let meta = recording(&url, task, folder.path());
        let told: Value = serde_json::from_slice(&fs::read(&meta).expect("read")).expect("JSON");
        assert_eq!(told["global"]["pinpu:task"], task["id"], "{told:#}");
        let found = detected(folder.path(), module, &meta);
        assert!(
            found.iter().any(|hz| (hz - center_hz).abs() < 2_000.0),
            "{center_hz}: {found:?}"
        );
    }
    let away = watch("goes").expect("it receives");
    assert_ne!(away["plan"], own, "it has left its watch: {away:#}");

    for task in [&near, &far] {
        let path = format!("{url}/api/v1/tasks/{}", task["id"].as_str().expect("id"));
        let task = wait("its slot is over", || {
            Some(get(&path)).filter(|task| task["measured"].as_array().is_some_and(|all| !all.is_empty()))
        });
        let measured = &task["measured"][0];
        assert!(
            measured["observed_s"].as_f64().is_some_and(|s| s >= 40.0),
            "{measured:#}"
        );
        assert!(
            measured["band"]["share"].as_f64().is_some_and(|share| share > 0.3),
            "{measured:#}"
        );
        if task["state"] != "done" {
            // A part of the minute was not observed; nobody waits for the rest here.
            let body = json!({"step": "cancel", "reason": "enough"});
            post(&format!("{path}/transitions"), Some(&task["version"]), &body);
        }
    }
    wait("it is back on its watch", || {
        watch("goes").filter(|receiver| receiver["plan"] == own)
    });
}
