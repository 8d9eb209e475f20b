//! Who is calling, and what they may do.

pub mod password;
pub mod permissions;
pub mod throttle;

pub use password::Passwords;
pub use permissions::{Access, Role};
pub use throttle::Throttle;
