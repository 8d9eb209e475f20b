//! x
use super::{Check,Effort};
pub(super) fn measure(_: Effort, _: u64) -> Vec<Check> { Vec::new() }
