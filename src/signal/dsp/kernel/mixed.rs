//! Stretches by vector kernels, each size by its own.

use super::{
    fused::Shape,
    simd::Simd,
    single::{self, Single},
    stretches::{Resolution, Stretches},
};
use crate::dsp::iq::IqSlice;

/// Code for one resolution.
pub(super) trait Kernel: Send {
    /// Spectra of the stretch that begins with `samples`, one after the other.
    fn spectra_into(&mut self, samples: IqSlice<'_>, out: &mut [f32]);
}

/// The kernel of `L` lanes for a resolution, where there is one; `split` tells how a size is split.
pub(super) fn kernel<S: Simd<L>, const L: usize>(
    simd: S,
    resolution: &Resolution,
    split: impl Fn(usize) -> Option<Shape>,
) -> Option<Box<dyn Kernel>> {
    let shape = split(resolution.taps.len()).filter(|shape| single::fits(*shape, L))?;
    Some(Box::new(Single::new(simd, shape, resolution)))
}

impl<S: Simd<L>, const L: usize> Kernel for Single<S, L> {
    fn spectra_into(&mut self, samples: IqSlice<'_>, out: &mut [f32]) {
        match samples {
            IqSlice::Cu8(x) => self.spectra(0, x, out),
            IqSlice::Cs8(x) => self.spectra(1, x, out),
            IqSlice::Cs16(x) => self.spectra(2, x, out),
            IqSlice::Cf32(x) => self.spectra(3, x, out),
        }
    }
}

/// Vector kernels for all resolutions of a stretch, each with the numbers it makes.
pub(super) struct Mixed(Vec<(Box<dyn Kernel>, usize)>);

impl Mixed {
    /// Kernels for `resolutions`, where `kernel` has one for each.
    pub(super) fn new(
        resolutions: &[Resolution],
        kernel: impl Fn(&Resolution) -> Option<Box<dyn Kernel>>,
    ) -> Option<Self> {
        let kernels = resolutions.iter().map(|r| Some((kernel(r)?, r.len())));
        Some(Self(kernels.collect::<Option<_>>()?))
    }
}

impl Stretches for Mixed {
    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, mut out: &mut [f32]) {
        for stretch in 0..count {
            let samples = samples.slice(stretch * stride..samples.len());
            for (kernel, numbers) in &mut self.0 {
                let (own, rest) = out.split_at_mut(*numbers);
                kernel.spectra_into(samples, own);
                out = rest;
            }
        }
    }
}
