//! Every way in which a recording can be broken: each is refused or told, and the message says what to do.

use std::{fs, path::Path};

use pinpu_hardware::{Receiver, Recording, RecordingOptions, RecordingWarning, SampleBlock, SampleFormat};
use serde_json::{Value, json};

use crate::files::{SOON, assert_says, options, refusal, sigmf};

#[test]
fn broken_metadata_say_what_is_wrong_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = json!([{"name": "zip", "version": "1.0.0", "optional": false}]);
    for (global, captures, words) in [
        (json!({"core:sample_rate": 0}), json!([]), ["0 is not usable", "--rate"]),
        (
            json!({"core:sample_rate": -5.5}),
            json!([]),
            ["-5.5 is not usable", "--rate"],
        ),
        (json!({"core:sample_rate": null}), json!([]), ["sample rate", "--rate"]),
        (
            json!({"core:sample_rate": "fast"}),
            json!([]),
            ["not SigMF metadata", "fast"],
        ),
        (
            json!({"core:datatype": "cf64_le"}),
            json!([]),
            ["cf64_le", "cu8, ci8, ci16_le and cf32_le"],
        ),
        (json!({"core:datatype": "rf32_le"}), json!([]), ["real", "ci16_le"]),
        (json!({"core:num_channels": 2}), json!([]), ["2 channels", "split"]),
        (
            json!({"core:metadata_only": true}),
            json!([]),
            ["without samples", "data file"],
        ),
        (json!({"core:extensions": foreign}), json!([]), ["extension", "zip"]),
        (json!({"core:trailing_bytes": 100}), json!([]), ["shorter", "cut off"]),
        (
            json!({}),
            json!([{"core:sample_start": 4}]),
            ["starts at sample 4", "cut off"],
        ),
        (
            json!({}),
            json!([{"core:sample_start": 1}, {"core:sample_start": 1}]),
            ["capture 1", "sort"],
        ),
        (json!({}), json!([{"core:sample_start": -1}]), ["-1", "whole"]),
        (
            json!({}),
            json!([{"core:sample_start": 0, "core:frequency": -5.0}]),
            ["-5", "--freq"],
        ),
        (
            json!({"core:dataset": "../../etc/passwd"}),
            json!([]),
            ["passwd", "missing"],
        ),
    ] {
        let meta = sigmf(folder.path(), global, captures, &[0; 8]);
        assert_says(&refusal(&meta, &options()), &words);
    }
    let meta = folder.path().join("r.sigmf-meta");
    for (text, words) in [
        ("", ["not valid JSON", "EOF"]),
        (r#"{"global": {"core:datatype": "cu8""#, ["not valid JSON", "line 1"]),
        (
            r#"{"global": {"core:datatype": "cu8", "core:sample_rate": NaN}}"#,
            ["not valid JSON", "line 1"],
        ),
        ("[]", ["not SigMF metadata", "line 1"]),
        ("{}", ["not SigMF metadata", "global"]),
    ] {
        fs::write(&meta, text).unwrap();
        assert_says(&refusal(&meta, &options()), &words);
    }
}

#[test]
fn missing_and_wrong_files_say_which() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert_says(
        &refusal(at("nothing.cu8"), &options()),
        &["nothing.cu8", "no such file", "check the name"],
    );
    assert_says(&refusal(folder.path(), &options()), &["is a folder", "--format"]);
    let meta = sigmf(folder.path(), json!({}), json!([]), &[0; 4]);
    assert_says(&refusal(folder.path(), &options()), &["is a folder", "r.sigmf-meta"]);
    fs::write(at("r.sigmf-data"), []).unwrap();
    assert_says(&refusal(&meta, &options()), &["r.sigmf-data", "is empty"]);
    fs::write(at("r.sigmf-data"), [0]).unwrap();
    assert_says(&refusal(&meta, &options()), &["less than one sample", "cut off"]);
    fs::remove_file(at("r.sigmf-data")).unwrap();
    assert_says(&refusal(&meta, &options()), &["r.sigmf-data", "is missing"]);
    fs::remove_file(&meta).unwrap();
    fs::write(at("r.sigmf-data"), [0; 4]).unwrap();
    assert_says(
        &refusal(at("r.sigmf-data"), &options()),
        &["r.sigmf-meta", "missing", "--format"],
    );
    fs::create_dir(at("d.sigmf-meta")).unwrap();
    assert_says(&refusal(at("d.sigmf-meta"), &options()), &["is a folder"]);
    fs::write(at("a.sigmf"), [0; 4]).unwrap();
    assert_says(&refusal(at("a.sigmf"), &options()), &["archive", "tar"]);
}

/// Root may read everything: for root the check runs in a child process under another user.
#[cfg(unix)]
#[test]
fn a_file_one_may_not_read_says_how_to_get_at_it() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    const INSIDE: &str = "PINPU_TEST_FORBIDDEN_FILE";
    if let Some(path) = std::env::var_os(INSIDE) {
        assert_says(
            &refusal(Path::new(&path), &options()),
            &["x_1k.cu8", "permission denied", "chmod"],
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().join("x_1k.cu8");
    fs::write(&path, [0; 4]).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_err() {
        assert_says(&refusal(&path, &options()), &["x_1k.cu8", "permission denied", "chmod"]);
        return;
    }
    let test = "broken_recordings::a_file_one_may_not_read_says_how_to_get_at_it";
    // The other user may not reach the build folder: hand out a copy of this program.
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = std::process::Command::new(&program)
        .args(["--exact", test])
        .env(INSIDE, &path)
        .current_dir(folder.path())
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
fn an_odd_length_is_told_once_and_the_rest_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let meta = sigmf(folder.path(), json!({"core:datatype": "ci16_le"}), json!([]), &[0; 11]);
    let raw = folder.path().join("x_1k.cs16");
    fs::write(&raw, [0; 11]).unwrap();
    for path in [meta, raw] {
        let mut recording = Recording::open(&path, &options()).unwrap();
        let mut block = SampleBlock::new(SampleFormat::Cs16, 64);
        recording.start().unwrap();
        assert_eq!(recording.read(&mut block, SOON).unwrap().unwrap().samples, 2);
        assert_eq!(recording.read(&mut block, SOON).unwrap(), None);
        assert_eq!(recording.warnings(), [RecordingWarning::PartialSample { bytes: 3 }]);
        assert_says(&recording.warnings()[0].to_string(), &["3 byte(s)", "cut off"]);
    }
}

#[test]
fn annotations_beyond_the_end_tell_that_data_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let meta = sigmf(folder.path(), json!({}), json!([]), &[0; 20]);
    let mut text: Value = serde_json::from_slice(&fs::read(&meta).unwrap()).unwrap();
    text["annotations"] = json!([
        {"core:sample_start": 0, "core:sample_count": 10},
        {"core:sample_start": 9, "core:sample_count": 2},
        {"core:sample_start": 50},
    ]);
    fs::write(&meta, text.to_string()).unwrap();
    let recording = Recording::open(&meta, &options()).unwrap();
    assert_eq!(
        recording.warnings(),
        [RecordingWarning::AnnotationsBeyondEnd { count: 2 }]
    );
    assert_eq!(recording.recording_facts().annotations.len(), 2);
}

#[test]
fn a_damaged_hash_is_found_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let empty_hash = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
                      47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
    let meta = sigmf(folder.path(), json!({"core:sha512": empty_hash}), json!([]), &[0; 4]);
    assert!(Recording::open(&meta, &options()).is_ok(), "not asked");
    let verify = RecordingOptions {
        verify_hash: true,
        ..options()
    };
    assert_says(&refusal(&meta, &verify), &["r.sigmf-data", "sha512", "cf83e1357eef"]);
}

#[test]
fn nan_stops_with_the_number_of_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    let mut values = vec![0.5_f32; 2 * 5000];
    values[2 * 3000 + 1] = f32::NAN;
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let meta = sigmf(folder.path(), json!({"core:datatype": "cf32_le"}), json!([]), &data);
    let mut recording = Recording::open(&meta, &options()).unwrap();
    let mut block = SampleBlock::new(SampleFormat::Cf32, 2048);
    recording.start().unwrap();
    let mut good = 0;
    let error = loop {
        match recording.read(&mut block, SOON) {
            Ok(info) => good += info.expect("an error, not the end").samples,
            Err(e) => break e.to_string(),
        }
    };
    assert_eq!(good, 3000, "what was good is delivered");
    assert_says(&error, &["sample 3000", "not a finite number"]);
    assert!(
        recording.read(&mut block, SOON).is_err(),
        "it does not go on as if nothing had been"
    );
}

#[test]
fn a_file_cut_off_while_it_is_read_is_not_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x_1k.cu8");
    fs::write(&path, [0; 2000]).unwrap();
    let mut recording = Recording::open(&path, &options()).unwrap();
    let mut block = SampleBlock::new(SampleFormat::Cu8, 100);
    recording.start().unwrap();
    assert_eq!(recording.read(&mut block, SOON).unwrap().unwrap().samples, 100);
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(300)
        .unwrap();
    let error = recording.read(&mut block, SOON).unwrap_err();
    assert_says(&error.to_string(), &["sample 100", "cut off"]);
}
