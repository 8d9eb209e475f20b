//! Questions to the registry, and filling it.

use axum::{Json as Answer, extract::State, response::Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::Result,
    extract::{Json, Query},
};
use crate::{
    conflict::Verdict,
    registry::{Allocation, Assignment},
};

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
    /// Level over noise; decides whether a bandwidth can be judged. 40 dB when not given.
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

/// Asks what the registry makes of a frequency.
#[utoipa::path(post, path = "/check", operation_id = "check_registry", tag = "registry", request_body = CheckRegistryRequest,
    responses((status = 200, body = CheckRegistryResponse)))]
pub async fn check_registry(
    State(_state): State<AppState>,
    Json(_request): Json<CheckRegistryRequest>,
) -> Result<Answer<CheckRegistryResponse>> {
    Err(super::pending())
}

/// Imports a CSV file, all of it or nothing.
#[utoipa::path(post, path = "/imports", operation_id = "import_registry", tag = "registry", params(ImportRegistryQuery,
    ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportRegistryResponse)))]
pub async fn import_registry(
    State(_state): State<AppState>,
    Query(_query): Query<ImportRegistryQuery>,
) -> Result<Response> {
    Err(super::pending())
}
