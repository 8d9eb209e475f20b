//! One spectrum per band from the frames of its hops.
//!
//! Each hop's frames of one dwell are averaged in linear power (mean), maximised (max) and minimised (min); when the
//! last hop of the band has been visited the tiles are laid side by side on one grid of bins. Bins of a hop that was
//! missed in this round are NaN: not observed, never a level.

use crate::{
    detect::Frame,
    units::{Band, Hertz},
};

/// Collects the frames of one band until a round is complete.
#[derive(Debug)]
pub(super) struct Stitcher {
    band: Band,
    tiles: Vec<Option<Tile>>,
    bins: usize,
}

#[derive(Debug)]
struct Tile {
    frame: Frame,
    frames: u32,
}

impl Stitcher {
    /// For a band visited in `hops` stops; frames have bins of about `bin_hz`.
    #[must_use]
    pub(super) fn new(band: Band, hops: usize, bin_hz: f64) -> Self {
        let bins = (band.width().as_f64() / bin_hz).round().max(1.0) as usize;
        Self {
            band,
            tiles: (0..hops).map(|_| None).collect(),
            bins,
        }
    }

    /// Adds a frame of hop `hop`.
    pub(super) fn add(&mut self, hop: usize, frame: &Frame) {
        let Some(slot) = self.tiles.get_mut(hop) else { return };
        match slot {
            Some(tile) if tile.frame.mean_dbfs.len() == frame.mean_dbfs.len() => tile.merge(frame),
            _ => {
                *slot = Some(Tile {
                    frame: frame.clone(),
                    frames: 1,
                })
            }
        }
    }

    /// The round's spectrum, and a fresh start; none when no hop delivered anything.
    pub(super) fn finish(&mut self) -> Option<Frame> {
        let tiles: Vec<Tile> = self.tiles.iter_mut().filter_map(Option::take).collect();
        let start_s = tiles.iter().map(|tile| tile.frame.start_s).reduce(f64::min)?;
        let stop_s = tiles
            .iter()
            .map(|tile| tile.frame.start_s + tile.frame.duration_s)
            .reduce(f64::max)?;
        let lay = |pick: &dyn Fn(&Frame) -> &Vec<f32>| {
            let mut bins = vec![f32::NAN; self.bins];
            for tile in &tiles {
                tile.lay(self.band, pick(&tile.frame), &mut bins);
            }
            bins
        };
        Some(Frame {
            start_s,
            duration_s: stop_s - start_s,
            low_hz: self.band.low(),
            high_hz: self.band.high(),
            enbw_bins: tiles[0].frame.enbw_bins,
            mean_dbfs: lay(&|frame| &frame.mean_dbfs),
            max_dbfs: lay(&|frame| &frame.max_dbfs),
            min_dbfs: lay(&|frame| &frame.min_dbfs),
            floor_dbfs: lay(&|frame| &frame.floor_dbfs),
        })
    }
}

impl Tile {
    fn merge(&mut self, frame: &Frame) {
        let weight = 1.0 / (self.frames as f32 + 1.0);
        for (mean, new) in self.frame.mean_dbfs.iter_mut().zip(&frame.mean_dbfs) {
            let power = to_power(*mean) * (1.0 - weight) + to_power(*new) * weight;
            *mean = 10.0 * power.log10();
        }
        for (max, new) in self.frame.max_dbfs.iter_mut().zip(&frame.max_dbfs) {
            *max = max.max(*new);
        }
        for (min, new) in self.frame.min_dbfs.iter_mut().zip(&frame.min_dbfs) {
            *min = min.min(*new);
        }
        self.frame.floor_dbfs.copy_from_slice(&frame.floor_dbfs);
        self.frame.duration_s = frame.start_s + frame.duration_s - self.frame.start_s;
        self.frames += 1;
    }

    /// Copies the bins that fall into `band` to their places on its grid.
    fn lay(&self, band: Band, from: &[f32], to: &mut [f32]) {
        let own = self.frame.low_hz.as_f64();
        let own_bin = (self.frame.high_hz - self.frame.low_hz).as_f64() / from.len() as f64;
        let bin = band.width().as_f64() / to.len() as f64;
        let first = ((own - band.low().as_f64()) / bin).ceil().max(0.0) as usize;
        for (index, value) in to.iter_mut().enumerate().skip(first) {
            let center = band.low().as_f64() + (index as f64 + 0.5) * bin;
            match from.get(((center - own) / own_bin) as usize) {
                Some(level) if center >= own => *value = *level,
                _ => break,
            }
        }
    }
}

fn to_power(db: f32) -> f32 {
    10.0_f32.powf(db / 10.0)
}

/// The part of a frame inside `tile`.
#[must_use]
pub(super) fn crop(frame: &Frame, tile: Band) -> Frame {
    let bins = frame.mean_dbfs.len();
    let bin = (frame.high_hz - frame.low_hz).as_f64() / bins as f64;
    let at = |edge: Hertz| (((edge - frame.low_hz).as_f64() / bin).round().max(0.0) as usize).min(bins);
    let (from, to) = (at(tile.low()), at(tile.high()));
    let edge = |index: usize| frame.low_hz + Hertz::from_f64(index as f64 * bin);
    let cut = |levels: &[f32]| levels[from..to].to_vec();
    Frame {
        low_hz: edge(from),
        high_hz: edge(to),
        mean_dbfs: cut(&frame.mean_dbfs),
        max_dbfs: cut(&frame.max_dbfs),
        min_dbfs: cut(&frame.min_dbfs),
        floor_dbfs: cut(&frame.floor_dbfs),
        ..*frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(low: i64, high: i64, start_s: f64, level: f32) -> Frame {
        let levels = vec![level; 8];
        Frame {
            start_s,
            duration_s: 0.1,
            low_hz: Hertz(low),
            high_hz: Hertz(high),
            enbw_bins: 1.5,
            mean_dbfs: levels.clone(),
            max_dbfs: levels.clone(),
            min_dbfs: levels.clone(),
            floor_dbfs: levels,
        }
    }

    #[test]
    fn tiles_lie_side_by_side_and_the_unvisited_is_not_a_level() {
        let band = Band::new(Hertz(0), Hertz(2400)).expect("ordered");
        let mut stitcher = Stitcher::new(band, 3, 100.0);
        stitcher.add(0, &frame(0, 800, 0.0, -50.0));
        stitcher.add(2, &frame(1600, 2400, 0.2, -70.0));
        let round = stitcher.finish().expect("two hops came");
        assert_eq!(round.mean_dbfs.len(), 24);
        assert!(round.mean_dbfs[..8].iter().all(|level| (*level - -50.0).abs() < 1e-6));
        assert!(
            round.mean_dbfs[8..16].iter().all(|level| level.is_nan()),
            "hop 1 was not visited"
        );
        assert!(round.mean_dbfs[16..].iter().all(|level| (*level - -70.0).abs() < 1e-6));
        assert!((round.duration_s - 0.3).abs() < 1e-9);
        assert!(stitcher.finish().is_none(), "a new round starts empty");
    }

    #[test]
    fn frames_of_one_dwell_average_in_linear_power() {
        let band = Band::new(Hertz(0), Hertz(800)).expect("ordered");
        let mut stitcher = Stitcher::new(band, 1, 100.0);
        stitcher.add(0, &frame(0, 800, 0.0, -50.0));
        stitcher.add(0, &frame(0, 800, 0.1, -60.0));
        let round = stitcher.finish().expect("one hop");
        let expected = 10.0 * ((1e-5_f32 + 1e-6) / 2.0).log10();
        assert!(
            (round.mean_dbfs[3] - expected).abs() < 1e-3,
            "{} for {expected}",
            round.mean_dbfs[3]
        );
        assert!((round.max_dbfs[3] - -50.0).abs() < 1e-6 && (round.min_dbfs[3] - -60.0).abs() < 1e-6);
    }

    #[test]
    fn cropping_keeps_whole_bins_inside_the_tile() {
        let cropped = crop(
            &frame(0, 800, 0.0, -1.0),
            Band::new(Hertz(100), Hertz(600)).expect("ordered"),
        );
        assert_eq!(
            (cropped.low_hz, cropped.high_hz, cropped.mean_dbfs.len()),
            (Hertz(100), Hertz(600), 5)
        );
    }
}
