//! A receiver that does everything wrong a receiver can, by known amounts: signals at the antenna → samples.
//!
//! ```text
//! antenna → gain → x + a₃|x|²x → filter of finite stop band → sampling (folds) → I/Q error → DC → noise → 16 bits, clipped
//!          carriers of the receiver's own ↗ before and behind the gain
//! ```

use std::f64::consts::TAU;

use num_complex::Complex;

use crate::metrology::signals::Signals;

/// Noise over the span at full gain, dBFS: of the antenna and first stage, and of the converter.
pub(super) const NOISE_DBFS: f64 = -66.0;
const CONVERTER_DBFS: f64 = -74.0;
/// The filter: flat up to here, in rates from the centre; at its stop band from there; and how deep that is.
const PASS: f64 = 0.42;
const STOP: f64 = 0.60;
const STOP_DB: f64 = -50.0;
/// I/Q error: 28 dB of image rejection.
const IQ_GAIN_DB: f64 = 0.5;
const IQ_PHASE_DEG: f64 = 3.0;
/// Offset of the converter.
const DC_DBFS: f64 = -52.0;

/// How a carrier is modulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Modulation {
    /// Not at all.
    Carrier,
    /// Minimum shift keying at this rate, random, its symbols rounded off.
    Msk(f64),
    /// A tone of this frequency with a deviation of as much as twice that.
    Fm(f64),
}

/// Where it enters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// The antenna.
    Antenna,
    /// The receiver's own, before the gain.
    BeforeGain,
    /// The receiver's own, behind the gain.
    BehindGain,
    /// Made of two strong signals outside the span by the second-order curvature of the first stage.
    SecondOrder,
}

/// One carrier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Emitter {
    pub(super) hz: f64,
    /// At the converter with full gain, before the filter.
    pub(super) dbfs: f64,
    pub(super) modulation: Modulation,
    pub(super) entry: Entry,
    /// Period and on-time in seconds of keying.
    pub(super) keyed: Option<(f64, f64)>,
    /// Probability of being off the air for a whole observation.
    pub(super) absent: f64,
}

impl Emitter {
    /// Band that it fills, Hz.
    pub(super) fn width_hz(&self) -> f64 {
        match self.modulation {
            Modulation::Carrier => 0.0,
            Modulation::Msk(baud) => 1.2 * baud,
            Modulation::Fm(tone) => 6.0 * tone,
        }
    }
}

/// How the receiver is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Setting {
    pub(super) center_hz: f64,
    pub(super) rate_hz: f64,
    /// Relative to full gain.
    pub(super) gain_db: f64,
    /// Third-order curvature; 0: none.
    pub(super) third: f64,
    /// Whether the antenna is connected.
    pub(super) antenna: bool,
}

/// Attenuation of the filter at `offset_hz` from the centre, dB.
pub(super) fn filter_db(offset_hz: f64, rate_hz: f64) -> f64 {
    let away = (offset_hz / rate_hz).abs();
    STOP_DB * ((away - PASS) / (STOP - PASS)).clamp(0.0, 1.0)
}

fn amplitude(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

/// Samples of `seconds` under `setting`.
pub(super) fn render(draw: &mut Signals, emitters: &[Emitter], setting: &Setting, seconds: f64) -> Vec<Complex<i16>> {
    let count = (seconds * setting.rate_hz) as usize;
    let mut inside = vec![Complex::new(0.0_f64, 0.0); count];
    let mut folded = inside.clone();
    for emitter in emitters {
        let heard = setting.antenna || matches!(emitter.entry, Entry::BeforeGain | Entry::BehindGain);
        if !heard || draw.uniform() < emitter.absent {
            continue;
        }
        let offset = emitter.hz - setting.center_hz;
        let gain = match emitter.entry {
            Entry::BehindGain => 0.0,
            Entry::SecondOrder => 2.0 * setting.gain_db,
            Entry::Antenna | Entry::BeforeGain => setting.gain_db,
        };
        let level = emitter.dbfs + gain + filter_db(offset, setting.rate_hz);
        let linear = emitter.entry == Entry::BehindGain || offset.abs() > 0.5 * setting.rate_hz;
        let into = if linear { &mut folded } else { &mut inside };
        add(
            draw,
            into,
            emitter,
            offset / setting.rate_hz,
            amplitude(level),
            setting.rate_hz,
        );
    }
    let noise = [NOISE_DBFS + setting.gain_db, CONVERTER_DBFS]
        .map(|db| amplitude(db).powi(2))
        .iter()
        .sum();
    let (wrong, phase) = (amplitude(IQ_GAIN_DB), IQ_PHASE_DEG.to_radians());
    // Sum and difference of the two paths: the signal keeps its level, its mirror follows it.
    let direct = Complex::new(0.5 * (1.0 + wrong * phase.cos()), 0.5 * wrong * phase.sin());
    let mirror = Complex::new(0.5 * (1.0 - wrong * phase.cos()), 0.5 * wrong * phase.sin());
    let offset = Complex::new(amplitude(DC_DBFS), 0.0);
    let code = |x: f64| (x * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
    let sample = |(x, other): (Complex<f64>, Complex<f64>)| {
        let x = x + setting.third * x.norm_sqr() * x + other;
        let y = direct * x + mirror * x.conj() + offset + draw.complex(noise);
        Complex::new(code(y.re), code(y.im))
    };
    inside.into_iter().zip(folded).map(sample).collect()
}

/// Adds one emitter at `step` cycles a sample.
fn add(draw: &mut Signals, samples: &mut [Complex<f64>], emitter: &Emitter, step: f64, amplitude: f64, rate_hz: f64) {
    let mut phase = draw.uniform();
    let begin_s = draw.uniform();
    let (mut symbol, mut left, mut angle) = (1.0, 0.0, 0.0_f64);
    let mut smooth = [0.0_f64; 3];
    for (i, sample) in samples.iter_mut().enumerate() {
        phase += step;
        match emitter.modulation {
            Modulation::Carrier => {}
            Modulation::Msk(baud) => {
                left -= baud / rate_hz;
                if left <= 0.0 {
                    left += 1.0;
                    symbol = if draw.uniform() < 0.5 { 1.0 } else { -1.0 };
                }
                // Three poles round the symbols off, so that the spectrum ends.
                let mut to = symbol;
                for stage in &mut smooth {
                    *stage += (to - *stage) * (6.0 * baud / rate_hz).min(1.0);
                    to = *stage;
                }
                phase += 0.25 * to * baud / rate_hz;
            }
            Modulation::Fm(tone) => {
                angle = (angle + tone / rate_hz).fract();
                phase += 2.0 * tone * (TAU * angle).cos() / rate_hz;
            }
        }
        phase -= phase.floor();
        let on = emitter.keyed.map_or(1.0, |(period, on)| {
            let at = (begin_s + i as f64 / rate_hz) % period;
            // Rounded edges of four milliseconds, as keyed transmitters make them.
            let edge = (at / 4e-3).min((on - at) / 4e-3).clamp(0.0, 1.0);
            0.5 - 0.5 * (0.5 * TAU * edge).cos()
        });
        if on > 0.0 {
            *sample += Complex::from_polar(amplitude * on, TAU * phase);
        }
    }
}
