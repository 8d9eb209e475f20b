//! One run of a receiver at one rate, format and plan: the blocks, the queue, and the measuring thread behind it.

use std::{
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Instant,
};

use jiff::Timestamp;
use pinpu_hardware::{ReceiverFacts, SampleBlock, SampleFormat, Setting};

use super::{
    CaptureConfig, ObservationSink,
    clock::StreamClock,
    measure::{Measurer, Packet},
    plan::Plan,
    pool::{EmptyBlocks, pool},
    recent::Stream,
    shared::Shared,
};
use crate::{
    Error, Result,
    detect::{DetectorConfig, GapReason},
    units::Hertz,
};

/// Length of a block, seconds. Short enough not to add to the time until an event is out, long enough to cost nothing.
const BLOCK_S: f64 = 0.005;
/// Samples a block holds at least and at most: drivers hand out no more than a transfer at a time, and a block that is filled by
/// a third makes the queue as much shorter.
const BLOCK_SAMPLES: std::ops::RangeInclusive<usize> = 1024..=65_536;
/// Seconds of samples that may wait for the measuring thread before blocks are dropped.
const QUEUE_S: f64 = 0.5;
/// Blocks in the pool at least and at most.
const QUEUE_BLOCKS: std::ops::RangeInclusive<usize> = 8..=1024;

/// What must stay the same for a session to go on after the receiver came back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SessionKey {
    pub(super) format: SampleFormat,
    pub(super) rate_hz: f64,
    pub(super) plan: Plan,
}

pub(super) struct Session {
    pub(super) key: SessionKey,
    pub(super) clock: StreamClock,
    empty: EmptyBlocks,
    packets: Option<SyncSender<Packet>>,
    thread: Option<JoinHandle<()>>,
    scratch: SampleBlock,
    epoch: Option<Timestamp>,
    paced: bool,
    pending: Option<GapReason>,
    shared: Arc<Shared>,
}

impl Session {
    pub(super) fn start(
        key: SessionKey,
        (facts, settings): (&ReceiverFacts, &[Setting]),
        config: &CaptureConfig,
        run: u64,
        sink: ObservationSink,
        shared: Arc<Shared>,
    ) -> Result<Self> {
        let samples = ((key.rate_hz * BLOCK_S) as usize).next_power_of_two();
        let samples = samples.clamp(*BLOCK_SAMPLES.start(), *BLOCK_SAMPLES.end());
        let count = (QUEUE_S * key.rate_hz / samples as f64).ceil() as usize;
        let count = count.clamp(*QUEUE_BLOCKS.start(), *QUEUE_BLOCKS.end());
        let detector = DetectorConfig {
            sample_rate_hz: key.rate_hz,
            center_hz: Hertz(0),
            usable_fraction: facts.usable_fraction,
            false_alarms_per_day_mhz: config.false_alarms_per_day_mhz,
            frame_interval_s: Some(1.0 / config.frames_per_s),
            ..DetectorConfig::default()
        };
        let plan = key.plan.clone();
        let stream = || Stream {
            facts: facts.clone(),
            settings: settings.to_vec(),
            sample_rate_hz: key.rate_hz,
            ppm: config.ppm,
            ppm_uncertainty: config.ppm_uncertainty,
        };
        let tape = config.recent.as_ref().and_then(|recent| recent.begin(stream()));
        let measurer = Measurer::new(plan, &detector, Arc::clone(&config.id), run, sink, Arc::clone(&shared))
            .map_err(|error| Error::Invalid(error.to_string()))?
            .taping(tape);
        let (empty, back) = pool(key.format, samples, count);
        let (packets, queue) = sync_channel(count);
        let thread = std::thread::Builder::new()
            .name(format!("measure-{}", config.id))
            .spawn(move || measurer.run(&queue, &back))
            .map_err(|error| Error::Unavailable(format!("no thread for measuring: {error}")))?;
        Ok(Self {
            clock: StreamClock::new(key.rate_hz),
            empty,
            packets: Some(packets),
            thread: Some(thread),
            scratch: SampleBlock::new(key.format, samples),
            epoch: None,
            paced: facts.paced,
            pending: None,
            shared,
            key,
        })
    }

    /// A block to read into. When all are waiting to be measured a device is read into a scratch block (and that loss
    /// is counted), because a device does not wait; a recording does.
    pub(super) fn take(&mut self) -> Slot {
        let block = if self.paced {
            self.empty.try_take()
        } else {
            self.empty.take()
        };
        match block {
            Some(block) => Slot::Block(block),
            None => Slot::Scratch,
        }
    }

    pub(super) fn scratch(&mut self) -> &mut SampleBlock {
        &mut self.scratch
    }

    /// A hole before the next sample; its length comes from the clock.
    pub(super) fn hole(&mut self, reason: GapReason, samples: Option<u64>, at: Instant) {
        match samples {
            Some(samples) => {
                self.clock.skip(samples);
                self.shared.counters.samples_lost.fetch_add(samples, Relaxed);
            }
            None if self.paced => {
                let seconds = self.clock.resync(at);
                if reason != GapReason::Retune {
                    self.shared
                        .counters
                        .samples_lost
                        .fetch_add((seconds * self.key.rate_hz) as u64, Relaxed);
                }
            }
            None => {}
        }
        self.pending = Some(reason);
    }

    /// Hands a filled block to the measuring thread. `false`: that thread is gone.
    pub(super) fn send(&mut self, block: SampleBlock, samples: usize, hop: usize, at: Instant) -> bool {
        let start_s = self.clock.advance(samples, at);
        let epoch = *self
            .epoch
            .get_or_insert_with(|| before(Timestamp::now(), self.clock.now_s()));
        let reason = self.pending.take().unwrap_or(GapReason::Overflow);
        let packet = Packet {
            block,
            samples,
            hop,
            start_s,
            reason,
            epoch,
        };
        let Some(packets) = &self.packets else { return false };
        // The queue holds as many packets as there are blocks, so it is never full.
        !matches!(packets.try_send(packet), Err(TrySendError::Disconnected(_)))
    }

    /// Samples were read but there was no block to keep them.
    pub(super) fn drop_samples(&mut self, samples: usize) {
        self.clock.skip(samples as u64);
        self.shared.counters.blocks_dropped.fetch_add(1, Relaxed);
        self.shared.counters.samples_lost.fetch_add(samples as u64, Relaxed);
        self.pending = Some(GapReason::Overflow);
    }

    /// Samples were read on purpose without looking at them (settling).
    pub(super) fn discard(&mut self, samples: usize, at: Instant) {
        self.clock.advance(samples, at);
        self.pending = Some(GapReason::Retune);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.packets = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a measuring thread panicked");
        }
    }
}

/// What a read fills.
pub(super) enum Slot {
    Block(SampleBlock),
    Scratch,
}

fn before(time: Timestamp, seconds: f64) -> Timestamp {
    time.checked_sub(jiff::SignedDuration::from_secs_f64(seconds))
        .unwrap_or(time)
}
