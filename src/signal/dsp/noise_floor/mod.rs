//! Noise floor from a stretch of averaged spectra: time first, then frequency.
//!
//! 1. Per bin, forward consecutive mean excision (FCME, Henttu & Aromaa 2002) over time: the mean of the lowest values
//!    that are consistent with one noise level. Bursts fall out at any duty cycle that leaves some silence.
//! 2. Over frequency, a lower envelope that may rise by no more than a stated slope from any bin that is low: real
//!    passbands change slowly, signals have edges. Near the edges of the span the slope may be that of a filter.
//!    A carrier that never pauses is bridged from its neighbours and so never becomes floor.
//! 3. The envelope follows the lowest values and is low by a little; the bins that lie on it as noise would, give the
//!    mean that corrects it, and its spread the uncertainty.

mod centre;

use std::ops::Range;

use super::{
    detection::{gamma_p, quantile_ratio, threshold_ratio},
    kernel::{Work, widest},
};

/// Constants of the estimate.
#[derive(Debug, Clone)]
pub struct FloorRules {
    /// Share of the span on either side where the receiver's filters may roll off.
    pub edge_share: f64,
    /// Rise allowed over the inner span as a whole, dB.
    pub inner_rise_db: f64,
    /// Rise allowed across one edge, dB.
    pub edge_rise_db: f64,
    /// False exclusion probability of the excision.
    pub excision_pfa: f64,
    /// Half width in bins of the running order statistic.
    pub half_width: usize,
}

impl Default for FloorRules {
    fn default() -> Self {
        Self {
            edge_share: 0.12,
            inner_rise_db: 4.0,
            edge_rise_db: 60.0,
            excision_pfa: 1e-3,
            half_width: 8,
        }
    }
}

/// A floor per bin with what is known about it.
#[derive(Debug, Clone)]
pub struct Floor {
    /// Noise power per bin.
    pub level: Vec<f32>,
    /// Time-excised mean power per bin: floor, or the level of whatever never pauses.
    pub steady: Vec<f32>,
    /// Bins between filters that let anything through: `[first, last)`; outside is digital silence.
    pub live: (usize, usize),
    /// Share of live bins that look like noise.
    pub noise_share: f64,
    /// One sigma of the floor, dB.
    pub uncertainty_db: f64,
}

/// Estimates the floor of `spectra`, each averaged `averages` effective times. `silence` is the power per bin of the
/// sample format's own rounding, zero where it has none.
#[must_use]
pub fn estimate(spectra: &[&[f32]], averages: f64, silence: f32, rules: &FloorRules) -> Floor {
    let bins = spectra.first().map_or(0, |s| s.len());
    let group = (spectra.len() / 64).clamp(1, 8);
    let count = spectra.len() / group;
    let mean = averages * group as f64;
    let limit = threshold_ratio(mean, rules.excision_pfa);
    // Noise above the limit is left out with the signals; the mean of what stays is low by as much.
    let bias = gamma_p(mean + 1.0, mean * limit) / gamma_p(mean, mean * limit);
    let (limit, unbias) = (limit as f32, (1.0 / bias) as f32);
    let (mut steady, mut kept) = (vec![0.0_f32; bins], vec![0.0_f32; bins]);
    let mut columns = vec![[0.0_f32; LANES]; count];
    for first in (0..bins).step_by(LANES) {
        let lanes = LANES.min(bins - first);
        let mut levels = [[0.0; LANES]; 2];
        widest(Column {
            spectra,
            bins: first..first + lanes,
            group,
            limit,
            columns: &mut columns,
            levels: &mut levels,
        });
        for (out, level) in steady[first..first + lanes].iter_mut().zip(levels[0]) {
            *out = level * unbias;
        }
        kept[first..first + lanes].copy_from_slice(&levels[1][..lanes]);
    }
    from_steady(steady, &kept, mean * count as f64, silence, rules)
}

/// The time part for some bins side by side.
struct Column<'a> {
    spectra: &'a [&'a [f32]],
    bins: Range<usize>,
    group: usize,
    limit: f32,
    columns: &'a mut [[f32; LANES]],
    /// Mean of what is kept, and its share.
    levels: &'a mut [[f32; LANES]; 2],
}

impl Work for Column<'_> {
    #[inline(always)]
    fn run(self) {
        for (out, rows) in self.columns.iter_mut().zip(self.spectra.chunks_exact(self.group)) {
            *out = [0.0; LANES];
            for row in rows {
                for (sum, p) in out.iter_mut().zip(&row[self.bins.clone()]) {
                    *sum += p;
                }
            }
            out.iter_mut().for_each(|sum| *sum /= self.group as f32);
        }
        sort_lanes(self.columns);
        *self.levels = excise_sorted(self.columns, self.limit);
    }
}

/// Bins sorted at a time: what two vector registers hold.
const LANES: usize = 16;

/// Sorts every lane by itself, smallest first: Batcher's odd-even merge sort (Knuth 5.2.2), whose comparisons do not
/// depend on the values, so that the lanes go side by side.
#[inline(always)]
fn sort_lanes(rows: &mut [[f32; LANES]]) {
    let count = rows.len();
    let mut merge = 1;
    while merge < count {
        // Pairs lie in one stretch of `2 merge`, a power of two: shifts are cheaper than divisions.
        let stretch = (2 * merge).trailing_zeros();
        let mut step = merge;
        while step > 0 {
            for start in (step % merge..count.saturating_sub(step)).step_by(2 * step) {
                let end = (start + step).min(count - step);
                let (lower, upper) = rows.split_at_mut(start + step);
                for (i, (a, b)) in (start..end).zip(lower[start..].iter_mut().zip(upper)) {
                    if i >> stretch == (i + step) >> stretch {
                        order(a, b);
                    }
                }
            }
            step /= 2;
        }
        merge *= 2;
    }
}

/// [`sort_lanes`].
struct Sort<'a>(&'a mut [[f32; LANES]]);

impl Work for Sort<'_> {
    #[inline(always)]
    fn run(self) {
        sort_lanes(self.0);
    }
}

/// Puts the smaller of each pair into `a`. Not by conditions: a store that may be left out becomes a masked one, which
/// takes tens of cycles on some processors.
#[inline(always)]
fn order(a: &mut [f32; LANES], b: &mut [f32; LANES]) {
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (a.min(*b), a.max(*b));
    }
}

/// Mean of the lowest values consistent with one level, and the share of values kept. Sorts `values`.
pub fn excise(values: &mut [f32], limit: f32) -> (f32, f32) {
    values.sort_unstable_by(f32::total_cmp);
    let rows: &[[f32; 1]] = values.as_chunks().0;
    let [[mean], [share]] = excise_sorted(rows, limit);
    (mean, share)
}

/// The same of every lane of `rows`, which are in ascending order: the means and the shares.
#[inline(always)]
fn excise_sorted<const L: usize>(rows: &[[f32; L]], limit: f32) -> [[f32; L]; 2] {
    let count = rows.len();
    let start = (count / 10).max(2).min(count);
    let limit = f64::from(limit);
    let (mut sum, mut used, mut more) = ([0.0_f64; L], [start as f64; L], [1.0_f64; L]);
    for row in &rows[..start] {
        for lane in 0..L {
            sum[lane] += f64::from(row[lane]);
        }
    }
    for row in &rows[start..] {
        for lane in 0..L {
            let value = f64::from(row[lane]);
            let fits = value * used[lane] <= sum[lane] * limit;
            more[lane] = if fits { more[lane] } else { 0.0 };
            sum[lane] += value * more[lane];
            used[lane] += more[lane];
        }
    }
    let mut out = [[0.0; L]; 2];
    for lane in 0..L {
        out[0][lane] = (sum[lane] / used[lane].max(1.0)) as f32;
        out[1][lane] = used[lane] as f32 / count.max(1) as f32;
    }
    out
}

/// The frequency part, from a level per bin averaged `averages` times.
#[must_use]
pub fn from_steady(steady: Vec<f32>, kept: &[f32], averages: f64, silence: f32, rules: &FloorRules) -> Floor {
    let bins = steady.len();
    let mean_kept = f64::from(kept.iter().sum::<f32>()) / bins.max(1) as f64;
    let averages = (averages * mean_kept).max(2.0);
    let low = running_low(&steady, rules.half_width, averages);
    let live = live_range(&low, silence);
    let mut level = low.clone();
    envelope(&mut level[live.0..live.1], rules);
    let noise = centre::noise(&level, &steady, live.0..live.1, averages);
    bridge_signals(&mut level, &noise.bins[live.0..live.1], live.0, rules.half_width);
    let centred = centre::centre(&mut level, &steady, &noise);
    let sigma = (centred.sigma.powi(2) + roughness(&level[live.0..live.1]).powi(2)).sqrt();
    let (noise_share, uncertainty_db) = (centred.share, 10.0 * (1.0 + sigma).log10());
    Floor {
        level,
        steady,
        live,
        noise_share,
        uncertainty_db,
    }
}

/// Running 30 % quantile over `2 half + 1` bins, its bias for noise averaged `averages` times removed.
fn running_low(steady: &[f32], half: usize, averages: f64) -> Vec<f32> {
    const SHARE: f64 = 0.3;
    let bias = quantile_ratio(averages, SHARE) as f32;
    let (bins, width) = (steady.len(), 2 * half + 1);
    let mut low = vec![0.0; bins];
    let mut window = Vec::with_capacity(width);
    let inner = half..(bins.saturating_sub(half)).max(half);
    for bin in (0..half.min(bins)).chain(inner.end.min(bins)..bins) {
        window.clear();
        window.extend_from_slice(&steady[bin.saturating_sub(half)..(bin + half + 1).min(bins)]);
        let rank = (window.len() as f64 * SHARE) as usize;
        low[bin] = *window.select_nth_unstable_by(rank, f32::total_cmp).1 / bias;
    }
    let rank = (width as f64 * SHARE) as usize;
    let mut rows = vec![[0.0; LANES]; width];
    for first in inner.clone().step_by(LANES) {
        let lanes = LANES.min(inner.end - first);
        for (shift, row) in rows.iter_mut().enumerate() {
            row[..lanes].copy_from_slice(&steady[first - half + shift..first - half + shift + lanes]);
        }
        widest(Sort(&mut rows));
        for (out, quantile) in low[first..first + lanes].iter_mut().zip(rows[rank]) {
            *out = quantile / bias;
        }
    }
    low
}

/// Bins between brick-wall filters: where both ends of the span carry no more than the rounding of the sample format
/// and what is between them is symmetric about the centre, the ends are not a noise floor but nothing at all.
fn live_range(low: &[f32], silence: f32) -> (usize, usize) {
    let bins = low.len();
    let dead = |level: f32| level < 6.0 * silence;
    let (Some(first), Some(last)) = (low.iter().position(|p| !dead(*p)), low.iter().rposition(|p| !dead(*p))) else {
        return (0, bins);
    };
    let (left, right) = (first, bins - 1 - last);
    let narrow = bins / 50 + 2;
    let symmetric = left.abs_diff(right) <= narrow;
    let inner = &low[first + narrow.min((last - first) / 4)..=last - narrow.min((last - first) / 4)];
    let plateau = inner.iter().all(|p| *p > 10.0 * silence);
    if left > narrow && right > narrow && symmetric && plateau && last > first + bins / 8 {
        // The running window is as wide as the transition; step over both.
        (first + 10, last.saturating_sub(9))
    } else {
        (0, bins)
    }
}

/// Lower envelope with bounded slope, in place: F[k] = min over j of level[j] + cost(j → k), in decibels.
fn envelope(level: &mut [f32], rules: &FloorRules) {
    let bins = level.len();
    if bins < 2 {
        return;
    }
    let edge = ((bins as f64 * rules.edge_share) as usize).max(1);
    let inner = rules.inner_rise_db / (bins - 2 * edge).max(1) as f64;
    let outer = rules.edge_rise_db / edge as f64;
    let [inner, outer] = [inner, outer].map(|slope| 10_f64.powf(slope / 10.0) as f32);
    let step = |bin: usize| if bin < edge || bin >= bins - edge { outer } else { inner };
    for bin in 1..bins {
        level[bin] = level[bin].min(level[bin - 1] * step(bin));
    }
    for bin in (0..bins - 1).rev() {
        level[bin] = level[bin].min(level[bin + 1] * step(bin));
    }
    // Filters only fall towards the edges: what rises there is a signal.
    let (left, right) = (level[edge] * EDGE_GAIN, level[bins - 1 - edge] * EDGE_GAIN);
    for bin in 0..edge {
        level[bin] = level[bin].min(left);
        level[bins - 1 - bin] = level[bins - 1 - bin].min(right);
    }
}

/// Rise towards an edge that a receiver's ripple may explain (2 dB).
const EDGE_GAIN: f32 = 1.6;

/// Under a signal the envelope may have risen with the slope it is allowed; between the noise on either side it is a
/// straight line in decibels. `noise` begins at bin `first`; the running order statistic reaches `reach` bins, so that it has
/// heard of the signal as far beside it, and where there is less noise than that, only its middle counts.
fn bridge_signals(level: &mut [f32], noise: &[bool], first: usize, reach: usize) {
    let mut from: Option<usize> = None;
    let mut start = 0;
    while let Some(run) = noise_run(noise, start) {
        start = run.end;
        let middle = (run.start + run.end - 1) / 2;
        if let Some(from) = from {
            let to = first + (run.start + reach).min(middle);
            let step = (level[to] / level[from]).powf(1.0 / (to - from) as f32);
            for bin in from + 1..to {
                level[bin] = (level[bin - 1] * step).min(level[bin]);
            }
        }
        from = Some(first + run.end.saturating_sub(1 + reach).max(middle));
    }
}

/// Bins without noise that belong to chance and not to a signal, at most.
const CHANCE_BINS: usize = 3;

/// The next run of noise from `start` on: it ends where more than [`CHANCE_BINS`] bins are none.
fn noise_run(noise: &[bool], start: usize) -> Option<Range<usize>> {
    let begin = start + noise[start..].iter().position(|noise| *noise)?;
    let mut end = begin + 1;
    for (k, _) in noise.iter().enumerate().skip(end).filter(|(_, noise)| **noise) {
        if k - end > CHANCE_BINS {
            break;
        }
        end = k + 1;
    }
    Some(begin..end)
}

/// Relative roughness of the envelope, one sigma: it follows chance as well as the passband. The departure of a bin from the
/// mean of those 32 bins below and above, which a slope does not add to, has 1.5 times its variance.
fn roughness(level: &[f32]) -> f64 {
    const APART: usize = 32;
    let departures = level.windows(2 * APART + 1).map(|part| {
        let mean = f64::from(part[0] + part[2 * APART]) / 2.0;
        (f64::from(part[APART]) / mean.max(1e-30) - 1.0).powi(2)
    });
    let count = level.len().saturating_sub(2 * APART).max(1);
    (departures.sum::<f64>() / count as f64 / 1.5).sqrt().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean of `averages` unit exponentials, from a SplitMix64 stream.
    fn gamma(state: &mut u64, averages: usize) -> f32 {
        let mut sum = 0.0;
        for _ in 0..averages {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            sum -= (((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64)
                .mul_add(-1.0, 1.0)
                .ln();
        }
        (sum / averages as f64) as f32
    }

    fn bias_db(occupied: f64, slope_db: f64) -> f64 {
        let (bins, mut state) = (1024, 5);
        let shape = |k: usize| 10_f64.powf(slope_db * k as f64 / bins as f64 / 10.0) as f32;
        // Wide steady signals at +20 dB, eight of them, with bare floor between.
        let on = |k: usize| ((k % 128) as f64) < 128.0 * occupied;
        let spectra: Vec<Vec<f32>> = (0..64)
            .map(|_| {
                (0..bins)
                    .map(|k| gamma(&mut state, 8) * shape(k) * if on(k) { 100.0 } else { 1.0 })
                    .collect()
            })
            .collect();
        let rows: Vec<&[f32]> = spectra.iter().map(Vec::as_slice).collect();
        let floor = estimate(&rows, 8.0, 0.0, &FloorRules::default());
        let sum: f64 = (128..896)
            .map(|k| 10.0 * f64::from(floor.level[k] / shape(k)).log10())
            .sum();
        sum / 768.0
    }

    #[test]
    fn lanes_are_sorted_whatever_their_number() {
        let mut state = 3;
        for count in [1, 2, 3, 31, 32, 63, 64, 100, 127, 128] {
            let mut rows: Vec<[f32; LANES]> = (0..count)
                .map(|_| std::array::from_fn(|_| gamma(&mut state, 1)))
                .collect();
            let mut lane: Vec<f32> = rows.iter().map(|row| row[5]).collect();
            lane.sort_unstable_by(f32::total_cmp);
            sort_lanes(&mut rows);
            assert!(rows.iter().map(|row| row[5]).eq(lane), "{count}");
        }
    }

    #[test]
    fn occupancy_does_not_lift_the_floor() {
        for occupied in [0.0, 0.3, 0.5, 0.7] {
            let bias = bias_db(occupied, 0.0);
            assert!(bias.abs() < 0.1, "{occupied}: {bias:.3} dB");
        }
    }

    #[test]
    fn a_slope_is_followed() {
        let bias = bias_db(0.0, 3.0);
        assert!(bias.abs() < 0.1, "{bias:.3} dB");
    }

    #[test]
    fn bursts_are_excised_in_time() {
        let mut state = 9;
        let mut values: Vec<f32> = (0..100)
            .map(|i| gamma(&mut state, 16) * if i % 10 < 7 { 100.0 } else { 1.0 })
            .collect();
        let (level, kept) = excise(&mut values, crate::dsp::detection::threshold_ratio(16.0, 1e-3) as f32);
        assert!(
            (level - 1.0).abs() < 0.15 && (kept - 0.3).abs() < 0.02,
            "{level} {kept}"
        );
    }
}
