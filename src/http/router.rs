//! Every route of the service, on one screen, and the layers around them.

use std::time::Duration;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
};
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AppState, alarm_routes, allocations, assignments, audit, caller, conflicts, console, control_orders, coordination,
    emissions, envelope, events, health, history, interference_reports, leftover, live, metrics, notices, occupancy,
    oidc, openapi, organisations, paws, plots, receivers, registry, sessions, sites, spectra, tasks, tokens, users,
    webhooks,
};

/// The API with its document.
pub fn api() -> (Router<AppState>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::skeleton())
        .nest("/api/v1", v1())
        .routes(routes!(metrics::get_metrics))
        .routes(routes!(openapi::get_openapi))
        .split_for_parts()
}

/// The resources.
fn v1() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .nest(
            "/health",
            OpenApiRouter::new()
                .routes(routes!(health::live))
                .routes(routes!(health::ready)),
        )
        .merge(accounts())
        .nest(
            "/receivers",
            OpenApiRouter::new()
                .routes(routes!(receivers::list_receivers))
                .routes(routes!(receivers::get_receiver)),
        )
        .nest(
            "/sites",
            OpenApiRouter::new()
                .routes(routes!(sites::list_sites, sites::create_site))
                .routes(routes!(sites::get_site, sites::update_site, sites::delete_site)),
        )
        .nest(
            "/spectra",
            OpenApiRouter::new()
                .routes(routes!(spectra::list_spectra))
                .routes(routes!(spectra::get_latest_spectrum))
                .routes(routes!(spectra::get_waterfall))
                .routes(routes!(spectra::list_masks)),
        )
        .merge(findings())
        .nest(
            "/alarm-routes",
            OpenApiRouter::new()
                .routes(routes!(alarm_routes::list_alarm_routes))
                .routes(routes!(alarm_routes::test_alarm_route)),
        )
        .nest(
            "/allocations",
            OpenApiRouter::new().routes(routes!(allocations::list_allocations)),
        )
        .nest(
            "/assignments",
            OpenApiRouter::new()
                .routes(routes!(assignments::list_assignments, assignments::create_assignment))
                .routes(routes!(assignments::export_assignments))
                .routes(routes!(assignments::get_assignment, history::delete_assignment))
                .routes(routes!(assignments::get_assignment_measured))
                .routes(routes!(history::get_assignment_history)),
        )
        .nest("/registry", registry_as_a_whole())
        .merge(coordination())
        .nest("/control-orders", control_orders())
        .merge(interference())
        .nest("/tasks", measuring_tasks())
        .nest("/notices", news())
        .nest("/webhooks", hooks())
        .nest("/events", major_events())
        .nest("/audit", audit())
        .routes(routes!(paws::ask_paws))
        .nest("/plots", OpenApiRouter::new().routes(routes!(plots::get_plot)))
        .routes(routes!(live::open_live))
}

/// Accounts, logins and tokens.
fn accounts() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .nest(
            "/sessions",
            OpenApiRouter::new()
                .routes(routes!(sessions::create_session))
                .routes(routes!(oidc::list_login_ways))
                .routes(routes!(oidc::begin_oidc_login))
                .routes(routes!(oidc::finish_oidc_login))
                .routes(routes!(sessions::get_current_session, sessions::delete_current_session)),
        )
        .nest(
            "/tokens",
            OpenApiRouter::new()
                .routes(routes!(tokens::list_tokens, tokens::create_token))
                .routes(routes!(tokens::delete_token)),
        )
        .nest(
            "/users",
            OpenApiRouter::new()
                .routes(routes!(users::list_users, users::create_user))
                .routes(routes!(users::update_user, users::delete_user)),
        )
        .nest("/organisations", organisations())
}

/// Offices, operators and those who measure for them.
fn organisations() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            organisations::list_organisations,
            organisations::create_organisation
        ))
        .routes(routes!(
            organisations::get_organisation,
            organisations::update_organisation
        ))
        .routes(routes!(organisations::delete_organisation))
}

/// Requests between offices, and what is made of them.
fn coordination() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .nest("/coordination/requests", requests())
        .nest(
            "/coordination/check",
            OpenApiRouter::new().routes(routes!(coordination::check::check_proposal)),
        )
        .nest(
            "/coordination/exchange",
            OpenApiRouter::new().routes(routes!(coordination::exchange::read_requests)),
        )
        .nest(
            "/coordination/disclosure",
            OpenApiRouter::new().routes(routes!(coordination::disclosure::get_disclosure_policy)),
        )
        .nest(
            "/coordination/questions",
            OpenApiRouter::new().routes(routes!(coordination::questions::list_question_counts)),
        )
        .nest(
            "/coordination/calendar.ics",
            OpenApiRouter::new().routes(routes!(coordination::check::get_coordination_calendar)),
        )
}

/// Who did what, and the proof of it.
fn audit() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(audit::list_audit))
        .routes(routes!(audit::get_audit_checkpoint))
        .routes(routes!(audit::get_audit_consistency))
        .routes(routes!(audit::get_audit_proof))
}

/// The registry as a whole.
fn registry_as_a_whole() -> OpenApiRouter<AppState> {
    let files = OpenApiRouter::new()
        .routes(routes!(registry::import_registry))
        .layer(DefaultBodyLimit::max(registry::FILE_BYTES));
    OpenApiRouter::new()
        .routes(routes!(registry::check_registry))
        .routes(routes!(history::get_registry_version))
        .merge(files)
}

/// Requests between civil and military offices.
fn requests() -> OpenApiRouter<AppState> {
    use coordination::{check, exchange, files, sealed, steps};
    OpenApiRouter::new()
        .routes(routes!(coordination::list_requests, coordination::create_request))
        .routes(routes!(coordination::get_request, coordination::update_request))
        .routes(routes!(steps::take_request_step))
        .routes(routes!(steps::list_request_messages, steps::add_request_message))
        .routes(routes!(check::get_request_analysis))
        .routes(routes!(check::list_request_alternatives))
        .routes(routes!(check::get_request_letter))
        .routes(routes!(exchange::export_request))
        .routes(routes!(files::list_request_files, files::add_request_file))
        .routes(routes!(files::get_request_file, files::delete_request_file))
        .routes(routes!(sealed::delete_sealed_answer))
}

/// Radio control orders.
fn control_orders() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(
            control_orders::list_control_orders,
            control_orders::create_control_order
        ))
        .routes(routes!(
            control_orders::get_control_order,
            control_orders::update_control_order
        ))
        .routes(routes!(control_orders::take_control_order_step))
}

/// Complaints of interference.
fn interference() -> OpenApiRouter<AppState> {
    use interference_reports::{self as reports, outward};
    let each = OpenApiRouter::new()
        .routes(routes!(
            reports::list_interference_reports,
            reports::create_interference_report
        ))
        .routes(routes!(
            reports::get_interference_report,
            reports::update_interference_report
        ))
        .routes(routes!(reports::take_interference_report_step))
        .routes(routes!(outward::get_interference_report_letter))
        .routes(routes!(outward::export_interference_report));
    OpenApiRouter::new().nest("/interference-reports", each).nest(
        "/interference-quarters",
        OpenApiRouter::new().routes(routes!(outward::list_interference_quarters)),
    )
}

/// Measuring time on shared receivers.
fn measuring_tasks() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(tasks::list_tasks, tasks::create_task))
        .routes(routes!(tasks::results::get_task_choices))
        .routes(routes!(tasks::get_task, tasks::update_task))
        .routes(routes!(tasks::take_task_step))
        .routes(routes!(tasks::results::get_task_results))
        .routes(routes!(tasks::results::get_task_recording))
}

/// What happened to records that the caller may know.
fn news() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(notices::list_notices))
        .routes(routes!(notices::count_unread_notices))
        .routes(routes!(notices::mark_notices_read))
}

/// Where programs of organisations are told of that.
fn hooks() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(webhooks::list_webhooks, webhooks::create_webhook))
        .routes(routes!(
            webhooks::get_webhook,
            webhooks::update_webhook,
            webhooks::delete_webhook
        ))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(webhooks::list_webhook_deliveries))
        .routes(routes!(webhooks::redeliver_webhook_delivery))
}

/// Major events with their plans, gates, watch lists and reports.
fn major_events() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(events::list_events, events::create_event))
        .routes(routes!(events::get_event, events::update_event))
        .routes(routes!(events::take_event_step))
        .routes(routes!(events::plan::list_event_rows, events::plan::create_event_row))
        .routes(routes!(events::plan::import_event_plan))
        .routes(routes!(events::plan::export_event_plan))
        .routes(routes!(events::plan::list_event_row_findings))
        .routes(routes!(events::plan::update_event_row, events::plan::delete_event_row))
        .routes(routes!(
            events::devices::list_event_devices,
            events::devices::create_event_device
        ))
        .routes(routes!(
            events::devices::get_event_device,
            events::devices::update_event_device
        ))
        .routes(routes!(events::devices::add_event_device_test))
        .routes(routes!(events::devices::get_event_device_label))
        .routes(routes!(events::watch::get_event_watch))
        .routes(routes!(events::days::get_event_day))
        .routes(routes!(events::days::get_event_day_letter))
}

/// What was found on the air, and what was not.
fn findings() -> OpenApiRouter<AppState> {
    let emissions = OpenApiRouter::new()
        .routes(routes!(emissions::list_emissions))
        .routes(routes!(emissions::get_emission));
    OpenApiRouter::new()
        .nest("/emissions", emissions)
        .nest("/conflicts", conflicts())
        .nest(
            "/occupancy",
            OpenApiRouter::new().routes(routes!(occupancy::get_occupancy)),
        )
}

/// Conflicts and what people do about them.
fn conflicts() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(conflicts::list_conflicts))
        .routes(routes!(conflicts::steps::list_assignees))
        .routes(routes!(conflicts::get_conflict))
        .routes(routes!(conflicts::steps::acknowledge_conflict))
        .routes(routes!(conflicts::steps::assign_conflict))
        .routes(routes!(conflicts::steps::comment_conflict))
        .routes(routes!(conflicts::steps::resolve_conflict))
        .routes(routes!(conflicts::steps::reopen_conflict))
        .routes(routes!(conflicts::merging::merge_conflict))
        .routes(routes!(conflicts::merging::unmerge_conflict))
        .routes(routes!(
            conflicts::attachments::list_attachments,
            conflicts::attachments::add_attachment
        ))
        .routes(routes!(
            conflicts::attachments::get_attachment,
            conflicts::attachments::delete_attachment
        ))
}

/// Largest body of a request, files aside.
const BODY_BYTES: usize = 1024 * 1024;
/// Longest time a request may take.
const TIME_MAX: Duration = Duration::from_secs(30);

/// The whole application: API, console, layers. The outermost layer is the last one.
pub fn app(state: AppState) -> Router {
    let (routes, _) = api();
    routes
        .route_layer(from_fn_with_state(state.clone(), caller::authorise))
        .fallback(console::fallback)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIME_MAX,
        ))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(envelope::dress))
        .layer(from_fn(leftover::take))
        .with_state(state)
}
