//! From receivers to observations: one thread reads, one measures; neither waits on anything above.

pub mod observation;

pub use observation::{LossCounters, Observation, ObservationContent, ReceiverState, ReceiverStatus};
