//! Images for reports.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::Result,
    extract::{Path, Query, band},
    language::{Language, negotiate},
    receivers,
    spectra::{size, span},
};
use crate::{
    plot::Format,
    service::pictures::{PictureQuery, Subject},
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
    #[param(minimum = 240, maximum = 4096, default = 720)]
    pub height: Option<u32>,
    /// Language; that of the request when not given.
    pub lang: Option<Language>,
}

impl PlotFile {
    fn parts(self) -> (Subject, Format) {
        match self {
            Self::SpectrumPng => (Subject::Spectrum, Format::Png),
            Self::SpectrumSvg => (Subject::Spectrum, Format::Svg),
            Self::WaterfallPng => (Subject::Waterfall, Format::Png),
            Self::WaterfallSvg => (Subject::Waterfall, Format::Svg),
            Self::OccupancyPng => (Subject::Occupancy, Format::Png),
            Self::OccupancySvg => (Subject::Occupancy, Format::Svg),
        }
    }
}

/// Draws an image of what is stored.
#[utoipa::path(get, path = "/{plot}", operation_id = "get_plot", tag = "plots",
    params(("plot" = PlotFile, Path, description = "Image and format"), PlotQuery),
    responses((status = 200, description = "The image", content(
        (Vec<u8> = "image/png"), (String = "image/svg+xml")))))]
pub async fn get_plot(
    State(state): State<AppState>,
    caller: Caller,
    Path(plot): Path<PlotFile>,
    Query(query): Query<PlotQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let (subject, format) = plot.parts();
    let (from, to) = span(query.from, query.to)?;
    let query = PictureQuery {
        subject,
        format,
        size: (
            size("width", query.width, 1280, (320, 4096))? as u32,
            size("height", query.height, 720, (240, 4096))? as u32,
        ),
        band: band(query.low_hz, query.high_hz)?,
        from,
        to,
        language: query.lang.unwrap_or_else(|| negotiate(&headers)),
        receiver: receivers::choose(&state, query.receiver)?,
    };
    let image = state.pictures.draw(query, &*caller.view(&state)?).await?;
    Ok(([(header::CONTENT_TYPE, format.media_type())], image).into_response())
}
