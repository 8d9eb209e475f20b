//! Short discrete Fourier transforms across vectors, X[k] = Σ x[n] e^(−2πi nk/R), outputs in natural order.
//!
//! Radix 2 splits in which the multiplications by √½ become part of the following addition. 4: 16 additions;
//! 8: 44 additions and 8 fused operations; 16 is 4 × 4 with constant twiddles between.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use num_complex::Complex;

use super::simd::{Pair, Simd};

#[inline(always)]
pub(super) fn add<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>) -> Pair<S::V> {
    Complex::new(s.add(a.re, b.re), s.add(a.im, b.im))
}

#[inline(always)]
pub(super) fn sub<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>) -> Pair<S::V> {
    Complex::new(s.sub(a.re, b.re), s.sub(a.im, b.im))
}

/// a · w.
#[inline(always)]
pub(super) fn mul<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, w: Pair<S::V>) -> Pair<S::V> {
    Complex::new(
        s.mul_sub(a.re, w.re, s.mul(a.im, w.im)),
        s.mul_add(a.im, w.re, s.mul(a.re, w.im)),
    )
}

/// a · w with the same w in every lane.
#[inline(always)]
pub(super) fn rotate<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, w: Complex<f32>) -> Pair<S::V> {
    mul(s, a, Complex::new(s.splat(w.re), s.splat(w.im)))
}

/// a − i b.
#[inline(always)]
fn sub_i<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>) -> Pair<S::V> {
    Complex::new(s.add(a.re, b.im), s.sub(a.im, b.re))
}

/// a + i b.
#[inline(always)]
fn add_i<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>) -> Pair<S::V> {
    Complex::new(s.sub(a.re, b.im), s.add(a.im, b.re))
}

/// e^(−2πi k/n).
pub(super) fn root(n: usize, k: usize) -> Complex<f32> {
    let w = Complex::from_polar(1.0, -2.0 * PI * (k % n) as f64 / n as f64);
    Complex::new(w.re as f32, w.im as f32)
}

#[inline(always)]
fn dft4<S: Simd<L>, const L: usize>(s: S, x: [Pair<S::V>; 4]) -> [Pair<S::V>; 4] {
    let (a, b) = (add(s, x[0], x[2]), sub(s, x[0], x[2]));
    let (c, d) = (add(s, x[1], x[3]), sub(s, x[1], x[3]));
    [add(s, a, c), sub_i(s, b, d), sub(s, a, c), add_i(s, b, d)]
}

#[inline(always)]
fn dft8<S: Simd<L>, const L: usize>(s: S, x: [Pair<S::V>; 8]) -> [Pair<S::V>; 8] {
    let half = s.splat(FRAC_1_SQRT_2 as f32);
    let [x0, x1, x2, x3, x4, x5, x6, x7] = x;
    let sum = [add(s, x0, x4), add(s, x1, x5), add(s, x2, x6), add(s, x3, x7)];
    let gap = [sub(s, x0, x4), sub(s, x1, x5), sub(s, x2, x6), sub(s, x3, x7)];
    let even = dft4(s, sum);
    // √½ of these are gap[1] · e^(−πi/4) and gap[3] · e^(−3πi/4).
    let t1: Pair<S::V> = Complex::new(s.add(gap[1].re, gap[1].im), s.sub(gap[1].im, gap[1].re));
    let t3: Pair<S::V> = Complex::new(s.sub(gap[3].im, gap[3].re), s.add(gap[3].re, gap[3].im));
    let (c, d) = (sub_i(s, gap[0], gap[2]), add_i(s, gap[0], gap[2]));
    // t3.im is negated: the additions below take that into account.
    let p = Complex::new(s.add(t1.re, t3.re), s.sub(t1.im, t3.im));
    let m = Complex::new(s.sub(t1.re, t3.re), s.add(t1.im, t3.im));
    [
        even[0],
        Complex::new(s.mul_add(half, p.re, c.re), s.mul_add(half, p.im, c.im)),
        even[1],
        Complex::new(s.mul_add(half, m.im, d.re), s.neg_mul_add(half, m.re, d.im)),
        even[2],
        Complex::new(s.neg_mul_add(half, p.re, c.re), s.neg_mul_add(half, p.im, c.im)),
        even[3],
        Complex::new(s.neg_mul_add(half, m.im, d.re), s.mul_add(half, m.re, d.im)),
    ]
}

/// e^(−2πi k/16) for k up to 9, the greatest product of a row and a column of 4 × 4.
const ROOTS_16: [Complex<f32>; 10] = {
    const COS: f32 = 0.923_879_5;
    const SIN: f32 = 0.382_683_43;
    const HALF: f32 = FRAC_1_SQRT_2 as f32;
    [
        Complex::new(1.0, 0.0),
        Complex::new(COS, -SIN),
        Complex::new(HALF, -HALF),
        Complex::new(SIN, -COS),
        Complex::new(0.0, -1.0),
        Complex::new(-SIN, -COS),
        Complex::new(-HALF, -HALF),
        Complex::new(-COS, -SIN),
        Complex::new(-1.0, 0.0),
        Complex::new(-COS, SIN),
    ]
};

#[inline(always)]
fn dft16<S: Simd<L>, const L: usize>(s: S, x: [Pair<S::V>; 16]) -> [Pair<S::V>; 16] {
    let mut columns = [[x[0]; 4]; 4];
    for n in 0..4 {
        columns[n] = dft4(s, [x[n], x[n + 4], x[n + 8], x[n + 12]]);
    }
    let mut y = x;
    for k in 0..4 {
        let mut row = [x[0]; 4];
        for n in 0..4 {
            row[n] = twiddled(s, columns[n][k], n * k);
        }
        let row = dft4(s, row);
        for m in 0..4 {
            y[k + 4 * m] = row[m];
        }
    }
    y
}

/// a · e^(−2πi k/16).
#[inline(always)]
fn twiddled<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, k: usize) -> Pair<S::V> {
    match k {
        0 => a,
        4 => Complex::new(a.im, s.sub(s.splat(0.0), a.re)),
        _ => rotate(s, a, ROOTS_16[k]),
    }
}

/// Transform of `R` = 1, 4, 8 or 16 vectors.
#[inline(always)]
pub(super) fn dft<S: Simd<L>, const L: usize, const R: usize>(s: S, x: [Pair<S::V>; R]) -> [Pair<S::V>; R] {
    const { assert!(matches!(R, 1 | 4 | 8 | 16)) };
    let mut y = x;
    if let (4, Some(y)) = (R, y.first_chunk_mut()) {
        *y = dft4(s, *y);
    } else if let (8, Some(y)) = (R, y.first_chunk_mut()) {
        *y = dft8(s, *y);
    } else if let (16, Some(y)) = (R, y.first_chunk_mut()) {
        *y = dft16(s, *y);
    }
    y
}
