//! Accounts.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::Result,
    extract::{Json, JsonBytes, Path, Query},
    idempotency,
    language::Language,
    page::{self, ListResponse},
};
use crate::service::{
    auth::Role,
    users::{ChangeUser, NewUser, User},
};

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UserResponse {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Id of the organisation they belong to.
    pub organisation: String,
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
    /// Id of the organisation; by default that of the role's side.
    pub organisation: Option<String>,
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
    /// Id of the new organisation; ends all sessions of the account.
    pub organisation: Option<String>,
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

impl From<User> for UserResponse {
    fn from(user: User) -> Self {
        let User {
            name,
            role,
            organisation,
            language,
            disabled,
            created_at,
        } = user;
        Self {
            name,
            role,
            organisation,
            language,
            disabled,
            created_at,
        }
    }
}

/// Lists the accounts by name.
#[utoipa::path(get, path = "", operation_id = "list_users", tag = "users", params(ListUsersQuery),
    responses((status = 200, body = ListResponse<UserResponse>)))]
pub async fn list_users(
    State(state): State<AppState>,
    Query(query): Query<ListUsersQuery>,
) -> Result<Answer<ListResponse<UserResponse>>> {
    let limit = page::limit(query.limit)? as usize;
    // The name after which the page begins: accounts are few and all in memory here.
    let after = query.cursor.unwrap_or_default();
    let mut users = state.users.list().await?;
    users.retain(|user| user.name > after);
    let more = users.len() > limit;
    users.truncate(limit);
    let next_cursor = users.last().filter(|_| more).map(|user| user.name.clone());
    Ok(Answer(ListResponse {
        items: users.into_iter().map(UserResponse::from).collect(),
        next_cursor,
    }))
}

/// Makes an account.
#[utoipa::path(post, path = "", operation_id = "create_user", tag = "users", request_body = CreateUserRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = UserResponse)))]
pub async fn create_user(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<CreateUserRequest>,
) -> Result<Response> {
    idempotency::once(&state, &caller, &headers, &[b"create_user", &body], async {
        let CreateUserRequest {
            name,
            role,
            organisation,
            password,
            language,
        } = request;
        let new = NewUser {
            name,
            role,
            organisation,
            password,
            language,
        };
        let user = state.users.create(new).await?;
        idempotency::Answer::json(StatusCode::CREATED, None, &UserResponse::from(user))
    })
    .await
}

/// Changes an account; a change of role, password or lock ends its sessions.
#[utoipa::path(patch, path = "/{name}", operation_id = "update_user", tag = "users", request_body = UpdateUserRequest,
    params(("name" = String, Path, description = "Account name")), responses((status = 200, body = UserResponse)))]
pub async fn update_user(
    State(state): State<AppState>,
    Path(name): Path<String>,
    Json(request): Json<UpdateUserRequest>,
) -> Result<Answer<UserResponse>> {
    let UpdateUserRequest {
        role,
        organisation,
        password,
        disabled,
        language,
    } = request;
    let user = state
        .users
        .change(
            &name,
            ChangeUser {
                role,
                organisation,
                password,
                disabled,
                language,
            },
        )
        .await?;
    Ok(Answer(user.into()))
}

/// Removes an account. What it did stays on record under its name.
#[utoipa::path(delete, path = "/{name}", operation_id = "delete_user", tag = "users",
    params(("name" = String, Path, description = "Account name")), responses((status = 204, description = "Removed")))]
pub async fn delete_user(State(state): State<AppState>, Path(name): Path<String>) -> Result<StatusCode> {
    state.users.delete(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}
