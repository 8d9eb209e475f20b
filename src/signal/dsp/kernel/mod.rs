//! Power spectra of consecutive frames and their statistics, in the instructions of the processor at hand.
//!
//! For frame f of N samples, with x in full scale ±1 and w the window's coefficients over √(N Σw²):
//!
//! ```text
//! p[k]   = |Σₙ w[n] x[f · hop + n] e^(−2πi nk/N)|²
//! sum[k] = Σ_f p[k]     max[k] = max_f p[k]     min[k] = min_f p[k]
//! ```
//!
//! Which code computes it is chosen once, when an engine is made, and never changes what is computed: every backend
//! is held to the reference by the same tests. `unsafe` is confined to the files of the instruction sets.

#[cfg(all(test, target_arch = "x86_64"))]
mod arrays;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod backend;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod butterfly;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod fused;
mod general;
#[cfg(target_arch = "x86_64")]
mod mixed;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod passes;
mod reference;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod running;
mod short;
#[cfg(test)]
mod short_tests;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod simd;
#[cfg(target_arch = "x86_64")]
mod single;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod slots;
mod statistics;
#[cfg(test)]
mod stretch_tests;
mod stretches;
#[cfg(test)]
mod tests;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod wide;
mod work;

pub use backend::Backend;
pub use short::ShortRow;
pub(in crate::dsp) use short::{REACH, Short};
pub use statistics::Statistics;
pub use stretches::Resolution;
pub(in crate::dsp) use stretches::Stretches;
pub(crate) use work::{Work, widest};

use crate::dsp::iq::IqSlice;

/// Spectra of one size, window and format, and their running statistics.
pub(in crate::dsp) trait Engine: Send {
    /// Counts `frames` frames of N samples that begin `hop` apart from the beginning of `samples`.
    ///
    /// # Panics
    /// When `samples` are too few or of another format than the engine was made for.
    fn add(&mut self, samples: IqSlice<'_>, hop: usize, frames: usize);

    /// Hands out sum, maximum and minimum of each bin, in ascending frequency, and begins anew.
    fn take(&mut self, sum: &mut [f32], max: &mut [f32], min: &mut [f32]);
}
