//! Reading the log while it grows: pages of entries, its head, hashes for proofs, and the checkpoints that were signed.

use std::collections::HashMap;

use jiff::Timestamp;

use super::append::{AuditNote, COLUMNS, hash_of, read_entry, tree_of};
use crate::{
    Error, Result,
    audit::{Entry, Hash, Node, Plan, Tree},
    store::{
        Page, Store,
        engine::{Value, values},
        page::{Order, Select, cut},
    },
};

/// Which entries; newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this kind only.
    pub action: Option<String>,
    /// By this account only.
    pub actor: Option<String>,
    /// Whose subject is this or begins with this and a `/`.
    pub subject: Option<String>,
    /// At or after this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
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

/// Checkpoints that are kept.
const CHECKPOINTS_MAX: u32 = 1000;

/// The log at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// Name of the log.
    pub origin: String,
    /// The tree over its entries.
    pub tree: Tree,
}

impl Store {
    /// Notes what happened, by itself.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note(&self, notes: Vec<AuditNote>) -> Result<()> {
        self.write(move |tx| {
            Box::pin(async move {
                notes.into_iter().for_each(|note| tx.note(note));
                Ok(())
            })
        })
        .await
    }

    /// One page of what happened.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn audit(&self, query: &AuditQuery) -> Result<Page<Entry>> {
        let mut select = Select::new(&format!("select {COLUMNS} from audit_log"));
        select
            .and_some("action = ?", query.action.as_ref())
            .and_some("actor = ?", query.actor.as_ref())
            .and_some("time_us >= ?", query.from)
            .and_some("time_us < ?", query.to);
        if let Some(subject) = &query.subject {
            // What begins so, by the index: `0` comes after `/`.
            let condition = "(subject = ? or (subject >= ? and subject < ?))";
            select.and(
                condition,
                values![subject, format!("{subject}/"), format!("{subject}0")],
            );
        }
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<_> = rows.iter().map(read_entry).collect::<Result<_>>()?;
        Ok(cut(items, limit, &ORDER, |item| {
            (item.entry.cast_signed(), item.action.clone())
        }))
    }

    /// One entry by its number.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn audit_entry(&self, entry: u64) -> Result<Entry> {
        let sql = format!("select {COLUMNS} from audit_log where entry = $1");
        let row = self.fetch_optional(sql, values![entry]).await?;
        row.as_ref().map_or_else(
            || {
                Err(Error::NotFound {
                    kind: "audit entry",
                    id: entry.to_string(),
                })
            },
            read_entry,
        )
    }

    /// The log as it is now.
    ///
    /// # Errors
    /// `Store` when reading fails; `Unavailable` when its head does not fit together.
    pub async fn audit_head(&self) -> Result<AuditHead> {
        let sql = "select origin, size, peaks from audit_head where id = 1";
        let row = self.fetch_optional(sql, Vec::new()).await?;
        let row = row.ok_or_else(broken)?;
        Ok(AuditHead {
            origin: row.text("origin")?,
            tree: tree_of(&row)?.ok_or_else(broken)?,
        })
    }

    /// The hashes of a proof.
    ///
    /// # Errors
    /// `Store` when reading fails; `Unavailable` when the log lacks some of them.
    pub async fn audit_proof(&self, plan: &Plan) -> Result<Vec<Hash>> {
        let nodes: Vec<Node> = plan.nodes().collect();
        let mut hashes = HashMap::new();
        if !nodes.is_empty() {
            let places: Vec<String> = (1..=nodes.len()).map(|n| format!("${n}")).collect();
            let sql = format!(
                "select entry, hashes from audit_log where entry in ({})",
                places.join(", ")
            );
            let entries = nodes.iter().map(|node| Value::from(node.completed_by() + 1)).collect();
            let mut completed: HashMap<u64, Vec<u8>> = HashMap::new();
            for row in self.fetch_all(sql, entries).await? {
                completed.insert(row.count("entry")? - 1, row.blob("hashes")?);
            }
            for node in nodes {
                let at = node.level as usize * 32;
                let row = completed.get(&node.completed_by());
                let hash = row.and_then(|hashes| hashes.get(at..at + 32)).and_then(hash_of);
                hashes.insert(node, hash.ok_or_else(broken)?);
            }
        }
        plan.proof(&hashes).ok_or_else(broken)
    }

    /// Keeps a signed checkpoint; the first of a size stays, and the latest 1000.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn put_audit_checkpoint(&self, size: u64, time: Timestamp, note: String) -> Result<()> {
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "insert into audit_checkpoints (size, time_us, note) values ($1, $2, $3) \
                           on conflict (size) do nothing";
                tx.execute(sql, values![size, time, note]).await?;
                let sql = format!(
                    "delete from audit_checkpoints where size <= (select size from audit_checkpoints \
                     order by size desc limit 1 offset {CHECKPOINTS_MAX})"
                );
                tx.execute(sql, Vec::new()).await.map(drop)
            })
        })
        .await
    }

    /// The size that was signed last.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn audit_signed_size(&self) -> Result<u64> {
        let sql = "select coalesce(max(size), 0) as size from audit_checkpoints";
        let row = self.fetch_optional(sql, Vec::new()).await?;
        row.map_or(Ok(0), |row| row.count("size"))
    }
}

fn broken() -> Error {
    Error::Unavailable("the audit log does not fit together: see `pinpu audit verify`".to_owned())
}
