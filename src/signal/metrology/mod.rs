//! The measuring chain, measured: signals whose measures are known go through the detector, and what comes out is held
//! against theory. `pinpu selftest metrology` prints the table.
//!
//! Everything is made from a seed: the same seed gives the same table on every machine, but for the last digits of
//! floating-point sums.

mod artefacts;
mod bandwidth;
mod bursts;
mod classes;
mod detection;
mod floor;
mod frequency;
mod level;
mod modulated;
mod occupancy;
mod signals;
mod summary;

use num_complex::Complex;
use serde::Serialize;

use crate::{
    detect::{Artefact, DetectEvent, Detector, DetectorConfig, Emission, Frame, Summary},
    dsp::iq::IqSlice,
    units::Hertz,
};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is measured.
    pub quantity: String,
    /// Under which conditions.
    pub conditions: String,
    /// What theory or the requirement says.
    pub expected: String,
    /// What came out.
    pub result: String,
    /// Whether the result is as expected.
    pub met: bool,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// A minute or two: every figure, with fewer trials.
    Quick,
    /// As many trials as the stated limits need.
    Full,
}

impl Effort {
    /// One of two numbers of trials.
    fn of(self, quick: usize, full: usize) -> usize {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// A group of checks that are made together.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// Name by which it can be asked for.
    pub name: &'static str,
    /// What it shows.
    pub about: &'static str,
    run: fn(Effort, u64) -> Vec<Check>,
}

/// All campaigns, in the order of the table.
pub const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        name: "false-alarms",
        about: "False alarms of cells and of the whole chain",
        run: detection::false_alarms,
    },
    Campaign {
        name: "detection",
        about: "Detection probability against the energy detector's bound",
        run: detection::probability,
    },
    Campaign {
        name: "floor",
        about: "Bias, uncertainty and following of the noise floor",
        run: floor::measure,
    },
    Campaign {
        name: "bursts",
        about: "Radar pulses found, and times of bursts",
        run: bursts::measure,
    },
    Campaign {
        name: "frequency",
        about: "Centre frequency of carriers",
        run: frequency::measure,
    },
    Campaign {
        name: "bandwidth",
        about: "Occupied and x-dB bandwidth of known shapes",
        run: bandwidth::measure,
    },
    Campaign {
        name: "level",
        about: "Level and field strength through a known chain",
        run: summary::level,
    },
    Campaign {
        name: "occupancy",
        about: "Coverage of the occupancy interval",
        run: summary::occupancy,
    },
    Campaign {
        name: "classes",
        about: "Classes of emission named right, wrong, and not at all",
        run: classes::measure,
    },
    Campaign {
        name: "artefacts",
        about: "Artefacts of the receiver told from signals by active trials",
        run: summary::artefacts,
    },
];

impl Campaign {
    /// Measures. Takes from seconds to minutes of one processor.
    #[must_use]
    pub fn measure(&self, effort: Effort, seed: u64) -> Vec<Check> {
        (self.run)(effort, seed)
    }
}

/// Rate of the synthetic receiver, that of the commonest dongle.
const RATE_HZ: f64 = 2_400_000.0;
/// Bins of the detector's spectrum.
const BINS: usize = 1024;
/// Samples a test signal is handed over at a time.
const BLOCK: usize = 1 << 17;

/// What the detector said.
#[derive(Default)]
struct Heard {
    emissions: Vec<Emission>,
    artefacts: Vec<Artefact>,
    frames: Vec<Frame>,
}

impl Heard {
    fn take(&mut self, event: DetectEvent) {
        match event {
            DetectEvent::Closed(emission) => self.emissions.push(emission),
            DetectEvent::Artefact(artefact) => self.artefacts.push(artefact),
            DetectEvent::Frame(frame) => self.frames.push(frame),
            _ => {}
        }
    }
}

/// The configuration of a pass at `rate_hz`, offsets being frequencies.
fn configuration(rate_hz: f64) -> DetectorConfig {
    DetectorConfig {
        sample_rate_hz: rate_hz,
        center_hz: Hertz(0),
        ..DetectorConfig::default()
    }
}

/// A detector in the middle of a pass, and what it has said so far.
struct Pass {
    detector: Detector,
    heard: Heard,
}

impl Pass {
    fn new(config: &DetectorConfig) -> Self {
        let detector = Detector::new(config).expect("a configuration of our own is valid");
        Self {
            detector,
            heard: Heard::default(),
        }
    }

    fn push(&mut self, samples: &[Complex<f32>]) {
        for block in samples.chunks(BLOCK) {
            let heard = &mut self.heard;
            self.detector.push(IqSlice::Cf32(block), &mut |event| heard.take(event));
        }
    }

    fn finish(mut self) -> (Heard, Summary) {
        let heard = &mut self.heard;
        let summary = self.detector.finish(&mut |event| heard.take(event));
        (self.heard, summary)
    }
}

/// Everything the detector says about `samples`.
fn hear(samples: &[Complex<f32>], config: &DetectorConfig) -> (Heard, Summary) {
    let mut pass = Pass::new(config);
    pass.push(samples);
    pass.finish()
}

/// Decibels of a power ratio.
fn db(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

/// Power ratio of decibels.
fn ratio(db: f64) -> f64 {
    10_f64.powf(db / 10.0)
}
