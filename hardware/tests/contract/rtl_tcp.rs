//! The `rtl_tcp` client against a server that speaks the real protocol: commands on the wire, and every way to fail.

use std::time::Duration;

use crate::emulator::{Manner, RtlTcpServer};
use num_complex::Complex;
use pinpu_hardware::{Gain, Receiver, ReceiverError, RtlTcp, SampleBlock, SampleFormat, Tuning};

const SOON: Duration = Duration::from_secs(5);

fn tuning(center_hz: u64, ppm: f64, gain: Gain) -> Tuning {
    Tuning {
        center_hz,
        sample_rate_hz: 2.4e6,
        gain,
        ppm,
        antenna: None,
        bandwidth_hz: None,
    }
}

#[test]
fn commands_arrive_as_the_protocol_has_them_and_ppm_stays_here() {
    let server = RtlTcpServer::counting();
    let mut receiver = RtlTcp::connect(&server.address()).unwrap();
    assert!(receiver.facts().label.contains("R820T"));
    let tuned = receiver.tune(&tuning(100_000_000, 2.5, Gain::Total(30.0))).unwrap();
    assert_eq!(
        server.commands(5),
        [(2, 2_400_000), (1, 99_999_750), (8, 0), (3, 1), (4, 300)]
    );
    assert_eq!(tuned.center_hz, 100_000_000, "the true centre is the asked one");
    assert!(tuned.discard_samples >= 262_144, "what the server holds is stale");
    receiver.tune(&tuning(433_920_000, 0.0, Gain::Automatic)).unwrap();
    assert_eq!(
        server.commands(9)[5..],
        [(2, 2_400_000), (1, 433_920_000), (8, 0), (3, 0)]
    );
    assert!(
        server.commands(9).iter().all(|(command, _)| *command != 5),
        "the server's own ppm stays untouched"
    );
}

#[test]
fn what_waits_unread_is_counted_as_stale_when_tuning() {
    let server = RtlTcpServer::counting();
    let mut receiver = RtlTcp::connect(&server.address()).unwrap();
    receiver.start().unwrap();
    let mut block = SampleBlock::new(SampleFormat::Cu8, 1000);
    receiver.read(&mut block, SOON).unwrap();
    // The server sends without pause: its samples soon fill the socket.
    let stale = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(10));
        let discard = receiver
            .tune(&tuning(100_000_000, 0.0, Gain::Profile))
            .unwrap()
            .discard_samples;
        discard.checked_sub(262_144 + 24_000).filter(|stale| *stale > 0)
    });
    assert!(stale.is_some(), "nothing was seen waiting");
    let samples = receiver.read(&mut block, SOON).unwrap().unwrap().samples;
    let SampleBlock::Cu8(values) = &block else { panic!() };
    let first = u16::from_le_bytes([values[0].re, values[0].im]);
    assert_eq!((samples, first), (1000, 1000), "looking did not take anything away");
}

#[test]
fn samples_cut_in_two_by_the_network_come_whole_and_the_end_is_a_loss() {
    let server = RtlTcpServer::with(Manner::Pieces(vec![vec![1, 2, 3], vec![4, 5], vec![6, 7]]));
    let mut receiver = RtlTcp::connect(&server.address()).unwrap();
    receiver.start().unwrap();
    let mut block = SampleBlock::new(SampleFormat::Cu8, 64);
    let mut all = Vec::new();
    let error = loop {
        match receiver.read(&mut block, Duration::from_millis(20)) {
            Ok(Some(info)) => {
                let SampleBlock::Cu8(values) = &block else { panic!() };
                all.extend_from_slice(&values[..info.samples]);
            }
            Ok(None) => panic!("a server has no end"),
            Err(ReceiverError::Timeout { .. }) => {}
            Err(e) => break e,
        }
    };
    assert_eq!(all, [Complex::new(1, 2), Complex::new(3, 4), Complex::new(5, 6)]);
    assert!(matches!(error, ReceiverError::Lost(_)), "{error}");
    assert!(error.to_string().contains(&server.address()), "{error}");
    let again = receiver.read(&mut block, Duration::from_millis(20));
    assert!(
        matches!(again, Err(ReceiverError::Lost(_))),
        "lost stays lost until it is reopened: {again:?}"
    );
}

#[test]
fn a_silent_stream_times_out() {
    let greeting = [b"RTL0".as_slice(), &[0; 8]].concat();
    let server = RtlTcpServer::with(Manner::Says(greeting));
    let mut receiver = RtlTcp::connect(&server.address()).unwrap();
    receiver.start().unwrap();
    let answer = receiver.read(&mut SampleBlock::new(SampleFormat::Cu8, 64), Duration::from_millis(30));
    assert!(
        matches!(answer, Err(ReceiverError::Timeout { waited_ms: 30 })),
        "{answer:?}"
    );
}

#[test]
fn who_is_no_rtl_tcp_is_told_apart_from_who_is_silent_or_absent() {
    let refusal = |manner| {
        let server = RtlTcpServer::with(manner);
        RtlTcp::connect_within(&server.address(), Duration::from_millis(300))
            .err()
            .unwrap()
    };
    let wrong = refusal(Manner::Says(b"HTTP/1.1 400 Bad Request\r\n".to_vec()));
    assert!(matches!(wrong, ReceiverError::NotFound { .. }), "{wrong}");
    assert!(wrong.to_string().contains("not rtl_tcp"), "{wrong}");
    let silent = refusal(Manner::Says(Vec::new()));
    assert!(matches!(silent, ReceiverError::Timeout { .. }), "{silent}");
    let half = refusal(Manner::Says(b"RTL0\0\0".to_vec()));
    assert!(matches!(half, ReceiverError::Timeout { .. }), "{half}");
    let free = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let absent = RtlTcp::connect(&free.to_string()).err().unwrap();
    assert!(absent.to_string().contains("start 'rtl_tcp"), "{absent}");
    let nameless = RtlTcp::connect("no host at all:1").err().unwrap();
    assert!(nameless.to_string().contains("host:port"), "{nameless}");
}

#[test]
fn what_the_stick_cannot_do_is_refused_before_anything_is_sent() {
    let server = RtlTcpServer::counting();
    let mut receiver = RtlTcp::connect(&server.address()).unwrap();
    let good = tuning(100_000_000, 0.0, Gain::Profile);
    let elements = Gain::Elements([("LNA".to_owned(), 10.0)].into());
    for (wrong, word) in [
        (
            Tuning {
                center_hz: 3_000_000_000,
                ..good.clone()
            },
            "24 to 1764 MHz",
        ),
        (
            Tuning {
                sample_rate_hz: 500e3,
                ..good.clone()
            },
            "900001 to 3200000",
        ),
        (
            Tuning {
                gain: Gain::Total(99.0),
                ..good.clone()
            },
            "0 to 60 dB",
        ),
        (
            Tuning {
                gain: elements,
                ..good.clone()
            },
            "TUNER",
        ),
    ] {
        let error = receiver.tune(&wrong).unwrap_err();
        assert!(
            matches!(error, ReceiverError::Refused { .. }) && error.to_string().contains(word),
            "{error}"
        );
    }
    receiver.tune(&good).unwrap();
    assert_eq!(
        server.commands(5)[0],
        (2, 2_400_000),
        "nothing of the refused ones was sent"
    );
}

#[test]
fn after_stop_and_start_it_is_tuned_as_before() {
    let server = RtlTcpServer::counting();
    let mut receiver = RtlTcp::connect(&server.address()).unwrap();
    receiver.tune(&tuning(98_000_000, 0.0, Gain::Total(20.0))).unwrap();
    receiver.start().unwrap();
    receiver.stop().unwrap();
    receiver.start().unwrap();
    assert_eq!(
        server.commands(10)[5..],
        [(2, 2_400_000), (1, 98_000_000), (8, 0), (3, 1), (4, 200)]
    );
    let mut block = SampleBlock::new(SampleFormat::Cu8, 16);
    receiver.read(&mut block, SOON).unwrap();
    let SampleBlock::Cu8(values) = &block else { panic!() };
    assert_eq!(values[0], Complex::new(0, 0), "a new connection, nothing stale");
}
