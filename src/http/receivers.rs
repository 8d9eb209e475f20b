//! Receivers and how they are doing.

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use serde::Serialize;

use super::{
    AppState,
    error::{Problem, Result},
    extract::Path,
    page::ListResponse,
};
use crate::{
    Error,
    capture::ReceiverStatus,
    service::live::{Hub, LiveReceiver},
    units::Hertz,
};

/// One receiver.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReceiverResponse {
    /// Id, as configured.
    pub id: String,
    /// Health.
    #[serde(flatten)]
    pub status: ReceiverStatus,
    /// Id of the site it stands at; null where none names it.
    #[schema(required = true)]
    pub site: Option<String>,
    /// What its latest spectrum covers; null before the first.
    #[schema(required = true)]
    pub latest_frame: Option<LatestFrameResponse>,
}

/// Extent of the latest spectrum.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LatestFrameResponse {
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Bins.
    pub bins: usize,
    /// Spectra a second.
    pub frames_per_s: f64,
}

impl ReceiverResponse {
    /// Nothing until the receiver has reported for the first time.
    fn of(hub: &Hub, receiver: LiveReceiver, sites: &BTreeMap<String, String>) -> Option<Self> {
        let latest_frame = hub.latest_frame(&receiver.id).map(|live| LatestFrameResponse {
            low_hz: live.frame.low_hz,
            high_hz: live.frame.high_hz,
            bins: live.frame.mean_dbfs.len(),
            frames_per_s: receiver.frames_per_s,
        });
        Some(Self {
            id: receiver.id.to_string(),
            site: sites.get(&*receiver.id).cloned(),
            status: receiver.status?,
            latest_frame,
        })
    }
}

/// The receiver that is meant: the named one, or the only one.
pub(super) fn choose(state: &AppState, named: Option<String>) -> Result<String> {
    if let Some(id) = named {
        return Ok(id);
    }
    match state.hub.receivers().as_slice() {
        [] => Err(Error::NotFound {
            kind: "receiver",
            id: "-".to_owned(),
        }
        .into()),
        [only] => Ok(only.id.to_string()),
        several => {
            let ids: Vec<&str> = several.iter().map(|receiver| &*receiver.id).collect();
            let ids = ids.join(", ");
            Err(Problem::malformed(
                format!("有多台接收机，请用 receiver= 指定其一：{ids}"),
                format!("There are several receivers; name one with receiver=: {ids}"),
            )
            .field("receiver", "missing"))
        }
    }
}

/// Lists the receivers.
#[utoipa::path(get, path = "", operation_id = "list_receivers", tag = "receivers",
    responses((status = 200, body = ListResponse<ReceiverResponse>)))]
pub async fn list_receivers(State(state): State<AppState>) -> Result<Answer<ListResponse<ReceiverResponse>>> {
    let sites = state.sites.by_receiver().await?;
    let receivers = state.hub.receivers();
    let items = receivers
        .into_iter()
        .filter_map(|receiver| ReceiverResponse::of(&state.hub, receiver, &sites))
        .collect();
    Ok(Answer(ListResponse::complete(items)))
}

/// One receiver.
#[utoipa::path(get, path = "/{id}", operation_id = "get_receiver", tag = "receivers",
    params(("id" = String, Path, description = "Receiver id")), responses((status = 200, body = ReceiverResponse)))]
pub async fn get_receiver(State(state): State<AppState>, Path(id): Path<String>) -> Result<Answer<ReceiverResponse>> {
    let sites = state.sites.by_receiver().await?;
    let receiver = state
        .hub
        .receiver(&id)
        .and_then(|receiver| ReceiverResponse::of(&state.hub, receiver, &sites));
    Ok(Answer(receiver.ok_or(Error::NotFound { kind: "receiver", id })?))
}
