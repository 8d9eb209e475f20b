//! Notices: that something happened to a record the caller may know, and how far they have read.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::{Problem, ProblemResponse, Result},
    extract::{Json, Query},
    page::{self, ListResponse},
};
use crate::{
    registry::Text,
    service::notices::{NoticeKind, NoticeQuery, SeenNotice, SeenSubject, Unread},
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListNoticesQuery {
    /// Of this kind.
    #[param(inline)]
    pub kind: Option<NoticeKind>,
    /// Only what the caller has not read, and others did.
    pub unread: Option<bool>,
    /// Key of a notice: those that came after it, oldest first.
    pub after: Option<String>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// A record as the caller may know it now.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NoticeSubject {
    /// Id of the record.
    pub id: String,
    /// Its number; null where it has none yet.
    #[schema(required = true)]
    pub number: Option<String>,
    /// What it is called.
    pub title: Text,
    /// Where it stands now.
    pub state: String,
}

/// One notice. What it tells of the record is what the caller may know when they read, not what was when it happened.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NoticeResponse {
    /// Key, by which one goes on.
    pub id: String,
    /// What kind of record it is about.
    pub kind: NoticeKind,
    /// What happened: the step that was taken, or `message`, `file_added`, `reminder`, `violation`, `plan`, `device`, `test`.
    pub action: String,
    /// When.
    pub time: Timestamp,
    /// The account that did it, or `system`; null where the caller is not told.
    #[schema(required = true)]
    pub actor: Option<String>,
    /// The caller did it.
    pub own: bool,
    /// Somebody else did it, and the caller has not marked it as read.
    pub unread: bool,
    /// The record.
    pub subject: NoticeSubject,
}

/// How much the caller has not read.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnreadNoticesResponse {
    /// Notices, at most 99.
    pub unread: usize,
    /// There are more.
    pub more: bool,
}

/// Up to where the caller has read.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkNoticesReadRequest {
    /// Key of the last notice that was read.
    pub through: String,
}

impl From<SeenNotice> for NoticeResponse {
    fn from(seen: SeenNotice) -> Self {
        let SeenSubject {
            id,
            number,
            title,
            state,
            open: _,
        } = seen.subject;
        Self {
            id: seen.id,
            kind: seen.kind,
            action: seen.action,
            time: seen.time,
            actor: seen.actor,
            own: seen.own,
            unread: seen.unread,
            subject: NoticeSubject {
                id,
                number,
                title,
                state,
            },
        }
    }
}

impl From<Unread> for UnreadNoticesResponse {
    fn from(Unread { count, more }: Unread) -> Self {
        Self { unread: count, more }
    }
}

/// Lists notices of records the caller may know, the latest first. Of a record that the caller may not know any more there is
/// none. With `after` those that came after a notice, oldest first; 410 where it is not kept any more: read the list anew.
#[utoipa::path(get, path = "", operation_id = "list_notices", tag = "notices", params(ListNoticesQuery),
    responses((status = 200, body = ListResponse<NoticeResponse>),
        (status = 410, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn list_notices(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListNoticesQuery>,
) -> Result<Answer<ListResponse<NoticeResponse>>> {
    if query.after.is_some() && query.cursor.is_some() {
        return Err(Problem::malformed(
            "after 与 cursor 只能给出一个：续读新通知用 after，翻页用 cursor。",
            "Give either after, to go on with what is new, or cursor, for the next page.",
        )
        .field("after", "given together with cursor"));
    }
    let wanted = NoticeQuery {
        after: query.after,
        cursor: query.cursor,
        kind: query.kind,
        unread: query.unread.unwrap_or(false),
        limit: Some(page::limit(query.limit)?),
    };
    Ok(Answer(ListResponse::of(
        state.notices.list(&wanted, caller.asking()).await?,
    )))
}

/// How much the caller has not read.
#[utoipa::path(get, path = "/unread", operation_id = "count_unread_notices", tag = "notices",
    responses((status = 200, body = UnreadNoticesResponse)))]
pub async fn count_unread_notices(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Answer<UnreadNoticesResponse>> {
    Ok(Answer(state.notices.unread(caller.asking()).await?.into()))
}

/// Marks everything up to a notice as read, for the caller's account alone. What was read stays read.
#[utoipa::path(put, path = "/read", operation_id = "mark_notices_read", tag = "notices",
    request_body = MarkNoticesReadRequest,
    responses((status = 200, body = UnreadNoticesResponse),
        (status = 410, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn mark_notices_read(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<MarkNoticesReadRequest>,
) -> Result<Answer<UnreadNoticesResponse>> {
    let left = state.notices.mark_read(&request.through, caller.asking()).await?;
    Ok(Answer(left.into()))
}
