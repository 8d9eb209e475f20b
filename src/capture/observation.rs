//! What the capture side hands to the service: detector events with their place in absolute time, and health.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{detect::DetectEvent, units::Band};

/// State of a receiver as people care about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiverState {
    /// Being opened, or settling.
    Starting,
    /// Delivering samples at the full rate.
    Streaming,
    /// Delivering, with losses in the last ten seconds or a clipping converter.
    Degraded,
    /// Gone; reopened with back-off. There is no data, which is not the same as a free band.
    Lost,
    /// Stopped on purpose, or a finished recording.
    Stopped,
}

/// Counters since start; every loss has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LossCounters {
    /// Samples measured.
    pub samples: u64,
    /// Samples known or estimated to be lost.
    pub samples_lost: u64,
    /// Overflows told by the driver.
    pub overflows: u64,
    /// Blocks dropped because the measuring thread was behind.
    pub blocks_dropped: u64,
    /// Observations dropped because the service was behind.
    pub observations_dropped: u64,
    /// Times the receiver vanished.
    pub losses: u64,
    /// Times it was reopened.
    pub reopened: u64,
}

/// Health of one receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiverStatus {
    /// State.
    pub state: ReceiverState,
    /// Since when.
    pub since: Timestamp,
    /// Human label, driver and serial.
    pub label: String,
    /// Driver or kind.
    pub driver: String,
    /// Serial number.
    pub serial: Option<String>,
    /// Profile in use.
    pub profile: String,
    /// Bands of the capture plan.
    pub plan: Vec<Band>,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Uncertainty of its oscillator, parts per million, one sigma.
    pub ppm_uncertainty: f64,
    /// Counters.
    pub counters: LossCounters,
    /// Fraction of samples at the converter's limits over the last frame.
    pub clipped_fraction: f64,
    /// What went wrong last, in words.
    pub last_error: Option<String>,
}

/// One message from a capture thread.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Receiver id, as configured.
    pub receiver: Arc<str>,
    /// Number of the stream run; emission ids are unique within (receiver, run).
    pub run: u64,
    /// UTC of second 0 of the run; event times are relative to it.
    pub epoch: Timestamp,
    /// What happened.
    pub content: ObservationContent,
}

/// Kinds of observation.
#[derive(Debug, Clone)]
pub enum ObservationContent {
    /// The detector of one band of the plan reports.
    Detect {
        /// The band it watches.
        band: Band,
        /// The event.
        event: DetectEvent,
    },
    /// The receiver's health changed, or a second has passed.
    Status(ReceiverStatus),
}
