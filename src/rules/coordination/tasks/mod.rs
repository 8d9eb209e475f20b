//! The life of a measuring task (监测任务): somebody asks for measuring time on shared receivers, those who run the receivers
//! accept it, the schedule gives it a receiver, and what was truly observed comes back. Pure: no clock, no I/O.
//!
//! ```text
//! requested → accepted ⇄ scheduled ⇄ running → done | partly done | lapsed
//!     │  └─ refused └────────┴──────────┴─ cancelled
//!     └─ lapsed (nobody decided in time)
//! ```
//! Minutes that are asked for are minutes of *observed* time: what a receiver missed is asked of it again while the window
//! lasts, and what was never observed is stated as such and is never "free".

mod content;
mod course;
mod procedure;
mod quota;
mod reach;
mod schedule;
mod table;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use content::{faults, windows};
pub use course::{full_minute, is_enough, measured_in, next_look, observed_s, plan_in, settle, slots_to_measure, wish};
pub use procedure::{Author, GiveTask, NewTask, amend, ask, take_task_step, task_steps};
pub use quota::{Balance, charged_minutes, over_quota, week_of};
pub use reach::{out_of_reach, unknown_receiver};
pub use schedule::{Plan, SharedReceiver, Tunable, Wish, schedule};
pub use table::{TASK_TABLE, TaskCarry, TaskPerson, TaskRule};

use super::{Span, orders::Office, policy::duration};
use crate::{
    registry::Text,
    units::{Band, Hertz},
};

/// How soon a task is to be served; the last goes before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskPriority {
    /// In its turn.
    Routine,
    /// Before routine work.
    Priority,
    /// As soon as there is a receiver; with a reason.
    Immediate,
    /// At once: takes the receiver from others, whatever the quota, before anybody decides; with a reason.
    Emergency,
}

impl TaskPriority {
    /// Every priority, the least first.
    pub const ALL: [Self; 4] = [Self::Routine, Self::Priority, Self::Immediate, Self::Emergency];

    /// Whether it must be said why.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        self >= Self::Immediate
    }
}

/// What is wanted back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskProduct {
    /// How much of the observed time the frequencies were in use (ITU-R SM.1880).
    Occupancy,
    /// What was met there.
    Emissions,
    /// Spectrum and waterfall.
    Spectrum,
    /// Samples that were kept as evidence.
    Recording,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Nobody has decided yet.
    Requested,
    /// Accepted; there is no receiver for it now.
    Accepted,
    /// A receiver is kept for it.
    Scheduled,
    /// A receiver measures for it.
    Running,
    /// The time that was asked for was observed.
    Done,
    /// Its time is over, and only a part was observed.
    PartlyDone,
    /// Not accepted.
    Refused,
    /// Taken back, or ended by those who run the receivers.
    Cancelled,
    /// Its time is over, and nothing was observed.
    Lapsed,
}

impl TaskState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Requested,
        Self::Accepted,
        Self::Scheduled,
        Self::Running,
        Self::Done,
        Self::PartlyDone,
        Self::Refused,
        Self::Cancelled,
        Self::Lapsed,
    ];

    /// The name on the wire, in the database and in the audit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Done => "done",
            Self::PartlyDone => "partly_done",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
        }
    }

    /// Whether nothing is measured for it any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Requested | Self::Accepted | Self::Scheduled | Self::Running)
    }

    /// Whether it may have receivers.
    #[must_use]
    pub fn is_in_plan(self) -> bool {
        matches!(self, Self::Accepted | Self::Scheduled | Self::Running)
    }
}

/// What is done with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStep {
    /// Ask for it.
    Ask,
    /// Ask for something else instead.
    Amend,
    /// Accept it.
    Accept,
    /// Do not accept it.
    Refuse,
    /// Give it another priority.
    Prioritise,
    /// Take it back, or end it.
    Cancel,
    /// Say something.
    Note,
    /// The schedule keeps a receiver for it.
    Schedule,
    /// A receiver began to measure.
    Begin,
    /// The receiver was given to a task that goes before it.
    Yield,
    /// It ended.
    Finish,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MeasuringTaskContent)]
pub struct TaskContent {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What it is for.
    #[schema(min_length = 1, max_length = 4000)]
    pub purpose: String,
    /// Receivers that will do; none named: any.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub receivers: Vec<String>,
    /// Lower edge of the frequencies.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Width of a channel, for the occupancy of channels; null: the band as a whole.
    #[serde(default)]
    pub raster_hz: Option<Hertz>,
    /// When it may be measured: from, to, and the hours of the week within that.
    pub time: Span,
    /// Minutes of observed time that are wanted.
    #[schema(minimum = 1, maximum = 44640)]
    pub minutes: u32,
    /// What is wanted back.
    #[schema(min_items = 1, max_items = 4)]
    pub products: Vec<TaskProduct>,
    /// How soon.
    pub priority: TaskPriority,
    /// Why it cannot wait, for `immediate` and `emergency`.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub reason: String,
    /// That there is such a task is for those who asked and for those who run the receivers alone: no receiver leaves its
    /// watch for it, because everybody sees where a receiver is tuned.
    #[serde(default)]
    pub classified: bool,
}

impl TaskContent {
    /// The frequencies; nothing where the edges are the wrong way round.
    #[must_use]
    pub fn band(&self) -> Option<Band> {
        Band::new(self.low_hz, self.high_hz)
    }
}

/// Time on a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = TaskSlot)]
pub struct Slot {
    /// Which receiver.
    pub receiver: String,
    /// First minute.
    pub from: Timestamp,
    /// First minute no longer in it.
    pub until: Timestamp,
    /// Frequency the receiver is tuned to for it; null: it stays on its own watch.
    pub tuned_hz: Option<Hertz>,
}

/// Which ends of an interval were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InUseBound {
    /// Both.
    Interval,
    /// Never in use: only how much it may be.
    AtMost,
    /// Never free: only how little it may be.
    AtLeast,
}

/// Share of observed time in use, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InUse {
    /// Share, 0 to 1.
    pub share: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability that the interval holds the true share.
    pub confidence: f64,
    /// Which ends were measured.
    pub bound: InUseBound,
}

/// What came of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MeasuredSlot)]
pub struct Measured {
    /// When and by what.
    #[serde(flatten)]
    pub slot: Slot,
    /// Seconds of it in which the frequencies were observed, all of them.
    pub observed_s: u64,
    /// Spectrum resource occupancy (SM.1880) over the channels, or of the band as one channel; null: nothing was observed or
    /// it was not asked for.
    pub channels: Option<InUse>,
    /// Frequency band occupancy (SM.1880); null likewise.
    pub band: Option<InUse>,
}

/// One thing that was done or said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskEntry {
    /// What.
    pub step: TaskStep,
    /// Account, or `system`.
    pub actor: String,
    /// Their organisation; null: the service itself.
    pub organisation: Option<String>,
    /// When.
    pub time: Timestamp,
    /// Where the task stood afterwards.
    pub state: TaskState,
    /// In words; people's are the same in both languages. May be empty.
    pub text: Text,
}

/// A task with its life so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MeasuringTask)]
pub struct Task {
    /// Public id.
    pub id: String,
    /// Number of the task, counted by organisation and year.
    pub number: String,
    /// Key of the organisation that asks, and whose quota it uses.
    pub organisation: String,
    /// Its office.
    pub office: Office,
    /// Where it stands.
    pub state: TaskState,
    /// What is asked for.
    pub content: TaskContent,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was accepted or refused.
    pub decided_at: Option<Timestamp>,
    /// When it ended.
    pub over_at: Option<Timestamp>,
    /// Time on receivers that is kept for it, or under way, oldest first.
    pub slots: Vec<Slot>,
    /// What came of those that are over, oldest first.
    pub measured: Vec<Measured>,
    /// Everything that was done and said, oldest first.
    pub entries: Vec<TaskEntry>,
    /// Grows with every change of what people should have read before they act; the ETag is made of it.
    pub version: u64,
}

/// Who decides about tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskApproval {
    /// Those who run the receivers; only emergencies begin without them.
    ByHand,
    /// The quota: what is within it is accepted at once.
    WithinQuota,
}

/// What others learn of a receiver's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskBusy {
    /// When it is kept for somebody; not for whom, nor on which frequencies.
    Times,
    /// Nothing.
    Hidden,
}

/// Rules of measuring tasks: `[tasks]` of the policy file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRules {
    /// Measuring time of an organisation in a week (Monday to Sunday, UTC+8).
    #[serde(deserialize_with = "duration")]
    pub quota_week: jiff::SignedDuration,
    /// The same for organisations that have another, by their code.
    #[serde(default)]
    pub quota: std::collections::BTreeMap<String, QuotaRule>,
    /// Who decides.
    pub approval: TaskApproval,
    /// Longest time from the first instant of a task to the last.
    #[serde(deserialize_with = "duration")]
    pub span_max: jiff::SignedDuration,
    /// Share of the asked time that must have been observed for a task to be done.
    pub done_share: f64,
    /// What others learn.
    pub busy: TaskBusy,
    /// Receivers that may leave their own watch for a task.
    #[serde(default)]
    pub retune: Vec<String>,
    /// Time from one recording of a slot to the next, where recordings are wanted; the first is made as the slot begins.
    #[serde(default = "recording_every", deserialize_with = "duration")]
    pub recording_every: jiff::SignedDuration,
}

/// What holds where a policy file does not say.
fn recording_every() -> jiff::SignedDuration {
    jiff::SignedDuration::from_mins(10)
}

/// Quota of one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct QuotaRule(#[serde(deserialize_with = "duration")] pub jiff::SignedDuration);

impl Default for TaskRules {
    /// What holds where a policy file has no such section: the same as in the one that is compiled in.
    fn default() -> Self {
        Self {
            quota_week: jiff::SignedDuration::from_hours(40),
            quota: std::collections::BTreeMap::new(),
            approval: TaskApproval::ByHand,
            span_max: jiff::SignedDuration::from_hours(31 * 24),
            done_share: 0.95,
            busy: TaskBusy::Times,
            retune: Vec::new(),
            recording_every: recording_every(),
        }
    }
}

impl TaskRules {
    /// Measuring minutes of the organisation of this code in a week.
    #[must_use]
    pub fn quota_minutes(&self, code: &str) -> u64 {
        let week = self.quota.get(code).map_or(self.quota_week, |rule| rule.0);
        week.as_mins().unsigned_abs()
    }

    /// Whether the rules make sense.
    ///
    /// # Errors
    /// The first fault, with what to write instead.
    pub fn check(&self) -> Result<(), String> {
        if !(0.5..=1.0).contains(&self.done_share) {
            return Err("tasks.done_share: write a share from 0.5 to 1, such as 0.95".to_owned());
        }
        if self.recording_every < jiff::SignedDuration::from_mins(1) {
            return Err("tasks.recording_every: write at least \"1m\"".to_owned());
        }
        if self.span_max > jiff::SignedDuration::from_hours(31 * 24) {
            return Err("tasks.span_max: write at most \"31d\": occupancy is counted over 31 days at most".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
