//! The rules in force: replaced as a whole while others go on judging by the ones they hold.

use std::sync::{Arc, PoisonError, RwLock};

use crate::conflict::Rules;

/// The rules in force. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RulesInForce(Arc<RwLock<Arc<Rules>>>);

impl RulesInForce {
    /// Starts with these.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(rules))))
    }

    /// The rules of this moment; hold them for one judgement, not for ever.
    #[must_use]
    pub fn current(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Judges by `rules` from now on.
    pub fn replace(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}
