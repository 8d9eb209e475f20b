//! Files that belong to a conflict.

use axum::{
    Json as Answer,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;

use super::ConflictResponse;
use crate::{
    http::{
        AppState,
        caller::Caller,
        error::{ProblemResponse, Result},
        extract::{IfMatch, Path, Query, etag},
        idempotency,
        page::ListResponse,
        upload::{FileQuery, content, download},
    },
    service::{findings::FileRecord, vault::NewFile},
};

/// One file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AttachmentResponse {
    /// Public id.
    pub id: String,
    /// The conflict it was attached to: this one, or one that was merged into it.
    pub conflict_id: String,
    /// Name of the file.
    pub name: String,
    /// Media type.
    pub content_type: String,
    /// Size.
    pub size_bytes: u64,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
    /// Who attached it.
    pub uploaded_by: String,
    /// When.
    pub uploaded_at: Timestamp,
}

impl From<FileRecord> for AttachmentResponse {
    fn from(record: FileRecord) -> Self {
        Self {
            id: record.id,
            conflict_id: record.owner_id,
            name: record.name,
            content_type: record.content_type,
            size_bytes: record.size_bytes,
            sha256: record.sha256,
            uploaded_by: record.uploaded_by,
            uploaded_at: record.uploaded_at,
        }
    }
}

/// A new file and the conflict it belongs to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AddAttachmentResponse {
    /// The file.
    pub attachment: AttachmentResponse,
    /// The conflict after the change. The ETag is its.
    pub conflict: ConflictResponse,
}

/// Lists the files of a conflict, oldest first.
#[utoipa::path(get, path = "/{id}/attachments", operation_id = "list_attachments", tag = "conflicts",
    params(("id" = String, Path, description = "Conflict id")),
    responses((status = 200, body = ListResponse<AttachmentResponse>)))]
pub async fn list_attachments(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<ListResponse<AttachmentResponse>>> {
    let files = state.findings.files(&id, &*caller.view(&state)?).await?;
    Ok(Answer(ListResponse::complete(
        files.into_iter().map(Into::into).collect(),
    )))
}

/// Attaches a file to a conflict: the body is its content. It is on the disk when this answers.
#[utoipa::path(post, path = "/{id}/attachments", operation_id = "add_attachment", tag = "conflicts",
    request_body(content = Vec<u8>, content_type = "application/octet-stream",
        description = "The content, with its own Content-Type: images (PNG, JPEG, WebP), PDF, text, CSV, JSON, WAV, Ogg, MP4, zip, docx, xlsx, or application/octet-stream for anything else"),
    params(("id" = String, Path, description = "Conflict id"), FileQuery,
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = AddAttachmentResponse, headers(("etag" = String))), (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 413, body = ProblemResponse, content_type = "application/problem+json"), (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn add_attachment(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<FileQuery>,
    version: IfMatch,
    headers: HeaderMap,
    request: Request,
) -> Result<Response> {
    state.findings.check_known(&id, &*caller.view(&state)?).await?;
    let content = content(&state, request).await?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let operation = format!("attach {id} {} {content_type} {}", version.0, query.name);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &content], async {
        let actor = &caller.0.user;
        tracing::info!(
            conflict = id,
            actor,
            name = query.name,
            bytes = content.len(),
            "a file is attached"
        );
        let file = NewFile {
            name: query.name,
            content_type,
            content: content.to_vec(),
        };
        let (attachment, conflict) = state
            .attachments
            .add(&id, file, actor, version.0, Timestamp::now())
            .await?;
        let tag = etag(conflict.version);
        let body = AddAttachmentResponse {
            attachment: attachment.into(),
            conflict: caller.view(&state)?.conflict(conflict).into(),
        };
        idempotency::Answer::json(StatusCode::CREATED, Some(tag), &body)
    })
    .await
}

/// The content of a file, to be saved and not shown.
#[utoipa::path(get, path = "/{id}/attachments/{attachment}", operation_id = "get_attachment", tag = "conflicts",
    params(("id" = String, Path, description = "Conflict id"), ("attachment" = String, Path, description = "Attachment id")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("content-disposition" = String)))))]
pub async fn get_attachment(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, attachment)): Path<(String, String)>,
) -> Result<Response> {
    let view = caller.view(&state)?;
    state.findings.check_file(&id, &attachment, &view).await?;
    let (record, content) = state.attachments.read(&id, &attachment).await?;
    Ok(download(&record.name, &record.content_type, content))
}

/// Removes a file; the history keeps its name and hash.
#[utoipa::path(delete, path = "/{id}/attachments/{attachment}", operation_id = "delete_attachment", tag = "conflicts",
    params(("id" = String, Path, description = "Conflict id"), ("attachment" = String, Path, description = "Attachment id"),
        ("if-match" = String, Header, description = "ETag of the conflict as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice, done once")),
    responses((status = 200, body = ConflictResponse, headers(("etag" = String))), (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_attachment(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, attachment)): Path<(String, String)>,
    version: IfMatch,
    headers: HeaderMap,
) -> Result<Response> {
    let view = caller.view(&state)?;
    state.findings.check_file(&id, &attachment, &view).await?;
    let operation = format!("detach {id} {attachment} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes()], async {
        let actor = &caller.0.user;
        tracing::info!(conflict = id, actor, attachment, "a file is removed");
        let conflict = state
            .attachments
            .remove(&id, &attachment, actor, version.0, Timestamp::now())
            .await?;
        let tag = etag(conflict.version);
        idempotency::Answer::json(
            StatusCode::OK,
            Some(tag),
            &ConflictResponse::from(caller.view(&state)?.conflict(conflict)),
        )
    })
    .await
}
