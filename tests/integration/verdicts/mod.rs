//! Every kind of verdict from samples: a scene that provokes it and one that almost does, through SoapySDR, the detector
//! and the judge; then the conflicts among them through a running service, as its API tells them.
//!
//! `unused_assignment` is a verdict on weeks of visits and has no scene; `conflict::judge_use` is tested where it is.

mod evidence;
mod newcomers;
mod service;
mod station;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use jiff::{Timestamp, ToSpan, tz::Offset};
use serde_json::Value;
use tempfile::TempDir;

const SITE: &str = "30.53,114.36";
const RATE: &str = "250k";

/// A scene and what it must lead to.
pub(super) struct Case {
    pub(super) scene: &'static str,
    /// Where its emission is, in hertz.
    pub(super) center_hz: i64,
    pub(super) kind: &'static str,
    pub(super) rule: &'static str,
    pub(super) assignment: Option<&'static str>,
    /// Numbers of the evidence with their bounds.
    evidence: &'static [(&'static str, f64, f64)],
}

pub(super) const fn case(
    scene: &'static str,
    center_hz: i64,
    (kind, rule): (&'static str, &'static str),
    assignment: Option<&'static str>,
    evidence: &'static [(&'static str, f64, f64)],
) -> Case {
    Case {
        scene,
        center_hz,
        kind,
        rule,
        assignment,
        evidence,
    }
}

pub(super) const LICENSED: (&str, &str) = ("licensed", "licensed");

pub(super) const CASES: &[Case] = &[
    case(
        "licensed",
        150_600_000,
        LICENSED,
        Some("V-LIC"),
        &[("offset_hz", -250.0, 250.0)],
    ),
    case(
        "unlicensed",
        150_700_000,
        ("unlicensed", "unlicensed"),
        None,
        &[("snr_db", 30.0, 50.0)],
    ),
    case(
        "off_frequency",
        150_802_000,
        ("off_frequency", "off_frequency"),
        Some("V-OFF"),
        &[
            ("offset_hz", 1_800.0, 2_200.0),
            ("tolerance_hz", 500.0, 500.0),
            ("uncertainty_hz", 150.0, 1_000.0),
        ],
    ),
    case(
        "off_frequency_almost",
        150_800_300,
        LICENSED,
        Some("V-OFF"),
        &[("offset_hz", 50.0, 500.0)],
    ),
    case(
        "over_bandwidth",
        150_900_000,
        ("over_bandwidth", "over_bandwidth"),
        Some("V-WIDE"),
        &[
            ("bandwidth_hz", 15_000.0, 17_000.0),
            ("necessary_bandwidth_hz", 11_000.0, 11_000.0),
        ],
    ),
    case(
        "over_bandwidth_almost",
        150_900_000,
        LICENSED,
        Some("V-WIDE"),
        &[("bandwidth_hz", 9_800.0, 11_000.0)],
    ),
    case(
        "over_power",
        228_300_000,
        ("over_power", "over_power"),
        Some("V-POWER"),
        // 30 dBm at 9.8 km: 55.0 dB(µV/m) in free space, 61.0 with reflections; -58 dBm isotropic is 66.4.
        &[
            ("predicted_most_dbuv_m", 60.9, 61.1),
            ("field_dbuv_m", 65.9, 66.9),
            ("field_uncertainty_db", 1.3, 1.6),
            ("level_margin_db", -5.0, -3.0),
            ("power_dbm", -58.5, -57.5),
        ],
    ),
    case(
        "over_power_almost",
        228_300_000,
        LICENSED,
        Some("V-POWER"),
        &[("level_margin_db", 0.0, 4.0)],
    ),
    case(
        "out_of_hours",
        151_600_000,
        ("out_of_hours", "out_of_hours"),
        Some("V-NIGHT"),
        &[("outside_hours_s", 7_000.0, 11_000.0)],
    ),
    case(
        "out_of_hours_almost",
        151_700_000,
        LICENSED,
        Some("V-DAY"),
        &[("outside_hours_s", 0.0, 0.0)],
    ),
    case(
        "protected_band",
        121_500_000,
        ("protected_band", "protected_band"),
        None,
        &[("snr_db", 30.0, 50.0)],
    ),
    case("protected_band_almost", 118_700_000, LICENSED, Some("V-TWR"), &[]),
    case("expired", 151_400_000, ("expired", "expired"), Some("V-OLD"), &[]),
    case("expired_almost", 151_500_000, LICENSED, Some("V-LAST"), &[]),
    case(
        "control_order",
        153_300_000,
        ("control_order", "control_prohibited"),
        Some("V-BANNED"),
        &[("distance_km", 0.5, 0.6)],
    ),
    case("control_order_almost", 153_400_000, LICENSED, Some("V-EXEMPT"), &[]),
    case(
        "licence_exempt",
        433_920_000,
        ("licence_exempt", "licence_exempt"),
        None,
        &[("exempt_bandwidth_hz", 400_000.0, 400_000.0)],
    ),
    case(
        "licence_exempt_almost",
        409_806_250,
        ("unlicensed", "unlicensed"),
        None,
        &[("bandwidth_hz", 35_000.0, 45_000.0)],
    ),
    case("inconclusive", 300_400_000, ("inconclusive", "ask_military"), None, &[]),
    case(
        "operator_carrier",
        942_000_000,
        ("inconclusive", "inside_assigned_block"),
        Some("V-NET"),
        &[("bandwidth_hz", 7_000.0, 10_000.0)],
    ),
    case(
        "operator_carrier_almost",
        942_000_000,
        ("licensed", "licensed_block"),
        Some("V-NET"),
        &[],
    ),
    case("inconclusive_almost", 300_500_000, LICENSED, Some("V-300"), &[]),
];

/// The module of the virtual receiver, built once; nothing (said by name) where the tools for it are missing.
pub(crate) fn module(test: &str) -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("hardware/virtual-receiver");
        let folder = source.join("build-tests");
        let cmake = |args: &[&Path]| Command::new("cmake").args(args).output();
        let configured = cmake(&[
            Path::new("-S"),
            &source,
            Path::new("-B"),
            &folder,
            Path::new("-DPINPU_TEST_MODULES=ON"),
        ]);
        let ready = configured.is_ok_and(|output| output.status.success());
        let built = ready && cmake(&[Path::new("--build"), &folder]).is_ok_and(|output| output.status.success());
        built.then_some(folder)
    });
    if built.is_none() {
        assert!(std::env::var_os("CI").is_none(), "the virtual receiver does not build");
        eprintln!("skipped: {test} (cmake, g++ or libsoapysdr-dev is missing)");
    }
    built.as_deref()
}

/// `pinpu` that sees only the virtual receiver.
pub(crate) fn pinpu(folder: &Path, module: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pinpu"));
    command
        .env("SOAPY_SDR_ROOT", folder.join("none"))
        .env("SOAPY_SDR_PLUGIN_PATH", module)
        .env("PINPU_VIRTUAL_STATE", folder)
        .env_remove("PINPU__DATABASE__URL");
    command
}

pub(super) fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/integration/verdicts")
        .join(name)
}

pub(super) fn arguments(case: &Case) -> String {
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("hardware/virtual-receiver/scenes/verdicts");
    let scene = scenes.join(format!("{}.scene", case.scene));
    format!(
        "driver=pinpu-virtual,profile=ideal,serial={},scene={}",
        case.scene,
        scene.display()
    )
}

/// The register, with hours and days about now.
pub(super) fn stations(folder: &Path) -> PathBuf {
    let now = Offset::constant(8).to_datetime(Timestamp::now());
    let clock = |hours: i64| (now + hours.hours()).strftime("%H:%M").to_string();
    let text = fs::read_to_string(beside("stations.csv"))
        .expect("the register")
        .replace("{over}", &format!("{}-{}", clock(-4), clock(-2)))
        .replace("{on}", &format!("{}-{}", clock(-2), clock(1)))
        .replace("{today}", &now.date().to_string());
    let path = folder.join("stations.csv");
    fs::write(&path, text).expect("a temporary file");
    path
}

pub(crate) fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// `pinpu detect` on a scene, against the register.
pub(super) fn scene_command(case: &Case, folder: &Path, module: &Path) -> Command {
    let mut command = pinpu(folder, module);
    command
        .args([
            "detect",
            &format!("soapy:{},pace=fast", arguments(case)),
            "--seconds",
            "1.5",
        ])
        .args([
            "--freq",
            &(case.center_hz - 40_000).to_string(),
            "--rate",
            RATE,
            "--gain",
            "30",
        ])
        .args(["--site", SITE, "--ppm-uncertainty", "0.1"])
        .arg("--calibration")
        .arg(beside("calibration.toml"))
        .arg("--control-orders")
        .arg(beside("orders.toml"))
        .arg("--registry")
        .arg(stations(folder));
    command
}

/// The one emission of a scene, as `detect --json` tells it.
fn detected(case: &Case, folder: &TempDir, module: &Path) -> Value {
    let output = scene_command(case, folder.path(), module)
        .arg("--json")
        .output()
        .expect("pinpu runs");
    let said = text(&output);
    assert!(output.status.success(), "{}: {said}", case.scene);
    let rows: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let mut emissions = rows.into_iter().filter(|row| row["type"] == "emission");
    let emission = emissions
        .next()
        .unwrap_or_else(|| panic!("{}: nothing was detected: {said}", case.scene));
    assert!(
        emissions.next().is_none(),
        "{}: more than one emission: {said}",
        case.scene
    );
    emission
}

pub(super) fn hold(case: &Case, verdict: &Value) {
    let name = case.scene;
    assert_eq!(verdict["kind"], case.kind, "{name}: {verdict:#}");
    assert_eq!(verdict["rule"], case.rule, "{name}: {verdict:#}");
    assert_eq!(verdict["assignment"].as_str(), case.assignment, "{name}: {verdict:#}");
    for &(key, low, high) in case.evidence {
        let number = verdict["evidence"][key].as_f64();
        let within = number.is_some_and(|number| (low..=high).contains(&number));
        assert!(
            within,
            "{name}: {key} = {number:?}, expected {low} to {high}: {verdict:#}"
        );
    }
}

#[test]
fn every_kind_of_verdict_has_a_scene_that_provokes_it_and_one_that_almost_does() {
    let Some(module) = module("every kind of verdict") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for case in CASES {
        let emission = detected(case, &folder, module);
        hold(case, &emission["verdict"]);
    }
    let provoked: std::collections::BTreeSet<&str> = CASES.iter().map(|case| case.kind).collect();
    assert_eq!(provoked.len(), 11, "all kinds but unused_assignment: {provoked:?}");
}
