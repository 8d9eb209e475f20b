//! The book of emissions in progress: which burst belongs to which, what is announced, renewed and reported.

use super::{
    artefact::{Evidence, Verdict},
    burst::Burst,
    channel::{Channel, Reporter, band_share},
    clipping::Clipping,
    config::{DetectorConfig, ROW, Rules},
    emission::{Artefact, ArtefactKind, Emission, Withdrawn},
    event::DetectEvent,
    scales::Scales,
    timeline::Timeline,
};
use crate::dsp::noise_floor::Floor;

/// Where events go.
pub(super) type Sink<'a> = &'a mut dyn FnMut(DetectEvent);

/// Share of the span, and of the time, that a signal must fill for the floor to be out of sight.
const FULL_BAND: f64 = 0.85;
/// The share of the time.
const FULL_TIME: f64 = 0.92;

/// Share of the band of a pulse that lies within the band of the pulses it belongs to.
const PULSE_WITHIN: f64 = 0.8;

/// Emissions whose memory is kept for the next, at most: eight kilobytes each, and what their bursts took.
const SPARE_MAX: usize = 64;

/// What an emission is judged against at a moment.
pub(super) struct Moment<'a> {
    /// Time of the decision, seconds from the first sample; infinite at the end of the pass.
    pub(super) now_s: f64,
    /// The floor as it is known now.
    pub(super) floor: &'a Floor,
    /// Time, and what of it was observed.
    pub(super) timeline: &'a Timeline,
    /// When the converter clipped.
    pub(super) clipping: &'a Clipping,
    /// Time observed so far.
    pub(super) observed_s: f64,
}

/// Emissions in progress.
pub(super) struct Book {
    rules: Rules,
    row_s: f64,
    reporter: Reporter,
    channels: Vec<Channel>,
    /// Memory of emissions that are over.
    spare: Vec<Channel>,
    /// Memory of [`Book::everything`].
    snapshot: Vec<Channel>,
    /// Memory of [`Book::look`].
    over: Vec<u64>,
    next_id: u64,
    next_look_s: f64,
    emissions: u64,
    full: bool,
}

impl Book {
    pub(super) fn new(config: &DetectorConfig) -> Self {
        Self {
            rules: config.rules.clone(),
            row_s: ROW as f64 / config.sample_rate_hz,
            reporter: Reporter::new(config),
            channels: Vec::new(),
            spare: Vec::new(),
            snapshot: Vec::new(),
            over: Vec::new(),
            next_id: 1,
            next_look_s: 0.0,
            emissions: 0,
            full: false,
        }
    }

    /// Emissions reported so far.
    pub(super) fn emissions(&self) -> u64 {
        self.emissions
    }

    /// Whether one emission filled the span for all the time: no floor was to be seen.
    pub(super) fn full(&self) -> bool {
        self.full
    }

    /// Emissions in progress, to look at them.
    pub(super) fn channels_mut(&mut self) -> &mut [Channel] {
        &mut self.channels
    }

    /// Adds a finished burst to the emission on its channel, or makes one.
    pub(super) fn attach(&mut self, burst: &Burst, timeline: &Timeline) {
        let Some(band) = burst.energy.band() else { return };
        let own = burst
            .emission
            .and_then(|id| self.channels.iter_mut().find(|c| c.id == id));
        if let Some(channel) = own {
            // It was given its emission early; it stays there unless it turned out to be another signal.
            let fits = band_share(band, (channel.low, channel.high)) >= self.rules.channel_overlap;
            if channel.bursts.is_empty() || fits {
                channel.add(burst);
                return;
            }
        }
        let id = match self.pulses_about(burst, band, timeline) {
            Some(id) => id,
            None => self.channel_for(band, burst.start_s, timeline),
        };
        if let Some(channel) = self.channels.iter_mut().find(|c| c.id == id) {
            channel.add(burst);
        }
    }

    /// Announces what is new, renews what lasts, reports what is over. Looks only every so often.
    pub(super) fn look(&mut self, scales: &mut Scales, moment: &Moment<'_>, sink: Sink<'_>) {
        let now_s = moment.now_s;
        if now_s < self.next_look_s {
            return;
        }
        self.next_look_s = now_s + self.rules.confirm_s;
        self.follow_open_bursts(scales);
        self.place_open_bursts(scales, moment);
        self.unite_channels(scales, moment.floor, sink);
        let old = |c: &Channel| now_s - c.start_s >= self.rules.confirm_s;
        let due = |c: &Channel| self.is_over(c, moment) || now_s >= c.look_s && old(c);
        if !self.channels.iter().any(due) {
            return;
        }
        for channel in &mut self.channels {
            channel.tidy(1.5 * self.row_s);
        }
        let mut all = std::mem::take(&mut self.snapshot);
        self.everything(scales, &moment.floor.level, &mut all);
        let mut over = std::mem::take(&mut self.over);
        over.clear();
        for channel in &all {
            if channel.id == 0 {
                continue;
            }
            if !channel.in_progress && self.is_over(channel, moment) {
                over.push(channel.id);
                self.report(channel, &all, moment, sink);
            } else {
                self.announce(channel, &all, moment, sink);
            }
        }
        let gone = self.channels.extract_if(.., |c| over.contains(&c.id));
        recycle(gone, &mut self.spare);
        (self.over, self.snapshot) = (over, all);
    }

    /// Reports the spike at the centre, `open` when it is still there.
    pub(super) fn report_spike(&mut self, spike: &Burst, floor: &[f32], open: bool, sink: Sink<'_>) {
        let mut channel = Channel::new(self.next_id, spike.low, spike.high, spike.start_s);
        self.next_id += 1;
        channel.add(spike);
        let emission = self
            .reporter
            .emission(&channel, floor, spike.stop_s - spike.start_s, open);
        let over_db = emission.snr_db;
        sink(DetectEvent::Artefact(Artefact {
            emission: channel.list(emission),
            artefact: ArtefactKind::Dc,
            cause: format!(
                "a line at the centre of the span that never pauses, {over_db:.0} dB over the bare floor about it: \
                 converter offset or oscillator leakage"
            ),
        }));
    }

    /// Whether nothing was heard of `channel` for so long that it has ended.
    fn is_over(&self, channel: &Channel, moment: &Moment<'_>) -> bool {
        moment.timeline.observed_s(channel.stop_s, moment.now_s) > self.rules.hold_s
    }

    /// The emission on the channel `band` at that time; a new one if there is none.
    fn channel_for(&mut self, band: (f64, f64), start_s: f64, timeline: &Timeline) -> u64 {
        let rules = &self.rules;
        let best = self
            .channels
            .iter()
            .filter(|c| timeline.observed_s(c.stop_s, start_s) <= rules.hold_s);
        let best = best
            .map(|c| (band_share(band, (c.low, c.high)), c.id))
            .filter(|(share, _)| *share >= rules.channel_overlap)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, id)) = best {
            return id;
        }
        let id = self.next_id;
        self.next_id += 1;
        let spare = self.spare.pop().unwrap_or_default();
        self.channels.push(spare.again(id, [band.0, band.1], start_s));
        id
    }

    /// The emission of pulses within whose band a pulse lies: the band of one pulse is known no better than one over its
    /// length.
    fn pulses_about(&self, burst: &Burst, band: (f64, f64), timeline: &Timeline) -> Option<u64> {
        let within = |c: &&Channel| {
            c.of_pulses()
                && band.1.min(c.high) - band.0.max(c.low) >= PULSE_WITHIN * (band.1 - band.0)
                && timeline.observed_s(c.stop_s, burst.start_s) <= self.rules.hold_s
        };
        let channels = self.channels.iter().filter(|_| burst.exact).filter(within);
        channels
            .min_by(|a, b| (a.high - a.low).total_cmp(&(b.high - b.low)))
            .map(|c| c.id)
    }

    /// Gives every burst that has lasted long enough its emission while it still lasts.
    fn place_open_bursts(&mut self, scales: &mut Scales, moment: &Moment<'_>) {
        let confirm_s = self.rules.confirm_s;
        for burst in scales.open_mut() {
            if burst.emission.is_none()
                && moment.now_s - burst.start_s >= confirm_s
                && let Some(band) = burst.energy.band()
            {
                burst.emission = Some(self.channel_for(band, burst.start_s, moment.timeline));
            }
        }
    }

    /// Tells the emissions how far their bursts in progress have come.
    fn follow_open_bursts(&mut self, scales: &Scales) {
        for burst in scales.open() {
            let Some(channel) = self.channels.iter_mut().find(|c| Some(c.id) == burst.emission) else {
                continue;
            };
            channel.stop_s = channel.stop_s.max(burst.stop_s);
            if channel.bursts.is_empty()
                && let Some((low, high)) = burst.energy.band()
            {
                (channel.low, channel.high) = (low, high);
            }
        }
    }

    /// Joins emissions that have grown onto one channel.
    fn unite_channels(&mut self, scales: &mut Scales, floor: &Floor, sink: Sink<'_>) {
        let mut index = 0;
        while index < self.channels.len() {
            let c = &self.channels[index];
            let Some(twin) = self.channels[..index]
                .iter()
                .position(|o| same_signal(c, o, &self.rules))
            else {
                index += 1;
                continue;
            };
            let part = self.channels.remove(index);
            let whole = self.channels[twin].id;
            for burst in scales.open_mut().filter(|b| b.emission == Some(part.id)) {
                burst.emission = Some(whole);
            }
            if part.announced {
                let lasted_s = part.stop_s - part.start_s;
                sink(DetectEvent::Withdrawn(Withdrawn {
                    emission: part.list(self.reporter.emission(&part, &floor.level, lasted_s, false)),
                    into: Some(whole),
                    cause: format!("the same signal as emission {whole}"),
                }));
            }
            self.channels[twin].unite(&part);
            recycle(std::iter::once(part), &mut self.spare);
        }
    }

    /// Opens an emission that is certain by now, or renews it.
    fn announce(&mut self, channel: &Channel, all: &[Channel], moment: &Moment<'_>, sink: Sink<'_>) {
        let now_s = moment.now_s;
        let young = now_s - channel.start_s < self.rules.confirm_s;
        if now_s < channel.look_s || channel.bursts.is_empty() || young {
            return;
        }
        let Some(kept) = self.channels.iter_mut().find(|c| c.id == channel.id) else {
            return;
        };
        let rules = &self.rules;
        let pause_s = if kept.announced { rules.update_s } else { rules.retry_s };
        kept.look_s = after(now_s, pause_s);
        let observed_s = moment.timeline.observed_s(channel.start_s, channel.stop_s);
        let floor = &moment.floor.level;
        let emission = self.reporter.emission(channel, floor, observed_s, true);
        if kept.announced {
            sink(DetectEvent::Updated(channel.list(emission)));
            return;
        }
        let evidence = Evidence {
            others: all,
            clipping: moment.clipping,
            row_s: self.row_s,
            rules,
        };
        if self.reporter.too_weak(channel, &emission, floor, rules) || evidence.verdict(channel) != Verdict::Own {
            return;
        }
        kept.look_s = after(now_s, rules.update_s);
        kept.announced = true;
        sink(DetectEvent::Opened(channel.list(emission)));
    }

    /// All emissions as they stand, bursts in progress included, into `all`.
    fn everything(&mut self, scales: &Scales, floor: &[f32], all: &mut Vec<Channel>) {
        for (i, channel) in self.channels.iter_mut().enumerate() {
            match all.get_mut(i) {
                Some(copy) => copy.copy_from(channel),
                None => {
                    let mut copy = self.spare.pop().unwrap_or_default();
                    copy.copy_from(channel);
                    all.push(copy);
                }
            }
        }
        recycle(all.drain(self.channels.len()..), &mut self.spare);
        for burst in scales.open() {
            let known = all.iter().position(|c| Some(c.id) == burst.emission);
            let index = known.unwrap_or_else(|| {
                let spare = self.spare.pop().unwrap_or_default();
                all.push(spare.again(0, [burst.low, burst.high], burst.start_s));
                all.len() - 1
            });
            all[index].add(burst);
            all[index].in_progress = true;
        }
        for channel in all {
            channel.tidy(1.5 * self.row_s);
            channel.widen(floor, self.row_s);
            channel.settle();
        }
    }

    /// Reports an emission that is over as what it was.
    fn report(&mut self, channel: &Channel, others: &[Channel], moment: &Moment<'_>, sink: Sink<'_>) {
        let (floor, rules) = (moment.floor, &self.rules);
        let observed_s = moment.timeline.observed_s(channel.start_s, channel.stop_s);
        let open = channel.to_end && moment.now_s.is_infinite();
        let emission = self.reporter.emission(channel, &floor.level, observed_s, open);
        if self.reporter.too_weak(channel, &emission, &floor.level, rules) {
            let cause = || "too weak on the whole to be told from the floor".into();
            withdraw(channel, emission, None, cause, sink);
            return;
        }
        let evidence = Evidence {
            others,
            clipping: moment.clipping,
            row_s: self.row_s,
            rules,
        };
        match evidence.verdict(channel) {
            Verdict::Part { whole, cause } => {
                let into = (whole != 0).then_some(whole);
                withdraw(channel, emission, into, || cause.to_string(), sink);
            }
            Verdict::Artefact(artefact, cause) => {
                withdraw(channel, emission.clone(), None, || cause.to_string(), sink);
                sink(DetectEvent::Artefact(Artefact {
                    emission: channel.list(emission),
                    artefact,
                    cause: cause.to_string(),
                }));
            }
            Verdict::Own => {
                self.emissions += 1;
                let live = (floor.live.1 - floor.live.0) as f64;
                let all_time = channel.covered_s() > FULL_TIME * moment.observed_s;
                self.full |= channel.high - channel.low > FULL_BAND * live && all_time;
                sink(DetectEvent::Closed(channel.list(emission)));
            }
        }
    }
}

/// Keeps the memory of `gone` for the next.
fn recycle(gone: impl Iterator<Item = Channel>, spare: &mut Vec<Channel>) {
    for mut channel in gone {
        // No copy of any other from now on.
        channel.id = 0;
        if spare.len() < SPARE_MAX {
            spare.push(channel);
        }
    }
}

/// Tells whoever was told that `channel` began what became of it; nobody else needs to know.
fn withdraw(channel: &Channel, emission: Emission, into: Option<u64>, cause: impl FnOnce() -> String, sink: Sink<'_>) {
    if channel.announced {
        let emission = channel.list(Emission {
            open: false,
            ..emission
        });
        sink(DetectEvent::Withdrawn(Withdrawn {
            emission,
            into,
            cause: cause(),
        }));
    }
}

/// The first multiple of `step_s` that is a step away: looks at several emissions fall together.
fn after(now_s: f64, step_s: f64) -> f64 {
    (now_s / step_s + 1.0).ceil() * step_s
}

/// Whether two emissions have grown onto one channel.
fn same_signal(a: &Channel, b: &Channel, rules: &Rules) -> bool {
    let apart_s = a.start_s.max(b.start_s) - a.stop_s.min(b.stop_s);
    if a.bursts.is_empty() || b.bursts.is_empty() || apart_s > rules.hold_s {
        return false;
    }
    let alike = band_share((a.low, a.high), (b.low, b.high)) >= rules.channel_overlap;
    // One line is the strongest of both: one is more of the other's spectrum.
    let shared = || {
        apart_s < 0.0
            && a.low < b.high
            && b.low < a.high
            && a.peak_bin().abs_diff(b.peak_bin()) <= 1
            && a.is_line()
            && b.is_line()
    };
    alike || shared()
}
