//! When emissions were on: what is needed of them to tell how long a channel was in use, and no more.

use jiff::Timestamp;

use super::{
    Page, Store,
    emissions::unpack_bursts,
    engine::{Row, damaged, values},
    page::{Order, Select, cut},
};
use crate::{
    Result,
    conflict::Verdict,
    units::{Band, Hertz},
};

/// When one emission was on.
#[derive(Debug, Clone, PartialEq)]
pub struct OnTime {
    /// Random public key of the emission.
    pub id: String,
    /// First time above threshold.
    pub start: Timestamp,
    /// Last time above threshold.
    pub stop: Timestamp,
    /// Still on, as far as is known.
    pub open: bool,
    /// Lower edge.
    pub low_hz: Hertz,
    /// Upper edge.
    pub high_hz: Hertz,
    /// On-time over observed time.
    pub duty_cycle: f64,
    /// On-intervals, listed or not.
    pub bursts_total: u64,
    /// The first on-intervals, at most 10,000, as they were last stored.
    pub bursts: Vec<[Timestamp; 2]>,
    /// The judgement. An emission that has ended without one was none of its own: part of another, or made by the receiver.
    pub verdict: Option<Verdict>,
}

/// Which emissions, by their start.
#[derive(Debug, Clone, PartialEq)]
pub struct OnTimeQuery {
    /// Receiver id.
    pub receiver: String,
    /// Sharing frequencies with this band.
    pub band: Band,
    /// On at or after this time.
    pub from: Timestamp,
    /// On before this time.
    pub to: Timestamp,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

/// Rows of a page: with all their bursts 16 MB.
const PAGE: u32 = 100;
const ORDER: Order = Order {
    name: "on_time",
    key: "start_us",
    id: "id",
    descending: false,
};

impl Store {
    /// One page of on-times, the earliest start first.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn on_times(&self, query: &OnTimeQuery) -> Result<Page<OnTime>> {
        let mut select = Select::new(
            "select id, start_us, stop_us, is_open, low_hz, high_hz, duty_cycle, bursts_total, bursts, verdict from emissions",
        );
        select
            .and("receiver = ?", values![&query.receiver])
            .and(
                "high_hz > ? and low_hz < ?",
                values![query.band.low(), query.band.high()],
            )
            .and("stop_us >= ? and start_us < ?", values![query.from, query.to]);
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), Some(PAGE))?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<OnTime> = rows.iter().map(read).collect::<Result<_>>()?;
        Ok(cut(items, limit, &ORDER, |item| {
            (item.start.as_microsecond(), item.id.clone())
        }))
    }
}

fn read(row: &Row) -> Result<OnTime> {
    let start = row.time("start_us")?;
    let packed = row.blob_or_null("bursts")?;
    let time = |us: i64| {
        let at = start.as_microsecond().saturating_add(us);
        Timestamp::from_microsecond(at).map_err(|source| damaged("bursts", source))
    };
    let bursts = packed.map_or_else(|| Ok(Vec::new()), |packed| unpack_bursts(&packed))?;
    Ok(OnTime {
        id: row.text("id")?,
        start,
        stop: row.time("stop_us")?,
        open: row.flag("is_open")?,
        low_hz: Hertz(row.int("low_hz")?),
        high_hz: Hertz(row.int("high_hz")?),
        duty_cycle: row.real("duty_cycle")?,
        bursts_total: row.count("bursts_total")?,
        bursts: bursts
            .into_iter()
            .map(|[from, to]| Ok([time(from)?, time(to)?]))
            .collect::<Result<_>>()?,
        verdict: row.json_or_null("verdict")?,
    })
}
