//! What is not an emission: energy made inside the receiver, and time that was not observed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Store, Tx,
    emissions::{name_of, named},
    engine::values,
    page::Select,
};
use crate::{
    Result,
    detect::{ArtefactKind, GapReason},
    units::{Band, Hertz},
};

/// Energy with a cause inside the receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtefactRecord {
    /// Random public key.
    pub id: String,
    /// Receiver id.
    pub receiver: String,
    /// First time seen.
    pub start: Timestamp,
    /// Last time seen.
    pub stop: Timestamp,
    /// Centre.
    pub center_hz: Hertz,
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Mean power while on.
    pub power_dbfs: f64,
    /// The kind.
    pub artefact: ArtefactKind,
    /// The evidence in one sentence.
    pub cause: String,
}

/// Time that was not observed; never read as silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GapRecord {
    /// Receiver id.
    pub receiver: String,
    /// Lower edge of the band that was not watched.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Start.
    pub start: Timestamp,
    /// End.
    pub stop: Timestamp,
    /// Why.
    pub reason: GapReason,
}

impl Tx {
    /// Adds an artefact; adding it again changes nothing.
    pub(crate) async fn put_artefact(&mut self, record: &ArtefactRecord) -> Result<()> {
        let sql = "insert into artefacts (id, receiver, start_us, stop_us, center_hz, low_hz, high_hz, power_dbfs, \
                   artefact, cause) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing";
        let r = record;
        let values = values![
            &r.id,
            &r.receiver,
            r.start,
            r.stop,
            r.center_hz,
            r.low_hz,
            r.high_hz,
            r.power_dbfs,
            name_of(&r.artefact)?,
            &r.cause,
        ];
        self.execute(sql, values).await.map(drop)
    }

    /// Adds a gap; adding it again changes nothing.
    pub(crate) async fn put_gap(&mut self, gap: &GapRecord) -> Result<()> {
        let sql = "insert into gaps (receiver, low_hz, high_hz, start_us, stop_us, reason) \
                   values ($1, $2, $3, $4, $5, $6) on conflict (receiver, low_hz, start_us) do nothing";
        let values = values![
            &gap.receiver,
            gap.low_hz,
            gap.high_hz,
            gap.start,
            gap.stop,
            name_of(&gap.reason)?
        ];
        self.execute(sql, values).await.map(drop)
    }
}

impl Store {
    /// Artefacts seen between two times, newest first, at most 1000.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn artefacts(
        &self,
        receiver: Option<&str>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ArtefactRecord>> {
        let mut select = Select::new(
            "select id, receiver, start_us, stop_us, center_hz, low_hz, high_hz, power_dbfs, artefact, cause from artefacts",
        );
        select
            .and("stop_us >= ? and start_us < ?", values![from, to])
            .and_some("receiver = ?", receiver);
        let (sql, values) = select.finish("order by start_us desc, id limit 1000");
        let mut records = Vec::new();
        for row in self.fetch_all(sql, values).await? {
            records.push(ArtefactRecord {
                id: row.text("id")?,
                receiver: row.text("receiver")?,
                start: row.time("start_us")?,
                stop: row.time("stop_us")?,
                center_hz: Hertz(row.int("center_hz")?),
                low_hz: Hertz(row.int("low_hz")?),
                high_hz: Hertz(row.int("high_hz")?),
                power_dbfs: row.real("power_dbfs")?,
                artefact: named(&row, "artefact")?,
                cause: row.text("cause")?,
            });
        }
        Ok(records)
    }

    /// Gaps of one receiver touching a time span, in time order.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn gaps(
        &self,
        receiver: &str,
        band: Option<Band>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<GapRecord>> {
        let mut select = Select::new("select receiver, low_hz, high_hz, start_us, stop_us, reason from gaps");
        select
            .and(
                "receiver = ? and stop_us > ? and start_us < ?",
                values![receiver, from, to],
            )
            .and_some("high_hz > ?", band.map(Band::low))
            .and_some("low_hz < ?", band.map(Band::high));
        let (sql, values) = select.finish("order by start_us, low_hz");
        let mut records = Vec::new();
        for row in self.fetch_all(sql, values).await? {
            records.push(GapRecord {
                receiver: row.text("receiver")?,
                low_hz: Hertz(row.int("low_hz")?),
                high_hz: Hertz(row.int("high_hz")?),
                start: row.time("start_us")?,
                stop: row.time("stop_us")?,
                reason: named(&row, "reason")?,
            });
        }
        Ok(records)
    }
}
