//! Logging in and out.

use axum::{
    Json as Answer,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::{Caller, Peer},
    error::Result,
    extract::Json,
    language::Language,
};
use crate::service::auth::Role;

/// Credentials.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSessionRequest {
    /// Account name.
    #[schema(max_length = 64)]
    pub user: String,
    /// Password.
    #[schema(format = Password, max_length = 256)]
    pub password: String,
}

/// Who is logged in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionResponse {
    /// Account name.
    pub user: String,
    /// Role.
    pub role: Role,
    /// Language of the account; null follows the browser.
    #[schema(required = true)]
    pub language: Option<Language>,
    /// When the session ends unless it is used; null on a demo without login.
    #[schema(required = true)]
    pub expires_at: Option<Timestamp>,
    /// Nobody logged in: the demo lets everybody on this machine act as coordinator.
    pub demo: bool,
}

/// Logs in: sets the session cookie.
#[utoipa::path(post, path = "", operation_id = "create_session", tag = "sessions",
    request_body = CreateSessionRequest, responses((status = 200, body = SessionResponse)))]
pub async fn create_session(
    State(_state): State<AppState>,
    Json(_request): Json<CreateSessionRequest>,
) -> Result<Answer<SessionResponse>> {
    Err(super::pending())
}

/// Tells who is logged in.
#[utoipa::path(get, path = "/current", operation_id = "get_current_session", tag = "sessions",
    responses((status = 200, body = SessionResponse)))]
pub async fn get_current_session(State(_state): State<AppState>) -> Result<Answer<SessionResponse>> {
    Err(super::pending())
}

/// Logs out.
#[utoipa::path(delete, path = "/current", operation_id = "delete_current_session", tag = "sessions",
    responses((status = 204, description = "Logged out; the cookie is removed")))]
pub async fn delete_current_session(State(_state): State<AppState>) -> Result<StatusCode> {
    Err(super::pending())
}
