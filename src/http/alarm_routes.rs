//! Alarm routes: who is told of conflicts, and whether the messages arrive. The routes themselves are configuration.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    AppState,
    caller::Caller,
    error::{ProblemResponse, Result},
    extract::Path,
    idempotency,
    page::ListResponse,
};
use crate::{
    conflict::Severity,
    service::{
        alarms::{AlarmRoute, AlarmTarget, RouteHealth, status_of, web_host},
        findings::ConflictStatus,
    },
    units::Band,
};

/// How a route sends.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmChannel {
    /// Signed HTTP requests.
    Webhook,
    /// E-mail.
    Email,
}

/// One route and how it is doing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlarmRouteResponse {
    /// Id, as configured.
    pub id: String,
    /// How it sends.
    pub channel: AlarmChannel,
    /// Where to: host of a webhook (its address may hold a key), addresses of e-mail.
    pub target: String,
    /// Least severity.
    pub severity: Severity,
    /// Only these receivers; empty: all.
    pub receivers: Vec<String>,
    /// Only these bands; empty: all.
    pub bands: Vec<Band>,
    /// States that are told.
    pub states: Vec<ConflictStatus>,
    /// When messages wait, such as `22:00–07:00 Asia/Shanghai`.
    #[schema(required = true)]
    pub quiet: Option<String>,
    /// Conflicts of severity alarm do not wait.
    pub alarms_break_quiet: bool,
    /// Last accepted message.
    #[schema(required = true)]
    pub last_success: Option<Timestamp>,
    /// Last failed attempt,
    #[schema(required = true)]
    pub last_error_at: Option<Timestamp>,
    /// and why.
    #[schema(required = true)]
    pub last_error: Option<String>,
    /// What is not delivered yet.
    pub waiting: u64,
    /// Messages that were given up in the last 30 days.
    pub given_up: u64,
}

/// What became of a test message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TestAlarmRouteResponse {
    /// Whether the other side accepted it.
    pub delivered: bool,
    /// Why not.
    #[schema(required = true)]
    pub error: Option<String>,
    /// Key of the message.
    pub delivery: String,
}

impl From<(AlarmRoute, RouteHealth)> for AlarmRouteResponse {
    fn from((route, health): (AlarmRoute, RouteHealth)) -> Self {
        let (channel, target) = match &route.target {
            AlarmTarget::Webhook { url, .. } => (AlarmChannel::Webhook, web_host(url).unwrap_or_default()),
            AlarmTarget::Email(addresses) => {
                let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                (AlarmChannel::Email, texts.join(", "))
            }
        };
        let quiet = route.quiet.map(|quiet| {
            let zone = quiet.zone.iana_name().unwrap_or("UTC");
            format!("{}–{} {zone}", quiet.from.strftime("%H:%M"), quiet.to.strftime("%H:%M"))
        });
        Self {
            id: route.id,
            channel,
            target,
            severity: route.severity,
            receivers: route.receivers,
            bands: route.bands,
            states: route.states.into_iter().map(status_of).collect(),
            quiet,
            alarms_break_quiet: route.alarms_break_quiet,
            last_success: health.last_success,
            last_error_at: health.last_error_at,
            last_error: health.last_error,
            waiting: health.waiting,
            given_up: health.given_up,
        }
    }
}

/// Lists the alarm routes and how they are doing.
#[utoipa::path(get, path = "", operation_id = "list_alarm_routes", tag = "alarms",
    responses((status = 200, body = ListResponse<AlarmRouteResponse>)))]
pub async fn list_alarm_routes(State(state): State<AppState>) -> Result<Answer<ListResponse<AlarmRouteResponse>>> {
    let routes = state.alarms.routes().await?;
    Ok(Answer(ListResponse::complete(
        routes.into_iter().map(Into::into).collect(),
    )))
}

/// Sends a test message at once, past all filters and quiet hours; answers whether it was accepted.
#[utoipa::path(post, path = "/{id}/test", operation_id = "test_alarm_route", tag = "alarms",
    params(("id" = String, Path, description = "Route id"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice, done once")),
    responses((status = 200, body = TestAlarmRouteResponse), (status = 404, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn test_alarm_route(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let operation = format!("test {id}");
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes()], async {
        tracing::info!(route = id, actor = caller.0.user, "a test message is sent");
        let outcome = state.alarms.test(&id, Timestamp::now()).await?;
        let body = TestAlarmRouteResponse {
            delivered: outcome.error.is_none(),
            error: outcome.error,
            delivery: outcome.delivery,
        };
        idempotency::Answer::json(StatusCode::OK, None, &body)
    })
    .await
}
