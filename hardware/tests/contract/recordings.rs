//! Recordings as people have them: every format and name, seams, pacing, pipes, and the shared real ones.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use num_complex::Complex;
use pinpu_hardware::{
    Gain, GapReason, Loss, NonFinite, Pace, Receiver, ReceiverError, Recording, RecordingOptions, RecordingWarning,
    SampleBlock, SampleFormat, Tuning,
};
use serde_json::json;

use crate::files::{SOON, assert_says, options, refusal, sigmf};

/// Reads to the end; every sample as `I + 1000 Q`, and every loss with the sample it stands before.
fn play(recording: &mut Recording, block_samples: usize) -> (Vec<f64>, Vec<(usize, Loss)>) {
    let mut block = SampleBlock::new(recording.facts().format, block_samples);
    let (mut samples, mut losses) = (Vec::new(), Vec::new());
    recording.start().unwrap();
    while let Some(info) = recording.read(&mut block, SOON).unwrap() {
        losses.extend(info.loss.map(|loss| (samples.len(), loss)));
        for n in 0..info.samples {
            let (i, q) = match &block {
                SampleBlock::Cu8(v) => (f64::from(v[n].re), f64::from(v[n].im)),
                SampleBlock::Cs8(v) => (f64::from(v[n].re), f64::from(v[n].im)),
                SampleBlock::Cs16(v) => (f64::from(v[n].re), f64::from(v[n].im)),
                SampleBlock::Cf32(v) => (f64::from(v[n].re), f64::from(v[n].im)),
            };
            samples.push(i + 1000.0 * q);
        }
    }
    (samples, losses)
}

#[test]
fn a_sigmf_recording_opens_by_any_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let meta = sigmf(
        folder.path(),
        json!({"core:hw": "stick"}),
        json!([{"core:sample_start": 0, "core:frequency": 433.92e6, "core:datetime": "2026-01-02T03:04:05Z"}]),
        &[1, 2, 3, 4],
    );
    for name in ["r.sigmf-meta", "r.sigmf-data", "r"] {
        let mut recording = Recording::open(folder.path().join(name), &options()).unwrap();
        let facts = recording.recording_facts().clone();
        assert_eq!((facts.center_hz, facts.samples), (Some(433_920_000), Some(2)));
        assert_eq!(facts.sample_rate_hz, 1000.0);
        assert_eq!(facts.datetime.as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(facts.hardware.as_deref(), Some("stick"));
        assert_eq!(play(&mut recording, 64).0, [2001.0, 4003.0]);
        assert_eq!(recording.warnings(), []);
    }
    let moved = RecordingOptions {
        center_hz: Some(0),
        ..options()
    };
    assert_eq!(
        Recording::open(&meta, &moved).unwrap().recording_facts().center_hz,
        Some(0)
    );
}

#[test]
fn every_format_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let cs16: Vec<u8> = [-2_i16, 300].iter().flat_map(|v| v.to_le_bytes()).collect();
    let cf32: Vec<u8> = [0.5_f32, -0.25].iter().flat_map(|v| v.to_le_bytes()).collect();
    for (datatype, raw, data, want) in [
        ("cu8", "x_1k.cu8", vec![255, 128], 128_255.0),
        ("ci8", "x_1k.cs8", vec![255, 127], 126_999.0),
        ("ci16_le", "x_1k.cs16", cs16, 299_998.0),
        ("cf32_le", "x_1k.cf32", cf32, -249.5),
    ] {
        let meta = sigmf(folder.path(), json!({"core:datatype": datatype}), json!([]), &data);
        assert_eq!(
            play(&mut Recording::open(&meta, &options()).unwrap(), 8).0,
            [want],
            "{datatype}"
        );
        let raw = folder.path().join(raw);
        fs::write(&raw, &data).unwrap();
        let mut raw = Recording::open(&raw, &options()).unwrap();
        assert_eq!(raw.recording_facts().center_hz, None, "nobody said one");
        assert_eq!(play(&mut raw, 8).0, [want], "{datatype}");
    }
}

#[test]
fn a_raw_file_needs_format_and_rate_from_name_or_options() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("g001_433.92M_250k.cu8");
    fs::write(&named, [0; 10]).unwrap();
    let recording = Recording::open(&named, &options()).unwrap();
    let facts = recording.recording_facts();
    assert_eq!((facts.center_hz, facts.sample_rate_hz), (Some(433_920_000), 250e3));
    let bare = folder.path().join("capture.iq");
    fs::write(&bare, [0; 8]).unwrap();
    assert_says(&refusal(&bare, &options()), &["capture.iq", "--format"]);
    let format = RecordingOptions {
        format: Some(SampleFormat::Cs16),
        ..options()
    };
    assert_says(&refusal(&bare, &format), &["--rate 250k"]);
    let both = RecordingOptions {
        sample_rate_hz: Some(1e6),
        ..format
    };
    assert_eq!(
        Recording::open(&bare, &both).unwrap().recording_facts().samples,
        Some(2)
    );
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e13] {
        let wrong = RecordingOptions {
            sample_rate_hz: Some(rate),
            ..both.clone()
        };
        assert_says(&refusal(&bare, &wrong), &["not usable", "--rate"]);
    }
    let below = RecordingOptions {
        center_hz: Some(-5),
        ..both
    };
    assert_says(&refusal(&bare, &below), &["give 0"]);
}

#[test]
fn a_wav_file_is_played_from_its_samples_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("SDRSharp_20160101_231914Z_145500000Hz_IQ.wav");
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\xe1\x2e\0\0\0\0\0\0\x04\0\x10\0data\x08\0\0\0".to_vec();
    file.extend([1, 0, 2, 0, 3, 0, 4, 0, 9, 9]);
    fs::write(&path, &file).unwrap();
    let mut recording = Recording::open(&path, &options()).unwrap();
    assert_eq!(recording.recording_facts().center_hz, Some(145_500_000));
    assert_eq!(recording.recording_facts().sample_rate_hz, 12_001.0);
    assert_eq!(
        play(&mut recording, 8).0,
        [2001.0, 4003.0],
        "what follows the samples is not played"
    );
    fs::write(&path, &file[..file.len() - 4]).unwrap();
    let recording = Recording::open(&path, &options()).unwrap();
    assert!(recording.warnings().contains(&RecordingWarning::Truncated {
        promised_bytes: 8,
        bytes: 6
    }));
}

#[test]
fn jumps_between_captures_are_losses() {
    let folder = tempfile::tempdir().unwrap();
    let data: Vec<u8> = (0..40).flat_map(|n| [n, 0]).collect();
    let captures = json!([
        {"core:sample_start": 0, "core:frequency": 1e6, "core:datetime": "2026-01-01T00:00:00Z"},
        {"core:sample_start": 10, "core:frequency": 1e6, "core:global_index": 110},
        {"core:sample_start": 15, "core:global_index": 115},
        {"core:sample_start": 20, "core:global_index": 220, "pinpu:gap": {"reason": "unplugged", "samples": 100}},
        {"core:sample_start": 30, "pinpu:gap": {"reason": "overflow", "samples": null}},
    ]);
    let meta = sigmf(folder.path(), json!({}), captures, &data);
    let want = |reason, samples| Loss { reason, samples };
    for block in [1, 7, 64] {
        let (samples, losses) = play(&mut Recording::open(&meta, &options()).unwrap(), block);
        assert_eq!(
            samples,
            (0..40).map(f64::from).collect::<Vec<_>>(),
            "nothing lost or repeated"
        );
        assert_eq!(
            losses,
            [
                (10, want(GapReason::Overflow, Some(100))),
                (15, want(GapReason::Overflow, Some(0))),
                (20, want(GapReason::Unplugged, Some(100))),
                (30, want(GapReason::Overflow, None)),
            ]
        );
    }
    let one = RecordingOptions {
        capture: Some(2),
        ..options()
    };
    assert_eq!(
        play(&mut Recording::open(&meta, &one).unwrap(), 64).0,
        [15.0, 16.0, 17.0, 18.0, 19.0]
    );
    let none = RecordingOptions {
        capture: Some(5),
        ..options()
    };
    assert_says(&refusal(&meta, &none), &["no capture 5", "0 to 4"]);
}

#[test]
fn time_between_captures_is_a_loss_too() {
    let folder = tempfile::tempdir().unwrap();
    let captures = json!([
        {"core:sample_start": 0, "core:datetime": "2026-01-01T00:00:00Z"},
        {"core:sample_start": 10, "core:datetime": "2026-01-01T00:00:01.510Z"},
    ]);
    let meta = sigmf(folder.path(), json!({}), captures, &[0; 40]);
    let (_, losses) = play(&mut Recording::open(&meta, &options()).unwrap(), 64);
    assert_eq!(
        losses,
        [(
            10,
            Loss {
                reason: GapReason::Overflow,
                samples: Some(1500)
            }
        )]
    );
}

#[test]
fn two_centres_are_refused_until_one_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let captures = json!([
        {"core:sample_start": 0, "core:frequency": 1e6}, {"core:sample_start": 10, "core:frequency": 2e6},
    ]);
    let meta = sigmf(folder.path(), json!({}), captures, &[0; 40]);
    assert_says(
        &refusal(&meta, &options()),
        &["1000000 Hz to 2000000 Hz", "sample 10", "0 to 1"],
    );
    let second = RecordingOptions {
        capture: Some(1),
        ..options()
    };
    let recording = Recording::open(&meta, &second).unwrap();
    assert_eq!(recording.recording_facts().center_hz, Some(2_000_000));
    assert_eq!(recording.recording_facts().samples, Some(10));
}

#[test]
fn samples_before_the_first_capture_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let data: Vec<u8> = (0..10).flat_map(|n| [n, 0]).collect();
    let meta = sigmf(
        folder.path(),
        json!({"core:offset": 100}),
        json!([{"core:sample_start": 104}]),
        &data,
    );
    let mut recording = Recording::open(&meta, &options()).unwrap();
    assert_eq!(
        recording.warnings(),
        [RecordingWarning::BeforeFirstCapture { samples: 4 }]
    );
    assert_eq!(play(&mut recording, 64).0, [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
}

#[test]
fn nan_can_be_played_as_zero_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut values = vec![0.5_f32; 2 * 5000];
    values[2 * 3000 + 1] = f32::NAN;
    values[2 * 4000] = f32::INFINITY;
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let meta = sigmf(folder.path(), json!({"core:datatype": "cf32_le"}), json!([]), &data);
    let zero = RecordingOptions {
        non_finite: NonFinite::Zero,
        ..options()
    };
    let mut recording = Recording::open(&meta, &zero).unwrap();
    let samples = play(&mut recording, 2048).0;
    assert_eq!(
        (samples.len(), samples[3000], samples[4000], samples[2999]),
        (5000, 0.0, 0.0, 500.5)
    );
    assert_eq!(recording.warnings(), [RecordingWarning::NonFiniteZeroed { samples: 2 }]);
}

#[test]
fn repeating_shows_its_seam() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x_1k.cu8");
    fs::write(&path, [0, 0, 1, 0, 2, 0]).unwrap();
    let mut recording = Recording::open(
        &path,
        &RecordingOptions {
            repeat: true,
            ..options()
        },
    )
    .unwrap();
    let mut block = SampleBlock::new(SampleFormat::Cu8, 64);
    recording.start().unwrap();
    let mut told = Vec::new();
    for _ in 0..4 {
        let info = recording.read(&mut block, SOON).unwrap().unwrap();
        told.push((info.samples, info.loss));
    }
    let seam = Some(Loss {
        reason: GapReason::Retune,
        samples: Some(0),
    });
    assert_eq!(told, [(3, None), (0, seam), (3, None), (0, seam)]);
}

#[test]
fn a_recording_cannot_be_tuned_away() {
    let folder = tempfile::tempdir().unwrap();
    let meta = sigmf(
        folder.path(),
        json!({}),
        json!([{"core:sample_start": 0, "core:frequency": 1e8}]),
        &[0; 4],
    );
    let mut recording = Recording::open(&meta, &options()).unwrap();
    let tuning = |center_hz, sample_rate_hz, ppm| Tuning {
        center_hz,
        sample_rate_hz,
        gain: Gain::Profile,
        ppm,
        antenna: None,
        bandwidth_hz: None,
    };
    let tuned = recording.tune(&tuning(100_000_000, 1000.0, 0.0)).unwrap();
    assert_eq!(
        (tuned.center_hz, tuned.sample_rate_hz, tuned.discard_samples),
        (100_000_000, 1000.0, 0)
    );
    assert_eq!(
        recording.tune(&tuning(100_000_000, 1000.0, 10.0)).unwrap().center_hz,
        100_001_000
    );
    let error = recording.tune(&tuning(90_000_000, 1000.0, 0.0)).unwrap_err();
    assert!(matches!(error, ReceiverError::Refused { .. }));
    assert_says(&error.to_string(), &["90000000 Hz", "100000000 Hz", "--freq"]);
    let error = recording.tune(&tuning(100_000_000, 2000.0, 0.0)).unwrap_err();
    assert_says(&error.to_string(), &["2000 S/s", "1000 S/s", "--rate"]);
}

#[test]
fn real_time_is_neither_faster_nor_lossy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x_10k.cu8");
    let data: Vec<u8> = (0..3000_u32).flat_map(|n| [(n % 256) as u8, 0]).collect();
    fs::write(&path, data).unwrap();
    let paced = RecordingOptions {
        pace: Pace::RealTime,
        ..options()
    };
    let mut recording = Recording::open(&path, &paced).unwrap();
    assert!(recording.facts().paced);
    let began = Instant::now();
    let samples = play(&mut recording, 512).0;
    assert!(
        began.elapsed() >= Duration::from_millis(300),
        "3000 samples at 10 kS/s take 0.3 s"
    );
    assert_eq!(samples, (0..3000).map(|n| f64::from(n % 256)).collect::<Vec<_>>());
    let mut slow = Recording::open(&path, &paced).unwrap();
    slow.start().unwrap();
    let error = slow
        .read(&mut SampleBlock::new(SampleFormat::Cu8, 512), Duration::ZERO)
        .unwrap_err();
    assert!(matches!(error, ReceiverError::Timeout { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_delivers_split_samples_whole_and_respects_the_time_limit() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("p.iq");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "mkfifo (coreutils) is needed"
    );
    let format = RecordingOptions {
        format: Some(SampleFormat::Cs16),
        sample_rate_hz: Some(1e6),
        ..options()
    };
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut out = fs::OpenOptions::new().write(true).open(pipe).unwrap();
            out.write_all(&[1, 0, 2, 0, 3]).unwrap();
            wait.recv().unwrap();
            out.write_all(&[0, 4, 0, 9]).unwrap();
        }
    });
    let mut recording = Recording::open(&pipe, &format).unwrap();
    assert_eq!(recording.recording_facts().samples, None);
    recording.start().unwrap();
    let mut block = SampleBlock::new(SampleFormat::Cs16, 64);
    assert_eq!(
        recording.read(&mut block, SOON).unwrap().unwrap().samples,
        1,
        "a short read, not a wait for ever"
    );
    assert!(matches!(
        recording.read(&mut block, Duration::from_millis(20)),
        Err(ReceiverError::Timeout { .. })
    ));
    go.send(()).unwrap();
    assert_eq!(
        recording
            .read(&mut block, Duration::from_secs(5))
            .unwrap()
            .unwrap()
            .samples,
        1
    );
    let SampleBlock::Cs16(values) = &block else { panic!() };
    assert_eq!(
        values[0],
        Complex::new(3, 4),
        "the two halves of a sample came together"
    );
    assert_eq!(recording.read(&mut block, Duration::from_secs(5)).unwrap(), None);
    assert_eq!(recording.warnings(), [RecordingWarning::PartialSample { bytes: 1 }]);
    writer.join().unwrap();
}

/// Folder of the shared test data, or nothing where it is absent (a failure under `CI=true`).
fn shared_recordings() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("PINPU_TEST_DATA")
        .map_or_else(beside, PathBuf::from)
        .join("recordings");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{} is missing: set PINPU_TEST_DATA",
        folder.display()
    );
    None
}

#[test]
fn every_shared_recording_plays_to_its_end_and_matches_its_hash() {
    let Some(folder) = shared_recordings() else {
        println!("skipped: every_shared_recording_plays_to_its_end_and_matches_its_hash (no test data)");
        return;
    };
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "sigmf-meta") {
            continue;
        }
        seen += 1;
        let checked = RecordingOptions {
            verify_hash: true,
            ..options()
        };
        let mut recording = Recording::open(&path, &checked).unwrap();
        let format = recording.facts().format;
        let bytes = fs::metadata(path.with_extension("sigmf-data")).unwrap().len();
        let mut block = SampleBlock::new(format, 65_536);
        recording.start().unwrap();
        let mut samples = 0;
        while let Some(info) = recording.read(&mut block, SOON).unwrap() {
            samples += info.samples as u64;
        }
        assert_eq!(samples * format.bytes() as u64, bytes, "{}", path.display());
        assert_eq!(recording.recording_facts().samples, Some(samples));
        assert_eq!(recording.warnings(), [], "{}", path.display());
    }
    assert!(seen > 20, "only {seen} recordings found");
}
