//! What people do about a conflict: take it on, give it to somebody, say something, settle it, open it again.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ConflictResponse;
use crate::{
    http::{
        AppState,
        caller::Caller,
        error::{Problem, ProblemResponse, Result},
        extract::{IfMatch, JsonBytes, Path, etag},
        idempotency,
    },
    service::findings::{Assignee, ConflictChange, Resolution},
};

/// Longest remark, in characters.
const COMMENT_MAX: usize = 2000;
/// Longest name of a team, in characters.
const TEAM_MAX: usize = 64;

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

/// Whose it is from now on.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignConflictRequest {
    /// An account that may act on conflicts,
    pub user: Option<String>,
    /// or the name of a team; one of the two.
    #[schema(max_length = 64)]
    pub team: Option<String>,
    /// Remark for the history.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub comment: String,
}

/// Who a conflict may be given to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssigneesResponse {
    /// Accounts that may act on conflicts.
    pub users: Vec<String>,
    /// Teams that were given something before; any other name will do.
    pub teams: Vec<String>,
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

/// Gives a conflict to an account or a team; again to somebody else while it is not resolved.
#[utoipa::path(post, path = "/{id}/assign", operation_id = "assign_conflict", tag = "conflicts", request_body = AssignConflictRequest,
    params(("id" = String, Path, description = "Conflict id"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse, headers(("etag" = String))), (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"), (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn assign_conflict(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<AssignConflictRequest>,
) -> Result<Response> {
    let step = Step {
        id,
        version,
        change: ConflictChange::Assign(assignee(request.user, request.team)?),
        comment: request.comment,
    };
    take_step(&state, &caller, &headers, &body, step).await
}

/// Says something about a conflict; nothing else changes.
#[utoipa::path(post, path = "/{id}/comment", operation_id = "comment_conflict", tag = "conflicts", request_body = CommentRequest,
    params(("id" = String, Path, description = "Conflict id"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ConflictResponse, headers(("etag" = String))), (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"), (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn comment_conflict(
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
        change: ConflictChange::Comment,
        comment: request.comment,
    };
    take_step(&state, &caller, &headers, &body, step).await
}

/// Who a conflict may be given to.
#[utoipa::path(get, path = "/assignees", operation_id = "list_assignees", tag = "conflicts",
    responses((status = 200, body = AssigneesResponse)))]
pub async fn list_assignees(State(state): State<AppState>) -> Result<Answer<AssigneesResponse>> {
    let (users, teams) = state.ledger.assignees().await?;
    Ok(Answer(AssigneesResponse { users, teams }))
}

fn assignee(user: Option<String>, team: Option<String>) -> Result<Assignee> {
    let trimmed = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match (trimmed(user), trimmed(team)) {
        (Some(user), None) => Ok(Assignee::User(user)),
        (None, Some(team)) if team.chars().count() <= TEAM_MAX && !team.contains(char::is_control) => {
            Ok(Assignee::Team(team))
        }
        (None, Some(_)) => Err(Problem::invalid(
            format!("小组名称最多 {TEAM_MAX} 字，不含控制字符。"),
            format!("Give a team name of at most {TEAM_MAX} characters without control characters."),
        )
        .field("team", "too long, or with control characters")),
        _ => Err(Problem::invalid(
            "请指定 user（账号）或 team（小组）之一。",
            "Give either user (an account) or team, one of the two.",
        )
        .field("user", "give either user or team")),
    }
}

/// A remark fits into the history.
///
/// # Errors
/// It is too long.
pub(super) fn check_comment(comment: &str) -> Result<()> {
    let length = comment.chars().count();
    if length <= COMMENT_MAX {
        return Ok(());
    }
    let reason = format!("{length} characters; at most {COMMENT_MAX}");
    Err(Problem::invalid(
        format!("备注过长（{length} 字），最多 {COMMENT_MAX} 字。"),
        format!("The comment has {length} characters; write at most {COMMENT_MAX}."),
    )
    .field("comment", reason))
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
    check_comment(&step.comment)?;
    state.findings.check_known(&step.id, &*caller.view(state)?).await?;
    let operation = format!("{:?} {} {}", step.change, step.id, step.version.0);
    idempotency::once(state, caller, headers, &[operation.as_bytes(), body], async {
        let Step {
            id,
            version,
            change,
            comment,
        } = step;
        let actor = &caller.0.user;
        tracing::info!(conflict = id, actor, ?change, "conflict changes");
        let record = state
            .ledger
            .change(&id, change, actor, comment.trim(), version.0, Timestamp::now())
            .await?;
        let tag = etag(record.version);
        idempotency::Answer::json(
            StatusCode::OK,
            Some(tag),
            &ConflictResponse::from(caller.view(state)?.conflict(record)),
        )
    })
    .await
}
