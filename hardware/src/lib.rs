//! IQ samples from SoapySDR receivers, recordings and the network; nothing else. Blocking; no async.

mod bytes;
pub mod error;
pub mod receiver;
pub mod recording;
pub mod sigmf;

pub use error::ReceiverError;
pub use receiver::{
    Gain, GapReason, Loss, ReadInfo, Receiver, ReceiverFacts, SampleBlock, SampleFormat, Setting, Tuned, Tuning,
};
pub use recording::{NonFinite, Pace, Recording, RecordingFacts, RecordingOptions, RecordingWarning};
