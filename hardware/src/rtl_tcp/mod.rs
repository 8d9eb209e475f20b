//! A client for `rtl_tcp`: RTL-SDR sticks on another machine.
//!
//! The protocol has no answers: a 12-byte greeting (`RTL0`, tuner, number of gains), then CU8 samples for ever, and
//! five-byte commands the other way. So nothing can be read back, and `Tuned` shows what was sent. No time stamps, no
//! loss counter: what the server drops cannot be seen. The oscillator is corrected here, in software, because the
//! server's own correction knows whole ppm only. Reconnecting is the caller's: a closed connection is `Lost`.

mod protocol;

use std::{
    io::{self, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use protocol::{Sent, command, fill, greet, tuner_name, tuner_range};

use crate::{ReadInfo, Receiver, ReceiverError, ReceiverFacts, SampleBlock, SampleFormat, Tuned, Tuning, bytes};

/// Time for the connection, and for the greeting after it.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection older than this before its first `start` holds stale samples and is replaced.
const FRESH: Duration = Duration::from_secs(1);
/// The most waiting samples that are looked for when tuning, in bytes.
const PEEK_BYTES: usize = 4 << 20;

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
        let (stream, greeting) = greet(&address, patience)?;
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
        self.stream = Some(greet(&self.address, self.patience)?.0);
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
