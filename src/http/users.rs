//! Accounts.

use axum::{Json as Answer, extract::State, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::Result,
    extract::{Json, Path, Query},
    language::Language,
    page::{self, ListResponse},
};
use crate::service::auth::Role;

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserResponse {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Language; null follows the browser.
    #[schema(required = true)]
    pub language: Option<Language>,
    /// Cannot log in; running sessions are cut off.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A new account.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUserRequest {
    /// Letters, digits, `.`, `-`, `_`; 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9][a-z0-9._-]*$")]
    pub name: String,
    /// Role.
    pub role: Role,
    /// At least 8 characters and not one of the common ones.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    pub password: String,
    /// Language; null follows the browser.
    pub language: Option<Language>,
}

/// What to change; members not given stay.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUserRequest {
    /// New role.
    pub role: Option<Role>,
    /// New password; ends all sessions of the account.
    #[schema(format = Password, min_length = 8, max_length = 256)]
    pub password: Option<String>,
    /// Locks or unlocks the account; locking ends its sessions.
    pub disabled: Option<bool>,
    /// New language.
    pub language: Option<Language>,
}

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListUsersQuery {
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// Lists the accounts by name.
#[utoipa::path(get, path = "", operation_id = "list_users", tag = "users", params(ListUsersQuery),
    responses((status = 200, body = ListResponse<UserResponse>)))]
pub async fn list_users(
    State(_state): State<AppState>,
    Query(_query): Query<ListUsersQuery>,
) -> Result<Answer<ListResponse<UserResponse>>> {
    Err(super::pending())
}

/// Makes an account.
#[utoipa::path(post, path = "", operation_id = "create_user", tag = "users", request_body = CreateUserRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = UserResponse)))]
pub async fn create_user(
    State(_state): State<AppState>,
    Json(_request): Json<CreateUserRequest>,
) -> Result<(StatusCode, Answer<UserResponse>)> {
    Err(super::pending())
}

/// Changes an account; a change of role, password or lock ends its sessions.
#[utoipa::path(patch, path = "/{name}", operation_id = "update_user", tag = "users", request_body = UpdateUserRequest,
    params(("name" = String, Path, description = "Account name")), responses((status = 200, body = UserResponse)))]
pub async fn update_user(
    State(_state): State<AppState>,
    Path(_name): Path<String>,
    Json(_request): Json<UpdateUserRequest>,
) -> Result<Answer<UserResponse>> {
    Err(super::pending())
}

/// Removes an account. What it did stays on record under its name.
#[utoipa::path(delete, path = "/{name}", operation_id = "delete_user", tag = "users",
    params(("name" = String, Path, description = "Account name")), responses((status = 204, description = "Removed")))]
pub async fn delete_user(State(_state): State<AppState>, Path(_name): Path<String>) -> Result<StatusCode> {
    Err(super::pending())
}
