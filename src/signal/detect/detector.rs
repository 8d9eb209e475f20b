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

    /// Its two stages, for who runs them side by side, the first one twice: rows that either [`Spectra`] makes and [`Decider`]
    /// takes in order, gaps and end included, give the same events to the bit as the detector in one piece.
    #[must_use]
    pub fn into_stages(self) -> ([Spectra; 2], Decider) {
        ([self.spectra, self.decider.spectra()], self.decider)
    }

    /// Takes samples, any number at a time.
    pub fn push(&mut self, block: IqSlice<'_>, sink: Sink<'_>) {
        let mut from = 0;
        while from < block.len() {
            from += self.rows.fill(block.slice(from..block.len()));
            self.decider.decide_all(&mut self.spectra, &mut self.rows, sink);
            self.rows.advance();
        }
    }

    /// Time passes unobserved. Nothing is learnt from it; emissions go on if they are found again.
    pub fn gap(&mut self, duration_s: f64, reason: GapReason, sink: Sink<'_>) {
        let rest = self.rows.discard();
        self.decider.gap(rest, duration_s, reason, sink);
    }

    /// Ends the pass: everything still open is reported.
    pub fn finish(&mut self, sink: Sink<'_>) -> Summary {
        let rest = self.rows.pad();
        self.decider.decide_all(&mut self.spectra, &mut self.rows, sink);
        self.decider.finish(rest, sink)
    }
}
