//! How much of the time channels were in use.

use axum::{
    Json as Answer,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    AppState,
    caller::Caller,
    error::{Problem, Result},
    extract::{Query, band},
    receivers,
};
use crate::{
    Error,
    registry::Text,
    service::occupancy::{
        self, Bound, ChannelReport, Occupancy, OccupancyQuery, OccupancyReport, Part, Split, USUAL_SPAN,
    },
    units::{Band, Hertz},
};

/// How the span is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OccupancyBy {
    /// By the hour of the day, all days together.
    Hour,
    /// By the day.
    Day,
}

/// Which ends of an interval were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OccupancyBound {
    /// Both.
    Interval,
    /// Never in use: only how much it may be.
    AtMost,
    /// Never free: only how little it may be.
    AtLeast,
}

/// Which channels and when: a raster over a band, or the channel of an assignment.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetOccupancyQuery {
    /// Receiver id; may be left out where there is only one.
    pub receiver: Option<String>,
    /// Lower edge of the first channel.
    pub low_hz: Option<i64>,
    /// Upper edge of the band; channels that do not fit in whole are left out.
    pub high_hz: Option<i64>,
    /// Width of a channel; at most 1000 channels.
    pub raster_hz: Option<i64>,
    /// Key of an assignment, instead of band and raster: its assigned band is the only channel.
    pub assignment: Option<String>,
    /// Earliest time; 24 hours ago when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// First time no longer wanted, at most 31 days later; now when not given, and never later than now.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// How the span is divided; not at all when not given.
    pub by: Option<OccupancyBy>,
    /// By whose clock hours and days are divided: a name such as Asia/Shanghai; UTC when not given.
    pub zone: Option<String>,
}

/// A share of observed time with its interval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OccupancyShare {
    /// Share of the observed time in use, 0 to 1.
    pub share: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end: where nothing was heard, what it may be at most.
    pub high: f64,
    /// Probability that the interval holds the true share.
    pub confidence: f64,
    /// Which ends were measured.
    pub bound: OccupancyBound,
    /// Visits that took place, one a second; over all channels or points, for a band.
    pub visits: u64,
    /// Visits that were asked for.
    pub visits_asked: u64,
    /// Share of the asked time that was observed.
    pub coverage: f64,
    /// Independent visits that would tell as much.
    pub effective_samples: f64,
}

/// A part of the span.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OccupancyPart {
    /// The hour, `00` to `23`, or the day, as `2026-11-23`.
    pub name: String,
    /// Spectrum resource occupancy in this part; null where nothing was observed.
    #[schema(required = true)]
    pub resource: Option<OccupancyShare>,
}

/// One channel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChannelOccupancy {
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Seconds it was observed.
    pub observed_s: u64,
    /// Seconds asked for.
    pub asked_s: u64,
    /// Frequency channel occupancy; null where it was not observed: then nothing is known, least of all that it was free.
    #[schema(required = true)]
    pub occupancy: Option<OccupancyShare>,
    /// A policy masks it for the caller: nothing is told.
    pub masked: bool,
    /// The same in each of `parts`.
    pub parts: Vec<Option<OccupancyShare>>,
}

/// The occupancy of channels over a span.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OccupancyResponse {
    /// Receiver id.
    pub receiver: String,
    /// First full minute.
    pub from: Timestamp,
    /// End of the last one.
    pub to: Timestamp,
    /// Zone of hours and days.
    pub zone: String,
    /// Key of the assignment, where one was asked for.
    #[schema(required = true)]
    pub assignment: Option<String>,
    /// The parts of the span, in order.
    pub parts: Vec<OccupancyPart>,
    /// The channels, in order.
    pub channels: Vec<ChannelOccupancy>,
    /// Frequency band occupancy (SM.1880): over frequency points from the first channel to the last.
    #[schema(required = true)]
    pub band: Option<OccupancyShare>,
    /// Spectrum resource occupancy (SM.1880): over all channels.
    #[schema(required = true)]
    pub resource: Option<OccupancyShare>,
}

impl From<Occupancy> for OccupancyShare {
    fn from(known: Occupancy) -> Self {
        Self {
            share: known.share,
            low: known.low,
            high: known.high,
            confidence: known.confidence,
            bound: match known.bound {
                Bound::Interval => OccupancyBound::Interval,
                Bound::AtMost => OccupancyBound::AtMost,
                Bound::AtLeast => OccupancyBound::AtLeast,
            },
            visits: known.observed,
            visits_asked: known.asked,
            coverage: known.coverage,
            effective_samples: known.effective_samples,
        }
    }
}

impl From<Part> for OccupancyPart {
    fn from(part: Part) -> Self {
        Self {
            name: part.name,
            resource: part.resource.map(Into::into),
        }
    }
}

impl From<ChannelReport> for ChannelOccupancy {
    fn from(channel: ChannelReport) -> Self {
        Self {
            low_hz: channel.band.low(),
            high_hz: channel.band.high(),
            observed_s: channel.observed_s,
            asked_s: channel.asked_s,
            masked: channel.masked,
            occupancy: channel.occupancy.map(Into::into),
            parts: channel.parts.into_iter().map(|part| part.map(Into::into)).collect(),
        }
    }
}

fn problem(text: Text, field: &str) -> Problem {
    let reason = text.en.clone();
    Problem::malformed(text.zh, text.en).field(field, reason)
}

/// The asked channels: those of the raster, or that of the assignment as the caller may know it.
async fn channels(state: &AppState, caller: &Caller, query: &GetOccupancyQuery) -> Result<Vec<Band>> {
    if let Some(id) = &query.assignment {
        if query.low_hz.is_some() || query.high_hz.is_some() || query.raster_hz.is_some() {
            return Err(problem(
                Text::new(
                    "assignment 不能与 low_hz、high_hz、raster_hz 同时给出：请二选一。",
                    "An assignment excludes low_hz, high_hz and raster_hz: give one or the other.",
                ),
                "assignment",
            ));
        }
        let stored = state.registry.assignment(id, caller.audience()).await?;
        return Ok(vec![stored.assignment.band()]);
    }
    let band = match (query.low_hz, query.high_hz) {
        (Some(_), Some(_)) => band(query.low_hz, query.high_hz)?,
        _ => None,
    };
    match (band, query.raster_hz) {
        (Some(band), Some(raster_hz)) => {
            occupancy::raster(band, Hertz(raster_hz)).map_err(|text| problem(text, "raster_hz"))
        }
        _ => Err(problem(
            Text::new(
                "请给出 low_hz、high_hz 和 raster_hz（例如 low_hz=87000000&high_hz=108000000&raster_hz=100000），或 assignment。",
                "Give low_hz, high_hz and raster_hz (such as low_hz=87000000&high_hz=108000000&raster_hz=100000), or an \
                 assignment.",
            ),
            "raster_hz",
        )),
    }
}

/// The asked span. What is not over yet cannot be asked for.
fn span(query: &GetOccupancyQuery, now: Timestamp) -> Result<[Timestamp; 2]> {
    let to = query.to.unwrap_or(now).min(now);
    let usual = to.checked_sub(USUAL_SPAN).unwrap_or(Timestamp::MIN);
    let from = query.from.unwrap_or(usual);
    if from < to {
        return Ok([from, to]);
    }
    Err(problem(
        Text::new(
            format!("from（{from}）应早于 to（{to}），且不晚于现在。"),
            format!("Give a from ({from}) before to ({to}), and not after now."),
        ),
        "from",
    ))
}

fn zone(name: Option<&str>) -> Result<TimeZone> {
    let name = name.unwrap_or("UTC");
    TimeZone::get(name).map_err(|_| {
        problem(
            Text::new(
                format!("没有时区“{name}”：请写 IANA 名称，例如 Asia/Shanghai 或 UTC。"),
                format!("There is no zone '{name}': write an IANA name such as Asia/Shanghai or UTC."),
            ),
            "zone",
        )
    })
}

/// How much of the observed time channels were in use (ITU-R SM.1880), with 95 % intervals. What was not observed is in no
/// share; a channel that was not observed at all has no occupancy. The figures rest on stored minutes and bursts, the
/// minute that is not over yet not included.
#[utoipa::path(get, path = "", operation_id = "get_occupancy", tag = "occupancy", params(GetOccupancyQuery),
    responses((status = 200, body = OccupancyResponse, headers(("etag" = String)))))]
pub async fn get_occupancy(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<GetOccupancyQuery>,
) -> Result<Response> {
    let [from, to] = span(&query, Timestamp::now())?;
    let zone = zone(query.zone.as_deref())?;
    let channels = channels(&state, &caller, &query).await?;
    let receiver = receivers::choose(&state, query.receiver)?;
    if state.hub.receiver(&receiver).is_none() {
        return Err(Error::NotFound {
            kind: "receiver",
            id: receiver,
        }
        .into());
    }
    let asked = OccupancyQuery {
        receiver,
        channels,
        from,
        to,
        split: match query.by {
            None => Split::Whole,
            Some(OccupancyBy::Hour) => Split::Hour,
            Some(OccupancyBy::Day) => Split::Day,
        },
        zone,
    };
    asked.check().map_err(|text| problem(text, "from"))?;
    let OccupancyReport {
        from,
        to,
        parts,
        channels,
        band,
        resource,
    } = state
        .occupancies
        .report_shown(&asked, caller.view(&state)?.masks())
        .await?;
    let answer = OccupancyResponse {
        receiver: asked.receiver,
        from,
        to,
        zone: query.zone.unwrap_or_else(|| "UTC".to_owned()),
        assignment: query.assignment,
        parts: parts.into_iter().map(Into::into).collect(),
        channels: channels.into_iter().map(Into::into).collect(),
        band: band.map(Into::into),
        resource: resource.map(Into::into),
    };
    Ok(([(header::ETAG, tag(&answer)?)], Answer(answer)).into_response())
}

/// The same figures have the same tag.
fn tag(answer: &OccupancyResponse) -> Result<String> {
    let text = serde_json::to_vec(answer).map_err(|error| Error::Unavailable(format!("no figures: {error}")))?;
    let hash = Sha256::digest(text);
    let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("\"{digits}\""))
}
