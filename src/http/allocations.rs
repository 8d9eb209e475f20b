//! The national table.

use axum::{Json as Answer, extract::State};
use serde::Deserialize;

use super::{
    AppState,
    error::Result,
    extract::Query,
    page::{self, ListResponse},
};
use crate::registry::Allocation;

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAllocationsQuery {
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 1000)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// Lists rows of the national table by lower edge.
#[utoipa::path(get, path = "", operation_id = "list_allocations", tag = "registry", params(ListAllocationsQuery),
    responses((status = 200, body = ListResponse<Allocation>)))]
pub async fn list_allocations(
    State(_state): State<AppState>,
    Query(_query): Query<ListAllocationsQuery>,
) -> Result<Answer<ListResponse<Allocation>>> {
    Err(super::pending())
}
