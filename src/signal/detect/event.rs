//! What a running detector hands out, in time order.

use super::{Artefact, Emission, Gap, Withdrawn};
use crate::units::Hertz;

/// One averaged spectrum with the decision basis that was used for it.
///
/// Levels are power per bin in dBFS (divide by `enbw_bins * bin_hz` for a density); bins ascend in frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Start of the averaged time, seconds from the first sample.
    pub start_s: f64,
    /// Averaged time.
    pub duration_s: f64,
    /// Frequency of bin 0's lower edge.
    pub low_hz: Hertz,
    /// Upper edge of the last bin.
    pub high_hz: Hertz,
    /// Equivalent noise bandwidth of the window, in bins.
    pub enbw_bins: f64,
    /// Mean power per bin.
    pub mean_dbfs: Vec<f32>,
    /// Strongest single spectrum per bin.
    pub max_dbfs: Vec<f32>,
    /// Weakest single spectrum per bin.
    pub min_dbfs: Vec<f32>,
    /// Noise floor per bin, or the best guess where `Summary::floor_observed` is false.
    pub floor_dbfs: Vec<f32>,
}

/// An event of a running detector.
#[derive(Debug, Clone, PartialEq)]
pub enum DetectEvent {
    /// A finished averaged spectrum.
    Frame(Frame),
    /// An emission began and was confirmed; `open` is true.
    Opened(Emission),
    /// An open emission, measured again; at most once a second of signal time.
    Updated(Emission),
    /// An emission ended (or the pass did: then `open` stays true).
    Closed(Emission),
    /// An emission that was announced is none of its own: it ends here and is reported no further. Every `Opened` is
    /// followed by one `Closed` or one `Withdrawn` with its id.
    Withdrawn(Withdrawn),
    /// A receiver artefact, final.
    Artefact(Artefact),
    /// Time that was not observed.
    Gap(Gap),
}
