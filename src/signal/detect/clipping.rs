//! When the converter was at its limits: the evidence for energy that only overload explains.

use std::ops::Index;

/// Clipped samples of a row from which it counts: a single one may be a disturbed bit.
const CLIPPED_MIN: u32 = 2;
/// Intervals remembered; older ones are forgotten.
const INTERVALS_KEPT: usize = 10_000;

/// A stretch of time in which the converter clipped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clipped {
    /// Start and stop, seconds.
    pub(super) time: [f64; 2],
    /// Clipped samples.
    clipped: u64,
    /// Of so many.
    samples: u64,
}

/// The stretches in which the converter clipped, in time order.
#[derive(Debug, Default)]
pub(super) struct Clipping {
    intervals: Vec<Clipped>,
}

impl Clipping {
    /// Takes the count of a row, or of another short stretch of `samples` samples, that lies in `time`.
    pub(super) fn add(&mut self, time: [f64; 2], clipped: u32, samples: usize) {
        if clipped < CLIPPED_MIN {
            return;
        }
        let row_s = time[1] - time[0];
        match self.intervals.last_mut() {
            Some(last) if time[0] <= last.time[1] + 0.5 * row_s => {
                last.time[1] = time[1];
                last.clipped += u64::from(clipped);
                last.samples += samples as u64;
            }
            _ => {
                if self.intervals.len() >= INTERVALS_KEPT {
                    self.intervals.drain(..INTERVALS_KEPT / 2);
                }
                self.intervals.push(Clipped {
                    time,
                    clipped: u64::from(clipped),
                    samples: samples as u64,
                });
            }
        }
    }

    /// How `bursts` and the clipping coincide; `None` where nothing clipped in their time. Each interval of clipping is
    /// widened by `slack_s`.
    pub(super) fn coincidence<T: Index<usize, Output = f64>>(&self, bursts: &[T], slack_s: f64) -> Option<Coincidence> {
        let (first, last) = (bursts.first()?[0], bursts.last()?[1]);
        let from = self.intervals.partition_point(|c| c.time[1] + slack_s < first);
        let to = self.intervals.partition_point(|c| c.time[0] - slack_s <= last);
        let near = self.intervals.get(from..to).filter(|near| !near.is_empty())?;
        let (clipped, samples) = near.iter().fold((0, 0), |(c, s), n| (c + n.clipped, s + n.samples));
        let on_s: f64 = bursts.iter().map(|b| b[1] - b[0]).sum();
        let clipping_s: f64 = near.iter().map(|c| c.time[1] - c.time[0]).sum();
        Some(Coincidence {
            during: common(bursts, near, slack_s) / on_s.max(1e-12),
            covered: common(bursts, near, 0.0) / clipping_s.max(1e-12),
            fraction: clipped as f64 / samples as f64,
        })
    }

    /// Share of the time from `from_s` to `to_s` in which the converter clipped.
    pub(super) fn share(&self, from_s: f64, to_s: f64) -> f64 {
        let from = self.intervals.partition_point(|c| c.time[1] < from_s);
        let within = self.intervals[from..].iter();
        let clipping: f64 = within
            .map(|c| (c.time[1].min(to_s) - c.time[0].max(from_s)).max(0.0))
            .sum();
        clipping / (to_s - from_s).max(1e-12)
    }
}

/// How an emission and the clipping coincide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Coincidence {
    /// Share of the emission's time in which the converter clipped.
    pub(super) during: f64,
    /// Share of the clipping, from the emission's start to its stop, in which the emission was on.
    pub(super) covered: f64,
    /// Share of the samples that were clipped while it clipped.
    pub(super) fraction: f64,
}

/// Time common to both lists, each interval of clipping widened by `slack_s` and each moment counted once.
fn common<T: Index<usize, Output = f64>>(bursts: &[T], clipping: &[Clipped], slack_s: f64) -> f64 {
    let (mut sum, mut from) = (0.0, 0);
    for b in bursts {
        while from < clipping.len() && clipping[from].time[1] + slack_s < b[0] {
            from += 1;
        }
        let mut reached = b[0];
        for c in clipping[from..].iter().take_while(|c| c.time[0] - slack_s <= b[1]) {
            let (start, stop) = ((c.time[0] - slack_s).max(reached), (c.time[1] + slack_s).min(b[1]));
            if stop > start {
                sum += stop - start;
                reached = stop;
            }
        }
    }
    sum
}
