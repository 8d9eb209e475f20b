//! Where an emission comes from, found out by changing the receiver and looking again.
//!
//! One pass over one tuning cannot tell a spur from a station. Trials can: the same band is observed again with the
//! oscillator moved by D, the gain stepped by −G dB, the sample rate changed, and once more as it was; and a terminator
//! in place of the antenna gives a map of the receiver's own spurs. What each cause does:
//!
//! | cause | oscillator + D | gain − G | other rate | terminator |
//! |---|---|---|---|---|
//! | signal | same frequency | − G | same | gone |
//! | DC | + D, with the centre | any | with the centre | stays |
//! | image | + 2D, mirrored about the centre | − G | same | gone |
//! | alias | same, or an image of its source | − G | moves by k times the change | gone |
//! | spur | same | 0, or − G | same | stays |
//! | intermodulation | same | − 2G, − 3G | same | gone |
//! | overload | any | gone with the clipping | any | gone |
//!
//! A trial proves something only about what was on during both observations, so every cause rests on what was *found*
//! where it predicts; absence counts only where the observation as it was, repeated at the end, has it again. What no trial
//! proves is [`Cause::Undecided`] and is kept: it is never taken for an artefact. Levels count only where the repeated
//! observation has the same level.

mod matching;
mod overload;
mod products;
mod spectrum;
mod spurs;
#[cfg(test)]
mod tests;
mod verdict;

use serde::{Deserialize, Serialize};

pub use self::{
    overload::{CLIPPED, examine_overloaded},
    spectrum::MeanSpectrum,
    spurs::{Spur, SpurMap},
    verdict::examine,
};
use super::{Artefact, ArtefactKind, Emission, Summary};
use crate::units::Hertz;

/// What an emission turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Somebody transmits.
    Signal,
    /// The centre of the span.
    Dc,
    /// The mirror of a stronger signal.
    Image,
    /// The receiver's own carrier.
    Spur,
    /// Folded from beyond the span.
    Alias,
    /// A mixing product of strong signals.
    Intermodulation,
    /// Clipping.
    Overload,
    /// No trial proves anything: kept.
    Undecided,
}

impl Cause {
    /// The artefact it is; none for what is kept.
    #[must_use]
    pub fn artefact(self) -> Option<ArtefactKind> {
        match self {
            Self::Signal | Self::Undecided => None,
            Self::Dc => Some(ArtefactKind::Dc),
            Self::Image => Some(ArtefactKind::Image),
            Self::Spur => Some(ArtefactKind::Spur),
            Self::Alias => Some(ArtefactKind::Alias),
            Self::Intermodulation => Some(ArtefactKind::Intermodulation),
            Self::Overload => Some(ArtefactKind::Overload),
        }
    }
}

/// What was changed for an observation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trial {
    /// Nothing: as the receiver is used.
    Nominal,
    /// Nothing, at the end: what is still there, at the same level?
    Repeated,
    /// The oscillator. The shift must be no multiple of a raster that signals or spurs lie on.
    Shifted,
    /// The gain, by this many decibels (negative), as read back.
    Stepped {
        /// Change of the gain in dB.
        by_db: f64,
    },
    /// The sample rate.
    Resampled,
}

/// One thing heard in one observation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Centre.
    pub center_hz: Hertz,
    /// Occupied bandwidth.
    pub bandwidth_hz: Hertz,
    /// Mean power while on.
    pub power_dbfs: f64,
    /// Power over the noise in its own band.
    pub snr_db: f64,
    /// What the detector took it for by itself.
    pub claimed: Option<ArtefactKind>,
}

impl From<&Emission> for Sighting {
    fn from(emission: &Emission) -> Self {
        Self {
            center_hz: emission.center_hz,
            bandwidth_hz: emission.bandwidth_hz,
            power_dbfs: emission.power_dbfs,
            snr_db: emission.snr_db,
            claimed: None,
        }
    }
}

impl From<&Artefact> for Sighting {
    fn from(artefact: &Artefact) -> Self {
        Self {
            claimed: Some(artefact.artefact),
            ..Self::from(&artefact.emission)
        }
    }
}

/// A pass over the band under one condition of the receiver: everything the detector reported, artefacts included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What was changed.
    pub trial: Trial,
    /// Centre of the span.
    pub center_hz: f64,
    /// Sample rate.
    pub sample_rate_hz: f64,
    /// Share of the span that was searched.
    pub usable_fraction: f64,
    /// Width of the bins that frequencies were measured on.
    pub bin_hz: f64,
    /// Noise floor.
    pub noise_dbfs_hz: f64,
    /// Share of the samples at the converter's limits.
    pub clipped_fraction: f64,
    /// Observed time.
    pub seconds: f64,
    /// Mean power of each bin, a tone reading its power over the bins of its main lobe; empty where it was not kept.
    pub power: Vec<f32>,
    /// Noise floor of each bin, in the same measure.
    pub floor: Vec<f32>,
    /// What was heard.
    pub sightings: Vec<Sighting>,
}

impl Observation {
    /// From a finished pass.
    #[must_use]
    pub fn new(
        trial: Trial,
        summary: &Summary,
        usable_fraction: f64,
        spectrum: MeanSpectrum,
        sightings: Vec<Sighting>,
    ) -> Self {
        let [power, floor] = spectrum.finish();
        Self {
            trial,
            center_hz: summary.center_hz.as_f64(),
            sample_rate_hz: summary.sample_rate_hz,
            usable_fraction,
            bin_hz: summary.sample_rate_hz / summary.fft_size as f64,
            noise_dbfs_hz: summary.noise_floor_dbfs_hz,
            clipped_fraction: summary.clipped_fraction,
            seconds: summary.seconds,
            power,
            floor,
            sightings,
        }
    }
}

/// The numbers a cause rests on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Shifts of the oscillator under which it could have been seen at the same frequency, and was.
    pub could_stay: u32,
    /// See `could_stay`.
    pub stayed: u32,
    /// Shifts under which its mirror place could have been seen, and it was there.
    pub could_mirror: u32,
    /// See `could_mirror`.
    pub mirrored: u32,
    /// Shifts under which there was a line at the centre.
    pub with_centre: u32,
    /// Multiple of the change of the sample rate by which it moved.
    pub folds: Option<i32>,
    /// Other sample rates at which it was gone, although it would have been found and was there at all passes at the
    /// usual rate.
    pub gone_with_rate: u32,
    /// Change of the gain, dB (negative).
    pub step_db: Option<f64>,
    /// By how much its level fell with it; `None`: not found there, or not steady.
    pub fall_db: Option<f64>,
    /// Found again in the repeated observation, and how much its level differed.
    pub repeated_db: Option<f64>,
    /// Stronger emissions of which it is a mixing product, and its order.
    pub parents_hz: Vec<Hertz>,
    /// See `parents_hz`.
    pub order: Option<u8>,
    /// Entry of the spur map that it is.
    pub spur_hz: Option<Hertz>,
    /// Harmonic of the reference clock that it lies on: a hint, no proof.
    pub harmonic: Option<u32>,
    /// Share of samples that clipped as the receiver is used.
    pub clipped_fraction: f64,
}

/// What one emission of the nominal observation turned out to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// As it was heard.
    #[serde(flatten)]
    pub sighting: Sighting,
    /// What it is.
    pub cause: Cause,
    /// Why, in one sentence.
    pub reason: String,
    /// The numbers.
    pub evidence: Evidence,
}

/// What is known about the receiver beyond the observations.
#[derive(Debug, Clone, Copy, Default)]
pub struct Knowledge<'a> {
    /// Spurs of this very receiver.
    pub spurs: Option<&'a SpurMap>,
    /// Uncertainty of the oscillator, parts per million.
    pub ppm: f64,
    /// Frequency of its reference clock, whose harmonics are worth a hint; 28.8 MHz for RTL-SDR.
    pub reference_hz: Option<f64>,
}
