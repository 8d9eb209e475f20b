//! The registry in use: an immutable snapshot for judging, kept in step with the database.
//!
//! A change is stored first and the snapshot replaced after the commit, so a verdict never rests on an assignment that
//! a crash could take back.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use jiff::Timestamp;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{
    auth::permissions,
    disclosure::{View, show},
};
use crate::{
    Error, Result,
    registry::{
        AllocationTable, Assignment, ControlOrder, Registry, Text,
        disclosure::Audience,
        import::{Changes, compare},
        telling::Telling,
    },
    store::{ImportCounts, ImportRecord, Origin, Page, Store, acting, not_found, random_id, shown},
};

pub use crate::store::{AssignmentQuery, StoredAssignment};

/// Name of the setting that remembers what was seeded, so that a table an office removed does not come back.
const SEEDED: &str = "registry.seeded";

/// The registry and its changes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RegistryService {
    store: Store,
    current: Arc<RwLock<Snapshot>>,
    /// Those of the file; the others are in the database.
    control_orders: Arc<RwLock<Vec<ControlOrder>>>,
    /// Held while the snapshot is read anew, so that an older one never replaces a newer one.
    refreshing: Arc<Mutex<()>>,
    /// What the policy of disclosure says of records and bands.
    telling: Arc<Telling>,
    /// Whether versions are noted with the time since when they are in force.
    noting: Arc<AtomicBool>,
}

/// The registry in force, and as each audience may know it.
#[derive(Debug, Clone, Default)]
struct Snapshot {
    registry: Arc<Registry>,
    views: HashMap<Audience, Arc<View>>,
}

impl Snapshot {
    fn new(
        registry: Registry,
        removed: &[Assignment],
        closed: &[ControlOrder],
        telling: &Arc<Telling>,
    ) -> Result<Self> {
        let registry = Arc::new(registry);
        let audiences = permissions::audiences().chain([Audience::Open]);
        let views = View::all(&registry, removed, closed, telling, audiences)?;
        Ok(Self { registry, views })
    }
}

impl RegistryService {
    /// Reads the registry from the database.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn open(store: Store) -> Result<Self> {
        let service = Self {
            store,
            current: Arc::default(),
            control_orders: Arc::default(),
            refreshing: Arc::default(),
            telling: Arc::default(),
            noting: Arc::default(),
        };
        service.refresh().await?;
        Ok(service)
    }

    /// The same under this policy of disclosure; to be said before others hold it.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn under(mut self, telling: Telling) -> Result<Self> {
        self.telling = Arc::new(telling);
        self.refresh().await?;
        Ok(self)
    }

    /// What the policy of disclosure says of records and bands.
    #[must_use]
    pub fn telling(&self) -> &Telling {
        &self.telling
    }

    /// Keys of records that are to be hidden and cannot be, because they lie outside the bands that always ask. They are told by
    /// their existence.
    #[must_use]
    pub fn misplaced(&self) -> Vec<String> {
        let current = self.current();
        let stations = current.assignments().iter();
        let stations = stations.filter(|record| self.telling.misplaces(*record, record.band()));
        let orders = current.control_orders().iter();
        let orders = orders.filter(|order| self.telling.misplaces(*order, order.band));
        stations
            .map(|record| record.id.clone())
            .chain(orders.map(|order| order.id.clone()))
            .collect()
    }

    /// The same for a reader who may know all of them; that they were read is noted.
    #[must_use]
    pub fn misplaced_shown(&self) -> Vec<String> {
        let misplaced = self.misplaced();
        misplaced.iter().for_each(|key| shown(key));
        misplaced
    }

    /// Notes that somebody outside the web read the classified ones among these records; before they are told.
    ///
    /// # Errors
    /// `Store` or `Unavailable`; then they must not be told.
    pub async fn note_read(&self, actor: &str, action: &str, records: &[&Assignment]) -> Result<()> {
        let origin = Arc::new(Origin::new(actor, action));
        acting(Arc::clone(&origin), async { show(records.iter().copied()) }).await;
        self.store.note(origin.left_over(false, action)).await
    }

    fn placed<'a>(&self, assignments: impl IntoIterator<Item = &'a Assignment>) -> Result<()> {
        let mut wrong = assignments.into_iter();
        match wrong.find(|record| self.telling.misplaces(*record, record.band())) {
            None => Ok(()),
            Some(wrong) => Err(Error::Invalid(format!("{}: {}", wrong.id, outside(&self.telling).en))),
        }
    }

    /// The snapshot in force; hold it for one judgement, not for ever.
    #[must_use]
    pub fn current(&self) -> Arc<Registry> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).registry)
    }

    /// What the audience may know of it; nobody else's where the audience is unknown.
    ///
    /// # Errors
    /// `Unavailable` for an audience no role has.
    pub fn view(&self, audience: Audience) -> Result<Arc<View>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let view = current.views.get(&audience).cloned();
        view.ok_or_else(|| Error::Unavailable("the registry is not ready for this caller".to_owned()))
    }

    /// Notes from now on since when each version is in force: for the service that judges, once all is in place.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note_versions(&self) -> Result<()> {
        self.noting.store(true, Relaxed);
        self.refresh().await
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Stores `table` if no table of its key was ever seeded or imported. Answers whether it did.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn seed_table(&self, table: AllocationTable) -> Result<bool> {
        let mut seeded: Vec<String> = self.store.setting(SEEDED).await?.unwrap_or_default();
        let known = self.current().tables().iter().any(|known| known.id == table.id);
        if known || seeded.contains(&table.id) {
            return Ok(false);
        }
        seeded.push(table.id.clone());
        self.import_table(table, "built in", "system").await?;
        self.store.put_setting(SEEDED, &seeded).await?;
        Ok(true)
    }

    /// Stores `assignments` if `name` was never seeded. Answers whether it did.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn seed_assignments(&self, name: &str, assignments: Vec<Assignment>) -> Result<bool> {
        let mut seeded: Vec<String> = self.store.setting(SEEDED).await?.unwrap_or_default();
        if seeded.iter().any(|seeded| seeded == name) {
            return Ok(false);
        }
        self.import_assignments(assignments, name, "system").await?;
        seeded.push(name.to_owned());
        self.store.put_setting(SEEDED, &seeded).await?;
        Ok(true)
    }

    /// What importing would change; changes nothing.
    #[must_use]
    pub fn preview(&self, assignments: &[Assignment]) -> Changes {
        compare(self.current().assignments(), assignments)
    }

    /// Adds or updates assignments by key: all of them or, on an error, none.
    ///
    /// # Errors
    /// `Invalid` when a key occurs twice; `Store` or `Unavailable`.
    pub async fn import_assignments(
        &self,
        assignments: Vec<Assignment>,
        source: &str,
        actor: &str,
    ) -> Result<ImportRecord> {
        let record = self.store_assignments(assignments, source, actor, |_| true).await?;
        self.refresh().await?;
        Ok(record)
    }

    /// The same without taking it into the snapshot, for a process that ends with it. `go_on` hears now and then how
    /// many are written and may stop it.
    ///
    /// # Errors
    /// `Invalid` when a key occurs twice; `Store` or `Unavailable`, also when it was stopped. Then nothing was changed.
    pub async fn store_assignments(
        &self,
        assignments: Vec<Assignment>,
        source: &str,
        actor: &str,
        go_on: impl Fn(usize) -> bool + Send + Sync + 'static,
    ) -> Result<ImportRecord> {
        self.placed(&assignments)?;
        let mut keys = std::collections::HashSet::new();
        if let Some(twice) = assignments
            .iter()
            .find(|assignment| !keys.insert(assignment.id.as_str()))
        {
            let text = format!(
                "the key '{}' occurs twice: give every assignment a key of its own",
                twice.id
            );
            return Err(Error::Invalid(text));
        }
        let record = import_record("assignments", source, actor, ImportCounts::default());
        self.store.import_assignments(assignments, record, go_on).await
    }

    /// Stores what comes in `batches`, with different keys, in a database that has no assignments and never had; `whole` says
    /// at the end whether it is to be kept. For a process that ends with it, as [`RegistryService::store_assignments`].
    ///
    /// # Errors
    /// `WrongState` where there are assignments; `Store` or `Unavailable`, also when it was stopped or is not to be kept. Then
    /// nothing was changed.
    pub async fn store_fresh(
        &self,
        batches: mpsc::Receiver<Vec<Assignment>>,
        whole: oneshot::Receiver<bool>,
        (source, actor): (&str, &str),
        go_on: impl Fn(usize) -> bool + Send + Sync + 'static,
    ) -> Result<ImportRecord> {
        let record = import_record("assignments", source, actor, ImportCounts::default());
        self.store.import_fresh(batches, whole, record, go_on).await
    }

    /// Replaces the allocation table of this key.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn import_table(&self, table: AllocationTable, source: &str, actor: &str) -> Result<ImportRecord> {
        let current = self.current();
        let known = current.tables().iter().find(|known| known.id == table.id);
        let changes = compare(known.map_or(&[], |known| &known.rows), &table.rows);
        let counts = ImportCounts {
            added: changes.added.len() as u64,
            updated: changes.updated.len() as u64,
            unchanged: changes.unchanged.len() as u64,
        };
        let record = import_record("allocations", source, actor, counts);
        let record = self.store.import_allocations(table, record).await?;
        self.refresh().await?;
        Ok(record)
    }

    /// Adds one assignment (`version` `None`) or changes the one of that version.
    ///
    /// # Errors
    /// `Invalid` when it exists already; `NotFound` or `Stale` when there is no such version.
    pub async fn save(&self, assignment: Assignment, version: Option<u64>, actor: &str) -> Result<StoredAssignment> {
        self.placed([&assignment])?;
        let saved = self
            .store
            .save_assignment(assignment, version, actor, Timestamp::now())
            .await?;
        self.refresh().await?;
        Ok(saved)
    }

    /// One page of assignments.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn assignments(&self, query: &AssignmentQuery, audience: Audience) -> Result<Page<StoredAssignment>> {
        let page = self
            .store
            .assignments(query, |record| self.telling.may_leave(record, audience))
            .await?;
        show(page.items.iter().map(|item| &item.assignment));
        Ok(page)
    }

    /// One assignment.
    ///
    /// # Errors
    /// `NotFound`, also for one the audience may not know; `Store` when reading fails.
    pub async fn assignment(&self, id: &str, audience: Audience) -> Result<StoredAssignment> {
        let stored = self.store.assignment(id).await?;
        if self.telling.may_leave(&stored.assignment, audience) {
            show([&stored.assignment]);
            Ok(stored)
        } else {
            Err(not_found(id))
        }
    }

    /// Imports that were applied, newest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn imports(&self) -> Result<Vec<ImportRecord>> {
        self.store.imports().await
    }

    /// Puts these control orders of the file in force instead of those before; those of the database stay.
    ///
    /// # Errors
    /// `Store` when reading the rest of the snapshot fails; then the old snapshot stays.
    pub async fn set_control_orders(&self, orders: Vec<ControlOrder>) -> Result<()> {
        *self.control_orders.write().unwrap_or_else(PoisonError::into_inner) = orders;
        self.refresh().await
    }

    /// Numbers of the control orders of the file.
    #[must_use]
    pub fn numbers_of_file_orders(&self) -> Vec<String> {
        let orders = self.control_orders.read().unwrap_or_else(PoisonError::into_inner);
        orders.iter().map(|order| order.id.clone()).collect()
    }

    /// Reads the snapshot anew.
    ///
    /// # Errors
    /// `Store` when reading fails; then the old snapshot stays.
    pub async fn refresh(&self) -> Result<()> {
        let _only_one = self.refreshing.lock().await;
        let tables = self.store.allocation_tables().await?;
        let assignments = self.store.all_assignments().await?;
        let mut orders = self
            .control_orders
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        orders.extend(self.store.binding_control_orders().await?);
        let registry = Registry::new(tables, assignments).with_control_orders(orders);
        let removed = self.store.removed_assignments().await?;
        let closed = self.store.closed_control_orders().await?;
        let snapshot = Snapshot::new(registry, &removed, &closed, &self.telling)?;
        if self.noting.load(Relaxed) {
            // First: a version that a verdict names can be looked up.
            let version = snapshot.registry.version();
            self.store.note_registry_version(version, Timestamp::now()).await?;
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(())
    }
}

/// Why a record that is to be hidden cannot lie where it does.
pub(super) fn outside(telling: &Telling) -> Text {
    let bands = telling.hiding_places();
    Text::new(
        format!("按保密策略，此密级的用频只能位于以下频段：{bands}。请改用其他密级，或由管理员在策略中增列频段"),
        format!(
            "by the policy of disclosure, use of this classification may only lie in {bands}: give another classification, or \
             have the band added to the policy"
        ),
    )
}

fn import_record(kind: &str, source: &str, actor: &str, counts: ImportCounts) -> ImportRecord {
    ImportRecord {
        id: random_id(),
        kind: kind.to_owned(),
        source: source.to_owned(),
        actor: actor.to_owned(),
        time: Timestamp::now(),
        counts,
    }
}
