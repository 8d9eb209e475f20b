//! Assignments: which station may use which frequency.

use axum::{Json as Answer, extract::State, http::HeaderMap, response::Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    AppState,
    caller::Caller,
    error::Result,
    extract::{Json, Path, Query},
    page::{self, ListResponse},
};
use crate::registry::{Assignment, AssignmentStatus, Place};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAssignmentsQuery {
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// In id, holder, station or call sign.
    pub q: Option<String>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// A new assignment.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAssignmentRequest {
    /// Key: the licence number, with a running part where one licence has several frequencies.
    #[schema(min_length = 1, max_length = 128)]
    pub id: String,
    /// Who holds it.
    #[schema(min_length = 1, max_length = 256)]
    pub holder: String,
    /// Station name.
    #[schema(min_length = 1, max_length = 256)]
    pub station: String,
    /// Call sign.
    #[schema(max_length = 64)]
    pub call_sign: Option<String>,
    /// Assigned frequency.
    #[schema(minimum = 1, maximum = 3_000_000_000_000_i64)]
    pub center_hz: i64,
    /// Necessary bandwidth.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub necessary_bandwidth_hz: i64,
    /// Emission designator.
    #[schema(max_length = 32)]
    pub designator: Option<String>,
    /// Frequency tolerance.
    pub tolerance_hz: Option<f64>,
    /// Where; null: anywhere in the jurisdiction.
    pub place: Option<Place>,
    /// Radiated power.
    pub eirp_dbm: Option<f64>,
    /// First instant in force.
    pub valid_from: Option<Timestamp>,
    /// First instant no longer in force.
    pub valid_to: Option<Timestamp>,
    /// Legal state; granted when not given.
    pub status: Option<AssignmentStatus>,
}

/// Lists assignments.
#[utoipa::path(get, path = "", operation_id = "list_assignments", tag = "registry", params(ListAssignmentsQuery),
    responses((status = 200, body = ListResponse<Assignment>)))]
pub async fn list_assignments(
    State(_state): State<AppState>,
    Query(_query): Query<ListAssignmentsQuery>,
) -> Result<Answer<ListResponse<Assignment>>> {
    Err(super::pending())
}

/// One assignment.
#[utoipa::path(get, path = "/{id}", operation_id = "get_assignment", tag = "registry",
    params(("id" = String, Path, description = "Key of the assignment")), responses((status = 200, body = Assignment)))]
pub async fn get_assignment(State(_state): State<AppState>, Path(_id): Path<String>) -> Result<Answer<Assignment>> {
    Err(super::pending())
}

/// Adds an assignment.
#[utoipa::path(post, path = "", operation_id = "create_assignment", tag = "registry", request_body = CreateAssignmentRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = Assignment)))]
pub async fn create_assignment(
    State(_state): State<AppState>,
    Json(_request): Json<CreateAssignmentRequest>,
) -> Result<Response> {
    Err(super::pending())
}
