//! One suite over every receiver that needs no SoapySDR: adding a receiver is one line in `contract!`. The modules
//! hold what is particular to each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod broken_recordings;
mod emulator;
mod faulty;
mod files;
mod recordings;
mod rtl_tcp;
mod suite;
mod writer;

use std::{fs, path::Path};

use emulator::RtlTcpServer;
use pinpu_hardware::{Faulty, Gain, Pace, Receiver, Recording, RecordingOptions, RtlTcp, SampleFormat, Tuning};
use suite::{Subject, counting, holds};

/// Samples in the recordings of this suite; more than 16 bits count, less than any block.
const SAMPLES: u64 = 70_000;

macro_rules! contract {
    ($($name:ident: $run:expr;)*) => {
        $(
            #[test]
            fn $name() {
                $run(stringify!($name));
            }
        )*
    };
}

contract! {
    recording_cu8: |name| recording(name, SampleFormat::Cu8, Pace::Flat);
    recording_cs8: |name| recording(name, SampleFormat::Cs8, Pace::Flat);
    recording_cs16: |name| recording(name, SampleFormat::Cs16, Pace::Flat);
    recording_cf32: |name| recording(name, SampleFormat::Cf32, Pace::Flat);
    recording_in_real_time: |name| recording(name, SampleFormat::Cs16, Pace::RealTime);
    faulty_without_a_script: faulty_receiver;
    rtl_tcp_server: network;
}

fn tuning(center_hz: u64, sample_rate_hz: f64) -> Tuning {
    Tuning {
        center_hz,
        sample_rate_hz,
        gain: Gain::Profile,
        ppm: 0.0,
        antenna: None,
        bandwidth_hz: None,
    }
}

/// A raw file of counting samples at 1 MS/s.
fn counting_file(folder: &Path, format: SampleFormat) -> std::path::PathBuf {
    let extension = format!("{format:?}").to_lowercase();
    let path = folder.join(format!("count_100M_1M.{extension}"));
    let data: Vec<u8> = (0..SAMPLES).flat_map(|n| counting(format, n)).collect();
    fs::write(&path, data).unwrap();
    path
}

fn recording(name: &str, format: SampleFormat, pace: Pace) {
    let folder = tempfile::tempdir().unwrap();
    let path = counting_file(folder.path(), format);
    let options = RecordingOptions {
        pace,
        ..RecordingOptions::default()
    };
    holds(&Subject {
        name,
        open: Box::new(|| Box::new(Recording::open(&path, &options).unwrap())),
        tuning: tuning(100_000_000, 1e6),
        counts: true,
        ends_after: Some(SAMPLES),
    });
}

fn faulty_receiver(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = counting_file(folder.path(), SampleFormat::Cs16);
    let open = || {
        let inner = Recording::open(&path, &RecordingOptions::default()).unwrap();
        Box::new(Faulty::new(inner, Vec::new()).unwrap()) as Box<dyn Receiver>
    };
    let tuning = tuning(100_000_000, 1e6);
    holds(&Subject {
        name,
        open: Box::new(open),
        tuning,
        counts: true,
        ends_after: Some(SAMPLES),
    });
}

fn network(name: &str) {
    let server = RtlTcpServer::counting();
    holds(&Subject {
        name,
        open: Box::new(|| Box::new(RtlTcp::connect(&server.address()).unwrap())),
        tuning: tuning(100_000_000, 2.4e6),
        counts: true,
        ends_after: None,
    });
}
