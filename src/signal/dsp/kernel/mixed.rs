//! Stretches by vector kernels: short frames of several stretches in the lanes, long ones one at a time.

use num_complex::Complex;

use super::{
    fused::Shape,
    lanes::{self, Lanes},
    simd::{Sample, Simd},
    single::{self, Single},
    stretches::{Resolution, Stretches},
};
use crate::dsp::iq::IqSlice;

/// Code for one resolution.
enum Kernel<S: Simd<L>, const L: usize> {
    Lanes(Box<Lanes<S, L>>),
    Single(Box<Single<S, L>>),
}

/// Vector kernels for all resolutions of a stretch.
pub(super) struct Mixed<S: Simd<L>, const L: usize> {
    kernels: Vec<(Kernel<S, L>, usize)>,
}

impl<S: Simd<L>, const L: usize> Mixed<S, L> {
    /// Kernels for `resolutions`, where there is one for each; `split` tells how a size is split.
    pub(super) fn new(simd: S, resolutions: &[Resolution], split: impl Fn(usize) -> Option<Shape>) -> Option<Self> {
        let kernel = |r: &Resolution| {
            let size = r.taps.len();
            let kernel = if size == lanes::SIZE {
                Kernel::Lanes(Box::new(Lanes::new(simd, r)))
            } else {
                let shape = split(size).filter(|shape| single::fits(*shape, L))?;
                Kernel::Single(Box::new(Single::new(simd, shape, r)))
            };
            Some((kernel, r.len()))
        };
        let kernels = resolutions.iter().map(kernel).collect::<Option<_>>()?;
        Some(Self { kernels })
    }

    fn pass<T: Sample>(&mut self, format: usize, samples: &[Complex<T>], stride: usize, count: usize, out: &mut [f32]) {
        let pitch: usize = self.kernels.iter().map(|(_, numbers)| numbers).sum();
        for from in (0..count).step_by(L) {
            let now = (count - from).min(L);
            let mut offset = from * pitch;
            for (kernel, numbers) in &mut self.kernels {
                match kernel {
                    Kernel::Lanes(kernel) => {
                        kernel.powers_into(&samples[from * stride..], stride, now, &mut out[offset..], pitch);
                    }
                    Kernel::Single(kernel) => {
                        for stretch in 0..now {
                            let out = &mut out[offset + stretch * pitch..][..*numbers];
                            kernel.powers_into(format, &samples[(from + stretch) * stride..], out);
                        }
                    }
                }
                offset += *numbers;
            }
        }
    }
}

impl<S: Simd<L>, const L: usize> Stretches for Mixed<S, L> {
    fn lanes(&self) -> usize {
        L
    }

    fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32]) {
        match samples {
            IqSlice::Cu8(x) => self.pass(0, x, stride, count, out),
            IqSlice::Cs8(x) => self.pass(1, x, stride, count, out),
            IqSlice::Cs16(x) => self.pass(2, x, stride, count, out),
            IqSlice::Cf32(x) => self.pass(3, x, stride, count, out),
        }
    }
}
