//! How much each organisation has asked of what depends on confidential use.

use axum::{Json as Answer, extract::State};
use serde::Serialize;

use crate::http::{AppState, error::Result, page::ListResponse};

/// How much an organisation asked on one day.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuestionCountResponse {
    /// Id of the organisation.
    pub organisation: String,
    /// The day, in the zone of the policy.
    #[schema(format = Date)]
    pub day: String,
    /// Different questions it asked; one of many cells and blocks counts as several.
    pub asked: u64,
    /// How many it may ask in a day.
    pub limit: u32,
}

/// Lists how many questions each organisation asked whose answers depend on confidential use, the latest day first.
#[utoipa::path(get, path = "", operation_id = "list_question_counts", tag = "coordination",
    responses((status = 200, body = ListResponse<QuestionCountResponse>)))]
pub async fn list_question_counts(
    State(state): State<AppState>,
) -> Result<Answer<ListResponse<QuestionCountResponse>>> {
    let questions = state.coordination.questions();
    let limit = questions.per_day();
    let counts = questions.counts().await?.into_iter();
    let response = counts.map(|count| QuestionCountResponse {
        organisation: count.organisation,
        day: count.day,
        asked: count.asked,
        limit,
    });
    Ok(Answer(ListResponse::complete(response.collect())))
}
