//! How an emission is modulated, as far as its envelope, its spectrum and its instantaneous frequency can tell: the class of
//! emission in the sense of RR Appendix 1, first symbol.
//!
//! ```text
//! samples of the last rows ── one transform ──> the emission's own band, centred and decimated ──> features ──> class or none
//! ```
//! It decides only what it is sure of. It refuses to know the registry, and which designator a class may stand for.
//!
//! Sources of the features: ITU-R SM.1600 (technical identification of digital signals: envelope, instantaneous frequency,
//! correlation), Azzouz & Nandi, "Automatic Modulation Recognition of Communication Signals" (1996) for envelope and frequency
//! statistics, van de Beek et al. (1997) for the correlation of the cyclic prefix.

mod correlation;
mod cut;
mod decide;
mod envelope;
mod features;
mod frequency;
mod line;
mod taker;
mod tools;
mod votes;

use serde::{Deserialize, Serialize};

pub use cut::{Baseband, Channelizer};
pub use decide::{Limits, decide};
pub use features::Features;
pub(super) use taker::{Taker, Target};
pub(super) use votes::Votes;

/// A class of emission that can be told apart by what is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A carrier without modulation, at least while it was looked at (N0N).
    Carrier,
    /// A carrier keyed on and off (A1A, A1B, A1D).
    Ook,
    /// A carrier with two symmetric sidebands in phase with it (A3E, A2A).
    Am,
    /// Speech in one sideband without a carrier (J3E).
    Ssb,
    /// Frequency or phase modulation by something that is not stepped (F3E, G3E).
    Fm,
    /// Frequency modulation with the 19 kHz pilot of stereo broadcasting (F8E; ITU-R BS.450).
    FmBroadcast,
    /// A carrier that steps between two or four frequencies (F1B, F1D).
    Fsk,
    /// Many carriers with a cyclic prefix (D7W, G7W, W7D, X7W).
    Ofdm,
    /// Short pulses with long pauses (P0N, K, L, M1D).
    Pulse,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::Carrier,
        Self::Ook,
        Self::Am,
        Self::Ssb,
        Self::Fm,
        Self::FmBroadcast,
        Self::Fsk,
        Self::Ofdm,
        Self::Pulse,
    ];

    /// Its name in data.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Carrier => "carrier",
            Self::Ook => "ook",
            Self::Am => "am",
            Self::Ssb => "ssb",
            Self::Fm => "fm",
            Self::FmBroadcast => "fm_broadcast",
            Self::Fsk => "fsk",
            Self::Ofdm => "ofdm",
            Self::Pulse => "pulse",
        }
    }

    /// Its name for people, in Chinese or English.
    #[must_use]
    pub fn name(self, chinese: bool) -> &'static str {
        let (zh, en) = match self {
            Self::Carrier => ("未调制载波", "unmodulated carrier"),
            Self::Ook => ("通断键控", "on-off keying"),
            Self::Am => ("双边带调幅", "AM, double sideband"),
            Self::Ssb => ("单边带话音", "single-sideband speech"),
            Self::Fm => ("调频或调相", "frequency or phase modulation"),
            Self::FmBroadcast => ("调频立体声广播", "FM stereo broadcasting"),
            Self::Fsk => ("频移键控", "frequency-shift keying"),
            Self::Ofdm => ("正交频分复用", "OFDM"),
            Self::Pulse => ("脉冲", "pulses"),
        };
        if chinese { zh } else { en }
    }
}

/// A class with how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClassScore {
    /// The class.
    pub name: Class,
    /// Between 0 and 1: how far the features lie beyond what was asked of them, over all looks at the emission.
    pub score: f64,
}
