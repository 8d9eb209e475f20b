//! The live channel: spectra as they are measured (lossy, newest wins) and events (complete, by number), and notices.

pub(crate) mod channel;
pub mod frame;
mod news;

use std::sync::Arc;

use axum::{
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::{Caller, foreign_origin, same_origin},
    error::{Problem, Result},
    notices::NoticeResponse,
    proof::Proof,
};
use crate::{service::audit::shown, store::EventKind};

/// Largest message a client may send.
const MESSAGE_BYTES: usize = 64 * 1024;

/// From the client: what it wants. May be repeated; the latest replaces the one before.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveRequest {
    /// Wants spectra and events.
    Subscribe(Subscription),
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Receiver ids, for spectra and events; null for all.
    pub receivers: Option<Vec<String>>,
    /// Lower edge of the spectra; null for everything.
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
    /// Whether notices are wanted.
    #[serde(default)]
    #[schema(default = false)]
    pub notices: bool,
    /// Key of the last notice the client has; null for only new ones.
    pub notices_after: Option<String>,
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
        /// Number; ascending without holes for those who may see everything. For others conflicts do not count and carry
        /// the number of the event before; after a break they may come twice.
        sequence: u64,
        /// When.
        time: Timestamp,
        /// What.
        kind: LiveEventKind,
        /// The resource as its own address answers it.
        data: serde_json::Value,
    },
    /// Something happened to a record that the client may know.
    Notice(NoticeResponse),
    /// Notices are missing: read their list again; new ones follow.
    NoticesResync {
        /// Why.
        reason: String,
    },
    /// The last message was not understood; nothing changed.
    Problem {
        /// What to send instead.
        detail: String,
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

impl From<EventKind> for LiveEventKind {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::EmissionOpened => Self::EmissionOpened,
            EventKind::EmissionUpdated => Self::EmissionUpdated,
            EventKind::EmissionClosed => Self::EmissionClosed,
            EventKind::Artefact => Self::Artefact,
            EventKind::Gap => Self::Gap,
            EventKind::ConflictOpened => Self::ConflictOpened,
            EventKind::ConflictUpdated => Self::ConflictUpdated,
            EventKind::ReceiverState => Self::ReceiverState,
        }
    }
}

/// WebSocket: JSON texts (`LiveRequest` in, `LiveResponse` out) and binary spectra. A binary frame is little endian:
/// `PSF1`, u16 header length, u8 kind, u8 flags (bit 0: floor observed), u64 sequence, f64 start (s, UTC), f32 duration
/// (s), u32 receiver index, i64 low edge (Hz), i64 high edge (Hz), u32 bins, u32 rows, f32 level offset (dBFS), f32 level
/// step (dB), f32 median floor (dBFS), f32 equivalent noise bandwidth (bins); then, for kind 1, u8 mean, max and floor
/// per bin, for kind 2, per row f64 start and u8 max per bin. Level = offset + step × value; 0 is not observed.
#[utoipa::path(get, path = "/live", operation_id = "open_live", tag = "live",
    responses((status = 101, description = "The channel is open"), (status = 426, description = "Not a WebSocket")))]
pub async fn open_live(
    State(state): State<AppState>,
    caller: Caller,
    request: Parts,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response> {
    if !same_origin(&request.headers) {
        return Err(foreign_origin());
    }
    let upgrade = upgrade.map_err(|_| {
        Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "malformed",
            "此地址为 WebSocket，请使用 ws:// 连接。",
            "This is a WebSocket; connect to it with ws://.",
        )
        .header(header::UPGRADE, HeaderValue::from_static("websocket"))
    })?;
    let permit = Arc::clone(&state.live_clients).try_acquire_owned().map_err(|_| {
        let busy = "too many live channels are open; close some".to_owned();
        Problem::from(crate::Error::Unavailable(busy))
    })?;
    let proof = Proof::of(&request).filter(|_| !caller.0.is_demo());
    if caller.view(&state)?.is_cleared() {
        // What will be told is not known yet: the channel as a whole is noted.
        shown("live channel");
    }
    let upgrade = upgrade
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .write_buffer_size(0);
    Ok(upgrade.on_upgrade(move |socket| async move {
        channel::run(socket, state, proof, caller.0).await;
        drop(permit);
    }))
}
