//! Any receiver that SoapySDR can open, as a `Receiver`. The only folder that names SoapySDR.
//!
//! What drivers get wrong is made good here, once for all: the RF component is tuned and ppm corrected in software
//! (an overall tune resets the hardware's ppm); what was buffered at the old frequency is drained on a tune; a setting
//! is read back; an overflow is a loss with a count where the clock can be believed; opening is serialised and a device
//! is opened once. An unplugged receiver mostly shows as silence: reads time out, and the caller's watchdog decides.
//!
//! The stream flags are private to the `soapysdr` crate; of them only "overflow" is needed, and that comes as an error.

mod clock;
mod discovery;
mod open;
mod settings;
mod stream;

use std::time::{Duration, Instant};

use soapysdr::{Device, Direction::Rx};

use self::{
    clock::StreamClock,
    open::Claim,
    stream::{Stream, Taken},
};
use crate::{
    GapReason, Loss, ReadInfo, Receiver, ReceiverError, ReceiverFacts, SampleBlock, Tuned, Tuning, profile::Profile,
};

pub use discovery::{Enumeration, Found, ModuleFault, enumerate_here, enumerate_in_child, module_files, print_found};

/// How a receiver is to be opened.
#[derive(Debug, Clone, Default)]
pub struct SoapyOptions {
    /// Short transfers, for hopping: less is stale after a tune, more calls a second.
    pub scanning: bool,
    /// Profile to use, by short name, instead of the one chosen from driver and product.
    pub profile: Option<String>,
}

/// A SoapySDR device, channel 0. Dropping it stops the stream and closes the device.
pub struct SoapyReceiver {
    // Dropped in this order: the stream before its device, the claim last.
    stream: Option<Stream>,
    device: Device,
    facts: ReceiverFacts,
    profile: Profile,
    scanning: bool,
    scale: i16,
    clock: StreamClock,
    pending: Option<Loss>,
    scratch: SampleBlock,
    ring_samples: u64,
    started: bool,
    _claim: Claim,
}

impl std::fmt::Debug for SoapyReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoapyReceiver")
            .field("facts", &self.facts)
            .field("started", &self.started)
            .finish_non_exhaustive()
    }
}

impl SoapyReceiver {
    /// Opens the device that answers to SoapySDR arguments such as `driver=rtlsdr,serial=00000001`.
    ///
    /// # Errors
    /// `Usage` for malformed arguments or a device already open; `NotFound`; `Driver` with the driver's words.
    pub fn open(args: &str) -> Result<Self, ReceiverError> {
        Self::open_with(args, &SoapyOptions::default())
    }

    /// Opens with options.
    ///
    /// # Errors
    /// As `open`; `Usage` for an unknown profile.
    pub fn open_with(args: &str, options: &SoapyOptions) -> Result<Self, ReceiverError> {
        let opened = open::open(args, options)?;
        let rate = opened.device.sample_rate(Rx, 0).unwrap_or(0.0);
        Ok(Self {
            stream: None,
            clock: StreamClock::new(rate, opened.profile.time.trustworthy),
            scratch: SampleBlock::new(opened.facts.format, 0),
            device: opened.device,
            facts: opened.facts,
            profile: opened.profile,
            scanning: options.scanning,
            scale: opened.scale,
            pending: None,
            ring_samples: 0,
            started: false,
            _claim: opened.claim,
        })
    }

    /// What is known about this kind of receiver.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The device, for settings outside the trait (sensors, bias tee). Streams and tuning stay with the receiver.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Opens the stream if it is not, with the profile's arguments as far as the driver knows them.
    fn ensure_stream(&mut self) -> Result<&mut Stream, ReceiverError> {
        if self.stream.is_none() {
            let wanted = if self.scanning {
                &self.profile.stream.scan_args
            } else {
                &self.profile.stream.args
            };
            let known: Vec<String> = self
                .device
                .stream_args_info(Rx, 0)
                .unwrap_or_default()
                .into_iter()
                .map(|info| info.key)
                .collect();
            let passed: Vec<&str> = wanted
                .split(',')
                .filter(|part| {
                    part.split_once('=')
                        .is_some_and(|(key, _)| known.iter().any(|k| k == key))
                })
                .collect();
            let buffers = passed
                .iter()
                .find_map(|part| part.strip_prefix("buffers=")?.parse::<u64>().ok());
            let stream = Stream::open(&self.device, self.facts.format, &passed.join(","))?;
            let transfer = stream.transfer_samples().clamp(1024, 1 << 20);
            self.scratch = SampleBlock::new(self.facts.format, transfer);
            self.ring_samples = transfer as u64 * buffers.unwrap_or(16);
            self.stream = Some(stream);
        }
        self.stream
            .as_mut()
            .ok_or_else(|| ReceiverError::Lost("the stream could not be opened".into()))
    }

    /// Throws away everything that waited in the driver's ring, all of it taken before this moment.
    fn drain(&mut self) -> u64 {
        let (Some(stream), true) = (self.stream.as_mut(), self.facts.paced) else {
            return 0;
        };
        let give_up = Instant::now() + Duration::from_millis(200);
        let mut drained = 0;
        while drained < 2 * self.ring_samples && Instant::now() < give_up {
            match stream.read(&mut self.scratch, 0) {
                Ok(Taken::Samples(samples)) => {
                    self.clock.skip(samples);
                    drained += samples as u64;
                }
                Ok(Taken::Overflow) => {}
                _ => break,
            }
        }
        drained
    }

    /// Samples after a tune that may still be of the old frequency or unsettled: synthesiser and pipeline, and the one
    /// transfer that was being filled.
    fn discard_samples(&self, rate_hz: f64) -> u64 {
        let tuning = &self.profile.tuning;
        let time = ((tuning.settle_ms + tuning.pipeline_ms) * 1e-3 * rate_hz).ceil() as u64;
        let transfer = match (&self.stream, tuning.flushes_on_tune || !self.started) {
            (Some(stream), false) => stream.transfer_samples() as u64,
            _ => 0,
        };
        time + transfer
    }

    /// Brings 16-bit samples of a narrower converter to the full 16 bits.
    fn rescale(&self, block: &mut SampleBlock, samples: usize) {
        if let (SampleBlock::Cs16(buffer), true) = (block, self.scale > 1) {
            for sample in &mut buffer[..samples] {
                sample.re = sample.re.saturating_mul(self.scale);
                sample.im = sample.im.saturating_mul(self.scale);
            }
        }
    }
}

impl Receiver for SoapyReceiver {
    fn facts(&self) -> &ReceiverFacts {
        &self.facts
    }

    fn tune(&mut self, tuning: &Tuning) -> Result<Tuned, ReceiverError> {
        if !(tuning.ppm.is_finite() && tuning.ppm.abs() <= 1000.0) {
            return Err(ReceiverError::Refused {
                setting: "ppm",
                asked: format!("{}", tuning.ppm),
                hint: "give the oscillator's error in parts per million, within 1000 either way".into(),
            });
        }
        settings::require_within(
            "sample rate",
            "S/s",
            tuning.sample_rate_hz,
            &self.facts.sample_rate_ranges_hz,
        )?;
        settings::require_within(
            "centre frequency",
            "Hz",
            tuning.center_hz as f64,
            &self.facts.frequency_ranges_hz,
        )?;
        let mut log = Vec::new();
        let before = self.device.sample_rate(Rx, 0).unwrap_or(0.0);
        let rate = settings::set_rate(&self.device, tuning, &mut log)?;
        settings::set_path(&self.device, tuning, &mut log)?;
        settings::set_gain(&self.device, &tuning.gain, &self.profile, &mut log)?;
        let center_hz = settings::set_frequency(&self.device, tuning, &mut log)?;
        if self.started {
            let drained = self.drain();
            let counted = (rate - before).abs() <= 0.5;
            self.pending = Some(Loss {
                reason: GapReason::Retune,
                samples: counted.then_some(drained),
            });
        }
        if (rate - before).abs() > 0.5 || !self.started {
            self.clock.restart(rate);
        }
        Ok(Tuned {
            center_hz,
            sample_rate_hz: rate * (1.0 + tuning.ppm * 1e-6),
            discard_samples: self.discard_samples(rate),
            settings: log,
        })
    }

    fn start(&mut self) -> Result<(), ReceiverError> {
        let rate = self.device.sample_rate(Rx, 0).unwrap_or(0.0);
        let stream = self.ensure_stream()?;
        if stream.is_active() {
            return Ok(());
        }
        stream
            .activate()
            .map_err(|e| ReceiverError::Lost(format!("streaming does not start: {:?} {}", e.code, e.message)))?;
        self.clock.restart(rate);
        self.pending = None;
        self.started = true;
        Ok(())
    }

    fn read(&mut self, block: &mut SampleBlock, timeout: Duration) -> Result<Option<ReadInfo>, ReceiverError> {
        let begun = Instant::now();
        let Some(stream) = self.stream.as_mut().filter(|_| self.started) else {
            return Err(ReceiverError::Usage(
                "the receiver is not streaming: call start() first".into(),
            ));
        };
        let mut overflow = false;
        loop {
            let left = timeout.saturating_sub(begun.elapsed());
            let taken = stream.read(block, left.as_micros().min(i64::MAX as u128) as i64)?;
            let spent = begun.elapsed() >= timeout;
            match taken {
                Taken::Samples(samples) => {
                    let counted = self.clock.observe(stream.time_ns(), samples, overflow);
                    let fresh = (overflow || counted.is_some()).then_some(Loss {
                        reason: GapReason::Overflow,
                        samples: counted,
                    });
                    self.rescale(block, samples);
                    return Ok(Some(ReadInfo {
                        samples,
                        loss: merge(self.pending.take(), fresh),
                    }));
                }
                Taken::Overflow => overflow = true,
                Taken::Nothing if overflow && spent => {
                    let loss = merge(
                        self.pending.take(),
                        Some(Loss {
                            reason: GapReason::Overflow,
                            samples: None,
                        }),
                    );
                    return Ok(Some(ReadInfo { samples: 0, loss }));
                }
                Taken::Nothing if spent => {
                    return Err(ReceiverError::Timeout {
                        waited_ms: begun.elapsed().as_millis() as u64,
                    });
                }
                // Some drivers come back early with nothing: do not spin on them.
                Taken::Nothing => std::thread::sleep(Duration::from_micros(200).min(left)),
                Taken::Broken(message) => return Err(ReceiverError::Lost(message)),
            }
            if spent && overflow {
                let loss = merge(
                    self.pending.take(),
                    Some(Loss {
                        reason: GapReason::Overflow,
                        samples: None,
                    }),
                );
                return Ok(Some(ReadInfo { samples: 0, loss }));
            }
        }
    }

    fn stop(&mut self) -> Result<(), ReceiverError> {
        self.started = false;
        let Some(mut stream) = self.stream.take() else {
            return Ok(());
        };
        stream.deactivate().map_err(|e| ReceiverError::Driver {
            operation: "stopping the stream",
            message: format!("{:?} {}", e.code, e.message),
        })
    }
}

/// Two losses before one read: the tune is the reason that is kept, and the count only if both are known.
fn merge(first: Option<Loss>, second: Option<Loss>) -> Option<Loss> {
    match (first, second) {
        (Some(a), Some(b)) => Some(Loss {
            reason: a.reason,
            samples: a.samples.zip(b.samples).map(|(x, y)| x.saturating_add(y)),
        }),
        (a, b) => a.or(b),
    }
}
