//! One frame at a time with the passes of the fused kernel, bins in order after every frame.
//!
//! The passes leave bin k = q + A B D m + N p / L in lane m of vector ((a B + b) D + d) L + p, q = a + A (b + B d). Vectors of
//! one p whose q follow each other are transposed: lane m's bins then lie in one vector in order. The signs that put DC
//! into the middle are in the window.

use num_complex::Complex;

use super::{
    fused::{Shape, Tables},
    passes::{Twiddles, columns},
    simd::{Pair, Sample, Simd, Work},
    stretches::Resolution,
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
    shape.points().is_multiple_of(lanes)
}

impl<S: Simd<L>, const L: usize> Single<S, L> {
    /// A kernel for frames of the size of `resolution`, which `shape` splits.
    pub(super) fn new(simd: S, shape: Shape, resolution: &Resolution) -> Self {
        let size = resolution.taps.len();
        assert!(
            size == L * L * shape.points() && fits(shape, L),
            "{shape:?} is no split of {size}"
        );
        let taps: Vec<f64> = resolution.centred_taps().collect();
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
            work: vec![Complex::new(zero, zero); shape.columns * shape.pitch(L)],
            between: vec![Complex::new(zero, zero); shape.row(L)],
            powers: vec![zero; size / L],
        }
    }

    /// All spectra of the stretch that begins with `samples`, one after the other; `format` is the place of their tables.
    pub(super) fn powers_into<T: Sample>(&mut self, format: usize, samples: &[Complex<T>], out: &mut [f32]) {
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
                    share: if frame + 1 == averages {
                        1.0 / averages as f32
                    } else {
                        1.0
                    },
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
    /// What the result is multiplied by.
    share: f32,
    out: &'a mut [f32],
}

impl<S: Simd<L>, const L: usize> Work for Bins<'_, S, L> {
    #[inline(always)]
    fn run(self) {
        match (self.shape.columns, self.shape.rows) {
            (8, [1, 1]) => self.points::<8, 1, 1, 1>(),
            (4, [4, 1]) => self.points::<4, 4, 1, 4>(),
            (8, [4, 1]) => self.points::<8, 4, 1, 4>(),
            (4, [4, 4]) => self.points::<4, 4, 4, 16>(),
            (8, [4, 4]) => self.points::<8, 4, 4, 16>(),
            (8, [8, 4]) => self.points::<8, 8, 4, 32>(),
            _ => unreachable!("no kernel for {:?}", self.shape),
        }
    }
}

impl<S: Simd<L>, const L: usize> Bins<'_, S, L> {
    /// A, B, D and B D as constants.
    #[inline(always)]
    fn points<const A: usize, const B: usize, const D: usize, const BD: usize>(self) {
        let s = self.simd;
        let (length, pitch) = (BD * L, self.shape.pitch(L));
        for a in 0..A {
            let twiddles = Twiddles::<S, L, B, D, BD>::of_row(self.tables, a);
            let block = &self.work[a * pitch..][..length];
            let powers = &mut self.powers[a * length..][..length];
            twiddles.row(s, block, self.between, powers);
        }
        let share = s.splat(self.share);
        let powers = &self.powers[..A * length];
        let (size, mut group) = (A * length * L, [s.splat(0.0); L]);
        for p in 0..L {
            for from in (0..A * BD).step_by(L) {
                for (i, vector) in group.iter_mut().enumerate() {
                    let q = from + i;
                    let (a, b, d) = (q % A, q / A % B, q / (A * B));
                    *vector = powers[((a * B + b) * D + d) * L + p];
                }
                let rows = s.transpose(group);
                for (m, row) in rows.iter().enumerate() {
                    let at = from + A * BD * m + size / L * p;
                    let out: &mut [f32; L] = self.out[at..].first_chunk_mut().expect("bins of the split's number");
                    let sum = if self.first { *row } else { s.add(*row, s.vector(*out)) };
                    *out = s.array(s.mul(sum, share));
                }
            }
        }
    }
}
