//! The one table of steps of a task that people take: from which states, to which, by whom, and what must be given.

use serde::Serialize;

use super::{TaskState, TaskStep};

/// Which person may take a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskPerson {
    /// Of the organisation that asked.
    Own,
    /// Who runs the receivers.
    Runner,
    /// Either of them.
    Either,
}

/// What a step must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskCarry {
    /// Words.
    Reason,
    /// The priority.
    Priority,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskRule {
    /// What is done.
    pub step: TaskStep,
    /// In these states.
    pub from: &'static [TaskState],
    /// Where it leads; nothing: it stays where it is.
    pub to: Option<TaskState>,
    /// By whom.
    pub by: TaskPerson,
    /// What must be given.
    pub carries: &'static [TaskCarry],
}

use TaskPerson::{Either, Own, Runner};
use TaskState::{Accepted, Cancelled, Refused, Requested, Running, Scheduled};

const OPEN: &[TaskState] = &[Requested, Accepted, Scheduled, Running];

const fn rule(
    step: TaskStep,
    from: &'static [TaskState],
    to: Option<TaskState>,
    by: TaskPerson,
    carries: &'static [TaskCarry],
) -> TaskRule {
    TaskRule {
        step,
        from,
        to,
        by,
        carries,
    }
}

/// Who may do what, when. What the schedule does is no step of people.
pub const TASK_TABLE: &[TaskRule] = &[
    rule(TaskStep::Accept, &[Requested], Some(Accepted), Runner, &[]),
    rule(
        TaskStep::Refuse,
        &[Requested],
        Some(Refused),
        Runner,
        &[TaskCarry::Reason],
    ),
    rule(TaskStep::Amend, &[Requested], None, Own, &[]),
    rule(
        TaskStep::Prioritise,
        OPEN,
        None,
        Runner,
        &[TaskCarry::Priority, TaskCarry::Reason],
    ),
    rule(TaskStep::Cancel, OPEN, Some(Cancelled), Either, &[TaskCarry::Reason]),
    rule(
        TaskStep::Note,
        TaskState::ALL.as_slice(),
        None,
        Either,
        &[TaskCarry::Reason],
    ),
];
