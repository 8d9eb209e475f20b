//! Receivers and how they are doing.

use axum::{Json as Answer, extract::State};
use serde::Serialize;

use super::{AppState, error::Result, extract::Path, page::ListResponse};
use crate::{capture::ReceiverStatus, units::Hertz};

/// One receiver.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiverResponse {
    /// Id, as configured.
    pub id: String,
    /// Health.
    #[serde(flatten)]
    pub status: ReceiverStatus,
    /// What its latest spectrum covers; null before the first.
    #[schema(required = true)]
    pub latest_frame: Option<LatestFrameResponse>,
}

/// Extent of the latest spectrum.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LatestFrameResponse {
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Bins.
    pub bins: usize,
    /// Spectra a second.
    pub frames_per_s: f64,
}

/// Lists the receivers.
#[utoipa::path(get, path = "", operation_id = "list_receivers", tag = "receivers",
    responses((status = 200, body = ListResponse<ReceiverResponse>)))]
pub async fn list_receivers(State(_state): State<AppState>) -> Result<Answer<ListResponse<ReceiverResponse>>> {
    Err(super::pending())
}

/// One receiver.
#[utoipa::path(get, path = "/{id}", operation_id = "get_receiver", tag = "receivers",
    params(("id" = String, Path, description = "Receiver id")), responses((status = 200, body = ReceiverResponse)))]
pub async fn get_receiver(State(_state): State<AppState>, Path(_id): Path<String>) -> Result<Answer<ReceiverResponse>> {
    Err(super::pending())
}
