//! What is on the air: samples in, emissions with their measures out. Pure: no clock, no files, no threads of its own.
//!
//! A crate of its own, so that the arithmetic is compiled once and optimised in every build; `pinpu` re-exports its modules.

pub mod detect;
pub mod dsp;
pub mod metrology;
pub mod units;
