//! Regions of consecutive rows become bursts: one stretch of one signal in time.

use super::{burst::Burst, config::BINS, energy::Energy, segment::Run};
use crate::dsp::sum;

/// Time and number of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowTime {
    /// Running number.
    pub(super) number: u64,
    /// Effective start.
    pub(super) start_s: f64,
    /// Effective end.
    pub(super) stop_s: f64,
}

/// Bursts in progress at one time scale.
pub(super) struct Tracker {
    /// Bursts not yet ended.
    pub(super) open: Vec<Burst>,
    /// Bursts that ended, waiting for siblings.
    ended: Vec<Burst>,
    bridge_rows: u64,
    groups: Vec<Vec<usize>>,
    /// Regions of the row in work that belong to no burst yet.
    fresh: Vec<usize>,
    /// Bursts under one region.
    members: Vec<usize>,
    first: bool,
    spare: Vec<Energy>,
    cut_runs: Vec<Run>,
}

/// Rows after which a burst is established: it is then no longer swallowed by a wider neighbour.
const ESTABLISHED: u32 = 8;
/// The same for a burst that may still be unfolding.
const ON_TOP_YOUNG: f64 = 12.0;
/// Rows after which the band of a burst is known.
const SETTLED: u32 = 24;
/// A region this many times wider than a burst is something else on top of it.
const ON_TOP: f64 = 2.5;
/// Share of the narrower of region and burst that must be common: neighbours that only touch are two signals.
const TOUCH_SHARE: f64 = 0.3;
/// Rows between the beginnings of the parts of one signal.
const TOGETHER: u64 = 2;
/// Share of its band a burst must be seen in to go on, unless what is seen has its power.
const SEEN_SHARE: f64 = 0.2;
/// Ratio of powers from which one region outweighs the others of a young burst.
const DOMINANT: f32 = 10.0;
/// Distance from it, as a multiple of the wider of both, from which another is a signal of its own.
const DOMINANT_GAP: f64 = 4.0;
/// Spectra kept for reuse at most.
const SPARE_MAX: usize = 2 * OPEN_MAX;
/// Spectra that a scale has at hand: more than begin in one of its rows, as a rule.
const REFILL: usize = 16;
/// Open bursts at most; the weakest new ones are dropped beyond.
const OPEN_MAX: usize = 512;

impl Tracker {
    pub(super) fn new(bridge_rows: usize) -> Self {
        Self {
            open: Vec::with_capacity(OPEN_MAX),
            ended: Vec::with_capacity(OPEN_MAX),
            bridge_rows: bridge_rows as u64,
            groups: Vec::new(),
            fresh: Vec::with_capacity(OPEN_MAX),
            members: Vec::with_capacity(OPEN_MAX),
            first: true,
            spare: Vec::with_capacity(SPARE_MAX),
            cut_runs: Vec::with_capacity(OPEN_MAX),
        }
    }

    /// Takes the regions of one row; bursts that ended long enough ago move to `done`.
    pub(super) fn advance(&mut self, time: RowTime, runs: &[Run], excess: &[f32], done: &mut Vec<Burst>) {
        self.cut(runs, excess);
        let runs = std::mem::take(&mut self.cut_runs);
        self.assign(time, &runs, excess);
        self.cut_runs = runs;
        self.first = false;
        self.end_silent(time.number, done);
    }

    /// Time passed in which nothing could be seen at this scale: bursts in progress are kept.
    pub(super) fn blind(&mut self) {
        for burst in self.open.iter_mut().chain(&mut self.ended) {
            burst.last_row += 1;
            burst.first_row += 1;
        }
    }

    /// Whether an established burst fills at least half of the band of a pulse, which is then a part of it.
    pub(super) fn covers(&self, low: f64, high: f64) -> bool {
        self.open.iter().any(|b| {
            let common = b.high.min(high) - b.low.max(low);
            b.rows >= ESTABLISHED && common >= 0.5 * (high - low)
        })
    }

    /// Ends everything, because observation ends or pauses; `last` when it does not go on.
    pub(super) fn finish(&mut self, last: bool, done: &mut Vec<Burst>) {
        for mut burst in self.open.drain(..) {
            burst.to_end = last;
            self.ended.push(burst);
        }
        self.release(u64::MAX, done);
    }

    fn assign(&mut self, time: RowTime, runs: &[Run], excess: &[f32]) {
        let known = self.open.len();
        for group in &mut self.groups {
            group.clear();
        }
        if self.groups.len() < known {
            self.groups.resize(known, Vec::new());
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        for (index, run) in runs.iter().enumerate() {
            match self.best_for(run, known) {
                Some(burst) => self.groups[burst].push(index),
                None => fresh.push(index),
            }
        }
        for burst in 0..known {
            let mut group = std::mem::take(&mut self.groups[burst]);
            self.keep_dominant(burst, &mut group, &mut fresh, runs, excess);
            if self.goes_on(burst, &group, runs, excess) {
                self.extend(burst, &group, runs, excess, time);
            } else {
                fresh.extend_from_slice(&group);
            }
            self.groups[burst] = group;
        }
        for index in fresh.drain(..) {
            self.begin(&runs[index], excess, time);
        }
        self.fresh = fresh;
        self.keep_alive(known, runs, excess, time);
        self.merge_young(known, runs);
    }

    /// Cuts regions where an established burst goes on as before and something else begins beside it: a burst in the
    /// guard band of a wide carrier, joined to it by splatter.
    fn cut(&mut self, runs: &[Run], excess: &[f32]) {
        self.cut_runs.clear();
        for run in runs {
            let mut rest = *run;
            let whole = run.high - run.low;
            let wide = self.open.iter().filter(|b| {
                let common = run.high.min(b.high) - run.low.max(b.low);
                b.rows >= SETTLED && common >= 0.8 * (b.high - b.low) && b.high - b.low >= 16.0 && common >= 0.5 * whole
            });
            for b in wide {
                let inside = part_of(run, b.low, b.high);
                let mean = b.mean_power();
                let own = region_power(&inside, excess);
                let guard = 2.0;
                if own < 0.3 * mean {
                    continue;
                }
                let density = own / (inside.last - inside.first).max(1) as f32;
                for side in [
                    part_of(run, run.low, b.low - guard),
                    part_of(run, b.high + guard, run.high),
                ] {
                    let width = side.high - side.low;
                    let denser = region_power(&side, excess) > 2.0 * density * (side.last - side.first).max(1) as f32;
                    if width >= 4.0 && denser {
                        self.cut_runs.push(side);
                        rest = inside;
                    }
                }
            }
            self.cut_runs.push(rest);
        }
    }

    /// The open burst a region belongs to: the one with the largest share of common band.
    fn best_for(&self, run: &Run, known: usize) -> Option<usize> {
        let mut best = None;
        for (index, burst) in self.open[..known].iter().enumerate() {
            let (width, burst_width) = (run.high - run.low, burst.high - burst.low);
            let pad = 1.0;
            let common = run.high.min(burst.high + pad) - run.low.max(burst.low - pad);
            if common < TOUCH_SHARE * width.min(burst_width) {
                continue;
            }
            let on_top = if burst.rows >= ESTABLISHED {
                ON_TOP
            } else {
                ON_TOP_YOUNG
            };
            if width > on_top * burst_width + 4.0 {
                continue;
            }
            let share = common / (run.high.max(burst.high) - run.low.min(burst.low));
            if best.is_none_or(|(_, s)| share > s) {
                best = Some((index, share));
            }
        }
        best.map(|(index, _)| index)
    }

    /// Whether what is left of a burst in this row is enough to be the same signal.
    fn goes_on(&self, burst: usize, group: &[usize], runs: &[Run], excess: &[f32]) -> bool {
        if group.is_empty() {
            return false;
        }
        let burst = &self.open[burst];
        let width: f64 = group.iter().map(|i| runs[*i].high - runs[*i].low).sum();
        let power: f32 = group.iter().map(|i| region_power(&runs[*i], excess)).sum();
        let mean = burst.mean_power();
        width >= SEEN_SHARE * (burst.high - burst.low) || power >= 0.5 * mean
    }

    /// The click of a keyed carrier spans whatever else begins with it. Where one line then holds nearly all the power
    /// and the others are far off, they are not parts of it.
    fn keep_dominant(
        &self,
        burst: usize,
        group: &mut Vec<usize>,
        fresh: &mut Vec<usize>,
        runs: &[Run],
        excess: &[f32],
    ) {
        if group.len() < 2 || self.open[burst].rows > ESTABLISHED {
            return;
        }
        let power = |i: &usize| region_power(&runs[*i], excess);
        let Some(strongest) = group.iter().copied().max_by(|a, b| power(a).total_cmp(&power(b))) else {
            return;
        };
        let rest: f32 = group.iter().filter(|i| **i != strongest).map(power).sum();
        if power(&strongest) < DOMINANT * rest {
            return;
        }
        let main = runs[strongest];
        let far = |i: &usize| {
            let run = &runs[*i];
            let gap = run.low.max(main.low) - run.high.min(main.high);
            gap > DOMINANT_GAP * (main.high - main.low).max(run.high - run.low)
        };
        fresh.extend(group.iter().filter(|i| far(i)));
        group.retain(|i| !far(i));
    }

    fn begin(&mut self, run: &Run, excess: &[f32], time: RowTime) {
        if self.open.len() >= OPEN_MAX {
            return;
        }
        let (energy, margin) = (self.zeros(), self.zeros());
        self.open.push(Burst {
            low: run.low,
            high: run.high,
            start_s: time.start_s,
            stop_s: time.start_s,
            sharpen: [0.0; 2],
            on_s: 0.0,
            energy,
            margin,
            total: 0.0,
            raised_s: 0.0,
            peak: 0.0,
            from_start: self.first,
            to_end: false,
            emission: None,
            rows: 0,
            last_row: time.number,
            first_row: time.number,
            exact: false,
        });
        let index = self.open.len() - 1;
        self.add(index, std::iter::once(run), excess, time);
    }

    /// An empty spectrum.
    pub(super) fn zeros(&mut self) -> Energy {
        let mut energy = self.spare.pop().unwrap_or_else(Energy::new);
        energy.clear();
        energy
    }

    /// Has memory for some bursts, taken from where that of all of them comes back to.
    pub(super) fn refill(&mut self, from: &mut Self) {
        while self.spare.len() < REFILL
            && let Some(energy) = from.spare.pop()
        {
            self.spare.push(energy);
        }
    }

    /// Takes back the memory of a burst that is done with.
    pub(super) fn recycle(&mut self, burst: Burst) {
        for energy in [burst.energy, burst.margin] {
            if self.spare.len() < SPARE_MAX && energy.has_memory() {
                self.spare.push(energy);
            }
        }
    }

    fn extend(&mut self, burst: usize, group: &[usize], runs: &[Run], excess: &[f32], time: RowTime) {
        let low = group.iter().map(|i| runs[*i].low).fold(f64::INFINITY, f64::min);
        let high = group.iter().map(|i| runs[*i].high).fold(0.0, f64::max);
        let b = &mut self.open[burst];
        // Grow at once, shrink slowly: follows a drift, yet keeps a faded or partly idle band together.
        let relax = |edge: f64, seen: f64, grows: bool| if grows { seen } else { edge + (seen - edge) / 8.0 };
        b.low = relax(b.low, low, low < b.low);
        b.high = relax(b.high, high, high > b.high);
        self.add(burst, group.iter().map(|i| &runs[*i]), excess, time);
    }

    fn add<'a>(&mut self, burst: usize, parts: impl Iterator<Item = &'a Run>, excess: &[f32], time: RowTime) {
        let seconds = time.stop_s - time.start_s;
        let b = &mut self.open[burst];
        let mut power = 0.0;
        for run in parts {
            b.energy.add_power(run.first..run.last, excess, seconds as f32);
            b.margin
                .add_power(run.first - run.margin_low..run.first, excess, seconds as f32);
            b.margin
                .add_power(run.last..run.last + run.margin_high, excess, seconds as f32);
            b.total += seconds * sum(&excess[run.first..run.last]);
            power += region_power(run, excess);
        }
        // A bridged pause counts as on; the next row starts where this one stops.
        b.on_s += seconds;
        b.stop_s = time.stop_s;
        b.last_row = time.number;
        b.rows += 1;
        b.peak = b.peak.max(power);
    }

    /// A wide region on top of an established narrow burst does not end it while its own bins are as strong as before.
    fn keep_alive(&mut self, known: usize, runs: &[Run], excess: &[f32], time: RowTime) {
        for index in 0..known {
            let b = &self.open[index];
            if b.last_row == time.number || b.rows < ESTABLISHED {
                continue;
            }
            let (first, last) = (b.low.max(0.0) as usize, (b.high.ceil() as usize).min(BINS));
            if first >= last || !runs.iter().any(|r| r.first <= first && r.last >= last) {
                continue;
            }
            let own = Run {
                low: b.low,
                high: b.high,
                first,
                last,
                margin_low: 0,
                margin_high: 0,
            };
            let mean = sum(b.energy.slice(first..last)) as f32 / b.on_s.max(1e-12) as f32;
            if region_power(&own, excess) >= 0.3 * mean {
                // The energy on top is not its own: only time goes on.
                let b = &mut self.open[index];
                let seconds = time.stop_s - time.start_s;
                let more = 1.0 + (seconds / b.on_s.max(1e-12)) as f32;
                b.energy.slice_mut(first..last).iter_mut().for_each(|e| *e *= more);
                b.total = b.energy.total();
                b.on_s += seconds;
                b.stop_s = time.stop_s;
                b.last_row = time.number;
            }
        }
    }

    /// One region over several young bursts shows that they are parts of one signal.
    fn merge_young(&mut self, known: usize, runs: &[Run]) {
        for run in runs {
            let inside = |b: &Burst| {
                let common = run.high.min(b.high) - run.low.max(b.low);
                common > 0.5 * (b.high - b.low)
            };
            self.members.clear();
            self.members.extend((0..known).filter(|i| inside(&self.open[*i])));
            if self.members.len() < 2 {
                continue;
            }
            let members = std::mem::take(&mut self.members);
            let keep = members
                .iter()
                .copied()
                .max_by_key(|i| self.open[*i].rows)
                .unwrap_or(members[0]);
            let began = self.open[keep].first_row;
            for &index in members.iter().rev() {
                let b = &self.open[index];
                let young = b.rows < ESTABLISHED && b.emission.is_none() && b.first_row.abs_diff(began) <= TOGETHER;
                if index != keep
                    && young
                    && b.last_row > 0
                    && let Ok([part, whole]) = self.open.get_disjoint_mut([index, keep])
                {
                    whole.absorb(part);
                    part.rows = 0;
                }
            }
            self.members = members;
        }
        let mut index = 0;
        while index < self.open.len() {
            if self.open[index].rows == 0 {
                let gone = self.open.remove(index);
                self.recycle(gone);
            } else {
                index += 1;
            }
        }
    }

    fn end_silent(&mut self, row: u64, done: &mut Vec<Burst>) {
        let bridge = self.bridge_rows;
        let mut index = 0;
        while index < self.open.len() {
            if row.saturating_sub(self.open[index].last_row) > bridge {
                let burst = self.open.swap_remove(index);
                self.ended.push(burst);
            } else {
                index += 1;
            }
        }
        self.release(row, done);
    }

    /// Hands over ended bursts whose siblings, if any, have ended too, joined to them.
    fn release(&mut self, row: u64, done: &mut Vec<Burst>) {
        let ripe = row.saturating_sub(self.bridge_rows + TOGETHER + 1);
        let mut index = 0;
        while index < self.ended.len() {
            if self.ended[index].last_row >= ripe && row != u64::MAX {
                index += 1;
                continue;
            }
            let mut burst = self.ended.swap_remove(index);
            while let Some(other) = self.ended.iter().position(|o| burst.is_sibling_of(o, TOGETHER)) {
                let part = self.ended.swap_remove(other);
                burst.absorb(&part);
                self.recycle(part);
                index = 0;
            }
            done.push(burst);
        }
    }
}

/// The part of a region between two positions, without margins.
fn part_of(run: &Run, low: f64, high: f64) -> Run {
    let (low, high) = (low.max(run.low), high.min(run.high));
    let first = (low as usize).clamp(run.first, run.last);
    let last = (high.ceil().max(0.0) as usize).min(run.last).max(first);
    Run {
        low,
        high,
        first,
        last,
        margin_low: 0,
        margin_high: 0,
    }
}

/// Power of a region above the floor.
fn region_power(run: &Run, excess: &[f32]) -> f32 {
    (sum(&excess[run.first..run.last]) as f32).max(0.0)
}
