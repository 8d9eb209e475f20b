//! From samples to emissions over time. Pure: time is a sample count; nothing here reads a clock or a file.

mod artefact;
mod book;
mod burst;
mod channel;
pub mod class;
mod clipping;
mod config;
mod decider;
mod detector;
mod edges;
pub mod emission;
mod energy;
pub mod event;
mod flags;
mod floor;
mod frame;
mod impulse;
mod looks;
mod ontime;
pub mod provenance;
mod pulse;
mod rise;
mod rows;
mod scales;
mod screen;
mod segment;
mod slow;
mod spike;
pub mod survey;
#[cfg(test)]
mod tests;
mod timeline;
mod tracker;

pub use config::{DetectError, DetectorConfig, Rules};
pub use decider::Decider;
pub use detector::Detector;
pub use emission::{Artefact, ArtefactKind, BandwidthMethod, Emission, Gap, GapReason, Summary, Withdrawn};
pub use event::{DetectEvent, Frame};
pub use rows::{Rest, Rows, Spectra};
