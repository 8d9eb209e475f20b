//! Tokens with which programs call the API.

use axum::{Json as Answer, extract::State, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::{ProblemResponse, Result},
    extract::{Json, Path, Query},
    page::ListResponse,
};
use crate::service::{
    auth::Role,
    tokens::{self, NewToken, Token, TokenScope},
};

/// What a new token is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTokenRequest {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    pub label: String,
    /// What it may do; by default it reads.
    #[serde(default)]
    pub scope: TokenScope,
    /// How many days it lives.
    #[schema(minimum = 1, maximum = 366)]
    pub days: u32,
    /// Whose it is; administrators alone name another account than their own.
    pub user: Option<String>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenResponse {
    /// Its key.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub scope: TokenScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// First instant no longer in force.
    pub expires_at: Timestamp,
}

/// A new token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NewTokenResponse {
    /// The token.
    #[serde(flatten)]
    pub token: TokenResponse,
    /// What a program sends as `Authorization: Bearer …`. It is shown this once.
    pub secret: String,
}

/// Whose tokens.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListTokensQuery {
    /// Of this account; administrators alone name another than their own.
    pub user: Option<String>,
}

impl From<Token> for TokenResponse {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            user: token.user,
            label: token.label,
            scope: token.scope,
            created_at: token.created_at,
            expires_at: token.expires_at,
        }
    }
}

/// Makes a token. The answer to this change is kept nowhere, as it has the secret in it: sent twice, it makes two.
#[utoipa::path(post, path = "", operation_id = "create_token", tag = "sessions", request_body = CreateTokenRequest,
    responses((status = 201, body = NewTokenResponse),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_token(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<CreateTokenRequest>,
) -> Result<(StatusCode, Answer<NewTokenResponse>)> {
    let new = NewToken {
        user: tokens::owner(&caller.0, request.user.as_deref())?,
        label: request.label,
        scope: request.scope,
        days: request.days,
    };
    let (secret, token) = state.tokens.create(new, Timestamp::now()).await?;
    tracing::info!(
        actor = caller.0.user,
        owner = token.user,
        token = token.id,
        "token made"
    );
    let body = NewTokenResponse {
        token: token.into(),
        secret,
    };
    Ok((StatusCode::CREATED, Answer(body)))
}

/// Lists tokens in force, newest first.
#[utoipa::path(get, path = "", operation_id = "list_tokens", tag = "sessions", params(ListTokensQuery),
    responses((status = 200, body = ListResponse<TokenResponse>)))]
pub async fn list_tokens(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListTokensQuery>,
) -> Result<Answer<ListResponse<TokenResponse>>> {
    let user = tokens::owner(&caller.0, query.user.as_deref())?;
    let tokens = state.tokens.list(&user, Timestamp::now()).await?;
    Ok(Answer(ListResponse::complete(
        tokens.into_iter().map(Into::into).collect(),
    )))
}

/// Ends a token at once.
#[utoipa::path(delete, path = "/{id}", operation_id = "delete_token", tag = "sessions",
    params(("id" = String, Path, description = "Token id")),
    responses((status = 204, description = "It is no longer in force"), (status = 404, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_token(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    let own = tokens::owner(&caller.0, None)?;
    let of = (caller.0.role != Role::Admin).then_some(own.as_str());
    state.tokens.revoke(&id, of).await?;
    tracing::info!(actor = caller.0.user, token = id, "token revoked");
    Ok(StatusCode::NO_CONTENT)
}
