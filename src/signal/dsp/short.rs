//! Rows of short slots, see [`ShortRow`].

use super::{
    iq::IqSlice,
    kernel::{Backend, REACH, Short, ShortRow},
    window::Window,
};

/// Measures rows of slots with a Blackman–Harris window; allocates only in `new`.
pub struct ShortSpectra {
    kernel: Box<dyn Short>,
}

impl ShortSpectra {
    /// Plans them; `None` where this processor cannot run `backend`.
    #[must_use]
    pub fn new(backend: Backend) -> Option<Self> {
        let kernel = backend.short(|size| Window::blackman_harris(size).power_taps())?;
        Some(Self { kernel })
    }

    /// Measures the row that begins with `samples`.
    ///
    /// # Panics
    /// When `samples` are fewer than a row and what it sees of the next.
    pub fn measure(&mut self, samples: IqSlice<'_>, out: &mut ShortRow) {
        assert!(
            samples.len() >= REACH,
            "a row needs {REACH} samples, not {}",
            samples.len()
        );
        self.kernel.measure(samples, out);
    }
}
