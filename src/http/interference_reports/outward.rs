//! What leaves of reports: the reply letter, the SSRF document, the figures by quarter.

use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::asking;
use crate::{
    coordination::interference::QuarterRow,
    http::{
        AppState,
        caller::Caller,
        coordination::check::{LetterQuery, language, page},
        error::Result,
        extract::{Path, Query},
        page::ListResponse,
    },
};

/// From when.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QuartersQuery {
    /// First year; this one when not given.
    #[param(minimum = 1970, maximum = 9999)]
    pub year: Option<i16>,
}

/// The answer to whoever complained (答复函) to print, sign and seal.
#[utoipa::path(get, path = "/{id}/letter", operation_id = "get_interference_report_letter", tag = "interference-reports",
    params(("id" = String, Path, description = "Id of the report"), LetterQuery),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn get_interference_report_letter(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<LetterQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let language = language(&query, &headers);
    let letter = state
        .interference_reports
        .letter(&id, language, asking(&caller))
        .await?;
    Ok(page(letter))
}

/// The report as SSRF 3.1 (`IntfReport`), XML that its schema accepts.
#[utoipa::path(get, path = "/{id}/ssrf", operation_id = "export_interference_report", tag = "interference-reports",
    params(("id" = String, Path, description = "Id of the report")),
    responses((status = 200, body = String, content_type = "application/xml")))]
pub async fn export_interference_report(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let (number, document) = state.interference_reports.exchange(&id, asking(&caller)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/xml".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{number}.xml\""),
        ),
    ];
    Ok((headers, document).into_response())
}

/// Figures by quarter and grade, the latest quarter first, of the reports the caller may know.
#[utoipa::path(get, path = "", operation_id = "list_interference_quarters", tag = "interference-reports",
    params(QuartersQuery), responses((status = 200, body = ListResponse<QuarterRow>)))]
pub async fn list_interference_quarters(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<QuartersQuery>,
) -> Result<Answer<ListResponse<QuarterRow>>> {
    let asking = asking(&caller);
    let this_year = || jiff::tz::Offset::constant(8).to_datetime(asking.now).year();
    let year = query.year.unwrap_or_else(this_year);
    let rows = state.interference_reports.statistics(year, asking).await?;
    Ok(Answer(ListResponse::complete(rows)))
}
