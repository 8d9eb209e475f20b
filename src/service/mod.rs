//! Use cases: authorise, validate, act, record. No HTTP words.

pub mod ledger;
pub mod live;
pub mod monitoring;
pub mod reduction;
pub mod registry;
pub mod spectra;
