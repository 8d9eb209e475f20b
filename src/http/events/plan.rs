//! The frequency plan of an event: rows, the same as a file, and what a machine says of them.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    coordination::{
        Analysis,
        events::{PlanRow, RowContent, SheetLanguage},
    },
    http::{
        AppState,
        caller::Caller,
        coordination::check::LetterQuery,
        error::{ProblemResponse, Result},
        extract::{IfMatch, JsonBytes, Path, Query, etag},
        idempotency,
        language::{Language, negotiate, text_in},
        page::{self, ListResponse},
        registry::ImportRowProblem,
    },
    service::{
        audit::nothing_changed,
        events::{Imported, RowFindings, SeenRow},
    },
};

/// Bad rows that are told one by one.
const ERRORS_MAX: usize = 1000;

/// Which page.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventRowsQuery {
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// A row.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRowRequest {
    /// What is written.
    pub content: RowContent,
}

/// A row of the plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventRowResponse {
    /// The row.
    #[serde(flatten)]
    pub row: PlanRow,
    /// Whether the caller may change it.
    pub mine: bool,
}

impl From<SeenRow> for EventRowResponse {
    fn from(seen: SeenRow) -> Self {
        Self {
            row: seen.row.into_inner(),
            mine: seen.mine,
        }
    }
}

/// A file with a plan.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportEventPlanRequest {
    /// Its name, for messages.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it holds: CSV with Chinese or English headers.
    pub text: String,
    /// Only say what would come of it.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportEventPlanResponse {
    /// Rows below the header.
    pub rows_read: u64,
    /// What is wrong with them; then nothing was stored.
    pub errors: Vec<ImportRowProblem>,
    /// New channels.
    pub added: u64,
    /// Channels that say something else now.
    pub updated: u64,
    /// Channels that were there already.
    pub unchanged: u64,
    /// Whether it was stored.
    pub applied: bool,
}

impl ImportEventPlanResponse {
    fn of(imported: Imported, language: Language) -> Self {
        let errors = imported.bad.into_iter().take(ERRORS_MAX).map(|bad| ImportRowProblem {
            row: bad.line,
            reason: text_in(language, &bad.reason).to_owned(),
            field: bad.field,
            value: bad.value,
        });
        Self {
            rows_read: imported.rows_read,
            errors: errors.collect(),
            added: imported.added,
            updated: imported.updated,
            unchanged: imported.unchanged,
            applied: imported.applied,
        }
    }
}

/// What a machine says of a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventRowFindings {
    /// Id of the row.
    pub row: String,
    /// Its channel.
    pub channel: String,
    /// The check, as of a request.
    pub analysis: Analysis,
    /// Channels of other users in the plan with which it shares frequency, place and time.
    pub clashes: Vec<String>,
}

impl From<RowFindings> for EventRowFindings {
    fn from(found: RowFindings) -> Self {
        Self {
            row: found.row,
            channel: found.channel,
            analysis: found.analysis,
            clashes: found.clashes,
        }
    }
}

/// The frequency plan, ascending, as the caller may know it.
#[utoipa::path(get, path = "/{id}/plan", operation_id = "list_event_rows", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), EventRowsQuery),
    responses((status = 200, body = ListResponse<EventRowResponse>)))]
pub async fn list_event_rows(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EventRowsQuery>,
) -> Result<Answer<ListResponse<EventRowResponse>>> {
    let wanted = (Some(page::limit(query.limit)?), query.cursor);
    let page = state.events.rows(&id, wanted, caller.asking()).await?;
    Ok(Answer(ListResponse::of(page)))
}

/// Adds a row to the plan.
#[utoipa::path(post, path = "/{id}/plan", operation_id = "create_event_row", tag = "events", request_body = EventRowRequest,
    params(("id" = String, Path, description = "Id of the event"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = EventRowResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_event_row(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<EventRowRequest>,
) -> Result<Response> {
    let operation = format!("create_event_row {id}");
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let seen = state.events.add_row(&id, request.content, caller.asking()).await?;
        answer(StatusCode::CREATED, seen)
    })
    .await
}

/// Writes a row anew.
#[utoipa::path(put, path = "/{id}/plan/{row}", operation_id = "update_event_row", tag = "events", request_body = EventRowRequest,
    params(("id" = String, Path, description = "Id of the event"), ("row" = String, Path, description = "Id of the row"),
        ("if-match" = String, Header, description = "ETag of the row as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = EventRowResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_event_row(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, row)): Path<(String, String)>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<EventRowRequest>,
) -> Result<Response> {
    let operation = format!("update_event_row {id} {row} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let events = &state.events;
        let seen = events
            .change_row([&id, &row], version.0, request.content, caller.asking())
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

/// Removes a row.
#[utoipa::path(delete, path = "/{id}/plan/{row}", operation_id = "delete_event_row", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), ("row" = String, Path, description = "Id of the row"),
        ("if-match" = String, Header, description = "ETag of the row as it was read: its version in quotation marks")),
    responses((status = 204),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_event_row(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, row)): Path<(String, String)>,
    version: IfMatch,
) -> Result<StatusCode> {
    let events = &state.events;
    events.delete_row([&id, &row], version.0, caller.asking()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a CSV file into the plan, all of it or nothing: known channels are written anew, others added, none removed. Bad rows are
/// told by line with status 200 and `applied: false`.
#[utoipa::path(post, path = "/{id}/plan/imports", operation_id = "import_event_plan", tag = "events",
    request_body = ImportEventPlanRequest,
    params(("id" = String, Path, description = "Id of the event"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ImportEventPlanResponse),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn import_event_plan(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<ImportEventPlanRequest>,
) -> Result<Response> {
    let operation = format!("import_event_plan {id}");
    let language = negotiate(&headers);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let file = (request.name.as_str(), request.text.as_str());
        let events = &state.events;
        let imported = events.import_plan(&id, file, request.dry_run, caller.asking()).await?;
        if !imported.applied {
            nothing_changed();
        }
        idempotency::Answer::json(StatusCode::OK, None, &ImportEventPlanResponse::of(imported, language))
    })
    .await
}

/// The plan as the caller may know it, as a CSV file that can be read in again.
#[utoipa::path(get, path = "/{id}/plan/file", operation_id = "export_event_plan", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), LetterQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn export_event_plan(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<LetterQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let language = match query.lang.unwrap_or_else(|| negotiate(&headers)) {
        Language::Zh => SheetLanguage::Chinese,
        Language::En => SheetLanguage::English,
    };
    let (number, file) = state.events.export_plan(&id, language, caller.asking()).await?;
    let head = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present".to_owned(),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{number}.csv\""),
        ),
    ];
    Ok((head, file).into_response())
}

/// What a machine says of a page of the plan: the check that requests go through, counted as questions are (docs/disclosure.md),
/// and channels that are in each other's way. At most 25 rows at once.
#[utoipa::path(get, path = "/{id}/plan/findings", operation_id = "list_event_row_findings", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), EventRowsQuery),
    responses((status = 200, body = ListResponse<EventRowFindings>)))]
pub async fn list_event_row_findings(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EventRowsQuery>,
) -> Result<Answer<ListResponse<EventRowFindings>>> {
    let wanted = (Some(page::limit(query.limit)?), query.cursor);
    let page = state.events.check_plan(&id, wanted, caller.asking()).await?;
    Ok(Answer(ListResponse::of(page)))
}

fn answer(status: StatusCode, seen: SeenRow) -> Result<idempotency::Answer> {
    let shown = EventRowResponse::from(seen);
    idempotency::Answer::json(status, Some(etag(shown.row.version)), &shown)
}
