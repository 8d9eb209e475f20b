//! Short frames of several stretches in the lanes of vectors: sample n of L stretches is one vector, and no value
//! changes its lane on the way from the samples to the powers.
//!
//! Samples are converted and transposed once, whatever number of frames they belong to. With w(n) = e^(−2πi/n),
//! N = 64, n = 8 m + j and k = b + 8 c:
//!
//! ```text
//! z[b][j] = Σₘ w(8)^(m b) · window · x[8 m + j]           (8 points)
//! X[k]    = Σⱼ w(8)^(j c) · w(64)^(j b) · z[b][j]         (8 points)
//! ```
//!
//! 1. Twiddles stand before a transform and are 1 for its first input, so that most of their multiplications become
//!    part of the transform's first additions. They are the same in all lanes: scalars.
//! 2. The samples of one spectrum and everything made of them stay in the first-level cache.
//! 3. The signs that put DC into the middle are in the window: bins come out in ascending order, and powers are
//!    transposed back to one row a stretch on the way out.

use num_complex::Complex;

use super::{
    butterfly::{dft_rotated, dft_scaled, root},
    passes::first,
    simd::{Pair, Sample, Simd, Work},
    stretches::Resolution,
};

/// Points.
pub(super) const SIZE: usize = 64;

/// Spectra of 64 points of `L` stretches at a time.
pub(super) struct Lanes<S: Simd<L>, const L: usize> {
    simd: S,
    resolution: Resolution,
    window: [f32; SIZE],
    /// w(64)^(j b) at \[b\]\[j\].
    twiddles: [[Complex<f32>; 8]; 8],
    /// Samples of the frames of one spectrum.
    samples: Vec<Pair<S::V>>,
    powers: [S::V; SIZE],
}

impl<S: Simd<L>, const L: usize> Lanes<S, L> {
    /// A kernel for frames of 64 samples.
    pub(super) fn new(simd: S, resolution: &Resolution) -> Self {
        assert!(
            resolution.taps.len() == SIZE,
            "no kernel for {} points",
            resolution.taps.len()
        );
        let zero = simd.splat(0.0);
        let mut window = [0.0; SIZE];
        for (out, tap) in window.iter_mut().zip(resolution.centred_taps()) {
            *out = tap as f32;
        }
        let span = (resolution.averages - 1) * resolution.hop + SIZE;
        Self {
            simd,
            resolution: resolution.clone(),
            window,
            twiddles: std::array::from_fn(|b| std::array::from_fn(|j| root(SIZE, j * b))),
            samples: vec![Complex::new(zero, zero); span],
            powers: [zero; SIZE],
        }
    }

    /// Spectra of at most `L` stretches that begin `stride` apart; `out` receives those of each, `pitch` from stretch to
    /// stretch.
    pub(super) fn spectra<T: Sample>(
        &mut self,
        samples: &[Complex<T>],
        stride: usize,
        count: usize,
        out: &mut [f32],
        pitch: usize,
    ) {
        let simd = self.simd;
        simd.run(Spectra {
            lanes: self,
            samples,
            stride,
            count,
            out,
            pitch,
        });
    }
}

/// One call of [`Lanes::spectra`].
struct Spectra<'a, S: Simd<L>, T, const L: usize> {
    lanes: &'a mut Lanes<S, L>,
    samples: &'a [Complex<T>],
    stride: usize,
    count: usize,
    out: &'a mut [f32],
    pitch: usize,
}

impl<S: Simd<L>, T: Sample, const L: usize> Work for Spectra<'_, S, T, L> {
    #[inline(always)]
    fn run(mut self) {
        let s = self.lanes.simd;
        let (hop, averages) = (self.lanes.resolution.hop, self.lanes.resolution.averages);
        let span = self.lanes.samples.len();
        // Samples that one spectrum shares with the next.
        let common = span.saturating_sub(averages * hop);
        for index in 0..self.lanes.resolution.spectra {
            let known = if index == 0 { 0 } else { common };
            self.lanes.samples.copy_within(span - known.., 0);
            self.load(index * averages * hop, known);
            for frame in 0..averages {
                let x: &[Pair<S::V>; SIZE] = first(&self.lanes.samples[frame * hop..]);
                let between = eights(s, x, &self.lanes.window);
                let powers = &mut self.lanes.powers;
                for b in 0..8 {
                    let y = dft_rotated(s, between[b], splats(s, &self.lanes.twiddles[b]));
                    for c in 0..8 {
                        let power = s.mul_add(y[c].re, y[c].re, s.mul(y[c].im, y[c].im));
                        let slot = &mut powers[b + 8 * c];
                        *slot = if frame == 0 { power } else { s.add(*slot, power) };
                    }
                }
            }
            self.hand_out(index * SIZE, 1.0 / averages as f32);
        }
    }
}

impl<S: Simd<L>, T: Sample, const L: usize> Spectra<'_, S, T, L> {
    /// Samples of the stretches from `at` on to vectors, the first `known` of which are there.
    #[inline(always)]
    fn load(&mut self, at: usize, known: usize) {
        let s = self.lanes.simd;
        let (scale, zero) = (s.splat(T::TO_FULL_SCALE as f32), s.splat(0.0));
        let span = self.lanes.samples.len();
        for block in (known..span).step_by(L) {
            // The last block overlaps the one before where the span is no multiple.
            let block = block.min(span - L);
            let (mut re, mut im) = ([zero; L], [zero; L]);
            for lane in 0..self.count {
                let x: &[Complex<T>; L] = first(&self.samples[lane * self.stride + at + block..]);
                let x = T::widen_checked(s, x);
                (re[lane], im[lane]) = (s.mul(x.re, scale), s.mul(x.im, scale));
            }
            let (re, im) = (s.transpose(re), s.transpose(im));
            for n in 0..L {
                self.lanes.samples[block + n] = Complex::new(re[n], im[n]);
            }
        }
    }

    /// Powers times `share` to one spectrum a stretch, from `offset` on.
    #[inline(always)]
    fn hand_out(&mut self, offset: usize, share: f32) {
        let s = self.lanes.simd;
        let share = s.splat(share);
        for k in (0..SIZE).step_by(L) {
            let bins: &[S::V; L] = first(&self.lanes.powers[k..]);
            let rows = s.transpose(*bins);
            for (stretch, row) in rows.iter().enumerate().take(self.count) {
                let row = s.array(s.mul(*row, share));
                self.out[stretch * self.pitch + offset + k..][..L].copy_from_slice(&row);
            }
        }
    }
}

/// First step: window and 8 points, at \[b\]\[j\].
#[inline(always)]
fn eights<S: Simd<L>, const L: usize>(s: S, x: &[Pair<S::V>; SIZE], window: &[f32; SIZE]) -> [[Pair<S::V>; 8]; 8] {
    let mut between = [[x[0]; 8]; 8];
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
    between
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
