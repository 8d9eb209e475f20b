//! The `rtl_tcp` protocol: the greeting, the numbers of a tuning on the wire, and what a stick can do.

use std::{
    io::{self, Read},
    net::{TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use crate::{Gain, ReceiverError, ReceiverFacts, Setting, Tuned, Tuning};

/// What may lie in the server's own buffers when it is tuned: two USB transfers of 131072 samples.
const SERVER_SAMPLES: u64 = 2 * 131_072;
/// Settling of tuner and loop, a first guess for all RTL-SDR (not measured).
const SETTLE_S: f64 = 0.010;

/// Commands on the wire.
pub(super) mod command {
    pub(crate) const FREQUENCY: u8 = 1;
    pub(crate) const SAMPLE_RATE: u8 = 2;
    pub(crate) const GAIN_MODE: u8 = 3;
    pub(crate) const GAIN: u8 = 4;
    pub(crate) const AGC: u8 = 8;
}

/// Fills `out` behind its first `done` bytes until it is full or the deadline passes. The end of the stream is an
/// error, but only after what came before it was handed over.
pub(super) fn fill(stream: &mut TcpStream, out: &mut [u8], mut done: usize, deadline: Instant) -> io::Result<usize> {
    let before = done;
    while done < out.len() {
        let left = deadline.saturating_duration_since(Instant::now());
        stream.set_read_timeout(Some(left.max(Duration::from_micros(1))))?;
        match stream.read(&mut out[done..]) {
            Ok(0) if done - before > 1 => break,
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => break,
            Err(e) if done - before > 1 => {
                tracing::debug!(error = %e, "rtl_tcp connection broke; handing over what came before");
                break;
            }
            Err(e) => return Err(e),
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    Ok(done)
}

/// A tuning in the numbers of the protocol.
pub(super) struct Sent {
    pub(super) frequency: u32,
    pub(super) rate: u32,
    pub(super) gain_tenths: Option<u32>,
}

impl Sent {
    pub(super) fn of(tuning: &Tuning, facts: &ReceiverFacts) -> Result<Self, ReceiverError> {
        let inside = |ranges: &[[f64; 2]], value: f64| ranges.iter().any(|[low, high]| (*low..=*high).contains(&value));
        let corrected = tuning.center_hz as f64 / (1.0 + tuning.ppm * 1e-6);
        if !inside(&facts.frequency_ranges_hz, corrected) {
            let [low, high] = facts.frequency_ranges_hz[0];
            return Err(ReceiverError::Refused {
                setting: "centre frequency",
                asked: format!("{} Hz", tuning.center_hz),
                hint: format!("its tuner reaches {} to {} MHz", low / 1e6, high / 1e6),
            });
        }
        if !inside(&facts.sample_rate_ranges_hz, tuning.sample_rate_hz) {
            return Err(ReceiverError::Refused {
                setting: "sample rate",
                asked: format!("{} S/s", tuning.sample_rate_hz),
                hint: "an RTL-SDR takes 225001 to 300000 and 900001 to 3200000 S/s; 2400000 is the usual safe limit"
                    .into(),
            });
        }
        let gain = match &tuning.gain {
            Gain::Automatic => None,
            Gain::Profile => Some(30.0),
            Gain::Total(db) => Some(*db),
            Gain::Elements(elements) => Some(
                elements
                    .get("TUNER")
                    .copied()
                    .filter(|_| elements.len() == 1)
                    .ok_or_else(|| ReceiverError::Refused {
                        setting: "gain",
                        asked: elements.keys().cloned().collect::<Vec<_>>().join(", "),
                        hint: "rtl_tcp has one gain element: TUNER".into(),
                    })?,
            ),
        };
        if let Some(db) = gain.filter(|db| !(0.0..=60.0).contains(db)) {
            return Err(ReceiverError::Refused {
                setting: "gain",
                asked: format!("{db} dB"),
                hint: "give 0 to 60 dB; the tuner takes its nearest step".into(),
            });
        }
        Ok(Self {
            frequency: corrected.round() as u32,
            rate: tuning.sample_rate_hz.round() as u32,
            gain_tenths: gain.map(|db| (db * 10.0).round() as u32),
        })
    }

    pub(super) fn report(&self, tuning: &Tuning, stale: u64) -> Tuned {
        let true_center = f64::from(self.frequency) * (1.0 + tuning.ppm * 1e-6);
        let mut settings = vec![
            Setting {
                name: "center_hz".into(),
                asked: tuning.center_hz as f64,
                got: true_center,
            },
            Setting {
                name: "sample_rate_hz".into(),
                asked: tuning.sample_rate_hz,
                got: f64::from(self.rate),
            },
        ];
        if let Some(tenths) = self.gain_tenths {
            let db = f64::from(tenths) / 10.0;
            settings.push(Setting {
                name: "gain.TUNER".into(),
                asked: db,
                got: db,
            });
        }
        Tuned {
            center_hz: true_center.round() as u64,
            sample_rate_hz: f64::from(self.rate),
            discard_samples: stale + SERVER_SAMPLES + (SETTLE_S * f64::from(self.rate)) as u64,
            settings,
        }
    }
}

pub(super) struct Greeting {
    pub(super) tuner: u32,
}

pub(super) fn greet(address: &str, patience: Duration) -> Result<(TcpStream, Greeting), ReceiverError> {
    let nobody = |hint: String| ReceiverError::NotFound {
        args: format!("rtl_tcp={address}"),
        hint,
    };
    let found = address.to_socket_addrs().map_err(|e| {
        nobody(format!(
            "the address cannot be resolved ({e}): write host:port, such as 192.168.1.20:1234"
        ))
    })?;
    let mut failure = None;
    let mut stream = None;
    for candidate in found {
        match TcpStream::connect_timeout(&candidate, patience) {
            Ok(connected) => {
                stream = Some(connected);
                break;
            }
            Err(e) => failure = Some(e),
        }
    }
    let Some(mut stream) = stream else {
        let why = failure.map_or("no address".to_owned(), |e| e.to_string());
        return Err(nobody(format!(
            "nobody answers ({why}): start 'rtl_tcp -a 0.0.0.0' on that machine and open its port"
        )));
    };
    let mut greeting = [0; 12];
    let set = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_write_timeout(Some(patience)));
    let got = set.and_then(|()| fill(&mut stream, &mut greeting, 0, Instant::now() + patience));
    match got {
        Ok(12) if greeting.starts_with(b"RTL0") => {
            let tuner = u32::from_be_bytes([greeting[4], greeting[5], greeting[6], greeting[7]]);
            Ok((stream, Greeting { tuner }))
        }
        Ok(n) if n < 4 || (n < 12 && greeting.starts_with(b"RTL0")) => {
            tracing::debug!(bytes = n, "rtl_tcp greeting incomplete");
            Err(ReceiverError::Timeout {
                waited_ms: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
            })
        }
        Ok(_) => Err(nobody("who answers there is not rtl_tcp: check the port".into())),
        Err(e) => Err(nobody(format!(
            "the server hung up ({e}): it serves one client at a time; is another connected?"
        ))),
    }
}

pub(super) fn tuner_name(tuner: u32) -> &'static str {
    [
        "an unknown tuner",
        "E4000",
        "FC0012",
        "FC0013",
        "FC2580",
        "R820T",
        "R828D",
    ]
    .get(tuner as usize)
    .copied()
    .unwrap_or("an unknown tuner")
}

/// What the tuner chip is known to reach, hertz; the stick may reach less.
pub(super) fn tuner_range(tuner: u32) -> [f64; 2] {
    match tuner {
        1 => [52e6, 2_200e6],
        2 => [22e6, 948.6e6],
        3 => [22e6, 1_100e6],
        4 => [146e6, 924e6],
        _ => [24e6, 1_764e6],
    }
}
