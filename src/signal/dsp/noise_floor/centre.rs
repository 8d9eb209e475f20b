//! Which bins are noise, and what the envelope has to be scaled by so that it is their mean.
//!
//! The envelope follows the lowest values. The bins that lie on it like noise say by how much it is low, and two things
//! that look like noise lift them: the skirt that the window gives to a strong neighbour, and signals so weak that their
//! bins pass for noise. The skirt is known from the window and left out; weak signals are left out by consecutive mean
//! excision again, now over neighbouring bins instead of over time, down to what the number of averages resolves.

use std::ops::Range;

use crate::dsp::detection::{gamma_p, threshold_ratio};

/// Bins on either side that decide the level of one.
const REACH: usize = 64;
/// What the overall mean weighs beside a local one, bins.
const LEAN: f64 = 16.0;
/// How far the envelope may be low, on top of what chance does to a bin.
const ENVELOPE_LOW: f64 = 1.15;
/// Rounds of the excision; it settles in three or four.
const ROUNDS: usize = 6;
/// Share of the noise that the excision takes for signals.
const EXCISION_PFA: f64 = 1e-3;
/// Averages beyond which a finer ripple of the passband than one sigma (3 %) would be taken for signals.
const AVERAGES_MAX: f64 = 1000.0;
/// Share of the floor that the skirt of a neighbour may add to a bin that counts as noise.
const SKIRT_MAX: f32 = 0.02;
/// Power of a tone half a bin beside its bin, in bins 1, 2, … further out, relative to that bin: the main lobe of the
/// four-term Blackman–Harris window where it reaches farthest, see `Window::tone_response`.
const LOBE: [f32; 4] = [1.0, 0.206, 0.005_88, 4.0e-6];

/// The bins that are noise.
pub(super) struct Noise {
    /// Of all bins.
    pub(super) bins: Vec<bool>,
    live: Range<usize>,
    /// The mean of noise over the mean of what was kept of it.
    unbias: f64,
}

/// What the noise says of itself.
pub(super) struct Centred {
    /// Share of the live bins that are noise.
    pub(super) share: f64,
    /// One sigma of the local mean, relative.
    pub(super) sigma: f64,
}

/// The bins of `live` that lie on the envelope `level` like noise averaged `averages` times.
pub(super) fn noise(level: &[f32], steady: &[f32], live: Range<usize>, averages: f64) -> Noise {
    let values = Values { steady, level };
    let ratios: Vec<f32> = (0..steady.len())
        .map(|k| {
            if live.contains(&k) {
                values.ratio(k)
            } else {
                f32::INFINITY
            }
        })
        .collect();
    let first = (ENVELOPE_LOW * (1.0 + 3.5 * (1.0 / averages).sqrt())) as f32;
    let mut means = Means::new(live.clone());
    means.take(values, |k| ratios[k] < first);
    // What stands out for certain lends its neighbours a skirt.
    let bare = without_skirts(&ratios, &means);
    means.take(values, |k| bare[k]);
    let limit = threshold_ratio(averages.min(AVERAGES_MAX), EXCISION_PFA);
    for _ in 0..ROUNDS {
        let before = means.clone();
        let lean = before.lean();
        means.take(values, |k| {
            bare[k] && before.is_above(k, f64::from(ratios[k]) / limit, lean)
        });
        if means.count() == before.count() {
            break;
        }
    }
    Noise {
        bins: (0..steady.len()).map(|k| means.holds(k)).collect(),
        live,
        // Noise above the limit is left out with the signals; the mean of what stays is low by as much.
        unbias: gamma_p(averages, averages * limit) / gamma_p(averages + 1.0, averages * limit),
    }
}

/// Scales `level` so that the bins that are noise average to it.
pub(super) fn centre(level: &mut [f32], steady: &[f32], noise: &Noise) -> Centred {
    let mut means = Means::new(noise.live.clone());
    means.take(Values { steady, level }, |k| noise.bins[k]);
    let mut spread = 0.0;
    for k in noise.live.clone() {
        let local = means.local(k);
        if noise.bins[k] {
            let ratio = f64::from(Values { steady, level }.ratio(k));
            spread += (ratio / local - 1.0).powi(2);
        }
        level[k] *= (local * noise.unbias) as f32;
    }
    let count = means.count();
    let per_bin = if count > 1.0 { (spread / count).sqrt() } else { 1.0 };
    Centred {
        share: count / noise.live.len().max(1) as f64,
        // Neighbouring bins share a window: about 2.8 of them make one independent value.
        sigma: per_bin * (2.77 / (2.0 * REACH as f64).min(count.max(1.0))).sqrt(),
    }
}

/// The bins of `means` to which no other bin lends more than [`SKIRT_MAX`].
fn without_skirts(ratios: &[f32], means: &Means) -> Vec<bool> {
    let mut bare: Vec<bool> = (0..ratios.len()).map(|k| means.holds(k)).collect();
    for (k, ratio) in ratios.iter().enumerate().filter(|(_, ratio)| ratio.is_finite()) {
        if means.holds(k) {
            continue;
        }
        for (away, lobe) in (1..).zip(LOBE) {
            if ratio * lobe > SKIRT_MAX {
                bare[k.saturating_sub(away)] = false;
                bare[(k + away).min(ratios.len() - 1)] = false;
            }
        }
    }
    bare
}

/// What is compared, per bin.
#[derive(Clone, Copy)]
struct Values<'a> {
    steady: &'a [f32],
    level: &'a [f32],
}

impl Values<'_> {
    fn ratio(self, k: usize) -> f32 {
        self.steady[k] / self.level[k].max(f32::MIN_POSITIVE)
    }
}

/// Sums over some bins up to each of all.
#[derive(Clone, Copy, Default)]
struct Sums {
    steady: f64,
    level: f64,
    count: f64,
}

impl Sums {
    fn since(self, before: Self) -> Self {
        Self {
            steady: self.steady - before.steady,
            level: self.level - before.level,
            count: self.count - before.count,
        }
    }

    /// By how much the envelope is low. Not the mean of the ratios: the envelope follows chance a little, and that mean is
    /// low by their correlation.
    fn ratio(self) -> f64 {
        if self.level > 0.0 {
            self.steady / self.level
        } else {
            1.0
        }
    }
}

/// Running means of some bins.
#[derive(Clone)]
struct Means {
    live: Range<usize>,
    sums: Vec<Sums>,
}

impl Means {
    fn new(live: Range<usize>) -> Self {
        Self { live, sums: Vec::new() }
    }

    /// Takes the bins that `wanted` names.
    fn take(&mut self, values: Values<'_>, wanted: impl Fn(usize) -> bool) {
        let mut sum = Sums::default();
        self.sums.clear();
        self.sums.push(sum);
        for (k, (steady, level)) in values.steady.iter().zip(values.level).enumerate() {
            if wanted(k) {
                sum.steady += f64::from(*steady);
                sum.level += f64::from(*level);
                sum.count += 1.0;
            }
            self.sums.push(sum);
        }
    }

    fn holds(&self, k: usize) -> bool {
        self.sums[k + 1].count > self.sums[k].count
    }

    fn all(&self) -> Sums {
        self.sums.last().copied().unwrap_or_default()
    }

    fn count(&self) -> f64 {
        self.all().count
    }

    /// By how much the envelope is low about bin `k`; what few bins say leans on what all say.
    fn local(&self, k: usize) -> f64 {
        let near = self.near(k);
        (near.ratio() * near.count + self.lean()) / (near.count + LEAN)
    }

    /// What all bins say, as heavy as a local mean takes it.
    fn lean(&self) -> f64 {
        LEAN * self.all().ratio()
    }

    /// The bins about bin `k`.
    fn near(&self, k: usize) -> Sums {
        let low = k.saturating_sub(REACH).max(self.live.start);
        let high = (k + REACH).min(self.live.end).max(low);
        self.sums[high].since(self.sums[low])
    }

    /// Whether [`local`](Self::local) is above `ratio`, told without its divisions: they were most of the time of a floor.
    fn is_above(&self, k: usize, ratio: f64, lean: f64) -> bool {
        let near = self.near(k);
        if near.level > 0.0 {
            ratio * (near.count + LEAN) * near.level < near.steady * near.count + lean * near.level
        } else {
            ratio * (near.count + LEAN) < near.count + lean
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::window::Window;

    const BINS: usize = 1024;

    /// Mean error in dB over all bins and over the bins of `inside`, of a level floor of one with `added` on it and the chance of `averages`
    /// averages (the sum of twelve uniform numbers for a normal one; SplitMix64).
    fn errors(averages: f64, added: impl Fn(usize) -> f64, inside: impl Fn(usize) -> bool) -> [f64; 2] {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let steady: Vec<f32> = (0..BINS)
            .map(|k| {
                let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                ((1.0 + added(k)) * (1.0 + normal / averages.sqrt())) as f32
            })
            .collect();
        let floor = crate::dsp::noise_floor::from_steady(steady, &[1.0; BINS], averages, 0.0, &Default::default());
        let mean = |bins: &mut dyn Iterator<Item = usize>| {
            let errors: Vec<f64> = bins.map(|k| 10.0 * f64::from(floor.level[k]).log10()).collect();
            errors.iter().sum::<f64>() / errors.len().max(1) as f64
        };
        [mean(&mut (128..896)), mean(&mut (128..896).filter(|k| inside(*k)))]
    }

    /// Signals weaker than the noise, whose bins pass for noise one by one.
    #[test]
    fn weak_signals_do_not_lift_the_floor() {
        let inside = |k: usize| (200..840).contains(&k) && (k - 200) % 160 < 24;
        let [all, under] = errors(1000.0, |k| if inside(k) { 0.25 } else { 0.0 }, inside);
        assert!(all.abs() < 0.05 && under.abs() < 0.05, "{all:.3} dB, {under:.3} dB");
    }

    /// Strong lines every sixteen bins: half of what is between them is their main lobe.
    #[test]
    fn the_skirts_of_the_window_do_not_lift_the_floor() {
        let lobe: Vec<f64> = (0..5)
            .map(|away| Window::blackman_harris(BINS).tone_response(f64::from(away)))
            .collect();
        let away = |k: usize| (k % 16).min(16 - k % 16);
        let added = |k: usize| 1000.0 * lobe.get(away(k)).copied().unwrap_or(0.0);
        let [all, _] = errors(100.0, added, |_| false);
        assert!(all.abs() < 0.1, "{all:.3} dB");
    }

    #[test]
    fn the_lobe_is_that_of_the_window() {
        let window = Window::blackman_harris(BINS);
        for (away, lobe) in (1..).zip(LOBE) {
            let exact = window.tone_response(f64::from(away) - 0.5) / window.tone_response(0.5);
            assert!((f64::from(lobe) / exact - 1.0).abs() < 0.02, "{away}: {exact:e}");
        }
    }
}
