//! Sixteen slots of 64 samples side by side in the lanes of vectors: their short spectra, and the sums that show impulses.
//!
//! Sample n of L slots is one vector, and no value changes its lane on the way from the samples to the numbers, but for what
//! the second frame and the longer sums see of the slot that follows: that is the vector moved by one lane. With
//! w(n) = e^(−2πi/n), N = 64, n = 8 m + j and k = b + 8 c:
//!
//! ```text
//! z[b][j] = Σₘ w(8)^(m b) · window · x[8 m + j]           (8 points)
//! X[k]    = Σⱼ w(8)^(j c) · w(64)^(j b) · z[b][j]         (8 points)
//! ```
//!
//! 1. Twiddles stand before a transform and are 1 for its first input, so that most of their multiplications become
//!    part of the transform's first additions. They are the same in all lanes: scalars.
//! 2. The samples of a row and everything made of them stay in the first-level cache, and each is read and converted once.
//! 3. The signs that put DC into the middle are in the window, and so are full scale and the mean of both frames.
//! 4. Sums of sixteen samples are the end of one block of sixteen and the beginning of the next: three additions each.

use num_complex::Complex;

use super::{
    butterfly::{dft_rotated, dft_scaled, root},
    passes::first,
    short::{FRAMES, HOP, REACH, SIZE, SLOTS, Short, ShortRow, WINDOW},
    simd::{Pair, Sample, Simd, Work},
};
use crate::dsp::iq::IqSlice;

/// Vectors of samples that the frames of a slot see.
const SPAN: usize = SIZE + (FRAMES - 1) * HOP;

/// The kernel of `L` lanes.
pub(super) struct Slots<S: Simd<L>, const L: usize> {
    simd: S,
    /// For samples as CU8, CS8, CS16 and CF32.
    windows: [[f32; SIZE]; 4],
    /// w(64)^(j b) at \[b\]\[j\].
    twiddles: [[Complex<f32>; 8]; 8],
    samples: [Pair<S::V>; SPAN],
    powers: [S::V; SIZE + WINDOW],
    /// What the first step makes, at \[b\]\[j\].
    between: [[Pair<S::V>; 8]; 8],
}

impl<S: Simd<L>, const L: usize> Slots<S, L> {
    /// A kernel for frames that are multiplied by `taps`, signs included.
    pub(super) fn new(simd: S, taps: &[f64; SIZE]) -> Self {
        assert!(
            SLOTS.is_multiple_of(L) && HOP.is_multiple_of(L),
            "no kernel of {L} lanes"
        );
        let share = (1.0 / FRAMES as f64).sqrt();
        let window = |scale: f64| taps.map(|tap| (tap * scale * share) as f32);
        let zero = simd.splat(0.0);
        Self {
            simd,
            windows: [
                window(u8::TO_FULL_SCALE),
                window(i8::TO_FULL_SCALE),
                window(i16::TO_FULL_SCALE),
                window(f32::TO_FULL_SCALE),
            ],
            twiddles: std::array::from_fn(|b| std::array::from_fn(|j| root(SIZE, j * b))),
            samples: [Complex::new(zero, zero); SPAN],
            powers: [zero; SIZE + WINDOW],
            between: [[Complex::new(zero, zero); 8]; 8],
        }
    }

    fn row<T: Sample>(&mut self, format: usize, samples: &[Complex<T>], out: &mut ShortRow) {
        let simd = self.simd;
        let samples = samples.first_chunk().expect("a row and what it sees of the next");
        let slots = self;
        simd.run(Row {
            slots,
            format,
            samples,
            out,
        });
    }
}

impl<S: Simd<L>, const L: usize> Short for Slots<S, L> {
    fn measure(&mut self, samples: IqSlice<'_>, out: &mut ShortRow) {
        match samples {
            IqSlice::Cu8(x) => self.row(0, x, out),
            IqSlice::Cs8(x) => self.row(1, x, out),
            IqSlice::Cs16(x) => self.row(2, x, out),
            IqSlice::Cf32(x) => self.row(3, x, out),
        }
    }
}

/// One call.
struct Row<'a, S: Simd<L>, T, const L: usize> {
    slots: &'a mut Slots<S, L>,
    format: usize,
    samples: &'a [Complex<T>; REACH],
    out: &'a mut ShortRow,
}

impl<S: Simd<L>, T: Sample, const L: usize> Work for Row<'_, S, T, L> {
    #[inline(always)]
    fn run(mut self) {
        for slot in (0..SLOTS).step_by(L) {
            self.load(slot);
            self.sums(slot);
            self.spectra(slot);
        }
    }
}

impl<S: Simd<L>, T: Sample, const L: usize> Row<'_, S, T, L> {
    /// Samples of `L` slots from one on to vectors, and after them what the last frame sees of the slots that follow.
    #[inline(always)]
    fn load(&mut self, slot: usize) {
        let s = self.slots.simd;
        let zero = s.splat(0.0);
        for block in (0..SIZE).step_by(L) {
            let (mut re, mut im) = ([zero; L], [zero; L]);
            for lane in 0..L {
                let x: &[Complex<T>; L] = first(&self.samples[(slot + lane) * SIZE + block..]);
                let x = T::widen_checked(s, x);
                (re[lane], im[lane]) = (x.re, x.im);
            }
            let (re, im) = (s.transpose(re), s.transpose(im));
            for n in 0..L {
                self.slots.samples[block + n] = Complex::new(re[n], im[n]);
            }
        }
        for block in (0..SPAN - SIZE).step_by(L) {
            let next: &[Complex<T>; L] = first(&self.samples[(slot + L) * SIZE + block..]);
            let next = T::widen_checked(s, next);
            let (re, im) = (s.array(next.re), s.array(next.im));
            for n in 0..L {
                let x = self.slots.samples[block + n];
                self.slots.samples[SIZE + block + n] = Complex::new(s.follow(x.re, re[n]), s.follow(x.im, im[n]));
            }
        }
    }

    /// Power of the slots, and the greatest sums of two and of sixteen samples that begin in them.
    #[inline(always)]
    fn sums(&mut self, slot: usize) {
        let s = self.slots.simd;
        for (power, x) in self.slots.powers.iter_mut().zip(&self.slots.samples) {
            *power = s.mul_add(x.re, x.re, s.mul(x.im, x.im));
        }
        let powers = &self.slots.powers;
        let zero = s.splat(0.0);
        let (mut sum, mut two, mut sixteen) = (zero, zero, zero);
        for block in (0..SIZE).step_by(WINDOW) {
            let here: &[S::V; WINDOW] = first(&powers[block..]);
            let next: &[S::V; WINDOW] = first(&powers[block + WINDOW..]);
            // From each sample to the end of its block.
            let mut rest = *here;
            for n in (0..WINDOW - 1).rev() {
                rest[n] = s.add(here[n], rest[n + 1]);
            }
            sum = s.add(sum, rest[0]);
            sixteen = s.max(sixteen, rest[0]);
            let mut begun = next[0];
            for n in 1..WINDOW {
                two = s.max(two, s.add(here[n - 1], here[n]));
                sixteen = s.max(sixteen, s.add(rest[n], begun));
                begun = s.add(begun, next[n]);
            }
            two = s.max(two, s.add(here[WINDOW - 1], next[0]));
        }
        let scale = s.splat((T::TO_FULL_SCALE * T::TO_FULL_SCALE) as f32);
        let numbers = [
            (&mut self.out.sums, sum),
            (&mut self.out.twos, two),
            (&mut self.out.sixteens, sixteen),
        ];
        for (out, numbers) in numbers {
            let out: &mut [f32; L] = out[slot..].first_chunk_mut().expect("lanes divide slots");
            *out = s.array(s.mul(numbers, scale));
        }
    }

    /// Mean power per bin of the frames of each slot.
    #[inline(always)]
    fn spectra(&mut self, slot: usize) {
        let s = self.slots.simd;
        let window = &self.slots.windows[self.format];
        for frame in 0..FRAMES {
            let x: &[Pair<S::V>; SIZE] = first(&self.slots.samples[frame * HOP..]);
            eights(s, x, window, &mut self.slots.between);
            for b in 0..8 {
                let y = dft_rotated(s, self.slots.between[b], splats(s, &self.slots.twiddles[b]));
                for (c, y) in y.iter().enumerate() {
                    let bin: &mut [f32; L] = self.out.powers[b + 8 * c][slot..]
                        .first_chunk_mut()
                        .expect("lanes divide slots");
                    let before = if frame == 0 { s.splat(0.0) } else { s.vector(*bin) };
                    let power = s.mul_add(y.im, y.im, before);
                    *bin = s.array(s.mul_add(y.re, y.re, power));
                }
            }
        }
    }
}

/// First step: window and 8 points, at \[b\]\[j\].
#[inline(always)]
fn eights<S: Simd<L>, const L: usize>(
    s: S,
    x: &[Pair<S::V>; SIZE],
    window: &[f32; SIZE],
    between: &mut [[Pair<S::V>; 8]; 8],
) {
    for j in 0..8 {
        let mut column = ([x[0]; 8], [s.splat(0.0); 8]);
        for m in 0..8 {
            column.0[m] = x[8 * m + j];
            column.1[m] = s.splat(window[8 * m + j]);
        }
        let y = dft_scaled(s, column.0, column.1);
        for b in 0..8 {
            between[b][j] = y[b];
        }
    }
}

/// The numbers in every lane; the first is 1.
#[inline(always)]
fn splats<S: Simd<L>, const L: usize>(s: S, w: &[Complex<f32>; 8]) -> [Pair<S::V>; 8] {
    let mut out = [Complex::new(s.splat(1.0), s.splat(0.0)); 8];
    for j in 1..8 {
        out[j] = Complex::new(s.splat(w[j].re), s.splat(w[j].im));
    }
    out
}
