//! Emissions as they were found: one row from birth to end, with its verdict and the conflict it belongs to.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Page, Store, Tx,
    engine::{Row, damaged, values},
    page::{Order, Select, cut},
};
use crate::{
    Result,
    conflict::{Verdict, VerdictKind},
    detect::{BandwidthMethod, class::ClassScore},
    units::{Band, Hertz},
};

/// One emission. Serialises as the resource of the API, without bursts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EmissionRecord {
    /// Random public key.
    pub id: String,
    /// Receiver id.
    pub receiver: String,
    /// First time above threshold.
    pub start: Timestamp,
    /// Last time above threshold.
    pub stop: Timestamp,
    /// Still on, as far as is known.
    pub open: bool,
    /// Power-weighted centre.
    pub center_hz: Hertz,
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// Occupied bandwidth.
    pub bandwidth_hz: Hertz,
    /// How it was measured.
    pub bandwidth_method: BandwidthMethod,
    /// Bandwidth between the 26 dB points, where measurable.
    pub bandwidth_x26_hz: Option<Hertz>,
    /// Mean power while on.
    pub power_dbfs: f64,
    /// Power over the noise in the occupied band.
    pub snr_db: f64,
    /// Strongest short-time power.
    pub peak_dbfs: f64,
    /// On-time over observed time.
    pub duty_cycle: f64,
    /// On-intervals.
    pub bursts_total: u64,
    /// One sigma of the centre, without the oscillator's.
    pub center_uncertainty_hz: f64,
    /// Classes of emission it may be, best first.
    pub classes: Vec<ClassScore>,
    /// The judgement, where there was a registry.
    pub verdict: Option<Verdict>,
    /// The conflict it belongs to.
    pub conflict_id: Option<String>,
    /// The conflict of its cause; another one than `conflict_id` where that was merged into another.
    #[serde(skip)]
    pub cause_id: Option<String>,
}

/// Order of a list of emissions; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmissionOrder {
    /// Most recently heard first.
    #[default]
    LastSeenDescending,
    /// Longest unheard first.
    LastSeen,
    /// Youngest first.
    StartDescending,
    /// Oldest first.
    Start,
    /// Ascending frequency.
    Center,
    /// Descending frequency.
    CenterDescending,
    /// Strongest over the noise first.
    SnrDescending,
}

impl EmissionOrder {
    fn order(self) -> Order {
        let (name, key, descending) = match self {
            Self::LastSeenDescending => ("-last_seen", "stop_us", true),
            Self::LastSeen => ("last_seen", "stop_us", false),
            Self::StartDescending => ("-start", "start_us", true),
            Self::Start => ("start", "start_us", false),
            Self::Center => ("center", "center_hz", false),
            Self::CenterDescending => ("-center", "center_hz", true),
            Self::SnrDescending => ("-snr_db", "snr_mdb", true),
        };
        Order {
            name,
            key,
            id: "id",
            descending,
        }
    }

    fn key(self, record: &EmissionRecord) -> i64 {
        match self {
            Self::LastSeenDescending | Self::LastSeen => record.stop.as_microsecond(),
            Self::StartDescending | Self::Start => record.start.as_microsecond(),
            Self::Center | Self::CenterDescending => record.center_hz.0,
            Self::SnrDescending => snr_mdb(record),
        }
    }
}

/// Which emissions; absent conditions do not restrict.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmissionQuery {
    /// Of this receiver.
    pub receiver: Option<String>,
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// On at or after this time.
    pub from: Option<Timestamp>,
    /// On before this time.
    pub to: Option<Timestamp>,
    /// Still on, or ended.
    pub open: Option<bool>,
    /// Judged so.
    pub verdict: Option<VerdictKind>,
    /// Belonging to this conflict.
    pub conflict_id: Option<String>,
    /// At least this strong.
    pub min_snr_db: Option<f64>,
    /// Order.
    pub order: EmissionOrder,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const COLUMNS: &str = "id, receiver, start_us, stop_us, is_open, center_hz, low_hz, high_hz, bandwidth_hz, \
    bandwidth_method, bandwidth_x26_hz, power_dbfs, snr_db, peak_dbfs, duty_cycle, bursts_total, \
    center_uncertainty_hz, classes, verdict, conflict_id, cause_id";

/// The ratio in whole thousandths of a decibel: keys of lists are integers.
fn snr_mdb(record: &EmissionRecord) -> i64 {
    (record.snr_db * 1000.0).round() as i64
}

/// The public name of an enumeration value, as serde writes it.
pub(super) fn name_of<T: Serialize>(value: &T) -> Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(other) => Err(damaged("name", std::io::Error::other(format!("{other} is not a name")))),
        Err(source) => Err(damaged("name", source)),
    }
}

/// The value of an enumeration by its public name.
pub(super) fn named<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T> {
    serde_json::from_value(serde_json::Value::String(row.text(column)?)).map_err(|source| damaged(column, source))
}

/// JSON text of an optional document.
pub(super) fn json_text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|source| damaged("json", source))
}

impl EmissionRecord {
    /// The occupied band.
    #[must_use]
    pub fn band(&self) -> Option<Band> {
        Band::new(self.low_hz, self.high_hz)
    }

    pub(super) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            receiver: row.text("receiver")?,
            start: row.time("start_us")?,
            stop: row.time("stop_us")?,
            open: row.flag("is_open")?,
            center_hz: Hertz(row.int("center_hz")?),
            low_hz: Hertz(row.int("low_hz")?),
            high_hz: Hertz(row.int("high_hz")?),
            bandwidth_hz: Hertz(row.int("bandwidth_hz")?),
            bandwidth_method: named(row, "bandwidth_method")?,
            bandwidth_x26_hz: row.int_or_null("bandwidth_x26_hz")?.map(Hertz),
            power_dbfs: row.real("power_dbfs")?,
            snr_db: row.real("snr_db")?,
            peak_dbfs: row.real("peak_dbfs")?,
            duty_cycle: row.real("duty_cycle")?,
            bursts_total: row.count("bursts_total")?,
            center_uncertainty_hz: row.real("center_uncertainty_hz")?,
            classes: row.json_or_null("classes")?.unwrap_or_default(),
            verdict: row.json_or_null("verdict")?,
            conflict_id: row.text_or_null("conflict_id")?,
            cause_id: row.text_or_null("cause_id")?,
        })
    }
}

impl Tx {
    /// Inserts the emission or brings its row up to date; `bursts`, where given, replace the stored list.
    pub(crate) async fn put_emission(&mut self, record: &EmissionRecord, bursts: Option<&[[f64; 2]]>) -> Result<()> {
        let verdict = record.verdict.as_ref().map(json_text).transpose()?;
        let verdict_kind = record
            .verdict
            .as_ref()
            .map(|verdict| name_of(&verdict.kind))
            .transpose()?;
        let severity = record
            .verdict
            .as_ref()
            .map(|verdict| name_of(&verdict.severity))
            .transpose()?;
        let bursts = bursts.map(pack_bursts).transpose()?;
        let sql = format!(
            "insert into emissions ({COLUMNS}, verdict_kind, severity, bursts, snr_mdb) values ($1, $2, $3, $4, $5, $6, $7, \
             $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25) \
             on conflict (id) do update set stop_us = excluded.stop_us, start_us = excluded.start_us, \
             is_open = excluded.is_open, center_hz = excluded.center_hz, low_hz = excluded.low_hz, \
             high_hz = excluded.high_hz, bandwidth_hz = excluded.bandwidth_hz, \
             bandwidth_method = excluded.bandwidth_method, bandwidth_x26_hz = excluded.bandwidth_x26_hz, \
             power_dbfs = excluded.power_dbfs, snr_db = excluded.snr_db, peak_dbfs = excluded.peak_dbfs, \
             duty_cycle = excluded.duty_cycle, bursts_total = excluded.bursts_total, \
             center_uncertainty_hz = excluded.center_uncertainty_hz, classes = excluded.classes, verdict = excluded.verdict, \
             conflict_id = excluded.conflict_id, cause_id = excluded.cause_id, verdict_kind = excluded.verdict_kind, severity = excluded.severity, \
             bursts = coalesce(excluded.bursts, emissions.bursts), snr_mdb = excluded.snr_mdb"
        );
        let r = record;
        let values = values![
            &r.id,
            &r.receiver,
            r.start,
            r.stop,
            r.open,
            r.center_hz,
            r.low_hz,
            r.high_hz,
            r.bandwidth_hz,
            name_of(&r.bandwidth_method)?,
            r.bandwidth_x26_hz,
            r.power_dbfs,
            r.snr_db,
            r.peak_dbfs,
            r.duty_cycle,
            r.bursts_total,
            r.center_uncertainty_hz,
            json_text(&r.classes)?,
            verdict,
            r.conflict_id.clone(),
            r.cause_id.clone(),
            verdict_kind,
            severity,
            bursts,
            snr_mdb(r),
        ];
        self.execute(sql, values).await.map(drop)
    }

    /// The emission as it is stored now.
    pub(crate) async fn emission(&mut self, id: &str) -> Result<Option<EmissionRecord>> {
        let row = self
            .fetch_optional(format!("select {COLUMNS} from emissions where id = $1"), values![id])
            .await?;
        row.as_ref().map(EmissionRecord::read).transpose()
    }

    /// Ends what a previous run of this receiver left open; answers the rows.
    pub(crate) async fn close_emissions_of(
        &mut self,
        receiver: &str,
        before: Timestamp,
    ) -> Result<Vec<EmissionRecord>> {
        let sql = format!(
            "update emissions set is_open = 0 where receiver = $1 and is_open = 1 and start_us < $2 returning {COLUMNS}"
        );
        self.fetch_all(sql, values![receiver, before])
            .await?
            .iter()
            .map(EmissionRecord::read)
            .collect()
    }
}

impl Store {
    /// One page of emissions.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn emissions(&self, query: &EmissionQuery) -> Result<Page<EmissionRecord>> {
        self.emissions_kept(query, |_| true).await
    }

    /// The same without those that are not to be kept. What is left out leaves no gap: pages are as full as if it were
    /// not there.
    ///
    /// # Errors
    /// As `emissions`.
    pub async fn emissions_kept(
        &self,
        query: &EmissionQuery,
        keep: impl Fn(&EmissionRecord) -> bool,
    ) -> Result<Page<EmissionRecord>> {
        let order = query.order.order();
        let place = |item: &EmissionRecord| (query.order.key(item), item.id.clone());
        let mut query = query.clone();
        let mut items = Vec::new();
        loop {
            let (rows, limit) = self.emission_rows(&query).await?;
            let next = rows.last().filter(|_| rows.len() > limit).map(place);
            items.extend(rows.into_iter().filter(&keep));
            match next {
                Some(next) if items.len() <= limit => query.cursor = Some(order.cursor(next)),
                _ => return Ok(cut(items, limit, &order, place)),
            }
        }
    }

    /// Rows that answer the query, one more than a page holds where there are more, and how many it holds.
    async fn emission_rows(&self, query: &EmissionQuery) -> Result<(Vec<EmissionRecord>, usize)> {
        let mut select = Select::new(&format!("select {COLUMNS} from emissions"));
        select
            .and_some("receiver = ?", query.receiver.as_ref())
            .and_some("high_hz > ?", query.band.map(Band::low))
            .and_some("low_hz < ?", query.band.map(Band::high))
            .and_some("stop_us >= ?", query.from)
            .and_some("start_us < ?", query.to)
            .and_some("is_open = ?", query.open)
            .and_some(
                "verdict_kind = ?",
                query.verdict.map(|kind| name_of(&kind)).transpose()?,
            )
            .and_some("conflict_id = ?", query.conflict_id.as_ref())
            .and_some("snr_db >= ?", query.min_snr_db);
        let order = query.order.order();
        let (sql, values, limit) = select.page(&order, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        Ok((rows.iter().map(EmissionRecord::read).collect::<Result<_>>()?, limit))
    }

    /// One emission.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn emission(&self, id: &str) -> Result<Option<EmissionRecord>> {
        let row = self
            .fetch_optional(format!("select {COLUMNS} from emissions where id = $1"), values![id])
            .await?;
        row.as_ref().map(EmissionRecord::read).transpose()
    }

    /// On-intervals of one emission as they were last stored: at the start, about every ten seconds, and at the end.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn bursts(&self, id: &str) -> Result<Vec<[Timestamp; 2]>> {
        let sql = "select start_us, bursts from emissions where id = $1";
        let Some(row) = self.fetch_optional(sql, values![id]).await? else {
            return Ok(Vec::new());
        };
        let start = row.int("start_us")?;
        let Some(packed) = row.blob_or_null("bursts")? else {
            return Ok(Vec::new());
        };
        unpack_bursts(&packed)?
            .into_iter()
            .map(|burst| {
                let time =
                    |us: i64| Timestamp::from_microsecond(start + us).map_err(|source| damaged("bursts", source));
                Ok([time(burst[0])?, time(burst[1])?])
            })
            .collect()
    }
}

/// Bursts relative to the first, microseconds, as pairs of 64-bit integers, compressed.
fn pack_bursts(bursts: &[[f64; 2]]) -> Result<Vec<u8>> {
    let origin = bursts.first().map_or(0.0, |burst| burst[0]);
    let us = |seconds: f64| ((seconds - origin) * 1e6).round() as i64;
    let plain: Vec<u8> = bursts
        .iter()
        .flatten()
        .flat_map(|&seconds| us(seconds).to_le_bytes())
        .collect();
    zstd::bulk::compress(&plain, 1).map_err(|source| damaged("bursts", source))
}

pub(super) fn unpack_bursts(packed: &[u8]) -> Result<Vec<[i64; 2]>> {
    let plain = zstd::bulk::decompress(packed, 10_000 * 16).map_err(|source| damaged("bursts", source))?;
    let (numbers, _) = plain.as_chunks::<8>();
    let (pairs, _) = numbers.as_chunks::<2>();
    Ok(pairs
        .iter()
        .map(|pair| [i64::from_le_bytes(pair[0]), i64::from_le_bytes(pair[1])])
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_read_back_to_the_microsecond() {
        let bursts = [[12.5, 12.500_107], [12.6, 13.0]];
        let packed = pack_bursts(&bursts).expect("packs");
        assert_eq!(unpack_bursts(&packed).expect("unpacks"), [[0, 107], [100_000, 500_000]]);
        assert!(unpack_bursts(b"not zstd").is_err());
    }
}
