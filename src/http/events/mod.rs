//! Major events: written, announced, run and closed by the office that leads them.

pub mod days;
pub mod devices;
pub mod plan;
pub mod watch;

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
    error::{ProblemResponse, Result},
    extract::{IfMatch, JsonBytes, Path, Query, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::{
    coordination::events::{Event, EventContent, EventState, EventStep},
    registry::Text,
    service::events::{MajorEventQuery, SeenEvent},
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListEventsQuery {
    /// Where it stands.
    #[param(inline)]
    pub state: Option<EventState>,
    /// `true`: still to come or going on; `false`: over.
    pub open: Option<bool>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// An event.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRequest {
    /// What is written about it.
    pub content: EventContent,
}

/// What a person does with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakeEventStep {
    /// Tell those who take part.
    Announce,
    /// It begins.
    Start,
    /// It is over.
    Close,
    /// It does not take place, with a reason.
    Cancel,
    /// Say something.
    Note,
}

impl From<TakeEventStep> for EventStep {
    fn from(step: TakeEventStep) -> Self {
        match step {
            TakeEventStep::Announce => Self::Announce,
            TakeEventStep::Start => Self::Start,
            TakeEventStep::Close => Self::Close,
            TakeEventStep::Cancel => Self::Cancel,
            TakeEventStep::Note => Self::Note,
        }
    }
}

/// One step.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeEventStepRequest {
    /// What is done.
    pub step: TakeEventStep,
    /// In words.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub reason: String,
}

/// A step the event has now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OfferedEventStep {
    /// The step.
    pub step: EventStep,
    /// Where it leads; null: it stays where it is.
    #[schema(required = true)]
    pub to: Option<EventState>,
    /// Whether words must be given.
    pub reason: bool,
    /// What keeps the caller from it; null: nothing.
    #[schema(required = true)]
    pub refusal: Option<Text>,
}

/// One event, and what can be done with it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventResponse {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant no longer in it.
    pub until: Timestamp,
    /// The steps it has now, with what keeps the caller from each.
    pub available: Vec<OfferedEventStep>,
    /// Whether the caller may work on its plan and at its gate now.
    pub works: bool,
}

impl From<SeenEvent> for EventResponse {
    fn from(seen: SeenEvent) -> Self {
        let event = seen.event.into_inner();
        let [from, until] = event.span();
        let offers = seen.available.into_iter().map(|(rule, refusal)| OfferedEventStep {
            step: rule.step,
            to: rule.to,
            reason: rule.reason,
            refusal,
        });
        Self {
            event,
            from,
            until,
            available: offers.collect(),
            works: seen.works,
        }
    }
}

/// Lists events, the latest first: those in which the own organisation takes part; all of them for the coordinator and the
/// overseers.
#[utoipa::path(get, path = "", operation_id = "list_events", tag = "events", params(ListEventsQuery),
    responses((status = 200, body = ListResponse<EventResponse>)))]
pub async fn list_events(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListEventsQuery>,
) -> Result<Answer<ListResponse<EventResponse>>> {
    let wanted = MajorEventQuery {
        state: query.state,
        open: query.open,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    Ok(Answer(ListResponse::of(
        state.events.list(&wanted, caller.asking()).await?,
    )))
}

/// One event with its course; the ETag is needed to change it.
#[utoipa::path(get, path = "/{id}", operation_id = "get_event", tag = "events",
    params(("id" = String, Path, description = "Id of the event")),
    responses((status = 200, body = EventResponse, headers(("etag" = String)))))]
pub async fn get_event(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let event = EventResponse::from(state.events.get(&id, caller.asking()).await?);
    Ok(([(header::ETAG, etag(event.event.version))], Answer(event)).into_response())
}

/// Writes an event: a draft of the caller's organisation, which leads it, and known to nobody else until it is announced.
#[utoipa::path(post, path = "", operation_id = "create_event", tag = "events", request_body = EventRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = EventResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_event(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<EventRequest>,
) -> Result<Response> {
    idempotency::once(&state, &caller, &headers, &[b"create_event", &body], async {
        let seen = state.events.create(request.content, caller.asking()).await?;
        answer(StatusCode::CREATED, seen)
    })
    .await
}

/// Writes an event anew, while it is not over.
#[utoipa::path(put, path = "/{id}", operation_id = "update_event", tag = "events", request_body = EventRequest,
    params(("id" = String, Path, description = "Id of the event"),
        ("if-match" = String, Header, description = "ETag of the event as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = EventResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_event(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<EventRequest>,
) -> Result<Response> {
    let operation = format!("update_event {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let seen = state
            .events
            .edit(&id, version.0, request.content, caller.asking())
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

/// Takes a step: the lead office announces, starts, closes and cancels; whoever takes part may leave a note.
#[utoipa::path(post, path = "/{id}/transitions", operation_id = "take_event_step", tag = "events",
    request_body = TakeEventStepRequest,
    params(("id" = String, Path, description = "Id of the event"),
        ("if-match" = String, Header, description = "ETag of the event as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = EventResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn take_event_step(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TakeEventStepRequest>,
) -> Result<Response> {
    let operation = format!("take_event_step {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let TakeEventStepRequest { step, reason } = request;
        let seen = state
            .events
            .take(&id, version.0, step.into(), reason, caller.asking())
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

fn answer(status: StatusCode, seen: SeenEvent) -> Result<idempotency::Answer> {
    let shown = EventResponse::from(seen);
    idempotency::Answer::json(status, Some(etag(shown.event.version)), &shown)
}
