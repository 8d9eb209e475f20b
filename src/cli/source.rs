//! SOURCE on the command line: a recording, standard input, a receiver, or an rtl_tcp server.

use std::path::Path;

use clap::{Args, ValueEnum};
use pinpu_hardware::{Gain, Receiver, SampleFormat, Setting, Tuning, recording};

use crate::{Error, Result, capture, config::Source, units::Hertz};

/// Sample formats as people name them.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FormatArg {
    /// Unsigned 8 bit (rtl_sdr)
    Cu8,
    /// Signed 8 bit (hackrf_transfer)
    Cs8,
    /// Signed 16 bit, little endian
    Cs16,
    /// 32-bit float, little endian
    Cf32,
}

impl From<FormatArg> for SampleFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Cu8 => Self::Cu8,
            FormatArg::Cs8 => Self::Cs8,
            FormatArg::Cs16 => Self::Cs16,
            FormatArg::Cf32 => Self::Cf32,
        }
    }
}

/// Where samples come from, and what its metadata do not say.
#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    /// A .sigmf-meta or .sigmf-data file, a WAV or raw I/Q file, - for standard input, soapy:driver=… or rtl_tcp://host:port
    #[arg(value_name = "SOURCE")]
    pub(super) source: String,
    /// Sample format of a raw file, when its name does not say
    #[arg(long, value_enum)]
    format: Option<FormatArg>,
    /// Sample rate, such as 2.4M
    #[arg(long, value_name = "HZ", allow_hyphen_values = true)]
    rate: Option<Hertz>,
    /// Centre frequency, such as 433.92M; 0 measures a recording at offsets
    #[arg(long, value_name = "HZ", allow_hyphen_values = true)]
    freq: Option<Hertz>,
    /// Gain of a receiver in dB, or "automatic"; without it the profile's. For a recording: the gain it was made with
    #[arg(long, value_name = "DB")]
    gain: Option<String>,
    /// Known oscillator error of a receiver, parts per million
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    ppm: f64,
    /// Antenna port of a receiver, by the driver's name
    #[arg(long)]
    antenna: Option<String>,
    /// Play NaN and infinite samples as zero and count them, instead of stopping at the first
    #[arg(long)]
    zero_nan: bool,
}

/// Something that delivers samples, tuned and described.
pub(super) struct OpenSource {
    pub(super) input: Input,
    pub(super) center: Hertz,
    pub(super) rate_hz: f64,
    /// Part of the span free of roll-off; 1 for recordings, whose receiver is not known.
    pub(super) usable_fraction: f64,
    /// Samples to expect, where the source has an end.
    pub(super) total: Option<u64>,
    /// UTC of the first sample, where it is known.
    pub(super) began: Option<jiff::Timestamp>,
    /// Samples to discard before the first that counts.
    pub(super) discard: u64,
    /// Settings of a receiver as asked and as read back.
    pub(super) settings: Vec<Setting>,
}

/// Keeps a recording's warnings within reach.
pub(super) enum Input {
    Recording(Box<recording::Recording>),
    Device(Box<dyn Receiver>),
}

impl Input {
    pub(super) fn receiver(&mut self) -> &mut dyn Receiver {
        match self {
            Self::Recording(recording) => recording.as_mut(),
            Self::Device(device) => device.as_mut(),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Device(_))
    }

    /// What was odd about a recording, in words.
    pub(super) fn warnings(&self) -> Vec<String> {
        match self {
            Self::Recording(recording) => recording.warnings().iter().map(ToString::to_string).collect(),
            Self::Device(_) => Vec::new(),
        }
    }
}

impl SourceArgs {
    /// Opens and tunes; the stream is not started yet.
    ///
    /// # Errors
    /// With a text that says which option is missing or what to change.
    pub(super) fn open(&self) -> Result<OpenSource> {
        if let Some(rate) = self.rate.filter(|rate| rate.0 <= 0) {
            return Err(Error::Invalid(format!(
                "--rate {} is not a sample rate: give one above 0, such as 2.4M",
                rate.0
            )));
        }
        match Source::parse(&self.source) {
            Source::Recording(path) => self.open_recording(&path),
            source => self.open_device(&source),
        }
    }

    fn open_recording(&self, path: &Path) -> Result<OpenSource> {
        let options = recording::RecordingOptions {
            format: self.format.map(Into::into),
            sample_rate_hz: self.rate.map(Hertz::as_f64),
            center_hz: self.freq.map(|freq| freq.0),
            non_finite: if self.zero_nan {
                recording::NonFinite::Zero
            } else {
                recording::NonFinite::Refuse
            },
            ..recording::RecordingOptions::default()
        };
        let recording = recording::Recording::open(path, &options)?;
        let facts = recording.recording_facts();
        let Some(center) = facts.center_hz else {
            return Err(Error::Invalid(format!(
                "{}: the recording does not say its centre frequency: give --freq, such as --freq 433.92M (--freq 0 measures at offsets)",
                path.display()
            )));
        };
        Ok(OpenSource {
            center: Hertz(center),
            rate_hz: facts.sample_rate_hz,
            usable_fraction: 1.0,
            total: facts.samples,
            began: facts.datetime.as_deref().and_then(|text| text.parse().ok()),
            discard: 0,
            settings: Vec::new(),
            input: Input::Recording(Box::new(recording)),
        })
    }

    fn open_device(&self, source: &Source) -> Result<OpenSource> {
        let center = self.freq.filter(|freq| freq.0 > 0).ok_or_else(|| {
            Error::Invalid("a receiver needs a centre frequency: give --freq, such as --freq 98M".into())
        })?;
        let mut device = capture::open(source)?;
        let rate_hz = self.rate.map_or(2.4e6, Hertz::as_f64);
        let tuned = device.tune(&self.tuning(center, rate_hz, self.gain()?))?;
        Ok(OpenSource {
            center: Hertz(i64::try_from(tuned.center_hz).unwrap_or(center.0)),
            rate_hz: tuned.sample_rate_hz,
            usable_fraction: device.facts().usable_fraction,
            total: None,
            began: Some(jiff::Timestamp::now()),
            discard: tuned.discard_samples,
            settings: tuned.settings,
            input: Input::Device(device),
        })
    }

    /// The tuning these options ask for, at a centre, rate and gain.
    pub(super) fn tuning(&self, center: Hertz, sample_rate_hz: f64, gain: Gain) -> Tuning {
        Tuning {
            center_hz: center.0.unsigned_abs(),
            sample_rate_hz,
            gain,
            ppm: self.ppm,
            antenna: self.antenna.clone(),
            bandwidth_hz: None,
        }
    }

    /// Gain in dB that levels are calibrated for: as read back from a receiver, as given with `--gain` for a recording.
    pub(super) fn gain_db(&self, source: &OpenSource) -> Option<f64> {
        if matches!(self.gain(), Ok(Gain::Automatic)) {
            return None;
        }
        let named = |setting: &&Setting| setting.name == "gain";
        if let Some(total) = source.settings.iter().find(named) {
            return Some(total.got);
        }
        let elements = source
            .settings
            .iter()
            .filter(|setting| setting.name.starts_with("gain."));
        elements
            .map(|setting| setting.got)
            .reduce(|sum, db| sum + db)
            .or_else(|| self.gain.as_deref().and_then(|text| text.parse().ok()))
    }

    /// The known oscillator error as given.
    pub(super) fn ppm(&self) -> f64 {
        self.ppm
    }

    fn gain(&self) -> Result<Gain> {
        match self.gain.as_deref() {
            None | Some("profile") => Ok(Gain::Profile),
            Some("automatic" | "auto") => Ok(Gain::Automatic),
            Some(text) => text
                .parse()
                .map(Gain::Total)
                .map_err(|_| Error::Invalid(format!("--gain {text}: give dB, such as 30, or \"automatic\""))),
        }
    }
}
