//! Answers that wait for the time at which they are shown.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;

use super::{RequestResponse, changed};
use crate::http::{
    AppState,
    caller::Caller,
    error::{ProblemResponse, Result},
    extract::{IfMatch, Path},
    idempotency,
};

/// Takes back an answer before it is shown to the side that asks; with a step also the steps after it, which rest on it.
#[utoipa::path(delete, path = "/{id}/sealed/{sealed}", operation_id = "delete_sealed_answer", tag = "coordination",
    params(("id" = String, Path, description = "Request id"), ("sealed" = String, Path, description = "Id of what waits"),
        ("if-match" = String, Header, description = "ETag of the request as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice, done once")),
    responses((status = 200, body = RequestResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_sealed_answer(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, sealed)): Path<(String, String)>,
    version: IfMatch,
    headers: HeaderMap,
) -> Result<Response> {
    let officer = caller.officer()?;
    let operation = format!("delete_sealed_answer {id} {sealed} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes()], async {
        tracing::info!(
            request = id,
            actor = officer.user,
            sealed,
            "an answer is taken back before it is shown"
        );
        let vault = state.attachments.vault();
        let left = state
            .coordination
            .take_back(vault, (&id, &sealed), &officer, version.0, Timestamp::now());
        changed(StatusCode::OK, left.await?)
    })
    .await
}
