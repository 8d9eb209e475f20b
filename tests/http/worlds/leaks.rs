//! Where a test can let something out of a world that it should keep.

use super::{
    question::Question,
    world::{Heard, Secrets},
};

/// What goes out through a channel that should be tight.
pub type Leak = fn(&Secrets, &Question, &str, &mut Heard);
