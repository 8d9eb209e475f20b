//! Use cases: authorise, validate, act, record. No HTTP words.

pub mod live;

pub mod ledger;
pub mod reduction;
pub mod spectra;
