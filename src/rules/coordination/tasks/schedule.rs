//! Which task has which receiver when.
//!
//! ```text
//! for each task, the highest priority first, within it what runs already, then the organisation that used least of its
//! quota, then the oldest:
//!     until it has its minutes:
//!         take the earliest stretch of its windows in which a receiver that will do is free, or is tuned so that it
//!         hears the task's band anyway; of several one on its own watch, then the longest, then the first by name
//! ```
//! 1. Two tasks share a receiver at one time only where one tuning serves both: on its own watch a receiver serves any number.
//! 2. Nobody waits while a receiver that would do is free in their window: a task that is given less than it wants was denied
//!    every remaining minute by tasks that go before it.
//! 3. The same tasks and receivers give the same plan.

use std::{collections::BTreeMap, ops::Range};

use jiff::Timestamp;

use super::{Slot, TaskPriority, content::is_within};
use crate::units::{Band, Hertz};

/// What a receiver may be tuned to.
#[derive(Debug, Clone, PartialEq)]
pub struct Tunable {
    /// Frequencies it can be tuned to.
    pub ranges: Vec<Band>,
    /// Usable part of the span around the frequency it is tuned to.
    pub width: Hertz,
}

/// A receiver that is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedReceiver {
    /// Its id.
    pub id: String,
    /// Bands it watches by itself.
    pub watched: Vec<Band>,
    /// Where it may leave its watch for a task: what it can be tuned to.
    pub tunable: Option<Tunable>,
}

/// What a task wants from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// Key of the task.
    pub task: String,
    /// Its priority.
    pub priority: TaskPriority,
    /// It has a receiver now.
    pub running: bool,
    /// What its organisation used of its quota, per mille.
    pub used: u64,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// The frequencies.
    pub band: Band,
    /// Receivers that will do; none named: any.
    pub receivers: Vec<String>,
    /// When it may be measured, in order and apart, in full minutes.
    pub windows: Vec<[Timestamp; 2]>,
    /// Minutes that are still wanted.
    pub minutes: u32,
    /// A receiver may leave its watch for it.
    pub may_retune: bool,
}

/// Slots by task, oldest first; tasks without any are not in it.
pub type Plan = BTreeMap<String, Vec<Slot>>;

/// How a receiver stands in a slot; nothing: on its own watch.
type Tuning = Option<Hertz>;

/// The plan for these tasks on these receivers.
#[must_use]
pub fn schedule(wishes: &[Wish], receivers: &[SharedReceiver]) -> Plan {
    let mut order: Vec<&Wish> = wishes.iter().collect();
    order.sort_by(|a, b| {
        let before = b.priority.cmp(&a.priority).then(b.running.cmp(&a.running));
        before.then_with(|| (a.used, a.asked_at, &a.task).cmp(&(b.used, b.asked_at, &b.task)))
    });
    let mut receivers: Vec<&SharedReceiver> = receivers.iter().collect();
    receivers.sort_by(|a, b| a.id.cmp(&b.id));
    let mut taken: Vec<Vec<(Range<i64>, Tuning)>> = vec![Vec::new(); receivers.len()];
    let mut plan = Plan::new();
    for wish in order {
        let mut slots: Vec<Slot> = Vec::new();
        let mut left = i64::from(wish.minutes) * 60;
        while left > 0 {
            let Some((index, mut stretch, tuning)) = earliest(wish, &slots, &receivers, &taken) else {
                break;
            };
            stretch.end = stretch.end.min(stretch.start + left);
            left -= stretch.end - stretch.start;
            let second = |s: i64| Timestamp::from_second(s).unwrap_or(Timestamp::MAX);
            slots.push(Slot {
                receiver: receivers[index].id.clone(),
                from: second(stretch.start),
                until: second(stretch.end),
                tuned_hz: tuning,
            });
            taken[index].push((stretch, tuning));
        }
        if !slots.is_empty() {
            plan.insert(wish.task.clone(), joined(slots));
        }
    }
    plan
}

/// The earliest stretch in which a receiver serves the task, at one tuning.
fn earliest(
    wish: &Wish,
    own: &[Slot],
    receivers: &[&SharedReceiver],
    taken: &[Vec<(Range<i64>, Tuning)>],
) -> Option<(usize, Range<i64>, Tuning)> {
    let will_do = |receiver: &SharedReceiver| wish.receivers.is_empty() || wish.receivers.contains(&receiver.id);
    let mut best: Option<(usize, Range<i64>, Tuning)> = None;
    for (index, receiver) in receivers.iter().enumerate().filter(|(_, receiver)| will_do(receiver)) {
        let Some(found) = first_of(wish, own, receiver, &taken[index]) else {
            continue;
        };
        let rank = |range: &Range<i64>, tuning: &Tuning| (range.start, tuning.is_some(), -(range.end - range.start));
        if best
            .as_ref()
            .is_none_or(|(_, range, tuning)| rank(&found.0, &found.1) < rank(range, tuning))
        {
            best = Some((index, found.0, found.1));
        }
    }
    best
}

/// The first stretch of one receiver, as long as its tuning stays the same.
fn first_of(
    wish: &Wish,
    own: &[Slot],
    receiver: &SharedReceiver,
    taken: &[(Range<i64>, Tuning)],
) -> Option<(Range<i64>, Tuning)> {
    let own: Vec<Range<i64>> = own
        .iter()
        .map(|slot| slot.from.as_second()..slot.until.as_second())
        .collect();
    let mut found: Option<(Range<i64>, Tuning)> = None;
    for [from, to] in &wish.windows {
        let window = from.as_second()..to.as_second();
        let ends = own.iter().chain(taken.iter().map(|(range, _)| range));
        let mut edges: Vec<i64> = ends.flat_map(|range| [range.start, range.end]).collect();
        edges.retain(|edge| window.contains(edge));
        edges.extend([window.start, window.end]);
        edges.sort_unstable();
        edges.dedup();
        for pair in edges.windows(2) {
            let piece = pair[0]..pair[1];
            let busy = own.iter().any(|range| range.contains(&piece.start));
            let held = taken.iter().find(|(range, _)| range.contains(&piece.start));
            let tuning = (!busy)
                .then(|| serves(wish, receiver, held.map(|(_, tuning)| *tuning)))
                .flatten();
            match (&mut found, tuning) {
                (None, Some(tuning)) => found = Some((piece, tuning)),
                (Some((range, same)), Some(tuning)) if *same == tuning && range.end == piece.start => {
                    range.end = piece.end;
                }
                (None, None) => {}
                (Some(_), _) => return found,
            }
        }
    }
    found
}

/// The tuning at which the receiver serves the task; `held` is the one it is kept at for others.
fn serves(wish: &Wish, receiver: &SharedReceiver, held: Option<Tuning>) -> Option<Tuning> {
    let watched = is_within(wish.band, &receiver.watched);
    let tunable = receiver.tunable.as_ref().filter(|_| wish.may_retune);
    let around = |center: Hertz, width: Hertz| Band::around(center, width);
    match held {
        Some(None) => watched.then_some(None),
        Some(Some(center)) => {
            let tunable = tunable?;
            around(center, tunable.width)
                .contains(wish.band)
                .then_some(Some(center))
        }
        None if watched => Some(None),
        None => {
            let tunable = tunable?;
            let center = wish.band.center();
            let fits = around(center, tunable.width).contains(wish.band);
            (fits && is_within(wish.band, &tunable.ranges)).then_some(Some(center))
        }
    }
}

/// Whether a receiver can serve a band at all.
#[must_use]
pub(super) fn can_serve(receiver: &SharedReceiver, band: Band, may_retune: bool) -> bool {
    let nobody = Wish {
        task: String::new(),
        priority: TaskPriority::Routine,
        running: false,
        used: 0,
        asked_at: Timestamp::UNIX_EPOCH,
        band,
        receivers: Vec::new(),
        windows: Vec::new(),
        minutes: 0,
        may_retune,
    };
    serves(&nobody, receiver, None).is_some()
}

/// Slots in the order of time, those that touch on one receiver at one tuning as one.
fn joined(mut slots: Vec<Slot>) -> Vec<Slot> {
    slots.sort_by(|a, b| (a.from, &a.receiver).cmp(&(b.from, &b.receiver)));
    let mut joined: Vec<Slot> = Vec::new();
    for slot in slots {
        match joined.last_mut() {
            Some(last)
                if last.until == slot.from && last.receiver == slot.receiver && last.tuned_hz == slot.tuned_hz =>
            {
                last.until = slot.until;
            }
            _ => joined.push(slot),
        }
    }
    joined
}
