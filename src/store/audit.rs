//! What was put in force, and what was refused: kept with the moment and the reason, never changed and never pruned.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Page, Store, Tx,
    engine::{Row, values},
    page::{Order, Select, cut},
};
use crate::Result;

/// What happened, to be noted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditNote {
    /// Who: an account, or `system`.
    pub actor: String,
    /// What: `rules`, `control_orders` (of the file), `control_order` (one step of one order).
    pub action: String,
    /// To what: the file; number and key of the order.
    pub subject: String,
    /// Whether it was taken; otherwise what was in force before stays.
    pub accepted: bool,
    /// What was in force before.
    pub version_before: Option<String>,
    /// What is in force now.
    pub version_after: Option<String>,
    /// SHA-256 of the file or of the order's content, hexadecimal; `None`: it could not be read.
    pub sha256: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// What happened, as it was noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    /// Number, ascending by one.
    pub entry: u64,
    /// When.
    pub time: Timestamp,
    /// Who: an account, or `system`.
    pub actor: String,
    /// What: `rules`, `control_orders` (of the file), `control_order` (one step of one order).
    pub action: String,
    /// To what: the file; number and key of the order.
    pub subject: String,
    /// Whether it was taken; otherwise what was in force before stays.
    pub accepted: bool,
    /// What was in force before.
    pub version_before: Option<String>,
    /// What is in force since.
    pub version_after: Option<String>,
    /// SHA-256 of the file or of the order's content, hexadecimal; `None`: it could not be read.
    pub sha256: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Which entries; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this kind only.
    pub action: Option<String>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const ORDER: Order = Order {
    name: "-entry",
    key: "entry",
    id: "action",
    descending: true,
};

impl AuditRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            entry: row.count("entry")?,
            time: row.time("time_us")?,
            actor: row.text("actor")?,
            action: row.text("action")?,
            subject: row.text("subject")?,
            accepted: row.flag("accepted")?,
            version_before: row.text_or_null("version_before")?,
            version_after: row.text_or_null("version_after")?,
            sha256: row.text_or_null("sha256")?,
            reason: row.text_or_null("reason")?,
        })
    }
}

impl Tx {
    /// Notes what happened, with whatever else this transaction changes.
    pub(crate) async fn add_audit(&mut self, note: &AuditNote, now: Timestamp) -> Result<()> {
        let sql = "insert into audit (entry, time_us, actor, action, subject, accepted, version_before, \
                   version_after, sha256, reason) select coalesce(max(entry), 0) + 1, $1, $2, $3, $4, $5, $6, \
                   $7, $8, $9 from audit";
        let values = values![
            now,
            &note.actor,
            &note.action,
            &note.subject,
            note.accepted,
            note.version_before.clone(),
            note.version_after.clone(),
            note.sha256.clone(),
            note.reason.clone()
        ];
        self.execute(sql, values).await.map(drop)
    }
}

impl Store {
    /// Notes what happened.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note(&self, note: AuditNote, now: Timestamp) -> Result<()> {
        self.write(move |tx| Box::pin(async move { tx.add_audit(&note, now).await }))
            .await
    }

    /// One page of what happened.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn audit(&self, query: &AuditQuery) -> Result<Page<AuditRecord>> {
        let mut select = Select::new(
            "select entry, time_us, actor, action, subject, accepted, version_before, version_after, sha256, reason \
             from audit",
        );
        select.and_some("action = ?", query.action.as_ref());
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<_> = rows.iter().map(AuditRecord::read).collect::<Result<_>>()?;
        Ok(cut(items, limit, &ORDER, |item| {
            (item.entry.cast_signed(), item.action.clone())
        }))
    }
}
