//! Spectra without a detour through memory: conversion, window, transform, power and statistics in two passes over a
//! frame that stays in the cache.
//!
//! A frame of N samples is read as R = N / L vectors of L neighbouring samples, x\[L r + l\], and R = A · C. With
//! r = C i + j and k = a + A c + R p, w(n) = e^(−2πi/n):
//!
//! ```text
//! columns, j = 0..C:  y[a][j]  = w(R)^(j a) · Σᵢ w(A)^(i a) · window · x[C i + j]              (A points, no shuffle)
//! rows,    a = 0..A:  z[c][l]  = w(N)^(l (a + A c)) · Σⱼ w(C)^(j c) · y[a][j][l]               (C points, no shuffle)
//!                     X[k]     = Σₗ w(L)^(l p) · z[c][l]                              (L points after a transposition)
//! ```
//!
//! 1. The L points of the last step come from L values of c, so their vectors hold L different bins of one p each.
//! 2. A row of C vectors is C = B · L: B points first, into a buffer of C vectors, then L points in registers.
//! 3. Powers of a few frames are kept per row, then counted into the statistics together: one load and store of sum,
//!    maximum and minimum for several frames. Each bin is summed in the order of the frames, so that the result does
//!    not depend on how many frames come at a time.
//! 4. Bins lie in the statistics as they come out. They are put in order when the statistics are taken.

use std::ops::Range;

use num_complex::Complex;

use super::{
    Engine,
    butterfly::{dft, dft_rotated, dft_scaled, root, rotate},
    simd::{Pair, Sample, Simd, Work},
    statistics::Layout,
};
use crate::dsp::iq::IqSlice;

/// Split of a frame's R vectors: `columns` (A) points in the first pass, `rows` (B) · L in the second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// A: 1, 4, 8 or 16.
    pub(super) columns: usize,
    /// B: 1, 4, 8 or 16.
    pub(super) rows: usize,
    /// Frames that go through the passes together.
    pub(super) frames: usize,
}

/// The fused kernel for one size, window and format.
pub(super) struct Fused<S: Simd<L>, const L: usize> {
    simd: S,
    shape: Shape,
    tables: Tables<S, L>,
    /// A blocks of C vectors for each frame; blocks begin on different sets of the cache.
    work: Vec<Pair<S::V>>,
    /// One row between its two steps.
    between: Vec<Pair<S::V>>,
    /// C vectors of powers for each frame, of one row.
    powers: Vec<S::V>,
    running: Running<S::V>,
    layout: Layout,
}

/// Constants, in the order in which they are needed.
pub(super) struct Tables<S: Simd<L>, const L: usize> {
    /// Window with the scale of format and spectrum, R vectors.
    window: Vec<S::V>,
    /// w(R)^(j a) at \[j\]\[a\].
    columns: Vec<Complex<f32>>,
    /// w(C)^(j b) at \[j\]\[b\], j below L.
    pub(super) rows: Vec<Complex<f32>>,
    /// w(N)^(l (a + A c)) at \[a\]\[b\]\[l\], c = b + B m in lane m.
    pub(super) lanes: Vec<Pair<S::V>>,
}

/// Sum, maximum and minimum of each bin.
struct Running<V> {
    sum: Vec<V>,
    max: Vec<V>,
    min: Vec<V>,
}

/// Bytes of a cache line, and how far ahead of a frame samples are asked for.
const LINE: usize = 64;
const AHEAD: usize = 8192;

/// Vectors counted together: their sums, maxima and minima fit the registers.
const GROUP: usize = 4;

/// Vectors between blocks, so that the columns of one pass do not all fall on one set of the cache.
const PAD: usize = 1;

impl Shape {
    /// C: vectors in a row.
    pub(super) const fn row(self, lanes: usize) -> usize {
        self.rows * lanes
    }

    /// Vectors from block to block.
    pub(super) const fn pitch(self, lanes: usize) -> usize {
        self.row(lanes) + PAD
    }
}

impl<S: Simd<L>, const L: usize> Tables<S, L> {
    pub(super) fn new<T: Sample>(s: S, shape: Shape, taps: &[f64]) -> Self {
        let (a_count, b_count, c_count) = (shape.columns, shape.rows, shape.row(L));
        let (size, rows) = (taps.len(), taps.len() / L);
        let scaled = taps.iter().map(|w| (w * T::TO_FULL_SCALE) as f32).collect::<Vec<_>>();
        let grid = |outer: usize, inner: usize| (0..outer).flat_map(move |x| (0..inner).map(move |y| (x, y)));
        let lane = |a: usize, b: usize, l: usize| {
            let w: [_; L] = std::array::from_fn(|m| root(size, l * (a + a_count * (b + b_count * m))));
            Complex::new(s.vector(w.map(|w| w.re)), s.vector(w.map(|w| w.im)))
        };
        Self {
            window: scaled.as_chunks().0.iter().map(|w| s.vector(*w)).collect(),
            columns: grid(c_count, a_count).map(|(j, a)| root(rows, j * a)).collect(),
            rows: grid(L, b_count).map(|(j, b)| root(c_count, j * b)).collect(),
            lanes: grid(a_count, b_count)
                .flat_map(|(a, b)| (0..L).map(move |l| lane(a, b, l)))
                .collect(),
        }
    }
}

impl<S: Simd<L>, const L: usize> Fused<S, L> {
    /// A kernel for frames of `taps.len()` samples of type `T`; `taps` carry the scale of the spectrum.
    pub(super) fn new<T: Sample>(simd: S, shape: Shape, taps: &[f64]) -> Self {
        let size = taps.len();
        assert!(
            size == L * shape.columns * shape.row(L),
            "{shape:?} is no split of {size}"
        );
        let zero = simd.splat(0.0);
        let order = (0..size).map(|slot| {
            let (vector, lane) = (slot / L, slot % L);
            let (a, b, p) = (vector / shape.row(L), vector % shape.row(L) / L, vector % L);
            let c = b + shape.rows * lane;
            a + shape.columns * c + size / L * p
        });
        Self {
            simd,
            shape,
            tables: Tables::new::<T>(simd, shape, taps),
            work: vec![Complex::new(zero, zero); shape.frames * shape.columns * shape.pitch(L)],
            between: vec![Complex::new(zero, zero); shape.row(L)],
            powers: vec![zero; shape.frames * shape.row(L)],
            running: Running {
                sum: vec![zero; size / L],
                max: vec![zero; size / L],
                min: vec![simd.splat(f32::INFINITY); size / L],
            },
            layout: Layout::new(order),
        }
    }
}

/// First pass over one frame: `x` to `work`.
pub(super) struct Columns<'a, S: Simd<L>, T, const L: usize> {
    pub(super) simd: S,
    pub(super) shape: Shape,
    pub(super) tables: &'a Tables<S, L>,
    pub(super) x: &'a [[Complex<T>; L]],
    /// Samples that will be read next: about as many as `x` has that the frame before had not.
    pub(super) ahead: &'a [[Complex<T>; L]],
    pub(super) work: &'a mut [Pair<S::V>],
}

impl<S: Simd<L>, T: Sample, const L: usize> Work for Columns<'_, S, T, L> {
    #[inline(always)]
    fn run(self) {
        // Constants let the compiler drop bounds checks and address arithmetic. Splits of the other width fall away.
        match (L, self.shape.columns, self.shape.row(L)) {
            (8, 1, 8) => self.points::<1, 8>(),
            (8, 4, 8) => self.points::<4, 8>(),
            (8, 8, 8) => self.points::<8, 8>(),
            (8, 4, 32) => self.points::<4, 32>(),
            (8, 4, 64) => self.points::<4, 64>(),
            (8, 8, 64) => self.points::<8, 64>(),
            (8, 16, 64) => self.points::<16, 64>(),
            (8, 16, 128) => self.points::<16, 128>(),
            (8, 8, 128) => self.points::<8, 128>(),
            (16, 4, 16) => self.points::<4, 16>(),
            (16, 8, 16) => self.points::<8, 16>(),
            (16, 4, 64) => self.points::<4, 64>(),
            (16, 8, 64) => self.points::<8, 64>(),
            (16, 16, 64) => self.points::<16, 64>(),
            _ => unreachable!("no kernel for {:?}", self.shape),
        }
    }
}

impl<S: Simd<L>, T: Sample, const L: usize> Columns<'_, S, T, L> {
    /// A and C as constants.
    #[inline(always)]
    fn points<const A: usize, const C: usize>(self) {
        let s = self.simd;
        let twiddles = self.tables.columns.as_chunks::<A>().0;
        let twiddles: &[[Complex<f32>; A]; C] = first(twiddles);
        let x: &[[[Complex<T>; L]; C]; A] = first(self.x.as_chunks::<C>().0);
        let window: &[[S::V; C]; A] = first(self.tables.window.as_chunks::<C>().0);
        let (work, _) = self.work.split_at_mut(A * (C + PAD));
        let per_line = (LINE / size_of::<[Complex<T>; L]>()).max(1);
        let lines = A.div_ceil(per_line);
        for j in 0..C {
            for line in 0..lines {
                if let Some(line) = self.ahead.get((j * lines + line) * per_line) {
                    s.prefetch(line);
                }
            }
            let zero = s.splat(0.0);
            let mut column = ([Complex::new(zero, zero); A], [zero; A]);
            for i in 0..A {
                column.0[i] = T::widen(s, &x[i][j]);
                column.1[i] = window[i][j];
            }
            let y = dft_scaled(s, column.0, column.1);
            work[j] = y[0];
            for a in 1..A {
                work[a * (C + PAD) + j] = rotate(s, y[a], twiddles[j][a]);
            }
        }
    }
}

/// The first `N` of what is at least as long.
#[inline(always)]
pub(super) fn first<T, const N: usize>(x: &[T]) -> &[T; N] {
    x.first_chunk().expect("tables and buffers of the split's length")
}

/// Second pass over all rows of some frames: `work` to the statistics.
struct Rows<'a, S: Simd<L>, const L: usize> {
    simd: S,
    shape: Shape,
    tables: &'a Tables<S, L>,
    work: &'a [Pair<S::V>],
    frames: usize,
    between: &'a mut [Pair<S::V>],
    powers: &'a mut [S::V],
    running: &'a mut Running<S::V>,
}

impl<S: Simd<L>, const L: usize> Work for Rows<'_, S, L> {
    #[inline(always)]
    fn run(self) {
        match self.shape.rows {
            1 => self.points::<1>(),
            4 => self.points::<4>(),
            8 => self.points::<8>(),
            _ => self.points::<16>(),
        }
    }
}

impl<S: Simd<L>, const L: usize> Rows<'_, S, L> {
    #[inline(always)]
    fn points<const B: usize>(self) {
        let (s, length, pitch) = (self.simd, B * L, self.shape.pitch(L));
        for a in 0..self.shape.columns {
            let at = a * length..(a + 1) * length;
            let lanes = &self.tables.lanes[at.clone()];
            for f in 0..self.frames {
                let block = &self.work[(f * self.shape.columns + a) * pitch..][..length];
                let powers = &mut self.powers[f * length..][..length];
                row::<S, L, B>(s, &self.tables.rows, lanes, block, self.between, powers);
            }
            let powers = &self.powers[..self.frames * length];
            count(s, powers, self.running, at);
        }
    }
}

/// One row of one frame: `block` to the powers of its bins, C vectors each.
#[inline(always)]
pub(super) fn row<S: Simd<L>, const L: usize, const B: usize>(
    s: S,
    twiddles: &[Complex<f32>],
    lanes: &[Pair<S::V>],
    block: &[Pair<S::V>],
    between: &mut [Pair<S::V>],
    powers: &mut [S::V],
) {
    let (block, lanes) = (&block.as_chunks::<L>().0[..B], &lanes.as_chunks::<L>().0[..B]);
    let (twiddles, powers) = (
        &twiddles.as_chunks::<B>().0[..L],
        &mut powers.as_chunks_mut::<L>().0[..B],
    );
    let between = &mut between.as_chunks_mut::<L>().0[..B];
    if B > 1 {
        for j in 0..L {
            let mut y = [block[0][j]; B];
            for i in 1..B {
                y[i] = block[i][j];
            }
            let y = dft(s, y);
            between[0][j] = y[0];
            for b in 1..B {
                between[b][j] = rotate(s, y[b], twiddles[j][b]);
            }
        }
    }
    for b in 0..B {
        let y = dft(s, if B > 1 { between[b] } else { block[b] });
        let (mut re, mut im) = ([y[0].re; L], [y[0].im; L]);
        for m in 0..L {
            (re[m], im[m]) = (y[m].re, y[m].im);
        }
        let (re, im) = (s.transpose(re), s.transpose(im));
        let mut z = y;
        for l in 0..L {
            z[l] = Complex::new(re[l], im[l]);
        }
        let y = dft_rotated(s, z, lanes[b]);
        for p in 0..L {
            powers[b][p] = s.mul_add(y[p].re, y[p].re, s.mul(y[p].im, y[p].im));
        }
    }
}

/// Counts the powers of one row of some frames into the statistics.
#[inline(always)]
fn count<S: Simd<L>, const L: usize>(s: S, powers: &[S::V], running: &mut Running<S::V>, at: Range<usize>) {
    let row = at.len();
    let (sum, max, min) = (
        &mut running.sum[at.clone()],
        &mut running.max[at.clone()],
        &mut running.min[at],
    );
    let groups = sum.as_chunks_mut::<GROUP>().0.iter_mut();
    let groups = groups
        .zip(max.as_chunks_mut::<GROUP>().0)
        .zip(min.as_chunks_mut::<GROUP>().0);
    for (i, ((sum, max), min)) in groups.enumerate() {
        let (mut total, mut high, mut low) = (*sum, *max, *min);
        for frame in powers.chunks_exact(row) {
            let power: &[S::V; GROUP] = first(&frame[i * GROUP..]);
            for v in 0..GROUP {
                total[v] = s.add(total[v], power[v]);
                high[v] = s.max(high[v], power[v]);
                low[v] = s.min(low[v], power[v]);
            }
        }
        (*sum, *max, *min) = (total, high, low);
    }
}

/// Puts bins in order and begins anew.
struct Order<'a, S: Simd<L>, const L: usize> {
    simd: S,
    layout: &'a Layout,
    slots: &'a mut [S::V],
    fresh: f32,
    out: &'a mut [f32],
}

impl<S: Simd<L>, const L: usize> Work for Order<'_, S, L> {
    #[inline(always)]
    fn run(self) {
        let s = self.simd;
        for (slots, places) in self.slots.iter_mut().zip(self.layout.groups::<L>()) {
            let slot = s.array(*slots);
            for l in 0..L {
                self.out[places[l] as usize] = slot[l];
            }
            *slots = s.splat(self.fresh);
        }
    }
}

impl<S: Simd<L>, const L: usize> Fused<S, L> {
    /// Both passes over `frames` frames, `hop` apart from the beginning of `samples`.
    fn pass<T: Sample>(&mut self, samples: &[Complex<T>], hop: usize, frames: usize) {
        let (simd, shape, tables) = (self.simd, self.shape, &self.tables);
        let size = tables.window.len() * L;
        let block = shape.pitch(L) * shape.columns;
        for (f, work) in self.work.chunks_exact_mut(block).take(frames).enumerate() {
            let next = (f * hop + size + AHEAD / size_of::<Complex<T>>()).min(samples.len());
            simd.run(Columns {
                simd,
                shape,
                tables,
                x: samples[f * hop..][..size].as_chunks().0,
                ahead: samples[next..(next + hop).min(samples.len())].as_chunks().0,
                work,
            });
        }
        simd.run(Rows {
            simd,
            shape,
            tables,
            work: &self.work,
            frames,
            between: &mut self.between,
            powers: &mut self.powers,
            running: &mut self.running,
        });
    }

    /// As many passes as it takes.
    fn passes<T: Sample>(&mut self, samples: &[Complex<T>], hop: usize, frames: usize) {
        let mut done = 0;
        while done < frames {
            let now = (frames - done).min(self.shape.frames);
            self.pass(&samples[done * hop..], hop, now);
            done += now;
        }
    }
}

impl<S: Simd<L>, const L: usize> Engine for Fused<S, L> {
    fn add(&mut self, samples: IqSlice<'_>, hop: usize, frames: usize) {
        match samples {
            IqSlice::Cu8(x) => self.passes(x, hop, frames),
            IqSlice::Cs8(x) => self.passes(x, hop, frames),
            IqSlice::Cs16(x) => self.passes(x, hop, frames),
            IqSlice::Cf32(x) => self.passes(x, hop, frames),
        }
    }

    fn take(&mut self, sum: &mut [f32], max: &mut [f32], min: &mut [f32]) {
        let (simd, layout, running) = (self.simd, &self.layout, &mut self.running);
        simd.run(Order {
            simd,
            layout,
            slots: &mut running.sum,
            fresh: 0.0,
            out: sum,
        });
        simd.run(Order {
            simd,
            layout,
            slots: &mut running.max,
            fresh: 0.0,
            out: max,
        });
        simd.run(Order {
            simd,
            layout,
            slots: &mut running.min,
            fresh: f32::INFINITY,
            out: min,
        });
    }
}
