//! The one interface to whatever delivers IQ samples: a device, a recording, a network peer, a scripted fault.
//!
//! A receiver fills a block owned by the caller, in its native format, and never allocates while streaming. Short
//! reads are normal. Lost samples are reported with the read that follows them, never silently. Sample counts are the
//! time base; device time stamps are hints only (SoapyRTLSDR 0.3.3 runs them at twice the rate).

use std::{collections::BTreeMap, time::Duration};

use num_complex::Complex;
use serde::{Deserialize, Serialize};

use crate::ReceiverError;

/// How samples are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleFormat {
    /// Unsigned 8 bit, offset 127.5.
    Cu8,
    /// Signed 8 bit.
    Cs8,
    /// Signed 16 bit.
    Cs16,
    /// 32-bit float.
    Cf32,
}

impl SampleFormat {
    /// Bytes per complex sample.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::Cu8 | Self::Cs8 => 2,
            Self::Cs16 => 4,
            Self::Cf32 => 8,
        }
    }
}

/// A caller-owned buffer of samples in native format; its capacity never changes after `new`.
#[derive(Debug, Clone)]
pub enum SampleBlock {
    /// Unsigned 8 bit.
    Cu8(Vec<Complex<u8>>),
    /// Signed 8 bit.
    Cs8(Vec<Complex<i8>>),
    /// Signed 16 bit.
    Cs16(Vec<Complex<i16>>),
    /// 32-bit float.
    Cf32(Vec<Complex<f32>>),
}

impl SampleBlock {
    /// A zeroed block of `samples` complex samples.
    #[must_use]
    pub fn new(format: SampleFormat, samples: usize) -> Self {
        match format {
            SampleFormat::Cu8 => Self::Cu8(vec![Complex::new(0, 0); samples]),
            SampleFormat::Cs8 => Self::Cs8(vec![Complex::new(0, 0); samples]),
            SampleFormat::Cs16 => Self::Cs16(vec![Complex::new(0, 0); samples]),
            SampleFormat::Cf32 => Self::Cf32(vec![Complex::new(0.0, 0.0); samples]),
        }
    }

    /// Its format.
    #[must_use]
    pub fn format(&self) -> SampleFormat {
        match self {
            Self::Cu8(_) => SampleFormat::Cu8,
            Self::Cs8(_) => SampleFormat::Cs8,
            Self::Cs16(_) => SampleFormat::Cs16,
            Self::Cf32(_) => SampleFormat::Cf32,
        }
    }

    /// Room, in complex samples.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match self {
            Self::Cu8(v) => v.len(),
            Self::Cs8(v) => v.len(),
            Self::Cs16(v) => v.len(),
            Self::Cf32(v) => v.len(),
        }
    }
}

/// Gain of the receive path.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gain {
    /// What the profile recommends for monitoring; never the device's automatic gain control.
    #[default]
    Profile,
    /// The device's automatic gain control. Levels are not comparable over time.
    Automatic,
    /// Overall gain in dB, spread by the driver.
    Total(f64),
    /// Gain per element, in the element's own unit.
    Elements(BTreeMap<String, f64>),
}

/// What the receiver is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// Centre frequency.
    pub center_hz: u64,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Gain.
    pub gain: Gain,
    /// Known error of the oscillator, positive when it runs fast (the sign of `rtl_test -p` and `rtl_433 -p`); corrected
    /// in software by tuning to `center_hz / (1 + ppm * 1e-6)`.
    pub ppm: f64,
    /// Antenna port by the driver's name.
    pub antenna: Option<String>,
    /// Analogue filter bandwidth, where the device has one.
    pub bandwidth_hz: Option<f64>,
}

/// One setting as asked and as the device reads it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Name, such as `center_hz` or `gain.LNA`.
    pub name: String,
    /// What was asked.
    pub asked: f64,
    /// What the device says it does.
    pub got: f64,
}

/// What the receiver does after `tune`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// True centre, oscillator correction applied.
    pub center_hz: u64,
    /// True sample rate.
    pub sample_rate_hz: f64,
    /// Samples the caller must discard before trusting what it reads (settling and stale buffers).
    pub discard_samples: u64,
    /// Every setting, asked and got.
    pub settings: Vec<Setting>,
}

/// Who the receiver is and what it can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReceiverFacts {
    /// Arguments that open it again, such as `driver=rtlsdr,serial=00000001`.
    pub args: String,
    /// Driver or kind: `rtlsdr`, `pinpu-virtual`, `recording`, `rtl_tcp`.
    pub driver: String,
    /// Human label.
    pub label: String,
    /// Serial number, where it has one.
    pub serial: Option<String>,
    /// Native sample format; the one `read` wants.
    pub format: SampleFormat,
    /// Tunable ranges, hertz, low and high.
    pub frequency_ranges_hz: Vec<[f64; 2]>,
    /// Sample-rate ranges, low and high (equal: a single rate).
    pub sample_rate_ranges_hz: Vec<[f64; 2]>,
    /// Name of the profile in use.
    pub profile: String,
    /// Part of the span free of filter roll-off, 0 to 1.
    pub usable_fraction: f64,
    /// Samples arrive in real time (a device) rather than as fast as they are read (a recording).
    pub paced: bool,
}

/// Why samples are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GapReason {
    /// The host was too slow, or the bus dropped data.
    Overflow,
    /// The receiver was away.
    Unplugged,
    /// It was tuned.
    Retune,
}

/// Samples missing directly before a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Why.
    pub reason: GapReason,
    /// How many, where the driver or its clock says; `None`: unknown, estimate from the host clock.
    pub samples: Option<u64>,
}

/// What a successful `read` delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadInfo {
    /// Valid complex samples at the start of the block; may be fewer than its capacity, and zero only together with a loss.
    pub samples: usize,
    /// Samples missing directly before these.
    pub loss: Option<Loss>,
}

/// A source of IQ samples. One thread owns it; calls block.
pub trait Receiver: Send {
    /// Who it is. Constant while open.
    fn facts(&self) -> &ReceiverFacts;

    /// Sets frequency, rate, gain. Allowed while streaming; the stream goes on.
    ///
    /// # Errors
    /// `Refused` names the setting and what is accepted; nothing is half-set that `Tuned` does not show.
    fn tune(&mut self, tuning: &Tuning) -> Result<Tuned, ReceiverError>;

    /// Starts streaming. Calling it twice is harmless.
    ///
    /// # Errors
    /// `Lost` or `Driver`.
    fn start(&mut self) -> Result<(), ReceiverError>;

    /// Fills `block` (of the native format) with the next samples, waiting at most `timeout`.
    ///
    /// # Errors
    /// `Timeout` when nothing came; `Lost` when the receiver is gone. `Ok(None)` is the end of a finite source.
    fn read(&mut self, block: &mut SampleBlock, timeout: Duration) -> Result<Option<ReadInfo>, ReceiverError>;

    /// Stops streaming. Calling it twice is harmless.
    ///
    /// # Errors
    /// `Driver`, after which the receiver should be dropped.
    fn stop(&mut self) -> Result<(), ReceiverError>;
}
