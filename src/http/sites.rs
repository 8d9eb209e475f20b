//! Sites where receivers stand.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Serialize;

use super::{
    AppState,
    caller::Caller,
    error::{ProblemResponse, Result},
    extract::{IfMatch, JsonBytes, Path, etag},
    idempotency,
    page::ListResponse,
};
use crate::{
    coordination::site::{Site, SiteProfile},
    registry::Text,
    service::sites::SeenSite,
};

/// A site, as far as the caller may know it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SiteResponse {
    /// Id.
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// Key of the organisation it belongs to.
    pub organisation: String,
    /// Latitude, degrees north, WGS-84.
    pub latitude: f64,
    /// Longitude, degrees east, WGS-84.
    pub longitude: f64,
    /// The place is where the site is; `false`: the middle of the cell of 0.5° × 0.5° it lies in, without heights and notes.
    pub exact: bool,
    /// Height of the ground above sea level, m.
    #[schema(required = true)]
    pub ground_m: Option<f64>,
    /// Height of the antennas above the ground, m.
    #[schema(required = true)]
    pub antenna_m: Option<f64>,
    /// Ids of the receivers that stand there.
    pub receivers: Vec<String>,
    /// Antennas, cables, calibration.
    pub notes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: u64,
}

impl From<SeenSite> for SiteResponse {
    fn from(seen: SeenSite) -> Self {
        let Site {
            id,
            profile,
            created_at,
            version,
        } = seen.site;
        let SiteProfile {
            name,
            organisation,
            latitude,
            longitude,
            ground_m,
            antenna_m,
            receivers,
            notes,
        } = profile;
        Self {
            id,
            name,
            organisation,
            latitude,
            longitude,
            exact: seen.is_exact,
            ground_m,
            antenna_m,
            receivers,
            notes,
            created_at,
            version,
        }
    }
}

/// To somebody who wrote it just now, and so knows all of it.
fn answer(status: StatusCode, site: Site) -> Result<idempotency::Answer> {
    let tag = etag(site.version);
    let seen = SeenSite { site, is_exact: true };
    idempotency::Answer::json(status, Some(tag), &SiteResponse::from(seen))
}

/// Lists the sites. Where a military one is, those outside its organisation who may not know all are told by its public cell.
#[utoipa::path(get, path = "", operation_id = "list_sites", tag = "receivers",
    responses((status = 200, body = ListResponse<SiteResponse>)))]
pub async fn list_sites(State(state): State<AppState>, caller: Caller) -> Result<Answer<ListResponse<SiteResponse>>> {
    let sites = state.sites.list(caller.asking()).await?.into_iter();
    let items = sites.map(|site| site.into_inner().into()).collect();
    Ok(Answer(ListResponse::complete(items)))
}

/// One site; the ETag is needed to change it.
#[utoipa::path(get, path = "/{id}", operation_id = "get_site", tag = "receivers",
    params(("id" = String, Path, description = "Id of the site")),
    responses((status = 200, body = SiteResponse, headers(("etag" = String)))))]
pub async fn get_site(State(state): State<AppState>, caller: Caller, Path(id): Path<String>) -> Result<Response> {
    let site = SiteResponse::from(state.sites.get(&id, caller.asking()).await?.into_inner());
    Ok(([(header::ETAG, etag(site.version))], Answer(site)).into_response())
}

/// Makes a site.
#[utoipa::path(post, path = "", operation_id = "create_site", tag = "receivers", request_body = SiteProfile,
    params(("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 201, body = SiteResponse, headers(("etag" = String))),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn create_site(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    JsonBytes(body, profile): JsonBytes<SiteProfile>,
) -> Result<Response> {
    idempotency::once(&state, &caller, &headers, &[b"create_site", &body], async {
        answer(
            StatusCode::CREATED,
            state.sites.create(profile, Timestamp::now()).await?,
        )
    })
    .await
}

/// Writes a site anew.
#[utoipa::path(put, path = "/{id}", operation_id = "update_site", tag = "receivers", request_body = SiteProfile,
    params(("id" = String, Path, description = "Id of the site"),
        ("if-match" = String, Header, description = "ETag of the site as it was read: its version in quotation marks"),
        ("idempotency-key" = Option<String>, Header, description = "Sent twice with the same body, done once")),
    responses((status = 200, body = SiteResponse, headers(("etag" = String))),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn update_site(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    headers: HeaderMap,
    JsonBytes(body, profile): JsonBytes<SiteProfile>,
) -> Result<Response> {
    let operation = format!("update_site {id} {}", version.0);
    idempotency::once(&state, &caller, &headers, &[operation.as_bytes(), &body], async {
        answer(StatusCode::OK, state.sites.update(&id, version.0, profile).await?)
    })
    .await
}

/// Removes a site.
#[utoipa::path(delete, path = "/{id}", operation_id = "delete_site", tag = "receivers",
    params(("id" = String, Path, description = "Id of the site"),
        ("if-match" = String, Header, description = "ETag of the site as it was read: its version in quotation marks")),
    responses((status = 204, description = "Removed"),
        (status = 412, body = ProblemResponse, content_type = "application/problem+json"),
        (status = 428, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn delete_site(
    State(state): State<AppState>,
    Path(id): Path<String>,
    version: IfMatch,
) -> Result<StatusCode> {
    state.sites.delete(&id, version.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
