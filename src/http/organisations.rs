//! Organisations: offices, operators and the bodies that measure for them.

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
    extract::{IfMatch, JsonBytes, Path, Query, etag},
    idempotency,
    page::{self, ListResponse},
};
use crate::{
    coordination::organisation::{Contact, Organisation, OrganisationKind, OrganisationLevel, Profile},
    registry::Text,
    service::organisations::{Asking, Refused},
};

/// An organisation, as far as the caller may know it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrganisationResponse {
    /// Id.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// Short code, unique.
    pub code: String,
    /// What it is.
    pub kind: OrganisationKind,
    /// How far it reaches; null where that means nothing, as for an operator.
    #[schema(required = true)]
    pub level: Option<OrganisationLevel>,
    /// Id of the organisation above it.
    #[schema(required = true)]
    pub parent: Option<String>,
    /// Whom to ask there; empty for those who take no part in coordination.
    pub contact: Contact,
    /// Its people may log in.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: u64,
}

/// An organisation written anew.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateOrganisationRequest {
    /// What is written about it.
    pub profile: Profile,
    /// Its people may log in. Those of one that is put out of use are logged out at once.
    pub active: bool,
}

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListOrganisationsQuery {
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

impl From<Organisation> for OrganisationResponse {
    fn from(organisation: Organisation) -> Self {
        let Organisation {
            id,
            profile,
            active,
            created_at,
            version,
        } = organisation;
        let Profile {
            name,
            code,
            kind,
            level,
            parent,
            contact,
        } = profile;
        Self {
            id,
            name,
            code,
            kind,
            level,
            parent,
            contact,
            active,
            created_at,
            version,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Error(error) => error.into(),
            Refused::Faults(faults) => {
                let problem = Self::invalid("单位信息有误，见 errors。", "The organisation has faults; see errors.");
                faults
                    .into_iter()
                    .fold(problem, |problem, fault| problem.field_text(fault.field, fault.reason))
            }
        }
    }
}

fn asking(caller: &Caller) -> Asking<'_> {
    Asking {
        role: caller.0.role,
        organisation: &caller.0.organisation,
    }
}

fn answer(status: StatusCode, organisation: Organisation) -> Result<idempotency::Answer> {
    let tag = etag(organisation.version);
    idempotency::Answer::json(status, Some(tag), &OrganisationResponse::from(organisation))
}

/// Lists the organisations by code. Operators are told of offices and of themselves alone.
#[utoipa::path(get, path = "", operation_id = "list_organisations", tag = "organisations", params(ListOrganisationsQuery),
    responses((status = 200, body = ListResponse<OrganisationResponse>)))]
pub async fn list_organisations(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListOrganisationsQuery>,
) -> Result<Answer<ListResponse<OrganisationResponse>>> {
    let limit = page::limit(query.limit)? as usize;
    // The code after which the page begins: organisations are few and all in memory here.
    let after = query.cursor.unwrap_or_default();
    let known = state.organisations.list(asking(&caller)).await?.into_iter();
    let mut items: Vec<OrganisationResponse> = known
        .map(|organisation| organisation.into_inner().into())
        .filter(|organisation: &OrganisationResponse| organisation.code > after)
        .collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|last| last.code.clone());
    Ok(Answer(ListResponse { items, next_cursor }))
}

/// One organisation; the ETag is needed to change it.
#[utoipa::path(get, path = "/{id}", operation_id = "get_organisation", tag = "organisations",
    params(("id" = String, Path, description = "Id of the organisation")),
    responses((status = 200, body = OrganisationResponse, headers(("etag" = String)))))]
pub async fn get_organisation(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let known = state.organisations.get(&id, asking(&caller)).await?;
    let known = OrganisationResponse::from(known.into_inner());
    Ok(([(header::ETAG, etag(known.version))], Answer(known)).into_response())
}

/// Makes an organisation.
#[utoipa::path(post, path = "", operation_id = "create_organisation", tag = "organisations", request_body = Profile,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = OrganisationResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_organisation(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, profile): JsonBytes<Profile>,
) -> Result<Response> {
    idempotency::once(&state, &caller, &headers, &[b"create_organisation", &body], async {
        answer(
            StatusCode::CREATED,
            state.organisations.create(profile, Timestamp::now()).await?,
        )
    })
    .await
}

/// Writes an organisation anew, or puts it in or out of use.
#[utoipa::path(put, path = "/{id}", operation_id = "update_organisation", tag = "organisations",
    request_body = UpdateOrganisationRequest,
    params(("id" = String, Path, description = "Id of the organisation"),
        ("if-match" = String, Header, description = "ETag of the organisation as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = OrganisationResponse, headers(("etag" = String))),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_organisation(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, request): JsonBytes<UpdateOrganisationRequest>,
) -> Result<Response> {
    let operation = format!("update_organisation {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        let UpdateOrganisationRequest { profile, active } = request;
        let changed = state.organisations.update(&id, version.0, profile, active).await?;
        answer(StatusCode::OK, changed)
    })
    .await
}

/// Removes an organisation that no account, request or other organisation names; others are put out of use instead.
#[utoipa::path(delete, path = "/{id}", operation_id = "delete_organisation", tag = "organisations",
    params(("id" = String, Path, description = "Id of the organisation"),
        ("if-match" = String, Header, description = "ETag of the organisation as it was read: its version in quotation marks")),
    responses((status = 204, description = "Removed"),
        (status = 409, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_organisation(
    State(state): State<AppState>,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<StatusCode> {
    state.organisations.delete(&id, version.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
