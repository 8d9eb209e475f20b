//! Four lanes on NEON. Its results were checked in an emulator of such a processor; its speed is not measured.

#![expect(unsafe_code, reason = "intrinsics; every other file of the kernels goes without")]

use std::arch::aarch64::*;

use num_complex::Complex;

use super::simd::{Pair, Simd, Work};

/// Proof that this processor has NEON, as every one of 64 bits has that Rust's standard library runs on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neon(());

impl Neon {
    /// The proof, where it holds.
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

/// Intrinsics of NEON that touch no memory, callable where a [`Neon`] is at hand.
macro_rules! op {
    ($call:expr) => {
        // SAFETY: `self` exists only where `Neon::detect` found NEON; registers only, no memory.
        unsafe { $call }
    };
}

impl Neon {
    /// Four samples of two bytes: I in the lowest byte of a lane, Q in the third.
    #[inline(always)]
    fn samples<T>(self, x: &[Complex<T>; 4]) -> uint32x4_t {
        const { assert!(size_of::<Complex<T>>() == 2) };
        // SAFETY: `x` is 8 readable bytes (asserted above), loaded without regard to alignment; the CPU has NEON.
        unsafe { vreinterpretq_u32_u16(vmovl_u8(vld1_u8(x.as_ptr().cast()))) }
    }

    /// Both bytes of [`Self::samples`] at the top of a lane each.
    #[inline(always)]
    fn top_bytes(self, x: uint32x4_t) -> (uint32x4_t, uint32x4_t) {
        op!((
            vshlq_n_u32::<24>(x),
            vandq_u32(vshlq_n_u32::<8>(x), vdupq_n_u32(0xff00_0000))
        ))
    }

    /// Bits as integers as numbers.
    #[inline(always)]
    fn numbers(self, re: uint32x4_t, im: uint32x4_t) -> Pair<float32x4_t> {
        op!(Complex::new(
            vcvtq_f32_s32(vreinterpretq_s32_u32(re)),
            vcvtq_f32_s32(vreinterpretq_s32_u32(im)),
        ))
    }
}

impl Simd<4> for Neon {
    type V = float32x4_t;

    #[inline(always)]
    fn run(self, work: impl Work) {
        #[target_feature(enable = "neon")]
        fn compiled(work: impl Work) {
            work.run();
        }
        // SAFETY: `self` exists only where `Neon::detect` found the feature.
        unsafe { compiled(work) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        op!(vdupq_n_f32(x))
    }
    #[inline(always)]
    fn vector(self, x: [f32; 4]) -> float32x4_t {
        // SAFETY: an array of four numbers is read, without regard to alignment; the CPU has NEON.
        unsafe { vld1q_f32(x.as_ptr()) }
    }
    #[inline(always)]
    fn array(self, x: float32x4_t) -> [f32; 4] {
        let mut out = [0.0; 4];
        // SAFETY: an array of four numbers is written, without regard to alignment; the CPU has NEON.
        unsafe { vst1q_f32(out.as_mut_ptr(), x) };
        out
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        op!(vaddq_f32(a, b))
    }
    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        op!(vsubq_f32(a, b))
    }
    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        op!(vmulq_f32(a, b))
    }
    #[inline(always)]
    fn mul_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        op!(vfmaq_f32(c, a, b))
    }
    #[inline(always)]
    fn mul_sub(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        op!(vfmaq_f32(vnegq_f32(c), a, b))
    }
    #[inline(always)]
    fn neg_mul_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        op!(vfmsq_f32(c, a, b))
    }
    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        op!(vmaxq_f32(a, b))
    }
    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        op!(vminq_f32(a, b))
    }

    #[inline(always)]
    fn follow(self, a: float32x4_t, next: f32) -> float32x4_t {
        op!(vextq_f32::<1>(a, vdupq_n_f32(next)))
    }
    #[inline(always)]
    fn transpose(self, [x0, x1, x2, x3]: [float32x4_t; 4]) -> [float32x4_t; 4] {
        op!({
            let (a, b) = (vtrn1q_f32(x0, x1), vtrn2q_f32(x0, x1));
            let (c, d) = (vtrn1q_f32(x2, x3), vtrn2q_f32(x2, x3));
            let (a, b) = (vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b));
            let (c, d) = (vreinterpretq_f64_f32(c), vreinterpretq_f64_f32(d));
            [
                vreinterpretq_f32_f64(vtrn1q_f64(a, c)),
                vreinterpretq_f32_f64(vtrn1q_f64(b, d)),
                vreinterpretq_f32_f64(vtrn2q_f64(a, c)),
                vreinterpretq_f32_f64(vtrn2q_f64(b, d)),
            ]
        })
    }
    /// All of it: four vectors fit the registers.
    #[inline(always)]
    fn quarters(self, x: [float32x4_t; 4]) -> [float32x4_t; 4] {
        self.transpose(x)
    }
    #[inline(always)]
    fn begin_transposing(self, x: [float32x4_t; 4]) -> [float32x4_t; 4] {
        self.transpose(x)
    }
    #[inline(always)]
    fn finish_transposing(self, x: &[Pair<float32x4_t>; 4]) -> [Pair<float32x4_t>; 4] {
        *x
    }

    #[inline(always)]
    fn widen_cu8(self, x: &[Complex<u8>; 4]) -> Pair<float32x4_t> {
        let (re, im) = self.top_bytes(self.samples(x));
        // x − 128 by the sign bit, and the half step that is missing to x − 127.5 by the bit below the byte.
        let offset = op!(vdupq_n_u32(0x8080_0000));
        let (re, im) = op!((veorq_u32(re, offset), veorq_u32(im, offset)));
        self.numbers(re, im)
    }
    #[inline(always)]
    fn widen_cs8(self, x: &[Complex<i8>; 4]) -> Pair<float32x4_t> {
        let (re, im) = self.top_bytes(self.samples(x));
        self.numbers(re, im)
    }
    #[inline(always)]
    fn widen_cs16(self, x: &[Complex<i16>; 4]) -> Pair<float32x4_t> {
        // SAFETY: four samples of four bytes are read, without regard to alignment; the CPU has NEON.
        let both = unsafe { vreinterpretq_u32_u16(vld1q_u16(x.as_ptr().cast())) };
        let (re, im) = op!((vshlq_n_u32::<16>(both), vandq_u32(both, vdupq_n_u32(0xffff_0000))));
        self.numbers(re, im)
    }
    #[inline(always)]
    fn widen_cf32(self, x: &[Complex<f32>; 4]) -> Pair<float32x4_t> {
        // SAFETY: four samples of two numbers are read, without regard to alignment; the CPU has NEON.
        let both = unsafe { vld2q_f32(x.as_ptr().cast()) };
        Complex::new(both.0, both.1)
    }
    #[inline(always)]
    fn finite(self, x: float32x4_t) -> float32x4_t {
        op!({
            let finite = vcleq_f32(vabsq_f32(x), vdupq_n_f32(f32::MAX));
            vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), finite))
        })
    }

    /// Nothing: the instruction has no stable intrinsic.
    #[inline(always)]
    fn prefetch<T>(self, _: &T) {}
}
