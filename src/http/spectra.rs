//! Spectra: the latest, the stored ones, and many at once as a waterfall, reduced here to the asked pixels.

use axum::{
    Json as Answer,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    error::Result,
    extract::Query,
    page::{self, ListResponse},
};
use crate::units::Hertz;

/// One averaged spectrum. Levels are dBFS per pixel (strongest bin for `max`, linear mean for `mean` and `floor`,
/// weakest for `min`); null where nothing was observed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SpectrumResponse {
    /// Receiver id.
    pub receiver: String,
    /// Start of the averaged time.
    pub time: Timestamp,
    /// Averaged time in seconds.
    pub duration_s: f64,
    /// Lower edge of the first pixel.
    pub low_hz: Hertz,
    /// Upper edge of the last pixel.
    pub high_hz: Hertz,
    /// Width of one pixel in hertz.
    pub bin_hz: f64,
    /// Equivalent noise bandwidth of the window, in bins of the original spectrum.
    pub enbw_bins: f64,
    /// Unit of the levels: `dbfs`.
    pub unit: &'static str,
    /// Mean power.
    pub mean: Vec<Option<f32>>,
    /// Strongest single spectrum.
    pub max: Vec<Option<f32>>,
    /// Weakest single spectrum.
    pub min: Vec<Option<f32>>,
    /// Noise floor.
    pub floor: Vec<Option<f32>>,
}

/// Which spectrum.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LatestSpectrumQuery {
    /// Receiver id; may be left out where there is only one.
    pub receiver: Option<String>,
    /// Lower edge; the whole spectrum when not given.
    pub low_hz: Option<i64>,
    /// Upper edge.
    pub high_hz: Option<i64>,
    /// Most values in an answer; never more than the spectrum has bins.
    #[param(minimum = 1, maximum = 16384, default = 1024)]
    pub pixels: Option<u32>,
}

/// Which stored spectra.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListSpectraQuery {
    /// Receiver id; may be left out where there is only one.
    pub receiver: Option<String>,
    /// Lower edge; the whole spectrum when not given.
    pub low_hz: Option<i64>,
    /// Upper edge.
    pub high_hz: Option<i64>,
    /// Earliest time; one hour ago when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// First time no longer wanted; now when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// Most values in a spectrum.
    #[param(minimum = 1, maximum = 1024, default = 1024)]
    pub pixels: Option<u32>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// Which part of the waterfall, and how large.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct WaterfallQuery {
    /// Receiver id; may be left out where there is only one.
    pub receiver: Option<String>,
    /// Lower edge; what the receiver covers when not given.
    pub low_hz: Option<i64>,
    /// Upper edge.
    pub high_hz: Option<i64>,
    /// Earliest time; one hour ago when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// First time no longer wanted; now when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// Columns.
    #[param(minimum = 1, maximum = 4096, default = 1024)]
    pub width: Option<u32>,
    /// Rows.
    #[param(minimum = 1, maximum = 4096, default = 512)]
    pub height: Option<u32>,
}

/// The latest spectrum of a receiver.
#[utoipa::path(get, path = "/latest", operation_id = "get_latest_spectrum", tag = "spectra", params(LatestSpectrumQuery),
    responses((status = 200, body = SpectrumResponse)))]
pub async fn get_latest_spectrum(
    State(_state): State<AppState>,
    Query(_query): Query<LatestSpectrumQuery>,
) -> Result<Answer<SpectrumResponse>> {
    Err(super::pending())
}

/// Stored spectra in time order.
#[utoipa::path(get, path = "", operation_id = "list_spectra", tag = "spectra", params(ListSpectraQuery),
    responses((status = 200, body = ListResponse<SpectrumResponse>)))]
pub async fn list_spectra(
    State(_state): State<AppState>,
    Query(_query): Query<ListSpectraQuery>,
) -> Result<Answer<ListResponse<SpectrumResponse>>> {
    Err(super::pending())
}

/// A piece of the waterfall as one binary frame of kind 2 (the layout is described at `/live`): strongest level per
/// cell, 0 where nothing was observed.
#[utoipa::path(get, path = "/waterfall", operation_id = "get_waterfall", tag = "spectra", params(WaterfallQuery),
    responses((status = 200, description = "Binary frame, kind 2", content_type = "application/octet-stream", body = Vec<u8>)))]
pub async fn get_waterfall(State(_state): State<AppState>, Query(_query): Query<WaterfallQuery>) -> Result<Response> {
    Err(super::pending())
}
