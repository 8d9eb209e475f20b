//! The report of a day (日报): what was observed, found, admitted and decided, by the clock of China (UTC+8).

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

use super::{WatchStanding, content::instant};
use crate::{
    coordination::tasks::InUse,
    registry::Text,
    units::{Band, Hertz},
};

/// A key frequency on a day.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = EventDayChannel)]
pub struct DayChannel {
    /// Name of the channel.
    pub channel: String,
    /// Who uses it.
    pub user: String,
    /// The channel.
    pub band: Band,
    /// The receiver that observed most of it; null: none watches it.
    #[schema(required = true)]
    pub receiver: Option<String>,
    /// Seconds of the day up to now.
    pub asked_s: u64,
    /// Seconds that were observed; the rest is unknown, never free.
    pub observed_s: u64,
    /// Share of the observed time in use; null: nothing was observed.
    #[schema(required = true)]
    pub in_use: Option<InUse>,
    /// Conflicts and emissions that are not in the plan.
    pub found: u64,
    /// What may be said of it.
    pub standing: WatchStanding,
}

/// How much of the key frequencies was observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = EventDayCoverage)]
pub struct DayCoverage {
    /// Seconds times channels.
    pub asked_s: u64,
    /// The same, observed.
    pub observed_s: u64,
}

/// A conflict of the day.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = EventDayConflict)]
pub struct DayConflict {
    /// Its id.
    pub id: String,
    /// Its band.
    pub band: Band,
    /// What was found.
    pub what: Text,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// Somebody settled it.
    pub settled: bool,
}

/// An emission that came up on the day and is not in the plan.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = EventDayEmission)]
pub struct DayEmission {
    /// Its id.
    pub id: String,
    /// The receiver.
    pub receiver: String,
    /// Its centre.
    pub center_hz: Hertz,
    /// Its bandwidth.
    pub bandwidth_hz: Hertz,
    /// First seen.
    pub start: Timestamp,
    /// Last seen.
    pub stop: Timestamp,
}

/// Tests at the gate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = EventDayTests)]
pub struct DayTests {
    /// Tests that were passed.
    pub passed: u64,
    /// That were failed.
    pub failed: u64,
    /// That told nothing.
    pub undecided: u64,
    /// Labels of the devices that passed.
    pub labels: Vec<String>,
}

/// Requests that name the event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = EventDayRequests)]
pub struct DayRequests {
    /// Agreed to on the day, with or without conditions.
    pub agreed: Vec<String>,
    /// Refused on the day.
    pub refused: Vec<String>,
    /// Sent and not decided yet.
    pub pending: u64,
}

/// The report of a day, as its reader may know it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = EventDayReport)]
pub struct DayReport {
    /// The day.
    pub day: Date,
    /// Its first instant.
    pub from: Timestamp,
    /// Its end, or now.
    pub to: Timestamp,
    /// Whether the day is over; what is not yet over is reported up to now.
    pub complete: bool,
    /// How much of the key frequencies was observed.
    pub coverage: DayCoverage,
    /// The key frequencies.
    pub channels: Vec<DayChannel>,
    /// Conflicts on the plan's frequencies.
    pub conflicts: Vec<DayConflict>,
    /// Emissions on the plan's frequencies that came up and are not in it.
    pub emissions: Vec<DayEmission>,
    /// There were more conflicts or emissions than are listed.
    pub more: bool,
    /// Tests at the gate.
    pub tests: DayTests,
    /// Requests.
    pub requests: DayRequests,
}

/// A whole day of the event, midnight to midnight (UTC+8): key frequencies are watched day and night.
#[must_use]
pub fn day_span(day: Date) -> [Timestamp; 2] {
    [instant(day, 0), instant(day, 1440)]
}
