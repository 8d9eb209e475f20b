//! Emissions: what was found on the air, and what was made of it.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::Result,
    extract::{Path, Query, band},
    page::{self, ListResponse},
};
use crate::{
    conflict::{Verdict, VerdictKind},
    detect::{BandwidthMethod, class::ClassScore},
    registry::Allocation,
    service::{
        disclosure::Disclosed,
        findings::{self, EmissionQuery, EmissionRecord},
    },
    units::{Band, Hertz},
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
    /// Classes of emission it may be, best first; empty where none could be told.
    pub classes: Vec<ClassScore>,
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
    /// Youngest first.
    #[serde(rename = "-start")]
    StartDescending,
    /// Oldest first.
    #[serde(rename = "start")]
    Start,
    /// By centre, ascending.
    #[serde(rename = "center")]
    Center,
    /// By centre, descending.
    #[serde(rename = "-center")]
    CenterDescending,
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

impl From<Disclosed<EmissionRecord>> for EmissionResponse {
    fn from(record: Disclosed<EmissionRecord>) -> Self {
        let record = record.into_inner();
        Self {
            id: record.id,
            receiver: record.receiver,
            start: record.start,
            stop: record.stop,
            open: record.open,
            center_hz: record.center_hz,
            low_hz: record.low_hz,
            high_hz: record.high_hz,
            bandwidth_hz: record.bandwidth_hz,
            bandwidth_method: record.bandwidth_method,
            bandwidth_x26_hz: record.bandwidth_x26_hz,
            center_uncertainty_hz: record.center_uncertainty_hz,
            power_dbfs: record.power_dbfs,
            snr_db: record.snr_db,
            peak_dbfs: record.peak_dbfs,
            duty_cycle: record.duty_cycle,
            bursts_total: record.bursts_total,
            classes: record.classes,
            verdict: record.verdict,
            conflict_id: record.conflict_id,
        }
    }
}

impl From<EmissionOrder> for findings::EmissionOrder {
    fn from(order: EmissionOrder) -> Self {
        match order {
            EmissionOrder::LastSeenDescending => Self::LastSeenDescending,
            EmissionOrder::LastSeen => Self::LastSeen,
            EmissionOrder::StartDescending => Self::StartDescending,
            EmissionOrder::Start => Self::Start,
            EmissionOrder::Center => Self::Center,
            EmissionOrder::CenterDescending => Self::CenterDescending,
        }
    }
}

/// Lists emissions.
#[utoipa::path(get, path = "", operation_id = "list_emissions", tag = "emissions", params(ListEmissionsQuery),
    responses((status = 200, body = ListResponse<EmissionResponse>)))]
pub async fn list_emissions(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListEmissionsQuery>,
) -> Result<Answer<ListResponse<EmissionResponse>>> {
    let query = EmissionQuery {
        receiver: query.receiver,
        band: band(query.low_hz, query.high_hz)?,
        from: query.from,
        to: query.to,
        open: query.open,
        verdict: query.verdict,
        conflict_id: None,
        min_snr_db: query.min_snr_db,
        order: query.order.unwrap_or_default().into(),
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    let view = caller.view(&state)?;
    Ok(Answer(ListResponse::of(
        state.findings.emissions_told(&query, &view).await?,
    )))
}

/// One emission with its bursts and the allocations of its band.
#[utoipa::path(get, path = "/{id}", operation_id = "get_emission", tag = "emissions",
    params(("id" = String, Path, description = "Emission id")), responses((status = 200, body = EmissionDetailResponse)))]
pub async fn get_emission(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<EmissionDetailResponse>> {
    let view = caller.view(&state)?;
    let (emission, bursts) = state.findings.emission(&id, &view).await?;
    let band = Band::new(emission.low_hz, emission.high_hz);
    let allocations = band
        .map(|band| view.registry().allocations_in(band).into_iter().cloned().collect())
        .unwrap_or_default();
    Ok(Answer(EmissionDetailResponse {
        emission: view.emission(emission).into(),
        bursts,
        allocations,
    }))
}
