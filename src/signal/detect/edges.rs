//! When a burst began and ended, to a fraction of a hop.
//!
//! A row tells the time to two hops, and the row in which a carrier is keyed belongs to its click. The power in the band
//! of the burst, segment by segment, rises through half of its plateau when the middle of the window passes the edge.

use std::ops::{Deref, Range};

use super::{
    burst::Burst,
    config::{BINS, HOP, ROW, SEGMENTS},
    tracker::RowTime,
};

/// Rows kept: a burst is over when it has been silent for longer than pauses are bridged and siblings waited for.
const ROWS: usize = 12;
/// Rows on either side of an edge that are looked at.
const REACH: u64 = 2;
/// Rows of a burst from which its beginning is known to the full.
pub(super) const BEGUN: u32 = 3;

/// The spectra of the last rows.
pub(super) struct Edges {
    segments: Vec<f32>,
    /// Number of the row kept in each place.
    numbers: [Option<u64>; ROWS],
    hop_s: f64,
}

impl Edges {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        Self {
            segments: vec![0.0; ROWS * SEGMENTS * BINS],
            numbers: [None; ROWS],
            hop_s: HOP as f64 / sample_rate_hz,
        }
    }

    /// Keeps the segments of row `number`.
    pub(super) fn keep(&mut self, number: u64, segments: &[f32]) {
        let place = (number % ROWS as u64) as usize;
        self.segments[place * SEGMENTS * BINS..][..SEGMENTS * BINS].copy_from_slice(segments);
        self.numbers[place] = Some(number);
    }

    /// Forgets everything: time is missing.
    pub(super) fn clear(&mut self) {
        self.numbers = [None; ROWS];
    }

    /// Sets the beginning of `burst`, which has lasted for `BEGUN` rows or has ended. `now` is the row last kept.
    pub(super) fn set_start(&self, burst: &mut Burst, now: RowTime, floor: &[f32]) {
        let first = burst.first_row;
        if let Some(powers) = self.powers(burst, first.saturating_sub(REACH)..first + REACH + 1, floor) {
            let plateau = plateau(&powers, first + 1..first + u64::from(BEGUN));
            let crossing = powers.windows(2).find_map(|pair| between(pair[0], pair[1], plateau));
            if let Some(segment) = crossing {
                burst.sharpen[0] = (self.time_s(segment, now).min(burst.stop_s) - burst.start_s) as f32;
            }
        }
    }

    /// Sets the end of `burst`, which has ended.
    pub(super) fn set_stop(&self, burst: &mut Burst, now: RowTime, floor: &[f32]) {
        let last = burst.last_row;
        if let Some(powers) = self.powers(burst, last.saturating_sub(REACH)..last + REACH + 1, floor) {
            let plateau = plateau(&powers, last.saturating_sub(2)..last);
            let crossing = powers
                .windows(2)
                .rev()
                .find_map(|pair| between(pair[1], pair[0], plateau));
            if let Some(segment) = crossing {
                burst.sharpen[1] = (self.time_s(segment, now).max(burst.start_s) - burst.stop_s) as f32;
            }
        }
    }

    /// Time of a position in segments, counted from the first segment of row 0.
    fn time_s(&self, segment: f64, now: RowTime) -> f64 {
        // The middle of a row's first window is a quarter of a row later than what counts as the row's beginning.
        let origin = now.start_s + (BINS / 2 - HOP / 2) as f64 / HOP as f64 * self.hop_s;
        origin + (segment - (now.number * SEGMENTS as u64) as f64) * self.hop_s
    }

    /// Number and power over the floor, in the band of `burst`, of every segment of `rows`, as far as they are kept.
    fn powers(&self, burst: &Burst, rows: Range<u64>, floor: &[f32]) -> Option<Powers> {
        let (low, high) = burst.energy.band()?;
        let band = (low.max(0.0) as usize)..(high.ceil() as usize).min(BINS);
        let mut powers = Powers::default();
        for row in rows {
            let place = (row % ROWS as u64) as usize;
            if self.numbers[place] != Some(row) {
                continue;
            }
            for (i, segment) in self.segments[place * SEGMENTS * BINS..]
                .chunks_exact(BINS)
                .take(SEGMENTS)
                .enumerate()
            {
                let bins = segment[band.clone()].iter().zip(&floor[band.clone()]);
                let number = row * SEGMENTS as u64 + i as u64;
                powers.push((number as f64, bins.map(|(p, f)| p - f).sum()));
            }
        }
        Some(powers)
    }
}

/// Segments looked at for one edge, at most.
const LOOKED_AT: usize = SEGMENTS * (2 * REACH as usize + 1);

/// Numbers of segments, and their power in the band of a burst.
#[derive(Default)]
struct Powers {
    values: [(f64, f32); LOOKED_AT],
    count: usize,
}

impl Powers {
    fn push(&mut self, value: (f64, f32)) {
        self.values[self.count] = value;
        self.count += 1;
    }
}

impl Deref for Powers {
    type Target = [(f64, f32)];

    fn deref(&self) -> &Self::Target {
        &self.values[..self.count]
    }
}

/// Power of the signal when it is fully on: the mean over the segments of `rows`, or the strongest segment of a burst
/// that is too short for one.
fn plateau(powers: &[(f64, f32)], rows: Range<u64>) -> f32 {
    let segments = (rows.start * SEGMENTS as u64) as f64..(rows.end * SEGMENTS as u64) as f64;
    let inside = || {
        powers
            .iter()
            .filter(|(number, _)| segments.contains(number))
            .map(|(_, power)| *power)
    };
    let strongest = powers.iter().map(|(_, power)| *power).fold(0.0, f32::max);
    let mean = inside().sum::<f32>() / inside().count().max(1) as f32;
    if mean > 0.5 * strongest { mean } else { strongest }
}

/// Where between two neighbouring segments the power passes half of `plateau`, from below in `a` to above in `b`.
fn between(a: (f64, f32), b: (f64, f32), plateau: f32) -> Option<f64> {
    let half = 0.5 * plateau;
    (plateau > 0.0 && a.1 < half && b.1 >= half && (b.0 - a.0).abs() < 1.5)
        .then(|| a.0 + (b.0 - a.0) * f64::from((half - a.1) / (b.1 - a.1)))
}

/// Rows are cut without gaps.
const _: () = assert!(ROW == SEGMENTS * HOP);
