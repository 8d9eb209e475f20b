//! Capture on recordings and scripted faults: nothing is lost unseen, nothing missing reads as silence.

use std::{
    f64::consts::TAU,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use pinpu::{
    capture::{self, CaptureConfig, CaptureHandle, Observation, ObservationContent, ReceiverState},
    config::PlanConfig,
    detect::{DetectEvent, Gap, GapReason},
    units::Hertz,
};
use pinpu_hardware::{
    At, Fault, Faulty, Gain, ReadInfo, Receiver, ReceiverError, ReceiverFacts, Recording, RecordingOptions,
    SampleBlock, SampleFormat, Tuned, Tuning, recording::Pace,
};

const RATE_HZ: f64 = 1_000_000.0;

/// One second of a carrier 100 kHz above the centre in noise of about 1.5 counts, as an 8-bit file with a telling name.
fn carrier(folder: &Path, seconds: f64) -> PathBuf {
    let path = folder.join("tone_100M_1000k.cu8");
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let uniform = |bits: u64| (bits & 0xFFFF) as f64 / 65_536.0 - 0.5;
        (uniform(state) + uniform(state >> 16) + uniform(state >> 32) + uniform(state >> 48)) * 2.5
    };
    let mut bytes = Vec::new();
    for n in 0..(seconds * RATE_HZ) as usize {
        let phase = TAU * 0.1 * n as f64;
        for part in [phase.cos(), phase.sin()] {
            bytes.push((127.5 + 30.0 * part + noise()).round().clamp(0.0, 255.0) as u8);
        }
    }
    fs::write(&path, bytes).expect("a temporary file");
    path
}

fn config() -> CaptureConfig {
    CaptureConfig {
        id: "test".into(),
        plan: PlanConfig::Suggested,
        sample_rate_hz: Some(RATE_HZ),
        gain: Gain::Profile,
        ppm: 0.0,
        ppm_uncertainty: 1.0,
        antenna: None,
        false_alarms_per_day_mhz: 1.0,
        frames_per_s: 20.0,
        recent: None,
    }
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Observation>>>);

impl Seen {
    fn sink(&self) -> capture::ObservationSink {
        let seen = self.clone();
        Arc::new(move |observation| {
            seen.0.lock().unwrap_or_else(PoisonError::into_inner).push(observation);
            true
        })
    }

    fn events(&self) -> Vec<DetectEvent> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let event = |o: &Observation| match &o.content {
            ObservationContent::Detect { event, .. } => Some(event.clone()),
            ObservationContent::Status(_) => None,
        };
        all.iter().filter_map(event).collect()
    }

    fn gaps(&self) -> Vec<Gap> {
        let gap = |event| {
            if let DetectEvent::Gap(gap) = event {
                Some(gap)
            } else {
                None
            }
        };
        self.events().into_iter().filter_map(gap).collect()
    }

    fn states(&self) -> Vec<ReceiverState> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |o: &Observation| match &o.content {
            ObservationContent::Status(status) => Some(status.state),
            ObservationContent::Detect { .. } => None,
        };
        let mut states: Vec<_> = all.iter().filter_map(state).collect();
        states.dedup();
        states
    }

    fn runs(&self) -> Vec<u64> {
        let mut runs: Vec<u64> = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|o| o.run)
            .collect();
        runs.retain(|run| *run > 0);
        runs.dedup();
        runs
    }
}

/// Waits for `done`, generously: how long it takes is not what is tested.
fn until(capture: &CaptureHandle, what: &str, done: impl Fn(&CaptureHandle) -> bool) {
    let begun = Instant::now();
    while !done(capture) {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "never happened: {what}; {:?}",
            capture.status()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn play(path: &Path, pace: Pace) -> Result<Recording, ReceiverError> {
    Recording::open(
        path,
        &RecordingOptions {
            pace,
            ..RecordingOptions::default()
        },
    )
}

#[test]
fn a_recording_is_measured_to_its_last_sample() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = carrier(folder.path(), 1.0);
    let seen = Seen::default();
    let opener = Box::new(move || Ok(Box::new(play(&path, Pace::Flat)?) as Box<dyn Receiver>));
    let capture = capture::start(config(), opener, seen.sink()).expect("threads");
    until(&capture, "the end", CaptureHandle::is_finished);
    let counters = capture.status().counters;
    assert_eq!(
        (counters.samples, counters.samples_lost, counters.blocks_dropped),
        (1_000_000, 0, 0)
    );
    assert_eq!(capture.status().state, ReceiverState::Stopped);
    assert!(seen.gaps().is_empty());
    let closed: Vec<_> = seen
        .events()
        .into_iter()
        .filter_map(|e| if let DetectEvent::Closed(e) = e { Some(e) } else { None })
        .collect();
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert!(
        (closed[0].center_hz.0 - 100_100_000).abs() < 1000,
        "{}",
        closed[0].center_hz
    );
    assert!(
        closed[0].start_s < 0.01 && closed[0].stop_s > 0.98,
        "{} to {}",
        closed[0].start_s,
        closed[0].stop_s
    );
    let frames = seen
        .events()
        .iter()
        .filter(|event| matches!(event, DetectEvent::Frame(_)))
        .count();
    assert!((15..=21).contains(&frames), "20 frames a second: {frames}");
}

#[test]
fn a_counted_overflow_is_a_gap_of_that_length_and_the_carrier_stays_one_emission() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = carrier(folder.path(), 1.0);
    let seen = Seen::default();
    let script = vec![(
        At::Sample(400_000),
        Fault::Overflow {
            samples: 50_000,
            counted: true,
        },
    )];
    let opener =
        Box::new(move || Ok(Box::new(Faulty::new(play(&path, Pace::Flat)?, script.clone())?) as Box<dyn Receiver>));
    let capture = capture::start(config(), opener, seen.sink()).expect("threads");
    until(&capture, "the end", CaptureHandle::is_finished);
    let counters = capture.status().counters;
    assert_eq!(
        (counters.samples, counters.samples_lost, counters.overflows),
        (950_000, 50_000, 1)
    );
    let gaps = seen.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].reason, GapReason::Overflow);
    assert!((gaps[0].stop_s - gaps[0].start_s - 0.05).abs() < 1e-6 && (gaps[0].start_s - 0.4).abs() < 1e-6);
    let closed: Vec<_> = seen
        .events()
        .into_iter()
        .filter_map(|e| if let DetectEvent::Closed(e) = e { Some(e) } else { None })
        .collect();
    assert_eq!(
        closed.len(),
        1,
        "a hole in the observation does not end an emission: {closed:?}"
    );
    assert!(
        closed[0].duty_cycle > 0.99,
        "unobserved time is not silence: {}",
        closed[0].duty_cycle
    );
}

#[test]
fn a_receiver_that_vanishes_is_lost_and_its_return_continues_the_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = carrier(folder.path(), 4.0);
    let seen = Seen::default();
    let mut opened = 0;
    let opener = Box::new(move || {
        opened += 1;
        if (2..=3).contains(&opened) {
            return Err(ReceiverError::NotFound {
                args: "test".into(),
                hint: "plug it in".into(),
            });
        }
        let script = if opened == 1 {
            vec![(At::Sample(300_000), Fault::Lost { calls: u32::MAX })]
        } else {
            Vec::new()
        };
        Ok(Box::new(Faulty::new(play(&path, Pace::RealTime)?, script)?) as Box<dyn Receiver>)
    });
    let capture = capture::start(config(), opener, seen.sink()).expect("threads");
    until(&capture, "loss", |capture| {
        capture.status().state == ReceiverState::Lost
    });
    assert!(capture.status().last_error.is_some());
    until(&capture, "return", |capture| {
        capture.status().counters.reopened == 1 && capture.status().counters.samples > 600_000
    });
    capture.stop();
    let gaps = seen.gaps();
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert_eq!(gaps[0].reason, GapReason::Unplugged);
    assert!(
        gaps[0].stop_s - gaps[0].start_s > 0.5,
        "the back-off was not observed: {:?}",
        gaps[0]
    );
    assert_eq!(seen.runs(), [1], "the same receiver goes on with the same run");
    let states = seen.states();
    let order = [
        ReceiverState::Streaming,
        ReceiverState::Lost,
        ReceiverState::Streaming,
        ReceiverState::Stopped,
    ];
    let mut at = states.iter();
    assert!(order.iter().all(|state| at.any(|s| s == state)), "{states:?}");
}

#[test]
fn a_silent_receiver_is_lost_within_the_watchdogs_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = carrier(folder.path(), 1.0);
    let seen = Seen::default();
    let opener = Box::new(move || {
        let script = vec![(At::Sample(200_000), Fault::Timeout { reads: u32::MAX })];
        Ok(Box::new(Faulty::new(play(&path, Pace::Flat)?, script)?) as Box<dyn Receiver>)
    });
    let capture = capture::start(config(), opener, seen.sink()).expect("threads");
    until(&capture, "loss", |capture| {
        capture.status().state == ReceiverState::Lost
    });
    let status = capture.status();
    assert!(status.last_error.is_some_and(|error| error.contains("silent")));
    assert_eq!(status.counters.losses, 1);
}

#[test]
fn a_receiver_that_is_not_there_yet_is_waited_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = carrier(folder.path(), 0.2);
    let seen = Seen::default();
    let mut tries = 0;
    let opener = Box::new(move || {
        tries += 1;
        if tries < 3 {
            return Err(ReceiverError::NotFound {
                args: "driver=none".into(),
                hint: "plug it in".into(),
            });
        }
        Ok(Box::new(play(&path, Pace::Flat)?) as Box<dyn Receiver>)
    });
    let capture = capture::start(config(), opener, seen.sink()).expect("threads");
    until(&capture, "the end", CaptureHandle::is_finished);
    assert_eq!(capture.status().counters.samples, 200_000);
    assert_eq!(capture.status().counters.losses, 0, "what never was there is not lost");
    assert!(seen.states().contains(&ReceiverState::Lost));
}

/// A receiver that can be tuned to 24–1700 MHz and hears nothing but its own noise.
struct Silent {
    facts: ReceiverFacts,
    /// Every frequency it was tuned to.
    tuned: Arc<Mutex<Vec<u64>>>,
    noise: u64,
}

impl Silent {
    fn new(tuned: &Arc<Mutex<Vec<u64>>>) -> Self {
        let facts = ReceiverFacts {
            args: "silent".to_owned(),
            driver: "silent".to_owned(),
            label: "Silent".to_owned(),
            serial: None,
            format: SampleFormat::Cu8,
            frequency_ranges_hz: vec![[24e6, 1.7e9]],
            sample_rate_ranges_hz: vec![[RATE_HZ, RATE_HZ]],
            profile: "silent".to_owned(),
            usable_fraction: 0.8,
            paced: true,
        };
        Self {
            facts,
            tuned: Arc::clone(tuned),
            noise: 1,
        }
    }
}

impl Receiver for Silent {
    fn facts(&self) -> &ReceiverFacts {
        &self.facts
    }

    fn tune(&mut self, tuning: &Tuning) -> Result<Tuned, ReceiverError> {
        if tuning.center_hz > 1_700_000_000 {
            return Err(ReceiverError::Lost("no such frequency".to_owned()));
        }
        self.tuned.lock().expect("not poisoned").push(tuning.center_hz);
        Ok(Tuned {
            center_hz: tuning.center_hz,
            sample_rate_hz: RATE_HZ,
            discard_samples: 0,
            settings: Vec::new(),
        })
    }

    fn start(&mut self) -> Result<(), ReceiverError> {
        Ok(())
    }

    fn read(&mut self, block: &mut SampleBlock, _timeout: Duration) -> Result<Option<ReadInfo>, ReceiverError> {
        let samples = block.capacity().min(10_000);
        std::thread::sleep(Duration::from_secs_f64(samples as f64 / RATE_HZ));
        if let SampleBlock::Cu8(bytes) = block {
            let mut part = || {
                self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                120 + (self.noise >> 60) as u8
            };
            for sample in bytes.iter_mut().take(samples) {
                (sample.re, sample.im) = (part(), part());
            }
        }
        Ok(Some(ReadInfo { samples, loss: None }))
    }

    fn stop(&mut self) -> Result<(), ReceiverError> {
        Ok(())
    }
}

#[test]
fn a_receiver_leaves_its_watch_when_it_is_told_to_and_no_wish_keeps_it_from_coming_back() {
    let tuned = Arc::new(Mutex::new(Vec::new()));
    let (seen, made) = (Seen::default(), Arc::clone(&tuned));
    let plan = PlanConfig::Center(Hertz(98_000_000));
    let opener: capture::Opener = Box::new(move || Ok(Box::new(Silent::new(&made))));
    let capture = capture::start(CaptureConfig { plan, ..config() }, opener, seen.sink()).expect("a thread");
    let watches = |low: i64| {
        move |capture: &CaptureHandle| {
            let status = capture.status();
            status.state == ReceiverState::Streaming && status.plan.first().is_some_and(|band| band.low() == Hertz(low))
        }
    };
    until(&capture, "its own watch", watches(97_600_000));
    let tuner = capture.tuner();
    let reach = tuner.reach().expect("opened");
    assert_eq!((reach.width, reach.ranges.len()), (Hertz(800_000), 1));

    tuner.hold(Some(Hertz(118_500_000)));
    until(&capture, "tuned elsewhere", watches(118_100_000));
    assert_eq!(
        tuner.reach().expect("still").plan,
        reach.plan,
        "its own plan stays what it was"
    );
    tuner.hold(Some(Hertz(118_500_000)));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        tuned.lock().expect("not poisoned").len(),
        2,
        "asked for what is so already, nothing happens"
    );
    tuner.hold(None);
    until(&capture, "back on its watch", watches(97_600_000));

    // What it cannot be tuned to takes it back to its watch.
    tuner.hold(Some(Hertz(2_000_000_000)));
    until(&capture, "let go", |_| tuner.held().is_none());
    until(&capture, "back again", watches(97_600_000));
    capture.stop();
    assert_eq!(
        seen.runs(),
        [1, 2, 3],
        "each tuning is a run of its own, and the last failure none"
    );
    let last = *tuned.lock().expect("not poisoned").last().expect("tuned");
    assert_eq!(last, 98_000_000);
}
