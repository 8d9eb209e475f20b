//! Sixteen lanes on AVX-512 F.

#![expect(unsafe_code, reason = "intrinsics; every other file of the kernels goes without")]

use std::arch::x86_64::*;

use num_complex::Complex;

use super::simd::{Pair, Simd, Work};

/// Proof that this processor has AVX-512 F.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx512(());

impl Avx512 {
    /// The proof, where it holds.
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }
}

/// Intrinsics of AVX-512 F that touch no memory, callable where an [`Avx512`] is at hand.
macro_rules! op {
    ($call:expr) => {
        // SAFETY: `self` exists only where `Avx512::detect` found AVX-512 F; registers only, no memory.
        unsafe { $call }
    };
}

impl Avx512 {
    /// The sixteen 16-bit samples in the low halves of the lanes, I in the lower byte.
    #[inline(always)]
    fn samples<T>(self, x: &[Complex<T>; 16]) -> __m512i {
        const { assert!(size_of::<Complex<T>>() == 2) };
        // SAFETY: `x` is 32 readable bytes (asserted above), loaded without regard to alignment; the CPU has AVX-512 F.
        unsafe { _mm512_cvtepu16_epi32(_mm256_loadu_si256(x.as_ptr().cast())) }
    }

    /// Lane pairs `2 i`, `2 i + 1` of `a` and `b` as 64-bit units: the lower, and the upper of each 128 bits.
    #[inline(always)]
    fn unpack_doubles(self, a: __m512, b: __m512) -> (__m512, __m512) {
        op!({
            let (a, b) = (_mm512_castps_pd(a), _mm512_castps_pd(b));
            (
                _mm512_castpd_ps(_mm512_unpacklo_pd(a, b)),
                _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)),
            )
        })
    }
}

impl Simd<16> for Avx512 {
    type V = __m512;

    #[inline(always)]
    fn run(self, work: impl Work) {
        #[target_feature(enable = "avx512f")]
        fn compiled(work: impl Work) {
            work.run();
        }
        // SAFETY: `self` exists only where `Avx512::detect` found the feature.
        unsafe { compiled(work) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        op!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    fn vector(self, x: [f32; 16]) -> __m512 {
        // SAFETY: an array of sixteen numbers is read, without regard to alignment; the CPU has AVX-512 F.
        unsafe { _mm512_loadu_ps(x.as_ptr()) }
    }
    #[inline(always)]
    fn array(self, x: __m512) -> [f32; 16] {
        let mut out = [0.0; 16];
        // SAFETY: an array of sixteen numbers is written, without regard to alignment; the CPU has AVX-512 F.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), x) };
        out
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        op!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn mul_sub(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        op!(_mm512_fmsub_ps(a, b, c))
    }
    #[inline(always)]
    fn neg_mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        op!(_mm512_fnmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        op!(_mm512_min_ps(a, b))
    }

    #[inline(always)]
    fn follow(self, a: __m512, next: f32) -> __m512 {
        op!(_mm512_castsi512_ps(_mm512_alignr_epi32::<1>(
            _mm512_castps_si512(_mm512_set1_ps(next)),
            _mm512_castps_si512(a)
        )))
    }
    #[inline(always)]
    fn transpose(self, x: [__m512; 16]) -> [__m512; 16] {
        let mut y = self.begin_transposing(x);
        for e in 0..4 {
            [y[e], y[4 + e], y[8 + e], y[12 + e]] = self.blocks([y[e], y[4 + e], y[8 + e], y[12 + e]]);
        }
        y
    }
    #[inline(always)]
    fn quarters(self, [x0, x1, x2, x3]: [__m512; 4]) -> [__m512; 4] {
        let (low, high) = op!((_mm512_unpacklo_ps(x0, x1), _mm512_unpackhi_ps(x0, x1)));
        let (low2, high2) = op!((_mm512_unpacklo_ps(x2, x3), _mm512_unpackhi_ps(x2, x3)));
        let ((y0, y1), (y2, y3)) = (self.unpack_doubles(low, low2), self.unpack_doubles(high, high2));
        [y0, y1, y2, y3]
    }
    #[inline(always)]
    fn blocks(self, [x0, x1, x2, x3]: [__m512; 4]) -> [__m512; 4] {
        op!({
            let (low, high) = (
                _mm512_shuffle_f32x4::<0x44>(x0, x1),
                _mm512_shuffle_f32x4::<0xee>(x0, x1),
            );
            let (low2, high2) = (
                _mm512_shuffle_f32x4::<0x44>(x2, x3),
                _mm512_shuffle_f32x4::<0xee>(x2, x3),
            );
            [
                _mm512_shuffle_f32x4::<0x88>(low, low2),
                _mm512_shuffle_f32x4::<0xdd>(low, low2),
                _mm512_shuffle_f32x4::<0x88>(high, high2),
                _mm512_shuffle_f32x4::<0xdd>(high, high2),
            ]
        })
    }
    #[inline(always)]
    fn begin_transposing(self, x: [__m512; 16]) -> [__m512; 16] {
        let mut y = x;
        for g in [0, 4, 8, 12] {
            [y[g], y[g + 1], y[g + 2], y[g + 3]] = self.quarters([y[g], y[g + 1], y[g + 2], y[g + 3]]);
        }
        y
    }
    #[inline(always)]
    fn finish_transposing(self, x: &[Pair<__m512>; 16]) -> [Pair<__m512>; 16] {
        let mut y = *x;
        for e in 0..4 {
            let re = self.blocks([x[e].re, x[4 + e].re, x[8 + e].re, x[12 + e].re]);
            let im = self.blocks([x[e].im, x[4 + e].im, x[8 + e].im, x[12 + e].im]);
            for b in 0..4 {
                y[4 * b + e] = Complex::new(re[b], im[b]);
            }
        }
        y
    }

    #[inline(always)]
    fn widen_cu8(self, x: &[Complex<u8>; 16]) -> Pair<__m512> {
        let both = self.samples(x);
        // x − 128 by the sign bit, and the half step that is missing to x − 127.5 by the bit below the byte.
        op!({
            let offset = _mm512_set1_epi32(0x8080_0000_u32.cast_signed());
            let top = _mm512_set1_epi32(0xff00_0000_u32.cast_signed());
            let im = _mm512_and_si512(_mm512_slli_epi32::<16>(both), top);
            Complex::new(
                _mm512_cvtepi32_ps(_mm512_xor_si512(_mm512_slli_epi32::<24>(both), offset)),
                _mm512_cvtepi32_ps(_mm512_xor_si512(im, offset)),
            )
        })
    }
    #[inline(always)]
    fn widen_cs8(self, x: &[Complex<i8>; 16]) -> Pair<__m512> {
        let both = self.samples(x);
        op!({
            let top = _mm512_set1_epi32(0xff00_0000_u32.cast_signed());
            let im = _mm512_and_si512(_mm512_slli_epi32::<16>(both), top);
            Complex::new(
                _mm512_cvtepi32_ps(_mm512_slli_epi32::<24>(both)),
                _mm512_cvtepi32_ps(im),
            )
        })
    }
    #[inline(always)]
    fn widen_cs16(self, x: &[Complex<i16>; 16]) -> Pair<__m512> {
        // SAFETY: sixteen samples of four bytes are read, without regard to alignment; the CPU has AVX-512 F.
        let both = unsafe { _mm512_loadu_si512(x.as_ptr().cast()) };
        op!(Complex::new(
            _mm512_cvtepi32_ps(_mm512_slli_epi32::<16>(both)),
            _mm512_cvtepi32_ps(_mm512_and_si512(both, _mm512_set1_epi32(-0x1_0000))),
        ))
    }
    #[inline(always)]
    fn widen_cf32(self, x: &[Complex<f32>; 16]) -> Pair<__m512> {
        let at = x.as_ptr().cast::<f32>();
        // SAFETY: the two halves of sixteen samples, without regard to alignment; the CPU has AVX-512 F.
        let (a, b) = unsafe { (_mm512_loadu_ps(at), _mm512_loadu_ps(at.add(16))) };
        op!({
            let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
            Complex::new(_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b))
        })
    }
    #[inline(always)]
    fn finite(self, x: __m512) -> __m512 {
        op!({
            let finite = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(_mm512_abs_ps(x), _mm512_set1_ps(f32::MAX));
            _mm512_maskz_mov_ps(finite, x)
        })
    }

    #[inline(always)]
    fn prefetch<T>(self, at: &T) {
        // SAFETY: a hint on the address of a reference; it reads nothing that the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(at).cast()) };
    }
}
