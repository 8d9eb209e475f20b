//! Emissions: what was found on the air, and what was made of it.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    error::Result,
    extract::{Path, Query},
    page::{self, ListResponse},
};
use crate::{
    conflict::{Verdict, VerdictKind},
    detect::BandwidthMethod,
    registry::Allocation,
    units::Hertz,
};

/// One emission, without its bursts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EmissionResponse {
    /// Public id.
    pub id: String,
    /// Receiver id.
    pub receiver: String,
    /// First time above threshold.
    pub start: Timestamp,
    /// Last time above threshold; grows while open.
    pub stop: Timestamp,
    /// Still on.
    pub open: bool,
    /// Power-weighted centre.
    pub center_hz: Hertz,
    /// Lower edge of the occupied band.
    pub low_hz: Hertz,
    /// Upper edge of the occupied band.
    pub high_hz: Hertz,
    /// Occupied bandwidth.
    pub bandwidth_hz: Hertz,
    /// How the bandwidth was measured.
    pub bandwidth_method: BandwidthMethod,
    /// Bandwidth between the 26 dB points, where measurable.
    #[schema(required = true)]
    pub bandwidth_x26_hz: Option<Hertz>,
    /// Uncertainty of the centre, one sigma, oscillator excluded.
    pub center_uncertainty_hz: f64,
    /// Mean power while on.
    pub power_dbfs: f64,
    /// Power over noise while on.
    pub snr_db: f64,
    /// Strongest short-time power.
    pub peak_dbfs: f64,
    /// On-time over observed time.
    pub duty_cycle: f64,
    /// Number of bursts.
    pub bursts_total: u64,
    /// The judgement; null where nothing could judge.
    #[schema(required = true)]
    pub verdict: Option<Verdict>,
    /// The conflict it belongs to.
    #[schema(required = true)]
    pub conflict_id: Option<String>,
}

/// One emission with all there is about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EmissionDetailResponse {
    /// The emission.
    #[serde(flatten)]
    pub emission: EmissionResponse,
    /// On-intervals `[start, stop]` in time order, at most 10,000.
    pub bursts: Vec<[Timestamp; 2]>,
    /// What the national table says about its band.
    pub allocations: Vec<Allocation>,
}

/// Order of a list of emissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum EmissionOrder {
    /// Latest seen first.
    #[default]
    #[serde(rename = "-last_seen")]
    LastSeenDescending,
    /// Earliest seen first.
    #[serde(rename = "last_seen")]
    LastSeen,
    /// By centre, ascending.
    #[serde(rename = "center")]
    Center,
    /// By centre, descending.
    #[serde(rename = "-center")]
    CenterDescending,
    /// Strongest over noise first.
    #[serde(rename = "-snr_db")]
    SnrDescending,
}

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListEmissionsQuery {
    /// Receiver id.
    pub receiver: Option<String>,
    /// Overlapping the band from here,
    pub low_hz: Option<i64>,
    /// to here.
    pub high_hz: Option<i64>,
    /// On at or after this time,
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// and before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// Still on, or ended.
    pub open: Option<bool>,
    /// Kind of verdict.
    pub verdict: Option<VerdictKind>,
    /// At least this far over the noise.
    pub min_snr_db: Option<f64>,
    /// Order.
    pub order: Option<EmissionOrder>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// Lists emissions.
#[utoipa::path(get, path = "", operation_id = "list_emissions", tag = "emissions", params(ListEmissionsQuery),
    responses((status = 200, body = ListResponse<EmissionResponse>)))]
pub async fn list_emissions(
    State(_state): State<AppState>,
    Query(_query): Query<ListEmissionsQuery>,
) -> Result<Answer<ListResponse<EmissionResponse>>> {
    Err(super::pending())
}

/// One emission with its bursts and the allocations of its band.
#[utoipa::path(get, path = "/{id}", operation_id = "get_emission", tag = "emissions",
    params(("id" = String, Path, description = "Emission id")), responses((status = 200, body = EmissionDetailResponse)))]
pub async fn get_emission(
    State(_state): State<AppState>,
    Path(_id): Path<String>,
) -> Result<Answer<EmissionDetailResponse>> {
    Err(super::pending())
}
