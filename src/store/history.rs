//! What the registry said at a time: versions of assignments and allocation tables that others took the place of, and
//! since when which version of the whole has been in force.
//!
//! Times are when a record came into the registry and left it, not its dates of validity. A clock that was set back makes
//! no version end before it began.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Page, Store, Tx,
    audit::{REGISTRY_VERSIONS, number_key},
    engine::{Row, Value, values},
    registry::{AssignmentQuery, StoredAssignment, not_found},
};
use crate::{
    Error, Result,
    registry::{AllocationTable, Assignment},
};

/// One version of an assignment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssignmentVersion {
    /// What the registry said.
    pub assignment: Assignment,
    /// Number of the version.
    pub version: u64,
    /// When it came in.
    pub valid_from: Timestamp,
    /// When something else took its place; `None`: it is the current one.
    pub valid_until: Option<Timestamp>,
    /// Who brought it.
    pub updated_by: String,
    /// Who removed the record, where nothing took its place.
    pub removed_by: Option<String>,
}

impl AssignmentVersion {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            assignment: row.json("record")?,
            version: row.count("version")?,
            valid_from: row.time("valid_from_us")?,
            valid_until: row.time_or_null("valid_until_us")?,
            updated_by: row.text("updated_by")?,
            removed_by: row.text_or_null("removed_by")?,
        })
    }
}

/// Time during which a version of the registry was in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Period {
    /// From when.
    pub since: Timestamp,
    /// Until when; `None`: it still is.
    pub until: Option<Timestamp>,
}

/// Versions shown of one assignment, the latest ones.
const VERSIONS_MAX: u32 = 1000;

impl Tx {
    /// Keeps the current versions of these keys before they are replaced or, `removed_by` somebody, removed.
    pub(super) async fn keep_versions(
        &mut self,
        keys: &[&str],
        now: Timestamp,
        removed_by: Option<&str>,
    ) -> Result<()> {
        let places: Vec<String> = (1..=keys.len()).map(|n| format!("${}", n + 2)).collect();
        let sql = format!(
            "insert into assignment_history (id, version, valid_from_us, valid_until_us, center_hz, low_hz, high_hz, \
             record, search, updated_by, removed_by) select id, version, updated_us, \
             case when updated_us > $1 then updated_us else $1 end, center_hz, low_hz, high_hz, record, search, \
             updated_by, $2 from assignments where id in ({})",
            places.join(", ")
        );
        let mut values = values![now, removed_by.map(str::to_owned)];
        values.extend(keys.iter().map(|key| Value::from(*key)));
        self.execute(sql, values).await.map(drop)
    }

    /// Whether any assignment has a history: then a new one may have the key of one that was removed.
    pub(super) async fn has_history(&mut self) -> Result<bool> {
        let row = self.fetch_optional("select id from assignment_history limit 1", Vec::new());
        Ok(row.await?.is_some())
    }

    /// Keeps the current version of an allocation table before it is replaced.
    pub(super) async fn keep_table(&mut self, id: &str, now: Timestamp) -> Result<()> {
        let sql = "insert into allocation_history (id, version, valid_from_us, valid_until_us, record, updated_by) \
                   select id, version, updated_us, case when updated_us > $1 then updated_us else $1 end, record, \
                   updated_by from allocation_tables where id = $2";
        self.execute(sql, values![now, id]).await.map(drop)
    }
}

impl Store {
    /// Removes one assignment of this version; what it said stays in its history.
    ///
    /// # Errors
    /// `NotFound`; `Stale` when it has changed since; `Store` or `Unavailable`.
    pub async fn remove_assignment(&self, id: &str, version: u64, actor: &str, now: Timestamp) -> Result<()> {
        let (id, actor) = (id.to_owned(), actor.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let row = tx
                    .fetch_optional("select version, record from assignments where id = $1", values![&id])
                    .await?;
                match row.as_ref().map(|row| row.count("version")).transpose()? {
                    None => return Err(not_found(&id)),
                    Some(current) if current != version => return Err(Error::Stale),
                    Some(_) => {}
                }
                tx.keep_versions(&[&id], now, Some(&actor)).await?;
                let record = row.map(|row| row.text("record")).transpose()?;
                tx.assignment_changes(&id, record.as_deref(), None).await?;
                tx.execute("delete from assignments where id = $1", values![&id])
                    .await
                    .map(drop)
            })
        })
        .await
    }

    /// One page of the assignments that were in the registry at `time` and that `keep` wants, as they were then.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn assignments_at(
        &self,
        time: Timestamp,
        query: &AssignmentQuery,
        keep: impl Fn(&Assignment) -> bool,
    ) -> Result<Page<StoredAssignment>> {
        let us = time.as_microsecond();
        let columns = "id, record, version, updated_by, center_hz, low_hz, high_hz, search";
        let then = format!(
            "(select {columns}, updated_us from assignments where updated_us <= {us} union all \
             select {columns}, valid_from_us as updated_us from assignment_history \
             where valid_from_us <= {us} and valid_until_us > {us}) as then_valid"
        );
        self.assignments_from(&then, query, keep).await
    }

    /// All assignments that were in the registry at `time`, ascending by frequency, then key.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn all_assignments_at(&self, time: Timestamp) -> Result<Vec<Assignment>> {
        let sql = "select center_hz, id, record from assignments where updated_us <= $1 union all \
                   select center_hz, id, record from assignment_history where valid_from_us <= $1 \
                   and valid_until_us > $1 order by center_hz, id";
        let rows = self.fetch_all(sql, values![time]).await?;
        rows.iter().map(|row| row.json("record")).collect()
    }

    /// The allocation tables as they were at `time`.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn allocation_tables_at(&self, time: Timestamp) -> Result<Vec<AllocationTable>> {
        let sql = "select id, record from allocation_tables where updated_us <= $1 union all \
                   select id, record from allocation_history where valid_from_us <= $1 and valid_until_us > $1 \
                   order by id";
        let rows = self.fetch_all(sql, values![time]).await?;
        rows.iter().map(|row| row.json("record")).collect()
    }

    /// Every version of one assignment, oldest first; of very many, the latest 1000. Empty: there never was one.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn assignment_versions(&self, id: &str) -> Result<Vec<AssignmentVersion>> {
        let columns = "record, version, updated_by";
        let sql = format!("select {columns}, updated_us as valid_from_us from assignments where id = $1");
        let current = self.fetch_optional(sql, values![id]).await?;
        let sql = format!(
            "select {columns}, valid_from_us, valid_until_us, removed_by from assignment_history where id = $1 \
             order by version desc limit {VERSIONS_MAX}"
        );
        let past = self.fetch_all(sql, values![id]).await?;
        past.iter()
            .rev()
            .map(AssignmentVersion::read)
            .chain(current.as_ref().map(current_version))
            .collect()
    }

    /// The last version of every assignment that was removed and is not there again.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn removed_assignments(&self) -> Result<Vec<Assignment>> {
        let sql = "select record from assignment_history where removed_by is not null \
                   and id not in (select id from assignments) order by id, version";
        let rows = self.fetch_all(sql, Vec::new()).await?;
        rows.iter().map(|row| row.json("record")).collect()
    }

    /// Notes that verdicts are made by this version of the registry from `now` on; nothing where they were already.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub async fn note_registry_version(&self, version: &str, now: Timestamp) -> Result<()> {
        let version = version.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "insert into registry_versions (entry, version, since_us) \
                           select coalesce(max(entry), 0) + 1, $1, \
                           case when coalesce(max(since_us), 0) > $2 then max(since_us) else $2 end \
                           from registry_versions having coalesce((select version from registry_versions \
                           order by entry desc limit 1), '') <> $1 returning entry";
                if let Some(row) = tx.fetch_optional(sql, values![&version, now]).await? {
                    let key = number_key(row.count("entry")?);
                    tx.touch(&REGISTRY_VERSIONS, &key, "note_registry_version");
                }
                Ok(())
            })
        })
        .await
    }

    /// When a version of the registry was in force, oldest first; `same` says which versions count as this one.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn registry_periods(&self, same: impl Fn(&str) -> bool) -> Result<Vec<Period>> {
        let sql = "select version, since_us from registry_versions order by entry";
        let mut periods: Vec<Period> = Vec::new();
        let mut in_force = false;
        for row in self.fetch_all(sql, Vec::new()).await? {
            let (version, since) = (row.text("version")?, row.time("since_us")?);
            match (in_force, same(&version)) {
                (false, true) => periods.push(Period { since, until: None }),
                (true, false) => {
                    if let Some(last) = periods.last_mut() {
                        last.until = Some(since);
                    }
                }
                _ => continue,
            }
            in_force = !in_force;
        }
        Ok(periods)
    }
}

/// The version that is in the registry now.
fn current_version(row: &Row) -> Result<AssignmentVersion> {
    Ok(AssignmentVersion {
        assignment: row.json("record")?,
        version: row.count("version")?,
        valid_from: row.time("valid_from_us")?,
        valid_until: None,
        updated_by: row.text("updated_by")?,
        removed_by: None,
    })
}
