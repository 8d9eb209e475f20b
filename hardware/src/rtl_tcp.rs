//! A client for `rtl_tcp`: RTL-SDR sticks on another machine.
//!
//! The protocol has no answers: a 12-byte greeting (`RTL0`, tuner, number of gains), then CU8 samples for ever, and
//! five-byte commands the other way. So nothing can be read back, and `Tuned` shows what was sent. No time stamps, no
//! loss counter: what the server drops cannot be seen. The oscillator is corrected here, in software, because the
//! server's own correction knows whole ppm only. Reconnecting is the caller's: a closed connection is `Lost`.

use std::{
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use crate::{
    Gain, ReadInfo, Receiver, ReceiverError, ReceiverFacts, SampleBlock, SampleFormat, Setting, Tuned, Tuning, bytes,
};

/// Time for the connection, and for the greeting after it.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection older than this before its first `start` holds stale samples and is replaced.
const FRESH: Duration = Duration::from_secs(1);
/// What may lie in the server's own buffers when it is tuned: two USB transfers of 131072 samples.
const SERVER_SAMPLES: u64 = 2 * 131_072;
/// Settling of tuner and loop, a first guess for all RTL-SDR (not measured).
const SETTLE_S: f64 = 0.010;
/// The most waiting samples that are looked for when tuning, in bytes.
const PEEK_BYTES: usize = 4 << 20;

/// Commands on the wire.
mod command {
    pub(super) const FREQUENCY: u8 = 1;
    pub(super) const SAMPLE_RATE: u8 = 2;
    pub(super) const GAIN_MODE: u8 = 3;
    pub(super) const GAIN: u8 = 4;
    pub(super) const AGC: u8 = 8;
}

/// A receiver behind an `rtl_tcp` server.
pub struct RtlTcp {
    address: String,
    patience: Duration,
    facts: ReceiverFacts,
    stream: Option<TcpStream>,
    connected: Instant,
    running: bool,
    tuning: Option<Tuning>,
    /// First half of a sample whose other half has not come.
    carry: Option<u8>,
}

impl RtlTcp {
    /// Connects to `host:port` (port 1234 when left out) and reads the greeting.
    ///
    /// # Errors
    /// `NotFound` when nobody answers or somebody else does; `Timeout` when the server is silent.
    pub fn connect(address: &str) -> Result<Self, ReceiverError> {
        Self::connect_within(address, PATIENCE)
    }

    /// `connect` with another time limit for the connection and for the greeting; reconnecting keeps it.
    ///
    /// # Errors
    /// As `connect`.
    pub fn connect_within(address: &str, patience: Duration) -> Result<Self, ReceiverError> {
        let address = if address
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        {
            address.to_owned()
        } else {
            format!("{address}:1234")
        };
        let (stream, greeting) = open(&address, patience)?;
        let tuner = tuner_name(greeting.tuner);
        let facts = ReceiverFacts {
            args: format!("rtl_tcp={address}"),
            driver: "rtl_tcp".into(),
            label: format!("RTL-SDR with {tuner} at {address}"),
            serial: None,
            format: SampleFormat::Cu8,
            frequency_ranges_hz: vec![tuner_range(greeting.tuner)],
            sample_rate_ranges_hz: vec![[225_001.0, 300_000.0], [900_001.0, 3_200_000.0]],
            profile: "rtl-sdr".into(),
            usable_fraction: 0.8,
            paced: true,
        };
        Ok(Self {
            address,
            patience,
            facts,
            stream: Some(stream),
            connected: Instant::now(),
            running: false,
            tuning: None,
            carry: None,
        })
    }

    fn send(&mut self, command: u8, value: u32) -> Result<(), ReceiverError> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let mut message = [command, 0, 0, 0, 0];
        message[1..].copy_from_slice(&value.to_be_bytes());
        stream.write_all(&message).map_err(|e| self.lost(&e.to_string()))
    }

    fn lost(&mut self, why: &str) -> ReceiverError {
        self.stream = None;
        ReceiverError::Lost(format!("{}: {why}; is rtl_tcp still running there?", self.address))
    }

    /// Sends everything; the order is the server's own: rate before frequency, gain last.
    fn send_tuning(&mut self, tuning: &Tuning) -> Result<(), ReceiverError> {
        let sent = Sent::of(tuning, &self.facts)?;
        self.send(command::SAMPLE_RATE, sent.rate)?;
        self.send(command::FREQUENCY, sent.frequency)?;
        self.send(command::AGC, 0)?;
        self.send(command::GAIN_MODE, u32::from(sent.gain_tenths.is_some()))?;
        sent.gain_tenths
            .map_or(Ok(()), |tenths| self.send(command::GAIN, tenths))
    }

    /// Samples that have arrived but were not read: they are from before the tuning.
    fn waiting_samples(&self) -> u64 {
        let Some(stream) = &self.stream else { return 0 };
        let mut buffer = vec![0; PEEK_BYTES];
        let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut buffer));
        // Whatever was seen, the stream must block again; a stream that cannot is found by the next read.
        let _ = stream.set_nonblocking(false);
        peeked.map_or(0, |bytes| bytes as u64 / 2)
    }

    fn reconnect(&mut self) -> Result<(), ReceiverError> {
        self.stream = None;
        self.carry = None;
        self.stream = Some(open(&self.address, self.patience)?.0);
        self.connected = Instant::now();
        match self.tuning.clone() {
            Some(tuning) => self.send_tuning(&tuning),
            None => Ok(()),
        }
    }
}

impl Receiver for RtlTcp {
    fn facts(&self) -> &ReceiverFacts {
        &self.facts
    }

    fn tune(&mut self, tuning: &Tuning) -> Result<Tuned, ReceiverError> {
        let sent = Sent::of(tuning, &self.facts)?;
        let stale = if self.running { self.waiting_samples() } else { 0 };
        self.send_tuning(tuning)?;
        self.tuning = Some(tuning.clone());
        Ok(sent.report(tuning, stale))
    }

    fn start(&mut self) -> Result<(), ReceiverError> {
        if self.running {
            return Ok(());
        }
        if self.stream.is_none() || self.connected.elapsed() > FRESH {
            self.reconnect()?;
        }
        self.running = true;
        Ok(())
    }

    fn read(&mut self, block: &mut SampleBlock, timeout: Duration) -> Result<Option<ReadInfo>, ReceiverError> {
        if !self.running {
            return Err(ReceiverError::Usage(
                "the receiver is not started: call start before read".into(),
            ));
        }
        if block.format() != SampleFormat::Cu8 || block.capacity() == 0 {
            return Err(ReceiverError::Usage(format!(
                "rtl_tcp delivers CU8 samples, the block has room for {} of {:?}: make it with SampleBlock::new(facts().format, …)",
                block.capacity(),
                block.format()
            )));
        }
        let Some(stream) = &mut self.stream else {
            return Err(self.lost("the connection is closed"));
        };
        let out = bytes::of_block_mut(block);
        let mut done = 0;
        if let Some(half) = self.carry.take() {
            out[0] = half;
            done = 1;
        }
        match fill(stream, out, done, Instant::now() + timeout) {
            Ok(all) => {
                if all % 2 == 1 {
                    self.carry = Some(out[all - 1]);
                }
                match all / 2 {
                    0 => Err(ReceiverError::Timeout {
                        waited_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
                    }),
                    samples => Ok(Some(ReadInfo { samples, loss: None })),
                }
            }
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(self.lost("the server closed the connection")),
            Err(e) => Err(self.lost(&e.to_string())),
        }
    }

    fn stop(&mut self) -> Result<(), ReceiverError> {
        // A server whose client does not read hoards stale samples, and serves nobody else: let it go.
        self.running = false;
        self.stream = None;
        self.carry = None;
        Ok(())
    }
}

/// Fills `out` behind its first `done` bytes until it is full or the deadline passes. The end of the stream is an
/// error, but only after what came before it was handed over.
fn fill(stream: &mut TcpStream, out: &mut [u8], mut done: usize, deadline: Instant) -> io::Result<usize> {
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
struct Sent {
    frequency: u32,
    rate: u32,
    gain_tenths: Option<u32>,
}

impl Sent {
    fn of(tuning: &Tuning, facts: &ReceiverFacts) -> Result<Self, ReceiverError> {
        let inside = |ranges: &[[f64; 2]], value: f64| ranges.iter().any(|[low, high]| (*low..=*high).contains(&value));
        let corrected = tuning.center_hz as f64 * (1.0 + tuning.ppm * 1e-6);
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

    fn report(&self, tuning: &Tuning, stale: u64) -> Tuned {
        let true_center = f64::from(self.frequency) / (1.0 + tuning.ppm * 1e-6);
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

struct Greeting {
    tuner: u32,
}

fn open(address: &str, patience: Duration) -> Result<(TcpStream, Greeting), ReceiverError> {
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

fn tuner_name(tuner: u32) -> &'static str {
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
fn tuner_range(tuner: u32) -> [f64; 2] {
    match tuner {
        1 => [52e6, 2_200e6],
        2 => [22e6, 948.6e6],
        3 => [22e6, 1_100e6],
        4 => [146e6, 924e6],
        _ => [24e6, 1_764e6],
    }
}
