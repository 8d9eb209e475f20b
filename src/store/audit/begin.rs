//! The beginning of the log in a database: what was noted before it was a tree, and the state of everything it vouches
//! for from then on.

use super::{
    append::{AuditNote, hash_of},
    protected::{JOINED, Protected, ROWS, states, sum_of_assignments},
    sums::ASSIGNMENTS,
};
use crate::{
    Error, Result,
    audit::{Entry, Tree, hex},
    store::{Store, Tx, engine::values, ids::random_id},
};

/// Against accidents: whoever owns the database can take them away, and is found by the hashes.
const FENCE_SQLITE: &str = "
create trigger audit_log_no_update before update on audit_log
begin select raise(abort, 'the audit log is only ever added to'); end;
create trigger audit_log_no_delete before delete on audit_log
begin select raise(abort, 'the audit log is only ever added to'); end;";
const FENCE_POSTGRES: &str = "
create or replace function audit_log_fence() returns trigger language plpgsql as
$$ begin raise exception 'the audit log is only ever added to'; end $$;
create trigger audit_log_no_change before update or delete on audit_log
for each row execute function audit_log_fence();
create trigger audit_log_no_truncate before truncate on audit_log
for each statement execute function audit_log_fence();";

impl Store {
    /// Begins the log where there is none yet.
    ///
    /// # Errors
    /// `Store` or `Unavailable`.
    pub(in crate::store) async fn begin_log(&self) -> Result<()> {
        let sql = "select origin from audit_head where id = 1";
        if self.fetch_optional(sql, Vec::new()).await?.is_none() {
            self.write(|tx| Box::pin(async move { tx.begin_log().await })).await?;
        }
        for table in JOINED {
            if self.fetch_optional(FIRST, values![table.name]).await?.is_none() {
                self.write(move |tx| Box::pin(async move { tx.join_log(table).await }))
                    .await?;
            }
        }
        Ok(())
    }
}

/// The entry with which a table joined.
const FIRST: &str = "select entry from audit_log where action = 'baseline' and subject = $1 limit 1";

impl Tx {
    /// Takes in the rows of a table, once: an entry that names the table says that it was done.
    async fn join_log(&mut self, table: &'static Protected) -> Result<()> {
        self.lock_log().await?;
        if self.fetch_optional(FIRST, values![table.name]).await?.is_some() {
            return Ok(());
        }
        let mut notes = vec![AuditNote {
            actor: "system".to_owned(),
            ..AuditNote::of("baseline", table.name)
        }];
        notes.extend(self.rows_of(table).await?);
        self.append(notes).await
    }

    async fn rows_of(&mut self, table: &Protected) -> Result<Vec<AuditNote>> {
        let mut rows: Vec<_> = states(self, table, |_| {}).await?.into_iter().collect();
        rows.sort();
        let rows = rows.iter();
        Ok(rows
            .map(|(key, state)| found(format!("{}/{key}", table.name), state))
            .collect())
    }

    async fn begin_log(&mut self) -> Result<()> {
        self.lock_log().await?;
        let sql = "select origin from audit_head where id = 1";
        if self.fetch_optional(sql, Vec::new()).await?.is_some() {
            return Ok(());
        }
        // Entries without a head: somebody took it away. A new one would hide that.
        let sql = "select entry from audit_log limit 1";
        if self.fetch_optional(sql, Vec::new()).await?.is_some() {
            return Err(Error::Unavailable(
                "the audit log has entries but no head: it was changed by something else; see `pinpu audit verify`"
                    .to_owned(),
            ));
        }
        self.fence(FENCE_SQLITE, FENCE_POSTGRES).await?;
        let mut tree = Tree::default();
        let sql = "insert into audit_head (id, origin, size, root, peaks) values (1, $1, $2, $3, $4)";
        let origin = format!("pinpu.audit/{}", random_id());
        self.execute(sql, values![origin, 0u64, &tree.root()[..], Vec::<u8>::new()])
            .await?;
        self.bring_over(&mut tree).await?;
        self.put_head(&tree).await?;
        self.execute("drop table audit", Vec::new()).await?;
        let notes = self.baseline().await?;
        if notes.is_empty() {
            return Ok(());
        }
        self.append(notes).await
    }

    /// What was noted before, in its order and with its times.
    async fn bring_over(&mut self, tree: &mut Tree) -> Result<()> {
        let sql = "select entry, time_us, actor, action, subject, accepted, version_before, version_after, sha256, \
                   null as state, reason from audit order by entry";
        for row in self.fetch_all(sql, Vec::new()).await? {
            let entry = Entry {
                entry: tree.size() + 1,
                time: row.time("time_us")?,
                actor: row.text("actor")?,
                action: row.text("action")?,
                subject: row.text("subject")?,
                accepted: row.flag("accepted")?,
                version_before: row.text_or_null("version_before")?,
                version_after: row.text_or_null("version_after")?,
                sha256: row.text_or_null("sha256")?,
                state: None,
                reason: row.text_or_null("reason")?,
            };
            let hashes = tree.append(entry.leaf_hash()).concat();
            self.insert_entry(entry, hashes).await?;
        }
        Ok(())
    }

    /// Everything that is vouched for, as it is found.
    async fn baseline(&mut self) -> Result<Vec<AuditNote>> {
        let mut notes = Vec::new();
        for table in ROWS {
            if !JOINED.iter().any(|joined| joined.name == table.name) {
                notes.extend(self.rows_of(table).await?);
            }
        }
        let sum = sum_of_assignments(self, |_| {}).await?;
        if sum.count() > 0 {
            notes.push(found(ASSIGNMENTS.to_owned(), &sum.digest()));
            let sql = "insert into audit_sums (name, members, sum) values ($1, $2, $3)";
            self.execute(sql, values![ASSIGNMENTS, sum.count(), sum.to_bytes()])
                .await?;
        }
        Ok(notes)
    }
}

fn found(subject: String, state: &[u8]) -> AuditNote {
    AuditNote {
        actor: "system".to_owned(),
        state: hash_of(state).map(|state| hex(&state)),
        ..AuditNote::of("baseline", &subject)
    }
}
