//! What a change may do inside the writer's transaction.

use std::{future::Future, pin::Pin, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    EventKind, EventRecord,
    audit::Pending,
    engine::{Conn, Failure, Row, Value, classify, damaged, values},
};
use crate::{Error, Result};

type Outcome<T, E> = std::result::Result<T, E>;

/// A future that borrows the transaction.
pub(crate) type BoxFuture<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// The open transaction, as one job sees it.
pub(crate) struct Tx {
    conn: Conn,
    events: Vec<Arc<EventRecord>>,
    failure: Option<Failure>,
    notes: Pending,
}

impl Tx {
    pub(super) fn new(conn: Conn) -> Self {
        Self {
            conn,
            events: Vec::new(),
            failure: None,
            notes: Pending::default(),
        }
    }

    /// Runs a changing statement; answers the number of rows it touched.
    pub(crate) async fn execute(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<u64> {
        let done = self.conn.execute(sql.into(), values).await;
        self.checked(done)
    }

    /// Adds rows to `into`, a table with its columns; `values` are those of all rows in order. After a failure nothing of the
    /// transaction may be kept.
    pub(super) async fn insert_in_order(&mut self, into: &str, columns: usize, values: Vec<Value>) -> Result<u64> {
        let done = self.conn.insert_in_order(into, columns, values).await;
        self.checked(done)
    }

    /// Rows of a query or of a `returning` clause.
    pub(crate) async fn fetch_all(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Vec<Row>> {
        let done = self.conn.fetch_all(sql.into(), values).await;
        self.checked(done)
    }

    /// The first row, if any.
    pub(crate) async fn fetch_optional(&mut self, sql: impl Into<String>, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.fetch_all(sql, values).await?.into_iter().next())
    }

    /// Records a live event; it is published after the commit, in order of its number.
    pub(crate) async fn emit(&mut self, kind: EventKind, time: Timestamp, data: &impl Serialize) -> Result<u64> {
        self.emit_unless(kind.is_conflict(), kind, time, data).await
    }

    /// The same of an event that does not count for those who may not know all: what they are told carries no number of its own
    /// that would tell of it.
    pub(crate) async fn emit_unless(
        &mut self,
        is_untold: bool,
        kind: EventKind,
        time: Timestamp,
        data: &impl Serialize,
    ) -> Result<u64> {
        let data = serde_json::to_value(data).map_err(|source| damaged("data", source))?;
        let sequence = self
            .counter("update counters set value = value + 1 where name = 'events' returning value")
            .await?;
        let told = if is_untold {
            "select value from counters where name = 'events_told'"
        } else {
            "update counters set value = value + 1 where name = 'events_told' returning value"
        };
        let told = self.counter(told).await?;
        let insert = "insert into events (sequence, told, kind, time_us, data) values ($1, $2, $3, $4, $5)";
        self.execute(insert, values![sequence, told, kind.as_str(), time, data.to_string()])
            .await?;
        self.events.push(Arc::new(EventRecord {
            sequence,
            told,
            time,
            kind,
            data,
        }));
        Ok(sequence)
    }

    async fn counter(&mut self, sql: &'static str) -> Result<u64> {
        let row = self.fetch_optional(sql, Vec::new()).await?;
        row.ok_or(Error::Store(sqlx::Error::RowNotFound))?.count("value")
    }

    /// What the current job has noted for the audit log.
    pub(super) fn notes(&mut self) -> &mut Pending {
        &mut self.notes
    }

    /// Statements that guard a table, in the words of each engine.
    pub(super) async fn fence(&mut self, sqlite: &'static str, postgres: &'static str) -> Result<()> {
        let done = self.conn.command_of_engine(sqlite, postgres).await;
        self.checked(done)
    }

    /// What the jobs since the last call emitted.
    pub(super) fn take_events(&mut self) -> Vec<Arc<EventRecord>> {
        std::mem::take(&mut self.events)
    }

    /// Events emitted so far.
    pub(super) fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Forgets the events of an undone job.
    pub(super) fn truncate_events(&mut self, count: usize) {
        self.events.truncate(count);
    }

    /// The worst that happened to the connection so far.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// A statement without values that frames jobs: `begin`, `savepoint`, `commit` …
    pub(super) async fn frame(&mut self, step: Frame) -> Result<()> {
        let done = match step {
            Frame::Begin => self.conn.begin().await,
            Frame::Mark => self.conn.command("savepoint job").await,
            Frame::Keep => self.conn.command("release savepoint job").await,
            Frame::Undo => self.conn.command("rollback to savepoint job").await,
            Frame::Rollback => self.conn.command("rollback").await,
            Frame::Commit => self.conn.command("commit").await,
        };
        // Whatever the reason: a frame that fails leaves a transaction nobody can vouch for.
        done.map_err(|error| {
            self.failure = Some(classify(&error).max(Failure::Connection));
            Error::Store(error)
        })
    }

    pub(super) async fn close(self) -> Result<()> {
        Ok(self.conn.close().await?)
    }

    fn checked<T>(&mut self, done: Outcome<T, sqlx::Error>) -> Result<T> {
        done.map_err(|error| {
            let failure = classify(&error);
            if failure != Failure::Statement {
                self.failure = Some(failure);
            }
            Error::Store(error)
        })
    }
}

/// Steps around and between jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Begin,
    Mark,
    Keep,
    Undo,
    Rollback,
    Commit,
}
