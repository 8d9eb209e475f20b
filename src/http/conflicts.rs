//! Conflicts: emissions which nothing explains, until somebody settles them.

use std::collections::BTreeMap;

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    emissions::EmissionResponse,
    error::{Problem, ProblemResponse, Result},
    extract::{IfMatch, JsonBytes, Path, Query, band, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::{
    conflict::{Severity, VerdictKind},
    registry::Text,
    service::findings::{ConflictChange, ConflictQuery, ConflictRecord, ConflictStatus, HistoryEntry, Resolution},
    units::Hertz,
};

/// Longest remark, in characters.
const COMMENT_MAX: usize = 2000;

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
    pub version: u64,
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
    /// `opened`, `acknowledged`, `resolved`, `reopened`, `reclassified` or `withdrawn`.
    pub action: String,
    /// In their words, the same in both languages for people's; may be empty.
    pub comment: Text,
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

/// How a person ends a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResolveAs {
    /// The use is lawful; the registry or the rules need a change.
    Lawful,
    /// The sender stopped or was corrected.
    Removed,
    /// Nothing was found.
    NotReproduced,
    /// Something else; the comment says what.
    Other,
}

/// The end of a conflict.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveConflictRequest {
    /// How it ended.
    pub resolution: ResolveAs,
    /// Remark for the history.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub comment: String,
}

impl From<ConflictRecord> for ConflictResponse {
    fn from(record: ConflictRecord) -> Self {
        Self {
            id: record.id,
            status: record.status,
            kind: record.kind,
            severity: record.severity,
            rule: record.rule,
            receiver: record.receiver,
            center_hz: record.center_hz,
            low_hz: record.low_hz,
            high_hz: record.high_hz,
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            emissions_count: record.emissions_count,
            assignment: record.assignment,
            allocation: record.allocation,
            explanation: record.explanation,
            evidence: record.evidence,
            acknowledged_by: record.acknowledged_by,
            acknowledged_at: record.acknowledged_at,
            resolved_by: record.resolved_by,
            resolved_at: record.resolved_at,
            resolution: record.resolution,
            version: record.version,
        }
    }
}

impl From<HistoryEntry> for HistoryEntryResponse {
    fn from(entry: HistoryEntry) -> Self {
        let HistoryEntry {
            time,
            actor,
            action,
            comment,
        } = entry;
        Self {
            time,
            actor,
            action,
            comment,
        }
    }
}

impl From<ResolveAs> for Resolution {
    fn from(resolution: ResolveAs) -> Self {
        match resolution {
            ResolveAs::Lawful => Self::Lawful,
            ResolveAs::Removed => Self::Removed,
            ResolveAs::NotReproduced => Self::NotReproduced,
            ResolveAs::Other => Self::Other,
        }
    }
}

/// Lists conflicts, latest seen first.
#[utoipa::path(get, path = "", operation_id = "list_conflicts", tag = "conflicts", params(ListConflictsQuery),
    responses((status = 200, body = ListResponse<ConflictResponse>)))]
pub async fn list_conflicts(
    State(state): State<AppState>,
    Query(query): Query<ListConflictsQuery>,
) -> Result<Answer<ListResponse<ConflictResponse>>> {
    let query = ConflictQuery {
        status: query.status,
        kind: query.kind,
        severity: query.severity,
        receiver: query.receiver,
        band: band(query.low_hz, query.high_hz)?,
        from: query.from,
        to: query.to,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    Ok(Answer(ListResponse::of(state.findings.conflicts(&query).await?)))
}

/// One conflict with its emissions and history; the ETag is needed for the steps below.
#[utoipa::path(get, path = "/{id}", operation_id = "get_conflict", tag = "conflicts",
    params(("id" = String, Path, description = "Conflict id")),
    responses((status = 200, body = ConflictDetailResponse, headers(("etag" = String)))))]
pub async fn get_conflict(State(state): State<AppState>, Path(id): Path<String>) -> Result<Response> {
    let detail = state.findings.conflict(&id).await?;
    let tag = etag(detail.conflict.version);
    let body = ConflictDetailResponse {
        conflict: detail.conflict.into(),
        emissions: detail.emissions.into_iter().map(Into::into).collect(),
        history: detail.history.into_iter().map(Into::into).collect(),
    };
    Ok(([(header::ETAG, tag)], Answer(body)).into_response())
}

/// Takes an open conflict on.
#[utoipa::path(post, path = "/{id}/acknowledge", operation_id = "acknowledge_conflict", tag = "conflicts", request_body = CommentRequest,
    params(("id" = String, Path, description = "Conflict id"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse, headers(("etag" = String))), (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"), (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn acknowledge_conflict(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<CommentRequest>,
) -> Result<Response> {
    let step = Step {
        id,
        version,
        change: ConflictChange::Acknowledge,
        comment: request.comment,
    };
    take_step(&state, &caller, &headers, &body, step).await
}

/// Settles a conflict.
#[utoipa::path(post, path = "/{id}/resolve", operation_id = "resolve_conflict", tag = "conflicts", request_body = ResolveConflictRequest,
    params(("id" = String, Path, description = "Conflict id"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse, headers(("etag" = String))), (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"), (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn resolve_conflict(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<ResolveConflictRequest>,
) -> Result<Response> {
    let step = Step {
        id,
        version,
        change: ConflictChange::Resolve(request.resolution.into()),
        comment: request.comment,
    };
    take_step(&state, &caller, &headers, &body, step).await
}

/// Opens a conflict again.
#[utoipa::path(post, path = "/{id}/reopen", operation_id = "reopen_conflict", tag = "conflicts", request_body = CommentRequest,
    params(("id" = String, Path, description = "Conflict id"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse, headers(("etag" = String))), (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"), (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn reopen_conflict(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<CommentRequest>,
) -> Result<Response> {
    let step = Step {
        id,
        version,
        change: ConflictChange::Reopen,
        comment: request.comment,
    };
    take_step(&state, &caller, &headers, &body, step).await
}

/// What somebody does about a conflict they have read.
struct Step {
    id: String,
    version: IfMatch,
    change: ConflictChange,
    comment: String,
}

async fn take_step(
    state: &AppState,
    caller: &Caller,
    headers: &HeaderMap,
    body: &[u8],
    step: Step,
) -> Result<Response> {
    let length = step.comment.chars().count();
    if length > COMMENT_MAX {
        let reason = format!("{length} characters; at most {COMMENT_MAX}");
        return Err(Problem::invalid(
            format!("备注过长（{length} 字），最多 {COMMENT_MAX} 字。"),
            format!("The comment has {length} characters; write at most {COMMENT_MAX}."),
        )
        .field("comment", reason));
    }
    let operation = format!("{:?} {} {}", step.change, step.id, step.version.0);
    idempotency::once(state, caller, headers, &[operation.as_bytes(), body], async {
        let Step {
            id,
            version,
            change,
            comment,
        } = step;
        let actor = &caller.0.user;
        let record = state
            .ledger
            .change(&id, change, actor, comment.trim(), version.0, Timestamp::now())
            .await?;
        tracing::info!(conflict = id, actor, ?change, "conflict changed");
        let tag = etag(record.version);
        idempotency::Answer::json(StatusCode::OK, Some(tag), &ConflictResponse::from(record))
    })
    .await
}
