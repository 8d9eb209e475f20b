//! From one row to regions in frequency: double threshold, then the occupied core of each region.
//!
//! A strong keyed signal raises the whole span for a moment. Its region is then wide but 99 % of the power lies in a
//! narrow core; the rest is skirt, and only what stands out of the skirt is looked at further.

use super::config::{BINS, Threshold, WIDE};
use crate::dsp::measure::occupied_band;

/// A region of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    /// Occupied core, bins.
    pub(super) low: f64,
    /// Upper edge of the core.
    pub(super) high: f64,
    /// First bin of the region, skirts included.
    pub(super) first: usize,
    /// One past its last bin.
    pub(super) last: usize,
}

/// Working memory of [`Segmenter::runs`].
pub(super) struct Segmenter {
    sums: Vec<f64>,
    clipped_sums: Vec<f32>,
    narrow: Vec<f32>,
    wide: Vec<f32>,
    excess: Vec<f32>,
    regions: Vec<(usize, usize)>,
    bridge: usize,
}

/// Ratio at which a cell stops counting more in the wide mean, so that one strong line does not look like a wide signal.
const WIDE_CLIP: f32 = 6.0;
/// Share of its region a core must fill for the region to be one signal without skirts.
const FULL_SHARE: f64 = 0.4;
/// A line in a skirt stands out when it is this much over the skirt about it.
const PROMINENCE: f64 = 10.0;
/// Bins on either side that make up the skirt about a line.
const SKIRT_REACH: usize = 24;
/// Bins next to a line that do not.
const SKIRT_GUARD: usize = 4;

impl Segmenter {
    pub(super) fn new(bridge: usize) -> Self {
        Self {
            sums: vec![0.0; BINS + 1],
            clipped_sums: vec![0.0; BINS + 1],
            narrow: vec![0.0; BINS],
            wide: vec![0.0; BINS],
            excess: vec![0.0; BINS],
            regions: Vec::with_capacity(BINS / 2),
            bridge,
        }
    }

    /// Power above the floor of the row last segmented, per bin.
    pub(super) fn excess(&self) -> &[f32] {
        &self.excess
    }

    /// Finds the regions of a row of mean powers `power` over `floor`, within the bins `live`.
    pub(super) fn runs(
        &mut self,
        power: &[f32],
        floor: &[f32],
        live: (usize, usize),
        tests: (Threshold, Option<Threshold>),
        out: &mut Vec<Run>,
    ) {
        out.clear();
        self.smooth(power, floor, live);
        self.find_regions(live, tests);
        for index in 0..self.regions.len() {
            let (first, last) = self.regions[index];
            self.split(first, last, tests.0, out);
        }
    }

    /// Stretches above the growth threshold that hold a cell above the seed threshold.
    fn find_regions(&mut self, live: (usize, usize), tests: (Threshold, Option<Threshold>)) {
        self.regions.clear();
        let (narrow, wide) = tests;
        let wide = wide.unwrap_or(Threshold {
            seed: f32::INFINITY,
            growth: f32::INFINITY,
        });
        let over = |k: usize, pick: fn(&Threshold) -> f32| self.narrow[k] > pick(&narrow) || self.wide[k] > pick(&wide);
        let mut k = live.0;
        while k < live.1 {
            if !over(k, |t| t.growth) {
                k += 1;
                continue;
            }
            let (first, mut last, mut seeded, mut quiet) = (k, k + 1, false, 0);
            while k < live.1 && quiet <= self.bridge {
                if over(k, |t| t.growth) {
                    seeded |= over(k, |t| t.seed);
                    last = k + 1;
                    quiet = 0;
                } else {
                    quiet += 1;
                }
                k += 1;
            }
            if seeded {
                self.regions.push((first, last));
            }
        }
    }

    fn smooth(&mut self, power: &[f32], floor: &[f32], live: (usize, usize)) {
        let (first, last) = live;
        let mut sum = 0.0_f32;
        self.clipped_sums[..=first].fill(0.0);
        for k in first..last {
            let ratio = power[k] / floor[k];
            self.wide[k] = ratio;
            self.excess[k] = power[k] - floor[k];
            sum += ratio.min(WIDE_CLIP);
            self.clipped_sums[k + 1] = sum;
        }
        for k in first..last {
            let (a, b) = (k.max(first + 1) - 1, (k + 2).min(last));
            self.narrow[k] = self.wide[a..b].iter().sum::<f32>() / (b - a) as f32;
        }
        let half = WIDE / 2;
        for k in first..last {
            let (a, b) = (k.saturating_sub(half).max(first), (k + half).min(last));
            self.wide[k] = (self.clipped_sums[b] - self.clipped_sums[a]) / (b - a).max(half) as f32;
        }
    }

    /// Adds the core of a region, and what stands out of its skirts.
    fn split(&mut self, first: usize, last: usize, narrow: Threshold, out: &mut Vec<Run>) {
        let Some((low, high)) = occupied_band(&self.excess[first..last], 0.99) else {
            return;
        };
        let (low, high) = (low + first as f64, high + first as f64);
        out.push(Run { low, high, first, last });
        if high - low >= FULL_SHARE * (last - first) as f64 || last - first < 16 {
            return;
        }
        let core = (low as usize, high.ceil() as usize);
        let mut sum = 0.0;
        for k in first..last {
            self.sums[k] = sum;
            sum += f64::from(self.excess[k].max(0.0));
        }
        self.sums[last] = sum;
        for (a, b) in [(first, core.0), (core.1, last)] {
            self.standing_out(a, b, narrow, out);
        }
    }

    /// Lines between bins `first` and `last` that stand out of their surroundings.
    fn standing_out(&self, first: usize, last: usize, narrow: Threshold, out: &mut Vec<Run>) {
        let prominent = |k: usize| {
            let part = |a: usize, b: usize| {
                if a < b {
                    (self.sums[b] - self.sums[a], (b - a) as f64)
                } else {
                    (0.0, 0.0)
                }
            };
            let below = part(
                k.saturating_sub(SKIRT_REACH).max(first),
                k.saturating_sub(SKIRT_GUARD).max(first),
            );
            let above = part((k + SKIRT_GUARD + 1).min(last), (k + SKIRT_REACH + 1).min(last));
            // The steeper side decides: a slope is no line.
            let level = |(sum, count): (f64, f64)| if count >= 8.0 { sum / count } else { f64::INFINITY };
            let around = match (level(below), level(above)) {
                (a, b) if a.is_finite() && b.is_finite() => a.max(b),
                (a, b) => a.min(b),
            };
            around.is_finite() && f64::from(self.excess[k]) > PROMINENCE * around && self.narrow[k] > narrow.seed
        };
        let mut k = first;
        while k < last {
            if !prominent(k) {
                k += 1;
                continue;
            }
            let (a, mut b) = (k, k + 1);
            while b < last && (prominent(b) || (b + 1 < last && prominent(b + 1))) {
                b += 1;
            }
            let (a, b) = (a.saturating_sub(1).max(first), (b + 1).min(last));
            out.push(Run {
                low: a as f64,
                high: b as f64,
                first: a,
                last: b,
            });
            k = b;
        }
    }
}
