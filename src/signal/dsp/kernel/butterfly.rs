//! Short discrete Fourier transforms across vectors, X[k] = Σ x[n] e^(−2πi nk/R), outputs in natural order.
//!
//! Radix 2 splits in which the multiplications by √½ become part of the following addition. 4: 16 additions;
//! 8: 44 additions and 8 fused operations; 16 is 4 × 4 with constant twiddles between.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use num_complex::Complex;

use super::simd::{Pair, Simd};

#[inline(always)]
fn add<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>) -> Pair<S::V> {
    Complex::new(s.add(a.re, b.re), s.add(a.im, b.im))
}

#[inline(always)]
fn sub<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>) -> Pair<S::V> {
    Complex::new(s.sub(a.re, b.re), s.sub(a.im, b.im))
}

/// a · w.
#[inline(always)]
fn mul<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, w: Pair<S::V>) -> Pair<S::V> {
    Complex::new(
        s.mul_sub(a.re, w.re, s.mul(a.im, w.im)),
        s.mul_add(a.im, w.re, s.mul(a.re, w.im)),
    )
}

/// a · w with the same w in every lane.
#[inline(always)]
fn rotate<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, w: Complex<f32>) -> Pair<S::V> {
    mul(s, a, splat(s, w))
}

/// The same number in every lane.
#[inline(always)]
pub(super) fn splat<S: Simd<L>, const L: usize>(s: S, w: Complex<f32>) -> Pair<S::V> {
    Complex::new(s.splat(w.re), s.splat(w.im))
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

/// (a + b, a − b).
#[inline(always)]
fn both<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>) -> (Pair<S::V>, Pair<S::V>) {
    (add(s, a, b), sub(s, a, b))
}

/// (a + b w, a − b w) in six operations: the difference is 2 a less the sum.
#[inline(always)]
fn both_rotated<S: Simd<L>, const L: usize>(
    s: S,
    a: Pair<S::V>,
    b: Pair<S::V>,
    w: Pair<S::V>,
) -> (Pair<S::V>, Pair<S::V>) {
    let two = s.splat(2.0);
    let re = s.neg_mul_add(b.im, w.im, s.mul_add(b.re, w.re, a.re));
    let im = s.mul_add(b.im, w.re, s.mul_add(b.re, w.im, a.im));
    let gap = Complex::new(s.mul_sub(two, a.re, re), s.mul_sub(two, a.im, im));
    (Complex::new(re, im), gap)
}

/// (a + b w, a − b w) for a real w.
#[inline(always)]
fn both_scaled<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>, w: S::V) -> (Pair<S::V>, Pair<S::V>) {
    (
        Complex::new(s.mul_add(b.re, w, a.re), s.mul_add(b.im, w, a.im)),
        Complex::new(s.neg_mul_add(b.re, w, a.re), s.neg_mul_add(b.im, w, a.im)),
    )
}

/// Sums and differences of inputs R/2 apart, which every transform begins with; the upper halves are not used.
#[derive(Clone, Copy)]
struct Halves<V, const R: usize> {
    sum: [Pair<V>; R],
    gap: [Pair<V>; R],
}

#[inline(always)]
fn dft4<S: Simd<L>, const L: usize>(s: S, [a, b]: [Pair<S::V>; 2], [c, d]: [Pair<S::V>; 2]) -> [Pair<S::V>; 4] {
    [add(s, a, b), sub_i(s, c, d), sub(s, a, b), add_i(s, c, d)]
}

#[inline(always)]
fn dft8<S: Simd<L>, const L: usize>(s: S, x: Halves<S::V, 8>) -> [Pair<S::V>; 8] {
    let half = s.splat(FRAC_1_SQRT_2 as f32);
    let [s0, s1, s2, s3, ..] = x.sum;
    let [g0, g1, g2, g3, ..] = x.gap;
    let (low, high) = (both(s, s0, s2), both(s, s1, s3));
    let even = dft4(s, [low.0, high.0], [low.1, high.1]);
    // √½ of these are g1 · e^(−πi/4) and g3 · e^(−3πi/4), the imaginary part of the latter negated.
    let t1: Pair<S::V> = Complex::new(s.add(g1.re, g1.im), s.sub(g1.im, g1.re));
    let t3: Pair<S::V> = Complex::new(s.sub(g3.im, g3.re), s.add(g3.re, g3.im));
    let (c, d) = (sub_i(s, g0, g2), add_i(s, g0, g2));
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
fn dft16<S: Simd<L>, const L: usize>(s: S, x: Halves<S::V, 16>) -> [Pair<S::V>; 16] {
    let mut columns = [[x.sum[0]; 4]; 4];
    for (n, column) in columns.iter_mut().enumerate() {
        *column = dft4(s, [x.sum[n], x.sum[n + 4]], [x.gap[n], x.gap[n + 4]]);
    }
    let mut y = x.sum;
    for k in 0..4 {
        let mut row = [x.sum[0]; 4];
        for n in 0..4 {
            row[n] = twiddled(s, columns[n][k], n * k);
        }
        let (low, high) = (both(s, row[0], row[2]), both(s, row[1], row[3]));
        let row = dft4(s, [low.0, high.0], [low.1, high.1]);
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

/// Transform of `R` = 4, 8 or 16 vectors from their sums and differences.
#[inline(always)]
fn finish<S: Simd<L>, const L: usize, const R: usize>(s: S, x: Halves<S::V, R>) -> [Pair<S::V>; R] {
    assert!(matches!(R, 4 | 8 | 16), "no transform of {R} points");
    let mut y = x.sum;
    if let (4, Some(y)) = (R, y.first_chunk_mut()) {
        let (sum, gap) = (x.sum, x.gap);
        *y = dft4(s, [sum[0], sum[1 % R]], [gap[0], gap[1 % R]]);
    } else if let (8, Some(y), Some(sum), Some(gap)) =
        (R, y.first_chunk_mut(), x.sum.first_chunk(), x.gap.first_chunk())
    {
        *y = dft8(s, Halves { sum: *sum, gap: *gap });
    } else if let (16, Some(y), Some(sum), Some(gap)) =
        (R, y.first_chunk_mut(), x.sum.first_chunk(), x.gap.first_chunk())
    {
        *y = dft16(s, Halves { sum: *sum, gap: *gap });
    }
    y
}

/// Transform of x\[n\] w\[n\], w\[0\] being 1.
#[inline(always)]
pub(super) fn dft_rotated<S: Simd<L>, const L: usize, const R: usize>(
    s: S,
    x: [Pair<S::V>; R],
    w: [Pair<S::V>; R],
) -> [Pair<S::V>; R] {
    let mut halves = Halves { sum: x, gap: x };
    for n in 0..R / 2 {
        let a = if n == 0 { x[0] } else { mul(s, x[n], w[n]) };
        (halves.sum[n], halves.gap[n]) = both_rotated(s, a, x[n + R / 2], w[n + R / 2]);
    }
    finish(s, halves)
}

/// Transform of x\[n\] w\[n\] for real w.
#[inline(always)]
pub(super) fn dft_scaled<S: Simd<L>, const L: usize, const R: usize>(
    s: S,
    x: [Pair<S::V>; R],
    w: [S::V; R],
) -> [Pair<S::V>; R] {
    let mut halves = Halves { sum: x, gap: x };
    for n in 0..R.div_ceil(2) {
        let a = Complex::new(s.mul(x[n].re, w[n]), s.mul(x[n].im, w[n]));
        if R == 1 {
            return [a; R];
        }
        (halves.sum[n], halves.gap[n]) = both_scaled(s, a, x[n + R / 2], w[n + R / 2]);
    }
    finish(s, halves)
}

/// Where sixteen points come from and go to, four at a time. Not closures: these are compiled into what calls them for certain,
/// and so for its instructions.
pub(super) trait ByFours<V> {
    /// x\[n\], x\[n + 4\], x\[n + 8\] and x\[n + 12\], each with what it is multiplied by, which is 1 for x\[0\].
    fn column(&self, n: usize) -> [(Pair<V>, Pair<V>); 4];
    /// Takes X\[k\], X\[k + 4\], X\[k + 8\] and X\[k + 12\].
    fn row(&mut self, k: usize, y: [Pair<V>; 4]);
}

/// Transform of sixteen vectors as 4 × 4, so that little is alive beside the results of the first layer. 192 operations.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "k is a place in each of four columns")]
pub(super) fn dft16_by_fours<S: Simd<L>, const L: usize>(s: S, mut points: impl ByFours<S::V>) {
    let zero = s.splat(0.0);
    let mut x = [[Complex::new(zero, zero); 4]; 4];
    for (n, column) in x.iter_mut().enumerate() {
        let [(a, wa), (b, wb), (c, wc), (d, wd)] = points.column(n);
        let a = if n == 0 { a } else { mul(s, a, wa) };
        let even = both_rotated(s, a, c, wc);
        let odd = both_rotated(s, mul(s, b, wb), d, wd);
        *column = dft4(s, [even.0, odd.0], [even.1, odd.1]);
    }
    for k in 0..4 {
        points.row(k, dft16_row(s, k, [x[0][k], x[1][k], x[2][k], x[3][k]]));
    }
}

/// Row k of the second layer.
#[inline(always)]
fn dft16_row<S: Simd<L>, const L: usize>(s: S, k: usize, x: [Pair<S::V>; 4]) -> [Pair<S::V>; 4] {
    let half = s.splat(FRAC_1_SQRT_2 as f32);
    let (low, high) = match k {
        0 => (both(s, x[0], x[2]), both(s, x[1], x[3])),
        1 => (
            both_scaled(s, x[0], eighth(s, x[2]), half),
            both_rotated(s, rotate(s, x[1], ROOTS_16[1]), x[3], splat(s, ROOTS_16[3])),
        ),
        2 => {
            let low = (sub_i(s, x[0], x[2]), add_i(s, x[0], x[2]));
            let high = (eighth(s, sub_i(s, x[1], x[3])), eighth(s, add_i(s, x[1], x[3])));
            let even = both_scaled(s, low.0, high.0, half);
            let odd = both_turned(s, low.1, high.1, half);
            return [even.0, odd.0, even.1, odd.1];
        }
        _ => (
            both_turned(s, x[0], eighth(s, x[2]), half),
            both_rotated(s, rotate(s, x[1], ROOTS_16[3]), x[3], splat(s, ROOTS_16[9])),
        ),
    };
    dft4(s, [low.0, high.0], [low.1, high.1])
}

/// a · √2 e^(−2πi/8).
#[inline(always)]
fn eighth<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>) -> Pair<S::V> {
    Complex::new(s.add(a.re, a.im), s.sub(a.im, a.re))
}

/// (a − i b w, a + i b w) for a real w.
#[inline(always)]
fn both_turned<S: Simd<L>, const L: usize>(s: S, a: Pair<S::V>, b: Pair<S::V>, w: S::V) -> (Pair<S::V>, Pair<S::V>) {
    (
        Complex::new(s.mul_add(b.im, w, a.re), s.neg_mul_add(b.re, w, a.im)),
        Complex::new(s.neg_mul_add(b.im, w, a.re), s.mul_add(b.re, w, a.im)),
    )
}
