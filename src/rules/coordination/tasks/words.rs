//! States, priorities and what the schedule does, in words, in both languages.

use super::{Slot, TaskPriority, TaskState};
use crate::{coordination::words::moment, registry::Text};

pub(super) fn state(state: TaskState) -> Text {
    let (zh, en) = match state {
        TaskState::Requested => ("待审批", "requested"),
        TaskState::Accepted => ("已受理，待安排", "accepted"),
        TaskState::Scheduled => ("已安排", "scheduled"),
        TaskState::Running => ("监测中", "running"),
        TaskState::Done => ("已完成", "done"),
        TaskState::PartlyDone => ("部分完成", "partly done"),
        TaskState::Refused => ("不予受理", "refused"),
        TaskState::Cancelled => ("已取消", "cancelled"),
        TaskState::Lapsed => ("逾期未监测", "lapsed"),
    };
    Text::new(zh, en)
}

pub(super) fn priority(priority: TaskPriority) -> Text {
    let (zh, en) = match priority {
        TaskPriority::Routine => ("一般", "routine"),
        TaskPriority::Priority => ("优先", "priority"),
        TaskPriority::Immediate => ("立即", "immediate"),
        TaskPriority::Emergency => ("应急", "emergency"),
    };
    Text::new(zh, en)
}

pub(super) fn scheduled(slot: &Slot) -> Text {
    let (from, receiver) = (moment(slot.from), &slot.receiver);
    Text::new(
        format!("安排接收机 {receiver}，{} 开始", from.zh),
        format!("Receiver {receiver} is kept for it from {}", from.en),
    )
}

pub(super) fn begun(slot: &Slot) -> Text {
    let receiver = &slot.receiver;
    Text::new(
        format!("接收机 {receiver} 开始监测"),
        format!("Receiver {receiver} began to measure"),
    )
}

pub(super) fn yielded() -> Text {
    Text::new(
        "接收机让与优先级更高的任务，或暂不可用",
        "The receiver went to a task that goes before it, or is not available",
    )
}

/// What was observed of what was asked for.
pub(super) fn finished(observed_s: u64, asked_min: u32) -> Text {
    let (minutes, seconds) = (observed_s / 60, observed_s % 60);
    Text::new(
        format!("要求 {asked_min} 分钟，实际观测 {minutes} 分 {seconds} 秒"),
        format!("{asked_min} min were asked for and {minutes} min {seconds} s were observed"),
    )
}

pub(super) fn undecided() -> Text {
    Text::new("期限内未审批", "Nobody decided before its time was over")
}

pub(super) fn at_once() -> Text {
    Text::new("应急任务，立即受理", "An emergency is accepted at once")
}

pub(super) fn within_quota() -> Text {
    Text::new("在配额之内，自动受理", "Within the quota: accepted")
}
