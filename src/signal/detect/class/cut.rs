//! The band of one emission out of the samples of the whole span: one transform for all emissions of a stretch of time, then a
//! short inverse one for each.

use num_complex::Complex;

use super::tools::Tools;

/// Share of the energy beyond which the edges of the band lie, each side.
const EDGE_SHARE: f64 = 0.005;
/// Width of the cut over the width of the band: frequency modulation loses its constant envelope where its outer sidebands are
/// cut off.
const MARGIN: f64 = 1.5;
/// Lines of the transform that a cut holds at least.
const LINES_MIN: f64 = 64.0;
/// Samples of a cut at least.
const SAMPLES_MIN: usize = 256;

/// One emission at zero frequency, sampled at two to four times the width of the cut.
#[derive(Debug, Clone, Default)]
pub struct Baseband {
    /// Its samples, full scale ±1.0.
    pub samples: Vec<Complex<f32>>,
    /// Their rate.
    pub rate_hz: f64,
    /// Power of the noise in the cut.
    pub noise: f64,
    /// Width of the cut over `rate_hz`.
    pub width: f64,
    /// Width of the band of 99 % of the energy over `rate_hz`.
    pub band: f64,
    /// When the emission was on, in samples, in order of time.
    pub on: Vec<[usize; 2]>,
}

impl Baseband {
    /// Width of the band of 99 % of the energy.
    #[must_use]
    pub fn bandwidth_hz(&self) -> f64 {
        self.band * self.rate_hz
    }
}

/// Makes cuts.
#[derive(Default)]
pub struct Channelizer {
    /// Transform of the stretch, unscaled.
    spectrum: Vec<Complex<f32>>,
    pub(super) tools: Tools,
}

impl Channelizer {
    /// Takes a stretch of samples of the whole span, a power of two of them, which `fill` appends to the buffer it is given.
    pub fn transform(&mut self, fill: impl FnOnce(&mut Vec<Complex<f32>>)) {
        self.spectrum.clear();
        fill(&mut self.spectrum);
        self.tools.transforms.forward(&mut self.spectrum);
    }

    /// Cuts out what lies between two frequencies (cycles per sample of the span, −0.5 to 0.5), as narrow as the energy is.
    /// `noise` is the power of the noise per unit of that frequency. False where there is no energy but noise.
    pub fn cut(&mut self, low: f64, high: f64, noise: f64, span_rate_hz: f64, out: &mut Baseband) -> bool {
        let count = self.spectrum.len() as f64;
        let Some((first, last)) = self.edges((low * count).floor() as i64, (high * count).ceil() as i64, noise) else {
            return false;
        };
        let lines = (last - first + 1) as f64;
        let width = ((MARGIN * lines).max(LINES_MIN) as usize).min(self.spectrum.len());
        let size = (2 * width).next_power_of_two().max(SAMPLES_MIN);
        let from = (first + last).div_euclid(2) - width as i64 / 2;
        out.samples.clear();
        out.samples.resize(size, Complex::default());
        let scale = 1.0 / count as f32;
        for line in 0..width as i64 {
            let place = (line - width as i64 / 2).rem_euclid(size as i64) as usize;
            out.samples[place] = self.line(from + line) * scale;
        }
        self.tools.transforms.inverse(&mut out.samples);
        out.rate_hz = span_rate_hz * size as f64 / count;
        out.width = width as f64 / size as f64;
        out.band = lines / size as f64;
        out.noise = noise * width as f64 / count;
        true
    }

    fn line(&self, number: i64) -> Complex<f32> {
        self.spectrum[number.rem_euclid(self.spectrum.len() as i64) as usize]
    }

    /// First and last line of the band of 99 % of the energy over the noise.
    fn edges(&self, first: i64, last: i64, noise: f64) -> Option<(i64, i64)> {
        let count = self.spectrum.len() as f64;
        let noise = noise * count;
        let power = |line: i64| f64::from(self.line(line).norm_sqr()) - noise;
        let total: f64 = (first..=last).map(power).sum();
        // Lines of noise are exponentially distributed: their sum has a sigma of one line times the root of their number.
        if total <= 5.0 * noise * ((last - first + 1) as f64).sqrt() {
            return None;
        }
        let mut below = 0.0;
        let low = (first..=last).find(|line| {
            below += power(*line);
            below >= EDGE_SHARE * total
        })?;
        let mut above = 0.0;
        let high = (first..=last).rev().find(|line| {
            above += power(*line);
            above >= EDGE_SHARE * total
        })?;
        (low <= high).then_some((low, high))
    }
}
