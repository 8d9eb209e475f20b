//! One stretch of one signal in time.

use super::energy::Energy;

/// A stretch of one signal, with everything that is needed to measure it.
#[derive(Debug, Clone)]
pub(super) struct Burst {
    /// Lower edge of the band it was last seen in, bins.
    pub(super) low: f64,
    /// Upper edge.
    pub(super) high: f64,
    /// First time above threshold.
    pub(super) start_s: f64,
    /// Last time above threshold.
    pub(super) stop_s: f64,
    /// What to add to `start_s` and `stop_s` for the edges themselves; decisions go by rows.
    pub(super) sharpen: [f32; 2],
    /// Time above threshold.
    pub(super) on_s: f64,
    /// Energy over the floor per bin (power × seconds).
    pub(super) energy: Energy,
    /// The same beside the regions, where it may be weak signal or only noise.
    pub(super) margin: Energy,
    /// Sum of `energy` over the bins.
    pub(super) total: f64,
    /// What the floor had risen by in its rows, as a multiple of the floor, times seconds.
    pub(super) raised_s: f64,
    /// Strongest power of one row.
    pub(super) peak: f32,
    /// Whether it was on when observation began.
    pub(super) from_start: bool,
    /// Whether it was on when observation ended.
    pub(super) to_end: bool,
    /// The emission it belongs to, once decided.
    pub(super) emission: Option<u64>,
    /// Rows seen.
    pub(super) rows: u32,
    /// Row number of the last row seen.
    pub(super) last_row: u64,
    /// Row number of the first.
    pub(super) first_row: u64,
    /// Its times are known much better than a row, so a pause of less than a row is one.
    pub(super) exact: bool,
}

impl Burst {
    /// A burst in one piece: `energy` above the floor per bin during `time`.
    pub(super) fn pulse(time: [f64; 2], band: (f64, f64), energy: Energy, peak: f32) -> Self {
        Self {
            low: band.0,
            high: band.1,
            start_s: time[0],
            stop_s: time[1],
            sharpen: [0.0; 2],
            on_s: time[1] - time[0],
            total: energy.total(),
            energy,
            margin: Energy::none(),
            raised_s: 0.0,
            peak,
            from_start: false,
            to_end: false,
            emission: None,
            rows: 1,
            last_row: 0,
            first_row: 0,
            exact: true,
        }
    }

    /// Mean power while on.
    pub(super) fn mean_power(&self) -> f32 {
        (self.total / self.on_s.max(1e-12)) as f32
    }

    /// Whether this and another ended burst are neighbours that began and ended together: the tones of one FSK sender, the parts of
    /// a faded wide signal.
    pub(super) fn is_sibling_of(&self, other: &Self, rows: u64) -> bool {
        let (a, b) = (self, other);
        if (a.from_start && b.from_start && a.to_end && b.to_end) || a.emission.is_some() && b.emission.is_some() {
            return false;
        }
        let gap = a.low.max(b.low) - a.high.min(b.high);
        let width = (a.high - a.low).max(b.high - b.low).max(4.0);
        gap < width && a.first_row.abs_diff(b.first_row) <= rows && a.last_row.abs_diff(b.last_row) <= rows
    }

    /// Joins `part` to it.
    pub(super) fn absorb(&mut self, part: &Self) {
        self.energy.add(&part.energy);
        self.margin.add(&part.margin);
        self.total += part.total;
        self.low = self.low.min(part.low);
        self.high = self.high.max(part.high);
        if part.start_s < self.start_s {
            (self.start_s, self.sharpen[0]) = (part.start_s, part.sharpen[0]);
        }
        if part.stop_s > self.stop_s {
            (self.stop_s, self.sharpen[1]) = (part.stop_s, part.sharpen[1]);
        }
        self.on_s = self.on_s.max(part.on_s);
        self.raised_s = self.raised_s.max(part.raised_s);
        self.first_row = self.first_row.min(part.first_row);
        self.last_row = self.last_row.max(part.last_row);
        self.peak += part.peak;
        self.from_start |= part.from_start;
        self.to_end |= part.to_end;
        self.emission = self.emission.or(part.emission);
    }
}
