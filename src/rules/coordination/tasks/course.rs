//! What the service's clock does with tasks: gives them slots, takes in what was measured, and ends them.

use jiff::{SignedDuration, Timestamp};

use super::{
    Measured, Slot, Task, TaskEntry, TaskRules, TaskState, TaskStep, Wish,
    content::{MINUTE, windows},
    words,
};

/// Time after a slot until everything that was observed in it is stored: a minute is stored when the next one has begun.
const GRACE: SignedDuration = SignedDuration::from_secs(90);
/// Slots of one task at most; a task that was interrupted more often ends with what it has.
const SLOTS_MAX: usize = 400;
/// Entries of the schedule of one task at most; the first and the last tell enough.
const COURSE_MAX: usize = 200;

/// The first full minute that is not before an instant.
#[must_use]
pub fn full_minute(time: Timestamp) -> Timestamp {
    let minute = time.as_second().div_euclid(60) * 60;
    let minute = Timestamp::from_second(minute).unwrap_or(Timestamp::MIN);
    if minute < time {
        minute.checked_add(MINUTE).unwrap_or(Timestamp::MAX)
    } else {
        minute
    }
}

/// Seconds that were observed for it so far.
#[must_use]
pub fn observed_s(task: &Task) -> u64 {
    task.measured.iter().map(|measured| measured.observed_s).sum()
}

/// Whether as much was observed as the policy asks for.
#[must_use]
pub fn is_enough(task: &Task, rules: &TaskRules) -> bool {
    let wanted_s = f64::from(task.content.minutes) * 60.0;
    observed_s(task) as f64 >= wanted_s * rules.done_share
}

/// Slots that are over, and of which everything is stored.
#[must_use]
pub fn slots_to_measure(task: &Task, now: Timestamp) -> Vec<Slot> {
    let over = |slot: &&Slot| slot.until.checked_add(GRACE).is_ok_and(|at| at <= now);
    task.slots.iter().filter(over).cloned().collect()
}

/// The task with what was observed in one of its slots.
#[must_use]
pub fn measured_in(mut task: Task, measured: Measured) -> Task {
    task.slots.retain(|slot| *slot != measured.slot);
    task.measured.push(measured);
    task.measured.sort_by_key(|measured| measured.slot.from);
    task
}

/// What the task wants from the next full minute on; nothing where it wants no more. `used`: of the quota, per mille.
#[must_use]
pub fn wish(task: &Task, rules: &TaskRules, used: u64, now: Timestamp) -> Option<Wish> {
    let from = full_minute(now);
    let band = task.content.band()?;
    if !task.state.is_in_plan() || is_enough(task, rules) || task.measured.len() >= SLOTS_MAX {
        return None;
    }
    // What is under way counts as observed until it turns out otherwise.
    let under_way = |slot: &Slot| {
        slot.until
            .min(from)
            .duration_since(slot.from)
            .as_secs()
            .max(0)
            .unsigned_abs()
    };
    let expected = observed_s(task) + task.slots.iter().map(under_way).sum::<u64>();
    let left_s = (u64::from(task.content.minutes) * 60).saturating_sub(expected);
    let minutes = u32::try_from(left_s.div_ceil(60)).unwrap_or(u32::MAX);
    (minutes > 0).then(|| Wish {
        task: task.id.clone(),
        priority: task.content.priority,
        running: task.slots.iter().any(|slot| slot.from <= now && now < slot.until),
        used,
        asked_at: task.asked_at,
        band,
        receivers: task.content.receivers.clone(),
        windows: windows(&task.content.time, from),
        minutes,
        may_retune: !task.content.classified,
    })
}

/// The task with these slots from the next full minute on; what is under way before that stays.
#[must_use]
pub fn plan_in(mut task: Task, planned: Vec<Slot>, system: &str, now: Timestamp) -> Task {
    if !task.state.is_in_plan() {
        return task;
    }
    let next = full_minute(now);
    let was_running = task.slots.iter().any(|slot| slot.from < next && next < slot.until);
    let mut slots: Vec<Slot> = task.slots.drain(..).filter(|slot| slot.from < next).collect();
    for slot in &mut slots {
        slot.until = slot.until.min(next);
    }
    for slot in planned {
        match slots.last_mut() {
            Some(last)
                if last.until == slot.from && last.receiver == slot.receiver && last.tuned_hz == slot.tuned_hz =>
            {
                last.until = slot.until;
            }
            _ => slots.push(slot),
        }
    }
    task.slots = slots;
    enter_course(&mut task, was_running, system, now);
    task
}

/// The state that follows from the slots, and the entry that tells of it.
fn enter_course(task: &mut Task, was_running: bool, system: &str, now: Timestamp) {
    let current = task.slots.iter().find(|slot| slot.from <= now && now < slot.until);
    let coming = task.slots.iter().find(|slot| now < slot.from);
    let (state, said) = match (current, coming) {
        (Some(slot), _) => (
            TaskState::Running,
            (task.state != TaskState::Running).then(|| (TaskStep::Begin, words::begun(slot))),
        ),
        // The minute that was promised to it is taken away.
        (None, Some(slot)) => (
            TaskState::Scheduled,
            (task.state == TaskState::Accepted).then(|| (TaskStep::Schedule, words::scheduled(slot))),
        ),
        // Until what was measured is stored, nothing changes.
        (None, None) if !task.slots.is_empty() => (task.state, None),
        (None, None) => (TaskState::Accepted, None),
    };
    let next = full_minute(now);
    let taken_away = was_running && !task.slots.iter().any(|slot| slot.from <= next && next < slot.until);
    task.state = state;
    for (step, text) in said
        .into_iter()
        .chain(taken_away.then(|| (TaskStep::Yield, words::yielded())))
    {
        enter(task, step, text, system, now);
    }
}

/// Ends a task that has what it wants, or whose time is over.
#[must_use]
pub fn settle(mut task: Task, rules: &TaskRules, system: &str, now: Timestamp) -> Task {
    let time_left = !windows(&task.content.time, full_minute(now)).is_empty();
    if task.state == TaskState::Requested && !time_left {
        finish(&mut task, TaskState::Lapsed, words::undecided(), system, now);
    } else if task.state.is_in_plan() && task.slots.is_empty() {
        let (enough, full) = (is_enough(&task, rules), task.measured.len() >= SLOTS_MAX);
        if enough || full || !time_left {
            let observed = observed_s(&task);
            let state = match observed {
                _ if enough => TaskState::Done,
                0 => TaskState::Lapsed,
                _ => TaskState::PartlyDone,
            };
            let text = words::finished(observed, task.content.minutes);
            finish(&mut task, state, text, system, now);
        }
    }
    task
}

fn finish(task: &mut Task, state: TaskState, text: crate::registry::Text, system: &str, now: Timestamp) {
    (task.state, task.over_at) = (state, Some(now));
    task.version += 1;
    let entry = entry(task, TaskStep::Finish, text, system, now);
    task.entries.push(entry);
}

fn enter(task: &mut Task, step: TaskStep, text: crate::registry::Text, system: &str, now: Timestamp) {
    if task.entries.iter().filter(|entry| entry.organisation.is_none()).count() < COURSE_MAX {
        let entry = entry(task, step, text, system, now);
        task.entries.push(entry);
    }
}

fn entry(task: &Task, step: TaskStep, text: crate::registry::Text, system: &str, now: Timestamp) -> TaskEntry {
    TaskEntry {
        step,
        actor: system.to_owned(),
        organisation: None,
        time: now,
        state: task.state,
        text,
    }
}

/// When the clock has to look at the task again.
#[must_use]
pub fn next_look(task: &Task, now: Timestamp) -> Option<Timestamp> {
    let edges = task.slots.iter().flat_map(|slot| {
        let stored = slot.until.checked_add(GRACE).unwrap_or(Timestamp::MAX);
        [slot.from, slot.until, stored]
    });
    let end = (!task.state.is_over()).then_some(task.content.time.to);
    edges.chain(end).filter(|at| *at > now).min()
}
