//! Use cases: authorise, validate, act, record. No HTTP words.

pub mod auth;
pub mod findings;
pub mod idempotency;
pub mod live;
pub mod reduction;
pub mod sessions;
pub mod users;
