//! The traps of real drivers, each first shown to be there and then shown to be held off.

use std::{fs, thread::sleep, time::Duration};

use num_complex::Complex;
use pinpu_hardware::{
    GapReason, Loss, Receiver, ReceiverError, SampleBlock,
    soapy::{SoapyOptions, SoapyReceiver},
};
use soapysdr::{Args, Device, Direction::Rx};

use crate::{
    harness::{fast, isolated, realtime, streaming, take, take_with, tuning},
    measure::tone_db,
};

const RATE: f64 = 2.4e6;

/// The trap: SoapySDR's overall tune spreads the rest over the components, and CORR goes to 0 without a word.
#[test]
fn an_overall_tune_resets_ppm_and_ours_does_not() {
    isolated("traps::an_overall_tune_resets_ppm_and_ours_does_not", |folder| {
        let args = fast(
            folder,
            "rtlsdr",
            "receiver ppm=20 full_scale_dbm=-20 dc_dbfs=off\ncw freq=433.9M power=-60\n",
        );
        let device = Device::new(args.as_str()).unwrap();
        device
            .set_component_frequency(Rx, 0, "CORR", 20.0, Args::new())
            .unwrap();
        device.set_frequency(Rx, 0, 433.8e6, Args::new()).unwrap();
        assert_eq!(
            device.component_frequency(Rx, 0, "CORR").unwrap(),
            0.0,
            "the trap is gone: is this test still true?"
        );
        device.set_component_frequency(Rx, 0, "CORR", 7.0, Args::new()).unwrap();

        let mut wanted = tuning(433_800_000, RATE);
        wanted.ppm = 20.0;
        let (mut receiver, _) = streaming(&args, &wanted);
        assert_eq!(
            receiver.device().component_frequency(Rx, 0, "CORR").unwrap(),
            0.0,
            "hardware ppm is out of play"
        );
        for center in [433_800_000_u64, 433_500_000, 434_100_000, 433_800_000] {
            wanted.center_hz = center;
            let tuned = receiver.tune(&wanted).unwrap();
            assert!(
                tuned.center_hz.abs_diff(center) <= 1,
                "true centre {} for {center}",
                tuned.center_hz
            );
            assert!(
                (tuned.sample_rate_hz - RATE * 1.000_02).abs() < 0.01,
                "the sample clock is off by as much"
            );
            let samples = take(&mut receiver, 1 << 18);
            let samples = &samples[tuned.discard_samples as usize..];
            let level = tone_db(samples, tuned.sample_rate_hz, 433.9e6 - center as f64);
            // 8.7 kHz off without correction: the carrier would not be found here at all.
            assert!(
                (level - (-60.0 + 40.2 + 20.0)).abs() < 0.3,
                "{center}: {level:.2} dBFS at the true frequency"
            );
        }
        wanted.ppm = 0.0;
        receiver.tune(&wanted).unwrap();
        let samples = take(&mut receiver, 1 << 18);
        assert!(
            tone_db(&samples[65_536..], RATE, 100e3) < -40.0,
            "uncorrected, it is elsewhere"
        );
    });
}

/// Eight retunes between a frequency with a strong carrier and an empty one.
#[test]
fn nothing_of_the_old_frequency_appears_after_the_discard() {
    isolated(
        "traps::nothing_of_the_old_frequency_appears_after_the_discard",
        |folder| {
            let scene = "receiver full_scale_dbm=-20 dc_dbfs=off pipeline_ms=4 settle_ms=6\ncw freq=100.2M power=-62\n";
            let args = realtime(folder, "rtlsdr", scene);
            {
                // The trap: plain SoapySDR hands out the old frequency after the call to tune has returned.
                let device = Device::new(args.as_str()).unwrap();
                device.set_component_frequency(Rx, 0, "RF", 100e6, Args::new()).unwrap();
                let mut stream = device.rx_stream::<Complex<i8>>(&[0]).unwrap();
                stream.activate(None).unwrap();
                sleep(Duration::from_millis(150));
                device.set_component_frequency(Rx, 0, "RF", 150e6, Args::new()).unwrap();
                let mut buffer = vec![Complex::new(0_i8, 0); 65_536];
                let got = stream.read(&mut [&mut buffer], 500_000).unwrap();
                let floats: Vec<_> = buffer[..got]
                    .iter()
                    .map(|s| Complex::new(f32::from(s.re), f32::from(s.im)) / 128.0)
                    .collect();
                assert!(
                    tone_db(&floats, RATE, 200e3) > -5.0,
                    "the trap is gone: is this test still true?"
                );
            }
            for scanning in [false, true] {
                let options = SoapyOptions {
                    scanning,
                    profile: None,
                };
                let mut receiver = SoapyReceiver::open_with(&args, &options).unwrap();
                receiver.tune(&tuning(100_000_000, RATE)).unwrap();
                receiver.start().unwrap();
                for turn in 0..4 {
                    take_any(&mut receiver, 40_000);
                    sleep(Duration::from_millis(60)); // a lazy reader: the ring holds old samples
                    let tuned = receiver.tune(&tuning(150_000_000, RATE)).unwrap();
                    let mut first = None;
                    let samples = take_with(&mut receiver, tuned.discard_samples as usize + 40_000, |i| {
                        first = first.or(i.loss)
                    });
                    let retune = first.unwrap();
                    assert_eq!(retune.reason, GapReason::Retune);
                    assert!(
                        retune.samples.unwrap() > 100_000,
                        "what waited was drained and told: {retune:?}"
                    );
                    let fresh = &samples[tuned.discard_samples as usize..];
                    let ghost = fresh
                        .chunks_exact(2000)
                        .map(|c| tone_db(c, RATE, 200e3))
                        .fold(f64::MIN, f64::max);
                    assert!(
                        ghost < -45.0,
                        "turn {turn}: the old carrier shines through at {ghost:.1} dBFS"
                    );
                    let tuned = receiver.tune(&tuning(100_000_000, RATE)).unwrap();
                    let samples = take_any(&mut receiver, tuned.discard_samples as usize + 20_000);
                    let back = tone_db(&samples[tuned.discard_samples as usize..], RATE, 200e3);
                    assert!((back + 1.8).abs() < 0.5, "and it is back at full level: {back:.1}");
                }
                let most = if scanning { 0.040 } else { 0.080 };
                let again = receiver.tune(&tuning(100_000_000, RATE)).unwrap().discard_samples as f64 / RATE;
                assert!(again < most, "{again:.3} s are thrown away at each tune");
            }
        },
    );
}

fn take_any(receiver: &mut SoapyReceiver, count: usize) -> Vec<Complex<f32>> {
    take_with(receiver, count, |_| {})
}

/// Sleeps while the ring fills over, then reads on. Returns the sum of the counted losses, whether one was uncounted,
/// and what the device itself knows to be lost.
fn overflowing(args: &str) -> (u64, bool, u64) {
    let (mut receiver, _) = streaming(args, &tuning(100_000_000, RATE));
    let (mut counted, mut uncounted) = (0, false);
    let mut look = |loss: Option<Loss>| {
        if let Some(loss) = loss {
            assert_eq!(loss.reason, GapReason::Overflow);
            counted += loss.samples.unwrap_or(0);
            uncounted |= loss.samples.is_none();
        }
    };
    for _ in 0..3 {
        take_with(&mut receiver, 200_000, |info| look(info.loss));
        sleep(Duration::from_millis(250));
    }
    take_with(&mut receiver, 200_000, |info| look(info.loss));
    let lost = receiver.device().read_sensor("lost_samples").unwrap().parse().unwrap();
    (counted, uncounted, lost)
}

#[test]
fn an_overflow_is_counted_and_not_fatal() {
    isolated("traps::an_overflow_is_counted_and_not_fatal", |folder| {
        let (counted, uncounted, lost) = overflowing(&realtime(folder, "ideal", "receiver buffer_ms=5\n"));
        assert!(
            lost >= 3 * 200_000,
            "250 ms of sleep against 75 ms of ring, three times: {lost} lost"
        );
        assert_eq!(counted, lost, "every lost sample is counted");
        assert!(!uncounted);
    });
}

/// SoapyRTLSDR 0.3.3 runs its clock at twice the rate.
#[test]
fn time_stamps_that_lie_count_nothing() {
    isolated("traps::time_stamps_that_lie_count_nothing", |folder| {
        let args = realtime(folder, "ideal", "receiver buffer_ms=5\nfault timestamps scale=2\n");
        let (counted, uncounted, lost) = overflowing(&args);
        assert!(lost > 0 && uncounted, "the loss is told, its size is not");
        assert_eq!(counted, 0, "a lying clock was believed");
    });
}

#[test]
fn a_profile_that_knows_its_clock_lies_counts_nothing() {
    isolated("traps::a_profile_that_knows_its_clock_lies_counts_nothing", |folder| {
        let args = realtime(folder, "rtlsdr", "");
        let (mut receiver, _) = streaming(&args, &tuning(100_000_000, RATE));
        take(&mut receiver, 100_000);
        sleep(Duration::from_millis(1300));
        let mut losses = Vec::new();
        take_with(&mut receiver, 100_000, |info| losses.extend(info.loss));
        assert_eq!(
            losses,
            [Loss {
                reason: GapReason::Overflow,
                samples: None
            }],
            "0.87 s of ring, 1.3 s of sleep"
        );
    });
}

#[test]
fn short_reads_lose_nothing() {
    isolated("traps::short_reads_lose_nothing", |folder| {
        let scene = "receiver full_scale_dbm=-40 noise=off\ncw freq=100.1M power=-60\n";
        let long = take(
            &mut streaming(&fast(folder, "ideal", scene), &tuning(100_000_000, RATE)).0,
            20_000,
        );
        let args = fast(folder, "ideal", &format!("{scene}fault short-reads max=357\n"));
        let (mut receiver, _) = streaming(&args, &tuning(100_000_000, RATE));
        let mut most = 0;
        let short = take_with(&mut receiver, 20_000, |info| most = most.max(info.samples));
        assert_eq!(most, 357);
        let worst = long.iter().zip(&short).map(|(a, b)| (a - b).norm()).fold(0.0, f32::max);
        assert!(
            worst < 1e-4,
            "the same samples, in other portions; worst difference {worst}"
        );
    });
}

#[test]
fn a_receiver_that_never_delivers_times_out() {
    isolated("traps::a_receiver_that_never_delivers_times_out", |folder| {
        let (mut receiver, _) = streaming(&realtime(folder, "ideal", "fault silent\n"), &tuning(100_000_000, RATE));
        let mut block = SampleBlock::new(receiver.facts().format, 4096);
        for _ in 0..3 {
            match receiver.read(&mut block, Duration::from_millis(40)) {
                Err(ReceiverError::Timeout { waited_ms }) => assert!(waited_ms >= 40),
                other => panic!("{other:?}"),
            }
        }
        receiver.stop().unwrap();
    });
}

#[test]
fn a_recording_plays_bit_for_bit_and_shifts_when_tuned() {
    isolated("traps::a_recording_plays_bit_for_bit_and_shifts_when_tuned", |folder| {
        let bytes: Vec<u8> = (0..20_000_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        fs::write(folder.join("a.sigmf-data"), &bytes).unwrap();
        let meta = r#"{"global":{"core:datatype":"cu8","core:sample_rate":1000000,"core:version":"1.2.0"},
            "captures":[{"core:sample_start":0,"core:frequency":433920000}],"annotations":[]}"#;
        fs::write(folder.join("a.sigmf-meta"), meta).unwrap();
        let args = format!(
            "driver=pinpu-virtual,pace=fast,recording={}",
            folder.join("a.sigmf-meta").display()
        );
        let (mut receiver, tuned) = streaming(&args, &tuning(433_920_000, 1e6));
        assert_eq!((tuned.center_hz, tuned.sample_rate_hz), (433_920_000, 1e6));
        let mut block = SampleBlock::new(receiver.facts().format, 25_000);
        let info = receiver.read(&mut block, Duration::from_secs(1)).unwrap().unwrap();
        let SampleBlock::Cu8(samples) = &block else {
            panic!("the recording's own format")
        };
        assert_eq!(info.samples, 25_000);
        for (i, s) in samples.iter().enumerate() {
            assert_eq!(
                [s.re, s.im],
                bytes[2 * i % 20_000..2 * i % 20_000 + 2],
                "sample {i}, looped after 10000"
            );
        }
        assert!(
            receiver
                .tune(&tuning(433_920_000, 2e6))
                .unwrap_err()
                .to_string()
                .contains("1000000")
        );
        drop(receiver);

        let tone: Vec<u8> = (0..100_000)
            .flat_map(|i| {
                let (sin, cos) = (std::f64::consts::TAU * 0.1 * f64::from(i)).sin_cos();
                [(127.5 + 100.0 * cos).round() as u8, (127.5 + 100.0 * sin).round() as u8]
            })
            .collect();
        fs::write(folder.join("a.sigmf-data"), tone).unwrap();
        let (mut receiver, _) = streaming(&args, &tuning(433_870_000, 1e6));
        let level = tone_db(&take(&mut receiver, 50_000), 1e6, 150e3);
        assert!(
            (level - 20.0 * (100.0_f64 / 127.5).log10()).abs() < 0.1,
            "100 kHz above 433.92 is 150 above 433.87: {level:.2}"
        );
    });
}
