//! `pinpu detect` as people and programs call it: the NDJSON contract, exit statuses, and messages that say what to do.

use std::{
    f64::consts::TAU,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::data::test_data;

/// What every summary says.
const SUMMARY_KEYS: [&str; 15] = [
    "samples",
    "seconds",
    "sample_rate_hz",
    "center_hz",
    "fft_size",
    "averages",
    "noise_floor_dbfs_hz",
    "floor_uncertainty_db",
    "snr_wall_db",
    "clipped_fraction",
    "false_alarms_per_day_mhz",
    "emissions",
    "gaps",
    "throughput_msps",
    "floor_observed",
];

/// What every emission says (besides what may be null).
const EMISSION_KEYS: [&str; 16] = [
    "id",
    "start_s",
    "stop_s",
    "center_hz",
    "low_hz",
    "high_hz",
    "bandwidth_hz",
    "bandwidth_method",
    "power_dbfs",
    "snr_db",
    "peak_dbfs",
    "duty_cycle",
    "bursts",
    "bursts_total",
    "classes",
    "open",
];

fn pinpu(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinpu"));
    command
        .args(args)
        .env("LANG", "C")
        .env_remove("LC_ALL")
        .env_remove("LC_MESSAGES");
    command.output().expect("pinpu runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn rows(output: &Output) -> Vec<Value> {
    let out = String::from_utf8_lossy(&output.stdout);
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect()
}

/// Runs `args` and expects status `status` and a message holding each of `says`.
fn refused(args: &[&str], status: i32, says: &[&str]) {
    let output = pinpu(args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{args:?}: {error}");
    for part in says {
        assert!(error.contains(part), "{args:?} should say '{part}': {error}");
    }
    assert!(output.stdout.is_empty(), "nothing half-done on standard output");
}

/// A burst of a 20 kHz wide two-tone signal at 97.45 MHz in 16-bit samples at 1 MS/s.
fn burst(folder: &Path) -> PathBuf {
    let path = folder.join("x_97.3M_1M.cs16");
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5) * 60.0
    };
    let mut bytes = Vec::new();
    for n in 0..600_000_usize {
        let on = (200_000..400_000).contains(&n);
        let deviation = if (n / 100) % 2 == 0 { 0.16 } else { 0.14 };
        let phase = TAU * deviation * n as f64;
        for part in [phase.cos(), phase.sin()] {
            let level = if on { 8000.0 * part } else { 0.0 } + noise();
            bytes.extend_from_slice(&(level as i16).to_le_bytes());
        }
    }
    fs::write(&path, bytes).expect("a temporary file");
    path
}

#[test]
fn the_json_of_detect_keeps_its_contract() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = burst(folder.path());
    let output = pinpu(&["detect", text(&path), "--json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let rows = rows(&output);
    let (summary, rest) = rows.split_last().expect("a summary");
    assert_eq!(summary["type"], "summary");
    for key in SUMMARY_KEYS {
        assert!(!summary[key].is_null(), "the summary lacks {key}: {summary}");
    }
    assert_eq!(
        (summary["samples"].as_u64(), summary["center_hz"].as_i64()),
        (Some(600_000), Some(97_300_000))
    );
    let emissions: Vec<&Value> = rest.iter().filter(|row| row["type"] == "emission").collect();
    assert_eq!(emissions.len(), 1, "{rest:#?}");
    assert_eq!(summary["emissions"], json!(1));
    let emission = emissions[0];
    for key in EMISSION_KEYS {
        assert!(!emission[key].is_null(), "an emission lacks {key}: {emission}");
    }
    for key in ["verdict", "artefact"] {
        assert!(
            emission.as_object().is_some_and(|e| e.get(key) == Some(&Value::Null)),
            "{key} is there and null"
        );
    }
    let number = |key: &str| emission[key].as_f64().expect("a number");
    assert!(
        (number("start_s") - 0.2).abs() < 0.005 && (number("stop_s") - 0.4).abs() < 0.005,
        "{emission}"
    );
    assert!((number("center_hz") - 97_450_000.0).abs() < 1500.0, "{emission}");
    assert_eq!(number("high_hz") - number("low_hz"), number("bandwidth_hz"));
    assert_eq!(emission["bursts"].as_array().map(Vec::len), Some(1), "{emission}");
    let starts: Vec<f64> = rest.iter().filter_map(|row| row["start_s"].as_f64()).collect();
    assert!(
        starts.windows(2).all(|pair| pair[0] <= pair[1]),
        "rows are in time order"
    );
}

#[test]
fn a_survey_finds_what_lasts_and_says_what_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = burst(folder.path());
    let output = pinpu(&["detect", text(&path), "--json", "--survey"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = rows(&output);
    let (summary, rest) = rows.split_last().expect("a summary");
    for key in SUMMARY_KEYS {
        assert!(!summary[key].is_null(), "the summary lacks {key}: {summary}");
    }
    let frame_s = summary["survey_frame_s"].as_f64().expect("a survey");
    assert!((0.03..0.07).contains(&frame_s), "{summary}");
    assert_eq!(rest.len(), 1, "{rest:#?}");
    let emission = &rest[0];
    for key in EMISSION_KEYS {
        assert!(!emission[key].is_null(), "an emission lacks {key}: {emission}");
    }
    let number = |key: &str| emission[key].as_f64().expect("a number");
    assert!((number("center_hz") - 97_450_000.0).abs() < 1500.0, "{emission}");
    assert!(
        (number("start_s") - 0.2).abs() <= frame_s && (number("stop_s") - 0.4).abs() <= frame_s,
        "{emission}"
    );
    let picture = folder.path().join("survey.png");
    let output = pinpu(&[
        "detect",
        text(&path),
        "--survey",
        "--plot",
        text(&picture),
        "--lang",
        "zh",
    ]);
    assert!(output.status.success() && picture.is_file());
    assert!(String::from_utf8_lossy(&output.stdout).contains("不带 --survey"));
    refused(
        &["detect", text(&path), "--survey", "--threads", "2"],
        2,
        &["--threads"],
    );
}

#[test]
fn check_gives_verdicts_and_exit_status_three() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = burst(folder.path());
    let stations = concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo/assignments.csv");
    let held = [
        "detect",
        text(&path),
        "--check",
        "--registry",
        stations,
        "--site",
        "30.53,114.36",
        "--ppm-uncertainty",
        "1",
    ];
    let output = pinpu(&[&held[..], &["--json"]].concat());
    assert_eq!(
        output.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let rows = rows(&output);
    let verdict = &rows.iter().find(|row| row["type"] == "emission").expect("an emission")["verdict"];
    assert_eq!(verdict["kind"], "unlicensed", "{verdict}");
    assert!(
        verdict["explanation"]
            .as_str()
            .is_some_and(|text| text.contains("97.45")),
        "{verdict}"
    );
    let chinese = pinpu(&[&held[..], &["--lang", "zh"]].concat());
    assert!(
        String::from_utf8_lossy(&chinese.stdout).contains("冲突"),
        "the table speaks Chinese when asked"
    );
    let unheld = pinpu(&["detect", text(&path), "--json", "--check"]);
    assert_eq!(
        unheld.status.code(),
        Some(0),
        "without stations nobody is called unlicensed"
    );
}

#[test]
fn a_plot_is_drawn_beside_the_table() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = burst(folder.path());
    let stations = concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo/assignments.csv");
    for (name, begins) in [("pass.png", b"\x89PNG"), ("pass.svg", b"<svg")] {
        let picture = folder.path().join(name);
        let output = pinpu(&[
            "detect",
            text(&path),
            "--registry",
            stations,
            "--site",
            "30.53,114.36",
            "--plot",
            text(&picture),
        ]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "the table is printed too");
        let image = fs::read(&picture).expect("the picture");
        assert!(image.starts_with(begins), "{name}");
        if name.ends_with("svg") {
            let svg = String::from_utf8(image).expect("text");
            assert!(svg.contains("unlicensed"), "the burst is marked with its verdict");
        }
    }
    let left: Vec<_> = fs::read_dir(folder.path())
        .expect("the folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let unwritable = folder.path().join("pass.jpg");
    refused(
        &["detect", text(&path), "--plot", text(&unwritable)],
        2,
        &[".png", ".svg"],
    );
}

#[test]
fn standard_input_is_a_source() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = burst(folder.path());
    let input = fs::File::open(&path).expect("the file");
    let args = [
        "detect", "-", "--format", "cs16", "--rate", "1M", "--freq", "97.3M", "--json",
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_pinpu"))
        .args(args)
        .stdin(input)
        .output()
        .expect("pinpu runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        rows(&output).last().and_then(|row| row["samples"].as_u64()),
        Some(600_000)
    );
}

#[test]
fn noise_alone_is_nothing() {
    let Some(path) = test_data("recordings/noise_1M92.sigmf-meta", "noise_alone_is_nothing") else {
        return;
    };
    let output = pinpu(&["detect", text(&path), "--json", "--freq", "0"]);
    let emissions = rows(&output)
        .into_iter()
        .filter(|row| row["type"] == "emission")
        .collect::<Vec<_>>();
    assert!(emissions.is_empty(), "{emissions:#?}");
}

#[test]
fn a_recording_without_a_centre_asks_for_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("plain.cu8");
    fs::write(&path, vec![127_u8; 4096]).expect("a temporary file");
    refused(&["detect", text(&path), "--rate", "1M"], 2, &["--freq"]);
    refused(&["detect", text(&path), "--freq", "98M"], 1, &["--rate"]);
    refused(
        &["detect", text(&path), "--freq", "98M", "--rate", "-5"],
        2,
        &["--rate"],
    );
    refused(
        &["detect", text(&path), "--freq", "98,5M", "--rate", "1M"],
        2,
        &["433.92M"],
    );
    refused(&["detect", "soapy:driver=none"], 2, &["--freq"]);
}

#[test]
fn what_is_no_recording_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    refused(&["detect", text(folder.path())], 1, &["folder"]);
    refused(&["detect", "/does/not/exist.sigmf-meta"], 1, &["exist"]);
    let bad = folder.path().join("bad.sigmf-meta");
    fs::write(&bad, "{ not json").expect("a temporary file");
    refused(&["detect", text(&bad)], 1, &["bad.sigmf-meta"]);
    let meta = json!({"global": {"core:datatype": "cx99", "core:sample_rate": 1e6, "core:version": "1.0.0"},
        "captures": [{"core:sample_start": 0, "core:frequency": 1e8}], "annotations": []});
    fs::write(&bad, meta.to_string()).expect("a temporary file");
    fs::write(folder.path().join("bad.sigmf-data"), [0_u8; 64]).expect("a temporary file");
    refused(&["detect", text(&bad)], 1, &["cx99", "ci16_le"]);
}

#[test]
fn odd_bytes_at_the_end_are_told_and_nan_names_its_sample() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("odd_98M_1M.cu8");
    fs::write(&path, vec![127_u8; 200_001]).expect("a temporary file");
    let output = pinpu(&["detect", text(&path), "--json"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 byte"), "{output:?}");
    let path = folder.path().join("nan_98M_1M.cf32");
    let mut bytes = vec![0_u8; 8 * 10_000];
    bytes[8 * 5000..8 * 5000 + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, bytes).expect("a temporary file");
    let output = pinpu(&["detect", text(&path), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("5000"), "{output:?}");
    assert!(pinpu(&["detect", text(&path), "--json", "--zero-nan"]).status.success());
}

/// Below 100 MiB, of which 20 are the program itself.
#[test]
#[cfg(target_os = "linux")]
fn memory_stays_small_with_two_threads() {
    let name = "recordings/adsb_1090M_2M_dump1090_modes1.sigmf-data";
    let Some(path) = test_data(name, "memory of detect") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let long = folder.path().join("x_1090M_2M.cu8");
    fs::write(&long, fs::read(path).expect("a recording").repeat(12)).expect("a temporary file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_pinpu"))
        .args(["detect", text(&long), "--json", "--threads", "2"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("pinpu runs");
    let status = format!("/proc/{}/status", child.id());
    let (mut most, mut looks) = (0, 0);
    while child.try_wait().expect("it is ours").is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = kib.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        (most, looks) = (most.max(kib.unwrap_or(0)), looks + 1);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().expect("it ends").success());
    assert!(looks > 10 && most > 10_000, "{looks} looks at {most} KiB");
    assert!(most < 80 << 10, "{most} KiB");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = burst(folder.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_pinpu"))
        .args(["detect", text(&path), "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("pinpu runs");
    drop(child.stdout.take());
    assert!(
        child.wait().expect("it ends").success(),
        "a closed pipe is the reader's right"
    );
}

#[test]
fn help_names_every_command() {
    let output = pinpu(&["--help"]);
    let help = String::from_utf8_lossy(&output.stdout);
    for command in [
        "serve",
        "receivers",
        "doctor",
        "detect",
        "record",
        "registry",
        "user",
        "openapi",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is missing in:\n{help}"
        );
    }
}
