//! One frame at a time with the passes of the fused kernel, bins in order after every frame.
//!
//! The passes leave bin k = q + A B D m + N p / L in lane m of vector ((a B + b) D + d) L + p, q = a + A (b + B d). Vectors of
//! one p whose q follow each other are transposed: lane m's bins then lie in one vector in order. The signs that put DC
//! into the middle and the share of a frame in a mean are in the window.

use std::hint::black_box;

use num_complex::Complex;

use super::{
    fused::{Shape, Tables, WIDE},
    passes::{Twiddles, columns, turned},
    simd::{Pair, Sample, Simd, Work},
    stretches::Resolution,
    wide::{Turn, aligned},
};

/// Spectra of one size, a frame at a time.
pub(super) struct Single<S: Simd<L>, const L: usize> {
    simd: S,
    shape: Shape,
    resolution: Resolution,
    /// For samples as CU8, CS8, CS16 and CF32.
    tables: [Tables<S, L>; 4],
    work: Vec<Pair<S::V>>,
    between: Vec<Pair<S::V>>,
    powers: Vec<S::V>,
}

/// Whether the bins of a split can be put in order by transpositions.
pub(super) const fn fits(shape: Shape, lanes: usize) -> bool {
    shape.points(lanes).is_multiple_of(lanes) || lanes == WIDE && shape.points(lanes) == QUARTER
}

impl<S: Simd<L>, const L: usize> Single<S, L> {
    /// A kernel for frames of the size of `resolution`, which `shape` splits.
    pub(super) fn new(simd: S, shape: Shape, resolution: &Resolution) -> Self {
        let size = resolution.taps.len();
        assert!(
            size == L * L * shape.points(L) && fits(shape, L),
            "{shape:?} is no split of {size}"
        );
        let taps: Vec<f64> = resolution.mean_taps().collect();
        let zero = simd.splat(0.0);
        Self {
            simd,
            shape,
            resolution: resolution.clone(),
            tables: [
                Tables::new::<u8>(simd, shape, &taps),
                Tables::new::<i8>(simd, shape, &taps),
                Tables::new::<i16>(simd, shape, &taps),
                Tables::new::<f32>(simd, shape, &taps),
            ],
            work: vec![Complex::new(zero, zero); shape.columns * shape.pitch()],
            between: vec![Complex::new(zero, zero); shape.row()],
            powers: vec![zero; size / L],
        }
    }

    /// All spectra of the stretch that begins with `samples`, one after the other; `format` is the place of their tables.
    pub(super) fn spectra<T: Sample>(&mut self, format: usize, samples: &[Complex<T>], out: &mut [f32]) {
        let (simd, shape, tables) = (self.simd, self.shape, &self.tables[format]);
        let (size, averages) = (self.resolution.taps.len(), self.resolution.averages);
        for (index, out) in out.chunks_exact_mut(size).take(self.resolution.spectra).enumerate() {
            for frame in 0..averages {
                let at = (index * averages + frame) * self.resolution.hop;
                let x = samples[at..at + size].as_chunks().0;
                columns(simd, shape, tables, x, &[], &mut self.work);
                simd.run(Bins {
                    simd,
                    shape,
                    tables,
                    work: &self.work,
                    between: &mut self.between,
                    powers: &mut self.powers,
                    first: frame == 0,
                    out,
                });
            }
        }
    }
}

/// Second pass over all rows of a frame, and their powers in order.
struct Bins<'a, S: Simd<L>, const L: usize> {
    simd: S,
    shape: Shape,
    tables: &'a Tables<S, L>,
    work: &'a [Pair<S::V>],
    between: &'a mut [Pair<S::V>],
    powers: &'a mut [S::V],
    /// Whether `out` is begun, not added to.
    first: bool,
    out: &'a mut [f32],
}

impl<S: Simd<L>, const L: usize> Work for Bins<'_, S, L> {
    #[inline(always)]
    fn run(self) {
        let Shape {
            columns, rows, last, ..
        } = self.shape;
        match (L, columns, rows, last) {
            (WIDE, 4, [1, 1], 16) => self.wide::<4, 1, 16>(),
            (WIDE, 8, [4, 1], 8) => self.wide::<8, 4, 8>(),
            (WIDE, 8, [8, 1], 8) => self.wide::<8, 8, 8>(),
            (WIDE, 8, [8, 1], 16) => self.wide::<8, 8, 16>(),
            (_, 8, [1, 1], _) => self.points::<8, 1, 1, 1>(),
            (_, 4, [4, 1], _) => self.points::<4, 4, 1, 4>(),
            (_, 8, [4, 1], _) => self.points::<8, 4, 1, 4>(),
            (_, 4, [4, 4], _) => self.points::<4, 4, 4, 16>(),
            (_, 8, [4, 4], _) => self.points::<8, 4, 4, 16>(),
            (_, 8, [8, 4], _) => self.points::<8, 8, 4, 32>(),
            _ => unreachable!("no kernel for {:?}", self.shape),
        }
    }
}

impl<S: Simd<L>, const L: usize> Bins<'_, S, L> {
    /// A, B, D and B D as constants.
    #[inline(always)]
    fn points<const A: usize, const B: usize, const D: usize, const BD: usize>(self) {
        let (length, pitch) = (BD * L, self.shape.pitch());
        for a in 0..A {
            let twiddles = Twiddles::<S, L, B, D, BD>::of_row(self.tables, a);
            let block = &self.work[a * pitch..][..length];
            let powers = &mut self.powers[a * length..][..length];
            twiddles.row(self.simd, block, self.between, powers);
        }
        self.in_order(A * BD, |q| {
            let (a, b, d) = (q % A, q / A % B, q / (A * B));
            (a * B + b) * D + d
        });
    }

    /// A, B and E as constants, of sixteen lanes.
    #[inline(always)]
    fn wide<const A: usize, const B: usize, const E: usize>(self) {
        let (sets, turns) = (Turn::<S, L, A, B, E>::SETS, Turn::<S, L, A, B, E>::TURNS);
        let (length, pitch) = (sets * L, self.shape.pitch());
        let mut turned = aligned(self.simd);
        let turned = black_box(&mut turned);
        for a in 0..turns {
            let powers = &mut self.powers[a * length..][..length];
            Turn::<S, L, A, B, E>::new(self.tables, a).powers(
                self.simd,
                self.work,
                pitch,
                self.between,
                turned,
                powers,
            );
        }
        self.in_order(sets * turns, |q| q % turns * sets + q / turns);
    }

    /// Powers to `out`, bins in ascending frequency; the vectors of the qth of `points` begin with number L · `place(q)`.
    #[inline(always)]
    fn in_order(self, points: usize, place: impl Fn(usize) -> usize) {
        let s = self.simd;
        for p in 0..L {
            let vector = |q: usize| self.powers[place(q) * L + p];
            if points == QUARTER {
                let rows = s.quarters([vector(0), vector(1), vector(2), vector(3)]);
                for (e, row) in rows.into_iter().enumerate() {
                    put(s, row, self.first, &mut self.out[QUARTER * L * p + L * e..]);
                }
                continue;
            }
            for from in (0..points).step_by(L) {
                let mut group = [vector(from); L];
                for (i, powers) in group.iter_mut().enumerate().skip(1) {
                    *powers = vector(from + i);
                }
                let rows = s.transpose(group);
                for (m, row) in rows.into_iter().enumerate() {
                    let at = from + points * (turned::<L>(m) + L * p);
                    put(s, row, self.first, &mut self.out[at..]);
                }
            }
        }
    }
}

/// Values of q that are in order after a quarter of a transposition.
const QUARTER: usize = 4;

/// `row` added to what is there, unless it is the first.
#[inline(always)]
fn put<S: Simd<L>, const L: usize>(s: S, row: S::V, first: bool, out: &mut [f32]) {
    let out: &mut [f32; L] = out.first_chunk_mut().expect("bins of the split's number");
    *out = s.array(if first { row } else { s.add(row, s.vector(*out)) });
}
