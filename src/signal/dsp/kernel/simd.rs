//! The vector operations that the kernels are written in, and what it takes to hold them.
//!
//! A value of a type that implements [`Simd`] is a proof: it is made only where the processor was asked and has the
//! instructions. Kernels take it by value and stay free of `unsafe`.

use num_complex::Complex;

pub(super) use super::work::Work;

/// Complex vector: real parts of `L` numbers beside their imaginary parts.
pub(super) type Pair<V> = Complex<V>;

/// Operations on vectors of `L` single-precision numbers.
pub(super) trait Simd<const L: usize>: Copy + Send + 'static {
    /// The vector.
    type V: Copy + Send;

    /// Runs `work` compiled for these instructions.
    fn run(self, work: impl Work);

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// The numbers in order.
    fn vector(self, x: [f32; L]) -> Self::V;
    /// The lanes in order.
    fn array(self, x: Self::V) -> [f32; L];

    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a − b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b + c`, rounded once.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a · b − c`, rounded once.
    fn mul_sub(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c − a · b`, rounded once.
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The greater in each lane.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// The smaller in each lane.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// Every lane one place towards the first; `next` becomes the last.
    fn follow(self, a: Self::V, next: f32) -> Self::V;
    /// Lane `i` of vector `j` becomes lane `j` of vector `i`.
    fn transpose(self, x: [Self::V; L]) -> [Self::V; L];
    /// In each 128 bits the four vectors are the rows of a 4 × 4 matrix, which is transposed.
    fn quarters(self, x: [Self::V; 4]) -> [Self::V; 4];
    /// Sixteen lanes: the 128-bit blocks of four vectors as a 4 × 4 matrix, which is transposed.
    fn blocks(self, _: [Self::V; 4]) -> [Self::V; 4] {
        unreachable!("{L} lanes are not four blocks")
    }
    /// The first part of transposing: what is done in registers.
    fn begin_transposing(self, x: [Self::V; L]) -> [Self::V; L];
    /// The second part, for real and imaginary parts: what loads do.
    fn finish_transposing(self, x: &[Pair<Self::V>; L]) -> [Pair<Self::V>; L];

    /// (x − 127.5) · 2²⁴, exactly.
    fn widen_cu8(self, x: &[Complex<u8>; L]) -> Pair<Self::V>;
    /// x · 2²⁴, exactly.
    fn widen_cs8(self, x: &[Complex<i8>; L]) -> Pair<Self::V>;
    /// x · 2¹⁶, exactly.
    fn widen_cs16(self, x: &[Complex<i16>; L]) -> Pair<Self::V>;
    /// x.
    fn widen_cf32(self, x: &[Complex<f32>; L]) -> Pair<Self::V>;
    /// x where it is finite, else 0.
    fn finite(self, x: Self::V) -> Self::V;

    /// Asks for the cache line of `at`, which will be read soon.
    fn prefetch<T>(self, at: &T);
}

/// One component of a sample as receivers deliver it.
pub(super) trait Sample: Copy + 'static {
    /// What a value from [`Sample::widen`] is multiplied by to have full scale ±1.0.
    const TO_FULL_SCALE: f64;
    /// Whether a sample can be infinite or no number at all.
    const MAY_BE_NO_NUMBER: bool = false;
    /// `L` samples as numbers, before [`Sample::TO_FULL_SCALE`].
    fn widen<S: Simd<L>, const L: usize>(s: S, x: &[Complex<Self>; L]) -> Pair<S::V>;
    /// The same with 0 for what is no number.
    #[inline(always)]
    fn widen_checked<S: Simd<L>, const L: usize>(s: S, x: &[Complex<Self>; L]) -> Pair<S::V> {
        Self::widen(s, x)
    }
}

impl Sample for u8 {
    const TO_FULL_SCALE: f64 = 1.0 / (127.5 * 16_777_216.0);
    #[inline(always)]
    fn widen<S: Simd<L>, const L: usize>(s: S, x: &[Complex<Self>; L]) -> Pair<S::V> {
        s.widen_cu8(x)
    }
}

impl Sample for i8 {
    const TO_FULL_SCALE: f64 = 1.0 / (128.0 * 16_777_216.0);
    #[inline(always)]
    fn widen<S: Simd<L>, const L: usize>(s: S, x: &[Complex<Self>; L]) -> Pair<S::V> {
        s.widen_cs8(x)
    }
}

impl Sample for i16 {
    const TO_FULL_SCALE: f64 = 1.0 / (32_768.0 * 65_536.0);
    #[inline(always)]
    fn widen<S: Simd<L>, const L: usize>(s: S, x: &[Complex<Self>; L]) -> Pair<S::V> {
        s.widen_cs16(x)
    }
}

impl Sample for f32 {
    const TO_FULL_SCALE: f64 = 1.0;
    const MAY_BE_NO_NUMBER: bool = true;
    #[inline(always)]
    fn widen<S: Simd<L>, const L: usize>(s: S, x: &[Complex<Self>; L]) -> Pair<S::V> {
        s.widen_cf32(x)
    }
    #[inline(always)]
    fn widen_checked<S: Simd<L>, const L: usize>(s: S, x: &[Complex<Self>; L]) -> Pair<S::V> {
        let x = s.widen_cf32(x);
        Complex::new(s.finite(x.re), s.finite(x.im))
    }
}
