//! What the detector reports: emissions, artefacts of the receiver, gaps, and a summary of the conditions.
//!
//! Times are seconds from the first sample; frequencies are absolute; levels are dBFS (full-scale complex sine = 0).

use serde::{Deserialize, Serialize};

use super::class::ClassScore;
use crate::units::Hertz;

/// How `bandwidth_hz` was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BandwidthMethod {
    /// 99 % occupied bandwidth (RR 1.153; ITU-R SM.443 Annex 1), noise subtracted, gated to on-time.
    Obw99,
    /// Outermost 26 dB points below the peak (ITU-R SM.443 Annex 2).
    X26,
    /// Width of the detected bins: the signal is too weak for either, or too narrow to be told from a line.
    Bins,
}

/// One signal of one sender, as far as energy can tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Emission {
    /// Number within this run, ascending by first appearance.
    pub id: u64,
    /// First time above threshold.
    pub start_s: f64,
    /// Last time above threshold; grows while `open`.
    pub stop_s: f64,
    /// Power-weighted centre of the occupied band.
    pub center_hz: Hertz,
    /// Lower edge of the occupied band.
    pub low_hz: Hertz,
    /// Upper edge of the occupied band.
    pub high_hz: Hertz,
    /// `high_hz - low_hz`.
    pub bandwidth_hz: Hertz,
    /// How the bandwidth was measured.
    pub bandwidth_method: BandwidthMethod,
    /// Bandwidth between the 26 dB points, where measurable.
    pub bandwidth_x26_hz: Option<Hertz>,
    /// Mean power while on, noise subtracted.
    pub power_dbfs: f64,
    /// Power over the noise within the occupied band, while on.
    pub snr_db: f64,
    /// Strongest short-time power.
    pub peak_dbfs: f64,
    /// On-time over observed time between start and stop.
    pub duty_cycle: f64,
    /// On-intervals `[start_s, stop_s]` in time order, at most 10,000.
    pub bursts: Vec<[f64; 2]>,
    /// All on-intervals, listed or not.
    pub bursts_total: u64,
    /// Uncertainty of `center_hz` from noise and bin width alone, one sigma, without the oscillator's.
    pub center_uncertainty_hz: f64,
    /// Classes of emission it may be, best first; empty where its features fit none or too little was seen of it.
    pub classes: Vec<ClassScore>,
    /// Still on when observation ended or when this was reported.
    pub open: bool,
}

/// What in the receiver made energy appear where nobody transmits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArtefactKind {
    /// Spike at the centre from converter offset or local-oscillator leakage.
    Dc,
    /// Mirror of a stronger signal about the centre, from I/Q imbalance.
    Image,
    /// Internal spurious carrier.
    Spur,
    /// Folded from beyond the sampled span.
    Alias,
    /// Mixing product of strong signals.
    Intermodulation,
    /// Splatter while the converter clips.
    Overload,
}

/// Energy with a cause inside the receiver; never an emission, never a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artefact {
    /// What was seen, measured like an emission.
    #[serde(flatten)]
    pub emission: Emission,
    /// The kind.
    pub artefact: ArtefactKind,
    /// The evidence in one sentence: parent frequency, level ratio, clipped fraction.
    pub cause: String,
}

/// The end of an emission that was announced and later turned out to be none of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Withdrawn {
    /// As it stood last; `open` is false.
    pub emission: Emission,
    /// The emission that holds its energy, where it is part of another.
    pub into: Option<u64>,
    /// Why, in one sentence.
    pub cause: String,
}

/// Why time is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GapReason {
    /// Samples were lost between receiver and detector.
    Overflow,
    /// The receiver went away.
    Unplugged,
    /// The receiver was tuned elsewhere or settling.
    Retune,
}

/// Time that was not observed; never read as silence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Start of the missing time.
    pub start_s: f64,
    /// End of the missing time.
    pub stop_s: f64,
    /// Why.
    pub reason: GapReason,
}

/// Conditions and totals of one pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Complex samples observed.
    pub samples: u64,
    /// Observed time.
    pub seconds: f64,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Centre frequency.
    pub center_hz: Hertz,
    /// FFT size of the averaged spectrum.
    pub fft_size: usize,
    /// Effective independent averages per decision (overlap and window counted).
    pub averages: f64,
    /// Median noise floor density over the span.
    pub noise_floor_dbfs_hz: f64,
    /// Whether any floor was visible: a span full from edge to edge has none.
    pub floor_observed: bool,
    /// One sigma of the floor.
    pub floor_uncertainty_db: f64,
    /// Signal-to-noise ratio below which no averaging helps (Tandra & Sahai 2008), from the floor uncertainty.
    pub snr_wall_db: f64,
    /// Fraction of samples at the converter's limits.
    pub clipped_fraction: f64,
    /// The false-alarm rate the thresholds were set for.
    pub false_alarms_per_day_mhz: f64,
    /// Emissions reported.
    pub emissions: u64,
    /// Gaps reported.
    pub gaps: u64,
}
