//! Everything the log vouches for, read from one snapshot without writing: for the verifier.

use std::collections::HashMap;

use super::{
    append::{COLUMNS, hash_of, read_entry},
    protected::{Fetch, Protected, states, sum_of_assignments},
};
use crate::{
    Error, Result,
    audit::{Entry, Hash, SetSum, hex},
    store::engine::{Conn, Row, Target, Value, values},
};

/// Entries of one page.
const PAGE: u64 = 2000;

/// A database as it is at one moment, whether the service runs or not. Nothing is written, no schema is brought up to
/// date.
#[derive(Debug)]
pub struct LogReader {
    conn: Conn,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Its number.
    pub number: u64,
    /// What it says; nothing where that cannot be read, as of a time that is none.
    pub entry: Option<Entry>,
    /// The hashes kept with it: roots of the subtrees it completes, itself first, one after the other.
    pub hashes: Vec<u8>,
}

/// The head as it is stored, whether it fits or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHead {
    /// Name of the log.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// Root over them.
    pub root: Vec<u8>,
    /// Complete subtrees, largest first, one after the other.
    pub peaks: Vec<u8>,
}

impl Fetch for LogReader {
    async fn fetch(&mut self, sql: String, values: Vec<Value>) -> Result<Vec<Row>> {
        Ok(self.conn.fetch_all(sql, values).await?)
    }
}

impl LogReader {
    /// Opens the database at this address.
    ///
    /// # Errors
    /// `Invalid` for an address that cannot be used, or a database without such a log; `Store` when it does not answer.
    pub async fn open(url: &str) -> Result<Self> {
        let mut reader = Self {
            conn: Target::parse(url)?.connect_to_read().await?,
        };
        let log = reader.fetch("select count(*) as entries from audit_log".to_owned(), Vec::new());
        match log.await {
            Ok(_) => Ok(reader),
            Err(Error::Store(sqlx::Error::Database(error))) => Err(Error::Invalid(format!(
                "the database has no audit log ({error}): start this version of Pinpu on it once"
            ))),
            Err(error) => Err(error),
        }
    }

    /// The head; nothing where it was taken away.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn head(&mut self) -> Result<Option<StoredHead>> {
        let sql = "select origin, size, root, peaks from audit_head where id = 1".to_owned();
        let rows = self.fetch(sql, Vec::new()).await?;
        rows.first()
            .map(|row| {
                Ok(StoredHead {
                    origin: row.text("origin")?,
                    size: row.count("size")?,
                    root: row.blob("root")?,
                    peaks: row.blob("peaks")?,
                })
            })
            .transpose()
    }

    /// The next entries after this number, in order; empty at the end.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn entries(&mut self, after: i64) -> Result<Vec<LoggedEntry>> {
        let sql = format!("select {COLUMNS}, hashes from audit_log where entry > $1 order by entry limit {PAGE}");
        let rows = self.fetch(sql, values![after]).await?;
        let read = |row: &Row| {
            Ok(LoggedEntry {
                number: row.count("entry")?,
                entry: read_entry(row).ok(),
                hashes: row.blob("hashes").unwrap_or_default(),
            })
        };
        rows.iter().map(read).collect()
    }

    /// How many rows there are to read: entries, and rows of the tables vouched for.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn rows(&mut self, tables: &[&str]) -> Result<u64> {
        let mut rows = 0;
        for table in tables {
            let counted = self.fetch(format!("select count(*) as rows_of_it from {table}"), Vec::new());
            rows += counted.await?.first().map_or(Ok(0), |row| row.count("rows_of_it"))?;
        }
        Ok(rows)
    }

    /// Checkpoints kept in the database by size, with their text.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn checkpoints(&mut self) -> Result<Vec<(u64, String)>> {
        let sql = "select size, note from audit_checkpoints order by size".to_owned();
        let rows = self.fetch(sql, Vec::new()).await?;
        rows.iter()
            .map(|row| Ok((row.count("size")?, row.text("note")?)))
            .collect()
    }

    /// The state of every row of a table by key.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn states(
        &mut self,
        table: &'static Protected,
        each: impl FnMut(u64) + Send,
    ) -> Result<HashMap<String, String>> {
        let states = states(self, table, each).await?;
        Ok(states.into_iter().map(|(key, state)| (key, hex(&state))).collect())
    }

    /// The state of the assignments as a whole, and that of the sum kept for them.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn assignments(&mut self, each: impl FnMut(u64) + Send) -> Result<(SetSum, Option<SetSum>)> {
        let found = sum_of_assignments(self, each).await?;
        let sql = "select members, sum from audit_sums where name = 'assignments'".to_owned();
        let rows = self.fetch(sql, Vec::new()).await?;
        let kept = match rows.first() {
            Some(row) => SetSum::from_bytes(row.count("members")?, &row.blob("sum")?),
            None => Some(SetSum::default()),
        };
        Ok((found, kept))
    }

    /// Ends the snapshot.
    ///
    /// # Errors
    /// `Store` when the database does not let go.
    pub async fn close(mut self) -> Result<()> {
        self.conn.command("rollback").await?;
        Ok(self.conn.close().await?)
    }
}

impl LoggedEntry {
    /// The hashes one by one; nothing where the bytes are not whole hashes.
    #[must_use]
    pub fn completed(&self) -> Option<Vec<Hash>> {
        self.hashes.chunks(32).map(hash_of).collect()
    }
}
