//! Conflicts: one row per cause, its emissions, and everything anybody did about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Page, Store, Tx,
    audit::CONFLICTS,
    emissions::{json_text, name_of, named},
    engine::{Row, values},
    merging::BELOW,
    page::{Order, Select, cut},
};
use crate::{
    Error, Result,
    conflict::{Severity, VerdictKind},
    registry::Text,
    units::{Band, Hertz},
};

/// Where a conflict stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictStatus {
    /// Nobody has taken it up.
    Open,
    /// Somebody has.
    Acknowledged,
    /// It is an account's or a team's to deal with.
    Assigned,
    /// Settled.
    Resolved,
    /// Part of another conflict, which has its evidence, history and attachments.
    Merged,
}

/// How a conflict was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The use is lawful; the registry or the rules need a change.
    Lawful,
    /// The sender stopped or was corrected.
    Removed,
    /// Nothing was found.
    NotReproduced,
    /// Something else; the comment says what.
    Other,
    /// A later measurement withdrew it; set by the service, never by a person.
    Withdrawn,
}

/// Whose a conflict is to deal with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignee {
    /// An account.
    User(String),
    /// A group of people, by its name.
    Team(String),
}

/// One conflict. Serialises as the resource of the API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictRecord {
    /// Random public key.
    pub id: String,
    /// Where it stands.
    pub status: ConflictStatus,
    /// What was found.
    pub kind: VerdictKind,
    /// How urgent.
    pub severity: Severity,
    /// Key of the rule.
    pub rule: String,
    /// Receiver id.
    pub receiver: String,
    /// Centre of the last evidence.
    pub center_hz: Hertz,
    /// Lower edge of the last evidence.
    pub low_hz: Hertz,
    /// Upper edge of the last evidence.
    pub high_hz: Hertz,
    /// Start of the first evidence.
    pub first_seen: Timestamp,
    /// End of the last evidence.
    pub last_seen: Timestamp,
    /// Emissions that belong to it.
    pub emissions_count: u64,
    /// The assignment it was held against.
    pub assignment: Option<String>,
    /// The allocation row.
    pub allocation: Option<String>,
    /// The reason.
    pub explanation: Text,
    /// The numbers behind it, units in the key.
    pub evidence: BTreeMap<String, f64>,
    /// Who took it up.
    pub acknowledged_by: Option<String>,
    /// When.
    pub acknowledged_at: Option<Timestamp>,
    /// Who settled it.
    pub resolved_by: Option<String>,
    /// When.
    pub resolved_at: Option<Timestamp>,
    /// How.
    pub resolution: Option<Resolution>,
    /// The account it is assigned to,
    #[serde(default)]
    pub assigned_user: Option<String>,
    /// or the team.
    #[serde(default)]
    pub assigned_team: Option<String>,
    /// Who assigned it.
    #[serde(default)]
    pub assigned_by: Option<String>,
    /// When.
    #[serde(default)]
    pub assigned_at: Option<Timestamp>,
    /// The conflict it is part of.
    #[serde(default)]
    pub merged_into: Option<String>,
    /// Where it stood before it was merged.
    #[serde(skip)]
    pub merged_status: Option<ConflictStatus>,
    /// Version of the rules it was judged by last; known where no emission's verdict says it.
    #[serde(default)]
    pub rules_version: Option<String>,
    /// Version of the registry it was judged by last; as above.
    #[serde(default)]
    pub registry_version: Option<String>,
    /// Counts changes of status and of what is claimed, not each new piece of evidence: a person's update is stale
    /// only when something they should have read has changed.
    pub version: u64,
}

/// One line of a conflict's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The conflict it happened to: after a merging, one page shows those of several.
    pub conflict_id: String,
    /// When.
    pub time: Timestamp,
    /// A user, or `system`.
    pub actor: String,
    /// `opened`, `acknowledged`, `assigned`, `commented`, `resolved`, `reopened`, `merged`, `absorbed`, `unmerged`,
    /// `released`, `attached`, `detached`, `reclassified`, `withdrawn`.
    pub action: String,
    /// In words: of the service in both languages, of a person as they were written.
    pub comment: Text,
}

/// Which conflicts; absent conditions do not restrict, but merged ones are listed only when asked for. Ordered by last evidence, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConflictQuery {
    /// In this state.
    pub status: Option<ConflictStatus>,
    /// Of this kind.
    pub kind: Option<VerdictKind>,
    /// This urgent.
    pub severity: Option<Severity>,
    /// Of this receiver.
    pub receiver: Option<String>,
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// With evidence at or after this time.
    pub from: Option<Timestamp>,
    /// With evidence before this time.
    pub to: Option<Timestamp>,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

/// What a person does about a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConflictChange {
    /// Takes it up.
    Acknowledge,
    /// Gives it to somebody.
    Assign(Assignee),
    /// Says something; nothing else changes.
    Comment,
    /// Settles it.
    Resolve(Resolution),
    /// Takes a settlement back.
    Reopen,
}

pub(super) const COLUMNS: &str = "id, status, kind, severity, rule, receiver, center_hz, low_hz, high_hz, first_seen_us, \
    last_seen_us, emissions_count, assignment, allocation, explanation, evidence, acknowledged_by, \
    acknowledged_us, resolved_by, resolved_us, resolution, assigned_user, assigned_team, assigned_by, assigned_us, \
    merged_into, merged_status, rules_version, registry_version, version";
const ORDER: Order = Order {
    name: "-last_seen",
    key: "last_seen_us",
    id: "id",
    descending: true,
};

impl ConflictRecord {
    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            status: named(row, "status")?,
            kind: named(row, "kind")?,
            severity: named(row, "severity")?,
            rule: row.text("rule")?,
            receiver: row.text("receiver")?,
            center_hz: Hertz(row.int("center_hz")?),
            low_hz: Hertz(row.int("low_hz")?),
            high_hz: Hertz(row.int("high_hz")?),
            first_seen: row.time("first_seen_us")?,
            last_seen: row.time("last_seen_us")?,
            emissions_count: row.count("emissions_count")?,
            assignment: row.text_or_null("assignment")?,
            allocation: row.text_or_null("allocation")?,
            explanation: row.json("explanation")?,
            evidence: row.json("evidence")?,
            acknowledged_by: row.text_or_null("acknowledged_by")?,
            acknowledged_at: row.time_or_null("acknowledged_us")?,
            resolved_by: row.text_or_null("resolved_by")?,
            resolved_at: row.time_or_null("resolved_us")?,
            resolution: named_or_null(row, "resolution")?,
            assigned_user: row.text_or_null("assigned_user")?,
            assigned_team: row.text_or_null("assigned_team")?,
            assigned_by: row.text_or_null("assigned_by")?,
            assigned_at: row.time_or_null("assigned_us")?,
            merged_into: row.text_or_null("merged_into")?,
            merged_status: named_or_null(row, "merged_status")?,
            rules_version: row.text_or_null("rules_version")?,
            registry_version: row.text_or_null("registry_version")?,
            version: row.count("version")?,
        })
    }
}

fn place_in_list(conflict: &ConflictRecord) -> (i64, String) {
    (conflict.last_seen.as_microsecond(), conflict.id.clone())
}

/// The value of an enumeration, where there is one.
fn named_or_null<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>> {
    row.text_or_null(column)?.map(|_| named(row, column)).transpose()
}

impl Tx {
    /// Inserts or replaces the row.
    pub(crate) async fn put_conflict(&mut self, conflict: &ConflictRecord) -> Result<()> {
        let c = conflict;
        let sql = format!(
            "insert into conflicts ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
             $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30) on conflict (id) do update set status = excluded.status, \
             kind = excluded.kind, severity = excluded.severity, rule = excluded.rule, receiver = excluded.receiver, \
             center_hz = excluded.center_hz, low_hz = excluded.low_hz, high_hz = excluded.high_hz, \
             first_seen_us = excluded.first_seen_us, last_seen_us = excluded.last_seen_us, \
             emissions_count = excluded.emissions_count, assignment = excluded.assignment, \
             allocation = excluded.allocation, explanation = excluded.explanation, evidence = excluded.evidence, \
             acknowledged_by = excluded.acknowledged_by, acknowledged_us = excluded.acknowledged_us, \
             resolved_by = excluded.resolved_by, resolved_us = excluded.resolved_us, \
             resolution = excluded.resolution, assigned_user = excluded.assigned_user, \
             assigned_team = excluded.assigned_team, assigned_by = excluded.assigned_by, \
             assigned_us = excluded.assigned_us, merged_into = excluded.merged_into, \
             merged_status = excluded.merged_status, rules_version = excluded.rules_version, \
             registry_version = excluded.registry_version, version = excluded.version"
        );
        let resolution = c.resolution.as_ref().map(name_of).transpose()?;
        let values = values![
            &c.id,
            name_of(&c.status)?,
            name_of(&c.kind)?,
            name_of(&c.severity)?,
            &c.rule,
            &c.receiver,
            c.center_hz,
            c.low_hz,
            c.high_hz,
            c.first_seen,
            c.last_seen,
            c.emissions_count,
            c.assignment.clone(),
            c.allocation.clone(),
            json_text(&c.explanation)?,
            json_text(&c.evidence)?,
            c.acknowledged_by.clone(),
            c.acknowledged_at,
            c.resolved_by.clone(),
            c.resolved_at,
            resolution,
            c.assigned_user.clone(),
            c.assigned_team.clone(),
            c.assigned_by.clone(),
            c.assigned_at,
            c.merged_into.clone(),
            c.merged_status.as_ref().map(name_of).transpose()?,
            c.rules_version.clone(),
            c.registry_version.clone(),
            c.version,
        ];
        self.execute(sql, values).await.map(drop)
    }

    /// The conflict as it is stored now.
    pub(crate) async fn conflict(&mut self, id: &str) -> Result<Option<ConflictRecord>> {
        let row = self
            .fetch_optional(format!("select {COLUMNS} from conflicts where id = $1"), values![id])
            .await?;
        row.as_ref().map(ConflictRecord::read).transpose()
    }

    /// Conflicts of one receiver and kind that could have the same cause as evidence in `band`: those held against the
    /// same assignment, or, without one, those sharing frequencies. Unsettled ones first, then the most recent.
    pub(crate) async fn conflicts_like(
        &mut self,
        receiver: &str,
        kind: VerdictKind,
        assignment: Option<&str>,
        band: Band,
    ) -> Result<Vec<ConflictRecord>> {
        let mut select = Select::new(&format!("select {COLUMNS} from conflicts"));
        select
            .and("receiver = ?", values![receiver])
            .and("kind = ?", values![name_of(&kind)?]);
        match assignment {
            Some(id) => select.and("assignment = ?", values![id]),
            None => select.and(
                "assignment is null and low_hz < ? and high_hz > ?",
                values![band.high(), band.low()],
            ),
        };
        let tail = "order by case when status = 'resolved' then 1 else 0 end, last_seen_us desc, id limit 32";
        let (sql, values) = select.finish(tail);
        self.fetch_all(sql, values)
            .await?
            .iter()
            .map(ConflictRecord::read)
            .collect()
    }

    /// The conflict about the use of this assignment, whichever receiver told of it.
    pub(crate) async fn conflict_about_use(&mut self, assignment: &str) -> Result<Option<ConflictRecord>> {
        let sql = format!("select {COLUMNS} from conflicts where assignment = $1 and kind = $2 order by id limit 1");
        let kind = name_of(&VerdictKind::UnusedAssignment)?;
        let row = self.fetch_optional(sql, values![assignment, kind]).await?;
        row.as_ref().map(ConflictRecord::read).transpose()
    }

    /// Adds a line to the history.
    pub(crate) async fn add_history(&mut self, entry: &HistoryEntry) -> Result<()> {
        let sql = "insert into conflict_history (conflict_id, entry, time_us, actor, action, comment_zh, comment_en) \
                   select $1, coalesce(max(entry), 0) + 1, $2, $3, $4, $5, $6 from conflict_history where conflict_id = $1";
        let Text { zh, en } = &entry.comment;
        let values = values![&entry.conflict_id, entry.time, &entry.actor, &entry.action, zh, en];
        self.execute(sql, values).await?;
        // Whatever people decide, and what the service does that people must see, is told there.
        self.touch(&CONFLICTS, &entry.conflict_id, "change_conflict");
        Ok(())
    }
}

impl Store {
    /// One page of conflicts.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn conflicts(&self, query: &ConflictQuery) -> Result<Page<ConflictRecord>> {
        self.conflicts_kept(query, |_| true).await
    }

    /// The same without those that are not to be kept. What is left out leaves no gap: pages are as full as if it were
    /// not there.
    ///
    /// # Errors
    /// As `conflicts`.
    pub async fn conflicts_kept(
        &self,
        query: &ConflictQuery,
        keep: impl Fn(&ConflictRecord) -> bool,
    ) -> Result<Page<ConflictRecord>> {
        let mut query = query.clone();
        let mut items = Vec::new();
        loop {
            let (rows, limit) = self.conflict_rows(&query).await?;
            let next = rows.last().filter(|_| rows.len() > limit).map(place_in_list);
            items.extend(rows.into_iter().filter(&keep));
            match next {
                Some(place) if items.len() <= limit => query.cursor = Some(ORDER.cursor(place)),
                _ => return Ok(cut(items, limit, &ORDER, place_in_list)),
            }
        }
    }

    /// Rows that answer the query, one more than a page holds where there are more, and how many it holds.
    async fn conflict_rows(&self, query: &ConflictQuery) -> Result<(Vec<ConflictRecord>, usize)> {
        let mut select = Select::new(&format!("select {COLUMNS} from conflicts"));
        if query.status.is_none() {
            select.and("status <> 'merged'", Vec::new());
        }
        select
            .and_some("status = ?", query.status.map(|status| name_of(&status)).transpose()?)
            .and_some("kind = ?", query.kind.map(|kind| name_of(&kind)).transpose()?)
            .and_some(
                "severity = ?",
                query.severity.map(|severity| name_of(&severity)).transpose()?,
            )
            .and_some("receiver = ?", query.receiver.as_ref())
            .and_some("high_hz > ?", query.band.map(Band::low))
            .and_some("low_hz < ?", query.band.map(Band::high))
            .and_some("last_seen_us >= ?", query.from)
            .and_some("first_seen_us < ?", query.to);
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        Ok((rows.iter().map(ConflictRecord::read).collect::<Result<_>>()?, limit))
    }

    /// One conflict.
    ///
    /// # Errors
    /// `NotFound`; `Store` when reading fails.
    pub async fn conflict(&self, id: &str) -> Result<ConflictRecord> {
        let row = self
            .fetch_optional(format!("select {COLUMNS} from conflicts where id = $1"), values![id])
            .await?;
        row.as_ref().map_or_else(
            || {
                Err(Error::NotFound {
                    kind: "conflict",
                    id: id.to_owned(),
                })
            },
            ConflictRecord::read,
        )
    }

    /// What happened to a conflict and to those merged into it, oldest first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn conflict_history(&self, id: &str) -> Result<Vec<HistoryEntry>> {
        let sql = format!(
            "select conflict_id, time_us, actor, action, comment_zh, comment_en from conflict_history \
             where conflict_id in ({BELOW}) order by conflict_id, entry"
        );
        let read = |row: &Row| {
            Ok(HistoryEntry {
                conflict_id: row.text("conflict_id")?,
                time: row.time("time_us")?,
                actor: row.text("actor")?,
                action: row.text("action")?,
                comment: Text::new(row.text("comment_zh")?, row.text("comment_en")?),
            })
        };
        let entries: Result<Vec<HistoryEntry>> = self.fetch_all(sql, values![id]).await?.iter().map(read).collect();
        Ok(by_time(entries?))
    }
}

/// Histories of several conflicts, one after the other, as one by time. Where a clock was set back, the order in which
/// the lines of a conflict were written holds.
fn by_time(entries: Vec<HistoryEntry>) -> Vec<HistoryEntry> {
    let mut latest: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut keyed: Vec<(Timestamp, HistoryEntry)> = Vec::with_capacity(entries.len());
    for entry in entries {
        let latest = latest.entry(entry.conflict_id.clone()).or_insert(entry.time);
        *latest = entry.time.max(*latest);
        keyed.push((*latest, entry));
    }
    keyed.sort_by_key(|(time, _)| *time);
    keyed.into_iter().map(|(_, entry)| entry).collect()
}
