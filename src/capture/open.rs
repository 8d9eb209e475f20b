//! From a source's name to an open receiver.

use pinpu_hardware::{Receiver, ReceiverError, recording, rtl_tcp};

use crate::config::Source;

/// Opens a device, a network receiver, or a recording played again and again in real time.
///
/// # Errors
/// The receiver's own; without SoapySDR in the build, `Usage` for its devices.
pub fn open(source: &Source) -> Result<Box<dyn Receiver>, ReceiverError> {
    match source {
        Source::Recording(path) => {
            let options = recording::RecordingOptions {
                pace: recording::Pace::RealTime,
                repeat: true,
                ..recording::RecordingOptions::default()
            };
            Ok(Box::new(recording::Recording::open(path, &options)?))
        }
        Source::RtlTcp(address) => Ok(Box::new(rtl_tcp::RtlTcp::connect(address)?)),
        #[cfg(feature = "soapy")]
        Source::Soapy(args) => Ok(Box::new(pinpu_hardware::soapy::SoapyReceiver::open(args)?)),
        #[cfg(not(feature = "soapy"))]
        Source::Soapy(args) => Err(ReceiverError::Usage(format!(
            "'{args}' needs SoapySDR, which this build leaves out: build with --features soapy"
        ))),
    }
}
