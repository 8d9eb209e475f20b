//! From one row to regions in frequency: double threshold, then the occupied core of each region.
//!
//! A strong keyed signal raises the whole span for a moment. Its region is then wide but 99 % of the power lies in a
//! narrow core; the rest is skirt, and only what stands out of the skirt is looked at further.

use super::{
    config::{BINS, MIDDLE, Threshold, WIDE},
    energy::Highest,
    flags::Flags,
};
use crate::dsp::{
    kernel::{Work, widest},
    measure::occupied_band,
};

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
    /// Bins before `first` that belong to no other region: half the way to the next, at most its own width.
    pub(super) margin_low: usize,
    /// Bins from `last` on that belong to no other.
    pub(super) margin_high: usize,
}

/// Thresholds of one row; the wide one only starts regions, because its smoothing would bridge gaps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tests {
    /// Three bins.
    pub(super) narrow: Threshold,
    /// `MIDDLE` bins, which only grow regions.
    pub(super) middle_growth: f32,
    /// `WIDE` bins.
    pub(super) wide_seed: f32,
}

/// Working memory of [`Segmenter::runs`].
pub(super) struct Segmenter {
    sums: Vec<f64>,
    /// Ratios to the floor, and the same up to `WIDE_CLIP`; `PAD` zeros on either side.
    ratio: Vec<f32>,
    clipped: Vec<f32>,
    /// Sums over three and nine of the latter.
    three: Vec<f32>,
    nine: Vec<f32>,
    /// Which bins grow a region, and which of these start one.
    grows: Flags,
    seeds: Flags,
    flags: Vec<u8>,
    narrow: Vec<f32>,
    middle: Vec<f32>,
    wide: Vec<f32>,
    excess: Vec<f32>,
    sums_known: bool,
    regions: Vec<(usize, usize)>,
    bridge: usize,
}

/// Zeros beside the ratios: the reach of the widest mean, and of the sums it is made of.
const PAD: usize = 20;
/// Ratio at which a cell stops counting more in the wide mean, so that one strong line does not look like a wide signal.
pub(super) const WIDE_CLIP: f32 = 6.0;
/// Share of its region a core must fill for the region to be one signal without skirts.
const FULL_SHARE: f64 = 0.4;
/// A line in a skirt stands out when it is this much over the skirt about it.
const PROMINENCE: f64 = 10.0;
/// Ratio to the growth threshold under which a bin may be a valley.
const VALLEY: f32 = 2.0;
/// Bins of a valley.
const VALLEY_BINS: usize = 8;
/// Ratio to the growth threshold that both sides of a valley must reach.
const VALLEY_SHOULDER: f32 = 20.0;
/// Bins on either side that make up the skirt about a line.
const SKIRT_REACH: usize = 24;
/// Margin of the narrowest region, bins.
const MARGIN_MIN: usize = 8;
/// Bins next to a line that do not.
const SKIRT_GUARD: usize = 4;

impl Segmenter {
    pub(super) fn new(bridge: usize) -> Self {
        Self {
            sums: vec![0.0; BINS + 1],
            ratio: vec![0.0; BINS + 2 * PAD],
            clipped: vec![0.0; BINS + 2 * PAD],
            three: vec![0.0; BINS + 2 * PAD],
            nine: vec![0.0; BINS + 2 * PAD],
            grows: Flags::new(),
            seeds: Flags::new(),
            flags: vec![0; BINS],
            narrow: vec![0.0; BINS],
            middle: vec![0.0; BINS],
            wide: vec![0.0; BINS],
            excess: vec![0.0; BINS],
            sums_known: false,
            regions: Vec::with_capacity(BINS / 2),
            bridge,
        }
    }

    /// Power above the floor of the row last segmented, per bin.
    pub(super) fn excess(&self) -> &[f32] {
        &self.excess
    }

    /// Multiplies the excess of each bin by `weights` and `scale`.
    pub(super) fn scale_excess(&mut self, weights: &[f32], scale: f32) {
        for (e, w) in self.excess.iter_mut().zip(weights) {
            *e *= w * scale;
        }
    }

    /// Finds the regions of a row of mean powers `power` over `floor`, within the bins `live`.
    pub(super) fn runs(
        &mut self,
        power: &[f32],
        floor: &RowFloor<'_>,
        live: (usize, usize),
        tests: &Tests,
        out: &mut Vec<Run>,
    ) {
        out.clear();
        self.sums_known = false;
        widest(Smooth {
            memory: self,
            power,
            floor,
            live,
            tests,
        });
        self.find_regions(live, tests);
        for index in 0..self.regions.len() {
            self.split(index, live, tests.narrow, out);
        }
    }

    /// Stretches above the growth threshold that hold a cell above the seed threshold.
    fn find_regions(&mut self, live: (usize, usize), tests: &Tests) {
        self.regions.clear();
        let mut k = live.0;
        while let Some(first) = self.grows.first_set(k..live.1) {
            let mut last = self.grows.first_clear(first..live.1);
            while let Some(next) = self.grows.first_set(last..(last + self.bridge + 1).min(live.1)) {
                last = self.grows.first_clear(next..live.1);
            }
            if self.seeds.first_set(first..last).is_some() {
                push_between_valleys(&self.narrow, (first, last), tests.narrow.growth, &mut self.regions);
            }
            k = last;
        }
    }

    /// Adds the core of a region, and what stands out of its skirts.
    fn split(&mut self, index: usize, live: (usize, usize), narrow: Threshold, out: &mut Vec<Run>) {
        let (first, last) = self.regions[index];
        let below = index
            .checked_sub(1)
            .map_or(live.0, |i| usize::midpoint(self.regions[i].1, first));
        let above = self
            .regions
            .get(index + 1)
            .map_or(live.1, |r| usize::midpoint(r.0, last));
        let reach = last - first + MARGIN_MIN;
        let (margin_low, margin_high) = ((first - below).min(reach), (above - last).min(reach));
        let Some((low, high)) = occupied_band(&self.excess[first..last], 0.99) else {
            return;
        };
        let (low, high) = (low + first as f64, high + first as f64);
        out.push(Run {
            low,
            high,
            first,
            last,
            margin_low,
            margin_high,
        });
        if high - low >= FULL_SHARE * (last - first) as f64 || last - first < 16 {
            return;
        }
        let core = (low as usize, high.ceil() as usize);
        if !self.sums_known {
            self.sums_known = true;
            for k in 0..BINS {
                self.sums[k + 1] = self.sums[k] + f64::from(self.excess[k].max(0.0));
            }
        }
        for (a, b) in [(first, core.0), (core.1, last)] {
            self.standing_out(a, b, narrow, out);
        }
    }

    /// Lines between bins `first` and `last` that stand out of their surroundings.
    fn standing_out(&self, first: usize, last: usize, narrow: Threshold, out: &mut Vec<Run>) {
        let mean = |a: usize, b: usize| {
            if a < b {
                (self.sums[b] - self.sums[a]) / (b - a) as f64
            } else {
                0.0
            }
        };
        let prominent = |k: usize| {
            let below = mean(k.saturating_sub(SKIRT_REACH), k.saturating_sub(SKIRT_GUARD));
            let above = mean((k + SKIRT_GUARD + 1).min(BINS), (k + SKIRT_REACH + 1).min(BINS));
            // The steeper side decides: a slope is no line.
            f64::from(self.excess[k]) > PROMINENCE * below.max(above)
        };
        let prominent = |k: usize| self.narrow[k] > narrow.seed && prominent(k);
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
                margin_low: 0,
                margin_high: 0,
            });
            k = b;
        }
    }
}

/// Means of a row over several widths, and which bins they make grow a region.
struct Smooth<'a> {
    memory: &'a mut Segmenter,
    power: &'a [f32],
    floor: &'a RowFloor<'a>,
    live: (usize, usize),
    tests: &'a Tests,
}

impl Work for Smooth<'_> {
    #[inline(always)]
    fn run(self) {
        let memory = self.memory;
        memory.smooth(self.power, self.floor, self.live);
        let (narrow, middle) = (self.tests.narrow.growth, self.tests.middle_growth);
        for ((out, n), m) in memory.flags.iter_mut().zip(&memory.narrow).zip(&memory.middle) {
            *out = u8::from((*n > narrow) | (*m > middle));
        }
        memory.grows.pack(&memory.flags);
        // The wide smoothing only starts regions: where nothing grows it starts none.
        let (narrow, wide) = (self.tests.narrow.seed, self.tests.wide_seed);
        for (flag, (n, w)) in memory.flags.iter_mut().zip(memory.narrow.iter().zip(&memory.wide)) {
            *flag &= u8::from((*n > narrow) | (*w > wide));
        }
        // A cell that reaches over an end of the span holds fewer bins, for which its threshold is too low.
        (memory.flags[self.live.0], memory.flags[self.live.1 - 1]) = (0, 0);
        memory.seeds.pack(&memory.flags);
    }
}

impl Segmenter {
    /// Means over 3, `MIDDLE` and `WIDE` bins of the ratio to the floor; at the ends of `live` over fewer, or none for the
    /// widest.
    #[inline(always)]
    fn smooth(&mut self, power: &[f32], floor: &RowFloor<'_>, (first, last): (usize, usize)) {
        let inside = PAD + first..PAD + last;
        self.ratio[..inside.start].fill(0.0);
        self.ratio[inside.end..].fill(0.0);
        self.clipped[..inside.start].fill(0.0);
        self.clipped[inside.end..].fill(0.0);
        let scale = 1.0 / floor.rise;
        let ratios = self.ratio[inside.clone()].iter_mut().zip(&mut self.clipped[inside]);
        let floors = floor.level[first..last].iter().zip(&floor.inverse[first..last]);
        let excess = self.excess[first..last].iter_mut();
        for ((((ratio, clipped), excess), p), (level, inverse)) in
            ratios.zip(excess).zip(&power[first..last]).zip(floors)
        {
            let r = p * (inverse * scale);
            *ratio = r;
            *clipped = if r < WIDE_CLIP { r } else { WIDE_CLIP };
            *excess = p - level * floor.rise;
        }
        add_three(&self.ratio, 1, PAD, &mut self.narrow);
        add_three(&self.clipped, 1, 1, &mut self.three[1..BINS + 2 * PAD - 1]);
        add_three(&self.three, 3, 4, &mut self.nine[4..BINS + 2 * PAD - 4]);
        self.middle.copy_from_slice(&self.nine[PAD..PAD + BINS]);
        // 33 = 27 + 2 · 3.
        add_three(&self.nine, 9, PAD, &mut self.wide);
        let outer = self.three[PAD - 15..PAD - 15 + BINS]
            .iter()
            .zip(&self.three[PAD + 15..PAD + 15 + BINS]);
        for (out, (a, b)) in self.wide.iter_mut().zip(outer) {
            *out += a + b;
        }
        for (means, width) in [
            (&mut self.narrow, 3),
            (&mut self.middle, MIDDLE),
            (&mut self.wide, WIDE),
        ] {
            let inner = 1.0 / width as f32;
            means[first..last].iter_mut().for_each(|m| *m *= inner);
            let half = width / 2;
            for i in 0..half.min(last - first) {
                // The wide mean only starts regions, which takes whole cells.
                let fewer = if width == WIDE {
                    0.0
                } else {
                    width as f32 / (half + 1 + i).min(last - first) as f32
                };
                means[first + i] *= fewer;
                means[last - 1 - i] *= fewer;
            }
            means[..first].fill(0.0);
            means[last..].fill(0.0);
        }
    }
}

/// Adds a region, cut where strong parts are held together only by splatter just above the threshold.
fn push_between_valleys(narrow: &[f32], (first, last): (usize, usize), growth: f32, out: &mut Vec<(usize, usize)>) {
    let mut highest = 0.0;
    widest(Highest(&narrow[first..last], &mut highest));
    if highest <= VALLEY_SHOULDER * growth {
        out.push((first, last));
        return;
    }
    let (mut from, mut peak, mut low, mut cut) = (first, 0.0_f32, 0, None);
    for (k, &level) in narrow.iter().enumerate().take(last).skip(first) {
        low = if level < VALLEY * growth { low + 1 } else { 0 };
        if low >= VALLEY_BINS && peak > VALLEY_SHOULDER * growth {
            cut = Some((k + 1 - low, k + 1));
        }
        if let Some((end, begin)) = cut.filter(|_| level > VALLEY_SHOULDER * growth) {
            out.push((from, end));
            (from, peak, cut) = (begin, 0.0, None);
        }
        peak = peak.max(level);
    }
    out.push((from, last));
}

/// The floor of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowFloor<'a> {
    /// Noise power per bin.
    pub(super) level: &'a [f32],
    /// One over it.
    pub(super) inverse: &'a [f32],
    /// What both are raised by in this row.
    pub(super) rise: f32,
}

/// `out[k]` = sum of `values` at `k + offset` and `step` to either side.
#[inline(always)]
fn add_three(values: &[f32], step: usize, offset: usize, out: &mut [f32]) {
    let count = out.len();
    let at = |shift: usize| &values[shift..shift + count];
    let (below, here, above) = (at(offset - step), at(offset), at(offset + step));
    for (((out, a), b), c) in out.iter_mut().zip(below).zip(here).zip(above) {
        *out = (a + b) + c;
    }
}
