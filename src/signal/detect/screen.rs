//! Whether a row can hold anything at all: most rows of a quiet band cannot, and everything else that is done to a row is
//! for those that can.
//!
//! A cell of w bins that exceeds its threshold η has a sum of ratios over w η, and lies within three blocks of 16
//! bins whose sums are cheap. Three bins of mean over η hold one over η. What is left out here holds no cell over its
//! threshold; what is not may still hold none.

use super::{
    config::{BINS, WIDE},
    segment::Tests,
};
use crate::dsp::kernel::{Work, widest};

/// Bins of a block.
const BLOCK: usize = 16;
/// Blocks that hold every cell of `WIDE` bins.
const WIDE_BLOCKS: usize = (BLOCK - 1 + WIDE).div_ceil(BLOCK);
/// Rounding that the sums of other code may differ by.
const SLACK: f32 = 1.0 - 1e-4;

/// Sums of the ratios of a row to the floor.
#[derive(Debug)]
pub(super) struct Screen {
    sums: [f32; BINS / BLOCK],
    highest: f32,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            sums: [0.0; BINS / BLOCK],
            highest: 0.0,
        }
    }

    /// Whether a row of mean powers `power` may hold a cell over a threshold that starts a region. `inverse` is one over the
    /// floor within the bins `live` and zero outside.
    pub(super) fn passes(&mut self, power: &[f32], inverse: &[f32], tests: &Tests) -> bool {
        widest(Sums {
            power,
            inverse,
            screen: self,
        });
        self.highest >= tests.narrow.seed * SLACK || self.any(WIDE_BLOCKS, WIDE as f32 * tests.wide_seed * SLACK)
    }

    /// Whether the sum of some `blocks` neighbours reaches `limit`.
    fn any(&self, blocks: usize, limit: f32) -> bool {
        let mut sums = self.sums.windows(blocks).map(|sums| sums.iter().sum::<f32>());
        sums.any(|sum| sum >= limit)
    }
}

/// Makes the sums.
struct Sums<'a> {
    power: &'a [f32],
    inverse: &'a [f32],
    screen: &'a mut Screen,
}

impl Work for Sums<'_> {
    #[inline(always)]
    fn run(self) {
        const HALF: usize = BLOCK / 2;
        let mut highest = [0.0_f32; HALF];
        let blocks = self
            .power
            .as_chunks::<BLOCK>()
            .0
            .iter()
            .zip(self.inverse.as_chunks::<BLOCK>().0);
        for (out, (power, inverse)) in self.screen.sums.iter_mut().zip(blocks) {
            let mut sums = [0.0; HALF];
            for i in 0..HALF {
                let (a, b) = (power[i] * inverse[i], power[i + HALF] * inverse[i + HALF]);
                sums[i] = a + b;
                let higher = if a > b { a } else { b };
                highest[i] = if higher > highest[i] { higher } else { highest[i] };
            }
            let [a, b, c, d, e, f, g, h] = sums;
            *out = ((a + e) + (c + g)) + ((b + f) + (d + h));
        }
        self.screen.highest = highest.into_iter().fold(0.0, f32::max);
    }
}
