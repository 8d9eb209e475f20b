//! The last known state of every receiver that ever reported.

use jiff::Timestamp;

use super::{
    Store, Tx,
    emissions::json_text,
    engine::{Row, values},
};
use crate::{Result, capture::ReceiverStatus};

/// A receiver and how it was when it last reported.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiverRecord {
    /// Receiver id, as configured.
    pub id: String,
    /// Its last report.
    pub status: ReceiverStatus,
    /// When that was.
    pub reported_at: Timestamp,
}

impl ReceiverRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            status: row.json("status")?,
            reported_at: row.time("reported_us")?,
        })
    }
}

impl Tx {
    /// Keeps the last report.
    pub(crate) async fn put_receiver(&mut self, receiver: &ReceiverRecord) -> Result<()> {
        let sql = "insert into receivers (id, status, reported_us) values ($1, $2, $3) \
                   on conflict (id) do update set status = excluded.status, reported_us = excluded.reported_us";
        let values = values![&receiver.id, json_text(&receiver.status)?, receiver.reported_at];
        self.execute(sql, values).await.map(drop)
    }
}

impl Store {
    /// All receivers by id.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn receivers(&self) -> Result<Vec<ReceiverRecord>> {
        let rows = self
            .fetch_all("select id, status, reported_us from receivers order by id", Vec::new())
            .await?;
        rows.iter().map(ReceiverRecord::read).collect()
    }
}
