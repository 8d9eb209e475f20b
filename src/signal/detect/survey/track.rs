//! Regions of successive frames become emissions. Both are kept in ascending order, so that a frame costs what it holds.

use super::{SurveyConfig, regions::Region};
use crate::{
    detect::{BandwidthMethod, DetectEvent, Emission, book::Sink},
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
/// Bandwidth up to which the window's own width decides, bins.
const NARROW_BINS: f64 = 8.0;

/// An emission in progress.
struct Track {
    id: u64,
    /// Where regions are looked for, bins.
    low: f64,
    high: f64,
    /// Frames in which it was seen; the last of them.
    frames: u64,
    last_frame: u64,
    bursts: Vec<[f64; 2]>,
    bursts_total: u64,
    start_s: f64,
    stop_s: f64,
    /// Sums over frames: power, floor, and what is weighed by power.
    power: f64,
    noise: f64,
    center: f64,
    band: [f64; 2],
    peak: f64,
}

/// Emissions in progress, in the order of their frequencies.
pub(super) struct Tracks {
    open: Vec<Track>,
    /// Regions that belong to none, as indices.
    fresh: Vec<usize>,
    most: usize,
    frame: u64,
    now_s: f64,
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
            most,
            frame: 0,
            now_s: 0.0,
            hold_frames: (config.hold_s / config.frame_s.max(1e-12)) as u64,
            next_id: 1,
            bin_hz,
            low_hz: config.center_hz.as_f64() - 0.5 * config.sample_rate_hz - 0.5 * bin_hz,
            frame_s: config.frame_s,
        }
    }

    /// Takes the regions of the next frame.
    pub(super) fn advance(&mut self, regions: &[Region], sink: Sink<'_>) {
        self.frame += 1;
        let (start_s, stop_s) = (self.now_s, self.now_s + self.frame_s);
        self.now_s = stop_s;
        self.fresh.clear();
        let mut from = 0;
        for (index, region) in regions.iter().enumerate() {
            while self.open.get(from).is_some_and(|t| t.high + 1.0 <= region.low) {
                from += 1;
            }
            match self.best(from, region) {
                Some(track) => self.open[track].go_on(region, self.frame, [start_s, stop_s]),
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
                let mut open = std::mem::take(&mut self.open);
                for track in open.extract_if(.., |t| frame - t.last_frame > hold) {
                    sink(DetectEvent::Closed(self.emission(&track, false)));
                }
                self.open = open;
            }
            // Bands move: they are put in order again before it matters.
            self.open.sort_unstable_by(|a, b| a.low.total_cmp(&b.low));
        }
    }

    pub(super) fn gap(&mut self, duration_s: f64) {
        self.now_s += duration_s.max(0.0);
    }

    pub(super) fn finish(&mut self, sink: Sink<'_>) {
        let (open, frame) = (std::mem::take(&mut self.open), self.frame);
        for track in &open {
            sink(DetectEvent::Closed(self.emission(track, track.last_frame == frame)));
        }
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
            power: 0.0,
            noise: 0.0,
            center: 0.0,
            band: [0.0; 2],
            peak: 0.0,
        };
        self.next_id += 1;
        track.go_on(region, self.frame, on);
        sink(DetectEvent::Opened(self.emission(&track, true)));
        let at = self.open.partition_point(|t| t.low < track.low);
        self.open.insert(at, track);
    }

    fn emission(&self, track: &Track, open: bool) -> Emission {
        let hz = |bin: f64| Hertz::from_f64((self.low_hz + bin * self.bin_hz).round());
        let [low, high] = track.band.map(|sum| sum / track.power);
        let (low_hz, high_hz) = (hz(low), hz(high));
        let observed = (track.stop_s - track.start_s).max(self.frame_s);
        let frames = track.frames.max(1) as f64;
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
            power_dbfs: decibel(track.power / frames),
            snr_db: decibel(track.power / track.noise.max(1e-30)),
            peak_dbfs: decibel(track.peak),
            duty_cycle: (frames * self.frame_s / observed).min(1.0),
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
    }
}
