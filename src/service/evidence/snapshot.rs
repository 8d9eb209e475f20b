//! The spectrum around an emission: mean and strongest level, floor, frequencies and time, as a JSON document.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    detect::Frame,
    service::live::LiveFrame,
    units::{Band, Hertz},
};

/// Spectra kept of each receiver: about six seconds at twenty a second.
const KEPT: usize = 128;
/// Widths of the emission shown on either side of it,
const WIDTHS: f64 = 3.0;
/// and bins at least.
const BINS: f64 = 64.0;

/// The latest spectra of every receiver.
#[derive(Debug, Default)]
pub(super) struct Recent(HashMap<Arc<str>, VecDeque<Arc<LiveFrame>>>);

impl Recent {
    pub(super) fn push(&mut self, frame: Arc<LiveFrame>) {
        let own = self.0.entry(Arc::clone(&frame.receiver)).or_default();
        if own.len() == KEPT {
            own.pop_front();
        }
        own.push_back(frame);
    }

    /// UTC of the beginning of the first and the end of the last spectrum that shows `center`.
    pub(super) fn reach(&self, receiver: &str, center: Hertz) -> Option<[Timestamp; 2]> {
        let mut own = self.showing(receiver, center);
        let first = own.next()?;
        Some([first.start, stop(own.next_back().unwrap_or(first))])
    }

    /// The spectra from one time to another, or the last one before where there are none.
    pub(super) fn between(&self, receiver: &str, center: Hertz, [from, to]: [Timestamp; 2]) -> Vec<Arc<LiveFrame>> {
        let inside: Vec<_> = self
            .showing(receiver, center)
            .filter(|frame| frame.start < to && stop(frame) > from)
            .cloned()
            .collect();
        if inside.is_empty() {
            return self
                .showing(receiver, center)
                .next_back()
                .cloned()
                .into_iter()
                .collect();
        }
        inside
    }

    fn showing(&self, receiver: &str, center: Hertz) -> impl DoubleEndedIterator<Item = &Arc<LiveFrame>> {
        let own = self.0.get(receiver).map(|frames| frames.iter());
        let shows = move |frame: &&Arc<LiveFrame>| {
            frame
                .band()
                .is_some_and(|band| (band.low()..band.high()).contains(&center))
        };
        own.into_iter().flatten().filter(shows)
    }
}

fn stop(frame: &LiveFrame) -> Timestamp {
    frame.start + SignedDuration::from_micros((frame.frame.duration_s.max(0.0) * 1e6).round() as i64)
}

/// The document. Levels are power densities, dBFS in one hertz; `null` was not observed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Snapshot {
    #[serde(rename = "type")]
    kind: &'static str,
    receiver: String,
    start: Timestamp,
    stop: Timestamp,
    /// Time observed between the two.
    observed_s: f64,
    /// Spectra averaged.
    spectra: usize,
    /// The emission as it was measured when the conflict was opened.
    emission: Measured,
    /// Distance of two bins.
    bin_hz: f64,
    /// Noise bandwidth of a bin; a steady carrier reads its power less ten times the logarithm of it.
    resolution_hz: f64,
    /// Centres of the bins.
    frequency_hz: Vec<f64>,
    mean_dbfs_hz: Vec<Option<f64>>,
    max_dbfs_hz: Vec<Option<f64>>,
    floor_dbfs_hz: Vec<Option<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Measured {
    pub(super) center_hz: Hertz,
    pub(super) low_hz: Hertz,
    pub(super) high_hz: Hertz,
}

impl Snapshot {
    /// Averages the spectra around the emission; those on another grid than the last are left out. `None` where none
    /// shows it.
    pub(super) fn of(emission: Measured, frames: &[Arc<LiveFrame>]) -> Option<Self> {
        let last = frames.last()?;
        let grid = |frame: &Frame| (frame.low_hz, frame.high_hz, frame.mean_dbfs.len());
        let alike: Vec<&Arc<LiveFrame>> = frames
            .iter()
            .filter(|frame| grid(&frame.frame) == grid(&last.frame))
            .collect();
        let (low_hz, high_hz, bins) = grid(&last.frame);
        let bin_hz = (high_hz - low_hz).as_f64() / bins.max(1) as f64;
        let resolution_hz = bin_hz * last.frame.enbw_bins;
        let shown = shown(emission, bin_hz);
        let index = |edge: Hertz| (((edge - low_hz).as_f64() / bin_hz).round().max(0.0) as usize).min(bins);
        let range = index(shown.low())..index(shown.high());
        if range.is_empty() {
            return None;
        }
        let density = |db: f64| Some(db - 10.0 * resolution_hz.log10()).filter(|db| db.is_finite());
        let seconds = |frame: &LiveFrame| frame.frame.duration_s.max(1e-6);
        let mean = |pick: fn(&Frame) -> &[f32], bin: usize| {
            let known = alike
                .iter()
                .filter_map(|frame| Some((f64::from(*pick(&frame.frame).get(bin)?), seconds(frame))))
                .filter(|(db, _)| !db.is_nan());
            let (power, time) = known.fold((0.0, 0.0), |(power, time), (db, s)| {
                (power + s * 10_f64.powf(db / 10.0), time + s)
            });
            density(10.0 * (power / time).log10())
        };
        let strongest = |bin: usize| {
            let known = alike.iter().filter_map(|frame| frame.frame.max_dbfs.get(bin));
            let most = known.copied().filter(|db| !db.is_nan()).reduce(f32::max)?;
            density(f64::from(most))
        };
        Some(Self {
            kind: "spectrum_snapshot",
            receiver: last.receiver.to_string(),
            start: alike.first()?.start,
            stop: stop(last),
            observed_s: alike.iter().map(|frame| frame.frame.duration_s.max(0.0)).sum(),
            spectra: alike.len(),
            emission,
            bin_hz,
            resolution_hz,
            frequency_hz: range
                .clone()
                .map(|bin| low_hz.as_f64() + (bin as f64 + 0.5) * bin_hz)
                .collect(),
            mean_dbfs_hz: range.clone().map(|bin| mean(|frame| &frame.mean_dbfs, bin)).collect(),
            max_dbfs_hz: range.clone().map(strongest).collect(),
            floor_dbfs_hz: range.map(|bin| mean(|frame| &frame.floor_dbfs, bin)).collect(),
        })
    }
}

/// What is shown: the emission with its neighbourhood.
fn shown(emission: Measured, bin_hz: f64) -> Band {
    let width = (emission.high_hz - emission.low_hz).as_f64().max(bin_hz);
    let half = width / 2.0 + (WIDTHS * width).max(BINS * bin_hz);
    Band::around(emission.center_hz, Hertz::from_f64(2.0 * half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(start_s: f64, level: f32, low_hz: i64) -> Arc<LiveFrame> {
        let mut mean_dbfs = vec![-100.0; 400];
        mean_dbfs[200] = level;
        mean_dbfs[10] = f32::NAN;
        Arc::new(LiveFrame {
            sequence: 1,
            receiver_index: 0,
            receiver: "roof".into(),
            start: Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(start_s),
            frame: Frame {
                start_s,
                duration_s: 0.5,
                low_hz: Hertz(low_hz),
                high_hz: Hertz(low_hz + 400_000),
                enbw_bins: 2.0,
                max_dbfs: mean_dbfs.iter().map(|db| db + 3.0).collect(),
                min_dbfs: mean_dbfs.clone(),
                floor_dbfs: vec![-100.0; 400],
                mean_dbfs,
            },
            floor_median_dbfs: -100.0,
        })
    }

    const EMISSION: Measured = Measured {
        center_hz: Hertz(1_200_500),
        low_hz: Hertz(1_199_000),
        high_hz: Hertz(1_202_000),
    };

    #[test]
    fn levels_are_densities_averaged_in_power_on_a_stated_axis() {
        let mut recent = Recent::default();
        recent.push(frame(0.0, -40.0, 1_000_000));
        recent.push(frame(0.5, -50.0, 1_000_000));
        recent.push(frame(1.0, -20.0, 8_000_000));
        let at = |s: f64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(s);
        assert_eq!(recent.reach("roof", EMISSION.center_hz), Some([at(0.0), at(1.0)]));
        let frames = recent.between("roof", EMISSION.center_hz, [at(0.1), at(0.9)]);
        assert_eq!(frames.len(), 2);
        let snapshot = Snapshot::of(EMISSION, &frames).expect("shown");
        // 64 bins on either side of an emission of three.
        assert_eq!((snapshot.frequency_hz.len(), snapshot.bin_hz), (131, 1_000.0));
        let peak = snapshot
            .frequency_hz
            .iter()
            .position(|hz| *hz == 1_200_500.0)
            .expect("its bin");
        let density = |db: f64| db - 10.0 * 2_000_f64.log10();
        let mean = snapshot.mean_dbfs_hz[peak].expect("a level");
        assert!((mean - density(-42.596_373)).abs() < 1e-4, "{mean}");
        let most = snapshot.max_dbfs_hz[peak].expect("a level");
        assert!((most - density(-37.0)).abs() < 1e-4, "{most}");
        assert!(
            snapshot
                .floor_dbfs_hz
                .iter()
                .all(|db| (db.unwrap_or(0.0) - density(-100.0)).abs() < 1e-4)
        );
        assert_eq!((snapshot.spectra, snapshot.observed_s), (2, 1.0));
        // Before anything was observed the nearest that is known is shown, with its own time.
        let late = recent.between("roof", EMISSION.center_hz, [at(5.0), at(6.0)]);
        assert_eq!(Snapshot::of(EMISSION, &late).map(|shown| shown.start), Some(at(0.5)));
        assert!(recent.between("roof", Hertz(5), [at(0.0), at(1.0)]).is_empty());
    }

    #[test]
    fn what_was_not_observed_is_null() {
        let edge = Measured {
            center_hz: Hertz(1_010_500),
            low_hz: Hertz(1_010_000),
            high_hz: Hertz(1_011_000),
        };
        let snapshot = Snapshot::of(edge, &[frame(0.0, -40.0, 1_000_000)]).expect("shown");
        assert_eq!(
            snapshot.frequency_hz.first(),
            Some(&1_000_500.0),
            "not beyond what was received"
        );
        assert_eq!(snapshot.mean_dbfs_hz[10], None);
        let text = serde_json::to_string(&snapshot).expect("JSON");
        assert!(text.contains("null") && !text.contains("NaN"), "{text}");
    }
}
