//! What happened, numbered without holes in the order of commit: the live stream and its memory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Store,
    engine::{Row, damaged, values},
};
use crate::Result;

/// What an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A new emission.
    EmissionOpened,
    /// An open emission, measured again.
    EmissionUpdated,
    /// An emission ended.
    EmissionClosed,
    /// Energy with a cause inside the receiver.
    Artefact,
    /// Time that was not observed.
    Gap,
    /// A new conflict.
    ConflictOpened,
    /// A conflict changed.
    ConflictUpdated,
    /// A receiver changed its state.
    ReceiverState,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::EmissionOpened,
        Self::EmissionUpdated,
        Self::EmissionClosed,
        Self::Artefact,
        Self::Gap,
        Self::ConflictOpened,
        Self::ConflictUpdated,
        Self::ReceiverState,
    ];

    /// Whether it tells of a conflict, which not everybody may know of.
    #[must_use]
    pub fn is_conflict(self) -> bool {
        matches!(self, Self::ConflictOpened | Self::ConflictUpdated)
    }

    /// The public name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmissionOpened => "emission_opened",
            Self::EmissionUpdated => "emission_updated",
            Self::EmissionClosed => "emission_closed",
            Self::Artefact => "artefact",
            Self::Gap => "gap",
            Self::ConflictOpened => "conflict_opened",
            Self::ConflictUpdated => "conflict_updated",
            Self::ReceiverState => "receiver_state",
        }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRecord {
    /// Number, ascending by one in the order of commit.
    pub sequence: u64,
    /// Number for those who may not know of every conflict: conflicts do not count, and carry that of the event before.
    #[serde(skip)]
    pub told: u64,
    /// When it was recorded.
    pub time: Timestamp,
    /// What it tells.
    pub kind: EventKind,
    /// The resource as it is after the event.
    pub data: serde_json::Value,
}

impl EventRecord {
    fn read(row: &Row) -> Result<Self> {
        let name = row.text("kind")?;
        let kind = EventKind::ALL.into_iter().find(|kind| kind.as_str() == name);
        Ok(Self {
            sequence: row.count("sequence")?,
            told: row.count("told")?,
            time: row.time("time_us")?,
            kind: kind.ok_or_else(|| damaged("kind", std::io::Error::other(format!("unknown event kind '{name}'"))))?,
            data: row.json("data")?,
        })
    }
}

impl Store {
    /// At most `limit` events with numbers above `sequence`, in order.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn events_after(&self, sequence: u64, limit: u32) -> Result<Vec<EventRecord>> {
        let sql = format!(
            "select sequence, told, kind, time_us, data from events where sequence > $1 order by sequence limit {}",
            limit.min(10_000)
        );
        self.fetch_all(sql, values![sequence])
            .await?
            .iter()
            .map(EventRecord::read)
            .collect()
    }

    /// Number of the last event ever recorded; 0 before the first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn last_sequence(&self) -> Result<u64> {
        let row = self
            .fetch_optional("select value from counters where name = 'events'", Vec::new())
            .await?;
        row.map_or(Ok(0), |row| row.count("value"))
    }

    /// The last number told to those who may not know of every conflict; 0 before the first.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn last_told(&self) -> Result<u64> {
        let row = self
            .fetch_optional("select value from counters where name = 'events_told'", Vec::new())
            .await?;
        row.map_or(Ok(0), |row| row.count("value"))
    }

    /// Number of the event that was told as `told`, or of the last one before it; 0 where none is kept.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn sequence_told(&self, told: u64) -> Result<u64> {
        let sql = "select sequence from events where told <= $1 and kind <> 'conflict_opened' \
                   and kind <> 'conflict_updated' order by told desc, sequence desc limit 1";
        let row = self.fetch_optional(sql, values![told]).await?;
        row.map_or(Ok(0), |row| row.count("sequence"))
    }

    /// Number of the oldest event still kept; one above the last when none is. A reader who is at `n` has missed
    /// something when this is above `n + 1`.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn first_sequence(&self) -> Result<u64> {
        let row = self
            .fetch_optional("select min(sequence) as first from events", Vec::new())
            .await?;
        match row.map(|row| row.int_or_null("first")).transpose()?.flatten() {
            Some(first) => Ok(first.cast_unsigned()),
            None => Ok(self.last_sequence().await? + 1),
        }
    }
}
