//! Conflicts that are part of others: who is below whom, and what counts where.

use super::{
    Store, Tx,
    conflicts::{COLUMNS, ConflictRecord},
    emissions::named,
    engine::values,
};
use crate::{Error, Result, conflict::Severity};

/// Sub-select of a conflict (`$1`) and everything that was merged into it, at any depth.
pub(super) const BELOW: &str = "with recursive below (id) as (select cast($1 as text) union all \
    select c.id from conflicts c join below b on c.merged_into = b.id) select id from below";

impl Tx {
    /// The conflict that speaks for this one: the end of the chain of mergings, itself where it was not merged.
    pub(crate) async fn head_of(&mut self, conflict: &ConflictRecord) -> Result<ConflictRecord> {
        let mut head = conflict.clone();
        while let Some(next) = head.merged_into.take() {
            head = self.conflict(&next).await?.ok_or(Error::NotFound {
                kind: "conflict",
                id: next,
            })?;
        }
        Ok(head)
    }

    /// Has the emissions of `conflict`, and of what was merged into it, count in `into`.
    pub(crate) async fn move_emissions(&mut self, conflict: &str, into: &str) -> Result<()> {
        let sql = format!("update emissions set conflict_id = $2 where cause_id in ({BELOW})");
        self.execute(sql, values![conflict, into]).await.map(drop)
    }

    /// Brings count, first and last time in line with the emissions that count in it now; answers the severity of the
    /// latest.
    pub(crate) async fn recount(&mut self, conflict: &mut ConflictRecord) -> Result<Option<Severity>> {
        let sql = "select count(*) as emissions, min(start_us) as first_us, max(stop_us) as last_us from emissions \
                   where conflict_id = $1";
        if let Some(row) = self.fetch_optional(sql, values![&conflict.id]).await? {
            conflict.emissions_count = row.count("emissions")?;
            conflict.first_seen = row.time_or_null("first_us")?.unwrap_or(conflict.first_seen);
            conflict.last_seen = row.time_or_null("last_us")?.unwrap_or(conflict.last_seen);
        }
        let sql = "select severity from emissions where conflict_id = $1 and severity is not null \
                   order by stop_us desc, id limit 1";
        let latest = self.fetch_optional(sql, values![&conflict.id]).await?;
        latest.map(|row| named(&row, "severity")).transpose()
    }
}

impl Store {
    /// The conflicts that were merged into this one itself, oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn merged_into(&self, id: &str) -> Result<Vec<ConflictRecord>> {
        let sql = format!("select {COLUMNS} from conflicts where merged_into = $1 order by first_seen_us, id");
        self.fetch_all(sql, values![id])
            .await?
            .iter()
            .map(ConflictRecord::read)
            .collect()
    }

    /// Names of the teams that have been assigned something.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn teams(&self) -> Result<Vec<String>> {
        let sql = "select distinct assigned_team from conflicts where assigned_team is not null \
                   order by assigned_team limit 200";
        let rows = self.fetch_all(sql, Vec::new()).await?;
        rows.iter().map(|row| row.text("assigned_team")).collect()
    }
}
