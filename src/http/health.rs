//! Whether the process lives, and whether it is any use yet.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::AppState;

/// Health of the process.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HealthResponse {
    /// `ok`, or `starting` with reasons.
    pub status: &'static str,
    /// What is not up yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub reasons: Vec<String>,
}

/// The process answers.
#[utoipa::path(get, path = "/live", operation_id = "health_live", tag = "health",
    responses((status = 200, body = HealthResponse)))]
pub async fn live() -> Json<HealthResponse> {
    Json(HealthResponse {
        status: "ok",
        reasons: Vec::new(),
    })
}

/// The store answers and the receivers are being watched.
#[utoipa::path(get, path = "/ready", operation_id = "health_ready", tag = "health",
    responses((status = 200, body = HealthResponse), (status = 503, body = HealthResponse)))]
pub async fn ready(State(state): State<AppState>) -> Response {
    let reasons = state.readiness.reasons();
    if reasons.is_empty() {
        return Json(HealthResponse { status: "ok", reasons }).into_response();
    }
    let body = Json(HealthResponse {
        status: "starting",
        reasons,
    });
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "2")], body).into_response()
}
