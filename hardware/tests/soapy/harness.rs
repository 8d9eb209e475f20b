//! Builds the module, runs a test's body in a child process that sees only it, and opens receivers on scenes.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

use num_complex::Complex;
use pinpu_hardware::{
    Gain, ReadInfo, Receiver, ReceiverError, SampleBlock, Tuned, Tuning,
    soapy::{SoapyOptions, SoapyReceiver},
};

/// Set in the child: the folder of the test's own files.
const CHILD: &str = "PINPU_SOAPY_TEST_FOLDER";

/// Where the modules are, built once a run; nothing when the tools for it are missing.
fn modules() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("virtual-receiver");
    // Not in Cargo's folder: checkouts may share that one, and CMake's cache belongs to one source folder.
    let target = source.join("build-tests");
    let missing = |what: &str| {
        assert!(env::var("CI").is_err(), "{what}: CI must have it");
        eprintln!("skipped: every SoapySDR test ({what}); install cmake, g++ and libsoapysdr-dev");
        None
    };
    if Command::new("cmake").arg("--version").output().is_err() {
        return missing("cmake is missing");
    }
    let run = |args: &[&str]| {
        let output = Command::new("cmake").args(args).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let (source, target) = (
        source.to_string_lossy().into_owned(),
        target.to_string_lossy().into_owned(),
    );
    let (configured, text) = run(&["-S", &source, "-B", &target, "-DPINPU_TEST_MODULES=ON"]);
    if !configured && text.contains("SoapySDR") {
        return missing("libsoapysdr-dev is missing");
    }
    assert!(configured, "cmake: {text}");
    let (built, text) = run(&["--build", &target, "--parallel", "2"]);
    assert!(built, "the virtual receiver does not build: {text}");
    Some(target.into())
}

/// Runs `body` in a child process that sees only the virtual module. `name` is the test's own path.
pub(crate) fn isolated(name: &str, body: impl FnOnce(&Path)) {
    isolated_with(name, &["libpinpuVirtual.so"], body);
}

/// As `isolated`, with these modules.
pub(crate) fn isolated_with(name: &str, wanted: &[&str], body: impl FnOnce(&Path)) {
    if let Some(folder) = env::var_os(CHILD) {
        return body(Path::new(&folder));
    }
    let Some(built) = modules() else { return };
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    fs::create_dir(&plugins).unwrap();
    for module in wanted {
        std::os::unix::fs::symlink(built.join(module), plugins.join(module)).unwrap();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, folder.path())
        .env("SOAPY_SDR_ROOT", folder.path().join("none"))
        .env("SOAPY_SDR_PLUGIN_PATH", &plugins)
        .env("PINPU_VIRTUAL_STATE", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{name} ({}):\n{text}", output.status);
    assert!(text.contains("1 passed"), "{name} is not the test's path:\n{text}");
}

/// Writes a scene and gives the arguments that open it as fast as it is read.
pub(crate) fn fast(folder: &Path, profile: &str, scene: &str) -> String {
    format!("{},pace=fast", realtime(folder, profile, scene))
}

/// As `fast`, in real time.
pub(crate) fn realtime(folder: &Path, profile: &str, scene: &str) -> String {
    let path = folder.join(format!("{profile}.scene"));
    fs::write(&path, scene).unwrap();
    format!("driver=pinpu-virtual,profile={profile},scene={}", path.display())
}

/// A plain tuning at no gain.
pub(crate) fn tuning(center_hz: u64, sample_rate_hz: f64) -> Tuning {
    Tuning {
        center_hz,
        sample_rate_hz,
        gain: Gain::Profile,
        ppm: 0.0,
        antenna: None,
        bandwidth_hz: None,
    }
}

/// An open, tuned, streaming receiver.
pub(crate) fn streaming(args: &str, tuning: &Tuning) -> (SoapyReceiver, Tuned) {
    let mut receiver = SoapyReceiver::open_with(args, &SoapyOptions::default()).unwrap();
    let tuned = receiver.tune(tuning).unwrap();
    receiver.start().unwrap();
    (receiver, tuned)
}

/// Full scale 1.0, as everywhere else in the house.
pub(crate) fn floats(block: &SampleBlock, samples: usize) -> Vec<Complex<f32>> {
    match block {
        SampleBlock::Cu8(v) => v[..samples]
            .iter()
            .map(|s| Complex::new((f32::from(s.re) - 127.5) / 127.5, (f32::from(s.im) - 127.5) / 127.5))
            .collect(),
        SampleBlock::Cs8(v) => v[..samples]
            .iter()
            .map(|s| Complex::new(f32::from(s.re), f32::from(s.im)) / 128.0)
            .collect(),
        SampleBlock::Cs16(v) => v[..samples]
            .iter()
            .map(|s| Complex::new(f32::from(s.re), f32::from(s.im)) / 32768.0)
            .collect(),
        SampleBlock::Cf32(v) => v[..samples].to_vec(),
    }
}

/// The next `count` samples, through time-outs; panics on any loss unless it was a tune, or after 20 s.
pub(crate) fn take(receiver: &mut SoapyReceiver, count: usize) -> Vec<Complex<f32>> {
    take_with(receiver, count, |info| {
        assert!(
            info.loss.is_none_or(|l| l.reason == pinpu_hardware::GapReason::Retune),
            "lost: {:?}",
            info.loss
        );
    })
}

/// The next `count` samples; `look` sees every read.
pub(crate) fn take_with(
    receiver: &mut SoapyReceiver,
    count: usize,
    mut look: impl FnMut(&ReadInfo),
) -> Vec<Complex<f32>> {
    let begun = Instant::now();
    let mut block = SampleBlock::new(receiver.facts().format, 65_536);
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "only {} of {count} samples came",
            out.len()
        );
        match receiver.read(&mut block, Duration::from_millis(500)) {
            Ok(Some(info)) => {
                look(&info);
                out.extend(floats(&block, info.samples));
            }
            Ok(None) => panic!("the stream ended"),
            Err(ReceiverError::Timeout { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    out.truncate(count);
    out
}
