//! Energy per bin of one signal, with the bins it lies in: most signals fill a small part of the span, and everything
//! that is done for every burst and every emission costs only what they fill.

use std::ops::Range;

use super::config::BINS;
use crate::dsp::{
    kernel::{Work, widest},
    measure::occupied_band,
    sum,
};

/// Energy (power × seconds) per bin; zero outside an extent.
#[derive(Debug, Clone)]
pub(super) struct Energy {
    bins: Vec<f32>,
    first: usize,
    last: usize,
}

impl Energy {
    pub(super) fn new() -> Self {
        Self {
            bins: vec![0.0; BINS],
            first: BINS,
            last: 0,
        }
    }

    /// Holds the place of one that is taken away; holds no bins.
    pub(super) const fn none() -> Self {
        Self {
            bins: Vec::new(),
            first: 0,
            last: 0,
        }
    }

    /// Whether it can hold bins.
    pub(super) fn has_memory(&self) -> bool {
        !self.bins.is_empty()
    }

    /// Becomes what `other` is.
    pub(super) fn copy_from(&mut self, other: &Self) {
        self.clear();
        self.add(other);
    }

    /// Back to nothing, to be used again.
    pub(super) fn clear(&mut self) {
        let extent = self.extent();
        self.bins[extent].fill(0.0);
        (self.first, self.last) = (BINS, 0);
    }

    /// Bins outside which nothing lies.
    pub(super) fn extent(&self) -> Range<usize> {
        self.first.min(self.last)..self.last
    }

    /// Energy of one bin.
    pub(super) fn at(&self, bin: usize) -> f32 {
        self.bins[bin]
    }

    /// Energy of the bins of `range`.
    pub(super) fn slice(&self, range: Range<usize>) -> &[f32] {
        &self.bins[range]
    }

    /// The bins of `range`, to change them.
    pub(super) fn slice_mut(&mut self, range: Range<usize>) -> &mut [f32] {
        if !range.is_empty() {
            self.first = self.first.min(range.start);
            self.last = self.last.max(range.end);
        }
        &mut self.bins[range]
    }

    /// Adds `power` during `seconds` in the bins of `range`; `power` holds all bins.
    pub(super) fn add_power(&mut self, range: Range<usize>, power: &[f32], seconds: f32) {
        for (sum, p) in self.slice_mut(range.clone()).iter_mut().zip(&power[range]) {
            *sum += p * seconds;
        }
    }

    /// Adds another.
    pub(super) fn add(&mut self, other: &Self) {
        let extent = other.extent();
        for (sum, e) in self.slice_mut(extent.clone()).iter_mut().zip(&other.bins[extent]) {
            *sum += e;
        }
    }

    /// Energy of all bins.
    pub(super) fn total(&self) -> f64 {
        sum(&self.bins[self.extent()])
    }

    /// Bin of the most energy and how much it is.
    pub(super) fn peak(&self) -> (usize, f32) {
        let extent = self.extent();
        let bins = &self.bins[extent.clone()];
        let mut highest = 0.0;
        widest(Highest(bins, &mut highest));
        let at = bins.iter().rposition(|e| *e == highest);
        at.map_or((0, 0.0), |k| (extent.start + k, highest))
    }

    /// Band of 99 % of the energy, in bins.
    pub(super) fn band(&self) -> Option<(f64, f64)> {
        let extent = self.extent();
        let offset = extent.start as f64;
        let (low, high) = occupied_band(&self.bins[extent], 0.99)?;
        Some((low + offset, high + offset))
    }
}

/// Finds the highest of some numbers, zero at least.
pub(super) struct Highest<'a>(pub(super) &'a [f32], pub(super) &'a mut f32);

impl Work for Highest<'_> {
    #[inline(always)]
    fn run(self) {
        const LANES: usize = 16;
        let (groups, rest) = self.0.as_chunks::<LANES>();
        let mut highest = [0.0_f32; LANES];
        for group in groups {
            for i in 0..LANES {
                highest[i] = if group[i] > highest[i] { group[i] } else { highest[i] };
            }
        }
        *self.1 = highest.iter().chain(rest).copied().fold(0.0, f32::max);
    }
}
