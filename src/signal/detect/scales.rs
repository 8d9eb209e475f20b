//! The time scales bursts are followed at: single rows, and two long averages for what is too weak for a row.

use super::{
    burst::Burst,
    config::{Rules, Thresholds},
    edges::{BEGUN, Edges},
    energy::Energy,
    pulse::Pulse,
    segment::{RowFloor, Run},
    slow::SlowAverage,
    tracker::{RowTime, Tracker},
};

/// The trackers of all scales.
pub(super) struct Scales {
    rows: Tracker,
    slow: [SlowAverage; 2],
    edges: Edges,
}

/// What is known of a row beside its regions.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Power of each segment.
    pub(super) segments: &'a [f32],
    /// Their mean, without those that hold pulses.
    pub(super) power: &'a [f32],
    /// The floor of the row.
    pub(super) floor: RowFloor<'a>,
    /// Bins that hold anything.
    pub(super) live: (usize, usize),
}

impl Scales {
    pub(super) fn new(rules: &Rules, thresholds: &Thresholds, sample_rate_hz: f64) -> Self {
        Self {
            edges: Edges::new(sample_rate_hz),
            rows: Tracker::new(rules.bridge_rows),
            slow: std::array::from_fn(|i| SlowAverage::new(rules.slow_rows[i], thresholds.slow[i], rules.bridge_bins)),
        }
    }

    /// Takes a row: its regions, its power above the floor, and what else is known of it.
    pub(super) fn advance(
        &mut self,
        time: RowTime,
        runs: &[Run],
        excess: &[f32],
        seen: Seen<'_>,
        done: &mut Vec<Burst>,
    ) {
        let Seen {
            segments,
            power,
            floor,
            live,
        } = seen;
        self.edges.keep(time.number, segments);
        let ended = done.len();
        self.rows.advance(time, runs, excess, done);
        if floor.rise > 1.0 {
            let raised_s = f64::from(floor.rise - 1.0) * (time.stop_s - time.start_s);
            let seen = self.rows.open.iter_mut().filter(|b| b.last_row == time.number);
            seen.for_each(|b| b.raised_s += raised_s);
        }
        self.set_edges(time, floor.level, &mut done[ended..]);
        // The longer average is fed by the shorter one: the floor within a row does not concern them.
        let floor = RowFloor { rise: 1.0, ..floor };
        for slow in &mut self.slow {
            slow.tracker.refill(&mut self.rows);
        }
        let [shorter, longer] = &mut self.slow;
        shorter.add(time, power, runs);
        if shorter.decide(time, floor, live, done) {
            longer.add_average(shorter);
            shorter.restart();
            if longer.decide(time, floor, live, done) {
                longer.restart();
            }
        }
    }

    /// Sets the beginnings of bursts that have just shown them, and the ends of those that have `ended`.
    fn set_edges(&mut self, time: RowTime, floor: &[f32], ended: &mut [Burst]) {
        for burst in ended {
            if burst.rows < BEGUN {
                self.edges.set_start(burst, time, floor);
            }
            self.edges.set_stop(burst, time, floor);
        }
        let begun = self.rows.open.iter_mut();
        for burst in begun.filter(|b| b.rows == BEGUN && b.last_row == time.number) {
            self.edges.set_start(burst, time, floor);
        }
    }

    /// Takes back the memory of a burst that is done with.
    pub(super) fn recycle(&mut self, burst: Burst) {
        self.rows.recycle(burst);
    }

    /// Memory for the spectrum of a burst.
    pub(super) fn memory(&mut self) -> Energy {
        self.rows.zeros()
    }

    /// A row passed in which nothing could be seen.
    pub(super) fn blind(&mut self) {
        self.rows.blind();
    }

    /// Whether a burst in progress accounts for `pulse`.
    pub(super) fn covers(&self, pulse: &Pulse) -> bool {
        self.rows.covers(pulse.low, pulse.high)
    }

    /// Ends everything, because observation pauses or (`last`) ends.
    pub(super) fn finish(&mut self, last: bool, done: &mut Vec<Burst>) {
        self.rows.finish(last, done);
        self.edges.clear();
        for slow in &mut self.slow {
            slow.tracker.finish(last, done);
            slow.restart();
        }
    }

    /// Bursts in progress at all scales.
    pub(super) fn open(&self) -> impl Iterator<Item = &Burst> {
        let slow = self.slow.iter().flat_map(|s| &s.tracker.open);
        self.rows.open.iter().chain(slow)
    }

    /// The same, to change them.
    pub(super) fn open_mut(&mut self) -> impl Iterator<Item = &mut Burst> {
        let slow = self.slow.iter_mut().flat_map(|s| &mut s.tracker.open);
        self.rows.open.iter_mut().chain(slow)
    }
}
