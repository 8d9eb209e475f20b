//! What is happening now: spectra as they are measured, receivers as they are, and the complete stream of events.
//!
//! Frames bypass the database: newest wins, a slow reader loses some. Events come from the database's writer after
//! their commit, numbered without holes; a reader who was away asks for what followed a number.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{broadcast, watch};

use crate::{
    Result,
    capture::ReceiverStatus,
    detect::Frame,
    store::{EventRecord, Store},
    units::{Band, Hertz},
};

/// A spectrum on its way to whoever watches.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveFrame {
    /// Number, ascending over all receivers.
    pub sequence: u64,
    /// Index of the receiver in [`Hub::receivers`].
    pub receiver_index: u32,
    /// Receiver id.
    pub receiver: Arc<str>,
    /// UTC of the start of the averaged time.
    pub start: Timestamp,
    /// The spectrum.
    pub frame: Frame,
    /// Median of the floor over the bins; `NaN` where no bin has one.
    pub floor_median_dbfs: f32,
}

impl LiveFrame {
    /// The band it covers.
    #[must_use]
    pub fn band(&self) -> Option<Band> {
        Band::new(self.frame.low_hz, self.frame.high_hz)
    }
}

/// A receiver as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveReceiver {
    /// Index, constant while the process runs.
    pub index: u32,
    /// Receiver id, as configured.
    pub id: Arc<str>,
    /// Its last report; `None` before the first.
    pub status: Option<ReceiverStatus>,
    /// Spectra a second, over about the last ten.
    pub frames_per_s: f64,
}

/// Events that followed a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Backlog {
    /// The next ones in order; fewer than asked for means that there are no more.
    Events(Vec<EventRecord>),
    /// Some of them are no longer kept: start over from `sequence`.
    Gone {
        /// Number of the last event.
        sequence: u64,
    },
}

#[derive(Debug, Default)]
struct Seen {
    receivers: Vec<LiveReceiver>,
    /// Latest frame by receiver index and lower edge.
    latest: BTreeMap<(u32, Hertz), Arc<LiveFrame>>,
}

/// The meeting point of capture and readers.
#[derive(Debug)]
pub struct Hub {
    store: Store,
    frames: broadcast::Sender<Arc<LiveFrame>>,
    sequence: AtomicU64,
    seen: RwLock<Seen>,
    changed: watch::Sender<u64>,
}

/// Frames kept for a reader that is behind; older ones are lost to it.
const FRAMES_KEPT: usize = 64;
/// A latest frame this much older than the newest of its receiver belongs to a plan that is over.
const LATEST_MAX_AGE: SignedDuration = SignedDuration::from_secs(300);

impl Hub {
    /// An empty hub over this database's events.
    #[must_use]
    pub fn new(store: Store) -> Arc<Self> {
        Arc::new(Self {
            store,
            frames: broadcast::channel(FRAMES_KEPT).0,
            sequence: AtomicU64::new(0),
            seen: RwLock::default(),
            changed: watch::channel(0).0,
        })
    }

    /// Frames from now on. A slow reader gets `Lagged` and goes on with newer ones.
    #[must_use]
    pub fn frames(&self) -> broadcast::Receiver<Arc<LiveFrame>> {
        self.frames.subscribe()
    }

    /// Events from now on, in order, after their commit. On `Lagged` read [`Hub::events_after`].
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Arc<EventRecord>> {
        self.store.subscribe()
    }

    /// At most `limit` events that followed `sequence`. Subscribe first, then read these, then drop the live ones
    /// that were read already.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn events_after(&self, sequence: u64, limit: u32) -> Result<Backlog> {
        let last = self.store.last_sequence().await?;
        if sequence > last {
            // A number from another database, or from before a restored backup.
            return Ok(Backlog::Gone { sequence: last });
        }
        let events = self.store.events_after(sequence, limit).await?;
        match events.first() {
            Some(first) if first.sequence == sequence + 1 => Ok(Backlog::Events(events)),
            None if sequence == last => Ok(Backlog::Events(events)),
            _ => Ok(Backlog::Gone { sequence: last }),
        }
    }

    /// Number of the last event.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn last_sequence(&self) -> Result<u64> {
        self.store.last_sequence().await
    }

    /// The last number told to those who may not know of every conflict.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn last_told(&self) -> Result<u64> {
        self.store.last_told().await
    }

    /// Number of the event that was told as `told`; one that never was where `told` was never given out.
    ///
    /// # Errors
    /// `Store` when reading fails.
    pub async fn sequence_told(&self, told: u64) -> Result<u64> {
        if told > self.store.last_told().await? {
            return Ok(u64::MAX);
        }
        self.store.sequence_told(told).await
    }

    /// All receivers that were announced or reported, by index.
    #[must_use]
    pub fn receivers(&self) -> Vec<LiveReceiver> {
        self.read().receivers.clone()
    }

    /// One receiver.
    #[must_use]
    pub fn receiver(&self, id: &str) -> Option<LiveReceiver> {
        self.read()
            .receivers
            .iter()
            .find(|receiver| &*receiver.id == id)
            .cloned()
    }

    /// Changes whenever a receiver is added or relabelled.
    #[must_use]
    pub fn receivers_changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The newest frame of a receiver.
    #[must_use]
    pub fn latest_frame(&self, receiver: &str) -> Option<Arc<LiveFrame>> {
        self.latest_frames(receiver)
            .into_iter()
            .max_by_key(|frame| frame.sequence)
    }

    /// The newest frame of each band of a receiver's plan, ascending.
    #[must_use]
    pub fn latest_frames(&self, receiver: &str) -> Vec<Arc<LiveFrame>> {
        let seen = self.read();
        let frames: Vec<_> = seen
            .latest
            .values()
            .filter(|frame| &*frame.receiver == receiver)
            .cloned()
            .collect();
        let newest = frames.iter().map(|frame| frame.start).max();
        frames
            .into_iter()
            .filter(|frame| newest.is_some_and(|newest| newest - LATEST_MAX_AGE <= frame.start))
            .collect()
    }

    /// Makes a receiver known before it reports; answers its index.
    pub fn announce(&self, id: &Arc<str>) -> u32 {
        if let Some(receiver) = self.read().receivers.iter().find(|receiver| receiver.id == *id) {
            return receiver.index;
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiver) = seen.receivers.iter().find(|receiver| receiver.id == *id) {
            return receiver.index;
        }
        let index = u32::try_from(seen.receivers.len()).unwrap_or(u32::MAX);
        seen.receivers.push(LiveReceiver {
            index,
            id: Arc::clone(id),
            status: None,
            frames_per_s: 0.0,
        });
        drop(seen);
        self.changed.send_modify(|changes| *changes += 1);
        index
    }

    /// Keeps a receiver's report.
    pub(super) fn set_status(&self, id: &Arc<str>, status: &ReceiverStatus) {
        let index = self.announce(id) as usize;
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let old = seen.receivers[index].status.replace(status.clone());
        drop(seen);
        if old.is_none_or(|old| old.label != status.label) {
            self.changed.send_modify(|changes| *changes += 1);
        }
    }

    /// Hands a frame to everybody who watches, and keeps it as the latest of its band.
    pub(super) fn publish(&self, receiver: &Arc<str>, start: Timestamp, frame: Frame) -> Arc<LiveFrame> {
        let receiver_index = self.announce(receiver);
        let live = Arc::new(LiveFrame {
            sequence: self.sequence.fetch_add(1, Relaxed) + 1,
            receiver_index,
            receiver: Arc::clone(receiver),
            start,
            floor_median_dbfs: median(&frame.floor_dbfs),
            frame,
        });
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let key = (receiver_index, live.frame.low_hz);
        let before = seen
            .latest
            .values()
            .filter(|old| old.receiver_index == receiver_index)
            .map(|old| old.start)
            .max();
        seen.latest.insert(key, Arc::clone(&live));
        if let Some(elapsed) = before
            .map(|before| start.duration_since(before).as_secs_f64())
            .filter(|&s| s > 0.0)
        {
            let state = &mut seen.receivers[receiver_index as usize];
            let weight = (elapsed / 10.0).clamp(0.1, 1.0);
            state.frames_per_s += weight * (1.0 / elapsed - state.frames_per_s);
        }
        drop(seen);
        // Nobody watching is not an error.
        let _ = self.frames.send(Arc::clone(&live));
        live
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Seen> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Median of the numbers among `levels`.
fn median(levels: &[f32]) -> f32 {
    let mut levels: Vec<f32> = levels.iter().copied().filter(|level| !level.is_nan()).collect();
    if levels.is_empty() {
        return f32::NAN;
    }
    let middle = levels.len() / 2;
    *levels.select_nth_unstable_by(middle, f32::total_cmp).1
}
