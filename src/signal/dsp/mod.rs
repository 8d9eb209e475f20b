//! Pure signal processing: slices in, slices out; no clock, no I/O, no log, no allocation after `new`.
//!
//! Levels are normalised so that a full-scale complex sine is 0 dBFS. Bins are in ascending frequency order
//! (DC in the middle, index `fft_size / 2`) wherever a spectrum leaves this module.

pub mod cell;
pub mod detection;
pub mod estimator;
pub mod iq;
pub mod kernel;
pub mod level;
pub mod measure;
pub mod noise_floor;
pub mod occupancy;
pub mod resolve;
pub mod short;
pub mod spectrum;
pub mod stretch;
mod sum;
pub mod window;

pub use sum::sum;
