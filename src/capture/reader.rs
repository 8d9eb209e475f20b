//! The reading thread: opens, tunes, reads, notices silence, and comes back when the receiver does.
//!
//! An unplugged receiver is silent rather than broken with most drivers, so the watchdog decides: no sample for a
//! second (or five blocks, if longer) means lost. Then close, and reopen with a back-off until it answers.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use pinpu_hardware::{GapReason as LossReason, Loss, Receiver, ReceiverError, SampleBlock, Tuning};

use super::{
    CaptureConfig, Observation, ObservationContent, ObservationSink, Opener, Reach, ReceiverState,
    plan::Plan,
    session::{Session, SessionKey, Slot},
    shared::Shared,
};
use crate::{
    Error, Result,
    config::PlanConfig,
    detect::GapReason,
    units::{Band, Hertz},
};

const READ_TIMEOUT: Duration = Duration::from_millis(100);
const SILENCE: Duration = Duration::from_secs(1);
const BACK_OFF: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// A receiver that lost samples this recently is degraded.
const DEGRADED_FOR: Duration = Duration::from_secs(10);
/// More clipping than this and levels are not to be trusted (measurement practice: 1e-4 of the samples).
const CLIPPING_PPM: u64 = 100;
const STATUS_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Reader {
    config: CaptureConfig,
    opener: Opener,
    sink: ObservationSink,
    shared: Arc<Shared>,
    run: u64,
    session: Option<Session>,
    status_at: Option<Instant>,
    lost_samples_at: Option<Instant>,
}

/// How a stretch of reading ended.
enum End {
    Stopped,
    SourceEnded,
    /// Another tuning is asked for.
    Retuned,
}

impl Reader {
    pub(super) fn new(config: CaptureConfig, opener: Opener, sink: ObservationSink, shared: Arc<Shared>) -> Self {
        Self {
            config,
            opener,
            sink,
            shared,
            run: 0,
            session: None,
            status_at: None,
            lost_samples_at: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.config.id
    }

    pub(super) fn run(mut self) {
        let mut failures = 0_usize;
        while !self.shared.stopping() {
            match self.open_and_read(&mut failures) {
                Ok(End::Stopped | End::SourceEnded) => break,
                Ok(End::Retuned) => {}
                Err(error) => {
                    let was_reading = failures == 0;
                    failures += 1;
                    if was_reading && self.session.is_some() {
                        self.shared.counters.losses.fetch_add(1, Relaxed);
                    }
                    tracing::warn!(receiver = %self.config.id, %error, "receiver unavailable");
                    // Nobody's wish may keep a receiver from its own plan.
                    self.shared.hold(None);
                    self.enter(ReceiverState::Lost, Some(error.to_string()));
                    self.wait(BACK_OFF[(failures - 1).min(BACK_OFF.len() - 1)]);
                }
            }
        }
        self.session = None;
        self.enter(ReceiverState::Stopped, None);
    }

    fn open_and_read(&mut self, failures: &mut usize) -> Result<End> {
        let mut receiver = (self.opener)()?;
        let end = self
            .prepare(receiver.as_mut())
            .and_then(|()| self.read(receiver.as_mut(), failures));
        // A receiver that is gone cannot be stopped; the outcome above is what counts.
        let _ = receiver.stop();
        end
    }

    /// Tunes to the first stop, starts the stream, and makes or continues the session.
    fn prepare(&mut self, receiver: &mut dyn Receiver) -> Result<()> {
        let facts = receiver.facts().clone();
        let asked_rate = self
            .config
            .sample_rate_hz
            .unwrap_or_else(|| suggested_rate(&facts.sample_rate_ranges_hz));
        let suggested = suggested_center(&facts.frequency_ranges_hz);
        let first = match &self.config.plan {
            PlanConfig::Center(center) => *center,
            PlanConfig::Bands { bands, .. } => bands.first().map_or(suggested, |band| band.center()),
            PlanConfig::Suggested => suggested,
        };
        let held = self.shared.take_held();
        let tuned = receiver.tune(&self.tuning(held.unwrap_or(first), asked_rate))?;
        let rate_hz = tuned.sample_rate_hz;
        let usable_hz = rate_hz * facts.usable_fraction;
        let own = |center| match &self.config.plan {
            PlanConfig::Bands { bands, .. } => Plan::bands(bands, usable_hz),
            PlanConfig::Center(_) | PlanConfig::Suggested => Plan::center(center, usable_hz),
        };
        let center = hertz(tuned.center_hz)?;
        let plan = match held {
            Some(_) => Plan::center(center, usable_hz),
            None => own(center),
        };
        self.shared.set_reach(Reach {
            plan: own(if held.is_some() { first } else { center }).bands,
            ranges: ranges(&facts.frequency_ranges_hz),
            width: Hertz::from_f64(usable_hz.floor()),
        });
        self.shared.change(|status| {
            status.label.clone_from(&facts.label);
            status.driver.clone_from(&facts.driver);
            status.serial.clone_from(&facts.serial);
            status.profile.clone_from(&facts.profile);
            status.plan.clone_from(&plan.bands);
            status.sample_rate_hz = rate_hz;
        });
        let key = SessionKey {
            format: facts.format,
            rate_hz,
            plan,
        };
        match &mut self.session {
            Some(session) if session.key == key => {
                session.hole(GapReason::Unplugged, None, Instant::now());
                self.shared.counters.reopened.fetch_add(1, Relaxed);
            }
            _ => {
                self.session = None;
                self.run += 1;
                let (sink, shared) = (Arc::clone(&self.sink), Arc::clone(&self.shared));
                let described = (&facts, tuned.settings.as_slice());
                self.session = Some(Session::start(key, described, &self.config, self.run, sink, shared)?);
            }
        }
        receiver.start()?;
        self.settle(receiver, tuned.discard_samples)
    }

    fn read(&mut self, receiver: &mut dyn Receiver, failures: &mut usize) -> Result<End> {
        let (hops, dwell) = self.dwell();
        loop {
            for (index, center) in hops.iter().enumerate() {
                if hops.len() > 1 {
                    let rate = self.session.as_ref().map_or(0.0, |session| session.key.rate_hz);
                    let tuned = receiver.tune(&self.tuning(*center, rate))?;
                    self.settle(receiver, tuned.discard_samples)?;
                }
                match self.watch(receiver, index, dwell, failures)? {
                    None => {}
                    Some(end) => return Ok(end),
                }
            }
        }
    }

    /// Reads one stop of the plan for `dwell` samples; none when it is time for the next.
    fn watch(
        &mut self,
        receiver: &mut dyn Receiver,
        hop: usize,
        dwell: u64,
        failures: &mut usize,
    ) -> Result<Option<End>> {
        let mut seen = 0_u64;
        let mut last_sample = Instant::now();
        while seen < dwell {
            if self.shared.stopping() {
                return Ok(Some(End::Stopped));
            }
            if self.shared.must_retune() {
                return Ok(Some(End::Retuned));
            }
            match self.read_block(receiver, hop) {
                Ok(None) => return Ok(Some(End::SourceEnded)),
                Ok(Some(samples)) => {
                    seen += samples as u64;
                    if samples > 0 {
                        last_sample = Instant::now();
                        *failures = 0;
                        self.report_health();
                    }
                }
                Err(Error::Receiver(ReceiverError::Timeout { .. })) => {
                    let waited = last_sample.elapsed();
                    if waited >= SILENCE {
                        let silence = format!("silent for {} ms", waited.as_millis());
                        return Err(ReceiverError::Lost(silence).into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// One read; `Ok(None)` at the end of a recording.
    fn read_block(&mut self, receiver: &mut dyn Receiver, hop: usize) -> Result<Option<usize>> {
        let Some(session) = &mut self.session else {
            return Ok(None);
        };
        match session.take() {
            Slot::Block(mut block) => {
                let read = receiver.read(&mut block, READ_TIMEOUT);
                let at = Instant::now();
                let read = match read {
                    Ok(read) => read,
                    Err(error) => {
                        // The block goes round through the measuring thread, so that the pool never shrinks.
                        session.send(block, 0, hop, at);
                        return Err(error.into());
                    }
                };
                let Some(info) = read else { return Ok(None) };
                let lost = info.loss.is_some();
                if let Some(loss) = info.loss {
                    hole(session, loss, info.samples, at, &self.shared);
                }
                if !session.send(block, info.samples, hop, at) {
                    return Err(Error::Unavailable("the measuring thread has stopped".into()));
                }
                if lost {
                    self.lost_samples_at = Some(at);
                }
                Ok(Some(info.samples))
            }
            Slot::Scratch => {
                let read = receiver.read(session.scratch(), READ_TIMEOUT)?;
                let Some(info) = read else { return Ok(None) };
                session.drop_samples(info.samples);
                self.lost_samples_at = Some(Instant::now());
                Ok(Some(info.samples))
            }
        }
    }

    /// Reads and forgets what the receiver delivers before its signal can be trusted.
    fn settle(&mut self, receiver: &mut dyn Receiver, mut samples: u64) -> Result<()> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        let begun = Instant::now();
        let mut scratch = SampleBlock::new(session.key.format, (samples as usize).clamp(1, 65_536));
        while samples > 0 && !self.shared.stopping() {
            if samples < scratch.capacity() as u64 {
                scratch = SampleBlock::new(session.key.format, samples as usize);
            }
            match receiver.read(&mut scratch, READ_TIMEOUT) {
                Ok(Some(info)) => {
                    samples = samples.saturating_sub(info.samples as u64);
                    session.discard(info.samples, Instant::now());
                }
                Ok(None) => break,
                Err(ReceiverError::Timeout { .. }) if begun.elapsed() < SILENCE => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn dwell(&self) -> (Vec<Hertz>, u64) {
        let Some(session) = &self.session else {
            return (Vec::new(), 0);
        };
        let centers: Vec<Hertz> = session.key.plan.hops.iter().map(|hop| hop.center).collect();
        let dwell = match self.config.plan {
            PlanConfig::Bands { dwell_ms, .. } if centers.len() > 1 => {
                (session.key.rate_hz * f64::from(dwell_ms) * 1e-3).ceil() as u64
            }
            _ => u64::MAX,
        };
        (centers, dwell)
    }

    fn tuning(&self, center: Hertz, sample_rate_hz: f64) -> Tuning {
        Tuning {
            center_hz: center.0.max(0).unsigned_abs(),
            sample_rate_hz,
            gain: self.config.gain.clone(),
            ppm: self.config.ppm,
            antenna: self.config.antenna.clone(),
            bandwidth_hz: None,
        }
    }

    fn report_health(&mut self) {
        let clipping = self.shared.counters.clipped_ppm.load(Relaxed) > CLIPPING_PPM;
        let losing = self.lost_samples_at.is_some_and(|at| at.elapsed() < DEGRADED_FOR);
        let state = if clipping || losing {
            ReceiverState::Degraded
        } else {
            ReceiverState::Streaming
        };
        self.enter(state, None);
    }

    /// Notes the state and tells the service when it is news or a second has passed.
    fn enter(&mut self, state: ReceiverState, error: Option<String>) {
        let news = self.shared.enter(state, error);
        if news || self.status_at.is_none_or(|at| at.elapsed() >= STATUS_EVERY) {
            self.status_at = Some(Instant::now());
            let observation = Observation {
                receiver: Arc::clone(&self.config.id),
                run: self.run,
                epoch: Timestamp::now(),
                content: ObservationContent::Status(self.shared.status()),
            };
            if !(self.sink)(observation) {
                self.shared.counters.observations_dropped.fetch_add(1, Relaxed);
            }
        }
    }

    fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.shared.stopping() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Enters a loss that came with a read of `samples` at `at`.
fn hole(session: &mut Session, loss: Loss, samples: usize, at: Instant, shared: &Shared) {
    let reason = match loss.reason {
        LossReason::Overflow => {
            shared.counters.overflows.fetch_add(1, Relaxed);
            GapReason::Overflow
        }
        LossReason::Unplugged => GapReason::Unplugged,
        LossReason::Retune => GapReason::Retune,
    };
    let read_s = samples as f64 / session.key.rate_hz;
    let before_read = at.checked_sub(Duration::from_secs_f64(read_s)).unwrap_or(at);
    session.hole(reason, loss.samples, before_read);
}

/// The broadcasting band where the receiver reaches it: there is always something on the air to begin with. Else the
/// middle of its first range.
fn suggested_center(ranges: &[[f64; 2]]) -> Hertz {
    const BROADCASTING: Hertz = Hertz(98_000_000);
    let reaches = |[low, high]: &[f64; 2]| (*low..=*high).contains(&BROADCASTING.as_f64());
    match ranges.first() {
        Some([low, high]) if !ranges.iter().any(reaches) => Hertz::from_f64(f64::midpoint(*low, *high)),
        _ => BROADCASTING,
    }
}

/// 2.4 MS/s where that is allowed, else the allowed rate nearest to it.
fn suggested_rate(ranges: &[[f64; 2]]) -> f64 {
    const USUAL_HZ: f64 = 2.4e6;
    let nearest = |[low, high]: &[f64; 2]| USUAL_HZ.clamp(*low, high.max(*low));
    ranges
        .iter()
        .map(nearest)
        .min_by(|a, b| (a - USUAL_HZ).abs().total_cmp(&(b - USUAL_HZ).abs()))
        .unwrap_or(USUAL_HZ)
}

fn ranges(ranges: &[[f64; 2]]) -> Vec<Band> {
    let band = |[low, high]: &[f64; 2]| Band::new(Hertz::from_f64(*low), Hertz::from_f64(*high));
    ranges.iter().filter_map(band).collect()
}

fn hertz(value: u64) -> Result<Hertz> {
    i64::try_from(value)
        .map(Hertz)
        .map_err(|_| Error::Invalid(format!("{value} Hz is no radio frequency")))
}
