//! The chain: samples → rows → floor → regions → bursts → emissions and artefacts.

use std::collections::VecDeque;

use super::{
    artefact,
    channel::{Channel, Reporter, band_of, band_share},
    config::{BINS, DetectError, DetectorConfig, HOP, PULSE_BINS, PULSE_SLOT, ROW, ROW_QUANTILE, SEGMENTS, Thresholds},
    emission::{Artefact, ArtefactKind, Gap, GapReason, Summary},
    event::DetectEvent,
    floor::FloorHistory,
    frame::FrameMaker,
    pulse::PulseFinder,
    rows::{Row, RowMaker},
    segment::{Run, Segmenter, Tests},
    slow::SlowAverage,
    tracker::{Burst, RowTime, Tracker},
};
use crate::dsp::{
    detection::snr_wall_db,
    iq::IqSlice,
    measure::decibel,
    noise_floor::{self, Floor},
};

/// Largest rise of the floor within a row that is put down to splatter; more is a signal.
const ROW_RISE_MAX: f32 = 2.5;

/// Gaps kept for the sake of observed time.
const GAPS_KEPT: usize = 256;
/// Share of the span, and of the time, that a signal must fill for the floor to be out of sight.
const FULL_BAND: f64 = 0.85;
/// The share of the time.
const FULL_TIME: f64 = 0.92;

/// Where events go.
type Sink<'a> = &'a mut dyn FnMut(DetectEvent);

/// Finds emissions in a stream of samples.
pub struct Detector {
    config: DetectorConfig,
    thresholds: Thresholds,
    maker: RowMaker,
    pending: VecDeque<Row>,
    floor: Option<Floor>,
    history: FloorHistory,
    pulses: PulseFinder,
    pulse_bursts: Vec<Burst>,
    segmenter: Segmenter,
    runs: Vec<Run>,
    power: Vec<f32>,
    row_floor: Vec<f32>,
    ratios: Vec<f32>,
    tracker: Tracker,
    slow: [SlowAverage; 2],
    done: Vec<Burst>,
    channels: Vec<Channel>,
    reporter: Reporter,
    row_number: u64,
    /// Samples taken, clipped among them.
    samples: u64,
    clipped: u64,
    /// Time lost in gaps, and the sample from which the current stretch counts.
    base_s: f64,
    stretch_samples: u64,
    gaps: Vec<[f64; 2]>,
    gaps_total: u64,
    emissions: u64,
    next_id: u64,
    next_look_s: f64,
    frames: Option<FrameMaker>,
    full: bool,
    silence: f32,
}

impl Detector {
    /// A detector for `config`.
    ///
    /// # Errors
    /// When a value of the configuration makes no sense.
    pub fn new(config: &DetectorConfig) -> Result<Self, DetectError> {
        config.validate()?;
        let rules = &config.rules;
        let thresholds = Thresholds::new(config);
        let slow = std::array::from_fn(|i| SlowAverage::new(rules.slow_rows[i], thresholds.slow[i], rules.bridge_bins));
        Ok(Self {
            maker: RowMaker::new(),
            pending: VecDeque::new(),
            floor: None,
            history: FloorHistory::new(config.sample_rate_hz, rules.floor_s),
            pulses: PulseFinder::new(thresholds.pulse, rules, config.sample_rate_hz),
            pulse_bursts: Vec::new(),
            segmenter: Segmenter::new(rules.bridge_bins),
            runs: Vec::new(),
            power: vec![0.0; BINS],
            row_floor: vec![0.0; BINS],
            ratios: Vec::with_capacity(BINS),
            tracker: Tracker::new(rules.bridge_rows),
            slow,
            done: Vec::new(),
            channels: Vec::new(),
            reporter: Reporter::new(config),
            row_number: 0,
            samples: 0,
            clipped: 0,
            base_s: 0.0,
            stretch_samples: 0,
            gaps: Vec::new(),
            gaps_total: 0,
            emissions: 0,
            next_id: 1,
            next_look_s: 0.0,
            frames: FrameMaker::new(config),
            full: false,
            silence: 0.0,
            thresholds,
            config: config.clone(),
        })
    }

    /// Takes samples, any number at a time.
    pub fn push(&mut self, block: IqSlice<'_>, sink: Sink<'_>) {
        self.silence = (block.rounding_power() / BINS as f64) as f32;
        let mut from = 0;
        while from < block.len() {
            let to = (from + RowMaker::BLOCK - self.maker.waiting() % RowMaker::BLOCK).min(block.len());
            let part = block.slice(from..to);
            self.clipped += part.clipped();
            self.samples += part.len() as u64;
            self.maker.fill(part);
            from = to;
            self.make_rows(sink);
        }
    }

    /// Turns the samples at hand into rows, and rows into decisions.
    fn make_rows(&mut self, sink: Sink<'_>) {
        loop {
            let start_s = self.base_s + self.stretch_samples as f64 / self.config.sample_rate_hz;
            let Some(row) = self.maker.next(start_s) else { break };
            self.stretch_samples += ROW as u64;
            self.pending.push_back(row);
            if self.pending.len() >= self.rows_wanted() {
                self.process_pending(sink);
            }
        }
    }

    /// Time passes unobserved. Nothing is learnt from it; emissions go on if they are found again.
    pub fn gap(&mut self, duration_s: f64, reason: GapReason, sink: Sink<'_>) {
        self.process_pending(sink);
        let rest = self.maker.discard() as f64;
        let start_s = self.base_s + (self.stretch_samples as f64 + rest) / self.config.sample_rate_hz;
        let stop_s = start_s + duration_s.max(0.0);
        (self.base_s, self.stretch_samples) = (stop_s, 0);
        self.end_bursts(false);
        if let Some(frames) = &mut self.frames {
            frames.clear();
        }
        self.gaps_total += 1;
        self.gaps.push([start_s, stop_s]);
        if self.gaps.len() > GAPS_KEPT {
            self.gaps.remove(0);
        }
        sink(DetectEvent::Gap(Gap {
            start_s,
            stop_s,
            reason,
        }));
    }

    /// Time observed between two moments.
    fn observed_s(&self, from_s: f64, to_s: f64) -> f64 {
        let missing: f64 = self
            .gaps
            .iter()
            .map(|g| (g[1].min(to_s) - g[0].max(from_s)).max(0.0))
            .sum();
        to_s - from_s - missing
    }

    /// Ends the bursts in progress, because observation pauses or (`last`) ends. Their emissions go on.
    fn end_bursts(&mut self, last: bool) {
        let mut done = std::mem::take(&mut self.done);
        self.pulses.end(&mut done);
        self.tracker.finish(last, &mut done);
        for slow in &mut self.slow {
            slow.tracker.finish(last, &mut done);
            slow.restart();
        }
        for burst in done.drain(..) {
            self.attach(&burst);
        }
        self.done = done;
    }

    /// Ends the pass: everything still open is reported.
    pub fn finish(&mut self, sink: Sink<'_>) -> Summary {
        self.maker.pad();
        self.make_rows(sink);
        self.process_pending(sink);
        self.end_bursts(true);
        self.close_channels(f64::INFINITY, sink);
        self.summary()
    }

    fn rows_wanted(&self) -> usize {
        let rules = &self.config.rules;
        let rows = |seconds: f64| (seconds * self.config.sample_rate_hz / ROW as f64) as usize;
        if self.floor.is_none() {
            rows(rules.learn_s).max(rules.learn_rows_min).min(rules.learn_rows)
        } else {
            rows(rules.block_s).clamp(2, rules.block_rows)
        }
    }

    fn process_pending(&mut self, sink: Sink<'_>) {
        if self.pending.is_empty() {
            return;
        }
        if self.floor.is_none() {
            self.learn();
        }
        let Some(mut floor) = self.floor.take() else { return };
        while let Some(row) = self.pending.pop_front() {
            if let Some(frame) = self.frames.as_mut().and_then(|f| f.add(&row, &floor.level)) {
                sink(DetectEvent::Frame(frame));
            }
            if self.process_row(&row, &floor) {
                let (averages, rules) = (self.thresholds.row_averages, self.config.floor_rules());
                if let Some(new) = self.history.add(&self.power, averages, self.silence, &rules) {
                    self.pulses.set_floor(&new.level);
                    floor = self.usable(new);
                }
            }
            self.maker.recycle(row);
        }
        self.floor = Some(floor);
        let mut done = std::mem::take(&mut self.done);
        for burst in done.drain(..) {
            self.attach(&burst);
        }
        self.done = done;
        let now_s = self.base_s + self.stretch_samples as f64 / self.config.sample_rate_hz;
        self.close_channels(now_s, sink);
    }

    fn learn(&mut self) {
        let spectra: Vec<&[f32]> = self
            .pending
            .iter()
            .flat_map(|row| row.segments.chunks_exact(BINS))
            .collect();
        let averages = self.thresholds.row_averages / SEGMENTS as f64;
        let floor = noise_floor::estimate(&spectra, averages, self.silence, &self.config.floor_rules());
        self.pulses.set_floor(&floor.level);
        self.floor = Some(self.usable(floor));
    }

    /// Leaves out the ends of the span in which the receiver's filters fall.
    fn usable(&self, mut floor: Floor) -> Floor {
        let cut = ((1.0 - self.config.usable_fraction) * 0.5 * BINS as f64) as usize;
        let live = (floor.live.0.max(cut), floor.live.1.min(BINS - cut));
        if live.1 > live.0 + BINS / 16 {
            floor.live = live;
        }
        floor
    }

    fn process_row(&mut self, row: &Row, floor: &Floor) -> bool {
        let rate = self.config.sample_rate_hz;
        let mut found = std::mem::take(&mut self.pulse_bursts);
        for (slot, power) in row.pulses.chunks_exact(PULSE_BINS).enumerate() {
            let start_s = row.start_s + (slot * PULSE_SLOT) as f64 / rate;
            self.pulses.advance(start_s, power, &mut found);
        }
        // The energy of a row lies where its windows are wide.
        let time = RowTime {
            number: self.row_number,
            start_s: row.start_s + HOP as f64 / 2.0 / rate,
            stop_s: row.start_s + (HOP as f64 / 2.0 + ROW as f64) / rate,
        };
        self.row_number += 1;
        let tracker = &self.tracker;
        found.retain(|pulse| !tracker.covers(pulse));
        let usable = self.mean_without_pulses(row, &found);
        self.done.append(&mut found);
        self.pulse_bursts = found;
        if usable == 0 {
            self.tracker.blind();
            return false;
        }
        let tests = Tests {
            narrow: self.thresholds.narrow[usable - 1],
            middle: self.thresholds.middle[usable - 1],
            wide_seed: self.thresholds.wide[usable - 1].seed,
        };
        self.raise_floor(floor);
        self.segmenter
            .runs(&self.power, &self.row_floor, floor.live, &tests, &mut self.runs);
        self.tracker
            .advance(time, &self.runs, self.segmenter.excess(), &mut self.done);
        for slow in &mut self.slow {
            slow.add(time, &self.power, &self.runs);
            if slow.decide(time, &floor.level, floor.live, &mut self.done) {
                slow.restart();
            }
        }
        true
    }

    /// The floor of this row: strong signals splatter over the whole span, through the converter or the transmitter,
    /// and raise what is between the signals by up to some decibels.
    fn raise_floor(&mut self, floor: &Floor) {
        let (first, last) = floor.live;
        self.ratios.clear();
        self.ratios
            .extend((first..last).step_by(2).map(|k| self.power[k] / floor.level[k]));
        let rank = (self.ratios.len() as f64 * ROW_QUANTILE) as usize;
        let quantile = *self.ratios.select_nth_unstable_by(rank, f32::total_cmp).1;
        let rise = (quantile / self.thresholds.row_quantile).clamp(1.0, ROW_RISE_MAX);
        for (out, level) in self.row_floor.iter_mut().zip(&floor.level) {
            *out = level * rise;
        }
    }

    /// Mean of the row's segments that no pulse lies in; returns how many those are.
    fn mean_without_pulses(&mut self, row: &Row, pulses: &[Burst]) -> usize {
        let rate = self.config.sample_rate_hz;
        let mut usable = 0;
        self.power.fill(0.0);
        for (i, segment) in row.segments.chunks_exact(BINS).enumerate() {
            let start_s = row.start_s + (i * HOP + BINS / 8) as f64 / rate;
            let stop_s = start_s + (BINS * 3 / 4) as f64 / rate;
            if pulses.iter().any(|p| p.start_s < stop_s && p.stop_s > start_s) {
                continue;
            }
            usable += 1;
            for (sum, p) in self.power.iter_mut().zip(segment) {
                *sum += p;
            }
        }
        if usable > 1 {
            let scale = 1.0 / usable as f32;
            self.power.iter_mut().for_each(|p| *p *= scale);
        }
        usable
    }

    /// Adds a finished burst to the emission on its channel, or makes one.
    fn attach(&mut self, burst: &Burst) {
        let Some(band) = band_of(&burst.energy) else { return };
        let own = burst
            .emission
            .and_then(|id| self.channels.iter_mut().find(|c| c.id == id));
        if let Some(channel) = own {
            // It was given its emission early; it stays there unless it turned out to be another signal.
            let fits = band_share(band, (channel.low, channel.high)) >= self.config.rules.channel_overlap;
            if channel.bursts.is_empty() || fits {
                channel.add(burst);
                return;
            }
        }
        let id = self.channel_for(band, burst.start_s);
        if let Some(channel) = self.channels.iter_mut().find(|c| c.id == id) {
            channel.add(burst);
        }
    }

    /// The emission on the channel `band` at that time; a new one if there is none.
    fn channel_for(&mut self, band: (f64, f64), start_s: f64) -> u64 {
        let rules = &self.config.rules;
        let best = self
            .channels
            .iter()
            .filter(|c| self.observed_s(c.stop_s, start_s) <= rules.hold_s);
        let best = best
            .map(|c| (band_share(band, (c.low, c.high)), c.id))
            .filter(|(share, _)| *share >= rules.channel_overlap)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, id)) = best {
            return id;
        }
        let id = self.next_id;
        self.next_id += 1;
        self.channels.push(Channel::new(id, band.0, band.1, start_s));
        id
    }

    /// Gives every burst that has lasted long enough its emission while it still lasts.
    fn place_open_bursts(&mut self, now_s: f64) {
        let confirm_s = self.config.rules.confirm_s;
        let slow = self.slow.iter().flat_map(|s| &s.tracker.open);
        let waiting = self.tracker.open.iter().chain(slow);
        let waiting = waiting.filter(|b| b.emission.is_none() && now_s - b.start_s >= confirm_s);
        let bands: Vec<_> = waiting.filter_map(|b| Some((b.start_s, band_of(&b.energy)?))).collect();
        let ids: Vec<_> = bands
            .into_iter()
            .map(|(start_s, band)| self.channel_for(band, start_s))
            .collect();
        let mut ids = ids.into_iter();
        let slow = self.slow.iter_mut().flat_map(|s| &mut s.tracker.open);
        for burst in self.tracker.open.iter_mut().chain(slow) {
            let wants = burst.emission.is_none() && now_s - burst.start_s >= confirm_s;
            if wants && band_of(&burst.energy).is_some() {
                burst.emission = ids.next();
            }
        }
    }

    /// Tells the emissions how far their bursts in progress have come.
    fn follow_open_bursts(&mut self) {
        let slow = self.slow.iter().flat_map(|s| &s.tracker.open);
        for burst in self.tracker.open.iter().chain(slow) {
            let Some(channel) = self.channels.iter_mut().find(|c| Some(c.id) == burst.emission) else {
                continue;
            };
            channel.stop_s = channel.stop_s.max(burst.stop_s);
            if let Some((low, high)) = band_of(&burst.energy).filter(|_| channel.bursts.is_empty()) {
                (channel.low, channel.high) = (low, high);
            }
        }
    }

    /// Announces what is new, renews what lasts, reports what is over.
    fn close_channels(&mut self, now_s: f64, sink: Sink<'_>) {
        let hold_s = self.config.rules.hold_s;
        if now_s < self.next_look_s {
            return;
        }
        let Some(floor) = self.floor.take() else { return };
        self.next_look_s = now_s + self.config.rules.confirm_s;
        self.follow_open_bursts();
        self.place_open_bursts(now_s);
        self.unite_channels(&floor, sink);
        let due = |c: &Channel| self.observed_s(c.stop_s, now_s) > hold_s || now_s >= c.look_s;
        if self.channels.iter().any(due) {
            let all = self.everything(&floor.level);
            let mut over = Vec::new();
            for channel in &all {
                if channel.id == 0 {
                    continue;
                }
                if !channel.in_progress && self.observed_s(channel.stop_s, now_s) > hold_s {
                    over.push(channel.id);
                    self.report(channel, &all, &floor, now_s, sink);
                } else {
                    self.announce(channel, &all, &floor, now_s, sink);
                }
            }
            self.channels.retain(|c| !over.contains(&c.id));
        }
        self.floor = Some(floor);
    }

    /// Joins emissions that have grown onto one channel.
    fn unite_channels(&mut self, floor: &Floor, sink: Sink<'_>) {
        let rules = &self.config.rules;
        let mut index = 0;
        while index < self.channels.len() {
            let c = &self.channels[index];
            let twin = self.channels[..index].iter().position(|o| {
                let apart_s = c.start_s.max(o.start_s) - c.stop_s.min(o.stop_s);
                let measured = !c.bursts.is_empty() && !o.bursts.is_empty();
                let alike = band_share((c.low, c.high), (o.low, o.high)) >= rules.channel_overlap;
                // One line is the strongest of both: one is more of the other's spectrum.
                let shared = || {
                    apart_s < 0.0
                        && c.low < o.high
                        && o.low < c.high
                        && c.peak_bin().abs_diff(o.peak_bin()) <= 1
                        && c.is_line()
                        && o.is_line()
                };
                measured && apart_s <= rules.hold_s && (alike || shared())
            });
            let Some(twin) = twin else {
                index += 1;
                continue;
            };
            let part = self.channels.remove(index);
            let slow = self.slow.iter_mut().flat_map(|s| &mut s.tracker.open);
            for burst in self
                .tracker
                .open
                .iter_mut()
                .chain(slow)
                .filter(|b| b.emission == Some(part.id))
            {
                burst.emission = Some(self.channels[twin].id);
            }
            if part.announced {
                let cause = format!("the same signal as emission {}", self.channels[twin].id);
                let emission = self
                    .reporter
                    .emission(&part, &floor.level, part.stop_s - part.start_s, false);
                sink(DetectEvent::Artefact(Artefact {
                    emission,
                    artefact: ArtefactKind::Intermodulation,
                    cause,
                }));
            }
            self.channels[twin].unite(&part);
        }
    }

    /// Opens an emission that is certain by now, or renews it.
    fn announce(&mut self, channel: &Channel, all: &[Channel], floor: &Floor, now_s: f64, sink: Sink<'_>) {
        let row_s = ROW as f64 / self.config.sample_rate_hz;
        let young = now_s - channel.start_s < self.config.rules.confirm_s;
        if now_s < channel.look_s || channel.bursts.is_empty() || young {
            return;
        }
        if let Some(kept) = self.channels.iter_mut().find(|c| c.id == channel.id) {
            let rules = &self.config.rules;
            kept.look_s = now_s + if kept.announced { rules.update_s } else { rules.retry_s };
        }
        let rules = &self.config.rules;
        let observed_s = self.observed_s(channel.start_s, channel.stop_s);
        let emission = self.reporter.emission(channel, &floor.level, observed_s, true);
        if !channel.announced
            && (self.reporter.too_weak(channel, &emission, &floor.level, rules)
                || artefact::belongs_to(channel, all, row_s, rules).is_some()
                || artefact::cause(channel, all, row_s, rules).is_some())
        {
            return;
        }
        let Some(kept) = self.channels.iter_mut().find(|c| c.id == channel.id) else {
            return;
        };
        kept.look_s = now_s + self.config.rules.update_s;
        if kept.announced {
            sink(DetectEvent::Updated(emission));
        } else {
            kept.announced = true;
            sink(DetectEvent::Opened(emission));
        }
    }

    /// All emissions as they stand, bursts in progress included.
    fn everything(&self, floor: &[f32]) -> Vec<Channel> {
        let row_s = ROW as f64 / self.config.sample_rate_hz;
        let mut all = self.channels.clone();
        let slow = self.slow.iter().flat_map(|s| &s.tracker.open);
        for burst in self.tracker.open.iter().chain(slow) {
            let known = all.iter().position(|c| Some(c.id) == burst.emission);
            let index = known.unwrap_or_else(|| {
                all.push(Channel::new(0, burst.low, burst.high, burst.start_s));
                all.len() - 1
            });
            all[index].add(burst);
            all[index].in_progress = true;
        }
        for channel in &mut all {
            channel.tidy(1.5 * row_s);
            channel.widen(floor, row_s);
        }
        all
    }

    fn report(&mut self, channel: &Channel, others: &[Channel], floor: &Floor, now_s: f64, sink: Sink<'_>) {
        let row_s = ROW as f64 / self.config.sample_rate_hz;
        let observed_s = self.observed_s(channel.start_s, channel.stop_s);
        let open = channel.to_end && now_s.is_infinite();
        let emission = self.reporter.emission(channel, &floor.level, observed_s, open);
        let rules = &self.config.rules;
        let dismissed = if self.reporter.too_weak(channel, &emission, &floor.level, rules) {
            Some("too weak on the whole to be told from the floor".to_owned())
        } else {
            artefact::belongs_to(channel, others, row_s, rules)
        };
        if let Some(cause) = dismissed {
            // Whoever was told that it began is told what became of it; nobody else needs to know.
            if channel.announced {
                sink(DetectEvent::Artefact(Artefact {
                    emission,
                    artefact: ArtefactKind::Intermodulation,
                    cause,
                }));
            }
            return;
        }
        match artefact::cause(channel, others, row_s, &self.config.rules) {
            Some((artefact, cause)) => sink(DetectEvent::Artefact(Artefact {
                emission,
                artefact,
                cause,
            })),
            None => {
                self.emissions += 1;
                let live = (floor.live.1 - floor.live.0) as f64;
                let all_time = channel.covered_s() > FULL_TIME * self.samples as f64 / self.config.sample_rate_hz;
                self.full |= channel.high - channel.low > FULL_BAND * live && all_time;
                sink(DetectEvent::Closed(emission));
            }
        }
    }

    fn summary(&self) -> Summary {
        let rate = self.config.sample_rate_hz;
        let (density, uncertainty_db, observed) = match &self.floor {
            Some(floor) => {
                let mut live: Vec<f32> = floor.level[floor.live.0..floor.live.1].to_vec();
                live.sort_unstable_by(f32::total_cmp);
                let median = f64::from(live[live.len() / 2]);
                (decibel(median / (rate / BINS as f64)), floor.uncertainty_db, !self.full)
            }
            None => (-200.0, 0.0, false),
        };
        Summary {
            samples: self.samples,
            seconds: self.samples as f64 / rate,
            sample_rate_hz: rate,
            center_hz: self.config.center_hz,
            fft_size: BINS,
            averages: self.thresholds.row_averages,
            noise_floor_dbfs_hz: density,
            floor_observed: observed,
            floor_uncertainty_db: uncertainty_db,
            snr_wall_db: snr_wall_db(uncertainty_db),
            clipped_fraction: self.clipped as f64 / self.samples.max(1) as f64,
            false_alarms_per_day_mhz: self.config.false_alarms_per_day_mhz,
            emissions: self.emissions,
            gaps: self.gaps_total,
        }
    }
}
