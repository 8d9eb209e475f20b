//! What the spectrum tells: how much of the energy is one line, and whether the rest is in phase with it.

use num_complex::Complex;

use super::{Baseband, envelope::Envelope, tools::Transforms};
use crate::dsp::kernel::{Work, widest};

/// Lines on either side of the strongest that are one with it: the transform has no window.
const REACH: usize = 3;
/// Lines measured: also when the strongest is a neighbour of where it was looked for.
const LINES: usize = 2 * (REACH + 1) + 1;
/// Samples of a block: the turning of a line within it is taken from a table.
const BLOCK: usize = 64;

/// The carrier line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// Share of the signal's energy in it.
    pub share: f64,
    /// What is in phase with it of all that is beside it, without noise: 1 for amplitude modulation, 0.5 for one sideband, 0
    /// for a small phase modulation.
    pub in_phase: f64,
    /// What is beside it over the noise, dB.
    pub sidebands_db: f64,
}

impl Line {
    pub(super) fn of(
        cut: &Baseband,
        envelope: &Envelope,
        transforms: &mut Transforms,
        lines: &mut Lines,
        spectrum: &mut Vec<Complex<f32>>,
    ) -> Option<Self> {
        let (first, last) = (cut.on.first()?[0], cut.on.last()?[1].min(cut.samples.len()));
        let own = cut.samples.get(first..last)?;
        let size = own.len();
        lines.measure(own, strongest(own, transforms, spectrum)?);
        lines.keep_strongest();
        let scale = 1.0 / (size as f64 * size as f64);
        let noise = cut.noise / (cut.width * size as f64);
        let held = lines.values.iter().map(|line| f64::from(line.norm_sqr())).sum::<f64>() * scale;
        let held = held - (2 * REACH + 1) as f64 * noise;
        // The energy is spread over the whole stretch, pauses included.
        let signal = 10_f64.powf(envelope.snr_db / 10.0) * cut.noise * envelope.on_share;
        let share = (held / signal.max(1e-30)).clamp(0.0, 1.0);
        let (mut along, mut across) = (0.0, 0.0);
        // The ends are where a line that fits no whole number of times leaks.
        let inner = size / 16..size - size / 16;
        let mut turns = lines.begin();
        for (block, samples) in own.chunks(BLOCK).enumerate() {
            let carriers = lines.sum(&turns);
            turns.advance();
            for (n, (x, c)) in (block * BLOCK..).zip(samples.iter().zip(carriers)) {
                if inner.contains(&n) {
                    let carrier = c / size as f32;
                    let length = f64::from(carrier.norm()).max(1e-30);
                    let turned = x * carrier.conj();
                    along += (f64::from(turned.re) / length - length).powi(2);
                    across += (f64::from(turned.im) / length).powi(2);
                }
            }
        }
        let count = inner.len() as f64;
        let half = 0.5 * cut.noise;
        let (along, across) = ((along / count - half).max(0.0), (across / count - half).max(0.0));
        Some(Self {
            share,
            in_phase: along / (along + across).max(1e-30),
            sidebands_db: 10.0 * ((along + across) / cut.noise.max(1e-30)).max(1e-9).log10(),
        })
    }
}

/// Number of the strongest of as many lines as there are samples, or of a neighbour. A transform of that many would be slow
/// and its tables many: this one is of the next power of two.
fn strongest(own: &[Complex<f32>], transforms: &mut Transforms, spectrum: &mut Vec<Complex<f32>>) -> Option<usize> {
    let (size, points) = (own.len(), own.len().next_power_of_two());
    spectrum.clear();
    spectrum.extend_from_slice(own);
    spectrum.resize(points, Complex::default());
    transforms.forward(spectrum);
    let peak = (0..points).max_by(|a, b| spectrum[*a].norm_sqr().total_cmp(&spectrum[*b].norm_sqr()))?;
    Some((peak * size + points / 2) / points % size)
}

/// Neighbouring lines of the transform of a stretch, one by one.
pub(super) struct Lines {
    /// Samples of the stretch.
    size: usize,
    /// Number of each.
    numbers: [usize; LINES],
    values: [Complex<f32>; LINES],
    /// e^(2πi nk/N) of line k for each sample n of a block: real and imaginary parts.
    turns: [[[f32; BLOCK]; 2]; LINES],
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            size: 1,
            numbers: [0; LINES],
            values: [Complex::default(); LINES],
            turns: [[[0.0; BLOCK]; 2]; LINES],
        }
    }
}

impl Lines {
    /// Measures the lines about number `middle`.
    fn measure(&mut self, own: &[Complex<f32>], middle: usize) {
        self.size = own.len();
        for line in 0..LINES {
            self.numbers[line] = (middle + self.size + line - (REACH + 1)) % self.size;
            let (unit, mut turn) = (self.turn(line, 1), Complex::new(1.0, 0.0));
            for n in 0..BLOCK {
                (self.turns[line][0][n], self.turns[line][1][n]) = (turn.re as f32, turn.im as f32);
                turn *= unit;
            }
        }
        let mut sums = [Complex::<f64>::default(); LINES];
        let mut turns = self.begin();
        for samples in own.chunks(BLOCK) {
            let mut parts = [Complex::default(); LINES];
            widest(Project {
                samples,
                turns: &self.turns,
                parts: &mut parts,
            });
            for ((sum, part), turn) in sums.iter_mut().zip(parts).zip(&turns.now) {
                *sum += Complex::new(f64::from(part.re), f64::from(part.im)) * turn.conj();
            }
            turns.advance();
        }
        self.values = sums.map(|sum| Complex::new(sum.re as f32, sum.im as f32));
    }

    /// Clears all but the strongest of the three in the middle and its neighbours.
    fn keep_strongest(&mut self) {
        let middle = REACH + 1;
        let power = |line: &usize| self.values[*line].norm_sqr();
        let peak = (middle - 1..=middle + 1).max_by(|a, b| power(a).total_cmp(&power(b)));
        let peak = peak.unwrap_or(middle);
        for (line, value) in self.values.iter_mut().enumerate() {
            if line.abs_diff(peak) > REACH {
                *value = Complex::default();
            }
        }
    }

    /// e^(2πi nk/N) of a line at a sample.
    fn turn(&self, line: usize, sample: usize) -> Complex<f64> {
        let turns = (self.numbers[line] as u64 * sample as u64) % self.size as u64;
        Complex::from_polar(1.0, std::f64::consts::TAU * turns as f64 / self.size as f64)
    }

    /// How far the lines have turned at the first block.
    fn begin(&self) -> Turns {
        Turns {
            now: [Complex::new(1.0, 0.0); LINES],
            step: std::array::from_fn(|line| self.turn(line, BLOCK)),
        }
    }

    /// The sum of the lines at the samples of a block, times the number of samples.
    fn sum(&self, turns: &Turns) -> [Complex<f32>; BLOCK] {
        let at = |line: usize| {
            let turn = turns.now[line];
            self.values[line] * Complex::new(turn.re as f32, turn.im as f32)
        };
        let mut sums = [[0.0; BLOCK]; 2];
        widest(Compose {
            values: &std::array::from_fn(at),
            turns: &self.turns,
            sums: &mut sums,
        });
        std::array::from_fn(|n| Complex::new(sums[0][n], sums[1][n]))
    }
}

/// How far lines have turned at the beginning of a block, and how much further at that of the next.
struct Turns {
    now: [Complex<f64>; LINES],
    step: [Complex<f64>; LINES],
}

impl Turns {
    fn advance(&mut self) {
        for (now, step) in self.now.iter_mut().zip(&self.step) {
            *now *= step;
        }
    }
}

/// Multiplies the samples of a block with the conjugate of each line and adds them up.
struct Project<'a> {
    samples: &'a [Complex<f32>],
    turns: &'a [[[f32; BLOCK]; 2]; LINES],
    parts: &'a mut [Complex<f32>; LINES],
}

impl Work for Project<'_> {
    #[inline(always)]
    fn run(self) {
        const LANES: usize = 16;
        let mut x = [[0.0_f32; BLOCK]; 2];
        for (n, sample) in self.samples.iter().enumerate().take(BLOCK) {
            (x[0][n], x[1][n]) = (sample.re, sample.im);
        }
        let x = x.each_ref().map(|x| x.as_chunks::<LANES>().0);
        for (part, turns) in self.parts.iter_mut().zip(self.turns) {
            let turns = turns.each_ref().map(|turns| turns.as_chunks::<LANES>().0);
            let (mut sum_re, mut sum_im) = ([0.0_f32; LANES], [0.0_f32; LANES]);
            for ((x_re, x_im), (re, im)) in x[0].iter().zip(x[1]).zip(turns[0].iter().zip(turns[1])) {
                for i in 0..LANES {
                    sum_re[i] += x_re[i] * re[i] + x_im[i] * im[i];
                    sum_im[i] += x_im[i] * re[i] - x_re[i] * im[i];
                }
            }
            *part = Complex::new(sum_re.iter().sum(), sum_im.iter().sum());
        }
    }
}

/// Adds up the lines over a block.
struct Compose<'a> {
    values: &'a [Complex<f32>; LINES],
    turns: &'a [[[f32; BLOCK]; 2]; LINES],
    sums: &'a mut [[f32; BLOCK]; 2],
}

impl Work for Compose<'_> {
    #[inline(always)]
    fn run(self) {
        let [sum_re, sum_im] = self.sums;
        for (value, [re, im]) in self.values.iter().zip(self.turns) {
            for n in 0..BLOCK {
                sum_re[n] += value.re * re[n] - value.im * im[n];
                sum_im[n] += value.re * im[n] + value.im * re[n];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines measured one by one are those of a transform of just that many samples, and so is what they add up to.
    #[test]
    fn single_lines_are_those_of_the_whole_transform() {
        for (size, turn) in [(97, 0.31), (1000, 0.9991), (4096, 0.0001), (5003, 0.5)] {
            let own: Vec<Complex<f32>> = (0..size)
                .map(|n| {
                    let noise = Complex::new((n * 7919 % 101) as f32 - 50.0, (n * 104_729 % 97) as f32 - 48.0) * 0.01;
                    let phase = std::f64::consts::TAU * turn * n as f64;
                    Complex::new(phase.cos() as f32, phase.sin() as f32) + noise
                })
                .collect();
            let mut whole = own.clone();
            rustfft::FftPlanner::new().plan_fft_forward(size).process(&mut whole);
            let peak = (0..size)
                .max_by(|a, b| whole[*a].norm_sqr().total_cmp(&whole[*b].norm_sqr()))
                .unwrap();
            let mut lines = Lines::default();
            let near = strongest(&own, &mut Transforms::default(), &mut Vec::new()).unwrap();
            lines.measure(&own, near);
            for (number, value) in lines.numbers.iter().zip(lines.values) {
                let wanted = whole[*number];
                assert!(
                    (value - wanted).norm() < 2e-5 * whole[peak].norm(),
                    "{size} {number}: {value} {wanted}"
                );
            }
            lines.keep_strongest();
            let kept = |line: usize| (line + size - peak) % size <= REACH || (peak + size - line) % size <= REACH;
            for (number, value) in lines.numbers.iter().zip(lines.values) {
                assert_eq!(value.norm() > 0.0, kept(*number), "{size} {number} about {peak}");
            }
            (0..size)
                .filter(|line| !kept(*line))
                .for_each(|line| whole[line] = Complex::default());
            rustfft::FftPlanner::new().plan_fft_inverse(size).process(&mut whole);
            let mut turns = lines.begin();
            for (block, wanted) in whole.chunks(BLOCK).enumerate() {
                for (got, wanted) in lines.sum(&turns).iter().zip(wanted) {
                    assert!(
                        (got - wanted).norm() < 1e-4 * size as f32,
                        "{size} {block}: {got} {wanted}"
                    );
                }
                turns.advance();
            }
        }
    }
}
