//! Rows → floor → regions → bursts → emissions and artefacts.

use super::{
    book::{Book, Moment, Sink},
    burst::Burst,
    class::Taker,
    clipping::Clipping,
    config::{BINS, DetectorConfig, HOP, PULSE_SLOT, ROW, SEGMENTS, Thresholds},
    emission::{Gap, GapReason, Summary},
    event::DetectEvent,
    floor::FloorHistory,
    frame::FrameMaker,
    looks,
    pulse::{Pulse, PulseFinder},
    rise::Rise,
    rows::{Rest, Row, Rows, Spectra},
    scales::{Scales, Seen},
    screen::Screen,
    segment::{RowFloor, Run, Segmenter, Tests},
    spike::Spike,
    timeline::Timeline,
    tracker::RowTime,
};
use crate::dsp::{
    detection::snr_wall_db,
    kernel::{Work, widest},
    measure::decibel,
    noise_floor::{self, Floor},
};

/// Rows of the first learning after which emissions are looked at.
const LEARNT_TOGETHER: usize = 64;

/// The second stage of a detector: takes rows in order and decides.
pub struct Decider {
    config: DetectorConfig,
    thresholds: Thresholds,
    /// Rows waiting for the first floor.
    learning: Rows,
    floor: Option<Floor>,
    history: FloorHistory,
    pulses: PulseFinder,
    /// Pulses that ended in the row in work.
    found: Vec<Pulse>,
    segmenter: Segmenter,
    runs: Vec<Run>,
    power: Vec<f32>,
    /// One over the floor, per live bin.
    inverse_floor: Vec<f32>,
    screen: Screen,
    rise: Rise,
    scales: Scales,
    done: Vec<Burst>,
    book: Book,
    clipping: Clipping,
    spike: Spike,
    row_number: u64,
    /// Rows since the last look at the emissions.
    held: usize,
    /// Samples taken, clipped among them.
    samples: u64,
    clipped: u64,
    timeline: Timeline,
    frames: Option<FrameMaker>,
    taker: Taker,
    /// When an emission that is looked at was on.
    on: Vec<[f64; 2]>,
    silence: f32,
}

impl Decider {
    /// Makes decisions for `config`, which is valid.
    pub(super) fn new(config: &DetectorConfig, thresholds: Thresholds) -> Self {
        let rules = &config.rules;
        Self {
            learning: Rows::default(),
            floor: None,
            history: FloorHistory::new(config.sample_rate_hz, rules.floor_s),
            pulses: PulseFinder::new(thresholds.pulse, rules, config.sample_rate_hz),
            found: Vec::new(),
            segmenter: Segmenter::new(rules.bridge_bins),
            runs: Vec::new(),
            power: vec![0.0; BINS],
            inverse_floor: vec![0.0; BINS],
            screen: Screen::new(),
            rise: Rise::new(),
            scales: Scales::new(rules, &thresholds, config.sample_rate_hz),
            done: Vec::new(),
            book: Book::new(config),
            clipping: Clipping::default(),
            spike: Spike::new(),
            row_number: 0,
            held: 0,
            samples: 0,
            clipped: 0,
            timeline: Timeline::new(config.sample_rate_hz),
            frames: FrameMaker::new(config, BINS),
            taker: Taker::new(config.sample_rate_hz),
            on: Vec::new(),
            silence: 0.0,
            thresholds,
            config: config.clone(),
        }
    }

    /// A first stage for its rows.
    pub(super) fn spectra(&self) -> Spectra {
        Spectra::new(&self.thresholds)
    }

    /// Takes the next rows of the stream: those of `rows`, made a few at a time by `spectra`, so that they stay in the cache.
    pub fn decide_all(&mut self, spectra: &mut Spectra, rows: &mut Rows, sink: Sink<'_>) {
        while spectra.make_some(rows) {
            self.push(rows, sink);
        }
    }

    /// Takes the next rows of the stream, which are made.
    pub fn push(&mut self, rows: &Rows, sink: Sink<'_>) {
        self.silence = rows.silence;
        for row in rows.iter() {
            self.samples += ROW as u64;
            self.clipped += u64::from(row.clipped);
            if self.floor.is_some() {
                self.decide(row, sink);
                if self.held >= self.rows_wanted() {
                    self.conclude(sink);
                }
            } else {
                let wanted = self.rows_wanted();
                if self.learning.is_empty() {
                    self.learning = Rows::with_capacity(wanted);
                }
                self.learning.push(row);
                if self.learning.len() >= wanted {
                    self.learn(sink);
                }
            }
        }
    }

    /// Time passes unobserved, after what [`Rows::discard`] tells of.
    pub fn gap(&mut self, rest: Rest, duration_s: f64, reason: GapReason, sink: Sink<'_>) {
        self.settle(sink);
        self.count(rest);
        let [start_s, stop_s] = self.timeline.miss(rest.samples, duration_s);
        self.end_bursts(false);
        self.classify(true);
        self.taker.clear();
        if let Some(frames) = &mut self.frames {
            frames.clear();
        }
        sink(DetectEvent::Gap(Gap {
            start_s,
            stop_s,
            reason,
        }));
    }

    /// Counts samples that make no row.
    fn count(&mut self, rest: Rest) {
        self.samples += rest.samples as u64;
        self.clipped += rest.clipped;
    }

    /// Ends the pass, after what [`Rows::pad`] tells of: everything still open is reported.
    pub fn finish(&mut self, rest: Rest, sink: Sink<'_>) -> Summary {
        self.settle(sink);
        self.count(rest);
        self.end_bursts(true);
        self.classify(true);
        self.look(f64::INFINITY, sink);
        if let (Some(spike), Some(floor)) = (self.spike.end(), &self.floor) {
            self.book.report_spike(&spike, &floor.level, true, sink);
        }
        self.summary()
    }

    /// Decides about every row there is, however few they are.
    fn settle(&mut self, sink: Sink<'_>) {
        if self.floor.is_none() && !self.learning.is_empty() {
            self.learn(sink);
        } else if self.held > 0 {
            self.conclude(sink);
        }
    }

    /// Ends the bursts in progress, because observation pauses or (`last`) ends. Their emissions go on.
    fn end_bursts(&mut self, last: bool) {
        let mut found = std::mem::take(&mut self.found);
        self.pulses.end(&mut found);
        self.enter(&mut found);
        self.found = found;
        self.scales.finish(last, &mut self.done);
        self.attach_done();
    }

    /// Moves pulses to the bursts that have ended.
    fn enter(&mut self, pulses: &mut Vec<Pulse>) {
        for pulse in pulses.drain(..) {
            self.done.push(pulse.burst(self.scales.memory()));
        }
    }

    /// Enters the bursts that have ended into the book.
    fn attach_done(&mut self) {
        for burst in self.done.drain(..) {
            self.book.attach(&burst, &self.timeline);
            self.scales.recycle(burst);
        }
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

    /// Learns the first floor from the rows kept for it, and decides about them.
    fn learn(&mut self, sink: Sink<'_>) {
        let rows = std::mem::take(&mut self.learning);
        let spectra: Vec<&[f32]> = rows.iter().flat_map(|row| row.segments.chunks_exact(BINS)).collect();
        let averages = self.thresholds.row_averages / SEGMENTS as f64;
        let floor = noise_floor::estimate(&spectra, averages, self.silence, &self.config.floor_rules());
        self.floor = Some(self.take_floor(floor, sink));
        for (number, row) in rows.iter().enumerate() {
            self.decide(row, sink);
            if number % LEARNT_TOGETHER == LEARNT_TOGETHER - 1 {
                // More than this is not kept for looks.
                self.attach_done();
                self.classify(false);
            }
        }
        self.conclude(sink);
    }

    /// Decides about one row.
    fn decide(&mut self, row: Row<'_>, sink: Sink<'_>) {
        let Some(mut floor) = self.floor.take() else { return };
        let start_s = self.timeline.now_s();
        self.timeline.advance(ROW);
        self.taker.keep(start_s, row.samples);
        self.held += 1;
        if let Some(frame) = self
            .frames
            .as_mut()
            .and_then(|f| f.add(start_s, row.segments, &floor.level))
        {
            sink(DetectEvent::Frame(frame));
        }
        if let Some(own) = self.process_row(start_s, row, &floor) {
            let power = if own { &self.power } else { row.mean };
            let (averages, rules) = (self.thresholds.row_averages, self.config.floor_rules());
            if let Some(new) = self.history.add(power, averages, self.silence, &rules) {
                floor = self.take_floor(new, sink);
            }
        }
        self.floor = Some(floor);
    }

    /// Enters what has ended into the book, and looks at the emissions.
    fn conclude(&mut self, sink: Sink<'_>) {
        self.held = 0;
        self.attach_done();
        self.classify(false);
        self.look(self.timeline.now_s(), sink);
    }

    /// Looks at emissions for their class.
    fn classify(&mut self, last: bool) {
        if let Some(floor) = &self.floor {
            let channels = self.book.channels_mut();
            looks::look_at(
                channels,
                &self.scales,
                &mut self.taker,
                &floor.level,
                &self.config.rules,
                last,
                &mut self.on,
            );
        }
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

    /// Takes over a new floor.
    fn take_floor(&mut self, floor: Floor, sink: Sink<'_>) -> Floor {
        self.pulses.set_floor(&floor.level);
        if let Some(gone) = self.spike.learn(&floor) {
            self.book.report_spike(&gone, &floor.level, false, sink);
        }
        let floor = self.usable(floor);
        let (first, last) = floor.live;
        self.inverse_floor.fill(0.0);
        for (out, level) in self.inverse_floor[first..last]
            .iter_mut()
            .zip(&floor.level[first..last])
        {
            *out = 1.0 / level.max(f32::MIN_POSITIVE);
        }
        floor
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

    /// Finds what is in a row; returns whether its power is not the mean of its segments but in memory, `None` where nothing could
    /// be seen.
    fn process_row(&mut self, row_s: f64, row: Row<'_>, floor: &Floor) -> Option<bool> {
        let rate = self.config.sample_rate_hz;
        let mut found = std::mem::take(&mut self.found);
        self.pulses.advance(
            |slot| row_s + (slot * PULSE_SLOT) as f64 / rate,
            &row.short.powers,
            &mut found,
        );
        // The energy of a row lies where its windows are wide.
        let time = RowTime {
            number: self.row_number,
            start_s: row_s + HOP as f64 / 2.0 / rate,
            stop_s: row_s + (HOP as f64 / 2.0 + ROW as f64) / rate,
        };
        self.row_number += 1;
        let stop_s = row_s + ROW as f64 / rate;
        self.clipping.add([row_s, stop_s], row.clipped, ROW);
        let known = found.len();
        for impulse in row.impulses {
            let pulse = Pulse::from_impulse(impulse, row_s, rate);
            let other = |p: &Pulse| p.start_s < pulse.stop_s && p.stop_s > pulse.start_s;
            if !found[..known].iter().any(other) && !self.pulses.in_progress(pulse.start_s) {
                found.push(pulse);
            }
        }
        let scales = &self.scales;
        found.retain(|pulse| !scales.covers(pulse));
        let usable = self.mean_without_pulses(row_s, row, &found);
        self.enter(&mut found);
        self.found = found;
        if usable == 0 {
            self.scales.blind();
            return None;
        }
        let tests = Tests {
            narrow: self.thresholds.narrow[usable - 1],
            middle_growth: self.thresholds.middle_growth[usable - 1],
            wide_seed: self.thresholds.wide[usable - 1].seed,
        };
        let own = usable < SEGMENTS || self.spike.is_there();
        if own {
            self.spike.remove([time.start_s, time.stop_s], &mut self.power);
        }
        let power = if own { &self.power } else { row.mean };
        let inverse = &self.inverse_floor;
        let mut row_floor = RowFloor {
            level: &floor.level,
            inverse,
            rise: 1.0,
        };
        self.runs.clear();
        if self.screen.passes(power, inverse, &tests) {
            let quantile = self.thresholds.row_quantile;
            row_floor.rise = self.rise.measure(power, inverse, floor.live, quantile);
            self.segmenter
                .runs(power, &row_floor, floor.live, &tests, &mut self.runs);
        }
        let seen = Seen {
            segments: row.segments,
            power,
            floor: row_floor,
            live: floor.live,
        };
        self.scales
            .advance(time, &self.runs, self.segmenter.excess(), seen, &mut self.done);
        if own {
            self.spike.restore(&mut self.power);
        }
        Some(own)
    }

    /// Mean of the row's segments that no pulse lies in, into memory unless it is that of all of them and nothing is to be
    /// taken out of it; returns how many those are.
    fn mean_without_pulses(&mut self, row_s: f64, row: Row<'_>, pulses: &[Pulse]) -> usize {
        if pulses.iter().all(|pulse| pulse.faint) {
            if self.spike.is_there() {
                self.power.copy_from_slice(row.mean);
            }
            return SEGMENTS;
        }
        let rate = self.config.sample_rate_hz;
        let mut usable = 0;
        for (i, segment) in row.segments.chunks_exact(BINS).enumerate() {
            let start_s = row_s + (i * HOP + BINS / 8) as f64 / rate;
            let stop_s = start_s + (BINS * 3 / 4) as f64 / rate;
            if pulses
                .iter()
                .any(|p| !p.faint && p.start_s < stop_s && p.stop_s > start_s)
            {
                continue;
            }
            if usable == 0 {
                self.power.copy_from_slice(segment);
            } else {
                widest(Halve(&mut self.power, segment));
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

/// The mean of both, in the place of the first.
struct Halve<'a>(&'a mut [f32], &'a [f32]);

impl Work for Halve<'_> {
    #[inline(always)]
    fn run(self) {
        for (sum, p) in self.0.iter_mut().zip(self.1) {
            *sum = (*sum + p) * 0.5;
        }
    }
}
