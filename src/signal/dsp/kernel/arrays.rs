//! Lanes as plain arrays: the kernels' algorithm for widths that the processor of a test has not.

use num_complex::Complex;

use super::simd::{Pair, Simd, Work};

/// Any number of lanes, for tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrays;

fn each<const L: usize>(f: impl Fn(usize) -> f32) -> [f32; L] {
    std::array::from_fn(f)
}

fn pair<T: Copy, const L: usize>(x: &[Complex<T>; L], f: impl Fn(T) -> f32) -> Pair<[f32; L]> {
    Complex::new(each(|l| f(x[l].re)), each(|l| f(x[l].im)))
}

impl<const L: usize> Simd<L> for Arrays {
    type V = [f32; L];

    fn run(self, work: impl Work) {
        work.run();
    }
    fn splat(self, x: f32) -> [f32; L] {
        [x; L]
    }
    fn vector(self, x: [f32; L]) -> [f32; L] {
        x
    }
    fn array(self, x: [f32; L]) -> [f32; L] {
        x
    }
    fn add(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        each(|l| a[l] + b[l])
    }
    fn sub(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        each(|l| a[l] - b[l])
    }
    fn mul(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        each(|l| a[l] * b[l])
    }
    fn mul_add(self, a: [f32; L], b: [f32; L], c: [f32; L]) -> [f32; L] {
        each(|l| a[l].mul_add(b[l], c[l]))
    }
    fn mul_sub(self, a: [f32; L], b: [f32; L], c: [f32; L]) -> [f32; L] {
        each(|l| a[l].mul_add(b[l], -c[l]))
    }
    fn neg_mul_add(self, a: [f32; L], b: [f32; L], c: [f32; L]) -> [f32; L] {
        each(|l| (-a[l]).mul_add(b[l], c[l]))
    }
    fn max(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        each(|l| a[l].max(b[l]))
    }
    fn min(self, a: [f32; L], b: [f32; L]) -> [f32; L] {
        each(|l| a[l].min(b[l]))
    }
    fn follow(self, a: [f32; L], next: f32) -> [f32; L] {
        each(|l| if l + 1 < L { a[l + 1] } else { next })
    }
    fn transpose(self, x: [[f32; L]; L]) -> [[f32; L]; L] {
        std::array::from_fn(|i| each(|j| x[j][i]))
    }
    fn quarters(self, x: [[f32; L]; 4]) -> [[f32; L]; 4] {
        std::array::from_fn(|i| each(|l| x[l % 4][l - l % 4 + i]))
    }
    fn blocks(self, x: [[f32; L]; 4]) -> [[f32; L]; 4] {
        std::array::from_fn(|i| each(|l| x[l / 4][4 * i + l % 4]))
    }
    fn begin_transposing(self, x: [[f32; L]; L]) -> [[f32; L]; L] {
        x
    }
    fn finish_transposing(self, x: &[Pair<[f32; L]>; L]) -> [Pair<[f32; L]>; L] {
        std::array::from_fn(|i| Complex::new(each(|j| x[j].re[i]), each(|j| x[j].im[i])))
    }
    fn widen_cu8(self, x: &[Complex<u8>; L]) -> Pair<[f32; L]> {
        pair(x, |x| (f32::from(x) - 127.5) * 16_777_216.0)
    }
    fn widen_cs8(self, x: &[Complex<i8>; L]) -> Pair<[f32; L]> {
        pair(x, |x| f32::from(x) * 16_777_216.0)
    }
    fn widen_cs16(self, x: &[Complex<i16>; L]) -> Pair<[f32; L]> {
        pair(x, |x| f32::from(x) * 65_536.0)
    }
    fn widen_cf32(self, x: &[Complex<f32>; L]) -> Pair<[f32; L]> {
        pair(x, |x| x)
    }
    fn finite(self, x: [f32; L]) -> [f32; L] {
        each(|l| if x[l].is_finite() { x[l] } else { 0.0 })
    }
    fn prefetch<T>(self, _: &T) {}
}
