//! Spectra without a detour through memory: conversion, window, transform, power and statistics in two passes over a
//! frame that stays in the cache.
//!
//! A frame of N samples is read as R = N / L vectors of L neighbouring samples, x\[L r + l\], and R = A · B · D · L with
//! r = ((i B + g) D + h) L + j, w(n) = e^(−2πi/n). Every step is a short transform of which each input is first turned by
//! a power of one root, so that the first input never is. `q` is what the steps so far have made of the bin:
//!
//! ```text
//! columns   q = 0..A       y[q] = Σᵢ w(A)^(i q) · window · x            (A points, no shuffle)
//! rows      q += A b       y[q] = Σ_g w(A B)^(g q) · y                  (B points, no shuffle)
//!           q += A B d     y[q] = Σₕ w(A B D)^(h q) · y                 (D points, no shuffle)
//!           q += A B D m   y[q] = Σⱼ w(R)^(j q) · y                     (L points, no shuffle)
//!           k  = q + R p   X[k] = Σₗ w(N)^(l q) · w(L)^(l p) · y[q][l]  (L points after a transposition)
//! ```
//!
//! 1. The L points of the last step come from L values of m, so their vectors hold L different bins of one p each.
//! 2. Half of the transposition is done in registers at the end of one step, half by the loads of the next. Steps are
//!    loops of their own: one loop for two steps keeps twice the numbers alive and spills them.
//! 3. Steps of 4 points fit sixteen registers; 16 points do not and took three times as long as twice 4.
//! 4. Powers of a few frames are kept per row, then counted into the statistics together: one load and store of sum,
//!    maximum and minimum for several frames. Each bin is summed in the order of the frames, so that the result does
//!    not depend on how many frames come at a time.
//! 5. Bins lie in the statistics as they come out. They are put in order when the statistics are taken.
//! 6. Floating-point samples are not looked at one by one: what is no number shows in the sums of a frame, and only that
//!    frame is read once more with every number checked.

use num_complex::Complex;

use super::{
    Engine,
    butterfly::root,
    passes::{Rows, columns, turned},
    running::Running,
    simd::{Pair, Sample, Simd},
    wide::WideRows,
};
use crate::dsp::iq::IqSlice;

/// Split of a frame's R vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// A: 1, 4 or 8.
    pub(super) columns: usize,
    /// B and D: 1 and 1, 4 and 1, 4 and 4, 8 and 4 or 8 and 8; of sixteen lanes 1 and 1 or 8 and 1.
    pub(super) rows: [usize; 2],
    /// Points of the step before the transposition: L, of sixteen lanes 8 or 16.
    pub(super) last: usize,
    /// Frames that go through the passes together.
    pub(super) frames: usize,
}

/// The fused kernel for one size, window and format.
pub(super) struct Fused<S: Simd<L>, const L: usize> {
    simd: S,
    shape: Shape,
    tables: Tables<S, L>,
    /// A blocks of a row of vectors for each frame; blocks begin on different sets of the cache.
    work: Vec<Pair<S::V>>,
    /// One row between its steps.
    between: Vec<Pair<S::V>>,
    /// A row of powers for each frame.
    powers: Vec<S::V>,
    running: Running<S, L>,
}

/// Constants, in the order in which they are needed: at \[a\]\[b\]\[d\], with q = a + A (b + B d).
pub(super) struct Tables<S: Simd<L>, const L: usize> {
    /// Window with the scale of format and spectrum, R vectors.
    pub(super) window: Vec<S::V>,
    /// w(A B)^(g a) at \[a\]\[g\].
    pub(super) first: Vec<Complex<f32>>,
    /// w(A B D)^(h (a + A b)) at \[a\]\[b\]\[h\].
    pub(super) second: Vec<Complex<f32>>,
    /// w(R)^(j q) at \[a\]\[b\]\[d\]\[j\], j below `last`.
    pub(super) third: Vec<Complex<f32>>,
    /// w(N)^(l (q + A B D m)) in lane m at \[a\]\[b\]\[d\]\[l\].
    pub(super) last: Vec<Pair<S::V>>,
}

/// How many bytes ahead of a frame samples are asked for.
const AHEAD: usize = 8192;

/// Lanes of the kernels whose second pass is [`WideRows`].
pub(super) const WIDE: usize = 16;

/// Vectors between blocks, so that the columns of one pass do not all fall on one set of the cache.
pub(super) const PAD: usize = 1;

impl Shape {
    /// Vectors in a row.
    pub(super) const fn row(self) -> usize {
        self.rows[0] * self.rows[1] * self.last
    }

    /// Vectors from block to block.
    pub(super) const fn pitch(self) -> usize {
        self.row() + PAD
    }

    /// Values of q, or of s, whose bins are made together.
    pub(super) const fn points(self, lanes: usize) -> usize {
        self.columns * self.row() / lanes
    }

    /// q at \[a\]\[b\]\[d\].
    fn bins(self) -> impl Iterator<Item = usize> {
        let ([b_count, d_count], a_count) = (self.rows, self.columns);
        (0..a_count * b_count * d_count).map(move |at| {
            let (a, b, d) = (at / (b_count * d_count), at / d_count % b_count, at % d_count);
            a + a_count * (b + b_count * d)
        })
    }

    /// Those whose bins are made together, in the order in which they are made.
    fn sets(self, lanes: usize) -> impl Iterator<Item = usize> {
        self.bins().filter(move |q| *q < self.points(lanes))
    }
}

impl<S: Simd<L>, const L: usize> Tables<S, L> {
    pub(super) fn new<T: Sample>(s: S, shape: Shape, taps: &[f64]) -> Self {
        let ([b_count, d_count], a_count) = (shape.rows, shape.columns);
        let (size, rows, points) = (taps.len(), taps.len() / L, shape.points(L));
        let steps = shape.columns * b_count * d_count;
        let scaled = taps.iter().map(|w| (w * T::TO_FULL_SCALE) as f32).collect::<Vec<_>>();
        let grid = |outer: usize, inner: usize| (0..outer).flat_map(move |x| (0..inner).map(move |y| (x, y)));
        let lane = |q: usize, l: usize| {
            let w: [_; L] = std::array::from_fn(|m| root(size, l * (q + points * turned::<L>(m))));
            Complex::new(s.vector(w.map(|w| w.re)), s.vector(w.map(|w| w.im)))
        };
        let second = grid(a_count, b_count).flat_map(|(a, b)| (0..d_count).map(move |h| h * (a + a_count * b)));
        Self {
            window: scaled.as_chunks().0.iter().map(|w| s.vector(*w)).collect(),
            first: grid(a_count, b_count)
                .map(|(a, g)| root(a_count * b_count, g * a))
                .collect(),
            second: second.map(|turns| root(steps, turns)).collect(),
            third: shape
                .bins()
                .flat_map(|q| (0..shape.last).map(move |j| root(rows, j * q)))
                .collect(),
            last: shape.sets(L).flat_map(|q| (0..L).map(move |l| lane(q, l))).collect(),
        }
    }
}

impl<S: Simd<L>, const L: usize> Fused<S, L> {
    /// A kernel for frames of `taps.len()` samples of type `T`; `taps` carry the scale of the spectrum.
    pub(super) fn new<T: Sample>(simd: S, shape: Shape, taps: &[f64]) -> Self {
        let size = taps.len();
        assert!(size == L * L * shape.points(L), "{shape:?} is no split of {size}");
        let zero = simd.splat(0.0);
        let mut starts = vec![0; shape.points(L)];
        for (at, q) in shape.sets(L).enumerate() {
            starts[q] = at * L;
        }
        Self {
            simd,
            shape,
            tables: Tables::new::<T>(simd, shape, taps),
            work: vec![Complex::new(zero, zero); shape.frames * shape.columns * shape.pitch()],
            between: vec![Complex::new(zero, zero); shape.row()],
            powers: vec![zero; shape.frames * shape.row().max(L)],
            running: Running::new(simd, size, starts),
        }
    }

    /// Both passes over `frames` frames, `hop` apart from the beginning of `samples`.
    fn pass<T: Sample>(&mut self, samples: &[Complex<T>], hop: usize, frames: usize) {
        let (simd, shape, tables) = (self.simd, self.shape, &self.tables);
        let size = tables.window.len() * L;
        let block = shape.pitch() * shape.columns;
        for (f, work) in self.work.chunks_exact_mut(block).take(frames).enumerate() {
            let next = (f * hop + size + AHEAD / size_of::<Complex<T>>()).min(samples.len());
            let x = samples[f * hop..][..size].as_chunks().0;
            let ahead = samples[next..(next + hop).min(samples.len())].as_chunks().0;
            columns(simd, shape, tables, x, ahead, work);
        }
        let rows = Rows {
            simd,
            shape,
            tables,
            work: &self.work,
            frames,
            between: &mut self.between,
            powers: &mut self.powers,
            running: &mut self.running,
        };
        if L == WIDE {
            simd.run(WideRows(rows));
        } else {
            simd.run(rows);
        }
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
        self.running.take(self.simd, sum, max, min);
    }
}
