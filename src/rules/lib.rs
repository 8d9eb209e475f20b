//! Who may be where, and what follows: the registry, verdicts, the rules by which offices settle spectrum use, and the
//! audit log's tree. Pure: no clock, no files; text and bytes in, records and findings out.
//!
//! A crate of its own, so that a change to the service does not compile it again; `pinpu` re-exports its modules.

pub mod audit;
pub mod conflict;
pub mod coordination;
pub mod propagation;
pub mod registry;

use pinpu_signal::{detect, dsp, units};
