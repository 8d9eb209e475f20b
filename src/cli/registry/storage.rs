//! The database of a data folder, as the registry commands use it.

use std::{future::Future, path::PathBuf, sync::Arc};

use clap::Args;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{progress::Progress, source::Content};
use crate::{
    Error, Result,
    cli::{OPERATOR, as_operator},
    registry::{
        Allocation, AllocationTable, Assignment, Registry,
        disclosure::{self, Audience},
        import::Kind,
        table,
    },
    service::{history::History, registry::RegistryService},
    store::{DatabaseConfig, Store},
};

/// Which database.
#[derive(Debug, Args)]
pub(super) struct DatabaseArgs {
    /// Folder with the data
    #[arg(long, value_name = "DIR", default_value = "data", env = "PINPU_DATA")]
    pub(super) data: PathBuf,
    /// Address of the database, when it is not the one in the data folder
    #[arg(long, value_name = "URL", env = "PINPU__DATABASE__URL", hide_env_values = true)]
    pub(super) database_url: Option<String>,
}

/// An open database with its registry.
pub(super) struct Folder {
    runtime: tokio::runtime::Runtime,
    store: Store,
    service: RegistryService,
    name: String,
}

impl Folder {
    /// Opens the database for an import, making it with the built-in national table where there is none, as the
    /// service does on its first start.
    pub(super) fn create(args: &DatabaseArgs) -> Result<Self> {
        let folder = Self::open(args)?;
        let seed = table::builtin_cn().map_err(|error| Error::Invalid(error.to_string()))?;
        folder.wait(as_operator("import_registry", folder.service.seed_table(seed)))?;
        Ok(folder)
    }

    /// Opens the database, making an empty one where there is none.
    pub(super) fn open(args: &DatabaseArgs) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Unavailable(format!("no async runtime: {error}")))?;
        let file = args.data.join("pinpu.db");
        let is_new = args.database_url.is_none() && !file.exists();
        let url = match &args.database_url {
            Some(url) => url.clone(),
            None => {
                std::fs::create_dir_all(&args.data).map_err(|source| Error::Io {
                    path: args.data.clone(),
                    source,
                })?;
                format!("sqlite://{}", file.display())
            }
        };
        // An address may hold a password; it is not printed.
        let name = match &args.database_url {
            Some(_) => "the database".to_owned(),
            None => file.display().to_string(),
        };
        let (store, service) = runtime.block_on(async {
            let config = DatabaseConfig {
                alone: is_new,
                ..DatabaseConfig::new(url)
            };
            let store = Store::open(&config).await?;
            Ok::<_, Error>((store.clone(), RegistryService::open(store).await?))
        })?;
        Ok(Self {
            runtime,
            store,
            service,
            name,
        })
    }

    /// Opens the database if there is one.
    pub(super) fn existing(args: &DatabaseArgs) -> Result<Option<Self>> {
        let there = args.database_url.is_some() || args.data.join("pinpu.db").exists();
        there.then(|| Self::open(args)).transpose()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn registry(&self) -> Arc<Registry> {
        self.service.current()
    }

    /// Reads of classified records in the log, the latest first: by which command, and of which.
    #[cfg(test)]
    pub(super) fn reads(&self) -> Vec<(String, String)> {
        let query = crate::store::AuditQuery {
            action: Some("read_confidential".to_owned()),
            ..crate::store::AuditQuery::default()
        };
        let found = self.wait(self.store.audit(&query)).expect("reads");
        let entries = found.items.into_iter();
        entries
            .map(|entry| (entry.reason.unwrap_or_default(), entry.subject))
            .collect()
    }

    /// Whether there are no assignments, and never were.
    pub(super) fn is_fresh(&self) -> Result<bool> {
        self.wait(self.store.has_no_assignments())
    }

    /// Stores assignments as they come, if `whole` says at the end that all came.
    pub(super) fn store_fresh(
        &self,
        batches: mpsc::Receiver<Vec<Assignment>>,
        whole: oneshot::Receiver<bool>,
        source: &str,
        go_on: impl Fn(usize) -> bool + Send + Sync + 'static,
    ) -> Result<()> {
        let stored = self.service.store_fresh(batches, whole, (source, OPERATOR), go_on);
        self.wait(as_operator("import_registry", stored)).map(drop)
    }

    /// Stores all of it, or nothing. The snapshot stays what it was.
    pub(super) fn apply(&self, content: Content, source: &str, progress: &Progress) -> Result<()> {
        match content {
            Content::Assignments(rows) => {
                let watch = progress.write(rows.len());
                let stored = self.service.store_assignments(rows, source, OPERATOR, watch);
                self.wait(as_operator("import_registry", stored)).map(drop)
            }
            Content::Table(table) => {
                if !progress.write(table.rows.len())(0) {
                    return Err(Error::Unavailable(
                        "the import was stopped: nothing was stored".to_owned(),
                    ));
                }
                let stored = self.service.import_table(*table, source, OPERATOR);
                self.wait(as_operator("import_registry", stored)).map(drop)
            }
            Content::Rows(_) => Err(Error::Invalid("rows belong to a table: give --table KEY".to_owned())),
        }
    }

    fn wait<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(work)
    }
}

/// Closed, so that SQLite leaves no log beside its file.
impl Drop for Folder {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

/// The records of the database; where there is none, the built-in table and no assignments.
pub(super) fn content(args: &DatabaseArgs, kind: Kind) -> Result<Content> {
    let registry = match Folder::existing(args)? {
        Some(folder) => folder.registry(),
        None if matches!(kind, Kind::Assignments) => {
            let text = format!(
                "there is no database in {}: import a file first, give --data DIR, or name a file to list",
                args.data.display()
            );
            return Err(Error::Invalid(text));
        }
        None => {
            let seed = table::builtin_cn().map_err(|error| Error::Invalid(error.to_string()))?;
            return Ok(Content::Table(Box::new(seed)));
        }
    };
    Ok(match kind {
        Kind::Assignments => Content::Assignments(registry.assignments().to_vec()),
        Kind::Allocations => rows_of(registry.tables()),
    })
}

/// Notes in the audit log of the database that the classified ones among these records are read; before they are shown.
pub(super) fn note_read(args: &DatabaseArgs, action: &str, records: &[&Assignment]) -> Result<()> {
    if records.iter().all(|record| disclosure::is_open(*record)) {
        return Ok(());
    }
    match Folder::existing(args)? {
        Some(folder) => folder.wait(folder.service.note_read(OPERATOR, action, records)),
        None => Ok(()),
    }
}

fn rows_of(tables: &[AllocationTable]) -> Content {
    match tables {
        [table] => Content::Table(Box::new(table.clone())),
        tables => Content::Rows(
            tables
                .iter()
                .flat_map(|table| &table.rows)
                .cloned()
                .collect::<Vec<Allocation>>(),
        ),
    }
}

/// The records of the database as they were at `time`, without those the audience may not know now.
pub(super) fn content_at(args: &DatabaseArgs, kind: Kind, time: Timestamp, audience: Audience) -> Result<Content> {
    let Some(folder) = Folder::existing(args)? else {
        let text = format!("there is no database in {}: give --data DIR", args.data.display());
        return Err(Error::Invalid(text));
    };
    let history = History::new(folder.store.clone());
    if matches!(kind, Kind::Allocations) {
        return Ok(rows_of(&folder.wait(history.allocation_tables(time))?));
    }
    let view = folder.service.view(audience)?;
    let mut records = folder.wait(history.all_assignments(time))?;
    records.retain(|record| !view.withholds(&record.id));
    Ok(Content::Assignments(records))
}
