//! What offices do about a request, and what they say to each other.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use serde::Deserialize;

use super::{RequestResponse, ThreadEntryResponse, changed};
use crate::{
    coordination::Step,
    http::{
        AppState,
        caller::Caller,
        error::{Problem, ProblemResponse, Result},
        extract::{IfMatch, JsonBytes, Path},
        idempotency,
        page::ListResponse,
    },
    service::coordination::{EntryKind, Given},
    units::Band,
};

/// Longest reason and conditions, in characters.
const WORDS_MAX: usize = 4000;

/// A step, with what it carries.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeStepRequest {
    /// The step.
    pub step: Step,
    /// Why, or what is asked or answered, in words.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub reason: String,
    /// Conditions of an agreement.
    #[schema(max_length = 4000)]
    pub conditions: Option<String>,
    /// First instant no longer agreed; by default the end that was asked for, within the longest lease.
    pub expires: Option<Timestamp>,
    /// The band that is agreed to; needed for a request of something that fits.
    pub band: Option<Band>,
    /// With a refusal: bands that would be agreed to instead, at most 10.
    #[serde(default)]
    pub offered: Vec<Band>,
}

/// A message to the other side.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMessageRequest {
    /// The message.
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
}

/// Takes a step: submits, receives, reviews, decides, puts in force, renews, suspends, ends. Where answers are shown at fixed
/// times, one of the side that is asked waits among `sealed` and the request stays as it is until then.
#[utoipa::path(post, path = "/{id}/transitions", operation_id = "take_request_step", tag = "coordination", request_body = TakeStepRequest,
    params(("id" = String, Path, description = "Request id"),
        ("if-match" = String, Header, description = "ETag of the request as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = RequestResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn take_request_step(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TakeStepRequest>,
) -> Result<Response> {
    let officer = caller.officer()?;
    short_enough("reason", &request.reason)?;
    short_enough("conditions", request.conditions.as_deref().unwrap_or_default())?;
    let operation = format!("take_request_step {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let TakeStepRequest {
            step,
            reason,
            conditions,
            expires,
            band,
            offered,
        } = request;
        let given = Given {
            reason,
            conditions,
            expires,
            band,
            offered,
        };
        tracing::info!(request = id, actor = officer.user, ?step, "a step of a request");
        let taken = state
            .coordination
            .step(&id, step, given, &officer, version.0, Timestamp::now())
            .await?;
        changed(StatusCode::OK, taken)
    })
    .await
}

/// What both sides said to each other about a request, oldest first.
#[utoipa::path(get, path = "/{id}/messages", operation_id = "list_request_messages", tag = "coordination",
    params(("id" = String, Path, description = "Request id")),
    responses((status = 200, body = ListResponse<ThreadEntryResponse>)))]
pub async fn list_request_messages(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<ListResponse<ThreadEntryResponse>>> {
    let view = caller.view(&state)?;
    let thread = state.coordination.thread(&id, &caller.officer()?, &view).await?;
    let entries = thread.into_iter().map(ThreadEntryResponse::from);
    let messages = entries.filter(|entry| entry.kind == EntryKind::Message);
    Ok(Answer(ListResponse::complete(messages.collect())))
}

/// Says something to the other side; on a draft, to the own.
#[utoipa::path(post, path = "/{id}/messages", operation_id = "add_request_message", tag = "coordination", request_body = AddMessageRequest,
    params(("id" = String, Path, description = "Request id"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = ThreadEntryResponse),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn add_request_message(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<AddMessageRequest>,
) -> Result<Response> {
    let officer = caller.officer()?;
    short_enough("text", &request.text)?;
    if request.text.trim().is_empty() {
        return Err(
            Problem::invalid("消息为空：请写明内容。", "The message is empty: write something.").field("text", "empty"),
        );
    }
    let operation = format!("add_request_message {id}");
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let said = state
            .coordination
            .say(&id, &request.text, &officer, Timestamp::now())
            .await?;
        let mut response = ThreadEntryResponse::from(said.entry);
        response.publishes_at = said.publishes_at;
        idempotency::Answer::json(StatusCode::CREATED, None, &response)
    })
    .await
}

fn short_enough(field: &str, text: &str) -> Result<()> {
    let length = text.chars().count();
    if length <= WORDS_MAX {
        return Ok(());
    }
    Err(Problem::invalid(
        format!("内容过长（{length} 字），最多 {WORDS_MAX} 字。"),
        format!("The text has {length} characters; write at most {WORDS_MAX}."),
    )
    .field(field, format!("{length} characters; at most {WORDS_MAX}")))
}
