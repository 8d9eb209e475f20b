//! One receive stream in the device's own sample format, and the reading of it into a caller's block.

use soapysdr::{Args, Device, Error, ErrorCode, Format, RxStream};

use num_complex::Complex;

use crate::{ReceiverError, SampleBlock, SampleFormat};

/// A stream whose sample type is known only at run time.
pub(super) enum Stream {
    Cu8(RxStream<Complex<u8>>),
    Cs8(RxStream<Complex<i8>>),
    Cs16(RxStream<Complex<i16>>),
    Cf32(RxStream<Complex<f32>>),
}

macro_rules! each {
    ($self:expr, $stream:ident => $body:expr) => {
        match $self {
            Stream::Cu8($stream) => $body,
            Stream::Cs8($stream) => $body,
            Stream::Cs16($stream) => $body,
            Stream::Cf32($stream) => $body,
        }
    };
}

/// What one read of the driver brought. Stream calls are the only ones whose error codes mean what they say.
pub(super) enum Taken {
    /// So many samples.
    Samples(usize),
    /// The driver dropped samples.
    Overflow,
    /// Nothing yet.
    Nothing,
    /// The stream is broken.
    Broken(String),
}

impl Stream {
    /// Opens the stream of channel 0.
    pub(super) fn open(device: &Device, format: SampleFormat, args: &str) -> Result<Self, ReceiverError> {
        let fail = |e: Error| ReceiverError::Driver {
            operation: "open the stream",
            message: e.message,
        };
        Ok(match format {
            SampleFormat::Cu8 => Self::Cu8(device.rx_stream_args(&[0], Args::from(args)).map_err(fail)?),
            SampleFormat::Cs8 => Self::Cs8(device.rx_stream_args(&[0], Args::from(args)).map_err(fail)?),
            SampleFormat::Cs16 => Self::Cs16(device.rx_stream_args(&[0], Args::from(args)).map_err(fail)?),
            SampleFormat::Cf32 => Self::Cf32(device.rx_stream_args(&[0], Args::from(args)).map_err(fail)?),
        })
    }

    /// Samples in one transfer.
    pub(super) fn transfer_samples(&self) -> usize {
        each!(self, stream => stream.mtu().unwrap_or(0))
    }

    pub(super) fn activate(&mut self) -> Result<(), Error> {
        each!(self, stream => if stream.active() { Ok(()) } else { stream.activate(None) })
    }

    pub(super) fn deactivate(&mut self) -> Result<(), Error> {
        each!(self, stream => if stream.active() { stream.deactivate(None) } else { Ok(()) })
    }

    pub(super) fn is_active(&self) -> bool {
        each!(self, stream => stream.active())
    }

    /// Stamp of the last read; 0 or stale where the driver sets none.
    pub(super) fn time_ns(&self) -> i64 {
        each!(self, stream => stream.time_ns())
    }

    /// Reads into the start of the block, which must be of the stream's format.
    pub(super) fn read(&mut self, block: &mut SampleBlock, timeout_us: i64) -> Result<Taken, ReceiverError> {
        let result = match (self, block) {
            (Self::Cu8(stream), SampleBlock::Cu8(buffer)) => stream.read(&mut [buffer], timeout_us),
            (Self::Cs8(stream), SampleBlock::Cs8(buffer)) => stream.read(&mut [buffer], timeout_us),
            (Self::Cs16(stream), SampleBlock::Cs16(buffer)) => stream.read(&mut [buffer], timeout_us),
            (Self::Cf32(stream), SampleBlock::Cf32(buffer)) => stream.read(&mut [buffer], timeout_us),
            (stream, block) => {
                return Err(ReceiverError::Usage(format!(
                    "the receiver delivers {:?}, but the block is {:?}: make it with the format of facts()",
                    stream.format(),
                    block.format()
                )));
            }
        };
        Ok(match result {
            Ok(0) => Taken::Nothing,
            Ok(samples) => Taken::Samples(samples),
            Err(error) => match error.code {
                ErrorCode::Timeout => Taken::Nothing,
                // A corrupt or mistimed transfer is lost data, not a lost receiver.
                ErrorCode::Overflow | ErrorCode::Corruption | ErrorCode::TimeError => Taken::Overflow,
                code => Taken::Broken(format!("the driver reports a stream error ({code:?})")),
            },
        })
    }

    fn format(&self) -> SampleFormat {
        match self {
            Self::Cu8(_) => SampleFormat::Cu8,
            Self::Cs8(_) => SampleFormat::Cs8,
            Self::Cs16(_) => SampleFormat::Cs16,
            Self::Cf32(_) => SampleFormat::Cf32,
        }
    }
}

/// Our format for the driver's native one, with the factor that brings 16-bit samples to the full 16 bits.
/// Formats we do not carry (12 bits packed, real samples) are taken as 32-bit float, which every driver converts to.
pub(super) fn native_format(device: &Device) -> (SampleFormat, i16) {
    match device.native_stream_format(soapysdr::Direction::Rx, 0) {
        Ok((Format::CU8, _)) => (SampleFormat::Cu8, 1),
        Ok((Format::CS8, _)) => (SampleFormat::Cs8, 1),
        Ok((Format::CS16, full_scale)) => {
            let factor = if full_scale >= 1.0 {
                (32768.0 / full_scale).round()
            } else {
                1.0
            };
            (SampleFormat::Cs16, factor.clamp(1.0, 256.0) as i16)
        }
        _ => (SampleFormat::Cf32, 1),
    }
}
