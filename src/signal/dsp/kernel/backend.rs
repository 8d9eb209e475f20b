//! Which code computes spectra, and whether this processor can run it.

#[cfg(all(test, target_arch = "x86_64"))]
use super::arrays::Arrays;
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::{
    Engine,
    general::General,
    reference::Reference,
    short::{Oracle, Plain, SIZE, Short},
    stretches::{Exact, OneByOne, Resolution, Stretches},
};
#[cfg(target_arch = "x86_64")]
use super::{
    avx2::Avx2,
    avx512::Avx512,
    mixed::{Mixed, kernel},
};
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::{
    fused::{Fused, Shape},
    simd::Simd,
    slots::Slots,
};
use crate::dsp::iq::IqFormat;

/// Code that computes spectra. The fused kernels leave sizes that they have no split for to `General`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Double precision, written to be read: what the others are held to. Slow.
    Reference,
    /// A general FFT library, every size, every processor.
    General,
    /// Fused kernel of four lanes, NEON: 64 and 256 to 8192 bins. Checked in an emulator; its speed is not measured.
    Neon,
    /// Fused kernel of eight lanes, AVX2 and FMA: 64 and 256 to 16384 bins.
    Avx2,
    /// Fused kernel of sixteen lanes, AVX-512 F: 1024 to 16384 bins, smaller ones as `Avx2`.
    Avx512,
    /// The fused kernel in sixteen lanes of plain arrays: every processor can test what wider instructions will compute.
    #[cfg(all(test, target_arch = "x86_64"))]
    Arrays,
}

impl Backend {
    /// Every backend, slowest first.
    pub const ALL: [Self; 5] = [Self::Reference, Self::General, Self::Neon, Self::Avx2, Self::Avx512];

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
            #[cfg(target_arch = "aarch64")]
            Self::Neon => Neon::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().is_some() && Avx2::detect().is_some(),
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::Arrays => true,
            #[expect(
                clippy::allow_attributes,
                reason = "which backends are left depends on the processor"
            )]
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// An engine for frames of `taps.len()` samples; `taps` carry the scale of the spectrum. `None` where the
    /// processor cannot run it.
    pub(in crate::dsp) fn engine(self, taps: &[f64], format: IqFormat) -> Option<Box<dyn Engine>> {
        if !self.is_available() {
            return None;
        }
        let fused: Option<Box<dyn Engine>> = match self {
            Self::Reference => Some(Box::new(Reference::new(taps))),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => four(taps.len())
                .zip(Neon::detect())
                .map(|(shape, simd)| fused(simd, shape, taps, format)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => eight(taps.len())
                .zip(Avx2::detect())
                .map(|(shape, simd)| fused(simd, shape, taps, format)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => match sixteen(taps.len()).zip(Avx512::detect()) {
                Some((shape, simd)) => Some(fused(simd, shape, taps, format)),
                None => return Self::Avx2.engine(taps, format),
            },
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::Arrays => sixteen(taps.len()).map(|shape| fused::<_, 16>(Arrays, shape, taps, format)),
            _ => None,
        };
        Some(fused.unwrap_or_else(|| Box::new(General::new(taps))))
    }
}

impl Backend {
    /// A computer of single spectra. `None` where the processor cannot run it. `Avx512` takes the kernels of `Avx2` where it has
    /// none of its own; `Neon` has none.
    pub(in crate::dsp) fn stretches(self, resolutions: &[Resolution]) -> Option<Box<dyn Stretches>> {
        if !self.is_available() {
            return None;
        }
        let mixed: Option<Mixed> = match self {
            Self::Reference => return Some(Box::new(Exact::new(resolutions))),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Mixed::new(resolutions, |r| kernel(Avx2::detect()?, r, eight)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Mixed::new(resolutions, |r| {
                kernel(Avx512::detect()?, r, sixteen).or_else(|| kernel(Avx2::detect()?, r, eight))
            }),
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::Arrays => Mixed::new(resolutions, |r| kernel::<_, 16>(Arrays, r, sixteen)),
            _ => None,
        };
        Some(match mixed {
            Some(mixed) => Box::new(mixed),
            None => Box::new(OneByOne::new(resolutions)),
        })
    }
}

impl Backend {
    /// A computer of rows of short slots; `taps` tells the window of a size with the scale of its spectrum. `None` where the
    /// processor cannot run it.
    pub(in crate::dsp) fn short(self, taps: impl Fn(usize) -> Vec<f64>) -> Option<Box<dyn Short>> {
        if !self.is_available() {
            return None;
        }
        let mut taps: [f64; SIZE] = taps(SIZE).try_into().ok()?;
        if self == Self::Reference {
            return Some(Box::new(Oracle::new(&taps)));
        }
        // A shift by half the rate, which puts DC into the middle.
        taps.iter_mut().skip(1).step_by(2).for_each(|tap| *tap = -*tap);
        Some(match self {
            #[cfg(target_arch = "aarch64")]
            Self::Neon => Box::new(Slots::new(Neon::detect()?, &taps)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Box::new(Slots::new(Avx2::detect()?, &taps)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Box::new(Slots::new(Avx512::detect()?, &taps)),
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::Arrays => Box::new(Slots::<_, 16>::new(Arrays, &taps)),
            _ => Box::new(Plain::new(&taps)),
        })
    }
}

/// Split for four lanes.
#[cfg(target_arch = "aarch64")]
fn four(size: usize) -> Option<Shape> {
    let (columns, rows, frames) = match size {
        64 => (4, [1, 1], 8),
        256 => (4, [4, 1], 8),
        512 => (8, [4, 1], 8),
        1024 => (4, [4, 4], 8),
        2048 => (8, [4, 4], 4),
        4096 => (8, [8, 4], 4),
        8192 => (8, [8, 8], 2),
        _ => return None,
    };
    Some(Shape {
        columns,
        rows,
        last: 4,
        frames,
    })
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
    Some(Shape {
        columns,
        rows,
        last: 8,
        frames,
    })
}

/// Split for sixteen lanes.
#[cfg(target_arch = "x86_64")]
fn sixteen(size: usize) -> Option<Shape> {
    let (columns, rows, last, frames) = match size {
        1024 => (4, [1, 1], 16, 8),
        2048 => (8, [1, 1], 16, 8),
        4096 => (8, [4, 1], 8, 8),
        8192 => (8, [8, 1], 8, 4),
        16384 => (8, [8, 1], 16, 4),
        _ => return None,
    };
    Some(Shape {
        columns,
        rows,
        last,
        frames,
    })
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn fused<S: Simd<L>, const L: usize>(simd: S, shape: Shape, taps: &[f64], format: IqFormat) -> Box<dyn Engine> {
    match format {
        IqFormat::Cu8 => Box::new(Fused::new::<u8>(simd, shape, taps)),
        IqFormat::Cs8 => Box::new(Fused::new::<i8>(simd, shape, taps)),
        IqFormat::Cs16 => Box::new(Fused::new::<i16>(simd, shape, taps)),
        IqFormat::Cf32 => Box::new(Fused::new::<f32>(simd, shape, taps)),
    }
}
