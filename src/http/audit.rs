//! What was put in force and what was refused: rules and control orders.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    error::Result,
    extract::Query,
    page::{self, ListResponse},
};
use crate::service::audit::{AuditQuery, AuditRecord};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAuditQuery {
    /// `rules`, `control_orders` (the file) or `control_order` (one step of one order).
    pub action: Option<String>,
    /// Most items.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
    /// From the page before.
    pub cursor: Option<String>,
}

/// One entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditResponse {
    /// Number, ascending by one.
    pub entry: u64,
    /// When.
    pub time: Timestamp,
    /// Account name, or `system`.
    pub actor: String,
    /// `rules`, `control_orders` (the file) or `control_order` (one step of one order).
    pub action: String,
    /// The file; number and key of the order.
    pub subject: String,
    /// Whether it was taken; otherwise what was in force before stays.
    pub accepted: bool,
    /// What was in force before: a version of the rules, numbers of control orders; the state of an order.
    #[schema(required = true)]
    pub version_before: Option<String>,
    /// What is in force since.
    #[schema(required = true)]
    pub version_after: Option<String>,
    /// SHA-256 of the file or of the order's content, hexadecimal; null where it could not be read.
    #[schema(required = true)]
    pub sha256: Option<String>,
    /// Why it was refused.
    #[schema(required = true)]
    pub reason: Option<String>,
}

impl From<AuditRecord> for AuditResponse {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord {
            entry,
            time,
            actor,
            action,
            subject,
            accepted,
            version_before,
            version_after,
            sha256,
            reason,
        } = record;
        Self {
            entry,
            time,
            actor,
            action,
            subject,
            accepted,
            version_before,
            version_after,
            sha256,
            reason,
        }
    }
}

/// Lists what was put in force or refused, newest first.
#[utoipa::path(get, path = "", operation_id = "list_audit", tag = "audit", params(ListAuditQuery),
    responses((status = 200, body = ListResponse<AuditResponse>)))]
pub async fn list_audit(
    State(state): State<AppState>,
    Query(query): Query<ListAuditQuery>,
) -> Result<Answer<ListResponse<AuditResponse>>> {
    let query = AuditQuery {
        action: query.action,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    Ok(Answer(ListResponse::of(state.audit.list(&query).await?)))
}
