//! The web API through the front door: a real service, a real connection.

#![expect(unreachable_pub, reason = "a program of its own: nothing reaches into it")]

mod accounts;
mod air;
mod app;
mod cli;
mod control_orders;
mod coordination;
mod disclosure;
mod doors;
mod events;
mod findings;
mod import_stopped;
mod interference_reports;
mod ledger;
mod limits;
#[expect(dead_code, reason = "shared with the tests of the store, which also send mail")]
#[path = "../store/listener.rs"]
mod listener;
mod live;
mod modes;
mod notices;
mod occupancy;
mod organisations;
mod parts;
mod paws;
mod permissions;
mod registry;
mod sites;
mod spectra;
mod tasks;
#[expect(dead_code, reason = "shared with the tests of the store, which also speak TLS")]
#[path = "../store/tls.rs"]
mod tls;
mod tokens;
mod webhooks;
mod worlds;
