//! What must be up before the service is of use.

use std::{collections::BTreeMap, sync::Mutex};

/// Parts that are not up yet, each with the reason. Cheap to ask; set by whoever starts the parts.
#[derive(Debug, Default)]
pub struct Readiness {
    missing: Mutex<BTreeMap<&'static str, String>>,
}

impl Readiness {
    /// Everything named is missing until [`Self::up`] is told otherwise.
    #[must_use]
    pub fn waiting_for(parts: &[&'static str]) -> Self {
        let missing = parts.iter().map(|part| (*part, "starting".to_owned())).collect();
        Self {
            missing: Mutex::new(missing),
        }
    }

    /// The part is up.
    pub fn up(&self, part: &'static str) {
        self.lock().remove(part);
    }

    /// The part is down, and why.
    pub fn down(&self, part: &'static str, reason: impl Into<String>) {
        self.lock().insert(part, reason.into());
    }

    /// What is missing, in words; empty when ready.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        self.lock()
            .iter()
            .map(|(part, reason)| format!("{part}: {reason}"))
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.missing.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
