//! Which code computes spectra, and whether this processor can run it.

#[cfg(all(test, target_arch = "x86_64"))]
use super::arrays::Arrays;
use super::{Engine, general::General, reference::Reference};
#[cfg(target_arch = "x86_64")]
use super::{
    avx2::Avx2,
    fused::{Fused, Shape},
    simd::Simd,
};
use crate::dsp::iq::IqFormat;

/// Code that computes spectra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Double precision, written to be read: what the others are held to. Slow.
    Reference,
    /// A general FFT library, every size, every processor.
    General,
    /// Fused kernel of eight lanes, AVX2 and FMA: 64, 256, 512, 1024, 2048, 4096, 8192 and 16384 bins. Other sizes are
    /// left to `General`.
    Avx2,
    /// The fused kernel in sixteen lanes of plain arrays: every processor can test what wider instructions will compute.
    #[cfg(all(test, target_arch = "x86_64"))]
    Arrays,
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
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::Arrays => true,
        }
    }

    /// An engine for frames of `taps.len()` samples; `taps` carry the scale of the spectrum. `None` where the
    /// processor cannot run it.
    pub(in crate::dsp) fn engine(self, taps: &[f64], format: IqFormat) -> Option<Box<dyn Engine>> {
        let general = || Box::new(General::new(taps));
        match self {
            Self::Reference => Some(Box::new(Reference::new(taps))),
            Self::General => Some(general()),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                let simd = Avx2::detect()?;
                Some(eight(taps.len()).map_or_else(|| general() as _, |shape| fused(simd, shape, taps, format)))
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 => None,
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::Arrays => Some(
                sixteen(taps.len()).map_or_else(|| general() as _, |shape| fused::<_, 16>(Arrays, shape, taps, format)),
            ),
        }
    }
}

/// Split for eight lanes. The frames that go together fill half of a second-level cache of 512 KiB.
#[cfg(target_arch = "x86_64")]
fn eight(size: usize) -> Option<Shape> {
    let (columns, rows, frames) = match size {
        64 => (1, [1, 1], 8),
        256 => (4, [1, 1], 8),
        512 => (8, [1, 1], 8),
        1024 => (4, [4, 1], 8),
        2048 => (8, [4, 1], 8),
        4096 => (4, [4, 4], 4),
        8192 => (8, [4, 4], 2),
        16384 => (8, [8, 4], 2),
        _ => return None,
    };
    Some(Shape { columns, rows, frames })
}

/// Split for sixteen lanes.
#[cfg(all(test, target_arch = "x86_64"))]
fn sixteen(size: usize) -> Option<Shape> {
    let (columns, rows, frames) = match size {
        1024 => (4, [1, 1], 8),
        2048 => (8, [1, 1], 8),
        4096 => (4, [4, 1], 8),
        8192 => (8, [4, 1], 4),
        16384 => (4, [4, 4], 4),
        _ => return None,
    };
    Some(Shape { columns, rows, frames })
}

#[cfg(target_arch = "x86_64")]
fn fused<S: Simd<L>, const L: usize>(simd: S, shape: Shape, taps: &[f64], format: IqFormat) -> Box<dyn Engine> {
    match format {
        IqFormat::Cu8 => Box::new(Fused::new::<u8>(simd, shape, taps)),
        IqFormat::Cs8 => Box::new(Fused::new::<i8>(simd, shape, taps)),
        IqFormat::Cs16 => Box::new(Fused::new::<i16>(simd, shape, taps)),
        IqFormat::Cf32 => Box::new(Fused::new::<f32>(simd, shape, taps)),
    }
}
