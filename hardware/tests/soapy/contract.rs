//! The suite every receiver is held to, over the SoapySDR receiver: in real time, flat out, and playing a recording.

use std::fs;

use pinpu_hardware::{SampleFormat, soapy::SoapyReceiver};

use crate::{
    harness::{fast, isolated, realtime, tuning},
    suite::{Subject, counting, holds},
};

#[test]
fn a_scene_keeps_the_contract() {
    isolated("contract::a_scene_keeps_the_contract", |folder| {
        let scene = "cw freq=100.1M power=-70\n";
        for (name, args, rate) in [
            ("rtlsdr in real time", realtime(folder, "rtlsdr", scene), 2.4e6),
            ("bladerf in real time", realtime(folder, "bladerf", scene), 2e6),
            ("airspyhf in real time", realtime(folder, "airspyhf", scene), 384e3),
            ("hackrf flat out", fast(folder, "hackrf", scene), 10e6),
        ] {
            holds(&Subject {
                name,
                open: Box::new(|| Box::new(SoapyReceiver::open(&args).unwrap())),
                tuning: tuning(100_000_000, rate),
                counts: false,
                ends_after: None,
            });
        }
    });
}

#[test]
fn a_recording_through_soapysdr_loses_and_repeats_nothing() {
    isolated(
        "contract::a_recording_through_soapysdr_loses_and_repeats_nothing",
        |folder| {
            for (format, datatype) in [
                (SampleFormat::Cu8, "cu8"),
                (SampleFormat::Cs8, "ci8"),
                (SampleFormat::Cs16, "ci16_le"),
            ] {
                let data: Vec<u8> = (0..65_536_u64).flat_map(|n| counting(format, n)).collect();
                fs::write(folder.join("count.sigmf-data"), data).unwrap();
                let meta = format!(
                    r#"{{"global":{{"core:datatype":"{datatype}","core:sample_rate":1000000,"core:version":"1.2.0"}},
                "captures":[{{"core:sample_start":0,"core:frequency":100000000}}],"annotations":[]}}"#
                );
                let path = folder.join("count.sigmf-meta");
                fs::write(&path, meta).unwrap();
                let args = format!("driver=pinpu-virtual,pace=fast,recording={}", path.display());
                holds(&Subject {
                    name: datatype,
                    open: Box::new(|| Box::new(SoapyReceiver::open(&args).unwrap())),
                    tuning: tuning(100_000_000, 1e6),
                    counts: true,
                    ends_after: None,
                });
            }
        },
    );
}
