//! What came of a task, and what can be asked for.

use axum::{Json as Answer, extract::State, response::Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    capture::ReceiverState,
    coordination::tasks::Balance,
    http::{
        AppState,
        caller::Caller,
        emissions::EmissionResponse,
        error::Result,
        extract::{Path, Query},
        upload::download,
    },
    service::tasks::{ReceiverChoice, TaskRecording},
    units::Band,
};

/// When it is to begin.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetTaskChoicesQuery {
    /// Instant in the week whose quota is asked about; now when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// A receiver whose time can be asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskReceiver {
    /// Its id.
    pub id: String,
    /// What it is.
    pub label: String,
    /// How it is doing; null before its first report.
    #[schema(required = true)]
    pub state: Option<ReceiverState>,
    /// Bands it watches.
    pub bands: Vec<Band>,
    /// When it is kept for tasks, as far as the policy tells: not for whom, nor where.
    pub busy: Vec<BusyTime>,
}

/// A time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BusyTime {
    /// First instant.
    pub from: Timestamp,
    /// First instant no longer in it.
    pub until: Timestamp,
}

/// Measuring minutes of the caller's organisation in a week.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskQuota {
    /// First instant of the week: Monday, UTC+8.
    pub from: Timestamp,
    /// When the quota is whole again.
    pub renews_at: Timestamp,
    /// The quota.
    pub minutes: u64,
    /// What tasks of the week took of it.
    pub used: u64,
    /// What is left.
    pub left: u64,
}

/// What can be asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskChoicesResponse {
    /// The shared receivers.
    pub receivers: Vec<TaskReceiver>,
    /// What is left of the quota; null for those who ask for nothing.
    #[schema(required = true)]
    pub quota: Option<TaskQuota>,
}

/// A recording (SigMF, two files) from a slot of the task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskRecordingResponse {
    /// Conflict it is evidence of: the file is at `/conflicts/{conflict_id}/attachments/{id}`. Null: it was recorded for the task,
    /// and the file is at `/tasks/{id}/recordings/{id}`.
    #[schema(required = true)]
    pub conflict_id: Option<String>,
    /// The file.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it begins; of evidence: when it was kept.
    pub at: Timestamp,
}

/// What was met and kept in the slots that are over. How long and how much was observed is with the task.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskResultsResponse {
    /// Emissions, the earliest first, as the caller may know them now; empty where they were not asked for.
    pub emissions: Vec<EmissionResponse>,
    /// There were more than the 500 that are listed.
    pub more: bool,
    /// Recordings, likewise.
    pub recordings: Vec<TaskRecordingResponse>,
}

impl From<ReceiverChoice> for TaskReceiver {
    fn from(choice: ReceiverChoice) -> Self {
        Self {
            id: choice.id,
            label: choice.label,
            state: choice.state,
            bands: choice.bands,
            busy: choice
                .busy
                .into_iter()
                .map(|[from, until]| BusyTime { from, until })
                .collect(),
        }
    }
}

impl From<Balance> for TaskQuota {
    fn from(balance: Balance) -> Self {
        Self {
            from: balance.from,
            renews_at: balance.renews_at,
            minutes: balance.minutes,
            used: balance.used,
            left: balance.left(),
        }
    }
}

impl From<TaskRecording> for TaskRecordingResponse {
    fn from(recording: TaskRecording) -> Self {
        Self {
            conflict_id: recording.conflict_id,
            id: recording.id,
            name: recording.name,
            size_bytes: recording.size_bytes,
            at: recording.at,
        }
    }
}

/// Shared receivers with what they watch, and what is left of the organisation's quota.
#[utoipa::path(get, path = "/choices", operation_id = "get_task_choices", tag = "tasks", params(GetTaskChoicesQuery),
    responses((status = 200, body = TaskChoicesResponse)))]
pub async fn get_task_choices(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<GetTaskChoicesQuery>,
) -> Result<Answer<TaskChoicesResponse>> {
    let asking = caller.asking();
    let choices = state.tasks.choices(query.at.unwrap_or(asking.now), asking).await?;
    Ok(Answer(TaskChoicesResponse {
        receivers: choices.receivers.into_iter().map(Into::into).collect(),
        quota: choices.balance.map(Into::into),
    }))
}

/// Emissions and recordings of a task, as the caller may know them now.
#[utoipa::path(get, path = "/{id}/results", operation_id = "get_task_results", tag = "tasks",
    params(("id" = String, Path, description = "Id of the task")),
    responses((status = 200, body = TaskResultsResponse)))]
pub async fn get_task_results(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<TaskResultsResponse>> {
    let results = state.tasks.results(&id, caller.asking()).await?;
    Ok(Answer(TaskResultsResponse {
        emissions: results.emissions.into_iter().map(Into::into).collect(),
        more: results.more,
        recordings: results.recordings.into_iter().map(Into::into).collect(),
    }))
}

/// A file of a recording that was made for a task, to be saved.
#[utoipa::path(get, path = "/{id}/recordings/{recording}", operation_id = "get_task_recording", tag = "tasks",
    params(("id" = String, Path, description = "Id of the task"), ("recording" = String, Path, description = "Id of the file")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream", headers(("content-disposition" = String)))))]
pub async fn get_task_recording(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, recording)): Path<(String, String)>,
) -> Result<Response> {
    let vault = state.attachments.vault();
    let (file, content) = state.tasks.recording(vault, &id, &recording, caller.asking()).await?;
    Ok(download(&file.name, &file.content_type, content))
}
