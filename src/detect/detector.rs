//! The chain: samples → rows → floor → regions → bursts → emissions and artefacts.

use std::collections::VecDeque;

use super::{
    book::{Book, Moment, Sink},
    burst::Burst,
    clipping::Clipping,
    config::{BINS, DetectError, DetectorConfig, HOP, PULSE_BINS, PULSE_SLOT, ROW, ROW_QUANTILE, SEGMENTS, Thresholds},
    emission::{Gap, GapReason, Summary},
    event::DetectEvent,
    floor::FloorHistory,
    frame::FrameMaker,
    pulse::PulseFinder,
    rows::{Row, RowMaker},
    scales::Scales,
    segment::{RowFloor, Run, Segmenter, Tests},
    spike::Spike,
    timeline::Timeline,
    tracker::RowTime,
};
use crate::dsp::{
    detection::snr_wall_db,
    iq::IqSlice,
    measure::decibel,
    noise_floor::{self, Floor},
};

/// Largest rise of the floor within a row that is put down to splatter; more is a signal.
const ROW_RISE_MAX: f32 = 2.5;

/// Halvings of the range up to it: to 0.01 dB.
const RISE_STEPS: usize = 10;
/// Rise that noise alone may show.
const RISE_NOISE: f32 = 1.09;

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
    /// One over the floor, per bin.
    inverse_floor: Vec<f32>,
    ratios: Vec<f32>,
    scales: Scales,
    done: Vec<Burst>,
    book: Book,
    clipping: Clipping,
    spike: Spike,
    row_number: u64,
    /// Samples taken, clipped among them.
    samples: u64,
    clipped: u64,
    timeline: Timeline,
    frames: Option<FrameMaker>,
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
            inverse_floor: vec![0.0; BINS],
            ratios: Vec::with_capacity(BINS),
            scales: Scales::new(rules, &thresholds),
            done: Vec::new(),
            book: Book::new(config),
            clipping: Clipping::default(),
            spike: Spike::new(),
            row_number: 0,
            samples: 0,
            clipped: 0,
            timeline: Timeline::new(config.sample_rate_hz),
            frames: FrameMaker::new(config),
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
            self.samples += part.len() as u64;
            self.clipped += self.maker.fill(part);
            from = to;
            self.make_rows(sink);
        }
    }

    /// Turns the samples at hand into rows, and rows into decisions.
    fn make_rows(&mut self, sink: Sink<'_>) {
        while let Some(row) = self.maker.next(self.timeline.now_s()) {
            self.timeline.advance(ROW);
            self.pending.push_back(row);
            if self.pending.len() >= self.rows_wanted() {
                self.process_pending(sink);
            }
        }
    }

    /// Time passes unobserved. Nothing is learnt from it; emissions go on if they are found again.
    pub fn gap(&mut self, duration_s: f64, reason: GapReason, sink: Sink<'_>) {
        self.process_pending(sink);
        let rest = self.maker.discard();
        let [start_s, stop_s] = self.timeline.miss(rest, duration_s);
        self.end_bursts(false);
        if let Some(frames) = &mut self.frames {
            frames.clear();
        }
        sink(DetectEvent::Gap(Gap {
            start_s,
            stop_s,
            reason,
        }));
    }

    /// Ends the bursts in progress, because observation pauses or (`last`) ends. Their emissions go on.
    fn end_bursts(&mut self, last: bool) {
        self.pulses.end(&mut self.done);
        self.scales.finish(last, &mut self.done);
        self.attach_done();
    }

    /// Enters the bursts that have ended into the book.
    fn attach_done(&mut self) {
        for burst in self.done.drain(..) {
            self.book.attach(&burst, &self.timeline);
            self.scales.recycle(burst);
        }
    }

    /// Ends the pass: everything still open is reported.
    pub fn finish(&mut self, sink: Sink<'_>) -> Summary {
        self.maker.pad();
        self.make_rows(sink);
        self.process_pending(sink);
        self.end_bursts(true);
        self.look(f64::INFINITY, sink);
        if let (Some(spike), Some(floor)) = (self.spike.end(), &self.floor) {
            self.book.report_spike(&spike, &floor.level, true, sink);
        }
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
            self.learn(sink);
        }
        let Some(mut floor) = self.floor.take() else { return };
        while let Some(row) = self.pending.pop_front() {
            if let Some(frame) = self.frames.as_mut().and_then(|f| f.add(&row, &floor.level)) {
                sink(DetectEvent::Frame(frame));
            }
            if self.process_row(&row, &floor) {
                let (averages, rules) = (self.thresholds.row_averages, self.config.floor_rules());
                if let Some(new) = self.history.add(&self.power, averages, self.silence, &rules) {
                    floor = self.take_floor(new, sink);
                }
            }
            self.maker.recycle(row);
        }
        self.floor = Some(floor);
        self.attach_done();
        self.look(self.timeline.now_s(), sink);
    }

    fn look(&mut self, now_s: f64, sink: Sink<'_>) {
        let Some(floor) = &self.floor else { return };
        let moment = Moment {
            now_s,
            floor,
            timeline: &self.timeline,
            clipping: &self.clipping,
            observed_s: self.samples as f64 / self.config.sample_rate_hz,
        };
        self.book.look(&mut self.scales, &moment, sink);
    }

    fn learn(&mut self, sink: Sink<'_>) {
        let spectra: Vec<&[f32]> = self
            .pending
            .iter()
            .flat_map(|row| row.segments.chunks_exact(BINS))
            .collect();
        let averages = self.thresholds.row_averages / SEGMENTS as f64;
        let floor = noise_floor::estimate(&spectra, averages, self.silence, &self.config.floor_rules());
        self.floor = Some(self.take_floor(floor, sink));
    }

    /// Takes over a new floor.
    fn take_floor(&mut self, floor: Floor, sink: Sink<'_>) -> Floor {
        self.pulses.set_floor(&floor.level);
        if let Some(gone) = self.spike.learn(&floor) {
            self.book.report_spike(&gone, &floor.level, false, sink);
        }
        for (out, level) in self.inverse_floor.iter_mut().zip(&floor.level) {
            *out = 1.0 / level.max(f32::MIN_POSITIVE);
        }
        self.usable(floor)
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
        let stop_s = row.start_s + ROW as f64 / rate;
        self.clipping.add([row.start_s, stop_s], row.clipped);
        let scales = &self.scales;
        found.retain(|pulse| !scales.covers(pulse));
        let usable = self.mean_without_pulses(row, &found);
        self.done.append(&mut found);
        self.pulse_bursts = found;
        if usable == 0 {
            self.scales.blind();
            return false;
        }
        let tests = Tests {
            narrow: self.thresholds.narrow[usable - 1],
            middle_growth: self.thresholds.middle_growth[usable - 1],
            wide_seed: self.thresholds.wide[usable - 1].seed,
        };
        self.spike.remove([time.start_s, time.stop_s], &mut self.power);
        let rise = self.rise(floor.live);
        let row_floor = RowFloor {
            level: &floor.level,
            inverse: &self.inverse_floor,
            rise,
        };
        self.segmenter
            .runs(&self.power, &row_floor, floor.live, &tests, &mut self.runs);
        let row = (self.power.as_slice(), row_floor, floor.live);
        self.scales
            .advance(time, &self.runs, self.segmenter.excess(), row, &mut self.done);
        self.spike.restore(&mut self.power);
        true
    }

    /// How far the floor has risen in this row: strong signals splatter over the whole span, through the converter or
    /// the transmitter, and raise what is between the signals by up to some decibels. Found by halving, because counting
    /// is cheaper than sorting.
    fn rise(&mut self, (first, last): (usize, usize)) -> f32 {
        // Neighbouring bins share a window: every other one tells nearly as much.
        let every_other = (first..last).step_by(2);
        self.ratios.clear();
        self.ratios
            .extend(every_other.map(|k| self.power[k] * self.inverse_floor[k]));
        let rank = (self.ratios.len() as f64 * ROW_QUANTILE) as u32;
        let enough = |rise: f32| {
            let limit = rise * self.thresholds.row_quantile;
            self.ratios.iter().map(|ratio| u32::from(*ratio <= limit)).sum::<u32>() > rank
        };
        if enough(1.0) {
            return 1.0;
        }
        // Mere noise stays below a tenth: a short range needs fewer halvings.
        let (mut low, mut high, steps) = if enough(RISE_NOISE) {
            (1.0, RISE_NOISE, RISE_STEPS - 4)
        } else {
            (RISE_NOISE, ROW_RISE_MAX, RISE_STEPS)
        };
        for _ in 0..steps {
            let middle = 0.5 * (low + high);
            if enough(middle) { high = middle } else { low = middle }
        }
        high
    }

    /// Mean of the row's segments that no pulse lies in; returns how many those are.
    fn mean_without_pulses(&mut self, row: &Row, pulses: &[Burst]) -> usize {
        let rate = self.config.sample_rate_hz;
        let mut usable = 0;
        for (i, segment) in row.segments.chunks_exact(BINS).enumerate() {
            let start_s = row.start_s + (i * HOP + BINS / 8) as f64 / rate;
            let stop_s = start_s + (BINS * 3 / 4) as f64 / rate;
            if pulses.iter().any(|p| p.start_s < stop_s && p.stop_s > start_s) {
                continue;
            }
            if usable == 0 {
                self.power.copy_from_slice(segment);
            } else {
                for (sum, p) in self.power.iter_mut().zip(segment) {
                    *sum = (*sum + p) * 0.5;
                }
            }
            usable += 1;
        }
        usable
    }

    fn summary(&self) -> Summary {
        let rate = self.config.sample_rate_hz;
        let (density, uncertainty_db, observed) = match &self.floor {
            Some(floor) => {
                let mut live: Vec<f32> = floor.level[floor.live.0..floor.live.1].to_vec();
                live.sort_unstable_by(f32::total_cmp);
                let median = f64::from(live[live.len() / 2]);
                (
                    decibel(median / (rate / BINS as f64)),
                    floor.uncertainty_db,
                    !self.book.full(),
                )
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
            emissions: self.book.emissions(),
            gaps: self.timeline.gaps(),
        }
    }
}
