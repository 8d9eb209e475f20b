//! Images for reports.

use axum::{extract::State, response::Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    error::Result,
    extract::{Path, Query},
    language::Language,
};

/// Which image, in which format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum PlotFile {
    /// Levels over frequency, as an image.
    #[serde(rename = "spectrum.png")]
    SpectrumPng,
    /// Levels over frequency, as vectors.
    #[serde(rename = "spectrum.svg")]
    SpectrumSvg,
    /// Levels over frequency and time, as an image.
    #[serde(rename = "waterfall.png")]
    WaterfallPng,
    /// Levels over frequency and time, as vectors.
    #[serde(rename = "waterfall.svg")]
    WaterfallSvg,
    /// Share of observed time in use over frequency, as an image.
    #[serde(rename = "occupancy.png")]
    OccupancyPng,
    /// Share of observed time in use over frequency, as vectors.
    #[serde(rename = "occupancy.svg")]
    OccupancySvg,
}

/// What to draw.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PlotQuery {
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
    /// Width in pixels.
    #[param(minimum = 320, maximum = 4096, default = 1280)]
    pub width: Option<u32>,
    /// Height in pixels.
    #[param(minimum = 200, maximum = 4096, default = 720)]
    pub height: Option<u32>,
    /// Language; that of the request when not given.
    pub lang: Option<Language>,
}

/// Draws an image.
#[utoipa::path(get, path = "/{plot}", operation_id = "get_plot", tag = "plots",
    params(("plot" = PlotFile, Path, description = "Image and format"), PlotQuery),
    responses((status = 200, description = "The image", content(
        (Vec<u8> = "image/png"), (String = "image/svg+xml")))))]
pub async fn get_plot(
    State(_state): State<AppState>,
    Path(_plot): Path<PlotFile>,
    Query(_query): Query<PlotQuery>,
) -> Result<Response> {
    Err(super::error::Problem::from(crate::Error::Unavailable(
        "plots are not part of this build".to_owned(),
    )))
}
