//! From samples to rows: the middle and the short resolution of stretches of 1024 samples.
//!
//! Rows are computed a few at a time, because that is how a processor is fast, and come out the same however many there are
//! at a time.

use std::ops::Range;

use num_complex::Complex;

use super::{
    config::{BINS, HOP, PULSE_SLOTS, ROW, SEGMENTS, Thresholds},
    impulse::{Impulse, ImpulseFinder},
};
use crate::dsp::{
    iq::{IqBuffer, IqSlice},
    kernel::{Backend, Resolution, ShortRow, Work, widest},
    short::ShortSpectra,
    stretch::StretchSpectra,
    window::Window,
};

/// Samples that a row looks at: its own and the overlap with the next.
const REACH: usize = (SEGMENTS - 1) * HOP + BINS;
/// Numbers of a row: the power of each segment, `BINS` each.
const NUMBERS: usize = SEGMENTS * BINS;
/// Rows of a batch at most: a tenth of a millisecond of work, whose samples and spectra stay in the second-level cache.
const ROWS_MAX: usize = 16;
/// Rows made at a time where they are decided about at once.
const SOME: usize = 8;

/// Spectra of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    /// Samples of its own (not of the overlap) at the limits of the converter.
    pub(super) clipped: u32,
    /// Impulses in it.
    pub(super) impulses: &'a [Impulse],
    /// The samples of its own.
    pub(super) samples: IqSlice<'a>,
    /// Mean of its segments.
    pub(super) mean: &'a [f32],
    /// Power of each segment, `BINS` each.
    pub(super) segments: &'a [f32],
    /// Its pulse slots.
    pub(super) short: &'a ShortRow,
}

/// A stretch of the stream without a gap: its samples, and of the rows they make those that are worked on.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// `ROW` each, and what the last one reaches beyond.
    samples: IqBuffer,
    /// The rows whose spectra are at hand.
    made: Range<usize>,
    /// Of those: samples at the limits of the converter, spectra, and impulses in the order of rows; see below.
    clipped: Vec<u32>,
    numbers: Vec<f32>,
    shorts: Vec<ShortRow>,
    /// Mean of the segments of each.
    means: Vec<f32>,
    impulses: Vec<Impulse>,
    /// Clipped samples of a last row that was filled up with silence.
    padded: Option<u32>,
    /// Power per bin of the rounding of the format they came in.
    pub(super) silence: f32,
}

/// Samples at the end of a stretch that make no row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rest {
    /// How many.
    pub(super) samples: usize,
    /// At the limits of the converter.
    pub(super) clipped: u64,
}

impl Rest {
    fn of(samples: IqSlice<'_>) -> Self {
        Self {
            samples: samples.len(),
            clipped: samples.clipped(),
        }
    }
}

impl Rows {
    /// Memory for `rows` rows that are [pushed](Self::push).
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            clipped: Vec::with_capacity(rows),
            numbers: Vec::with_capacity(rows * NUMBERS),
            shorts: Vec::with_capacity(rows),
            means: Vec::with_capacity(rows * BINS),
            ..Self::default()
        }
    }

    /// Takes as many of `block` as there is room for and returns their number.
    pub fn fill(&mut self, block: IqSlice<'_>) -> usize {
        const ROOM: usize = ROWS_MAX * ROW + REACH - ROW;
        let held = self.samples.as_slice();
        if held.is_empty() && held.format() != block.format() {
            self.samples = IqBuffer::with_capacity(block.format(), ROOM);
        }
        let block = block.slice(0..block.len().min(ROOM - self.samples.as_slice().len()));
        self.silence = (block.rounding_power() / BINS as f64) as f32;
        self.samples.append_any(block);
        block.len()
    }

    /// Whether there is no room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.complete() == ROWS_MAX
    }

    /// Rows whose samples are all there.
    fn complete(&self) -> usize {
        (self.samples.as_slice().len() + ROW).saturating_sub(REACH) / ROW
    }

    /// Whether all rows whose samples are there were made at once.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.made == (0..self.complete())
    }

    /// Begins with what `before` holds beyond its rows, in the memory of what it had.
    pub fn follow(&mut self, before: &Self) {
        self.clear();
        let samples = before.samples.as_slice();
        if self.samples.as_slice().format() != samples.format() {
            self.samples = IqBuffer::with_capacity(samples.format(), samples.len());
        }
        self.samples
            .append(samples.slice(before.complete() * ROW..samples.len()));
        self.silence = before.silence;
    }

    /// Drops its rows.
    pub(super) fn advance(&mut self) {
        self.samples.drop_front(self.complete() * ROW);
        self.made = 0..0;
    }

    fn clear(&mut self) {
        self.samples.clear();
        self.clipped.clear();
        (self.made, self.padded) = (0..0, None);
    }

    /// Forgets everything beyond its rows, because the stream breaks off; tells what that was.
    pub fn discard(&mut self) -> Rest {
        let samples = self.samples.as_slice();
        let rest = Rest::of(samples.slice(self.complete() * ROW..samples.len()));
        self.clear();
        rest
    }

    /// Makes a row of what is left at the end of the stream, if it is at least one segment; tells what makes no row.
    pub fn pad(&mut self) -> Rest {
        let (samples, rows) = (self.samples.as_slice(), self.complete());
        let rest = samples.slice(rows * ROW..samples.len());
        if rest.len() < BINS {
            return Rest::of(rest);
        }
        self.padded = Some(rest.slice(0..ROW).clipped() as u32);
        let rest = Rest::of(rest.slice(ROW..rest.len()));
        self.samples.floats().resize(rows * ROW + REACH, Complex::default());
        rest
    }

    /// How many are made.
    #[must_use]
    pub fn len(&self) -> usize {
        self.made.len()
    }

    /// Whether none is made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }

    /// Those that are made, one by one.
    pub(super) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let spectra = self.numbers.chunks_exact(NUMBERS).zip(self.means.chunks_exact(BINS));
        let rows = (0..).zip(&self.clipped).zip(spectra.zip(&self.shorts));
        let mut impulses = self.impulses.as_slice();
        let (samples, first) = (self.samples.as_slice(), self.made.start);
        rows.map(move |((row, &clipped), ((segments, mean), short))| {
            let (own, rest) = impulses.split_at(impulses.partition_point(|impulse| impulse.row == row));
            impulses = rest;
            let at = (first + row as usize) * ROW;
            Row {
                clipped,
                impulses: own,
                samples: samples.slice(at..at + ROW),
                mean,
                segments,
                short,
            }
        })
    }

    /// Appends a row.
    pub(super) fn push(&mut self, row: Row<'_>) {
        let own = self.clipped.len() as u32;
        self.impulses
            .extend(row.impulses.iter().map(|impulse| Impulse { row: own, ..*impulse }));
        self.clipped.push(row.clipped);
        self.samples.append_any(row.samples);
        self.numbers.extend_from_slice(row.segments);
        self.shorts.push(row.short.clone());
        self.means.extend_from_slice(row.mean);
        self.made.end += 1;
    }
}

/// The mean of both segments.
struct Mean<'a> {
    segments: &'a [f32],
    mean: &'a mut [f32],
}

impl Work for Mean<'_> {
    #[inline(always)]
    fn run(self) {
        let (first, second) = self.segments.split_at(BINS);
        for (mean, (a, b)) in self.mean.iter_mut().zip(first.iter().zip(second)) {
            *mean = (a + b) * 0.5;
        }
    }
}

/// The first stage of a detector: the spectra of rows.
pub struct Spectra {
    spectra: StretchSpectra,
    short: ShortSpectra,
    impulses: ImpulseFinder,
}

impl Spectra {
    pub(super) fn new(thresholds: &Thresholds) -> Self {
        let resolution = Resolution {
            taps: Window::blackman_harris(BINS).power_taps(),
            hop: HOP,
            averages: 1,
            spectra: SEGMENTS,
        };
        let long = |backend| StretchSpectra::new(std::slice::from_ref(&resolution), backend);
        let (best, any) = (Backend::best(), Backend::General);
        let runs = "the general path runs on every processor";
        Self {
            spectra: long(best).or_else(|| long(any)).expect(runs),
            short: ShortSpectra::new(best).or_else(|| ShortSpectra::new(any)).expect(runs),
            impulses: ImpulseFinder::new(thresholds.impulses, thresholds.row_averages),
        }
    }

    /// Makes the next rows whose samples are there, as many as cost the least together; `false` when there are none.
    pub fn make_some(&mut self, rows: &mut Rows) -> bool {
        self.make(rows, SOME)
    }

    /// Makes all rows at once.
    pub fn make_all(&mut self, rows: &mut Rows) {
        rows.made = 0..0;
        self.make(rows, usize::MAX);
    }

    /// Makes the rows after those last made, `most` at most.
    fn make(&mut self, rows: &mut Rows, most: usize) -> bool {
        let (from, complete) = (rows.made.end, rows.complete());
        let count = (complete - from).min(most);
        rows.made = from..from + count;
        rows.clipped.clear();
        rows.impulses.clear();
        rows.numbers.resize(count * NUMBERS, 0.0);
        if count == 0 {
            return false;
        }
        let samples = rows.samples.as_slice();
        let samples = samples.slice(from * ROW..samples.len());
        let clipped = |row: usize| samples.slice(row * ROW..(row + 1) * ROW).clipped() as u32;
        rows.clipped.extend((0..count).map(clipped));
        self.spectra.powers_into(samples, ROW, count, &mut rows.numbers);
        rows.shorts.resize_with(count, ShortRow::default);
        for (row, short) in rows.shorts.iter_mut().enumerate() {
            self.short.measure(samples.slice(row * ROW..samples.len()), short);
        }
        if let Some(clipped) = rows.padded.filter(|_| from + count == complete) {
            rows.clipped[count - 1] = clipped;
            // A signal that breaks off within a segment would splatter over the span: what was seen last is taken to last.
            let numbers = &mut rows.numbers[(count - 1) * NUMBERS..];
            numbers.copy_within(..BINS, BINS);
            for bin in &mut rows.shorts[count - 1].powers {
                bin[PULSE_SLOTS - 1] = bin[PULSE_SLOTS - 2];
            }
        }
        rows.means.resize(count * BINS, 0.0);
        for (mean, numbers) in rows
            .means
            .chunks_exact_mut(BINS)
            .zip(rows.numbers.chunks_exact(NUMBERS))
        {
            widest(Mean {
                segments: numbers,
                mean,
            });
        }
        let segments = |row: usize| &rows.numbers[row * NUMBERS..][..NUMBERS];
        self.impulses.find(samples, &rows.shorts, segments, &mut rows.impulses);
        true
    }
}
