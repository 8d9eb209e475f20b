//! The measuring thread: one detector per stop of the plan, fed with blocks, its events put into absolute time.

use std::sync::{
    Arc,
    atomic::Ordering::Relaxed,
    mpsc::{Receiver, RecvTimeoutError},
};
use std::time::Duration;

use jiff::Timestamp;
use pinpu_hardware::SampleBlock;

use super::{
    Observation, ObservationContent, ObservationSink, as_iq,
    plan::{Hop, Plan},
    pool::ReturnBlocks,
    recent::Tape,
    shared::Shared,
    stitch::{Stitcher, crop},
};
use crate::{
    detect::{DetectError, DetectEvent, Detector, DetectorConfig, Emission, GapReason},
    units::Hertz,
};

/// A filled block on its way to the detectors.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) block: SampleBlock,
    pub(super) samples: usize,
    pub(super) hop: usize,
    /// Stream time of the first sample.
    pub(super) start_s: f64,
    /// Why time is missing before it, if any is.
    pub(super) reason: GapReason,
    /// UTC of stream time 0.
    pub(super) epoch: Timestamp,
}

/// Missing time shorter than this many samples is rounding, not a gap.
const GAP_TOLERANCE_SAMPLES: f64 = 0.5;

struct Stop {
    hop: Hop,
    detector: Detector,
    time_s: f64,
}

/// Everything the measuring thread owns.
pub(super) struct Measurer {
    stops: Vec<Stop>,
    stitchers: Vec<Stitcher>,
    plan: Plan,
    current: usize,
    rate_hz: f64,
    receiver: Arc<str>,
    run: u64,
    sink: ObservationSink,
    shared: Arc<Shared>,
    tape: Option<Tape>,
}

impl Measurer {
    pub(super) fn new(
        plan: Plan,
        detector: &DetectorConfig,
        receiver: Arc<str>,
        run: u64,
        sink: ObservationSink,
        shared: Arc<Shared>,
    ) -> Result<Self, DetectError> {
        let mut stops = Vec::with_capacity(plan.hops.len());
        for hop in &plan.hops {
            let config = DetectorConfig {
                center_hz: hop.center,
                ..detector.clone()
            };
            stops.push(Stop {
                hop: *hop,
                detector: Detector::new(&config)?,
                time_s: 0.0,
            });
        }
        let bin_hz = detector.sample_rate_hz / detector.frame_bins as f64;
        let stitchers = plan
            .bands
            .iter()
            .map(|band| Stitcher::new(*band, plan.hops.len(), bin_hz))
            .collect();
        Ok(Self {
            stops,
            stitchers,
            current: 0,
            rate_hz: detector.sample_rate_hz,
            plan,
            receiver,
            run,
            sink,
            shared,
            tape: None,
        })
    }

    /// The same, keeping the last samples there.
    pub(super) fn taping(self, tape: Option<Tape>) -> Self {
        Self { tape, ..self }
    }

    /// Measures until the reader hangs up, then closes what is open.
    pub(super) fn run(mut self, packets: &Receiver<Packet>, back: &ReturnBlocks) {
        let mut epoch = Timestamp::now();
        loop {
            match packets.recv_timeout(Duration::from_millis(500)) {
                Ok(packet) => {
                    epoch = packet.epoch;
                    self.measure(&packet);
                    back.give(packet.block);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.finish(epoch);
    }

    fn measure(&mut self, packet: &Packet) {
        if packet.hop != self.current {
            self.leave_hop(packet.epoch, packet.hop);
        }
        let Self {
            stops,
            plan,
            receiver,
            run,
            sink,
            shared,
            stitchers,
            tape,
            ..
        } = self;
        let Some(stop) = stops.get_mut(packet.hop) else { return };
        if let Some(tape) = tape {
            tape.keep(packet, stop.hop.center, stop.hop.tile);
        }
        let hopping = plan.is_hopping();
        let mut forward = Forward {
            hop: stop.hop,
            index: packet.hop,
            hops: plan.hops.len(),
            stitcher: hopping.then(|| &mut stitchers[stop.hop.band]),
            send: Send {
                receiver,
                run: *run,
                epoch: packet.epoch,
                band: plan.bands[stop.hop.band],
                sink,
                shared,
            },
        };
        let missing = packet.start_s - stop.time_s;
        if missing * self.rate_hz > GAP_TOLERANCE_SAMPLES {
            let reason = if hopping { GapReason::Retune } else { packet.reason };
            stop.detector.gap(missing, reason, &mut |event| forward.handle(event));
        }
        let iq = as_iq(&packet.block, packet.samples);
        stop.detector.push(iq, &mut |event| forward.handle(event));
        stop.time_s = packet.start_s + packet.samples as f64 / self.rate_hz;
        shared.counters.samples.fetch_add(packet.samples as u64, Relaxed);
        shared.counters.clipped_ppm.store(
            (iq.clipped() as f64 / packet.samples.max(1) as f64 * 1e6) as u64,
            Relaxed,
        );
    }

    /// The receiver moved on: when the round over a band is complete its stitched spectrum goes out.
    fn leave_hop(&mut self, epoch: Timestamp, next: usize) {
        let band_of = |hop: usize| self.plan.hops.get(hop).map(|hop| hop.band);
        let (left, entered) = (band_of(self.current), band_of(next));
        if let Some(band) = left.filter(|_| left != entered || next <= self.current)
            && let Some(frame) = self.stitchers[band].finish()
        {
            let band = self.plan.bands[band];
            Send {
                receiver: &self.receiver,
                run: self.run,
                epoch,
                band,
                sink: &self.sink,
                shared: &self.shared,
            }
            .event(DetectEvent::Frame(frame));
        }
        self.current = next;
    }

    fn finish(mut self, epoch: Timestamp) {
        let hops = self.plan.hops.len();
        for (index, mut stop) in std::mem::take(&mut self.stops).into_iter().enumerate() {
            let band = self.plan.bands[stop.hop.band];
            let send = Send {
                receiver: &self.receiver,
                run: self.run,
                epoch,
                band,
                sink: &self.sink,
                shared: &self.shared,
            };
            let mut forward = Forward {
                hop: stop.hop,
                index,
                hops,
                stitcher: None,
                send,
            };
            let _ = stop.detector.finish(&mut |event| forward.handle(event));
        }
    }
}

/// Sends events of one band, counting those nobody had room for.
struct Send<'a> {
    receiver: &'a Arc<str>,
    run: u64,
    epoch: Timestamp,
    band: crate::units::Band,
    sink: &'a ObservationSink,
    shared: &'a Shared,
}

impl Send<'_> {
    fn event(&self, event: DetectEvent) {
        let content = ObservationContent::Detect { band: self.band, event };
        let observation = Observation {
            receiver: Arc::clone(self.receiver),
            run: self.run,
            epoch: self.epoch,
            content,
        };
        if !(self.sink)(observation) {
            self.shared.counters.observations_dropped.fetch_add(1, Relaxed);
        }
    }
}

/// Sorts one detector's events: frames to the stitcher, foreign frequencies away, ids made unique over all stops.
struct Forward<'a> {
    hop: Hop,
    index: usize,
    hops: usize,
    stitcher: Option<&'a mut Stitcher>,
    send: Send<'a>,
}

impl Forward<'_> {
    fn handle(&mut self, event: DetectEvent) {
        let hopping = self.hops > 1;
        let event = match event {
            DetectEvent::Frame(frame) if hopping => {
                if let Some(stitcher) = &mut self.stitcher {
                    stitcher.add(self.index, &crop(&frame, self.hop.tile));
                }
                return;
            }
            // Leaving a frequency on purpose is the plan, not a fault worth an entry each time.
            DetectEvent::Gap(gap) if hopping && gap.reason == GapReason::Retune => return,
            DetectEvent::Opened(emission) => DetectEvent::Opened(self.own(emission)),
            DetectEvent::Updated(emission) => DetectEvent::Updated(self.own(emission)),
            DetectEvent::Closed(emission) => DetectEvent::Closed(self.own(emission)),
            DetectEvent::Withdrawn(mut withdrawn) => {
                withdrawn.emission = self.own(withdrawn.emission);
                withdrawn.into = withdrawn.into.map(|id| self.own_id(id));
                DetectEvent::Withdrawn(withdrawn)
            }
            DetectEvent::Artefact(mut artefact) => {
                artefact.emission = self.own(artefact.emission);
                DetectEvent::Artefact(artefact)
            }
            other => other,
        };
        let foreign = match &event {
            DetectEvent::Opened(e) | DetectEvent::Updated(e) | DetectEvent::Closed(e) => self.is_foreign(e.center_hz),
            DetectEvent::Withdrawn(w) => self.is_foreign(w.emission.center_hz),
            DetectEvent::Artefact(a) => self.is_foreign(a.emission.center_hz),
            DetectEvent::Frame(_) | DetectEvent::Gap(_) => false,
        };
        if !foreign {
            self.send.event(event);
        }
    }

    /// A frequency that another stop of the plan answers for.
    fn is_foreign(&self, center: Hertz) -> bool {
        self.hops > 1 && !(self.hop.tile.low()..self.hop.tile.high()).contains(&center)
    }

    fn own(&self, mut emission: Emission) -> Emission {
        emission.id = self.own_id(emission.id);
        emission
    }

    /// An id that no other stop of the plan gives.
    fn own_id(&self, id: u64) -> u64 {
        id * self.hops as u64 + self.index as u64
    }
}
