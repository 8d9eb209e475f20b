//! Radio control orders: written, proposed, approved by a second person, lifted; and what is in force.

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
    error::{Problem, ProblemResponse, Result},
    extract::{IfMatch, JsonBytes, Path, Query, band, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::{
    coordination::{
        Fault, Refusal,
        orders::{Office, OrderEntry, OrderPhase, OrderStep, title},
    },
    registry::{
        ControlOrder, Text,
        control::{ControlArea, Effect},
        hours,
    },
    service::{
        control_orders::{Asking, ControlOrderQuery, Refused, Shown},
        disclosure::Disclosed,
    },
    units::{Band, Hertz},
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListControlOrdersQuery {
    /// Where it stands.
    #[param(inline)]
    pub state: Option<OrderPhase>,
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// In force at this time, hours of the day included.
    #[param(value_type = Option<String>, format = DateTime)]
    pub in_force_at: Option<Timestamp>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// What is to be ordered.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlOrderRequest {
    /// Number of the order, as on the document.
    #[schema(min_length = 4, max_length = 64)]
    pub number: String,
    /// What it is called; one language will do.
    pub title: Text,
    /// Who issues it.
    #[schema(min_length = 1, max_length = 100)]
    pub issuer: String,
    /// Lower edge of the band.
    #[schema(minimum = 1, maximum = 3_000_000_000_000_i64)]
    pub low_hz: i64,
    /// Upper edge.
    #[schema(minimum = 1, maximum = 3_000_000_000_000_i64)]
    pub high_hz: i64,
    /// Where; null: in the whole jurisdiction.
    pub area: Option<ControlArea>,
    /// First instant in force.
    pub from: Timestamp,
    /// First instant no longer in force.
    pub to: Timestamp,
    /// Only in these weekly hours, such as `Mo-Fr 08:00-18:00 +08:00; Sa 22:00-02:00`; always when not given.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub hours: String,
    /// What it does.
    pub effect: Effect,
    /// Keys of assignments and names of holders that may go on.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub exempt: Vec<String>,
    /// Classification; open when not given.
    #[schema(max_length = 64)]
    pub classification: Option<String>,
    /// Roles a classified order is released to besides those that are cleared.
    #[serde(default)]
    #[schema(max_items = 16)]
    pub releasability: Vec<String>,
}

/// What a person does with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TakeOrderStep {
    /// Hand it in for approval.
    Propose,
    /// Approve it; a second person.
    Approve,
    /// Refuse to approve it, with a reason; a second person.
    Reject,
    /// Take it back before it is approved, with a reason.
    Withdraw,
    /// End it before its time, with a reason.
    Lift,
}

/// One step.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeControlOrderStepRequest {
    /// What is done.
    pub step: TakeOrderStep,
    /// Why; owed when it is rejected, withdrawn or lifted.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub reason: String,
}

/// A step the order has now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OfferedOrderStep {
    /// The step.
    pub step: OrderStep,
    /// What keeps the caller from it; null: nothing.
    #[schema(required = true)]
    pub refusal: Option<Text>,
}

/// One order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ControlOrderResponse {
    /// Public id.
    pub id: String,
    /// Number of the order.
    pub number: String,
    /// What it is called.
    pub title: Text,
    /// Who issues it.
    pub issuer: String,
    /// Where it stands at this moment.
    pub state: OrderPhase,
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Where; null: in the whole jurisdiction.
    #[schema(required = true)]
    pub area: Option<ControlArea>,
    /// First instant in force; not before it was approved.
    pub from: Timestamp,
    /// First instant no longer in force.
    pub to: Timestamp,
    /// Weekly hours within that, as they are written in a request; empty: always.
    pub hours: String,
    /// The same in words.
    pub hours_text: Text,
    /// What it does.
    pub effect: Effect,
    /// Keys of assignments and names of holders that may go on, as far as the caller may know them.
    pub exempt: Vec<String>,
    /// Classification; null: open.
    #[schema(required = true)]
    pub classification: Option<String>,
    /// Roles it is released to besides those that are cleared.
    pub releasability: Vec<String>,
    /// Office that drafted it.
    pub office: Office,
    /// When the last approval that was needed was given.
    #[schema(required = true)]
    pub approved_at: Option<Timestamp>,
    /// When it was lifted.
    #[schema(required = true)]
    pub lifted_at: Option<Timestamp>,
    /// Offices of which one officer each has still to approve; empty where any one who may will do.
    pub approvals_missing: Vec<Office>,
    /// Who did what, oldest first; empty for those who do not decide about orders.
    pub steps: Vec<OrderEntry>,
    /// The steps it has now, with what keeps the caller from each.
    pub available: Vec<OfferedOrderStep>,
    /// Grows with every change; the ETag is made of it.
    pub version: u64,
}

impl From<Disclosed<Shown>> for ControlOrderResponse {
    fn from(shown: Disclosed<Shown>) -> Self {
        let Shown {
            record,
            phase,
            missing,
            available,
        } = shown.into_inner();
        let order = record.order;
        Self {
            id: record.key,
            number: order.id,
            title: order.title,
            issuer: order.issuer,
            state: phase,
            low_hz: order.band.low(),
            high_hz: order.band.high(),
            area: order.area,
            from: order.from,
            to: order.to,
            hours: hours::written(&order.windows),
            hours_text: hours::text(&order.windows),
            effect: order.effect,
            exempt: order.exempt,
            classification: order.classification,
            releasability: order.releasability,
            office: record.office,
            approved_at: record.approved_at,
            lifted_at: record.lifted_at,
            approvals_missing: missing,
            steps: record.steps,
            available: available
                .into_iter()
                .map(|(step, refusal)| OfferedOrderStep { step, refusal })
                .collect(),
            version: record.version,
        }
    }
}

impl From<TakeOrderStep> for OrderStep {
    fn from(step: TakeOrderStep) -> Self {
        match step {
            TakeOrderStep::Propose => Self::Propose,
            TakeOrderStep::Approve => Self::Approve,
            TakeOrderStep::Reject => Self::Reject,
            TakeOrderStep::Withdraw => Self::Withdraw,
            TakeOrderStep::Lift => Self::Lift,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Faults(faults) => faulty(faults),
            Refused::Step(Refusal::NotYours(why)) => Self::new(
                StatusCode::FORBIDDEN,
                "forbidden",
                sentence(&why.zh, "。"),
                sentence(&why.en, "."),
            ),
            Refused::Step(Refusal::WrongState(why)) => Self::new(
                StatusCode::CONFLICT,
                "wrong_state",
                sentence(&why.zh, "。"),
                sentence(&why.en, "."),
            ),
            Refused::Step(Refusal::Incomplete(field, reason)) => faulty(vec![Fault { field, reason }]),
            Refused::Error(error) => error.into(),
        }
    }
}

/// The text as a sentence of its own.
fn sentence(text: &str, stop: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}{stop}", first.unwrap_or_default(), letters.as_str())
}

fn faulty(faults: Vec<Fault>) -> Problem {
    let join = |pick: fn(&Text) -> &str, gap: &str| {
        let each = faults
            .iter()
            .map(|fault| format!("{}: {}", fault.field, pick(&fault.reason)));
        each.collect::<Vec<_>>().join(gap)
    };
    let (zh, en) = (join(|text| &text.zh, "；"), join(|text| &text.en, "; "));
    let problem = Problem::invalid(format!("{zh}。"), format!("{en}."));
    faults
        .into_iter()
        .fold(problem, |problem, fault| problem.field(fault.field, fault.reason.en))
}

fn asking(caller: &Caller) -> Asking<'_> {
    Asking {
        actor: &caller.0.user,
        role: caller.0.role,
        organisation: &caller.0.organisation,
        now: Timestamp::now(),
    }
}

/// The order that is asked for; what it means is checked behind this.
fn order(request: ControlOrderRequest) -> Result<ControlOrder> {
    let Some(band) = Band::new(Hertz(request.low_hz), Hertz(request.high_hz)) else {
        return Err(
            Problem::invalid("频率下限应低于上限。", "Give an upper edge above the lower one.")
                .field("high_hz", "below low_hz"),
        );
    };
    let windows = hours::parse(&request.hours).map_err(|error| {
        Problem::invalid(
            "hours 无法识别：请写明日期、时间和时区，例如 Mo-Fr 08:00-18:00 +08:00；多段以分号分隔。",
            error.to_string(),
        )
        .field("hours", error.to_string())
    })?;
    let trimmed = |texts: Vec<String>| texts.iter().map(|text| text.trim().to_owned()).collect();
    Ok(ControlOrder {
        id: request.number.trim().to_owned(),
        title: title(request.title),
        issuer: request.issuer.trim().to_owned(),
        band,
        area: request.area,
        from: request.from,
        to: request.to,
        windows,
        effect: request.effect,
        exempt: trimmed(request.exempt),
        classification: request.classification.map(|text| text.trim().to_owned()),
        releasability: trimmed(request.releasability),
    })
}

/// Lists orders, the latest to come into force first. Classified ones and drafts that are not for the caller are as if
/// they were not there.
#[utoipa::path(get, path = "", operation_id = "list_control_orders", tag = "control-orders",
    params(ListControlOrdersQuery), responses((status = 200, body = ListResponse<ControlOrderResponse>)))]
pub async fn list_control_orders(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListControlOrdersQuery>,
) -> Result<Answer<ListResponse<ControlOrderResponse>>> {
    let asking = asking(&caller);
    let query = ControlOrderQuery {
        phase: query.state,
        now: asking.now,
        band: band(query.low_hz, query.high_hz)?,
        binding_at: query.in_force_at,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    Ok(Answer(ListResponse::of(
        state.control_orders.list(&query, asking).await?,
    )))
}

/// One order with its steps; the ETag is needed to change it.
#[utoipa::path(get, path = "/{id}", operation_id = "get_control_order", tag = "control-orders",
    params(("id" = String, Path, description = "Id of the order")),
    responses((status = 200, body = ControlOrderResponse, headers(("etag" = String)))))]
pub async fn get_control_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let shown = ControlOrderResponse::from(state.control_orders.get(&id, asking(&caller)).await?);
    Ok(([(header::ETAG, etag(shown.version))], Answer(shown)).into_response())
}

/// Drafts an order. It binds nobody before a second person has approved it.
#[utoipa::path(post, path = "", operation_id = "create_control_order", tag = "control-orders",
    request_body = ControlOrderRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = ControlOrderResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_control_order(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<ControlOrderRequest>,
) -> Result<Response> {
    idempotency::once(&state, &caller, &headers, &[b"create_control_order", &body], async {
        let shown = state.control_orders.draft(order(request)?, asking(&caller)).await?;
        answer(StatusCode::CREATED, shown)
    })
    .await
}

/// Writes a draft anew.
#[utoipa::path(put, path = "/{id}", operation_id = "update_control_order", tag = "control-orders",
    request_body = ControlOrderRequest,
    params(("id" = String, Path, description = "Id of the order"),
        ("if-match" = String, Header, description = "ETag of the order as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ControlOrderResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_control_order(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<ControlOrderRequest>,
) -> Result<Response> {
    let operation = format!("update_control_order {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let order = order(request)?;
        let shown = state
            .control_orders
            .edit(&id, version.0, order, asking(&caller))
            .await?;
        answer(StatusCode::OK, shown)
    })
    .await
}

/// Proposes, approves, rejects, withdraws or lifts an order. Who wrote, changed or proposed it cannot decide about it. What
/// this puts in force or lifts is so for every receiver and every check when it answers.
#[utoipa::path(post, path = "/{id}/transitions", operation_id = "take_control_order_step", tag = "control-orders",
    request_body = TakeControlOrderStepRequest,
    params(("id" = String, Path, description = "Id of the order"),
        ("if-match" = String, Header, description = "ETag of the order as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = ControlOrderResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn take_control_order_step(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<TakeControlOrderStepRequest>,
) -> Result<Response> {
    let operation = format!("take_control_order_step {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let TakeControlOrderStepRequest { step, reason } = request;
        let orders = &state.control_orders;
        let shown = orders
            .take(&id, version.0, step.into(), reason, asking(&caller))
            .await?;
        answer(StatusCode::OK, shown)
    })
    .await
}

fn answer(status: StatusCode, shown: Disclosed<Shown>) -> Result<idempotency::Answer> {
    let shown = ControlOrderResponse::from(shown);
    idempotency::Answer::json(status, Some(etag(shown.version)), &shown)
}
