//! What the charts are made of. Texts come in the language of the picture; levels in the unit they were measured in.

use jiff::Timestamp;

use super::{Colour, PlotError};
use crate::units::Band;

/// What every plot says about itself.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The frequencies shown.
    pub band: Band,
    /// UTC of the beginning; `None` for recordings without a date: times count from the first sample.
    pub start: Option<Timestamp>,
    /// Length of the time shown, seconds.
    pub seconds: f64,
    /// Receiver and place in words.
    pub receiver: String,
    /// Title instead of the usual one.
    pub title: Option<String>,
    /// Bands of the allocation table, for the strip under the frequency axis.
    pub allocations: Vec<BandLabel>,
}

/// A named band of the strip.
#[derive(Debug, Clone)]
pub struct BandLabel {
    /// Where; may reach beyond what is shown.
    pub band: Band,
    /// Its name.
    pub text: String,
    /// Its colour, usually `Colour::of_service`.
    pub colour: Colour,
}

/// The unit of levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LevelUnit {
    /// Relative to a full-scale complex sine: uncalibrated.
    #[default]
    Dbfs,
    /// At the antenna connector, behind a calibration.
    Dbm,
    /// Field strength, behind a calibration with an antenna factor.
    DbuvPerM,
}

impl LevelUnit {
    /// As written on axes.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Dbfs => "dBFS",
            Self::Dbm => "dBm",
            Self::DbuvPerM => "dBµV/m",
        }
    }
}

/// An emission on the frequency axis.
#[derive(Debug, Clone)]
pub struct Marker {
    /// Its band.
    pub band: Band,
    /// A few words, such as `#7 unlicensed`.
    pub label: String,
    /// Its colour, usually `Colour::of_severity`.
    pub colour: Colour,
}

/// Level over frequency: bins of equal width from `band.low` to `band.high`. NaN was not observed.
#[derive(Debug, Clone)]
pub struct SpectrumPlot {
    /// What it says about itself.
    pub scope: Scope,
    /// Unit of all levels.
    pub unit: LevelUnit,
    /// Resolution bandwidth, hertz, where known.
    pub resolution_hz: Option<f64>,
    /// Mean level per bin; at least one bin.
    pub mean: Vec<f32>,
    /// Highest level per bin; empty: not shown.
    pub max: Vec<f32>,
    /// Lowest level per bin; empty: not shown.
    pub min: Vec<f32>,
    /// Noise floor per bin; empty: not shown.
    pub floor: Vec<f32>,
    /// Emissions, the most important first.
    pub emissions: Vec<Marker>,
}

/// An emission on a waterfall.
#[derive(Debug, Clone)]
pub struct EmissionBox {
    /// Frequency, words and colour.
    pub marker: Marker,
    /// First second, from the beginning of the plot.
    pub start_s: f64,
    /// Last second.
    pub stop_s: f64,
}

/// Level over frequency and time: rows of equal duration, the oldest first.
#[derive(Debug, Clone)]
pub struct WaterfallPlot {
    /// What it says about itself.
    pub scope: Scope,
    /// Unit of all levels.
    pub unit: LevelUnit,
    /// Resolution bandwidth, hertz, where known.
    pub resolution_hz: Option<f64>,
    /// Rows of bins from `band.low` to `band.high`; `None` and NaN were not observed.
    pub rows: Vec<Option<Vec<f32>>>,
    /// Levels of the two ends of the colours; `None`: from the data.
    pub levels: Option<[f32; 2]>,
    /// Emissions, the most important first.
    pub emissions: Vec<EmissionBox>,
}

/// One channel or bin of an occupancy plot.
#[derive(Debug, Clone, Copy)]
pub struct OccupancyBin {
    /// Its band.
    pub band: Band,
    /// Share of the observed time in use, 0 to 1.
    pub fraction: f64,
    /// 95 % interval of it.
    pub interval: [f64; 2],
    /// Time it was truly observed, seconds; 0: nothing is known.
    pub observed_s: f64,
}

/// Share of time in use over frequency.
#[derive(Debug, Clone)]
pub struct OccupancyPlot {
    /// What it says about itself.
    pub scope: Scope,
    /// The threshold in words, such as `6 dB above the floor`.
    pub threshold: String,
    /// Occupancy of the whole band between the ends of its 95 % interval, 0 to 1: low, share, high.
    pub band_share: Option<[f64; 3]>,
    /// Channels in ascending order.
    pub bins: Vec<OccupancyBin>,
}

impl Scope {
    /// Refuses what has no extent.
    pub(super) fn check(&self) -> Result<(), PlotError> {
        if self.band.width().0 <= 0 {
            return Err(PlotError::Data(format!(
                "the band {} is empty: give two different edges",
                self.band
            )));
        }
        if !(self.seconds.is_finite() && self.seconds >= 0.0) {
            return Err(PlotError::Data(format!("a time of {} s cannot be shown", self.seconds)));
        }
        Ok(())
    }
}

impl SpectrumPlot {
    pub(super) fn check(&self) -> Result<(), PlotError> {
        self.scope.check()?;
        let bins = self.mean.len();
        if bins == 0 {
            return Err(PlotError::Data("the spectrum has no bins".into()));
        }
        for (name, trace) in [("max", &self.max), ("min", &self.min), ("floor", &self.floor)] {
            if !trace.is_empty() && trace.len() != bins {
                return Err(PlotError::Data(format!(
                    "'{name}' has {} bins, 'mean' {bins}",
                    trace.len()
                )));
            }
        }
        Ok(())
    }
}

impl WaterfallPlot {
    pub(super) fn check(&self) -> Result<(), PlotError> {
        self.scope.check()?;
        if self.rows.is_empty() {
            return Err(PlotError::Data("the waterfall has no rows".into()));
        }
        if let Some([low, high]) = self
            .levels
            .filter(|[low, high]| high.partial_cmp(low) != Some(std::cmp::Ordering::Greater))
        {
            return Err(PlotError::Data(format!(
                "the colours cannot run from {low} to {high}: the second must be higher"
            )));
        }
        let mut lengths = self.rows.iter().flatten().map(Vec::len);
        let bins = lengths.next().unwrap_or(1);
        match lengths.find(|length| *length != bins) {
            _ if bins == 0 => Err(PlotError::Data("the waterfall has rows without bins".into())),
            Some(other) => Err(PlotError::Data(format!(
                "the waterfall has rows of {bins} and of {other} bins"
            ))),
            None => Ok(()),
        }
    }
}

impl OccupancyPlot {
    pub(super) fn check(&self) -> Result<(), PlotError> {
        self.scope.check()?;
        if self.bins.is_empty() {
            return Err(PlotError::Data("the occupancy has no channels".into()));
        }
        let wrong = |bin: &&OccupancyBin| {
            bin.observed_s > 0.0
                && ![bin.fraction, bin.interval[0], bin.interval[1]]
                    .iter()
                    .all(|v| (0.0..=1.0).contains(v))
        };
        match self.bins.iter().find(wrong) {
            Some(bin) => Err(PlotError::Data(format!(
                "the occupancy of {} is not between 0 and 1",
                bin.band
            ))),
            None => Ok(()),
        }
    }
}
