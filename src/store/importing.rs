//! Assignments in great numbers: statements with many rows, and the work of making them done beside the database's.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{
    Store, Tx,
    audit::member,
    emissions::json_text,
    engine::{Value, values},
    registry::{ImportCounts, ImportRecord},
};
use crate::{
    Error, Result,
    audit::SetSum,
    registry::{Assignment, import::Keyed},
};

/// Values bound for one row.
const COLUMNS_WRITTEN: usize = 9;

/// Records of one statement. A statement for each costs more than the record; with many in one, the driver's search for
/// every value by its number, which grows with their square, does.
pub(super) const ROWS_AT_ONCE: usize = 24;

/// The same where values are bound in their order, without a search.
const FRESH_ROWS_AT_ONCE: usize = 100;

/// Statements that are ready while one is carried out.
const READY: usize = 4;

/// What an import can meet in the database; what is not there need not be looked for row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct There {
    /// Assignments.
    pub(super) records: bool,
    /// Versions of assignments that are past.
    pub(super) history: bool,
}

/// Columns of a row.
const COLUMNS: &str = "id, center_hz, low_hz, high_hz, source, record, search, updated_us, updated_by, version";

/// The statement that adds or updates this many rows. A key that was removed goes on counting its versions.
fn upsert(rows: usize, history: bool) -> String {
    let mut sql = format!("insert into assignments ({COLUMNS}) values ");
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        let first = row * COLUMNS_WRITTEN;
        let [id, center, low, high, source, record, search, time, actor] = std::array::from_fn(|n| first + n + 1);
        let version = if history {
            format!("(select coalesce(max(version), 0) + 1 from assignment_history where id = ${id})")
        } else {
            "1".to_owned()
        };
        sql += &format!(
            "{comma}(${id}, ${center}, ${low}, ${high}, ${source}, ${record}, ${search}, ${time}, ${actor}, {version})"
        );
    }
    sql + " on conflict (id) do update set center_hz = excluded.center_hz, low_hz = excluded.low_hz, \
           high_hz = excluded.high_hz, source = excluded.source, record = excluded.record, search = excluded.search, \
           version = assignments.version + 1, updated_us = case when assignments.updated_us > excluded.updated_us \
           then assignments.updated_us else excluded.updated_us end, updated_by = excluded.updated_by"
}

/// The values of one row, in the order of [`upsert`].
fn push_values(values: &mut Vec<Value>, a: &Assignment, record: String, actor: &str, now: Timestamp) {
    let search = [&a.id, &a.holder, &a.station, a.call_sign.as_ref().unwrap_or(&a.id)].map(String::as_str);
    let band = a.band();
    values.extend(values![
        &a.id,
        a.center_hz,
        band.low(),
        band.high(),
        &a.source,
        record,
        search.join("\n").to_lowercase(),
        now,
        actor
    ]);
}

/// One statement's rows.
struct Rows {
    count: usize,
    values: Vec<Value>,
}

/// Makes the rows of assignments that are not there yet, as fast as they are taken; ends when nobody takes them.
fn make_rows(
    batches: &mut mpsc::Receiver<Vec<Assignment>>,
    import: &ImportRecord,
    ready: &mpsc::Sender<Rows>,
) -> Result<(SetSum, Vec<String>)> {
    let (mut sum, mut first) = (SetSum::default(), Vec::new());
    while let Some(batch) = batches.blocking_recv() {
        first.extend(
            batch
                .iter()
                .take(2 - first.len())
                .map(|assignment| assignment.id.clone()),
        );
        for some in batch.chunks(FRESH_ROWS_AT_ONCE) {
            let mut values = Vec::with_capacity(some.len() * (COLUMNS_WRITTEN + 1));
            for assignment in some {
                let record = json_text(assignment)?;
                sum.add(&member(&assignment.id, &record));
                push_values(&mut values, assignment, record, &import.actor, import.time);
                values.push(1u64.into());
            }
            let count = some.len();
            if ready.blocking_send(Rows { count, values }).is_err() {
                return Ok((sum, first));
            }
        }
    }
    Ok((sum, first))
}

fn stopped() -> Error {
    Error::Unavailable("the import was stopped: nothing was stored".to_owned())
}

impl Tx {
    /// Adds or updates by key, in one statement for at most [`ROWS_AT_ONCE`] records with different keys. `there` says
    /// what they can meet.
    pub(super) async fn put_assignments(
        &mut self,
        assignments: &[Assignment],
        there: There,
        actor: &str,
        now: Timestamp,
    ) -> Result<ImportCounts> {
        let known = if there.records {
            self.known(assignments).await?
        } else {
            HashMap::new()
        };
        let mut counts = ImportCounts::default();
        let mut values = Vec::with_capacity(assignments.len() * COLUMNS_WRITTEN);
        let mut rows = 0;
        let mut replaced = Vec::new();
        for assignment in assignments {
            let before = known.get(&assignment.id);
            match before {
                // Where a row stood in a file is not part of what it says.
                Some((old, _)) if assignment.same(old) => {
                    counts.unchanged += 1;
                    continue;
                }
                Some(_) => {
                    counts.updated += 1;
                    replaced.push(assignment.id.as_str());
                }
                None => counts.added += 1,
            }
            rows += 1;
            let (record, before) = (json_text(assignment)?, before.map(|(_, text)| text.as_str()));
            self.assignment_changes(&assignment.id, before, Some(&record)).await?;
            push_values(&mut values, assignment, record, actor, now);
        }
        if !replaced.is_empty() {
            self.keep_versions(&replaced, now, None).await?;
        }
        if rows > 0 {
            self.execute(upsert(rows, there.history), values).await?;
        }
        Ok(counts)
    }

    async fn has_no_assignments(&mut self) -> Result<bool> {
        let any = self
            .fetch_optional("select id from assignments limit 1", Vec::new())
            .await?;
        Ok(any.is_none() && !self.has_history().await?)
    }

    /// Adds or updates all of them, looking each up.
    async fn put_all(
        &mut self,
        assignments: &[Assignment],
        there: There,
        import: &ImportRecord,
        go_on: impl Fn(usize) -> bool,
    ) -> Result<ImportCounts> {
        let mut counts = ImportCounts::default();
        let mut written = 0;
        for some in assignments.chunks(ROWS_AT_ONCE) {
            if !go_on(written) {
                return Err(stopped());
            }
            let put = self.put_assignments(some, there, &import.actor, import.time).await?;
            counts.added += put.added;
            counts.updated += put.updated;
            counts.unchanged += put.unchanged;
            written += some.len();
        }
        Ok(counts)
    }

    /// Adds all of them where there is none yet. Texts and hashes are made on a thread beside the database's.
    async fn put_fresh(
        &mut self,
        mut batches: mpsc::Receiver<Vec<Assignment>>,
        import: &ImportRecord,
        go_on: impl Fn(usize) -> bool,
    ) -> Result<ImportCounts> {
        // Every row would go to another place of the index; made at the end, it is sorted once. Other engines lock readers out.
        self.fence("drop index assignments_center", "select 1").await?;
        let (ready, mut rows) = mpsc::channel(READY);
        let of = import.clone();
        let made = tokio::task::spawn_blocking(move || make_rows(&mut batches, &of, &ready));
        let mut written = 0;
        while let Some(next) = rows.recv().await {
            if !go_on(written) {
                return Err(stopped());
            }
            let into = format!("assignments ({COLUMNS})");
            self.insert_in_order(&into, COLUMNS_WRITTEN + 1, next.values).await?;
            written += next.count;
        }
        let (sum, first) = made
            .await
            .map_err(|error| Error::Unavailable(format!("the rows could not be made: {error}")))??;
        self.assignments_come(&sum, &first).await?;
        // Sorted in a file, by more than one thread.
        self.fence(
            "pragma temp_store = file; pragma threads = 2; \
             create index assignments_center on assignments (center_hz, id); \
             pragma threads = 0; pragma temp_store = memory",
            "select 1",
        )
        .await?;
        Ok(ImportCounts {
            added: written as u64,
            ..ImportCounts::default()
        })
    }
}

impl Store {
    /// Adds or updates all of `assignments`, which have different keys, in one transaction and records the import; or
    /// none of them. `go_on` hears now and then how many are written and may stop it.
    ///
    /// # Errors
    /// `Store` or `Unavailable`, also when it was stopped; then nothing was changed.
    pub async fn import_assignments(
        &self,
        assignments: Vec<Assignment>,
        mut import: ImportRecord,
        go_on: impl Fn(usize) -> bool + Send + Sync + 'static,
    ) -> Result<ImportRecord> {
        self.write(move |tx| {
            Box::pin(async move {
                let any = tx
                    .fetch_optional("select id from assignments limit 1", Vec::new())
                    .await?;
                let there = There {
                    records: any.is_some(),
                    history: tx.has_history().await?,
                };
                import.counts = if there.records || there.history {
                    tx.put_all(&assignments, there, &import, go_on).await?
                } else {
                    let (give, batches) = mpsc::channel(1);
                    // Taken as one batch: there is room for it.
                    let _ = give.try_send(assignments);
                    drop(give);
                    tx.put_fresh(batches, &import, go_on).await?
                };
                tx.add_import(&import).await?;
                Ok(import)
            })
        })
        .await
    }

    /// Adds what comes in `batches`, assignments with different keys, to a database that has none and never had, in one
    /// transaction and records the import; or none of them. `whole` says at the end whether what came is to be kept.
    ///
    /// # Errors
    /// `WrongState` where there are assignments, or were; `Store` or `Unavailable`, also when it was stopped or is not to be
    /// kept. Then nothing was changed.
    pub async fn import_fresh(
        &self,
        batches: mpsc::Receiver<Vec<Assignment>>,
        whole: oneshot::Receiver<bool>,
        mut import: ImportRecord,
        go_on: impl Fn(usize) -> bool + Send + Sync + 'static,
    ) -> Result<ImportRecord> {
        self.write(move |tx| {
            Box::pin(async move {
                if !tx.has_no_assignments().await? {
                    return Err(Error::WrongState(
                        "there are assignments by now: import again".to_owned(),
                    ));
                }
                import.counts = tx.put_fresh(batches, &import, go_on).await?;
                if whole.await != Ok(true) {
                    return Err(stopped());
                }
                tx.add_import(&import).await?;
                Ok(import)
            })
        })
        .await
    }

    /// Whether there are no assignments, and never were.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn has_no_assignments(&self) -> Result<bool> {
        self.write(|tx| Box::pin(async move { tx.has_no_assignments().await }))
            .await
    }
}
