//! What can go wrong with a receiver, in the few kinds a caller acts on differently.

use std::{io, path::PathBuf};

/// A receiver's failure. Overflow is not here: it is a gap, not a failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiverError {
    /// The arguments or settings are wrong; the text says what to give instead.
    #[error("{0}")]
    Usage(String),
    /// No receiver answers to the arguments.
    #[error("no receiver found for '{args}': {hint}")]
    NotFound {
        /// What was asked for.
        args: String,
        /// What to do.
        hint: String,
    },
    /// The receiver refused a setting.
    #[error("the receiver refuses {setting} {asked}: {hint}")]
    Refused {
        /// Which setting, in words.
        setting: &'static str,
        /// What was asked, with unit.
        asked: String,
        /// What it accepts.
        hint: String,
    },
    /// Nothing arrived within the time limit; the receiver may be alive.
    #[error("no samples for {waited_ms} ms")]
    Timeout {
        /// How long was waited.
        waited_ms: u64,
    },
    /// The receiver is gone: close it, find it again, reopen.
    #[error("receiver lost: {0}")]
    Lost(String),
    /// A recording's metadata or data is unusable.
    #[error("{}: {reason}", path.display())]
    BadRecording {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The file system said no.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The driver failed in its own words.
    #[error("{operation} failed: {message}")]
    Driver {
        /// Which call.
        operation: &'static str,
        /// The driver's message.
        message: String,
    },
}
