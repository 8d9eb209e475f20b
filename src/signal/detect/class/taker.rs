//! The samples of the last rows, and when an emission is looked at in them.
//!
//! Looking costs transforms. Their samples are counted, and no more are spent than a share of the samples that came in, so that
//! the detector stays as fast as it is however many emissions there are: which ones are left out depends on the samples
//! alone, never on a clock.

use super::{Baseband, Channelizer, Class, Features, Limits, decide};
use crate::{
    detect::config::{BINS, ROW},
    dsp::iq::{IqBuffer, IqSlice},
};

/// Rows kept.
const ROWS: usize = 256;
/// Samples of one look, at least and at most.
const SAMPLES: [usize; 2] = [1 << 12, ROWS * ROW];
/// Time on times bandwidth beyond which more samples of a wide signal tell nothing more.
const ENOUGH: f64 = 65_536.0;
/// Samples that may be spent on looks for each that came in.
const SHARE: f64 = 0.06;
/// Samples that may be spent at once, and at the beginning.
const CREDIT: f64 = 8.0 * (1 << 20) as f64;
/// What a sample of a cut costs, its inverse transform and features together, against one of the forward transform.
const FEATURES_COST: f64 = 12.0;
/// Width of a carrier in the detector's bins, at most: the main lobe of its window is eight.
const CARRIER_BINS: f64 = 10.0;
/// Bins beside the band of an emission that are looked at too, and their share of the band.
const BESIDE: [f64; 2] = [2.0, 0.25];

/// What is to be looked at.
pub(in crate::detect) struct Target<'a> {
    /// Band, in bins.
    pub(in crate::detect) band: (f64, f64),
    /// When it was on, seconds, sorted and disjoint.
    pub(in crate::detect) on: &'a [[f64; 2]],
    /// The floor, power per bin.
    pub(in crate::detect) floor: &'a [f32],
}

/// Keeps samples and looks at emissions in them.
pub(in crate::detect) struct Taker {
    rate_hz: f64,
    /// The samples that came last, and up to as many as are kept that came before them.
    samples: IqBuffer,
    before: IqBuffer,
    /// Time of the end of the last sample kept.
    end_s: f64,
    credit: f64,
    tools: Channelizer,
    /// First sample, counted from the end, and number of those that the transform at hand holds.
    transformed: Option<[usize; 2]>,
    cut: Baseband,
    limits: Limits,
}

impl Taker {
    pub(in crate::detect) fn new(rate_hz: f64) -> Self {
        Self {
            rate_hz,
            samples: IqBuffer::default(),
            before: IqBuffer::default(),
            end_s: 0.0,
            credit: CREDIT,
            tools: Channelizer::default(),
            transformed: None,
            cut: Baseband::default(),
            limits: Limits::default(),
        }
    }

    /// Keeps the samples of the row that begins at `row_s`.
    pub(in crate::detect) fn keep(&mut self, row_s: f64, samples: IqSlice<'_>) {
        let last = self.samples.as_slice();
        if last.len() >= ROWS * ROW {
            std::mem::swap(&mut self.samples, &mut self.before);
            self.samples.clear();
        }
        if self.samples.as_slice().is_empty() && self.samples.as_slice().format() != samples.format() {
            self.samples = IqBuffer::with_capacity(samples.format(), ROWS * ROW);
        }
        self.samples.append_any(samples);
        self.end_s = row_s + samples.len() as f64 / self.rate_hz;
        self.credit = (self.credit + SHARE * samples.len() as f64).min(CREDIT);
        self.transformed = None;
    }

    /// Time is missing after this.
    pub(in crate::detect) fn clear(&mut self) {
        self.samples.clear();
        self.before.clear();
        self.transformed = None;
    }

    /// Time of the end of the last sample kept.
    pub(in crate::detect) fn end_s(&self) -> f64 {
        self.end_s
    }

    /// Time of the first sample kept.
    pub(in crate::detect) fn start_s(&self) -> f64 {
        self.end_s - self.kept() as f64 / self.rate_hz
    }

    /// Length of what is kept when it is full.
    pub(in crate::detect) fn length_s(&self) -> f64 {
        (ROWS * ROW) as f64 / self.rate_hz
    }

    fn kept(&self) -> usize {
        let all = self.before.as_slice().len() + self.samples.as_slice().len();
        all.min(ROWS * ROW)
    }

    /// Looks at an emission: its class or none, or `None` where there are no samples of it or none to spend.
    pub(in crate::detect) fn look(&mut self, target: &Target<'_>) -> Option<Option<(Class, f64)>> {
        let [from, count] = self.stretch(target)?;
        let shared = self.transformed == Some([from, count]);
        if self.credit < if shared { 0.0 } else { count as f64 } {
            return None;
        }
        if !shared {
            self.credit -= count as f64;
            let (before, last) = (self.before.as_slice(), self.samples.as_slice());
            let (first, middle) = (before.len() + last.len() - from, before.len());
            let end = first + count;
            let parts = [
                before.slice(first.min(middle)..end.min(middle)),
                last.slice(first.max(middle) - middle..end.max(middle) - middle),
            ];
            self.tools
                .transform(|out| parts.iter().for_each(|part| part.append_to(out)));
            self.transformed = Some([from, count]);
        }
        let (low, high) = target.band;
        let beside = BESIDE[0].max(BESIDE[1] * (high - low));
        let first = (low.max(0.0) as usize).min(BINS - 1);
        let last = (high.ceil() as usize).clamp(first + 1, BINS);
        let floor = &target.floor[first..last];
        let noise = floor.iter().map(|f| f64::from(*f)).sum::<f64>() / floor.len() as f64 * BINS as f64;
        // Bin BINS / 2 is centred on zero.
        let place = |bin: f64| (bin.clamp(0.0, BINS as f64) - 0.5 - (BINS / 2) as f64) / BINS as f64;
        let mut cut = std::mem::take(&mut self.cut);
        let found = self
            .tools
            .cut(place(low - beside), place(high + beside), noise, self.rate_hz, &mut cut);
        let answer = found.then(|| {
            let start_s = self.end_s - from as f64 / self.rate_hz;
            let index = |time_s: f64| ((time_s - start_s).max(0.0) * cut.rate_hz) as usize;
            let length = cut.samples.len();
            cut.on.clear();
            let on = target.on.iter().map(|on| on.map(|time_s| index(time_s).min(length)));
            cut.on.extend(on.filter(|on| on[0] < on[1]));
            self.credit -= FEATURES_COST * length as f64;
            let features = Features::of(&cut, &mut self.tools);
            let answer = features.and_then(|features| decide(&features, &self.limits));
            // What fills many bins is no carrier, whatever line stands in it.
            answer.filter(|(class, _)| *class != Class::Carrier || high - low <= CARRIER_BINS)
        });
        self.cut = cut;
        answer
    }

    /// Where to look: first sample, counted from the end, and their number, a power of two.
    fn stretch(&self, target: &Target<'_>) -> Option<[usize; 2]> {
        let (first, last) = (target.on.first()?[0], target.on.last()?[1]);
        let back = |time_s: f64| ((self.end_s - time_s) * self.rate_hz).max(0.0).ceil() as usize;
        let slack = ROW / 8;
        let (from, to) = (back(first) + slack, back(last).saturating_sub(slack));
        let bins = (target.band.1 - target.band.0).max(1.0);
        let enough = (ENOUGH * BINS as f64 / bins) as usize;
        let most = enough.clamp(SAMPLES[0], SAMPLES[1]).next_power_of_two();
        let count = from.saturating_sub(to).next_power_of_two().clamp(SAMPLES[0], most);
        // What is kept may be less than a power of two.
        let count = if count > self.kept() {
            (self.kept() + 1).next_power_of_two() / 2
        } else {
            count
        };
        if count < ROW {
            return None;
        }
        // The latest that fit: what is long is seen at its end.
        Some([(to + count).min(self.kept()), count])
    }
}
