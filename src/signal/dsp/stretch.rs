//! Power spectra of stretches of samples: single frames at more than one resolution, without long averages.
//!
//! Scaling and order are those of [`PowerSpectrum`](super::spectrum::PowerSpectrum): the bins of a spectrum sum to the
//! mean power of the windowed samples, ascending in frequency, DC at N / 2.

use super::{
    iq::IqSlice,
    kernel::{Backend, Resolution, Stretches},
};

/// Computes the spectra of stretches; allocates only in `new`.
pub struct StretchSpectra {
    kernel: Box<dyn Stretches>,
    reach: usize,
    numbers: usize,
}

impl StretchSpectra {
    /// Plans the spectra that `resolutions` name; `None` where this processor cannot run `backend`.
    ///
    /// # Panics
    /// When a resolution has no frames.
    #[must_use]
    pub fn new(resolutions: &[Resolution], backend: Backend) -> Option<Self> {
        assert!(
            resolutions.iter().all(|r| !r.is_empty() && r.averages > 0),
            "a resolution without frames"
        );
        Some(Self {
            kernel: backend.stretches(resolutions)?,
            reach: resolutions.iter().map(Resolution::reach).max().unwrap_or(0),
            numbers: resolutions.iter().map(Resolution::len).sum(),
        })
    }

    /// Samples from the beginning of a stretch to the end of its last frame.
    #[must_use]
    pub fn reach(&self) -> usize {
        self.reach
    }

    /// Numbers that come out of a stretch.
    #[must_use]
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// Writes the spectra of `count` stretches that begin `stride` samples apart, [`Self::numbers`] each: those of the
    /// first resolution one after the other, then those of the next. What comes out of a stretch does not depend on how
    /// many come at a time.
    ///
    /// # Panics
    /// When `samples` or `out` are too short.
    pub fn powers_into(&mut self, samples: IqSlice<'_>, stride: usize, count: usize, out: &mut [f32]) {
        let reach = if count == 0 {
            0
        } else {
            (count - 1) * stride + self.reach
        };
        assert!(
            samples.len() >= reach,
            "{count} stretches need {reach} samples, not {}",
            samples.len()
        );
        assert!(out.len() >= count * self.numbers, "{} numbers are too few", out.len());
        self.kernel.powers_into(samples, stride, count, out);
    }
}
