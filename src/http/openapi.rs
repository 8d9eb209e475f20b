//! The API described by itself: OpenAPI 3.1, collected from the handlers.

use axum::{extract::State, http::header, response::IntoResponse};
use utoipa::{
    OpenApi as _,
    openapi::{
        Content, KnownFormat, OpenApi, Ref, RefOr, Required, Response, SchemaFormat, Type,
        path::{Operation, ParameterIn},
        schema::ObjectBuilder,
    },
};

use super::{
    AppState, emissions, error, extract::FREQUENCY_MAX_HZ, idempotency::KEY_MAX, live, occupancy, plots, registry,
    router,
};
use crate::service::{
    auth::{Access, permissions},
    coordination::Phase,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Pinpu", description = "Spectrum monitoring and coordination."),
    components(schemas(
        error::ProblemResponse,
        error::FieldProblem,
        live::LiveRequest,
        live::LiveResponse,
        live::LiveEventKind,
        emissions::EmissionOrder,
        Phase,
        occupancy::OccupancyBy,
        plots::PlotFile,
        registry::ImportKind
    )),
    tags(
        (name = "health", description = "Process and readiness"),
        (name = "sessions", description = "Logging in and out"),
        (name = "users", description = "Accounts"),
        (name = "organisations", description = "Offices, operators and those who measure for them"),
        (name = "receivers", description = "Receivers and how they are doing"),
        (name = "spectra", description = "Spectra and waterfall"),
        (name = "live", description = "Spectra and events as they happen"),
        (name = "emissions", description = "What was found on the air"),
        (name = "conflicts", description = "What nothing explains"),
        (name = "occupancy", description = "How much of the time channels were in use"),
        (name = "alarms", description = "Who is told of conflicts"),
        (name = "registry", description = "Who may be where"),
        (name = "coordination", description = "Requests between civil and military offices"),
        (name = "control-orders", description = "Radio control orders"),
        (name = "interference-reports", description = "Complaints of interference"),
        (name = "tasks", description = "Measuring time on shared receivers"),
        (name = "notices", description = "What happened to records, for those who may know them"),
        (name = "webhooks", description = "Where programs of organisations are told of that"),
        (name = "events", description = "Major events: plan, gate, watch list, daily report"),
        (name = "audit", description = "What was put in force or refused"),
        (name = "paws", description = "Devices of operators that ask which spectrum they may use (RFC 7545)"),
        (name = "plots", description = "Images for reports")
    )
)]
struct Skeleton;

/// What the document says besides the handlers.
#[must_use]
pub fn skeleton() -> OpenApi {
    Skeleton::openapi()
}

/// The whole document.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = router::api();
    for item in document.paths.paths.values_mut() {
        for operation in operations_mut(item) {
            describe_failures(operation);
            describe_parameters(operation);
        }
    }
    document
}

/// The operations of one path, whatever their method.
fn operations_mut(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

/// Every operation can fail, and always in the same shape.
fn describe_failures(operation: &mut Operation) {
    let access = operation.operation_id.as_deref().and_then(permissions::access);
    let mut failures = vec![("default", "Problem details")];
    if let Some(Access::Roles(_)) = access {
        failures.push(("401", "Nobody is logged in"));
        failures.push(("403", "The role does not allow it"));
    }
    for (status, text) in failures {
        let content = Content::builder()
            .schema(Some(Ref::from_schema_name("ProblemResponse")))
            .build();
        let response = Response::builder()
            .description(text)
            .content("application/problem+json", content)
            .build();
        operation
            .responses
            .responses
            .insert(status.to_owned(), RefOr::T(response));
    }
}

/// What holds for a parameter wherever it stands: the form of the headers, the range of frequencies, and that `key=` in a
/// query counts as not given.
fn describe_parameters(operation: &mut Operation) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        match (&parameter.parameter_in, &*parameter.name) {
            (ParameterIn::Header, "if-match") => {
                parameter.schema = Some(text().pattern(Some("^\"[0-9]{1,19}\"$")).into());
            }
            (ParameterIn::Header, "idempotency-key") => {
                let key = text().pattern(Some("^[!-~]+$")).min_length(Some(1));
                parameter.schema = Some(key.max_length(Some(KEY_MAX)).into());
            }
            (ParameterIn::Query, name) => {
                if matches!(name, "low_hz" | "high_hz") {
                    let hertz = ObjectBuilder::new().schema_type(Type::Integer);
                    let hertz = hertz.minimum(Some(-FREQUENCY_MAX_HZ)).maximum(Some(FREQUENCY_MAX_HZ));
                    parameter.schema = Some(hertz.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64))).into());
                }
                if !matches!(parameter.required, Required::True) {
                    parameter.extensions = Some([("allowEmptyValue", true)].into_iter().collect());
                }
            }
            _ => {}
        }
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", tag = "health",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub async fn get_openapi(State(state): State<AppState>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], state.document.clone())
}
