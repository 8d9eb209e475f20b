//! Two conflicts of one cause made one, and apart again.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ConflictResponse, steps::CommentRequest, steps::check_comment};
use crate::{
    http::{
        AppState,
        caller::Caller,
        error::{ProblemResponse, Result},
        extract::{IfMatch, JsonBytes, Path, etag},
        idempotency,
    },
    service::{disclosure::View, findings::ConflictRecord},
};

/// Which conflict to become part of.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeConflictRequest {
    /// Id of the other conflict, which goes on.
    pub into: String,
    /// Its version as it was read.
    pub into_version: u64,
    /// Remark for both histories.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub comment: String,
}

/// Both conflicts after the change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MergeConflictResponse {
    /// The one that was, or is no longer, part of the other. The ETag is its.
    pub part: ConflictResponse,
    /// The other one.
    pub whole: ConflictResponse,
}

fn answer(view: &View, [part, whole]: [ConflictRecord; 2]) -> Result<idempotency::Answer> {
    let tag = etag(part.version);
    let body = MergeConflictResponse {
        part: view.conflict(part).into(),
        whole: view.conflict(whole).into(),
    };
    idempotency::Answer::json(StatusCode::OK, Some(tag), &body)
}

/// Makes a conflict part of another one of the same cause: its emissions, history and attachments are found there, and
/// further evidence counts there.
#[utoipa::path(post, path = "/{id}/merge", operation_id = "merge_conflict", tag = "conflicts", request_body = MergeConflictRequest,
    params(("id" = String, Path, description = "Conflict id"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = MergeConflictResponse, headers(("etag" = String))), (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"), (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn merge_conflict(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<MergeConflictRequest>,
) -> Result<Response> {
    check_comment(&request.comment)?;
    let view = caller.view(&state)?;
    for id in [&id, &request.into] {
        state.findings.check_known(id, &view).await?;
    }
    let operation = format!("merge {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let (actor, versions) = (&caller.0.user, [version.0, request.into_version]);
        tracing::info!(conflict = id, into = request.into, actor, "conflicts merge");
        let both = [id.as_str(), request.into.as_str()];
        let comment = request.comment.trim();
        answer(
            &view,
            state
                .ledger
                .merge(both, versions, actor, comment, Timestamp::now())
                .await?,
        )
    })
    .await
}

/// Takes a merging back: each has its own emissions, history and attachments again, also those that came in between.
#[utoipa::path(post, path = "/{id}/unmerge", operation_id = "unmerge_conflict", tag = "conflicts", request_body = CommentRequest,
    params(("id" = String, Path, description = "Id of the merged conflict"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = MergeConflictResponse, headers(("etag" = String))), (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"), (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn unmerge_conflict(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<CommentRequest>,
) -> Result<Response> {
    check_comment(&request.comment)?;
    state.findings.check_known(&id, &*caller.view(&state)?).await?;
    let operation = format!("unmerge {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let (actor, comment) = (&caller.0.user, request.comment.trim());
        tracing::info!(conflict = id, actor, "a merging is taken back");
        answer(
            &*caller.view(&state)?,
            state
                .ledger
                .unmerge(&id, version.0, actor, comment, Timestamp::now())
                .await?,
        )
    })
    .await
}
