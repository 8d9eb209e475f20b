//! How much measuring time an organisation has in a week, and what a task takes of it.

use jiff::{SignedDuration, Timestamp};

use super::{Task, TaskContent, TaskPriority, observed_s};
use crate::{coordination::Fault, registry::Text};

/// Seconds of a week.
const WEEK_S: i64 = 7 * 86_400;
/// 1970-01-05 00:00 UTC+8, the first Monday.
const MONDAY_S: i64 = 4 * 86_400 - 8 * 3600;

/// Measuring minutes of an organisation in one week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// First instant of the week: Monday, UTC+8.
    pub from: Timestamp,
    /// First instant of the next one, when the quota is whole again.
    pub renews_at: Timestamp,
    /// The quota.
    pub minutes: u64,
    /// What tasks of the week took of it.
    pub used: u64,
}

impl Balance {
    /// What is left.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.minutes.saturating_sub(self.used)
    }

    /// What is used, per mille of the quota.
    #[must_use]
    pub fn used_per_mille(&self) -> u64 {
        self.used * 1000 / self.minutes.max(1)
    }
}

/// The week an instant lies in: its first instant and that of the next one. A task counts in the week in which its time
/// begins.
#[must_use]
pub fn week_of(time: Timestamp) -> [Timestamp; 2] {
    let begin = (time.as_second() - MONDAY_S).div_euclid(WEEK_S) * WEEK_S + MONDAY_S;
    let from = Timestamp::from_second(begin).unwrap_or(Timestamp::MIN);
    let to = from.checked_add(SignedDuration::from_secs(WEEK_S));
    [from, to.unwrap_or(Timestamp::MAX)]
}

/// Minutes a task takes of the quota: what it asks for while it may be measured, and what was observed once it is over.
#[must_use]
pub fn charged_minutes(task: &Task) -> u64 {
    let asked = u64::from(task.content.minutes);
    if task.state.is_over() {
        observed_s(task).div_ceil(60).min(asked)
    } else {
        asked
    }
}

/// What speaks against a task of an organisation with this balance (the task itself not counted). Emergencies count and are
/// never refused.
#[must_use]
pub fn over_quota(content: &TaskContent, balance: &Balance) -> Option<Fault> {
    let wanted = u64::from(content.minutes);
    if wanted <= balance.left() || content.priority == TaskPriority::Emergency {
        return None;
    }
    let Balance { minutes, renews_at, .. } = balance;
    let left = balance.left();
    let at = crate::coordination::words::moment(*renews_at);
    Some(Fault {
        field: "minutes",
        reason: Text::new(
            format!(
                "本单位该周监测配额为 {minutes} 分钟，尚余 {left} 分钟，不足 {wanted} 分钟；配额于 {} 更新。请减少分钟数，或改在下周开始",
                at.zh
            ),
            format!(
                "the quota of your organisation is {minutes} minutes in that week, {left} are left and {wanted} are asked for; it \
                 renews at {}: ask for fewer minutes, or begin in the next week",
                at.en
            ),
        ),
    })
}
