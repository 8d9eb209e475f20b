//! The floor of frames: learnt from the last 64 of them, anew after every sixteenth.

use crate::dsp::noise_floor::{self, FloorRules};

/// Frames remembered.
const FRAMES: usize = 64;
/// New frames between estimates, once there are as many remembered as half of [`FRAMES`]; until then after 1, 2, 4, 8, 16 and 32.
const STEP: usize = 16;

/// A floor for whoever compares a frame with it.
pub(super) struct FrameFloor {
    /// Noise power per bin.
    pub(super) level: Vec<f32>,
    /// One over it; zero outside `live`.
    pub(super) inverse: Vec<f32>,
    /// Bins that hold anything.
    pub(super) live: (usize, usize),
}

/// Remembers frames, and what their floor is.
pub(super) struct FrameFloors {
    frames: Vec<Vec<f32>>,
    taken: usize,
    averages: f64,
    silence: f32,
    rules: FloorRules,
    floor: FrameFloor,
}

impl FrameFloors {
    pub(super) fn new(bins: usize, averages: f64, silence: f32) -> Self {
        Self {
            frames: vec![vec![0.0; bins]; FRAMES],
            taken: 0,
            averages,
            silence,
            rules: FloorRules::default(),
            floor: FrameFloor {
                level: Vec::new(),
                inverse: vec![0.0; bins],
                live: (0, 0),
            },
        }
    }

    /// Takes a frame and answers the floor for it.
    pub(super) fn take(&mut self, mean: &[f32]) -> &FrameFloor {
        self.frames[self.taken % FRAMES].copy_from_slice(mean);
        self.taken += 1;
        let learns = if self.taken < FRAMES / 2 {
            self.taken.is_power_of_two()
        } else {
            self.taken.is_multiple_of(STEP)
        };
        if learns {
            self.learn();
        }
        &self.floor
    }

    fn learn(&mut self) {
        let spectra: Vec<&[f32]> = self.frames[..self.taken.min(FRAMES)].iter().map(Vec::as_slice).collect();
        let new = noise_floor::estimate(&spectra, self.averages, self.silence, &self.rules);
        let (first, last) = new.live;
        self.floor.inverse.fill(0.0);
        for (out, level) in self.floor.inverse[first..last].iter_mut().zip(&new.level[first..last]) {
            *out = 1.0 / level.max(f32::MIN_POSITIVE);
        }
        self.floor.live = new.live;
        self.floor.level = new.level;
    }

    /// Noise power per bin as last learnt.
    pub(super) fn level(&self) -> &[f32] {
        &self.floor.level
    }
}
