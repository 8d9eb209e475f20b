//! Sums in double precision of many single-precision numbers.

use super::kernel::{Work, widest};

/// Numbers added side by side.
const LANES: usize = 16;
/// Numbers below which it is not worth the while.
const FEW: usize = 2 * LANES;

/// Sum of `values`, exact to a few roundings of double precision.
#[must_use]
pub fn sum(values: &[f32]) -> f64 {
    if values.len() < FEW {
        return values.iter().map(|x| f64::from(*x)).sum();
    }
    let mut sum = 0.0;
    widest(Sum(values, &mut sum));
    sum
}

struct Sum<'a>(&'a [f32], &'a mut f64);

impl Work for Sum<'_> {
    #[inline(always)]
    fn run(self) {
        let (groups, rest) = self.0.as_chunks::<LANES>();
        let mut sums = [0.0_f64; LANES];
        for group in groups {
            for i in 0..LANES {
                sums[i] += f64::from(group[i]);
            }
        }
        *self.1 = sums.iter().sum::<f64>() + rest.iter().map(|x| f64::from(*x)).sum::<f64>();
    }
}
