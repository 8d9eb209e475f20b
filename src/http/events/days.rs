//! The report of a day of an event (日报), as data and as a page to print.

use axum::{Json as Answer, extract::State, http::HeaderMap, response::Response};
use jiff::civil::Date;

use crate::{
    coordination::events::DayReport,
    http::{
        AppState,
        caller::Caller,
        coordination::check::{LetterQuery, language, page},
        error::{Problem, Result},
        extract::{Path, Query},
    },
};

/// The report of a day, as the caller may know it; of a day that is not over, up to now.
#[utoipa::path(get, path = "/{id}/days/{day}", operation_id = "get_event_day", tag = "events",
    params(("id" = String, Path, description = "Id of the event"),
        ("day" = String, Path, description = "The day in China (UTC+8), such as 2026-11-23", format = Date)),
    responses((status = 200, body = DayReport)))]
pub async fn get_event_day(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, day)): Path<(String, String)>,
) -> Result<Answer<DayReport>> {
    let report = state.events.day(&id, date(&day)?, caller.asking()).await?;
    Ok(Answer(report))
}

/// The same as a page to print, sign and seal.
#[utoipa::path(get, path = "/{id}/days/{day}/letter", operation_id = "get_event_day_letter", tag = "events",
    params(("id" = String, Path, description = "Id of the event"),
        ("day" = String, Path, description = "The day in China (UTC+8), such as 2026-11-23", format = Date), LetterQuery),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn get_event_day_letter(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, day)): Path<(String, String)>,
    Query(query): Query<LetterQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let language = language(&query, &headers);
    let letter = state
        .events
        .day_letter(&id, date(&day)?, language, caller.asking())
        .await?;
    Ok(page(letter))
}

fn date(text: &str) -> Result<Date> {
    let day = text
        .parse::<Date>()
        .ok()
        .filter(|day| (2000..=2999).contains(&day.year()));
    day.ok_or_else(|| {
        Problem::invalid(
            "日期无法识别：请写 2026-11-23 这样的日期。",
            "That is no day: write one such as 2026-11-23.",
        )
        .field("day", "no day")
    })
}
