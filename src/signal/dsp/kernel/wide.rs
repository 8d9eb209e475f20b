//! Second pass of kernels of sixteen lanes: columns to powers, without keeping more numbers alive than there are registers.
//!
//! Of a frame of N = R · 16 samples the first pass has left A blocks. With R = A · B · E, S = R / 16 and w(n) = e^(−2πi/n):
//!
//! ```text
//! columns   q = 0..A       y[q] = Σᵢ w(A)^(i q) · window · x               (A points)
//! rows      q += A b       y[q] = Σ_g w(A B)^(g q) · y                     (B points)
//!           q += A B e     y[q] = Σⱼ w(R)^(j q) · y                        (E points, 8 or 16)
//!           q  = s + S m   k = q + R p
//!                          X[k] = Σₗ w(N)^(l q) · w(16)^(l p) · y[q][l]    (16 points after a transposition)
//! ```
//!
//! The sixteen m of one s are the vectors of a transposition. Its first half turns four vectors at a time, as soon as the E
//! points have made them; its second half gives four inputs at a time to the last step, each layer of which has four
//! points. Lane 4 g + i therefore holds m = g + 4 i.

use std::hint::black_box;

use num_complex::Complex;

use super::{
    butterfly::{ByFours, dft_rotated, dft16_by_fours, splat},
    fused::Tables,
    passes::{Rows, first, splats},
    simd::{Pair, Simd, Work},
};

/// Second pass over all rows of some frames.
pub(super) struct WideRows<'a, S: Simd<L>, const L: usize>(pub(super) Rows<'a, S, L>);

impl<S: Simd<L>, const L: usize> Work for WideRows<'_, S, L> {
    #[inline(always)]
    fn run(self) {
        let shape = self.0.shape;
        match (shape.columns, [shape.rows[0], shape.last]) {
            (8, [1, 16]) => self.points::<8, 1, 16>(),
            (4, [1, 16]) => self.points::<4, 1, 16>(),
            (8, [4, 8]) => self.points::<8, 4, 8>(),
            (8, [8, 8]) => self.points::<8, 8, 8>(),
            (8, [8, 16]) => self.points::<8, 8, 16>(),
            _ => unreachable!("no kernel for {shape:?}"),
        }
    }
}

impl<S: Simd<L>, const L: usize> WideRows<'_, S, L> {
    /// A, B and E as constants.
    #[inline(always)]
    fn points<const A: usize, const B: usize, const E: usize>(self) {
        let Self(rows) = self;
        let (s, pitch) = (rows.simd, rows.shape.pitch());
        let length = Turn::<S, L, A, B, E>::SETS * L;
        let mut turned = aligned(s);
        let turned = black_box(&mut turned);
        for a in 0..Turn::<S, L, A, B, E>::TURNS {
            let turn = Turn::<S, L, A, B, E>::new(rows.tables, a);
            for f in 0..rows.frames {
                let blocks = &rows.work[f * A * pitch..][..A * pitch];
                let powers = &mut rows.powers[f * length..][..length];
                turn.powers(s, blocks, pitch, rows.between, turned, powers);
            }
            let at = a * length..(a + 1) * length;
            rows.running.count(s, &rows.powers[..rows.frames * length], at);
        }
    }
}

/// Room for a transposition, to be passed through [`black_box`]: a place in memory of the alignment of vectors. Without one
/// the compiler keeps what finds no register in unaligned places, which across lines of the cache take twice as long.
#[inline(always)]
pub(super) fn aligned<S: Simd<L>, const L: usize>(s: S) -> [Pair<S::V>; L] {
    [Complex::new(s.splat(0.0), s.splat(0.0)); L]
}

/// What is made of block `a`, or of it and the one A / 2 further on.
pub(super) struct Turn<'a, S: Simd<L>, const L: usize, const A: usize, const B: usize, const E: usize> {
    a: usize,
    tables: &'a Tables<S, L>,
}

impl<'a, S: Simd<L>, const L: usize, const A: usize, const B: usize, const E: usize> Turn<'a, S, L, A, B, E> {
    /// Turns of a frame.
    pub(super) const TURNS: usize = if B * E < L { A * B * E / L } else { A };
    /// Values of s in a turn.
    pub(super) const SETS: usize = A * B * E / L / Self::TURNS;

    pub(super) const fn new(tables: &'a Tables<S, L>, a: usize) -> Self {
        Self { a, tables }
    }

    /// One turn of one frame: its `blocks`, which are `pitch` apart, to the powers of its bins.
    #[inline(always)]
    pub(super) fn powers(
        &self,
        s: S,
        blocks: &[Pair<S::V>],
        pitch: usize,
        between: &mut [Pair<S::V>],
        turned: &mut [Pair<S::V>; L],
        powers: &mut [S::V],
    ) {
        let powers: &mut [[S::V; L]] = powers.as_chunks_mut().0;
        if B > 1 {
            self.columns(s, &blocks[self.a * pitch..][..B * E], between);
        }
        for set in 0..Self::SETS {
            for h in 0..L / E {
                let (a, b) = if B > 1 {
                    (self.a, set + h * B / 2)
                } else {
                    (self.a + h * A / 2, set)
                };
                let x: &[Pair<S::V>; E] = first(if B > 1 {
                    &between[b * E..]
                } else {
                    &blocks[a * pitch + b * E..]
                });
                let w: &[Complex<f32>; E] = first(&self.tables.third[(a * B + b) * E..]);
                quarters(s, x, w, h, turned);
            }
            let order = self.a * Self::SETS + set;
            let w = first(&self.tables.last[order * L..]);
            let powers = &mut powers[set];
            dft16_by_fours(s, Last { s, turned, w, powers });
        }
    }

    /// B points from a block to `between`.
    #[inline(always)]
    fn columns(&self, s: S, block: &[Pair<S::V>], between: &mut [Pair<S::V>]) {
        let w = splats(s, first::<_, B>(&self.tables.first[self.a * B..]));
        let (block, between) = (&block[..B * E], &mut between[..B * E]);
        for j in 0..E {
            let mut x = [block[j]; B];
            for g in 1..B {
                x[g] = block[g * E + j];
            }
            let y = dft_rotated(s, x, w);
            for b in 0..B {
                between[b * E + j] = y[b];
            }
        }
    }
}

/// E points, and their part of the transposition: of 16 points all groups of four, of 8 those of parity `h`.
#[inline(always)]
fn quarters<S: Simd<L>, const L: usize, const E: usize>(
    s: S,
    x: &[Pair<S::V>; E],
    w: &[Complex<f32>; E],
    h: usize,
    turned: &mut [Pair<S::V>; L],
) {
    if E == 8 {
        let y = dft_rotated(s, *x, splats(s, w));
        turn(s, h, [y[0], y[2 % E], y[4 % E], y[6 % E]], turned);
        turn(s, h + 2, [y[1], y[3 % E], y[5 % E], y[7 % E]], turned);
    } else {
        dft16_by_fours(s, Sixteen { s, x, w, turned });
    }
}

/// The first half of the transposition of group `g`.
#[inline(always)]
fn turn<S: Simd<L>, const L: usize>(s: S, g: usize, y: [Pair<S::V>; 4], turned: &mut [Pair<S::V>; L]) {
    let re = s.quarters([y[0].re, y[1].re, y[2].re, y[3].re]);
    let im = s.quarters([y[0].im, y[1].im, y[2].im, y[3].im]);
    for e in 0..4 {
        turned[4 * g + e] = Complex::new(re[e], im[e]);
    }
}

/// Sixteen points of the step before the transposition.
struct Sixteen<'a, S: Simd<L>, const L: usize, const E: usize> {
    s: S,
    x: &'a [Pair<S::V>; E],
    w: &'a [Complex<f32>; E],
    turned: &'a mut [Pair<S::V>; L],
}

impl<S: Simd<L>, const L: usize, const E: usize> ByFours<S::V> for Sixteen<'_, S, L, E> {
    #[inline(always)]
    fn column(&self, n: usize) -> [(Pair<S::V>, Pair<S::V>); 4] {
        let mut out = [(self.x[n], splat(self.s, self.w[n])); 4];
        for (i, out) in out.iter_mut().enumerate().skip(1) {
            let at = (n + 4 * i) % E;
            *out = (self.x[at], splat(self.s, self.w[at]));
        }
        out
    }

    #[inline(always)]
    fn row(&mut self, k: usize, y: [Pair<S::V>; 4]) {
        turn(self.s, k, y, self.turned);
    }
}

/// The last step, which begins with the second half of the transposition.
struct Last<'a, S: Simd<L>, const L: usize> {
    s: S,
    turned: &'a [Pair<S::V>; L],
    w: &'a [Pair<S::V>; L],
    powers: &'a mut [S::V; L],
}

impl<S: Simd<L>, const L: usize> ByFours<S::V> for Last<'_, S, L> {
    #[inline(always)]
    fn column(&self, n: usize) -> [(Pair<S::V>, Pair<S::V>); 4] {
        let x = self.turned;
        let re = self.s.blocks([x[n].re, x[4 + n].re, x[8 + n].re, x[12 + n].re]);
        let im = self.s.blocks([x[n].im, x[4 + n].im, x[8 + n].im, x[12 + n].im]);
        let mut out = [(Complex::new(re[0], im[0]), self.w[n]); 4];
        for (i, out) in out.iter_mut().enumerate().skip(1) {
            *out = (Complex::new(re[i], im[i]), self.w[n + 4 * i]);
        }
        out
    }

    #[inline(always)]
    fn row(&mut self, k: usize, y: [Pair<S::V>; 4]) {
        for (m, y) in y.into_iter().enumerate() {
            self.powers[k + 4 * m] = self.s.mul_add(y.re, y.re, self.s.mul(y.im, y.im));
        }
    }
}
