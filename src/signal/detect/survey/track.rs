//! Regions of successive frames become emissions. Both are kept in ascending order, so that a frame costs what it holds.

use std::collections::VecDeque;

use super::{SurveyConfig, judge::Evidence, regions::Region};
use crate::{
    detect::{
        Artefact, BandwidthMethod, DetectEvent, Emission, Withdrawn, artefact::Verdict, book::Sink, clipping::Clipping,
        config::Rules,
    },
    dsp::measure::decibel,
    units::Hertz,
};

/// Least common share of the narrower of region and emission: neighbours that only touch are two.
const TOUCH_SHARE: f64 = 0.3;
/// A region so many times wider than an emission, and by some bins, is something else on top of it.
const ON_TOP: f64 = 4.0;
/// The bins.
const ON_TOP_BINS: f64 = 8.0;
/// Share of the way to a narrower band that its edges go with every frame; to a wider one they go at once.
const SHRINK: f64 = 1.0 / 8.0;
/// Bursts that are listed at most.
const LISTED: usize = 1000;
/// Bursts that there is room for from the beginning.
const LISTED_AT_FIRST: usize = 4;
/// Emissions remembered after their end, for what ends after them.
const PAST: usize = 256;
/// Bandwidth up to which the window's own width decides, bins.
const NARROW_BINS: f64 = 8.0;

/// An emission in progress.
pub(super) struct Track {
    pub(super) id: u64,
    /// Where regions are looked for, bins.
    low: f64,
    high: f64,
    /// Frames in which it was seen; the last of them.
    pub(super) frames: u64,
    last_frame: u64,
    pub(super) bursts: Vec<[f64; 2]>,
    pub(super) bursts_total: u64,
    pub(super) start_s: f64,
    pub(super) stop_s: f64,
    /// Time not observed before its start and before its stop.
    missed_s: [f64; 2],
    /// Sums over frames: power, floor, and what is weighed by power.
    power: f64,
    noise: f64,
    center: f64,
    band: [f64; 2],
    peak: f64,
    /// Frames in which something much stronger stood at its mirror; sums over those: its centre, and by how much.
    pub(super) mirrored: u64,
    pub(super) mirror_center: f64,
    pub(super) mirror_db: f64,
    /// Whether anybody was told that it began.
    announced: bool,
}

/// Emissions in progress, in the order of their frequencies.
pub(super) struct Tracks {
    open: Vec<Track>,
    /// Regions that belong to none, as indices.
    fresh: Vec<usize>,
    /// Emissions that are over, the last of them last.
    past: VecDeque<Track>,
    /// Reported ones.
    emissions: u64,
    rules: Rules,
    bins: usize,
    most: usize,
    frame: u64,
    now_s: f64,
    /// Time not observed so far.
    missed_s: f64,
    hold_frames: u64,
    next_id: u64,
    bin_hz: f64,
    low_hz: f64,
    frame_s: f64,
}

impl Tracks {
    pub(super) fn new(config: &SurveyConfig) -> Self {
        let bin_hz = config.sample_rate_hz / config.bins as f64;
        // More than every fourth bin cannot be told apart.
        let most = config.bins / 4;
        Self {
            open: Vec::with_capacity(most),
            fresh: Vec::with_capacity(config.bins / 2),
            past: VecDeque::new(),
            emissions: 0,
            rules: Rules {
                hold_s: config.hold_s,
                ..Rules::default()
            },
            bins: config.bins,
            most,
            frame: 0,
            now_s: 0.0,
            missed_s: 0.0,
            hold_frames: (config.hold_s / config.frame_s.max(1e-12)) as u64,
            next_id: 1,
            bin_hz,
            low_hz: config.center_hz.as_f64() - 0.5 * config.sample_rate_hz - 0.5 * bin_hz,
            frame_s: config.frame_s,
        }
    }

    /// Takes the regions of the next frame, of length `frame_s`.
    pub(super) fn advance(&mut self, regions: &[Region], frame_s: f64, clipping: &Clipping, sink: Sink<'_>) {
        self.frame += 1;
        let (start_s, stop_s) = (self.now_s, self.now_s + frame_s);
        self.now_s = stop_s;
        self.fresh.clear();
        let mut from = 0;
        for (index, region) in regions.iter().enumerate() {
            while self.open.get(from).is_some_and(|t| t.high + 1.0 <= region.low) {
                from += 1;
            }
            match self.best(from, region) {
                Some(index) => {
                    let track = &mut self.open[index];
                    track.missed_s[1] = self.missed_s;
                    track.go_on(region, self.frame, [start_s, stop_s]);
                    self.announce(index, sink);
                }
                None => self.fresh.push(index),
            }
        }
        let mut fresh = std::mem::take(&mut self.fresh);
        for index in fresh.drain(..) {
            self.begin(&regions[index], [start_s, stop_s], sink);
        }
        self.fresh = fresh;
        if self.frame.is_multiple_of(16) {
            let over = |t: &Track| self.frame - t.last_frame > self.hold_frames;
            if self.open.iter().any(over) {
                let (frame, hold) = (self.frame, self.hold_frames);
                let ended = self.open.extract_if(.., |t| frame - t.last_frame > hold).collect();
                self.close(ended, false, clipping, sink);
            }
            // Bands move: they are put in order again before it matters.
            self.open.sort_unstable_by(|a, b| a.low.total_cmp(&b.low));
        }
    }

    /// End of the last frame.
    pub(super) fn now_s(&self) -> f64 {
        self.now_s
    }

    pub(super) fn gap(&mut self, duration_s: f64) {
        self.now_s += duration_s.max(0.0);
        self.missed_s += duration_s.max(0.0);
    }

    /// Ends all of them; answers how many emissions were reported in all.
    pub(super) fn finish(&mut self, clipping: &Clipping, sink: Sink<'_>) -> u64 {
        let ended = std::mem::take(&mut self.open);
        self.close(ended, true, clipping, sink);
        self.emissions
    }

    /// Whether one emission fills `share` of `bins`, for as great a share of the frames.
    pub(super) fn is_full(&self, share: f64, bins: usize) -> bool {
        let full = |t: &Track| {
            let [low, high] = t.band();
            high - low > share * bins as f64 && t.frames as f64 > share * self.frame as f64
        };
        self.open.iter().chain(&self.past).any(full)
    }

    /// Reports emissions that are over as what they were; at the end of a pass those of its last frame are open.
    fn close(&mut self, ended: Vec<Track>, last: bool, clipping: &Clipping, sink: Sink<'_>) {
        let evidence = Evidence {
            clipping,
            rules: &self.rules,
            bins: self.bins,
            frame_s: self.frame_s,
        };
        for track in &ended {
            let others = ended.iter().chain(&self.open).chain(&self.past);
            let emission = self.emission(track, last && track.last_frame == self.frame);
            if track.snr_db() < self.rules.report_snr_db {
                withdraw(
                    track,
                    emission,
                    None,
                    "too weak on the whole to be told from the floor",
                    sink,
                );
                continue;
            }
            match evidence.verdict(track, others) {
                Verdict::Own => {
                    self.emissions += 1;
                    sink(DetectEvent::Closed(emission));
                }
                Verdict::Part { whole, cause } => {
                    withdraw(track, emission, Some(whole), &cause.to_string(), sink);
                }
                Verdict::Artefact(artefact, cause) => {
                    let cause = cause.to_string();
                    withdraw(track, emission.clone(), None, &cause, sink);
                    sink(DetectEvent::Artefact(Artefact {
                        emission,
                        artefact,
                        cause,
                    }));
                }
            }
        }
        self.past.extend(ended);
        self.past.drain(..self.past.len().saturating_sub(PAST));
    }

    /// The emission a region belongs to: that of the greatest share of common band among those from `from` on.
    fn best(&self, from: usize, region: &Region) -> Option<usize> {
        let width = region.high - region.low;
        let mut best = None;
        for (index, track) in self.open.iter().enumerate().skip(from) {
            if track.low > region.high + 1.0 {
                break;
            }
            let own = track.high - track.low;
            let common = region.high.min(track.high + 1.0) - region.low.max(track.low - 1.0);
            if common < TOUCH_SHARE * width.min(own) || width > ON_TOP * own + ON_TOP_BINS {
                continue;
            }
            let share = common / (region.high.max(track.high) - region.low.min(track.low));
            if best.is_none_or(|(_, most)| share > most) {
                best = Some((index, share));
            }
        }
        best.map(|(index, _)| index)
    }

    fn begin(&mut self, region: &Region, on: [f64; 2], sink: Sink<'_>) {
        if self.open.len() >= self.most {
            return;
        }
        let mut track = Track {
            id: self.next_id,
            low: region.low,
            high: region.high,
            frames: 0,
            last_frame: 0,
            bursts: Vec::with_capacity(LISTED_AT_FIRST),
            bursts_total: 0,
            start_s: on[0],
            stop_s: on[0],
            missed_s: [self.missed_s; 2],
            power: 0.0,
            noise: 0.0,
            center: 0.0,
            band: [0.0; 2],
            peak: 0.0,
            mirrored: 0,
            mirror_center: 0.0,
            mirror_db: 0.0,
            announced: false,
        };
        self.next_id += 1;
        track.go_on(region, self.frame, on);
        let at = self.open.partition_point(|t| t.low < track.low);
        self.open.insert(at, track);
        self.announce(at, sink);
    }

    /// Tells once that an emission began, as soon as it is strong enough to be reported.
    fn announce(&mut self, index: usize, sink: Sink<'_>) {
        let track = &self.open[index];
        if !track.announced && track.snr_db() >= self.rules.report_snr_db {
            sink(DetectEvent::Opened(self.emission(track, true)));
            self.open[index].announced = true;
        }
    }

    fn emission(&self, track: &Track, open: bool) -> Emission {
        let hz = |bin: f64| Hertz::from_f64((self.low_hz + bin * self.bin_hz).round());
        let [low, high] = track.band();
        let (low_hz, high_hz) = (hz(low), hz(high));
        let missed = track.missed_s[1] - track.missed_s[0];
        let observed = (track.stop_s - track.start_s - missed).max(self.frame_s);
        Emission {
            id: track.id,
            start_s: track.start_s,
            stop_s: track.stop_s,
            center_hz: hz(track.center / track.power),
            low_hz,
            high_hz,
            bandwidth_hz: Hertz(high_hz.0 - low_hz.0),
            bandwidth_method: if high - low > NARROW_BINS {
                BandwidthMethod::Obw99
            } else {
                BandwidthMethod::Bins
            },
            bandwidth_x26_hz: None,
            power_dbfs: decibel(track.power()),
            snr_db: track.snr_db(),
            peak_dbfs: decibel(track.peak),
            duty_cycle: (track.on_s(self.frame_s) / observed).min(1.0),
            bursts: track.bursts.clone(),
            bursts_total: track.bursts_total,
            // Half a bin either way, every place as likely.
            center_uncertainty_hz: self.bin_hz / 12.0_f64.sqrt(),
            classes: Vec::new(),
            open,
        }
    }
}

impl Track {
    /// Band of 99 % of the power, bins.
    pub(super) fn band(&self) -> [f64; 2] {
        self.band.map(|sum| sum / self.power)
    }

    /// Mean power while on.
    pub(super) fn power(&self) -> f64 {
        self.power / self.frames.max(1) as f64
    }

    /// Power over the noise of its bins, while on.
    fn snr_db(&self) -> f64 {
        decibel(self.power / self.noise.max(1e-30))
    }

    /// Mean power per bin.
    pub(super) fn density(&self) -> f64 {
        let [low, high] = self.band();
        self.power() / (high - low).max(1.0)
    }

    /// Time in which it was on.
    pub(super) fn on_s(&self, frame_s: f64) -> f64 {
        self.frames as f64 * frame_s
    }

    /// Share of its listed bursts in which `other` was on, each burst of that widened by `slack_s`.
    pub(super) fn within(&self, other: &Self, slack_s: f64) -> f64 {
        let (mut common, mut all, mut from) = (0.0, 0.0, 0);
        for [start, stop] in &self.bursts {
            all += stop - start;
            while other.bursts.get(from).is_some_and(|o| o[1] + slack_s < *start) {
                from += 1;
            }
            let mut reached = *start;
            for o in other.bursts[from..].iter().take_while(|o| o[0] - slack_s <= *stop) {
                let (start, stop) = ((o[0] - slack_s).max(reached), (o[1] + slack_s).min(*stop));
                if stop > start {
                    common += stop - start;
                    reached = stop;
                }
            }
        }
        common / all.max(1e-12)
    }

    fn go_on(&mut self, region: &Region, frame: u64, [start_s, stop_s]: [f64; 2]) {
        let relax = |edge: f64, seen: f64, grows: bool| if grows { seen } else { edge + (seen - edge) * SHRINK };
        self.low = relax(self.low, region.low, region.low < self.low);
        self.high = relax(self.high, region.high, region.high > self.high);
        let again = self.last_frame == frame;
        if self.frames == 0 || self.last_frame + 1 < frame || self.stop_s < start_s - 1e-9 {
            self.bursts_total += 1;
            if self.bursts.len() < LISTED {
                self.bursts.push([start_s, stop_s]);
            }
        } else if self.bursts_total as usize == self.bursts.len()
            && let Some(burst) = self.bursts.last_mut()
        {
            burst[1] = stop_s;
        }
        self.frames += u64::from(!again);
        (self.last_frame, self.stop_s) = (frame, stop_s);
        self.power += region.power;
        self.noise += region.noise;
        self.center += region.power * region.center;
        self.band[0] += region.power * region.low;
        self.band[1] += region.power * region.high;
        self.peak = self.peak.max(region.power);
        if let Some(mirror) = region.mirror.filter(|_| !again) {
            self.mirrored += 1;
            self.mirror_center += mirror.center;
            self.mirror_db += mirror.db;
        }
    }
}

/// Tells whoever was told that `track` began what became of it; nobody else needs to know.
fn withdraw(track: &Track, emission: Emission, into: Option<u64>, cause: &str, sink: Sink<'_>) {
    if track.announced {
        sink(DetectEvent::Withdrawn(Withdrawn {
            emission: Emission {
                open: false,
                ..emission
            },
            into,
            cause: cause.to_owned(),
        }));
    }
}
