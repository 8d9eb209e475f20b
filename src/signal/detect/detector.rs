//! The chain: samples → rows, and rows → decisions, one after the other.

use super::{
    book::Sink,
    config::{DetectError, DetectorConfig, Thresholds},
    decider::Decider,
    emission::{GapReason, Summary},
    rows::{Rows, Spectra},
};
use crate::dsp::iq::IqSlice;

/// Finds emissions in a stream of samples.
pub struct Detector {
    spectra: Spectra,
    rows: Rows,
    decider: Decider,
}

impl Detector {
    /// A detector for `config`.
    ///
    /// # Errors
    /// When a value of the configuration makes no sense.
    pub fn new(config: &DetectorConfig) -> Result<Self, DetectError> {
        config.validate()?;
        let thresholds = Thresholds::new(config);
        Ok(Self {
            spectra: Spectra::new(&thresholds),
            rows: Rows::default(),
            decider: Decider::new(config, thresholds),
        })
    }

    /// Its two stages, for who runs them side by side. Rows that [`Spectra`] makes and [`Decider`] takes in the same order,
    /// gaps and end included, give the same events to the bit as the detector in one piece.
    #[must_use]
    pub fn into_stages(self) -> (Spectra, Decider) {
        (self.spectra, self.decider)
    }

    /// Takes samples, any number at a time.
    pub fn push(&mut self, block: IqSlice<'_>, sink: Sink<'_>) {
        let mut from = 0;
        while from < block.len() {
            from += self.spectra.fill(block.slice(from..block.len()));
            self.decide(sink);
        }
    }

    /// Decides about the rows that the samples at hand make.
    fn decide(&mut self, sink: Sink<'_>) {
        loop {
            self.spectra.make(&mut self.rows, self.spectra.group());
            // Even no rows tell how many samples were taken.
            self.decider.push(&self.rows, sink);
            if self.rows.is_empty() {
                return;
            }
        }
    }

    /// Time passes unobserved. Nothing is learnt from it; emissions go on if they are found again.
    pub fn gap(&mut self, duration_s: f64, reason: GapReason, sink: Sink<'_>) {
        let rest = self.spectra.discard();
        self.decider.gap(rest, duration_s, reason, sink);
    }

    /// Ends the pass: everything still open is reported.
    pub fn finish(&mut self, sink: Sink<'_>) -> Summary {
        self.spectra.pad();
        self.decide(sink);
        self.decider.finish(sink)
    }
}
