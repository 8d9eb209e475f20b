//! `Idempotency-Key`: a change that is sent twice happens once, and is answered twice the same.

use super::{
    AppState,
    caller::Caller,
    error::{Problem, Result},
};
use crate::service::{
    audit::nothing_changed,
    idempotency::{Idempotency, StoredAnswer},
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

/// Longest key.
pub(super) const KEY_MAX: usize = 128;

/// What a change answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) etag: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A record as JSON.
    pub(super) fn json<T: serde::Serialize>(status: StatusCode, etag: Option<String>, record: &T) -> Result<Self> {
        let body = serde_json::to_vec(record).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written");
            Problem::from_status(StatusCode::INTERNAL_SERVER_ERROR)
        })?;
        Ok(Self { status, etag, body })
    }

    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(etag) = self.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
            headers.insert(header::ETAG, etag);
        }
        response
    }
}

/// Runs `change` once for a key, a caller and a request (`operation` and everything that defines it). Only successes
/// are kept: what failed changed nothing and may be tried again.
pub(super) async fn once(
    state: &AppState,
    caller: &Caller,
    headers: &HeaderMap,
    request: &[&[u8]],
    change: impl Future<Output = Result<Answer>>,
) -> Result<Response> {
    let Some(key) = headers.get("idempotency-key") else {
        return Ok(change.await?.into_response());
    };
    let key = key
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= KEY_MAX)
        .ok_or_else(|| {
            Problem::malformed(
                format!("Idempotency-Key 应为 1 到 {KEY_MAX} 个 ASCII 字符。"),
                format!("Give an Idempotency-Key of 1 to {KEY_MAX} ASCII characters."),
            )
        })?;
    let actor = &caller.0.user;
    match state.answers.begin(actor, key, request).await? {
        Idempotency::Fresh => {}
        Idempotency::Replay(answer) => {
            nothing_changed();
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
            return Ok(Answer {
                status,
                etag: answer.etag,
                body: answer.body,
            }
            .into_response());
        }
        Idempotency::Mismatch => {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_mismatch",
                "此 Idempotency-Key 已用于另一个请求，请换一个新的。",
                "This Idempotency-Key was used for another request; take a new one.",
            ));
        }
        Idempotency::InProgress => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "wrong_state",
                "相同请求正在处理，请稍后再试。",
                "The same request is being worked on; ask again in a moment.",
            )
            .retry_after(1));
        }
    }
    match change.await {
        Ok(answer) => {
            let kept = StoredAnswer {
                status: answer.status.as_u16(),
                etag: answer.etag.clone(),
                body: answer.body.clone(),
            };
            state.answers.finish(actor, key, kept).await?;
            Ok(answer.into_response())
        }
        Err(problem) => {
            if let Err(error) = state.answers.forget(actor, key).await {
                tracing::warn!(%error, "an idempotency key could not be given back; it is free in a minute");
            }
            Err(problem)
        }
    }
}
