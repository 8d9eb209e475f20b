//! What a machine says about a request before a person decides, and the request as a letter.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    coordination::{Alternative, Analysis, LetterLanguage, Proposal},
    http::{
        AppState,
        caller::Caller,
        error::{ProblemResponse, Result},
        extract::{Json, Path, Query},
        language::{Language, negotiate},
        page::ListResponse,
    },
    service::coordination::Checked,
};

/// What a machine says of a request: findings for a person who decides.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckResponse {
    /// The findings.
    pub analysis: Analysis,
    /// Bands that would pass, best first.
    pub alternatives: Vec<Alternative>,
}

impl From<Checked> for CheckResponse {
    fn from(checked: Checked) -> Self {
        Self {
            analysis: checked.analysis,
            alternatives: checked.alternatives,
        }
    }
}

/// How a letter is written.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LetterQuery {
    /// Its language; by default that of the reader.
    pub lang: Option<Language>,
}

/// Holds something that is not written down yet against the registry, other requests and control orders.
#[utoipa::path(post, path = "", operation_id = "check_proposal", tag = "coordination", request_body = Proposal,
    responses((status = 200, body = CheckResponse),
        (status = 422, body = ProblemResponse, content_type = "application/problem+json")))]
pub async fn check_proposal(
    State(state): State<AppState>,
    caller: Caller,
    Json(proposal): Json<Proposal>,
) -> Result<Answer<CheckResponse>> {
    let view = caller.view(&state)?;
    let officer = caller.officer()?;
    let checked = state.coordination.check_proposal(proposal, &officer, &view).await?;
    Ok(Answer(checked.into()))
}

/// What a machine says of a request now, of the registry as the caller may know it.
#[utoipa::path(get, path = "/{id}/analysis", operation_id = "get_request_analysis", tag = "coordination",
    params(("id" = String, Path, description = "Request id")),
    responses((status = 200, body = Analysis)))]
pub async fn get_request_analysis(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<Analysis>> {
    let view = caller.view(&state)?;
    let checked = state.coordination.check(&id, &caller.officer()?, &view).await?;
    Ok(Answer(checked.analysis))
}

/// Bands that would pass, best first.
#[utoipa::path(get, path = "/{id}/alternatives", operation_id = "list_request_alternatives", tag = "coordination",
    params(("id" = String, Path, description = "Request id")),
    responses((status = 200, body = ListResponse<Alternative>)))]
pub async fn list_request_alternatives(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<ListResponse<Alternative>>> {
    let view = caller.view(&state)?;
    let alternatives = state.coordination.alternatives(&id, &caller.officer()?, &view).await?;
    Ok(Answer(ListResponse::complete(alternatives)))
}

/// The request as a letter (协调函) to print, sign and seal.
#[utoipa::path(get, path = "/{id}/letter", operation_id = "get_request_letter", tag = "coordination",
    params(("id" = String, Path, description = "Request id"), LetterQuery),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn get_request_letter(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<LetterQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let language = language(&query, &headers);
    let page = state.coordination.letter(&id, &caller.officer()?, language).await?;
    Ok(self::page(page))
}

/// A letter: a page that brings its own style and nothing else.
pub(in crate::http) fn page(letter: String) -> Response {
    let policy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(letter)).into_response()
}

/// What is in force, as a calendar to subscribe to (RFC 5545). Programs that send no bearer token give the token as the
/// password of HTTP Basic.
#[utoipa::path(get, path = "", operation_id = "get_coordination_calendar", tag = "coordination", params(LetterQuery),
    responses((status = 200, body = String, content_type = "text/calendar")))]
pub async fn get_coordination_calendar(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<LetterQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let language = language(&query, &headers);
    let text = state.coordination.calendar(&caller.officer()?, language).await?;
    let kind = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")];
    Ok((kind, text).into_response())
}

pub(in crate::http) fn language(query: &LetterQuery, headers: &HeaderMap) -> LetterLanguage {
    match query.lang.unwrap_or_else(|| negotiate(headers)) {
        Language::Zh => LetterLanguage::Chinese,
        Language::En => LetterLanguage::English,
    }
}
