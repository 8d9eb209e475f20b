//! Use cases: authorise, validate, act, record. No HTTP words.

pub mod live;

pub mod reduction;
