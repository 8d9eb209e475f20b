//! Stored minutes and bursts turned into visits to channels, an hour at a time: memory grows with the number of channels and
//! of what is on at the same time, not with the span.

use std::{collections::VecDeque, sync::Arc};

use jiff::{SignedDuration, Timestamp};

use crate::{
    Error, Result,
    dsp::occupancy::{Hour, MINUTE, MINUTES, Minute, Visit},
    store::{OnTime, OnTimeQuery, SpectraQuery, SpectrumRow, Store},
    units::{Band, Hertz},
};

/// Stored minutes read at a time.
const ROWS: u32 = 240;
/// On-intervals of everything that is on in one hour, held at most: 64 MB.
const BURSTS_MAX: usize = 4_000_000;
const HOUR_S: i64 = 3600;

/// Who counts the visits.
pub(super) trait Tally: Send + 'static {
    /// The visits to every channel in the minute from `start` on.
    fn minute(&mut self, start: Timestamp, visits: &[Minute]);

    /// An emission near the channels, once.
    fn emission(&mut self, _on: &OnTime) {}
}

/// What is swept: the receiver's record of these channels from one full minute to another.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    pub(super) store: Store,
    pub(super) receiver: String,
    pub(super) channels: Arc<[Band]>,
    /// How far beside the channels emissions are still told to the tally.
    pub(super) beside: Hertz,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// The full minute an instant lies in.
pub(super) fn minute_of(time: Timestamp) -> Timestamp {
    let second = time.as_second().div_euclid(MINUTE as i64) * MINUTE as i64;
    Timestamp::from_second(second).unwrap_or(time)
}

impl Sweep {
    /// Has `tally` count everything, in the order of time.
    ///
    /// # Errors
    /// `Invalid` where too much was on at the same time to be held; `Store` when reading fails.
    pub(super) async fn run<T: Tally>(self, tally: T) -> Result<T> {
        let Some(hull) = self.channels.iter().copied().reduce(hull) else {
            return Ok(tally);
        };
        let mut minutes = Minutes::new(&self, hull);
        let near = Band::new(hull.low() - self.beside, hull.high() + self.beside).unwrap_or(hull);
        let mut emissions = Emissions::new(&self, near);
        let mut bench = Bench {
            hour: Hour::new(self.channels.len()),
            rows: vec![[Visit::Unobserved; MINUTE]; self.channels.len()],
            channels: self.channels,
            span: [self.from, self.to],
            on: Vec::new(),
            tally,
        };
        let mut begin = self.from.as_second().div_euclid(HOUR_S) * HOUR_S;
        while begin < self.to.as_second() {
            let end = Timestamp::from_second(begin + HOUR_S).unwrap_or(Timestamp::MAX);
            let watched = minutes.before(end).await?;
            bench.on.extend(emissions.before(end).await?);
            if bench.on.iter().map(|on| on.bursts.len()).sum::<usize>() > BURSTS_MAX {
                return Err(Error::Invalid(
                    "too many bursts were on at the same time to be counted at once: give a narrower band".to_owned(),
                ));
            }
            let done = tokio::task::spawn_blocking(move || {
                bench.take(begin, &watched);
                bench
            });
            bench = done
                .await
                .map_err(|_| Error::Unavailable("counting was given up".to_owned()))?;
            begin += HOUR_S;
        }
        Ok(bench.tally)
    }
}

fn hull(a: Band, b: Band) -> Band {
    Band::new(a.low().min(b.low()), a.high().max(b.high())).unwrap_or(a)
}

/// Stored minutes in the order of time.
struct Minutes {
    store: Store,
    query: Option<SpectraQuery>,
    waiting: VecDeque<SpectrumRow>,
}

impl Minutes {
    fn new(sweep: &Sweep, band: Band) -> Self {
        let query = SpectraQuery {
            receiver: sweep.receiver.clone(),
            interval_s: 60,
            band: Some(band),
            from: sweep.from,
            to: sweep.to,
            limit: Some(ROWS),
            cursor: None,
        };
        Self {
            store: sweep.store.clone(),
            query: Some(query),
            waiting: VecDeque::new(),
        }
    }

    /// Those that begin before `end` and were not answered yet.
    async fn before(&mut self, end: Timestamp) -> Result<Vec<SpectrumRow>> {
        while let Some(query) = &mut self.query
            && self.waiting.back().is_none_or(|last| last.start < end)
        {
            let page = self.store.spectra(query).await?;
            self.waiting.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                self.query = None;
            }
        }
        let count = self.waiting.partition_point(|row| row.start < end);
        Ok(self.waiting.drain(..count).collect())
    }
}

/// Emissions in the order of their start.
struct Emissions {
    store: Store,
    query: Option<OnTimeQuery>,
    waiting: VecDeque<OnTime>,
}

impl Emissions {
    fn new(sweep: &Sweep, band: Band) -> Self {
        let query = OnTimeQuery {
            receiver: sweep.receiver.clone(),
            band,
            from: sweep.from,
            to: sweep.to,
            cursor: None,
        };
        Self {
            store: sweep.store.clone(),
            query: Some(query),
            waiting: VecDeque::new(),
        }
    }

    async fn before(&mut self, end: Timestamp) -> Result<Vec<OnTime>> {
        while let Some(query) = &mut self.query
            && self.waiting.back().is_none_or(|last| last.start < end)
        {
            let page = self.store.on_times(query).await?;
            self.waiting.extend(page.items.into_iter().filter(was_one));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                self.query = None;
            }
        }
        let count = self.waiting.partition_point(|on| on.start < end);
        Ok(self.waiting.drain(..count).collect())
    }
}

/// Whether it was an emission of its own, as far as is known now.
fn was_one(on: &OnTime) -> bool {
    on.open || on.verdict.is_some()
}

/// Where an hour is counted.
struct Bench<T> {
    channels: Arc<[Band]>,
    hour: Hour,
    rows: Vec<Minute>,
    span: [Timestamp; 2],
    /// What is on in the hour; what began before and goes on included.
    on: Vec<OnTime>,
    tally: T,
}

impl<T: Tally> Bench<T> {
    fn take(&mut self, begin_s: i64, watched: &[SpectrumRow]) {
        let minute_s = |minute: usize| begin_s + (minute * MINUTE) as i64;
        let [from, to] = self.span.map(Timestamp::as_second);
        let asked = |minute: usize| (from..to).contains(&minute_s(minute));
        for row in watched {
            let minute = (row.start.as_second() - begin_s).div_euclid(MINUTE as i64);
            if let Some(minute) = usize::try_from(minute).ok().filter(|m| *m < MINUTES && asked(*m)) {
                watch(&mut self.hour, &self.channels, row, minute);
            }
        }
        for on in &self.on {
            if on.start.as_second() >= begin_s || begin_s <= from {
                self.tally.emission(on);
            }
            let there = |band: &Band| band.low() < on.high_hz && on.low_hz < band.high();
            let channels = self.channels.iter().enumerate().filter(|(_, band)| there(band));
            let channels: Vec<usize> = channels.map(|(channel, _)| channel).collect();
            let second = |time: Timestamp| time.as_microsecond() as f64 / 1e6 - begin_s as f64;
            for ([start, stop], duty) in intervals(on) {
                let between = [second(start), second(stop)];
                if between[1] > 0.0 && between[0] < HOUR_S as f64 && !channels.is_empty() {
                    self.hour.on(&channels, between, duty);
                }
            }
        }
        for minute in (0..MINUTES).filter(|minute| asked(*minute)) {
            self.hour.visits_into(minute, &mut self.rows);
            let start = Timestamp::from_second(minute_s(minute)).unwrap_or(Timestamp::MAX);
            self.tally.minute(start, &self.rows);
        }
        self.hour.clear();
        self.on.retain(|on| on.stop.as_second() >= begin_s + HOUR_S);
    }
}

/// A channel was watched where the spectrum covers it whole, without a bin that was not observed.
fn watch(hour: &mut Hour, channels: &[Band], row: &SpectrumRow, minute: usize) {
    let Some(band) = row.band().filter(|band| band.width().0 > 0) else {
        return;
    };
    let bins = row.mean_dbfs.len();
    let mut blind = Vec::with_capacity(bins + 1);
    blind.push(0_u32);
    for level in &row.mean_dbfs {
        blind.push(blind[blind.len() - 1] + u32::from(level.is_nan()));
    }
    let bins_per_hz = bins as f64 / band.width().as_f64();
    let at = |hz: f64| (hz - band.low().as_f64()) * bins_per_hz;
    for (index, channel) in channels.iter().enumerate() {
        if channel.low() < band.low() || channel.high() > band.high() {
            continue;
        }
        let first = (at(channel.low().as_f64()) + 1e-9).floor() as usize;
        let last = ((at(channel.high().as_f64()) - 1e-9).ceil() as usize).clamp(first + 1, bins.max(first + 1));
        if last < blind.len() && blind[last] == blind[first] {
            hour.watch(index, minute, row.observed_s);
        }
    }
}

/// When it was on, and for which share of that time. Bursts beyond those listed are spread over the time they fell in.
fn intervals(on: &OnTime) -> impl Iterator<Item = ([Timestamp; 2], f64)> {
    let listed = on.bursts.len();
    let complete = listed > 0 && on.bursts_total <= listed as u64;
    let bursts = on.bursts.iter().enumerate().map(move |(n, [start, stop])| {
        // The list of an open emission is stored now and then; the burst that was the last goes on.
        let goes_on = complete && n + 1 == listed;
        ([*start, if goes_on { on.stop.max(*stop) } else { *stop }], 1.0)
    });
    let unlisted_from = on.bursts.last().map_or(on.start, |last| last[1]);
    let rest = (!complete && on.stop > unlisted_from).then_some(([unlisted_from, on.stop], on.duty_cycle));
    bursts.chain(rest)
}

/// The longest span that is counted at once.
pub(super) const SPAN_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);
