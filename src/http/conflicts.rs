//! Conflicts: emissions which nothing explains, until somebody settles them.

use std::collections::BTreeMap;

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    emissions::EmissionResponse,
    error::Result,
    extract::{IfMatch, Json, Path, Query},
    page::{self, ListResponse},
};
use crate::{
    conflict::{Severity, VerdictKind},
    registry::Text,
    units::Hertz,
};

/// Where a conflict stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictStatus {
    /// Nobody has looked.
    Open,
    /// Somebody is on it.
    Acknowledged,
    /// Settled.
    Resolved,
}

/// How a conflict ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The emission turned out to be lawful.
    Lawful,
    /// The emission is gone because somebody acted.
    Removed,
    /// Nobody could measure it again.
    NotReproduced,
    /// Something else; the comment says what.
    Other,
}

/// One conflict.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConflictResponse {
    /// Public id.
    pub id: String,
    /// Where it stands.
    pub status: ConflictStatus,
    /// What is wrong.
    pub kind: VerdictKind,
    /// How urgent.
    pub severity: Severity,
    /// Key of the rule.
    pub rule: String,
    /// Receiver id.
    pub receiver: String,
    /// Centre of the latest emission.
    pub center_hz: Hertz,
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// Emissions that belong to it.
    pub emissions_count: u64,
    /// The assignment it is held against.
    #[schema(required = true)]
    pub assignment: Option<String>,
    /// The allocation it lies in.
    #[schema(required = true)]
    pub allocation: Option<String>,
    /// The reason, with numbers.
    pub explanation: Text,
    /// The numbers, units in the key.
    pub evidence: BTreeMap<String, f64>,
    /// Who acknowledged it.
    #[schema(required = true)]
    pub acknowledged_by: Option<String>,
    /// When.
    #[schema(required = true)]
    pub acknowledged_at: Option<Timestamp>,
    /// Who resolved it.
    #[schema(required = true)]
    pub resolved_by: Option<String>,
    /// When.
    #[schema(required = true)]
    pub resolved_at: Option<Timestamp>,
    /// How it ended.
    #[schema(required = true)]
    pub resolution: Option<Resolution>,
    /// Grows with every change; the ETag is made of it.
    pub version: i64,
}

/// One conflict with all there is about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ConflictDetailResponse {
    /// The conflict.
    #[serde(flatten)]
    pub conflict: ConflictResponse,
    /// The latest 50 emissions.
    pub emissions: Vec<EmissionResponse>,
    /// Who did what, oldest first.
    pub history: Vec<HistoryEntryResponse>,
}

/// One step in the life of a conflict.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryEntryResponse {
    /// When.
    pub time: Timestamp,
    /// Account name, or `system`.
    pub actor: String,
    /// `opened`, `acknowledged`, `resolved` or `reopened`.
    pub action: String,
    /// In their words.
    #[schema(required = true)]
    pub comment: Option<String>,
}

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListConflictsQuery {
    /// Where it stands.
    pub status: Option<ConflictStatus>,
    /// What is wrong.
    pub kind: Option<VerdictKind>,
    /// How urgent.
    pub severity: Option<Severity>,
    /// Receiver id.
    pub receiver: Option<String>,
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// Last seen at or after this time,
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// and first seen before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// A step with a remark.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentRequest {
    /// Remark for the history.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub comment: String,
}

/// The end of a conflict.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveConflictRequest {
    /// How it ended.
    pub resolution: Resolution,
    /// Remark for the history.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub comment: String,
}

/// Lists conflicts, latest seen first.
#[utoipa::path(get, path = "", operation_id = "list_conflicts", tag = "conflicts", params(ListConflictsQuery),
    responses((status = 200, body = ListResponse<ConflictResponse>)))]
pub async fn list_conflicts(
    State(_state): State<AppState>,
    Query(_query): Query<ListConflictsQuery>,
) -> Result<Answer<ListResponse<ConflictResponse>>> {
    Err(super::pending())
}

/// One conflict with its emissions and history; the ETag is needed for the steps below.
#[utoipa::path(get, path = "/{id}", operation_id = "get_conflict", tag = "conflicts",
    params(("id" = String, Path, description = "Conflict id")), responses((status = 200, body = ConflictDetailResponse)))]
pub async fn get_conflict(State(_state): State<AppState>, Path(_id): Path<String>) -> Result<Response> {
    Err(super::pending())
}

/// Takes an open conflict on.
#[utoipa::path(post, path = "/{id}/acknowledge", operation_id = "acknowledge_conflict", tag = "conflicts", request_body = CommentRequest,
    params(("id" = String, Path, description = "Conflict id"), ("if-match" = String, Header, description = "ETag of the conflict as read"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse)))]
pub async fn acknowledge_conflict(
    State(_state): State<AppState>,
    Path(_id): Path<String>,
    Json(_request): Json<CommentRequest>,
) -> Result<Response> {
    Err(super::pending())
}

/// Settles a conflict.
#[utoipa::path(post, path = "/{id}/resolve", operation_id = "resolve_conflict", tag = "conflicts", request_body = ResolveConflictRequest,
    params(("id" = String, Path, description = "Conflict id"), ("if-match" = String, Header, description = "ETag of the conflict as read"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse)))]
pub async fn resolve_conflict(
    State(_state): State<AppState>,
    Path(_id): Path<String>,
    Json(_request): Json<ResolveConflictRequest>,
) -> Result<Response> {
    Err(super::pending())
}

/// Opens a conflict again.
#[utoipa::path(post, path = "/{id}/reopen", operation_id = "reopen_conflict", tag = "conflicts", request_body = CommentRequest,
    params(("id" = String, Path, description = "Conflict id"), ("if-match" = String, Header, description = "ETag of the conflict as read"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse)))]
pub async fn reopen_conflict(
    State(_state): State<AppState>,
    Path(_id): Path<String>,
    Json(_request): Json<CommentRequest>,
) -> Result<Response> {
    Err(super::pending())
}
