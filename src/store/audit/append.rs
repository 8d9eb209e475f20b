//! Adding entries to the log, inside the transaction of what they tell of.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    origin::Origin,
    protected::{Protected, state_of},
    sums::Sum,
};
use crate::{
    Error, Result,
    audit::{Entry, GONE, Hash, Tree, hex},
    store::{
        Tx,
        engine::{Row, values},
    },
};

/// What happened, to be noted. Never holds a secret: neither a password nor a token, nor the text of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    /// Who; empty: whoever acts in this task, or `system`.
    pub actor: String,
    /// What: the operation, or what the service does by itself.
    pub action: String,
    /// To what: `table/key`, a path, a file.
    pub subject: String,
    /// Whether it was done; otherwise what was in force before stays.
    pub accepted: bool,
    /// What was in force before.
    pub version_before: Option<String>,
    /// What is in force now.
    pub version_after: Option<String>,
    /// SHA-256 of the file, hexadecimal; `None`: that of the request's body where there is one.
    pub sha256: Option<String>,
    /// SHA-256 of the state after the change; `Tx::touch` fills it in.
    pub state: Option<String>,
    /// Why it was refused, or how it came about.
    pub reason: Option<String>,
}

impl Default for AuditNote {
    fn default() -> Self {
        Self {
            actor: String::new(),
            action: String::new(),
            subject: String::new(),
            accepted: true,
            version_before: None,
            version_after: None,
            sha256: None,
            state: None,
            reason: None,
        }
    }
}

impl AuditNote {
    /// Something that was done, by whoever acts in this task.
    #[must_use]
    pub fn of(action: &str, subject: &str) -> Self {
        Self {
            action: action.to_owned(),
            subject: subject.to_owned(),
            ..Self::default()
        }
    }

    fn entry(self, number: u64, time: Timestamp) -> Entry {
        let Self {
            actor,
            action,
            subject,
            accepted,
            version_before,
            version_after,
            sha256,
            state,
            reason,
        } = self;
        Entry {
            entry: number,
            time,
            // PostgreSQL keeps no NUL in a text.
            actor: actor.replace('\0', " "),
            action: action.replace('\0', " "),
            subject: subject.replace('\0', " "),
            accepted,
            version_before,
            version_after,
            sha256,
            state,
            reason,
        }
    }
}

/// What a job has noted so far.
#[derive(Default)]
pub(crate) struct Pending {
    origin: Option<Arc<Origin>>,
    notes: Vec<AuditNote>,
    touched: Vec<(&'static Protected, String, &'static str)>,
    pub(super) sum: Option<Sum>,
}

pub(super) const COLUMNS: &str = "entry, time_us, actor, action, subject, accepted, version_before, version_after, \
                                  sha256, state, reason";

/// The entry of a row with [`COLUMNS`].
pub(super) fn read_entry(row: &Row) -> Result<Entry> {
    Ok(Entry {
        entry: row.count("entry")?,
        time: row.time("time_us")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        accepted: row.flag("accepted")?,
        version_before: row.text_or_null("version_before")?,
        version_after: row.text_or_null("version_after")?,
        sha256: row.text_or_null("sha256")?,
        state: row.text_or_null("state")?,
        reason: row.text_or_null("reason")?,
    })
}

/// A hash as it is stored.
pub(super) fn hash_of(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}

/// The tree of the head row; nothing where its parts do not fit.
pub(super) fn tree_of(row: &Row) -> Result<Option<Tree>> {
    let peaks = row.blob("peaks")?;
    let (whole, rest) = peaks.as_chunks::<32>();
    Ok(Tree::from_peaks(row.count("size")?, whole.to_vec()).filter(|_| rest.is_empty()))
}

impl Tx {
    /// Forgets what an undone job noted; whoever acts now is `origin`.
    pub(in crate::store) fn begin_notes(&mut self, origin: Option<Arc<Origin>>) {
        *self.notes() = Pending {
            origin,
            ..Pending::default()
        };
    }

    /// Notes something that this job does. It is in the log when the job is stored, and only then. The actor may be left
    /// empty: it is whoever acts in the task that handed the job in.
    ///
    /// ```ignore
    /// tx.note(AuditNote::of("submit_request", &format!("coordination_requests/{id}")));
    /// ```
    pub(crate) fn note(&mut self, note: AuditNote) {
        self.notes().notes.push(note);
    }

    /// Notes that this job adds, changes or removes the row `key` of a protected table, with the row's state at the end
    /// of the job. The action is the operation of whoever acts, and `action` where the service acts by itself. To have a
    /// table protected, add it to `protected::ROWS` and call this wherever its rows are written.
    pub(crate) fn touch(&mut self, table: &'static Protected, key: &str, action: &'static str) {
        let touched = &mut self.notes().touched;
        if !touched.iter().any(|(known, k, _)| known.name == table.name && k == key) {
            touched.push((table, key.to_owned(), action));
        }
    }

    /// Appends what the job has noted. The last thing before the job counts as done.
    pub(in crate::store) async fn append_notes(&mut self) -> Result<()> {
        let Pending {
            origin,
            mut notes,
            touched,
            sum,
        } = std::mem::take(self.notes());
        let origin = origin.as_deref();
        let by = |own: &str| origin.map_or(own, Origin::action).to_owned();
        for (table, key, action) in touched {
            let state = state_of(self, table, &key).await?;
            notes.push(AuditNote {
                action: by(action),
                subject: format!("{}/{key}", table.name),
                state: Some(state.map_or_else(|| GONE.to_owned(), |state| hex(&state))),
                ..AuditNote::default()
            });
        }
        if let Some(sum) = sum.filter(Sum::is_changed) {
            let mut note = sum.note();
            note.action = by("change_registry");
            self.put_sum(&sum).await?;
            notes.push(note);
        }
        if notes.is_empty() {
            return Ok(());
        }
        for note in &mut notes {
            Origin::sign(origin, note);
        }
        self.append(notes).await?;
        if let Some(origin) = origin {
            origin.set_noted();
        }
        Ok(())
    }

    /// Appends to the log. Writers of other processes wait: the log does not fork.
    pub(super) async fn append(&mut self, notes: Vec<AuditNote>) -> Result<()> {
        self.lock_log().await?;
        let head = self
            .fetch_optional("select size, peaks from audit_head where id = 1", Vec::new())
            .await?;
        let tree = head.as_ref().map(tree_of).transpose()?.flatten();
        let mut tree = tree.ok_or_else(|| {
            Error::Unavailable(
                "the audit log has no head that fits: nothing is stored; see `pinpu audit verify`".to_owned(),
            )
        })?;
        let now = to_microseconds(Timestamp::now());
        for note in notes {
            let entry = note.entry(tree.size() + 1, now);
            let hashes = tree.append(entry.leaf_hash()).concat();
            self.insert_entry(entry, hashes).await?;
        }
        self.put_head(&tree).await
    }

    /// The row of the events' counter comes first in every transaction that writes both, so that two processes cannot
    /// wait for each other.
    pub(super) async fn lock_log(&mut self) -> Result<()> {
        let sql = "update counters set value = value where name = 'events'";
        self.execute(sql, Vec::new()).await.map(drop)
    }

    pub(super) async fn insert_entry(&mut self, entry: Entry, hashes: Vec<u8>) -> Result<()> {
        let sql = format!(
            "insert into audit_log ({COLUMNS}, hashes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        );
        let values = values![
            entry.entry,
            entry.time,
            entry.actor,
            entry.action,
            entry.subject,
            entry.accepted,
            entry.version_before,
            entry.version_after,
            entry.sha256,
            entry.state,
            entry.reason,
            hashes
        ];
        self.execute(sql, values).await.map(drop)
    }

    pub(super) async fn put_head(&mut self, tree: &Tree) -> Result<()> {
        let sql = "update audit_head set size = $1, root = $2, peaks = $3 where id = 1";
        let values = values![tree.size(), &tree.root()[..], tree.peaks().concat()];
        self.execute(sql, values).await.map(drop)
    }
}

/// As it is stored and hashed.
fn to_microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}
