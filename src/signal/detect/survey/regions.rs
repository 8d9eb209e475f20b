//! From one frame to regions: bins over the lower threshold about one over the higher.

use std::ops::Range;

use crate::{
    detect::artefact::IMAGE_DB,
    dsp::{
        detection::threshold_ratio,
        kernel::{Work, widest},
        measure::{centroid, decibel, occupied_band},
    },
};

/// Bins looked at together: where none of them is over a threshold, nothing more is done to them.
const BLOCK: usize = 16;
/// Bins under the lower threshold that do not yet end a region: what chance does to the middle of a signal.
const BRIDGE: usize = 1;
/// Bins that a band of noise may be off.
const MIRROR_SLACK: f64 = 1.0;

/// Probability per bin of belonging to a region that a bin over the higher threshold has started, as in
/// [`Rules::growth_pfa`](crate::detect::Rules).
const GROWTH_PFA: f64 = 2e-3;
/// Cells of time × bandwidth 1 in a day and a megahertz.
const CELLS: f64 = 86_400.0e6;

/// Thresholds as ratios to the floor, and where they count.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    /// Starts a region.
    pub(super) seed: f32,
    /// Continues one.
    pub(super) growth: f32,
    /// Bins in which regions are looked for.
    pub(super) within: Range<usize>,
}

impl Limits {
    /// Those for `false_alarms_per_day_mhz` in frames of `averages` independent spectra.
    pub(super) fn new(averages: f64, false_alarms_per_day_mhz: f64, within: Range<usize>) -> Self {
        let alarms = false_alarms_per_day_mhz.max(1e-9) / (CELLS / averages);
        Self {
            seed: threshold_ratio(averages, alarms.min(GROWTH_PFA)) as f32,
            growth: threshold_ratio(averages, GROWTH_PFA) as f32,
            within,
        }
    }
}

/// A region of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Region {
    /// Its first bin and one past its last.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Band of 99 % of the power, bins.
    pub(super) low: f64,
    pub(super) high: f64,
    /// Centre of the power, bins.
    pub(super) center: f64,
    /// Power over the floor.
    pub(super) power: f64,
    /// Power of the floor in it.
    pub(super) noise: f64,
    /// What stands at its mirror about the centre and is much stronger.
    pub(super) mirror: Option<Mirror>,
}

/// The other side of a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mirror {
    /// Its centre, bins.
    pub(super) center: f64,
    /// By how much it is stronger.
    pub(super) db: f64,
}

/// Marks regions, in ascending order, of a frame of `bins` whose mirror about the centre holds one that is stronger by [`IMAGE_DB`].
pub(super) fn mark_mirrors(regions: &mut [Region], bins: usize) {
    // Bins are centred: the mirror of position p is bins + 1 − p.
    let end = bins as f64 + 1.0;
    for index in 0..regions.len() {
        let own = regions[index];
        let (low, high) = (end - own.high - MIRROR_SLACK, end - own.low + MIRROR_SLACK);
        let from = regions.partition_point(|r| r.high < low);
        let there = regions[from..].iter().take_while(|r| r.low < high);
        let stronger = there.filter(|r| {
            let outside = own.low > r.high || own.high < r.low;
            let common = high.min(r.high + MIRROR_SLACK) - low.max(r.low - MIRROR_SLACK);
            outside && common >= 0.5 * (own.high - own.low)
        });
        let parent = stronger.max_by(|a, b| a.power.total_cmp(&b.power));
        regions[index].mirror = parent.and_then(|parent| {
            let db = decibel(parent.power / own.power.max(1e-30));
            (db >= IMAGE_DB).then_some(Mirror {
                center: parent.center,
                db,
            })
        });
    }
}

/// Working memory.
pub(super) struct Regions {
    /// Highest ratio of each block, and over all.
    highest: Vec<f32>,
    top: f32,
    excess: Vec<f32>,
}

impl Regions {
    pub(super) fn new(bins: usize) -> Self {
        Self {
            highest: vec![0.0; bins.div_ceil(BLOCK)],
            top: 0.0,
            excess: vec![0.0; bins],
        }
    }

    /// Whether any bin reaches `seed` times the floor.
    pub(super) fn screen(&mut self, mean: &[f32], inverse: &[f32], seed: f32) -> bool {
        widest(Highest {
            mean,
            inverse,
            regions: self,
        });
        self.top >= seed
    }

    /// The regions of the frame last [screened](Self::screen), in ascending order; its floor is `rise` times `level`.
    pub(super) fn find(
        &mut self,
        mean: &[f32],
        level: &[f32],
        inverse: &[f32],
        rise: f32,
        limits: &Limits,
        out: &mut Vec<Region>,
    ) {
        let (growth, seed) = (limits.growth * rise, limits.seed * rise);
        let over = |k: usize| mean[k] * inverse[k] >= growth;
        let mut k = limits.within.start;
        while k < limits.within.end {
            if self.highest[k / BLOCK] < growth {
                k = (k / BLOCK + 1) * BLOCK;
                continue;
            }
            if !over(k) {
                k += 1;
                continue;
            }
            let (first, mut last) = (k, k + 1);
            while let Some(next) = (last..(last + BRIDGE + 1).min(limits.within.end)).find(|k| over(*k)) {
                last = next + 1;
            }
            if (first..last).any(|k| mean[k] * inverse[k] >= seed) {
                out.extend(self.region(first..last, mean, level, rise));
            }
            k = last;
        }
    }

    /// What is measured of a region.
    fn region(&mut self, bins: Range<usize>, mean: &[f32], level: &[f32], rise: f32) -> Option<Region> {
        let excess = &mut self.excess[bins.clone()];
        let (mut power, mut noise) = (0.0, 0.0);
        for ((out, mean), level) in excess.iter_mut().zip(&mean[bins.clone()]).zip(&level[bins.clone()]) {
            let floor = level * rise;
            *out = mean - floor;
            power += f64::from(*out);
            noise += f64::from(floor);
        }
        let (low, high) = occupied_band(excess, 0.99)?;
        let center = centroid(excess)?;
        let from = bins.start as f64;
        Some(Region {
            first: bins.start,
            last: bins.end,
            low: low + from,
            high: high + from,
            center: center + from,
            power,
            noise,
            mirror: None,
        })
    }
}

/// Finds the highest ratio to the floor of each block.
struct Highest<'a> {
    mean: &'a [f32],
    inverse: &'a [f32],
    regions: &'a mut Regions,
}

impl Work for Highest<'_> {
    #[inline(always)]
    fn run(self) {
        let blocks = self.mean.chunks(BLOCK).zip(self.inverse.chunks(BLOCK));
        let mut lanes = [0.0_f32; BLOCK];
        for (out, (mean, inverse)) in self.regions.highest.iter_mut().zip(blocks) {
            let mut ratios = [0.0_f32; BLOCK];
            for ((ratio, mean), inverse) in ratios.iter_mut().zip(mean).zip(inverse) {
                *ratio = mean * inverse;
            }
            for (lane, ratio) in lanes.iter_mut().zip(&ratios) {
                *lane = if *ratio > *lane { *ratio } else { *lane };
            }
            // Halves: a tree the compiler makes vectors of.
            let mut width = BLOCK / 2;
            while width > 0 {
                for i in 0..width {
                    let (a, b) = (ratios[i], ratios[i + width]);
                    ratios[i] = if a > b { a } else { b };
                }
                width /= 2;
            }
            *out = ratios[0];
        }
        self.regions.top = lanes.into_iter().fold(0.0, f32::max);
    }
}
