//! Files of a request: maps, frequency plans, letters.

use axum::{
    Json as Answer,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    http::{
        AppState,
        caller::Caller,
        error::{ProblemResponse, Result},
        extract::{Path, Query},
        idempotency,
        page::ListResponse,
        upload::{FileQuery, content, download},
    },
    service::{coordination::KnownFile, vault::NewFile},
};

/// One file of a request.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RequestFileResponse {
    /// Public id.
    pub id: String,
    /// Name of the file.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Size.
    pub size_bytes: u64,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Who added it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Timestamp,
    /// It waits for the time at which it is shown to the side that asks.
    pub sealed: bool,
}

impl From<KnownFile> for RequestFileResponse {
    fn from(known: KnownFile) -> Self {
        let KnownFile { file, waits } = known;
        Self {
            id: file.id,
            name: file.name,
            content_type: file.content_type,
            size_bytes: file.size_bytes,
            sha256: file.sha256,
            uploaded_by: file.uploaded_by,
            uploaded_at: file.uploaded_at,
            sealed: waits,
        }
    }
}

/// Lists the files of a request, oldest first.
#[utoipa::path(get, path = "/{id}/files", operation_id = "list_request_files", tag = "coordination",
    params(("id" = String, Path, description = "Request id")),
    responses((status = 200, body = ListResponse<RequestFileResponse>)))]
pub async fn list_request_files(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<ListResponse<RequestFileResponse>>> {
    let files = state.coordination.files(&id, &caller.officer()?).await?;
    Ok(Answer(ListResponse::complete(
        files.into_iter().map(Into::into).collect(),
    )))
}

/// Adds a file to a request: the body is its content. It is on the disk when this answers. What is added to a draft goes with it
/// when it is sent.
#[utoipa::path(post, path = "/{id}/files", operation_id = "add_request_file", tag = "coordination",
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
        description = "The content, with its own Content-Type: images (PNG, JPEG, WebP), PDF, text, CSV, JSON, WAV, Ogg, MP4, zip, docx, xlsx, or application/octet-stream for anything else"),
    params(("id" = String, Path, description = "Request id"), FileQuery,
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = RequestFileResponse), (status = 413, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn add_request_file(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<FileQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response> {
    let officer = caller.officer()?;
    let content = content(&state, request).await?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let operation = format!("add_request_file {id} {content_type} {}", query.name);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &content], async {
        let bytes = content.len();
        tracing::info!(
            request = id,
            actor = officer.user,
            name = query.name,
            bytes,
            "a file is added"
        );
        let file = NewFile {
            name: query.name,
            content_type,
            content: content.to_vec(),
        };
        let vault = state.attachments.vault();
        let added = state
            .coordination
            .add_file(vault, &id, file, &officer, Timestamp::now());
        idempotency::Answer::json(StatusCode::CREATED, None, &RequestFileResponse::from(added.await?))
    })
    .await
}

/// The content of a file, to be saved and not shown.
#[utoipa::path(get, path = "/{id}/files/{file}", operation_id = "get_request_file", tag = "coordination",
    params(("id" = String, Path, description = "Request id"), ("file" = String, Path, description = "File id")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("content-disposition" = String)))))]
pub async fn get_request_file(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response> {
    let vault = state.attachments.vault();
    let (file, content) = state.coordination.file(vault, &id, &file, &caller.officer()?).await?;
    Ok(download(&file.name, &file.content_type, content))
}

/// Takes a file out of a draft, and answers those that are left; what was sent stays.
#[utoipa::path(delete, path = "/{id}/files/{file}", operation_id = "delete_request_file", tag = "coordination",
    params(("id" = String, Path, description = "Request id"), ("file" = String, Path, description = "File id"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice, done once")),
    responses((status = 200, body = ListResponse<RequestFileResponse>), (status = 409, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_request_file(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let officer = caller.officer()?;
    let operation = format!("delete_request_file {id} {file}");
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes()], async {
        tracing::info!(
            request = id,
            actor = officer.user,
            file,
            "a file is taken out of a draft"
        );
        let vault = state.attachments.vault();
        let removed = state
            .coordination
            .remove_file(vault, &id, &file, &officer, Timestamp::now());
        removed.await?;
        let left = state.coordination.files(&id, &officer).await?.into_iter();
        let left: ListResponse<RequestFileResponse> = ListResponse::complete(left.map(Into::into).collect());
        idempotency::Answer::json(StatusCode::OK, None, &left)
    })
    .await
}
