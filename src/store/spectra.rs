//! Reduced spectra: at most 1024 bins a row, one row a second and one a minute for each band of each receiver.
//!
//! Levels are kept as 16-bit tenths of a decibel (finer than any floor is known), low bytes and high bytes apart so
//! that they compress. The smallest value means *not observed*; it never means a low level.

use jiff::Timestamp;

use super::{
    Page, Store, Tx,
    engine::{Row, damaged, values},
    page::{Order, Select, cut},
};
use crate::{
    Result,
    units::{Band, Hertz},
};

/// One stored spectrum. Levels are power per detector bin in dBFS; `NaN` is not observed.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumRow {
    /// Receiver id.
    pub receiver: String,
    /// Nominal spacing of the rows of this tier, seconds: 1 or 60.
    pub interval_s: u32,
    /// Start of the observed time.
    pub start: Timestamp,
    /// End of the observed time.
    pub stop: Timestamp,
    /// Time truly observed between the two, seconds.
    pub observed_s: f64,
    /// Lower edge of the first bin.
    pub low_hz: Hertz,
    /// Upper edge of the last bin.
    pub high_hz: Hertz,
    /// Width of the bins the detector measured; the stored ones are as wide or wider.
    pub bin_hz: f64,
    /// Equivalent noise bandwidth of the window, in detector bins.
    pub enbw_bins: f64,
    /// Mean power, averaged linearly over time and bins.
    pub mean_dbfs: Vec<f32>,
    /// Strongest single spectrum.
    pub max_dbfs: Vec<f32>,
    /// Weakest single spectrum.
    pub min_dbfs: Vec<f32>,
    /// Noise floor, averaged linearly.
    pub floor_dbfs: Vec<f32>,
}

impl SpectrumRow {
    /// The band it covers.
    #[must_use]
    pub fn band(&self) -> Option<Band> {
        Band::new(self.low_hz, self.high_hz)
    }
}

/// Which stored spectra, in time order.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectraQuery {
    /// Receiver id.
    pub receiver: String,
    /// Tier: 1 or 60 seconds.
    pub interval_s: u32,
    /// Sharing frequencies with this band.
    pub band: Option<Band>,
    /// Observed at or after.
    pub from: Timestamp,
    /// Observed before.
    pub to: Timestamp,
    /// Rows, at most 1000; 100 by default.
    pub limit: Option<u32>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
}

const COLUMNS: &str =
    "receiver, interval_s, start_us, stop_us, observed_s, low_hz, high_hz, bin_hz, enbw_bins, bins, levels";
const ORDER: Order = Order {
    name: "start",
    key: "start_us",
    id: "low_key",
    descending: false,
};

impl Tx {
    /// Adds a row; a row of the same band and time is replaced.
    pub(crate) async fn put_spectrum(&mut self, row: &SpectrumRow) -> Result<()> {
        let sql = format!(
            "insert into spectra ({COLUMNS}, low_key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
             on conflict (receiver, interval_s, start_us, low_key) do update set stop_us = excluded.stop_us, \
             observed_s = excluded.observed_s, levels = excluded.levels"
        );
        let values = values![
            &row.receiver,
            row.interval_s,
            row.start,
            row.stop,
            row.observed_s,
            row.low_hz,
            row.high_hz,
            row.bin_hz,
            row.enbw_bins,
            row.mean_dbfs.len() as u64,
            pack(row)?,
            low_key(row.low_hz),
        ];
        self.execute(sql, values).await.map(drop)
    }
}

/// The lower edge as text that sorts like the number, to break ties between bands.
fn low_key(low: Hertz) -> String {
    format!("{:016x}", low.0.wrapping_sub(i64::MIN))
}

impl Store {
    /// One page of stored spectra in time order.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list; `Store` when reading fails.
    pub async fn spectra(&self, query: &SpectraQuery) -> Result<Page<SpectrumRow>> {
        let mut select = Select::new(&format!("select {COLUMNS} from spectra"));
        select
            .and(
                "receiver = ? and interval_s = ?",
                values![&query.receiver, query.interval_s],
            )
            // A row is never much longer than its tier's interval: the lower bound keeps the index useful.
            .and(
                "start_us >= ?",
                values![query.from.as_microsecond() - i64::from(query.interval_s) * 2_000_000],
            )
            .and("stop_us > ? and start_us < ?", values![query.from, query.to])
            .and_some("high_hz > ?", query.band.map(Band::low))
            .and_some("low_hz < ?", query.band.map(Band::high));
        let (sql, values, limit) = select.page(&ORDER, query.cursor.as_deref(), query.limit)?;
        let rows = self.fetch_all(sql, values).await?;
        let items: Vec<_> = rows.iter().map(read).collect::<Result<_>>()?;
        Ok(cut(items, limit, &ORDER, |item| {
            (item.start.as_microsecond(), low_key(item.low_hz))
        }))
    }
}

impl Store {
    /// The bands of which a receiver has minutes from one time to another, in ascending order.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn watched_bands(&self, receiver: &str, from: Timestamp, to: Timestamp) -> Result<Vec<Band>> {
        let sql = "select distinct low_hz, high_hz from spectra where receiver = $1 and interval_s = 60 \
                   and start_us >= $2 and start_us < $3 order by low_hz, high_hz";
        let rows = self.fetch_all(sql, values![receiver, from, to]).await?;
        let bands: Result<Vec<_>> = rows
            .iter()
            .map(|row| Ok(Band::new(Hertz(row.int("low_hz")?), Hertz(row.int("high_hz")?))))
            .collect();
        Ok(bands?.into_iter().flatten().collect())
    }
}

fn read(row: &Row) -> Result<SpectrumRow> {
    let bins = row.count("bins")? as usize;
    let [mean_dbfs, max_dbfs, min_dbfs, floor_dbfs] = unpack(&row.blob("levels")?, bins)?;
    Ok(SpectrumRow {
        receiver: row.text("receiver")?,
        interval_s: u32::try_from(row.int("interval_s")?).unwrap_or(1),
        start: row.time("start_us")?,
        stop: row.time("stop_us")?,
        observed_s: row.real("observed_s")?,
        low_hz: Hertz(row.int("low_hz")?),
        high_hz: Hertz(row.int("high_hz")?),
        bin_hz: row.real("bin_hz")?,
        enbw_bins: row.real("enbw_bins")?,
        mean_dbfs,
        max_dbfs,
        min_dbfs,
        floor_dbfs,
    })
}

const STEPS_PER_DB: f32 = 10.0;

/// Mean, max, min and floor as tenths of a decibel, each split in a plane of low and one of high bytes, compressed.
fn pack(row: &SpectrumRow) -> Result<Vec<u8>> {
    let levels = [&row.mean_dbfs, &row.max_dbfs, &row.min_dbfs, &row.floor_dbfs];
    let mut plain = Vec::with_capacity(levels.iter().map(|level| level.len() * 2).sum());
    for level in levels {
        let steps: Vec<[u8; 2]> = level.iter().map(|&db| to_steps(db).to_le_bytes()).collect();
        plain.extend(steps.iter().map(|step| step[0]));
        plain.extend(steps.iter().map(|step| step[1]));
    }
    zstd::bulk::compress(&plain, 3).map_err(|source| damaged("levels", source))
}

fn unpack(packed: &[u8], bins: usize) -> Result<[Vec<f32>; 4]> {
    let wrong = |what: &str| damaged("levels", std::io::Error::other(what.to_owned()));
    if bins == 0 || bins > 65_536 {
        return Err(wrong("the number of bins is out of range"));
    }
    let plain = zstd::bulk::decompress(packed, bins * 8).map_err(|source| damaged("levels", source))?;
    if plain.len() != bins * 8 {
        return Err(wrong("the levels do not fill the bins"));
    }
    let level = |index: usize| {
        let (low, high) = plain[index * bins * 2..(index + 1) * bins * 2].split_at(bins);
        low.iter()
            .zip(high)
            .map(|(&low, &high)| from_steps(i16::from_le_bytes([low, high])))
            .collect()
    };
    Ok([level(0), level(1), level(2), level(3)])
}

fn to_steps(db: f32) -> i16 {
    if db.is_nan() {
        return i16::MIN;
    }
    (db * STEPS_PER_DB)
        .round()
        .clamp(f32::from(i16::MIN + 1), f32::from(i16::MAX)) as i16
}

fn from_steps(steps: i16) -> f32 {
    if steps == i16::MIN {
        f32::NAN
    } else {
        f32::from(steps) / STEPS_PER_DB
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_read_back_to_a_tenth_and_unobserved_stays_unobserved() {
        let row = |level: Vec<f32>| SpectrumRow {
            receiver: "r".to_owned(),
            interval_s: 1,
            start: Timestamp::UNIX_EPOCH,
            stop: Timestamp::UNIX_EPOCH,
            observed_s: 1.0,
            low_hz: Hertz(0),
            high_hz: Hertz(4),
            bin_hz: 1.0,
            enbw_bins: 1.5,
            mean_dbfs: level.clone(),
            max_dbfs: level.clone(),
            min_dbfs: level.clone(),
            floor_dbfs: level,
        };
        let levels = vec![-91.26, f32::NAN, 0.0, f32::NEG_INFINITY];
        let packed = pack(&row(levels)).expect("packs");
        let [mean, .., floor] = unpack(&packed, 4).expect("unpacks");
        assert!((mean[0] + 91.3).abs() < 1e-4 && mean[2] == 0.0, "{mean:?}");
        assert!(mean[1].is_nan() && floor[1].is_nan());
        assert!(
            (mean[3] + 3276.7).abs() < 1e-3,
            "digital silence is a very low level, not a missing one"
        );
        assert!(unpack(&packed, 5).is_err() && unpack(b"junk", 4).is_err());
    }

    #[test]
    fn tie_breaking_keys_sort_like_frequencies() {
        let keys: Vec<_> = [-5, -1, 0, 7, 98_000_000].map(|hz| low_key(Hertz(hz))).into();
        assert!(keys.is_sorted());
    }
}
