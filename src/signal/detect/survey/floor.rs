//! The floor of frames: from the first of them at once, then from a running second, anew four times in it.

use crate::dsp::{
    kernel::widest,
    noise_floor::{self, FloorRules},
};

use super::super::slow::Add;

/// Groups of frames remembered.
const GROUPS: usize = 64;
/// Frames that the first floors are learnt from, after 1, 8 and 32 of them; groups that the first running one is.
const AT_FIRST: usize = 32;
/// New groups between the running ones.
const STEP: usize = 16;
/// Time remembered.
const SPAN_S: f64 = 1.0;

/// A floor for whoever compares a frame with it.
pub(super) struct FrameFloor {
    /// Noise power per bin.
    pub(super) level: Vec<f32>,
    /// One over it; zero outside `live`.
    pub(super) inverse: Vec<f32>,
    /// Bins that hold anything.
    pub(super) live: (usize, usize),
    /// One sigma of the level.
    pub(super) uncertainty_db: f64,
}

/// Remembers frames, and what their floor is.
pub(super) struct FrameFloors {
    groups: Vec<Vec<f32>>,
    /// Groups taken so far; while the first floors are learnt a group is a frame.
    taken: usize,
    first: bool,
    sum: Vec<f32>,
    frames: usize,
    frames_per_group: usize,
    averages: f64,
    silence: f32,
    rules: FloorRules,
    floor: FrameFloor,
}

impl FrameFloors {
    pub(super) fn new(bins: usize, averages: f64, frame_s: f64, silence: f32) -> Self {
        Self {
            groups: vec![vec![0.0; bins]; GROUPS],
            taken: 0,
            first: true,
            sum: vec![0.0; bins],
            frames: 0,
            frames_per_group: ((SPAN_S / frame_s.max(1e-9)) as usize / GROUPS).max(1),
            averages,
            silence,
            rules: FloorRules::default(),
            floor: FrameFloor {
                level: Vec::new(),
                inverse: vec![0.0; bins],
                live: (0, 0),
                uncertainty_db: 0.0,
            },
        }
    }

    /// Takes a frame.
    pub(super) fn take(&mut self, mean: &[f32]) {
        widest(Add(&mut self.sum, mean));
        self.frames += 1;
        if !self.first && self.frames < self.frames_per_group {
            return;
        }
        let scale = 1.0 / self.frames as f32;
        for (out, sum) in self.groups[self.taken % GROUPS].iter_mut().zip(&mut self.sum) {
            *out = *sum * scale;
            *sum = 0.0;
        }
        let frames = std::mem::take(&mut self.frames);
        self.taken += 1;
        if self.first {
            if matches!(self.taken, 1 | 8 | AT_FIRST) {
                self.learn(self.averages);
            }
            if self.taken == AT_FIRST {
                // What follows is averaged longer and not to be mixed with it.
                (self.first, self.taken) = (false, 0);
            }
        } else if self.taken >= AT_FIRST && self.taken.is_multiple_of(STEP) {
            self.learn(self.averages * frames as f64);
        }
    }

    /// Takes what is left at the end, of `averages` independent spectra: all there is where no frame came before it.
    pub(super) fn take_rest(&mut self, mean: &[f32], averages: f64) {
        if self.floor.level.is_empty() {
            self.groups[0].copy_from_slice(mean);
            self.taken = 1;
            self.learn(averages);
        }
    }

    /// Learns from the groups there are, each a mean of `averages` independent spectra.
    fn learn(&mut self, averages: f64) {
        let spectra: Vec<&[f32]> = self.groups[..self.taken.min(GROUPS)]
            .iter()
            .map(Vec::as_slice)
            .collect();
        let new = noise_floor::estimate(&spectra, averages, self.silence, &self.rules);
        let (first, last) = new.live;
        self.floor.inverse.fill(0.0);
        for (out, level) in self.floor.inverse[first..last].iter_mut().zip(&new.level[first..last]) {
            *out = 1.0 / level.max(f32::MIN_POSITIVE);
        }
        (self.floor.live, self.floor.uncertainty_db) = (new.live, new.uncertainty_db);
        self.floor.level = new.level;
    }

    /// The floor as last learnt.
    pub(super) fn floor(&self) -> &FrameFloor {
        &self.floor
    }
}
