//! Pinpu (频谱): radio spectrum monitoring and coordination.
//!
//! It listens through SoapySDR receivers, measures what is on the air, holds every emission against a registry and
//! reports conflicts with their evidence. It only receives; nothing in it transmits. ARCHITECTURE.md has the map.

pub mod app;
pub mod audit;
pub mod capture;
pub mod cli;
pub mod config;
pub mod conflict;
pub mod coordination;
pub mod detect;
pub mod dsp;
pub mod error;
pub mod http;
pub mod metrology;
pub mod plot;
pub mod propagation;
pub mod registry;
pub mod service;
pub mod store;
pub mod units;

pub use error::{Error, Result};
