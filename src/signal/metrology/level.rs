//! Level through a synthetic chain whose every part is known: field at the antenna → samples → field again.

use num_complex::Complex;
use rustfft::FftPlanner;

use super::signals::Signals;
use crate::{
    dsp::{
        level::{
            calibration::{Antenna, Calibration, Curve, MICROVOLT_DB, antenna_factor_db},
            channel_power, tone_dbfs, tone_peak_dbfs, without_noise,
        },
        measure::decibel,
        window::Window,
    },
    units::Dbfs,
};

const BINS: usize = 1024;
/// Noise of the receiver over its whole span, dBFS.
const NOISE_DBFS: f64 = -70.0;

/// Largest errors over all that was measured, dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LevelResult {
    /// Signals measured.
    pub(crate) signals: u32,
    /// Field strength of tones from −60 to −20 dBFS through a drawn chain, in dB(µV/m).
    pub(crate) field_error_db: f64,
    /// Channel power of band-limited noise, own noise taken out, 3 to 30 dB over it.
    pub(crate) channel_error_db: f64,
    /// The same in multiples of its own stated sigma, root mean square.
    pub(crate) channel_error_sigmas: f64,
    /// Tone level from the strongest bin alone, between bins.
    pub(crate) peak_bin_error_db: f64,
    /// Tone level from the main lobe.
    pub(crate) main_lobe_error_db: f64,
    /// Departure from a straight line over 40 dB.
    pub(crate) linearity_db: f64,
    /// Change of the calibrated level when the gain is stepped by 10 dB.
    pub(crate) gain_step_db: f64,
}

/// Measures `signals` drawn tones and as many channels of noise.
pub(crate) fn measure(seed: u64, signals: u32) -> LevelResult {
    let mut draw = Signals::new(seed);
    let mut bench = Bench::new();
    let mut result = LevelResult {
        signals,
        field_error_db: 0.0,
        channel_error_db: 0.0,
        channel_error_sigmas: 0.0,
        peak_bin_error_db: 0.0,
        main_lobe_error_db: 0.0,
        linearity_db: 0.0,
        gain_step_db: 0.0,
    };
    let worst = |slot: &mut f64, error: f64| *slot = slot.max(error.abs());
    let (mut squares, mut first) = (0.0, None);
    for signal in 0..signals {
        let hz = draw.log_between(60e6, 1.9e9);
        let level = -60.0 + 40.0 * f64::from(signal) / f64::from(signals.max(2) - 1);
        let bin = draw.between(300.0, 700.0);
        let spectrum = bench.tone(&mut draw, bin, level);
        let noise = 10_f64.powf(NOISE_DBFS / 10.0) / BINS as f64;
        let lobe = tone_dbfs(&spectrum, bin.round() as usize, 4, noise);
        worst(&mut result.main_lobe_error_db, lobe - level);
        worst(
            &mut result.peak_bin_error_db,
            tone_peak_dbfs(&spectrum, bin.round() as usize, &bench.window) - level,
        );
        let offset = *first.get_or_insert(lobe - level);
        worst(&mut result.linearity_db, lobe - level - offset);
        worst(&mut result.field_error_db, field_error(&mut draw, lobe, level, hz));
        worst(&mut result.gain_step_db, gain_step(&mut draw, &mut bench, hz));
        let [error, sigma] = bench.channel(&mut draw, 3.0 + 27.0 * f64::from(signal) / f64::from(signals));
        worst(&mut result.channel_error_db, error);
        squares += (error / sigma).powi(2);
    }
    result.channel_error_sigmas = (squares / f64::from(signals.max(1))).sqrt();
    result
}

/// A chain of smooth parts, drawn: the truth is computed from their formulas, the calibration holds ten points a decade.
struct Chain {
    slope: [f64; 4],
}

impl Chain {
    fn drawn(draw: &mut Signals) -> Self {
        Self {
            slope: std::array::from_fn(|_| draw.between(-1.0, 1.0)),
        }
    }

    fn k(&self, hz: f64, gain_db: f64) -> f64 {
        10.0 - gain_db + 0.3 * self.slope[0] * (2.0 * (hz / 1e8).ln()).sin() + 0.02 * self.slope[1] * (gain_db - 25.0)
    }

    fn cable(&self, hz: f64) -> f64 {
        // Skin effect.
        0.3 * (2.0 + self.slope[2]) * (hz / 1e8).sqrt()
    }

    fn preamplifier(&self, hz: f64) -> f64 {
        18.0 - (1.0 + self.slope[3]) * (hz / 1e9)
    }

    fn gain_dbi(&self, hz: f64) -> f64 {
        2.15 + self.slope[2] * (hz / 3e8).ln()
    }

    /// Field that makes `dbfs`.
    fn field(&self, dbfs: f64, hz: f64, gain_db: f64) -> f64 {
        let power = dbfs + self.k(hz, gain_db) + self.cable(hz) - self.preamplifier(hz);
        power + MICROVOLT_DB + antenna_factor_db(hz, self.gain_dbi(hz))
    }

    fn calibration(&self) -> Calibration {
        let table = |value: &dyn Fn(f64) -> f64| {
            let points = (0..=50).map(|i| 50e6 * 10_f64.powf(f64::from(i) * 1.62 / 50.0));
            Curve::new(points.map(|hz| (hz, value(hz))).collect(), 0.2).expect("ascending")
        };
        Calibration {
            receiver: [10.0, 20.0, 30.0, 40.0]
                .map(|gain| (gain, table(&|hz| self.k(hz, gain))))
                .into(),
            cable: Some(table(&|hz| self.cable(hz))),
            preamplifier: Some(table(&|hz| self.preamplifier(hz))),
            antenna: Some(Antenna::Gain(table(&|hz| self.gain_dbi(hz)))),
            sigma_db: 0.5,
            gain_sigma_db: 0.5,
        }
    }
}

/// Error of the field strength of a tone of `truth` dBFS that was measured as `dbfs`.
fn field_error(draw: &mut Signals, dbfs: f64, truth: f64, hz: f64) -> f64 {
    let chain = Chain::drawn(draw);
    let gain_db = draw.between(10.0, 40.0);
    let level = chain.calibration().apply(Dbfs(dbfs), 0.1, hz, gain_db);
    let field = level
        .and_then(|level| level.field_dbuv_m)
        .map_or(f64::INFINITY, |[field, _]| field);
    field - chain.field(truth, hz, gain_db)
}

/// Difference of the calibrated levels of one signal at two gains.
fn gain_step(draw: &mut Signals, bench: &mut Bench, hz: f64) -> f64 {
    let chain = Chain::drawn(draw);
    let calibration = chain.calibration();
    let levels = [20.0, 30.0].map(|gain| {
        let truth = -40.0 - (chain.k(hz, gain) - chain.k(hz, 20.0));
        let spectrum = bench.tone(draw, 400.3, truth);
        let noise = 10_f64.powf(NOISE_DBFS / 10.0) / BINS as f64;
        let dbfs = tone_dbfs(&spectrum, 400, 4, noise);
        calibration
            .apply(Dbfs(dbfs), 0.1, hz, gain)
            .map_or(f64::INFINITY, |level| level.power.0)
    });
    levels[1] - levels[0]
}

/// Averaged spectra of synthetic samples.
struct Bench {
    window: Window,
    taps: Vec<f64>,
    fft: std::sync::Arc<dyn rustfft::Fft<f64>>,
}

impl Bench {
    fn new() -> Self {
        let window = Window::blackman_harris(BINS);
        Self {
            taps: window.power_taps(),
            window,
            fft: FftPlanner::new().plan_fft_forward(BINS),
        }
    }

    /// Mean of `averages` spectra of `sample(i)` and noise, bins ascending in frequency.
    fn spectrum(
        &self,
        draw: &mut Signals,
        averages: usize,
        sample: &mut dyn FnMut(&mut Signals) -> Complex<f64>,
    ) -> Vec<f32> {
        let noise = 10_f64.powf(NOISE_DBFS / 10.0);
        let mut sum = vec![0.0_f64; BINS];
        for _ in 0..averages {
            let mut frame: Vec<Complex<f64>> = self
                .taps
                .iter()
                .map(|tap| (sample(draw) + draw.complex(noise)) * tap)
                .collect();
            self.fft.process(&mut frame);
            for (k, value) in frame.iter().enumerate() {
                sum[(k + BINS / 2) % BINS] += value.norm_sqr() / averages as f64;
            }
        }
        sum.into_iter().map(|p| p as f32).collect()
    }

    /// A tone of `level` dBFS at `bin`.
    fn tone(&mut self, draw: &mut Signals, bin: f64, level: f64) -> Vec<f32> {
        let amplitude = 10_f64.powf(level / 20.0);
        let step = std::f64::consts::TAU * (bin - BINS as f64 / 2.0) / BINS as f64;
        let mut phase = draw.between(0.0, std::f64::consts::TAU);
        self.spectrum(draw, 200, &mut |_| {
            phase = (phase + step) % std::f64::consts::TAU;
            Complex::from_polar(amplitude, phase)
        })
    }

    /// Error and stated sigma of the level of noise filling the span, `excess_db` over the receiver's in a channel of
    /// 200 bins.
    fn channel(&mut self, draw: &mut Signals, excess_db: f64) -> [f64; 2] {
        let averages = 1000;
        let ratio = 10_f64.powf(excess_db / 10.0) - 1.0;
        let truth = NOISE_DBFS + decibel(ratio) + decibel(200.0 / BINS as f64);
        let power = 10_f64.powf(NOISE_DBFS / 10.0) * ratio;
        let with = self.spectrum(draw, averages, &mut |draw| draw.complex(power));
        let alone = self.spectrum(draw, averages, &mut |_| Complex::new(0.0, 0.0));
        let sigma = crate::dsp::level::channel_sigma_db(&self.window, 200.0, averages as f64);
        let level = |spectrum: &[f32]| [decibel(channel_power(spectrum, 400.5, 600.5)), sigma];
        without_noise(level(&with), level(&alone))
            .map_or([f64::INFINITY, 1.0], |found| [found.level_db - truth, found.sigma_db])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_chain_comes_out_to_a_twentieth_of_a_decibel() {
        let result = measure(1, 12);
        assert!(result.field_error_db < 0.05, "{result:?}");
        assert!(result.main_lobe_error_db < 0.05, "{result:?}");
        assert!(
            (0.3..0.84).contains(&result.peak_bin_error_db),
            "scalloping: {result:?}"
        );
        assert!(result.linearity_db < 0.1 && result.gain_step_db < 0.1, "{result:?}");
        assert!((0.5..1.5).contains(&result.channel_error_sigmas), "{result:?}");
    }
}
