//! Measuring tasks: time on shared receivers, asked for by either side, decided, measured.

pub mod results;

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::{ProblemResponse, Result},
    extract::{IfMatch, JsonBytes, Path, Query, band, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::{
    coordination::tasks::{Task, TaskCarry, TaskContent, TaskPriority, TaskState, TaskStep, observed_s},
    registry::Text,
    service::tasks::{SeenTask, TaskQuery},
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListTasksQuery {
    /// Where it stands.
    #[param(inline)]
    pub state: Option<TaskState>,
    /// `true`: still to be measured; `false`: over.
    pub open: Option<bool>,
    /// Key of the organisation that asked.
    pub organisation: Option<String>,
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// What is asked for.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRequest {
    /// What is asked for.
    pub content: TaskContent,
}

/// What a person does with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakeTaskStep {
    /// Accept it.
    Accept,
    /// Do not accept it, with a reason.
    Refuse,
    /// Give it another priority, with a reason.
    Prioritise,
    /// Take it back, or end it, with a reason. What was observed until then stays.
    Cancel,
    /// Say something.
    Note,
}

impl From<TakeTaskStep> for TaskStep {
    fn from(step: TakeTaskStep) -> Self {
        match step {
            TakeTaskStep::Accept => Self::Accept,
            TakeTaskStep::Refuse => Self::Refuse,
            TakeTaskStep::Prioritise => Self::Prioritise,
            TakeTaskStep::Cancel => Self::Cancel,
            TakeTaskStep::Note => Self::Note,
        }
    }
}

/// One step.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeTaskStepRequest {
    /// What is done.
    pub step: TakeTaskStep,
    /// In words.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub reason: String,
    /// The new priority.
    pub priority: Option<TaskPriority>,
}

/// A step the task has now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OfferedTaskStep {
    /// The step.
    pub step: TaskStep,
    /// Where it leads; null: it stays where it is.
    #[schema(required = true)]
    pub to: Option<TaskState>,
    /// What it must carry.
    pub carries: &'static [TaskCarry],
    /// What keeps the caller from it; null: nothing.
    #[schema(required = true)]
    pub refusal: Option<Text>,
}

/// How much of what was asked for was observed. What was not observed is unknown, never free.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskCoverage {
    /// Seconds of observed time that are wanted.
    pub wanted_s: u64,
    /// Seconds that were observed so far.
    pub observed_s: u64,
    /// Seconds of the slots that are over, observed or not.
    pub slots_s: u64,
}

/// One task, and what can be done with it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskResponse {
    /// The task.
    #[serde(flatten)]
    pub task: Task,
    /// How much was observed.
    pub coverage: TaskCoverage,
    /// The steps it has now, with what keeps the caller from each.
    pub available: Vec<OfferedTaskStep>,
}

impl From<SeenTask> for TaskResponse {
    fn from(seen: SeenTask) -> Self {
        let task = seen.task.into_inner();
        let seconds = task.measured.iter().map(|measured| {
            let slot = &measured.slot;
            slot.until.duration_since(slot.from).as_secs().unsigned_abs()
        });
        Self {
            coverage: TaskCoverage {
                wanted_s: u64::from(task.content.minutes) * 60,
                observed_s: observed_s(&task),
                slots_s: seconds.sum(),
            },
            available: seen
                .available
                .into_iter()
                .map(|(rule, refusal)| OfferedTaskStep {
                    step: rule.step,
                    to: rule.to,
                    carries: rule.carries,
                    refusal,
                })
                .collect(),
            task,
        }
    }
}

/// Lists tasks, the latest first: those of the own organisation; all of them for the coordinator and the overseers.
#[utoipa::path(get, path = "", operation_id = "list_tasks", tag = "tasks", params(ListTasksQuery),
    responses((status = 200, body = ListResponse<TaskResponse>)))]
pub async fn list_tasks(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListTasksQuery>,
) -> Result<Answer<ListResponse<TaskResponse>>> {
    let wanted = TaskQuery {
        state: query.state,
        open: query.open,
        organisation: query.organisation,
        band: band(query.low_hz, query.high_hz)?,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    Ok(Answer(ListResponse::of(
        state.tasks.list(&wanted, caller.asking()).await?,
    )))
}

/// One task with its course; the ETag is needed to change it.
#[utoipa::path(get, path = "/{id}", operation_id = "get_task", tag = "tasks",
    params(("id" = String, Path, description = "Id of the task")),
    responses((status = 200, body = TaskResponse, headers(("etag" = String)))))]
pub async fn get_task(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let task = TaskResponse::from(state.tasks.get(&id, caller.asking()).await?);
    Ok(([(header::ETAG, etag(task.task.version))], Answer(task)).into_response())
}

/// Asks for measuring time. The frequencies must be watched by a receiver that will do, and the minutes be within what is
/// left of the organisation's quota in the week in which the task begins; an emergency is never over it.
#[utoipa::path(post, path = "", operation_id = "create_task", tag = "tasks", request_body = TaskRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = TaskResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_task(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TaskRequest>,
) -> Result<Response> {
    idempotency::once(&state, &caller, &headers, &[b"create_task", &body], async {
        let seen = state.tasks.ask(request.content, caller.asking()).await?;
        answer(StatusCode::CREATED, seen)
    })
    .await
}

/// Asks for something else instead, while nobody has decided.
#[utoipa::path(put, path = "/{id}", operation_id = "update_task", tag = "tasks", request_body = TaskRequest,
    params(("id" = String, Path, description = "Id of the task"),
        ("if-match" = String, Header, description = "ETag of the task as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = TaskResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_task(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TaskRequest>,
) -> Result<Response> {
    let operation = format!("update_task {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let tasks = &state.tasks;
        let seen = tasks.amend(&id, version.0, request.content, caller.asking()).await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

/// Takes a step: the coordinator accepts, refuses and gives priority; the organisation that asked, or the coordinator, ends it.
#[utoipa::path(post, path = "/{id}/transitions", operation_id = "take_task_step", tag = "tasks",
    request_body = TakeTaskStepRequest,
    params(("id" = String, Path, description = "Id of the task"),
        ("if-match" = String, Header, description = "ETag of the task as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = TaskResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn take_task_step(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TakeTaskStepRequest>,
) -> Result<Response> {
    let operation = format!("take_task_step {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let TakeTaskStepRequest { step, reason, priority } = request;
        let tasks = &state.tasks;
        let seen = tasks
            .take(&id, version.0, step.into(), reason, priority, caller.asking())
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

fn answer(status: StatusCode, seen: SeenTask) -> Result<idempotency::Answer> {
    let shown = TaskResponse::from(seen);
    idempotency::Answer::json(status, Some(etag(shown.task.version)), &shown)
}
