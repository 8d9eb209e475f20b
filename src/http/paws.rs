//! PAWS (RFC 7545): devices of operators ask which spectrum they may use, by JSON-RPC 2.0.

use axum::{
    Json as Answer,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
};
use jiff::Timestamp;
use serde_json::Value;

use super::{AppState, caller::Caller, error::Result, extract::unsupported_media_type};

/// Answers one message: `spectrum.paws.init`, `.register`, `.getSpectrum`, `.getSpectrumBatch`, `.notifySpectrumUse` or
/// `.verifyDevice`. The device's operator is known by the token; what is wrong with a message is said in the answer, as
/// section 5.17 of the RFC has it, with status 200.
#[utoipa::path(post, path = "/paws", operation_id = "ask_paws", tag = "paws",
    request_body(content = serde_json::Value, description = "One JSON-RPC 2.0 request"),
    responses((status = 200, description = "One JSON-RPC 2.0 response", body = serde_json::Value)))]
pub async fn ask_paws(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Answer<Value>> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| {
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim() == "application/json")
    }) {
        return Err(unsupported_media_type("application/json"));
    }
    let view = caller.view(&state)?;
    let answer = state
        .paws
        .ask(&body, &caller.0.organisation, &view, Timestamp::now())
        .await?;
    Ok(Answer(answer))
}
