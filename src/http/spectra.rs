//! Spectra: the latest, the stored ones, and many at once as a waterfall, reduced here to the asked pixels.

use axum::{
    Json as Answer,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::{Problem, Result},
    extract::{Query, band},
    live::frame::{FrameKind, Header, encode_waterfall},
    page::{self, ListResponse},
    receivers,
};
use crate::{
    Error,
    service::spectra::{self, HistoryQuery, Spectrum},
    units::{Band, Hertz},
};

/// Most cells of a waterfall.
const CELLS_MAX: usize = 4096 * 2048;

/// One averaged spectrum. Levels are dBFS per pixel (strongest bin for `max`, linear mean for `mean` and `floor`,
/// weakest for `min`); null where nothing was observed or a policy masks it (`/spectra/masks`).
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
    /// Width of the bins that were measured; every level is the power in one such bin.
    pub bin_hz: f64,
    /// Equivalent noise bandwidth of the window, in such bins.
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

impl From<Spectrum> for SpectrumResponse {
    fn from(spectrum: Spectrum) -> Self {
        let known = |levels: Vec<f32>| {
            levels
                .into_iter()
                .map(|level| level.is_finite().then_some(level))
                .collect()
        };
        Self {
            receiver: spectrum.receiver,
            time: spectrum.start,
            duration_s: spectrum.duration_s,
            low_hz: spectrum.grid.band.low(),
            high_hz: spectrum.grid.band.high(),
            bin_hz: spectrum.bin_hz,
            enbw_bins: spectrum.enbw_bins,
            unit: "dbfs",
            mean: known(spectrum.mean_dbfs),
            max: known(spectrum.max_dbfs),
            min: known(spectrum.min_dbfs),
            floor: known(spectrum.floor_dbfs),
        }
    }
}

/// The asked span of time; the last hour where nothing is said.
pub(super) fn span(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(Timestamp, Timestamp)> {
    let to = to.unwrap_or_else(Timestamp::now);
    let from = match from {
        Some(from) => from,
        None => to.checked_sub(SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN),
    };
    if from < to {
        return Ok((from, to));
    }
    Err(Problem::malformed(
        format!("from（{from}）应早于 to（{to}）。"),
        format!("Give a from ({from}) before to ({to})."),
    )
    .field("from", "not before to"))
}

/// A size within bounds, or why not.
pub(super) fn size(name: &str, asked: Option<u32>, usual: u32, bounds: (u32, u32)) -> Result<usize> {
    let size = asked.unwrap_or(usual);
    let (low, high) = bounds;
    if (low..=high).contains(&size) {
        return Ok(size as usize);
    }
    Err(Problem::malformed(
        format!("{name} 应在 {low} 到 {high} 之间，收到 {size}。"),
        format!("Give a {name} between {low} and {high}, not {size}."),
    )
    .field(name, format!("{size} is not between {low} and {high}")))
}

/// The latest spectrum of a receiver.
#[utoipa::path(get, path = "/latest", operation_id = "get_latest_spectrum", tag = "spectra", params(LatestSpectrumQuery),
    responses((status = 200, body = SpectrumResponse)))]
pub async fn get_latest_spectrum(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<LatestSpectrumQuery>,
) -> Result<Answer<SpectrumResponse>> {
    let pixels = size("pixels", query.pixels, 1024, (1, 16_384))?;
    let band = band(query.low_hz, query.high_hz)?;
    let receiver = receivers::choose(&state, query.receiver)?;
    let spectrum = state
        .spectra
        .latest(&receiver, band, pixels, caller.view(&state)?.masks());
    Ok(Answer(
        spectrum
            .ok_or(Error::NotFound {
                kind: "spectrum",
                id: receiver,
            })?
            .into(),
    ))
}

/// Stored spectra in time order.
#[utoipa::path(get, path = "", operation_id = "list_spectra", tag = "spectra", params(ListSpectraQuery),
    responses((status = 200, body = ListResponse<SpectrumResponse>)))]
pub async fn list_spectra(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListSpectraQuery>,
) -> Result<Answer<ListResponse<SpectrumResponse>>> {
    let (from, to) = span(query.from, query.to)?;
    let query = HistoryQuery {
        pixels: size("pixels", query.pixels, 1024, (1, 1024))?,
        band: band(query.low_hz, query.high_hz)?,
        from,
        to,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
        receiver: receivers::choose(&state, query.receiver)?,
    };
    let view = caller.view(&state)?;
    Ok(Answer(ListResponse::of(
        state.spectra.history(&query, view.masks()).await?,
    )))
}

/// A piece of the waterfall as one binary frame of kind 2 (the layout is described at `/live`): strongest level per
/// cell, 0 where nothing was observed or a policy masks it.
#[utoipa::path(get, path = "/waterfall", operation_id = "get_waterfall", tag = "spectra", params(WaterfallQuery),
    responses((status = 200, description = "Binary frame, kind 2", content_type = "application/octet-stream",
        body = Vec<u8>)))]
pub async fn get_waterfall(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<WaterfallQuery>,
) -> Result<Response> {
    let (width, height) = (
        size("width", query.width, 1024, (1, 4096))?,
        size("height", query.height, 512, (1, 4096))?,
    );
    if width * height > CELLS_MAX {
        return Err(Problem::malformed(
            format!("width × height 最多 {CELLS_MAX}。"),
            format!("Give a width and height whose product is at most {CELLS_MAX}."),
        ));
    }
    let (from, to) = span(query.from, query.to)?;
    let query = spectra::WaterfallQuery {
        band: band(query.low_hz, query.high_hz)?,
        from,
        to,
        width,
        height,
        receiver: receivers::choose(&state, query.receiver)?,
    };
    let waterfall = state.spectra.waterfall(&query, caller.view(&state)?.masks()).await?;
    let index = state
        .hub
        .receiver(&query.receiver)
        .map_or(u32::MAX, |receiver| receiver.index);
    let rows: Vec<(f64, Vec<f32>)> = (0..waterfall.rows.len())
        .map(|row| {
            let levels = waterfall.rows[row]
                .clone()
                .unwrap_or_else(|| vec![f32::NAN; waterfall.grid.pixels]);
            (waterfall.row_start(row).as_microsecond() as f64 / 1e6, levels)
        })
        .collect();
    let header = Header {
        kind: FrameKind::Waterfall,
        floor_observed: waterfall.floor_median_dbfs.is_finite(),
        sequence: 0,
        start_unix_s: waterfall.from.as_microsecond() as f64 / 1e6,
        duration_s: (waterfall.to.duration_since(waterfall.from).as_secs_f64() / rows.len().max(1) as f64) as f32,
        receiver_index: index,
        low_hz: waterfall.grid.band.low(),
        high_hz: waterfall.grid.band.high(),
        bins: waterfall.grid.pixels as u32,
        rows: rows.len() as u32,
        floor_dbfs: waterfall.floor_median_dbfs,
        enbw_bins: waterfall.enbw_bins as f32,
    };
    let bytes = encode_waterfall(&header, &rows);
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Lists the bands of which the caller is shown nothing that was measured, ascending: levels there are null, and emissions,
/// occupancy and measured files are not told. Empty for those who may know everything.
#[utoipa::path(get, path = "/masks", operation_id = "list_masks", tag = "spectra",
    responses((status = 200, body = ListResponse<Band>)))]
pub async fn list_masks(State(state): State<AppState>, caller: Caller) -> Result<Answer<ListResponse<Band>>> {
    let view = caller.view(&state)?;
    Ok(Answer(ListResponse::complete(view.masks().bands().to_vec())))
}
