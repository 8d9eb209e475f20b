//! Necessary bandwidth worked out from the modulating signal: the formulas of Recommendation ITU-R SM.1138.
//!
//! The formulas and their usual factors K are those of SM.1138-3 as repeated in 47 CFR 2.202(g) and ISED TRC-43; the
//! letters are those of the Recommendation. Television and composite emissions whose bandwidth is a nominal channel
//! width have no formula and are left out.

use super::Class;

/// What is known of the modulating signal. All in SI units; `None` is "not stated".
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Signal {
    /// B: modulation rate, bauds.
    pub rate_bd: Option<f64>,
    /// R: bit rate, bits per second.
    pub bit_rate: Option<f64>,
    /// S: number of equivalent non-redundant signalling states.
    pub states: Option<u32>,
    /// D: peak deviation, half the difference between the extreme instantaneous frequencies, hertz.
    pub deviation_hz: Option<f64>,
    /// M: highest modulating frequency, hertz.
    pub highest_hz: Option<f64>,
    /// Lowest modulating frequency, hertz.
    pub lowest_hz: Option<f64>,
    /// C: sub-carrier frequency; the highest one where there are several, hertz.
    pub subcarrier_hz: Option<f64>,
    /// f_p: continuity pilot sub-carrier frequency, hertz.
    pub pilot_hz: Option<f64>,
    /// N: greatest number of black and white elements a second (facsimile).
    pub elements_per_s: Option<f64>,
    /// N_c: number of baseband channels.
    pub channels: Option<u32>,
    /// t: pulse duration at half amplitude, seconds.
    pub pulse_s: Option<f64>,
    /// K: the numerical factor, where it is not the usual one.
    pub factor: Option<f64>,
}

/// A necessary bandwidth with how it came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Necessary {
    /// B_n, hertz.
    pub hz: f64,
    /// The formula of SM.1138.
    pub formula: &'static str,
    /// The factor K that was used.
    pub factor: f64,
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoBandwidth {
    /// SM.1138 has no formula for the class of emission.
    #[error("SM.1138 has no formula for this class of emission: state the necessary bandwidth itself")]
    NoFormula,
    /// A quantity of the formula is not stated, or is not above zero.
    #[error("the formula {formula} needs {quantity}")]
    Missing {
        /// The formula.
        formula: &'static str,
        /// The quantity with its unit.
        quantity: &'static str,
    },
}

/// The necessary bandwidth of an emission of this class with this modulating signal.
///
/// # Errors
/// The class has no formula, or the formula needs a quantity that `signal` does not state.
pub fn necessary(class: &Class, signal: &Signal) -> Result<Necessary, NoBandwidth> {
    match class.modulation {
        'A' | 'H' | 'R' | 'J' | 'B' => amplitude(class, signal),
        'F' | 'G' | 'D' | 'W' => angle(class, signal),
        'P' | 'K' | 'L' | 'M' | 'Q' | 'V' => pulse(class, signal),
        _ => Err(NoBandwidth::NoFormula),
    }
}

/// A formula being worked out.
struct Formula<'a> {
    text: &'static str,
    factor: f64,
    signal: &'a Signal,
}

impl<'a> Formula<'a> {
    fn new(text: &'static str, usual_factor: f64, signal: &'a Signal) -> Self {
        let factor = signal.factor.filter(|factor| factor.is_finite() && *factor > 0.0);
        Self {
            text,
            factor: factor.unwrap_or(usual_factor),
            signal,
        }
    }

    fn need(&self, value: Option<f64>, quantity: &'static str) -> Result<f64, NoBandwidth> {
        let stated = value.filter(|value| value.is_finite() && *value > 0.0);
        stated.ok_or(NoBandwidth::Missing {
            formula: self.text,
            quantity,
        })
    }

    fn rate(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.rate_bd, "the modulation rate B in bauds")
    }

    fn highest(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.highest_hz, "the highest modulating frequency M in hertz")
    }

    fn lowest(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.lowest_hz, "the lowest modulating frequency in hertz")
    }

    fn deviation(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.deviation_hz, "the peak deviation D in hertz")
    }

    fn subcarrier(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.subcarrier_hz, "the sub-carrier frequency C in hertz")
    }

    fn elements(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.elements_per_s, "the number N of elements a second")
    }

    fn channels(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.channels.map(f64::from), "the number N_c of channels")
    }

    fn pulse(&self) -> Result<f64, NoBandwidth> {
        self.need(self.signal.pulse_s, "the pulse duration t in seconds")
    }

    /// Symbols a second: R / log2 S.
    fn symbols(&self) -> Result<f64, NoBandwidth> {
        let rate = self.need(self.signal.bit_rate, "the bit rate R in bits per second")?;
        let states = self.signal.states.filter(|states| *states >= 2).map(f64::from);
        Ok(rate
            / self
                .need(states, "the number S of signalling states, at least 2")?
                .log2())
    }

    fn is(&self, hz: f64) -> Result<Necessary, NoBandwidth> {
        Ok(Necessary {
            hz,
            formula: self.text,
            factor: self.factor,
        })
    }
}

/// Amplitude modulation (SM.1138, section II).
fn amplitude(class: &Class, signal: &Signal) -> Result<Necessary, NoBandwidth> {
    let new = |text, factor| Formula::new(text, factor, signal);
    match (class.modulation, class.nature, class.information) {
        ('A', '1', 'A' | 'B') => {
            let f = new("B_n = BK", 5.0);
            f.is(f.rate()? * f.factor)
        }
        ('A', '2', 'A' | 'B') => {
            let f = new("B_n = BK + 2M", 5.0);
            f.is(f.rate()? * f.factor + 2.0 * f.highest()?)
        }
        ('H', '2', 'B') => {
            let f = new("B_n = M", 1.0);
            f.is(f.highest()?)
        }
        ('J', '2', 'B') => {
            let f = new("B_n = 2M + 2DK, M = B/2", 1.2);
            f.is(f.rate()? + 2.0 * f.deviation()? * f.factor)
        }
        ('R', '7', 'B') => {
            let f = new("B_n = highest central frequency + M + DK, M = B/2", 0.7);
            f.is(f.subcarrier()? + f.rate()? / 2.0 + f.deviation()? * f.factor)
        }
        ('A', '3' | '8', 'E') => {
            let f = new("B_n = 2M", 1.0);
            f.is(2.0 * f.highest()?)
        }
        ('H' | 'R', '3', 'E') => {
            let f = new("B_n = M", 1.0);
            f.is(f.highest()?)
        }
        ('J', '3', 'E') => {
            let f = new("B_n = M - lowest modulation frequency", 1.0);
            f.is((f.highest()? - f.lowest()?).max(0.0))
        }
        ('J', '8', 'E') => {
            let f = new("B_n = N_c M - lowest modulation frequency in the lowest channel", 1.0);
            f.is((f.channels()? * f.highest()? - f.lowest()?).max(0.0))
        }
        ('B', '8', 'E') | ('B', '9', 'W') => {
            let f = new("B_n = sum of M for each sideband", 1.0);
            f.is(f.channels()? * f.highest()?)
        }
        ('R', '3', 'C') => {
            let f = new("B_n = C + N/2 + DK", 1.1);
            f.is(f.subcarrier()? + f.elements()? / 2.0 + f.deviation()? * f.factor)
        }
        ('J', '3', 'C') => {
            let f = new("B_n = 2M + 2DK, M = N/2", 1.1);
            f.is(f.elements()? + 2.0 * f.deviation()? * f.factor)
        }
        ('A', '8' | '9', 'W') => {
            let f = new("B_n = 2C + 2M + 2DK", 1.0);
            f.is(2.0 * (f.subcarrier()? + f.highest()? + f.deviation()? * f.factor))
        }
        _ => Err(NoBandwidth::NoFormula),
    }
}

/// Frequency, phase and combined modulation (SM.1138, section III, and digital modulation).
fn angle(class: &Class, signal: &Signal) -> Result<Necessary, NoBandwidth> {
    let new = |text, factor| Formula::new(text, factor, signal);
    match (class.modulation, class.nature, class.information) {
        ('F', '1', 'B') => {
            let f = new("B_n = 2M + 2DK, M = B/2", 1.2);
            f.is(f.rate()? + 2.0 * f.deviation()? * f.factor)
        }
        ('F', '7', 'B') => {
            let f = new("B_n = 2M + 2DK, M = B/2 (channels synchronized)", 1.1);
            f.is(f.rate()? + 2.0 * f.deviation()? * f.factor)
        }
        ('F', '1' | '3', 'C') => {
            let f = new("B_n = 2M + 2DK, M = N/2", 1.1);
            f.is(f.elements()? + 2.0 * f.deviation()? * f.factor)
        }
        ('F', '8' | '9', _) if signal.pilot_hz.is_some() => {
            let f = new("B_n = 2f_p + 2DK", 1.0);
            let pilot = f.need(signal.pilot_hz, "the pilot frequency f_p in hertz")?;
            f.is(2.0 * pilot + 2.0 * f.deviation()? * f.factor)
        }
        ('F', '3' | '8' | '9', _) => {
            let f = new("B_n = 2M + 2DK", 1.0);
            f.is(2.0 * f.highest()? + 2.0 * f.deviation()? * f.factor)
        }
        ('F', '1' | '2' | '7', 'D' | 'E' | 'W') => {
            let f = new("B_n = R/log2 S + 2DK", 1.0);
            f.is(f.symbols()? + 2.0 * f.deviation()? * f.factor)
        }
        ('G' | 'D' | 'W', '1' | '2' | '7', _) => {
            let f = new("B_n = 2RK/log2 S", 1.0);
            f.is(2.0 * f.symbols()? * f.factor)
        }
        _ => Err(NoBandwidth::NoFormula),
    }
}

/// Pulse modulation (SM.1138, section IV). K depends on the ratio of pulse duration to rise time: 1 to 10, rarely
/// above 6; 1.5 holds for a triangular pulse whose components down to -27 dB count.
fn pulse(class: &Class, signal: &Signal) -> Result<Necessary, NoBandwidth> {
    let factor = match (class.modulation, class.nature) {
        ('P', '0') => 1.5,
        ('M', '7') => 1.6,
        _ => return Err(NoBandwidth::NoFormula),
    };
    let f = Formula::new("B_n = 2K/t", factor, signal);
    f.is(2.0 * f.factor / f.pulse()?)
}
