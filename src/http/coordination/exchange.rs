//! Requests as files of frequency management, out and in.

use axum::{
    Json as Answer,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    coordination::exchange::{ReadRequest, Unread, read, write},
    http::{
        AppState,
        caller::Caller,
        error::{Problem, ProblemResponse, Result},
        extract::{Json, Path, Query},
        language::{Language, negotiate},
        page::ListResponse,
    },
    registry::{
        Text,
        export::{self, Folders, Format, Options},
    },
};

/// How a request is written.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExchangeQuery {
    /// Format of the file.
    #[param(inline)]
    pub format: Format,
}

/// A file with requests.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequestsRequest {
    /// Its name, for messages.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it holds: SFAF, SSRF, or any other format of stations that is text.
    pub text: String,
}

/// The request as a file for the systems of frequency management: what was agreed, or before that what is asked for, which
/// the file says. SFAF knows days, not hours.
#[utoipa::path(get, path = "/{id}/exchange", operation_id = "export_request", tag = "coordination",
    params(("id" = String, Path, description = "Request id"), ExchangeQuery),
    responses((status = 200, content((String = "text/plain"), (String = "application/xml"), (String = "text/csv"),
            (String = "application/geo+json"), (String = "application/vnd.google-earth.kml+xml"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn export_request(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ExchangeQuery>,
    headers: axum::http::HeaderMap,
) -> Result<Response> {
    let seen = state.coordination.get(&id, &caller.officer()?).await?;
    let request = seen.request.get();
    let options = Options {
        language: match negotiate(&headers) {
            Language::Zh => export::Language::Chinese,
            Language::En => export::Language::English,
        },
        folders: Folders::default(),
        written_at: Timestamp::now(),
    };
    let file = write(request, query.format, &options)?;
    let name = request.number.as_deref().unwrap_or("draft");
    let head = [
        (header::CONTENT_TYPE, query.format.media_type().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.{}\"", query.format.extension()),
        ),
    ];
    Ok((head, file).into_response())
}

/// Reads a file as requests that are still to be completed and written; nothing is kept. Any fault in it and nothing is read.
#[utoipa::path(post, path = "", operation_id = "read_requests", tag = "coordination", request_body = ReadRequestsRequest,
    responses((status = 200, body = ListResponse<ReadRequest>),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn read_requests(Json(request): Json<ReadRequestsRequest>) -> Result<Answer<ListResponse<ReadRequest>>> {
    let read = tokio::task::spawn_blocking(move || read(&request.name, &request.text));
    let read = read
        .await
        .map_err(|_| Problem::from_status(axum::http::StatusCode::INTERNAL_SERVER_ERROR))?;
    Ok(Answer(ListResponse::complete(read?)))
}

impl From<Unread> for Problem {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::File(text) => Self::invalid(text.zh.clone(), text.en.clone()).field_text("text", text),
            Unread::Rows(rows) => {
                let many = rows.len();
                let problem = Self::invalid(
                    format!("文件中有 {many} 处错误，未读取任何申请，见 errors。"),
                    format!("The file has {many} faults and nothing of it was read; see errors."),
                );
                rows.into_iter().take(FAULTS_TOLD).fold(problem, |problem, row| {
                    let at = format!("{}:{} {}", row.file, row.line, row.field);
                    let reason = Text::new(
                        format!("{}（{}）", row.reason.zh, row.value),
                        format!("{} ({})", row.reason.en, row.value),
                    );
                    problem.field_text(at, reason)
                })
            }
        }
    }
}

/// Faults of a file that are told one by one.
const FAULTS_TOLD: usize = 100;
