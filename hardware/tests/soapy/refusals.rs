//! What cannot be done is refused in words that say what can.

use std::{fs, path::Path};

use pinpu_hardware::{Gain, Receiver, ReceiverError, soapy::SoapyReceiver};

use crate::harness::{fast, isolated, tuning};

fn open_error(args: &str) -> String {
    match SoapyReceiver::open(args) {
        Ok(_) => panic!("'{args}' was opened"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_rate_frequency_or_gain_it_has_not_is_refused_with_what_it_has() {
    isolated(
        "refusals::a_rate_frequency_or_gain_it_has_not_is_refused_with_what_it_has",
        |folder| {
            let mut receiver = SoapyReceiver::open(&fast(folder, "rtlsdr", "")).unwrap();
            let mut refused = |change: &dyn Fn(&mut pinpu_hardware::Tuning)| {
                let mut wanted = tuning(98_000_000, 2.4e6);
                change(&mut wanted);
                match receiver.tune(&wanted) {
                    Err(error @ ReceiverError::Refused { .. }) => error.to_string(),
                    other => panic!("not refused: {other:?}"),
                }
            };
            let text = refused(&|t| t.sample_rate_hz = 500e3);
            assert!(
                text.contains("sample rate 500000 S/s") && text.contains("900001..3200000"),
                "{text}"
            );
            assert!(refused(&|t| t.sample_rate_hz = f64::NAN).contains("900001..3200000"));
            let text = refused(&|t| t.center_hz = 3_000_000_000);
            assert!(
                text.contains("3000000000 Hz") && text.contains("24000000..1764000000"),
                "{text}"
            );
            let text = refused(&|t| t.gain = Gain::Elements([("LNA".to_owned(), 10.0)].into()));
            assert!(text.contains("'LNA'") && text.contains("TUNER"), "{text}");
            let text = refused(&|t| t.gain = Gain::Elements([("TUNER".to_owned(), 80.0)].into()));
            assert!(text.contains("80") && text.contains("0 to 49.6"), "{text}");
            let text = refused(&|t| t.antenna = Some("RX7".into()));
            assert!(text.contains("RX7") && text.contains("RX"), "{text}");
            assert!(refused(&|t| t.ppm = 5e6).contains("parts per million"));
            receiver.tune(&tuning(98_000_000, 2.4e6)).unwrap();
        },
    );
}

#[test]
fn arguments_that_open_nothing_say_what_to_write() {
    isolated("refusals::arguments_that_open_nothing_say_what_to_write", |folder| {
        for bad in ["", "rtlsdr", "driver=rtlsdr,serial", "=1", "driver=a\0b"] {
            assert!(open_error(bad).contains("driver=rtlsdr"), "{bad:?}");
        }
        let error = SoapyReceiver::open("driver=no-such-driver").unwrap_err();
        assert!(matches!(error, ReceiverError::NotFound { .. }), "{error}");
        assert!(open_error("driver=pinpu-virtual,profile=nonsense").contains("rtlsdr, hackrf"));
        assert!(open_error("driver=pinpu-virtual,scene=/no/such.scene").contains("demo"));
        assert!(open_error("driver=pinpu-virtual,pace=warp").contains("pace=realtime"));
        let args = fast(folder, "ideal", "");
        let _open = SoapyReceiver::open(&args).unwrap();
        assert!(open_error(&args).contains("already open"));
    });
}

#[test]
fn a_faulty_scene_names_its_line_and_what_to_write() {
    isolated("refusals::a_faulty_scene_names_its_line_and_what_to_write", |folder| {
        for (line, words) in [
            ("fm frq=98M power=-80", "no key 'frq'"),
            ("fm power=-80", "freq=98.6M"),
            ("wifi freq=2.4G power=-80", "a line starts with"),
            ("cw freq=98,6M power=-80", "98.6M"),
            ("cw freq=98.6M power=loud", "not a number"),
            ("cw freq=98.6M power=-80 on=20", "on=20 off=15"),
            ("cw freq=98.6M power=-80 width=1ms", "period=1s"),
            ("cw freq=98.6M power=-80 period=1ms width=2ms", "fit into the period"),
            ("cw hop=902M..928M power=-80", "902M..928M/500k"),
            ("cw freq = 98.6M power=-80", "no blanks"),
            ("cw name=\"open freq=98M power=-80", "quotation"),
            ("fm freq=98M power=-80 audio=jazz", "tone:1000"),
            ("receiver gainn=3", "noise_figure_db"),
            ("fault lightning", "unplug"),
            ("cw freq=98M freq=99M power=-80", "twice"),
        ] {
            let text = open_error(&fast(folder, "ideal", &format!("# a comment\n\n{line}\n")));
            assert!(
                text.contains("ideal.scene:3:") && text.contains(words),
                "{line}: {text}"
            );
        }
    });
}

#[test]
fn every_scene_in_the_tree_opens() {
    isolated("refusals::every_scene_in_the_tree_opens", |_| {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/virtual-receiver/scenes"));
        let (mut count, mut named) = (0, 0);
        let files = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in files(folder)
            .chain(files(&folder.join("verdicts")))
            .filter(|path| path.is_file())
        {
            SoapyReceiver::open(&format!("driver=pinpu-virtual,scene={}", path.display())).unwrap();
            count += 1;
            if path.parent() == Some(folder) {
                let name = path.file_stem().unwrap().to_string_lossy().into_owned();
                SoapyReceiver::open(&format!("driver=pinpu-virtual,scene={name}")).unwrap();
                named += 1;
            }
        }
        assert!(named >= 4, "demo, bursts, airband and traps");
        assert!(count >= named + 10, "and those of the verdicts");
    });
}
