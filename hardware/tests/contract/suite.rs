//! What every receiver promises, as one suite: `holds(&subject)` runs all of it over whatever `subject.open` opens.
//!
//! A receiver that can send counting samples (see `counting`) is also held to losing and repeating none.

use std::time::{Duration, Instant};

use num_complex::Complex;
use pinpu_hardware::{Receiver, ReceiverError, SampleBlock, SampleFormat, Tuning};

/// Long enough for any receiver that works.
const PATIENCE: Duration = Duration::from_secs(10);

/// A receiver to be held to the contract.
pub(crate) struct Subject<'a> {
    /// For messages.
    pub(crate) name: &'a str,
    /// Opens it anew; each call gives an independent stream from its beginning.
    pub(crate) open: Box<dyn Fn() -> Box<dyn Receiver> + 'a>,
    /// A tuning it accepts.
    pub(crate) tuning: Tuning,
    /// Whether its samples count up as `counting` writes them, from 0 at the first `start`.
    pub(crate) counts: bool,
    /// Samples until its end, for receivers that have one.
    pub(crate) ends_after: Option<u64>,
}

/// Runs the whole suite; panics with the name of the receiver and of the promise.
pub(crate) fn holds(subject: &Subject<'_>) {
    facts_are_constant_and_complete(subject);
    tuning_is_reported(subject);
    reading_before_start_is_a_mistake_and_says_so(subject);
    start_and_stop_twice_are_harmless(subject);
    the_wrong_format_is_a_mistake_and_says_so(subject);
    reads_are_short_or_full_and_in_order(subject);
    a_time_limit_is_respected(subject);
    the_end_stays_the_end(subject);
}

/// Sample number `n` of a counting stream: I carries the low part, Q the high part.
#[must_use]
pub(crate) fn counting(format: SampleFormat, n: u64) -> Vec<u8> {
    match format {
        SampleFormat::Cu8 | SampleFormat::Cs8 => vec![n as u8, (n >> 8) as u8],
        SampleFormat::Cs16 => [(n as u16).to_le_bytes(), ((n >> 16) as u16).to_le_bytes()].concat(),
        SampleFormat::Cf32 => [((n % 65_536) as f32).to_le_bytes(), ((n / 65_536) as f32).to_le_bytes()].concat(),
    }
}

/// The number in sample `at`, modulo 65536.
pub(crate) fn number(block: &SampleBlock, at: usize) -> u16 {
    let pair = |v: Complex<u8>| u16::from_le_bytes([v.re, v.im]);
    match block {
        SampleBlock::Cu8(v) => pair(v[at]),
        SampleBlock::Cs8(v) => pair(Complex::new(v[at].re as u8, v[at].im as u8)),
        SampleBlock::Cs16(v) => v[at].re as u16,
        SampleBlock::Cf32(v) => v[at].re as u16,
    }
}

fn started(subject: &Subject<'_>) -> Box<dyn Receiver> {
    let mut receiver = (subject.open)();
    receiver
        .tune(&subject.tuning)
        .unwrap_or_else(|e| panic!("{}: tune: {e}", subject.name));
    receiver
        .start()
        .unwrap_or_else(|e| panic!("{}: start: {e}", subject.name));
    receiver
}

/// Reads until samples come, through time-outs, at most for `PATIENCE`; checks what every read must keep.
fn read_some(subject: &Subject<'_>, receiver: &mut dyn Receiver, block: &mut SampleBlock) -> Option<usize> {
    let began = Instant::now();
    loop {
        assert!(
            began.elapsed() < PATIENCE,
            "{}: no samples for {PATIENCE:?}",
            subject.name
        );
        match receiver.read(block, Duration::from_millis(200)) {
            Ok(None) => return None,
            Ok(Some(info)) => {
                assert!(
                    info.samples <= block.capacity(),
                    "{}: more samples than room",
                    subject.name
                );
                assert!(
                    info.samples > 0 || info.loss.is_some(),
                    "{}: an empty read without a loss",
                    subject.name
                );
                if info.samples > 0 {
                    return Some(info.samples);
                }
            }
            Err(ReceiverError::Timeout { .. }) => {}
            Err(e) => panic!("{}: read: {e}", subject.name),
        }
    }
}

fn facts_are_constant_and_complete(subject: &Subject<'_>) {
    let mut receiver = (subject.open)();
    let before = receiver.facts().clone();
    assert!(
        !before.args.is_empty() && !before.driver.is_empty() && !before.label.is_empty(),
        "{}: facts",
        subject.name
    );
    assert!(
        before.usable_fraction > 0.0 && before.usable_fraction <= 1.0,
        "{}: usable fraction",
        subject.name
    );
    for [low, high] in before.frequency_ranges_hz.iter().chain(&before.sample_rate_ranges_hz) {
        assert!(low <= high, "{}: a range is the wrong way round", subject.name);
    }
    receiver.tune(&subject.tuning).unwrap();
    receiver.start().unwrap();
    let mut block = SampleBlock::new(before.format, 256);
    read_some(subject, receiver.as_mut(), &mut block);
    assert_eq!(
        *receiver.facts(),
        before,
        "{}: facts changed while it was open",
        subject.name
    );
    assert_eq!(
        (block.format(), block.capacity()),
        (before.format, 256),
        "{}: the block was exchanged",
        subject.name
    );
}

fn tuning_is_reported(subject: &Subject<'_>) {
    let mut receiver = (subject.open)();
    let tuned = receiver.tune(&subject.tuning).unwrap();
    let off = tuned.center_hz.abs_diff(subject.tuning.center_hz);
    assert!(
        off <= 1 + subject.tuning.center_hz / 1_000_000,
        "{}: tuned {off} Hz off",
        subject.name
    );
    let rate = (tuned.sample_rate_hz / subject.tuning.sample_rate_hz - 1.0).abs();
    assert!(rate < 1e-3, "{}: rate is {} S/s", subject.name, tuned.sample_rate_hz);
    for name in ["center_hz", "sample_rate_hz"] {
        let setting = tuned.settings.iter().find(|setting| setting.name == name);
        assert!(
            setting.is_some_and(|s| s.asked.is_finite() && s.got.is_finite()),
            "{}: {name} untold",
            subject.name
        );
    }
    // And again while streaming: the stream goes on.
    receiver.start().unwrap();
    receiver.tune(&subject.tuning).unwrap();
    let mut block = SampleBlock::new(receiver.facts().format, 256);
    assert!(
        read_some(subject, receiver.as_mut(), &mut block).is_some(),
        "{}: tuning stopped it",
        subject.name
    );
}

fn reading_before_start_is_a_mistake_and_says_so(subject: &Subject<'_>) {
    let mut receiver = (subject.open)();
    let mut block = SampleBlock::new(receiver.facts().format, 16);
    let answer = receiver.read(&mut block, Duration::from_millis(50));
    let Err(ReceiverError::Usage(text)) = answer else {
        panic!("{}: read before start: {answer:?}", subject.name)
    };
    assert!(text.contains("start"), "{}: {text}", subject.name);
}

fn start_and_stop_twice_are_harmless(subject: &Subject<'_>) {
    let mut receiver = started(subject);
    receiver
        .start()
        .unwrap_or_else(|e| panic!("{}: second start: {e}", subject.name));
    let mut block = SampleBlock::new(receiver.facts().format, 64);
    assert!(read_some(subject, receiver.as_mut(), &mut block).is_some());
    for _ in 0..2 {
        receiver
            .stop()
            .unwrap_or_else(|e| panic!("{}: stop: {e}", subject.name));
    }
    let stopped = receiver.read(&mut block, Duration::from_millis(50));
    assert!(
        matches!(stopped, Err(ReceiverError::Usage(_))),
        "{}: read after stop: {stopped:?}",
        subject.name
    );
    receiver
        .start()
        .unwrap_or_else(|e| panic!("{}: start after stop: {e}", subject.name));
    assert!(
        read_some(subject, receiver.as_mut(), &mut block).is_some(),
        "{}: nothing after a restart",
        subject.name
    );
}

fn the_wrong_format_is_a_mistake_and_says_so(subject: &Subject<'_>) {
    let mut receiver = started(subject);
    let native = receiver.facts().format;
    for format in [
        SampleFormat::Cu8,
        SampleFormat::Cs8,
        SampleFormat::Cs16,
        SampleFormat::Cf32,
    ] {
        if format == native {
            continue;
        }
        let answer = receiver.read(&mut SampleBlock::new(format, 64), Duration::from_millis(50));
        assert!(
            matches!(answer, Err(ReceiverError::Usage(_))),
            "{}: {format:?}: {answer:?}",
            subject.name
        );
    }
    let mut block = SampleBlock::new(native, 64);
    assert!(
        read_some(subject, receiver.as_mut(), &mut block).is_some(),
        "{}: the mistake broke it",
        subject.name
    );
}

/// Blocks of uneven sizes, summed up: nothing is lost, repeated or written beyond what was told.
fn reads_are_short_or_full_and_in_order(subject: &Subject<'_>) {
    let mut receiver = started(subject);
    let format = receiver.facts().format;
    let want = subject.ends_after.unwrap_or(20_000);
    let mut blocks: Vec<SampleBlock> = [1, 7, 1000, 4096].map(|room| SampleBlock::new(format, room)).into();
    let mut total = 0_u64;
    for turn in 0.. {
        let block = &mut blocks[turn % 4];
        let Some(samples) = read_some(subject, receiver.as_mut(), block) else {
            break;
        };
        for at in (0..samples).filter(|_| subject.counts) {
            let expected = (total + at as u64) as u16;
            assert_eq!(
                number(block, at),
                expected,
                "{}: sample {} of the stream",
                subject.name,
                total + at as u64
            );
        }
        total += samples as u64;
        if subject.ends_after.is_none() && total >= want {
            return;
        }
    }
    assert_eq!(
        Some(total),
        subject.ends_after,
        "{}: samples until the end",
        subject.name
    );
}

/// The limit may be met by a time-out or by samples, but it is met. The margin is for busy machines.
fn a_time_limit_is_respected(subject: &Subject<'_>) {
    let mut receiver = started(subject);
    let mut block = SampleBlock::new(receiver.facts().format, 1 << 22);
    let began = Instant::now();
    let answer = receiver.read(&mut block, Duration::from_millis(30));
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{}: waited {:?}",
        subject.name,
        began.elapsed()
    );
    match answer {
        Ok(_) | Err(ReceiverError::Timeout { .. }) => {}
        Err(e) => panic!("{}: {e}", subject.name),
    }
}

fn the_end_stays_the_end(subject: &Subject<'_>) {
    if subject.ends_after.is_none() {
        return;
    }
    let mut receiver = started(subject);
    let mut block = SampleBlock::new(receiver.facts().format, 4096);
    while read_some(subject, receiver.as_mut(), &mut block).is_some() {}
    for _ in 0..3 {
        let answer = receiver.read(&mut block, Duration::from_millis(50));
        assert!(
            matches!(answer, Ok(None)),
            "{}: after the end: {answer:?}",
            subject.name
        );
    }
}
