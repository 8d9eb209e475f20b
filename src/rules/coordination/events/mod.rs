//! Major events (重大活动): one object of coordination with an area, days with opening hours, the offices that take part, a
//! frequency plan, equipment that is admitted after a test at the gate, key frequencies that are watched day and night, and a
//! report of each day. Pure: no clock, no I/O.
//!
//! ```text
//! draft → announced → running → closed
//!   └────────┴───────────┴─ cancelled
//! ```

mod content;
mod day;
mod device;
mod label;
mod plan;
mod policy;
mod procedure;
mod report;
mod sheet;
mod table;
mod watch;
mod words;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use content::{faults, span};
pub use day::{DayChannel, DayConflict, DayCoverage, DayEmission, DayReport, DayRequests, DayTests, day_span};
pub use device::{
    AdmissionParameter, AdmissionResult, AdmissionRow, AdmissionTest, Device, DeviceContent, Figure, Reading, Readings,
    device_faults, power_row, reading_faults, redeclared, register, result_of, tested,
};
pub use label::admission_label;
pub use plan::{PlanRow, RowContent, clashes, is_planned, may_change, proposal, row_faults};
pub use policy::{AdmissionRules, EventRules, RequestDeadlines};
pub use procedure::{GiveEvent, NewEvent, create, edit, event_steps, may_work, take_event_step};
pub use report::day_letter;
pub use sheet::{SheetLanguage, SheetRow, read_plan, write_plan};
pub use table::{EVENT_TABLE, EventPerson, EventRule};
pub use watch::{WatchStanding, watch_standing};

use super::orders::Office;
use crate::registry::{Text, control::ControlArea};

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventState {
    /// Being written: for the lead office alone.
    Draft,
    /// The offices that take part know of it and prepare.
    Announced,
    /// It takes place.
    Running,
    /// It is over.
    Closed,
    /// It does not take place.
    Cancelled,
}

impl EventState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Draft,
        Self::Announced,
        Self::Running,
        Self::Closed,
        Self::Cancelled,
    ];

    /// The name on the wire, in the database and in the audit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Announced => "announced",
            Self::Running => "running",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing of it is changed any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled)
    }
}

/// What is done with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStep {
    /// Write it.
    Create,
    /// Write it anew.
    Edit,
    /// Tell those who take part.
    Announce,
    /// It begins.
    Start,
    /// It is over.
    Close,
    /// It does not take place.
    Cancel,
    /// Say something.
    Note,
}

/// One day with its hours, by the clock of China (UTC+8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDay {
    /// The day.
    pub date: Date,
    /// Minute of the day at which it opens.
    #[schema(minimum = 0, maximum = 1439)]
    pub opens_min: u16,
    /// Minute at which it closes, after the opening; beyond 1440 it is on the next day.
    #[schema(minimum = 1, maximum = 2160)]
    pub closes_min: u16,
}

/// What is written about an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MajorEventContent)]
pub struct EventContent {
    /// What it is called; one language will do.
    pub name: Text,
    /// What it is about.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub about: String,
    /// Where: a circle, a rectangle or a polygon.
    pub area: ControlArea,
    /// Its days, each once.
    #[schema(min_items = 1, max_items = 92)]
    pub days: Vec<EventDay>,
    /// Keys of the organisations that take part besides the lead office.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub participants: Vec<String>,
}

/// One thing that was done or said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventEntry {
    /// What.
    pub step: EventStep,
    /// Account.
    pub actor: String,
    /// Their organisation.
    pub organisation: String,
    /// When.
    pub time: Timestamp,
    /// Where the event stood afterwards.
    pub state: EventState,
    /// In words; may be empty.
    pub text: String,
}

/// An event with its life so far. Plan and devices are kept beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MajorEvent)]
pub struct Event {
    /// Public id.
    pub id: String,
    /// Its number, counted by lead office and year.
    pub number: String,
    /// Key of the lead office.
    pub lead: String,
    /// Its office.
    pub office: Office,
    /// Where it stands.
    pub state: EventState,
    /// What is written about it.
    pub content: EventContent,
    /// When it was written.
    pub created_at: Timestamp,
    /// When those who take part were told; null: they know nothing of it.
    pub announced_at: Option<Timestamp>,
    /// When it ended.
    pub over_at: Option<Timestamp>,
    /// Everything that was done and said, oldest first.
    pub entries: Vec<EventEntry>,
    /// Grows with every change; the ETag is made of it.
    pub version: u64,
}

impl Event {
    /// Whether an organisation takes part and may know of it.
    #[must_use]
    pub fn takes_part(&self, organisation: &str) -> bool {
        let told = self.announced_at.is_some();
        self.lead == organisation || told && self.content.participants.iter().any(|key| key == organisation)
    }

    /// Its first instant and the first no longer in it.
    #[must_use]
    pub fn span(&self) -> [Timestamp; 2] {
        span(&self.content)
    }
}

#[cfg(test)]
mod tests;
