//! How much of the time channels were in use, from what is stored, and whether assignments are used.
//!
//! Occupancy is that of ITU-R SM.1880 and SM.2256: the share of the *observed* time a channel was in use, from the bursts
//! that were stored and the minutes that say how long each band was watched (`dsp::occupancy`). What was not watched is
//! unobserved and never free. A channel is in use while any emission shares frequencies with it, whoever sends it; nothing
//! of the registry goes into the figure, so everybody who may read spectra and emissions may read it.

mod sweep;
mod unused;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use tokio::sync::Semaphore;

use self::sweep::{SPAN_MAX, Sweep, Tally, minute_of};
pub use self::unused::{UseConfig, UseRound, UseWatch};
pub use crate::dsp::occupancy::{Bound, Occupancy};
use crate::{
    Error, Result,
    dsp::occupancy::{BandCount, Minute, Terms},
    registry::{Text, telling::Masks},
    store::Store,
    units::{Band, Hertz},
};

/// Channels of one answer at most.
pub const CHANNELS_MAX: usize = 1000;
/// Channels times hours of one answer at most: what is counted within the time an answer may take.
const CHANNEL_HOURS_MAX: i64 = 300_000;
/// Answers counted at the same time: each keeps a core busy.
const AT_ONCE: usize = 2;
/// Frequency points the occupancy of the band is taken at.
const POINTS: i64 = 256;

/// How a span is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// Not at all.
    #[default]
    Whole,
    /// By the hour of the day, all days together.
    Hour,
    /// By the day.
    Day,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct OccupancyQuery {
    /// Receiver id.
    pub receiver: String,
    /// The channels, in ascending order.
    pub channels: Vec<Band>,
    /// Beginning; the full minute it lies in.
    pub from: Timestamp,
    /// End; the full minute it lies in is not part of it.
    pub to: Timestamp,
    /// How it is divided.
    pub split: Split,
    /// By whose clock.
    pub zone: TimeZone,
}

/// The channels of a raster.
///
/// # Errors
/// Where there would be none or too many: what to ask instead.
pub fn raster(band: Band, raster: Hertz) -> std::result::Result<Vec<Band>, Text> {
    let width = band.width().0;
    let count = if raster.0 > 0 { width / raster.0 } else { 0 };
    if count == 0 {
        return Err(Text::new(
            format!("{band} 内容不下一个 {raster} 的信道：raster_hz 请取 1 到 {width}。"),
            format!("No channel of {raster} fits into {band}: give a raster_hz between 1 and {width}."),
        ));
    }
    if count > CHANNELS_MAX as i64 {
        let least = (width + CHANNELS_MAX as i64 - 1) / CHANNELS_MAX as i64;
        return Err(Text::new(
            format!(
                "{band} 按 {raster} 划分有 {count} 个信道，一次最多 {CHANNELS_MAX} 个：请缩小频段，或 raster_hz 不小于 {least}。"
            ),
            format!(
                "{band} has {count} channels of {raster}, and at most {CHANNELS_MAX} are counted at once: give a narrower \
                 band, or a raster_hz of at least {least}."
            ),
        ));
    }
    let edge = |n: i64| band.low() + Hertz(raster.0 * n);
    Ok((0..count).filter_map(|n| Band::new(edge(n), edge(n + 1))).collect())
}

/// The occupancy of channels over a span.
#[derive(Debug, Clone, PartialEq)]
pub struct OccupancyReport {
    /// First minute.
    pub from: Timestamp,
    /// End of the last minute.
    pub to: Timestamp,
    /// The parts of the span in order; none where it was not divided.
    pub parts: Vec<Part>,
    /// The channels in order.
    pub channels: Vec<ChannelReport>,
    /// Frequency band occupancy: over frequency points from the first channel to the last.
    pub band: Option<Occupancy>,
    /// Spectrum resource occupancy: over all channels.
    pub resource: Option<Occupancy>,
}

/// A part of the span.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The hour `00` to `23`, or the day `2026-11-23`.
    pub name: String,
    /// Spectrum resource occupancy in it.
    pub resource: Option<Occupancy>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelReport {
    /// The channel.
    pub band: Band,
    /// Seconds it was observed.
    pub observed_s: u64,
    /// Seconds asked for.
    pub asked_s: u64,
    /// Nothing where it was not observed, or is masked.
    pub occupancy: Option<Occupancy>,
    /// A policy masks it for the reader: nothing was counted.
    pub masked: bool,
    /// The same in each part of the span.
    pub parts: Vec<Option<Occupancy>>,
}

/// Occupancy out of the database.
#[derive(Debug, Clone)]
pub struct Occupancies {
    store: Store,
    /// Who may count; the others wait their turn.
    turns: Arc<Semaphore>,
}

impl Occupancies {
    /// Over what this store has.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The occupancy of the asked channels.
    ///
    /// # Errors
    /// `Invalid` for a span that is empty or too long, with what to ask instead; `Store` when reading fails.
    pub async fn report(&self, query: &OccupancyQuery) -> Result<OccupancyReport> {
        self.counted(query, points(&query.channels)).await
    }

    /// The same as a reader may know it: masked channels are not counted, nor is a band that holds one.
    ///
    /// # Errors
    /// As `report`.
    pub async fn report_shown(&self, query: &OccupancyQuery, masks: &Masks) -> Result<OccupancyReport> {
        let (Some(first), Some(last)) = (query.channels.first(), query.channels.last()) else {
            return self.report(query).await;
        };
        if !masks.touch(first.low(), last.high()) {
            return self.report(query).await;
        }
        query.check().map_err(|text| Error::Invalid(text.en))?;
        let masked = |band: &Band| masks.touch(band.low(), band.high());
        let shown = OccupancyQuery {
            channels: query.channels.iter().copied().filter(|band| !masked(band)).collect(),
            ..query.clone()
        };
        let [from, to] = [query.from, query.to].map(minute_of);
        let mut report = match shown.channels.is_empty() {
            true => Table::new(&shown, 0).report(&shown, [from, to]),
            false => self.channels(&shown).await?,
        };
        report.band = None;
        let parts = report.parts.len();
        let mut counted = std::mem::take(&mut report.channels).into_iter();
        let asked_s = to.duration_since(from).as_secs().unsigned_abs();
        let nothing = |band: Band| ChannelReport {
            band,
            observed_s: 0,
            asked_s,
            occupancy: None,
            masked: true,
            parts: vec![None; parts],
        };
        let all = query.channels.iter().filter_map(|band| match masked(band) {
            true => Some(nothing(*band)),
            false => counted.next(),
        });
        report.channels = all.collect();
        Ok(report)
    }

    /// The same of the channels alone, which is a small part of the work where they are few: the occupancy of the band is left
    /// out.
    ///
    /// # Errors
    /// As `report`.
    pub async fn channels(&self, query: &OccupancyQuery) -> Result<OccupancyReport> {
        self.counted(query, Vec::new()).await
    }

    async fn counted(&self, query: &OccupancyQuery, points: Vec<Band>) -> Result<OccupancyReport> {
        query.check().map_err(|text| Error::Invalid(text.en))?;
        let [from, to] = [query.from, query.to].map(minute_of);
        let channels: Arc<[Band]> = query.channels.iter().chain(&points).copied().collect();
        let table = Table::new(query, points.len());
        let sweep = Sweep {
            store: self.store.clone(),
            receiver: query.receiver.clone(),
            channels,
            beside: Hertz(0),
            from,
            to,
        };
        let Ok(_turn) = self.turns.acquire().await else {
            return Err(Error::Unavailable("nothing is counted any more".to_owned()));
        };
        let table = sweep.run(table).await?;
        Ok(table.report(query, [from, to]))
    }
}

impl OccupancyQuery {
    /// Whether it can be answered.
    ///
    /// # Errors
    /// What to ask instead.
    pub fn check(&self) -> std::result::Result<(), Text> {
        let [from, to] = [self.from, self.to].map(minute_of);
        let hours = (to.duration_since(from).as_mins() + 59) / 60;
        let count = self.channels.len() as i64;
        if from >= to {
            return Err(Text::new(
                "所选时间内没有完整的一分钟：from 应至少早于 to 一分钟。",
                "The span holds no full minute: give a from at least a minute before to.",
            ));
        }
        if to.duration_since(from) > SPAN_MAX {
            let days = (hours + 23) / 24;
            return Err(Text::new(
                format!("所选时间为 {days} 天，一次最多统计 31 天：请推后 from 或提前 to。"),
                format!(
                    "The span has {days} days, and at most 31 are counted at once: give a later from or an earlier to."
                ),
            ));
        }
        if count * hours > CHANNEL_HOURS_MAX {
            let (most_hours, most_channels) = (CHANNEL_HOURS_MAX / count, CHANNEL_HOURS_MAX / hours);
            return Err(Text::new(
                format!(
                    "{count} 个信道 × {hours} 小时超出一次统计的范围：请至多取 {most_hours} 小时，或 {most_channels} 个信道。"
                ),
                format!(
                    "{count} channels over {hours} hours are more than is counted at once: give at most {most_hours} \
                     hours, or {most_channels} channels."
                ),
            ));
        }
        Ok(())
    }
}

/// Frequency points from the first channel to the last, at equal distances; four or more to each where there is room.
fn points(channels: &[Band]) -> Vec<Band> {
    let (Some(first), Some(last)) = (channels.first(), channels.last()) else {
        return Vec::new();
    };
    let width = last.high().0 - first.low().0;
    let count = POINTS.min(width).max(1);
    let at = |n: i64| first.low() + Hertz((2 * n + 1) * width / (2 * count));
    (0..count).filter_map(|n| Band::new(at(n), at(n) + Hertz(1))).collect()
}

/// Counts for one answer.
struct Table {
    split: Split,
    zone: TimeZone,
    whole: BandCount,
    points: BandCount,
    /// By hour of the day or number of the day.
    parts: BTreeMap<i32, (String, BandCount)>,
    /// The part of the minute before.
    current: Option<i32>,
}

impl Table {
    fn new(query: &OccupancyQuery, points: usize) -> Self {
        let count = query.channels.len();
        let mut parts = BTreeMap::new();
        if query.split == Split::Hour {
            parts.extend((0..24).map(|hour| (hour, (format!("{hour:02}"), BandCount::new(count)))));
        }
        Self {
            split: query.split,
            zone: query.zone.clone(),
            whole: BandCount::new(count),
            points: BandCount::new(points),
            parts,
            current: None,
        }
    }

    fn part_of(&self, time: Timestamp) -> Option<(i32, String)> {
        let local = time.to_zoned(self.zone.clone());
        match self.split {
            Split::Whole => None,
            Split::Hour => Some((i32::from(local.hour()), String::new())),
            Split::Day => {
                let days = local.date().duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
                Some((days as i32, local.date().to_string()))
            }
        }
    }

    fn report(self, query: &OccupancyQuery, [from, to]: [Timestamp; 2]) -> OccupancyReport {
        let terms = Terms::default();
        let parts: Vec<(String, BandCount)> = self.parts.into_values().collect();
        let channels = query.channels.iter().zip(self.whole.channels()).enumerate();
        OccupancyReport {
            from,
            to,
            channels: channels
                .map(|(n, (band, count))| ChannelReport {
                    band: *band,
                    observed_s: count.observed(),
                    asked_s: count.asked(),
                    occupancy: count.occupancy(&terms),
                    masked: false,
                    parts: parts
                        .iter()
                        .map(|(_, part)| part.channels()[n].occupancy(&terms))
                        .collect(),
                })
                .collect(),
            band: self.points.occupancy(&terms),
            resource: self.whole.occupancy(&terms),
            parts: parts
                .iter()
                .map(|(name, part)| Part {
                    name: name.clone(),
                    resource: part.occupancy(&terms),
                })
                .collect(),
        }
    }
}

impl Tally for Table {
    fn minute(&mut self, start: Timestamp, visits: &[Minute]) {
        let (channels, points) = visits.split_at(self.whole.channels().len());
        self.whole.push_minute(channels);
        self.points.push_minute(points);
        let Some((key, name)) = self.part_of(start) else {
            return;
        };
        let (_, part) = self
            .parts
            .entry(key)
            .or_insert_with(|| (name, BandCount::new(channels.len())));
        if self.current != Some(key) {
            // The hour before this one was another day.
            part.interrupt();
            self.current = Some(key);
        }
        part.push_minute(channels);
    }
}

/// The span that is counted when none is asked for.
pub const USUAL_SPAN: SignedDuration = SignedDuration::from_hours(24);
