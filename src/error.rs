//! The library's error: few kinds, each of which some caller acts on. Knows no HTTP and no exit codes.

use std::{io, path::PathBuf};

/// Result of the library.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, by what the caller should do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request is wrong in itself; the text says what to give instead.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing, or the caller may not know of it.
    #[error("no such {kind}: {id}")]
    NotFound {
        /// What was looked for.
        kind: &'static str,
        /// Its key.
        id: String,
    },
    /// Nobody is logged in, or the credentials are wrong.
    #[error("login required")]
    Unauthenticated,
    /// The role does not allow it.
    #[error("the role '{role}' may not {action}")]
    Forbidden {
        /// The caller's role.
        role: String,
        /// What was tried.
        action: &'static str,
    },
    /// Too many tries.
    #[error("too many tries; wait {retry_after_s} s")]
    Throttled {
        /// When to try again.
        retry_after_s: u64,
    },
    /// Everything that may be asked today was asked.
    #[error(
        "your organisation has asked all {limit} questions it may ask in a day whose answers depend on use that is not open: \
         ask again after {renews}, or ask the other side"
    )]
    BudgetSpent {
        /// Questions in a day.
        limit: u32,
        /// When the next day begins.
        renews: jiff::Timestamp,
    },
    /// An answer would depend on records that are not open to the caller.
    #[error("there may be use here that is not open to you, and nothing is told of what is met: ask the other side")]
    AskOtherSide,
    /// The record changed since it was read.
    #[error("the record was changed by somebody else: read it again and repeat the change")]
    Stale,
    /// It was there and is not kept any more.
    #[error("{0}")]
    Gone(String),
    /// A state machine does not allow the step.
    #[error("{0}")]
    WrongState(String),
    /// A receiver failed.
    #[error(transparent)]
    Receiver(#[from] pinpu_hardware::ReceiverError),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The database failed; nothing was acknowledged.
    #[error("database: {0}")]
    Store(#[from] sqlx::Error),
    /// The service is overloaded or stopping; nothing was done.
    #[error("{0}")]
    Unavailable(String),
}
