//! IQ samples from SoapySDR receivers, recordings and the network; nothing else. Blocking; no async.

mod bytes;
pub mod error;
pub mod faulty;
pub mod host;
pub mod profile;
pub mod receiver;
pub mod recording;
pub mod rtl_tcp;
pub mod sigmf;
#[cfg(feature = "soapy")]
pub mod soapy;
pub mod writer;

pub use error::ReceiverError;
pub use faulty::{At, Fault, Faulty};
pub use profile::Profile;
pub use receiver::{
    Gain, GapReason, Loss, ReadInfo, Receiver, ReceiverFacts, SampleBlock, SampleFormat, Setting, Tuned, Tuning,
};
pub use recording::{NonFinite, Pace, Recording, RecordingFacts, RecordingOptions, RecordingWarning};
pub use rtl_tcp::RtlTcp;
pub use writer::{RecordingHead, SigmfWriter, Written};
