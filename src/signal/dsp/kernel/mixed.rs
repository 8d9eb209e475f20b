//! Stretches by vector kernels: short frames of several stretches in the lanes, long ones one at a time.

use super::{
    fused::Shape,
    lanes::{self, Lanes},
    simd::{Simd, Words},
    single::{self, Single},
    stretches::{Resolution, Stretches},
};
use crate::dsp::iq::IqSlice;

/// Stretches that are computed side by side where a kernel takes their frames one after the other: spectra and samples of
/// eight stay in a second-level cache from one resolution to the next.
const TOGETHER: usize = 8;

/// Code for one resolution.
pub(super) trait Kernel: Send {
    /// Stretches that are computed side by side.
    fn lanes(&self) -> usize;
    /// Spectra of `count` stretches that begin `stride` samples apart; those of each begin `pitch` numbers apart in `out`.
    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32], pitch: usize);
}

/// The kernel of `L` lanes for a resolution, where there is one; `split` tells how a size is split.
pub(super) fn kernel<S: Words<L>, const L: usize>(
    simd: S,
    resolution: &Resolution,
    split: impl Fn(usize) -> Option<Shape>,
) -> Option<Box<dyn Kernel>> {
    if resolution.taps.len() == lanes::SIZE {
        return Some(Box::new(Lanes::new(simd, resolution)));
    }
    let shape = split(resolution.taps.len()).filter(|shape| single::fits(*shape, L))?;
    Some(Box::new(Single::new(simd, shape, resolution)))
}

impl<S: Words<L>, const L: usize> Kernel for Lanes<S, L> {
    fn lanes(&self) -> usize {
        TOGETHER
    }

    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32], pitch: usize) {
        match samples {
            IqSlice::Cu8(x) => self.spectra(0, x, stride, count, out, pitch),
            IqSlice::Cs8(x) => self.spectra(1, x, stride, count, out, pitch),
            IqSlice::Cs16(x) => self.spectra(2, x, stride, count, out, pitch),
            IqSlice::Cf32(x) => self.spectra(3, x, stride, count, out, pitch),
        }
    }
}

impl<S: Simd<L>, const L: usize> Kernel for Single<S, L> {
    fn lanes(&self) -> usize {
        1
    }

    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32], pitch: usize) {
        for stretch in 0..count {
            let (at, out) = (stretch * stride, &mut out[stretch * pitch..]);
            match samples {
                IqSlice::Cu8(x) => self.spectra(0, &x[at..], out),
                IqSlice::Cs8(x) => self.spectra(1, &x[at..], out),
                IqSlice::Cs16(x) => self.spectra(2, &x[at..], out),
                IqSlice::Cf32(x) => self.spectra(3, &x[at..], out),
            }
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
    fn lanes(&self) -> usize {
        self.0.iter().map(|(kernel, _)| kernel.lanes()).max().unwrap_or(1)
    }

    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32]) {
        let pitch: usize = self.0.iter().map(|(_, numbers)| numbers).sum();
        let lanes = self.lanes();
        for from in (0..count).step_by(lanes) {
            // What the kernels read is in the cache from the first of them on.
            let (now, samples) = ((count - from).min(lanes), samples.slice(from * stride..samples.len()));
            let mut offset = from * pitch;
            for (kernel, numbers) in &mut self.0 {
                kernel.powers_into(samples, stride, now, &mut out[offset..], pitch);
                offset += *numbers;
            }
        }
    }
}
