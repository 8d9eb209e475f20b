//! The audit log's eyes on the API: who calls what is known to everything that is stored meanwhile, and no answer to a
//! change, or with confidential records in it, goes out before its entry is on the disk.
//!
//! Most changes note themselves where they are stored. What was not noted by then is noted here, so an operation that is
//! added later cannot be forgotten.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt as _;

use super::{AppState, error::Problem};
use crate::service::{
    audit::{Origin, acting},
    auth::permissions,
    sessions::Principal,
};

/// Operations whose bodies hold passwords: not even their hash is kept, because short passwords can be found by it.
const SECRETS: [&str; 3] = ["create_session", "create_user", "update_user"];

/// Runs an operation of `caller`, notes what is left to be noted, then lets the answer go.
pub(super) async fn run(
    state: &AppState,
    operation: &str,
    caller: Option<&Principal>,
    request: Request,
    next: Next,
) -> Response {
    let changes = !request.method().is_safe() && !permissions::is_question(operation);
    let origin = Origin::new(caller.map_or("-", |caller| &caller.user), operation);
    let origin = Arc::new(if changes && !SECRETS.contains(&operation) {
        origin.with_body()
    } else {
        origin
    });
    let subject = request.uri().path().to_owned();
    let request = if changes {
        let reader = Arc::clone(&origin);
        request.map(|body| {
            Body::new(body.map_frame(move |frame| {
                if let Some(data) = frame.data_ref() {
                    reader.read(data);
                }
                frame
            }))
        })
    } else {
        request
    };
    let response = acting(Arc::clone(&origin), next.run(request)).await;
    let status = response.status();
    if !status.is_success() && status != StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    match state.audit.note_all(origin.left_over(changes, &subject)).await {
        Ok(()) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}
