//! Scripted faults do what they say, at the sample they say, and lose nothing else.

use std::time::Duration;

use pinpu_hardware::{
    At, Fault, Faulty, GapReason, Loss, ReadInfo, Receiver, ReceiverError, Recording, RecordingOptions, SampleBlock,
    SampleFormat,
};

use crate::{SAMPLES, counting_file, suite::number, tuning};

const SOON: Duration = Duration::from_millis(50);

fn faulty(folder: &tempfile::TempDir, format: SampleFormat, script: Vec<(At, Fault)>) -> Faulty<Recording> {
    let path = counting_file(folder.path(), format);
    let inner = Recording::open(path, &RecordingOptions::default()).unwrap();
    let mut receiver = Faulty::new(inner, script).unwrap();
    receiver.start().unwrap();
    receiver
}

/// Reads a block of 1000; the answer and the number in its first sample.
fn read(receiver: &mut dyn Receiver) -> (Result<Option<ReadInfo>, ReceiverError>, u16) {
    let mut block = SampleBlock::new(receiver.facts().format, 1000);
    let answer = receiver.read(&mut block, SOON);
    (answer, number(&block, 0))
}

fn whole(samples: usize, loss: Option<Loss>) -> Option<ReadInfo> {
    Some(ReadInfo { samples, loss })
}

#[test]
fn an_overflow_loses_what_it_says_at_the_sample_it_says() {
    let folder = tempfile::tempdir().unwrap();
    for counted in [true, false] {
        let script = vec![(At::Sample(1500), Fault::Overflow { samples: 200, counted })];
        let mut receiver = faulty(&folder, SampleFormat::Cs16, script);
        let loss = Loss {
            reason: GapReason::Overflow,
            samples: counted.then_some(200),
        };
        for (info, first) in [
            (whole(1000, None), 0),
            (whole(500, None), 1000),
            (whole(1000, Some(loss)), 1700),
            (whole(1000, None), 2700),
        ] {
            let (answer, number) = read(&mut receiver);
            assert_eq!((answer.unwrap(), number), (info, first));
        }
    }
}

#[test]
fn faults_are_counted_in_samples_of_the_inner_receiver() {
    let folder = tempfile::tempdir().unwrap();
    let lose = |samples| Fault::Overflow { samples, counted: true };
    let script = vec![
        (At::Sample(500), lose(200)),
        (At::Sample(600), lose(1)),
        (At::Sample(800), lose(10)),
    ];
    let mut receiver = faulty(&folder, SampleFormat::Cs16, script);
    for (samples, lost, first) in [(500, None, 0), (99, Some(201), 701), (1000, Some(10), 810)] {
        let (answer, number) = read(&mut receiver);
        let info = answer.unwrap().unwrap();
        assert_eq!(
            (info.samples, info.loss.and_then(|loss| loss.samples), number),
            (samples, lost, first)
        );
    }
}

#[test]
fn time_outs_and_short_reads_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let script = vec![
        (At::Read(1), Fault::Timeout { reads: 2 }),
        (At::Read(4), Fault::Short { samples: 3 }),
    ];
    let mut receiver = faulty(&folder, SampleFormat::Cu8, script);
    let mut total = 0;
    let mut told = Vec::new();
    loop {
        match read(&mut receiver) {
            (Ok(Some(info)), first) => {
                assert_eq!(first, total as u16);
                total += info.samples as u64;
                told.push(info.samples);
            }
            (Ok(None), _) => break,
            (Err(ReceiverError::Timeout { .. }), _) => told.push(0),
            (Err(e), _) => panic!("{e}"),
        }
    }
    assert_eq!(told[..6], [1000, 0, 0, 1000, 3, 1000]);
    assert_eq!(total, SAMPLES);
}

#[test]
fn a_lost_receiver_stays_away_for_so_many_calls_and_tells_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut receiver = faulty(
        &folder,
        SampleFormat::Cs8,
        vec![(At::Sample(1000), Fault::Lost { calls: 3 })],
    );
    assert!(read(&mut receiver).0.is_ok());
    assert!(matches!(read(&mut receiver).0, Err(ReceiverError::Lost(_))));
    assert!(matches!(receiver.start(), Err(ReceiverError::Lost(_))));
    assert!(matches!(
        receiver.tune(&tuning(100_000_000, 1e6)),
        Err(ReceiverError::Lost(_))
    ));
    receiver.tune(&tuning(100_000_000, 1e6)).unwrap();
    let (answer, first) = read(&mut receiver);
    let loss = Loss {
        reason: GapReason::Unplugged,
        samples: None,
    };
    assert_eq!((answer.unwrap(), first), (whole(1000, Some(loss)), 1000));
}

#[test]
fn a_hung_converter_repeats_the_last_sample_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut receiver = faulty(
        &folder,
        SampleFormat::Cs16,
        vec![(At::Sample(10), Fault::Stuck { samples: 5 })],
    );
    let mut block = SampleBlock::new(SampleFormat::Cs16, 20);
    let mut seen = Vec::new();
    while seen.len() < 20 {
        let samples = receiver.read(&mut block, SOON).unwrap().unwrap().samples;
        seen.extend((0..samples).map(|at| number(&block, at)));
    }
    assert_eq!(
        seen[..20],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 15, 16, 17, 18, 19]
    );
}

#[test]
fn not_a_number_comes_only_where_it_should_and_only_in_floats() {
    let folder = tempfile::tempdir().unwrap();
    let script = vec![(At::Sample(3), Fault::NotANumber { samples: 2 })];
    let mut receiver = faulty(&folder, SampleFormat::Cf32, script.clone());
    let mut block = SampleBlock::new(SampleFormat::Cf32, 10);
    let mut bad = Vec::new();
    let mut at = 0;
    while at < 10 {
        let samples = receiver.read(&mut block, SOON).unwrap().unwrap().samples;
        let SampleBlock::Cf32(values) = &block else { panic!() };
        bad.extend((0..samples).filter(|n| values[*n].re.is_nan()).map(|n| at + n));
        at += samples;
    }
    assert_eq!(bad, [3, 4]);
    let path = counting_file(folder.path(), SampleFormat::Cs8);
    let integers = Recording::open(path, &RecordingOptions::default()).unwrap();
    assert!(matches!(Faulty::new(integers, script), Err(ReceiverError::Usage(_))));
}

#[test]
fn calls_can_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let script = vec![(At::Tune(1), Fault::Error), (At::Read(0), Fault::Error)];
    let mut receiver = faulty(&folder, SampleFormat::Cu8, script);
    let tuning = tuning(100_000_000, 1e6);
    receiver.tune(&tuning).unwrap();
    assert!(matches!(receiver.tune(&tuning), Err(ReceiverError::Refused { .. })));
    receiver.tune(&tuning).unwrap();
    assert!(matches!(read(&mut receiver).0, Err(ReceiverError::Driver { .. })));
    assert_eq!(read(&mut receiver).0.unwrap(), whole(1000, None));
}
