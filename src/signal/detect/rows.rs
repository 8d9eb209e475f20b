//! From samples to rows: the middle and the short resolution of stretches of 1024 samples.
//!
//! Rows are computed a few at a time, because that is how a processor is fast, and come out the same however many there are
//! at a time.

use std::collections::VecDeque;

use num_complex::Complex;

use super::{
    config::{BINS, HOP, PULSE_BINS, PULSE_HOP, PULSE_SEGMENTS, PULSE_SLOTS, ROW, SEGMENTS, Thresholds},
    impulse::{Impulse, ImpulseFinder},
};
use crate::dsp::{
    iq::{IqBuffer, IqSlice},
    kernel::{Backend, Resolution},
    stretch::StretchSpectra,
    window::Window,
};

/// Samples that a row looks at: its own and the overlap with the next.
const REACH: usize = (SEGMENTS - 1) * HOP + BINS;
/// Numbers of a row: the power of each segment, `BINS` each, then the mean power of each pulse slot, `PULSE_BINS` each.
const NUMBERS: usize = SEGMENTS * BINS + PULSE_SLOTS * PULSE_BINS;
/// Rows of samples taken over at a time.
const ROWS_MAX: usize = 32;

/// Spectra of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    /// Samples of its own (not of the overlap) at the limits of the converter.
    pub(super) clipped: u32,
    /// Impulses in it.
    pub(super) impulses: &'a [Impulse],
    /// The samples of its own.
    pub(super) samples: IqSlice<'a>,
    numbers: &'a [f32],
}

impl<'a> Row<'a> {
    /// Power of each segment, `BINS` each.
    pub(super) fn segments(&self) -> &'a [f32] {
        &self.numbers[..SEGMENTS * BINS]
    }

    /// Mean power of each pulse slot, `PULSE_BINS` each.
    pub(super) fn pulses(&self) -> &'a [f32] {
        &self.numbers[SEGMENTS * BINS..]
    }
}

/// Rows that follow each other without a gap.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    clipped: Vec<u32>,
    numbers: Vec<f32>,
    /// In the order of rows.
    impulses: Vec<Impulse>,
    /// `ROW` each.
    kept: IqBuffer,
    /// Samples taken so far when these were made, and how many of them were clipped.
    pub(super) samples: u64,
    pub(super) clipped_samples: u64,
    /// Power per bin of the rounding of the format they came in.
    pub(super) silence: f32,
}

impl Rows {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clipped.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clipped.is_empty()
    }

    /// One by one.
    pub(super) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let rows = (0..).zip(&self.clipped).zip(self.numbers.chunks_exact(NUMBERS));
        let mut impulses = self.impulses.as_slice();
        let kept = self.kept.as_slice();
        rows.map(move |((row, &clipped), numbers)| {
            let (own, rest) = impulses.split_at(impulses.partition_point(|impulse| impulse.row == row));
            impulses = rest;
            Row {
                clipped,
                impulses: own,
                samples: kept.slice(row as usize * ROW..(row as usize + 1) * ROW),
                numbers,
            }
        })
    }

    /// Keeps the samples of all rows in the place of what it had.
    fn keep(&mut self, samples: IqSlice<'_>) {
        if self.kept.as_slice().format() == samples.format() {
            self.kept.clear();
        } else {
            self.kept = IqBuffer::with_capacity(samples.format(), samples.len());
        }
        self.kept.append(samples);
    }

    /// Appends a row.
    pub(super) fn push(&mut self, row: Row<'_>) {
        let own = self.clipped.len() as u32;
        self.impulses
            .extend(row.impulses.iter().map(|impulse| Impulse { row: own, ..*impulse }));
        self.clipped.push(row.clipped);
        self.kept.append_any(row.samples);
        self.numbers.extend_from_slice(row.numbers);
    }
}

/// The first stage of a detector: cuts the sample stream into rows and computes their spectra.
pub struct Spectra {
    samples: IqBuffer,
    used: usize,
    /// Whether the last row reaches beyond the end of the stream.
    padded: bool,
    /// Clipped samples of each row's worth of `samples` from `used` on, the last one still filling.
    clipped: VecDeque<u32>,
    spectra: StretchSpectra,
    impulses: ImpulseFinder,
    taken: u64,
    taken_clipped: u64,
    silence: f32,
}

impl Spectra {
    pub(super) fn new(thresholds: &Thresholds) -> Self {
        let resolution = |bins: usize, hop, averages, spectra| Resolution {
            taps: Window::blackman_harris(bins).power_taps(),
            hop,
            averages,
            spectra,
        };
        let resolutions = [
            resolution(BINS, HOP, 1, SEGMENTS),
            resolution(PULSE_BINS, PULSE_HOP, PULSE_SEGMENTS, PULSE_SLOTS),
        ];
        let on = |backend| StretchSpectra::new(&resolutions, backend);
        let spectra = on(Backend::best()).or_else(|| on(Backend::General));
        Self {
            samples: IqBuffer::default(),
            used: 0,
            padded: false,
            clipped: VecDeque::new(),
            spectra: spectra.expect("the general path runs on every processor"),
            impulses: ImpulseFinder::new(thresholds.impulses, thresholds.row_averages),
            taken: 0,
            taken_clipped: 0,
            silence: 0.0,
        }
    }

    /// Takes as many of `block` as it has room for and returns their number; then [`Self::make`] rows of them.
    pub fn fill(&mut self, block: IqSlice<'_>) -> usize {
        if self.used > 0 {
            self.samples.drop_front(self.used);
            self.used = 0;
        }
        let waiting = self.waiting();
        if waiting == 0 && self.samples.as_slice().format() != block.format() {
            self.samples = IqBuffer::with_capacity(block.format(), ROWS_MAX * ROW + REACH);
        }
        let block = block.slice(0..block.len().min(ROWS_MAX * ROW + REACH - ROW - waiting));
        self.silence = (block.rounding_power() / BINS as f64) as f32;
        let mut from = 0;
        while from < block.len() {
            let filled = (waiting + from) % ROW;
            let to = (from + ROW - filled).min(block.len());
            if filled == 0 {
                self.clipped.push_back(0);
            }
            let here = block.slice(from..to).clipped();
            if let Some(count) = self.clipped.back_mut() {
                *count += here as u32;
            }
            self.taken_clipped += here;
            from = to;
        }
        self.samples.append_any(block);
        self.taken += block.len() as u64;
        block.len()
    }

    /// Forgets everything not yet made into a row; returns how many samples that were.
    pub fn discard(&mut self) -> usize {
        let rest = self.waiting();
        self.samples.clear();
        self.clipped.clear();
        self.used = 0;
        rest
    }

    /// Makes a row of what is left at the end of the stream, if it is at least one segment.
    pub fn pad(&mut self) {
        let waiting = self.waiting();
        if (BINS..REACH).contains(&waiting) {
            self.samples.floats().resize(self.used + REACH, Complex::default());
            self.padded = true;
        }
    }

    /// Samples waiting.
    fn waiting(&self) -> usize {
        self.samples.as_slice().len() - self.used
    }

    /// Rows that are computed together at the least cost.
    #[must_use]
    pub fn group(&self) -> usize {
        self.spectra.lanes()
    }

    /// The next rows whose samples are there, `most` at most, in the memory of `rows`; none when the samples do not reach
    /// for one.
    pub fn make(&mut self, rows: &mut Rows, most: usize) {
        let complete = (self.waiting() + ROW).saturating_sub(REACH) / ROW;
        let count = complete.min(most);
        rows.clipped.clear();
        rows.clipped
            .extend((0..count).map(|_| self.clipped.pop_front().unwrap_or(0)));
        rows.numbers.resize(count * NUMBERS, 0.0);
        let samples = self.samples.as_slice();
        let samples = samples.slice(self.used..samples.len());
        self.spectra.powers_into(samples, ROW, count, &mut rows.numbers);
        if std::mem::take(&mut self.padded) {
            // A signal that breaks off within a segment would splatter over the span: what was seen last is taken to last.
            rows.numbers.copy_within(..BINS, BINS);
            let last = NUMBERS - PULSE_BINS;
            rows.numbers.copy_within(last - PULSE_BINS..last, last);
        }
        rows.impulses.clear();
        if count > 0 {
            let segments = |row: usize| &rows.numbers[row * NUMBERS..][..SEGMENTS * BINS];
            self.impulses.find(samples, count, segments, &mut rows.impulses);
        }
        rows.keep(samples.slice(0..count * ROW));
        self.used += count * ROW;
        (rows.samples, rows.clipped_samples) = (self.taken, self.taken_clipped);
        rows.silence = self.silence;
    }
}
