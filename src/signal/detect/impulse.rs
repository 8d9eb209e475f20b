//! Impulses: pulses shorter than a slot of the pulse finder, found in the power of the samples.
//!
//! A radar pulse of a microsecond is a few samples long. A spectrum of 64 samples dilutes it, the power of the samples does
//! not: sums of 2 and of 16 of them are held against the mean of the stretch about them, which they are a part of. In white noise their
//! share of it is beta distributed; where the spectrum is not flat, neighbouring samples resemble each other and sum and stretch
//! are made of fewer independent ones, down to one for a single line. Their number is taken from the row's spectrum.

use std::sync::Arc;

use num_complex::Complex;
use rustfft::{Fft, FftPlanner};

use super::config::{BINS, PULSE_BINS, PULSE_SLOT, PULSE_SLOTS, ROW};
use crate::dsp::{
    detection::share_threshold_ratio,
    iq::IqSlice,
    kernel::{ShortRow, Work, widest},
};

/// Samples summed.
pub(super) const WINDOWS: [usize; 2] = [2, 16];
/// Longest impulse, samples; longer ones are left to the slots.
const LENGTH_MAX: usize = PULSE_SLOT;
/// Slots of a row's stretch that lie before the first that is tested: both sides of a slot must be known.
pub(super) const LEAD: usize = 4;
/// Samples beyond the last row that are looked at.
const BEYOND: usize = 2 * LEAD * PULSE_SLOT;
/// Slots that a row looks at.
pub(super) const REACH: usize = PULSE_SLOTS + 2 * LEAD;
/// Ratio of one side of a slot to the whole from which it is more, and not only noise: three sigma of 128 samples.
const STEP_MIN: f32 = 1.3;
/// Steps of the table of thresholds to half the number of independent samples.
const PER_OCTAVE: usize = 8;
const STEPS: usize = 4 * PER_OCTAVE + 1;
/// Spectral density below an impulse's strongest at which its band ends: 10 dB.
const BAND_SHARE: f32 = 0.1;

/// An impulse.
#[derive(Debug, Clone, Copy)]
pub(super) struct Impulse {
    /// The row of the stretch it was found for.
    pub(super) row: u32,
    /// Its first sample, counted from that of the row, and how many there are.
    pub(super) first: u32,
    pub(super) length: u32,
    /// Energy over the mean power about it (power × samples) in each of `PULSE_BINS`; nothing outside its band.
    pub(super) energy: [f32; PULSE_BINS],
    /// The same over all bins, relative to the mean power of a sample about it.
    pub(super) strength: f32,
}

/// Finds impulses in stretches of rows.
pub(super) struct ImpulseFinder {
    /// Least ratio of each sum to the mean power of a sample, by the number of independent samples.
    thresholds: [[f32; STEPS]; WINDOWS.len()],
    /// Effective averages of a bin of a row.
    row_averages: f64,
    /// Memory for the samples of one.
    samples: Vec<Complex<f32>>,
    power: Vec<f32>,
    slots: Vec<Slot>,
    fft: Arc<dyn Fft<f32>>,
    scratch: Vec<Complex<f32>>,
}

/// Power in one slot.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    sum: f32,
    /// Greatest sum of each of `WINDOWS` that begins in the slot.
    peaks: [f32; WINDOWS.len()],
}

impl Slot {
    /// Those of a row.
    fn of(row: &ShortRow) -> [Self; PULSE_SLOTS] {
        std::array::from_fn(|slot| Self {
            sum: row.sums[slot],
            peaks: [row.twos[slot], row.sixteens[slot]],
        })
    }

    fn exceeds(&self, limits: &[f32; WINDOWS.len()]) -> bool {
        self.peaks.iter().zip(limits).any(|(peak, limit)| peak > limit)
    }
}

impl ImpulseFinder {
    /// A finder for which sums of noise exceed the threshold with the probability `pfa`, one for each of `WINDOWS`.
    pub(super) fn new(pfa: [f64; WINDOWS.len()], row_averages: f64) -> Self {
        let thresholds = std::array::from_fn(|sum| {
            let window = WINDOWS[sum] as f64;
            std::array::from_fn(|step| {
                let independent = (window / 2_f64.powf(step as f64 / PER_OCTAVE as f64)).max(1.0);
                let stretch = independent * (REACH * PULSE_SLOT) as f64 / window;
                (share_threshold_ratio(independent, stretch, pfa[sum]) * window) as f32
            })
        });
        let fft = FftPlanner::new().plan_fft_forward(PULSE_BINS);
        Self {
            thresholds,
            row_averages,
            samples: Vec::with_capacity(PULSE_BINS),
            power: vec![0.0; BEYOND + SIGHT - PULSE_SLOT],
            slots: Vec::new(),
            scratch: vec![Complex::default(); fft.get_inplace_scratch_len()],
            fft,
        }
    }

    /// Appends the impulses of the rows that begin with `samples`, which reach `2 * LEAD` slots beyond them, and whose slots are
    /// `rows`. `segments(row)` is the power per bin of the segments of a row.
    pub(super) fn find<'r>(
        &mut self,
        samples: IqSlice<'_>,
        rows: &[ShortRow],
        segments: impl Fn(usize) -> &'r [f32],
        out: &mut Vec<Impulse>,
    ) {
        self.slots.clear();
        self.slots.extend(rows.iter().flat_map(Slot::of));
        let from = rows.len() * ROW;
        samples
            .slice(from..from + BEYOND)
            .powers_into(&mut self.power[..BEYOND]);
        let mut beyond = [Slot::default(); 2 * LEAD];
        widest(SlotPowers {
            power: &self.power,
            slots: &mut beyond,
        });
        self.slots.extend(beyond);
        let rows = rows.len();
        for row in 0..rows {
            let stretch = row * PULSE_SLOTS..row * PULSE_SLOTS + REACH;
            let slots = &self.slots[stretch.clone()];
            let mean = slots.iter().map(|slot| slot.sum).sum::<f32>() / (REACH * PULSE_SLOT) as f32;
            let least = self.limits(0, mean);
            if mean <= 0.0 || !slots[LEAD..][..PULSE_SLOTS].iter().any(|slot| slot.exceeds(&least)) {
                continue;
            }
            let step = self.step(segments(row));
            for slot in LEAD..LEAD + PULSE_SLOTS {
                let slots = &self.slots[stretch.clone()];
                let level = local(slots, slot, mean);
                if slots[slot].exceeds(&self.limits(step, level)) && highest_here(slots, slot) {
                    out.extend(self.measure(samples, row, slot, level));
                }
            }
        }
    }

    /// What the sums must exceed, the mean power of a sample about them being `level`.
    fn limits(&self, step: usize, level: f32) -> [f32; WINDOWS.len()] {
        self.thresholds.map(|ratios| ratios[step] * level)
    }

    /// The step of the table that the spectrum of a row asks for.
    fn step(&self, segments: &[f32]) -> usize {
        let (mut sum, mut squares) = (0.0, 0.0);
        for bin in 0..BINS {
            let power: f64 = segments[bin..].iter().step_by(BINS).map(|p| f64::from(*p)).sum();
            sum += power;
            squares += power * power;
        }
        // Squares of estimates are greater than those of what they estimate.
        let flat = sum * sum / (BINS as f64 * squares).max(f64::MIN_POSITIVE) * (1.0 + 1.0 / self.row_averages);
        let octaves = -flat.clamp(1e-3, 1.0).log2();
        // A flat spectrum comes out within a twentieth of 1.
        ((octaves * PER_OCTAVE as f64 - 0.5).ceil().max(0.0) as usize).min(STEPS - 1)
    }

    /// Extent and spectrum of what rises in a slot of a row; nothing when it is too long to be an impulse.
    fn measure(&mut self, samples: IqSlice<'_>, row: usize, slot: usize, mean: f32) -> Option<Impulse> {
        let from = row * ROW + (slot - 1) * PULSE_SLOT;
        let power = &mut self.power[..3 * PULSE_SLOT + WINDOWS[1]];
        samples.slice(from..from + power.len()).powers_into(power);
        // From half way up what 16 samples hold to half way up the impulse itself.
        let mut plateau = self.slots[row * PULSE_SLOTS + slot].peaks[1] / WINDOWS[1] as f32;
        let (mut first, mut last) = (0, 0);
        for _ in 0..3 {
            (first, last) = above(power, 0.5 * (mean + plateau))?;
            plateau = power[first..last].iter().sum::<f32>() / (last - first) as f32;
        }
        let length = last - first;
        if length > LENGTH_MAX {
            return None;
        }
        let mut spectrum = [Complex::default(); PULSE_BINS];
        self.samples.clear();
        samples.slice(from + first..from + last).append_to(&mut self.samples);
        spectrum[..length].copy_from_slice(&self.samples);
        self.fft.process_with_scratch(&mut spectrum, &mut self.scratch);
        let noise = mean * length as f32 / PULSE_BINS as f32;
        let over = |bin: usize| {
            // Ascending in frequency, the centre in the middle.
            (spectrum[(bin + PULSE_BINS / 2) % PULSE_BINS].norm_sqr() / PULSE_BINS as f32 - noise).max(0.0)
        };
        let mut energy: [f32; PULSE_BINS] = std::array::from_fn(over);
        keep_band(&mut energy);
        Some(Impulse {
            row: row as u32,
            first: (from + first - row * ROW) as u32,
            length: length as u32,
            strength: energy.iter().sum::<f32>() / mean,
            energy,
        })
    }
}

/// Mean power of a sample about a slot: of the stretch, or of one side where that is more, because a signal begins or ends.
fn local(slots: &[Slot], slot: usize, mean: f32) -> f32 {
    let side = |a: usize, b: usize| (slots[a].sum + slots[b].sum) / (2 * PULSE_SLOT) as f32;
    let more = side(slot - 3, slot - 2).max(side(slot + 2, slot + 3));
    if more > STEP_MIN * mean { more } else { mean }
}

/// Whether what rises in a slot does not rise higher in a neighbour.
fn highest_here(slots: &[Slot], slot: usize) -> bool {
    let peaks = |slot: usize| slots[slot].peaks;
    let (before, here, after) = (peaks(slot - 1), peaks(slot), peaks(slot + 1));
    (0..WINDOWS.len()).any(|i| here[i] > before[i] && here[i] >= after[i])
}

/// The stretch that rises most over `level`: first sample, and the one after the last.
fn above(power: &[f32], level: f32) -> Option<(usize, usize)> {
    let (mut best, mut found) = (0.0, None);
    let (mut sum, mut first) = (0.0_f32, 0);
    for (i, p) in power.iter().enumerate() {
        if sum <= 0.0 {
            (sum, first) = (0.0, i);
        }
        sum += p - level;
        if sum > best {
            (best, found) = (sum, Some((first, i + 1)));
        }
    }
    found
}

/// Clears what is not connected to the strongest bin by bins of `BAND_SHARE` of it, single gaps bridged.
fn keep_band(energy: &mut [f32; PULSE_BINS]) {
    let peak = (0..PULSE_BINS)
        .max_by(|a, b| energy[*a].total_cmp(&energy[*b]))
        .unwrap_or(0);
    let limit = energy[peak] * BAND_SHARE;
    let strong = |bin: usize| energy[bin] >= limit;
    let (mut low, mut high) = (peak, peak);
    while let Some(next) = (1..=2).find_map(|by| low.checked_sub(by).filter(|bin| strong(*bin))) {
        low = next;
    }
    while let Some(next) = (1..=2)
        .map(|by| high + by)
        .find(|bin| *bin < PULSE_BINS && strong(*bin))
    {
        high = next;
    }
    energy[..low].fill(0.0);
    energy[high + 1..].fill(0.0);
}

/// Sums over each slot.
struct SlotPowers<'a> {
    power: &'a [f32],
    slots: &'a mut [Slot],
}

/// Samples a slot's sums may look at: those of the longest that begins with its last.
const SIGHT: usize = PULSE_SLOT + WINDOWS[1];
/// Numbers that the sums of some slots look at.
const MOST: usize = BEYOND + SIGHT;
/// Numbers compared side by side.
const LANES: usize = 16;

impl Work for SlotPowers<'_> {
    // One loop over the row after the other: the compiler makes full use of vectors of them, and shuffles what is done slot by
    // slot.
    #[inline(always)]
    fn run(self) {
        let count = self.slots.len() * PULSE_SLOT;
        let (mut twos, mut fours, mut sixteens) = ([0.0_f32; MOST], [0.0_f32; MOST], [0.0_f32; BEYOND]);
        let (two_count, four_count) = (count + 14, count + 12);
        let pairs = self.power[..two_count].iter().zip(&self.power[1..=two_count]);
        for (two, (a, b)) in twos.iter_mut().zip(pairs) {
            *two = a + b;
        }
        let pairs = twos[..four_count].iter().zip(&twos[2..four_count + 2]);
        for (four, (a, b)) in fours.iter_mut().zip(pairs) {
            *four = a + b;
        }
        let at = |shift: usize| &fours[shift..shift + count];
        let pairs = at(0).iter().zip(at(4)).zip(at(8).iter().zip(at(12)));
        for (sixteen, ((a, b), (c, d))) in sixteens.iter_mut().zip(pairs) {
            *sixteen = (a + b) + (c + d);
        }
        for (i, slot) in self.slots.iter_mut().enumerate() {
            let range = i * PULSE_SLOT..(i + 1) * PULSE_SLOT;
            slot.sum = fours[range.clone()].iter().step_by(4).sum();
            slot.peaks = [highest(&twos[range.clone()]), highest(&sixteens[range])];
        }
    }
}

/// The highest of some numbers, zero at least.
#[inline(always)]
fn highest(numbers: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for numbers in numbers.as_chunks::<LANES>().0 {
        for (most, number) in lanes.iter_mut().zip(numbers) {
            *most = if *number > *most { *number } else { *most };
        }
    }
    lanes.into_iter().fold(0.0, f32::max)
}
