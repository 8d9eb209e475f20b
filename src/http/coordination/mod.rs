//! Requests between civil and military offices.

pub mod check;
pub mod disclosure;
pub mod exchange;
pub mod files;
pub mod questions;
pub mod sealed;
pub mod steps;

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
    error::{Problem, ProblemResponse, Result},
    extract::{IfMatch, JsonBytes, Path, Query, band, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::{
    Error,
    coordination::{Carry, Due, Party, Proposal, Request, Rule, Sealed, Side, State as RequestState, Step},
    registry::Text,
    service::{
        auth::permissions,
        coordination::{EntryKind, Links, Officer, Phase, Refused, RequestQuery, Seen, ThreadEntry},
        disclosure::Disclosed,
    },
};

/// One request, and what can be done with it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RequestResponse {
    /// The request.
    #[serde(flatten)]
    pub request: Request,
    /// What the service does about it next.
    #[schema(required = true)]
    pub due: Option<DueResponse>,
    /// What the caller may do now.
    pub steps: Vec<StepResponse>,
    /// What the side that is asked did and its counterpart is not told yet, and what was discarded; always empty for the side
    /// that asks.
    pub sealed: Vec<Sealed>,
}

/// What the service does about a request when nobody acts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DueResponse {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: DueKind,
}

/// What the service does when nobody acts.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// Those who are to act are reminded.
    Remind,
    /// Those in charge are told.
    Escalate,
    /// It ends without an answer.
    Lapse,
    /// It counts as agreed.
    AgreeBySilence,
    /// The time that was agreed is over.
    Expire,
}

/// A step that may be taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StepResponse {
    /// The step.
    pub step: Step,
    /// Where it leads.
    pub to: RequestState,
    /// What it must carry.
    pub carries: &'static [Carry],
}

/// One request with all there is about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RequestDetailResponse {
    /// The request.
    #[serde(flatten)]
    pub request: RequestResponse,
    /// What was done, said, reminded of and measured, oldest first.
    pub thread: Vec<ThreadEntryResponse>,
}

/// One entry of a request's thread.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ThreadEntryResponse {
    /// Number within the thread.
    pub entry: u64,
    /// When.
    pub time: Timestamp,
    /// Account name, or `system`.
    pub actor: String,
    /// In which part.
    pub party: Party,
    /// What it is.
    pub kind: EntryKind,
    /// The step that was taken.
    #[schema(required = true)]
    pub step: Option<Step>,
    /// Where the request stood afterwards.
    pub state: RequestState,
    /// In words; people's are the same in both languages. May be empty.
    pub text: Text,
    /// The conflict that was opened.
    #[schema(required = true)]
    pub conflict: Option<String>,
    /// Seen by its own side alone.
    pub internal: bool,
    /// In the answer to a message that waits: when the other side is told. Its number is 0 until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publishes_at: Option<Timestamp>,
}

/// What is asked for.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRequestRequest {
    /// What is asked for.
    pub proposal: Proposal,
    /// The request of the same side that this one takes up again with other terms.
    pub follows: Option<String>,
    /// Id of a major event in which the caller's organisation takes part: its deadlines may be shorter.
    pub event: Option<String>,
}

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListRequestsQuery {
    /// In this state.
    pub state: Option<RequestState>,
    /// In this phase.
    pub phase: Option<Phase>,
    /// Naming this event, by its id.
    pub event: Option<String>,
    /// Asked by this side.
    pub side: Option<Side>,
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// In number, title, user or office.
    pub q: Option<String>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

impl From<Seen> for RequestResponse {
    fn from(seen: Seen) -> Self {
        let what = |due| match due {
            Due::Remind => DueKind::Remind,
            Due::Escalate => DueKind::Escalate,
            Due::Take(Step::AgreeBySilence) => DueKind::AgreeBySilence,
            Due::Take(Step::Expire) => DueKind::Expire,
            Due::Take(_) => DueKind::Lapse,
        };
        let step = |rule: &'static Rule| StepResponse {
            step: rule.step,
            to: rule.to,
            carries: rule.carries,
        };
        Self {
            request: seen.request.into_inner(),
            due: seen.due.map(|(at, due)| DueResponse { at, what: what(due) }),
            steps: seen.steps.into_iter().map(step).collect(),
            sealed: seen.sealed.into_inner(),
        }
    }
}

impl From<Disclosed<ThreadEntry>> for ThreadEntryResponse {
    fn from(entry: Disclosed<ThreadEntry>) -> Self {
        let entry = entry.into_inner();
        Self {
            entry: entry.entry,
            time: entry.time,
            actor: entry.actor,
            party: entry.party,
            kind: entry.kind,
            step: entry.step,
            state: entry.state,
            text: entry.text,
            conflict: entry.conflict,
            internal: entry.internal,
            publishes_at: None,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Failed(error) => error.into(),
            Refused::Faults(faults) => Self::faulty(faults),
            Refused::Step(refusal) => refusal.into(),
            Refused::Clash(number) if number.is_empty() => Self::new(
                StatusCode::CONFLICT,
                "wrong_state",
                "与另一份已生效的申请频率、地点和时间重叠：请与审批单位联系。",
                "Another request is in force for the same frequencies, place and time: ask the office that decided.",
            ),
            Refused::Clash(number) => Self::new(
                StatusCode::CONFLICT,
                "wrong_state",
                format!("与已生效的申请 {number} 频率、地点和时间重叠：请先调整其中一份。"),
                format!(
                    "Request {number} is in force for the same frequencies, place and time: change one of the two."
                ),
            ),
        }
    }
}

impl Caller {
    /// The caller as somebody who takes part in coordination.
    fn officer(&self) -> Result<Officer> {
        let standing = permissions::standing(self.0.role).ok_or_else(|| Error::Forbidden {
            role: self.0.role.name().to_owned(),
            action: "take part in coordination",
        })?;
        Ok(Officer {
            user: self.0.user.clone(),
            standing,
            organisation: self.0.organisation.clone(),
        })
    }
}

/// The request as the answer to a change.
fn changed(status: StatusCode, seen: Seen) -> Result<idempotency::Answer> {
    let tag = etag(seen.request.get().version);
    idempotency::Answer::json(status, Some(tag), &RequestResponse::from(seen))
}

/// Lists requests, last changed first: the caller's own organisation's and those sent to it. The coordinator and those who
/// watch over it see all that were sent.
#[utoipa::path(get, path = "", operation_id = "list_requests", tag = "coordination", params(ListRequestsQuery),
    responses((status = 200, body = ListResponse<RequestResponse>)))]
pub async fn list_requests(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListRequestsQuery>,
) -> Result<Answer<ListResponse<RequestResponse>>> {
    let wanted = RequestQuery {
        state: query.state,
        phase: query.phase,
        event: query.event,
        side: query.side,
        band: band(query.low_hz, query.high_hz)?,
        text: query.q,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    let page = state.coordination.list(&wanted, &caller.officer()?).await?;
    Ok(Answer(ListResponse::of(page)))
}

/// One request with its thread; the ETag is needed for the steps.
#[utoipa::path(get, path = "/{id}", operation_id = "get_request", tag = "coordination",
    params(("id" = String, Path, description = "Request id")),
    responses((status = 200, body = RequestDetailResponse, headers(("etag" = String)))))]
pub async fn get_request(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let officer = caller.officer()?;
    let seen = state.coordination.get(&id, &officer).await?;
    let thread = state.coordination.thread(&id, &officer, &*caller.view(&state)?).await?;
    let tag = etag(seen.request.get().version);
    let body = RequestDetailResponse {
        request: seen.into(),
        thread: thread.into_iter().map(Into::into).collect(),
    };
    Ok(([(header::ETAG, tag)], Answer(body)).into_response())
}

/// Writes a request: a draft that its own side alone sees until it is submitted.
#[utoipa::path(post, path = "", operation_id = "create_request", tag = "coordination", request_body = CreateRequestRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = RequestResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_request(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<CreateRequestRequest>,
) -> Result<Response> {
    let officer = caller.officer()?;
    idempotency::once(&state, &caller, &headers, &[b"create_request", &body], async {
        let CreateRequestRequest {
            proposal,
            follows,
            event,
        } = request;
        let links = Links { follows, event };
        let written = state
            .coordination
            .write(proposal, links, &officer, Timestamp::now())
            .await?;
        tracing::info!(
            request = written.request.get().id,
            actor = officer.user,
            "request written"
        );
        changed(StatusCode::CREATED, written)
    })
    .await
}

/// Writes a draft anew.
#[utoipa::path(put, path = "/{id}", operation_id = "update_request", tag = "coordination", request_body = Proposal,
    params(("id" = String, Path, description = "Request id"),
        ("if-match" = String, Header, description = "ETag of the request as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = RequestResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_request(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, proposal): JsonBytes<Proposal>,
) -> Result<Response> {
    let officer = caller.officer()?;
    let operation = format!("update_request {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let written = state
            .coordination
            .rewrite(&id, proposal, &officer, version.0, Timestamp::now())
            .await?;
        changed(StatusCode::OK, written)
    })
    .await
}
