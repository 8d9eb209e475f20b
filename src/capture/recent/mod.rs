//! The last seconds of samples of a receiver, in memory, so that what caused a conflict can be kept as it was received.
//!
//! ```text
//! measuring thread ── copies into ──> chunk ── when full ──> ring of chunks ── on request ──> Cut (shared chunks)
//!                        ^──────────── the oldest chunk is filled again ────────────┘
//! ```
//! The measuring thread only ever *tries* the lock; while somebody holds it, full chunks wait beside the ring and go in
//! with the next one. A reader holds the lock for as long as it takes to count references, and copies nothing. Memory is
//! taken once per run. A chunk that is still being read when its turn comes is replaced by a new one, so readers hold what
//! they were given.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError, TryLockError},
};

use jiff::{SignedDuration, Timestamp};
use pinpu_hardware::{GapReason as LossReason, Loss, ReceiverError, ReceiverFacts, SampleBlock, Setting, SigmfWriter};
use serde_json::{Value, json};

use super::measure::Packet;
use crate::{
    detect::GapReason,
    units::{Band, Hertz},
};

/// Length of a chunk, seconds: cuts begin and end on chunks.
const CHUNK_S: f64 = 0.02;
/// Samples of a chunk at least and at most.
const CHUNK_SAMPLES: std::ops::RangeInclusive<usize> = 1024..=1 << 20;
/// Fewer chunks than these are no memory.
const CHUNKS_MIN: usize = 4;
/// Missing time shorter than this many samples is rounding, not a gap.
const GAP_TOLERANCE_SAMPLES: f64 = 0.5;

/// Which stream the samples belong to.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// The receiver.
    pub facts: ReceiverFacts,
    /// Its settings, asked and read back.
    pub settings: Vec<Setting>,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Oscillator error that was corrected.
    pub ppm: f64,
    /// What remains uncertain of it, one sigma.
    pub ppm_uncertainty: f64,
}

/// The memory of one receiver, as whoever asks for samples sees it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RecentIq {
    ring: Arc<Mutex<Ring>>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Ring {
    stream: Option<Arc<Stream>>,
    chunks: VecDeque<Arc<Chunk>>,
}

/// Samples without a hole between them.
#[derive(Debug)]
struct Chunk {
    block: SampleBlock,
    samples: usize,
    center: Hertz,
    tile: Band,
    /// Stream time of the first sample.
    start_s: f64,
    /// UTC of the first sample and of the end of the last.
    start: Timestamp,
    stop: Timestamp,
    /// Why time is missing before it, if any is.
    reason: GapReason,
}

/// Samples of one stop of the plan, in the order of time.
#[derive(Debug, Clone)]
pub struct Cut {
    stream: Arc<Stream>,
    chunks: Vec<Arc<Chunk>>,
}

impl RecentIq {
    /// A memory of at most `bytes_max` bytes; it is taken when samples come.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self {
            ring: Arc::default(),
            bytes_max,
        }
    }

    /// UTC of the first and the last sample that is kept of the stop that answers for `center`.
    #[must_use]
    pub fn reach(&self, center: Hertz) -> Option<[Timestamp; 2]> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = ring.chunks.iter().filter(|chunk| chunk.answers_for(center));
        let first = own.next()?;
        Some([first.start, own.next_back().unwrap_or(first).stop])
    }

    /// The samples of that stop from one time to another, as far as they are kept; `None` where none are.
    #[must_use]
    pub fn cut(&self, center: Hertz, from: Timestamp, to: Timestamp) -> Option<Cut> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |chunk: &&Arc<Chunk>| chunk.answers_for(center) && chunk.start < to && chunk.stop > from;
        let chunks: Vec<_> = ring.chunks.iter().filter(wanted).cloned().collect();
        let stream = ring.stream.clone().filter(|_| !chunks.is_empty())?;
        Some(Cut { stream, chunks })
    }

    /// Begins a run: what was kept of the run before is forgotten. `None`: the memory is too small for this stream.
    pub(super) fn begin(&self, stream: Stream) -> Option<Tape> {
        let format = stream.facts.format;
        let most = self.bytes_max / format.bytes() / CHUNKS_MIN;
        let samples = ((stream.sample_rate_hz * CHUNK_S) as usize).clamp(*CHUNK_SAMPLES.start(), *CHUNK_SAMPLES.end());
        let samples = samples.min(most);
        if samples < *CHUNK_SAMPLES.start() {
            return None;
        }
        let count = self.bytes_max / (samples * format.bytes());
        let rate_hz = stream.sample_rate_hz;
        let ring = Ring {
            stream: Some(Arc::new(stream)),
            chunks: VecDeque::with_capacity(count),
        };
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = ring;
        // One of them is the one being filled.
        let spare = (1..count).map(|_| SampleBlock::new(format, samples)).collect();
        Some(Tape {
            recent: self.clone(),
            rate_hz,
            spare,
            waiting: Vec::new(),
            filling: None,
            empty: SampleBlock::new(format, samples),
        })
    }
}

impl Chunk {
    fn answers_for(&self, center: Hertz) -> bool {
        (self.tile.low()..self.tile.high()).contains(&center)
    }

    fn stop_s(&self, rate_hz: f64) -> f64 {
        self.start_s + self.samples as f64 / rate_hz
    }
}

/// The measuring thread's end of the memory.
#[derive(Debug)]
pub(super) struct Tape {
    recent: RecentIq,
    rate_hz: f64,
    /// Blocks that have not been used yet.
    spare: Vec<SampleBlock>,
    /// Full chunks that found the ring locked.
    waiting: Vec<Arc<Chunk>>,
    filling: Option<Chunk>,
    /// The next block to fill; without room only while `filling` has it.
    empty: SampleBlock,
}

impl Tape {
    /// Keeps the samples of a packet that was received at `center` and answers for `tile`. Never waits.
    pub(super) fn keep(&mut self, packet: &Packet, center: Hertz, tile: Band) {
        let mut from = 0;
        while from < packet.samples {
            let start_s = packet.start_s + from as f64 / self.rate_hz;
            let goes_on = self.filling.as_ref().is_some_and(|chunk| {
                let missing = (start_s - chunk.stop_s(self.rate_hz)).abs() * self.rate_hz;
                chunk.tile == tile && missing <= GAP_TOLERANCE_SAMPLES && chunk.samples < chunk.block.capacity()
            });
            if !goes_on {
                self.turn();
            }
            let rate_hz = self.rate_hz;
            let chunk = self.filling.get_or_insert_with(|| Chunk {
                block: std::mem::replace(&mut self.empty, SampleBlock::new(packet.block.format(), 0)),
                samples: 0,
                center,
                tile,
                start_s,
                start: utc(packet.epoch, start_s),
                stop: utc(packet.epoch, start_s),
                reason: packet.reason,
            });
            let taken = copy(&packet.block, from..packet.samples, &mut chunk.block, chunk.samples);
            chunk.samples += taken;
            chunk.stop = utc(packet.epoch, chunk.stop_s(rate_hz));
            from += taken;
        }
        if self
            .filling
            .as_ref()
            .is_some_and(|chunk| chunk.samples == chunk.block.capacity())
        {
            self.turn();
        }
    }

    /// Puts the chunk that is being filled into the ring, and gets the block for the next one.
    fn turn(&mut self) {
        let Some(chunk) = self.filling.take() else { return };
        let (format, samples) = (chunk.block.format(), chunk.block.capacity());
        self.waiting.push(Arc::new(chunk));
        let mut oldest = None;
        let ring = match self.recent.ring.try_lock() {
            Ok(ring) => Some(ring),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(mut ring) = ring {
            for chunk in self.waiting.drain(..) {
                // As many as there were blocks at the beginning: the ring grows until they are used up.
                if self.spare.is_empty() {
                    oldest = ring.chunks.pop_front();
                }
                ring.chunks.push_back(chunk);
            }
        }
        let refilled = || {
            oldest
                .and_then(|chunk| Arc::try_unwrap(chunk).ok())
                .map(|chunk| chunk.block)
        };
        self.empty = self
            .spare
            .pop()
            .or_else(refilled)
            .unwrap_or_else(|| SampleBlock::new(format, samples));
    }
}

/// Copies as many samples as there are and fit; answers how many.
fn copy(from: &SampleBlock, range: std::ops::Range<usize>, to: &mut SampleBlock, at: usize) -> usize {
    fn run<T: Copy>(from: &[T], to: &mut [T]) -> usize {
        let length = from.len().min(to.len());
        to[..length].copy_from_slice(&from[..length]);
        length
    }
    match (from, to) {
        (SampleBlock::Cu8(from), SampleBlock::Cu8(to)) => run(&from[range], &mut to[at..]),
        (SampleBlock::Cs8(from), SampleBlock::Cs8(to)) => run(&from[range], &mut to[at..]),
        (SampleBlock::Cs16(from), SampleBlock::Cs16(to)) => run(&from[range], &mut to[at..]),
        (SampleBlock::Cf32(from), SampleBlock::Cf32(to)) => run(&from[range], &mut to[at..]),
        // Blocks of a run have one format; what has another is passed over.
        _ => range.len(),
    }
}

fn utc(epoch: Timestamp, seconds: f64) -> Timestamp {
    let offset = SignedDuration::from_micros((seconds * 1e6).round() as i64);
    epoch.checked_add(offset).unwrap_or(epoch)
}

impl Cut {
    /// The stream it comes from.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Frequency the receiver was tuned to.
    #[must_use]
    pub fn center(&self) -> Hertz {
        self.chunks.first().map_or(Hertz(0), |chunk| chunk.center)
    }

    /// UTC of the first sample.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.chunks.first().map(|chunk| chunk.start)
    }

    /// Number of the sample of this cut that was received at `time`: none before the first, the last behind the end.
    #[must_use]
    pub fn sample_at(&self, time: Timestamp) -> u64 {
        let mut before = 0;
        for chunk in &self.chunks {
            if time < chunk.stop {
                let inside_s = time.duration_since(chunk.start).as_secs_f64().max(0.0);
                let inside = (inside_s * self.stream.sample_rate_hz).round() as u64;
                return before + inside.min(chunk.samples as u64);
            }
            before += chunk.samples as u64;
        }
        before
    }

    /// Leaves out what comes after `samples` samples.
    #[must_use]
    pub fn at_most(mut self, samples: u64) -> Self {
        let mut room = samples;
        self.chunks.retain(|chunk| {
            let fits = chunk.samples as u64 <= room;
            room = if fits { room - chunk.samples as u64 } else { 0 };
            fits
        });
        self
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Writes the samples, and where some are missing between them.
    ///
    /// # Errors
    /// Of the writer.
    pub fn write(&self, writer: &mut SigmfWriter) -> Result<(), ReceiverError> {
        let rate_hz = self.stream.sample_rate_hz;
        let mut before: Option<&Chunk> = None;
        for chunk in &self.chunks {
            let missing = before.map_or(0.0, |before| (chunk.start_s - before.stop_s(rate_hz)) * rate_hz);
            if missing > GAP_TOLERANCE_SAMPLES {
                let loss = Loss {
                    reason: match chunk.reason {
                        GapReason::Overflow => LossReason::Overflow,
                        GapReason::Unplugged => LossReason::Unplugged,
                        GapReason::Retune => LossReason::Retune,
                    },
                    samples: Some(missing.round() as u64),
                };
                writer.gap(loss, Some(chunk.start));
            }
            writer.write(&chunk.block, chunk.samples)?;
            before = Some(chunk);
        }
        Ok(())
    }
}

/// What a recording says of the receiver that made it, in the namespace of this program.
#[must_use]
pub fn recording_facts(facts: &ReceiverFacts, settings: &[Setting], ppm: f64) -> BTreeMap<String, Value> {
    let mut extra = BTreeMap::from([
        ("args".to_owned(), json!(facts.args)),
        ("driver".to_owned(), json!(facts.driver)),
        ("profile".to_owned(), json!(facts.profile)),
        ("usable_fraction".to_owned(), json!(facts.usable_fraction)),
        ("ppm".to_owned(), json!(ppm)),
        ("calibration".to_owned(), json!(null)),
        ("settings".to_owned(), json!(settings)),
    ]);
    if let Some(serial) = &facts.serial {
        extra.insert("serial".to_owned(), json!(serial));
    }
    extra
}

#[cfg(test)]
mod tests;
