//! Who is calling, and what they may do.

pub mod permissions;

pub use permissions::{Access, Role};
