//! Use cases: authorise, validate, act, record. No HTTP words.

pub mod alarms;
pub mod audit;
pub mod auth;
pub mod check;
pub mod comparison;
pub mod control_orders;
pub mod coordination;
pub mod disclosure;
pub mod evidence;
pub mod exports;
pub mod findings;
pub mod history;
pub mod idempotency;
pub mod imports;
pub mod ledger;
pub mod live;
pub mod monitoring;
pub mod occupancy;
pub mod pictures;
pub mod reduction;
pub mod registry;
pub mod rules;
pub mod sessions;
pub mod spectra;
pub mod tokens;
pub mod users;
