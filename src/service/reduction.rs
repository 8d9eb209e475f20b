//! Levels of many bins on a grid of fewer pixels: what a screen, a stored row or a waterfall needs.
//!
//! A pixel shows the strongest bin (`Max`), the weakest (`Min`) or the linear mean of power (`Mean`) of the bins it
//! overlaps; for the mean a bin counts with its overlap. `NaN` is *not observed*: it contributes nothing, and a pixel
//! nothing contributed to stays `NaN`. A bin wider than a pixel fills every pixel it touches.

use crate::units::Band;

/// What a pixel shows of its bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// The strongest.
    Max,
    /// The weakest.
    Min,
    /// The linear mean of power.
    Mean,
}

/// Equal pixels over a band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The band, edge to edge.
    pub band: Band,
    /// Number of pixels, at least 1.
    pub pixels: usize,
}

impl Grid {
    /// Width of a pixel in hertz.
    #[must_use]
    pub fn pixel_hz(&self) -> f64 {
        self.band.width().as_f64() / self.pixels as f64
    }

    /// The pixels that bin `index` of `count` over `source` touches.
    fn pixels_of(&self, source: Band, count: usize, index: usize) -> Option<(usize, usize, f64, f64)> {
        let bin_hz = source.width().as_f64() / count as f64;
        let origin = (source.low() - self.band.low()).as_f64();
        let pixel_hz = self.pixel_hz();
        let low = (origin + index as f64 * bin_hz) / pixel_hz;
        let high = (origin + (index + 1) as f64 * bin_hz) / pixel_hz;
        // Edges that agree but for rounding must not spill into the neighbour.
        let first = (low + 1e-6).floor().max(0.0);
        let last = ((high - 1e-6).ceil() - 1.0).min(self.pixels as f64 - 1.0);
        (first <= last).then_some((first as usize, last as usize, low, high))
    }
}

/// Collects spectra on one grid, each weighted by its observed time.
#[derive(Debug, Clone)]
pub struct Reduction {
    grid: Grid,
    show: Show,
    level: Vec<f64>,
    weight: Vec<f64>,
}

impl Reduction {
    /// Nothing observed yet.
    #[must_use]
    pub fn new(grid: Grid, show: Show) -> Self {
        let level = match show {
            Show::Max => f64::NEG_INFINITY,
            Show::Min => f64::INFINITY,
            Show::Mean => 0.0,
        };
        Self {
            grid,
            show,
            level: vec![level; grid.pixels],
            weight: vec![0.0; grid.pixels],
        }
    }

    /// Adds `levels_dbfs` of equal bins over `source`, observed for `seconds`.
    pub fn add(&mut self, source: Band, levels_dbfs: &[f32], seconds: f64) {
        for (index, &level) in levels_dbfs.iter().enumerate() {
            if level.is_nan() {
                continue;
            }
            let Some((first, last, low, high)) = self.grid.pixels_of(source, levels_dbfs.len(), index) else {
                continue;
            };
            let level = f64::from(level);
            let value = if self.show == Show::Mean {
                10_f64.powf(level / 10.0)
            } else {
                level
            };
            for pixel in first..=last {
                let overlap = (high.min(pixel as f64 + 1.0) - low.max(pixel as f64)).max(1e-9) * seconds.max(1e-9);
                let slot = &mut self.level[pixel];
                match self.show {
                    Show::Max => *slot = slot.max(value),
                    Show::Min => *slot = slot.min(value),
                    Show::Mean => *slot += value * overlap,
                }
                self.weight[pixel] += overlap;
            }
        }
    }

    /// The pixels.
    #[must_use]
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Adds what another reduction of the same grid and kind collected.
    ///
    /// # Panics
    /// When grid or kind differ.
    pub fn merge(&mut self, other: &Self) {
        assert!(
            self.grid == other.grid && self.show == other.show,
            "reductions of different grids cannot be merged"
        );
        for (pixel, (&level, &weight)) in other.level.iter().zip(&other.weight).enumerate() {
            let slot = &mut self.level[pixel];
            *slot = match self.show {
                Show::Max => slot.max(level),
                Show::Min => slot.min(level),
                Show::Mean => *slot + level,
            };
            self.weight[pixel] += weight;
        }
    }

    /// The levels, `NaN` where nothing was observed.
    #[must_use]
    pub fn levels(&self) -> Vec<f32> {
        let each = self.level.iter().zip(&self.weight);
        each.map(|(&level, &weight)| match (weight > 0.0, self.show) {
            (false, _) => f32::NAN,
            (true, Show::Mean) => (10.0 * (level / weight).log10()) as f32,
            (true, _) => level as f32,
        })
        .collect()
    }

    /// Forgets what was added.
    pub fn clear(&mut self) {
        *self = Self::new(self.grid, self.show);
    }
}

/// One spectrum on a grid.
#[must_use]
pub fn reduce(grid: Grid, show: Show, source: Band, levels_dbfs: &[f32]) -> Vec<f32> {
    let mut reduction = Reduction::new(grid, show);
    reduction.add(source, levels_dbfs, 1.0);
    reduction.levels()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Hertz;

    fn band(low: i64, high: i64) -> Band {
        Band::new(Hertz(low), Hertz(high)).expect("ordered")
    }

    #[test]
    fn a_pixel_shows_max_min_and_linear_mean_of_its_bins() {
        let grid = Grid {
            band: band(0, 4),
            pixels: 2,
        };
        let levels = [-10.0, -20.0, f32::NAN, -30.0];
        assert_eq!(reduce(grid, Show::Max, band(0, 4), &levels), [-10.0, -30.0]);
        assert_eq!(reduce(grid, Show::Min, band(0, 4), &levels), [-20.0, -30.0]);
        let mean = reduce(grid, Show::Mean, band(0, 4), &levels);
        let expected = 10.0 * ((0.1_f32 + 0.01) / 2.0).log10();
        assert!(
            (mean[0] - expected).abs() < 1e-4 && (mean[1] + 30.0).abs() < 1e-4,
            "{mean:?}"
        );
    }

    #[test]
    fn what_was_not_observed_is_never_a_level() {
        let grid = Grid {
            band: band(0, 40),
            pixels: 4,
        };
        let max = reduce(grid, Show::Max, band(10, 20), &[-50.0]);
        assert!(max[0].is_nan() && max[2].is_nan() && max[3].is_nan());
        assert_eq!(max[1], -50.0);
        assert!(
            reduce(grid, Show::Mean, band(100, 200), &[-1.0])
                .iter()
                .all(|level| level.is_nan())
        );
    }

    #[test]
    fn a_wide_bin_fills_its_pixels_and_edges_do_not_spill() {
        let grid = Grid {
            band: band(0, 6),
            pixels: 6,
        };
        assert_eq!(
            reduce(grid, Show::Max, band(0, 6), &[-1.0, -2.0]),
            [-1.0, -1.0, -1.0, -2.0, -2.0, -2.0]
        );
        // 4096 bins on 1000 pixels: each pixel's maximum is a bin it overlaps, and a single strong bin is never lost.
        let mut levels = vec![-100.0; 4096];
        levels[4095] = -3.0;
        let grid = Grid {
            band: band(88_000_000, 90_400_000),
            pixels: 1000,
        };
        let max = reduce(grid, Show::Max, grid.band, &levels);
        assert_eq!(max[999], -3.0);
        assert_eq!(max[998], -100.0);
    }

    #[test]
    fn time_weights_the_mean() {
        let grid = Grid {
            band: band(0, 1),
            pixels: 1,
        };
        let mut mean = Reduction::new(grid, Show::Mean);
        mean.add(grid.band, &[0.0], 3.0);
        mean.add(grid.band, &[-100.0], 1.0);
        let expected = 10.0 * 0.75_f32.log10();
        assert!((mean.levels()[0] - expected).abs() < 1e-4);
        mean.clear();
        assert!(mean.levels()[0].is_nan());
    }
}
