//! What looks share: transforms, whose sizes are powers of two and therefore few, and memory that is used again.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::line;

/// Everything that one look after the other uses.
#[derive(Default)]
pub(super) struct Tools {
    pub(super) transforms: Transforms,
    pub(super) lines: line::Lines,
    pub(super) memory: Memory,
    /// Which samples of the cut are on and not beside an edge.
    pub(super) on: Vec<bool>,
}

/// Memory that each feature uses for something else.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) samples: Vec<Complex<f32>>,
    pub(super) numbers: [Vec<f64>; 4],
}

/// Transforms of powers of two.
#[derive(Default)]
pub(super) struct Transforms {
    planner: Option<FftPlanner<f32>>,
    /// By the logarithm of their size.
    plans: [Option<Arc<dyn Fft<f32>>>; 32],
    scratch: Vec<Complex<f32>>,
}

impl Transforms {
    /// Transforms in place, unscaled.
    pub(super) fn forward(&mut self, data: &mut [Complex<f32>]) {
        debug_assert!(data.len().is_power_of_two(), "{} points", data.len());
        let plan = self.plans[data.len().trailing_zeros() as usize].get_or_insert_with(|| {
            let planner = self.planner.get_or_insert_with(FftPlanner::new);
            planner.plan_fft_forward(data.len())
        });
        let scratch = plan.get_inplace_scratch_len();
        if self.scratch.len() < scratch {
            self.scratch.resize(scratch, Complex::default());
        }
        plan.process_with_scratch(data, &mut self.scratch[..scratch]);
    }

    /// Transforms back in place, unscaled: forward with real and imaginary parts exchanged, so that one table serves both
    /// ways.
    pub(super) fn inverse(&mut self, data: &mut [Complex<f32>]) {
        let exchange = |data: &mut [Complex<f32>]| data.iter_mut().for_each(|x| *x = Complex::new(x.im, x.re));
        exchange(data);
        self.forward(data);
        exchange(data);
    }
}
