//! The national table.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    AppState,
    caller::Caller,
    error::{Problem, Result},
    extract::{Query, band},
    page::{self, ListResponse},
};
use crate::{
    registry::{Allocation, Registry},
    units::{Band, Hertz},
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAllocationsQuery {
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// What the tables said at this time; now when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// Lists rows of the national table by lower edge, as they are or as they were at a time.
#[utoipa::path(get, path = "", operation_id = "list_allocations", tag = "registry", params(ListAllocationsQuery),
    responses((status = 200, body = ListResponse<Allocation>)))]
pub async fn list_allocations(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListAllocationsQuery>,
) -> Result<Answer<ListResponse<Allocation>>> {
    let limit = page::limit(Some(query.limit.unwrap_or(page::MAX_LIMIT)))? as usize;
    let everything = Band::new(Hertz(i64::MIN / 4), Hertz(i64::MAX / 4));
    let band = band(query.low_hz, query.high_hz)?.or(everything);
    let view = caller.view(&state)?;
    let then;
    let registry = match query.as_of {
        Some(time) => {
            then = Registry::new(state.history.allocation_tables(time).await?, Vec::new());
            &then
        }
        None => view.registry(),
    };
    let version = view.version(registry.version());
    let rows = band.map(|band| registry.allocations_in(band)).unwrap_or_default();
    // The table is one immutable snapshot: a cursor is its version and how far one got.
    let start = match query.cursor.as_deref().map(|cursor| cursor.split_once('-')) {
        None => 0,
        Some(Some((of, at))) if of == version => at.parse().map_err(|_| wrong_cursor())?,
        Some(_) => return Err(wrong_cursor()),
    };
    let items: Vec<Allocation> = rows.iter().skip(start).take(limit).map(|row| (*row).clone()).collect();
    let end = start.saturating_add(items.len());
    let next_cursor = (end < rows.len()).then(|| format!("{version}-{end}"));
    Ok(Answer(ListResponse { items, next_cursor }))
}

fn wrong_cursor() -> Problem {
    Problem::invalid(
        "游标不属于此列表，或划分表已更新，请不带游标重新开始。",
        "The cursor is not one of this list, or the table has changed: start again without a cursor.",
    )
    .field("cursor", "not one of this list")
}
