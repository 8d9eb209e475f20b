//! From samples to rows: the middle and the short resolution of one stretch of 1024 samples.

use std::collections::VecDeque;

use num_complex::Complex;

use super::config::{BINS, HOP, PULSE_BINS, PULSE_HOP, PULSE_SEGMENTS, PULSE_SLOTS, ROW, SEGMENTS};
use crate::dsp::{iq::IqSlice, spectrum::PowerSpectrum};

/// Samples that a row looks at: its own and the overlap with the next.
const REACH: usize = (SEGMENTS - 1) * HOP + BINS;

/// Spectra of one row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Time of its first sample.
    pub(super) start_s: f64,
    /// Samples of its own (not of the overlap) at the limits of the converter.
    pub(super) clipped: u32,
    /// Power of each segment, `BINS` each.
    pub(super) segments: Vec<f32>,
    /// Mean power of each pulse slot, `PULSE_BINS` each.
    pub(super) pulses: Vec<f32>,
}

/// Cuts the sample stream into rows.
pub(super) struct RowMaker {
    samples: Vec<Complex<f32>>,
    used: usize,
    /// Clipped samples of each row's worth of `samples` from `used` on, the last one still filling.
    clipped: VecDeque<u32>,
    middle: PowerSpectrum,
    short: PowerSpectrum,
    short_power: Vec<f32>,
    spare: Vec<Row>,
}

impl RowMaker {
    pub(super) fn new() -> Self {
        Self {
            samples: Vec::with_capacity(64 * ROW),
            used: 0,
            clipped: VecDeque::new(),
            middle: PowerSpectrum::new(BINS),
            short: PowerSpectrum::new(PULSE_BINS),
            short_power: vec![0.0; PULSE_BINS],
            spare: Vec::new(),
        }
    }

    /// Samples that one call of [`Self::fill`] may bring at most.
    pub(super) const BLOCK: usize = 32 * ROW;

    /// Takes over samples, converted to floating point; returns how many of them are clipped.
    pub(super) fn fill(&mut self, block: IqSlice<'_>) -> u64 {
        if self.used > 0 {
            self.samples.copy_within(self.used.., 0);
            self.samples.truncate(self.samples.len() - self.used);
            self.used = 0;
        }
        let (mut from, mut clipped) = (0, 0);
        while from < block.len() {
            let filled = (self.samples.len() + from) % ROW;
            let to = (from + ROW - filled).min(block.len());
            if filled == 0 {
                self.clipped.push_back(0);
            }
            let here = block.slice(from..to).clipped();
            if let Some(count) = self.clipped.back_mut() {
                *count += here as u32;
            }
            clipped += here;
            from = to;
        }
        block.append_to(&mut self.samples);
        clipped
    }

    /// Forgets everything not yet made into a row; returns how many samples that were.
    pub(super) fn discard(&mut self) -> usize {
        let rest = self.samples.len() - self.used;
        self.samples.clear();
        self.clipped.clear();
        self.used = 0;
        rest
    }

    /// Fills up what is left at the end of the stream with silence, if it is at least one segment.
    pub(super) fn pad(&mut self) {
        if self.waiting() >= BINS {
            self.samples
                .resize(self.used + REACH.max(self.waiting()), Complex::default());
        }
    }

    /// Samples waiting.
    pub(super) fn waiting(&self) -> usize {
        self.samples.len() - self.used
    }

    /// The next row, when its samples are there.
    pub(super) fn next(&mut self, start_s: f64) -> Option<Row> {
        if self.waiting() < REACH {
            return None;
        }
        let mut row = self.spare.pop().unwrap_or_else(|| Row {
            start_s: 0.0,
            clipped: 0,
            segments: vec![0.0; SEGMENTS * BINS],
            pulses: vec![0.0; PULSE_SLOTS * PULSE_BINS],
        });
        let samples = &self.samples[self.used..];
        row.start_s = start_s;
        row.clipped = self.clipped.pop_front().unwrap_or(0);
        for (i, power) in row.segments.chunks_exact_mut(BINS).enumerate() {
            self.middle.power_into(&samples[i * HOP..], power);
        }
        for (slot, power) in row.pulses.chunks_exact_mut(PULSE_BINS).enumerate() {
            power.fill(0.0);
            for segment in 0..PULSE_SEGMENTS {
                let at = (slot * PULSE_SEGMENTS + segment) * PULSE_HOP;
                self.short.power_into(&samples[at..], &mut self.short_power);
                for (sum, p) in power.iter_mut().zip(&self.short_power) {
                    *sum += p * (1.0 / PULSE_SEGMENTS as f32);
                }
            }
        }
        self.used += ROW;
        Some(row)
    }

    /// Gives a row back for reuse.
    pub(super) fn recycle(&mut self, row: Row) {
        self.spare.push(row);
    }
}
