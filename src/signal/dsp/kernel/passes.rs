//! The two passes over frames: samples to columns, columns to the statistics. `fused` has the algorithm.

use num_complex::Complex;

use super::{
    butterfly::{dft_rotated, dft_scaled, splat},
    fused::{PAD, Shape, Tables, WIDE},
    running::Running,
    simd::{Pair, Sample, Simd, Work},
};

/// The value of m whose bins lie in a lane.
pub(super) const fn turned<const L: usize>(lane: usize) -> usize {
    if L == WIDE { lane / 4 + 4 * (lane % 4) } else { lane }
}

/// Bytes of a cache line.
const LINE: usize = 64;

/// First pass over one frame: `x` to `work`; what is no number counts as 0. `ahead` will be read next: about as many
/// samples as `x` has that the frame before had not.
pub(super) fn columns<S: Simd<L>, T: Sample, const L: usize>(
    simd: S,
    shape: Shape,
    tables: &Tables<S, L>,
    x: &[[Complex<T>; L]],
    ahead: &[[Complex<T>; L]],
    work: &mut [Pair<S::V>],
) {
    let mut finite = true;
    simd.run(Columns::<_, _, L, false> {
        simd,
        shape,
        tables,
        x,
        ahead,
        work,
        finite: &mut finite,
    });
    if !finite {
        simd.run(Columns::<_, _, L, true> {
            simd,
            shape,
            tables,
            x,
            ahead: &[],
            work,
            finite: &mut finite,
        });
    }
}

/// One reading of a frame. With `CHECKED`, what is no number counts as 0.
struct Columns<'a, S: Simd<L>, T, const L: usize, const CHECKED: bool> {
    simd: S,
    shape: Shape,
    tables: &'a Tables<S, L>,
    x: &'a [[Complex<T>; L]],
    ahead: &'a [[Complex<T>; L]],
    work: &'a mut [Pair<S::V>],
    /// Set to false when the frame has to be read once more, `CHECKED`.
    finite: &'a mut bool,
}

impl<S: Simd<L>, T: Sample, const L: usize, const CHECKED: bool> Work for Columns<'_, S, T, L, CHECKED> {
    #[inline(always)]
    fn run(self) {
        // Constants let the compiler drop bounds checks and address arithmetic. Splits of the other width fall away.
        match (L, self.shape.columns, self.shape.row()) {
            (8, 1, 8) => self.points::<1, 8>(),
            (8, 4, 8) => self.points::<4, 8>(),
            (8, 8, 8) => self.points::<8, 8>(),
            (8, 4, 32) => self.points::<4, 32>(),
            (8, 8, 32) => self.points::<8, 32>(),
            (8, 4, 128) => self.points::<4, 128>(),
            (8, 8, 128) => self.points::<8, 128>(),
            (8, 8, 256) => self.points::<8, 256>(),
            (16, 4, 16) => self.points::<4, 16>(),
            (16, 8, 32) => self.points::<8, 32>(),
            (16, 8, 16) => self.points::<8, 16>(),
            (16, 8, 64) => self.points::<8, 64>(),
            (16, 8, 128) => self.points::<8, 128>(),
            (4, 4, 4) => self.points::<4, 4>(),
            (4, 4, 16) => self.points::<4, 16>(),
            (4, 8, 16) => self.points::<8, 16>(),
            (4, 4, 64) => self.points::<4, 64>(),
            (4, 8, 64) => self.points::<8, 64>(),
            (4, 8, 128) => self.points::<8, 128>(),
            (4, 8, 256) => self.points::<8, 256>(),
            _ => unreachable!("no kernel for {:?}", self.shape),
        }
    }
}

impl<S: Simd<L>, T: Sample, const L: usize, const CHECKED: bool> Columns<'_, S, T, L, CHECKED> {
    /// A and the vectors of a row as constants.
    #[inline(always)]
    fn points<const A: usize, const C: usize>(self) {
        let s = self.simd;
        let x: &[[[Complex<T>; L]; C]; A] = first(self.x.as_chunks::<C>().0);
        let window: &[[S::V; C]; A] = first(self.tables.window.as_chunks::<C>().0);
        let (work, _) = self.work.split_at_mut(A * (C + PAD));
        let per_line = (LINE / size_of::<[Complex<T>; L]>()).max(1);
        let lines = A.div_ceil(per_line);
        let zero = s.splat(0.0);
        let mut sum = Complex::new(zero, zero);
        for j in 0..C {
            for line in 0..lines {
                if let Some(line) = self.ahead.get((j * lines + line) * per_line) {
                    s.prefetch(line);
                }
            }
            let mut column = ([Complex::new(zero, zero); A], [zero; A]);
            for i in 0..A {
                column.0[i] = if CHECKED {
                    T::widen_checked(s, &x[i][j])
                } else {
                    T::widen(s, &x[i][j])
                };
                column.1[i] = window[i][j];
            }
            let y = dft_scaled(s, column.0, column.1);
            if T::MAY_BE_NO_NUMBER && !CHECKED {
                // The sum of all samples, infinite or no number if one of them is.
                sum = Complex::new(s.add(sum.re, y[0].re), s.add(sum.im, y[0].im));
            }
            for a in 0..A {
                work[a * (C + PAD) + j] = y[a];
            }
        }
        *self.finite = s.array(s.add(sum.re, sum.im)).iter().all(|x| x.is_finite());
    }
}

/// The first `N` of what is at least as long.
#[inline(always)]
pub(super) fn first<T, const N: usize>(x: &[T]) -> &[T; N] {
    x.first_chunk().expect("tables and buffers of the split's length")
}

/// The same, to be written.
#[inline(always)]
fn first_mut<T, const N: usize>(x: &mut [T]) -> &mut [T; N] {
    x.first_chunk_mut().expect("buffers of the split's length")
}

/// Second pass over all rows of some frames: `work` to the statistics.
pub(super) struct Rows<'a, S: Simd<L>, const L: usize> {
    pub(super) simd: S,
    pub(super) shape: Shape,
    pub(super) tables: &'a Tables<S, L>,
    pub(super) work: &'a [Pair<S::V>],
    pub(super) frames: usize,
    pub(super) between: &'a mut [Pair<S::V>],
    pub(super) powers: &'a mut [S::V],
    pub(super) running: &'a mut Running<S, L>,
}

impl<S: Simd<L>, const L: usize> Work for Rows<'_, S, L> {
    #[inline(always)]
    fn run(self) {
        match self.shape.rows {
            [1, 1] => self.points::<1, 1, 1>(),
            [4, 1] => self.points::<4, 1, 4>(),
            [4, 4] => self.points::<4, 4, 16>(),
            [8, 4] => self.points::<8, 4, 32>(),
            [8, 8] => self.points::<8, 8, 64>(),
            _ => unreachable!("no kernel for {:?}", self.shape),
        }
    }
}

impl<S: Simd<L>, const L: usize> Rows<'_, S, L> {
    /// B, D and B D as constants.
    #[inline(always)]
    fn points<const B: usize, const D: usize, const BD: usize>(self) {
        let (s, length, pitch) = (self.simd, BD * L, self.shape.pitch());
        for a in 0..self.shape.columns {
            let at = a * length..(a + 1) * length;
            let twiddles = Twiddles::<S, L, B, D, BD>::of_row(self.tables, a);
            for f in 0..self.frames {
                let block = &self.work[(f * self.shape.columns + a) * pitch..][..length];
                let powers = &mut self.powers[f * length..][..length];
                twiddles.row(s, block, self.between, powers);
            }
            self.running.count(s, &self.powers[..self.frames * length], at);
        }
    }
}

/// Constants of one row, q = a + A (b + B d) with one a.
pub(super) struct Twiddles<'a, S: Simd<L>, const L: usize, const B: usize, const D: usize, const BD: usize> {
    first: &'a [Complex<f32>; B],
    second: &'a [[Complex<f32>; D]; B],
    third: &'a [[Complex<f32>; L]; BD],
    last: &'a [[Pair<S::V>; L]; BD],
}

impl<'a, S: Simd<L>, const L: usize, const B: usize, const D: usize, const BD: usize> Twiddles<'a, S, L, B, D, BD> {
    /// Those of row a.
    #[inline(always)]
    pub(super) fn of_row(tables: &'a Tables<S, L>, a: usize) -> Self {
        Self {
            first: first(&tables.first[a * B..]),
            second: first(tables.second[a * BD..].as_chunks().0),
            third: first(tables.third[a * BD * L..].as_chunks().0),
            last: first(tables.last[a * BD * L..].as_chunks().0),
        }
    }

    /// One row of one frame: `block` to the powers of its bins.
    #[inline(always)]
    pub(super) fn row(&self, s: S, block: &[Pair<S::V>], between: &mut [Pair<S::V>], powers: &mut [S::V]) {
        let block: &[[Pair<S::V>; L]; BD] = first(block.as_chunks().0);
        let between: &mut [[Pair<S::V>; L]; BD] = first_mut(between.as_chunks_mut().0);
        let powers: &mut [[S::V; L]; BD] = first_mut(powers.as_chunks_mut().0);
        if B > 1 {
            self.columns(s, block, between);
        }
        if D > 1 {
            self.columns_again(s, between);
        }
        for q in 0..BD {
            let x = if B > 1 { &between[q] } else { &block[q] };
            let y = dft_rotated(s, *x, splats(s, &self.third[q]));
            let (mut re, mut im) = ([y[0].re; L], [y[0].im; L]);
            for m in 0..L {
                (re[m], im[m]) = (y[m].re, y[m].im);
            }
            let (re, im) = (s.begin_transposing(re), s.begin_transposing(im));
            for m in 0..L {
                between[q][m] = Complex::new(re[m], im[m]);
            }
        }
        for q in 0..BD {
            let y = dft_rotated(s, s.finish_transposing(&between[q]), self.last[q]);
            for p in 0..L {
                powers[q][p] = s.mul_add(y[p].re, y[p].re, s.mul(y[p].im, y[p].im));
            }
        }
    }

    /// B points from `block` to `between`.
    #[inline(always)]
    fn columns(&self, s: S, block: &[[Pair<S::V>; L]; BD], between: &mut [[Pair<S::V>; L]; BD]) {
        let w = splats(s, self.first);
        for h in 0..D {
            for j in 0..L {
                let mut y = [block[h][j]; B];
                for g in 1..B {
                    y[g] = block[g * D + h][j];
                }
                let y = dft_rotated(s, y, w);
                for b in 0..B {
                    between[b * D + h][j] = y[b];
                }
            }
        }
    }

    /// D points in `between`.
    #[inline(always)]
    #[expect(
        clippy::needless_range_loop,
        reason = "j is one column of D rows; an iterator would show one row"
    )]
    fn columns_again(&self, s: S, between: &mut [[Pair<S::V>; L]; BD]) {
        for b in 0..B {
            let w = splats(s, &self.second[b]);
            for j in 0..L {
                let mut y = [between[b * D][j]; D];
                for h in 1..D {
                    y[h] = between[b * D + h][j];
                }
                let y = dft_rotated(s, y, w);
                for d in 0..D {
                    between[b * D + d][j] = y[d];
                }
            }
        }
    }
}

/// Each number in every lane.
#[inline(always)]
pub(super) fn splats<S: Simd<L>, const L: usize, const R: usize>(s: S, w: &[Complex<f32>; R]) -> [Pair<S::V>; R] {
    let mut out = [splat(s, w[0]); R];
    for i in 1..R {
        out[i] = splat(s, w[i]);
    }
    out
}
