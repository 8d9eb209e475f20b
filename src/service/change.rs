//! Who asks for something, and why a change was not made.

use jiff::Timestamp;

use super::auth::Role;
use crate::{
    Error,
    coordination::{Fault, Refusal},
};

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// Their account.
    pub actor: &'a str,
    /// Their role.
    pub role: Role,
    /// Key of their organisation.
    pub organisation: &'a str,
    /// When.
    pub now: Timestamp,
}

/// Why a change was not made.
#[derive(Debug)]
pub enum Refused {
    /// What was written makes no sense.
    Faults(Vec<Fault>),
    /// The step is not possible, or not for this person.
    Step(Refusal),
    /// Anything else.
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
