//! What the signal's likeness to itself tells: the cyclic prefix of many-carrier modulation.

use num_complex::Complex;

use super::{
    Baseband,
    envelope::quantile,
    tools::{Memory, Transforms},
};

/// Samples looked at, at most.
const SAMPLES_MAX: usize = 1 << 16;
/// Shortest lag over one by the bandwidth: below it lies the shape of the spectrum.
const LAG_MIN: f64 = 30.0;

/// Likeness at the best lag.
#[derive(Debug, Clone, Copy, Default)]
pub struct Correlation {
    /// Its size over the sigma of what other lags show (Rayleigh).
    pub ratio: f64,
    /// The lag, seconds: the useful symbol.
    pub lag_s: f64,
}

impl Correlation {
    /// Over lags from 30 over the bandwidth to a third of the stretch.
    pub(super) fn of(cut: &Baseband, transforms: &mut Transforms, memory: &mut Memory) -> Option<Self> {
        let (first, last) = (cut.on.first()?[0], cut.on.last()?[1].min(cut.samples.len()));
        let size = (last - first).min(SAMPLES_MAX);
        let Memory {
            samples: work,
            numbers: [sizes, ..],
        } = memory;
        work.clear();
        work.resize(2 * size.next_power_of_two(), Complex::default());
        for &[from, to] in &cut.on {
            let (from, to) = (from.max(first) - first, to.min(first + size).max(first) - first);
            if from < to {
                work[from..to].copy_from_slice(&cut.samples[first + from..first + to]);
            }
        }
        transforms.forward(work);
        for line in work.iter_mut() {
            *line = Complex::new(line.norm_sqr(), 0.0);
        }
        transforms.inverse(work);
        let shortest = (LAG_MIN / cut.band) as usize;
        sizes.clear();
        sizes.extend(work.get(shortest..size / 3)?.iter().map(|r| f64::from(r.norm())));
        let best = (0..sizes.len()).max_by(|a, b| sizes[*a].total_cmp(&sizes[*b]))?;
        let peak = sizes[best];
        // The median of a Rayleigh distribution is 1.177 sigma.
        let sigma = quantile(sizes, 0.5)? / 1.177;
        (sizes.len() >= 64 && sigma > 0.0).then(|| Self {
            ratio: peak / sigma,
            lag_s: (shortest + best) as f64 / cut.rate_hz,
        })
    }
}
