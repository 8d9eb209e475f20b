//! Short frames of L spectra in the lanes of vectors: sample n of L spectra is one vector, and no value changes its lane on
//! the way from the samples to the powers. The lanes take spectra in the order of the stream, those of one stretch side by
//! side: samples and powers of one call then lie together and do not drive each other from the cache, as those of stretches
//! a power of two apart do.
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
//! 3. The signs that put DC into the middle are in the window, and so are the scale of the samples and that of the mean:
//!    bins come out in ascending order, and powers are transposed back to one row a spectrum on the way out.
//! 4. Samples of one and two bytes a component are transposed as they come, before they are four times as many bytes.

use num_complex::Complex;

use super::{
    butterfly::{dft_rotated, dft_scaled, root},
    passes::first,
    simd::{Pair, Sample, Simd, Words, Work},
    stretches::Resolution,
};

/// Points.
pub(super) const SIZE: usize = 64;

/// Spectra of 64 points, `L` at a time.
pub(super) struct Lanes<S: Words<L>, const L: usize> {
    simd: S,
    resolution: Resolution,
    /// For samples as CU8, CS8, CS16 and CF32; the powers of a spectrum's frames are summed.
    windows: [[f32; SIZE]; 4],
    /// w(64)^(j b) at \[b\]\[j\].
    twiddles: [[Complex<f32>; 8]; 8],
    /// Samples of the frames of one spectrum.
    samples: Vec<Pair<S::V>>,
    powers: [S::V; SIZE],
}

impl<S: Words<L>, const L: usize> Lanes<S, L> {
    /// A kernel for frames of 64 samples.
    pub(super) fn new(simd: S, resolution: &Resolution) -> Self {
        assert!(
            resolution.taps.len() == SIZE,
            "no kernel for {} points",
            resolution.taps.len()
        );
        let zero = simd.splat(0.0);
        let scales = [
            u8::TO_FULL_SCALE,
            i8::TO_FULL_SCALE,
            i16::TO_FULL_SCALE,
            f32::TO_FULL_SCALE,
        ];
        let mut windows = [[0.0; SIZE]; 4];
        for (window, scale) in windows.iter_mut().zip(scales) {
            for (out, tap) in window.iter_mut().zip(resolution.mean_taps()) {
                *out = (tap * scale) as f32;
            }
        }
        let span = (resolution.averages - 1) * resolution.hop + SIZE;
        Self {
            simd,
            resolution: resolution.clone(),
            windows,
            twiddles: std::array::from_fn(|b| std::array::from_fn(|j| root(SIZE, j * b))),
            samples: vec![Complex::new(zero, zero); span],
            powers: [zero; SIZE],
        }
    }

    /// Spectra of `count` stretches that begin `stride` apart; `out` receives those of each, `pitch` from stretch to stretch.
    /// `format` is the place of the samples' window.
    pub(super) fn spectra<T: Sample>(
        &mut self,
        format: usize,
        samples: &[Complex<T>],
        stride: usize,
        count: usize,
        out: &mut [f32],
        pitch: usize,
    ) {
        let (simd, spectra) = (self.simd, self.resolution.spectra);
        let step = self.resolution.averages * self.resolution.hop;
        let place = |n: usize| {
            (
                n / spectra * stride + n % spectra * step,
                n / spectra * pitch + n % spectra * SIZE,
            )
        };
        for from in (0..count * spectra).step_by(L) {
            let count = (count * spectra - from).min(L);
            let mut places = [place(from); L];
            for (n, at) in places.iter_mut().enumerate().take(count) {
                *at = place(from + n);
            }
            simd.run(Spectra {
                lanes: self,
                window: format,
                samples,
                places: &places,
                count,
                out,
            });
        }
    }
}

/// One spectrum in each lane.
struct Spectra<'a, S: Words<L>, T, const L: usize> {
    lanes: &'a mut Lanes<S, L>,
    window: usize,
    samples: &'a [Complex<T>],
    /// Where the samples of each lane begin, and its powers.
    places: &'a [(usize, usize); L],
    /// Lanes whose powers are wanted; the rest hold what the first holds.
    count: usize,
    out: &'a mut [f32],
}

impl<S: Words<L>, T: Sample, const L: usize> Work for Spectra<'_, S, T, L> {
    #[inline(always)]
    fn run(mut self) {
        self.load();
        let (hop, averages) = (self.lanes.resolution.hop, self.lanes.resolution.averages);
        for frame in (0..averages).step_by(2) {
            if frame + 1 < averages {
                self.frames(frame == 0, [frame * hop, (frame + 1) * hop]);
            } else {
                self.frames(frame == 0, [frame * hop]);
            }
        }
        self.hand_out();
    }
}

impl<S: Words<L>, T: Sample, const L: usize> Spectra<'_, S, T, L> {
    /// Powers of `F` frames that begin `at`; `begin` is whether they are the first.
    #[inline(always)]
    fn frames<const F: usize>(&mut self, begin: bool, at: [usize; F]) {
        let s = self.lanes.simd;
        let Lanes {
            samples,
            powers,
            twiddles,
            windows,
            ..
        } = &mut *self.lanes;
        let mut between = [[[Complex::new(s.splat(0.0), s.splat(0.0)); 8]; 8]; F];
        let window = &windows[self.window];
        for j in 0..8 {
            let mut w = [s.splat(0.0); 8];
            for m in 0..8 {
                w[m] = s.splat(window[8 * m + j]);
            }
            for f in 0..F {
                let x: &[Pair<S::V>; SIZE] = first(&samples[at[f]..]);
                let mut column = [x[0]; 8];
                for m in 0..8 {
                    column[m] = x[8 * m + j];
                }
                let y = dft_scaled(s, column, w);
                for b in 0..8 {
                    between[f][b][j] = y[b];
                }
            }
        }
        for b in 0..8 {
            let w = splats(s, &twiddles[b]);
            for (f, between) in between.iter().enumerate() {
                let y = dft_rotated(s, between[b], w);
                for c in 0..8 {
                    let slot = &mut powers[b + 8 * c];
                    *slot = if begin && f == 0 {
                        s.mul_add(y[c].re, y[c].re, s.mul(y[c].im, y[c].im))
                    } else {
                        s.mul_add(y[c].re, y[c].re, s.mul_add(y[c].im, y[c].im, *slot))
                    };
                }
            }
        }
    }

    /// Samples to vectors.
    #[inline(always)]
    fn load(&mut self) {
        let (s, zero) = (self.lanes.simd, self.lanes.simd.splat(0.0));
        let span = self.lanes.samples.len();
        let length = size_of::<[u32; L]>() / size_of::<Complex<T>>();
        for block in (0..span).step_by(length) {
            // The last block overlaps the one before where the span is no multiple.
            let block = block.min(span - length);
            let mut words = [zero; L];
            for (words, (at, _)) in words.iter_mut().zip(self.places) {
                *words = s.words(&self.samples[at + block..]);
            }
            T::unpack(s, &s.transpose(words), &mut self.lanes.samples[block..][..length]);
        }
    }

    /// Powers to one row a spectrum.
    #[inline(always)]
    fn hand_out(&mut self) {
        let s = self.lanes.simd;
        for k in (0..SIZE).step_by(L) {
            let bins: &[S::V; L] = first(&self.lanes.powers[k..]);
            let rows = s.transpose(*bins);
            for (row, (_, at)) in rows.iter().zip(self.places).take(self.count) {
                let out: &mut [f32; L] = self.out[at + k..].first_chunk_mut().expect("room for every spectrum");
                *out = s.array(*row);
            }
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
