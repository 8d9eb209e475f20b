//! IQ samples from SoapySDR receivers, recordings and the network; nothing else. Blocking; no async.

pub mod error;
pub mod receiver;

pub use error::ReceiverError;
pub use receiver::{
    Gain, GapReason, Loss, ReadInfo, Receiver, ReceiverFacts, SampleBlock, SampleFormat, Setting, Tuned, Tuning,
};
