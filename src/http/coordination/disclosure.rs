//! The policy of disclosure that is in force, for those who watch over it.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    http::{AppState, error::Result},
    registry::telling::{Marking, Measurements, ToldBand},
};

/// What is told to those who may not know everything, how much they may ask, and when they are answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DisclosurePolicyResponse {
    /// Version of the file.
    pub version: String,
    /// Questions of an organisation in a day whose answers depend on confidential use.
    pub questions_per_day: u32,
    /// When the next answers between the sides are shown; null: they are shown at once.
    #[schema(required = true)]
    pub next_publication: Option<Timestamp>,
    /// What is told of records by their marking; of others, that their cells and blocks are used.
    pub classifications: Vec<Marking>,
    /// Bands with a rule of their own.
    pub bands: Vec<ToldBand>,
    /// Whether spectra are shown where verdicts are not told.
    pub veiled_spectrum: Measurements,
    /// Keys of records that are to be hidden and lie outside the bands in which they can be: they are told by their existence.
    pub misplaced: Vec<String>,
}

/// The policy of disclosure in force, and the records it cannot hide.
#[utoipa::path(get, path = "", operation_id = "get_disclosure_policy", tag = "coordination",
    responses((status = 200, body = DisclosurePolicyResponse)))]
pub async fn get_disclosure_policy(State(state): State<AppState>) -> Result<Answer<DisclosurePolicyResponse>> {
    let policy = state.coordination.questions().policy();
    let telling = state.registry.telling();
    Ok(Answer(DisclosurePolicyResponse {
        version: policy.version.clone(),
        questions_per_day: policy.per_day,
        next_publication: policy.next_publication(Timestamp::now()),
        classifications: telling.markings.clone(),
        bands: telling.bands.clone(),
        veiled_spectrum: telling.veiled,
        misplaced: state.registry.misplaced_shown(),
    }))
}
