//! IQ samples from SoapySDR receivers, recordings and the network; nothing else. Blocking; no async.

pub mod error;
pub mod host;
pub mod profile;
pub mod receiver;
#[cfg(feature = "soapy")]
pub mod soapy;

pub use error::ReceiverError;
pub use profile::Profile;
pub use receiver::{
    Gain, GapReason, Loss, ReadInfo, Receiver, ReceiverFacts, SampleBlock, SampleFormat, Setting, Tuned, Tuning,
};
