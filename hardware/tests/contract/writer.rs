//! What the writer writes is what the reader reads, and what is not finished is not there.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use jiff::Timestamp;
use pinpu_hardware::{
    GapReason, Loss, Receiver, ReceiverError, Recording, RecordingHead, RecordingOptions, SampleBlock, SampleFormat,
    SigmfWriter,
    sigmf::{Annotation, Metadata},
};
use serde_json::json;

use crate::{counting_file, suite::number};

fn head(format: SampleFormat) -> RecordingHead {
    RecordingHead {
        format,
        sample_rate_hz: 2.4e6,
        center_hz: Some(98_000_000),
        start: "2026-01-02T03:04:05.25Z".parse().unwrap(),
        hardware: Some("RTL-SDR 00000001".into()),
        description: Some("频谱 test".into()),
        author: None,
        license: None,
        place: Some((39.9, 116.4, None)),
        facts: BTreeMap::from([("ppm".into(), json!(1.5)), ("gain".into(), json!({"TUNER": 30.0}))]),
    }
}

/// Counting samples of `format` in a block of 1000, ten times.
fn counting_blocks(format: SampleFormat) -> Vec<SampleBlock> {
    let folder = tempfile::tempdir().unwrap();
    let path = counting_file(folder.path(), format);
    let mut source = Recording::open(path, &RecordingOptions::default()).unwrap();
    source.start().unwrap();
    let mut next = || {
        let mut block = SampleBlock::new(format, 1000);
        source.read(&mut block, Duration::ZERO).unwrap();
        block
    };
    (0..10).map(|_| next()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn every_format_comes_back_as_it_was_written_with_its_hash() {
    for format in [
        SampleFormat::Cu8,
        SampleFormat::Cs8,
        SampleFormat::Cs16,
        SampleFormat::Cf32,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SigmfWriter::create(folder.path().join("r.1.sigmf-meta"), head(format)).unwrap();
        let blocks = counting_blocks(format);
        for block in &blocks[..9] {
            writer.write(block, 1000).unwrap();
        }
        writer.write(&blocks[9], 10).unwrap();
        assert_eq!(
            names(folder.path()),
            ["r.1.sigmf-data.part"],
            "nothing looks complete before it is"
        );
        let written = writer.finish().unwrap();
        assert_eq!(names(folder.path()), ["r.1.sigmf-data", "r.1.sigmf-meta"]);
        assert_eq!(written.samples, 9010);
        let verify = RecordingOptions {
            verify_hash: true,
            ..RecordingOptions::default()
        };
        let mut recording = Recording::open(&written.meta, &verify).unwrap();
        let facts = recording.recording_facts();
        assert_eq!(
            (facts.center_hz, facts.sample_rate_hz, facts.samples),
            (Some(98_000_000), 2.4e6, Some(9010))
        );
        assert_eq!(facts.datetime.as_deref(), Some("2026-01-02T03:04:05.25Z"));
        let mut block = SampleBlock::new(format, 10_000);
        recording.start().unwrap();
        assert_eq!(
            recording.read(&mut block, Duration::ZERO).unwrap().unwrap().samples,
            9010
        );
        assert!((0..9010).all(|at| number(&block, at) == at as u16), "{format:?}");
    }
}

#[test]
fn the_metadata_follow_the_specification_and_carry_our_facts() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = SigmfWriter::create(folder.path().join("r"), head(SampleFormat::Cs16)).unwrap();
    let block = &counting_blocks(SampleFormat::Cs16)[0];
    writer.write(block, 1000).unwrap();
    for start in [500, 100] {
        writer.annotate(Annotation {
            sample_start: start,
            label: Some(format!("at {start}")),
            ..Annotation::default()
        });
    }
    let written = writer.finish().unwrap();
    let text = fs::read_to_string(written.meta).unwrap();
    let meta: serde_json::Value = serde_json::from_str(&text).unwrap();
    let global = &meta["global"];
    assert_eq!(global["core:version"], "1.2.0");
    assert_eq!(global["core:datatype"], "ci16_le");
    assert_eq!(global["core:sha512"], written.sha512.as_str());
    assert_eq!(
        global["core:geolocation"],
        json!({"type": "Point", "coordinates": [116.4, 39.9]}),
        "longitude first"
    );
    assert_eq!(
        global["core:extensions"],
        json!([{"name": "pinpu", "version": "1.0.0", "optional": true}])
    );
    assert_eq!(global["pinpu:ppm"], 1.5);
    assert_eq!(meta["captures"][0]["core:frequency"], 98e6);
    assert_eq!(
        meta["annotations"][0]["core:label"], "at 100",
        "sorted by start, as the specification asks"
    );
    assert!(text.contains("频谱"), "text stays text");
}

#[test]
fn gaps_come_back_as_they_were_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = SigmfWriter::create(folder.path().join("r"), head(SampleFormat::Cu8)).unwrap();
    let block = &counting_blocks(SampleFormat::Cu8)[0];
    let overflow = |samples| Loss {
        reason: GapReason::Overflow,
        samples,
    };
    let late: Timestamp = "2026-01-02T03:05:00Z".parse().unwrap();
    writer.gap(overflow(Some(7)), Some(late));
    writer.write(block, 1000).unwrap();
    writer.gap(overflow(Some(10)), None);
    writer.gap(overflow(Some(5)), None);
    writer.write(block, 1000).unwrap();
    writer.gap(
        Loss {
            reason: GapReason::Unplugged,
            samples: None,
        },
        None,
    );
    writer.write(block, 1000).unwrap();
    writer.gap(overflow(Some(9)), None);
    let written = writer.finish().unwrap();
    let meta: Metadata = serde_json::from_slice(&fs::read(&written.meta).unwrap()).unwrap();
    let starts: Vec<u64> = meta.captures.iter().map(|capture| capture.sample_start).collect();
    assert_eq!(starts, [0, 1000, 2000], "a gap behind the last sample has no place");
    assert_eq!(
        meta.captures[0].datetime.as_deref(),
        Some("2026-01-02T03:05:00Z"),
        "a gap before the first moves it"
    );
    let mut recording = Recording::open(&written.meta, &RecordingOptions::default()).unwrap();
    recording.start().unwrap();
    let mut big = SampleBlock::new(SampleFormat::Cu8, 5000);
    let mut losses = Vec::new();
    while let Some(info) = recording.read(&mut big, Duration::ZERO).unwrap() {
        losses.push(info.loss);
    }
    let unplugged = Loss {
        reason: GapReason::Unplugged,
        samples: None,
    };
    assert_eq!(losses, [None, Some(overflow(Some(15))), Some(unplugged)]);
}

#[test]
fn what_is_not_finished_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("r");
    let mut writer = SigmfWriter::create(&base, head(SampleFormat::Cu8)).unwrap();
    writer.write(&counting_blocks(SampleFormat::Cu8)[0], 1000).unwrap();
    drop(writer);
    assert_eq!(names(folder.path()), [""; 0]);
    let empty = SigmfWriter::create(&base, head(SampleFormat::Cu8)).unwrap().finish();
    assert!(empty.unwrap_err().to_string().contains("nothing was recorded"));
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn nothing_is_overwritten_and_every_refusal_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |base: &Path| SigmfWriter::create(base, head(SampleFormat::Cu8)).err().unwrap();
    for taken in ["r.sigmf-meta", "r.sigmf-data", "r.sigmf-data.part"] {
        fs::write(folder.path().join(taken), "precious").unwrap();
        let error = refusal(&folder.path().join("r"));
        assert!(
            matches!(error, ReceiverError::Usage(_)) && error.to_string().contains(taken),
            "{error}"
        );
        assert_eq!(fs::read_to_string(folder.path().join(taken)).unwrap(), "precious");
        fs::remove_file(folder.path().join(taken)).unwrap();
    }
    let error = refusal(&folder.path().join("no/such/r"));
    assert!(error.to_string().contains("no such folder: make it first"), "{error}");
    let mut writer = SigmfWriter::create(folder.path().join("r"), head(SampleFormat::Cu8)).unwrap();
    let wrong = writer.write(&SampleBlock::new(SampleFormat::Cs8, 4), 4).unwrap_err();
    assert!(matches!(wrong, ReceiverError::Usage(_)), "{wrong}");
}
