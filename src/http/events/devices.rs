//! The gate of an event: devices, their tests and labels.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    coordination::events::{AdmissionResult, Device, DeviceContent, Readings},
    http::{
        AppState,
        caller::Caller,
        coordination::check::{LetterQuery, language, page as letter_page},
        error::{ProblemResponse, Result},
        extract::{IfMatch, JsonBytes, Path, Query, etag},
        idempotency,
        page::{self, ListResponse},
    },
    service::events::{DeviceQuery, GiveTest, SeenDevice},
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListEventDevicesQuery {
    /// Whose last test came out like this.
    #[param(inline)]
    pub result: Option<AdmissionResult>,
    /// In kind, serial number, owner or label.
    pub q: Option<String>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// A device.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDeviceRequest {
    /// What is declared.
    pub content: DeviceContent,
}

/// A test: an emission that a receiver measured, values read off an instrument, or both; what was read off goes before.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestEventDeviceRequest {
    /// Id of the emission.
    pub emission: Option<String>,
    /// What an instrument showed.
    #[serde(default)]
    pub readings: Readings,
    /// The instrument.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub instrument: String,
    /// A remark.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub note: String,
}

/// A device with its tests.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventDeviceResponse {
    /// The device.
    #[serde(flatten)]
    pub device: Device,
    /// Whether the caller may test it and declare it anew.
    pub works: bool,
}

impl From<SeenDevice> for EventDeviceResponse {
    fn from(seen: SeenDevice) -> Self {
        Self {
            device: seen.device.into_inner(),
            works: seen.works,
        }
    }
}

/// Lists the devices of an event, the latest first.
#[utoipa::path(get, path = "/{id}/devices", operation_id = "list_event_devices", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), ListEventDevicesQuery),
    responses((status = 200, body = ListResponse<EventDeviceResponse>)))]
pub async fn list_event_devices(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ListEventDevicesQuery>,
) -> Result<Answer<ListResponse<EventDeviceResponse>>> {
    let wanted = DeviceQuery {
        result: query.result,
        text: query.q,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    let page = state.events.devices(&id, &wanted, caller.asking()).await?;
    Ok(Answer(ListResponse::of(page)))
}

/// One device with its tests; the ETag is needed to change and to test it.
#[utoipa::path(get, path = "/{id}/devices/{device}", operation_id = "get_event_device", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), ("device" = String, Path, description = "Id of the device")),
    responses((status = 200, body = EventDeviceResponse, headers(("etag" = String)))))]
pub async fn get_event_device(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, device)): Path<(String, String)>,
) -> Result<Response> {
    let seen = state.events.device([&id, &device], caller.asking()).await?;
    let shown = EventDeviceResponse::from(seen);
    Ok(([(header::ETAG, etag(shown.device.version))], Answer(shown)).into_response())
}

/// Registers a device with what is declared of it.
#[utoipa::path(post, path = "/{id}/devices", operation_id = "create_event_device", tag = "events",
    request_body = EventDeviceRequest,
    params(("id" = String, Path, description = "Id of the event"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = EventDeviceResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_event_device(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<EventDeviceRequest>,
) -> Result<Response> {
    let operation = format!("create_event_device {id}");
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let events = &state.events;
        let seen = events.register_device(&id, request.content, caller.asking()).await?;
        answer(StatusCode::CREATED, seen)
    })
    .await
}

/// Declares a device anew: its label is void, and it is to be tested again.
#[utoipa::path(put, path = "/{id}/devices/{device}", operation_id = "update_event_device", tag = "events",
    request_body = EventDeviceRequest,
    params(("id" = String, Path, description = "Id of the event"), ("device" = String, Path, description = "Id of the device"),
        ("if-match" = String, Header, description = "ETag of the device as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = EventDeviceResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_event_device(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, device)): Path<(String, String)>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<EventDeviceRequest>,
) -> Result<Response> {
    let operation = format!("update_event_device {id} {device} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let events = &state.events;
        let seen = events
            .declare_device([&id, &device], version.0, request.content, caller.asking())
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

/// Tests a device against its declaration. One that passes gets a label; one that does not has none afterwards.
#[utoipa::path(post, path = "/{id}/devices/{device}/tests", operation_id = "add_event_device_test", tag = "events",
    request_body = TestEventDeviceRequest,
    params(("id" = String, Path, description = "Id of the event"), ("device" = String, Path, description = "Id of the device"),
        ("if-match" = String, Header, description = "ETag of the device as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = EventDeviceResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn add_event_device_test(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, device)): Path<(String, String)>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TestEventDeviceRequest>,
) -> Result<Response> {
    let operation = format!("add_event_device_test {id} {device} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let give = GiveTest {
            emission: request.emission,
            readings: request.readings,
            instrument: request.instrument,
            note: request.note,
        };
        let events = &state.events;
        let seen = events
            .test_device([&id, &device], version.0, give, caller.asking())
            .await?;
        answer(StatusCode::OK, seen)
    })
    .await
}

/// The label (准用标签) of a device that passed, to print.
#[utoipa::path(get, path = "/{id}/devices/{device}/label", operation_id = "get_event_device_label", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), ("device" = String, Path, description = "Id of the device"),
        LetterQuery),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn get_event_device_label(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, device)): Path<(String, String)>,
    Query(query): Query<LetterQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let language = language(&query, &headers);
    let label = state.events.label([&id, &device], language, caller.asking()).await?;
    Ok(letter_page(label))
}

fn answer(status: StatusCode, seen: SeenDevice) -> Result<idempotency::Answer> {
    let shown = EventDeviceResponse::from(seen);
    idempotency::Answer::json(status, Some(etag(shown.device.version)), &shown)
}
