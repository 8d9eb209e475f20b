//! Recordings as a `Receiver`: SigMF, WAV and raw I/Q files, pipes and standard input, flat out or in real time.
//!
//! Memory does not grow with the file: samples go from the file straight into the caller's block. Nothing is
//! repaired silently: what is unusable is an error that says what to do, what is odd is a `RecordingWarning`.
//! Knows no frequencies but the one it was recorded at: a recording cannot be tuned.

mod captures;
mod layout;
mod name;
mod pace;
mod play;
mod source;
mod verify;
mod wav;

use std::{fmt, path::PathBuf};

pub use play::Recording;
pub(crate) use verify::hexadecimal;

use crate::{SampleFormat, sigmf::Annotation};

/// How fast samples come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// As fast as they are read.
    #[default]
    Flat,
    /// As fast as they were recorded.
    RealTime,
}

/// What to do with NaN and infinite samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NonFinite {
    /// Stop with an error that names the sample.
    #[default]
    Refuse,
    /// Play zero instead, and count them in the warnings.
    Zero,
}

/// How to open a recording; everything has a default.
#[derive(Debug, Clone, Default)]
pub struct RecordingOptions {
    /// Sample format, over what metadata or name say.
    pub format: Option<SampleFormat>,
    /// Sample rate, over what metadata or name say.
    pub sample_rate_hz: Option<f64>,
    /// Centre frequency, over what metadata or name say; 0 measures at offsets.
    pub center_hz: Option<i64>,
    /// How fast samples come.
    pub pace: Pace,
    /// Start again at the end, for ever; the seam is reported as a retune with no samples missing.
    pub repeat: bool,
    /// What to do with NaN and infinite samples.
    pub non_finite: NonFinite,
    /// Play only this SigMF capture, counted from 0.
    pub capture: Option<usize>,
    /// Compare the data with the hash in the metadata before playing (reads the whole file once).
    pub verify_hash: bool,
}

/// What is known about an open recording.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingFacts {
    /// As named by the caller.
    pub path: PathBuf,
    /// Format of its samples.
    pub format: SampleFormat,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Centre frequency, where known; without one the caller must be asked for it.
    pub center_hz: Option<i64>,
    /// Complex samples in it, where it has an end that can be seen.
    pub samples: Option<u64>,
    /// UTC of the first sample as the metadata have it, RFC 3339.
    pub datetime: Option<String>,
    /// The receiver it was made with, in words.
    pub hardware: Option<String>,
    /// In words.
    pub description: Option<String>,
    /// What somebody saw in it; sample numbers count from the first played sample.
    pub annotations: Vec<Annotation>,
}

/// What is odd about a recording, but no reason not to play it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingWarning {
    /// The data end within a sample; these bytes were left out.
    PartialSample {
        /// How many.
        bytes: u64,
    },
    /// The file holds less than its header promises.
    Truncated {
        /// As the header has it.
        promised_bytes: u64,
        /// What is there.
        bytes: u64,
    },
    /// Samples lie before the first capture and are not played.
    BeforeFirstCapture {
        /// How many.
        samples: u64,
    },
    /// Annotations lie beyond the last sample.
    AnnotationsBeyondEnd {
        /// How many.
        count: u64,
    },
    /// NaN or infinite samples were played as zero.
    NonFiniteZeroed {
        /// How many so far.
        samples: u64,
    },
}

impl fmt::Display for RecordingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartialSample { bytes } => write!(
                f,
                "the data end within a sample: the last {bytes} byte(s) were left out (cut off, or another --format?)"
            ),
            Self::Truncated { promised_bytes, bytes } => {
                write!(
                    f,
                    "the header promises {promised_bytes} bytes, {bytes} are there: the file was cut off"
                )
            }
            Self::BeforeFirstCapture { samples } => {
                write!(
                    f,
                    "{samples} sample(s) before the first capture belong to none and are not played"
                )
            }
            Self::AnnotationsBeyondEnd { count } => {
                write!(
                    f,
                    "{count} annotation(s) lie beyond the last sample: the data were cut off, or the metadata are another's"
                )
            }
            Self::NonFiniteZeroed { samples } => write!(f, "{samples} NaN or infinite sample(s) were played as zero"),
        }
    }
}
