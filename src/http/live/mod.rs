//! The live channel.

use axum::{extract::State, response::Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AppState, error::Result};

/// From the client: what it wants. May be repeated; the latest replaces the one before.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveRequest {
    /// Wants spectra and events.
    Subscribe(Subscription),
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
pub struct Subscription {
    /// Receiver ids; null for all.
    pub receivers: Option<Vec<String>>,
    /// Lower edge of the wanted band; null for everything.
    pub low_hz: Option<i64>,
    /// Upper edge.
    pub high_hz: Option<i64>,
    /// Most values in a frame.
    #[serde(default = "default_pixels")]
    #[schema(minimum = 16, maximum = 8192, default = 1024)]
    pub pixels: u32,
    /// Whether spectra are wanted.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub frames: bool,
    /// Whether events are wanted.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub events: bool,
    /// The last event the client has; null for only new ones.
    pub after: Option<u64>,
}

fn default_pixels() -> u32 {
    1024
}

fn yes() -> bool {
    true
}

/// From the server.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveResponse {
    /// First, and again when the receivers change.
    Hello {
        /// Number of the latest event.
        sequence: u64,
        /// Receivers by the index that frames carry.
        receivers: Vec<LiveReceiverResponse>,
        /// Clock of the server.
        server_time: Timestamp,
    },
    /// Something happened.
    Event {
        /// Number; ascending without holes for those who may see everything.
        sequence: u64,
        /// When.
        time: Timestamp,
        /// What.
        kind: LiveEventKind,
        /// The resource as its own address answers it.
        data: serde_json::Value,
    },
    /// Events are missing: read the lists again, then go on from `sequence`.
    Resync {
        /// Why.
        reason: String,
        /// Number of the latest event.
        sequence: u64,
    },
}

/// A receiver and the index frames carry for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LiveReceiverResponse {
    /// Index in frames; fixed while the connection lasts.
    pub index: u32,
    /// Receiver id.
    pub id: String,
    /// Label for people.
    pub label: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveEventKind {
    /// `data` is an emission.
    EmissionOpened,
    /// `data` is an emission.
    EmissionUpdated,
    /// `data` is an emission.
    EmissionClosed,
    /// `data` is an artefact of the receiver.
    Artefact,
    /// `data` is time that was not observed.
    Gap,
    /// `data` is a conflict.
    ConflictOpened,
    /// `data` is a conflict.
    ConflictUpdated,
    /// `data` is a receiver.
    ReceiverState,
}

/// WebSocket: JSON texts (`LiveRequest` in, `LiveResponse` out) and binary spectra.
#[utoipa::path(get, path = "/live", operation_id = "open_live", tag = "live",
    responses((status = 101, description = "The channel is open")))]
pub async fn open_live(State(_state): State<AppState>) -> Result<Response> {
    Err(super::pending())
}
