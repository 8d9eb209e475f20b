//! Which spectrum a receiver watches: one centre, or bands hopped with a dwell.

use crate::units::{Band, Hertz};

/// A capture plan as configured; the hops are worked out when the receiver's usable span is known.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanConfig {
    /// One centre frequency, watched all the time.
    Center(Hertz),
    /// Bands in the order written, each watched for `dwell_ms` per hop.
    Bands {
        /// The bands.
        bands: Vec<Band>,
        /// Time on each hop.
        dwell_ms: u32,
    },
    /// Whatever the profile or the recording suggests.
    Suggested,
}

/// Reads `87M-108M`.
///
/// # Errors
/// A sentence that says what to write.
pub fn parse_band(text: &str) -> Result<Band, String> {
    let hint = || format!("'{text}' is not a band: write it as \"87M-108M\", lower edge first");
    let (low, high) = text.split_once(['-', '–']).ok_or_else(hint)?;
    let low: Hertz = low.trim().parse().map_err(|error| format!("{error}"))?;
    let high: Hertz = high.trim().parse().map_err(|error| format!("{error}"))?;
    Band::new(low, high).filter(|band| band.width().0 > 0).ok_or_else(hint)
}
