//! Interference reports: complaints taken in, checked against the registry, followed until the interference is gone.

pub mod outward;

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
    extract::{IfMatch, JsonBytes, Path, Query, band, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::{
    conflict::VerdictKind,
    coordination::{
        interference::{Complaint, Evidence, Grade, Level, Report, ReportCarry, ReportDue, ReportState, ReportStep},
        orders::Office,
    },
    registry::{Place, Text},
    service::interference_reports::{Asking, GivenReport, LinkedConflict, LinkedEmission, ReportQuery, SeenReport},
    units::Hertz,
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListInterferenceReportsQuery {
    /// Where it stands.
    #[param(inline)]
    pub state: Option<ReportState>,
    /// `true`: still worked on; `false`: over.
    pub open: Option<bool>,
    /// How grave it is.
    #[param(inline)]
    pub grade: Option<Grade>,
    /// Level that handles it.
    #[param(inline)]
    pub level: Option<Level>,
    /// Office that handles it.
    #[param(inline)]
    pub office: Option<Office>,
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

/// A complaint that is taken in.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InterferenceReportRequest {
    /// What is complained of.
    pub complaint: Complaint,
    /// How grave it is.
    pub grade: Grade,
    /// Level that takes it in.
    pub level: Level,
}

/// A complaint as it should have been taken down.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectComplaintRequest {
    /// What is complained of.
    pub complaint: Complaint,
}

/// What a person does with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakeReportStep {
    /// The written complaint has come.
    ReceivePaper,
    /// Grade it anew, with a reason.
    Grade,
    /// Confirm the interference.
    Confirm,
    /// Do not take it up, with a reason.
    Reject,
    /// Say what and where the source is.
    Locate,
    /// Say what was done about it.
    Act,
    /// Verify that the interference is gone: by a receiver that observed, or on somebody's word with a reason.
    Verify,
    /// Answer and put away.
    Close,
    /// Whoever complained takes it back, with a reason.
    Withdraw,
    /// Take it up again, with a reason.
    Reopen,
    /// Hand it to another level, with a reason.
    HandOver,
    /// Bring the other side in, with a reason.
    Share,
    /// Say what conflicts and emissions belong to it.
    Link,
    /// Say something.
    Note,
}

impl From<TakeReportStep> for ReportStep {
    fn from(step: TakeReportStep) -> Self {
        match step {
            TakeReportStep::ReceivePaper => Self::ReceivePaper,
            TakeReportStep::Grade => Self::Grade,
            TakeReportStep::Confirm => Self::Confirm,
            TakeReportStep::Reject => Self::Reject,
            TakeReportStep::Locate => Self::Locate,
            TakeReportStep::Act => Self::Act,
            TakeReportStep::Verify => Self::Verify,
            TakeReportStep::Close => Self::Close,
            TakeReportStep::Withdraw => Self::Withdraw,
            TakeReportStep::Reopen => Self::Reopen,
            TakeReportStep::HandOver => Self::HandOver,
            TakeReportStep::Share => Self::Share,
            TakeReportStep::Link => Self::Link,
            TakeReportStep::Note => Self::Note,
        }
    }
}

/// One step.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeInterferenceReportStepRequest {
    /// What is done.
    pub step: TakeReportStep,
    /// In words: a reason, a finding, what was done.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub reason: String,
    /// The new grade.
    pub grade: Option<Grade>,
    /// The new level.
    pub level: Option<Level>,
    /// Where the source is.
    pub place: Option<Place>,
    /// Everything that belongs to it, not only what is new.
    pub evidence: Option<Evidence>,
    /// Id of a request between the two sides that it is shared under.
    pub request: Option<String>,
    /// Receiver whose stored observation verifies that the interference is gone; without it the reason does.
    pub receiver: Option<String>,
}

/// What the service does about a report when nobody acts.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportDueKind {
    /// Those who handle it are reminded.
    Remind,
    /// It is brought before those in charge.
    Escalate,
    /// The last day for the paper begins.
    RemindPaper,
    /// The paper is late.
    EscalatePaper,
}

/// What the service does next.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReportDueResponse {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: ReportDueKind,
}

/// A step the report has now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OfferedReportStep {
    /// The step.
    pub step: ReportStep,
    /// Where it leads; null: it stays where it is.
    #[schema(required = true)]
    pub to: Option<ReportState>,
    /// What it must carry.
    pub carries: &'static [ReportCarry],
    /// What keeps the caller from it; null: nothing.
    #[schema(required = true)]
    pub refusal: Option<Text>,
}

/// One report, and what can be done with it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InterferenceReportResponse {
    /// The report, as far as the caller may know it.
    #[serde(flatten)]
    pub report: Report,
    /// What the service does about it next.
    #[schema(required = true)]
    pub due: Option<ReportDueResponse>,
    /// Until when it is to be confirmed, or verified clear.
    #[schema(required = true)]
    pub until: Option<Timestamp>,
    /// The steps it has now, with what keeps the caller from each.
    pub available: Vec<OfferedReportStep>,
}

/// A conflict that belongs to a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinkedConflictResponse {
    /// Its id.
    pub id: String,
    /// Kind of its verdict.
    pub kind: VerdictKind,
    /// Its frequency.
    pub center_hz: Hertz,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// Files that are attached to it: spectra, samples.
    pub files: usize,
}

/// An emission that belongs to a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LinkedEmissionResponse {
    /// Its id.
    pub id: String,
    /// Its frequency.
    pub center_hz: Hertz,
    /// First time above threshold.
    pub start: Timestamp,
    /// Last time above threshold.
    pub stop: Timestamp,
}

/// One report with all there is about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InterferenceReportDetailResponse {
    /// The report.
    #[serde(flatten)]
    pub report: InterferenceReportResponse,
    /// The conflicts of its evidence that the caller may know.
    pub conflicts: Vec<LinkedConflictResponse>,
    /// The emissions of its evidence that are still stored.
    pub emissions: Vec<LinkedEmissionResponse>,
}

impl From<SeenReport> for InterferenceReportResponse {
    fn from(seen: SeenReport) -> Self {
        Self {
            report: seen.report.into_inner(),
            due: seen.due.map(|(at, what)| ReportDueResponse {
                at,
                what: match what {
                    ReportDue::Remind => ReportDueKind::Remind,
                    ReportDue::Escalate => ReportDueKind::Escalate,
                    ReportDue::RemindPaper => ReportDueKind::RemindPaper,
                    ReportDue::EscalatePaper => ReportDueKind::EscalatePaper,
                },
            }),
            until: seen.until,
            available: seen
                .available
                .into_iter()
                .map(|(rule, refusal)| OfferedReportStep {
                    step: rule.step,
                    to: rule.to,
                    carries: rule.carries,
                    refusal,
                })
                .collect(),
        }
    }
}

impl From<LinkedConflict> for LinkedConflictResponse {
    fn from(linked: LinkedConflict) -> Self {
        Self {
            id: linked.id,
            kind: linked.kind,
            center_hz: linked.center_hz,
            last_seen: linked.last_seen,
            files: linked.files,
        }
    }
}

impl From<LinkedEmission> for LinkedEmissionResponse {
    fn from(linked: LinkedEmission) -> Self {
        Self {
            id: linked.id,
            center_hz: linked.center_hz,
            start: linked.start,
            stop: linked.stop,
        }
    }
}

pub(super) fn asking(caller: &Caller) -> Asking<'_> {
    Asking {
        actor: &caller.0.user,
        role: caller.0.role,
        organisation: &caller.0.organisation,
        now: Timestamp::now(),
    }
}

/// Lists reports, the latest first. Those of the other side that were not shared are as if they were not there.
#[utoipa::path(get, path = "", operation_id = "list_interference_reports", tag = "interference-reports",
    params(ListInterferenceReportsQuery), responses((status = 200, body = ListResponse<InterferenceReportResponse>)))]
pub async fn list_interference_reports(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListInterferenceReportsQuery>,
) -> Result<Answer<ListResponse<InterferenceReportResponse>>> {
    let wanted = ReportQuery {
        state: query.state,
        open: query.open,
        grade: query.grade,
        level: query.level,
        office: query.office,
        band: band(query.low_hz, query.high_hz)?,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    let reports = &state.interference_reports;
    Ok(Answer(ListResponse::of(reports.list(&wanted, asking(&caller)).await?)))
}

/// One report with its course and evidence; the ETag is needed to change it.
#[utoipa::path(get, path = "/{id}", operation_id = "get_interference_report", tag = "interference-reports",
    params(("id" = String, Path, description = "Id of the report")),
    responses((status = 200, body = InterferenceReportDetailResponse, headers(("etag" = String)))))]
pub async fn get_interference_report(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let (reports, asking) = (&state.interference_reports, asking(&caller));
    let seen = reports.get(&id, asking).await?;
    let (conflicts, emissions) = reports.links(seen.report.get(), asking).await?;
    let report = InterferenceReportResponse::from(seen);
    let tag = etag(report.report.version);
    let detail = InterferenceReportDetailResponse {
        report,
        conflicts: conflicts.into_iter().map(Into::into).collect(),
        emissions: emissions.into_iter().map(Into::into).collect(),
    };
    Ok(([(header::ETAG, tag)], Answer(detail)).into_response())
}

/// Takes a complaint in. The assignment it names is looked up in the registry as the caller may know it.
#[utoipa::path(post, path = "", operation_id = "create_interference_report", tag = "interference-reports",
    request_body = InterferenceReportRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = InterferenceReportResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_interference_report(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<InterferenceReportRequest>,
) -> Result<Response> {
    idempotency::once(
        &state,
        &caller,
        &headers,
        &[b"create_interference_report", &body],
        async {
            let InterferenceReportRequest {
                complaint,
                grade,
                level,
            } = request;
            let reports = &state.interference_reports;
            answer(
                StatusCode::CREATED,
                reports.file(complaint, grade, level, asking(&caller)).await?,
            )
        },
    )
    .await
}

/// Corrects a complaint that nobody has confirmed yet.
#[utoipa::path(put, path = "/{id}", operation_id = "update_interference_report", tag = "interference-reports",
    request_body = CorrectComplaintRequest,
    params(("id" = String, Path, description = "Id of the report"),
        ("if-match" = String, Header, description = "ETag of the report as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = InterferenceReportResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_interference_report(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<CorrectComplaintRequest>,
) -> Result<Response> {
    let operation = format!("update_interference_report {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let reports = &state.interference_reports;
        let seen = reports
            .rewrite(&id, version.0, request.complaint, asking(&caller))
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

/// Takes a step. What a receiver observed after the last action is looked up when `verify` names one.
#[utoipa::path(post, path = "/{id}/transitions", operation_id = "take_interference_report_step", tag = "interference-reports",
    request_body = TakeInterferenceReportStepRequest,
    params(("id" = String, Path, description = "Id of the report"),
        ("if-match" = String, Header, description = "ETag of the report as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = InterferenceReportResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn take_interference_report_step(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TakeInterferenceReportStepRequest>,
) -> Result<Response> {
    let operation = format!("take_interference_report_step {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let given = GivenReport {
            reason: request.reason,
            grade: request.grade,
            level: request.level,
            place: request.place,
            evidence: request.evidence,
            request: request.request,
            receiver: request.receiver,
        };
        let reports = &state.interference_reports;
        let seen = reports
            .take(&id, version.0, request.step.into(), given, asking(&caller))
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

fn answer(status: StatusCode, seen: SeenReport) -> Result<idempotency::Answer> {
    let shown = InterferenceReportResponse::from(seen);
    idempotency::Answer::json(status, Some(etag(shown.report.version)), &shown)
}
