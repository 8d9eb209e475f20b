//! Conflicts: emissions which nothing explains, until somebody settles them.

pub mod attachments;
pub mod merging;
pub mod steps;

use std::collections::BTreeMap;

use axum::{
    Json as Answer,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::attachments::AttachmentResponse;
use super::{
    AppState,
    caller::Caller,
    emissions::EmissionResponse,
    error::Result,
    extract::{Path, Query, band, etag},
    page::{self, ListResponse},
};
use crate::{
    conflict::{Severity, VerdictKind},
    registry::Text,
    service::{
        disclosure::{Disclosed, View},
        findings::{ConflictQuery, ConflictRecord, ConflictStatus, HistoryEntry, Resolution},
    },
    units::Hertz,
};

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
    /// Emissions that belong to it; none where it is about the use of an assignment.
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
    /// The account it is assigned to.
    #[schema(required = true)]
    pub assigned_user: Option<String>,
    /// The team it is assigned to, where it is not an account.
    #[schema(required = true)]
    pub assigned_team: Option<String>,
    /// Who assigned it.
    #[schema(required = true)]
    pub assigned_by: Option<String>,
    /// When.
    #[schema(required = true)]
    pub assigned_at: Option<Timestamp>,
    /// The conflict it is part of; that one has its emissions, history and attachments.
    #[schema(required = true)]
    pub merged_into: Option<String>,
    /// Version of the rules it was judged by last; null where only the verdicts of its emissions say it.
    #[schema(required = true)]
    pub rules_version: Option<String>,
    /// Version of the registry it was judged by last; as above.
    #[schema(required = true)]
    pub registry_version: Option<String>,
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
    /// Who did what, oldest first; to it, or to one that was merged into it.
    pub history: Vec<HistoryEntryResponse>,
    /// Files, oldest first; those of merged ones included.
    pub attachments: Vec<AttachmentResponse>,
    /// The conflicts that were merged into it.
    pub merged: Vec<ConflictResponse>,
}

/// One step in the life of a conflict.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistoryEntryResponse {
    /// The conflict it happened to: this one, or one that was merged into it.
    pub conflict_id: String,
    /// When.
    pub time: Timestamp,
    /// Account name, or `system`.
    pub actor: String,
    /// `opened`, `acknowledged`, `assigned`, `commented`, `resolved`, `reopened`, `merged` (into another), `absorbed`
    /// (another), `unmerged`, `released` (another), `attached`, `detached`, `reclassified` or `withdrawn`.
    pub action: String,
    /// In their words, the same in both languages for people's; may be empty.
    pub comment: Text,
}

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListConflictsQuery {
    /// Where it stands; merged ones are listed only when asked for.
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

impl From<Disclosed<ConflictRecord>> for ConflictResponse {
    fn from(record: Disclosed<ConflictRecord>) -> Self {
        let record = record.into_inner();
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
            assigned_user: record.assigned_user,
            assigned_team: record.assigned_team,
            assigned_by: record.assigned_by,
            assigned_at: record.assigned_at,
            merged_into: record.merged_into,
            rules_version: record.rules_version,
            registry_version: record.registry_version,
            version: record.version,
        }
    }
}

impl From<Disclosed<HistoryEntry>> for HistoryEntryResponse {
    fn from(entry: Disclosed<HistoryEntry>) -> Self {
        let HistoryEntry {
            conflict_id,
            time,
            actor,
            action,
            comment,
        } = entry.into_inner();
        Self {
            conflict_id,
            time,
            actor,
            action,
            comment,
        }
    }
}

/// Lists conflicts, latest seen first.
#[utoipa::path(get, path = "", operation_id = "list_conflicts", tag = "conflicts", params(ListConflictsQuery),
    responses((status = 200, body = ListResponse<ConflictResponse>)))]
pub async fn list_conflicts(
    State(state): State<AppState>,
    caller: Caller,
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
    let view = caller.view(&state)?;
    let page = state.findings.conflicts(&query, &view).await?;
    Ok(Answer(ListResponse::of(View::page(page, |record| {
        view.conflict(record)
    }))))
}

/// One conflict with its emissions and history; the ETag is needed for the steps below.
#[utoipa::path(get, path = "/{id}", operation_id = "get_conflict", tag = "conflicts",
    params(("id" = String, Path, description = "Conflict id")),
    responses((status = 200, body = ConflictDetailResponse, headers(("etag" = String)))))]
pub async fn get_conflict(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let view = caller.view(&state)?;
    let emission = |record| view.emission(record).into();
    let conflict = |record| ConflictResponse::from(view.conflict(record));
    let detail = state.findings.conflict(&id, &view).await?;
    let tag = etag(detail.conflict.version);
    let body = ConflictDetailResponse {
        conflict: conflict(detail.conflict),
        emissions: detail.emissions.into_iter().map(emission).collect(),
        history: detail
            .history
            .into_iter()
            .map(|entry| view.entry(entry, &caller.0.user).into())
            .collect(),
        attachments: detail.attachments.into_iter().map(Into::into).collect(),
        merged: detail.merged.into_iter().map(conflict).collect(),
    };
    Ok(([(header::ETAG, tag)], Answer(body)).into_response())
}
