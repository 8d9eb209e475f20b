//! Figures for machines, in the Prometheus text format.

use axum::{extract::State, response::Response};

use super::{AppState, error::Result};

/// Counters and histograms, for programs on this machine or with the metrics token.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "health",
    responses((status = 200, description = "Prometheus text format", content_type = "text/plain", body = String)))]
pub async fn get_metrics(State(_state): State<AppState>) -> Result<Response> {
    Err(super::pending())
}
