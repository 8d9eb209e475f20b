//! Complex samples as receivers deliver them, and their one conversion to floating point.
//!
//! Full scale is ±1.0 for every format: `cu8` (x − 127.5) / 127.5, `cs8` x / 128, `cs16` x / 32768, `cf32` as is.

use num_complex::Complex;

/// Borrowed samples in their native format.
#[derive(Debug, Clone, Copy)]
pub enum IqSlice<'a> {
    /// Unsigned 8 bit, offset 127.5.
    Cu8(&'a [Complex<u8>]),
    /// Signed 8 bit.
    Cs8(&'a [Complex<i8>]),
    /// Signed 16 bit.
    Cs16(&'a [Complex<i16>]),
    /// 32-bit float, full scale ±1.0.
    Cf32(&'a [Complex<f32>]),
}

impl IqSlice<'_> {
    /// Number of complex samples.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Cu8(s) => s.len(),
            Self::Cs8(s) => s.len(),
            Self::Cs16(s) => s.len(),
            Self::Cf32(s) => s.len(),
        }
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
