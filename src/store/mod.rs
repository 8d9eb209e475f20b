//! The only module that speaks SQL: SQLite by default, PostgreSQL by configuration; one schema, one set of queries.
//!
//! Reading goes through a pool. Every change goes through one writer task that gathers what arrives together into one
//! transaction and answers after the commit: an answer means *on the disk*. Live events are numbered inside the
//! transaction that causes them and published after its commit, in order, without holes.

mod alarms;
mod artefacts;
mod attachments;
mod audit;
mod conflicts;
mod control_orders;
mod devices;
mod emissions;
mod engine;
mod events;
mod files;
mod history;
mod idempotency;
mod ids;
mod importing;
mod interference_reports;
mod major_events;
mod merging;
mod notices;
mod on_times;
mod organisations;
mod page;
mod questions;
mod receivers;
mod registry;
mod request_files;
mod requests;
mod retention;
mod sealed;
mod sessions;
mod settings;
mod sites;
mod spectra;
mod task_files;
mod tasks;
mod tx;
mod users;
mod webhooks;
mod writer;

use std::{sync::Arc, time::Duration};

use tokio::sync::broadcast;

pub use alarms::{Attempt, DeliveryRecord, NoticeRecord, RouteHealth, ToldRecord};
pub use artefacts::{ArtefactRecord, GapRecord};
pub use audit::{AuditHead, AuditNote, AuditQuery, LogReader, LoggedEntry, Origin, Protected, ROWS, SETS, StoredHead};
pub use audit::{acting, current, nothing_changed, shown};
pub use conflicts::{
    Assignee, ConflictChange, ConflictQuery, ConflictRecord, ConflictStatus, HistoryEntry, Resolution,
};
pub use control_orders::ControlOrderQuery;
pub use emissions::{EmissionOrder, EmissionQuery, EmissionRecord};
pub use engine::Engine;
pub use events::{EventKind, EventRecord};
pub use files::FileRecord;
pub use history::{AssignmentVersion, Period};
pub use idempotency::{Idempotency, StoredAnswer};
pub use ids::random_id;
pub use interference_reports::ReportQuery;
pub(crate) use interference_reports::no_report;
pub use major_events::{DeviceQuery, MajorEventQuery};
pub(crate) use major_events::{no_event, no_row};
pub(crate) use notices::News;
pub use notices::NoticeRow;
pub use on_times::{OnTime, OnTimeQuery};
pub(crate) use organisations::no_organisation;
pub use page::Page;
pub use questions::QuestionCount;
pub use receivers::ReceiverRecord;
pub(crate) use registry::not_found;
pub use registry::{AssignmentQuery, ImportCounts, ImportRecord, StoredAssignment};
pub(crate) use requests::no_request;
pub use requests::{EntryKind, Phase, RequestQuery, ThreadEntry};
pub use retention::{Pruned, Retention};
pub use sessions::{SessionKind, SessionRecord, TokenScope};
pub use settings::ALARM_CURSOR;
pub(crate) use sites::no_site;
pub use spectra::{SpectraQuery, SpectrumRow};
pub use tasks::TaskQuery;
pub(crate) use tasks::no_task;
pub use users::{UserChange, UserRecord};
pub use webhooks::{DeliveryState, WebhookDelivery, WebhookHealth, WebhookRecord};
pub use writer::WriterCounts;

pub(crate) use tx::Tx;

use crate::{Error, Result};

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations");

/// How to open the database.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `sqlite:///path/to/pinpu.db` or `postgres://user:password@host/database`.
    pub url: String,
    /// Connections for reading.
    pub readers: u32,
    /// Changes that may wait for the writer; more are refused as unavailable.
    pub queue: usize,
    /// Longest time the writer waits for company once changes come in crowds; never more than 5 ms.
    pub linger: Duration,
    /// The database is new, and nobody else opens it before it is closed: much at once is written faster then.
    pub alone: bool,
}

impl DatabaseConfig {
    /// The defaults with this address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 4,
            queue: 1024,
            linger: Duration::from_millis(1),
            alone: false,
        }
    }
}

/// The open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    pool: engine::Pool,
    writer: writer::Writer,
    publish: writer::Publish,
    /// To be opened by others once it is closed.
    shared_later: Option<engine::Target>,
}

impl Store {
    /// Connects, brings the schema up to date and starts the writer. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// `Invalid` for an address that cannot be used or a schema this program does not know; `Store` when the database
    /// does not answer.
    pub async fn open(config: &DatabaseConfig) -> Result<Self> {
        let target = engine::Target::parse(&config.url)?;
        target.prepare()?;
        let shared_later = config.alone.then(|| target.clone());
        let target = if config.alone { target.alone() } else { target };
        let mut conn = target.connect().await.map_err(|source| cannot_open(config, source))?;
        conn.migrate(&MIGRATOR)
            .await
            .map_err(|source| cannot_migrate(config, source))?;
        let publish = writer::Publish {
            events: broadcast::channel(4096).0,
            desks: broadcast::channel(256).0,
        };
        let pool = target.pool(config.readers);
        let engine = target.engine();
        let writer = writer::Writer::start(target, conn, config, publish.clone());
        let store = Self {
            inner: Arc::new(Inner {
                engine,
                pool,
                writer,
                publish,
                shared_later,
            }),
        };
        if let Err(error) = store.begin_log().await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// Which database runs.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// Whether changes are being acknowledged; the text of the error says why not.
    ///
    /// # Errors
    /// `Unavailable` while the writer is stopped; `Store` when reading fails.
    pub async fn ready(&self) -> Result<()> {
        self.inner.writer.ready()?;
        self.fetch_optional("select 1 as one", Vec::new()).await.map(drop)
    }

    /// What the writer did since it was started.
    #[must_use]
    pub fn writer_counts(&self) -> WriterCounts {
        self.inner.writer.counts()
    }

    /// Stops the writer after what it has accepted, and closes all connections.
    pub async fn close(&self) {
        self.inner.writer.stop().await;
        self.inner.pool.close().await;
        // As others open it; where that fails, the next one to open it does so.
        if let Some(target) = &self.inner.shared_later
            && let Ok(conn) = target.connect().await
        {
            let _ = conn.close().await;
        }
    }

    /// Every event from now on, in order, after its commit. A slow receiver gets `Lagged` and reads
    /// [`Store::events_after`] instead.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<EventRecord>> {
        self.inner.publish.events.subscribe()
    }

    /// The desks that are told something from now on, after the commit. A receiver who missed some reads what follows the
    /// number it has.
    #[must_use]
    pub fn desks_told(&self) -> broadcast::Receiver<Arc<[String]>> {
        self.inner.publish.desks.subscribe()
    }

    /// Runs `job` in the writer's next transaction and answers after the commit. An error of the job undoes the job
    /// alone. What the job noted is in the audit log with it.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> tx::BoxFuture<'t, Result<T>> + Send + 'static,
    {
        let origin = audit::current();
        self.inner
            .writer
            .write(move |tx| {
                Box::pin(async move {
                    tx.begin_notes(origin);
                    let done = job(tx).await?;
                    tx.append_notes().await?;
                    Ok(done)
                })
            })
            .await
    }

    pub(crate) async fn fetch_all(
        &self,
        sql: impl Into<String>,
        values: Vec<engine::Value>,
    ) -> Result<Vec<engine::Row>> {
        self.inner.pool.fetch_all(sql.into(), values).await
    }

    pub(crate) async fn fetch_optional(
        &self,
        sql: impl Into<String>,
        values: Vec<engine::Value>,
    ) -> Result<Option<engine::Row>> {
        self.inner.pool.fetch_optional(sql.into(), values).await
    }
}

fn cannot_open(config: &DatabaseConfig, source: sqlx::Error) -> Error {
    tracing::error!(url = engine::without_password(&config.url), error = %source, "cannot open the database");
    Error::Store(source)
}

fn cannot_migrate(config: &DatabaseConfig, error: sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError;
    let url = engine::without_password(&config.url);
    let known = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
    match error {
        MigrateError::VersionMissing(found) | MigrateError::VersionTooNew(found, _) => Error::Invalid(format!(
            "the database {url} has schema version {found}, this program knows versions up to {known}: \
             start the newer pinpu that wrote it, or restore a backup from before the upgrade"
        )),
        MigrateError::VersionMismatch(found) => Error::Invalid(format!(
            "schema version {found} of the database {url} is not the one this program was built with: \
             it was written by a development build; start with another database.url or restore a backup"
        )),
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => Error::Store(source),
        other => Error::Store(sqlx::Error::Migrate(Box::new(other))),
    }
}
