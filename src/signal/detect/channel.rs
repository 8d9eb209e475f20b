//! Bursts on one channel become one emission, measured over all of them.

use super::{
    burst::Burst,
    class::Votes,
    config::{BINS, DetectorConfig, ROW, Rules, SEGMENTS},
    emission::{BandwidthMethod, Emission},
    energy::Energy,
    ontime::{OnTime, OnTimes},
};
use crate::{
    dsp::{
        measure::{centroid, decibel, x_db_band},
        resolve::Resolver,
        window::Window,
    },
    units::Hertz,
};

/// Bursts listed at most.
pub(super) const BURSTS_LISTED: usize = 10_000;
/// Ratio over the floor above which the 99 % figure is a measurement of the signal and not of the noise, dB.
const OBW_SNR_DB: f64 = 6.0;
/// Ratio over the floor above which the 26 dB points lie over the noise, dB.
const X26_SNR_DB: f64 = 30.0;

/// Band, bins, up to which the window's main lobe makes a signal wider than a bin or so: its width is then found with the
/// lobe taken out.
const NARROW_BINS: f64 = 32.0;
/// Bins on either side of the band that the lobe reaches from within it.
const LOBE_BINS: usize = 4;
/// Ratio over the floor above which the lobe can be told from noise, dB: what noise adds to either side is then less than the
/// half percent that is sought.
const RESOLVED_SNR_DB: f64 = 20.0;
/// Width, bins, from which what a weaker signal's bins hold is its own for the greater part.
const OWN_BINS: f64 = 8.0;
/// Width, bins, below which a signal is not told from a line: with some noise, a line reads up to this.
const RESOLVED_BINS: f64 = 2.5;

/// Rows at most of a brief burst.
const BRIEF_ROWS: f64 = 2.0;
/// What a brief burst may lack of the level that is asked for, dB: it fills half of its rows or less.
const BRIEF_DB: f64 = 3.0;

/// An emission in progress.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) id: u64,
    /// Band, bins.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) start_s: f64,
    pub(super) stop_s: f64,
    /// On-intervals, sorted and disjoint once [`Channel::tidy`] ran.
    pub(super) bursts: OnTimes,
    pub(super) dropped: u64,
    pub(super) on_s: f64,
    pub(super) energy: Energy,
    pub(super) margin: Energy,
    /// What the floor had risen by in its rows, as a multiple of the floor, times seconds.
    pub(super) raised_s: f64,
    pub(super) peak: f32,
    /// Announced as opened.
    pub(super) announced: bool,
    /// When to look at it again for the sake of those who watch.
    pub(super) look_s: f64,
    /// Was on when observation began.
    pub(super) from_start: bool,
    /// Was on when observation ended.
    pub(super) to_end: bool,
    /// Has a burst that has not ended; set in snapshots only.
    pub(super) in_progress: bool,
    /// Up to when it was looked at for its class, and when to look again.
    pub(super) seen_s: [f64; 2],
    /// What it was taken for.
    pub(super) votes: Votes,
    /// Kept by [`Channel::settle`].
    levels: Option<Levels>,
}

/// What [`Channel::settle`] keeps.
#[derive(Debug, Clone, Copy)]
struct Levels {
    power: f64,
    density: f64,
    covered_s: f64,
}

impl Default for Channel {
    fn default() -> Self {
        Self::in_memory(Energy::new(), Energy::new(), OnTimes::default())
    }
}

impl Channel {
    pub(super) fn new(id: u64, low: f64, high: f64, start_s: f64) -> Self {
        Self::default().again(id, [low, high], start_s)
    }

    /// One of another number, with nothing in it yet, in the memory of this one.
    pub(super) fn again(self, id: u64, [low, high]: [f64; 2], start_s: f64) -> Self {
        let Self {
            mut energy,
            mut margin,
            mut bursts,
            ..
        } = self;
        energy.clear();
        margin.clear();
        bursts.clear();
        Self {
            id,
            low,
            high,
            start_s,
            stop_s: start_s,
            look_s: start_s,
            ..Self::in_memory(energy, margin, bursts)
        }
    }

    fn in_memory(energy: Energy, margin: Energy, bursts: OnTimes) -> Self {
        Self {
            id: 0,
            low: 0.0,
            high: 0.0,
            start_s: 0.0,
            stop_s: 0.0,
            bursts,
            dropped: 0,
            on_s: 0.0,
            energy,
            margin,
            raised_s: 0.0,
            peak: 0.0,
            announced: false,
            look_s: 0.0,
            from_start: false,
            to_end: false,
            in_progress: false,
            seen_s: [f64::NEG_INFINITY; 2],
            votes: Votes::default(),
            levels: None,
        }
    }

    /// Becomes what `other` is, without new memory where there is enough. One of the same number was a copy of it when it was
    /// last copied.
    pub(super) fn copy_from(&mut self, other: &mut Self) {
        let mut energy = std::mem::replace(&mut self.energy, Energy::none());
        let mut margin = std::mem::replace(&mut self.margin, Energy::none());
        let mut bursts = std::mem::take(&mut self.bursts);
        energy.copy_from(&other.energy);
        margin.copy_from(&other.margin);
        bursts.copy_from(&mut other.bursts, self.id == other.id);
        *self = Self {
            energy,
            margin,
            bursts,
            ..*other
        };
    }

    /// Adds a finished burst.
    pub(super) fn add(&mut self, burst: &Burst) {
        self.energy.add(&burst.energy);
        self.margin.add(&burst.margin);
        self.levels = None;
        self.on_s += burst.on_s;
        self.raised_s += burst.raised_s;
        self.start_s = self.start_s.min(burst.start_s);
        self.stop_s = self.stop_s.max(burst.stop_s);
        self.peak = self.peak.max(burst.peak);
        self.from_start |= burst.from_start;
        self.to_end |= burst.to_end;
        if self.bursts.len() < BURSTS_LISTED {
            self.bursts.push(OnTime::of(burst));
        } else {
            self.dropped += 1;
        }
        if let Some((low, high)) = self.energy.band() {
            (self.low, self.high) = (low, high);
        }
    }

    /// Adds the lists to what was measured of it, which take memory: for who is told of it.
    pub(super) fn list(&self, emission: Emission) -> Emission {
        Emission {
            bursts: self.bursts.iter().map(OnTime::edges).collect(),
            classes: self.votes.scores(),
            ..emission
        }
    }

    /// Whether its bursts are so brief that a row, being longer, shows less than their level. Needs [`Channel::tidy`].
    fn is_brief(&self, row_s: f64) -> bool {
        self.covered_s() <= BRIEF_ROWS * row_s * self.bursts.len() as f64
    }

    /// Whether it is made of pulses.
    pub(super) fn of_pulses(&self) -> bool {
        self.bursts.last().is_some_and(|burst| burst.exact)
    }

    /// Takes over everything of another emission on the same channel.
    pub(super) fn unite(&mut self, part: &Self) {
        self.energy.add(&part.energy);
        self.margin.add(&part.margin);
        self.levels = None;
        self.on_s += part.on_s;
        self.raised_s += part.raised_s;
        self.votes.unite(&part.votes);
        self.start_s = self.start_s.min(part.start_s);
        self.stop_s = self.stop_s.max(part.stop_s);
        self.peak = self.peak.max(part.peak);
        self.from_start |= part.from_start;
        self.to_end |= part.to_end;
        let room = BURSTS_LISTED - self.bursts.len();
        self.bursts.extend(&part.bursts[..room.min(part.bursts.len())]);
        self.dropped += part.dropped + part.bursts.len().saturating_sub(room) as u64;
        if let Some((low, high)) = self.energy.band() {
            (self.low, self.high) = (low, high);
        }
    }

    /// Sorts the bursts and joins those that touch, `slack_s` apart at most.
    pub(super) fn tidy(&mut self, slack_s: f64) {
        self.bursts.tidy(slack_s);
        self.levels = None;
        if self.dropped == 0 {
            self.on_s = self.covered_s();
        }
    }

    /// Keeps what the comparison of all with all asks for again and again.
    pub(super) fn settle(&mut self) {
        self.levels = Some(self.measured());
    }

    fn measured(&self) -> Levels {
        let on_s = self.on_s.max(1e-12);
        Levels {
            power: self.energy.total() / on_s,
            density: f64::from(self.energy.peak().1) / on_s,
            covered_s: self.bursts.covered_s(),
        }
    }

    fn levels(&self) -> Levels {
        self.levels.unwrap_or_else(|| self.measured())
    }

    /// Time on, each moment counted once. Needs [`Channel::tidy`].
    pub(super) fn covered_s(&self) -> f64 {
        self.levels().covered_s
    }

    /// Mean power while on.
    pub(super) fn power(&self) -> f64 {
        self.levels().power
    }

    /// Strongest mean power per bin while on.
    pub(super) fn density(&self) -> f64 {
        self.levels().density
    }

    /// Bin of the most energy.
    pub(super) fn peak_bin(&self) -> usize {
        self.energy.peak().0
    }

    /// Whether most of the energy is in one line.
    pub(super) fn is_line(&self) -> bool {
        let peak = self.peak_bin();
        let line = self.energy.slice(peak.saturating_sub(4)..(peak + 5).min(BINS));
        f64::from(line.iter().sum::<f32>()) > 0.5 * self.energy.total()
    }

    /// Duration of its bursts that have time in common with the time from start to stop of `other`.
    pub(super) fn burst_s_about(&self, other: &Self) -> f64 {
        let bursts = self.bursts.iter();
        let about = bursts.filter(|b| b[0] < other.stop_s && b[1] > other.start_s);
        about.map(|b| b[1] - b[0]).sum()
    }

    /// Share of this channel's on-time that lies within `other`'s, each interval of it widened by `slack_s`.
    pub(super) fn within(&self, other: &Self, slack_s: f64) -> f64 {
        let mut common = 0.0;
        let mut from = 0;
        for b in self.bursts.iter() {
            while from < other.bursts.len() && other.bursts[from][1] + slack_s < b[0] {
                from += 1;
            }
            let mut reached = b[0];
            for o in &other.bursts[from..] {
                if o[0] - slack_s > b[1] {
                    break;
                }
                let (start, stop) = ((o[0] - slack_s).max(reached), (o[1] + slack_s).min(b[1]));
                if stop > start {
                    common += stop - start;
                    reached = stop;
                }
            }
        }
        common / self.covered_s().max(1e-12)
    }
}

impl Channel {
    /// Adds what lies beside the regions where it is more than noise and floor error could be, and measures the band
    /// again: the modulation sidebands of a signal whose regions hold only its strongest part.
    pub(super) fn widen(&mut self, floor: &[f32], row_s: f64) {
        let Some((low, high)) = self.energy.band() else {
            return;
        };
        let middle = (0.5 * (low + high)) as usize;
        for range in [0..middle, middle..BINS] {
            let extent = self.margin.extent();
            let range = range.start.max(extent.start)..range.end.min(extent.end).max(extent.start);
            let (mut sum, mut noise, mut bins) = (0.0, 0.0, 0.0);
            for k in range.clone() {
                if self.margin.at(k) != 0.0 {
                    sum += f64::from(self.margin.at(k));
                    noise += f64::from(floor[k]);
                    bins += 1.0;
                }
            }
            // Neighbouring bins share a window: 2.8 of them are one; a row is two independent segments.
            let sigma = noise / f64::max(bins, 1.0) * (2.8 * bins * self.on_s * row_s / 2.0).sqrt();
            if sum > 4.0 * sigma + MARGIN_FLOOR_ERROR * noise * self.on_s {
                let range = range.start..range.end.max(range.start);
                let energy = self.energy.slice_mut(range.clone()).iter_mut();
                for (sum, margin) in energy.zip(self.margin.slice_mut(range)) {
                    *sum += std::mem::take(margin);
                }
                self.levels = None;
            }
        }
        if let Some((low, high)) = self.energy.band() {
            (self.low, self.high) = (low, high);
        }
    }
}

/// Relative error of the floor that energy beside the regions must exceed.
const MARGIN_FLOOR_ERROR: f64 = 0.05;

/// Share of the common band of two bands in all they cover together; both widened by a bin, which is the resolution.
pub(super) fn band_share(a: (f64, f64), b: (f64, f64)) -> f64 {
    let common = a.1.min(b.1) - a.0.max(b.0) + 2.0;
    let all = a.1.max(b.1) - a.0.min(b.0) + 2.0;
    (common / all).max(0.0)
}

/// Turns bins into hertz and powers into decibels.
pub(super) struct Reporter {
    low_hz: f64,
    bin_hz: f64,
    row_s: f64,
    /// What the window adds to an edge between half power and 26 dB.
    blur_bins: f64,
    resolver: Resolver,
}

impl Reporter {
    pub(super) fn new(config: &DetectorConfig) -> Self {
        let bin_hz = config.sample_rate_hz / BINS as f64;
        let window = Window::blackman_harris(BINS);
        // Bin BINS / 2 is centred on the centre frequency: its lower edge lies half a bin below.
        Self {
            low_hz: config.center_hz.as_f64() - config.sample_rate_hz / 2.0 - bin_hz / 2.0,
            bin_hz,
            row_s: ROW as f64 / config.sample_rate_hz,
            blur_bins: window.edge_reach_bins(26.0),
            resolver: Resolver::new(&window),
        }
    }

    /// Frequency of a position in bins.
    pub(super) fn frequency_hz(&self, bin: f64) -> f64 {
        self.low_hz + bin * self.bin_hz
    }

    /// Whether an emission is too close to the floor to be reported: neither steadily nor for a moment well above it.
    pub(super) fn too_weak(&self, channel: &Channel, emission: &Emission, floor: &[f32], rules: &Rules) -> bool {
        let (first, last) = (channel.low.max(0.0) as usize, (channel.high.ceil() as usize).min(BINS));
        let noise: f64 = floor[first.min(last)..last].iter().map(|f| f64::from(*f)).sum();
        let peak_db = decibel(f64::from(channel.peak) / noise.max(1e-20));
        let least_db = rules.report_snr_db - if channel.is_brief(self.row_s) { BRIEF_DB } else { 0.0 };
        emission.snr_db < least_db && (emission.snr_db < least_db - 3.0 || peak_db < least_db + 5.0)
    }

    /// The occupied band, in bins, and how far it is a measurement.
    fn occupied(&self, channel: &Channel, snr_db: f64) -> ((f64, f64), BandwidthMethod) {
        let bins = (channel.low, channel.high);
        let width = bins.1 - bins.0;
        // Bins of pulses are wider than these.
        let narrow = width <= NARROW_BINS && !channel.of_pulses();
        if !narrow || snr_db < RESOLVED_SNR_DB {
            let measured = snr_db >= OBW_SNR_DB && (!narrow || width >= OWN_BINS);
            return (
                bins,
                if measured {
                    BandwidthMethod::Obw99
                } else {
                    BandwidthMethod::Bins
                },
            );
        }
        let first = (bins.0.max(0.0) as usize).saturating_sub(LOBE_BINS);
        let last = (bins.1.ceil() as usize + LOBE_BINS).min(BINS);
        let resolved = self.resolver.occupied_band(channel.energy.slice(first..last), 0.99);
        // A window makes nothing narrower.
        let resolved =
            resolved.map(|(low, high)| ((low + first as f64).max(bins.0), (high + first as f64).min(bins.1)));
        match resolved {
            Some(band) if band.1 - band.0 >= RESOLVED_BINS => (band, BandwidthMethod::Obw99),
            _ => (bins, BandwidthMethod::Bins),
        }
    }

    /// The band between the 26 dB points, in bins from the first of its extent. What its own skirts raise the span by within a row
    /// was taken for floor when the row was judged, and is put back: at 30 dB over the noise it is a tenth of what lies at these points
    /// beside unfiltered OFDM.
    fn x26(&self, channel: &Channel, floor: &[f32]) -> Option<(f64, f64)> {
        let extent = channel.energy.extent();
        let raised_s = channel.raised_s as f32;
        let mut power = [0.0; BINS];
        let power = &mut power[..extent.len()];
        let own = channel.energy.slice(extent.clone()).iter().zip(&floor[extent]);
        for (out, (energy, level)) in power.iter_mut().zip(own) {
            *out = energy + raised_s * level;
        }
        let averages = SEGMENTS as f64 * (channel.on_s / self.row_s).max(1.0);
        x_db_band(power, 26.0, self.blur_bins, averages)
    }

    /// The emission as it is known now, without what [`Channel::list`] adds. `observed_s` is the time observed between its
    /// start and stop.
    pub(super) fn emission(&self, channel: &Channel, floor: &[f32], observed_s: f64, open: bool) -> Emission {
        let (low, high) = (channel.low, channel.high);
        let (first, last) = (
            low.max(0.0) as usize,
            (high.ceil() as usize).min(BINS).max(low as usize + 1),
        );
        let on_s = channel.on_s.max(1e-12);
        let power = channel.power().max(1e-20);
        let noise: f64 = floor[first..last.min(BINS)].iter().map(|f| f64::from(*f)).sum();
        let snr_db = decibel(power / noise.max(1e-20));
        let peak_bin = channel.energy.peak().1;
        let peak_ratio = f64::from(peak_bin) / on_s / (noise / (last - first).max(1) as f64).max(1e-20);
        let x26 = (decibel(peak_ratio) >= X26_SNR_DB)
            .then(|| self.x26(channel, floor))
            .flatten();
        let centre =
            centroid(channel.energy.slice(first..last.min(BINS))).map_or(0.5 * (low + high), |c| c + first as f64);
        let ((low, high), bandwidth_method) = self.occupied(channel, snr_db);
        let [low_hz, high_hz] = [low, high].map(|bin| Hertz::from_f64(self.frequency_hz(bin)));
        let spectra = (on_s * self.bin_hz * 2.0).max(1.0);
        let sharp = |burst: Option<&OnTime>, i: usize, rows_s: f64| match burst {
            Some(burst) if burst[i] == rows_s => burst.edges()[i],
            _ => rows_s,
        };
        let start_s = sharp(channel.bursts.first(), 0, channel.start_s);
        let stop_s = sharp(channel.bursts.last(), 1, channel.stop_s);
        Emission {
            id: channel.id,
            start_s,
            stop_s,
            center_hz: Hertz::from_f64(self.frequency_hz(centre)),
            low_hz,
            high_hz,
            bandwidth_hz: high_hz - low_hz,
            bandwidth_method,
            bandwidth_x26_hz: x26.map(|(a, b)| Hertz::from_f64((b - a) * self.bin_hz)),
            power_dbfs: decibel(power),
            snr_db,
            peak_dbfs: decibel(f64::from(channel.peak)),
            duty_cycle: (channel.covered_s() / observed_s.max(1e-12)).clamp(0.0, 1.0),
            bursts: Vec::new(),
            bursts_total: channel.bursts.len() as u64 + channel.dropped,
            center_uncertainty_hz: self.bin_hz * (0.1 + 0.5 / (10_f64.powf(snr_db / 10.0).max(0.1) * spectra).sqrt()),
            classes: Vec::new(),
            open,
        }
    }
}
