//! Assignments: which station may use which frequency.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::{Problem, ProblemResponse, Result},
    extract::{JsonBytes, Path, Query, band, etag},
    idempotency,
    language::{Language, negotiate},
    page::{self, ListResponse},
};
use crate::{
    conflict::Comparison,
    registry::{
        Assignment, AssignmentStatus, Place,
        disclosure::Audience,
        export::{self, Folders, Format, Options},
    },
    service::{
        exports::{self, Wanted},
        registry::{AssignmentQuery, StoredAssignment},
    },
    units::Hertz,
};

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
    /// What the registry said at this time; now when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// What to export, and how.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportAssignmentsQuery {
    /// Format of the file.
    #[param(inline)]
    pub format: Format,
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// In id, holder, station or call sign.
    pub q: Option<String>,
    /// Language of headers and labels; that of the request when not given.
    pub lang: Option<Language>,
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
    /// Radio service code; any service when not given.
    #[schema(max_length = 64)]
    pub service: Option<String>,
    /// Several stations may use any frequency of the band.
    pub block: Option<bool>,
    /// Legal state; granted when not given.
    pub status: Option<AssignmentStatus>,
}

/// An assignment with its history.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssignmentResponse {
    /// The assignment.
    #[serde(flatten)]
    pub assignment: Assignment,
    /// Grows with every change; the ETag is made of it.
    pub version: u64,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: String,
}

impl From<StoredAssignment> for AssignmentResponse {
    fn from(stored: StoredAssignment) -> Self {
        let StoredAssignment {
            assignment,
            version,
            updated_at,
            updated_by,
        } = stored;
        Self {
            assignment,
            version,
            updated_at,
            updated_by,
        }
    }
}

/// Lists assignments by frequency, as they are or as they were at a time. Classified ones the caller may not know are as if they were not there.
#[utoipa::path(get, path = "", operation_id = "list_assignments", tag = "registry", params(ListAssignmentsQuery),
    responses((status = 200, body = ListResponse<AssignmentResponse>)))]
pub async fn list_assignments(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListAssignmentsQuery>,
) -> Result<Answer<ListResponse<AssignmentResponse>>> {
    let as_of = query.as_of;
    let query = AssignmentQuery {
        band: band(query.low_hz, query.high_hz)?,
        text: query.q,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    let page = match as_of {
        Some(time) => state.history.assignments(time, &query, &*caller.view(&state)?).await?,
        None => state.registry.assignments(&query, caller.audience()).await?,
    };
    Ok(Answer(ListResponse::of(page)))
}

/// One assignment.
#[utoipa::path(get, path = "/{id}", operation_id = "get_assignment", tag = "registry",
    params(("id" = String, Path, description = "Key of the assignment")),
    responses((status = 200, body = AssignmentResponse, headers(("etag" = String)))))]
pub async fn get_assignment(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let stored = state.registry.assignment(&id, caller.audience()).await?;
    Ok((
        [(header::ETAG, etag(stored.version))],
        Answer(AssignmentResponse::from(stored)),
    )
        .into_response())
}

/// When it was measured.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetAssignmentMeasuredQuery {
    /// Emissions on at or after this time; 30 days before `to` when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// And before this time; now when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
}

/// A station measured against its licence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AssignmentMeasuredResponse {
    /// Emissions on at or after this time
    pub from: Timestamp,
    /// and before this time.
    pub to: Timestamp,
    /// The table.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// Days a table covers where nothing is said.
const MEASURED_DAYS: i64 = 30;

/// An assignment parameter by parameter against what was measured of the station: value, uncertainty, limit, result.
/// Only emissions count whose verdict names it; each row shows the least favourable. Where use that is not open to the
/// caller may be in its band the answer is 403, `ask_other_side`.
#[utoipa::path(get, path = "/{id}/measured", operation_id = "get_assignment_measured", tag = "registry",
    params(("id" = String, Path, description = "Key of the assignment"), GetAssignmentMeasuredQuery),
    responses((status = 200, body = AssignmentMeasuredResponse),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn get_assignment_measured(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<GetAssignmentMeasuredQuery>,
) -> Result<Answer<AssignmentMeasuredResponse>> {
    // Whoever may not read the assignment may not read what was measured of it.
    state.registry.assignment(&id, caller.audience()).await?;
    let to = query.to.unwrap_or_else(Timestamp::now);
    let from = query
        .from
        .unwrap_or(to - SignedDuration::from_hours(24 * MEASURED_DAYS));
    let view = caller.view(&state)?;
    let mut comparison = state.comparisons.of(&id, from, to, &view).await?;
    comparison.registry_version = view.version(&comparison.registry_version).to_owned();
    Ok(Answer(AssignmentMeasuredResponse { from, to, comparison }))
}

/// Writes assignments as a file, by frequency. Classified records stay out.
#[utoipa::path(get, path = "/export", operation_id = "export_assignments", tag = "registry",
    params(ExportAssignmentsQuery),
    responses((status = 200, description = "The file", content(
        (String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (serde_json::Value = "application/geo+json"), (String = "application/vnd.google-earth.kml+xml"),
        (String = "text/plain"), (String = "application/xml")))))]
pub async fn export_assignments(
    State(state): State<AppState>,
    Query(query): Query<ExportAssignmentsQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let now = Timestamp::now();
    let wanted = Wanted {
        format: query.format,
        band: band(query.low_hz, query.high_hz)?,
        text: query.q,
        audience: Audience::Open,
        options: Options {
            language: match query.lang.unwrap_or_else(|| negotiate(&headers)) {
                Language::Zh => export::Language::Chinese,
                Language::En => export::Language::English,
            },
            folders: Folders::default(),
            written_at: now,
        },
    };
    let registry = state.registry.current();
    let write = move || {
        let mut file = Vec::new();
        exports::assignments(registry.assignments(), &wanted, &mut file).map(|_| file)
    };
    let file = tokio::task::spawn_blocking(write)
        .await
        .map_err(|_| Problem::from_status(StatusCode::INTERNAL_SERVER_ERROR))??;
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let name = format!(
        "attachment; filename=\"assignments-{day}.{}\"",
        query.format.extension()
    );
    let head = [
        (header::CONTENT_TYPE, query.format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((head, file).into_response())
}

/// Adds an assignment.
#[utoipa::path(post, path = "", operation_id = "create_assignment", tag = "registry",
    request_body = CreateAssignmentRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = AssignmentResponse, headers(("etag" = String)))))]
pub async fn create_assignment(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<CreateAssignmentRequest>,
) -> Result<Response> {
    idempotency::once(&state, &caller, &headers, &[b"create_assignment", &body], async {
        let saved = state.registry.save(assignment(request)?, None, &caller.0.user).await?;
        let tag = etag(saved.version);
        idempotency::Answer::json(StatusCode::CREATED, Some(tag), &AssignmentResponse::from(saved))
    })
    .await
}

/// The record, if it makes sense.
fn assignment(request: CreateAssignmentRequest) -> Result<Assignment> {
    let mut faults: Vec<(&str, &str)> = Vec::new();
    for (field, text, longest) in [
        ("id", &request.id, 128),
        ("holder", &request.holder, 256),
        ("station", &request.station, 256),
    ] {
        if text.trim().is_empty() || text.chars().count() > longest || text.chars().any(char::is_control) {
            faults.push((field, "empty, too long, or with control characters"));
        }
    }
    if !(1..=3_000_000_000_000).contains(&request.center_hz) {
        faults.push(("center_hz", "not between 1 and 3000000000000"));
    }
    if !(1..=1_000_000_000_000).contains(&request.necessary_bandwidth_hz) {
        faults.push(("necessary_bandwidth_hz", "not between 1 and 1000000000000"));
    }
    if request
        .tolerance_hz
        .is_some_and(|tolerance| !(tolerance.is_finite() && tolerance >= 0.0))
    {
        faults.push(("tolerance_hz", "negative"));
    }
    let on_earth = |place: &Place| {
        (-90.0..=90.0).contains(&place.latitude)
            && (-180.0..=180.0).contains(&place.longitude)
            && (0.0..=20_040.0).contains(&place.radius_km)
    };
    if request.place.as_ref().is_some_and(|place| !on_earth(place)) {
        faults.push((
            "place",
            "not on earth: latitude -90 to 90, longitude -180 to 180, radius_km 0 to 20040",
        ));
    }
    if let (Some(from), Some(to)) = (request.valid_from, request.valid_to)
        && from >= to
    {
        faults.push(("valid_to", "not after valid_from"));
    }
    if !faults.is_empty() {
        let problem = Problem::invalid("指配内容无效，见 errors。", "The assignment is invalid; see errors.");
        return Err(faults
            .into_iter()
            .fold(problem, |problem, (field, reason)| problem.field(field, reason)));
    }
    Ok(Assignment {
        id: request.id,
        holder: request.holder,
        station: request.station,
        call_sign: request.call_sign,
        center_hz: Hertz(request.center_hz),
        necessary_bandwidth_hz: Hertz(request.necessary_bandwidth_hz),
        designator: request.designator,
        service: request.service,
        block: request.block.unwrap_or(false),
        tolerance_hz: request.tolerance_hz,
        place: request.place,
        eirp_dbm: request.eirp_dbm,
        valid_from: request.valid_from,
        valid_to: request.valid_to,
        status: request.status.unwrap_or(AssignmentStatus::Granted),
        source: "entered".to_owned(),
        details: None,
    })
}
