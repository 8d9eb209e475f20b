//! Questions to the registry, and filling it.

use axum::{
    Json as Answer,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::{Problem, Result},
    extract::{Json, Query, unsupported_media_type},
    idempotency,
    language::{Language, negotiate, text_in},
};
use crate::{
    conflict::Verdict,
    registry::{Allocation, Assignment, import::Kind},
    service::{
        audit::nothing_changed,
        check::Question,
        imports::{self, Outcome},
    },
    units::Hertz,
};

/// Largest file.
pub(super) const FILE_BYTES: usize = 32 * 1024 * 1024;
/// Most faults in one answer.
const ERRORS_MAX: usize = 1000;

/// What is, or would be, on the air.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckRegistryRequest {
    /// Centre frequency.
    #[schema(minimum = 1, maximum = 3_000_000_000_000_i64)]
    pub center_hz: i64,
    /// Occupied bandwidth.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub bandwidth_hz: i64,
    /// Where it is received, degrees north; with `longitude`.
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
    /// When; now when not given.
    pub time: Option<Timestamp>,
    /// Level over noise, which decides whether a bandwidth can be judged; when not given the values count as exact.
    pub snr_db: Option<f64>,
}

/// What the registry makes of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckRegistryResponse {
    /// The judgement.
    pub verdict: Verdict,
    /// Rows of the national table.
    pub allocations: Vec<Allocation>,
    /// Assignments that overlap.
    pub assignments: Vec<Assignment>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// Stations and their frequencies.
    Assignments,
    /// A national table.
    Allocations,
}

/// How to import.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportRegistryQuery {
    /// What the file holds.
    pub kind: ImportKind,
    /// Only report what would happen.
    pub dry_run: Option<bool>,
}

/// What an import did, or would do. One bad row and nothing is applied.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportRegistryResponse {
    /// Rows read.
    pub rows_read: u64,
    /// Good rows.
    pub rows_ok: u64,
    /// Bad rows.
    pub rows_bad: u64,
    /// What is wrong with them.
    pub errors: Vec<ImportRowProblem>,
    /// New records.
    pub added: u64,
    /// Changed records.
    pub updated: u64,
    /// Records that were there already.
    pub unchanged: u64,
    /// Whether it was done.
    pub applied: bool,
}

/// One bad field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImportRowProblem {
    /// Line of the file, the header being line 1.
    pub row: u64,
    /// Column.
    pub field: String,
    /// What it says.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

impl From<ImportKind> for Kind {
    fn from(kind: ImportKind) -> Self {
        match kind {
            ImportKind::Assignments => Self::Assignments,
            ImportKind::Allocations => Self::Allocations,
        }
    }
}

impl ImportRegistryResponse {
    fn of(outcome: Outcome, language: Language) -> Self {
        let errors = outcome.bad.into_iter().map(|bad| ImportRowProblem {
            row: bad.line,
            reason: text_in(language, &bad.reason).to_owned(),
            field: bad.field,
            value: bad.value,
        });
        Self {
            rows_read: outcome.rows_read,
            rows_ok: outcome.rows_read.saturating_sub(outcome.rows_bad),
            rows_bad: outcome.rows_bad,
            errors: errors.take(ERRORS_MAX).collect(),
            added: outcome.added,
            updated: outcome.updated,
            unchanged: outcome.unchanged,
            applied: outcome.applied,
        }
    }
}

/// Asks what the registry makes of a frequency, as far as the caller may know it.
#[utoipa::path(post, path = "/check", operation_id = "check_registry", tag = "registry",
    request_body = CheckRegistryRequest, responses((status = 200, body = CheckRegistryResponse)))]
pub async fn check_registry(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<CheckRegistryRequest>,
) -> Result<Answer<CheckRegistryResponse>> {
    let position = match (request.latitude, request.longitude) {
        (Some(latitude), Some(longitude)) => Some((latitude, longitude)),
        (None, None) => None,
        _ => {
            return Err(Problem::invalid(
                "latitude 与 longitude 须同时给出。",
                "Give both latitude and longitude, or neither.",
            ));
        }
    };
    let question = Question {
        center_hz: Hertz(request.center_hz),
        bandwidth_hz: Hertz(request.bandwidth_hz),
        position,
        time: request.time.unwrap_or_else(Timestamp::now),
        snr_db: request.snr_db,
    };
    let answer = state.checker.check(&question, &*caller.view(&state)?)?;
    let crate::service::check::Answer {
        verdict,
        allocations,
        assignments,
    } = answer;
    Ok(Answer(CheckRegistryResponse {
        verdict,
        allocations,
        assignments,
    }))
}

/// Imports a CSV file, all of it or nothing. Bad rows are reported by line with status 200 and `applied: false`.
#[utoipa::path(post, path = "/imports", operation_id = "import_registry", tag = "registry", params(ImportRegistryQuery,
    ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportRegistryResponse)))]
pub async fn import_registry(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Query(query): Query<ImportRegistryQuery>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    if !kind
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .eq_ignore_ascii_case("text/csv")
    {
        return Err(unsupported_media_type("text/csv"));
    }
    let body = body.map_err(|rejection| Problem::from_status(rejection.status()))?;
    let (language, dry_run) = (negotiate(&headers), query.dry_run.unwrap_or(false));
    let operation = format!("import {:?} {dry_run}", query.kind);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let (kind, actor) = (query.kind.into(), &caller.0.user);
        if dry_run {
            nothing_changed();
        }
        let outcome = imports::import(&state.registry, kind, &body, "upload.csv", actor, dry_run).await?;
        idempotency::Answer::json(StatusCode::OK, None, &ImportRegistryResponse::of(outcome, language))
    })
    .await
}
