//! The SoapySDR receiver on the virtual receiver: levels, signals, and every trap drivers are known for.
//!
//! SoapySDR loads its modules once a process and from environment variables, so each test runs its body in a child
//! process of its own (`harness::isolated`) that sees the freshly built virtual module and nothing of the machine's.

#![cfg(feature = "soapy")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod contract;
mod discovery;
mod harness;
mod impairments;
mod levels;
mod measure;
mod refusals;
mod signals;
#[path = "../contract/suite.rs"]
mod suite;
mod traps;
mod unplug;
