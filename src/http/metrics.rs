//! Figures for machines, in the Prometheus text format.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::{
    AppState,
    caller::{Peer, token},
    error::{Problem, Result},
};

/// Counters and histograms, for programs on this machine or with the metrics token.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "health",
    responses((status = 200, description = "Prometheus text format", content_type = "text/plain", body = String)))]
pub async fn get_metrics(State(state): State<AppState>, peer: Peer, headers: HeaderMap) -> Result<Response> {
    let with_token = match (&state.config.metrics_token, token(&headers)) {
        // Compared as hashes: the time taken tells nothing about the token.
        (Some(wanted), Some(given)) => Sha256::digest(wanted.as_bytes()) == Sha256::digest(given.as_bytes()),
        _ => false,
    };
    if !peer.local && !with_token {
        return Err(Problem::unauthenticated());
    }
    let Some(handle) = &state.metrics else {
        return Err(Problem::from_status(StatusCode::NOT_FOUND));
    };
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        handle.render(),
    )
        .into_response())
}
