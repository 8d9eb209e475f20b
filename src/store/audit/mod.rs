//! The audit log: who did what, in the same transaction as what was done; never changed and never pruned.
//!
//! How an entry comes about:
//!
//! 1. Whoever acts is known to the writer by `origin`: the HTTP layer and the command line run their work in
//!    [`acting`], everything else is `system`.
//! 2. A change calls [`Tx::note`] with what it did, or [`Tx::touch`] with the row of a protected table it changed;
//!    `users`, `conflicts`, `settings`, `registry` and their like do so where the row is written.
//! 3. After the job and before its commit the writer appends what was noted (`append`): both are stored, or neither.
//!
//! `protected` says which tables the log vouches for, and `reader` reads everything without writing, for the verifier.

mod append;
mod begin;
mod list;
mod origin;
mod protected;
mod reader;
mod sums;

pub use append::AuditNote;
pub use list::{AuditHead, AuditQuery};
pub use origin::{Origin, acting, current, nothing_changed, shown};
pub(crate) use protected::{
    ALLOCATION_TABLES, CONFLICTS, CONTROL_ORDERS, EVENT_DEVICES, EVENT_ROWS, IMPORTS, INTERFERENCE_REPORTS,
    MAJOR_EVENTS, MEASURING_TASKS, ORGANISATIONS, REGISTRY_VERSIONS, REQUESTS, SEALED_ANSWERS, SETTINGS, SITES, USERS,
    WEBHOOKS, number_key,
};
pub use protected::{Protected, ROWS, SETS};
pub use reader::{LogReader, LoggedEntry, StoredHead};

pub(crate) use append::Pending;
pub(super) use sums::member;
