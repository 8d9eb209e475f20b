//! Logging in and out.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::{COOKIE, Caller, Peer},
    error::{Problem, Result},
    extract::Json,
    language::Language,
};
use crate::{
    Error,
    service::{
        auth::Role,
        sessions::{Origin, Principal},
    },
};

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
    /// Id of the organisation they belong to.
    pub organisation: String,
    /// Language of the account; null follows the browser.
    #[schema(required = true)]
    pub language: Option<Language>,
    /// When the session ends unless it is used; null on a demo without login.
    #[schema(required = true)]
    pub expires_at: Option<Timestamp>,
    /// Nobody logged in: the demo lets everybody on this machine act as coordinator.
    pub demo: bool,
}

impl From<&Principal> for SessionResponse {
    fn from(principal: &Principal) -> Self {
        Self {
            user: principal.user.clone(),
            role: principal.role,
            organisation: principal.organisation.clone(),
            language: principal.language,
            expires_at: principal.expires_at,
            demo: principal.is_demo(),
        }
    }
}

/// Logs in: sets the session cookie.
#[utoipa::path(post, path = "", operation_id = "create_session", tag = "sessions",
    request_body = CreateSessionRequest, responses((status = 200, body = SessionResponse)))]
pub async fn create_session(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    Json(request): Json<CreateSessionRequest>,
) -> Result<Response> {
    let origin = Origin {
        address: peer.address,
        user_agent: user_agent(&headers),
    };
    match state.sessions.log_in(&request.user, request.password, origin).await {
        Ok((token, principal)) => {
            let cookie = cookie(&state, &token)?;
            Ok((
                [(header::SET_COOKIE, cookie)],
                Answer(SessionResponse::from(&principal)),
            )
                .into_response())
        }
        Err(Error::Unauthenticated) => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "用户名或密码不正确，或账户已停用。",
            "User name or password is wrong, or the account is locked.",
        )
        .header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"pinpu\""),
        )),
        Err(error) => Err(error.into()),
    }
}

/// Tells who is logged in.
#[utoipa::path(get, path = "/current", operation_id = "get_current_session", tag = "sessions",
    responses((status = 200, body = SessionResponse)))]
pub async fn get_current_session(caller: Caller) -> Answer<SessionResponse> {
    Answer(SessionResponse::from(&*caller.0))
}

/// Logs out.
#[utoipa::path(delete, path = "/current", operation_id = "delete_current_session", tag = "sessions",
    responses((status = 204, description = "Logged out; the cookie is removed")))]
pub async fn delete_current_session(State(state): State<AppState>, caller: Caller) -> Result<Response> {
    state.sessions.log_out(&caller.0).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&state, "")?)]).into_response())
}

/// The program, as it calls itself.
pub(super) fn user_agent(headers: &HeaderMap) -> String {
    let value = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    value.unwrap_or("").to_owned()
}

/// The cookie with a token, or the one that removes it. It lives as long as the browser window; the expiry is kept here.
pub(super) fn cookie(state: &AppState, token: &str) -> Result<HeaderValue> {
    let secure = if state.config.secure_cookies { "; Secure" } else { "" };
    let age = if token.is_empty() { "; Max-Age=0" } else { "" };
    HeaderValue::from_str(&format!(
        "{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{age}"
    ))
    .map_err(|_| Problem::from_status(StatusCode::INTERNAL_SERVER_ERROR))
}
