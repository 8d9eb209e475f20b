//! Code compiled once more for the instructions of the processor at hand.

#[cfg(target_arch = "x86_64")]
use super::{avx2::Avx2, simd::Simd};

/// What is done in one go. Everything a kernel calls down to the operations is `#[inline(always)]`, and no operation stands
/// in a closure: the compiler inlines an instruction only into code compiled for it, and gives up on a closure that is
/// not yet. Plain loops over slices are free to use closures.
pub(crate) trait Work {
    /// Does it. Mark it `#[inline(always)]`, and what it calls: what is not inlined keeps its narrow instructions.
    fn run(self);
}

/// Runs `work` compiled for AVX2 where this processor has it. Plain Rust computes the same numbers to the bit on every
/// processor; only its loops take fewer instructions.
pub(crate) fn widest(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = Avx2::detect() {
        return simd.run(work);
    }
    work.run();
}
