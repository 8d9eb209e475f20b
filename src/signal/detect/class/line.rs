//! What the spectrum tells: how much of the energy is one line, and whether the rest is in phase with it.

use num_complex::Complex;

use super::{Baseband, Channelizer, envelope::Envelope};

/// Lines on either side of the strongest that are one with it: the transform has no window.
const REACH: usize = 3;

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
    pub(super) fn of(cut: &Baseband, envelope: &Envelope, tools: &mut Channelizer) -> Option<Self> {
        let (first, last) = (cut.on.first()?[0], cut.on.last()?[1].min(cut.samples.len()));
        let own = cut.samples.get(first..last)?;
        let size = own.len();
        let mut lines = own.to_vec();
        tools.fft(&mut lines, false);
        let peak = (0..size).max_by(|a, b| lines[*a].norm_sqr().total_cmp(&lines[*b].norm_sqr()))?;
        let near = |line: usize| (line + size - peak) % size <= REACH || (peak + size - line) % size <= REACH;
        for (number, line) in lines.iter_mut().enumerate() {
            if !near(number) {
                *line = Complex::default();
            }
        }
        let scale = 1.0 / (size as f64 * size as f64);
        let noise = cut.noise / (cut.width * size as f64);
        let held = lines.iter().map(|line| f64::from(line.norm_sqr())).sum::<f64>() * scale;
        let held = held - (2 * REACH + 1) as f64 * noise;
        // The energy is spread over the whole stretch, pauses included.
        let signal = 10_f64.powf(envelope.snr_db / 10.0) * cut.noise * envelope.on_share;
        let share = (held / signal.max(1e-30)).clamp(0.0, 1.0);
        tools.fft(&mut lines, true);
        let (mut along, mut across) = (0.0, 0.0);
        // The ends are where a line that fits no whole number of times leaks.
        let inner = size / 16..size - size / 16;
        for (x, c) in own[inner.clone()].iter().zip(&lines[inner.clone()]) {
            let carrier = *c / size as f32;
            let length = f64::from(carrier.norm()).max(1e-30);
            let turned = x * carrier.conj();
            along += (f64::from(turned.re) / length - length).powi(2);
            across += (f64::from(turned.im) / length).powi(2);
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
