//! What a machine's check of a request found: kind, gravity, and the reason in words.

use serde::Serialize;

use super::Observed;
use crate::{registry::Text, units::Band};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FindingLevel)]
pub enum Level {
    /// As it should be.
    Clear,
    /// Worth knowing.
    Note,
    /// To be looked into before anybody agrees.
    Caution,
    /// Cannot stand as it is.
    Blocking,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The band is allocated to the service.
    AllocationFits,
    /// On a secondary basis.
    AllocationSecondary,
    /// The request names no service.
    ServiceUnstated,
    /// The band is allocated to other services.
    ServiceNotAllocated,
    /// The table says nothing of the band.
    AllocationUnknown,
    /// A complete table has no row for the band.
    NotAllocated,
    /// Safety, distress, passive: not for this service.
    ProtectedBand,
    /// The band may hold stations no register lists.
    UnlistedUsers,
    /// Ask the other side about a public cell and block.
    AskOtherSide,
    /// A station shares frequency, place and time.
    AssignmentOverlap,
    /// A station apart may interfere or be interfered with.
    AssignmentInterference,
    /// Another request shares frequency, place and time.
    RequestOverlap,
    /// A control order holds.
    ControlOrder,
    /// No station shares frequency, area and time.
    NoOverlap,
    /// Nothing in the tuning range fits.
    NothingFits,
    /// A receiver near by measured use of the band.
    MeasuredUse,
    /// A receiver near by observed the band most of the time and it was hardly used.
    MeasuredQuiet,
    /// No receiver near by observed the band.
    NotObserved,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Finding {
    /// What was found.
    pub kind: FindingKind,
    /// How grave it is.
    pub level: Level,
    /// Band of the request it is about.
    pub band: Option<Band>,
    /// Key of the allocation row, assignment, request (its number) or control order it is about.
    pub subject: Option<String>,
    /// Kilometres between the nearest points of the two areas; 0: they touch.
    pub distance_km: Option<f64>,
    /// Interference margin, dB; below 0 the criterion is not kept.
    pub margin_db: Option<f64>,
    /// What a receiver measured, where it is about that.
    pub observed: Option<Observed>,
    /// In words.
    pub explanation: Text,
}
