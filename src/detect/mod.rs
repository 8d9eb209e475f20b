//! From samples to emissions over time. Pure: time is a sample count; nothing here reads a clock or a file.

pub mod emission;
pub mod event;

pub use emission::{Artefact, ArtefactKind, BandwidthMethod, Emission, Gap, GapReason, Summary};
pub use event::{DetectEvent, Frame};
