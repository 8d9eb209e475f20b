//! Everything a class is decided by, of one cut.

use super::{
    Baseband, Channelizer, correlation::Correlation, envelope::Envelope, frequency::Frequency, line::Line, tools::Tools,
};

/// Kurtosis of the envelope about that of Gaussian noise, within which a cyclic prefix is looked for.
const GAUSSIAN: std::ops::Range<f64> = 1.6..2.6;

/// Features of one cut.
#[derive(Debug, Clone)]
pub struct Features {
    /// Width of the band of 99 % of the energy.
    pub bandwidth_hz: f64,
    /// Time on times that width: independent values seen.
    pub time_bandwidth: f64,
    /// Bursts in it.
    pub bursts: usize,
    /// Of the envelope.
    pub envelope: Envelope,
    /// Of the spectrum.
    pub line: Line,
    /// Of the instantaneous frequency, where it is on for long enough.
    pub frequency: Option<Frequency>,
    /// Of the signal's likeness to itself, where its envelope is noise-like.
    pub correlation: Option<Correlation>,
}

impl Features {
    /// Measures `cut`; `None` where it holds no signal.
    #[must_use]
    pub fn of(cut: &Baseband, channelizer: &mut Channelizer) -> Option<Self> {
        let Tools {
            transforms,
            lines,
            memory,
            on,
        } = &mut channelizer.tools;
        let envelope = Envelope::of(cut, memory, on)?;
        let line = Line::of(cut, &envelope, transforms, lines, &mut memory.samples)?;
        let snr = 10_f64.powf(envelope.snr_db / 10.0);
        let frequency = Frequency::of(cut, on, snr, transforms, memory);
        let noise_like = GAUSSIAN.contains(&envelope.kurtosis);
        let likeness = || Correlation::of(cut, transforms, memory);
        let correlation = noise_like.then(likeness).flatten();
        Some(Self {
            bandwidth_hz: cut.bandwidth_hz(),
            time_bandwidth: envelope.samples as f64 * cut.band,
            bursts: cut.on.len(),
            envelope,
            line,
            frequency,
            correlation,
        })
    }
}
