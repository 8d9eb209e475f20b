//! Verdicts for `detect`: the registry it is held against, and where and when.

use clap::Args;

use super::rows::VerdictRow;
use crate::{Result, detect::Emission};

/// Options about verdicts.
#[derive(Debug, Args)]
pub(super) struct JudgeArgs {
    /// Hold emissions against the registry; exit status 3 when conflicts were found
    #[arg(long)]
    pub(super) check: bool,
}

/// Judges emissions, or does not.
pub(super) struct Judge;

impl Judge {
    pub(super) fn new(_args: &JudgeArgs, _began: Option<jiff::Timestamp>) -> Result<Self> {
        Ok(Self)
    }
    pub(super) fn is_active(&self) -> bool {
        false
    }
    pub(super) fn chinese(&self) -> bool {
        false
    }
    pub(super) fn verdict(&self, _emission: &Emission) -> Option<VerdictRow> {
        None
    }
}
