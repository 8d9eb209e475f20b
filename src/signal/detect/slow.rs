//! Long averages for signals too weak for single rows: what the rows have already claimed is left out.

use super::{
    burst::Burst,
    config::{BINS, Threshold},
    screen::Screen,
    segment::{RowFloor, Run, Segmenter, Tests},
    tracker::{RowTime, Tracker},
};
use crate::dsp::kernel::{Work, widest};

/// One long average.
pub(super) struct SlowAverage {
    rows: usize,
    threshold: Threshold,
    sums: Vec<f32>,
    /// Rows in which each bin was claimed.
    claimed: Vec<f32>,
    counts: Vec<f32>,
    mean: Vec<f32>,
    taken: usize,
    number: u64,
    start_s: f64,
    screen: Screen,
    segmenter: Segmenter,
    runs: Vec<Run>,
    pub(super) tracker: Tracker,
}

impl SlowAverage {
    pub(super) fn new(rows: usize, threshold: Threshold, bridge_bins: usize) -> Self {
        Self {
            rows,
            threshold,
            sums: vec![0.0; BINS],
            claimed: vec![0.0; BINS],
            counts: vec![0.0; BINS],
            mean: vec![0.0; BINS],
            taken: 0,
            number: 0,
            start_s: 0.0,
            screen: Screen::new(),
            segmenter: Segmenter::new(bridge_bins),
            runs: Vec::new(),
            tracker: Tracker::new(1),
        }
    }

    /// Takes a row without the bins in `claimed`.
    pub(super) fn add(&mut self, time: RowTime, power: &[f32], claimed: &[Run]) {
        if self.taken == 0 {
            self.start_s = time.start_s;
        }
        self.taken += 1;
        let mut from = 0;
        while from < BINS {
            // Claimed regions are in no order once skirts are split: the free stretch ends at the nearest of them.
            let ahead = claimed.iter().filter(|r| r.last > from);
            let next = ahead.map(|r| r.first.max(from)).min().unwrap_or(BINS);
            widest(Add(&mut self.sums[from..next], &power[from..next]));
            let over = claimed.iter().filter(|r| r.first <= next && r.last > next);
            from = over.map(|r| r.last).max().unwrap_or(BINS);
            self.claimed[next..from].iter_mut().for_each(|count| *count += 1.0);
        }
    }

    /// Takes over what a shorter average has gathered.
    pub(super) fn add_average(&mut self, shorter: &Self) {
        if self.taken == 0 {
            self.start_s = shorter.start_s;
        }
        self.taken += shorter.taken;
        widest(Add(&mut self.sums, &shorter.sums));
        widest(Add(&mut self.claimed, &shorter.claimed));
    }

    /// Decides when enough rows are in; bursts that ended move to `done`.
    pub(super) fn decide(
        &mut self,
        time: RowTime,
        floor: RowFloor<'_>,
        live: (usize, usize),
        done: &mut Vec<Burst>,
    ) -> bool {
        if self.taken < self.rows {
            return false;
        }
        // Bins mostly claimed by the rows say nothing here.
        let enough = 0.5 * self.rows as f32;
        widest(Mean {
            average: self,
            floor: floor.level,
            enough,
        });
        let tests = Tests {
            narrow: self.threshold,
            middle_growth: self.threshold.growth,
            wide_seed: f32::INFINITY,
        };
        self.runs.clear();
        if self.screen.passes(&self.mean, floor.inverse, &tests) {
            self.segmenter.runs(&self.mean, &floor, live, &tests, &mut self.runs);
            // Rows left out were reported by themselves: their share of the time is not this average's energy.
            self.segmenter.scale_excess(&self.counts, 1.0 / self.taken as f32);
        }
        let row = RowTime {
            number: self.number,
            start_s: self.start_s,
            stop_s: time.stop_s,
        };
        self.tracker.advance(row, &self.runs, self.segmenter.excess(), done);
        self.number += 1;
        true
    }

    /// Starts the next average.
    pub(super) fn restart(&mut self) {
        self.sums.fill(0.0);
        self.claimed.fill(0.0);
        self.taken = 0;
    }
}

/// Adds the second to the first.
pub(super) struct Add<'a>(pub(super) &'a mut [f32], pub(super) &'a [f32]);

impl Work for Add<'_> {
    #[inline(always)]
    fn run(self) {
        for (sum, x) in self.0.iter_mut().zip(self.1) {
            *sum += x;
        }
    }
}

/// Makes the mean of what was not claimed; bins with less than `enough` of it read the floor.
struct Mean<'a> {
    average: &'a mut SlowAverage,
    floor: &'a [f32],
    enough: f32,
}

impl Work for Mean<'_> {
    #[inline(always)]
    fn run(self) {
        let average = self.average;
        for (count, claimed) in average.counts.iter_mut().zip(&average.claimed) {
            *count = average.taken as f32 - claimed;
        }
        let sums = average.sums.iter().zip(&average.counts).zip(self.floor);
        for (out, ((sum, count), floor)) in average.mean.iter_mut().zip(sums) {
            *out = if *count >= self.enough { sum / count } else { *floor };
        }
    }
}
