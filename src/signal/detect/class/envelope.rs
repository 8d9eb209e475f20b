//! What the envelope tells: constant, keyed, or varying.

use super::{Baseband, tools::Memory};

/// Samples of power averaged: about one over the bandwidth.
const SMOOTH: usize = 3;
/// Amplitude over its plateau below which a keyed carrier is off, and above which it is on.
const OFF: f64 = 0.3;
/// The upper one.
const ON: f64 = 0.7;
/// Samples left out at either edge of an on-stretch, where the frequency is that of the click.
const ERODE: usize = 3;
/// Length of a block of speech, seconds: a syllable has two or three.
const SYLLABLE_S: f64 = 0.05;

/// Statistics of the envelope.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// Power while on over the noise in the cut, dB.
    pub snr_db: f64,
    /// Samples of the bursts.
    pub samples: usize,
    /// Share of time on, between the first and the last burst.
    pub on_share: f64,
    /// Median length of a burst, seconds.
    pub burst_s: f64,
    /// Share of samples that are off, and of those neither on nor off.
    pub low: f64,
    /// The latter.
    pub middle: f64,
    /// Changes from off to on.
    pub edges: usize,
    /// The shortest element that is often there, seconds.
    pub element_s: Option<f64>,
    /// E|s|⁴ / (E|s|²)² of the signal without its noise: 1 for a constant envelope, 2 for a Gaussian one.
    pub kurtosis: f64,
    /// The same, of the stretches that are on.
    pub kurtosis_on: f64,
    /// 90 % over 10 % quantile of the power in blocks of 50 ms, dB, where there are twenty of them.
    pub syllables_db: Option<f64>,
}

impl Envelope {
    /// Of the samples of `cut`; tells which are `on`.
    pub(super) fn of(cut: &Baseband, memory: &mut Memory, on: &mut Vec<bool>) -> Option<Self> {
        let [power, smooth, sorted, _] = &mut memory.numbers;
        power.clear();
        power.extend(cut.samples.iter().map(|x| f64::from(x.norm_sqr())));
        let (first, last) = (cut.on.first()?[0], cut.on.last()?[1].min(power.len()));
        if last < first + 8 * SMOOTH {
            return None;
        }
        let bursts = || cut.on.iter().flat_map(|&[from, to]| from..to.min(last));
        let mut own = Self {
            samples: bursts().count(),
            ..Self::default()
        };
        own.on_share = own.samples as f64 / (last - first) as f64;
        sorted.clear();
        sorted.extend(cut.on.iter().map(|b| (b[1] - b[0]) as f64 / cut.rate_hz));
        own.burst_s = quantile(sorted, 0.5)?;
        smooth.clear();
        smooth.extend((first..last).map(|n| around(power, n)));
        sorted.clear();
        sorted.extend(bursts().map(|n| smooth[n - first]));
        let plateau = quantile(sorted, 0.9)? - cut.noise;
        let mean = bursts().map(|n| power[n]).sum::<f64>() / own.samples.max(1) as f64;
        if plateau <= 0.0 || mean <= cut.noise {
            return None;
        }
        own.snr_db = 10.0 * ((mean - cut.noise) / cut.noise.max(1e-30)).log10();
        own.keying(smooth, cut.noise, plateau, cut.rate_hz, sorted);
        mask(smooth, cut.noise + ON * ON * plateau, first, power.len(), on);
        own.kurtosis = kurtosis(bursts().map(|n| power[n]), cut.noise)?;
        let on = on.iter().zip(&*power).filter(|(on, _)| **on).map(|(_, p)| *p);
        own.kurtosis_on = kurtosis(on, cut.noise).unwrap_or(f64::NAN);
        own.syllables_db = syllables(&power[first..last], cut.rate_hz, sorted);
        Some(own)
    }

    /// Shares of on and off, and the runs between them, with hysteresis.
    fn keying(&mut self, smooth: &[f64], noise: f64, plateau: f64, rate_hz: f64, runs: &mut Vec<f64>) {
        let (off, on) = (noise + OFF * OFF * plateau, noise + ON * ON * plateau);
        let mut is_on = true;
        let mut since = 0;
        let (mut low, mut middle) = (0, 0);
        runs.clear();
        for (n, &p) in smooth.iter().enumerate() {
            low += usize::from(p < off);
            middle += usize::from((off..on).contains(&p));
            if is_on && p < off || !is_on && p >= on {
                runs.push((n - since) as f64 / rate_hz);
                self.edges += usize::from(!is_on);
                (is_on, since) = (!is_on, n);
            }
        }
        self.low = low as f64 / smooth.len() as f64;
        self.middle = middle as f64 / smooth.len() as f64;
        self.element_s = quantile(runs, 0.2).filter(|_| self.edges >= 4);
    }

    /// Whether it is either on or off.
    #[must_use]
    pub fn is_keyed(&self, low_min: f64, middle_max: f64) -> bool {
        self.low >= low_min && self.middle <= middle_max
    }
}

/// Mean of `SMOOTH` values about `n`.
fn around(power: &[f64], n: usize) -> f64 {
    let reach = SMOOTH / 2;
    let near = &power[n.saturating_sub(reach)..(n + reach + 1).min(power.len())];
    near.iter().sum::<f64>() / near.len() as f64
}

/// Samples on, without those beside an edge.
fn mask(smooth: &[f64], on: f64, first: usize, length: usize, mask: &mut Vec<bool>) {
    mask.clear();
    mask.resize(length, false);
    let mut run = 0;
    for (n, &p) in smooth.iter().enumerate() {
        run = if p >= on { run + 1 } else { 0 };
        if run > 2 * ERODE {
            mask[first + n - ERODE] = true;
        }
    }
}

/// E|s|⁴ / (E|s|²)² of a signal in independent complex Gaussian noise of known power: with that noise E|x|⁴ is
/// E|s|⁴ + 4 E|s|² σ² + 2 σ⁴.
fn kurtosis(powers: impl Iterator<Item = f64>, noise: f64) -> Option<f64> {
    let (mut count, mut second, mut fourth) = (0.0, 0.0, 0.0);
    for p in powers {
        count += 1.0;
        second += p;
        fourth += p * p;
    }
    if count < 16.0 {
        return None;
    }
    let signal = second / count - noise;
    (signal > 0.0).then(|| (fourth / count - 4.0 * signal * noise - 2.0 * noise * noise) / (signal * signal))
}

fn syllables(power: &[f64], rate_hz: f64, blocks: &mut Vec<f64>) -> Option<f64> {
    let block = (SYLLABLE_S * rate_hz) as usize;
    blocks.clear();
    blocks.extend(power.chunks_exact(block.max(1)).map(|b| b.iter().sum::<f64>()));
    if blocks.len() < 20 || block < 4 {
        return None;
    }
    let (low, high) = (quantile(blocks, 0.1)?, quantile(blocks, 0.9)?);
    Some(10.0 * (high / low.max(1e-30)).log10())
}

/// A quantile of `values`, which it sorts in part.
pub(super) fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    let place = ((values.len() as f64 * share) as usize).min(values.len().checked_sub(1)?);
    Some(*values.select_nth_unstable_by(place, f64::total_cmp).1)
}
