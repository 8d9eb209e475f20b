//! The one file that knows which database runs: connecting, binding values, reading rows, telling errors apart.
//!
//! SQL text is shared by both engines (`$1` placeholders, `on conflict … do update`, `returning`). Values are bound
//! with their own type even when null: sqlx's `Any` driver binds a null double as a 4-byte float, and PostgreSQL then
//! refuses the 8-byte value that follows on the same prepared statement. Columns are only ever `bigint`,
//! `double precision`, `text` and `bytea`, so four kinds of value are enough. No other file names an engine.

use std::{str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgPool, Row as _, SqlitePool,
    postgres::{PgConnectOptions, PgConnection, PgPoolOptions, PgRow},
    sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use crate::{Error, Result};

/// A result with the driver's own error.
type Outcome<T, E> = std::result::Result<T, E>;

/// Which database runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in the data folder.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// A value on its way into a statement; `None` is a null of that type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => $kind:ident, $value:ident => $convert:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                Self::$kind(Some($convert))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$kind(value.map(|$value| $convert))
            }
        }
    )*};
}

value_from! {
    i64 => Int, v => v;
    u64 => Int, v => v.cast_signed();
    u32 => Int, v => i64::from(v);
    bool => Int, v => i64::from(v);
    jiff::Timestamp => Int, v => v.as_microsecond();
    crate::units::Hertz => Int, v => v.0;
    f64 => Real, v => v;
    &str => Text, v => v.to_owned();
    String => Text, v => v;
    &String => Text, v => v.clone();
    Vec<u8> => Blob, v => v;
    &[u8] => Blob, v => v.to_vec();
}

/// Values for `$1`, `$2`, … in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::engine::Value::from($value)),*] };
}
pub(crate) use values;

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! getter {
    ($name:ident, $type:ty) => {
        pub(crate) fn $name(&self, column: &str) -> Result<$type> {
            Ok(match self {
                Self::Sqlite(row) => row.try_get(column)?,
                Self::Postgres(row) => row.try_get(column)?,
            })
        }
    };
}

impl Row {
    getter!(int, i64);
    getter!(int_or_null, Option<i64>);
    getter!(real, f64);
    getter!(text, String);
    getter!(text_or_null, Option<String>);
    getter!(blob, Vec<u8>);
    getter!(blob_or_null, Option<Vec<u8>>);

    /// A truth value, stored as 0 or 1.
    pub(crate) fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A count or a bit pattern stored as a signed integer.
    pub(crate) fn count(&self, column: &str) -> Result<u64> {
        Ok(self.int(column)?.cast_unsigned())
    }

    /// A time, stored as microseconds UTC.
    pub(crate) fn time(&self, column: &str) -> Result<jiff::Timestamp> {
        time_from_us(self.int(column)?)
    }

    /// A time that may be absent.
    pub(crate) fn time_or_null(&self, column: &str) -> Result<Option<jiff::Timestamp>> {
        self.int_or_null(column)?.map(time_from_us).transpose()
    }

    /// A JSON document stored as text.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T> {
        serde_json::from_str(&self.text(column)?).map_err(|source| damaged(column, source))
    }

    /// A JSON document that may be absent.
    pub(crate) fn json_or_null<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        let Some(text) = self.text_or_null(column)? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|source| damaged(column, source))
    }
}

fn time_from_us(us: i64) -> Result<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(us).map_err(|source| damaged("time", source))
}

/// A stored value that does not read back: the database was changed by something else.
pub(crate) fn damaged(column: &str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Store(sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(source),
    })
}

/// A pool for reading.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The writer's own connection.
#[derive(Debug)]
pub(crate) enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

macro_rules! bind_all {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql));
        for value in $values {
            query = match value {
                Value::Int(v) => query.bind(v),
                Value::Real(v) => query.bind(v),
                Value::Text(v) => query.bind(v),
                Value::Blob(v) => query.bind(v),
            };
        }
        query
    }};
}

/// Where to connect, with the settings that make an acknowledgement durable.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

impl Target {
    /// Reads a database address.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let wrong = |source: sqlx::Error| {
            Error::Invalid(format!(
                "database.url '{}' cannot be used ({source}): write sqlite:///path/to/pinpu.db or \
                 postgres://user:password@host/database",
                without_password(url)
            ))
        };
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url).map_err(wrong)?;
            let options = options.application_name("pinpu").disable_statement_logging();
            return Ok(Self::Postgres(options.options([("synchronous_commit", "on")])));
        }
        if !url.starts_with("sqlite:") {
            return Err(wrong(sqlx::Error::Configuration(
                "the scheme is neither sqlite nor postgres".into(),
            )));
        }
        let options = SqliteConnectOptions::from_str(url).map_err(wrong)?;
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        Ok(Self::Sqlite(options))
    }

    /// The same for a database that nobody else opens before it is closed: in files, pages that are new are then written once,
    /// into their place, and not first into a log. What is acknowledged is as durable.
    pub(crate) fn alone(self) -> Self {
        match self {
            Self::Sqlite(options) => Self::Sqlite(options.journal_mode(SqliteJournalMode::Delete)),
            Self::Postgres(options) => Self::Postgres(options),
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The folder a database file goes into, made if missing.
    pub(crate) fn prepare(&self) -> Result<()> {
        let Self::Sqlite(options) = self else { return Ok(()) };
        match options.get_filename().parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                std::fs::create_dir_all(folder).map_err(|source| Error::Io {
                    path: folder.to_owned(),
                    source,
                })
            }
            _ => Ok(()),
        }
    }

    /// A pool of reading connections; nothing is connected yet.
    pub(crate) fn pool(&self, readers: u32) -> Pool {
        let wait = Duration::from_secs(5);
        match self {
            Self::Sqlite(options) => {
                let pool = SqlitePoolOptions::new().max_connections(readers).acquire_timeout(wait);
                Pool::Sqlite(pool.connect_lazy_with(options.clone().pragma("query_only", "on")))
            }
            Self::Postgres(options) => {
                let pool = PgPoolOptions::new().max_connections(readers).acquire_timeout(wait);
                Pool::Postgres(pool.connect_lazy_with(options.clone()))
            }
        }
    }

    /// One connection for the writer.
    pub(crate) async fn connect(&self) -> Outcome<Conn, sqlx::Error> {
        Ok(match self {
            // Index pages of a large import stay in memory (64 MiB) and are written once.
            Self::Sqlite(options) => {
                // Every statement with several rows and every job notes pages as they were, to be undone; in files, an
                // import spends a fifth of its time on that.
                let options = options
                    .clone()
                    .pragma("cache_size", "-65536")
                    .pragma("temp_store", "memory");
                Conn::Sqlite(options.connect().await?)
            }
            Self::Postgres(options) => Conn::Postgres(options.connect().await?),
        })
    }
}

impl Target {
    /// A connection that reads one snapshot and writes nothing; a file is not made where there is none.
    pub(crate) async fn connect_to_read(&self) -> Outcome<Conn, sqlx::Error> {
        let mut conn = match self {
            Self::Sqlite(options) => {
                let options = options.clone().create_if_missing(false).pragma("query_only", "on");
                Conn::Sqlite(options.connect().await?)
            }
            Self::Postgres(options) => Conn::Postgres(options.connect().await?),
        };
        conn.command_of_engine("begin", "begin isolation level repeatable read read only")
            .await?;
        Ok(conn)
    }
}

/// The address without its password, for messages.
pub(crate) fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => format!("{}://…{}", &url[..scheme], &url[at..]),
        _ => url.to_owned(),
    }
}

impl Pool {
    pub(crate) async fn fetch_all(&self, sql: String, values: Vec<Value>) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Sqlite(pool) => bind_all!(sql, values)
                .fetch_all(pool)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Self::Postgres(pool) => bind_all!(sql, values)
                .fetch_all(pool)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    pub(crate) async fn fetch_optional(&self, sql: String, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(match self {
            Self::Sqlite(pool) => bind_all!(sql, values).fetch_optional(pool).await?.map(Row::Sqlite),
            Self::Postgres(pool) => bind_all!(sql, values).fetch_optional(pool).await?.map(Row::Postgres),
        })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Conn {
    pub(crate) async fn execute(&mut self, sql: String, values: Vec<Value>) -> Outcome<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(conn) => bind_all!(sql, values).execute(conn).await?.rows_affected(),
            Self::Postgres(conn) => bind_all!(sql, values).execute(conn).await?.rows_affected(),
        })
    }

    /// Adds rows to `into`, a table with its columns; `values` are those of all rows in order. In SQLite values without a name
    /// are bound without a search among all others, and a statement that does not undo itself when it fails keeps no notes
    /// of pages as they were: whoever calls gives up the transaction when this fails.
    pub(crate) async fn insert_in_order(
        &mut self,
        into: &str,
        columns: usize,
        values: Vec<Value>,
    ) -> Outcome<u64, sqlx::Error> {
        let rows = values.len() / columns;
        let sql = match self {
            Self::Sqlite(_) => {
                let row = format!("({})", vec!["?"; columns].join(", "));
                format!("insert or fail into {into} values {}", vec![row; rows].join(", "))
            }
            Self::Postgres(_) => {
                let row = |row: usize| {
                    let names: Vec<String> = (1..=columns).map(|n| format!("${}", row * columns + n)).collect();
                    format!("({})", names.join(", "))
                };
                let rows: Vec<String> = (0..rows).map(row).collect();
                format!("insert into {into} values {}", rows.join(", "))
            }
        };
        self.execute(sql, values).await
    }

    pub(crate) async fn fetch_all(&mut self, sql: String, values: Vec<Value>) -> Outcome<Vec<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(conn) => bind_all!(sql, values)
                .fetch_all(conn)
                .await?
                .into_iter()
                .map(Row::Sqlite)
                .collect(),
            Self::Postgres(conn) => bind_all!(sql, values)
                .fetch_all(conn)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// A statement without values, such as `begin`.
    pub(crate) async fn command(&mut self, sql: &'static str) -> Outcome<(), sqlx::Error> {
        match self {
            Self::Sqlite(conn) => Executor::execute(conn, sqlx::raw_sql(sql)).await.map(drop),
            Self::Postgres(conn) => Executor::execute(conn, sqlx::raw_sql(sql)).await.map(drop),
        }
    }

    /// Statements without values that the engines write differently.
    pub(crate) async fn command_of_engine(
        &mut self,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Outcome<(), sqlx::Error> {
        let sql = match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        };
        self.command(sql).await
    }

    /// Starts a writing transaction; on SQLite it takes the write lock now, not at the first statement.
    pub(crate) async fn begin(&mut self) -> Outcome<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => self.command("begin immediate").await,
            Self::Postgres(_) => self.command("begin").await,
        }
    }

    /// Brings the schema up to date.
    pub(crate) async fn migrate(
        &mut self,
        migrator: &sqlx::migrate::Migrator,
    ) -> Outcome<(), sqlx::migrate::MigrateError> {
        match self {
            Self::Sqlite(conn) => migrator.run(conn).await,
            Self::Postgres(conn) => migrator.run(conn).await,
        }
    }

    pub(crate) async fn close(self) -> Outcome<(), sqlx::Error> {
        match self {
            Self::Sqlite(conn) => conn.close().await,
            Self::Postgres(conn) => conn.close().await,
        }
    }
}

/// What an error means for the transaction it happened in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// The statement was refused (a constraint, a wrong value): roll back to the savepoint and go on.
    Statement,
    /// The connection or the transaction is gone, or the disk is full: nothing of this group is stored. A new
    /// connection may work.
    Connection,
    /// The disk failed under the database: what is in memory can no longer be trusted to reach it.
    Disk,
}

/// Tells a refused statement from a broken transaction.
pub(crate) fn classify(error: &sqlx::Error) -> Failure {
    let sqlx::Error::Database(error) = error else {
        return match error {
            sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => {
                Failure::Statement
            }
            _ => Failure::Connection,
        };
    };
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        // https://sqlite.org/rescode.html: the low byte is the primary code.
        return match code.parse::<u32>().unwrap_or(0) & 0xff {
            10 | 11 | 26 => Failure::Disk,                       // IOERR, CORRUPT, NOTADB
            5 | 6 | 7 | 8 | 13 | 14 | 17 => Failure::Connection, // BUSY, LOCKED, NOMEM, READONLY, FULL, CANTOPEN, SCHEMA
            _ => Failure::Statement,
        };
    }
    // https://www.postgresql.org/docs/current/errcodes-appendix.html: the first two letters are the class.
    match &code[..code.len().min(2)] {
        "08" | "25" | "40" | "53" | "57" => Failure::Connection,
        "58" | "XX" => Failure::Disk,
        _ => Failure::Statement,
    }
}

/// Whether an error says that a row with this key exists already.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    matches!(error, Error::Store(sqlx::Error::Database(error)) if error.is_unique_violation())
}
