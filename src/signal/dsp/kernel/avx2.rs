//! Eight lanes on AVX2 and FMA.

#![expect(unsafe_code, reason = "intrinsics; every other file of the kernels goes without")]

use std::arch::x86_64::*;

use num_complex::Complex;

use super::simd::{Pair, Simd, Work};

/// Proof that this processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// The proof, where it holds.
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

/// Intrinsics of AVX, AVX2 and FMA that touch no memory, callable where an [`Avx2`] is at hand.
macro_rules! op {
    ($call:expr) => {
        // SAFETY: `self` exists only where `Avx2::detect` found AVX2 and FMA; registers only, no memory.
        unsafe { $call }
    };
}

impl Avx2 {
    /// Places byte `2 i + part` of the eight 16-bit samples at the top of lane i.
    #[inline(always)]
    fn top_bytes<T>(self, x: &[Complex<T>; 8], part: i8) -> __m256i {
        const { assert!(size_of::<Complex<T>>() == 2) };
        // SAFETY: `x` is 16 readable bytes (asserted above), loaded without regard to alignment; the CPU has AVX2.
        let both = unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(x.as_ptr().cast())) };
        let z = -1;
        let (p, q) = (part, part + 8);
        op!(_mm256_shuffle_epi8(
            both,
            _mm256_setr_epi8(
                z,
                z,
                z,
                p,
                z,
                z,
                z,
                p + 2,
                z,
                z,
                z,
                p + 4,
                z,
                z,
                z,
                p + 6, // low half: samples 0..4
                z,
                z,
                z,
                q,
                z,
                z,
                z,
                q + 2,
                z,
                z,
                z,
                q + 4,
                z,
                z,
                z,
                q + 6, // high half: samples 4..8
            )
        ))
    }

    /// Four numbers of `x[i]`, from the `at`th on, and the same of `y[i]`, side by side.
    #[inline(always)]
    fn halves(self, x: &[Pair<__m256>; 4], y: &[Pair<__m256>; 4], i: usize, at: usize) -> Pair<__m256> {
        debug_assert!(at <= 4);
        let half = |x: &__m256| std::ptr::from_ref(x).cast::<f32>();
        // SAFETY: four numbers from the `at`th on lie within a vector of eight, `at` being 0 or 4; the CPU has AVX.
        unsafe {
            Complex::new(
                _mm256_loadu2_m128(half(&y[i].re).add(at), half(&x[i].re).add(at)),
                _mm256_loadu2_m128(half(&y[i].im).add(at), half(&x[i].im).add(at)),
            )
        }
    }
}

impl Simd<8> for Avx2 {
    type V = __m256;

    #[inline(always)]
    fn run(self, work: impl Work) {
        #[target_feature(enable = "avx2,fma")]
        fn compiled(work: impl Work) {
            work.run();
        }
        // SAFETY: `self` exists only where `Avx2::detect` found both features.
        unsafe { compiled(work) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        op!(_mm256_set1_ps(x))
    }
    #[inline(always)]
    fn vector(self, x: [f32; 8]) -> __m256 {
        // SAFETY: an array of eight numbers is read, without regard to alignment; the CPU has AVX.
        unsafe { _mm256_loadu_ps(x.as_ptr()) }
    }
    #[inline(always)]
    fn array(self, x: __m256) -> [f32; 8] {
        let mut out = [0.0; 8];
        // SAFETY: an array of eight numbers is written, without regard to alignment; the CPU has AVX.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), x) };
        out
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        op!(_mm256_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        op!(_mm256_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        op!(_mm256_mul_ps(a, b))
    }
    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        op!(_mm256_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn mul_sub(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        op!(_mm256_fmsub_ps(a, b, c))
    }
    #[inline(always)]
    fn neg_mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        op!(_mm256_fnmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        op!(_mm256_max_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        op!(_mm256_min_ps(a, b))
    }

    #[inline(always)]
    fn follow(self, a: __m256, next: f32) -> __m256 {
        op!({
            let moved = _mm256_permutevar8x32_ps(a, _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 0));
            _mm256_blend_ps::<0x80>(moved, _mm256_set1_ps(next))
        })
    }
    #[inline(always)]
    fn transpose(self, x: [__m256; 8]) -> [__m256; 8] {
        let [x0, x1, x2, x3, x4, x5, x6, x7] = x;
        let low = op!([
            _mm256_permute2f128_ps::<0x20>(x0, x4),
            _mm256_permute2f128_ps::<0x20>(x1, x5),
            _mm256_permute2f128_ps::<0x20>(x2, x6),
            _mm256_permute2f128_ps::<0x20>(x3, x7),
        ]);
        let high = op!([
            _mm256_permute2f128_ps::<0x31>(x0, x4),
            _mm256_permute2f128_ps::<0x31>(x1, x5),
            _mm256_permute2f128_ps::<0x31>(x2, x6),
            _mm256_permute2f128_ps::<0x31>(x3, x7),
        ]);
        let ([y0, y1, y2, y3], [y4, y5, y6, y7]) = (self.quarters(low), self.quarters(high));
        [y0, y1, y2, y3, y4, y5, y6, y7]
    }
    #[inline(always)]
    fn quarters(self, [x0, x1, x2, x3]: [__m256; 4]) -> [__m256; 4] {
        op!({
            let (a0, a1) = (_mm256_unpacklo_ps(x0, x1), _mm256_unpackhi_ps(x0, x1));
            let (a2, a3) = (_mm256_unpacklo_ps(x2, x3), _mm256_unpackhi_ps(x2, x3));
            [
                _mm256_shuffle_ps::<0x44>(a0, a2),
                _mm256_shuffle_ps::<0xee>(a0, a2),
                _mm256_shuffle_ps::<0x44>(a1, a3),
                _mm256_shuffle_ps::<0xee>(a1, a3),
            ]
        })
    }
    #[inline(always)]
    fn begin_transposing(self, [x0, x1, x2, x3, x4, x5, x6, x7]: [__m256; 8]) -> [__m256; 8] {
        let ([x0, x1, x2, x3], [x4, x5, x6, x7]) = (self.quarters([x0, x1, x2, x3]), self.quarters([x4, x5, x6, x7]));
        [x0, x1, x2, x3, x4, x5, x6, x7]
    }
    #[inline(always)]
    fn finish_transposing(self, x: &[Pair<__m256>; 8]) -> [Pair<__m256>; 8] {
        let x = x.as_chunks().0;
        let (x, y) = (&x[0], &x[1]);
        [
            self.halves(x, y, 0, 0),
            self.halves(x, y, 1, 0),
            self.halves(x, y, 2, 0),
            self.halves(x, y, 3, 0),
            self.halves(x, y, 0, 4),
            self.halves(x, y, 1, 4),
            self.halves(x, y, 2, 4),
            self.halves(x, y, 3, 4),
        ]
    }

    #[inline(always)]
    fn widen_cu8(self, x: &[Complex<u8>; 8]) -> Pair<__m256> {
        let (re, im) = (self.top_bytes(x, 0), self.top_bytes(x, 1));
        // x − 128 by the sign bit, and the half step that is missing to x − 127.5 by the bit below the byte.
        op!({
            let offset = _mm256_set1_epi32(0x8080_0000_u32.cast_signed());
            Complex::new(
                _mm256_cvtepi32_ps(_mm256_xor_si256(re, offset)),
                _mm256_cvtepi32_ps(_mm256_xor_si256(im, offset)),
            )
        })
    }
    #[inline(always)]
    fn widen_cs8(self, x: &[Complex<i8>; 8]) -> Pair<__m256> {
        let (re, im) = (self.top_bytes(x, 0), self.top_bytes(x, 1));
        op!(Complex::new(_mm256_cvtepi32_ps(re), _mm256_cvtepi32_ps(im)))
    }
    #[inline(always)]
    fn widen_cs16(self, x: &[Complex<i16>; 8]) -> Pair<__m256> {
        // SAFETY: eight samples of four bytes are read, without regard to alignment; the CPU has AVX.
        let both = unsafe { _mm256_loadu_si256(x.as_ptr().cast()) };
        op!(Complex::new(
            _mm256_cvtepi32_ps(_mm256_slli_epi32::<16>(both)),
            _mm256_cvtepi32_ps(_mm256_and_si256(both, _mm256_set1_epi32(-0x1_0000))),
        ))
    }
    #[inline(always)]
    fn widen_cf32(self, x: &[Complex<f32>; 8]) -> Pair<__m256> {
        let at = x.as_ptr().cast::<f32>();
        // SAFETY: two pairs of samples each, at 0, 2, 4 and 6 of eight, without regard to alignment; the CPU has AVX.
        let (a, b) = unsafe {
            (
                _mm256_loadu2_m128(at.add(8), at),
                _mm256_loadu2_m128(at.add(12), at.add(4)),
            )
        };
        op!(Complex::new(
            _mm256_shuffle_ps::<0x88>(a, b),
            _mm256_shuffle_ps::<0xdd>(a, b)
        ))
    }
    #[inline(always)]
    fn finite(self, x: __m256) -> __m256 {
        op!({
            let magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0), x);
            _mm256_and_ps(x, _mm256_cmp_ps::<_CMP_LE_OQ>(magnitude, _mm256_set1_ps(f32::MAX)))
        })
    }

    #[inline(always)]
    fn prefetch<T>(self, at: &T) {
        // SAFETY: a hint on the address of a reference; it reads nothing that the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(at).cast()) };
    }
}
