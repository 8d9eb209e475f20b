//! The ring: order, what gives way, who waits for whom.

use num_complex::Complex;
use pinpu_hardware::{RecordingHead, SampleFormat};

use super::*;

const RATE_HZ: f64 = 100_000.0;
/// 2000 samples of 2 bytes are a chunk.
const CHUNK: usize = 2_000;

fn stream() -> Stream {
    Stream {
        facts: ReceiverFacts {
            args: "driver=test".into(),
            driver: "test".into(),
            label: "test".into(),
            serial: None,
            format: SampleFormat::Cs8,
            frequency_ranges_hz: Vec::new(),
            sample_rate_ranges_hz: Vec::new(),
            profile: "test".into(),
            usable_fraction: 1.0,
            paced: true,
        },
        settings: Vec::new(),
        sample_rate_hz: RATE_HZ,
        ppm: 0.0,
        ppm_uncertainty: 1.0,
    }
}

/// A packet of `samples` samples that count on from `first`, in a block with room to spare.
fn packet(first: usize, samples: usize) -> Packet {
    let count = |n: usize| Complex::new((n % 100) as i8, (n / 100 % 100) as i8);
    Packet {
        block: SampleBlock::Cs8((first..first + samples + 10).map(count).collect()),
        samples,
        hop: 0,
        start_s: first as f64 / RATE_HZ,
        reason: GapReason::Overflow,
        epoch: Timestamp::UNIX_EPOCH,
    }
}

fn tile(low: i64) -> Band {
    Band::new(Hertz(low), Hertz(low + 100)).expect("ordered")
}

fn at(seconds: f64) -> Timestamp {
    utc(Timestamp::UNIX_EPOCH, seconds)
}

fn samples(cut: &Cut) -> Vec<i32> {
    let mut all = Vec::new();
    for chunk in &cut.chunks {
        let SampleBlock::Cs8(block) = &chunk.block else {
            panic!("another format")
        };
        let number = |sample: &Complex<i8>| i32::from(sample.re) + 100 * i32::from(sample.im);
        all.extend(block[..chunk.samples].iter().map(number));
    }
    all
}

#[test]
fn the_latest_samples_are_kept_in_order_and_the_oldest_give_way() {
    let recent = RecentIq::new(5 * CHUNK * 2);
    let mut tape = recent.begin(stream()).expect("room");
    for first in (0..9_900).step_by(300) {
        tape.keep(&packet(first, 300), Hertz(50), tile(0));
    }
    // 9900 samples: four whole chunks, and what is being filled.
    assert_eq!(recent.reach(Hertz(50)), Some([at(0.0), at(0.08)]));
    for first in (9_900..15_000).step_by(300) {
        tape.keep(&packet(first, 300), Hertz(50), tile(0));
    }
    assert_eq!(
        recent.reach(Hertz(50)),
        Some([at(0.06), at(0.14)]),
        "five blocks, one of them being filled"
    );
    let cut = recent.cut(Hertz(50), at(0.0), at(9.0)).expect("kept");
    let numbers: Vec<i32> = (6_000..14_000).map(|n| n % 10_000).collect();
    assert_eq!(samples(&cut), numbers);
    assert_eq!(cut.sample_at(at(0.061)), 100);
    assert_eq!(recent.reach(Hertz(500)), None, "another frequency");
    // Whoever holds a cut keeps what is in it, however much comes after.
    for first in (15_000..40_000).step_by(500) {
        tape.keep(&packet(first, 500), Hertz(50), tile(0));
    }
    assert_eq!(samples(&cut), numbers);
}

#[test]
fn the_measuring_thread_does_not_wait_for_a_reader_and_loses_nothing() {
    let recent = RecentIq::new(50 * CHUNK * 2);
    let mut tape = recent.begin(stream()).expect("room");
    let held = recent.ring.lock().expect("free");
    for first in (0..10_000).step_by(1_000) {
        tape.keep(&packet(first, 1_000), Hertz(50), tile(0));
    }
    assert!(held.chunks.is_empty());
    drop(held);
    tape.keep(&packet(10_000, 2_000), Hertz(50), tile(0));
    assert_eq!(recent.reach(Hertz(50)), Some([at(0.0), at(0.12)]));
}

#[test]
fn stops_are_kept_apart_and_missing_time_is_marked() {
    let recent = RecentIq::new(50 * CHUNK * 2);
    let mut tape = recent.begin(stream()).expect("room");
    tape.keep(&packet(0, 1_500), Hertz(50), tile(0));
    tape.keep(&packet(1_600, 1_500), Hertz(150), tile(100));
    tape.keep(&packet(4_000, 1_500), Hertz(50), tile(0));
    tape.keep(&packet(9_000, 1_000), Hertz(150), tile(100));
    let cut = recent.cut(Hertz(50), at(0.0), at(1.0)).expect("kept");
    assert_eq!(samples(&cut).len(), 3_000);
    let folder = tempfile::tempdir().expect("a folder");
    let head = RecordingHead {
        format: SampleFormat::Cs8,
        sample_rate_hz: RATE_HZ,
        center_hz: Some(50),
        start: at(0.0),
        hardware: None,
        description: None,
        author: None,
        license: None,
        place: None,
        facts: recording_facts(&cut.stream().facts, &[], 0.0),
    };
    let mut writer = SigmfWriter::create(folder.path().join("cut"), head).expect("created");
    cut.write(&mut writer).expect("written");
    let written = writer.finish().expect("finished");
    let meta: Value = serde_json::from_slice(&std::fs::read(written.meta).expect("read")).expect("JSON");
    let captures = meta["captures"].as_array().expect("captures");
    assert_eq!(captures.len(), 2, "{meta:#}");
    assert_eq!(captures[1]["core:sample_start"], 1_500);
    assert_eq!(captures[1]["core:global_index"], 4_000);
    assert_eq!(cut.clone().at_most(1_600).chunks.len(), 1, "whole chunks only");
}

#[test]
fn a_memory_too_small_for_a_moment_is_none() {
    assert!(RecentIq::new(CHUNKS_MIN * 1023 * 2).begin(stream()).is_none());
    assert!(RecentIq::new(0).begin(stream()).is_none());
}
