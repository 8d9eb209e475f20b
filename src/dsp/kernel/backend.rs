//! Which code computes spectra, and whether this processor can run it.

use super::{Engine, general::General, reference::Reference};
#[cfg(target_arch = "x86_64")]
use super::{
    avx2::Avx2,
    fused::{Fused, Shape},
};
use crate::dsp::iq::IqFormat;

/// Code that computes spectra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Double precision, written to be read: what the others are held to. Slow.
    Reference,
    /// A general FFT library, every size, every processor.
    General,
    /// Fused kernel, eight lanes: AVX2 and FMA. Powers of two from 64 to 16384; other sizes are left to `General`.
    Avx2,
}

impl Backend {
    /// Every backend, slowest first.
    pub const ALL: [Self; 3] = [Self::Reference, Self::General, Self::Avx2];

    /// The fastest that this processor can run.
    #[must_use]
    pub fn best() -> Self {
        let mut all = Self::ALL.into_iter().rev();
        all.find(|backend| backend.is_available()).unwrap_or(Self::General)
    }

    /// Whether this processor can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Reference | Self::General => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 => false,
        }
    }

    /// An engine for frames of `taps.len()` samples; `taps` carry the scale of the spectrum. `None` where the
    /// processor cannot run it.
    pub(in crate::dsp) fn engine(self, taps: &[f64], format: IqFormat) -> Option<Box<dyn Engine>> {
        match self {
            Self::Reference => Some(Box::new(Reference::new(taps))),
            Self::General => Some(Box::new(General::new(taps))),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2(taps, format),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 => None,
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn avx2(taps: &[f64], format: IqFormat) -> Option<Box<dyn Engine>> {
    let simd = Avx2::detect()?;
    let (columns, rows, frames) = match taps.len() {
        64 => (1, 1, 8),
        256 => (4, 1, 8),
        512 => (8, 1, 8),
        1024 => (4, 4, 8),
        2048 => (4, 8, 4),
        4096 => (8, 8, 4),
        8192 => (16, 8, 2),
        16384 => (16, 16, 2),
        _ => return Some(Box::new(General::new(taps))),
    };
    let (columns, rows, frames) = (v("KA", columns), v("KB", rows), v("KF", frames));
    let shape = Shape { columns, rows, frames };
    Some(match format {
        IqFormat::Cu8 => Box::new(Fused::new::<u8>(simd, shape, taps)),
        IqFormat::Cs8 => Box::new(Fused::new::<i8>(simd, shape, taps)),
        IqFormat::Cs16 => Box::new(Fused::new::<i16>(simd, shape, taps)),
        IqFormat::Cf32 => Box::new(Fused::new::<f32>(simd, shape, taps)),
    })
}
