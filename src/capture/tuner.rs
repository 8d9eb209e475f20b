//! Taking a running receiver away from its plan for a while, and back.
//!
//! The receiver is closed and opened again as when it was unplugged, so a change of tuning has one way through the code and
//! that is the one every driver goes through: what was open is closed, a new run begins, and the time between is in nobody's
//! record. A frequency the receiver will not be tuned to, and any other failure, takes it back to its own plan.

use std::sync::Arc;

use super::shared::Shared;
use crate::units::{Band, Hertz};

/// What a receiver watches by itself, and what it can be tuned to.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Bands of its own plan.
    pub plan: Vec<Band>,
    /// Frequencies it can be tuned to.
    pub ranges: Vec<Band>,
    /// Usable part of the span around a frequency.
    pub width: Hertz,
}

/// Tunes one receiver. Cheap to clone; never waits.
#[derive(Debug, Clone)]
pub struct Tuner {
    shared: Arc<Shared>,
}

impl Tuner {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Keeps the receiver at this frequency, or lets it go back to its plan. Asked for what is so already, it does nothing.
    pub fn hold(&self, center: Option<Hertz>) {
        self.shared.hold(center);
    }

    /// The frequency it is kept at; nothing: it is on its own plan, or went back to it.
    #[must_use]
    pub fn held(&self) -> Option<Hertz> {
        self.shared.held()
    }

    /// What it can do; nothing until it was opened for the first time.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        self.shared.reach()
    }
}
