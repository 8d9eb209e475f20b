//! A receiver that is pulled out and comes back: silence or errors, not found while away, working after reopening.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use pinpu_hardware::{Receiver, ReceiverError, SampleBlock, soapy::SoapyReceiver};

use crate::{
    discovery::enumerate,
    harness::{isolated, realtime, streaming, take, tuning},
};

/// Reads until the first error, at most for five seconds.
fn first_error(receiver: &mut SoapyReceiver) -> ReceiverError {
    let mut block = SampleBlock::new(receiver.facts().format, 65_536);
    let begun = Instant::now();
    loop {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "an unplugged receiver goes on delivering"
        );
        if let Err(error) = receiver.read(&mut block, Duration::from_millis(200)) {
            return error;
        }
    }
}

/// As RTL-SDR and SoapyRemote do: no error, ever; only silence. The old handle stays dead after the return.
#[test]
fn unplugged_is_silence_and_reopening_works_after_its_return() {
    isolated(
        "unplug::unplugged_is_silence_and_reopening_works_after_its_return",
        |folder| {
            let args = format!("{},serial=away-1", realtime(folder, "ideal", ""));
            let wanted = tuning(100_000_000, 1e6);
            let (mut receiver, _) = streaming(&args, &wanted);
            take(&mut receiver, 50_000);
            receiver.device().write_setting("unplug", "1.5").unwrap();
            assert!(matches!(first_error(&mut receiver), ReceiverError::Timeout { .. }));
            let error = SoapyReceiver::open(&format!("{args},again=1")).unwrap_err();
            assert!(
                matches!(error, ReceiverError::NotFound { .. }),
                "opening while it is away: {error}"
            );
            let until = Instant::now() + Duration::from_millis(2000);
            let mut block = SampleBlock::new(receiver.facts().format, 4096);
            while Instant::now() < until {
                match receiver.read(&mut block, Duration::from_millis(100)) {
                    Err(ReceiverError::Timeout { .. }) => {}
                    other => panic!("silence is all there is, not {other:?}"),
                }
            }
            assert!(receiver.stop().is_err(), "stopping a dead stream is told");
            drop(receiver);
            let (mut receiver, _) = streaming(&args, &wanted);
            take(&mut receiver, 50_000);
        },
    );
}

#[test]
fn an_outage_of_the_scene_ends_in_lost_where_the_driver_says_so() {
    isolated(
        "unplug::an_outage_of_the_scene_ends_in_lost_where_the_driver_says_so",
        |folder| {
            let args = realtime(folder, "ideal", "fault unplug at=0.3 for=0.7 mode=error\n");
            let (mut receiver, _) = streaming(&args, &tuning(100_000_000, 1e6));
            let error = first_error(&mut receiver);
            assert!(matches!(error, ReceiverError::Lost(_)), "{error}");
            drop(receiver);
            sleep(Duration::from_millis(900));
            let (mut receiver, _) = streaming(&args, &tuning(100_000_000, 1e6));
            take(&mut receiver, 500_000);
        },
    );
}

#[test]
fn while_it_is_away_nobody_finds_it() {
    isolated("unplug::while_it_is_away_nobody_finds_it", |_| {
        let found = enumerate(Duration::from_secs(20)).found;
        assert_eq!(found.len(), 1, "{found:?}");
        let receiver = SoapyReceiver::open(&found[0].args).unwrap();
        receiver.device().write_setting("unplug", "100").unwrap();
        assert_eq!(enumerate(Duration::from_secs(20)).found, []);
        receiver.device().write_setting("unplug", "0").unwrap();
        assert_eq!(enumerate(Duration::from_secs(20)).found, found);
    });
}
