//! The registry as it is kept: allocation tables, assignments with the row they came from, and the log of imports.
//! Looking things up by frequency is not done here but on the snapshot in memory.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Page, Store, Tx,
    audit::{ALLOCATION_TABLES, IMPORTS},
    emissions::json_text,
    engine::{Row, Value, values},
    importing::{ROWS_AT_ONCE, There},
    page::{Order, Select, containing, cut},
};
use crate::{
    Error, Result,
    registry::{AllocationTable, Assignment},
    units::Band,
};

/// An assignment with its history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredAssignment {
    /// The assignment.
    #[serde(flatten)]
    pub assignment: Assignment,
    /// Counts changes.
    pub version: u64,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ImportCounts {
    /// New keys.
    pub added: u64,
    /// Known keys with other content.
    pub updated: u64,
    /// Known keys with the same content.
    pub unchanged: u64,
}

/// One import that was applied.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportRecord {
    /// Random public key.
    pub id: String,
    /// `assignments` or `allocations`.
    pub kind: String,
    /// Name of the file or folder.
    pub source: String,
    /// Who.
    pub actor: String,
    /// When.
    pub time: Timestamp,
    /// What it did.
    pub counts: ImportCounts,
}

/// Which assignments; absent conditions do not restrict. Ascending frequency.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AssignmentQuery {
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// Text in key, holder, station or call sign, whatever the case.
    pub text: Option<String>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

/// With the column of the order: SQLite then merges the present with the past by their indices instead of sorting both.
const COLUMNS: &str = "id, record, version, updated_us, updated_by, center_hz";

const ORDER: Order = Order {
    name: "center",
    key: "center_hz",
    id: "id",
    descending: false,
};

/// No assignment has this key, or none that may be known.
pub(crate) fn not_found(id: &str) -> Error {
    Error::NotFound {
        kind: "assignment",
        id: id.to_owned(),
    }
}

/// Where a row stands in the list.
fn place_in_list(row: &StoredAssignment) -> (i64, String) {
    (row.assignment.center_hz.0, row.assignment.id.clone())
}

impl StoredAssignment {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            assignment: row.json("record")?,
            version: row.count("version")?,
            updated_at: row.time("updated_us")?,
            updated_by: row.text("updated_by")?,
        })
    }
}

impl Tx {
    /// Adds or updates a few assignments, within a change that is about more than them.
    pub(crate) async fn put_few_assignments(
        &mut self,
        assignments: &[Assignment],
        actor: &str,
        now: Timestamp,
    ) -> Result<()> {
        let there = There {
            records: true,
            history: self.has_history().await?,
        };
        for some in assignments.chunks(ROWS_AT_ONCE) {
            self.put_assignments(some, there, actor, now).await?;
        }
        Ok(())
    }

    /// Those of the same keys that are stored, with their texts.
    pub(super) async fn known(&mut self, assignments: &[Assignment]) -> Result<HashMap<String, (Assignment, String)>> {
        let places: Vec<String> = (1..=assignments.len()).map(|n| format!("${n}")).collect();
        let sql = format!("select record from assignments where id in ({})", places.join(", "));
        let keys = assignments.iter().map(|a| Value::from(&a.id)).collect();
        let rows = self.fetch_all(sql, keys).await?;
        rows.iter()
            .map(|row| {
                let record = row.json::<Assignment>("record")?;
                Ok((record.id.clone(), (record, row.text("record")?)))
            })
            .collect()
    }

    /// Those whose key `text` contains, among them such as were removed.
    pub(crate) async fn assignments_named_in(&mut self, text: &str) -> Result<Vec<Assignment>> {
        // A key with a wildcard in it may match more than itself; whoever asks what a text gives away wants that.
        let sql = "select record from assignments where $1 like '%' || id || '%' union all \
                   select record from assignment_history where removed_by is not null and $1 like '%' || id || '%'";
        let rows = self.fetch_all(sql, values![text]).await?;
        rows.iter().map(|row| row.json("record")).collect()
    }

    pub(super) async fn add_import(&mut self, import: &ImportRecord) -> Result<()> {
        let sql = "insert into imports (id, kind, source, actor, time_us, added, updated, unchanged) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let i = import;
        let counts = i.counts;
        let values = values![
            &i.id,
            &i.kind,
            &i.source,
            &i.actor,
            i.time,
            counts.added,
            counts.updated,
            counts.unchanged
        ];
        self.touch(&IMPORTS, &i.id, "import_registry");
        self.execute(sql, values).await.map(drop)
    }
}

impl Store {
    /// Replaces one allocation table in one transaction and records the import.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; then nothing was changed.
    pub async fn import_allocations(&self, table: AllocationTable, import: ImportRecord) -> Result<ImportRecord> {
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "insert into allocation_tables (id, jurisdiction, edition, effective_from, record, \
                           updated_us, updated_by) values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update set \
                           jurisdiction = excluded.jurisdiction, edition = excluded.edition, \
                           effective_from = excluded.effective_from, record = excluded.record, \
                           version = allocation_tables.version + 1, updated_by = excluded.updated_by, \
                           updated_us = case when allocation_tables.updated_us > excluded.updated_us \
                           then allocation_tables.updated_us else excluded.updated_us end";
                let t = &table;
                tx.keep_table(&t.id, import.time).await?;
                let values = values![
                    &t.id,
                    &t.jurisdiction,
                    &t.edition,
                    &t.effective_from,
                    json_text(t)?,
                    import.time,
                    &import.actor
                ];
                tx.execute(sql, values).await?;
                tx.touch(&ALLOCATION_TABLES, &t.id, "import_registry");
                tx.add_import(&import).await?;
                Ok(import)
            })
        })
        .await
    }

    /// All allocation tables.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn allocation_tables(&self) -> Result<Vec<AllocationTable>> {
        let rows = self
            .fetch_all("select record from allocation_tables order by id", Vec::new())
            .await?;
        rows.iter().map(|row| row.json("record")).collect()
    }

    /// All assignments in ascending order of frequency, for the snapshot in memory.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn all_assignments(&self) -> Result<Vec<Assignment>> {
        let rows = self
            .fetch_all("select record from assignments order by center_hz, id", Vec::new())
            .await?;
        rows.iter().map(|row| row.json("record")).collect()
    }

    /// One page of the assignments that `keep` wants.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn assignments(
        &self,
        query: &AssignmentQuery,
        keep: impl Fn(&Assignment) -> bool,
    ) -> Result<Page<StoredAssignment>> {
        self.assignments_from("assignments", query, keep).await
    }

    /// The same from another table or query with the columns of the list.
    pub(super) async fn assignments_from(
        &self,
        from: &str,
        query: &AssignmentQuery,
        keep: impl Fn(&Assignment) -> bool,
    ) -> Result<Page<StoredAssignment>> {
        let mut query = query.clone();
        let mut items = Vec::new();
        // What is left out leaves no gap: pages are as full as if it were not there.
        loop {
            let (rows, limit, next) = self.assignment_rows(from, &query).await?;
            items.extend(rows.into_iter().filter(|row| keep(&row.assignment)));
            if items.len() > limit || next.is_none() {
                return Ok(cut(items, limit, &ORDER, place_in_list));
            }
            query.cursor = next;
        }
    }

    /// Rows that answer the query, the number asked for, and where they go on.
    async fn assignment_rows(
        &self,
        from: &str,
        query: &AssignmentQuery,
    ) -> Result<(Vec<StoredAssignment>, usize, Option<String>)> {
        let mut select = Select::new(&format!("select {COLUMNS} from {from}"));
        let pattern = query.text.as_deref().map(containing);
        select
            .and_some("high_hz > ?", query.band.map(Band::low))
            .and_some("low_hz < ?", query.band.map(Band::high))
            .and_some("search like ? escape '!'", pattern);
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<_> = rows.iter().map(StoredAssignment::read).collect::<Result<_>>()?;
        let next = (items.len() > limit).then(|| items.last().map(|last| ORDER.cursor(place_in_list(last))));
        Ok((items, limit, next.flatten()))
    }

    /// One assignment.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn assignment(&self, id: &str) -> Result<StoredAssignment> {
        let row = self
            .fetch_optional(format!("select {COLUMNS} from assignments where id = $1"), values![id])
            .await?;
        row.as_ref().map_or_else(|| Err(not_found(id)), StoredAssignment::read)
    }

    /// Adds one assignment (`version` `None`) or changes the one of that version.
    ///
    /// # Errors
    /// `Invalid` when it exists already; `NotFound` or `Stale` when there is no such version to change.
    pub async fn save_assignment(
        &self,
        assignment: Assignment,
        version: Option<u64>,
        actor: &str,
        now: Timestamp,
    ) -> Result<StoredAssignment> {
        let actor = actor.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let sql = format!("select {COLUMNS} from assignments where id = $1");
                let old = tx.fetch_optional(sql.as_str(), values![&assignment.id]).await?;
                match (old.as_ref().map(StoredAssignment::read).transpose()?, version) {
                    (Some(_), None) => {
                        let id = &assignment.id;
                        return Err(Error::Invalid(format!(
                            "there is an assignment '{id}' already: change that one, or choose another key"
                        )));
                    }
                    (None, Some(_)) => {
                        return Err(not_found(&assignment.id));
                    }
                    (Some(old), Some(version)) if old.version != version => return Err(Error::Stale),
                    _ => {}
                }
                tx.put_few_assignments(std::slice::from_ref(&assignment), &actor, now)
                    .await?;
                let row = tx.fetch_optional(sql, values![&assignment.id]).await?;
                row.as_ref()
                    .map_or(Err(Error::Store(sqlx::Error::RowNotFound)), StoredAssignment::read)
            })
        })
        .await
    }

    /// Imports that were applied, newest first, at most 1000.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn imports(&self) -> Result<Vec<ImportRecord>> {
        let sql = "select id, kind, source, actor, time_us, added, updated, unchanged from imports \
                   order by time_us desc, id limit 1000";
        let read = |row: &Row| {
            let (added, updated) = (row.count("added")?, row.count("updated")?);
            Ok(ImportRecord {
                id: row.text("id")?,
                kind: row.text("kind")?,
                source: row.text("source")?,
                actor: row.text("actor")?,
                time: row.time("time_us")?,
                counts: ImportCounts {
                    added,
                    updated,
                    unchanged: row.count("unchanged")?,
                },
            })
        };
        self.fetch_all(sql, Vec::new()).await?.iter().map(read).collect()
    }
}
