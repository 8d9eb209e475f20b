//! The watch list of an event: what was observed of its key frequencies, and what was found on them.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    coordination::{
        events::{PlanRow, WatchStanding},
        tasks::InUse,
    },
    http::{
        AppState,
        caller::Caller,
        conflicts::ConflictResponse,
        emissions::EmissionResponse,
        error::Result,
        extract::{Path, Query},
    },
    service::events::{HeardBy, Watch, WatchedChannel},
};

/// Over which time.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GetEventWatchQuery {
    /// Earliest time; the opening of the event, or its last 31 days, when not given.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// First time no longer wanted, at most 31 days later; the end of the event when not given, and never later than now.
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
}

/// What a receiver observed of a channel.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventHeardBy {
    /// The receiver.
    pub receiver: String,
    /// Seconds it observed; the rest is unknown, never free.
    pub observed_s: u64,
    /// Share of them in use; null: it observed nothing.
    #[schema(required = true)]
    pub in_use: Option<InUse>,
}

/// A key frequency under watch.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventWatchedChannel {
    /// The row of the plan.
    pub row: PlanRow,
    /// Seconds that could have been observed.
    pub asked_s: u64,
    /// By the receivers that watch it, who observed most first; empty: nobody watches it.
    pub heard: Vec<EventHeardBy>,
    /// Conflicts on it, as the caller may know them.
    pub conflicts: Vec<ConflictResponse>,
    /// Emissions on it that are not in the plan as the caller knows it.
    pub emissions: Vec<EmissionResponse>,
    /// There were more than are listed.
    pub more: bool,
    /// What may be said of it.
    pub standing: WatchStanding,
}

/// The watch list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EventWatchResponse {
    /// From when.
    pub from: Timestamp,
    /// To when.
    pub to: Timestamp,
    /// The key frequencies, ascending.
    pub channels: Vec<EventWatchedChannel>,
}

impl From<WatchedChannel> for EventWatchedChannel {
    fn from(channel: WatchedChannel) -> Self {
        let heard = |by: HeardBy| EventHeardBy {
            receiver: by.receiver,
            observed_s: by.observed_s,
            in_use: by.in_use,
        };
        Self {
            row: channel.row.into_inner(),
            asked_s: channel.asked_s,
            heard: channel.heard.into_iter().map(heard).collect(),
            conflicts: channel.conflicts.into_iter().map(Into::into).collect(),
            emissions: channel.emissions.into_iter().map(Into::into).collect(),
            more: channel.more,
            standing: channel.standing,
        }
    }
}

/// What was observed of the key frequencies of an event, day and night, and what was found on them.
#[utoipa::path(get, path = "/{id}/watch", operation_id = "get_event_watch", tag = "events",
    params(("id" = String, Path, description = "Id of the event"), GetEventWatchQuery),
    responses((status = 200, body = EventWatchResponse)))]
pub async fn get_event_watch(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<GetEventWatchQuery>,
) -> Result<Answer<EventWatchResponse>> {
    let Watch { from, to, channels } = state.events.watch(&id, [query.from, query.to], caller.asking()).await?;
    Ok(Answer(EventWatchResponse {
        from,
        to,
        channels: channels.into_iter().map(Into::into).collect(),
    }))
}
