//! Spectra: to the hub as they come, and one row a second and one a minute to the database.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use super::{Counters, until_stopped, utc};
use crate::{
    Error,
    capture::{Observation, ObservationContent},
    detect::DetectEvent,
    service::{
        live::{Hub, LiveFrame},
        reduction::{Grid, Reduction, Show},
    },
    store::{SpectrumRow, Store},
    units::Band,
};

/// Rows that may wait for the database: minutes of one receiver.
pub(super) const ROW_QUEUE: usize = 512;
/// Spacing of the rows of the two tiers, seconds.
const TIERS: [u32; 2] = [1, 60];
/// A row that nothing was added to for this long is stored as it is.
const IDLE: Duration = Duration::from_secs(3);

/// Collects frames into rows.
pub(super) struct Reducer {
    hub: Arc<Hub>,
    bins: usize,
    rows: mpsc::Sender<SpectrumRow>,
    counters: Arc<Counters>,
    collecting: HashMap<(Arc<str>, Band, u32), Collecting>,
}

/// One row in the making.
struct Collecting {
    slot: i64,
    start: Timestamp,
    stop: Timestamp,
    observed_s: f64,
    bin_hz: f64,
    enbw_bins: f64,
    levels: [Reduction; 4],
    touched: Instant,
}

impl Reducer {
    pub(super) fn new(hub: Arc<Hub>, bins: usize, rows: mpsc::Sender<SpectrumRow>, counters: Arc<Counters>) -> Self {
        Self {
            hub,
            bins: bins.clamp(1, 65_536),
            rows,
            counters,
            collecting: HashMap::new(),
        }
    }

    pub(super) async fn run(mut self, mut frames: mpsc::Receiver<Observation>, mut stopped: watch::Receiver<bool>) {
        let mut tidy = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                frame = frames.recv() => match frame {
                    Some(observation) => self.take(observation),
                    None => break,
                },
                _ = tidy.tick() => self.flush_idle(IDLE),
                () = until_stopped(&mut stopped) => {
                    while let Ok(observation) = frames.try_recv() {
                        self.take(observation);
                    }
                    break;
                }
            }
        }
        self.flush_idle(Duration::ZERO);
    }

    fn take(&mut self, observation: Observation) {
        let Observation {
            receiver,
            epoch,
            content,
            ..
        } = observation;
        let ObservationContent::Detect {
            event: DetectEvent::Frame(frame),
            ..
        } = content
        else {
            return;
        };
        let start = utc(epoch, frame.start_s);
        let live = self.hub.publish(&receiver, start, frame);
        for interval_s in TIERS {
            self.collect(&live, interval_s);
        }
    }

    fn collect(&mut self, live: &LiveFrame, interval_s: u32) {
        let frame = &live.frame;
        let Some(band) = live
            .band()
            .filter(|band| band.width().0 > 0 && !frame.mean_dbfs.is_empty())
        else {
            return;
        };
        let slot = live
            .start
            .as_microsecond()
            .div_euclid(i64::from(interval_s) * 1_000_000);
        let key = (Arc::clone(&live.receiver), band, interval_s);
        if self.collecting.get(&key).is_some_and(|row| row.slot != slot)
            && let Some(done) = self.collecting.remove(&key)
        {
            self.send(done.row(&key));
        }
        let bins = frame.mean_dbfs.len();
        let grid = Grid {
            band,
            pixels: bins.min(self.bins),
        };
        let row = self.collecting.entry(key).or_insert_with(|| Collecting {
            slot,
            start: live.start,
            stop: live.start,
            observed_s: 0.0,
            bin_hz: band.width().as_f64() / bins as f64,
            enbw_bins: frame.enbw_bins,
            levels: [Show::Mean, Show::Max, Show::Min, Show::Mean].map(|show| Reduction::new(grid, show)),
            touched: Instant::now(),
        });
        let seconds = frame.duration_s.max(0.0);
        let levels = [&frame.mean_dbfs, &frame.max_dbfs, &frame.min_dbfs, &frame.floor_dbfs];
        for (reduction, level) in row.levels.iter_mut().zip(levels) {
            reduction.add(band, level, seconds);
        }
        row.observed_s += seconds;
        row.stop = row
            .stop
            .max(live.start + SignedDuration::from_micros((seconds * 1e6).round() as i64));
        row.touched = Instant::now();
    }

    /// Stores seconds, and the minutes of receivers that are gone, when nothing came for a while.
    fn flush_idle(&mut self, idle: Duration) {
        let idle_for = |key: &(Arc<str>, Band, u32)| if idle.is_zero() { idle } else { idle * key.2.min(20) };
        let due: Vec<_> = self
            .collecting
            .iter()
            .filter(|(key, row)| row.touched.elapsed() >= idle_for(key))
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            if let Some(done) = self.collecting.remove(&key) {
                self.send(done.row(&key));
            }
        }
    }

    fn send(&self, row: SpectrumRow) {
        if self.rows.try_send(row).is_err() {
            self.counters.rows_dropped.fetch_add(1, Relaxed);
            metrics::counter!("pinpu_observations_dropped_total", "kind" => "row").increment(1);
        }
    }
}

impl Collecting {
    fn row(self, (receiver, band, interval_s): &(Arc<str>, Band, u32)) -> SpectrumRow {
        let [mean_dbfs, max_dbfs, min_dbfs, floor_dbfs] = self.levels.map(|reduction| reduction.levels());
        SpectrumRow {
            receiver: receiver.to_string(),
            interval_s: *interval_s,
            start: self.start,
            stop: self.stop,
            observed_s: self.observed_s,
            low_hz: band.low(),
            high_hz: band.high(),
            bin_hz: self.bin_hz,
            enbw_bins: self.enbw_bins,
            mean_dbfs,
            max_dbfs,
            min_dbfs,
            floor_dbfs,
        }
    }
}

/// Writes rows as they come, several in one transaction; while the database is away they wait in the queue.
pub(super) async fn store_rows(
    store: Store,
    mut rows: mpsc::Receiver<SpectrumRow>,
    counters: Arc<Counters>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut waiting = Vec::new();
    // The queue ends when the reducer does, after it has flushed.
    while rows.recv_many(&mut waiting, 64).await > 0 {
        let batch = Arc::new(std::mem::take(&mut waiting));
        loop {
            let rows = Arc::clone(&batch);
            let done = store
                .write(move |tx| {
                    Box::pin(async move {
                        for row in rows.iter() {
                            tx.put_spectrum(row).await?;
                        }
                        Ok(())
                    })
                })
                .await;
            match done {
                Ok(()) => break,
                Err(Error::Unavailable(_)) if !*stopped.borrow() => {
                    tokio::select! {
                        () = until_stopped(&mut stopped) => {}
                        () = tokio::time::sleep(Duration::from_millis(500)) => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, rows = batch.len(), "spectra were not stored");
                    counters.rows_dropped.fetch_add(batch.len() as u64, Relaxed);
                    break;
                }
            }
        }
    }
}
