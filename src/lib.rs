//! Pinpu (频谱): radio spectrum monitoring and coordination.
//!
//! It listens through SoapySDR receivers, measures what is on the air, holds every emission against a registry and
//! reports conflicts with their evidence. It only receives; nothing in it transmits. ARCHITECTURE.md has the map.

pub mod app;
pub mod capture;
pub mod cli;
pub mod config;
pub mod error;
pub mod http;
pub mod plot;
pub mod service;
pub mod store;

pub use pinpu_rules::{audit, conflict, coordination, propagation, registry};
pub use pinpu_signal::{detect, dsp, metrology, units};

pub use error::{Error, Result};
