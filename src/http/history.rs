//! The past of the registry: versions of an assignment, its removal, and when a version of the whole was in force.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    AppState,
    caller::Caller,
    error::{ProblemResponse, Result},
    extract::{IfMatch, Path},
    idempotency,
    page::ListResponse,
};
use crate::{
    registry::{Assignment, difference::Difference},
    service::history::Change,
    store::Period,
};

/// One version of an assignment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssignmentVersionResponse {
    /// Number of the version.
    pub version: u64,
    /// When it came into the registry.
    pub valid_from: Timestamp,
    /// When something else took its place, or it was removed; null: it is the current one.
    #[schema(required = true)]
    pub valid_until: Option<Timestamp>,
    /// Who brought it.
    pub updated_by: String,
    /// Who removed the record, where nothing took its place.
    #[schema(required = true)]
    pub removed_by: Option<String>,
    /// Fields that differ from the version before; none for the first.
    pub differences: Vec<Difference>,
    /// What the registry said.
    pub assignment: Assignment,
}

impl From<Change> for AssignmentVersionResponse {
    fn from(change: Change) -> Self {
        let Change { version, differences } = change;
        Self {
            version: version.version,
            valid_from: version.valid_from,
            valid_until: version.valid_until,
            updated_by: version.updated_by,
            removed_by: version.removed_by,
            differences,
            assignment: version.assignment,
        }
    }
}

/// When a version of the registry was in force.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RegistryVersionResponse {
    /// The version, as verdicts name it.
    pub version: String,
    /// Oldest first: what was taken back and brought again was in force twice.
    pub periods: Vec<PeriodResponse>,
}

/// A time from and until.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PeriodResponse {
    /// From when.
    pub since: Timestamp,
    /// Until when; null: it still is.
    #[schema(required = true)]
    pub until: Option<Timestamp>,
}

impl From<Period> for PeriodResponse {
    fn from(Period { since, until }: Period) -> Self {
        Self { since, until }
    }
}

/// The versions of an assignment, oldest first: who brought each when, and what it changed. Of more than 1000 the latest.
#[utoipa::path(get, path = "/{id}/history", operation_id = "get_assignment_history", tag = "registry",
    params(("id" = String, Path, description = "Key of the assignment, also of one that was removed")),
    responses((status = 200, body = ListResponse<AssignmentVersionResponse>)))]
pub async fn get_assignment_history(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<ListResponse<AssignmentVersionResponse>>> {
    let changes = state.history.changes(&id, &*caller.view(&state)?).await?;
    Ok(Answer(ListResponse::complete(
        changes.into_iter().map(Into::into).collect(),
    )))
}

/// Removes an assignment; its history stays. A right that has ended is cancelled, not removed: this is for what should
/// never have been there.
#[utoipa::path(delete, path = "/{id}", operation_id = "delete_assignment", tag = "registry",
    params(("id" = String, Path, description = "Key of the assignment"),
        ("if-match" = String, Header, description = "ETag of the assignment as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice, done once")),
    responses((status = 204), (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_assignment(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
) -> Result<Response> {
    let operation = format!("delete_assignment {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes()], async {
        let actor = &caller.0.user;
        tracing::info!(assignment = id, actor, "an assignment is removed");
        state.registry.remove(&id, version.0, actor).await?;
        Ok(idempotency::Answer {
            status: StatusCode::NO_CONTENT,
            etag: None,
            body: Vec::new(),
        })
    })
    .await
}

/// When a version of the registry was in force, as a verdict names it in `registry_version`.
#[utoipa::path(get, path = "/versions/{version}", operation_id = "get_registry_version", tag = "registry",
    params(("version" = String, Path, description = "Version of the registry")),
    responses((status = 200, body = RegistryVersionResponse)))]
pub async fn get_registry_version(
    State(state): State<AppState>,
    caller: Caller,
    Path(version): Path<String>,
) -> Result<Answer<RegistryVersionResponse>> {
    let periods = state.history.periods(&version, &*caller.view(&state)?).await?;
    Ok(Answer(RegistryVersionResponse {
        version,
        periods: periods.into_iter().map(Into::into).collect(),
    }))
}
