//! The audit log: its entries, that they are in it, and checkpoints to be kept elsewhere.

use axum::{Json as Answer, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    AppState,
    caller::Caller,
    error::Result,
    extract::{Path, Query},
    page::{self, ListResponse},
};
use crate::{
    audit::{Entry, Hash, hex},
    service::{
        audit::{AuditQuery, Signed},
        disclosure::{Disclosed, View},
    },
};

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListAuditQuery {
    /// An operation of this document, or what the service notes by itself: `rules`, `control_orders`,
    /// `read_confidential` …
    pub action: Option<String>,
    /// Account name, `command line`, `system`, or `-` for a caller without a login.
    pub actor: Option<String>,
    /// What it was about: a table such as `conflicts`, or a record of it such as `users/admin`.
    pub subject: Option<String>,
    /// At or after this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
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
    /// Account name, `command line`, `system`, or `-` for a caller without a login.
    pub actor: String,
    /// An operation of this document, or what the service notes by itself.
    pub action: String,
    /// What it was about: `table/key`, keys of records that were shown, a path or a file; `(withheld)` where it names
    /// what the reader may not know.
    pub subject: String,
    /// Whether it was done; otherwise it was refused and what was before stays.
    pub accepted: bool,
    /// What was in force before: a version of the rules, numbers of control orders, a key.
    #[schema(required = true)]
    pub version_before: Option<String>,
    /// What is in force since.
    #[schema(required = true)]
    pub version_after: Option<String>,
    /// SHA-256 of the request's body or of the file, hexadecimal; null where there is none, or it may hold a password.
    #[schema(required = true)]
    pub sha256: Option<String>,
    /// SHA-256 of the state after the change, hexadecimal; `gone` where the record was removed; null where the entry
    /// speaks of no record that the log vouches for.
    #[schema(required = true)]
    pub state: Option<String>,
    /// Why it was refused, or how it came about.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Its leaf in the Merkle tree, hexadecimal.
    pub leaf_hash: String,
}

impl AuditResponse {
    fn of(disclosed: Disclosed<Entry>, leaf: Hash) -> Self {
        let Entry {
            entry,
            time,
            actor,
            action,
            subject,
            accepted,
            version_before,
            version_after,
            sha256,
            state,
            reason,
        } = disclosed.into_inner();
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
            state,
            reason,
            leaf_hash: hex(&leaf),
        }
    }

    fn shown(view: &View, entry: Entry) -> Self {
        // Of the entry as it is, whatever of it is shown.
        let leaf = entry.leaf_hash();
        Self::of(view.audit(entry), leaf)
    }
}

/// Size and root of the log, signed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckpointResponse {
    /// The signed text: keep this.
    pub note: String,
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root over them, hexadecimal.
    pub root: String,
    /// When it was signed.
    pub time: Timestamp,
    /// The key that checks the signature.
    pub public_key: String,
}

impl From<Signed> for CheckpointResponse {
    fn from(signed: Signed) -> Self {
        let Signed {
            checkpoint,
            note,
            public_key,
        } = signed;
        Self {
            note,
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: hex(&checkpoint.root),
            time: checkpoint.time,
            public_key,
        }
    }
}

/// That an entry is in the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditProofResponse {
    /// The entry.
    pub entry: AuditResponse,
    /// The path from its leaf to the root, nearest first, hexadecimal (RFC 6962 section 2.1.1).
    pub hashes: Vec<String>,
    /// The log it is in.
    pub checkpoint: CheckpointResponse,
}

/// From which size on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditConsistencyQuery {
    /// Entries of a checkpoint that was kept.
    #[param(minimum = 0)]
    pub size: u64,
}

/// That an earlier log is the beginning of this one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditConsistencyResponse {
    /// Entries of the earlier log.
    pub size: u64,
    /// The proof, hexadecimal (RFC 6962 section 2.1.2).
    pub hashes: Vec<String>,
    /// The log as it is now.
    pub checkpoint: CheckpointResponse,
}

/// Lists what was done, refused and shown, newest first.
#[utoipa::path(get, path = "", operation_id = "list_audit", tag = "audit", params(ListAuditQuery),
    responses((status = 200, body = ListResponse<AuditResponse>)))]
pub async fn list_audit(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListAuditQuery>,
) -> Result<Answer<ListResponse<AuditResponse>>> {
    let view = caller.view(&state)?;
    let query = AuditQuery {
        action: query.action,
        actor: query.actor,
        subject: query.subject,
        from: query.from,
        to: query.to,
        limit: Some(page::limit(query.limit)?),
        cursor: query.cursor,
    };
    let page = state.audit.list(&query).await?;
    Ok(Answer(ListResponse::of(View::page(page, |entry| {
        AuditResponse::shown(&view, entry)
    }))))
}

/// Signs the log as it is now: a text to be kept where whoever can change the log cannot change it.
#[utoipa::path(get, path = "/checkpoint", operation_id = "get_audit_checkpoint", tag = "audit",
    responses((status = 200, body = CheckpointResponse)))]
pub async fn get_audit_checkpoint(State(state): State<AppState>) -> Result<Answer<CheckpointResponse>> {
    Ok(Answer(state.audit.checkpoint().await?.into()))
}

/// Shows that an entry is in the log.
#[utoipa::path(get, path = "/entries/{entry}/proof", operation_id = "get_audit_proof", tag = "audit",
    params(("entry" = u64, Path, description = "Number of the entry")),
    responses((status = 200, body = AuditProofResponse)))]
pub async fn get_audit_proof(
    State(state): State<AppState>,
    caller: Caller,
    Path(entry): Path<u64>,
) -> Result<Answer<AuditProofResponse>> {
    let view = caller.view(&state)?;
    let proof = state.audit.proof(entry).await?;
    Ok(Answer(AuditProofResponse {
        entry: AuditResponse::shown(&view, proof.entry),
        hashes: proof.hashes.iter().map(|hash| hex(hash)).collect(),
        checkpoint: proof.signed.into(),
    }))
}

/// Shows that the log of a checkpoint kept earlier is the beginning of the log as it is now: nothing was changed since.
#[utoipa::path(get, path = "/consistency", operation_id = "get_audit_consistency", tag = "audit",
    params(AuditConsistencyQuery), responses((status = 200, body = AuditConsistencyResponse)))]
pub async fn get_audit_consistency(
    State(state): State<AppState>,
    Query(AuditConsistencyQuery { size }): Query<AuditConsistencyQuery>,
) -> Result<Answer<AuditConsistencyResponse>> {
    let (hashes, signed) = state.audit.consistency(size).await?;
    Ok(Answer(AuditConsistencyResponse {
        size,
        hashes: hashes.iter().map(|hash| hex(hash)).collect(),
        checkpoint: signed.into(),
    }))
}
