//! The web API through the front door: a real service, a real connection.

#![expect(unreachable_pub, reason = "a program of its own: nothing reaches into it")]

mod accounts;
mod app;
mod cli;
mod findings;
mod limits;
mod live;
mod permissions;
mod registry;
mod spectra;
