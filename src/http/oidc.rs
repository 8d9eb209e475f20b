//! Logging in by the office's identity provider: away to it, and back.

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
    caller::{Peer, cookie_of},
    error::{Problem, ProblemResponse, Result},
    extract::Query,
    sessions,
};
use crate::{
    registry::Text,
    service::{
        oidc::{Failure, Oidc, Return},
        sessions::Origin,
    },
};

/// Cookie of a login that is not over. It must come back from another site, so it is laxer than that of a session, and shorter.
const COOKIE: &str = "pinpu_oidc";
/// Where it is sent.
const PATH: &str = "/api/v1/sessions/oidc";

/// Ways to log in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LoginWaysResponse {
    /// An identity provider: what the button to it says; null where there is none.
    #[schema(required = true)]
    pub provider: Option<Text>,
}

/// What the provider sends back with the browser.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OidcReturnQuery {
    /// The login it belongs to.
    pub state: Option<String>,
    /// What the token is given for.
    pub code: Option<String>,
    /// Which provider it is.
    pub iss: Option<String>,
    /// Why it refused.
    pub error: Option<String>,
}

/// Tells how one can log in beside name and password.
#[utoipa::path(get, path = "/ways", operation_id = "list_login_ways", tag = "sessions",
    responses((status = 200, body = LoginWaysResponse)))]
pub async fn list_login_ways(State(state): State<AppState>) -> Answer<LoginWaysResponse> {
    let provider = state.oidc.as_ref().map(|oidc| {
        let [zh, en] = oidc.name();
        Text::new(zh, en)
    });
    Answer(LoginWaysResponse { provider })
}

fn provider(state: &AppState) -> Result<&Oidc> {
    state.oidc.as_deref().ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "未配置统一身份认证：请使用用户名和密码登录。",
            "No identity provider is configured: log in with name and password.",
        )
    })
}

/// Sends the browser to the identity provider to log in there.
#[utoipa::path(get, path = "/oidc", operation_id = "begin_oidc_login", tag = "sessions",
    responses((status = 303, description = "To the provider, or back to the login page when it cannot be reached"),
        (status = 404, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn begin_oidc_login(State(state): State<AppState>) -> Result<Response> {
    match provider(&state)?.begin(Timestamp::now()).await {
        Ok(departure) => {
            let cookie = cookie(&state, &departure.cookie)?;
            away(&departure.url, [cookie])
        }
        Err(failure) => failed(&failure, []),
    }
}

/// Takes up who comes back from the identity provider: sets the session cookie.
#[utoipa::path(get, path = "/oidc/callback", operation_id = "finish_oidc_login", tag = "sessions", params(OidcReturnQuery),
    responses((status = 303, description = "To the console with a session, or to the login page without"),
        (status = 404, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn finish_oidc_login(
    State(state): State<AppState>,
    peer: Peer,
    headers: HeaderMap,
    Query(query): Query<OidcReturnQuery>,
) -> Result<Response> {
    let OidcReturnQuery {
        state: id,
        code,
        iss,
        error,
    } = query;
    let brought = Return {
        state: id,
        code,
        issuer: iss,
        error,
        cookie: cookie_of(&headers, COOKIE).map(str::to_owned),
    };
    let origin = Origin {
        address: peer.address,
        user_agent: sessions::user_agent(&headers),
    };
    let over = cookie(&state, "")?;
    match provider(&state)?.finish(brought, origin, Timestamp::now()).await {
        Ok((token, _)) => away("/", [sessions::cookie(&state, &token)?, over]),
        Err(failure) => failed(&failure, [over]),
    }
}

/// Back to the login page, which says no more than what the person can do. The log says why.
fn failed<const N: usize>(failure: &Failure, cookies: [HeaderValue; N]) -> Result<Response> {
    metrics::counter!("logins_failed_total").increment(1);
    tracing::warn!(reason = %failure, "login by the identity provider failed");
    away(&format!("/login?failed={}", failure.refusal.name()), cookies)
}

fn away<const N: usize>(url: &str, cookies: [HeaderValue; N]) -> Result<Response> {
    let location = HeaderValue::from_str(url).map_err(|_| Problem::from_status(StatusCode::INTERNAL_SERVER_ERROR))?;
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The cookie of a login, or the one that removes it.
fn cookie(state: &AppState, value: &str) -> Result<HeaderValue> {
    let secure = if state.config.secure_cookies { "; Secure" } else { "" };
    let age = if value.is_empty() { 0 } else { 600 };
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path={PATH}; HttpOnly; SameSite=Lax; Max-Age={age}{secure}"
    ))
    .map_err(|_| Problem::from_status(StatusCode::INTERNAL_SERVER_ERROR))
}
