//! Webhooks of organisations: where their programs are told what their officers, or operators, are told.

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
    extract::{IfMatch, Json, JsonBytes, Path, Query, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::service::{
    notices::NoticeKind,
    webhooks::{DeliveryState, KINDS, SeenWebhook, TestDelivery, WebhookContent, WebhookDelivery},
};

/// What is written about a new webhook.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookRequest {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Where messages go: `https://`, without a login.
    #[schema(max_length = 2000)]
    pub url: String,
    /// What it is told of.
    #[schema(min_items = 1)]
    pub kinds: Vec<NoticeKind>,
    /// Key of the organisation; the own where it is not given. Administrators alone name another.
    pub organisation: Option<String>,
}

/// What is written about a webhook anew.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateWebhookRequest {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Another address; the one it has stays where it is not given.
    #[schema(max_length = 2000)]
    pub url: Option<String>,
    /// What it is told of.
    #[schema(min_items = 1)]
    pub kinds: Vec<NoticeKind>,
    /// Whether messages are sent. What happens while it is off is not told later.
    pub active: bool,
}

/// A webhook and how it is doing. Its address and its key are not told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookResponse {
    /// Id.
    pub id: String,
    /// Key of the organisation.
    pub organisation: String,
    /// What people call it.
    pub name: String,
    /// Host of its address.
    pub host: String,
    /// What it is told of.
    pub kinds: Vec<NoticeKind>,
    /// Messages are sent.
    pub active: bool,
    /// It was switched off because nothing was accepted for long.
    pub failed: bool,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Since when its key is in force.
    pub secret_at: Timestamp,
    /// Last accepted message.
    #[schema(required = true)]
    pub last_success: Option<Timestamp>,
    /// Last failed attempt,
    #[schema(required = true)]
    pub last_error_at: Option<Timestamp>,
    /// and why.
    #[schema(required = true)]
    pub last_error: Option<String>,
    /// Messages that are not delivered yet.
    pub waiting: u64,
    /// Grows with every change.
    pub version: u64,
}

/// A webhook with the key of its signature.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NewWebhookResponse {
    /// The webhook.
    pub webhook: WebhookResponse,
    /// The key. It is told this once.
    pub secret: String,
}

/// A message and where it stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WebhookDeliveryResponse {
    /// Its key, the same at every attempt.
    pub id: String,
    /// Kind of record, or `test`.
    pub kind: String,
    /// What happened.
    pub action: String,
    /// When.
    pub time: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: u64,
    /// When it is tried next; null: not again.
    #[schema(required = true)]
    pub next_at: Option<Timestamp>,
    /// When it was accepted or given up.
    #[schema(required = true)]
    pub done_at: Option<Timestamp>,
    /// Why the last attempt failed.
    #[schema(required = true)]
    pub error: Option<String>,
}

/// What became of a test message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TestWebhookResponse {
    /// Whether the other side accepted it.
    pub delivered: bool,
    /// Why not.
    #[schema(required = true)]
    pub error: Option<String>,
    /// Key of the message.
    pub delivery: String,
}

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListDeliveriesQuery {
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

impl From<SeenWebhook> for WebhookResponse {
    fn from(SeenWebhook { record, host, health }: SeenWebhook) -> Self {
        let told = |kind: &NoticeKind| record.kinds.iter().any(|known| known == kind.name());
        Self {
            kinds: KINDS.into_iter().filter(told).collect(),
            id: record.id,
            organisation: record.organisation,
            name: record.name,
            host,
            active: record.active,
            failed: record.failed,
            created_by: record.created_by,
            created_at: record.created_at,
            secret_at: record.secret_at,
            last_success: health.last_success,
            last_error_at: health.last_error_at,
            last_error: health.last_error,
            waiting: health.waiting,
            version: record.version,
        }
    }
}

impl From<WebhookDelivery> for WebhookDeliveryResponse {
    fn from(delivery: WebhookDelivery) -> Self {
        Self {
            next_at: (delivery.state == DeliveryState::Waiting).then_some(delivery.next),
            id: delivery.id,
            kind: delivery.kind,
            action: delivery.action,
            time: delivery.time,
            state: delivery.state,
            attempts: delivery.attempts,
            done_at: delivery.done,
            error: delivery.error,
        }
    }
}

/// Lists the webhooks of the own organisation; all of them for administrators.
#[utoipa::path(get, path = "", operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, body = ListResponse<WebhookResponse>)))]
pub async fn list_webhooks(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Answer<ListResponse<WebhookResponse>>> {
    let webhooks = state.webhooks.list(caller.asking()).await?;
    Ok(Answer(ListResponse::complete(
        webhooks.into_iter().map(Into::into).collect(),
    )))
}

/// One webhook; the ETag is needed to change it.
#[utoipa::path(get, path = "/{id}", operation_id = "get_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "Id of the webhook")),
    responses((status = 200, body = WebhookResponse, headers(("etag" = String)))))]
pub async fn get_webhook(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let webhook = WebhookResponse::from(state.webhooks.get(&id, caller.asking()).await?);
    Ok(([(header::ETAG, etag(webhook.version))], Answer(webhook)).into_response())
}

/// Makes a webhook. The answer to this change is kept nowhere, as it has the key of the signature in it: sent twice, it makes
/// two.
#[utoipa::path(post, path = "", operation_id = "create_webhook", tag = "webhooks", request_body = CreateWebhookRequest,
    responses((status = 201, body = NewWebhookResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_webhook(
    State(state): State<AppState>,
    caller: Caller,
    Json(request): Json<CreateWebhookRequest>,
) -> Result<Response> {
    let content = WebhookContent {
        name: request.name,
        url: Some(request.url),
        kinds: request.kinds,
        active: true,
    };
    let (webhook, secret) = state
        .webhooks
        .create(request.organisation, content, caller.asking())
        .await?;
    Ok(told_once(StatusCode::CREATED, webhook, secret))
}

/// Writes it anew, and switches it on or off.
#[utoipa::path(put, path = "/{id}", operation_id = "update_webhook", tag = "webhooks",
    request_body = UpdateWebhookRequest,
    params(("id" = String, Path, description = "Id of the webhook"),
        ("if-match" = String, Header, description = "ETag of the webhook as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = WebhookResponse, headers(("etag" = String))),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_webhook(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<UpdateWebhookRequest>,
) -> Result<Response> {
    let operation = format!("update_webhook {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let content = WebhookContent {
            name: request.name,
            url: request.url,
            kinds: request.kinds,
            active: request.active,
        };
        let seen = state.webhooks.update(&id, version.0, content, caller.asking()).await?;
        let shown = WebhookResponse::from(seen);
        idempotency::Answer::json(StatusCode::OK, Some(etag(shown.version)), &shown)
    })
    .await
}

/// Gives it another key at once, which is told this once: the one before is no longer in force.
#[utoipa::path(post, path = "/{id}/secret", operation_id = "rotate_webhook_secret", tag = "webhooks",
    params(("id" = String, Path, description = "Id of the webhook"),
        ("if-match" = String, Header, description = "ETag of the webhook as it was read: its version in quotation marks")),
    responses((status = 200, body = NewWebhookResponse, headers(("etag" = String))),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn rotate_webhook_secret(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<Response> {
    let (webhook, secret) = state.webhooks.rotate(&id, version.0, caller.asking()).await?;
    Ok(told_once(StatusCode::OK, webhook, secret))
}

fn told_once(status: StatusCode, webhook: SeenWebhook, secret: String) -> Response {
    let webhook = WebhookResponse::from(webhook);
    let tag = etag(webhook.version);
    (
        status,
        [(header::ETAG, tag)],
        Answer(NewWebhookResponse { webhook, secret }),
    )
        .into_response()
}

/// Removes it, with what waits for it.
#[utoipa::path(delete, path = "/{id}", operation_id = "delete_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "Id of the webhook"),
        ("if-match" = String, Header, description = "ETag of the webhook as it was read: its version in quotation marks")),
    responses((status = 204, description = "It is gone"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_webhook(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<StatusCode> {
    state.webhooks.delete(&id, version.0, caller.asking()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test message at once; answers whether it was accepted.
#[utoipa::path(post, path = "/{id}/test", operation_id = "test_webhook", tag = "webhooks",
    params(("id" = String, Path, description = "Id of the webhook"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice, done once")),
    responses((status = 200, body = TestWebhookResponse), (status = 404, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn test_webhook(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let operation = format!("test_webhook {id}");
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes()], async {
        let TestDelivery { delivery, error } = state.webhooks.test(&id, caller.asking()).await?;
        let body = TestWebhookResponse {
            delivered: error.is_none(),
            error,
            delivery,
        };
        idempotency::Answer::json(StatusCode::OK, None, &body)
    })
    .await
}

/// Lists its messages, the latest first.
#[utoipa::path(get, path = "/{id}/deliveries", operation_id = "list_webhook_deliveries", tag = "webhooks",
    params(("id" = String, Path, description = "Id of the webhook"), ListDeliveriesQuery),
    responses((status = 200, body = ListResponse<WebhookDeliveryResponse>)))]
pub async fn list_webhook_deliveries(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ListDeliveriesQuery>,
) -> Result<Answer<ListResponse<WebhookDeliveryResponse>>> {
    let wanted = (Some(page::limit(query.limit)?), query.cursor);
    Ok(Answer(ListResponse::of(
        state.webhooks.deliveries(&id, wanted, caller.asking()).await?,
    )))
}

/// Sends a message that is over once more, under its key and with its text.
#[utoipa::path(post, path = "/{id}/deliveries/{delivery}/redelivery", operation_id = "redeliver_webhook_delivery",
    tag = "webhooks",
    params(("id" = String, Path, description = "Id of the webhook"),
        ("delivery" = String, Path, description = "Key of the message"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice, done once")),
    responses((status = 202, description = "It is sent again"),
        (status = 404, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn redeliver_webhook_delivery(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, delivery)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let operation = format!("redeliver {id} {delivery}");
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes()], async {
        state.webhooks.redeliver(&id, &delivery, caller.asking()).await?;
        Ok(idempotency::Answer {
            status: StatusCode::ACCEPTED,
            etag: None,
            body: b"{}".to_vec(),
        })
    })
    .await
}
