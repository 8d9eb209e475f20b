//! When an emission was on: a list that grows at its end and is put in order there, so that a look at an emission that lasts
//! for hours costs what is new of it.

use std::ops::{Deref, Index};

use super::{
    burst::Burst,
    config::{PULSE_SLOT, ROW},
};

/// Bursts out of order up to which each is put in its place by itself.
const FEW: usize = 32;
/// Pulse slots to a row.
const EXACT_SLACK: f64 = PULSE_SLOT as f64 / ROW as f64;

/// Time in which a signal was on.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnTime {
    /// Start and stop by rows, which decisions go by: what belongs to a signal may last as long as its rows.
    rows: [f64; 2],
    /// What to add for the edges themselves.
    sharpen: [f32; 2],
    /// See [`Burst::exact`].
    pub(super) exact: bool,
}

impl OnTime {
    /// That of a burst.
    pub(super) fn of(burst: &Burst) -> Self {
        Self {
            rows: [burst.start_s, burst.stop_s],
            sharpen: burst.sharpen,
            exact: burst.exact,
        }
    }

    /// Start and stop as they are reported.
    pub(super) fn edges(&self) -> [f64; 2] {
        std::array::from_fn(|i| self.rows[i] + f64::from(self.sharpen[i]))
    }

    /// Takes over `later`, which begins no earlier, where it is `slack_s` apart at most; where the times of both are exact, a
    /// slot for a row.
    fn absorb(&mut self, later: &Self, slack_s: f64) -> bool {
        let both = self.exact && later.exact;
        let slack_s = if both { slack_s * EXACT_SLACK } else { slack_s };
        let touches = later[0] <= self[1] + slack_s;
        if touches && later[1] > self[1] {
            (self.rows[1], self.sharpen[1]) = (later.rows[1], later.sharpen[1]);
        }
        self.exact &= !touches || both;
        touches
    }
}

impl Index<usize> for OnTime {
    type Output = f64;

    fn index(&self, edge: usize) -> &f64 {
        &self.rows[edge]
    }
}

/// Bursts of an emission; in order of time and disjoint after [`OnTimes::tidy`].
#[derive(Debug, Clone, Default)]
pub(super) struct OnTimes {
    list: Vec<OnTime>,
    /// Bursts at the beginning that are in order, and those among them that were held against each other and not changed
    /// since.
    sorted: usize,
    done: usize,
    /// Bursts at the beginning that are what they were when this was last copied.
    same: usize,
    /// How many at the beginning were added up, and to what, seconds.
    covered: (usize, f64),
}

impl OnTimes {
    /// Appends a burst.
    pub(super) fn push(&mut self, burst: OnTime) {
        self.list.push(burst);
    }

    /// Appends bursts.
    pub(super) fn extend(&mut self, bursts: &[OnTime]) {
        self.list.extend_from_slice(bursts);
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        (self.sorted, self.done, self.same, self.covered) = (0, 0, 0, (0, 0.0));
    }

    /// Becomes what `other` is. `again`: it was a copy of it before, so that only what is new is copied.
    pub(super) fn copy_from(&mut self, other: &mut Self, again: bool) {
        let keep = if again { self.same.min(other.same) } else { 0 };
        self.list.truncate(keep);
        self.list.extend_from_slice(&other.list[keep..]);
        other.same = other.list.len();
        (self.sorted, self.done, self.same, self.covered) = (other.sorted, other.done, other.same, other.covered);
    }

    /// Sorts the bursts and joins those that touch, `slack_s` apart at most.
    pub(super) fn tidy(&mut self, slack_s: f64) {
        let from = self.sort().min(self.done).saturating_sub(1);
        let (mut kept, mut changed) = (from, None);
        for next in from + 1..self.list.len() {
            let later = self.list[next];
            if self.list[kept].absorb(&later, slack_s) {
                changed.get_or_insert(kept);
            } else {
                kept += 1;
                self.list[kept] = later;
            }
        }
        self.list.truncate(kept + 1);
        let count = self.list.len();
        // What was joined may touch the one before it now.
        (self.sorted, self.done, self.same) = (count, changed.unwrap_or(count), self.same.min(from));
        if self.covered.0 > from {
            self.covered = (0, 0.0);
        }
        // The last two may still change.
        let certain = self.done.saturating_sub(2);
        for burst in self.list.get(self.covered.0..certain).unwrap_or_default() {
            self.covered.1 += burst[1] - burst[0];
        }
        self.covered.0 = self.covered.0.max(certain);
    }

    /// Puts the bursts in order of time and returns how many at the beginning were in order and stay where they are. All but
    /// the last few are, most of the time: those find their places one by one, without new memory.
    fn sort(&mut self) -> usize {
        if self.list.len() > self.sorted + FEW {
            if self.list.is_sorted_by(|a, b| a[0] <= b[0]) {
                return self.sorted;
            }
            self.list.sort_by(|a, b| a[0].total_cmp(&b[0]));
            return 0;
        }
        let mut stay = self.sorted;
        for last in self.sorted..self.list.len() {
            let start_s = self.list[last][0];
            let place = self.list[..last].partition_point(|burst| burst[0] <= start_s);
            self.list[place..=last].rotate_right(1);
            stay = stay.min(place);
        }
        stay
    }

    /// Time on, seconds.
    pub(super) fn covered_s(&self) -> f64 {
        let (first, sum) = self.covered;
        self.list[first..].iter().fold(sum, |sum, b| sum + (b[1] - b[0]))
    }

    /// From the last on, those that may have been on after `from_s`.
    pub(super) fn since(&self, from_s: f64) -> impl Iterator<Item = &OnTime> {
        let (sorted, new) = self.list.split_at(self.sorted.min(self.list.len()));
        let late = sorted.iter().rev().take_while(move |burst| burst[1] >= from_s);
        new.iter().rev().chain(late)
    }
}

impl Deref for OnTimes {
    type Target = [OnTime];

    fn deref(&self) -> &[OnTime] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(start_s: f64, stop_s: f64, exact: bool) -> OnTime {
        OnTime {
            rows: [start_s, stop_s],
            sharpen: [0.0; 2],
            exact,
        }
    }

    /// What is put in order as it comes is what the whole list put in order every time is, and a copy that takes over what is
    /// new is a copy.
    #[test]
    fn a_list_in_order_at_its_end_is_in_order_as_a_whole() {
        let mut state = 1_u64;
        let mut random = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut times, mut copy, mut whole) = (OnTimes::default(), OnTimes::default(), Vec::new());
        for round in 0..3_000 {
            for _ in 0..random(4) + if round % 500 == 0 { 60 } else { 0 } {
                // Late ones, and ones that fill pauses.
                let start_s = f64::from(round) * 3.0 - random(40) as f64;
                let new = burst(start_s, start_s + 1.0 + random(20) as f64 / 10.0, random(3) > 0);
                times.push(new);
                whole.push(new);
            }
            times.tidy(0.5);
            whole.sort_by(|a: &OnTime, b| a[0].total_cmp(&b[0]));
            whole.dedup_by(|later, earlier| earlier.absorb(later, 0.5));
            let same = |a: &[OnTime], b: &[OnTime]| {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.rows == b.rows && a.exact == b.exact)
            };
            assert!(same(&times, &whole), "round {round}");
            assert_eq!(
                times.covered_s(),
                whole.iter().map(|b| b[1] - b[0]).sum::<f64>(),
                "round {round}"
            );
            let from_s = f64::from(round) * 3.0 - 50.0;
            let late = |b: &&OnTime| b[1] >= from_s;
            assert_eq!(times.since(from_s).count(), whole.iter().filter(late).count());
            if random(2) > 0 {
                copy.copy_from(&mut times, true);
                assert!(same(&copy, &times), "round {round}");
                copy.push(burst(f64::from(round) * 3.0, f64::from(round) * 3.0 + 2.0, false));
                copy.tidy(0.5);
            }
        }
        assert!(times.len() > 500, "{}", times.len());
    }
}
