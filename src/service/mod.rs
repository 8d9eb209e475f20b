//! Use cases: authorise, validate, act, record. No HTTP words.

pub mod auth;
pub mod sessions;
pub mod users;
